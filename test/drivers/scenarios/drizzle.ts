import { createHash } from 'node:crypto';
import { and, asc, between, count, DrizzleQueryError, eq, ilike, inArray, relations, sql, sum } from 'drizzle-orm';
import { drizzle as drizzleOf, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { bigint, integer, jsonb, numeric, pgSchema, pgTable, text, timestamp, varchar } from 'drizzle-orm/pg-core';
import pg from 'pg';
import type { Target } from '../../harness/raw-client.js';
import { FINE, type Outcome, type Row } from '../outcome.js';
import { driverError, filtered, type ServerError } from './filtered.js';
import * as texts from './texts.js';

const orders = pgTable('orders', {
  id: bigint('id', { mode: 'number' }).primaryKey(),
  orderRef: varchar('order_ref'),
  channel: varchar('channel'),
  shippedAt: timestamp('shipped_at', { withTimezone: true }),
  buyerName: varchar('buyer_name').notNull(),
  buyerEmail: varchar('buyer_email'),
  giftMessage: text('gift_message'),
  total: numeric('total'),
  notes: text('notes'),
});
const items = pgTable('order_items', {
  id: bigint('id', { mode: 'number' }).primaryKey(),
  orderId: bigint('order_id', { mode: 'number' }).notNull(),
  sku: varchar('sku'),
  quantity: integer('quantity'),
});
const plain = pgSchema('plain');
const people = plain.table('people', {
  id: integer('id').primaryKey(),
  email: text('email').notNull(),
  age: integer('age'),
});
const kinds = plain.table('kinds', {
  id: integer('id').primaryKey(),
  num: numeric('num'),
  jb: jsonb('jb'),
  tsz: timestamp('tsz', { withTimezone: true, mode: 'string' }),
  ints: integer('ints').array(),
});
const lines = plain.table('lines', { n: integer('n'), word: text('word') });

const schema = {
  orders,
  items,
  people,
  ordersRelations: relations(orders, ({ many }) => ({ items: many(items) })),
  itemsRelations: relations(items, ({ one }) => ({
    order: one(orders, { fields: [items.orderId], references: [orders.id] }),
  })),
};
type Db = NodePgDatabase<typeof schema>;
type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

const MASKED = { id: orders.id, name: orders.buyerName, email: orders.buyerEmail, gift: orders.giftMessage };

/** Drizzle over node-postgres. */
export async function drizzle(target: Target): Promise<Outcome> {
  const client = new pg.Client({ ...target });
  await client.connect();
  const db: Db = drizzleOf(client, { schema });
  const redacted = between(orders.id, 900001, 900003);
  const byId = db
    .select(MASKED)
    .from(orders)
    .where(between(orders.id, sql.placeholder('a'), sql.placeholder('b')))
    .orderBy(orders.id)
    .prepare('by_id');
  const filter = (from: Db | Tx) =>
    from
      .select({ id: orders.id })
      .from(orders)
      .where(and(eq(orders.buyerName, 'Alan Archer'), between(orders.id, 900001, 900100)))
      .orderBy(asc(orders.id));
  try {
    return {
      same: {
        login: await answer(db.execute(sql`SELECT current_user, system_user`)),
        simple: [
          await answer(db.select().from(people).orderBy(people.id)),
          await answer(
            db.query.people.findMany({ where: ilike(people.email, '%plain%'), orderBy: people.id, limit: 2 }),
          ),
          await answer(db.$count(people)),
        ],
        parameters: [
          await answer(
            db.execute(
              sql`SELECT ${1}::int AS a, ${'x'}::text AS b, ${null}::text AS c, ${new Date(0)}::timestamptz AS d`,
            ),
          ),
          await undone(db, (tx) =>
            answer(
              tx
                .insert(kinds)
                .values({ id: 50, num: '1.5', jb: { a: [1] }, tsz: '2024-01-01T00:00:00Z', ints: [1, 2] })
                .returning(),
            ),
          ),
        ],
        prepared: await repeated(8, () => answer(byId.execute({ a: 900011, b: 900014 }))),
        types: await answer(db.select().from(kinds).orderBy(kinds.id)),
        transactions: [
          await undone(db, async (tx) => [
            await answer(tx.insert(people).values({ id: 60, email: 'sixty@plain.test', age: 60 })),
            await answer(tx.transaction((nested) => nested.insert(people).values({ id: 1, email: 'x' }))),
            await answer(tx.select({ n: count() }).from(people)),
            await answer(tx.select().from(people).where(eq(people.id, 60)).for('update')),
          ]),
          await answer(db.$count(people)),
        ],
        errors: [
          await answer(db.insert(people).values({ id: 1, email: 'x' })),
          await answer(db.execute(sql`SELEC 1`)),
          await answer(db.execute(sql`SELECT 1/0`)),
          await answer(db.execute(sql`SELECT nothing FROM plain.people`)),
        ],
        batch: await undone(db, async (tx) => {
          const many = Array.from({ length: 50 }, (_, n) => ({ id: 100 + n, email: `p${n}@plain.test`, age: 20 + n }));
          return [
            await answer(tx.insert(people).values(many).returning({ id: people.id })),
            await answer(
              tx
                .insert(people)
                .values(many)
                .onConflictDoUpdate({ target: people.id, set: { age: sql`excluded.age + 1` } }),
            ),
            await answer(tx.select({ n: sum(people.age) }).from(people)),
          ];
        }),
        returning: await undone(db, async (tx) => [
          await answer(tx.update(people).set({ age: 31 }).where(eq(people.id, 1)).returning()),
          await answer(
            tx
              .update(orders)
              .set({ notes: 'seen' })
              .where(eq(orders.id, 900011))
              .returning({ id: orders.id, notes: orders.notes }),
          ),
          await answer(tx.delete(lines).where(eq(lines.n, 7)).returning()),
        ]),
        large: createHash('sha256')
          .update(JSON.stringify((await db.execute(sql.raw(texts.LARGE))).rows))
          .digest('hex'),
        orders: [
          await answer(
            db.query.orders.findMany({
              where: between(orders.id, 900011, 900014),
              with: { items: true },
              orderBy: orders.id,
            }),
          ),
          await answer(
            db
              .select({ channel: orders.channel, n: count(), total: sum(orders.total) })
              .from(orders)
              .groupBy(orders.channel)
              .orderBy(orders.channel),
          ),
          await answer(
            db
              .select({ id: orders.id })
              .from(orders)
              .where(and(inArray(orders.channel, ['ebay', 'shopify']), eq(orders.buyerName, 'Edda Ebert'))),
          ),
        ],
      },
      rows: {
        select: (await db.select(MASKED).from(orders).where(redacted).orderBy(orders.id)).map(row),
        prepared: (await byId.execute({ a: 900001, b: 900003 })).map(row),
        'prepared again': (await byId.execute({ a: 900001, b: 900003 })).map(row),
        query: (await db.query.orders.findMany({ where: redacted, orderBy: orders.id })).map(
          ({ id, buyerName, buyerEmail, giftMessage }) => [id, buyerName, buyerEmail, giftMessage],
        ),
        'in a transaction': await undone(db, async (tx) =>
          (await tx.select(MASKED).from(orders).where(redacted).orderBy(orders.id)).map(row),
        ),
      },
      filters: {
        select: await filteredBy(db, async () => filter(db)),
        prepared: await filteredBy(db, () => filter(db).prepare('filter').execute()),
        'in a transaction': await undone(db, (tx) => filteredBy(tx, () => tx.transaction((nested) => filter(nested)))),
      },
    };
  } finally {
    await client.end();
  }
}

function row({ id, name, email, gift }: { id: number; name: string; email: string | null; gift: string | null }): Row {
  return [id, name, email, gift];
}

async function answer(work: PromiseLike<unknown>): Promise<unknown> {
  return work.then((result) => {
    if (typeof result !== 'object' || result === null || !('rowCount' in result)) return result;
    const { rows, command, rowCount } = result as pg.QueryResult;
    return { rows, command, rowCount };
  }, failed);
}

function failed(error: DrizzleQueryError): unknown {
  const { code, detail, hint, position, message } = (error.cause ?? error) as unknown as ServerError;
  return { class: error.constructor.name, query: error.query, code, detail, hint, position, message };
}

async function repeated<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let n = 0; n < times; n++) all.push(await work());
  return all;
}

async function undone<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  await db
    .transaction(async (tx) => {
      result = { value: await work(tx) };
      tx.rollback();
    })
    .catch((error: unknown) => {
      if (!result) throw error;
    });
  return result!.value;
}

function filteredBy(db: Db | Tx, find: () => Promise<readonly { id: number }[]>) {
  return filtered(
    async () => (await find()).map(({ id }) => id),
    (error: DrizzleQueryError) =>
      driverError(
        error instanceof DrizzleQueryError ? 'DrizzleQueryError' : error,
        error.cause as unknown as ServerError,
        error.query,
      ),
    async () => (await db.execute(sql`SELECT ${FINE} AS a`)).rows[0]?.a,
  );
}

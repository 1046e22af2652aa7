import { createHash } from 'node:crypto';
import knexOf, { type Knex } from 'knex';
import pg from 'pg';
import type { Target } from '../../harness/raw-client.js';
import { FINE, type Outcome, type Row } from '../outcome.js';
import { driverError, filtered } from './filtered.js';
import * as texts from './texts.js';

/** Knex: its builder, its schema builder and its migrations' tables. */
export async function knex(target: Target): Promise<Outcome> {
  const db = knexOf({ client: 'pg', connection: { ...target }, pool: { min: 1, max: 2 } });
  const redacted = (from: Knex = db) =>
    from('orders')
      .select('id', 'buyer_name', 'buyer_email', 'gift_message')
      .whereBetween('id', [900001, 900003])
      .orderBy('id');
  const filter = (from: Knex) =>
    from('orders').select('id').where('buyer_name', 'Alan Archer').whereBetween('id', [900001, 900100]).orderBy('id');
  try {
    return {
      same: {
        login: await answer(db.raw(texts.LOGIN.replace('$1', '?'), ['server_version'])),
        simple: [
          await answer(db('plain.people').orderBy('id')),
          await answer(db('plain.people').where('age', '>', 18).orWhereNull('age').orderBy('id').limit(2).offset(1)),
          await answer(db('plain.people').count('* as n').first()),
          await answer(
            db('plain.people as p')
              .leftJoin('plain.people as b', 'b.id', 'p.boss')
              .select('p.id', 'b.email')
              .orderBy('p.id'),
          ),
          await answer(db.with('w', db('plain.people').select('id')).select('*').from('w').orderBy('id')),
        ],
        parameters: await answer(
          db.raw(texts.PARAMETERS.replaceAll(/\$\d+/g, '?'), texts.PARAMETER_VALUES as Knex.Value[]),
        ),
        prepared: await answer(db.raw('SELECT :a::int + :b::int AS n', { a: 1, b: 2 })),
        types: await answer(db('plain.kinds').orderBy('id')),
        cursor: await streamed(db('plain.lines').orderBy('n').stream()),
        transactions: [
          await undone(db, async (tx) => [
            await answer(tx('plain.people').insert({ id: 60, email: 'sixty@plain.test', age: 60 })),
            await answer(tx.transaction((nested) => nested('plain.people').insert({ id: 1, email: 'x' }))),
            await answer(tx('plain.people').count('* as n')),
            await answer(tx('plain.people').where({ id: 60 }).forUpdate()),
          ]),
          await answer(db('plain.people').count('* as n')),
        ],
        errors: [
          await answer(db('plain.people').insert({ id: 1, email: 'x' })),
          await answer(db('plain.people').where('nothing', 1)),
          await answer(db.raw('SELEC 1')),
          await answer(db.raw('SELECT 1/0')),
        ],
        batch: await undone(db, async (tx) => {
          const many = Array.from({ length: 50 }, (_, n) => ({ id: 100 + n, email: `p${n}@plain.test`, age: 20 + n }));
          return [
            await answer(tx.batchInsert('plain.people', many, 20).returning('id')),
            await answer(tx('plain.people').insert(many).onConflict('id').merge(['age'])),
            await answer(tx('plain.people').insert(many).onConflict().ignore()),
            await answer(tx('plain.people').sum('age')),
          ];
        }),
        metadata: await metadata(db),
        returning: await undone(db, async (tx) => [
          await answer(tx('plain.people').insert({ id: 70, email: 'new@plain.test', age: 30 }).returning('*')),
          await answer(tx('plain.people').where({ id: 70 }).increment('age', 1).returning('age')),
          await answer(tx('orders').where({ id: 900011 }).update({ notes: 'seen' }, ['id', 'buyer_name', 'notes'])),
          await answer(tx('plain.people').where({ id: 70 }).del(['id', 'email'])),
        ]),
        large: createHash('sha256')
          .update(JSON.stringify((await db.raw(texts.LARGE)).rows))
          .digest('hex'),
        orders: [
          await answer(db('orders').whereBetween('id', [900011, 900014]).orderBy('id')),
          await answer(
            db('orders').select('channel').count('* as n').sum('total as total').groupBy('channel').orderBy('channel'),
          ),
          await answer(
            db('orders').whereIn('channel', ['ebay', 'shopify']).whereILike('buyer_name', '%ebert%').select('id'),
          ),
        ],
      },
      rows: {
        builder: (await redacted()).map(row),
        stream: ((await streamed(redacted().stream())) as Record<string, unknown>[]).map(row),
        raw: (await db.raw(texts.REDACTED)).rows.map(row),
        'in a transaction': await undone(db, async (tx) => (await redacted(tx)).map(row)),
      },
      filters: {
        builder: await filteredBy(db, filter(db)),
        'in a transaction': await undone(db, async (tx) => {
          const nested = await tx.transaction();
          const result = await filteredBy(tx, filter(nested), () => nested.rollback());
          return result;
        }),
      },
    };
  } finally {
    await db.destroy();
  }
}

function row({ id, buyer_name, buyer_email, gift_message }: Record<string, unknown>): Row {
  return [Number(id), buyer_name, buyer_email, gift_message];
}

async function answer(work: PromiseLike<unknown>): Promise<unknown> {
  return work.then(shown, failed);
}

function shown(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || !('rows' in result)) return result;
  const { rows, command, rowCount } = result as pg.QueryResult;
  return { rows, command, rowCount };
}

function failed(error: pg.DatabaseError): unknown {
  const { code, detail, hint, position, constraint, message } = error;
  return { class: error.constructor.name, code, detail, hint, position, constraint, message };
}

async function undone<T>(db: Knex, work: (tx: Knex.Transaction) => Promise<T>): Promise<T> {
  const tx = await db.transaction();
  try {
    return await work(tx);
  } finally {
    await tx.rollback();
  }
}

async function streamed(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

async function metadata(db: Knex): Promise<unknown> {
  const schema = () => db.schema.withSchema('plain');
  try {
    await schema().createTable('made_by_knex', (table) => {
      table.increments('id');
      table.string('name', 40).notNullable().unique();
      table.jsonb('data').index(undefined, { indexType: 'gin' });
      table.enu('mood', ['sad', 'ok']).defaultTo('ok');
      table.timestamp('at').defaultTo(db.fn.now());
    });
    return [
      await answer(
        db('plain.made_by_knex')
          .insert({ name: 'one', data: { a: 1 } })
          .returning(['id', 'name', 'data', 'mood']),
      ),
      await answer(db('made_by_knex').withSchema('plain').columnInfo()),
      await answer(db('orders').columnInfo()),
      await answer(schema().hasTable('made_by_knex')),
      await answer(db.schema.hasColumn('orders', 'buyer_name')),
    ];
  } finally {
    await schema().dropTableIfExists('made_by_knex');
  }
}

function filteredBy(db: Knex, query: Knex.QueryBuilder, recover: () => Promise<unknown> = async () => undefined) {
  return filtered(
    async () => (await query).map(({ id }: { id: unknown }) => id),
    // The message begins with the SQL, which has the builder's own marks for the parameters.
    (error: pg.DatabaseError) =>
      driverError(error instanceof pg.DatabaseError ? 'DatabaseError' : error, error, query.toSQL().toNative().sql),
    async () => {
      await recover();
      return (await db.raw('SELECT ? AS a', [FINE])).rows[0].a;
    },
  );
}

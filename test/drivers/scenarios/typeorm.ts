import { createHash } from 'node:crypto';
import {
  Between,
  DataSource,
  EntitySchema,
  In,
  type ObjectLiteral,
  QueryFailedError,
  type QueryRunner,
  type Repository,
} from 'typeorm';
import type { Target } from '../../harness/raw-client.js';
import { FINE, type Outcome, type Row } from '../outcome.js';
import { driverError, filtered, type ServerError } from './filtered.js';
import * as texts from './texts.js';

interface Order {
  readonly id: string;
  readonly buyer_name: string;
  readonly buyer_email: string;
  readonly gift_message: string | null;
  readonly items?: readonly ObjectLiteral[];
}

/** TypeORM: entities of the shop's tables, and a table that it makes itself. */
export async function typeorm(target: Target): Promise<Outcome> {
  const { host, port, database, user: username, password } = target;
  const connection = { type: 'postgres', host, port, database, username, password } as const;
  const db = await new DataSource({ ...connection, entities: [ORDERS, ITEMS, PEOPLE], poolSize: 2 }).initialize();
  const orders = db.getRepository<Order>(ORDERS);
  const people = db.getRepository(PEOPLE);
  const redacted = { where: { id: Between('900001', '900003') }, order: { id: 'ASC' } } as const;
  try {
    return {
      same: {
        login: await answer(db.query(texts.LOGIN, ['server_version'])),
        simple: [
          await answer(people.find({ order: { id: 'ASC' } })),
          await answer(people.findAndCount({ where: { id: In([1, 2]) }, skip: 1, take: 1, order: { id: 'ASC' } })),
          await answer(people.exists({ where: { email: 'ann@plain.test' } })),
        ],
        parameters: await answer(db.query(texts.PARAMETERS, texts.PARAMETER_VALUES)),
        prepared: await answer(
          people.createQueryBuilder('p').where('p.age > :age', { age: 18 }).orderBy('p.id').getMany(),
        ),
        types: await answer(db.query('SELECT * FROM plain.kinds ORDER BY id')),
        cursor: await streamed(people),
        transactions: await transactions(db),
        errors: [
          await answer(people.insert({ id: 1, email: 'x' })),
          await answer(people.delete({ id: 1 })),
          await answer(db.query('SELEC 1')),
          await answer(db.query('SELECT 1/0')),
          await answer(people.createQueryBuilder('p').where('p.nothing = 1').getMany()),
        ],
        batch: await undone(db, async (runner) => {
          const repository = runner.manager.getRepository(PEOPLE);
          const many = Array.from({ length: 50 }, (_, n) => ({ id: 100 + n, email: `p${n}@plain.test`, age: 20 + n }));
          return [
            await answer(repository.save(many, { chunk: 20 })),
            await answer(
              repository.upsert(
                many.map((person) => ({ ...person, age: 40 })),
                ['id'],
              ),
            ),
            await answer(repository.maximum('id')),
          ];
        }),
        metadata: await metadata(db, connection),
        returning: await undone(db, async (runner) => {
          const repository = runner.manager.getRepository(PEOPLE);
          return [
            await answer(repository.save({ id: 70, email: 'new@plain.test', age: 30 })),
            await answer(
              repository.createQueryBuilder().update().set({ age: 31 }).where('id = 70').returning('*').execute(),
            ),
            await answer(repository.increment({ id: 70 }, 'age', 1)),
            await answer(runner.manager.getRepository(ORDERS).update({ id: '900011' }, { notes: 'seen' })),
            await answer(repository.delete({ id: 70 })),
          ];
        }),
        large: createHash('sha256')
          .update(JSON.stringify(await db.query(texts.LARGE)))
          .digest('hex'),
        orders: [
          await answer(
            orders.find({
              where: { id: Between('900011', '900014') },
              relations: { items: true },
              order: { id: 'ASC' },
            }),
          ),
          await answer(
            orders
              .createQueryBuilder('o')
              .select(['o.channel AS channel', 'count(*)::int AS n', 'sum(o.total) AS total'])
              .groupBy('o.channel')
              .orderBy('o.channel')
              .getRawMany(),
          ),
          ...(await Promise.all(texts.ALLOWED.map(([text, values]) => answer(db.query(text, [...values]))))),
        ],
      },
      rows: {
        find: (await orders.find(redacted)).map(row),
        'query builder': (
          await orders
            .createQueryBuilder('o')
            .where('o.id BETWEEN :a AND :b', { a: 900001, b: 900003 })
            .orderBy('o.id')
            .getMany()
        ).map(row),
        joined: (await orders.find({ ...redacted, relations: { items: true } })).map(row),
        page: (await orders.find({ ...redacted, relations: { items: true }, take: 3 })).map(row),
        query: (await db.query(texts.REDACTED_BY_ID, [...texts.REDACTED_IDS])).map(row),
      },
      filters: {
        find: await filteredBy(db, orders),
        'query builder': await filtered(
          async () =>
            (
              await orders
                .createQueryBuilder('o')
                .where('o.buyer_name = :name AND o.id BETWEEN 900001 AND 900100', { name: 'Alan Archer' })
                .orderBy('o.id')
                .getMany()
            ).map(({ id }) => id),
          errorOf,
          () => stillThere(db),
        ),
        'in a transaction': await undone(db, async (runner) => {
          await runner.startTransaction();
          return filtered(
            async () => (await runner.manager.getRepository<Order>(ORDERS).find(CONDITION)).map(({ id }) => id),
            errorOf,
            async () => {
              await runner.rollbackTransaction();
              return stillThere(runner);
            },
          );
        }),
      },
    };
  } finally {
    await db.destroy();
  }
}

const CONDITION = {
  where: { buyer_name: 'Alan Archer', id: Between('900001', '900100') },
  order: { id: 'ASC' },
} as const;

const ORDERS = new EntitySchema<ObjectLiteral>({
  name: 'Order',
  tableName: 'orders',
  columns: {
    id: { type: 'bigint', primary: true },
    order_ref: { type: String },
    channel: { type: String },
    shipped_at: { type: 'timestamptz', nullable: true },
    buyer_name: { type: String },
    buyer_email: { type: String, nullable: true },
    gift_message: { type: 'text', nullable: true },
    total: { type: 'numeric' },
    notes: { type: 'text', nullable: true },
  },
  relations: { items: { type: 'one-to-many', target: 'Item', inverseSide: 'order' } },
});
const ITEMS = new EntitySchema<ObjectLiteral>({
  name: 'Item',
  tableName: 'order_items',
  columns: { id: { type: 'bigint', primary: true }, sku: { type: String }, quantity: { type: 'int' } },
  relations: {
    order: { type: 'many-to-one', target: 'Order', inverseSide: 'items', joinColumn: { name: 'order_id' } },
  },
});
const PEOPLE = new EntitySchema<{ id: number; email: string; age?: number }>({
  name: 'Person',
  schema: 'plain',
  tableName: 'people',
  columns: { id: { type: 'int', primary: true }, email: { type: 'text' }, age: { type: 'int', nullable: true } },
});
const MADE = new EntitySchema<ObjectLiteral>({
  name: 'MadeByTypeorm',
  schema: 'plain',
  tableName: 'made_by_typeorm',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    name: { type: 'varchar', length: 40, unique: true },
    mood: { type: 'enum', enum: ['sad', 'ok'], default: 'ok' },
    tags: { type: 'text', array: true, nullable: true },
    data: { type: 'jsonb', nullable: true },
  },
  indices: [{ columns: ['mood'] }],
});

function row({ id, buyer_name, buyer_email, gift_message }: Order): Row {
  return [Number(id), buyer_name, buyer_email, gift_message];
}

async function answer(work: Promise<unknown>): Promise<unknown> {
  return work.then((result) => result ?? null, failed);
}

function failed(error: Error): unknown {
  if (!(error instanceof QueryFailedError)) throw error;
  const { code, detail, hint, position, message } = error.driverError as unknown as ServerError;
  return { class: error.name, code, detail, hint, position, message, query: error.query };
}

async function undone<T>(db: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = db.createQueryRunner();
  await runner.startTransaction();
  try {
    return await work(runner);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

async function streamed(people: Repository<ObjectLiteral>): Promise<unknown> {
  const all: unknown[] = [];
  for await (const person of await people.createQueryBuilder('p').orderBy('p.id').stream()) all.push(person);
  return all;
}

async function transactions(db: DataSource): Promise<unknown> {
  return [
    await undone(db, async ({ manager }) => [
      await answer(manager.insert(PEOPLE, { id: 60, email: 'sixty@plain.test', age: 60 })),
      await answer(manager.transaction((nested) => nested.insert(PEOPLE, { id: 1, email: 'x' }))),
      await answer(manager.count(PEOPLE)),
      await answer(manager.findOne(PEOPLE, { where: { id: 60 }, lock: { mode: 'pessimistic_write' } })),
    ]),
    await answer(db.manager.count(PEOPLE)),
  ];
}

async function metadata(db: DataSource, connection: object): Promise<unknown> {
  const options = { ...connection, type: 'postgres' as const, entities: [MADE] };
  const made = await new DataSource({ ...options, synchronize: true }).initialize();
  try {
    const repository = made.getRepository(MADE);
    await repository.save({ name: 'one', tags: ['a', 'b'], data: { a: 1 } });
    // What differs from the entities, as TypeORM reads it from the catalogs: nothing.
    const left = await made.driver.createSchemaBuilder().log();
    const runner = db.createQueryRunner();
    const tables = await runner.getTables(['public.orders', 'plain.people', 'plain.made_by_typeorm']);
    await runner.release();
    return [
      await answer(repository.find()),
      left.upQueries.map(({ query }) => query),
      tables.map(({ name, columns, indices, foreignKeys, checks, uniques }) => ({
        name,
        columns: columns.map(({ name: column, type, default: value, isNullable, isPrimary }) => ({
          column,
          type,
          value,
          isNullable,
          isPrimary,
        })),
        indices: indices.map((index) => index.name),
        foreignKeys: foreignKeys.map((key) => key.name),
        checks: checks.map((check) => check.expression),
        uniques: uniques.map((unique) => unique.name),
      })),
    ];
  } finally {
    await made.query('DROP TABLE IF EXISTS plain.made_by_typeorm; DROP TYPE IF EXISTS plain.made_by_typeorm_mood_enum');
    await made.destroy();
  }
}

function filteredBy(db: DataSource, orders: Repository<Order>) {
  return filtered(
    async () => (await orders.find(CONDITION)).map(({ id }) => id),
    errorOf,
    () => stillThere(db),
  );
}

function errorOf(error: QueryFailedError) {
  return driverError(error.name, error.driverError as unknown as ServerError, error.query);
}

async function stillThere(db: DataSource | QueryRunner): Promise<unknown> {
  return (await db.query(`SELECT '${FINE}' AS a`))[0].a;
}

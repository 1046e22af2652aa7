import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import type { Target } from '../../harness/raw-client.js';
import { FINE, type Outcome, type Row } from '../outcome.js';
import { driverError, filtered, type ServerError } from './filtered.js';
import * as texts from './texts.js';

/** postgres.js: it pipelines, prepares every statement and describes it before it binds. */
export async function postgresJs(target: Target): Promise<Outcome> {
  const notices: unknown[] = [];
  const sql = postgres({
    ...target,
    max: 1,
    onnotice: ({ message, severity, detail, hint }) => notices.push({ message, severity, detail, hint }),
  });
  try {
    return {
      same: {
        login: await answer(sql.unsafe(texts.LOGIN, ['server_version'])),
        simple: [
          await answer(sql.unsafe('SELECT * FROM plain.people ORDER BY id').simple()),
          await answer(sql`SELECT 1 AS a; SELECT 2 AS b, 'x' AS c; SELECT nothing FROM orders`.simple()),
          await answer(sql`SELECT * FROM plain.people ORDER BY id`.values()),
          await answer(sql`SELECT id, email FROM plain.people ORDER BY id`.raw()),
        ],
        parameters: [
          await answer(sql.unsafe(texts.PARAMETERS, texts.PARAMETER_VALUES as never[])),
          await answer(sql`SELECT ${sql.array([1, 2])} AS a, ${sql.json({ a: [1] })} AS j, ${sql.typed(7, 20)} AS t`),
          await answer(sql`SELECT * FROM ${sql('plain.people')} WHERE id IN ${sql([1, 3])} ORDER BY ${sql('id')}`),
        ],
        prepared: await repeated(8, (n) => answer(sql`SELECT * FROM plain.people WHERE id = ${n % 4}`)),
        types: await answer(sql`SELECT * FROM plain.kinds ORDER BY id`),
        cursor: [await readByCursor(sql), await readByIteration(sql), await abandonCursor(sql)],
        transactions: await transactions(sql),
        errors: [
          await answer(sql`INSERT INTO plain.people ${sql({ id: 1, email: 'x' })}`),
          await answer(sql`SELECT nothing FROM plain.people`),
          await answer(sql`SELEC 1`),
          await answer(sql`SELECT 1/0`),
          await answer(sql`SELECT ${'x'}::int`),
          await answer(sql`SELECT plain.fail(${'x'})`),
        ],
        batch: [
          await Promise.all(Array.from({ length: 300 }, (_, n) => answer(sql`SELECT ${n}::int AS n, ${`#${n}`} AS t`))),
          await undone(sql, async (tx) => [
            await answer(tx`INSERT INTO plain.people ${tx(MANY)} RETURNING id`),
            await answer(tx`SELECT count(*)::int AS n FROM plain.people`),
          ]),
        ],
        copy: await copies(sql),
        notifications: await notifications(sql, target),
        notices: [await answer(sql`SELECT plain.warn('js')`), notices],
        cancel: await cancel(sql),
        metadata: [
          await described(sql`SELECT * FROM plain.kinds`),
          await described(sql.unsafe('SELECT id, buyer_name FROM orders WHERE id = $1')),
        ],
        returning: await undone(sql, async (tx) => [
          await answer(tx`INSERT INTO plain.people ${tx(MANY[0]!)} RETURNING *`),
          await answer(tx`UPDATE plain.people SET ${tx({ age: 31 }, 'age')} WHERE id = 70 RETURNING age`),
          await answer(tx`UPDATE orders SET notes = ${'seen'} WHERE id = 900011 RETURNING id, buyer_name, notes`),
          await answer(tx`DELETE FROM plain.people WHERE id = 70 RETURNING *`),
        ]),
        large: createHash('sha256')
          .update(JSON.stringify(await sql.unsafe(texts.LARGE)))
          .digest('hex'),
        orders: [
          await answer(sql.unsafe(texts.UNREDACTED)),
          await answer(sql.unsafe(texts.REPORT)),
          await repeated(9, (n) => {
            const [text, values] = texts.ALLOWED[n % 3]!;
            return answer(sql.unsafe(text, [...values] as never[], { prepare: true }));
          }),
        ],
      },
      rows: {
        simple: await rows(sql.unsafe(texts.REDACTED).simple()),
        extended: await rows(sql.unsafe(texts.REDACTED_BY_ID, [...texts.REDACTED_IDS])),
        prepared: await rows(sql.unsafe(texts.REDACTED_BY_ID, [...texts.REDACTED_IDS], { prepare: true })),
        'prepared again': await rows(sql.unsafe(texts.REDACTED_BY_ID, [...texts.REDACTED_IDS], { prepare: true })),
        cursor: await cursorRows(sql),
        copy: await copyRows(sql),
      },
      filters: {
        alone: await filteredBy(sql, (text) => sql.unsafe(text, [...texts.FILTER_VALUES])),
        prepared: await filteredBy(sql, (text) => sql.unsafe(text, [...texts.FILTER_VALUES], { prepare: true })),
        simple: await filteredBy(sql, (text) => sql.unsafe(text.replace('$1', "'Alan Archer'")).simple()),
        'by a parameter': await filtered(
          async () => (await sql.unsafe(texts.FILTER_BY_CHANNEL, ['Alan Archer', 'amazon'])).map(({ id }) => id),
          (error) => errorOf(error, texts.FILTER_BY_CHANNEL),
          () => stillThere(sql),
        ),
        'in a pipeline': await filteredBy(sql, async (text) => {
          const [before, found, behind] = await Promise.allSettled([
            sql`SELECT 1 AS a`,
            sql.unsafe(text, [...texts.FILTER_VALUES]),
            sql`SELECT 2 AS a`,
          ]);
          if (before.status !== 'fulfilled' || behind.status !== 'fulfilled') throw new Error('its neighbours failed');
          if (found.status === 'rejected') throw found.reason;
          return found.value;
        }),
        transaction: await filteredInTransaction(sql),
      },
    };
  } finally {
    await sql.end();
  }
}

const MANY = Array.from({ length: 20 }, (_, n) => ({ id: 70 + n, email: `p${n}@plain.test`, age: 20 + n }));

async function answer(query: PromiseLike<unknown>): Promise<unknown> {
  return query.then(shown, failed);
}

function shown(result: unknown): unknown {
  if (!Array.isArray(result)) return result;
  const { columns, count, command } = result as unknown as postgres.RowList<postgres.Row[]>;
  return { rows: [...result], columns: columns?.map(({ parser: _parser, ...column }) => column), count, command };
}

/** Without the name of the statement, which is new in each run. */
async function described(query: postgres.PendingQuery<postgres.Row[]>): Promise<unknown> {
  const { string, types, columns } = await query.describe();
  return { string, types, columns: columns.map(({ name, type }) => [name, type]) };
}

function failed(error: postgres.PostgresError): unknown {
  // Where the server's source raised it: a syntax error is found by the gateway.
  const { file: _file, line: _line, routine: _routine, ...fields } = { ...error };
  return { ...fields, class: error.name, message: error.message };
}

async function repeated<T>(times: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let n = 0; n < times; n++) all.push(await work(n));
  return all;
}

class Undo extends Error {}

async function undone<T>(sql: postgres.Sql, work: (tx: postgres.TransactionSql) => Promise<T>): Promise<T> {
  let result: T;
  await sql
    .begin(async (tx) => {
      result = await work(tx);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  return result!;
}

async function readByCursor(sql: postgres.Sql): Promise<unknown> {
  const sizes: number[] = [];
  await sql`SELECT n, word FROM plain.lines WHERE n <= 250 ORDER BY n`.cursor(100, (read) => {
    sizes.push(read.length);
  });
  return sizes;
}

async function readByIteration(sql: postgres.Sql): Promise<unknown> {
  let sum = 0;
  for await (const [row] of sql`SELECT n FROM plain.lines`.cursor()) sum += row!.n;
  return sum;
}

async function abandonCursor(sql: postgres.Sql): Promise<unknown> {
  const first: unknown[] = [];
  for await (const read of sql`SELECT n FROM plain.lines ORDER BY n`.cursor(10)) {
    first.push(...read);
    break;
  }
  return [first, await answer(sql`SELECT 'after' AS a`)];
}

async function transactions(sql: postgres.Sql): Promise<unknown> {
  const count = (tx: postgres.ISql) => answer(tx`SELECT count(*)::int AS n FROM plain.people`);
  return [
    await undone(sql, async (tx) => [
      await answer(tx`INSERT INTO plain.people ${tx(MANY[0]!)}`),
      await answer(tx.savepoint((s) => s`INSERT INTO plain.people VALUES (1, 'x')`)),
      await count(tx),
    ]),
    await count(sql),
  ];
}

async function copyOut(sql: postgres.Sql, text: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await sql.unsafe(text).readable()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function copies(sql: postgres.Sql): Promise<unknown> {
  return [
    await undone(sql, async (tx) => {
      const lines = Array.from({ length: 3000 }, (_, n) => `${100000 + n}\tcopied ${n}\n`);
      await pipeline(Readable.from(lines), await tx`COPY plain.lines (n, word) FROM STDIN`.writable());
      return answer(tx`SELECT count(*)::int AS n, max(word) FROM plain.lines WHERE n >= 100000`);
    }),
    await copyOut(sql, 'COPY (SELECT * FROM plain.people ORDER BY id) TO STDOUT'),
    await answer(sql`SELECT 'after' AS a`),
  ];
}

async function copyRows(sql: postgres.Sql): Promise<Row[]> {
  const lines = (await copyOut(sql, `COPY (${texts.REDACTED}) TO STDOUT`)).split('\n').slice(0, -1);
  return lines.map((line) => {
    const [id, ...rest] = line.split('\t').map((value) => (value === '\\N' ? null : value));
    return [Number(id), ...rest];
  });
}

async function notifications(sql: postgres.Sql, target: Target): Promise<unknown> {
  const listener = postgres({ ...target, max: 1 });
  const heard: string[] = [];
  const both = new Promise<void>((resolve) => {
    const listening = listener.listen('chat', (payload) => {
      if (heard.push(payload) === 2) resolve();
    });
    void listening.then(async () => {
      await sql.notify('chat', 'one');
      await sql`SELECT pg_notify('chat', 'two')`;
    });
  });
  await both;
  await listener.end();
  return heard;
}

async function cancel(sql: postgres.Sql): Promise<unknown> {
  const sleeping = sql`SELECT pg_sleep(20)`;
  const ended = answer(sleeping);
  await pause(200);
  sleeping.cancel();
  return [await ended, await answer(sql`SELECT 'after' AS a`)];
}

async function rows(query: PromiseLike<postgres.RowList<postgres.Row[]>>): Promise<Row[]> {
  return (await query).map((row) => [Number(row.id), row.buyer_name, row.buyer_email, row.gift_message]);
}

async function cursorRows(sql: postgres.Sql): Promise<Row[]> {
  const all: Row[] = [];
  for await (const [row] of sql.unsafe(texts.REDACTED).cursor(1)) {
    all.push([Number(row!.id), row!.buyer_name, row!.buyer_email, row!.gift_message]);
  }
  return all;
}

function filteredBy(sql: postgres.Sql, query: (text: string) => PromiseLike<readonly postgres.Row[]>) {
  return filtered(
    async () => (await query(texts.FILTER)).map(({ id }) => id),
    (error) => errorOf(error, texts.FILTER),
    () => stillThere(sql),
  );
}

async function filteredInTransaction(sql: postgres.Sql) {
  return undone(sql, (tx) =>
    filtered(
      async () => (await tx.savepoint((s) => s.unsafe(texts.FILTER, [...texts.FILTER_VALUES]))).map(({ id }) => id),
      (error) => errorOf(error, texts.FILTER),
      () => stillThere(tx),
    ),
  );
}

function errorOf(error: ServerError & { name: string }, text: string) {
  return driverError(error.name, error, text);
}

async function stillThere(sql: postgres.ISql): Promise<unknown> {
  return (await sql`SELECT ${FINE} AS a`)[0]?.a;
}

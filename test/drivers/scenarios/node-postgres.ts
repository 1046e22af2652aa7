import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import type { Target } from '../../harness/raw-client.js';
import { type DriverError, FINE, type Filtered, type Outcome, type Row } from '../outcome.js';
import * as sql from './texts.js';

type Query = pg.QueryConfig | pg.QueryArrayConfig | string;

/** node-postgres with pg-pool, pg-cursor, pg-query-stream and pg-copy-streams. */
export async function nodePostgres(target: Target): Promise<Outcome> {
  const client = new pg.Client({ ...target });
  const other = new pg.Client({ ...target });
  await Promise.all([client.connect(), other.connect()]);
  try {
    return {
      same: {
        login: [await answer(client, { text: sql.LOGIN, values: ['server_version'] }), await wrongPassword(target)],
        simple: [
          await answer(client, 'SELECT * FROM plain.people ORDER BY id'),
          await answer(client, { text: 'SELECT id, email FROM plain.people ORDER BY id', rowMode: 'array' }),
          await answers(
            client,
            "SELECT 1 AS a; SELECT 2 AS b, 'x' AS c; SET work_mem = '4MB'; SELECT nothing FROM orders",
          ),
          await answers(client, 'SELECT 1 AS a; ; SELECT 2 AS b'),
          await answer(client, { text: '' }),
          await answer(client, {
            text: 'SELECT n FROM plain.lines ORDER BY n',
            values: [],
            rows: 100,
          } as pg.QueryConfig),
        ],
        parameters: [
          await answer(client, { text: sql.PARAMETERS, values: sql.PARAMETER_VALUES }),
          await answer(client, {
            text: 'INSERT INTO plain.kinds (id, num, t, bytes, flag, d, tsz, jb, uid, ints, texts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *',
            values: [
              50,
              1.5,
              't',
              Buffer.from('b'),
              false,
              '2024-01-01',
              new Date(0),
              { a: [1] },
              sql.PARAMETER_VALUES[10],
              [[1], [2]],
              ['x', null],
            ],
          }),
          await answer(client, { text: 'DELETE FROM plain.kinds WHERE id = $1', values: [50] }),
        ],
        prepared: await repeated(8, (n) =>
          answer(client, { name: 'by id', text: 'SELECT * FROM plain.people WHERE id = $1', values: [n % 4] }),
        ),
        types: await answer(client, 'SELECT * FROM plain.kinds ORDER BY id'),
        binary: await answer(client, {
          text: 'SELECT id, t, bytes, flag FROM plain.kinds WHERE id = $1',
          values: [1],
          binary: true,
        } as pg.QueryConfig),
        cursor: [await readByCursor(client), await readByStream(client)],
        transactions: await transactions(client),
        errors: await repeated(ERRORS.length, (n) => answer(client, ERRORS[n]!)),
        batch: await pooled(target),
        copy: await copies(client),
        notifications: await notifications(client, other),
        notices: await notices(client),
        cancel: await cancel(client, target),
        metadata: await metadata(client),
        returning: await undone(client, RETURNING),
        large: createHash('sha256')
          .update(JSON.stringify((await client.query(sql.LARGE)).rows))
          .digest('hex'),
        orders: [
          await answer(client, sql.UNREDACTED),
          await answer(client, sql.REPORT),
          await repeated(18, (n) => {
            const [text, values] = sql.ALLOWED[n % 3]!;
            return answer(client, { name: `allowed ${n % 3}`, text, values: [...values] });
          }),
        ],
      },
      rows: {
        simple: await rows(client, sql.REDACTED),
        extended: await rows(client, { text: sql.REDACTED_BY_ID, values: [...sql.REDACTED_IDS] }),
        named: await rows(client, { name: 'rows', text: sql.REDACTED_BY_ID, values: [...sql.REDACTED_IDS] }),
        'named again': await rows(client, { name: 'rows', text: sql.REDACTED_BY_ID, values: [...sql.REDACTED_IDS] }),
        binary: await rows(client, { text: sql.REDACTED, values: [], binary: true } as pg.QueryConfig),
        cursor: await cursorRows(client, sql.REDACTED, [], 2),
        stream: await streamRows(client, sql.REDACTED_BY_ID, [...sql.REDACTED_IDS]),
        copy: (await copyOut(client, `COPY (${sql.REDACTED}) TO STDOUT`)).map(([id, ...rest]) => [Number(id), ...rest]),
      },
      filters: {
        alone: await filtered(client, sql.FILTER, () => client.query(sql.FILTER, [...sql.FILTER_VALUES])),
        simple: await filtered(client, SIMPLE_FILTER, () => client.query(SIMPLE_FILTER)),
        named: await filtered(client, sql.FILTER, () =>
          client.query({ name: 'filter', text: sql.FILTER, values: [...sql.FILTER_VALUES] }),
        ),
        'by a parameter': await filtered(client, sql.FILTER_BY_CHANNEL, () =>
          client.query({ name: 'allowed 0', text: sql.FILTER_BY_CHANNEL, values: [...sql.FILTER_VALUES, 'amazon'] }),
        ),
        cursor: await filtered(client, sql.FILTER, async () => ({
          rows: (await cursorRows(client, sql.FILTER, [...sql.FILTER_VALUES], 1)).map(([id]) => ({ id })),
        })),
        stream: await filtered(client, sql.FILTER, async () => ({
          rows: (await streamRows(client, sql.FILTER, [...sql.FILTER_VALUES])).map(([id]) => ({ id })),
        })),
        transaction: await filteredInTransaction(client),
      },
    };
  } finally {
    await Promise.all([client.end(), other.end()]);
  }
}

const SIMPLE_FILTER = sql.FILTER.replace('$1', "'Alan Archer'");

const ERRORS: readonly Query[] = [
  { text: 'INSERT INTO plain.people VALUES ($1, $2)', values: [1, 'x'] },
  'SELECT nothing FROM plain.people',
  'SELEC 1',
  'SELECT 1/0',
  { text: 'SELECT $1::int', values: ['x'] },
  "SELECT plain.fail('x')",
  'SELECT * FROM plain.forbidden',
];

const RETURNING: readonly Query[] = [
  { text: 'INSERT INTO plain.people VALUES ($1, $2, $3) RETURNING *', values: [70, 'new@plain.test', 30] },
  { text: 'UPDATE plain.people SET age = age + 1 WHERE id = $1 RETURNING age', values: [70] },
  { text: "UPDATE orders SET notes = 'seen' WHERE id = $1 RETURNING id, buyer_name, notes", values: [900011] },
  {
    text: "INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (990001, 'D-1', 'ebay', $1, 'DE', 5) RETURNING id, total",
    values: ['Dora'],
  },
  { text: 'SELECT buyer_name FROM orders WHERE id = 990001' },
  { text: 'DELETE FROM plain.people WHERE id = $1 RETURNING *', values: [70] },
];

/** What the query gave: its result, or all that the server said of its failure. */
async function answer(client: pg.Client, query: Query): Promise<unknown> {
  return client.query(query as pg.QueryConfig).then(shown, failed);
}

async function answers(client: pg.Client, query: string): Promise<unknown> {
  return client.query(query).then((all) => (all as unknown as pg.QueryResult[]).map(shown), failed);
}

const shown = ({ rows, fields, command, rowCount }: pg.QueryResult) => ({ rows, fields, command, rowCount });

function failed(error: pg.DatabaseError): unknown {
  // The length of the message, and where the server's source raised it: a syntax error is found by the gateway.
  const { length: _length, file: _file, line: _line, routine: _routine, ...fields } = { ...error };
  return { ...fields, class: error.constructor.name, message: error.message };
}

async function repeated<T>(times: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let n = 0; n < times; n++) all.push(await work(n));
  return all;
}

async function undone(client: pg.Client, queries: readonly Query[]): Promise<unknown> {
  await client.query('BEGIN');
  const all = await repeated(queries.length, (n) => answer(client, queries[n]!));
  await client.query('ROLLBACK');
  return all;
}

async function readByCursor(client: pg.Client): Promise<unknown> {
  const cursor = client.query(new Cursor('SELECT n, word FROM plain.lines WHERE n <= $1 ORDER BY n', [250]));
  const sizes: number[] = [];
  for (let read = await cursor.read(100); read.length > 0; read = await cursor.read(100)) sizes.push(read.length);
  await cursor.close();
  const left = client.query(new Cursor('SELECT n FROM plain.lines'));
  const [first] = await left.read(1);
  await left.close();
  return [sizes, first, await answer(client, "SELECT 'after' AS a")];
}

async function cursorRows(client: pg.Client, text: string, values: unknown[], size: number): Promise<unknown[][]> {
  const cursor = client.query(new Cursor(text, values, { rowMode: 'array' }));
  try {
    const all: unknown[][] = [];
    for (let read = await cursor.read(size); read.length > 0; read = await cursor.read(size)) all.push(...read);
    return all.map(([id, ...rest]) => [Number(id), ...rest]);
  } finally {
    await cursor.close();
  }
}

async function readByStream(client: pg.Client): Promise<unknown> {
  const all = await streamRows(client, 'SELECT n, word FROM plain.lines ORDER BY n', []);
  const abandoned = client.query(new QueryStream('SELECT n FROM plain.lines ORDER BY n', [], { batchSize: 10 }));
  for await (const _row of abandoned) break;
  return [all.length, all.at(-1), await answer(client, "SELECT 'after' AS a")];
}

async function streamRows(client: pg.Client, text: string, values: unknown[]): Promise<unknown[][]> {
  const all: unknown[][] = [];
  const stream = client.query(new QueryStream(text, values, { batchSize: 2, rowMode: 'array' }));
  for await (const [id, ...rest] of stream) all.push([Number(id), ...rest]);
  return all;
}

async function transactions(client: pg.Client): Promise<unknown> {
  const count = 'SELECT count(*)::int AS n FROM plain.people';
  return [
    await undone(client, [
      "INSERT INTO plain.people VALUES (60, 'sixty@plain.test', 60)",
      'SAVEPOINT s',
      "INSERT INTO plain.people VALUES (61, 'sixty@plain.test', 60)",
      'SELECT 1',
      'ROLLBACK TO s',
      count,
      'RELEASE s',
      'BEGIN',
    ]),
    await answer(client, 'COMMIT'),
    await answer(client, count),
  ];
}

async function pooled(target: Target): Promise<unknown> {
  const pool = new pg.Pool({ ...target, max: 4 });
  const all = await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      const query = { text: 'SELECT $1::int AS n, $2::text AS t', values: [n, `#${n}`] };
      return (await pool.query(n % 2 ? { ...query, name: 'pooled' } : query)).rows[0];
    }),
  );
  await pool.end();
  return all;
}

async function copyOut(client: pg.Client, text: string): Promise<unknown[][]> {
  const chunks: Buffer[] = [];
  for await (const chunk of client.query(copyTo(text))) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1);
  return lines.map((line) => line.split('\t').map((value) => (value === '\\N' ? null : value)));
}

async function copies(client: pg.Client): Promise<unknown> {
  const copyIn = async (text: string, data: Iterable<string>) => {
    const stream = client.query(copyFrom(text));
    return pipeline(Readable.from(data), stream).then(() => stream.rowCount, failed);
  };
  await client.query('BEGIN');
  const into = await copyIn(
    'COPY plain.lines (n, word) FROM STDIN',
    Array.from({ length: 3000 }, (_, n) => `${100000 + n}\tcopied ${n}\n`),
  );
  const read = await answer(client, 'SELECT count(*)::int AS n, max(word) FROM plain.lines WHERE n >= 100000');
  const bad = await copyIn('COPY plain.people (id, email) FROM STDIN', ['not a number\tx\n']);
  await client.query('ROLLBACK');
  return [
    into,
    read,
    bad,
    await copyOut(client, 'COPY (SELECT * FROM plain.people ORDER BY id) TO STDOUT'),
    await copyOut(client, 'COPY (SELECT * FROM orders WHERE id = 900011) TO STDOUT'),
    await answer(client, "SELECT 'after' AS a"),
  ];
}

async function notifications(client: pg.Client, other: pg.Client): Promise<unknown> {
  const heard: unknown[] = [];
  const both = new Promise<void>((resolve) =>
    client.on('notification', ({ channel, payload }) => {
      if (heard.push([channel, payload]) === 2) resolve();
    }),
  );
  await client.query('LISTEN chat');
  await client.query("NOTIFY chat, 'from myself'");
  await other.query("SELECT pg_notify('chat', 'from another')");
  await both;
  await client.query('UNLISTEN *');
  return heard;
}

async function notices(client: pg.Client): Promise<unknown> {
  const heard: unknown[] = [];
  client.on('notice', ({ message, severity, detail, hint, code }) =>
    heard.push({ message, severity, detail, hint, code }),
  );
  await client.query("SELECT plain.warn('node')");
  return heard;
}

async function cancel(client: pg.Client, target: Target): Promise<unknown> {
  const sleeping = answer(client, 'SELECT pg_sleep(20)');
  const canceller = new pg.Client({ ...target }) as pg.Client & { cancel(client: pg.Client, query: unknown): void };
  await pause(200);
  const active = client as unknown as { _activeQuery?: unknown; activeQuery?: unknown };
  canceller.cancel(client, active._activeQuery ?? active.activeQuery);
  return [await sleeping, await answer(client, "SELECT 'after' AS a")];
}

async function metadata(client: pg.Client): Promise<unknown> {
  return answer(client, {
    text: 'SELECT table_name, column_name, data_type, column_default FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, ordinal_position',
    values: ['public'],
  });
}

async function rows(client: pg.Client, query: Query): Promise<Row[]> {
  const { rows: found } = await client.query(query as pg.QueryConfig);
  return found.map((row) => [Number(row.id), row.buyer_name, row.buyer_email, row.gift_message]);
}

async function filtered(
  client: pg.Client,
  text: string,
  work: () => Promise<{ rows: readonly { id: unknown }[] }>,
): Promise<Filtered> {
  const result = await work().then(
    ({ rows: found }) => ({ found: found.map(({ id }) => Number(id)) }),
    (error: pg.DatabaseError) => ({ error: errorOf(error, text) }),
  );
  return { ...result, after: await stillThere(client) };
}

async function filteredInTransaction(client: pg.Client): Promise<Filtered> {
  await client.query('BEGIN');
  await client.query("UPDATE products SET title = 'changed'");
  await client.query('SAVEPOINT s');
  const result = await filtered(client, sql.FILTER, () => client.query(sql.FILTER, [...sql.FILTER_VALUES]));
  if (result.error && result.after !== '25P02') throw new Error(`the transaction goes on: ${result.after}`);
  await client.query('ROLLBACK TO s');
  const inside = await stillThere(client);
  await client.query('ROLLBACK');
  return { ...result, after: inside };
}

function wrongPassword(target: Target): Promise<unknown> {
  return new pg.Client({ ...target, password: 'wrong' }).connect().then(() => 'in', failed);
}

function stillThere(client: pg.Client): Promise<unknown> {
  return client.query(`SELECT '${FINE}' AS a`).then(
    ({ rows: [row] }) => row.a,
    (error: pg.DatabaseError) => error.code,
  );
}

function errorOf(error: pg.DatabaseError, text: string): DriverError {
  return {
    class: error instanceof pg.DatabaseError ? 'DatabaseError' : error,
    code: error.code ?? '',
    message: error.message,
    detail: error.detail ?? '',
    hint: error.hint ?? '',
    at: text.slice(Number(error.position) - 1),
  };
}

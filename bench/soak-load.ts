/** What a client of the soak does: sessions that begin, do things at random, and end in one way or another. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig, type Notification } from 'pg';
import copyStreams from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import postgres from 'postgres';
import type { Random } from '../src/demo/random.js';
import { encodeQuery } from '../src/wire/frontend-messages.js';
import { POINT_SELECT } from './orders.js';
import type { Endpoint } from './pgbench.js';
import { type Checks, COLUMNS, type OrderRow } from './soak-checks.js';

export interface Load {
  readonly gateway: Endpoint;
  readonly checks: Checks;
  readonly random: Random;
  /** Distinguishes what several clients make at the same time. */
  readonly lane: number;
  /** How often each thing was done. */
  readonly done: Map<string, number>;
  /** Errors that nothing asked for, by SQLSTATE or message. */
  readonly errors: Map<string, number>;
  /** When the last change of the policy was asked for, by performance.now(). */
  readonly reloadedAt: () => number;
}

interface Session extends Load {
  readonly client: Client;
  /** Set when the session has ended, or is to end. */
  ended: boolean;
  /** Statements by name that were prepared by SQL, and when. */
  readonly prepared: Map<string, number>;
}

const MOST_OPERATIONS = 30;
const PATIENCE_MS = 30_000;
/** In which a change of the policy is in force at the latest. */
const RELOAD_MS = 3_000;
const RAW = { getTypeParser: () => (value: string) => value } as unknown as NonNullable<ClientConfig['types']>;
const SELECT = `SELECT ${COLUMNS.join(', ')} FROM orders`;
const CHARACTERS = ['a', 'Z', '0', ' ', "'", '"', '\\', '\n', '\t', 'é', 'ß', '漢', '😀', '%', '$1', '--', '/*'];

export function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Sessions one after the other until it is told to end. Never rejects: what goes wrong is counted. */
export async function runLane(load: Load, running: () => boolean): Promise<void> {
  while (running()) {
    try {
      await (load.random.chance(0.15) ? load.random.pick(ROUGH)(load) : ordinarySession(load, running));
    } catch (error) {
      unexpected(load, 'session', error);
    }
    await sleep(load.random.integer(0, 20));
  }
}

async function ordinarySession(load: Load, running: () => boolean): Promise<void> {
  const client = await open(load);
  const session: Session = { ...load, client, ended: false, prepared: new Map() };
  const operations = load.random.integer(1, MOST_OPERATIONS);
  for (let i = 0; i < operations && running() && !session.ended; i++) {
    const [name, operation] = load.random.pick(OPERATIONS);
    try {
      await operation(session);
      count(load.done, name);
    } catch (error) {
      unexpected(load, name, error);
      session.ended = true;
      // It may be in a transaction or a COPY.
      destroy(client);
    }
    if (load.random.chance(0.3)) await sleep(load.random.integer(0, 10));
  }
  if (socketOf(client).destroyed) return;
  if (session.ended || load.random.chance(0.8)) {
    count(load.done, 'disconnect, clean');
    await client.end();
  } else {
    count(load.done, 'disconnect, without a word');
    destroy(client);
  }
}

async function open(load: Load): Promise<Client> {
  const client = new Client({ ...load.gateway, types: RAW, query_timeout: PATIENCE_MS });
  client.on('error', () => undefined);
  await client.connect();
  count(load.done, 'connect');
  return client;
}

async function fromElsewhere(load: Load, text: string, values: readonly unknown[]): Promise<void> {
  const other = await open(load);
  try {
    await other.query(text, [...values]);
  } finally {
    await other.end();
  }
}

function unexpected(load: Load, where: string, error: unknown): void {
  const { code, message } = error as { code?: string; message?: string };
  // Other lanes change the schema all the time.
  if (code === '40001' && message?.includes('changed again and again')) {
    count(load.done, 'told to come again');
    return;
  }
  const rest = (message ?? String(error)).replace(/\d{3,}/g, 'N');
  count(load.errors, `${code ?? 'no SQLSTATE'} ${where}: ${rest}`.slice(0, 160));
  console.error(`unexpected, ${where}: ${code} ${error instanceof Error ? error.stack : rest}`);
}

/** What was made before a change of the policy has to be made again; see the README. */
function isOutdated(load: Load, error: unknown, madeAt: number): boolean {
  return (error as { code?: string }).code === '0A000' && load.reloadedAt() > madeAt - RELOAD_MS;
}

/** Expects an error of one of these SQLSTATEs. */
async function fails(session: Load, work: Promise<unknown>, ...states: readonly string[]): Promise<void> {
  const outcome = await work.then(
    () => 'no error',
    (error: { code?: string; message?: string }) => {
      if (error.code === '40001') throw error;
      return error.code ?? error.message ?? '';
    },
  );
  session.checks.equal(`error ${states}`, states.includes(outcome) ? states[0] : outcome, states[0]);
}

function socketOf(client: Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

function destroy(client: Client): void {
  socketOf(client).destroy();
}

function someId({ random, checks }: Load): number {
  return random.integer(1, checks.rows);
}

/** First and last of a few ids in a row. */
function someRange(load: Load, most: number): readonly number[] {
  const first = load.random.integer(1, load.checks.rows - most);
  return Array.from({ length: load.random.integer(1, most) }, (_, i) => first + i);
}

function between(ids: readonly number[]): string {
  return `id BETWEEN ${ids[0]} AND ${ids.at(-1)} ORDER BY id`;
}

async function rowsOf(client: Client, text: string, values: readonly unknown[] = []): Promise<OrderRow[]> {
  const { rows } = await client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' });
  return rows;
}

function someText(random: Random, most: number): string {
  const part = Array.from({ length: random.integer(0, 40) }, () => random.pick(CHARACTERS)).join('');
  return (part + random.digits(8)).repeat(Math.max(1, Math.floor(random.integer(1, most) / (part.length + 8))));
}

/** A lane's own rows of the table that no policy names. */
function someNote({ random, lane }: Load): number {
  return lane * 1_000_000 + random.integer(1, 500);
}

async function transaction(session: Session, work: () => Promise<void>): Promise<void> {
  await session.client.query('BEGIN');
  try {
    await work();
  } finally {
    await session.client.query(session.random.chance(0.5) ? 'COMMIT' : 'ROLLBACK');
  }
}

const OPERATIONS: readonly (readonly [name: string, run: (session: Session) => Promise<void>])[] = [
  [
    'protected, simple',
    async (s) => {
      const ids = someRange(s, 50);
      // A comment makes the text a new one, so that plans come and go.
      s.checks.orders(
        'simple',
        await rowsOf(s.client, `${SELECT} WHERE ${between(ids)} /* ${s.random.digits(6)} */`),
        ids,
      );
    },
  ],
  [
    'protected, extended',
    async (s) => {
      const id = someId(s);
      s.checks.orders('extended', await rowsOf(s.client, POINT_SELECT, [id]), [id]);
    },
  ],
  [
    'protected, prepared',
    async (s) => {
      for (let i = s.random.integer(1, 10); i > 0; i--) {
        const id = someId(s);
        const query = { name: 'point', text: POINT_SELECT, values: [id], rowMode: 'array' };
        s.checks.orders('prepared', (await s.client.query<(string | null)[]>(query)).rows, [id]);
      }
    },
  ],
  [
    'protected, PREPARE',
    async (s) => {
      const now = performance.now();
      const name = `p${s.random.integer(1, 3)}`;
      const since = s.prepared.get(name);
      if (since === undefined) await s.client.query(`PREPARE ${name} (bigint) AS ${SELECT} WHERE id = $1`);
      s.prepared.set(name, since ?? now);
      const id = someId(s);
      try {
        s.checks.orders('EXECUTE', await rowsOf(s.client, `EXECUTE ${name} (${id})`), [id]);
      } catch (error) {
        if (!isOutdated(s, error, since ?? now)) throw error;
        s.prepared.delete(name);
        await s.client.query(`DEALLOCATE ${name}`);
        count(s.done, 'PREPARE to be made again');
      }
    },
  ],
  [
    'protected, in expressions',
    async (s) => {
      const id = someId(s);
      const rows = await rowsOf(
        s.client,
        'SELECT upper(buyer_name), left(max(buyer_email), 500), (SELECT o.buyer_phone FROM orders o WHERE o.id = $1) FROM orders WHERE id = $1 GROUP BY buyer_name',
        [id],
      );
      const stored = s.checks.stored(id);
      const redacted = s.checks.isRedacted(id);
      s.checks.equal('upper', rows[0]?.[0], redacted ? '' : stored[3]!.toUpperCase());
      s.checks.equal('max', rows[0]?.[1], redacted ? '' : stored[4]);
      s.checks.column('subquery', 'buyer_phone', rows[0]?.[2], id, 'blank');
    },
  ],
  [
    'protected, whole row as JSON',
    async (s) => {
      const id = someId(s);
      const [row] = await rowsOf(s.client, `SELECT row_to_json(o) FROM orders o WHERE id = ${id}`);
      const shown = JSON.parse(row![0]!) as Record<string, unknown>;
      for (const column of ['buyer_name', 'buyer_email', 'ship_address'] as const) {
        s.checks.column('JSON', column, shown[column], id, 'blank');
      }
    },
  ],
  [
    'protected, several statements in one text',
    async (s) => {
      const [a, b] = [someId(s), someId(s)];
      const results = (await s.client.query({
        text: `BEGIN; ${SELECT} WHERE id = ${a}; SELECT 1; ${SELECT} WHERE id = ${b}; COMMIT`,
        rowMode: 'array',
      })) as unknown as { rows: OrderRow[] }[];
      s.checks.orders('first of several', results[1]!.rows, [a]);
      s.checks.orders('third of several', results[3]!.rows, [b]);
    },
  ],
  [
    'unprotected, simple',
    async (s) => {
      const value = someText(s.random, 200).replaceAll("'", "''");
      const [row] = await rowsOf(s.client, `SELECT '${value}', ${s.lane}`);
      s.checks.equal('literal', row?.[0], value.replaceAll("''", "'"));
      s.checks.equal('number', row?.[1], String(s.lane));
    },
  ],
  [
    'unprotected, written and read',
    async (s) => {
      const note = someNote(s);
      const body = someText(s.random, s.random.pick([10, 1_000, 100_000, 1_000_000]));
      const upsert =
        'INSERT INTO notes VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body RETURNING body';
      s.checks.equal('RETURNING', (await rowsOf(s.client, upsert, [note, body]))[0]?.[0], body);
      const read = { name: 'note', text: 'SELECT body FROM notes WHERE id = $1', values: [note], rowMode: 'array' };
      s.checks.equal('note', (await s.client.query<string[]>(read)).rows[0]?.[0], body);
      if (s.random.chance(0.3)) await s.client.query('DELETE FROM notes WHERE id = $1', [note]);
    },
  ],
  [
    'unprotected, aggregates',
    async (s) => {
      const [row] = await rowsOf(
        s.client,
        "SELECT count(*), sum(total) FROM orders WHERE channel = 'ebay' AND id <= 1000",
      );
      s.checks.equal('count', row?.[0], '200');
    },
  ],
  [
    'cursor by portal',
    async (s) => {
      const ids = someRange(s, 200);
      const now = performance.now();
      const config = { rowMode: 'array', types: RAW } as unknown as ConstructorParameters<typeof Cursor>[2];
      const cursor = s.client.query(new Cursor<OrderRow>(`${SELECT} WHERE ${between(ids)}`, [], config));
      const limit = s.random.chance(0.3) ? 20 : ids.length;
      const rows: OrderRow[] = [];
      try {
        while (rows.length < limit) {
          const some = await cursor.read(17);
          if (some.length === 0) break;
          rows.push(...some);
        }
        await cursor.close();
      } catch (error) {
        if (!isOutdated(s, error, now)) throw error;
        count(s.done, 'cursor to be made again');
        return;
      }
      s.checks.orders('portal', rows, ids.slice(0, Math.max(rows.length, limit)));
    },
  ],
  [
    'cursor by DECLARE',
    (s) =>
      transaction(s, async () => {
        const now = performance.now();
        const ids = someRange(s, 60);
        await s.client.query(`DECLARE c CURSOR FOR ${SELECT} WHERE ${between(ids)}`);
        const rows: OrderRow[] = [];
        try {
          while (rows.length < ids.length) {
            const some = await rowsOf(s.client, 'FETCH 25 FROM c');
            if (some.length === 0) break;
            rows.push(...some);
          }
          s.checks.orders('FETCH', rows, ids);
        } catch (error) {
          if (!isOutdated(s, error, now)) throw error;
          count(s.done, 'cursor to be made again');
        }
      }),
  ],
  [
    'COPY to the client',
    async (s) => {
      const ids = someRange(s, 300);
      const stream = s.client.query(copyStreams.to(`COPY (${SELECT} WHERE ${between(ids)}) TO STDOUT`));
      const lines = (await readText(stream)).split('\n').slice(0, -1);
      s.checks.orders(
        'COPY',
        lines.map((line) => line.split('\t')),
        ids,
      );
    },
  ],
  [
    'COPY to the server',
    async (s) => {
      const first = s.lane * 1_000_000 + 1_000;
      const bodies = Array.from({ length: s.random.integer(1, 200) }, () => s.random.digits(s.random.integer(1, 500)));
      await s.client.query('DELETE FROM notes WHERE id >= $1 AND id < $1::bigint + 1000', [first]);
      const lines = bodies.map((body, i) => `${first + i}\t${body}\n`);
      await pipeline(Readable.from(lines), s.client.query(copyStreams.from('COPY notes (id, body) FROM STDIN')));
      const rows = await rowsOf(
        s.client,
        `SELECT body FROM notes WHERE id >= ${first} AND id < ${first + 1000} ORDER BY id`,
      );
      s.checks.equal('COPY read', rows.map(([body]) => body).join(), bodies.join());
    },
  ],
  [
    'COPY to the server that fails',
    async (s) => {
      const stream = s.client.query(copyStreams.from('COPY notes (id, body) FROM STDIN'));
      await fails(s, pipeline(Readable.from(['no number\tx\n']), stream), '22P02');
      s.checks.equal('after it', (await rowsOf(s.client, 'SELECT 1'))[0]?.[0], '1');
    },
  ],
  ['error of syntax', (s) => fails(s, s.client.query(`SELEC ${s.random.digits(5)}`), '42601')],
  ['error of the server', (s) => fails(s, s.client.query('SELECT 1 / $1::int', [0]), '22012')],
  ['unknown table', (s) => fails(s, s.client.query(`SELECT * FROM none_${s.random.digits(3)}`), '42P01')],
  [
    'refused filter',
    (s) => {
      const name = `Buyer Number ${someId(s)}`;
      return fails(s, s.client.query('SELECT id FROM orders WHERE buyer_name = $1', [name]), '42501');
    },
  ],
  ['refused copy', (s) => fails(s, s.client.query('INSERT INTO notes SELECT -id, buyer_name FROM orders'), '42501')],
  ['refused DDL', (s) => fails(s, s.client.query('ALTER TABLE orders DROP COLUMN buyer_name'), '42501')],
  [
    'aborted transaction',
    async (s) => {
      await s.client.query('BEGIN');
      await fails(
        s,
        s.client.query(s.random.pick(['SELECT 1/0', 'SELECT 1 FROM orders WHERE buyer_name > $$a$$'])),
        '22012',
        '42501',
      );
      await fails(s, s.client.query(POINT_SELECT, [someId(s)]), '25P02');
      await s.client.query('ROLLBACK');
    },
  ],
  [
    'savepoint',
    (s) =>
      transaction(s, async () => {
        const id = someId(s);
        await s.client.query('SAVEPOINT a');
        await fails(s, s.client.query('SELECT 1 FROM orders ORDER BY 1 LIMIT length($1)', ['x'.repeat(3)]), 'no error');
        await fails(s, s.client.query('SELECT none'), '42703');
        await s.client.query('ROLLBACK TO a');
        s.checks.orders('after a savepoint', await rowsOf(s.client, POINT_SELECT, [id]), [id]);
      }),
  ],
  [
    'what was shown, written back',
    async (s) => {
      const id = s.random.integer(0, s.checks.rows / 10 - 1) * 10 + 1;
      const [row] = await rowsOf(s.client, POINT_SELECT, [id]);
      const text = 'UPDATE orders SET buyer_name = $2, buyer_email = $3 WHERE id = $1 RETURNING buyer_name';
      const [after] = await rowsOf(s.client, text, [id, row![3], row![4]]);
      s.checks.column('RETURNING', 'buyer_name', after?.[0], id, 'blank');
    },
  ],
  [
    'cancel',
    async (s) => {
      const { processID, secretKey } = s.client as unknown as { processID: number; secretKey: number };
      const started = performance.now();
      const sleeping = fails(
        s,
        s.client.query('SELECT pg_sleep(20), max(buyer_name) FROM orders WHERE id = 10'),
        '57014',
      );
      // A request that comes before the statement runs does nothing, as at the server itself.
      const requests: Promise<unknown>[] = [];
      const again = setInterval(() => requests.push(cancel(s.gateway, processID, secretKey)), 200);
      await sleeping.finally(() => clearInterval(again));
      s.checks.equal('cancelled in time', performance.now() - started < 15_000, true);
      // The server closes the connection of a request when it has sent the signal, which may hit what runs next.
      await Promise.all(requests);
      await sleep(50);
      await s.client.query('SELECT 1').catch((error: { code?: string }) => {
        if (error.code !== '57014') throw error;
      });
    },
  ],
  [
    'terminated by itself',
    async (s) => {
      s.ended = true;
      await fails(s, s.client.query('SELECT pg_terminate_backend(pg_backend_pid())'), '57P01');
    },
  ],
  [
    'terminated from elsewhere',
    async (s) => {
      s.ended = true;
      const pid = (await rowsOf(s.client, 'SELECT pg_backend_pid()'))[0]![0];
      const sleeping = fails(s, s.client.query('SELECT pg_sleep(20)'), '57P01');
      await fromElsewhere(s, 'SELECT pg_terminate_backend($1)', [pid]);
      await sleeping;
    },
  ],
  [
    'LISTEN and NOTIFY',
    async (s) => {
      const channel = `lane_${s.lane}`;
      await s.client.query(`LISTEN ${channel}`);
      const payload = someText(s.random, 300);
      const told = once(s.client, 'notification', { signal: AbortSignal.timeout(PATIENCE_MS) });
      const notify = ['SELECT pg_notify($1, $2)', [channel, payload]] as const;
      await (s.random.chance(0.3) ? fromElsewhere(s, ...notify) : s.client.query(notify[0], [...notify[1]]));
      const [notification] = (await told) as [Notification];
      s.checks.equal('payload', notification.payload, payload);
      await s.client.query('UNLISTEN *');
    },
  ],
  [
    'DDL of a table of its own',
    async (s) => {
      const table = `ddl_${s.lane}`;
      // One that was told to come again has left it.
      await s.client.query(`DROP TABLE IF EXISTS ${table}`);
      await s.client.query(`CREATE TABLE ${table} (id int PRIMARY KEY, a text)`);
      await s.client.query(`INSERT INTO ${table} VALUES (1, 'x')`);
      await s.client.query(`ALTER TABLE ${table} ADD COLUMN b int DEFAULT 7`);
      s.checks.equal('new column', (await rowsOf(s.client, `SELECT * FROM ${table}`))[0]?.join(), '1,x,7');
      await s.client.query(`DROP TABLE ${table}`);
    },
  ],
  [
    'temporary table',
    async (s) => {
      await s.client.query('CREATE TEMP TABLE IF NOT EXISTS mine (id bigint, name text)');
      const id = someId(s);
      await s.client.query('INSERT INTO mine VALUES ($1, $2)', [id, 'x']);
      const rows = await rowsOf(
        s.client,
        'SELECT o.buyer_name, m.name FROM mine m JOIN orders o USING (id) WHERE o.id = $1',
        [id],
      );
      s.checks.column('join with a temporary table', 'buyer_name', rows[0]?.[0], id, 'token');
      await s.client.query('TRUNCATE mine');
    },
  ],
  [
    'setting',
    async (s) => {
      const name = someText(s.random, 40)
        .slice(0, 20)
        .replaceAll('\n', ' ')
        .replace(/[^ -~]/g, '?');
      await s.client.query('SELECT set_config($1, $2, false)', ['application_name', name]);
      s.checks.equal('setting', (await rowsOf(s.client, 'SHOW application_name'))[0]?.[0], name);
      await s.client.query(s.random.pick(['RESET ALL', 'RESET application_name']));
    },
  ],
];

/** Ways to treat a connection that no driver would choose. */
const ROUGH: readonly ((load: Load) => Promise<void>)[] = [
  async function destroyedInResult(load) {
    const client = await open(load);
    const socket = socketOf(client);
    socket.removeAllListeners('data');
    socket.write(encodeQuery(load.random.pick([`${SELECT}`, 'COPY orders TO STDOUT', 'SELECT * FROM notes'])));
    await once(socket, 'data');
    if (load.random.chance(0.5)) await sleep(load.random.integer(0, 50));
    socket.destroy();
    count(load.done, 'destroyed in the middle of a result');
  },
  async function resetInResult(load) {
    const client = await open(load);
    const socket = socketOf(client);
    socket.removeAllListeners('data');
    socket.write(encodeQuery(SELECT));
    await once(socket, 'data');
    socket.resetAndDestroy();
    count(load.done, 'reset in the middle of a result');
  },
  async function finBehindQuery(load) {
    const client = await open(load);
    const socket = socketOf(client);
    socket.removeAllListeners('data');
    socket.resume();
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
    socket.end(encodeQuery(SELECT));
    await closed;
    count(load.done, 'half closed behind a query');
  },
  async function silentLogin(load) {
    const socket = connect(load.gateway);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.resume();
    if (load.random.chance(0.5)) socket.write(Buffer.from([0, 0, 0, 50, 0, 3]));
    // The gateway's login_seconds ends it, or it goes by itself.
    if (load.random.chance(0.3)) await once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
    socket.destroy();
    count(load.done, 'half a login');
  },
  async function copyLeft(load) {
    const client = await open(load);
    const socket = socketOf(client);
    socket.removeAllListeners('data');
    socket.write(encodeQuery('COPY notes FROM STDIN'));
    await once(socket, 'data');
    socket.destroy();
    count(load.done, 'destroyed in the middle of a COPY');
  },
  async function openTransaction(load) {
    const client = await open(load);
    await client.query('BEGIN');
    await client.query('INSERT INTO notes VALUES ($1, $2) ON CONFLICT DO NOTHING', [someNote(load), 'never committed']);
    destroy(client);
    count(load.done, 'destroyed in a transaction');
  },
  async function wrongPassword(load) {
    const client = new Client({ ...load.gateway, password: 'wrong' });
    client.on('error', () => undefined);
    await fails(load, client.connect(), '28P01');
    count(load.done, 'wrong password');
  },
  async function pipelined(load) {
    const { host, port, user, password, database } = load.gateway;
    const sql = postgres({
      host,
      port,
      user,
      password,
      database,
      max: 1,
      fetch_types: false,
      onnotice: () => undefined,
    });
    try {
      for (let round = load.random.integer(1, 4); round > 0; round--) {
        const ids = Array.from({ length: load.random.integer(2, 30) }, () => someId(load));
        const results = ids.map((id) =>
          load.random.chance(0.1)
            ? sql.unsafe('SELECT 1 FROM orders WHERE buyer_name = $1', [String(id)]).then(
                () => 'no error',
                (error: { code: string }) => {
                  if (error.code === '40001') throw error;
                  return error.code;
                },
              )
            : sql.unsafe(`SELECT id, buyer_name FROM orders WHERE id = $1`, [id], { prepare: load.random.chance(0.7) }),
        );
        (await Promise.all(results)).forEach((result, i) => {
          if (typeof result === 'string') load.checks.equal('refused in a pipeline', result, '42501');
          else load.checks.column('pipelined', 'buyer_name', result[0]?.buyer_name, ids[i]!, 'token');
          count(load.done, 'protected, pipelined');
        });
      }
    } finally {
      await sql.end({ timeout: 5 });
    }
  },
];

/** Sends a CancelRequest; resolves when the connection is closed. */
function cancel({ host, port }: Endpoint, pid: number, key: number): Promise<unknown> {
  const request = Buffer.alloc(16);
  [16, 80_877_102, pid, key].forEach((value, index) => {
    request.writeInt32BE(value, index * 4);
  });
  const socket = connect({ host, port });
  socket.on('error', () => undefined);
  socket.write(request);
  socket.resume();
  return once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
}

/**
 * How long one session's heavy statements keep another waiting: one client sends each of them while another does point
 * selects, direct, through the bare relay and through the gateway.
 *
 *   node --import tsx bench/stalls.ts [word]     only statements whose name holds the word
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, DatabaseError } from 'pg';
import { startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { createOrders } from './orders.js';
import type { Endpoint } from './pgbench.js';
import { stopAll } from './processes.js';
import { figure, formatTable } from './table.js';
import { compile, startTargets, type TargetName } from './targets.js';

const SELF = fileURLToPath(import.meta.url);
const NAMES: ReadonlySet<TargetName> = new Set(['direct', 'relay', 'gateway']);
const PAUSE_MS = 2;
const ROUNDS = 3;
const POINT = 'SELECT id, channel, buyer_name FROM orders WHERE id = $1';

const list = (count: number, part: (i: number) => string, separator = ','): string =>
  Array.from({ length: count }, (_, i) => part(i)).join(separator);

/** In a transaction that is rolled back. */
const STATEMENTS: Readonly<Record<string, () => string>> = {
  nothing: () => 'SELECT 1',
  'INSERT, 5 MB': () => `INSERT INTO notes VALUES ${list(120_000, (i) => `(${i}, 'a note of some length here')`)}`,
  'INSERT into a protected table, 5 MB': () =>
    `INSERT INTO orders (id, channel, status, buyer_name, total) VALUES ${list(90_000, (i) => `(${i + 10_000_000}, 'ebay', 'shipped', 'Buyer Number ${i}', 1.5)`)}`,
  '50,000 elements in IN': () => `SELECT count(*) FROM notes WHERE id IN (${list(50_000, String)})`,
  'the same on a protected table': () => `SELECT max(buyer_name) FROM orders WHERE id IN (${list(50_000, String)})`,
  '10,000 parentheses': () => `SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`,
  'a sum of 15,000 terms': () => `SELECT ${list(15_000, () => '1', '+')}`,
  'a report with 2 MB of values': () =>
    `SELECT v.label, count(o.buyer_name) FROM (VALUES ${list(60_000, (i) => `(${i}, 'label number ${i}')`)}) v (id, label) LEFT JOIN orders o ON o.id = v.id GROUP BY 1`,
  '1,000 UNION ALL': () => list(1_000, (i) => `SELECT id, buyer_name FROM orders WHERE id = ${i}`, ' UNION ALL '),
  '100 joins of a protected table': () =>
    `SELECT o0.id FROM orders o0 ${list(99, (i) => `JOIN orders o${i + 1} USING (id)`, ' ')} WHERE o0.id = 5`,
  '12 joins, all columns (a short text)': () => `SELECT * FROM ${list(12, (i) => `orders o${i}`)} WHERE o0.id < 0`,
  '1,000 times all columns (a short text)': () => `SELECT ${list(150, () => 'o.*')} FROM orders o WHERE id = 5`,
  'a string of 7 MB': () => `SELECT length('${'x'.repeat(7_000_000)}')`,
};

interface Order {
  readonly endpoint: Endpoint;
  readonly name: string;
}

/** The child: runs each statement that it is told, and says what came of it. */
async function sendStatements(): Promise<void> {
  process.on('message', async ({ endpoint, name }: Order) => {
    const client = new Client({ ...endpoint });
    await client.connect();
    const text = STATEMENTS[name]!();
    await client.query('BEGIN');
    const start = performance.now();
    const outcome = await client.query(text).then(
      () => 'done',
      (error: unknown) => (error instanceof DatabaseError ? error.code : String(error)),
    );
    const milliseconds = performance.now() - start;
    await client.end();
    process.send!({ outcome, milliseconds });
  });
}

interface Measured {
  readonly outcome: string;
  readonly seconds: number;
  readonly worst: number;
  readonly p99: number;
}

/** Milliseconds of point selects while a statement runs. */
async function measure(endpoint: Endpoint, name: string, child: ReturnType<typeof fork>): Promise<Measured> {
  const client = new Client({ ...endpoint });
  await client.connect();
  const times: number[] = [];
  let running = true;
  const select = async (): Promise<void> => {
    const start = performance.now();
    await client.query({ name: 'point', text: POINT, values: [(times.length % 1000) + 1] });
    times.push(performance.now() - start);
  };
  for (let i = 0; i < 100; i++) await select();
  times.length = 0;
  const probing = (async () => {
    while (running || times.length < 200) {
      await select();
      await sleep(PAUSE_MS);
    }
  })();
  child.send({ endpoint, name } satisfies Order);
  const [{ outcome, milliseconds }] = (await once(child, 'message')) as [{ outcome: string; milliseconds: number }];
  running = false;
  await probing;
  await client.end();
  times.sort((a, b) => a - b);
  return {
    outcome,
    seconds: milliseconds / 1000,
    worst: times.at(-1)!,
    p99: times[Math.floor(times.length * 0.99)]!,
  };
}

async function main(word: string): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'pgveil-stalls-'));
  await chmod(directory, 0o711);
  const compiled = await compile(path.resolve(path.dirname(SELF), '..'), NAMES);
  const postgres = await startEmbeddedPostgres({});
  const child = fork(SELF, ['--send']);
  try {
    const { host, port, user, password } = postgres;
    const server: Endpoint = { host, port, user, password, database: 'postgres' };
    await createOrders(server, 20_000);
    const setup = new Client({ ...server });
    await setup.connect();
    await setup.query('CREATE TABLE notes (id bigint, note text)');
    await setup.end();
    const targets = await startTargets(NAMES, server, { directory, compiled });
    const rows: string[][] = [];
    for (const name of Object.keys(STATEMENTS).filter((n) => n.includes(word))) {
      for (const { name: target, endpoint } of targets) {
        const rounds: Measured[] = [];
        for (let i = 0; i < ROUNDS; i++) rounds.push(await measure(endpoint, name, child));
        const worst = Math.max(...rounds.map((r) => r.worst));
        const p99 = Math.max(...rounds.map((r) => r.p99));
        const least = Math.min(...rounds.map((r) => r.worst));
        const { outcome, seconds } = rounds.at(-1)!;
        rows.push([name, target, outcome, figure(seconds, 2), figure(p99, 1), figure(least, 1), figure(worst, 1)]);
        console.error(rows.at(-1)!.join(' | '));
      }
    }
    const header = ['statement', 'target', 'outcome', 's', 'p99 ms', 'worst ms, best round', 'worst ms'];
    console.log(formatTable([{ title: 'Another session meanwhile', header, rows }]));
  } finally {
    child.disconnect();
    await stopAll();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--send') await sendStatements();
else await main(process.argv[2] ?? '');

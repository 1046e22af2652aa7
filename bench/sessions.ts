/**
 * What sessions cost that are open and do nothing: the gateway's memory for each, what they do to the sessions that are
 * busy, and whether everything is given back when they have left. Each of them has logged in, run one masked query and
 * prepared one statement. The server is a real one with as many backends.
 *
 *   node --import tsx bench/sessions.ts [idle] [busy] [seconds]     5000, 200 and 30 without them
 *
 * Exits with 1 where a select failed or came back with a wrong value, or descriptors or sessions were left.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { seededRandom } from '../src/demo/random.js';
import { type GatewayState, GatewayWatch } from './gateway-state.js';
import { checkMasking, createOrders, POINT_SELECT } from './orders.js';
import type { Endpoint } from './pgbench.js';
import { stopAll } from './processes.js';
import { quantile } from './statistics.js';
import { figure, formatTable } from './table.js';
import { compile, startTargets } from './targets.js';

const SELF = fileURLToPath(import.meta.url);
const ROWS = 20_000;
/** Logins at a time; a server forks a backend for each. */
const LOGINS = 20;
/** Beside those of sessions: the gateway's own, files, and the standard streams. */
const OTHER_DESCRIPTORS = 200;
const SETTLE_MS = 5_000;
const WARM_UP = { sessions: 20, seconds: 3 };

interface Order {
  readonly endpoint: Endpoint;
  readonly sessions: number;
  readonly seconds: number;
}

interface Measured {
  readonly tps: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  /** By message. */
  readonly errors: readonly string[];
}

/** Opens so many sessions, a few at a time, and does something in each. */
async function openAll(
  endpoint: Endpoint,
  sessions: number,
  first: (client: Client) => Promise<void> = async () => undefined,
): Promise<Client[]> {
  const clients: Client[] = [];
  let begun = 0;
  const opening = Array.from({ length: LOGINS }, async () => {
    while (begun < sessions) {
      begun++;
      const client = new Client({ ...endpoint });
      await client.connect();
      await first(client);
      clients.push(client);
    }
  });
  await Promise.all(opening);
  return clients;
}

async function select(client: Client, id: number): Promise<void> {
  const { rows } = await client.query({ name: 'point', text: POINT_SELECT, values: [id] });
  const shown = String(rows[0]?.buyer_name);
  const right = id % 10 < 2 ? shown.startsWith('ow_') : shown === `Buyer Number ${id}`;
  if (rows.length !== 1 || !right) throw new Error(`wrong: buyer ${shown} of order ${id}`);
}

/** The child, so that the idle sessions' clients do not slow the busy ones down: runs selects when it is told. */
async function makeSelects(): Promise<void> {
  process.on('message', async ({ endpoint, sessions, seconds }: Order) => {
    const clients = await openAll(endpoint, sessions);
    const random = seededRandom('sessions');
    const times: number[] = [];
    const errors: string[] = [];
    const run = async (until: number, noted: number[]): Promise<void> => {
      await Promise.all(
        clients.map(async (client) => {
          for (let start = performance.now(); start < until; start = performance.now()) {
            await select(client, random.integer(1, ROWS)).then(
              () => noted.push(performance.now() - start),
              (error: unknown) => errors.push(String(error)),
            );
          }
        }),
      );
    };
    // The first selects of each are for preparing them.
    await run(performance.now() + WARM_UP.seconds * 1000, []);
    const start = performance.now();
    await run(start + seconds * 1000, times);
    const tps = times.length / ((performance.now() - start) / 1000);
    await Promise.all(clients.map((client) => client.end()));
    const [p50, p99, worst] = [0.5, 0.99, 1].map((part) => quantile(times, part)) as [number, number, number];
    process.send!({ tps, p50, p99, worst, errors } satisfies Measured);
  });
}

/** Throws, with what to do, where a process may not have so many descriptors. */
function requireDescriptors(number: number): void {
  // Node raises the soft limit to the hard one by itself.
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (hard === undefined || hard === 'unlimited' || Number(hard) >= number) return;
  throw new Error(
    `the gateway needs ${number} file descriptors, and the limit is ${hard}: as root, \`ulimit -n ${number}\` in this shell first, or \`prlimit --nofile=${number}\` before the command; or take fewer sessions`,
  );
}

async function main(idle: number, busy: number, seconds: number): Promise<void> {
  requireDescriptors(2 * (idle + busy) + OTHER_DESCRIPTORS);
  const directory = await mkdtemp(path.join(tmpdir(), 'pgveil-sessions-'));
  await chmod(directory, 0o711);
  const names = new Set(['direct', 'gateway'] as const);
  const compiled = await compile(path.resolve(path.dirname(SELF), '..'), names);
  const postgres = await startEmbeddedPostgres({ settings: { max_connections: String(idle + busy + 100) } });
  const child = fork(SELF, ['--select']);
  try {
    const { host, port, user, password } = postgres;
    const direct: Endpoint = { host, port, user, password, database: 'postgres' };
    await createOrders(direct, ROWS);
    const limits = { max_sessions: idle + busy + 50 };
    const targets = await startTargets(names, direct, { directory, compiled, limits });
    const { endpoint, service } = targets.find(({ name }) => name === 'gateway')!;
    await checkMasking(direct, endpoint);
    const watch = await GatewayWatch.of(service!.pid, directory);
    const states: [when: string, state: GatewayState][] = [];
    const note = (when: string, state: GatewayState): GatewayState => {
      states.push([when, state]);
      console.error(`${when}: ${figure(state.resident, 1)} MB, ${state.descriptors} descriptors`);
      return state;
    };
    const measure = async (
      sessions: number,
      forSeconds: number,
      during?: () => Promise<unknown>,
    ): Promise<Measured> => {
      const order: Order = { endpoint, sessions, seconds: forSeconds };
      child.send(order);
      const answer = once(child, 'message') as Promise<[Measured]>;
      await sleep((WARM_UP.seconds + forSeconds / 2) * 1000);
      await during?.();
      return (await answer)[0];
    };

    // What each process needs once is no cost of a session.
    await measure(Math.min(WARM_UP.sessions, busy), 1);
    await sleep(SETTLE_MS);
    const start = note('before', await watch.state());
    const opened = performance.now();
    const clients = await openAll(endpoint, idle, async (client) => {
      await client.query('SELECT id, buyer_name, buyer_email FROM orders WHERE id = 10');
      await select(client, 11);
    });
    console.error(`${idle} sessions opened in ${figure((performance.now() - opened) / 1000, 1)} s`);
    await sleep(SETTLE_MS);
    const full = note(`${figure(idle)} idle`, await watch.state());
    const withIdle = await measure(busy, seconds, async () => {
      note(`${figure(idle)} idle, ${figure(busy)} busy`, await watch.state());
    });
    await sleep(SETTLE_MS);
    note('the busy ones have left', await watch.state());
    await Promise.all(clients.map((client) => client.end()));
    note('all have left', await watch.settled(start.descriptors));
    const alone = await measure(busy, seconds, async () => {
      note(`${figure(busy)} busy, none idle`, await watch.state());
    });
    const end = note('all have left again', await watch.settled(start.descriptors));

    const loads = [
      [`with ${figure(idle)} idle`, withIdle],
      ['without', alone],
    ] as const;
    console.log(
      formatTable([
        {
          title: `The gateway (memory in MB), ${cpus().length} cores`,
          header: ['when', 'resident', 'heap', 'external', 'descriptors', 'sessions'],
          rows: states.map(([when, s]) => [
            when,
            figure(s.resident, 1),
            figure(s.heap, 1),
            figure(s.external, 1),
            figure(s.descriptors),
            figure(s.sessions),
          ]),
        },
        {
          title: `${figure(busy)} busy sessions for ${seconds} s, protected point selects`,
          header: ['', 'TPS', 'p50 ms', 'p99 ms', 'worst ms', 'errors'],
          rows: loads.map(([label, m]) => [
            label,
            figure(m.tps),
            figure(m.p50, 1),
            figure(m.p99, 1),
            figure(m.worst, 1),
            figure(m.errors.length),
          ]),
        },
      ]),
    );
    const each = ((full.resident - start.resident) * 2 ** 20) / idle;
    console.log(`\nan idle session: ${figure(each / 1000, 1)} kB of the gateway's memory`);
    const errors = loads.flatMap(([, m]) => m.errors);
    const failures = [
      ...(errors.length > 0 ? [`selects failed: ${[...new Set(errors)].slice(0, 5).join('; ')}`] : []),
      ...(end.descriptors > start.descriptors ? ['descriptors are left'] : []),
      ...(end.sessions > 0 ? ['sessions are left'] : []),
    ];
    console.log(failures.length > 0 ? `FAILED: ${failures.join(', ')}` : 'passed');
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    child.disconnect();
    await stopAll();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--select') await makeSelects();
else await main(Number(first ?? 5000), Number(rest[0] ?? 200), Number(rest[1] ?? 30));

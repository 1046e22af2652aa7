/**
 * Whether a gateway stays as it is while clients do everything that clients do, for a long time: its memory flat, its
 * descriptors given back, and every byte of every result as it must be. Clients connect, run statements of all kinds in
 * all protocols, fail, are cancelled and terminated, and leave, in good order or in the middle of a result; the policy
 * changes every few seconds. What they do follows from the seed.
 *
 *   node --import tsx bench/soak.ts [minutes] [seed]     30 and a seed of its own without them
 *
 * Exits with 1 where memory grew by more than a tenth and 20 MB after a warm-up of two minutes (a quarter of a shorter
 * run), descriptors or sessions were left, a value was wrong, or an error came that nothing asked for.
 */
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { parse, stringify } from 'yaml';
import { startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { seededRandom } from '../src/demo/random.js';
import { type GatewayState, GatewayWatch } from './gateway-state.js';
import { createOrders } from './orders.js';
import type { Endpoint } from './pgbench.js';
import { stopAll } from './processes.js';
import { Checks, COLUMNS, readStored } from './soak-checks.js';
import { count, runLane } from './soak-load.js';
import { median, slope } from './statistics.js';
import { figure, formatTable, type TableSection } from './table.js';
import { compile, gatewayConfigFile, startTargets } from './targets.js';

const ROWS = 20_000;
const LANES = 8;
const SAMPLE_SECONDS = 10;
const RELOAD_SECONDS = 7;
const WARM_UP_SECONDS = 120;
/** The cache of plans is small, so that it is full when the warm-up is over; a login that says nothing ends soon. */
const LIMITS = { cached_plans: 500, login_seconds: 5 };
const MOST_GROWTH = { part: 0.1, megabytes: 20 };

interface Sample extends GatewayState {
  readonly seconds: number;
}

const FIGURES = ['resident', 'heap', 'external', 'descriptors', 'sessions'] as const;

/** Puts another policy in force, and back: the address becomes a blank instead of a token. */
async function changePolicy(file: string, pid: number, blank: boolean): Promise<void> {
  const config = parse(await readFile(file, 'utf8'));
  config.policies.bench.tables['public.orders'].columns.ship_address.mask = blank ? 'blank' : 'one_way';
  await writeFile(`${file}.new`, stringify(config));
  await rename(`${file}.new`, file);
  process.kill(pid, 'SIGHUP');
}

function tenths(samples: readonly Sample[]): readonly [first: readonly Sample[], last: readonly Sample[]] {
  const size = Math.max(1, Math.floor(samples.length / 10));
  return [samples.slice(0, size), samples.slice(-size)];
}

function sampleTable(samples: readonly Sample[]): TableSection {
  const [first, last] = tenths(samples);
  const rows = FIGURES.map((name) => {
    const of = (some: readonly Sample[]) => median(some.map((sample) => sample[name]));
    const perMinute = samples.length < 2 ? 0 : slope(samples.map((sample) => [sample.seconds / 60, sample[name]]));
    const most = Math.max(...samples.map((sample) => sample[name]));
    return [name, figure(of(first), 1), figure(of(last), 1), figure(perMinute, 3), figure(most, 1)];
  });
  const header = ['gateway', 'first tenth', 'last tenth', 'per minute', 'most'];
  return { title: 'After the warm-up (memory in MB; medians)', header, rows };
}

function countTable(title: string, counts: ReadonlyMap<string, number>): TableSection {
  const rows = [...counts].sort().map(([name, number]) => [name, figure(number)]);
  return { title, header: ['what', 'times'], rows };
}

async function main(minutes: number, seed: string): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'pgveil-soak-'));
  await chmod(directory, 0o711);
  const names = new Set(['direct', 'gateway'] as const);
  const compiled = await compile(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..'), names);
  const postgres = await startEmbeddedPostgres({ settings: { max_connections: '200' } });
  try {
    const { host, port, user, password } = postgres;
    const direct: Endpoint = { host, port, user, password, database: 'postgres' };
    await createOrders(direct, ROWS);
    const observer = new Client({ ...direct });
    await observer.connect();
    await observer.query('CREATE TABLE notes (id bigint PRIMARY KEY, body text)');
    const stored = await readStored(observer);
    const targets = await startTargets(names, direct, { directory, compiled, limits: LIMITS });
    const { endpoint: gateway, service } = targets.find(({ name }) => name === 'gateway')!;
    const { pid, output } = service!;
    const watch = await GatewayWatch.of(pid, directory);
    const base = await watch.state();

    const checks = new Checks(stored);
    const [done, errors] = [new Map<string, number>(), new Map<string, number>()];
    // What a driver throws outside of any operation must not end the run.
    for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
      process.on(event, (error: unknown) => count(errors, `${event}: ${String(error).slice(0, 160)}`));
    }
    const samples: Sample[] = [];
    const start = performance.now();
    const elapsed = () => (performance.now() - start) / 1000;
    let reloads = 0;
    let reloadedAt = Number.NEGATIVE_INFINITY;
    const running = () => elapsed() < minutes * 60;
    const every = async (seconds: number, work: () => Promise<void>): Promise<void> => {
      for (let at = seconds; at < minutes * 60; at += seconds) {
        await sleep(Math.max(0, at - elapsed()) * 1000);
        if (running()) await work();
      }
    };
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      runLane(
        {
          gateway,
          checks,
          random: seededRandom(`${seed} ${lane}`),
          lane,
          done,
          errors,
          reloadedAt: () => reloadedAt,
        },
        running,
      ),
    );
    console.error(`seed ${seed}, gateway ${pid}`);
    await Promise.all([
      ...lanes,
      every(RELOAD_SECONDS, async () => {
        reloads++;
        reloadedAt = performance.now();
        await changePolicy(gatewayConfigFile(directory), pid, reloads % 2 === 1);
        count(done, 'reload');
      }),
      every(SAMPLE_SECONDS, async () => {
        const sample = { ...(await watch.state()), seconds: elapsed() };
        samples.push(sample);
        const figures = FIGURES.map((name) => `${name} ${figure(sample[name], 1)}`).join(', ');
        console.error(`${figure(sample.seconds)} s: ${figures}; ${checks.wrong} wrong, ${errors.size} kinds of errors`);
      }),
    ]);

    const end = await watch.settled(base.descriptors);
    const written = await readStored(observer);
    for (const [id, row] of stored) {
      COLUMNS.forEach((column, index) => {
        checks.equal(`stored ${column} of ${id} at the end`, written.get(id)?.[index], row[index]);
      });
    }
    await observer.end();

    const warm = samples.filter(({ seconds }) => seconds > Math.min(WARM_UP_SECONDS, minutes * 15));
    const [first, last] = tenths(warm).map((some) => median(some.map(({ resident }) => resident))) as [number, number];
    const failures = [
      ...(last > first * (1 + MOST_GROWTH.part) + MOST_GROWTH.megabytes ? ['memory grew'] : []),
      ...(end.descriptors > base.descriptors ? ['descriptors are left'] : []),
      ...(end.sessions > 0 ? ['sessions are left'] : []),
      ...(checks.wrong > 0 ? ['values were wrong'] : []),
      ...(errors.size > 0 ? ['errors came that nothing asked for'] : []),
    ];
    const total = [...done.values()].reduce((sum, number) => sum + number, 0);
    console.log(formatTable([sampleTable(warm), countTable('Done', done), countTable('Errors, unexpected', errors)]));
    console.log(`
${figure(minutes, 1)} minutes, seed ${seed}, ${figure(total)} operations, ${figure(reloads)} reloads
values compared ${figure(checks.checked)}, wrong ${figure(checks.wrong)}
descriptors ${base.descriptors} at the start, ${end.descriptors} at the end; sessions ${end.sessions} at the end
resident ${figure(base.resident, 1)} MB at the start, ${figure(end.resident, 1)} MB when all have left
${failures.length > 0 ? `FAILED: ${failures.join(', ')}` : 'passed'}`);
    for (const note of checks.notes) console.log(`wrong: ${note}`);
    if (failures.length > 0) {
      process.exitCode = 1;
      console.error(output());
    }
  } finally {
    await stopAll();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

await main(Number(process.argv[2] ?? 30), process.argv[3] ?? String(Date.now()));

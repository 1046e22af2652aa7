/**
 * What pgveil costs beside the server alone, a bare relay and other proxies, on one machine in one run.
 *
 * `npm run bench`; see README.md beside this file for options and for what each figure means.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { type BulkCase, type BulkResult, measureBulk } from './bulk.js';
import { machineFacts } from './machine.js';
import { checkMasking, createOrders, oneTextScript, POINT_SELECT, pointScript, rewrittenText } from './orders.js';
import { type Endpoint, initialisePgbench } from './pgbench.js';
import { measurePoint, type PointCase, type PointResult } from './point.js';
import { installed, stopAll } from './processes.js';
import { formatReport, type Report } from './report.js';
import { compile, startTargets, TARGET_NAMES, type Target, type TargetName } from './targets.js';

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const PARTS = ['unprotected', 'protected', 'bulk'] as const;
type Part = (typeof PARTS)[number];

const FULL = { rounds: 3, seconds: 4, clients: 8, warmup: 1, scale: 10, orders: 1_000_000, bulkRounds: 3 };
const QUICK: typeof FULL = { ...FULL, rounds: 1, seconds: 1, warmup: 0, scale: 1, orders: 50_000, bulkRounds: 1 };
const ACCOUNTS_PER_SCALE = 100_000;
const ACCOUNT_SELECT = 'SELECT abalance FROM pgbench_accounts WHERE aid = $1';
const ORDERS_SELECT = 'SELECT * FROM orders';
const ORDERS_COPY = 'COPY orders TO STDOUT';

interface Options {
  readonly settings: typeof FULL;
  readonly quick: boolean;
  readonly save: boolean;
  readonly profile: boolean;
  readonly targets: ReadonlySet<TargetName>;
  readonly parts: ReadonlySet<Part>;
}

interface Bench {
  readonly options: Options;
  readonly targets: readonly Target[];
  readonly server: Endpoint;
  /** For pgbench's scripts. */
  readonly directory: string;
}

/** Reads the command line. Throws when an option or a name is unknown. */
function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      targets: { type: 'string', default: TARGET_NAMES.join(',') },
      parts: { type: 'string', default: PARTS.join(',') },
    },
  });
  return {
    settings: values.quick ? QUICK : FULL,
    quick: values.quick,
    save: values.save,
    profile: values.profile,
    targets: namesOf('--targets', values.targets, TARGET_NAMES),
    parts: namesOf('--parts', values.parts, PARTS),
  };
}

function namesOf<T extends string>(option: string, list: string, known: readonly T[]): ReadonlySet<T> {
  const names = list.split(',');
  const unknown = names.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`${option}: unknown ${unknown.join(', ')}; known are ${known.join(', ')}`);
  return new Set(names as T[]);
}

async function main(options: Options): Promise<void> {
  if (!(await installed('pgbench'))) throw new Error('pgbench is not on the PATH; it comes with PostgreSQL');
  const directory = await mkdtemp(path.join(tmpdir(), 'pgveil-bench-'));
  let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>> | undefined;
  let cleaning: Promise<void> | undefined;
  const cleanUp = () => {
    cleaning ??= (async () => {
      await stopAll();
      await postgres?.stop();
      await rm(directory, { recursive: true, force: true });
    })();
    return cleaning;
  };
  // `on`, not `once`: the terminal and the loader that runs this file may each send the signal.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void cleanUp().finally(() => process.exit(130)));
  }
  // Such as a reader of the output that has gone.
  process.on('uncaughtException', (error) => {
    if (!cleaning) say(String(error));
    void cleanUp().finally(() => process.exit(1));
  });
  try {
    // PgBouncer reads its file as another account.
    await chmod(directory, 0o711);
    say('compiling');
    const compiled = await compile(REPOSITORY, options.targets);
    say('starting PostgreSQL');
    postgres = await startEmbeddedPostgres({
      settings: { shared_buffers: '512MB', max_connections: '300', track_activity_query_size: '64kB' },
    });
    const { host, port, user, password } = postgres;
    const server: Endpoint = { host, port, user, password, database: 'postgres' };
    say('filling tables');
    await initialisePgbench(server, options.settings.scale);
    await createOrders(server, options.settings.orders);
    const profileDirectory = options.profile ? path.join(REPOSITORY, '.tmp', 'bench-profile') : undefined;
    const targets = await startTargets(options.targets, server, { directory, compiled, profileDirectory });
    say(`measuring ${targets.map((t) => t.name).join(', ')}`);
    const bench: Bench = { options, targets, server, directory };
    const report: Report = {
      date: new Date().toISOString(),
      machine: await machineFacts(server),
      settings: options.settings,
      point: [...(await unprotected(bench)), ...(await protectedPoint(bench))],
      bulk: await bulk(bench),
    };
    process.stdout.write(formatReport(report));
    if (options.save) await save(report);
    await cleanUp();
    if (profileDirectory) say(`CPU profile of the gateway: ${profileDirectory}`);
  } finally {
    await cleanUp();
  }
}

/** Statements on tables that no policy names. */
async function unprotected(bench: Bench): Promise<readonly PointResult[]> {
  const { options, targets } = bench;
  if (!options.parts.has('unprotected')) return [];
  const cases: PointCase[] = (['simple', 'extended', 'prepared'] as const).map((mode) => ({
    title: `pgbench -S, ${mode} protocol`,
    mode,
    entries: targets.map((target) => ({ target })),
  }));
  if (!options.quick) {
    const script = await scriptFile(bench, 'account', oneTextScript(ACCOUNT_SELECT));
    cases.push({
      title: 'the same select with one text, simple protocol',
      mode: 'simple',
      entries: targets.map((target) => ({ target, script })),
    });
  }
  return measureAll(cases, options);
}

/**
 * Point selects of a protected row. The relay, and the server itself, are sent the SQL that the gateway makes, so that
 * what PostgreSQL needs for it is on both sides.
 */
async function protectedPoint(bench: Bench): Promise<readonly PointResult[]> {
  const { options, targets, server } = bench;
  const gateway = targets.find((t) => t.name === 'gateway');
  if (!options.parts.has('protected') || !gateway) return [];
  await checkMasking(server, gateway.endpoint);
  const rewritten = await rewrittenText(server, gateway.endpoint, POINT_SELECT, [10]);
  const entries = async (name: string, script: (text: string) => string) => {
    const own = await scriptFile(bench, `${name}-own`, script(POINT_SELECT));
    const sent = await scriptFile(bench, `${name}-rewritten`, script(rewritten));
    const find = (target: TargetName) => targets.filter((t) => t.name === target);
    return {
      proxies: [
        ...find('relay').map((target) => ({ target, script: sent, label: 'relay' })),
        { target: gateway, script: own, label: 'gateway' },
      ],
      server: find('direct').flatMap((target) => [
        { target, script: own, label: 'direct, unmasked' },
        { target, script: sent, label: 'direct' },
      ]),
    };
  };
  const byId = await entries('point', (text) => pointScript(text, options.settings.orders));
  const oneText = await entries('one', oneTextScript);
  const title = 'select of a protected order by its id';
  const cases: PointCase[] = [
    { title: `${title}, prepared protocol`, mode: 'prepared', entries: [...byId.server, ...byId.proxies] },
  ];
  if (!options.quick) {
    cases.push(
      { title: `${title}, extended protocol`, mode: 'extended', entries: byId.proxies },
      { title: `${title}, simple protocol`, mode: 'simple', entries: byId.proxies },
      { title: `${title}, simple protocol, one text`, mode: 'simple', entries: oneText.proxies },
    );
  }
  return measureAll(cases, options);
}

async function measureAll(cases: readonly PointCase[], options: Options): Promise<readonly PointResult[]> {
  const results: PointResult[] = [];
  for (const point of cases) {
    say(point.title);
    results.push(await measurePoint(point, options.settings));
  }
  return results;
}

/** Whole tables, by SELECT and by COPY: pgbench's accounts, which no policy names, and orders with four one-way columns. */
async function bulk(bench: Bench): Promise<readonly BulkResult[]> {
  const { options, targets, server } = bench;
  if (!options.parts.has('bulk')) return [];
  const gateway = targets.find((t) => t.name === 'gateway');
  const relay = targets.find((t) => t.name === 'relay');
  const through = (sql: string, rewritten?: string) => [
    { name: 'direct', endpoint: server, sql },
    ...(rewritten === undefined ? [] : [{ name: 'direct, rewritten SQL', endpoint: server, sql: rewritten }]),
    ...(relay ? [{ name: 'relay', endpoint: relay.endpoint, sql }] : []),
    ...(gateway ? [{ name: 'gateway', endpoint: gateway.endpoint, sql }] : []),
  ];
  const rewritten = (sql: string) => gateway && rewrittenText(server, gateway.endpoint, sql);
  const [select, copy] = [await rewritten(ORDERS_SELECT), await rewritten(ORDERS_COPY)];
  const accounts = options.settings.scale * ACCOUNTS_PER_SCALE;
  const { orders } = options.settings;
  const cases: BulkCase[] = [
    { title: 'SELECT, unprotected', rows: accounts, entries: through('SELECT * FROM pgbench_accounts') },
    { title: 'COPY, unprotected', rows: accounts, entries: through('COPY pgbench_accounts TO STDOUT') },
    { title: 'SELECT, four one-way columns', rows: orders, entries: through(ORDERS_SELECT, select) },
    { title: 'COPY, four one-way columns', rows: orders, entries: through(ORDERS_COPY, copy) },
  ];
  const results: BulkResult[] = [];
  for (const each of cases) {
    say(each.title);
    results.push(await measureBulk(each, options.settings.bulkRounds, gateway?.service?.pid));
  }
  return results;
}

async function scriptFile(bench: Bench, name: string, script: string): Promise<string> {
  const file = path.join(bench.directory, `${name}.sql`);
  await writeFile(file, script);
  return file;
}

async function save(report: Report): Promise<void> {
  const directory = path.join(REPOSITORY, 'bench', 'results');
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'latest.json'), `${JSON.stringify(report, null, 2)}\n`);
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/**
 * The demo: an embedded PostgreSQL with the sample shop, the gateway in front of it with config/demo.yaml, and what the
 * same queries give direct and through the gateway. Stays up until Ctrl-C; with --once it ends after the last query,
 * and not with 0 if anything that it shows is not as it must be.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { parseConfig } from '../config.js';
import { startGateway } from '../gateway.js';
import { createLog } from '../log.js';
import type { Config, HostPort } from '../policy/config-types.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
import { renderExhibit } from './render.js';
import { createShopRoles, loadShop } from './shop.js';
import type { ShopRole } from './shop-schema.js';
import { makeExhibits, showAll } from './showcase.js';
import { padTo, type Style, terminalStyle } from './side-by-side.js';

const CONFIG = 'config/demo.yaml';
const DATABASE = 'shop';
const HELP = `usage: npm run demo [-- --once]
  --once  ends after the last query: with 0 if all results are as they must be, else with 1`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

type Passwords = Readonly<Record<ShopRole, string>>;

interface Demo {
  readonly say: (line: string) => void;
  readonly style: Style;
  readonly passwords: Passwords;
  /** Ends something that the demo started; called in reverse order. */
  readonly cleanups: (() => Promise<unknown>)[];
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => !['--once', '--help'].includes(arg));
  if (unknown !== undefined || args.includes('--help')) {
    console.error(unknown === undefined ? HELP : `unknown option ${unknown}\n${HELP}`);
    return unknown === undefined ? 0 : EXIT_USAGE;
  }
  const interrupted = nextSignal();
  const forApps = randomBytes(6).toString('hex');
  const demo: Demo = {
    say: (line) => console.log(line),
    style: terminalStyle(process.stdout.isTTY && !process.env.NO_COLOR),
    passwords: {
      shop_app: forApps,
      shop_report: forApps,
      compliance: forApps,
      pgveil: randomBytes(16).toString('hex'),
    },
    cleanups: [],
  };
  try {
    const result = await Promise.race([present(demo), interrupted]);
    if (result === 'interrupted') return 0;
    if (args.includes('--once')) return result.faults === 0 ? 0 : EXIT_FAILED;
    demo.say('Ctrl-C ends the demo and removes all that it made.');
    await interrupted;
    return 0;
  } catch (error) {
    console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_FAILED;
  } finally {
    for (const cleanup of demo.cleanups.reverse())
      await cleanup().catch((error: unknown) => console.error(String(error)));
  }
}

/** Starts and shows everything, and tells how much of it is wrong. */
async function present(demo: Demo): Promise<{ readonly faults: number }> {
  const { say, style, passwords, cleanups } = demo;
  const step = progress(say);

  step('starting PostgreSQL');
  const server = await startEmbeddedPostgres();
  cleanups.push(() => server.stop());
  step('making the shop');
  await makeShopDatabase(server, passwords, (line) => step(`  ${line}`));
  step(`starting the gateway with ${CONFIG}`);
  const config = await demoConfig(server, passwords);
  // Standard output is for the show.
  const gateway = await startGateway(config, { log: createLog(config.logLevel, process.stderr) });
  cleanups.push(() => gateway.close());
  step('running the same queries direct and through the gateway, as shop_app');
  say('');

  const direct = await connect(demo, server);
  const through = await connect(demo, gateway.address);
  const shown = await showAll(config, await makeExhibits(direct), direct, through);
  for (const exhibit of shown) for (const line of renderExhibit(exhibit, style)) say(line);
  const faults = [
    ...shown.flatMap(({ exhibit, faults }) => faults.map((fault) => `${exhibit.title}: ${fault}`)),
    ...(await checkMetrics(gateway.metricsAddress)),
  ];

  say(style.heading('Look for yourself'));
  const address = (what: string, where: string): void => say(`  ${padTo(what, 30)}${where}`);
  address('through pgveil', `psql ${urlOf(gateway.address, 'shop_app', passwords)}`);
  address('through it as an exempt role', `psql ${urlOf(gateway.address, 'compliance', passwords)}`);
  address('direct', `psql ${urlOf(server, 'shop_app', passwords)}`);
  if (gateway.metricsAddress) address('metrics', metricsUrl(gateway.metricsAddress));
  say('');
  if (faults.length === 0) say(`All ${shown.length} results are as they must be.`);
  for (const fault of faults) console.error(`WRONG: ${fault}`);
  return { faults: faults.length };
}

async function makeShopDatabase(
  server: EmbeddedPostgres,
  passwords: Passwords,
  log: (line: string) => void,
): Promise<void> {
  const { host, port, user, password } = server;
  const as = async (database: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> => {
    const client = new pg.Client({ host, port, user, password, database });
    // The server may be stopped under it.
    client.on('error', () => undefined);
    await client.connect();
    await work(client).finally(() => client.end());
  };
  await as('postgres', async (client) => {
    await createShopRoles(client, passwords);
    await client.query(`CREATE DATABASE ${DATABASE}`);
  });
  await as(DATABASE, (client) => loadShop(client, { log }));
}

/** The file's policy, with the addresses, the password and the key of this run. */
async function demoConfig(server: HostPort, passwords: Passwords): Promise<Config> {
  const file = fileURLToPath(new URL(`../../${CONFIG}`, import.meta.url));
  const config = parseConfig(await readFile(file, 'utf8'), CONFIG, () => randomBytes(32));
  return {
    ...config,
    listen: await freeAddress(config.listen),
    upstream: { host: server.host, port: server.port },
    catalog: { ...config.catalog, password: passwords.pgveil, databases: [DATABASE] },
    ...(config.metrics ? { metrics: await freeAddress(config.metrics) } : {}),
    // Refusals are on the screen already.
    logLevel: 'error',
    // Ctrl-C is not to take long.
    limits: { ...config.limits, drainSeconds: 1 },
  };
}

/** The address itself, or another port there if it is taken. */
async function freeAddress({ host, port }: HostPort): Promise<HostPort> {
  const tryPort = (wanted: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const probe = createServer();
      probe.once('error', reject);
      probe.listen(wanted, host, () => {
        const address = probe.address();
        probe.close(() => resolve(typeof address === 'object' && address ? address.port : wanted));
      });
    });
  return { host, port: await tryPort(port).catch(() => tryPort(0)) };
}

async function connect({ passwords, cleanups }: Demo, { host, port }: HostPort): Promise<pg.Client> {
  const user = 'shop_app';
  const client = new pg.Client({ host, port, user, password: passwords[user], database: DATABASE });
  client.on('error', () => undefined);
  await client.connect();
  cleanups.push(() => client.end());
  return client;
}

async function checkMetrics(address: HostPort | undefined): Promise<string[]> {
  if (!address) return ['there are no metrics'];
  const response = await fetch(metricsUrl(address));
  const text = await response.text();
  return response.ok && text.includes('pgveil_') ? [] : [`the metrics answer ${response.status}`];
}

function metricsUrl({ host, port }: HostPort): string {
  return `http://${host}:${port}/metrics`;
}

function urlOf({ host, port }: HostPort, role: ShopRole, passwords: Passwords): string {
  return `postgresql://${role}:${passwords[role]}@${host}:${port}/${DATABASE}`;
}

/** Says each step with the seconds since the first. */
function progress(say: (line: string) => void): (step: string) => void {
  const start = performance.now();
  return (step) => say(`${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s  ${step}`);
}

/** A second signal ends the process at once; the server ends with it. */
function nextSignal(): Promise<'interrupted'> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  return new Promise((resolve) => {
    const seen = (): void => {
      for (const signal of signals) process.off(signal, seen);
      resolve('interrupted');
    };
    for (const signal of signals) process.on(signal, seen);
  });
}

// What was under way when a signal came would keep the process alive.
process.exit(await main(process.argv.slice(2)));

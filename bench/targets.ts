/** What is measured: the server itself, and proxies in front of it, each in a process of its own. */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { stringify } from 'yaml';
import { POLICIES } from './orders.js';
import type { Endpoint } from './pgbench.js';
import { freePort, installed, listening, runToEnd, type Service, startService } from './processes.js';

export const TARGET_NAMES = ['direct', 'relay', 'pgbouncer', 'pgpool', 'gateway'] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

export interface Target {
  readonly name: TargetName;
  readonly endpoint: Endpoint;
  /** Absent for the server itself. */
  readonly service?: Service;
}

export interface TargetOptions {
  /** An empty directory that other accounts can enter. */
  readonly directory: string;
  /** Compiled JavaScript of the gateway and the relay; see `compile`. */
  readonly compiled: string;
  /** Where the gateway's CPU profile goes; absent: no profile. */
  readonly profileDirectory?: string;
  /** The gateway's `limits`; absent: those that hold without a word. */
  readonly limits?: Readonly<Record<string, number>>;
}

/** Where the gateway's configuration is, for those who change it or ask for its metrics. */
export function gatewayConfigFile(directory: string): string {
  return path.join(directory, 'gateway.yaml');
}

/**
 * Compiles those of the named targets that are our own, so that no loader's time is counted. Gives the directory.
 * Rejects when they do not compile.
 */
export async function compile(repository: string, names: ReadonlySet<TargetName>): Promise<string> {
  const work = path.join(repository, '.tmp');
  const out = path.join(work, 'bench-dist');
  await rm(out, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const project = path.join(work, 'bench-tsconfig.json');
  await writeFile(
    project,
    JSON.stringify({
      extends: '../tsconfig.json',
      compilerOptions: { noEmit: false, outDir: 'bench-dist', rootDir: '..' },
      files: [
        '../bench/bare-relay.ts',
        ...(names.has('gateway') ? ['../src/cli.ts', '../src/sql/planning-thread.ts'] : []),
      ],
      include: [],
    }),
  );
  await runToEnd(process.execPath, [path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project]);
  // The gateway reads its version from the file above its own directory.
  await copyFile(path.join(repository, 'package.json'), path.join(out, 'package.json'));
  return out;
}

/** Starts those of the named targets that are installed, in the order of TARGET_NAMES. */
export async function startTargets(
  names: ReadonlySet<TargetName>,
  server: Endpoint,
  options: TargetOptions,
): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for (const name of TARGET_NAMES) {
    if (!names.has(name)) continue;
    const target = await startTarget(name, server, options);
    if (target) targets.push(target);
  }
  return targets;
}

/** Undefined where the program is not installed. */
async function startTarget(name: TargetName, server: Endpoint, options: TargetOptions): Promise<Target | undefined> {
  if (name === 'direct') return { name, endpoint: server };
  const endpoint = { ...server, host: '127.0.0.1', port: await freePort() };
  const service = await startProxy(name, server, endpoint.port, options);
  if (!service) return undefined;
  await listening(service, endpoint.port);
  await answers(endpoint).catch((error) => {
    throw new Error(`${name} does not answer: ${error.message}\n${service.output()}`);
  });
  return { name, endpoint, service };
}

/** Runs one query, which also has the gateway read the catalog before anything is measured. */
async function answers(endpoint: Endpoint): Promise<void> {
  const client = new Client({ ...endpoint, connectionTimeoutMillis: 20_000, query_timeout: 20_000 });
  await client.connect();
  try {
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}

async function startProxy(
  name: Exclude<TargetName, 'direct'>,
  server: Endpoint,
  port: number,
  options: TargetOptions,
): Promise<Service | undefined> {
  switch (name) {
    case 'relay': {
      const relay = path.join(options.compiled, 'bench', 'bare-relay.js');
      return startService(process.execPath, [relay, String(port), server.host, String(server.port)]);
    }
    case 'pgbouncer':
      return startPgBouncer(server, port, options.directory);
    case 'pgpool':
      return startPgpool(server, port, options.directory);
    case 'gateway':
      return startGateway(server, port, options);
  }
  name satisfies never;
}

/** A session pool that logs in by itself; it refuses to run as root, and becomes another account. */
async function startPgBouncer(server: Endpoint, port: number, directory: string): Promise<Service | undefined> {
  const command = await firstInstalled(['pgbouncer', '/usr/sbin/pgbouncer']);
  if (!command) return undefined;
  const file = await secretFile(
    path.join(directory, 'pgbouncer.ini'),
    `[databases]
* = host=${server.host} port=${server.port} user=${server.user} password=${server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = session
default_pool_size = 20
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
`,
  );
  return startService(command, isRoot() ? ['-u', await unprivilegedAccount(), file] : [file]);
}

/** One server, no load balancing; the client's password is passed on. */
async function startPgpool(server: Endpoint, port: number, directory: string): Promise<Service | undefined> {
  const command = await firstInstalled(['pgpool', '/usr/sbin/pgpool']);
  if (!command) return undefined;
  const file = await secretFile(
    path.join(directory, 'pgpool.conf'),
    `backend_clustering_mode = 'raw'
listen_addresses = '127.0.0.1'
port = ${port}
socket_dir = '${directory}'
pcp_listen_addresses = '127.0.0.1'
pcp_port = ${await freePort()}
pcp_socket_dir = '${directory}'
wd_ipc_socket_dir = '${directory}'
backend_hostname0 = '${server.host}'
backend_port0 = ${server.port}
backend_weight0 = 1
num_init_children = 32
max_pool = 1
pid_file_name = '${path.join(directory, 'pgpool.pid')}'
logdir = '${directory}'
enable_pool_hba = off
pool_passwd = ''
allow_clear_text_frontend_auth = on
`,
  );
  return startService(command, ['-n', '-f', file]);
}

async function startGateway(server: Endpoint, port: number, options: TargetOptions): Promise<Service> {
  const { directory, compiled, profileDirectory, limits } = options;
  const password = await secretFile(path.join(directory, 'catalog-password'), server.password);
  const key = await secretFile(path.join(directory, 'one-way.key'), randomBytes(32).toString('hex'));
  const config = gatewayConfigFile(directory);
  await writeFile(
    config,
    stringify({
      listen: { host: '127.0.0.1', port },
      upstream: { host: server.host, port: server.port },
      catalog: { user: server.user, password_file: password, databases: [server.database] },
      metrics: { host: '127.0.0.1', port: await freePort() },
      one_way_keys: [{ id: 'bench', file: key }],
      policies: POLICIES,
      ...(limits ? { limits } : {}),
    }),
  );
  const profile = profileDirectory ? ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`] : [];
  const cli = path.join(compiled, 'src', 'cli.js');
  return startService(process.execPath, [...profile, cli, 'serve', '--config', config], {
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

/** Writes a file that only the account of the proxies reads. */
async function secretFile(file: string, content: string): Promise<string> {
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

async function firstInstalled(commands: readonly string[]): Promise<string | undefined> {
  for (const command of commands) if (await installed(command)) return command;
  return undefined;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function unprivilegedAccount(): Promise<string> {
  for (const name of ['postgres', 'nobody']) {
    if (
      await runToEnd('id', ['-u', name]).then(
        () => true,
        () => false,
      )
    )
      return name;
  }
  throw new Error('PgBouncer does not run as root, and there is neither an account postgres nor nobody');
}

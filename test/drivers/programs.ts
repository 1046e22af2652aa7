/** The client programs that the drivers' tests run, where Debian puts them. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Target } from '../harness/raw-client.js';

const run = promisify(execFile);

export const JDBC = '/usr/share/java/postgresql.jar';
const VERSIONS = '/usr/lib/postgresql';
const PACKAGES = {
  psql: 'postgresql-client',
  pg_dump: 'postgresql-client',
  pg_dumpall: 'postgresql-client',
  pg_restore: 'postgresql-client',
  pgbench: 'postgresql',
  postgres: 'postgresql',
  initdb: 'postgresql',
} as const;
type Program = keyof typeof PACKAGES;

/** Interpreters with their driver: what shows that it is there, and the Debian packages that bring it. */
const RUNTIMES = {
  psycopg: ['/usr/bin/python3', ['-c', 'import psycopg'], 'python3-psycopg'],
  psycopg2: ['/usr/bin/python3', ['-c', 'import psycopg2'], 'python3-psycopg2'],
  asyncpg: ['/usr/bin/python3', ['-c', 'import asyncpg'], 'python3-asyncpg'],
  sqlalchemy: ['/usr/bin/python3', ['-c', 'import sqlalchemy, psycopg2'], 'python3-sqlalchemy'],
  django: ['/usr/bin/python3', ['-c', 'import django, psycopg2'], 'python3-django'],
  pgjdbc: ['javac', ['-cp', JDBC, '-version'], 'default-jdk-headless libpostgresql-jdbc-java'],
  'DBD::Pg': ['perl', ['-MDBD::Pg', '-e', '1'], 'libdbd-pg-perl'],
  'ruby-pg': ['ruby', ['-rpg', '-e', '1'], 'ruby-pg'],
  PDO: ['php', ['-r', 'exit(extension_loaded("pdo_pgsql") ? 0 : 1);'], 'php-cli php-pgsql'],
  pq: ['go', ['list', 'github.com/lib/pq'], 'golang-go golang-github-lib-pq-dev'],
} as const satisfies Readonly<Record<string, readonly [command: string, probe: readonly string[], packages: string]>>;
export type Runtime = keyof typeof RUNTIMES;

/** A program's path. Installs its Debian package where it is missing and this is root; throws where that is of no use. */
export function program(name: Program): string {
  const found = findProgram(name);
  if (found) return found;
  install(PACKAGES[name]);
  const installed = findProgram(name);
  if (!installed) throw new Error(`${name} is missing; install the package ${PACKAGES[name]}`);
  return installed;
}

/** The command that runs programs which use the driver; installs and throws likewise. */
export async function runtime(name: Runtime): Promise<string> {
  const [command, probe, packages] = RUNTIMES[name];
  const works = () =>
    run(command, [...probe], { env: environment() }).then(
      () => true,
      () => false,
    );
  if (await works()) return command;
  install(packages);
  if (!(await works())) throw new Error(`${name} does not work; it needs the Debian packages ${packages}`);
  return command;
}

/** The directory of the server programs of Debian's newest version. */
export function serverBinaries(): string {
  return program('postgres').replace(/\/postgres$/, '');
}

function findProgram(name: Program): string | undefined {
  // The servers' own directories first: Debian's wrappers in the path want a cluster of Debian's.
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : [];
  const directories = [
    ...versions.map((version) => `${VERSIONS}/${version}/bin`),
    ...(process.env.PATH ?? '').split(':'),
  ];
  return directories.map((directory) => `${directory}/${name}`).find((file) => existsSync(file));
}

/**
 * Installs what any of the tests needs, at once: test files run side by side, and the first that misses something does it
 * for all.
 */
function install(missing: string): void {
  if (process.getuid?.() !== 0) throw new Error(`Debian packages are missing: apt-get install ${missing}`);
  installAll();
}

/** Installs every Debian package that the tests take, where one is missing. For root. */
export function installAll(): void {
  const all = [...Object.values(PACKAGES), ...Object.values(RUNTIMES).map(([, , packages]) => packages)];
  const packages = [...new Set(all.flatMap((names) => names.split(' ')))].join(' ');
  const apt = 'apt-get -o DPkg::Options::=--force-unsafe-io';
  const script = `dpkg -s ${packages} >/dev/null 2>&1 && exit
    ${apt} update && ${apt} install -y --no-install-recommends --no-upgrade ${packages}`;
  execFileSync('flock', [path.join(tmpdir(), 'pgveil-packages.lock'), 'sh', '-c', script], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a libpq program against a target; resolves when it ends, whatever its status. */
export function runClient(file: string, args: readonly string[], target: Target, input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...environment(), ...environmentOf(target), PGCONNECT_TIMEOUT: '20' } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Go finds Debian's packages as in the days before modules. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PYTHONDONTWRITEBYTECODE: '1', GO111MODULE: 'off', GOPATH: '/usr/share/gocode' };
}

function environmentOf({ host, port, user, password, database }: Target): Readonly<Record<string, string>> {
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGOPTIONS: '',
    PSQLRC: '/dev/null',
    LC_ALL: 'C.UTF-8',
  };
}

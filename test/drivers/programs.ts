/** The client programs that the drivers' tests run, where Debian puts them. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Target } from '../harness/raw-client.js';

const run = promisify(execFile);

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

/** A program's path. Installs its Debian package where it is missing and this is root; throws where that is of no use. */
export function program(name: Program): string {
  const found = findProgram(name);
  if (found) return found;
  install(PACKAGES[name]);
  const installed = findProgram(name);
  if (!installed) throw new Error(`${name} is missing; install the package ${PACKAGES[name]}`);
  return installed;
}

/** A Python that has the module psycopg. */
export async function pythonWithPsycopg(): Promise<string> {
  const find = async () => {
    for (const python of ['/usr/bin/python3', 'python3']) {
      const ok = await run(python, ['-c', 'import psycopg']).then(
        () => true,
        () => false,
      );
      if (ok) return python;
    }
    return undefined;
  };
  const found = await find();
  if (found) return found;
  install('python3-psycopg');
  const installed = await find();
  if (!installed) throw new Error('psycopg is missing; install the package python3-psycopg');
  return installed;
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

function install(name: string): void {
  if (process.getuid?.() !== 0) throw new Error(`The Debian package ${name} is missing: apt-get install ${name}`);
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  execFileSync('apt-get', ['update'], options);
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', name], options);
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a libpq program against a target; resolves when it ends, whatever its status. */
export function runClient(file: string, args: readonly string[], target: Target, input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...process.env, ...environmentOf(target), PGCONNECT_TIMEOUT: '20' } });
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

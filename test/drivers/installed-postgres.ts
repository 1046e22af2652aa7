/**
 * A server of the machine's own PostgreSQL, for pg_dump: it takes no server that is newer than itself, and the version
 * that is installed is rarely that of the package.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { RunningServer } from '../harness/shop-server.js';
import { serverBinaries } from './programs.js';

const run = promisify(execFile);

const HOST = '127.0.0.1';
const USER = 'postgres';
const PASSWORD = 'for this test only';
const START_MS = 30_000;

/** Starts it on a free port, with an empty cluster or as a standby of another; `settings` are server settings. */
export async function startInstalledPostgres(
  settings: Readonly<Record<string, string>>,
  standbyOf?: RunningServer,
): Promise<RunningServer> {
  const account = serverAccount();
  const bin = serverBinaries();
  const directory = await mkdtemp(path.join(tmpdir(), 'pgveil-installed-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    await writeFile(path.join(directory, 'password'), PASSWORD);
    if (account) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, directory]);
    const data = path.join(directory, 'data');
    const options = { ...account, cwd: directory };
    if (standbyOf) {
      const { host, port, user, password } = standbyOf;
      const from = ['-h', host, '-p', String(port), '-U', user, '-D', data, '-R', '-c', 'fast', '--no-sync'];
      await run(path.join(bin, 'pg_basebackup'), from, { ...options, env: { ...process.env, PGPASSWORD: password } });
    } else {
      const initdb = ['-D', data, '-U', USER, `--pwfile=${directory}/password`, '-A', 'scram-sha-256', '-E', 'UTF8'];
      await run(path.join(bin, 'initdb'), [...initdb, '--locale=C', '--no-sync'], options);
    }
    const port = await freePort();
    const effective = {
      listen_addresses: HOST,
      port: String(port),
      unix_socket_directories: '',
      fsync: 'off',
      ...settings,
    };
    const flags = Object.entries(effective).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = spawn(path.join(bin, 'postgres'), ['-D', data, ...flags], { ...options, stdio: 'ignore' });
    const stop = () => stopServer(server).then(remove);
    // However this process ends, the server does not outlive it.
    const stopAtExit = () => server.kill('SIGINT');
    process.once('exit', stopAtExit);
    server.once('exit', () => process.removeListener('exit', stopAtExit));
    const running = { host: HOST, port, user: USER, password: PASSWORD, stop };
    await untilReady(running, server);
    return running;
  } catch (error) {
    await remove();
    throw error;
  }
}

async function untilReady(running: RunningServer, server: ChildProcess): Promise<void> {
  const { host, port, user, password } = running;
  for (const deadline = Date.now() + START_MS; ; ) {
    const client = new pg.Client({ host, port, user, password, database: 'postgres' });
    const ready = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (ready) return;
    if (server.exitCode !== null || Date.now() > deadline) {
      await running.stop();
      throw new Error(`The installed PostgreSQL did not start (exit code ${server.exitCode})`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
}

/** PostgreSQL does not run as root; its package has made an account for it. */
function serverAccount(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, HOST, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

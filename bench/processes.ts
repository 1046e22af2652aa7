/** Processes that the bench starts. Each is known by its id, and all are ended with the bench, however that ends. */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const HOST = '127.0.0.1';
/** Longer than a gateway drains its sessions by default, so that a profile is still written. */
const GRACE_MILLISECONDS = 15_000;
const OUTPUT_KEPT = 4_000;

export interface Service {
  readonly pid: number;
  /** The end of what it wrote to standard output and error, for messages. */
  readonly output: () => string;
  /** Resolves when it has ended; further calls do nothing. */
  readonly stop: () => Promise<void>;
}

const running = new Set<ChildProcess>();
let stopping = false;

/** Starts a process that stays. Its standard input ends with this process. Rejects when it cannot be started. */
export async function startService(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'> = {},
): Promise<Service> {
  refuseWhenStopping();
  const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.stdin.on('error', () => undefined);
  track(child);
  await once(child, 'spawn');
  return { pid: child.pid!, output: () => output, stop: () => end(child) };
}

/** Resolves when the port accepts connections; rejects when the process ends before, or after twenty seconds. */
export async function listening(service: Service, port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await accepts(port)) return;
    if (![...running].some((child) => child.pid === service.pid)) break;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port}:\n${service.output()}`);
}

/** Runs a command to its end and gives its standard output. Rejects, with what it wrote, when its exit code is not 0. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  refuseWhenStopping();
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => errors.push(chunk));
  track(child);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) {
    const said = Buffer.concat([...chunks, ...errors])
      .toString()
      .trim()
      .slice(-OUTPUT_KEPT);
    throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${said}`);
  }
  return Buffer.concat(chunks).toString();
}

/** Whether a program is installed. */
export function installed(command: string): Promise<boolean> {
  return promisify(execFile)(command, ['--version']).then(
    () => true,
    () => false,
  );
}

/** Ends what is still running; nothing can be started from then on. */
export async function stopAll(): Promise<void> {
  stopping = true;
  await Promise.all([...running].map(end));
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
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

/** What a signal interrupts must not start a process that nobody ends. */
function refuseWhenStopping(): void {
  if (stopping) throw new Error('the bench is ending');
}

function track(child: ChildProcess): void {
  running.add(child);
  child.once('close', () => running.delete(child));
  child.once('error', () => running.delete(child));
}

async function end(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const closed = once(child, 'close');
  child.stdin?.end();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MILLISECONDS);
  await closed;
  clearTimeout(timer);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

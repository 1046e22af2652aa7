/** The command line as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const CLI = path.join(import.meta.dirname, '../../src/cli.ts');
const running = new Set<ChildProcess>();

/** Ends every process that a test has left. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
}

/** Ports that nobody listened on just now. */
export async function unusedPorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => once(probe, 'listening')));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  for (const probe of probes) probe.close();
  return ports;
}

export interface Child {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | null>;
}

function start(...args: string[]): Child {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return { process: child, stdout: () => stdout, stderr: () => stderr, ended };
}

export async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(...args);
  const code = await child.ended;
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

/** Starts the gateway and waits until it says that it listens. */
export async function serve(file: string, listening = '"msg":"listening"'): Promise<Child> {
  const child = start('serve', '--config', file);
  for (let waited = 0; !child.stdout().includes(listening); waited += 50) {
    if (child.process.exitCode !== null || waited > 90_000) throw new Error(`not listening: ${child.stderr()}`);
    await sleep(50);
  }
  return child;
}

/** What the HTTP side answers. */
export async function get(port: number, what: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${what}`);
  return { status: response.status, text: await response.text() };
}

/**
 * Whether a gateway passes one value of hundreds of megabytes without holding it: a parameter on its way to the server, a
 * value on its way to the client, and COPY in both directions. Prints the peak of the gateway's memory; exits with 1 where
 * it grew by more than 100 MB.
 *
 *   node --import tsx bench/streams.ts [megabytes]     900 without one
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { encodeDescribe, encodeExecute, encodeParse, encodeQuery, SYNC } from '../src/wire/frontend-messages.js';
import { createOrders } from './orders.js';
import type { Endpoint } from './pgbench.js';
import { stopAll } from './processes.js';
import { compile, startTargets } from './targets.js';

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const MOST_GROWTH_MB = 100;

/** Sends what comes and reads until ReadyForQuery; gives the number of bytes read and their end. */
async function exchange(endpoint: Endpoint, messages: () => Iterable<Buffer>): Promise<{ bytes: number; end: string }> {
  const client = new Client({ ...endpoint });
  await client.connect();
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
  socket.removeAllListeners('data');
  let bytes = 0;
  let tail = Buffer.alloc(0);
  const done = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection was closed')));
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      tail = Buffer.from(Buffer.concat([tail, chunk]).subarray(-200));
      if (tail.subarray(-6, -2).equals(Buffer.from([0x5a, 0, 0, 0]))) resolve();
    });
  });
  for (const message of messages()) {
    if (!socket.write(message)) await new Promise<void>((resolve) => socket.once('drain', resolve));
  }
  await done;
  socket.removeAllListeners('close');
  socket.destroy();
  return { bytes, end: tail.toString('latin1').replace(/[^\x20-\x7e]+/g, ' ') };
}

function* longMessage(type: string, beginning: Buffer, length: number, end: Buffer): Iterable<Buffer> {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + beginning.length + length + end.length, 1);
  yield Buffer.concat([head, beginning]);
  for (let left = length; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length));
  if (end.length > 0) yield end;
}

function int(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

function exchanges(length: number): Readonly<Record<string, () => Iterable<Buffer>>> {
  return {
    'a parameter': function* () {
      yield encodeParse('', 'SELECT octet_length($1)', [17]);
      // One binary parameter, results as text.
      const beginning = Buffer.concat([Buffer.from('\0\0'), int(1, 2), int(1, 2), int(1, 2), int(length, 4)]);
      yield* longMessage('B', beginning, length, int(0, 2));
      yield encodeDescribe('portal', '');
      yield encodeExecute('', 0);
      yield SYNC;
    },
    'a value': () => [encodeQuery(`SELECT repeat('x', ${length})`)],
    'COPY to the server': function* () {
      yield encodeQuery('COPY streams FROM STDIN');
      yield* longMessage('d', Buffer.alloc(0), length, Buffer.from('\n'));
      yield Buffer.from('c\0\0\0\x04', 'latin1');
    },
    'COPY to the client': () => [encodeQuery(`COPY (SELECT repeat('x', ${length})) TO STDOUT`)],
  };
}

/** The most that the process has had in memory, in MB. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

async function main(megabytes: number): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'pgveil-streams-'));
  await chmod(directory, 0o711);
  const names = new Set(['direct', 'gateway'] as const);
  const compiled = await compile(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..'), names);
  const postgres = await startEmbeddedPostgres({});
  try {
    const { host, port, user, password } = postgres;
    const server: Endpoint = { host, port, user, password, database: 'postgres' };
    await createOrders(server, 10);
    await exchange(server, () => [encodeQuery('CREATE UNLOGGED TABLE streams (value text)')]);
    const targets = await startTargets(names, server, { directory, compiled });
    const { endpoint, service } = targets.find(({ name }) => name === 'gateway')!;
    for (const [name, messages] of Object.entries(exchanges(megabytes * 1024 * 1024))) {
      const before = await peakOf(service!.pid);
      const start = performance.now();
      const { bytes, end } = await exchange(endpoint, messages);
      const seconds = (performance.now() - start) / 1000;
      const growth = (await peakOf(service!.pid)) - before;
      console.log(
        `${name}: ${seconds.toFixed(1)} s, ${bytes} bytes read (… ${end.slice(-30)}), gateway's peak ${before.toFixed(0)} MB + ${growth.toFixed(0)} MB`,
      );
      if (growth > MOST_GROWTH_MB) process.exitCode = 1;
    }
  } finally {
    await stopAll();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

await main(Number(process.argv[2] ?? 900));

/** A peer that takes nothing, or says nothing, stalls its own session only, and what the gateway keeps for it is bounded. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { client as c } from '../session/script.js';
import { connectRaw, type Gateway, startGateway } from './gateway.js';

const MB = 1024 * 1024;
/** What sockets of the system hold on the way; not the gateway's own memory. */
const IN_SOCKETS = 40 * MB;
const SESSIONS = 4;
/** Of memory for each of the sessions: chunks in each direction, those of the test's own client, and what a heap grows by. */
const OF_EACH = 8 * MB;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let gateway: Gateway;
let admin: pg.Client;
const bytes = { from_client: 0, to_client: 0 };

beforeAll(async () => {
  gateway = await startGateway({
    onBytes: (direction, count) => {
      bytes[direction] += count;
    },
  });
  admin = new pg.Client(gateway.direct);
  await admin.connect();
  await admin.query(`
    CREATE TABLE slow (t text);
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END $$;
    CREATE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait();
    SELECT pg_advisory_lock(7)`);
});
afterAll(async () => {
  await admin?.end();
  await gateway?.stop();
});

/** Memory of buffers and objects, of this process: the gateway, and clients that keep nothing. */
function memory(): number {
  collectGarbage();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

/** Runs with sessions that are stalled by `stall`, and gives how much memory they take; others are quick meanwhile. */
async function stalled(stall: (socket: Socket) => void): Promise<number> {
  const bystander = new pg.Client(gateway.through);
  await bystander.connect();
  const connections = await Promise.all(Array.from({ length: SESSIONS }, () => connectRaw(gateway.through)));
  const before = memory();
  for (const { socket } of connections) {
    socket.on('error', () => undefined);
    stall(socket);
  }
  let most = 0;
  for (let i = 0; i < 10; i++) {
    await sleep(50);
    expect((await bystander.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    most = Math.max(most, memory() - before);
  }
  for (const connection of connections) connection.close();
  await bystander.end();
  // A server that is blocked sees no end of its input, with or without a gateway.
  await admin.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
  );
  await expect.poll(() => gateway.listener.sessionCount(), { timeout: 15_000 }).toBe(0);
  return most;
}

/** Writes what `next` gives as long as there is room, for ever. */
function keepWriting(socket: Socket, next: () => Buffer): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(next()));
  };
  socket.on('drain', write);
  write();
}

test('SELECT of 500 MB and a client that does not read', async () => {
  const sent = bytes.to_client;
  const taken = await stalled((socket) => {
    socket.pause();
    socket.write(c.query("SELECT repeat('x', 1000000) FROM generate_series(1, 500)"));
  });
  expect(taken).toBeLessThan(SESSIONS * OF_EACH);
  expect(bytes.to_client - sent).toBeLessThan(SESSIONS * IN_SOCKETS);
});

test('COPY FROM STDIN of a client that does not stop, and a server that is blocked', async () => {
  const received = bytes.from_client;
  const chunk = c.copyData(`${'y'.repeat(60_000)}\n`);
  const taken = await stalled((socket) => {
    socket.write(c.query('COPY slow FROM STDIN'));
    socket.once('data', () => keepWriting(socket, () => chunk));
  });
  expect(taken).toBeLessThan(SESSIONS * OF_EACH);
  expect(bytes.from_client - received).toBeLessThan(SESSIONS * IN_SOCKETS);
});

test('a long parameter, and a server that is blocked', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'z');
  const head = Buffer.concat([Buffer.from('B\x3f\xff\xff\xf0\0\0\0\0\0\x01', 'latin1'), Buffer.from([0x3f, 0, 0, 0])]);
  const taken = await stalled((socket) => {
    socket.write(c.query("INSERT INTO slow VALUES ('first')"));
    socket.write(c.parse('', 'SELECT length($1::text)'));
    socket.write(head);
    keepWriting(socket, () => chunk);
  });
  expect(taken).toBeLessThan(SESSIONS * OF_EACH);
});

test('small requests without end, and a server that is blocked', async () => {
  const syncs = Buffer.concat(Array.from({ length: 5_000 }, () => c.sync));
  const taken = await stalled((socket) => {
    socket.write(c.query("INSERT INTO slow VALUES ('first')"));
    keepWriting(socket, () => syncs);
  });
  expect(taken).toBeLessThan(SESSIONS * OF_EACH);
});

test('a server that sends 5 GB to a client that is gone stops', async () => {
  const { socket, close } = await connectRaw(gateway.through);
  socket.on('error', () => undefined);
  socket.write(c.query("SELECT repeat('x', 1000000) FROM generate_series(1, 5000)"));
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  await sleep(100);
  close();
  const running = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'SELECT repeat%'";
  await expect.poll(async () => (await admin.query(running)).rows[0].n, { timeout: 8_000 }).toBe(0);
  await expect.poll(() => gateway.listener.sessionCount(), { timeout: 8_000 }).toBe(0);
});

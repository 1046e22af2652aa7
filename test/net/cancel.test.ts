/** Cancel requests, with keys of both versions of the protocol, by way of this gateway and of another one. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { createTlsAcceptor } from '../../src/net/client-tls.js';
import { type Listener, startListener } from '../../src/net/listener.js';
import { startInstalledPostgres } from '../drivers/installed-postgres.js';
import { int32, query, ready } from '../harness/messages.js';
import { connectRaw, type RawClient, sqlStates, type Target } from '../harness/raw-client.js';
import type { RunningServer } from '../harness/shop-server.js';
import { listenerOptions } from './gateway.js';

const [V3_0, V3_2, GREASE] = [0x30000, 0x30002, 0x3270f];
const CANCEL = int32(80877102);
const SSL_REQUEST = Buffer.concat([int32(8), int32(80877103)]);

interface Before {
  readonly server: RunningServer;
  readonly listeners: readonly [Listener, Listener];
  readonly target: Target;
}

/** Two gateways before one server; the second takes TLS. */
async function before(server: RunningServer, tls: Parameters<typeof createTlsAcceptor>[0]): Promise<Before> {
  const acceptor = createTlsAcceptor(tls);
  const listeners = await Promise.all([
    startListener(listenerOptions(server.port, [])),
    startListener(listenerOptions(server.port, [], { tls: () => acceptor })),
  ]);
  return { server, listeners, target: { ...server, ...listeners[0].address, database: 'postgres' } };
}

const servers: Record<'18' | '15', Before> = {} as Record<'18' | '15', Before>;

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'pgveil' }]);
  const tls = { identity: { certificate: made.cert, key: made.private }, required: false };
  const [new18, old15] = await Promise.all([startEmbeddedPostgres(), startInstalledPostgres({})]);
  servers['18'] = await before(new18, tls);
  servers['15'] = await before(old15, tls);
});
afterAll(async () => {
  for (const { listeners, server } of Object.values(servers)) {
    await Promise.all(listeners.map((listener) => listener.close(0)));
    await server.stop();
  }
});

/** What a client has of the login: the answer about the version, and the process and key. */
function loginOf(client: RawClient): { readonly negotiated: number | undefined; readonly key: Buffer } {
  const version = client.received.find(({ type }) => type === 'v');
  const key = client.received.find(({ type }) => type === 'K')!.body;
  return { negotiated: version?.body.readUInt32BE(0), key };
}

/** Sends a CancelRequest and waits until the other side closes, as libpq does. */
async function cancel(listener: Listener, key: Buffer, tls = false): Promise<void> {
  const { host, port } = listener.address;
  const packet = Buffer.concat([int32(8 + key.length), CANCEL, key]);
  let socket: Socket = connectTcp({ host, port });
  if (tls) {
    socket.write(SSL_REQUEST);
    await once(socket, 'data');
    socket = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['postgresql'] });
  }
  socket.on('data', () => undefined);
  socket.on('error', () => undefined);
  socket.write(packet);
  await once(socket, 'close');
}

const SLEEP = query('SELECT pg_sleep(30)');

async function isCancelled(client: RawClient, send: () => Promise<void>): Promise<void> {
  const played = client.play([SLEEP, ready()]);
  await new Promise((resolve) => setTimeout(resolve, 150));
  await send();
  expect(sqlStates(await played)).toEqual(['57014']);
  expect(sqlStates(await client.play([query('SELECT 1'), ready()]))).toEqual([]);
}

describe.each([
  ['18', V3_0, undefined, 4],
  ['18', V3_2, undefined, 32],
  ['18', GREASE, V3_2, 32],
  ['15', V3_0, undefined, 4],
  ['15', V3_2, V3_0, 4],
  ['15', GREASE, V3_0, 4],
] as const)('PostgreSQL %s, asked for protocol %i', (server, version, negotiated, keyBytes) => {
  test('the key works, by way of each gateway, in the clear and over TLS', async () => {
    const { target, listeners } = servers[server];
    const client = await connectRaw(target, {}, { version });
    const login = loginOf(client);
    expect([login.negotiated, login.key.length - 4]).toEqual([negotiated, keyBytes]);
    await isCancelled(client, () => cancel(listeners[0], login.key));
    await isCancelled(client, () => cancel(listeners[1], login.key));
    await isCancelled(client, () => cancel(listeners[1], login.key, true));
    await client.end();
  });
});

test('a key that is cut, longer or another one cancels nothing', async () => {
  const { target, listeners } = servers['18'];
  const client = await connectRaw(target, {}, { version: V3_2 });
  const { key } = loginOf(client);
  const other = Buffer.from(key);
  other[20]! ^= 1;
  const played = client.play([query('SELECT pg_sleep(0.6)'), ready()]);
  for (const wrong of [key.subarray(0, 8), key.subarray(0, -1), Buffer.concat([key, Buffer.alloc(1)]), other]) {
    await cancel(listeners[0], wrong);
  }
  expect(sqlStates(await played)).toEqual([]);
  await client.end();
});

test('a cancel request never hits a later query', async () => {
  const { target, listeners } = servers['18'];
  const hits = { cancelled: 0, late: 0 };
  await Promise.all(
    Array.from({ length: 4 }, async (_, lane) => {
      const client = await connectRaw(target, {}, { version: V3_2 });
      const { key } = loginOf(client);
      for (let round = 0; round < 25; round++) {
        // Long enough to be hit, or over at about that time.
        const played = client.play([query(`SELECT pg_sleep(${round % 5 === 0 ? 5 : 0.02})`), ready()]);
        await new Promise((resolve) => setTimeout(resolve, (round * 7 + lane * 3) % 45));
        await cancel(listeners[round % 2]!, key, round % 3 === 0 && round % 2 === 1);
        if (sqlStates(await played).length > 0) hits.cancelled++;
        else hits.late++;
        expect(sqlStates(await client.play([query('SELECT pg_sleep(0.005)'), ready()]))).toEqual([]);
      }
      await client.end();
    }),
  );
  expect(hits.cancelled).toBeGreaterThan(0);
  expect(hits.late).toBeGreaterThan(0);
});

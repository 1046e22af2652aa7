/** The listener behind a proxy: who the client is said to be, in whatever pieces it comes, before TLS too. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTlsAcceptor, type TlsAcceptor } from '../../src/net/client-tls.js';
import { type Listener, startListener } from '../../src/net/listener.js';
import type { ProxyProtocol } from '../../src/policy/config-types.js';
import { startupPacket } from '../session/script.js';
import { type Gateway, listenerOptions, startGateway } from './gateway.js';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const CLIENT = '198.51.100.1';
const V1 = Buffer.from(`PROXY TCP4 ${CLIENT} 203.0.113.2 8080 5432\r\n`);
const V2 = Buffer.from('0d0a0d0a000d0a515549540a21110013c6336401cb0071021f9054320400040000000', 'hex');
const HEADER_2 = Buffer.concat([V2, Buffer.alloc(16 + 0x13 - V2.length)]);
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
const UNKNOWN = Buffer.from('PROXY UNKNOWN\r\n');
const HERE = { address: '127.0.0.0', prefix: 8 };
const BOB = startupPacket({ user: 'bob' });

let acceptor: TlsAcceptor;
let gateway: Gateway;
beforeAll(async () => {
  const { cert: certificate, private: key } = await generate([{ name: 'commonName', value: 'x' }]);
  acceptor = createTlsAcceptor({ identity: { certificate, key }, required: false });
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());

/** A listener that turns everybody away, and notes of whom it thinks that they were. */
async function withListener(
  proxies: ProxyProtocol | undefined,
  use: (listener: Listener, seen: string[], closed: string[]) => Promise<void>,
): Promise<void> {
  const seen: string[] = [];
  const closed: string[] = [];
  const options = listenerOptions(1, [], {
    tls: () => acceptor,
    proxies: () => proxies,
    onProxyRefused: (address, reason) => closed.push(`${address} ${reason}`),
    admission: { take: () => 'too many', give: () => undefined },
  });
  const observer = { ...options.observer, refused: (_: unknown, { remote }: { remote: string }) => seen.push(remote) };
  const listener = await startListener({ ...options, observer });
  try {
    await use(listener, seen, closed);
  } finally {
    await listener.close(0);
  }
}

/** Sends the pieces one after the other, each by itself, and returns what comes up to the end. */
async function talk(listener: Listener, ...pieces: Buffer[]): Promise<string> {
  const socket = connect({ port: listener.address.port, host: '127.0.0.1', noDelay: true });
  const received = collect(socket);
  for (const piece of pieces) {
    if (!socket.destroyed) socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return received;
}

async function collect(socket: Socket): Promise<string> {
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(received).toString('latin1');
}

test.each([
  ['version 1', V1, CLIENT],
  ['version 2', HEADER_2, CLIENT],
  ['a connection of the proxy itself', LOCAL, '127.0.0.1'],
  ['an unknown client', UNKNOWN, '127.0.0.1'],
])('%s, split at every byte', async (_name, header, client) => {
  await withListener({ from: [HERE], required: true }, async (listener, seen) => {
    const all = Buffer.concat([header, BOB]);
    const cuts = Array.from({ length: header.length + 2 }, (_, at) => at);
    const answers = await Promise.all(cuts.map((at) => talk(listener, all.subarray(0, at), all.subarray(at))));
    answers.push(await talk(listener, ...Array.from(all, (byte) => Buffer.from([byte]))));
    for (const answer of answers) expect(answer).toContain('C53300');
    expect(new Set(seen)).toEqual(new Set([client]));
    expect(seen).toHaveLength(cuts.length + 1);
  });
});

test.each([
  ['asked for', true],
  ['direct', false],
])('TLS behind the header, %s', async (_name, asked) => {
  await withListener({ from: [HERE], required: true }, async (listener, seen) => {
    for (const cut of [0, 1, V1.length - 1, V1.length]) {
      const socket = connect({ port: listener.address.port, host: '127.0.0.1', noDelay: true });
      socket.write(V1.subarray(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 10));
      socket.write(V1.subarray(cut));
      if (asked) {
        socket.write(SSL_REQUEST);
        expect(String(await once(socket, 'data'))).toBe('S');
      }
      const secured = connectTls({ socket, ALPNProtocols: ['postgresql'], rejectUnauthorized: false });
      secured.write(BOB);
      expect(await collect(secured)).toContain('C53300');
    }
    expect(seen).toEqual(Array(4).fill(CLIENT));
  });
});

test('a direct handshake in one piece with the header', async () => {
  await withListener({ from: [HERE], required: true }, async (listener, seen) => {
    const socket = connect({ port: listener.address.port, host: '127.0.0.1' });
    socket.cork();
    socket.write(V1);
    const secured = connectTls({ socket, ALPNProtocols: ['postgresql'], rejectUnauthorized: false });
    secured.write(BOB);
    setTimeout(() => socket.uncork(), 50);
    expect(await collect(secured)).toContain('C53300');
    expect(seen).toEqual([CLIENT]);
  });
});

test('where it is required, others are turned away without a word, and the log is told', async () => {
  await withListener({ from: [HERE], required: true }, async (listener, seen, closed) => {
    expect(await talk(listener, BOB)).toBe('');
    expect(await talk(listener, SSL_REQUEST)).toBe('');
    expect(await talk(listener, Buffer.from('PROXY TCP4 nonsense\r\n'), BOB)).toBe('');
    expect(closed).toEqual([
      '127.0.0.1 it does not begin with a PROXY header',
      '127.0.0.1 it does not begin with a PROXY header',
      '127.0.0.1 the PROXY header is malformed',
    ]);
    expect(seen).toEqual([]);
  });
  await withListener({ from: [{ address: '10.0.0.0', prefix: 8 }], required: true }, async (listener, seen, closed) => {
    expect(await talk(listener, V1, BOB)).toBe('');
    expect(closed).toEqual(['127.0.0.1 it comes from an address that proxy_protocol does not list']);
    expect(seen).toEqual([]);
  });
});

test('where it is not required, others are who they are, and nobody else is believed', async () => {
  await withListener({ from: [HERE], required: false }, async (listener, seen, closed) => {
    expect(await talk(listener, BOB)).toContain('C53300');
    expect(await talk(listener, V1, BOB)).toContain('C53300');
    expect([seen, closed]).toEqual([['127.0.0.1', CLIENT], []]);
  });
  const elsewhere = { from: [{ address: '::1', prefix: 128 }], required: false };
  for (const proxies of [elsewhere, undefined]) {
    await withListener(proxies, async (listener, seen) => {
      expect(await talk(listener, V1, BOB)).toContain('C08P01');
      expect(await talk(listener, HEADER_2, BOB)).toContain('C08P01');
      expect(await talk(listener, BOB)).toContain('C53300');
      expect(seen.at(-1)).toBe('127.0.0.1');
    });
  }
});

test('a session, and a cancel request, by way of a proxy', async () => {
  const proxies = { from: [HERE], required: true };
  const listener = await startListener(listenerOptions(gateway.postgres.port, [], { proxies: () => proxies }));
  const stream = connect(listener.address.port, '127.0.0.1');
  stream.write(V1);
  // The driver would connect it otherwise.
  const connected = Object.assign(stream, { connect: () => process.nextTick(() => stream.emit('connect')) });
  const client = new pg.Client({ ...gateway.through, stream: () => connected });
  await client.connect();
  const sleeping = expect(client.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
  const admin = new pg.Client(gateway.direct);
  await admin.connect();
  for (let asleep = 0; asleep === 0; ) {
    const { rowCount } = await admin.query("select from pg_stat_activity where wait_event = 'PgSleep'");
    asleep = rowCount ?? 0;
  }
  await admin.end();
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const cancel = Buffer.alloc(16);
  [16, 80877102, processID, secretKey].forEach((value, i) => {
    cancel.writeInt32BE(value, i * 4);
  });
  expect(await talk(listener, HEADER_2, cancel)).toBe('');
  await sleeping;
  await client.end();
  await listener.close(0);
});

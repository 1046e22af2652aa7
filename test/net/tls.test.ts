/** TLS on both legs, by a driver and by hand. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import pg from 'pg';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { createTlsAcceptor } from '../../src/net/client-tls.js';
import { type Listener, startListener } from '../../src/net/listener.js';
import { probeUpstream } from '../../src/net/probe.js';
import type { Identity, ListenTls, Upstream, UpstreamTls } from '../../src/policy/config-types.js';
import { halfClose, query, until } from '../harness/messages.js';
import { CLOSED, connectRaw } from '../harness/raw-client.js';
import { describeBackend, startupPacket } from '../session/script.js';
import { listenerOptions } from './gateway.js';

let plain: EmbeddedPostgres;
let encrypted: EmbeddedPostgres;
let own: Identity;
let ofServer: Identity;
let ofClient: Identity;
const listeners: Listener[] = [];
const events: string[] = [];

async function identity(name: string, address = '127.0.0.1'): Promise<Identity> {
  const made = await generate([{ name: 'commonName', value: name }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: address }] },
    ],
  });
  return { certificate: made.cert, key: made.private };
}

beforeAll(async () => {
  [own, ofServer, ofClient] = await Promise.all([identity('pgveil'), identity('server'), identity('client')]);
  [plain, encrypted] = await Promise.all([startEmbeddedPostgres(), startEmbeddedPostgres({ tls: ofServer })]);
}, 60_000);
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close(0)));
  events.length = 0;
});
afterAll(() => Promise.all([plain?.stop(), encrypted?.stop()]));

/** A gateway before a server, and what connects a driver to it. */
async function gateway(
  server: EmbeddedPostgres,
  legs: { readonly client?: Partial<ListenTls>; readonly server?: UpstreamTls },
): Promise<pg.ClientConfig & { readonly port: number }> {
  const acceptor = legs.client && createTlsAcceptor({ identity: own, required: true, ...legs.client });
  const upstream: Upstream = {
    host: '127.0.0.1',
    port: server.port,
    ...(legs.server ? { tls: legs.server } : {}),
  };
  const listener = await startListener(listenerOptions(server.port, events, { upstream, tls: () => acceptor }));
  listeners.push(listener);
  const { host, user, password } = server;
  return { host, port: listener.address.port, user, password, database: 'postgres' };
}

async function ask<T = Record<string, unknown>>(config: pg.ClientConfig, sql: string): Promise<T[]> {
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

const CHANNEL = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
const trusting = (trusted: Identity) => ({ ca: trusted.certificate });

it('a client that sends no more gets its answers, also where the server is reached over TLS', async () => {
  const config = await gateway(encrypted, { server: { mode: 'require' } });
  const target = {
    ...config,
    host: '127.0.0.1',
    user: encrypted.user,
    password: encrypted.password,
    database: 'postgres',
  };
  const client = await connectRaw(target);
  const steps = [query("SELECT pg_sleep(0.1), repeat('x', 200000)"), query('SELECT 2'), halfClose(), until('none')];
  const types = (await client.play(steps)).map(({ type }) => type);
  expect(types).toEqual(['T', 'D', 'C', 'Z', 'T', 'D', 'C', 'Z', CLOSED]);
  client.drop();
});

describe('TLS with clients', () => {
  it('is taken up behind SSLRequest, with the certificate of the configuration', async () => {
    const config = await gateway(plain, { client: {} });
    expect(await ask({ ...config, ssl: trusting(own) }, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await expect(ask({ ...config, ssl: trusting(ofServer) }, 'SELECT 1')).rejects.toThrow(/certificate/);
  });

  it('is asked of every client where it is required, and only then', async () => {
    const required = await gateway(plain, { client: {} });
    await expect(ask(required, 'SELECT 1')).rejects.toMatchObject({
      code: '28000',
      hint: expect.stringContaining('sslmode'),
    });
    const offered = await gateway(plain, { client: { required: false } });
    expect(await ask(offered, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await ask({ ...offered, ssl: trusting(own) }, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('asks for a certificate where there is an authority of clients', async () => {
    const config = await gateway(plain, { client: { clientCa: ofClient.certificate } });
    await expect(ask({ ...config, ssl: trusting(own) }, 'SELECT 1')).rejects.toThrow();
    const strange = { ...trusting(own), cert: ofServer.certificate, key: ofServer.key };
    await expect(ask({ ...config, ssl: strange }, 'SELECT 1')).rejects.toThrow();
    const known = { ...trusting(own), cert: ofClient.certificate, key: ofClient.key };
    expect(await ask({ ...config, ssl: known }, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('carries many rows unchanged, while the client reads slowly', async () => {
    const config = await gateway(encrypted, { client: {}, server: { mode: 'require' } });
    const client = new pg.Client({ ...config, ssl: trusting(own) });
    await client.connect();
    try {
      const text = 'SELECT n, repeat(md5(n::text), 100) AS text FROM generate_series(1, 5000) n';
      const answer = client.query<{ n: number; text: string }>(text);
      const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
      stream.pause();
      setTimeout(() => stream.resume(), 300);
      const { rows } = await answer;
      expect(rows).toHaveLength(5000);
      const direct = await ask<{ sum: string }>(
        { ...encrypted, database: 'postgres', ssl: trusting(ofServer) },
        `SELECT sum(hashtext(text)) FROM (${text}) x`,
      );
      const back = await client.query('SELECT sum(hashtext(t)) FROM unnest($1::text[]) t', [
        rows.map((row) => row.text),
      ]);
      expect(back.rows).toEqual(direct);
    } finally {
      await client.end();
    }
  });

  it('begins with the first byte where the client names the protocol', async () => {
    const { port } = await gateway(plain, { client: {} });
    const direct = async (ALPNProtocols: string[]): Promise<string> => {
      const socket = connectTls({ host: '127.0.0.1', port, ca: own.certificate, ALPNProtocols });
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', (error: NodeJS.ErrnoException) => chunks.push(Buffer.from(error.code ?? 'error')));
      socket.once('secureConnect', () => socket.write(startupPacket({ user: '' })));
      await new Promise((resolve) => socket.on('close', resolve));
      return Buffer.concat(chunks).toString('latin1');
    };
    expect(await direct(['postgresql'])).toContain('no PostgreSQL user name');
    expect(await direct([])).toBe('');
    expect(await direct(['http/1.1'])).toMatch(/ALERT|NO_APPLICATION_PROTOCOL/i);
  });

  it('refuses bytes that were sent before the answer to SSLRequest', async () => {
    const { port } = await gateway(plain, { client: {} });
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write(Buffer.concat([Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]), startupPacket({ user: 'x' })]));
    await once(socket, 'close');
    expect(describeBackend(Buffer.concat(chunks))).toContain('08P01');
  });

  it('ends with the handshake where that fails, and takes the next client', async () => {
    const config = await gateway(plain, { client: {} });
    const socket = connect(config.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]));
    expect(String((await once(socket, 'data'))[0])).toBe('S');
    socket.write('this is no handshake, and long enough to be looked at');
    await once(socket, 'close');
    expect(await ask({ ...config, ssl: trusting(own) }, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await expect.poll(() => listeners[0]!.sessionCount()).toBe(0);
  });
});

describe('TLS with the server', () => {
  it.each<[mode: UpstreamTls['mode'], ca: 'right' | 'wrong' | undefined, works: boolean]>([
    ['prefer', undefined, true],
    ['require', undefined, true],
    ['require', 'right', true],
    ['require', 'wrong', false],
    ['verify-ca', 'right', true],
    ['verify-ca', 'wrong', false],
    ['verify-full', 'right', true],
    ['verify-full', 'wrong', false],
    ['verify-full', undefined, false],
  ])('%s with the %s authority: %s', async (mode, ca, works) => {
    const authority = ca && (ca === 'right' ? ofServer : own).certificate;
    const tls: UpstreamTls = { mode, ...(authority ? { ca: authority } : {}) };
    const config = await gateway(encrypted, { server: tls });
    if (works) expect(await ask(config, CHANNEL)).toEqual([{ ssl: true }]);
    else {
      await expect(ask(config, CHANNEL)).rejects.toMatchObject({ code: '08006' });
      expect(events).toContain('upstream unreachable');
    }
    const reason = await probeUpstream({ host: '127.0.0.1', port: encrypted.port, tls }, 'postgres', 5000);
    if (works) expect(reason).toBeUndefined();
    else expect(reason).toMatch(/cannot be reached: no TLS with the server: /);
  });

  it('verify-full wants the name of the host', async () => {
    const elsewhere = await identity('elsewhere', '127.0.0.9');
    const server = await startEmbeddedPostgres({ tls: elsewhere });
    try {
      const ca = elsewhere.certificate;
      const full = await gateway(server, { server: { mode: 'verify-full', ca } });
      await expect(ask(full, CHANNEL)).rejects.toMatchObject({ code: '08006' });
      const anyName = await gateway(server, { server: { mode: 'verify-ca', ca } });
      expect(await ask(anyName, CHANNEL)).toEqual([{ ssl: true }]);
    } finally {
      await server.stop();
    }
  });

  it('is done without by prefer alone, where the server has none', async () => {
    expect(await ask(await gateway(plain, { server: { mode: 'prefer' } }), CHANNEL)).toEqual([{ ssl: false }]);
    const config = await gateway(plain, { server: { mode: 'require' } });
    await expect(ask(config, CHANNEL)).rejects.toMatchObject({ code: '08006' });
  });

  it('is not agreed on where more than the answer comes', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write('Sand more'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const reason = await probeUpstream({ host: '127.0.0.1', port, tls: { mode: 'prefer' } }, 'postgres', 5000);
    server.close();
    expect(reason).toContain('the server sent data before TLS was agreed on');
  });

  it('carries cancel requests', async () => {
    const config = await gateway(encrypted, { client: {}, server: { mode: 'verify-full', ca: ofServer.certificate } });
    const client = new pg.Client({ ...config, ssl: trusting(own) });
    await client.connect();
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const asleep = client.query('SELECT pg_sleep(20)');
    setTimeout(() => {
      const packet = Buffer.alloc(16);
      for (const [i, value] of [16, 80877102, processID, secretKey].entries()) packet.writeInt32BE(value, i * 4);
      connect(config.port, '127.0.0.1').end(packet);
    }, 200);
    await expect(asleep).rejects.toMatchObject({ code: '57014' });
    await client.end();
  });
});

describe('SCRAM with channel binding', () => {
  const binding = { enableChannelBinding: true } as pg.ClientConfig;

  it('is bound from end to end where both legs have one certificate', async () => {
    const config = await gateway(encrypted, { client: { identity: ofServer }, server: { mode: 'require' } });
    const client = new pg.Client({ ...config, ...binding, ssl: trusting(ofServer) });
    const mechanisms: string[] = [];
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    connection.on('authenticationSASL', (message: { mechanisms: string[] }) => mechanisms.push(...message.mechanisms));
    await client.connect();
    expect(mechanisms).toContain('SCRAM-SHA-256-PLUS');
    expect((await client.query(CHANNEL)).rows).toEqual([{ ssl: true }]);
    await client.end();
  });

  it('is not offered where the certificates differ; a client that could have bound is told why it cannot', async () => {
    const config = await gateway(encrypted, { client: {}, server: { mode: 'require' } });
    expect(await ask({ ...config, ssl: trusting(own) }, CHANNEL)).toEqual([{ ssl: true }]);
    await expect(ask({ ...config, ...binding, ssl: trusting(own) }, CHANNEL)).rejects.toMatchObject({
      code: '28000',
      message: expect.stringContaining('cannot be bound'),
      hint: expect.stringContaining('channel_binding=disable'),
    });
  });

  it('needs nothing where one leg is plain', async () => {
    const behind = await gateway(plain, { client: {} });
    expect(await ask({ ...behind, ...binding, ssl: trusting(own) }, CHANNEL)).toEqual([{ ssl: false }]);
    const before = await gateway(encrypted, { server: { mode: 'require' } });
    expect(await ask(before, CHANNEL)).toEqual([{ ssl: true }]);
  });
});

it('shows a new certificate to the next client when it is replaced', async () => {
  let acceptor = createTlsAcceptor({ identity: own, required: true });
  const listener = await startListener(listenerOptions(plain.port, events, { tls: () => acceptor }));
  listeners.push(listener);
  const shown = async (): Promise<string | undefined> => {
    const socket: TLSSocket = connectTls({
      host: '127.0.0.1',
      port: listener.address.port,
      rejectUnauthorized: false,
      ALPNProtocols: ['postgresql'],
    });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerX509Certificate()!;
    socket.destroy();
    return fingerprint256;
  };
  expect(await shown()).toBe(new X509Certificate(own.certificate).fingerprint256);
  acceptor = createTlsAcceptor({ identity: ofServer, required: true });
  expect(await shown()).toBe(new X509Certificate(ofServer.certificate).fingerprint256);
});

/** Limits for clients in front of a real server: how many there may be, how long they may be idle or take to log in. */
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createAdmission } from '../../src/net/admission.js';
import { createTlsAcceptor } from '../../src/net/client-tls.js';
import { type Listener, startListener } from '../../src/net/listener.js';
import type { Admittance } from '../../src/session/types.js';
import { describeBackend, startupPacket } from '../session/script.js';
import { type Gateway, listenerOptions, startGateway } from './gateway.js';

const TOO_MANY = { code: '53300', message: 'sorry, too many clients already' };
const TOO_LONG = /^E\(08P01 the login took too long/;
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway();
  const admin = new pg.Client(gateway.direct);
  await admin.connect();
  await admin.query("create role report login password 'r'");
  await admin.end();
});
afterAll(() => gateway?.stop());

async function withListener(
  options: Parameters<typeof listenerOptions>[2],
  use: (listener: Listener, events: string[]) => Promise<void>,
): Promise<void> {
  const events: string[] = [];
  const listener = await startListener(listenerOptions(gateway.postgres.port, events, options));
  try {
    await use(listener, events);
  } finally {
    await listener.close(0);
  }
}

/** A client that is logged in, with the codes of errors that it was told. */
async function logIn(listener: Listener, more: pg.ClientConfig = {}): Promise<pg.Client & { codes: string[] }> {
  const codes: string[] = [];
  const client = Object.assign(new pg.Client({ ...gateway.through, port: listener.address.port, ...more }), { codes });
  client.on('error', (error: Error & { code?: string }) => codes.push(error.code ?? error.message));
  await client.connect();
  return client;
}

const asReport = { user: 'report', password: 'r' };
const ms = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

async function eventually(test: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !test(); i++) await ms(25);
  expect(test()).toBe(true);
}

/** Everything up to the end of a connection over which that was sent, piece by piece; not the answer to SSLRequest. */
async function talk(listener: Listener, chunks: readonly Buffer[] = [], pause = 0): Promise<string> {
  const socket = connect(listener.address.port, '127.0.0.1');
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  for (const chunk of chunks) {
    if (!socket.destroyed) socket.write(chunk);
    if (pause > 0) await ms(pause);
  }
  await closed;
  const bytes = Buffer.concat(received);
  return describeBackend(chunks[0] === SSL_REQUEST ? bytes.subarray(1) : bytes);
}

describe('how many', () => {
  test('in all', async () => {
    await withListener({ limits: { maxSessions: 1, loginSeconds: 30 } }, async (listener, events) => {
      const first = await logIn(listener);
      await expect(logIn(listener)).rejects.toMatchObject(TOO_MANY);
      expect(events).toEqual(['refused 53300 sorry, too many clients already']);
      await first.end();
      await eventually(() => listener.sessionCount() === 0);
      const next = await logIn(listener);
      expect((await next.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
      await next.end();
    });
  });

  test('of one role, whatever its password', async () => {
    const maxSessionsOf = (role: string) => (role === 'report' ? 1 : undefined);
    await withListener({ limits: { maxSessions: 3, loginSeconds: 30, maxSessionsOf } }, async (listener) => {
      await expect(logIn(listener, { ...asReport, password: 'wrong' })).rejects.toMatchObject({ code: '28P01' });
      await eventually(() => listener.sessionCount() === 0);
      const first = await logIn(listener, asReport);
      const tooMany = { code: '53300', message: 'too many connections for role "report"' };
      await expect(logIn(listener, asReport)).rejects.toMatchObject(tooMany);
      const others = [await logIn(listener), await logIn(listener)];
      await expect(logIn(listener)).rejects.toMatchObject(TOO_MANY);
      for (const client of [first, ...others]) await client.end();
    });
  });

  test('an arbiter that takes its time holds the login, and gets back what clients leave behind', async () => {
    const count = createAdmission({ maxSessions: 1 });
    const asked: ((admittance: Admittance) => void)[] = [];
    let given = 0;
    const admission = {
      take: () => new Promise<Admittance>((resolve) => asked.push(resolve)),
      give: (role: string) => {
        given++;
        count.give(role);
      },
    };
    await withListener({ admission }, async (listener) => {
      const gone = connect(listener.address.port, '127.0.0.1');
      gone.write(startupPacket({ user: 'postgres' }));
      await eventually(() => asked.length === 1);
      gone.destroy();
      await eventually(() => listener.sessionCount() === 0);
      asked[0]!(count.take('postgres') as Admittance);
      await eventually(() => given === 1);
      const waiting = logIn(listener);
      await eventually(() => asked.length === 2);
      asked[1]!(count.take('postgres') as Admittance);
      const client = await waiting;
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
      await client.end();
      await eventually(() => given === 2);
    });
  });
});

describe('idle sessions', () => {
  test('end as those of the server do, and no others', async () => {
    await withListener({ limits: { maxSessions: 9, loginSeconds: 30, idleSeconds: 0.4 } }, async (listener) => {
      const clients = await Promise.all(Array.from({ length: 5 }, () => logIn(listener)));
      const [idle, open, busy, active, half] = clients as [pg.Client & { codes: string[] }, ...typeof clients];
      await open!.query('begin');
      const sleeping = busy!.query('select pg_sleep(1.2)');
      // The first bytes of a message whose rest comes late.
      const socket = (half as unknown as { connection: { stream: Socket } }).connection.stream;
      socket.write(Buffer.from([0x53, 0, 0]));
      for (let i = 0; i < 6; i++) {
        await ms(200);
        await active!.query('select 1');
      }
      await sleeping;
      expect(clients.map(({ codes }) => codes[0])).toEqual(['57P05', undefined, undefined, undefined, undefined]);
      socket.write(Buffer.from([0, 4]));
      await ms(50);
      expect((await half!.query('select 2 as n')).rows).toEqual([{ n: 2 }]);
      await open!.query('commit');
      await eventually(() => clients.every(({ codes }) => codes.includes('57P05')));
      expect(idle.codes[0]).toBe('57P05');
    });
  });

  test('stay where no time is set', async () => {
    await withListener({}, async (listener) => {
      const client = await logIn(listener);
      await ms(300);
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
      await client.end();
    });
  });
});

describe('the login', () => {
  const limits = { maxSessions: 9, loginSeconds: 0.3 };
  const tls = async () => {
    const { cert: certificate, private: key } = await generate([{ name: 'commonName', value: 'x' }]);
    const acceptor = createTlsAcceptor({ identity: { certificate, key }, required: false });
    return () => acceptor;
  };

  test.each<[string, Buffer[], number]>([
    ['nothing', [], 0],
    ['half of a startup packet', [startupPacket({ user: 'postgres' }).subarray(0, 9)], 0],
    ['a byte now and then', Array.from(startupPacket({ user: 'postgres' }), (byte) => Buffer.from([byte])), 40],
    ['a request for encryption and no more', [SSL_REQUEST], 0],
  ])('has its time, with %s', async (_what, chunks, pause) => {
    await withListener({ limits }, async (listener) => {
      const began = performance.now();
      expect(await talk(listener, chunks, pause)).toMatch(TOO_LONG);
      expect(performance.now() - began).toBeGreaterThan(250);
      await eventually(() => listener.sessionCount() === 0);
    });
  });

  test('a password that does not come', async () => {
    await withListener({ limits }, async (listener) => {
      expect(await talk(listener, [startupPacket({ user: 'postgres' })])).toContain('E(08P01 ');
    });
  });

  test('a TLS handshake that stops, asked for or direct', async () => {
    await withListener({ limits, tls: await tls() }, async (listener) => {
      const hello = Buffer.from([0x16, 3, 1, 1, 0]);
      await Promise.all([talk(listener, [SSL_REQUEST, hello], 20), talk(listener, [hello])]);
      const { port } = listener.address;
      const secured = connectTls({ host: '127.0.0.1', port, ALPNProtocols: ['postgresql'], rejectUnauthorized: false });
      const received: Buffer[] = [];
      secured.on('data', (chunk) => received.push(chunk));
      await once(secured, 'close');
      expect(describeBackend(Buffer.concat(received))).toMatch(TOO_LONG);
      await eventually(() => listener.sessionCount() === 0);
    });
  });

  test('a server that says nothing, also where TLS is wanted of it', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    for (const tls of [undefined, { mode: 'require' } as const]) {
      const upstream = { host: '127.0.0.1', port, ...(tls ? { tls } : {}) };
      await withListener({ limits, upstream }, async (listener) => {
        expect(await talk(listener, [startupPacket({ user: 'postgres' })])).toMatch(TOO_LONG);
        await eventually(() => listener.sessionCount() === 0);
      });
    }
    mute.close();
  });

  test('a slow one gives its seat to the next, and a quick one does not', async () => {
    await withListener({ limits: { maxSessions: 2, loginSeconds: 4 } }, async (listener) => {
      const session = await logIn(listener);
      const slow = talk(listener, [startupPacket({ user: 'postgres' })]);
      await ms(100);
      await expect(logIn(listener)).rejects.toMatchObject(TOO_MANY);
      await ms(500);
      const next = await logIn(listener);
      expect(await slow).toContain('E(08P01 ');
      await expect(logIn(listener)).rejects.toMatchObject(TOO_MANY);
      for (const client of [session, next]) {
        expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
        await client.end();
      }
    });
  });

  test('connections that send nothing keep no one out', async () => {
    await withListener({ limits: { maxSessions: 1, loginSeconds: 4 } }, async (listener) => {
      const silent = Array.from({ length: 201 }, () => connect(listener.address.port, '127.0.0.1'));
      let closed = 0;
      for (const socket of silent)
        socket
          .on('error', () => undefined)
          .on('close', () => closed++)
          .resume();
      await eventually(() => listener.sessionCount() === 201);
      await expect(talk(listener, [startupPacket({ user: 'postgres' })])).resolves.toBe('');
      await ms(500);
      const client = await logIn(listener);
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
      expect(closed).toBe(1);
      await client.end();
      for (const socket of silent) socket.destroy();
    });
  });
});

test('both peers are asked whether they are still there', async () => {
  const asked = vi.spyOn(Socket.prototype, 'setKeepAlive');
  const delays = async (keepaliveSeconds: number) => {
    asked.mockClear();
    await withListener({ limits: { maxSessions: 9, loginSeconds: 30, keepaliveSeconds } }, async (listener) => {
      await (await logIn(listener)).end();
    });
    return asked.mock.calls.filter(([on]) => on).map(([, delay]) => delay);
  };
  expect(await delays(7)).toEqual([7000, 7000]);
  expect(await delays(0)).toEqual([]);
  asked.mockRestore();
});

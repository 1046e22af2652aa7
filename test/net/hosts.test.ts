/** Which of several servers a session goes to. Mirrors what libpq does, with servers that the test plays. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createHosts, type HostsOptions, type Kind, type Seen } from '../../src/net/hosts.js';
import { startListener } from '../../src/net/listener.js';
import type { HostPort, Server, Target, Upstream } from '../../src/policy/config-types.js';
import { type ErrorFields, errorField } from '../../src/wire/backend-messages.js';
import { server as s, startupPacket } from '../session/script.js';
import { listenerOptions } from './gateway.js';

const HELLO = startupPacket({ user: 'bob' });
const NOT_NOW = s.fatal('57P03', 'the database system is starting up');
const PRIMARY: Kind = { standby: false, readOnly: false };
const STANDBY: Kind = { standby: true, readOnly: false };
const READ_ONLY: Kind = { standby: false, readOnly: true };

const servers: NetServer[] = [];
const sockets = new Set<Socket>();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

interface Played extends HostPort {
  readonly heard: Buffer[];
}

async function eventually(test: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !test(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(test()).toBe(true);
}

/** A server that answers so to whatever comes first. */
async function play(answer: (socket: Socket) => void): Promise<Played> {
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (chunk) => {
      heard.push(chunk);
      answer(socket);
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, heard };
}

const says = (bytes: Buffer) => (socket: Socket) => void socket.write(bytes);
const takes = says(s.authOk);

async function refuses(): Promise<HostPort> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { host: '127.0.0.1', port };
}

function upstreamOf([first, ...more]: readonly HostPort[], rest: Partial<Upstream> = {}): Upstream {
  const plain = ({ host, port }: HostPort): HostPort => ({ host, port });
  return { ...plain(first!), more: more.map(plain), connectSeconds: 0.3, ...rest };
}

function hostsOf(options: HostsOptions) {
  const hosts = createHosts(options);
  closing.push(hosts.close);
  return hosts;
}

type Outcome = { readonly port: number; readonly answer: Buffer } | { readonly code: string; readonly message: string };

function connectTo(hosts: ReturnType<typeof createHosts>): Promise<Outcome> {
  return new Promise((resolve) => {
    hosts.connect([HELLO.subarray(0, 5), HELLO.subarray(5)], {
      ready: (server, socket, _certificate, answer) => {
        sockets.add(socket);
        resolve({ port: server.port, answer });
      },
      failed: (error) => resolve(told(error)),
    });
  });
}

const told = (error: ErrorFields) => ({ code: errorField(error, 'C')!, message: errorField(error, 'M')! });

describe('the next one', () => {
  test.each<[string, () => Promise<HostPort>]>([
    ['refuses connections', refuses],
    ['takes no connections now', () => play(says(NOT_NOW))],
    [
      'says so in pieces',
      () =>
        play((socket) => {
          socket.write(NOT_NOW.subarray(0, 9));
          setTimeout(() => socket.write(NOT_NOW.subarray(9)), 20);
        }),
    ],
    ['says nothing', () => play(() => undefined)],
    ['hangs up', () => play((socket) => socket.end())],
    ['resets', () => play((socket) => socket.resetAndDestroy())],
  ])('is asked where the first %s', async (_what, make) => {
    const [first, second] = [await make(), await play(takes)];
    const hosts = hostsOf({ upstream: upstreamOf([first, second]) });
    expect(await connectTo(hosts)).toMatchObject({ port: second.port });
    await eventually(() => second.heard.length > 0);
    expect(Buffer.concat(second.heard)).toEqual(HELLO);
  });

  test.each<[string, Buffer]>([
    ['lets the client log in', s.authOk],
    ['turns it away', s.fatal('28000', 'no pg_hba.conf entry')],
    ['has too many clients', s.fatal('53300', 'sorry, too many clients already')],
  ])('is not asked where the first %s, and nothing of what it says is lost', async (_what, answer) => {
    const [first, second] = [await play(says(answer)), await play(takes)];
    expect(await connectTo(hostsOf({ upstream: upstreamOf([first, second]) }))).toEqual({ port: first.port, answer });
    expect(second.heard).toEqual([]);
  });

  test('of several that take none, the last one has the word', async () => {
    const [first, second] = [await play(says(NOT_NOW)), await play(says(NOT_NOW))];
    expect(await connectTo(hostsOf({ upstream: upstreamOf([first, second]) }))).toMatchObject({ port: second.port });
  });

  test('is none where nobody can be reached', async () => {
    const hosts = hostsOf({ upstream: upstreamOf([await refuses(), await refuses()]) });
    expect(await connectTo(hosts)).toEqual({ code: '08006', message: 'the database cannot be reached' });
  });

  test('is not asked any more when the client has gone', async () => {
    const [first, second] = [await play(() => undefined), await play(takes)];
    const hosts = hostsOf({ upstream: upstreamOf([first, second]) });
    const failed = new Promise<ErrorFields>((resolve) => {
      const dialling = hosts.connect([HELLO], { ready: () => expect.fail('connected'), failed: resolve });
      setTimeout(() => dialling.destroy(), 50);
    });
    expect(told(await failed).code).toBe('08006');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(second.heard).toEqual([]);
  });
});

test('at random, each gets some', async () => {
  const places = [await play(takes), await play(takes), await play(takes)];
  const hosts = hostsOf({ upstream: upstreamOf(places, { balance: true }) });
  for (let i = 0; i < 60; i++) await connectTo(hosts);
  await eventually(() => places.every(({ heard }) => heard.length > 5));
});

describe('the kind that is wanted', () => {
  /** Hosts with servers of these kinds, in that order, when they have been looked at. */
  async function withKinds(target: Target, kinds: readonly Seen[]) {
    const places = await Promise.all(kinds.map((kind) => (kind === 'down' ? refuses() : play(takes))));
    let now = kinds;
    const look = async ({ port }: Server): Promise<Seen> => now[places.findIndex((place) => place.port === port)]!;
    const hosts = hostsOf({ upstream: upstreamOf(places, { target }), look });
    return {
      hosts,
      ports: places.map(({ port }) => port),
      become: (next: readonly Seen[]) => {
        now = next;
      },
      index: async () => {
        const outcome = await connectTo(hosts);
        return 'port' in outcome ? places.findIndex(({ port }) => port === outcome.port) : outcome;
      },
    };
  }

  test.each<[Target, readonly Seen[], number]>([
    ['any', ['unknown', PRIMARY], 0],
    ['any', ['down', STANDBY], 1],
    ['read-write', [STANDBY, READ_ONLY, PRIMARY], 2],
    ['read-write', ['unknown', PRIMARY], 1],
    ['read-only', [PRIMARY, READ_ONLY, STANDBY], 1],
    ['read-only', [PRIMARY, STANDBY], 1],
    ['primary', [STANDBY, READ_ONLY], 1],
    ['standby', [PRIMARY, READ_ONLY, STANDBY], 2],
    ['standby', [PRIMARY, 'unknown'], 1],
    ['prefer-standby', [PRIMARY, STANDBY], 1],
    ['prefer-standby', [PRIMARY, 'unknown', 'down'], 1],
    ['prefer-standby', [PRIMARY, 'down'], 0],
  ])('%s of %j', async (target, kinds, expected) => {
    expect(await (await withKinds(target, kinds)).index()).toBe(expected);
  });

  test.each<[Target, readonly Seen[]]>([
    ['read-write', [STANDBY, READ_ONLY]],
    ['primary', [STANDBY, 'down']],
    ['standby', [PRIMARY, READ_ONLY]],
  ])('%s is none of %j', async (target, kinds) => {
    const { hosts, index } = await withKinds(target, kinds);
    expect(await index()).toEqual({
      code: '57P03',
      message: `no database server is what target_session_attrs wants: ${target}`,
    });
    expect(hosts.fitting().length).toBe(kinds.filter((kind) => kind === 'down').length);
  });

  test('a session that finds none looks again before it gives up', async () => {
    const { index, become } = await withKinds('primary', [STANDBY, STANDBY]);
    expect(await index()).toMatchObject({ code: '57P03' });
    become([STANDBY, PRIMARY]);
    expect(await index()).toBe(1);
  });

  test('a broken connection has all of them looked at', async () => {
    const { hosts, index, become } = await withKinds('primary', [PRIMARY, STANDBY]);
    expect(await index()).toBe(0);
    become([STANDBY, PRIMARY]);
    hosts.lost();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await index()).toBe(1);
  });

  test('one that fits is not kept waiting by one that does not answer', async () => {
    const [slow, quick] = [await play(takes), await play(takes)];
    const look = ({ port }: Server): Promise<Seen> =>
      port === quick.port ? Promise.resolve(PRIMARY) : new Promise(() => undefined);
    const hosts = hostsOf({ upstream: upstreamOf([slow, quick], { target: 'primary' }), look });
    expect(await connectTo(hosts)).toMatchObject({ port: quick.port });
  });

  test('what a login tells counts for more than what was known', async () => {
    const { hosts, ports, index, become } = await withKinds('primary', [PRIMARY, STANDBY]);
    await index();
    const [first, second] = ports.map((port) => ({ host: '127.0.0.1', port }));
    expect(hosts.verify(first!, PRIMARY)).toBeUndefined();
    // A role of its own setting is no other server.
    expect(hosts.verify(first!, { standby: false, readOnly: true })).toBeUndefined();
    become([STANDBY, PRIMARY]);
    expect(told(hosts.verify(first!, STANDBY)!)).toEqual({
      code: '57P03',
      message: 'the database server is in hot standby mode, and target_session_attrs wants: primary',
    });
    expect(hosts.verify(second!, PRIMARY)).toBeUndefined();
    expect(await index()).toBe(1);
  });

  test('a primary comes first for the schema', async () => {
    const { hosts, ports, index } = await withKinds('prefer-standby', ['down', STANDBY, PRIMARY]);
    await index();
    const { port, more } = hosts.primaryFirst();
    expect([port, ...more!.map((place) => place.port)]).toEqual([ports[2], ports[1], ports[0]]);
  });
});

describe('a session', () => {
  const login = (parameters: Readonly<Record<string, string>>): Buffer =>
    Buffer.concat([s.authOk, ...Object.entries(parameters).map(([name, value]) => s.setting(name, value)), s.ready()]);

  /** The answer to a startup message, up to ReadyForQuery or the end. */
  async function answerOf(port: number): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write(HELLO);
    const received: Buffer[] = [];
    await new Promise<void>((resolve) => {
      socket.on('close', () => resolve());
      socket.on('data', (chunk) => {
        received.push(chunk);
        if (Buffer.concat(received).subarray(-6).equals(s.ready())) resolve();
      });
    });
    return Buffer.concat(received).toString('latin1');
  }

  test.each<[Target, Record<string, string>, string | undefined]>([
    ['primary', { in_hot_standby: 'on' }, 'in hot standby mode'],
    ['primary', { in_hot_standby: 'off' }, undefined],
    ['standby', { in_hot_standby: 'off' }, 'not in hot standby mode'],
    ['read-write', { default_transaction_read_only: 'on', in_hot_standby: 'off' }, 'read-only'],
    ['read-only', { in_hot_standby: 'off', default_transaction_read_only: 'on' }, undefined],
    ['prefer-standby', { in_hot_standby: 'off' }, undefined],
    // Before version 14 the server does not say.
    ['standby', {}, undefined],
  ])('that wants %s and hears %j', async (target, parameters, wrong) => {
    const place = await play(says(login(parameters)));
    const upstream = { host: place.host, port: place.port, target };
    const listener = await startListener(listenerOptions(0, [], { upstream }));
    closing.push(() => listener.close(0));
    const answer = await answerOf(listener.address.port);
    if (wrong === undefined) expect(answer).toContain('Z\0\0\0\x05I');
    else expect(answer).toContain(`C57P03\0Mthe database server is ${wrong}`);
  });

  test('is told by the second server what the first did not', async () => {
    const places = [await play(says(NOT_NOW)), await play(says(login({ in_hot_standby: 'off' })))];
    const listener = await startListener(listenerOptions(0, [], { upstream: upstreamOf(places) }));
    closing.push(() => listener.close(0));
    expect(await answerOf(listener.address.port)).toBe(login({ in_hot_standby: 'off' }).toString('latin1'));
  });

  test('a cancel request goes to every server, and one that is down does not hold it up', async () => {
    const cancel = Buffer.from([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 2]);
    const places = [
      await play((socket) => socket.end()),
      await play(() => undefined),
      await play((socket) => socket.end()),
    ];
    const look = async ({ port }: Server): Promise<Seen> => (port === places[1]!.port ? 'down' : PRIMARY);
    const hosts = hostsOf({ upstream: upstreamOf(places), look });
    await new Promise((resolve) => setImmediate(resolve));
    const began = performance.now();
    expect(await hosts.cancel(cancel)).toBe(true);
    expect(performance.now() - began).toBeLessThan(1_000);
    for (const { heard } of places) expect(Buffer.concat(heard)).toEqual(cancel);
    expect(await hostsOf({ upstream: upstreamOf([await refuses(), await refuses()]) }).cancel(cancel)).toBe(false);
  });
});

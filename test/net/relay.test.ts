/** The relay in front of a real server, by the clients that people use. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listener, startListener } from '../../src/net/listener.js';
import type { Planner } from '../../src/sql/plan-types.js';
import { client as c, describeBackend, startupPacket } from '../session/script.js';
import { connectRaw, type Gateway, listenerOptions, startGateway } from './gateway.js';
import { passPlanner } from './pass-planner.js';

const run = promisify(execFile);

let gateway: Gateway;
const bytes = { from_client: 0, to_client: 0 };
const sessions: number[] = [];

beforeAll(async () => {
  gateway = await startGateway({
    onBytes: (direction, count) => {
      bytes[direction] += count;
    },
    onSessions: (count) => sessions.push(count),
  });
});
afterAll(() => gateway?.stop());

async function withClient<T>(config: pg.ClientConfig, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Sends what a client would at first, and returns everything up to the end of the connection. */
async function talk(port: number, ...chunks: Buffer[]): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  for (const chunk of chunks) socket.write(chunk);
  await once(socket, 'close');
  return Buffer.concat(received);
}

async function eventually(test: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !test(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(test()).toBe(true);
}

describe('psql', () => {
  const psql = async (port: number, ...args: string[]) => {
    const { password, user } = gateway.postgres;
    const options = { env: { ...process.env, PGPASSWORD: password, PGCONNECT_TIMEOUT: '10' } };
    const base = ['-X', '-h', '127.0.0.1', '-p', String(port), '-U', user, '-d', 'postgres'];
    return run('psql', [...base, ...args], options).catch((error: { stdout: string; stderr: string }) => error);
  };
  const available = run('psql', ['--version']).then(
    () => true,
    () => false,
  );

  test('prints the same', async ({ skip }) => {
    if (!(await available)) skip();
    const args = [
      '-c',
      'select 1 as one',
      '-c',
      '\\d pg_class',
      '-c',
      'select nope',
      '-c',
      'copy (values (1), (2)) to stdout',
    ];
    const direct = await psql(gateway.postgres.port, ...args);
    const through = await psql(gateway.listener.address.port, ...args);
    expect([through.stdout, through.stderr]).toEqual([direct.stdout, direct.stderr]);
    expect(through.stdout).toContain('one');
    expect(through.stderr).toContain('"nope" does not exist');
  });
});

describe('node-postgres', () => {
  test('queries, parameters, errors and transactions', async () => {
    await withClient(gateway.through, async (client) => {
      expect((await client.query('select $1::int + 1 as n', [41])).rows).toEqual([{ n: 42 }]);
      await expect(client.query('select nope')).rejects.toMatchObject({ code: '42703', position: '8' });
      await client.query('begin');
      await expect(client.query('select 1/0')).rejects.toMatchObject({ code: '22012' });
      await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
      await client.query('rollback');
      const named = { name: 'n', text: 'select $1::text as t', values: ['x'] };
      for (let i = 0; i < 3; i++) expect((await client.query(named)).rows).toEqual([{ t: 'x' }]);
    });
  });

  test('notices, notifications and settings', async () => {
    await withClient(gateway.through, async (client) => {
      const seen: unknown[] = [];
      client.on('notice', (notice) => seen.push(notice.message));
      client.on('notification', ({ channel, payload }) => seen.push([channel, payload]));
      await client.query("do $$ begin raise notice 'hello'; end $$");
      await client.query('listen news');
      await client.query("notify news, 'today'");
      expect(seen).toEqual(['hello', ['news', 'today']]);
    });
  });

  test('many small queries on many connections', async () => {
    const work = Array.from({ length: 20 }, (_, i) =>
      withClient(gateway.through, async (client) => {
        for (let j = 0; j < 50; j++) {
          expect((await client.query('select $1::int as n', [i * 100 + j])).rows).toEqual([{ n: i * 100 + j }]);
        }
      }),
    );
    await Promise.all(work);
    await eventually(() => gateway.listener.sessionCount() === 0);
    expect(sessions.at(-1)).toBe(0);
    expect(Math.max(...sessions)).toBeGreaterThan(5);
  });

  test('a cancel request reaches the server', async () => {
    await withClient(gateway.through, async (client) => {
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
      const sleeping = expect(client.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
      const cancel = Buffer.alloc(16);
      [16, 80877102, processID, secretKey].forEach((value, i) => {
        cancel.writeInt32BE(value, i * 4);
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await talk(gateway.listener.address.port, cancel)).toHaveLength(0);
      await sleeping;
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    });
  });
});

describe('large values', () => {
  test('a row of 50 MB and a parameter of 20 MB', async () => {
    await withClient(gateway.through, async (client) => {
      const { rows } = await client.query("select repeat('x', 50000000) as t");
      expect(rows[0].t).toHaveLength(50_000_000);
      const value = 'y'.repeat(20_000_000);
      expect((await client.query('select length($1) as n, md5($1) = md5($1) as same', [value])).rows).toEqual([
        { n: 20_000_000, same: true },
      ]);
    });
  });

  test('a result and a COPY in and out are the same bytes as without the gateway', async () => {
    const scripts = [
      [c.query('select n, repeat(chr(65 + n % 26), n % 2000), null from generate_series(1, 20000) n')],
      [
        c.parse('', "select n, repeat('é', n % 300) from generate_series(1, 20000) n"),
        c.bind('', ''),
        c.describe('P', ''),
        c.execute(''),
        c.sync,
      ],
      [c.query("copy (select n, repeat('x', n % 3000) from generate_series(1, 20000) n) to stdout")],
    ];
    for (const script of scripts) {
      const [direct, through] = await Promise.all(
        [gateway.direct, gateway.through].map(async (config) => {
          const connection = await connectRaw(config);
          const seen = await connection.exchange(...script);
          connection.close();
          return seen;
        }),
      );
      expect(through!.equals(direct!)).toBe(true);
      expect(direct!.length).toBeGreaterThan(5_000_000);
    }
  });

  test('COPY FROM STDIN of many rows', async () => {
    const connection = await connectRaw(gateway.through);
    const rows = Array.from({ length: 200 }, (_, i) => c.copyData(`${i}\t${'z'.repeat(50_000)}\n`));
    const seen = await connection.exchange(
      c.query('create temp table big (n int, t text)'),
      c.query('copy big from stdin'),
      ...rows,
      c.copyDone,
      c.query('select count(*), sum(length(t)) from big'),
    );
    connection.close();
    expect(describeBackend(seen)).toContain('C(COPY 200) Z(I) T(0.0.-1 0.0.-1) R(200,10000000)');
  });

  test('a client that does not read holds up its own server connection only', async () => {
    const slow = await connectRaw(gateway.through);
    slow.socket.pause();
    slow.socket.write(c.query("select repeat('x', 1000000) from generate_series(1, 300)"));
    const before = bytes.to_client;
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Of the 300 MB no more has left the gateway than sockets and one buffer hold.
    expect(bytes.to_client - before).toBeLessThan(60_000_000);
    await withClient(gateway.through, async (client) => {
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    });
    slow.close();
  });
});

describe('the network', () => {
  async function withListener(
    options: Parameters<typeof listenerOptions>[2],
    upstreamPort: number,
    use: (listener: Listener, events: string[]) => Promise<void>,
  ): Promise<void> {
    const events: string[] = [];
    const listener = await startListener(listenerOptions(upstreamPort, events, options));
    try {
      await use(listener, events);
    } finally {
      await listener.close(0);
    }
  }

  /** A server that does with each connection what the test wants. */
  async function withServer(
    onConnection: (socket: Socket) => void,
    use: (port: number) => Promise<void>,
  ): Promise<void> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    try {
      await use(typeof address === 'object' && address ? address.port : 0);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  }

  test('a server that cannot be reached: the client is told, the gateway stays', async () => {
    await withListener({}, 1, async (listener, events) => {
      for (let i = 0; i < 2; i++) {
        const seen = describeBackend(await talk(listener.address.port, startupPacket({ user: 'bob' })));
        expect(seen).toMatch(/^E\(08006 the database cannot be reached/);
      }
      expect(events).toEqual(['upstream unreachable', 'upstream unreachable']);
    });
  });

  test('a server that resets the connection: the client is told', async () => {
    await withServer(
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      (port) =>
        withListener({}, port, async (listener, events) => {
          const seen = describeBackend(await talk(listener.address.port, startupPacket({ user: 'bob' })));
          expect(seen).toBe('E(08006 the database closed the connection)');
          expect(events).toEqual(['upstream reset']);
        }),
    );
  });

  test('a server that ends a session by force: the client gets its words and no others', async () => {
    await withClient(gateway.direct, async (admin) => {
      const connection = await connectRaw(gateway.through);
      const seen = connection.exchange(c.query('select pg_backend_pid()'), c.query('select pg_sleep(30)'));
      let pid: number | undefined;
      for (let i = 0; i < 100 && !pid; i++) {
        const { rows } = await admin.query("select pid from pg_stat_activity where query = 'select pg_sleep(30)'");
        pid = rows[0]?.pid;
      }
      await admin.query('select pg_terminate_backend($1)', [pid]);
      expect(describeBackend(await seen)).toMatch(/C\(SELECT 1\) Z\(I\) (T\(.*\) )?E\(57P01 [^)]*\)$/);
    });
  });

  test('a client that goes away: its server connection goes too', async () => {
    const count = async () =>
      withClient(gateway.direct, async (admin) => {
        const { rows } = await admin.query(
          "select count(*)::int as n from pg_stat_activity where application_name = 'goes away'",
        );
        return rows[0].n as number;
      });
    const connection = await connectRaw({ ...gateway.through, application_name: 'goes away' });
    expect(await count()).toBe(1);
    connection.socket.resetAndDestroy();
    for (let i = 0; i < 100 && (await count()) > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await count()).toBe(0);
  });

  test('a login that takes too long', async () => {
    const limits = { maxSessions: 10, loginSeconds: 0.2 };
    await withListener({ limits }, gateway.postgres.port, async (listener) => {
      expect(describeBackend(await talk(listener.address.port))).toMatch(/^E\(08P01 the login took too long/);
      expect(describeBackend(await talk(listener.address.port, startupPacket({ user: 'postgres' })))).toContain(
        'E(08P01 ',
      );
    });
  });

  test('garbage ends its own session only', async () => {
    const { port } = gateway.listener.address;
    expect(describeBackend(await talk(port, Buffer.from('GET / HTTP/1.1\r\n\r\n')))).toMatch(/^E\(08P01 /);
    await withClient(gateway.through, async (client) => {
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    });
  });

  test('SSLRequest is answered no, and the login goes on in the clear', async () => {
    const socket = connect(gateway.listener.address.port, '127.0.0.1');
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('N');
    socket.write(startupPacket({ user: 'postgres', database: 'postgres' }));
    const [next] = (await once(socket, 'data')) as [Buffer];
    expect(next.toString('latin1', 0, 1)).toBe('R');
    socket.destroy();
  });

  test('a port that is taken is an error of startListener', async () => {
    const { port } = gateway.listener.address;
    const options = listenerOptions(1, [], { listen: { host: '127.0.0.1', port } });
    await expect(startListener(options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('shutdown', () => {
  test('idle sessions end at once, a transaction gets its time, and no client is accepted', async () => {
    const listener = await startListener(listenerOptions(gateway.postgres.port, []));
    const config = { ...gateway.through, port: listener.address.port };
    const [idle, busy] = [new pg.Client(config), new pg.Client(config)];
    const codes: string[] = [];
    for (const client of [idle, busy]) {
      client.on('error', (error: Error & { code?: string }) => codes.push(error.code ?? error.message));
      await client.connect();
    }
    await busy.query('begin');
    const closed = listener.close(20);
    await eventually(() => codes.includes('57P01'));
    expect(codes.filter((code) => code === '57P01')).toHaveLength(1);
    await expect(new pg.Client(config).connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await busy.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await busy.query('commit');
    await closed;
    expect(listener.sessionCount()).toBe(0);
    await eventually(() => codes.filter((code) => code === '57P01').length === 2);
  });

  test('a transaction that does not end is ended when its time is over', async () => {
    const listener = await startListener(listenerOptions(gateway.postgres.port, []));
    const client = new pg.Client({ ...gateway.through, port: listener.address.port });
    const errors: string[] = [];
    client.on('error', (error: Error & { code?: string }) => errors.push(error.code ?? ''));
    await client.connect();
    await client.query('begin');
    const start = Date.now();
    await listener.close(0.3);
    expect(Date.now() - start).toBeGreaterThanOrEqual(290);
    await eventually(() => errors.includes('57P01'));
  });
});

describe('a client that leaves while its DDL is under way', () => {
  /** Longer than a peer may take for its last bytes. */
  const SECONDS = 6;

  test('the planner is told when the server is done with it, and not before', async () => {
    const watched = new Set<ReadonlySet<string>>();
    let told = 0;
    const planner: Planner = {
      ...passPlanner(),
      plan: (text) => {
        const effects = [{ kind: 'ddl', names: ['left_behind'] } as const];
        const ddl = { kind: 'ddl', output: [], effects, withhold: 'nothing', masked: [] } as const;
        const statements = text.startsWith('create') ? [ddl] : [];
        return { verdict: 'pass', statements, generation: 1 };
      },
      schemaChanged: () => told++,
      watchUncommitted: (_database, names) => void watched.add(names),
      forgetUncommitted: (_database, names) => watched.delete(names),
    };
    const listener = await startListener(listenerOptions(gateway.postgres.port, [], { planner }));
    const client = await connectRaw({ ...gateway.through, port: listener.address.port });
    client.socket.on('error', () => undefined);
    client.socket.write(
      Buffer.concat([c.query(`select pg_sleep(${SECONDS})`), c.query('create table left_behind ()')]),
    );
    await eventually(() => watched.size === 1);
    client.close();
    await withClient(gateway.direct, async (direct) => {
      const exists = async () => (await direct.query("select to_regclass('left_behind') as t")).rows[0].t !== null;
      while (!(await exists())) {
        expect([watched.size, told]).toEqual([1, 0]);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await eventually(() => watched.size === 0);
      expect(told).toBe(1);
      await direct.query('drop table left_behind');
    });
    await listener.close(0);
  }, 20_000);
});

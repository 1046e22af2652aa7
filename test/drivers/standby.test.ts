/** A primary and its standby, by streaming replication, behind one gateway: where sessions go, and what a failover does. */
import { once } from 'node:events';
import { connect } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookAtHost } from '../../src/catalog/host-kind.js';
import { parseConfig } from '../../src/config.js';
import { type Gateway, startGateway } from '../../src/gateway.js';
import { createLog } from '../../src/log.js';
import type { HostPort } from '../../src/policy/config-types.js';
import { int32 } from '../harness/messages.js';
import type { RunningServer } from '../harness/shop-server.js';
import { startInstalledPostgres } from './installed-postgres.js';
import { runClient, serverBinaries } from './programs.js';

const SECRET = 'Erika Mustermann';
const POLICIES = `
policies:
  p:
    redact_when: { table: public.orders, where: channel = 'amazon' }
    tables: { public.orders: { columns: { buyer: { category: personal_name, mask: blank } } } }`;

let primary: RunningServer;
let standby: RunningServer;
const gateways: Gateway[] = [];

beforeAll(async () => {
  primary = await startInstalledPostgres({});
  await withClient(primary, async (client) => {
    await client.query('create table orders (id int primary key, channel text, buyer text)');
    await client.query("insert into orders values (1, 'amazon', $1), (2, 'ebay', $1)", [SECRET]);
  });
  standby = await startInstalledPostgres({}, primary);
}, 60_000);
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await standby?.stop();
  await primary?.stop();
});

async function withClient<T>({ host, port }: HostPort, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const { user, password } = primary;
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function gatewayBefore(servers: readonly HostPort[], target: string, more = ''): Promise<Gateway> {
  const hosts = servers.map(({ host, port }) => `{ host: ${host}, port: ${port} }`).join(', ');
  const text = `
upstream: { hosts: [${hosts}], target_session_attrs: ${target}${more} }
catalog: { user: ${primary.user}, password_file: x, databases: [postgres], refresh_seconds: 1 }
metrics: {}
limits: { drain_seconds: 0 }${POLICIES}`;
  const config = parseConfig(text, 'pgveil.yaml', () => Buffer.from(primary.password));
  const here = { host: '127.0.0.1', port: 0 };
  const log = createLog('error', { write: () => undefined });
  const gateway = await startGateway({ ...config, listen: here, metrics: here }, { log });
  gateways.push(gateway);
  return gateway;
}

const recovers = (client: pg.Client): Promise<boolean> =>
  client.query('select pg_is_in_recovery() as r').then(({ rows }) => rows[0].r);
const kindAt = (gateway: Gateway): Promise<string> =>
  withClient(gateway.address, async (client) => ((await recovers(client)) ? 'standby' : 'primary'));
const readiness = ({ metricsAddress }: Gateway) =>
  fetch(`http://127.0.0.1:${metricsAddress!.port}/readyz`).then(async (answer) => [answer.status, await answer.text()]);

async function eventually(test: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    if (await test().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect.fail('it did not come about');
}

it('what a server is, as far as the catalog user can tell', async () => {
  const { user, password } = primary;
  const look = (server: HostPort, login = {}) =>
    lookAtHost({ host: server.host, port: server.port }, { user, password, database: 'postgres', ...login });
  expect(await look(primary)).toEqual({ standby: false, readOnly: false });
  expect(await look(standby)).toEqual({ standby: true, readOnly: false });
  expect(await look({ host: '127.0.0.1', port: 1 })).toBe('down');
  expect(await look(primary, { password: 'wrong' })).toBe('unknown');
  expect(await look(primary, { database: 'nowhere' })).toBe('unknown');
  await withClient(primary, async (client) => {
    const shown = async () => (await client.query('show default_transaction_read_only')).rows[0];
    const readOnly = (value: string) => eventually(async () => (await shown()).default_transaction_read_only === value);
    await client.query('create role looker login');
    await client.query('alter role looker set default_transaction_read_only = on');
    await client.query(`alter role looker password '${password}'`);
    expect(await look(primary, { user: 'looker' })).toEqual({ standby: false, readOnly: false });
    await client.query('alter system set default_transaction_read_only = on');
    await client.query('select pg_reload_conf()');
    await readOnly('on');
    expect(await look(primary)).toEqual({ standby: false, readOnly: true });
    await client.query('alter system reset default_transaction_read_only');
    await client.query('select pg_reload_conf()');
    await readOnly('off');
  });
});

describe('target_session_attrs', () => {
  it.each([
    ['read-write', 'primary'],
    ['prefer-standby', 'standby'],
  ])('%s', async (target, expected) => {
    const gateway = await gatewayBefore(target === 'read-write' ? [standby, primary] : [primary, standby], target);
    expect(await kindAt(gateway)).toBe(expected);
    expect((await readiness(gateway))[0]).toBe(200);
    // Masked wherever the session is.
    await withClient(gateway.address, async (client) => {
      const { rows } = await client.query('select buyer from orders order by id');
      expect(rows).toEqual([{ buyer: '' }, { buyer: SECRET }]);
    });
  });

  it('psql through it, and the same by libpq itself', async () => {
    const gateway = await gatewayBefore([standby, primary], 'read-write');
    const psql = async (host: string, port: string, more: string) => {
      const target = { host: '', port: 0, user: primary.user, password: primary.password, database: 'postgres' };
      const where = `host=${host} port=${port} dbname=postgres ${more}`;
      const args = ['-X', '-At', '-c', 'select pg_is_in_recovery()', where];
      return runClient(`${serverBinaries()}/psql`, args, target);
    };
    const both = `${standby.port},${primary.port}`;
    const direct = await psql('127.0.0.1,127.0.0.1', both, 'target_session_attrs=read-write');
    expect(direct).toEqual({ status: 0, stdout: 'f\n', stderr: '' });
    expect(await psql('127.0.0.1', String(gateway.address.port), '')).toEqual(direct);
  });

  it('where none is of that kind, the client and the load balancer are told', async () => {
    const gateway = await gatewayBefore([standby, { host: '127.0.0.1', port: 1 }], 'primary');
    await expect(kindAt(gateway)).rejects.toMatchObject({
      code: expect.stringMatching(/^(57P03|08006)$/),
    });
    const [status, reason] = await readiness(gateway);
    expect([status, reason]).toEqual([503, expect.stringContaining('127.0.0.1:1 cannot be reached')]);
  });
});

it('load_balance_hosts sends sessions to both', async () => {
  const gateway = await gatewayBefore([standby, primary], 'any', ', load_balance_hosts: random');
  const kinds = new Set<string>();
  for (let i = 0; i < 40 && kinds.size < 2; i++) kinds.add(await kindAt(gateway));
  expect([...kinds].sort()).toEqual(['primary', 'standby']);
});

it('a cancel request at another gateway reaches the server that has the session', async () => {
  const [one, other] = [
    await gatewayBefore([primary, standby], 'standby'),
    await gatewayBefore([primary, standby], 'any'),
  ];
  await withClient(one.address, async (client) => {
    const sleeping = expect(client.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    await withClient(standby, (direct) =>
      eventually(async () => {
        const sleepers = "select from pg_stat_activity where wait_event = 'PgSleep'";
        return (await direct.query(sleepers)).rowCount === 1;
      }),
    );
    const request = connect(other.address.port, other.address.host);
    request.end(Buffer.concat([16, 80877102, processID, secretKey].map(int32)));
    await once(request.resume(), 'close');
    await sleeping;
    expect(await recovers(client)).toBe(true);
  });
});

it('a failover: sessions that want to write go to the new primary, and those on the old one are told', async () => {
  const gateway = await gatewayBefore([primary, standby], 'read-write');
  const { user, password } = primary;
  const client = new pg.Client({ ...gateway.address, user, password, database: 'postgres' });
  const codes: string[] = [];
  client.on('error', (error: Error & { code?: string }) => codes.push(error.code ?? error.message));
  await client.connect();
  await client.query("insert into orders values (3, 'amazon', 'x')");
  await withClient(primary, (direct) =>
    eventually(async () => {
      const { rows } = await direct.query('select replay_lsn = pg_current_wal_lsn() as same from pg_stat_replication');
      return rows[0]?.same;
    }),
  );
  await primary.stop();
  await eventually(async () => codes.includes('57P01'));
  // Of the two, one is down and the other is none to write to.
  await expect(kindAt(gateway)).rejects.toMatchObject({ code: expect.stringMatching(/^(57P03|08006)$/) });
  await withClient(standby, (direct) => direct.query('select pg_promote()'));
  await eventually(async () => (await kindAt(gateway)) === 'primary');
  await eventually(async () => (await readiness(gateway))[0] === 200);
  await withClient(gateway.address, async (writer) => {
    await writer.query("insert into orders values (4, 'ebay', 'y')");
    // The schema is read from the new primary by now.
    await writer.query('create table later (n int)');
    await writer.query('insert into later values (1)');
    const { rows } = await writer.query('select buyer from orders order by id');
    expect(rows).toEqual([{ buyer: '' }, { buyer: SECRET }, { buyer: '' }, { buyer: 'y' }]);
  });
}, 60_000);

/** What is allowed for single roles, with PostgreSQL's own programs and by the messages themselves. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { type Gateway, startGateway } from '../../src/gateway.js';
import { createLog } from '../../src/log.js';
import { functionCall, query, ready, together } from '../harness/messages.js';
import { connectRaw, type Target, transcript } from '../harness/raw-client.js';
import type { RunningServer } from '../harness/shop-server.js';
import { startInstalledPostgres } from './installed-postgres.js';
import { runClient, serverBinaries } from './programs.js';

const PASSWORD = 'for this test only';
const CONFIG = `
catalog: { user: postgres, password_file: x }
limits: { drain_seconds: 0 }
roles:
  replicator: { replication: allow }
  legacy: { function_call: allow, max_sessions: 3 }
  other: { max_sessions: 5 }
policies: {}
`;

let server: RunningServer;
let gateway: Gateway;
const logged: string[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pgveil-replication-'));
  server = await startInstalledPostgres({ wal_level: 'logical' });
  await asAdmin(async (admin) => {
    await admin.query(`create role replicator login replication password '${PASSWORD}'`);
    await admin.query(`create role legacy login password '${PASSWORD}'`);
    await admin.query('create table t (n int)');
  });
  const config = parseConfig(CONFIG, 'pgveil.yaml', () => Buffer.from(server.password));
  const { host, port } = server;
  const log = createLog('warn', { write: (line: string) => void logged.push(line) });
  gateway = await startGateway({ ...config, listen: { host, port: 0 }, upstream: { host, port } }, { log });
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function asAdmin<T>(use: (admin: pg.Client) => Promise<T>): Promise<T> {
  const { host, port, user, password } = server;
  const admin = new pg.Client({ host, port, user, password, database: 'postgres' });
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.end();
  }
}

const direct = (user: string): Target => ({ ...server, user, password: PASSWORD, database: 'postgres' });
const through = (user: string): Target => ({ ...direct(user), ...gateway.address });
const run = (name: string, args: readonly string[], target: Target) =>
  runClient(path.join(serverBinaries(), name), args, target);

it('the log names the roles that stored values reach unmasked', () => {
  const warnings = logged.map((line) => JSON.parse(line)).filter(({ role }) => role);
  expect(warnings).toMatchObject([
    { level: 'warn', role: 'replicator', allowed: ['replication'] },
    { level: 'warn', role: 'legacy', allowed: ['function_call'] },
  ]);
  expect(warnings[0].msg).toBe('stored values reach this role unmasked');
});

it('a role has as many sessions as the configuration says, and the server’s own words for one more', async () => {
  const connectAs = async ({ host, port, user, password, database }: Target) => {
    const client = new pg.Client({ host, port, user, password, database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const refusal = (target: Target) =>
    connectAs(target).then(
      () => expect.fail('it was let in'),
      ({ code, message, severity }: pg.DatabaseError) => ({ code, message, severity }),
    );
  await asAdmin((admin) => admin.query('alter role legacy connection limit 3'));
  const clients = [];
  for (let i = 0; i < 3; i++) clients.push(await connectAs(through('legacy')));
  const [here, there] = [await refusal(through('legacy')), await refusal(direct('legacy'))];
  expect(here).toEqual(there);
  expect(here.code).toBe('53300');
  for (const client of clients) await client.end();
});

describe('replication', () => {
  it('is refused for other roles, in words', async () => {
    const { stderr, status } = await run('pg_basebackup', ['-D', path.join(folder, 'no')], through('legacy'));
    expect(status).not.toBe(0);
    expect(stderr).toContain('replication connections are refused: they would carry stored values unmasked');
    expect(stderr).toContain('by replication under roles in the configuration');
  });

  it('takes a base backup with the WAL of its time', async () => {
    const backup = path.join(folder, 'backup');
    const args = ['-D', backup, '-X', 'stream', '-c', 'fast', '--no-sync'];
    expect(await run('pg_basebackup', args, through('replicator'))).toMatchObject({ status: 0, stderr: '' });
    const verified = await run('pg_verifybackup', [backup], direct('replicator'));
    expect(verified).toMatchObject({ status: 0, stderr: '' });
  });

  it('receives the same WAL as on a direct connection', async () => {
    const end = await asAdmin(async (admin) => {
      await admin.query(
        "select pg_create_physical_replication_slot('direct', true), pg_create_physical_replication_slot('through', true)",
      );
      await admin.query('insert into t select generate_series(1, 100000)');
      await admin.query('select pg_switch_wal()');
      await admin.query('insert into t values (1)');
      return (await admin.query('select pg_current_wal_lsn() as lsn')).rows[0].lsn as string;
    });
    const received = async (name: 'direct' | 'through', target: Target) => {
      const directory = await mkdtemp(path.join(folder, name));
      const args = ['-D', directory, '-S', name, `--endpos=${end}`, '--no-loop', '--no-sync'];
      expect(await run('pg_receivewal', args, target)).toMatchObject({ status: 0 });
      const files = (await readdir(directory)).filter((file) => !file.endsWith('.partial')).sort();
      return Promise.all(files.map(async (file) => [file, await readFile(path.join(directory, file))] as const));
    };
    const [a, b] = [await received('direct', direct('replicator')), await received('through', through('replicator'))];
    expect(b.map(([file]) => file)).toEqual(a.map(([file]) => file));
    expect(a.length).toBeGreaterThan(0);
    for (const [i, [, bytes]] of a.entries()) expect(bytes.equals(b[i]![1])).toBe(true);
  });

  it('decodes changes of one database', async () => {
    const slot = ['-d', 'postgres', '-S', 'decoded'];
    const create = [...slot, '--create-slot', '-P', 'test_decoding'];
    expect(await run('pg_recvlogical', create, through('replicator'))).toMatchObject({ status: 0, stderr: '' });
    const end = await asAdmin(async (admin) => {
      await admin.query('insert into t values (-7)');
      return (await admin.query('select pg_current_wal_lsn() as lsn')).rows[0].lsn as string;
    });
    const start = [...slot, '--start', '-f', '-', `--endpos=${end}`, '--no-loop'];
    const { stdout, status } = await run('pg_recvlogical', start, through('replicator'));
    expect(status).toBe(0);
    expect(stdout).toContain('table public.t: INSERT: n[integer]:-7');
  });
});

describe('FunctionCall', () => {
  const INT4PL = 177;
  const SET_CONFIG = 2078;
  const REPEAT = 1622;

  it('is answered as on a direct connection', async () => {
    const steps = [
      functionCall(INT4PL, ['40', '2']),
      ready(),
      functionCall(INT4PL, ['1', 'x']),
      ready(),
      query('begin'),
      functionCall(SET_CONFIG, ['search_path', 'pg_temp', 'f']),
      query('show search_path'),
      functionCall(999_999, []),
      functionCall(INT4PL, ['1', null]),
      query('rollback'),
      ready(6),
      together(query('select 1'), functionCall(INT4PL, ['2', '3']), query('show search_path')),
      ready(3),
      functionCall(REPEAT, ['x'.repeat(300_000), '3']),
      ready(),
    ];
    const seen = await Promise.all(
      [direct('legacy'), through('legacy')].map(async (target) => {
        const client = await connectRaw(target);
        const messages = await client.play(steps);
        await client.end();
        return transcript(messages);
      }),
    );
    expect(seen[1]).toBe(seen[0]);
    expect(seen[0]!.match(/^V /gm)).toHaveLength(4);
    expect(seen[0]!.length).toBeGreaterThan(900_000);
  });

  it('is refused for other roles, and the session goes on', async () => {
    const client = await connectRaw(through('replicator'));
    const messages = transcript(
      await client.play([functionCall(INT4PL, ['40', '2']), ready(), query('select 1'), ready()]),
    );
    await client.end();
    expect(messages).toContain('function call messages are refused');
    expect(messages).toContain('SELECT 1');
  });
});

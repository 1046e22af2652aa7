import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { type Gateway, startGateway } from '../src/gateway.js';
import { createLog } from '../src/log.js';
import { keepFixed, openConfigSource } from '../src/reload.js';

/** A changed file is in force after this long. */
const SOON = { timeout: 3_000, interval: 50 };
/** Long enough for the files to be looked at several times. */
const LOOKS_MS = 1_600;
const NAME = 'Erika Mustermann';
const NOTE = 'ring twice';

let server: EmbeddedPostgres;
let admin: pg.Client;
let root: string;

beforeAll(async () => {
  server = await startEmbeddedPostgres();
  root = await mkdtemp(path.join(tmpdir(), 'pgveil-reload-'));
  admin = new pg.Client(target(server.port));
  await admin.connect();
  await admin.query('CREATE DATABASE shop');
  await admin.query('CREATE DATABASE partial');
  const shop = new pg.Client({ ...target(server.port), database: 'shop' });
  await shop.connect();
  await shop.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY, channel text NOT NULL, buyer_name text NOT NULL, note text NOT NULL);
    INSERT INTO orders VALUES (1, 'amazon', '${NAME}', '${NOTE}');
    CREATE TABLE reviews (id bigint PRIMARY KEY, order_id bigint NOT NULL, answer text NOT NULL)`);
  await shop.end();
  const partial = new pg.Client({ ...target(server.port), database: 'partial' });
  await partial.connect();
  await partial.query('CREATE TABLE orders (id bigint PRIMARY KEY, channel text NOT NULL)');
  await partial.end();
});
afterAll(async () => {
  await admin?.end();
  await server?.stop();
  await rm(root, { recursive: true, force: true });
});

let folder: string;
let file: string;
let ports: readonly [number, number];
let gateway: Gateway;
let lines: Record<string, unknown>[];
let clients: pg.Client[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(root, 'files-'));
  file = path.join(folder, 'pgveil.yaml');
  await writeFile(path.join(folder, 'catalog.password'), server.password);
  await writeFile(path.join(folder, 'a.key'), 'ab'.repeat(31).concat('cd'));
  ports = await unusedPorts();
  lines = [];
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  await gateway?.close();
});

function target(port: number) {
  return { host: '127.0.0.1', port, user: server.user, password: server.password, database: 'postgres' };
}

async function unusedPorts(): Promise<readonly [number, number]> {
  const probes = [0, 0].map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => once(probe, 'listening')));
  const found = probes.map((probe) => (probe.address() as AddressInfo).port);
  for (const probe of probes) probe.close();
  return [found[0]!, found[1]!];
}

interface Parts {
  readonly databases?: string;
  readonly columns?: string;
  readonly more?: string;
  readonly listen?: number;
  readonly user?: string;
}

const BLANK_NAME = 'buyer_name: { category: personal_name, mask: blank }';
const BLANK_NOTE = 'note: { category: gift_message, mask: blank }';

function yaml(parts: Parts): string {
  return `listen: { host: 127.0.0.1, port: ${parts.listen ?? ports[0]} }
upstream: { host: 127.0.0.1, port: ${server.port} }
catalog: { user: ${parts.user ?? 'postgres'}, password_file: catalog.password, databases: ${parts.databases ?? '[shop]'} }
metrics: { host: 127.0.0.1, port: ${ports[1]} }
${parts.more ?? ''}
policies:
  amazon:
    redact_when: { table: public.orders, where: channel = 'amazon' }
    tables:
      public.orders:
        columns:
          ${parts.columns ?? BLANK_NOTE}
`;
}

async function write(parts: Parts): Promise<void> {
  await writeFile(file, yaml(parts));
}

async function start(parts: Parts = {}): Promise<void> {
  await write(parts);
  const log = createLog('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  const source = openConfigSource(file);
  gateway = await startGateway(await source.read(), { log, source });
}

async function session(database = 'shop'): Promise<pg.Client> {
  const client = new pg.Client({ ...target(gateway.address.port), database });
  client.on('error', () => undefined);
  clients.push(client);
  await client.connect();
  return client;
}

const ORDER = 'SELECT buyer_name AS name, note FROM orders';
const order = async (client: pg.Client) => (await client.query(ORDER)).rows[0];

const messages = (): unknown[] => lines.map(({ msg }) => msg);
const problems = (): unknown[] => lines.filter(({ problem }) => problem !== undefined).map(({ problem }) => problem);

async function get(what: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ports[1]}${what}`);
  return `${response.status} ${await response.text()}`;
}

async function reloads(): Promise<unknown> {
  const text = await get('/metrics');
  const value = (name: string): number => Number(text.split(`\n${name} `)[1]!.split('\n', 1)[0]);
  return {
    ok: value('pgveil_config_reload_total{result="ok"}'),
    error: value('pgveil_config_reload_total{result="error"}'),
    last: value('pgveil_config_last_reload_success'),
  };
}

describe('a changed file', () => {
  it('masks what a session saw before, also where it was prepared', async () => {
    await start();
    const client = await session();
    const named = { name: 'by protocol', text: ORDER };
    const untouched = { name: 'of another table', text: 'SELECT count(*)::int AS n FROM reviews' };
    await client.query(`PREPARE by_sql AS ${ORDER}`);
    for (const query of [ORDER, named, 'EXECUTE by_sql']) {
      expect((await client.query(query)).rows).toEqual([{ name: NAME, note: '' }]);
    }
    expect((await client.query(untouched)).rows).toEqual([{ n: 0 }]);

    await write({ columns: BLANK_NAME });
    await expect.poll(() => order(client), SOON).toEqual({ name: '', note: NOTE });
    expect((await client.query(named)).rows).toEqual([{ name: '', note: NOTE }]);
    // The session cannot know how to prepare that again, as after ALTER TABLE.
    await expect(client.query('EXECUTE by_sql')).rejects.toMatchObject({
      code: '0A000',
      message: 'cached plan must not change result type',
    });
    await client.query('DEALLOCATE by_sql');
    await client.query(`PREPARE by_sql AS ${ORDER}`);
    for (const query of [named, 'EXECUTE by_sql']) {
      expect((await client.query(query)).rows).toEqual([{ name: '', note: NOTE }]);
    }
    expect((await client.query(untouched)).rows).toEqual([{ n: 0 }]);
    expect(await reloads()).toEqual({ ok: 1, error: 0, last: 1 });
    expect(messages()).toContain('the configuration was read and is in force');
  });

  it('leaves prepared statements alone that it does not concern', async () => {
    const keys = 'one_way_keys: [{ id: a, file: a.key }]';
    await start({ columns: 'buyer_name: { category: personal_name, mask: one_way }', more: keys });
    const client = await session();
    const named = { name: 'n', text: ORDER };
    const before = (await client.query(named)).rows;
    expect(before).toEqual([{ name: expect.stringMatching(/^ow_a_/), note: NOTE }]);
    await writeFile(
      file,
      `${yaml({ columns: 'buyer_name: { category: personal_name, mask: one_way }', more: keys })}      public.reviews:
        belongs_to: { public.orders: order_id = id }
        columns: { answer: { category: survey_response, mask: blank } }
`,
    );
    await expect.poll(reloads, SOON).toEqual({ ok: 1, error: 0, last: 1 });
    await expect(client.query(`SELECT 1 FROM reviews WHERE answer = 'x'`)).rejects.toMatchObject({ code: '42501' });
    expect((await client.query(named)).rows).toEqual(before);
  });

  it('that is not valid leaves the policy in force, and log and metrics say so until it is', async () => {
    await start();
    const client = await session();
    await write({ columns: 'buyer_name: { category: name, mask: blnk }' });
    await expect.poll(reloads, SOON).toEqual({ ok: 0, error: 1, last: 0 });
    expect(problems()).toEqual([
      expect.stringMatching(/pgveil\.yaml:12:35 policies\.amazon\..*category "name".* valid: .*personal_name/),
      expect.stringMatching(/pgveil\.yaml:12:47 policies\.amazon\..*did you mean "blank"\?/),
    ]);
    await rename(file, `${file}.away`);
    await expect.poll(reloads, SOON).toEqual({ ok: 0, error: 2, last: 0 });
    expect(problems().at(-1)).toMatch(/pgveil\.yaml:1:1: cannot be read: there is no such file$/);
    await writeFile(file, '');
    await expect.poll(reloads, SOON).toEqual({ ok: 0, error: 3, last: 0 });
    expect(await order(client)).toEqual({ name: NAME, note: '' });
    expect(await get('/readyz')).toBe('200 ready\n');
    // Nothing is read again as long as nothing changes.
    await sleep(LOOKS_MS);
    expect(await reloads()).toEqual({ ok: 0, error: 3, last: 0 });
    await write({ columns: BLANK_NAME });
    await expect.poll(() => order(client), SOON).toEqual({ name: '', note: NOTE });
    expect(await reloads()).toEqual({ ok: 1, error: 3, last: 1 });
  });

  it('that does not fit the schema leaves the policy in force', async () => {
    await start();
    const client = await session();
    await write({ columns: 'buyer: { category: personal_name, mask: blank }' });
    await expect.poll(reloads, SOON).toEqual({ ok: 0, error: 1, last: 0 });
    expect(problems()).toEqual([expect.stringMatching(/pgveil\.yaml:12:11 .*orders has no column buyer; its columns/)]);
    await write({ databases: '[shop, nowhere]' });
    await expect.poll(reloads, SOON).toEqual({ ok: 0, error: 2, last: 0 });
    expect(problems().at(-1)).toContain('database "nowhere" does not exist');
    expect(await order(client)).toEqual({ name: NAME, note: '' });
    // A database that is listed from now on is read and checked too.
    await write({ databases: '[shop, partial]', columns: BLANK_NAME });
    await expect.poll(reloads, SOON).toEqual({ ok: 0, error: 3, last: 0 });
    expect(problems().at(-1)).toContain('buyer_name');
    expect(await order(client)).toEqual({ name: NAME, note: '' });
    expect(await get('/readyz')).toBe('200 ready\n');
  });

  it('is checked against the schema as it is by then, and against those in use where none is listed', async () => {
    await start({ databases: '[]' });
    const client = await session();
    expect(await order(client)).toEqual({ name: NAME, note: '' });
    // Nobody looks at a schema that is not used: the gateway finds the new column only by looking again.
    await sleep(2_500);
    const direct = new pg.Client({ ...target(server.port), database: 'shop' });
    await direct.connect();
    await direct.query('ALTER TABLE reviews ADD author text');
    await direct.end();
    const reviews = (column: string) => `${yaml({ databases: '[]', columns: BLANK_NAME })}      public.reviews:
        belongs_to: { public.orders: order_id = id }
        columns: { ${column}: { category: personal_name, mask: blank } }
`;
    await writeFile(file, reviews('author'));
    await expect.poll(() => order(client), SOON).toEqual({ name: '', note: NOTE });
    await writeFile(file, reviews('writer'));
    await expect.poll(reloads, SOON).toEqual({ ok: 1, error: 1, last: 0 });
    // All of its tables misspelled: not a policy of another application.
    await writeFile(file, yaml({ databases: '[]' }).replaceAll('public.orders', 'public.ordres'));
    await expect.poll(reloads, SOON).toEqual({ ok: 1, error: 2, last: 0 });
    expect(await order(client)).toEqual({ name: '', note: NOTE });
  });

  it('says what takes a restart, and takes the rest', async () => {
    await start();
    const client = await session();
    await write({
      listen: 1,
      user: 'pgveil',
      columns: BLANK_NAME,
      more: 'log: { level: warn }\nlimits: { max_sessions: 1 }',
    });
    await expect.poll(() => order(client), SOON).toEqual({ name: '', note: NOTE });
    expect(lines.at(-1)).toMatchObject({
      level: 'warn',
      need_restart: ['listen', 'catalog.user'],
      msg: 'a change of these takes a restart',
    });
    // A refusal is logged at level info.
    const refused = { code: '42501' };
    await expect(client.query(`SELECT 1 FROM orders WHERE buyer_name = ''`)).rejects.toMatchObject(refused);
    expect(messages()).not.toContain('refused');
    await expect(session()).rejects.toMatchObject({ code: '53300' });
    await write({ columns: BLANK_NAME });
    await expect.poll(reloads, SOON).toEqual({ ok: 2, error: 0, last: 1 });
    await session();
  });
});

describe('a key or password file', () => {
  const one = { columns: 'buyer_name: { category: personal_name, mask: one_way }' };

  it('that is changed makes other tokens in the same session', async () => {
    await start({ ...one, more: 'one_way_keys: [{ id: a, file: a.key }]' });
    const client = await session();
    const { name } = await order(client);
    await writeFile(path.join(folder, 'a.key'), 'short');
    await expect.poll(reloads, SOON).toEqual({ ok: 0, error: 1, last: 0 });
    expect(problems()).toEqual([expect.stringContaining('holds 5 bytes that are no key')]);
    expect(await order(client)).toEqual({ name, note: NOTE });
    await writeFile(path.join(folder, 'a.key'), 'ef'.repeat(31).concat('01'));
    await expect.poll(async () => (await order(client)).name !== name, SOON).toBe(true);
    expect(await order(client)).toEqual({ name: expect.stringMatching(/^ow_a_[a-z2-7]{26}$/), note: NOTE });
    // One that was named before it was there.
    await write({ ...one, more: 'one_way_keys: [{ id: b, file: b.key }, { id: a, file: a.key }]' });
    await expect.poll(reloads, SOON).toEqual({ ok: 1, error: 2, last: 0 });
    await writeFile(path.join(folder, 'b.key'), 'ef'.repeat(31).concat('02'));
    await expect.poll(async () => (await order(client)).name, SOON).toMatch(/^ow_b_/);
  });

  it('is taken with the configuration, where its user has another password now', async () => {
    await admin.query(`CREATE ROLE catalog_reader LOGIN PASSWORD 'first'`);
    await writeFile(path.join(folder, 'catalog.password'), 'first');
    await start({ user: 'catalog_reader' });
    await admin.query(`ALTER ROLE catalog_reader PASSWORD 'second'`);
    await writeFile(path.join(folder, 'catalog.password'), 'second');
    await write({ user: 'catalog_reader', databases: '[shop, template1]' });
    await expect
      .poll(() => problems().at(-1), SOON)
      .toContain('there is no table public.orders in the database template1');
    await write({ user: 'catalog_reader', databases: '[shop]', columns: BLANK_NAME });
    const client = await session();
    await expect.poll(() => order(client), SOON).toEqual({ name: '', note: NOTE });
  });
});

describe('readiness', () => {
  it('counts a database that lacks some of a policy’s tables or columns, not one that has none of them', async () => {
    await start({ databases: '[]' });
    await session().then(order);
    const stranger = await session('postgres');
    for (let i = 0; i < 3; i++) await stranger.query('SELECT relname FROM pg_class LIMIT 1');
    expect(await get('/readyz')).toBe('200 ready\n');
    await write({ databases: '[]', more: 'log: { level: info }' });
    await expect.poll(reloads, SOON).toEqual({ ok: 1, error: 0, last: 1 });
    await stranger.query('SELECT relname FROM pg_class LIMIT 1');
    const said = lines.filter(({ msg }) => msg === 'the database has no table of the policy');
    expect(said).toEqual([expect.objectContaining({ level: 'warn', database: 'postgres', policy: 'amazon' })]);
    expect(problems()).toEqual([]);
    expect(await get('/metrics')).toContain('pgveil_policies_bound{database="postgres"} 1');

    const half = await session('partial');
    await half.query('SELECT 1 FROM pg_class LIMIT 1');
    await expect.poll(() => get('/readyz'), SOON).toMatch(/^503 policies do not fit .* "partial"; see the log\n$/);
    expect(await get('/metrics')).toContain('pgveil_policies_bound{database="partial"} 0');
    expect(problems()).toEqual([expect.stringContaining('public.orders has no column note')]);
  });

  it('counts none but the listed ones where there are such', async () => {
    await start();
    const half = await session('partial');
    await half.query('SELECT 1 FROM pg_class LIMIT 1');
    expect(problems()).toEqual([expect.stringContaining('public.orders has no column note')]);
    expect(await get('/readyz')).toBe('200 ready\n');
    // Neither where the policy is changed.
    await write({ columns: BLANK_NAME });
    await expect.poll(reloads, SOON).toEqual({ ok: 1, error: 0, last: 1 });
  });
});

describe('the files of a configuration', () => {
  it('are looked at by name: a changed link, other rights and another time are changes too', async () => {
    const versions = [1, 2].map((n) => path.join(folder, `..v${n}`));
    for (const version of versions) {
      await mkdir(version);
      await writeFile(path.join(version, 'pgveil.yaml'), 'catalog: { user: u }\npolicies: {}\n');
    }
    // As in a volume of Kubernetes: the file is a link into a folder that is a link.
    await symlink('..v1', path.join(folder, '..data'));
    await symlink('..data/pgveil.yaml', file);
    const source = openConfigSource(file);
    const changed = async () => (await source.look()) !== source.lastRead();
    await source.read();
    expect(await changed()).toBe(false);

    await symlink('..v2', path.join(folder, '..data_tmp'));
    await rename(path.join(folder, '..data_tmp'), path.join(folder, '..data'));
    expect(await changed()).toBe(true);
    await source.read();
    expect(await changed()).toBe(false);
    await chmod(path.join(versions[1]!, 'pgveil.yaml'), 0o600);
    expect(await changed()).toBe(true);
    await source.read();
    await utimes(path.join(versions[1]!, 'pgveil.yaml'), 1, 1);
    expect(await changed()).toBe(true);
  });
});

it('keeps what only a start can change, and the password of the user that it keeps', () => {
  const read = (text: string) => parseConfig(`${text}\npolicies: {}\n`, 'x.yaml', (name) => Buffer.from(name));
  const started = read('catalog: { user: a, password_file: first }\nmetrics: {}');
  const other = read(`listen: { port: 1 }
upstream: { host: elsewhere }
catalog: { user: b, password_file: second, refresh_seconds: 9, databases: [x] }
limits: { drain_seconds: 0 }`);
  expect(keepFixed(started, other)).toEqual({
    config: { ...started, catalog: { ...started.catalog, databases: ['x'] }, limits: other.limits },
    needRestart: ['listen', 'upstream', 'metrics', 'catalog.user', 'catalog.refresh_seconds'],
  });
  const hosts = read(
    'upstream: { hosts: [{ host: a }, { host: b }], target_session_attrs: primary, connect_seconds: 9 }\ncatalog: { user: a, password_file: first }\nmetrics: {}',
  );
  expect(keepFixed(started, hosts)).toEqual({
    config: { ...started, upstream: { ...started.upstream, connectSeconds: 9 } },
    needRestart: ['upstream'],
  });
  const password = read('catalog: { user: a, password_file: second }\nmetrics: {}');
  expect(keepFixed(started, password)).toEqual({ config: password, needRestart: [] });
  const none = read('catalog: { user: a }\nmetrics: {}');
  expect(keepFixed(started, none)).toEqual({ config: none, needRestart: [] });
});

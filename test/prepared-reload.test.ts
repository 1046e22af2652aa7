/** Prepared statements while the policy changes under them: the next use runs under the new policy, by itself. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { type Gateway, startGateway } from '../src/gateway.js';
import {
  bind,
  close,
  describe as describeMessage,
  execute,
  parse,
  query,
  ready,
  sync,
  together,
} from './harness/messages.js';
import { type BackendMessage, connectRaw, errorFields, type RawClient, sqlStates } from './harness/raw-client.js';

const NAME = 'Erika Mustermann';
const NOTE = 'ring twice';
const COLUMNS = {
  name: 'buyer_name: { category: personal_name, mask: blank }',
  note: 'note: { category: gift_message, mask: blank }',
} as const;
type Masked = keyof typeof COLUMNS;

let server: EmbeddedPostgres;
let gateway: Gateway;
let masked: Masked | 'nothing';

function target(port: number) {
  return { host: '127.0.0.1', port, user: server.user, password: server.password, database: 'postgres' };
}

function configuration() {
  const columns = masked === 'nothing' ? 'other: { category: gift_message, mask: blank }' : COLUMNS[masked];
  const text = `listen: { host: 127.0.0.1, port: 6432 }
upstream: { host: 127.0.0.1, port: ${server.port} }
catalog: { user: ${server.user}, password_file: p, databases: [postgres] }
policies:
  amazon:
    redact_when: { table: public.orders, where: channel = 'amazon' }
    tables: { public.orders: { columns: { ${columns} } } }
`;
  const config = parseConfig(text, 'pgveil.yaml', () => Buffer.from(server.password));
  return { ...config, listen: { ...config.listen, port: 0 }, logLevel: 'error' as const };
}

async function mask(what: typeof masked): Promise<void> {
  masked = what;
  await gateway.reload();
}

beforeAll(async () => {
  server = await startEmbeddedPostgres();
  const admin = new pg.Client(target(server.port));
  await admin.connect();
  await admin.query(`
    CREATE TABLE orders (id int PRIMARY KEY, channel text NOT NULL, buyer_name text NOT NULL, note text NOT NULL, other text);
    INSERT INTO orders SELECT n, 'amazon', '${NAME}', '${NOTE}' FROM generate_series(1, 5) n;
    CREATE TABLE log (n int)`);
  await admin.end();
  masked = 'note';
  const source = { read: async () => configuration(), look: async () => '', lastRead: () => '' };
  gateway = await startGateway(configuration(), { source });
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

const clients: { end(): Promise<unknown> }[] = [];
beforeEach(() => mask('note'));
afterEach(() => Promise.all(clients.splice(0).map((client) => client.end())));

async function driver(): Promise<pg.Client> {
  const client = new pg.Client(target(gateway.address.port));
  await client.connect();
  clients.push(client);
  return client;
}

async function raw(): Promise<RawClient> {
  const client = await connectRaw(target(gateway.address.port));
  clients.push(client);
  return client;
}

const ORDER = 'SELECT buyer_name AS name, note FROM orders WHERE id = $1';
const seen = (what: Masked | 'nothing') => ({ name: what === 'name' ? '' : NAME, note: what === 'note' ? '' : NOTE });
const cells = (messages: readonly BackendMessage[]) =>
  messages
    .filter(({ type }) => type === 'D')
    .map(({ body }) => {
      const length = body.readInt32BE(2);
      return { name: body.toString('utf8', 6, 6 + length), note: body.toString('utf8', 10 + length) };
    });
const types = (messages: readonly BackendMessage[]) => messages.map(({ type }) => type).join('');

describe('a named statement of node-postgres', () => {
  it('follows the policy, back and forth', async () => {
    const client = await driver();
    const ask = async () => (await client.query({ name: 'order', text: ORDER, values: [3] })).rows;
    expect(await ask()).toEqual([seen('note')]);
    for (const what of ['name', 'nothing', 'note', 'nothing', 'name'] as const) {
      await mask(what);
      expect(await ask()).toEqual([seen(what)]);
      expect(await ask()).toEqual([seen(what)]);
    }
  });

  it('follows it in a transaction, whose work stays', async () => {
    const client = await driver();
    const ask = async () => (await client.query({ name: 'order', text: ORDER, values: [1] })).rows;
    await ask();
    await client.query('BEGIN');
    await client.query('INSERT INTO log VALUES (1)');
    await mask('name');
    expect(await ask()).toEqual([seen('name')]);
    await client.query('COMMIT');
    expect((await client.query('DELETE FROM log')).rowCount).toBe(1);
  });

  it('is refused where the new policy refuses it, and runs again where it does not', async () => {
    const client = await driver();
    const find = () =>
      client.query({ name: 'find', text: 'SELECT id FROM orders WHERE buyer_name = $1', values: ['nobody'] });
    expect((await find()).rows).toEqual([]);
    await mask('name');
    await expect(find()).rejects.toMatchObject({ code: '42501', position: '29' });
    await expect(find()).rejects.toMatchObject({ code: '42501' });
    await mask('note');
    expect((await find()).rows).toEqual([]);
  });
});

describe('messages', () => {
  it('the unnamed statement, with a parameter in binary form whose type the server had found', async () => {
    const client = await raw();
    await client.play([parse(ORDER), sync(), ready()]);
    await mask('name');
    const found = await client.play([
      bind([Buffer.from([0, 0, 0, 2])]),
      describeMessage('P'),
      execute(),
      sync(),
      ready(),
    ]);
    expect(types(found)).toBe('2TDCZ');
    expect(cells(found)).toEqual([seen('name')]);
  });

  it('Describe, Bind and SQL use what was made anew', async () => {
    const client = await raw();
    await client.play([parse(ORDER, 's', [23]), sync(), ready()]);
    await mask('name');
    expect(types(await client.play([describeMessage('S', 's'), sync(), ready()]))).toBe('tTZ');
    expect(cells(await client.play([query('EXECUTE s (4)'), ready()]))).toEqual([seen('name')]);
    await mask('note');
    expect(cells(await client.play([query('EXECUTE s (4)'), ready()]))).toEqual([seen('note')]);
    await client.play([close('S', 's'), sync(), ready()]);
    expect(sqlStates(await client.play([bind(['1'], { statement: 's' }), sync(), ready()]))).toEqual(['26000']);
  });

  it('in a pipeline, whose earlier work in the same segment stays', async () => {
    const client = await raw();
    await client.play([parse(ORDER, 's'), parse('INSERT INTO log VALUES (7)', 'i'), sync(), ready()]);
    await mask('name');
    const found = await client.play([
      together(
        bind([], { statement: 'i' }),
        execute(),
        bind(['5'], { statement: 's' }),
        execute(),
        bind([], { statement: 'i' }),
        execute(),
        sync(),
        query('DELETE FROM log'),
      ),
      ready(2),
    ]);
    expect(types(found)).toBe('2C2DC2CZCZ');
    expect(cells(found)).toEqual([seen('name')]);
    expect(
      found
        .filter(({ type }) => type === 'C')
        .at(-1)
        ?.body.toString(),
    ).toBe('DELETE 2\0');
  });

  it('a portal that was opened before is not run on under the old policy', async () => {
    const client = await raw();
    await client.play([query('BEGIN'), ready()]);
    const before = [
      parse('SELECT buyer_name AS name, note FROM orders ORDER BY id', 's'),
      bind([], { statement: 's', portal: 'p' }),
      execute('p', 2),
      sync(),
      ready(),
    ];
    expect(cells(await client.play(before))).toEqual([seen('note'), seen('note')]);
    await mask('name');
    expect(cells(await client.play([bind([], { statement: 's' }), execute('', 1), sync(), ready()]))).toEqual([
      seen('name'),
    ]);
    const stale = await client.play([execute('p', 2), sync(), ready()]);
    expect([cells(stale), sqlStates(stale)]).toEqual([[], ['0A000']]);
    await client.play([query('ROLLBACK'), ready()]);
  });

  it('in an aborted transaction the error is that of the server', async () => {
    const client = await raw();
    await client.play([parse(ORDER, 's'), sync(), ready()]);
    await client.play([query('BEGIN'), ready(), query('SELECT 1/0'), ready()]);
    await mask('name');
    expect(sqlStates(await client.play([bind(['1'], { statement: 's' }), execute(), sync(), ready()]))).toEqual([
      '25P02',
    ]);
    await client.play([query('ROLLBACK'), ready()]);
    expect(cells(await client.play([bind(['1'], { statement: 's' }), execute(), sync(), ready()]))).toEqual([
      seen('name'),
    ]);
  });

  it('a result that would have another type is the error that the server gives', async () => {
    const client = await raw();
    await client.play([parse('SELECT other, note FROM orders WHERE id = 1', 's'), sync(), ready()]);
    const admin = new pg.Client(target(server.port));
    await admin.connect();
    clients.push(admin);
    await admin.query('ALTER TABLE orders ALTER other TYPE varchar(20)');
    await mask('name');
    const failed = await client.play([bind([], { statement: 's' }), execute(), sync(), ready()]);
    expect(failed.filter(({ type }) => type === 'E').map((e) => errorFields(e).M)).toEqual([
      'cached plan must not change result type',
    ]);
    await admin.query('ALTER TABLE orders ALTER other TYPE text');
    expect(sqlStates(await client.play([bind([], { statement: 's' }), execute(), sync(), ready()]))).toEqual([]);
  });

  it('a statement of PREPARE is an error', async () => {
    const client = await raw();
    await client.play([query(`PREPARE s (int) AS ${ORDER}`), ready()]);
    await mask('name');
    for (const use of [
      [query('EXECUTE s (1)'), ready()],
      [bind(['1'], { statement: 's' }), execute(), sync(), ready()],
    ]) {
      const failed = await client.play(use);
      expect([cells(failed), sqlStates(failed)]).toEqual([[], ['0A000']]);
    }
  });
});

it('the old text never runs behind a reload, however many sessions use it meanwhile', async () => {
  const busy = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = await raw();
      await client.play([parse(ORDER, 's'), sync(), ready()]);
      return client;
    }),
  );
  const use = [bind(['1'], { statement: 's' }), execute(), sync()];
  const pipeline = [together(...use, parse(ORDER), bind(['2']), execute(), sync(), ...use), ready(3)];
  for (let round = 0; round < 12; round++) {
    const what = (['name', 'nothing', 'note'] as const)[round % 3]!;
    const under = busy.map((client) => client.play(pipeline));
    await mask(what);
    for (const result of await Promise.all(under)) {
      expect(sqlStates(result)).toEqual([]);
      expect(cells(result)).toHaveLength(3);
    }
    for (const result of await Promise.all(busy.map((client) => client.play(pipeline)))) {
      expect(cells(result)).toEqual([seen(what), seen(what), seen(what)]);
    }
  }
}, 60_000);

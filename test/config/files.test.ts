import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Column } from '../../src/catalog/snapshot.js';
import { type ConfigError, parseConfig, readConfig } from '../../src/config.js';
import { SHOP_TABLES } from '../../src/demo/shop-schema.js';
import { CATEGORIES, type Config } from '../../src/policy/config-types.js';
import { maskProblem } from '../../src/policy/masks.js';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const secret = (file: string): Uint8Array => (file.endsWith('.key') ? KEY : Buffer.from('hunter2\n'));

async function shipped(file: string): Promise<{ text: string; config: Config }> {
  const text = await readFile(file, 'utf8');
  return { text, config: parseConfig(text, file, secret) };
}

/** `orders.buyer_name` to its type and nullability, read from the demo's CREATE TABLE statements. */
function shopColumns(): ReadonlyMap<string, Column> {
  const columns = new Map<string, Column>();
  for (const [, table, body] of SHOP_TABLES.matchAll(/CREATE TABLE public\.(\w+) \(\n([\s\S]*?)\n\);/g)) {
    for (const line of body!.split('\n')) {
      const [, name, type] = /^\s+(\w+)\s+(\w+(?:\([\d,]+\))?)/.exec(line) ?? [];
      const typeSql = type!
        .replace('varchar', 'character varying')
        .replace(/^char\(/, 'character(')
        .replace('timestamptz', 'timestamp with time zone')
        .replace(/^int$/, 'integer');
      const notNull = /NOT NULL|PRIMARY KEY/.test(line);
      columns.set(`${table}.${name}`, { name: name!, typeSql, notNull } as Column);
    }
  }
  return columns;
}

describe.each(['config/pgveil.yaml', 'config/demo.yaml'])('%s', (file) => {
  it('is valid and protects the nine categories', async () => {
    const { config } = await shipped(file);
    expect(config.policies.map((p) => p.name)).toEqual(['amazon-30-days']);
    const columns = config.policies.flatMap((p) => p.tables).flatMap((t) => t.columns);
    expect(new Set(columns.map((c) => c.category))).toEqual(new Set(CATEGORIES));
  });

  it("has masks that fit the demo's columns", async () => {
    const shop = shopColumns();
    const { config } = await shipped(file);
    const tables = config.policies.flatMap((p) => p.tables);
    expect(tables.length).toBe(6);
    for (const { table, columns } of tables) {
      for (const column of columns) {
        const stored = shop.get(`${table.name}.${column.name}`);
        expect(stored, `${table.name}.${column.name}`).toBeDefined();
        expect(maskProblem(column, stored!), `${table.name}.${column.name}`).toBeUndefined();
      }
    }
  });

  it('names columns of the demo in belongs_to', async () => {
    const shop = shopColumns();
    const { config } = await shipped(file);
    for (const { table, belongsTo } of config.policies.flatMap((p) => p.tables)) {
      for (const { child, parent } of belongsTo?.on ?? []) {
        expect(shop.has(`${table.name}.${child}`)).toBe(true);
        expect(shop.has(`${belongsTo!.parent.name}.${parent}`)).toBe(true);
      }
    }
  });
});

it('the demo shows every mask', async () => {
  const { config } = await shipped('config/demo.yaml');
  const kinds = config.policies
    .flatMap((p) => p.tables)
    .flatMap((t) => t.columns)
    .map((c) => c.mask.kind);
  expect([...new Set(kinds)].sort()).toEqual(
    ['blank', 'constant', 'email_domain', 'keep', 'network', 'null', 'one_way', 'round', 'truncate'].sort(),
  );
});

it('the examples in the comments of pgveil.yaml are valid', async () => {
  const { text } = await shipped('config/pgveil.yaml');
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'pgveil' }]);
  const files = new Map([
    ['pgveil.crt', cert],
    ['pgveil.key', key],
    ['ca.crt', cert],
  ]);
  const config = parseConfig(text.replace(/^# (?= )/gm, ''), 'x.yaml', (file) => {
    const known = files.get(file);
    return known === undefined ? secret(file) : Buffer.from(known);
  });
  expect(config.listen.tls).toMatchObject({ required: true, clientCa: cert });
  expect(config.listen.proxyProtocol).toEqual({ from: [{ address: '10.0.0.0', prefix: 8 }], required: true });
  expect(config.upstream.tls).toMatchObject({ mode: 'verify-full', ca: cert });
  expect(config.policies.map((p) => p.name)).toEqual(['amazon-30-days', 'ebay-90-days', 'website-visits']);
  expect(config.policies[1]?.tables.map((t) => t.table.name)).toEqual(['orders', 'shipments', 'shipping_labels']);
});

describe('readConfig', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pgveil-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const write = async (name: string, content: string | Uint8Array): Promise<string> => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const failure = (file: string): Promise<string> =>
    readConfig(file).then(
      () => 'no error',
      (error: ConfigError) => error.message.replaceAll(folder, '…'),
    );

  it('reads key and password files beside the configuration file', async () => {
    await write('a.key', Buffer.from(KEY).toString('hex'));
    await write('catalog.password', 'pass word \r\n');
    const file = await write(
      'good.yaml',
      'catalog: { user: u, password_file: catalog.password }\none_way_keys: [{ id: a, file: a.key }]\npolicies: {}\n',
    );
    const config = await readConfig(file);
    expect(config.catalog.password).toBe('pass word ');
    expect(config.oneWayKeys).toEqual([{ id: 'a', secret: KEY }]);
  });

  it('takes absolute names as they are', async () => {
    const key = await write('b.key', KEY);
    const file = await write('b.yaml', `catalog: { user: u }\none_way_keys: [{ id: b, file: ${key} }]\npolicies: {}\n`);
    expect((await readConfig(file)).oneWayKeys).toEqual([{ id: 'b', secret: KEY }]);
  });

  it('tells the name of each file before it reads it, of missing ones too', async () => {
    const key = await write('h.key', KEY);
    const secrets = 'catalog: { user: u, password_file: no.password }\none_way_keys: [{ id: h, file: h.key }]\n';
    const file = await write('h.yaml', `${secrets}policies: {}\n`);
    const seen: string[] = [];
    await expect(readConfig(file, (name) => seen.push(name))).rejects.toThrow('no.password');
    expect(seen).toEqual([file, join(folder, 'no.password'), key]);
    await expect(readConfig(join(folder, 'none.yaml'), (name) => seen.push(name))).rejects.toThrow('no such file');
    expect(seen.at(-1)).toBe(join(folder, 'none.yaml'));
  });

  it.each([
    ['32 bytes', KEY],
    ['hex', Buffer.from(KEY).toString('hex').toUpperCase()],
    ['hex and a line break', `${Buffer.from(KEY).toString('hex')}\r\n`],
    ['base64', `${Buffer.from(KEY).toString('base64')}\n`],
    ['base64url', Buffer.from(KEY).toString('base64url')],
  ])('takes a key of %s', async (_, content) => {
    await write('c.key', content);
    const file = await write('c.yaml', 'catalog: { user: u }\none_way_keys: [{ id: c, file: c.key }]\npolicies: {}\n');
    expect((await readConfig(file)).oneWayKeys[0]?.secret).toEqual(KEY);
  });

  const make = '; make one with: openssl rand -hex 32 > FILE';
  const forms = 'a key is 32 bytes, 64 hex digits or base64 of 32 bytes';
  it.each([
    ['is short', 'secret-value', `holds 12 bytes that are no key: ${forms}${make}`],
    ['has a digit too many', `${'ab'.repeat(32)}c`, `holds 65 bytes that are no key: ${forms}${make}`],
    ['is empty', '', `holds 0 bytes that are no key: ${forms}${make}`],
    ['is a placeholder', '00'.repeat(32), `holds the same byte 32 times over, which is no secret${make}`],
    ['is large', 'x'.repeat(70_000), undefined],
  ])('refuses a key file that %s and shows none of it', async (_, content, message) => {
    await write('d.key', content);
    const file = await write('d.yaml', 'catalog: { user: u }\none_way_keys:\n- { id: d, file: d.key }\npolicies: {}\n');
    expect(await failure(file)).toBe(
      message === undefined
        ? `…/d.yaml:3:18 one_way_keys[0].file: cannot read "…/d.key": it has 70000 bytes, which is no key and no password${make}`
        : `…/d.yaml:3:18 one_way_keys[0].file: "…/d.key" ${message}`,
    );
  });

  it('names missing files and folders, each in one line', async () => {
    const file = await write(
      'e.yaml',
      'catalog: { user: u, password_file: no.password }\none_way_keys:\n- { id: d, file: . }\n- { id: e, file: no.key }\npolicies: {}\n',
    );
    expect((await failure(file)).split('\n')).toEqual([
      '…/e.yaml:1:36 catalog.password_file: cannot read "…/no.password": there is no such file',
      `…/e.yaml:3:18 one_way_keys[0].file: cannot read "…": it is a folder${make}`,
      `…/e.yaml:4:18 one_way_keys[1].file: cannot read "…/no.key": there is no such file${make}`,
    ]);
  });

  it.each([
    ['is empty', '\n', 'is empty'],
    ['has two lines', 'a\nb\n', 'holds several lines, or a NUL'],
    ['is not UTF-8', Uint8Array.of(0xff), 'is not UTF-8'],
  ])('refuses a password file that %s', async (_, content, message) => {
    await write('f.password', content);
    const file = await write('f.yaml', 'catalog: { user: u, password_file: f.password }\npolicies: {}\n');
    expect(await failure(file)).toBe(
      `…/f.yaml:1:36 catalog.password_file: "…/f.password" ${message}; the file holds the password alone, in one line of UTF-8`,
    );
  });

  it('says in one line that the configuration file itself cannot be read', async () => {
    expect(await failure(join(folder, 'none.yaml'))).toBe('…/none.yaml:1:1: cannot be read: there is no such file');
    expect(await failure(folder)).toBe('…:1:1: cannot be read: it is a folder');
    expect(await failure(await write('g.yaml', Uint8Array.of(0x61, 0xff)))).toBe('…/g.yaml:1:1: is not UTF-8');
  });
});

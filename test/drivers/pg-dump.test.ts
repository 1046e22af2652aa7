/** A dump through the gateway is a dump of the masked shop: complete, restorable, and the same whatever is stored. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import type { Target } from '../harness/raw-client.js';
import { SETTINGS, withClient } from '../harness/shop-server.js';
import { startInstalledPostgres } from './installed-postgres.js';
import { program, runClient } from './programs.js';

type Where = 'direct' | 'masked';

let a: ShopGateway;
let b: ShopGateway;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'pgveil-dumps-'));
  const now = new Date();
  const options = { plain: true, start: () => startInstalledPostgres(SETTINGS) };
  [a, b] = await Promise.all([startShopGateway('A', now, options), startShopGateway('B', now, options)]);
});

afterAll(async () => {
  await Promise.all([a?.stop(), b?.stop()]);
  await rm(directory, { recursive: true, force: true });
});

/** What a program that must succeed prints. */
async function output(name: 'pg_dump' | 'pg_dumpall' | 'pg_restore', args: readonly string[], target: Target) {
  const { status, stdout, stderr } = await runClient(program(name), args, target);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  // Newer versions guard the script by a key of its own for each run.
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

/** It locks sequences and tables of all schemas, which only their owner may. */
function dump(shop: ShopGateway, where: Where, args: readonly string[] = []): Promise<string> {
  return output('pg_dump', args, shop[where]('postgres'));
}

/** A new database of A's server, direct or through the gateway. */
async function createDatabase(name: string): Promise<Record<Where, Target>> {
  await withClient(a.direct('postgres'), (client) => client.query(`CREATE DATABASE ${name}`));
  return { direct: { ...a.direct('postgres'), database: name }, masked: { ...a.masked('postgres'), database: name } };
}

/** All rows, whatever order they are stored in. */
const rows = (script: string) => script.split('\n').sort();
const ROWS = ['--inserts', '--data-only'];

describe('pg_dump', () => {
  it.each([
    ['plain', []],
    ['data only, as INSERTs with columns', ['--data-only', '--column-inserts']],
    ['some tables, several rows for each INSERT', ['-t', 'orders', '-t', 'customers', '--rows-per-insert=50']],
    ['clean, without owners', ['--clean', '--if-exists', '--no-owner', '--no-privileges']],
  ] as const)('%s: the same for A and B', async (_name, args) => {
    const [ofA, ofB] = await Promise.all([dump(a, 'masked', args), dump(b, 'masked', args)]);
    expect(ofA).toBe(ofB);
    const [directA, directB] = await Promise.all([dump(a, 'direct', args), dump(b, 'direct', args)]);
    expect(directA).not.toBe(directB);
    expect(directA).toContain('Alan Archer');
    expect(ofA).not.toContain('Alan Archer');
    expect(ofA).toContain('Nina Neumann');
    expect(ofA).toContain('Edda Ebert');
  });

  it('is the same as without the gateway for what no policy names', async () => {
    for (const args of [['--schema-only'], ['-t', 'products', '-t', 'order_items']]) {
      expect(await dump(a, 'masked', args)).toBe(await dump(a, 'direct', args));
    }
  });

  it('restores', async () => {
    const script = await dump(a, 'masked');
    const { direct: target } = await createDatabase('restored');
    const { status, stderr } = await runClient(program('psql'), ['-X', '-q', '-v', 'ON_ERROR_STOP=1'], target, script);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const count = `SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM customers) AS customers,
                          (SELECT sum(total) FROM orders) AS total, (SELECT count(*) FROM survey_responses) AS answers`;
    const [stored, restored] = await Promise.all(
      [a.direct('postgres'), target].map((where) =>
        withClient(where, async (client) => (await client.query(count)).rows),
      ),
    );
    expect(restored).toEqual(stored);
  });

  it('is the same for the roles and settings of the whole server', async () => {
    const args = ['--globals-only'];
    const [masked, direct] = [a.masked('postgres'), a.direct('postgres')];
    expect(await output('pg_dumpall', args, masked)).toBe(await output('pg_dumpall', args, direct));
  });
});

describe('pg_restore', () => {
  it.each([
    ['custom', ['-Fc']],
    ['directory, by two jobs with one snapshot', ['-Fd', '-j', '2']],
  ])('restores a dump of the format %s', async (_name, args) => {
    const file = path.join(directory, args[0]!);
    await dump(a, 'masked', [...args, '-f', file]);
    const { direct } = await createDatabase(`restored${args[0]!.slice(1)}`.toLowerCase());
    await output('pg_restore', ['-j', '2', '-d', direct.database, file], direct);
    const restored = await output('pg_dump', ROWS, direct);
    expect(rows(restored)).toEqual(rows(await dump(a, 'masked', ROWS)));
  });

  it('copies rows in through the gateway, by two jobs, between the other sections', async () => {
    const file = path.join(directory, 'sections');
    await dump(a, 'masked', ['-Fd', '-j', '2', '-f', file]);
    const { direct, masked } = await createDatabase('sections');
    const restore = (target: Target, args: readonly string[]) =>
      output('pg_restore', [...args, '-d', target.database, file], target);
    // A policy holds where its tables have their keys, so these come before the rows, and what orders rows after them.
    const entries = (await output('pg_restore', ['-l', '--section=post-data', file], direct)).split('\n');
    const listed = async (name: string, keys: boolean) => {
      const list = path.join(directory, name);
      await writeFile(list, entries.filter((entry) => /(?<! FK) CONSTRAINT /.test(entry) === keys).join('\n'));
      return ['-L', list];
    };
    await restore(direct, ['--section=pre-data']);
    await restore(direct, await listed('keys', true));
    await restore(masked, ['--section=data', '-j', '2']);
    await restore(direct, await listed('others', false));
    expect(rows(await output('pg_dump', ROWS, direct))).toEqual(rows(await dump(a, 'masked', ROWS)));
  });

  it('restores whole through the gateway what no policy names', async () => {
    const file = path.join(directory, 'unprotected');
    const tables = ['-t', 'products', '-t', 'order_items'];
    await dump(a, 'masked', [...tables, '-Fc', '-f', file]);
    const { direct, masked } = await createDatabase('unprotected');
    const entries = (await output('pg_restore', ['-l', file], direct)).split('\n');
    const list = path.join(directory, 'unprotected.list');
    // The foreign key to orders, which is not in this dump.
    await writeFile(list, entries.filter((entry) => !entry.includes('order_id_fkey')).join('\n'));
    await output('pg_restore', ['-L', list, '-d', 'unprotected', file], masked);
    const restored = await output('pg_dump', ['-a', ...tables], direct);
    expect(restored).toBe(await dump(a, 'direct', ['-a', ...tables]));
  });

  it('is told that a table is closed while it lacks the key that its policy needs', async () => {
    const file = path.join(directory, 'keyless');
    await dump(a, 'masked', ['-Fc', '-t', 'orders', '-f', file]);
    const { direct, masked } = await createDatabase('keyless');
    await output('pg_restore', ['--section=pre-data', '-d', 'keyless', file], direct);
    const { status, stderr } = await runClient(
      program('pg_restore'),
      ['--section=data', '-d', 'keyless', file],
      masked,
    );
    expect(status).toBe(1);
    expect(stderr).toContain('ERROR:  table "public.orders" is closed: ');
  });
});

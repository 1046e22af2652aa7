/** A dump through the gateway is a dump of the masked shop: complete, restorable, and the same whatever is stored. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import { SETTINGS, withClient } from '../harness/shop-server.js';
import { startInstalledPostgres } from './installed-postgres.js';
import { program, runClient } from './programs.js';

type Where = 'direct' | 'masked';

let a: ShopGateway;
let b: ShopGateway;

beforeAll(async () => {
  const now = new Date();
  const options = { plain: true, start: () => startInstalledPostgres(SETTINGS) };
  [a, b] = await Promise.all([startShopGateway('A', now, options), startShopGateway('B', now, options)]);
});

afterAll(async () => {
  await Promise.all([a?.stop(), b?.stop()]);
});

async function dump(shop: ShopGateway, where: Where, args: readonly string[] = []): Promise<string> {
  // It locks sequences and tables of all schemas, which only their owner may.
  const { status, stdout, stderr } = await runClient(program('pg_dump'), args, shop[where]('postgres'));
  expect(stderr).toBe('');
  expect(status).toBe(0);
  // Newer versions guard the script by a key of its own for each run.
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

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
    const target = { ...a.direct('postgres'), database: 'restored' };
    await withClient(a.direct('postgres'), (client) => client.query('CREATE DATABASE restored'));
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
});

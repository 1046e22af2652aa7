import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSnapshot } from '../../src/catalog/introspection.js';
import { findColumn, findRelation } from '../../src/catalog/snapshot.js';
import { parseConfig } from '../../src/config.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { createShopRoles, loadShop } from '../../src/demo/shop.js';
import { isRedactedOrder, makeShop } from '../../src/demo/shop-data.js';
import { SECRET_COLUMNS } from '../../src/demo/shop-secrets.js';
import { maskSql } from '../../src/policy/masks.js';

const NOW = new Date();
const PASSWORD = 'let me in';

/** The rule of config/demo.yaml, in SQL, over the row `t`. */
const REDACTED_ORDER = (order: string): string =>
  `(${order}.channel = 'amazon' AND ${order}.shipped_at < now() - interval '30 days' AND ${order}.payment_terms <> 'credit')`;
const OF_ORDER = `coalesce((SELECT ${REDACTED_ORDER('o')} FROM orders o WHERE o.id = t.order_id), false)`;
const REDACTED: Readonly<Record<string, string>> = {
  customers: `coalesce((SELECT bool_or(coalesce(${REDACTED_ORDER('o')}, false)) FROM orders o WHERE o.customer_id = t.id), false)`,
  orders: `coalesce(${REDACTED_ORDER('t')}, false)`,
  order_addresses: OF_ORDER,
  payments: OF_ORDER,
  survey_responses: OF_ORDER,
  legacy_contacts: `t.imported_from = 'amazon' AND t.imported_on < current_date - 30`,
  products: 'false',
  order_items: 'false',
};

let server: EmbeddedPostgres;
const clients = new Map<string, pg.Client>();

async function connect(database: string, user = 'postgres', password = server.password): Promise<pg.Client> {
  const client = new pg.Client({ host: server.host, port: server.port, user, password, database });
  await client.connect();
  clients.set(`${user}@${database}`, client);
  return client;
}

async function makeDatabase(name: string, options: Parameters<typeof loadShop>[1]): Promise<pg.Client> {
  await clients.get('postgres@postgres')!.query(`CREATE DATABASE ${name}`);
  const client = await connect(name);
  await loadShop(client, options);
  return client;
}

beforeAll(async () => {
  server = await startEmbeddedPostgres();
  const admin = await connect('postgres');
  const passwords = { shop_app: PASSWORD, shop_report: PASSWORD, pgveil: PASSWORD, compliance: PASSWORD };
  await createShopRoles(admin, passwords);
  await createShopRoles(admin, passwords);
});

afterAll(async () => {
  await Promise.all([...clients.values()].map((client) => client.end()));
  await server?.stop();
});

describe('the generator', () => {
  it('makes the same shop twice, and the days alone follow now', () => {
    const [first, second] = [makeShop({ orders: 300, now: NOW }), makeShop({ orders: 300, now: NOW })];
    expect(second).toEqual(first);
    const later = makeShop({ orders: 300, now: new Date(NOW.getTime() + 86_400_000) });
    expect(later.orders[0]!.purchased_at).not.toBe(first.orders[0]!.purchased_at);
    const timeless = ({ orders }: typeof first): object[] =>
      orders.map(({ purchased_at, shipped_at, ...rest }) => ({ ...rest, shipped: shipped_at !== null }));
    expect(timeless(later)).toEqual(timeless(first));
  });

  it('leaves no order that becomes redacted within the hour', () => {
    const { orders } = makeShop({ orders: 20_000, now: NOW });
    const count = (minutes: number): number =>
      orders.filter((order) => isRedactedOrder(order, new Date(NOW.getTime() + minutes * 60_000))).length;
    expect([count(-59), count(59)]).toEqual([count(0), count(0)]);
    expect(count(6 * 60)).toBeGreaterThan(count(0));
  });
});

describe('a shop of 50,000 orders', () => {
  let client: pg.Client;
  let seconds: number;

  beforeAll(async () => {
    const start = performance.now();
    client = await makeDatabase('large', { now: NOW });
    seconds = (performance.now() - start) / 1000;
  });

  it('loads in seconds', () => {
    expect(seconds).toBeLessThan(60);
  });

  it('has four channels over 120 days, unshipped, exempt and redacted orders', async () => {
    const { rows } = await client.query<Record<string, number | string>>(`
      SELECT channel, count(*)::int AS orders, (count(*) FILTER (WHERE shipped_at IS NULL))::int AS unshipped,
        (count(*) FILTER (WHERE payment_terms = 'credit'))::int AS credit,
        (count(*) FILTER (WHERE ${REDACTED.orders}))::int AS redacted
      FROM orders t GROUP BY channel ORDER BY channel`);
    expect(rows).toEqual([
      { channel: 'amazon', orders: 22728, unshipped: 791, credit: 695, redacted: 15851 },
      { channel: 'ebay', orders: 12300, unshipped: 415, credit: 0, redacted: 0 },
      { channel: 'shopify', orders: 10976, unshipped: 405, credit: 0, redacted: 0 },
      { channel: 'trade', orders: 3996, unshipped: 137, credit: 3359, redacted: 0 },
    ]);
    const days = await client.query(`SELECT count(DISTINCT day)::int AS days FROM sales_report`);
    expect([120, 121]).toContain(days.rows[0].days);
  });

  it('has customers who ordered on several channels', async () => {
    const { rows } = await client.query(`SELECT count(*)::int AS many FROM (
      SELECT FROM orders GROUP BY customer_id HAVING count(DISTINCT channel) > 1) s`);
    expect(rows[0].many).toBeGreaterThan(5000);
  });

  it('reports all sales', async () => {
    const { rows } = await client.query(`SELECT sum(orders)::int AS orders,
      sum(revenue) = (SELECT sum(quantity * price) FROM order_items) AS adds_up FROM sales_report`);
    expect(rows).toEqual([{ orders: 50_000, adds_up: true }]);
  });
});

describe('a small shop', () => {
  let [a, b]: pg.Client[] = [];

  beforeAll(async () => {
    a = await makeDatabase('a', { orders: 500, now: NOW });
    b = await makeDatabase('b', { orders: 500, now: NOW, secret: 'B' });
  });

  it('has all nine kinds of personal data in redacted rows', async () => {
    const { rows } = await a!.query<Record<string, number>>(`
      WITH redacted AS (SELECT * FROM orders t WHERE ${REDACTED.orders})
      SELECT count(buyer_name)::int AS personal_name, count(ship_address1)::int AS address,
        count(buyer_email)::int AS email, count(buyer_phone)::int AS phone,
        (SELECT count(card_last4) + count(iban) FROM payments t WHERE ${OF_ORDER})::int AS payment,
        count(ip)::int AS ip_address, (count(geo_lat + geo_lon))::int AS geo_location,
        (SELECT count(answer) FROM survey_responses t WHERE ${OF_ORDER})::int AS survey_response,
        count(gift_message)::int AS gift_message
      FROM redacted`);
    const kinds = Object.entries(rows[0]!);
    expect(kinds).toHaveLength(9);
    for (const [kind, count] of kinds) expect({ kind, count: Math.min(count, 5) }).toEqual({ kind, count: 5 });
  });

  it.each(Object.keys(REDACTED))('%s: A and B differ in protected values of redacted rows alone', async (table) => {
    const key = table === 'products' ? 'sku' : 'id';
    const secrets: readonly string[] = (SECRET_COLUMNS as Readonly<Record<string, readonly string[]>>)[table] ?? [];
    const read = async (client: pg.Client): Promise<Record<string, unknown>[]> =>
      (
        await client.query(
          `SELECT ${REDACTED[table]} AS redacted, to_jsonb(t) AS "row" FROM ${table} t ORDER BY ${key}`,
        )
      ).rows;
    const [rowsA, rowsB] = [await read(a!), await read(b!)];
    const differing = new Set<string>();
    for (const [index, { redacted, row }] of rowsA.entries()) {
      const other = rowsB[index]!;
      expect(other.redacted).toBe(redacted);
      for (const [column, value] of Object.entries(row as object)) {
        const same = value === (other.row as Record<string, unknown>)[column];
        if (same) continue;
        expect({ table, column, redacted }).toEqual({ table, column, redacted: true });
        differing.add(column);
      }
    }
    expect(rowsB).toHaveLength(rowsA.length);
    expect([...differing].sort()).toEqual([...secrets].sort());
  });

  it('B differs in all that the masks of config/demo.yaml hide, and in nothing that they show', async () => {
    const file = path.join(import.meta.dirname, '../../config/demo.yaml');
    const config = parseConfig(readFileSync(file, 'utf8'), file, () => randomBytes(32));
    const snapshot = await readSnapshot(a!);
    const tables = config.policies.flatMap((policy) => policy.tables);
    expect(tables.map(({ table }) => table.name).sort()).toEqual(Object.keys(SECRET_COLUMNS).sort());
    for (const { table, columns } of tables) {
      const relation = findRelation(snapshot, table.schema, table.name)!;
      const hidden = columns.filter(({ mask }) => !(mask.kind === 'one_way' && mask.linkable));
      expect(hidden.map(({ name }) => name)).toEqual((SECRET_COLUMNS as Readonly<Record<string, object>>)[table.name]);
      const masks = hidden.map((column) => maskSql(column, findColumn(relation, column.name)!, `t.${column.name}`));
      const sql = `SELECT ${masks.join(', ')} FROM ${table.name} t WHERE ${REDACTED[table.name]} ORDER BY t.id`;
      const [ofA, ofB] = [await a!.query(sql), await b!.query(sql)];
      expect(ofA.rowCount).toBeGreaterThan(10);
      expect(ofB.rows).toEqual(ofA.rows);
    }
  });

  it('gives its roles the rights that they need and no others', async () => {
    const app = await connect('a', 'shop_app', PASSWORD);
    const inserted = await app.query(
      `INSERT INTO orders (order_ref, channel, buyer_name, ship_country, total) VALUES ('new', 'ebay', 'x', 'GB', 1) RETURNING id`,
    );
    expect(inserted.rows).toEqual([{ id: '501' }]);
    await app.query(`DELETE FROM orders WHERE id = 501`);
    await expect(app.query('CREATE TABLE public.mine (a int)')).rejects.toMatchObject({ code: '42501' });

    const report = await connect('a', 'shop_report', PASSWORD);
    expect((await report.query('SELECT FROM order_list')).rowCount).toBe(500);
    await expect(report.query('DELETE FROM orders')).rejects.toMatchObject({ code: '42501' });

    const catalog = await connect('a', 'pgveil', PASSWORD);
    await expect(catalog.query('SELECT FROM orders')).rejects.toMatchObject({ code: '42501' });
  });

  it('leaves nothing behind when it cannot be made', async () => {
    await clients.get('postgres@postgres')!.query('CREATE DATABASE taken');
    const client = await connect('taken');
    await client.query('CREATE VIEW public.sales_report AS SELECT 1 AS a');
    await expect(loadShop(client, { orders: 10 })).rejects.toMatchObject({ code: '42P07' });
    const { rows } = await client.query(`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`);
    expect(rows).toEqual([{ relname: 'sales_report' }]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFor } from './gateway.js';
import { type ShopServer, startShopServer, withClient } from './shop-server.js';

const REDACTED_ORDERS = `SELECT id FROM orders
  WHERE channel = 'amazon' AND shipped_at < now() - interval '30 days' AND payment_terms <> 'credit'`;

/** Which rows of a protected table are redacted. Written again, so that no mistake of the gateway is believed here. */
const REDACTED: Readonly<Record<string, string>> = {
  orders: `id IN (${REDACTED_ORDERS})`,
  order_addresses: `order_id IN (${REDACTED_ORDERS})`,
  payments: `order_id IN (${REDACTED_ORDERS})`,
  survey_responses: `order_id IN (${REDACTED_ORDERS})`,
  customers: `id IN (SELECT customer_id FROM orders WHERE id IN (${REDACTED_ORDERS}))`,
  legacy_contacts: "imported_from = 'amazon' AND imported_on < current_date - 30",
  visits: "channel = 'amazon' AND day < current_date - 30",
  profiles: 'old',
  fellows: 'old',
  cards: 'old',
  calls: 'day < current_date - 30',
  guests: 'old',
  members: `since < current_date - 30 OR id IN (SELECT member_id FROM blocked) AND id NOT IN (SELECT member_id FROM pardoned)`,
  orphans: `order_id IN (${REDACTED_ORDERS}) OR order_id NOT IN (SELECT id FROM orders)`,
  logged: 'old',
  wiped: 'old',
  watched_names: 'old',
  stays: 'old',
  secured: 'old',
  marked: 'old',
  ruled: 'old',
  memos: 'old',
  jobs: "old AND kind IS DISTINCT FROM 'kept'",
  jottings:
    "job_id IN (SELECT id FROM jobs WHERE old AND kind IS DISTINCT FROM 'kept') OR job_id NOT IN (SELECT id FROM jobs)",
  deals: "old AND kind = 'retail' AND ((terms = 'credit' AND length(note) > 3) OR terms = 'trade') IS NOT TRUE",
  consents: 'consent IS NULL',
  tenants: "tenant = 'AAAAAAAA-0000-0000-0000-000000000001'",
  ranks: 'rank = 9007199254740993',
  lodgers: `EXISTS (SELECT FROM ledger.moves m WHERE m.lodger_id = t.id)
    AND NOT EXISTS (SELECT FROM ledger.waivers w WHERE w.lodger_id = t.id)`,
  dispatched: "shipped < now() - interval '30 days'",
  signed: `"Made By" = 'ann'`,
  numbered: 'batch = 0',
  noted: 'old',
  tenures: "kind = 'amazon' AND since < now() - interval '30 days' AND waived IS DISTINCT FROM 'credit'",
  keepers: `id IN (SELECT keeper FROM tenures
    WHERE kind = 'amazon' AND since < now() - interval '30 days' AND waived IS DISTINCT FROM 'credit')`,
  hollow: 'gone IS NULL',
  'vault.papers': 'old',
  '"Ã©"': 'old',
  [`"${'ä'.repeat(31)}"`]: 'old',
};
/** Shows rows of orders under a policy of its own. */
const FOREIGN = 'far_orders';

let servers: readonly ShopServer[];

beforeAll(async () => {
  const now = new Date();
  servers = await Promise.all([startShopServer('A', now), startShopServer('B', now)]);
});

afterAll(async () => {
  await Promise.all(servers?.map((server) => server.stop()) ?? []);
});

const onBoth = (sql: string) =>
  Promise.all(
    servers.map((server) => withClient(server.direct('postgres'), async (client) => (await client.query(sql)).rows)),
  );

describe('two shops with other secrets', () => {
  it('have the same objects under the same OIDs', async () => {
    for (const catalog of ['pg_class', 'pg_proc', 'pg_type', 'pg_constraint', 'pg_statistic_ext']) {
      const [a, b] = await onBoth(`SELECT oid::int FROM ${catalog} ORDER BY 1`);
      expect(b, catalog).toEqual(a);
    }
  });

  it('have tables for every policy', () => {
    const tables = configFor(servers[0]!.direct()).policies.flatMap((policy) => policy.tables);
    expect(new Set(tables.map(nameOf))).toEqual(new Set([...Object.keys(REDACTED), FOREIGN]));
  });

  it.each(
    Object.entries(REDACTED),
  )('differ in %s only in protected columns of redacted rows', async (table, redacted) => {
    const { columns } = configFor(servers[0]!.direct())
      .policies.flatMap((policy) => policy.tables)
      .find((config) => nameOf(config) === table)!;
    // Generated from a protected one.
    const covered = [...columns.map(({ name }) => name), 'visitor_hash', 'loud'];
    const [a, b] = await onBoth(
      `SELECT (${redacted}) IS TRUE AS redacted, to_jsonb(t) AS row FROM ${table} t ORDER BY to_jsonb(t) -> 'id'`,
    );
    expect(b).toHaveLength(a!.length);
    const open = (row: { redacted: boolean; row: Record<string, unknown> }) =>
      Object.fromEntries(Object.entries(row.row).filter(([name]) => !(row.redacted && covered.includes(name))));
    expect(b!.map(open)).toEqual(a!.map(open));
    for (const { name } of columns) {
      const values = (rows: typeof a) => rows!.map(({ row }) => row[name]);
      if (linkable(columns, name)) expect(values(b), name).toEqual(values(a));
      else expect(values(b), name).not.toEqual(values(a));
    }
  });
});

/** As SQL writes it. */
function nameOf({ table: { schema, name } }: ReturnType<typeof configFor>['policies'][0]['tables'][0]): string {
  const quoted = /^[a-z_]+$/.test(name) ? name : `"${name}"`;
  return schema === 'public' ? quoted : `${schema}.${quoted}`;
}

/** Its tokens are made of the value, so that other values give other tokens. */
function linkable(columns: ReturnType<typeof configFor>['policies'][0]['tables'][0]['columns'], name: string): boolean {
  const mask = columns.find((column) => column.name === name)?.mask;
  return mask?.kind === 'one_way' && mask.linkable;
}

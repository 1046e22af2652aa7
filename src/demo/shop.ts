/** The sample shop as a database: schema, rows and roles. */
import type { Client } from 'pg';
import { type Cell, copyIn } from './copy-in.js';
import { makeShop } from './shop-data.js';
import type { Shop } from './shop-rows.js';
import {
  SEQUENCED,
  SHOP_CONSTRAINTS_AND_VIEWS,
  SHOP_GRANTS,
  SHOP_ROLES,
  SHOP_TABLES,
  type ShopRole,
} from './shop-schema.js';
import { withOtherSecrets } from './shop-secrets.js';

export interface ShopOptions {
  /** Default 50,000. 500 load in well under a second and have all nine kinds of personal data in redacted rows too. */
  readonly orders?: number;
  /** What the days count back from. Default: the present. */
  readonly now?: Date;
  /**
   * `B` gives a shop that differs from `A` (the default) only in the protected values of the rows that are redacted at
   * `now` and for the hour after it. Load both with the same `orders` and `now` to see whether a protected value gets
   * through config/demo.yaml. See shop-secrets.ts for the columns, and for what its masks show and therefore stays.
   */
  readonly secret?: 'A' | 'B';
  /** Called with each step. */
  readonly log?: (line: string) => void;
}

/** Where rows refer to other rows, these come first. */
const LOAD_ORDER = [
  'products',
  'customers',
  'orders',
  'order_items',
  'order_addresses',
  'payments',
  'survey_responses',
  'legacy_contacts',
] as const satisfies readonly (keyof Shop)[];

/**
 * Makes the shop in an empty database, in schema public, and grants its roles, which must exist, their rights.
 * @param client connected to the database as its owner or a superuser, in no transaction
 * @throws the server's error; nothing of the shop stays then
 */
export async function loadShop(client: Client, options: ShopOptions = {}): Promise<void> {
  const { orders = 50_000, now = new Date(), secret = 'A', log } = options;
  const made = makeShop({ orders, now });
  const shop = secret === 'B' ? withOtherSecrets(made, now) : made;
  await client.query('BEGIN');
  try {
    await client.query(SHOP_TABLES);
    for (const table of LOAD_ORDER) {
      log?.(`${table}: ${shop[table].length} rows`);
      await copyRows(client, table, shop[table]);
    }
    log?.('keys, indexes and views');
    await client.query(SHOP_CONSTRAINTS_AND_VIEWS);
    for (const table of SEQUENCED) {
      await client.query(
        `SELECT setval(pg_get_serial_sequence('public.${table}', 'id'), (SELECT max(id) FROM public.${table}))`,
      );
    }
    await client.query(SHOP_GRANTS);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  await client.query('ANALYZE');
}

/**
 * Makes the shop's roles in the cluster, each with LOGIN and the password; roles that exist stay as they are. shop_app
 * reads and writes all tables, shop_report and compliance read them, pgveil has no right to any.
 */
export async function createShopRoles(client: Client, passwords: Readonly<Record<ShopRole, string>>): Promise<void> {
  for (const role of SHOP_ROLES) {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (rowCount) continue;
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(passwords[role])}`);
  }
}

function copyRows(client: Client, table: string, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return Promise.resolve();
  return copyIn(client, `public.${table}`, columns, rows as readonly Readonly<Record<string, Cell>>[]);
}

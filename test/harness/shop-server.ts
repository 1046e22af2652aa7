/**
 * The sample shop on a server of its own, with what the attacks and the transparency scripts need besides.
 *
 * Two such servers with secrets A and B hold the same rows at the same places under the same OIDs, since both were made
 * by the same statements on a fresh cluster; they differ in the protected values of redacted rows and in nothing else.
 */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { createShopRoles, loadShop } from '../../src/demo/shop.js';
import { FIRST_NEW_OID, type Target } from './raw-client.js';

export type Secret = 'A' | 'B';
export type Role = 'shop_app' | 'shop_report' | 'postgres';

export interface ShopServer {
  readonly secret: Secret;
  /** The server itself, as that role. */
  direct(role?: Role): Target;
  /** The password of each of the shop's roles, the gateway's too. */
  readonly password: string;
  stop(): Promise<void>;
}

/** A server of any version with an empty cluster. */
export type RunningServer = EmbeddedPostgres;

const DATABASE = 'shop';
const ORDERS = 400;
/** Statistics, row places and transaction numbers are to follow from the statements alone. */
export const SETTINGS = {
  autovacuum: 'off',
  max_connections: '40',
  synchronize_seqscans: 'off',
  log_min_messages: 'log',
};

const KNOWN_ROWS = '../harness/known-rows.sql';
const ALL_FIXTURES = [
  KNOWN_ROWS,
  '../transparency/plain.sql',
  '../attacks/objects.sql',
  '../attacks/more-objects.sql',
  '../attacks/must-work-objects.sql',
];

/** `now` is what the shop's days count back from; give the servers of a pair the same. */
export async function startShopServer(
  secret: Secret,
  now: Date,
  /** `plain` leaves out what only attacks and transparency scripts need. `start` runs another server than the package's. */
  options: { readonly plain?: boolean; readonly start?: () => Promise<RunningServer> } = {},
): Promise<ShopServer> {
  const server = await (options.start?.() ?? startEmbeddedPostgres({ settings: SETTINGS }));
  try {
    await loadDatabase(server, secret, now, options.plain ? [KNOWN_ROWS] : ALL_FIXTURES);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const direct = (role: Role = 'shop_app') => ({
    host: server.host,
    port: server.port,
    user: role,
    password: server.password,
    database: DATABASE,
  });
  return { secret, direct, password: server.password, stop: server.stop };
}

async function loadDatabase(
  server: RunningServer,
  secret: Secret,
  now: Date,
  fixtures: readonly string[],
): Promise<void> {
  const { host, port, user, password } = server;
  await withClient({ host, port, user, password, database: 'postgres' }, async (client) => {
    // Logins are many; how costly a guess of a password is does not matter here.
    await client.query("SELECT set_config(name, '1', false) FROM pg_settings WHERE name = 'scram_iterations'");
    await createShopRoles(client, {
      shop_app: password,
      shop_report: password,
      pgveil: password,
      compliance: password,
    });
    await client.query(`CREATE DATABASE ${DATABASE}`);
  });
  await withClient({ host, port, user, password, database: DATABASE }, async (client) => {
    await loadShop(client, { orders: ORDERS, now, secret });
    await client.query(
      `SELECT set_config('test.secret', $1, false), set_config('test.now', $2, false), set_config('test.password', $3, false)`,
      [secret, now.toISOString(), password],
    );
    await client.query(skipOidsTo(18_000));
    for (const file of fixtures) {
      await client.query(await readFile(new URL(file, import.meta.url), 'utf8'));
    }
    await client.query('ANALYZE');
    await client.query(skipOidsTo(FIRST_NEW_OID));
  });
}

/** OIDs are used up by long values too, such as statistics of protected columns: after this, the next is the same again. */
function skipOidsTo(oid: number): string {
  return `DO $$
    DECLARE next oid;
    BEGIN
      LOOP
        next := lo_create(0);
        PERFORM lo_unlink(next);
        EXIT WHEN next >= ${oid};
      END LOOP;
      ASSERT next = ${oid}, 'the OIDs are beyond ${oid} already';
    END $$`;
}

/** Runs with a connected client and ends it. */
export async function withClient<T>(target: Target, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...target });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSnapshot } from '../../src/catalog/introspection.js';
import { findRelation, type Relation, type Snapshot } from '../../src/catalog/snapshot.js';
import { startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { compileGuard } from '../../src/policy/guard.js';
import { SqlParser } from '../../src/sql/parse.js';

let server: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
let client: pg.Client;
let parser: SqlParser;
let snapshot: Snapshot;
let orders: Relation;

beforeAll(async () => {
  server = await startEmbeddedPostgres();
  const { host, port, user, password } = server;
  client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  await client.query(`
    CREATE TABLE public.orders (id int, channel varchar(20), at timestamptz, local_at timestamp, day date);
    INSERT INTO public.orders
      SELECT n, (ARRAY['amazon', 'ebay'])[1 + n % 2], m, m AT TIME ZONE 'UTC', (m AT TIME ZONE 'UTC')::date
      FROM (SELECT n, now() - n * interval '6 hours' AS m FROM generate_series(0, 400) n) s;
    CREATE SCHEMA evil;
    CREATE FUNCTION evil.never(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE OPERATOR evil.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = evil.never);
    CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '1970-01-01'::timestamptz $$;
  `);
  snapshot = await readSnapshot(client);
  parser = await SqlParser.load(snapshot.serverVersion);
  orders = findRelation(snapshot, 'public', 'orders')!;
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

/** Ids of the rows for which a condition holds, under settings of the client's. */
async function holds(settings: string, condition: string): Promise<number[]> {
  await client.query('RESET ALL');
  await client.query(settings);
  const { rows } = await client.query<{ id: number }>(`SELECT t.id FROM public.orders t WHERE ${condition} ORDER BY 1`);
  return rows.map((row) => row.id);
}

describe('a guard in a session that wants to be rid of it', () => {
  const settings = [
    `SET search_path = evil, pg_catalog`,
    `SET TimeZone = 'XXX+167'`,
    `SET TimeZone = 'XXX-167'`,
    `SET DateStyle = 'SQL, DMY'`,
    `SET IntervalStyle = 'sql_standard'`,
  ];
  const conditions = [
    `channel = 'amazon'`,
    `channel in ('amazon', 'amazon-de')`,
    `at < now() - interval '30 days'`,
    `local_at < now() - interval '30 days'`,
    `day < current_date - 30`,
    `date_trunc('month', day) < date_trunc('month', now())`,
  ];

  it.each(
    conditions.flatMap((c) => settings.map((s) => [c, s] as const)),
  )('%s under %s', async (condition, setting) => {
    const guard = compileGuard(parser.parse(`SELECT ${condition}`)[0]!.node, orders, snapshot).toSql('t');
    const honest = await holds(`SET TimeZone = 'UTC'`, condition);
    expect(honest.length).toBeGreaterThan(0);
    expect(await holds(setting, guard)).toEqual(honest);
  });

  it.each([
    [conditions[0]!, settings[0]!],
    [conditions[3]!, settings[1]!],
    [conditions[4]!, settings[1]!],
  ])('as it was written, %s does change under %s', async (condition, setting) => {
    expect(await holds(setting, condition)).not.toEqual(await holds(`SET TimeZone = 'UTC'`, condition));
  });
});

/** Rows around the redacted ones: what deletes, clears or rewrites what guards read must be refused, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Planning, shopConfig, startPlanning } from './planning.js';

const SCHEMA = `
  -- Whose guard is a row of another table, which a region takes with it.
  CREATE TABLE regions (id int PRIMARY KEY, label text);
  CREATE TABLE shops (id int PRIMARY KEY, region_id int REFERENCES regions ON DELETE CASCADE, title text);
  CREATE TABLE sales (id int PRIMARY KEY, shop_id int REFERENCES shops ON DELETE CASCADE, person int, old boolean);
  CREATE TABLE persons (id int PRIMARY KEY, name text);
  -- Whose guard reads columns that other tables clear and rewrite.
  CREATE TABLE states (code text PRIMARY KEY, label text);
  CREATE TABLE families (id int PRIMARY KEY);
  CREATE TABLE zones (code text PRIMARY KEY, label text);
  CREATE TABLE kinds (
    name text PRIMARY KEY,
    state text UNIQUE REFERENCES states ON UPDATE CASCADE,
    family int REFERENCES families ON DELETE CASCADE,
    label text
  );
  CREATE TABLE tickets (
    id int PRIMARY KEY,
    kind text REFERENCES kinds ON DELETE SET NULL ON UPDATE CASCADE,
    state text REFERENCES kinds (state) ON UPDATE CASCADE,
    zone text REFERENCES zones ON DELETE SET DEFAULT,
    agent int,
    author text
  );
  CREATE TABLE kinds_more () INHERITS (kinds);
  -- Nothing of a guard hangs on these.
  CREATE TABLE agents (id int PRIMARY KEY, name text);
  ALTER TABLE tickets ADD FOREIGN KEY (agent) REFERENCES agents ON DELETE SET NULL ON UPDATE CASCADE;
  CREATE TABLE remarks (id int PRIMARY KEY, sale int REFERENCES sales ON DELETE CASCADE, remark text);
  GRANT ALL ON ALL TABLES IN SCHEMA public TO shop_app;`;

const POLICIES = `
  sold:
    redact_when: { table: public.sales, where: sales.old }
    tables:
      public.persons:
        belongs_to: { public.sales: id = person }
        columns: { name: { category: personal_name, mask: blank } }
  asked:
    tables:
      public.tickets:
        redacted_when: tickets.kind = 'amazon' AND tickets.state = 'closed' AND tickets.zone = 'eu'
        columns: { author: { category: personal_name, mask: blank } }
`;

let planning: Planning;
beforeAll(async () => {
  planning = await startPlanning({ config: shopConfig(POLICIES), orders: 10, sql: SCHEMA });
});
afterAll(() => planning.stop());

/** Message of the refusal, or nothing. */
function refusal(sql: string, user = 'shop_app'): string | undefined {
  const plan = planning.plan(sql, { user });
  if (plan.verdict !== 'refuse') return undefined;
  const { code, reason, message } = plan.refusal;
  return `${code} ${reason}: ${message}`;
}

const deletes = (table: string, shown: string): string =>
  `42501 write: cannot delete from "public.${table}": rows of "public.${shown}" are redacted because of it`;
const changes = (column: string, table: string, shown: string): string =>
  `42501 write: cannot change column "${column}" of "public.${table}": rows of "public.${shown}" are redacted because of it`;

it('has policies that fit the schema', () => {
  expect(planning.binding.problems).toEqual([]);
});

describe('what would show redacted rows is refused', () => {
  it.each([
    ['rows that others are redacted by', 'DELETE FROM sales WHERE id = 1', deletes('sales', 'persons')],
    ['rows that take these with them', 'DELETE FROM shops WHERE id = 1', deletes('shops', 'persons')],
    ['rows that take those with them', 'DELETE FROM regions', deletes('regions', 'persons')],
    ['the same in WITH', 'WITH d AS (DELETE FROM shops) SELECT 1', deletes('shops', 'persons')],
    ['the same in PREPARE', 'PREPARE p AS DELETE FROM shops', deletes('shops', 'persons')],
    ['the same in EXPLAIN ANALYZE', 'EXPLAIN ANALYZE DELETE FROM shops', deletes('shops', 'persons')],
    [
      'the same by MERGE',
      'MERGE INTO shops s USING agents a ON a.id = s.id WHEN MATCHED THEN DELETE',
      deletes('shops', 'persons'),
    ],
    ['the same behind another statement', 'SELECT 1; DELETE FROM public.shops', deletes('shops', 'persons')],
    ['TRUNCATE', 'TRUNCATE agents, sales CASCADE', deletes('sales', 'persons')],
    ['TRUNCATE of what these point at', 'TRUNCATE regions CASCADE', deletes('regions', 'persons')],
    ['a deletion that clears what a guard reads', "DELETE FROM kinds WHERE name = 'a'", deletes('kinds', 'tickets')],
    ['a deletion that sets it to its default', 'DELETE FROM zones', deletes('zones', 'tickets')],
    ['a deletion that deletes rows whose deletion clears it', 'DELETE FROM families', deletes('families', 'tickets')],
    [
      'a key that is rewritten where a guard reads it',
      "UPDATE kinds SET name = 'x'",
      changes('name', 'kinds', 'tickets'),
    ],
    ['the same among others', "UPDATE kinds SET label = 'y', name = 'x'", changes('name', 'kinds', 'tickets')],
    ['the same in a row', "UPDATE kinds SET (label, name) = ('y', 'x')", changes('name', 'kinds', 'tickets')],
    ['another key', "UPDATE kinds k SET state = 'x'", changes('state', 'kinds', 'tickets')],
    ['a key that rewrites a key that is rewritten', "UPDATE states SET code = 'x'", changes('code', 'states', 'kinds')],
    [
      'the same by ON CONFLICT',
      "INSERT INTO kinds VALUES ('a') ON CONFLICT (name) DO UPDATE SET name = 'x'",
      changes('name', 'kinds', 'tickets'),
    ],
    [
      'the same by MERGE',
      "MERGE INTO kinds k USING agents a ON a.name = k.name WHEN MATCHED THEN UPDATE SET name = 'x'",
      changes('name', 'kinds', 'tickets'),
    ],
  ])('%s: %s', (_, sql, message) => {
    expect(refusal(sql)).toBe(message);
  });
});

describe('what shows none is not', () => {
  it.each([
    'DELETE FROM agents WHERE id = 1',
    'UPDATE agents SET id = 2, name = 0',
    'DELETE FROM remarks',
    'TRUNCATE remarks',
    'TRUNCATE persons',
    'DELETE FROM persons',
    'DELETE FROM tickets',
    "UPDATE kinds SET label = 'x'",
    "UPDATE states SET label = 'x'",
    "UPDATE zones SET code = 'x'",
    'UPDATE families SET id = 1',
    'DELETE FROM states',
    'DELETE FROM kinds_more',
    'TRUNCATE kinds CASCADE',
    "UPDATE shops SET region_id = 2, title = 'x'",
    "INSERT INTO kinds (name) VALUES ('x')",
    "INSERT INTO kinds (name) VALUES ('x') ON CONFLICT (name) DO UPDATE SET label = 'x'",
    'DELETE FROM sales WHERE NOT old',
  ])('%s', (sql) => {
    expect(refusal(sql)).toBeUndefined();
  });
});

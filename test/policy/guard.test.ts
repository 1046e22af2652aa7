import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AttNum,
  type Column,
  createSnapshot,
  type Oid,
  type Relation,
  type Snapshot,
} from '../../src/catalog/snapshot.js';
import { compileGuard, type Guard, GuardError } from '../../src/policy/guard.js';
import { SqlParser } from '../../src/sql/parse.js';

const ORDERS = relation(1, 'orders', {
  id: 'bigint',
  channel: 'text',
  payment_terms: 'character varying(20)',
  shipped_at: 'timestamp with time zone',
  local_ship: 'timestamp without time zone',
  ship_date: 'date',
  grace: 'interval',
  vip: 'boolean',
  total: 'numeric(12,2)',
  price: 'money',
  mood: 'public.mood',
});
const HOLDS = relation(2, 'holds', { order_id: 'bigint', until: 'date', id: 'bigint' });
const SNAPSHOT: Snapshot = createSnapshot({
  serverVersion: 180_004,
  database: 'shop',
  relations: [ORDERS, HOLDS],
  routines: [],
  operators: [],
  casts: [],
  domainChecks: [],
  roles: [],
  builtinRoutines: new Set(),
  builtinSets: new Set(),
  digest: '',
  loadedAt: 0,
});

let parser: SqlParser;
beforeAll(async () => {
  parser = await SqlParser.load(180_004);
});

function guard(condition: string): Guard {
  return compileGuard(parser.parse(`SELECT ${condition}`)[0]!.node, ORDERS, SNAPSHOT);
}

describe('what a guard becomes', () => {
  it.each([
    ["channel = 'amazon'", `(t."channel") OPERATOR(pg_catalog.=) ('amazon')`],
    [
      "shipped_at < now() - interval '30 days'",
      `(pg_catalog.timezone('UTC', t."shipped_at")) OPERATOR(pg_catalog.<) ((pg_catalog.timezone('UTC', pg_catalog.now())) OPERATOR(pg_catalog.-) (INTERVAL '30 days'))`,
    ],
    [
      'ship_date < current_date - 30',
      `(t."ship_date") OPERATOR(pg_catalog.<) ((CAST(pg_catalog.timezone('UTC', pg_catalog.now()) AS pg_catalog.date)) OPERATOR(pg_catalog.-) (30))`,
    ],
    [
      "local_ship >= '2026-01-31'",
      `(t."local_ship") OPERATOR(pg_catalog.>=) (CAST('2026-01-31' AS pg_catalog."timestamp"))`,
    ],
    [
      "channel in ('amazon', 'amazon-de')",
      `((t."channel") OPERATOR(pg_catalog.=) ('amazon')) OR ((t."channel") OPERATOR(pg_catalog.=) ('amazon-de'))`,
    ],
    [
      "channel not in ('ebay', 'trade')",
      `((t."channel") OPERATOR(pg_catalog.<>) ('ebay')) AND ((t."channel") OPERATOR(pg_catalog.<>) ('trade'))`,
    ],
    [
      'total between 1 and 2.5',
      `((t."total") OPERATOR(pg_catalog.>=) (1)) AND ((t."total") OPERATOR(pg_catalog.<=) (2.5))`,
    ],
    [
      'vip is not true and shipped_at is null',
      `((t."vip") IS NOT TRUE) AND ((pg_catalog.timezone('UTC', t."shipped_at")) IS NULL)`,
    ],
    ["channel like 'amazon%'", `(t."channel") OPERATOR(pg_catalog.~~) ('amazon%')`],
    ["channel = 'a\\b'", `(t."channel") OPERATOR(pg_catalog.=) (E'a\\\\b')`],
    [
      "date_trunc('month', ship_date) < now()",
      `(pg_catalog."date_trunc"('month', CAST(t."ship_date" AS pg_catalog."timestamp"))) OPERATOR(pg_catalog.<) (pg_catalog.timezone('UTC', pg_catalog.now()))`,
    ],
    [
      'exists (select 1 from public.holds h where h.order_id = orders.id)',
      `EXISTS (SELECT FROM "public"."holds" AS "pgveil_1_h" WHERE ("pgveil_1_h"."order_id") OPERATOR(pg_catalog.=) (t."id"))`,
    ],
  ])('%s', (condition, sql) => {
    expect(guard(condition).toSql('t')).toBe(sql);
  });

  it('names the columns and other relations that it reads', () => {
    const { columns, relations } = guard(
      "channel = 'amazon' and exists (select from public.holds where holds.order_id = orders.id)",
    );
    expect([...columns].sort()).toEqual([1, 2]);
    expect([...relations.keys()]).toEqual([HOLDS]);
  });

  it.each([
    ['EXISTS (SELECT FROM public.holds h WHERE h.order_id = orders.id)', true, false],
    ['NOT EXISTS (SELECT FROM public.holds h WHERE h.order_id = orders.id)', false, true],
    ["channel = 'amazon' AND NOT (NOT EXISTS (SELECT FROM public.holds h WHERE h.order_id = orders.id))", true, false],
    ['EXISTS (SELECT FROM public.holds h WHERE NOT EXISTS (SELECT FROM public.holds))', true, true],
    ['COALESCE(EXISTS (SELECT FROM public.holds h), vip)', true, true],
  ])('%s needs rows: %s, needs that there are none: %s', (condition, needsRows, needsAbsence) => {
    expect(guard(condition).relations.get(HOLDS)).toMatchObject({ needsRows, needsAbsence });
  });

  it('takes the innermost meaning of an unqualified column, as the server does', () => {
    expect(guard('exists (select from public.holds where id = order_id)').toSql('t')).toContain(
      '("pgveil_1_holds"."id") OPERATOR(pg_catalog.=) ("pgveil_1_holds"."order_id")',
    );
  });

  it('puts any alias in as it is', () => {
    expect(guard('vip').toSql('"$&"."x"')).toBe('"$&"."x"."vip"');
  });

  it('gives text that the grammar reads back as one condition', () => {
    const atom = fc.constantFrom(
      "channel = 'amazon'",
      "shipped_at < now() - interval '30 days'",
      'vip',
      'total + 1 > 2 * total',
      "ship_date between '2026-01-01' and current_date",
      "lower(channel) in ('a', 'b')",
      'exists (select from public.holds where order_id = orders.id)',
    );
    const condition = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        atom,
        fc.tuple(tie('node'), fc.constantFrom('and', 'or'), tie('node')).map(([a, op, b]) => `(${a}) ${op} (${b})`),
        tie('node').map((a) => `not (${a})`),
        tie('node').map((a) => `coalesce(${a}, false)`),
      ),
    })).node;
    fc.assert(
      fc.property(condition, (text) => {
        const statements = parser.parse(`SELECT ${guard(text).toSql('t')}`);
        expect(statements).toHaveLength(1);
        // The names that follow search_path are gone: every operator and function is in pg_catalog.
        const tree = JSON.stringify(statements[0]!.node);
        expect(tree).not.toMatch(/"(name|funcname)":\[\{"String":\{"sval":"(?!pg_catalog")/);
      }),
    );
  });
});

describe('what cannot be a guard', () => {
  it.each([
    ['a second statement’s parts', 'vip from public.orders', 'must be one condition'],
    ['two conditions', 'vip, vip', 'must be one condition'],
    ['a name', 'vip as x', 'without a name'],
    ['a missing column', 'nosuch = 1', 'does not exist'],
    ['a column of another table', 'holds.until = current_date', 'does not exist'],
    ['a missing table', 'exists (select from public.nosuch)', 'does not exist'],
    ['a table without a schema', 'exists (select from holds)', 'without a schema'],
    ['a date that DateStyle can turn', "ship_date < '01/02/2026'", 'DateStyle'],
    ['a word for a date', "ship_date < 'today'", 'DateStyle'],
    ['a zone in a time', "shipped_at < '2026-01-01 00:00:00+14'", 'DateStyle'],
    ['an interval by IntervalStyle', "shipped_at < now() - interval '-1 2:00'", '30 days'],
    ['a cast to timestamptz', 'local_ship::timestamptz < now()', 'UTC'],
    ['text read as a date', 'channel::date < current_date', 'neither a date'],
    ['a date shown as text', "ship_date::text < '2026'", 'DateStyle'],
    ['a date glued to text', "channel || ship_date = 'x'", 'dates or times'],
    ['a date beside a number', 'ship_date > 5', 'date or time'],
    ['a time of another session setting', 'ship_date < now()::text', 'DateStyle'],
    ['the current role', "current_user = 'app'", 'follows the session'],
    ['a setting', "current_setting('app.x') = 'y'", 'cannot have'],
    ['a volatile function', 'random() < 0.5', 'cannot have'],
    ['the running clock', 'shipped_at < clock_timestamp()', 'cannot have'],
    ['a function of the schema', 'public.is_old(shipped_at)', 'cannot have'],
    ['an operator of the schema', "channel operator(public.=) 'amazon'", 'outside pg_catalog'],
    ['an operator found by search_path', 'channel is distinct from payment_terms', 'search_path'],
    ['a regular expression', "channel ~ 'a'", 'cannot have'],
    ['money, which follows lc_monetary', "price = '1.00'", 'money'],
    ['a type of the schema', "mood = 'happy'", 'public.mood'],
    ['a parameter', 'id = $1', 'ParamRef'],
    ['a scalar subquery', 'id = (select 1)', 'EXISTS'],
    ['a subquery with LIMIT', 'exists (select from public.holds limit 0)', 'limit'],
    ['an aggregate in EXISTS', 'exists (select count(*) from public.holds)', 'columns'],
    ['a join in EXISTS', 'exists (select from public.holds a join public.holds b on true)', 'tables in FROM'],
    ['minus before an interval', "shipped_at < now() + - interval '1 day'", 'minus'],
  ])('%s', (_, condition, message) => {
    expect(() => guard(condition)).toThrow(GuardError);
    expect(() => guard(condition)).toThrow(message);
  });
});

function relation(oid: number, name: string, columns: Record<string, string>): Relation {
  return {
    oid: oid as Oid,
    schema: 'public',
    name,
    kind: 'table',
    columns: Object.entries(columns).map(
      ([column, typeSql], i): Column => ({
        name: column,
        attnum: (i + 1) as AttNum,
        typeOid: 0 as Oid,
        typmod: -1,
        typeSql,
        notNull: false,
        generated: false,
        identityAlways: false,
        deterministic: true,
        readers: [],
        isEnum: false,
      }),
    ),
    uniqueKeys: [],
    arbiters: [],
    parents: [],
    securityInvoker: false,
    hasRules: false,
    triggerRoutines: [],
    opaqueTriggers: [],
    expressions: [],
    foreignKeys: [],
    policies: [],
    owner: 'postgres',
    schemaOwner: 'postgres',
    readers: ['postgres'],
    rowSecurity: false,
  };
}

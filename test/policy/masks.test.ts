import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttNum, Column, Oid } from '../../src/catalog/snapshot.js';
import { startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import type { MaskConfig } from '../../src/policy/config-types.js';
import { maskProblem, maskSql } from '../../src/policy/masks.js';

let server: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
let client: pg.Client;

beforeAll(async () => {
  server = await startEmbeddedPostgres();
  const { host, port, user, password } = server;
  client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  // Whoever sends the query may put these before everything built in.
  await client.query(`
    CREATE SCHEMA evil;
    CREATE DOMAIN evil.text AS pg_catalog.text;
    CREATE FUNCTION evil.length(pg_catalog.text) RETURNS int LANGUAGE sql AS 'SELECT 1000';
    CREATE FUNCTION evil.concat_raw(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT ''raw''';
    CREATE OPERATOR evil.|| (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = evil.concat_raw);
    CREATE FUNCTION evil.later(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR evil.> (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.later);
    SET search_path = evil, pg_catalog;
    SET TimeZone = 'XXX+167';
    SET DateStyle = 'ISO, DMY';
  `);
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

const KEEP: MaskConfig = { kind: 'keep', first: 1, last: 2, fill: '*' };
const EMAIL: MaskConfig = { kind: 'email_domain' };
const MONTH: MaskConfig = { kind: 'truncate', to: 'month' };
const YEAR: MaskConfig = { kind: 'truncate', to: 'year' };
const NETWORK: MaskConfig = { kind: 'network', v4: 24, v6: 48 };
const round = (digits: number): MaskConfig => ({ kind: 'round', digits });
const constant = (value: string): MaskConfig => ({ kind: 'constant', value });

describe('what PostgreSQL makes of a mask, in a session that redefines built-in names', () => {
  it.each<[MaskConfig, string, string | null, string | null, boolean?]>([
    [{ kind: 'blank' }, 'character varying(80)', 'Ada', ''],
    [{ kind: 'blank' }, 'text', null, ''],
    [{ kind: 'blank' }, 'text', null, null, true],
    [{ kind: 'one_way', linkable: false }, 'text', 'Ada', ''],
    [{ kind: 'null' }, 'inet', '10.0.0.1', null],
    [constant("it's \\ it"), 'text', 'Ada', "it's \\ it"],
    [constant('7'), 'integer', '99', '7'],
    [constant('1970-01-02'), 'date', '2020-02-02', '1970-01-02'],
    [KEEP, 'text', 'Ada Lovelace', 'A***ce'],
    [KEEP, 'text', '日本語文字列', '日***字列'.replace('字列', '字列')],
    [KEEP, 'text', 'Ada', '***'],
    [KEEP, 'text', '', '***'],
    [KEEP, 'text', null, '***'],
    [KEEP, 'character(8)', 'Ada', '***     '],
    [EMAIL, 'text', 'ada@example.com', '***@example.com'],
    [EMAIL, 'text', '"a@secret"@example.com', '***@example.com'],
    [EMAIL, 'text', 'no address', '***'],
    [EMAIL, 'text', null, '***'],
    [EMAIL, 'character varying(6)', 'a@b.de', '***@b.'],
    [MONTH, 'date', '2026-11-23', '2026-11-01', true],
    [YEAR, 'date', '2026-11-23', '2026-01-01', true],
    [MONTH, 'date', null, null, true],
    [MONTH, 'date', '5874897-12-31', '0001-01-01', true],
    [MONTH, 'date', '4713-01-01 BC', '0001-01-01', true],
    [YEAR, 'date', 'infinity', '0001-01-01', true],
    [MONTH, 'timestamp without time zone', '2026-11-23 10:11:12', '2026-11-01 00:00:00', true],
    [YEAR, 'timestamp without time zone', '4714-11-24 00:00:00 BC', '0001-01-01 00:00:00', true],
    [round(1), 'numeric(9,6)', '52.519999', '52.500000', true],
    [round(-1), 'numeric(3,0)', '999', '990', true],
    [round(-2), 'integer', '-2147483648', '-2147483600', true],
    [round(1), 'double precision', '13.4049', '13.4', true],
    [round(1), 'double precision', 'Infinity', '0', true],
    [round(1), 'double precision', 'NaN', '0', true],
    [round(1), 'real', '-3.4e38', '0', true],
    [round(1), 'point', '(13.4049,-52.52)', '(13.4,-52.5)', true],
    [NETWORK, 'inet', '192.0.2.77', '192.0.2.0/24', true],
    [NETWORK, 'inet', '192.0.2.77/8', '192.0.2.0/24', true],
    [NETWORK, 'inet', '2001:db8:1:2::3', '2001:db8:1::/48', true],
    [NETWORK, 'cidr', '192.0.2.0/30', '192.0.2.0/24', true],
    [NETWORK, 'inet', null, null, true],
  ])('%j of %s %j is %j', async (mask, typeSql, stored, shown, keepNull = false) => {
    const column = columnOf(typeSql);
    const config = configOf(mask, keepNull);
    expect(maskProblem(config, column)).toBeUndefined();
    const pinned = typeSql.replace(/^(text|date|inet|cidr|point)$/, 'pg_catalog.$1');
    const { rows } = await client.query<{ out: string | null; type: string }>(
      `SELECT CAST(m AS pg_catalog.text) AS out, pg_catalog.format_type(pg_catalog.pg_typeof(m), null) AS type
       FROM (SELECT ${maskSql(config, column, 't.v')} AS m FROM (SELECT CAST($1 AS ${pinned}) AS v) t) x`,
      [stored],
    );
    // A cast of char(n) to text drops the padding.
    expect(rows[0]!.out).toBe(shown?.trimEnd() ?? null);
    expect(rows[0]!.type.replace(/^pg_catalog\./, '')).toBe(typeSql.replace(/\(.*\)/, ''));
  });

  it('cuts a timestamptz in UTC, whatever TimeZone is', async () => {
    const mask = maskSql(configOf(MONTH, true), columnOf('timestamp with time zone'), 't.v');
    const { rows } = await client.query(
      `SELECT pg_catalog.date_part('epoch', ${mask}) AS epoch FROM (SELECT '2026-11-30 23:30:00+00'::timestamptz AS v) t`,
    );
    expect(rows[0]!.epoch).toBe(Date.UTC(2026, 10, 1) / 1000);
  });

  it('proves that the session does redefine them', async () => {
    const { rows } = await client.query(`SELECT length('abc'::pg_catalog.text) AS n, 1 > 2 AS later`);
    expect(rows[0]).toEqual({ n: 1000, later: true });
  });
});

describe('a mask that does not fit', () => {
  it.each<[MaskConfig, string, string]>([
    [{ kind: 'blank' }, 'integer', 'use null or constant'],
    [{ kind: 'one_way', linkable: false }, 'inet', 'it is for text'],
    [{ kind: 'one_way', linkable: false }, 'character varying(8)', 'the column holds 8'],
    [constant('too long'), 'character varying(3)', '8 characters long and the column holds 3'],
    [constant('x'), 'integer', 'whole number'],
    [constant('2026-02-30'), 'date', 'day from 1 to 28'],
    [constant('x'), 'uuid', 'use null'],
    [KEEP, 'character(5)', '6 characters long and the column holds 5'],
    [KEEP, 'bytea', 'it is for text'],
    [EMAIL, 'jsonb', 'it is for text'],
    [MONTH, 'text', 'dates and timestamps'],
    [MONTH, 'date', 'keep_null: true'],
    [round(1), 'text', 'numbers and points'],
    [NETWORK, 'text', 'inet and cidr'],
    [NETWORK, 'inet', 'keep_null: true'],
  ])('%j over %s', (mask, typeSql, message) => {
    const problem = maskProblem(configOf(mask, false), columnOf(typeSql));
    expect(problem).toContain(message);
    expect(problem).toContain(`mask ${mask.kind} does not fit column v of type ${typeSql}`);
  });

  it('null over NOT NULL', () => {
    const problem = maskProblem(configOf({ kind: 'null' }, false), { ...columnOf('text'), notNull: true });
    expect(problem).toBe('mask null does not fit column v of type text: the column is NOT NULL; use blank or constant');
  });
});

function columnOf(typeSql: string): Column {
  return {
    name: 'v',
    attnum: 1 as AttNum,
    typeOid: 0 as Oid,
    typmod: -1,
    typeSql,
    notNull: false,
    generated: false,
    identityAlways: false,
    deterministic: true,
    readers: [],
    isEnum: false,
  };
}

function configOf(mask: MaskConfig, keepNull: boolean) {
  const at = { file: 'test.yaml', line: 1, column: 1, path: '' };
  return { name: 'v', category: 'address' as const, mask, keepNull, at };
}

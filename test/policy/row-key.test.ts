import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Column } from '../../src/catalog/snapshot.js';
import type { ColumnConfig } from '../../src/policy/config-types.js';
import { digestSql, rowKeyColumns, rowKeyProblem, rowKeySql } from '../../src/policy/row-key.js';
import { type BoundSchema, startBound } from './binding.js';

const SCHEMA = `
  CREATE TABLE keyed (id bigint PRIMARY KEY, code text NOT NULL UNIQUE, v text);
  CREATE TABLE paired (a int, b text, v text, PRIMARY KEY (b, a));
  CREATE TABLE coded (id int, code varchar(9) NOT NULL UNIQUE, v text);
  CREATE TABLE loose (code text UNIQUE, v text);
  CREATE TABLE partial (code text NOT NULL, v text);
  CREATE UNIQUE INDEX ON partial (code) WHERE v IS NULL;
  CREATE TABLE moody (at interval PRIMARY KEY, v text);
  CREATE TABLE timed (at timestamptz, day date, local timestamp, price numeric, u uuid, flag boolean, c char(3), v text,
    PRIMARY KEY (at, day, local, price, u, flag, c));
`;

let schema: BoundSchema;
beforeAll(async () => {
  schema = await startBound(SCHEMA);
});
afterAll(() => schema.stop());

const keyOf = (table: string): readonly Column[] => rowKeyColumns(schema.relation(table));
const config: ColumnConfig = {
  name: 'v',
  category: 'email',
  mask: { kind: 'one_way', linkable: false },
  keepNull: false,
  at: { file: 'p.yaml', line: 1, column: 1, path: '' },
};

describe('the columns of a row key', () => {
  it.each([
    ['keyed', ['id']],
    ['paired', ['b', 'a']],
    ['coded', ['code']],
    ['loose', []],
    ['partial', []],
    ['moody', ['at']],
  ])('%s: %j', (table, names) => {
    expect(keyOf(table).map((column) => column.name)).toEqual(names);
  });

  it.each(['keyed', 'paired', 'coded', 'timed'])('tell the rows of %s apart', (table) => {
    expect(rowKeyProblem(config, schema.relation(table), keyOf(table))).toBeUndefined();
  });

  it.each([
    [
      'loose',
      'mask one_way does not fit column v: public.loose has no primary key and no unique key without NULLs that would tell its rows apart; add one, or use blank',
    ],
    [
      'moody',
      'mask one_way does not fit column v: public.moody has at of type interval in its key, whose text follows the session; use blank',
    ],
  ])('do not for %s', (table, message) => {
    expect(rowKeyProblem(config, schema.relation(table), keyOf(table))).toBe(message);
  });
});

/** The key's text of one row that is given as SQL. */
async function keyText(table: string, values: readonly string[]): Promise<string> {
  const columns = keyOf(table);
  const row = columns.map((column, i) => `${values[i]}::${column.typeSql} AS "${column.name}"`).join(', ');
  const { rows } = await schema.client.query({
    text: `SELECT ${rowKeySql(columns, 'r')} FROM (SELECT ${row}) r`,
    rowMode: 'array',
  });
  return rows[0]![0];
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

describe('the text of a row key', () => {
  it('is a number as it is, and a digest of anything else', async () => {
    expect(await keyText('keyed', ["'-9223372036854775808'"])).toBe('-9223372036854775808');
    expect(await keyText('coded', ["'a'"])).toMatch(/^[0-9a-f]{64}$/);
    expect(await keyText('paired', ["'a'", '1'])).toMatch(/^[0-9a-f]{64}$/);
  });

  it('differs for different rows, whatever stands in them', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', ',', "'", '\\', '"', ' ', 'E', '1', 'ü'), maxLength: 5 });
    const key = fc.tuple(text, fc.integer({ min: -12, max: 12 }));
    await fc.assert(
      fc.asyncProperty(key, key, async ([a, m], [b, n]) => {
        const [first, second] = [
          await keyText('paired', [literal(a), `${m}`]),
          await keyText('paired', [literal(b), `${n}`]),
        ];
        expect(first === second).toBe(a === b && m === n);
        expect(first).toMatch(/^[ -~]+$/);
        expect(first).not.toMatch(/[\\'",]/);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same whatever the session sets', async () => {
    const values = [
      "'2026-03-01 12:00:00.123456+00'",
      "'2026-03-01'",
      "'2026-03-01 12:00'",
      '1.50',
      "'0190d3a2-0000-7000-8000-000000000000'",
      'true',
      "'ab'",
    ];
    const columns = keyOf('timed');
    const row = columns.map((column, i) => `${values[i]}::${column.typeSql} AS "${column.name}"`).join(', ');
    await schema.client.query('BEGIN');
    // Values are read before the settings change: what is asked is how they are shown.
    await schema.client.query(`CREATE TEMP TABLE one ON COMMIT DROP AS SELECT ${row}`);
    const shown = async (settings: string): Promise<string> => {
      await schema.client.query(settings);
      const { rows } = await schema.client.query(`SELECT ${rowKeySql(columns, 'r')} AS k FROM one r`);
      return rows[0].k;
    };
    const plain = await shown("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'");
    expect(await shown("SET LOCAL TimeZone = 'Asia/Kathmandu'; SET LOCAL DateStyle = 'German, DMY'")).toBe(plain);
    expect(
      await shown(
        "SET LOCAL extra_float_digits = -15; SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL bytea_output = 'escape'",
      ),
    ).toBe(plain);
    expect(
      await shown(
        'SET LOCAL search_path = pg_temp; SET LOCAL quote_all_identifiers = on; SET LOCAL standard_conforming_strings = off',
      ),
    ).toBe(plain);
    await schema.client.query('ROLLBACK');
  });
});

describe('a digest', () => {
  it('is the SHA-256 of the text, and of NULL there is none', async () => {
    const text = `SELECT ${digestSql("'größe'")}, ${digestSql('NULL')}`;
    const { rows } = await schema.client.query({ text, rowMode: 'array' });
    expect(rows[0]).toEqual([createHash('sha256').update('größe').digest('hex'), null]);
  });
});

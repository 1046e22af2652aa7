/** Functions of the extensions that come with PostgreSQL: those in C are refused or not by the list in extensions.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isHarmlessOfExtension } from '../../src/sql/extensions.js';
import { deriveProtection } from '../../src/sql/protection.js';
import { type BoundSchema, startBound } from '../policy/binding.js';

const HARMLESS = [
  ...['autoinc', 'bloom', 'btree_gin', 'btree_gist', 'citext', 'cube', 'dict_int', 'dict_xsyn', 'earthdistance'],
  ...['fuzzystrmatch', 'hstore', 'insert_username', 'intagg', 'intarray', 'isn', 'ltree', 'moddatetime'],
  ...[
    'pg_buffercache',
    'pg_freespacemap',
    'pg_prewarm',
    'pgstattuple',
    'pg_stat_statements',
    'pg_trgm',
    'pgcrypto',
    'plpgsql',
    'seg',
  ],
  ...['sslinfo', 'tsm_system_rows', 'tsm_system_time', 'unaccent'],
];
const REFUSED = [
  ...['amcheck', 'dblink', 'file_fdw', 'lo', 'pageinspect', 'pg_logicalinspect', 'pg_surgery', 'pg_visibility'],
  ...['pg_walinspect', 'pgrowlocks', 'postgres_fdw', 'refint', 'tcn'],
];

let schema: BoundSchema;
let refused: ReadonlyMap<string, readonly string[]>;
beforeAll(async () => {
  const create = [...HARMLESS, ...REFUSED, 'tablefunc'].map(
    (name) => `CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE;`,
  );
  schema = await startBound(
    `CREATE TABLE orders (id bigint PRIMARY KEY, old boolean, buyer text); ${create.join('\n')}`,
  );
  const binding = schema.bind(
    '  p: { tables: { public.orders: { redacted_when: old, columns: { buyer: { category: email, mask: blank } } } } }',
  );
  const protection = deriveProtection(schema.snapshot, binding, schema.parser, new Set());
  const names = (extension: string): readonly string[] =>
    schema.snapshot.routines
      .filter((r) => r.extension === extension && protection.routine(r.oid))
      .map((r) => r.name)
      .sort();
  refused = new Map([...HARMLESS, ...REFUSED, 'tablefunc'].map((extension) => [extension, names(extension)]));
});
afterAll(() => schema.stop());

describe('functions of an extension', () => {
  it.each(HARMLESS)('%s are harmless', (extension) => {
    expect(refused.get(extension)).toEqual([]);
  });

  it.each(REFUSED)('%s are refused', (extension) => {
    const all = schema.snapshot.routines.filter((r) => r.extension === extension && r.language === 'c');
    expect(all).not.toEqual([]);
    expect(all.map((r) => r.name).sort()).toEqual(
      refused.get(extension)!.filter((name) => all.some((r) => r.name === name)),
    );
  });

  it('tablefunc are harmless but for those that run SQL', () => {
    expect([...new Set(refused.get('tablefunc'))]).toEqual([
      'connectby',
      'crosstab',
      'crosstab2',
      'crosstab3',
      'crosstab4',
    ]);
  });

  it('postgis are harmless where they are IMMUTABLE, and those of an extension that is not known are not', () => {
    const [routine] = schema.snapshot.routinesByName.get('similarity') ?? [];
    const as = (extension: string, volatility: 'immutable' | 'stable'): boolean =>
      isHarmlessOfExtension({ ...routine!, extension, volatility });
    expect(as('postgis', 'immutable')).toBe(true);
    expect(as('postgis', 'stable')).toBe(false);
    expect(as('toString', 'immutable')).toBe(false);
  });
});

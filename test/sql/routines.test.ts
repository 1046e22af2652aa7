import { describe, expect, it } from 'vitest';
import { createSnapshot, type Oid, type Routine, type Snapshot } from '../../src/catalog/snapshot.js';
import { builtinVerdict, changesEnvironment, createBodyJudge, judgeRoutines } from '../../src/sql/routines.js';

let oid = 20_000;
function routine(name: string, source: string, more: Partial<Routine> = {}): Routine {
  return {
    oid: oid++ as Oid,
    schema: 'public',
    name,
    kind: 'function',
    language: 'sql',
    source,
    signature: `public.${name}()`,
    returnsSet: false,
    supportRoutines: [],
    ...more,
  };
}

function snapshotOf(routines: readonly Routine[]): Snapshot {
  return createSnapshot({
    serverVersion: 180_004,
    database: 'shop',
    relations: [],
    routines,
    operators: [],
    casts: [],
    domainChecks: [],
    roles: [],
    builtinRoutines: new Set(),
    digest: '',
    loadedAt: 0,
  });
}

/** Reasons by name, of the routines that must not be called. */
function verdicts(
  routines: readonly Routine[],
  options: { readonly allowed?: readonly string[]; readonly defaults?: (sql: string) => string | undefined } = {},
): Readonly<Record<string, string>> {
  const snapshot = snapshotOf(routines);
  const judged = judgeRoutines(
    snapshot,
    new Set(['orders', 'Odd "Name"']),
    new Set(options.allowed),
    options.defaults ?? (() => undefined),
  );
  return Object.fromEntries([...judged].map(([id, verdict]) => [snapshot.routineByOid.get(id)!.name, verdict.reason]));
}

describe('a body', () => {
  const judge = createBodyJudge(['orders', 'Odd "Name"', 'größe']);
  const of = (source: string, language = 'sql'): string | undefined => judge.judge(language, source)?.reason;

  it.each([
    'SELECT buyer_name FROM orders',
    'SELECT buyer_name FROM ORDERS',
    'SELECT buyer_name FROM "public"."orders"',
    'SELECT 1 -- orders',
    "SELECT 'orders'::regclass",
    'SELECT o.x FROM public.orders o',
    'DECLARE r orders%ROWTYPE',
  ])('that has the name of a protected relation is not harmless: %s', (source) => {
    expect(of(source)?.toLowerCase()).toBe('its body names orders');
  });

  it.each([
    ['SELECT * FROM "Odd ""Name"""', 'its body names Odd ""Name""'],
    ['SELECT \'Odd "Name"\'', 'its body names Odd "Name"'],
    ['SELECT GRÖSSE, größe', 'its body names größe'],
    ['SELECT query_to_xml($1, true, true, $2)', 'its body names query_to_xml'],
    ["SELECT pg_read_file('x')", 'its body names pg_read_file'],
    ['SELECT 1 FROM U&"\\006Frders"', 'its body has names or strings with Unicode escapes'],
    ["SELECT u&'\\0061'", 'its body has names or strings with Unicode escapes'],
  ])('%s: %s', (source, reason) => {
    expect(of(source)).toBe(reason);
  });

  it.each([
    'SELECT 1',
    'SELECT my_orders, orders2, orders$ FROM x',
    'SELECT preorders',
    'SELECT "übergröße"',
    'SELECT execute',
  ])('without one is harmless: %s', (source) => {
    expect(of(source)).toBeUndefined();
  });

  it('of PL/pgSQL must not make SQL', () => {
    expect(of('BEGIN EXECUTE x; END', 'plpgsql')).toBe('its body runs SQL that it makes (EXECUTE)');
    expect(of('BEGIN RETURN QUERY execute x; END', 'plpgsql')).toBe('its body runs SQL that it makes (EXECUTE)');
    expect(of('BEGIN PERFORM executed(x); END', 'plpgsql')).toBeUndefined();
  });

  it('in another language is not read', () => {
    expect(of('pass', 'plpython3u')).toBe('it is written in plpython3u, which pgveil does not read');
  });

  it('is harmless where nothing is protected', () => {
    expect(createBodyJudge([]).judge('sql', 'SELECT 1 FROM orders')).toBeUndefined();
  });
});

describe("the database's routines", () => {
  it('are unsafe through those that they call, however many lie between', () => {
    const chain = [
      routine('d', 'SELECT c()'),
      routine('c', 'SELECT b()'),
      routine('b', 'SELECT a()'),
      routine('a', 'SELECT buyer_name FROM orders'),
      routine('e', 'SELECT 1'),
    ];
    expect(verdicts(chain)).toEqual({
      a: 'its body names orders',
      b: 'its body names a',
      c: 'its body names b',
      d: 'its body names c',
    });
  });

  it('are unsafe where they call each other and one is', () => {
    const pair = [routine('ping', 'SELECT pong()'), routine('pong', 'SELECT ping(), x FROM orders')];
    expect(Object.keys(verdicts(pair)).sort()).toEqual(['ping', 'pong']);
  });

  it('are unsafe as aggregates by what they are made of', () => {
    const step = routine('step', 'SELECT $1 || buyer_name FROM orders');
    const fine = routine('fine', 'SELECT $1');
    const names = routine('names', '', {
      kind: 'aggregate',
      language: 'internal',
      supportRoutines: [fine.oid, step.oid],
    });
    const last = routine('last', '', { kind: 'aggregate', language: 'internal', supportRoutines: [fine.oid] });
    expect(Object.keys(verdicts([step, fine, names, last])).sort()).toEqual(['names', 'step']);
  });

  it('are harmless in C of an extension that is known to read nothing', () => {
    const c = (name: string, extension?: string): Routine =>
      routine(name, name, { language: 'c', ...(extension ? { extension } : {}) });
    expect(verdicts([c('similarity', 'pg_trgm'), c('dblink', 'dblink'), c('own')])).toEqual({
      dblink: 'it is written in c, which pgveil does not read',
      own: 'it is written in c, which pgveil does not read',
    });
  });

  it('are judged by the default values of their arguments', () => {
    const f = routine('f', 'SELECT $1', { defaults: 'SELECT name_of(1)' });
    expect(verdicts([f], { defaults: (sql) => (sql.includes('name_of') ? 'calls name_of' : undefined) })).toEqual({
      f: 'a default value of it calls name_of',
    });
  });

  it('are let through by their signature, and so is what calls them', () => {
    const a = routine('a', 'SELECT buyer_name FROM orders', { signature: 'public.a(integer)' });
    const other = routine('a', 'SELECT buyer_name FROM orders', { signature: 'public.a(text)' });
    const b = routine('b', 'SELECT a(1)');
    expect(verdicts([a, b], { allowed: ['public.a(integer)'] })).toEqual({});
    expect(Object.keys(verdicts([a, other, b], { allowed: ['public.a(integer)'] })).sort()).toEqual(['a', 'b']);
  });
});

describe('built-in functions', () => {
  it.each([
    ['table_to_xml', 4, 'function'],
    ['ts_stat', 1, 'function'],
    ['ts_rewrite', 2, 'function'],
    ['pg_read_binary_file', 1, 'file'],
    ['pg_ls_dir', 1, 'file'],
    ['lo_export', 2, 'file'],
    ['pg_logical_slot_peek_changes', 3, 'file'],
  ])('%s is not harmless', (name, count, kind) => {
    expect(builtinVerdict(name, count)?.kind).toBe(kind);
  });

  it.each([
    ['lower', 1],
    ['ts_rewrite', 3],
    ['pg_sleep', 1],
    ['row_to_json', 1],
  ])('%s with %i arguments is', (name, count) => {
    expect(builtinVerdict(name, count)).toBeUndefined();
  });
});

describe('a routine that moves names', () => {
  it.each([
    "SELECT set_config('search_path', $1, false)",
    'BEGIN SET search_path = x; END',
    'BEGIN CREATE TEMP TABLE orders (); END',
    'BEGIN SET ROLE x; END',
    'BEGIN DISCARD ALL; END',
  ])('is known by its words: %s', (source) => {
    expect(changesEnvironment(routine('f', source))).toBe(true);
  });

  it.each([
    'SELECT 1',
    'SELECT dropped, created_at FROM x',
    'SELECT resetting',
  ])('is none without them: %s', (source) => {
    expect(changesEnvironment(routine('f', source))).toBe(false);
  });
});

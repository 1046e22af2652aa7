import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Routine } from '../../src/catalog/snapshot.js';
import { builtinVerdict } from '../../src/sql/builtins.js';
import { deriveProtection } from '../../src/sql/protection.js';
import { changesEnvironment } from '../../src/sql/routines.js';
import { type BoundSchema, startBound } from '../policy/binding.js';

/** Names say what is expected: `bad_` must not be called, `fine_` may. */
const SCHEMA = `
  CREATE TABLE orders (id bigint PRIMARY KEY, old boolean, buyer text);
  CREATE TABLE "Odd ""Name""" (id bigint PRIMARY KEY, old boolean, buyer text);
  CREATE TABLE größe (id bigint PRIMARY KEY, old boolean, buyer text);
  CREATE TABLE my_orders (id bigint, orders2 text);
  CREATE VIEW buyers AS SELECT buyer FROM orders;
  CREATE VIEW fine_view AS SELECT id FROM my_orders;

  CREATE FUNCTION bad_plain() RETURNS text LANGUAGE sql AS 'SELECT buyer FROM orders';
  CREATE FUNCTION bad_upper() RETURNS text LANGUAGE sql AS 'SELECT buyer FROM ORDERS';
  CREATE FUNCTION bad_quoted() RETURNS text LANGUAGE sql AS 'SELECT buyer FROM "public"."orders"';
  CREATE FUNCTION bad_odd() RETURNS text LANGUAGE sql AS 'SELECT buyer FROM "Odd ""Name"""';
  CREATE FUNCTION bad_letters() RETURNS text LANGUAGE sql AS 'SELECT buyer FROM größe';
  CREATE FUNCTION bad_view() RETURNS text LANGUAGE sql AS 'SELECT buyer FROM buyers';
  CREATE FUNCTION bad_sqlbody() RETURNS text LANGUAGE sql RETURN (SELECT buyer FROM orders LIMIT 1);
  CREATE FUNCTION bad_escapes() RETURNS text LANGUAGE sql AS 'SELECT buyer FROM U&"\\006Frders"';
  CREATE FUNCTION bad_rowtype() RETURNS text LANGUAGE plpgsql AS 'DECLARE r orders; BEGIN SELECT * INTO r FROM orders; RETURN r.buyer; END';
  CREATE FUNCTION bad_xml() RETURNS xml LANGUAGE sql AS $$ SELECT query_to_xml('SELECT 1', true, true, '') $$;
  CREATE FUNCTION bad_file() RETURNS text LANGUAGE sql AS $$ SELECT pg_read_file('x') $$;
  CREATE FUNCTION bad_execute(s text) RETURNS text LANGUAGE plpgsql AS 'DECLARE r text; BEGIN EXECUTE s INTO r; RETURN r; END';
  CREATE FUNCTION bad_internal(text) RETURNS int LANGUAGE internal STRICT IMMUTABLE AS 'textlen';
  CREATE FUNCTION bad_second() RETURNS text LANGUAGE sql AS 'SELECT bad_plain()';
  CREATE FUNCTION bad_third() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN upper(bad_second()); END';
  CREATE FUNCTION bad_ping(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN bad_pong(n); END';
  CREATE FUNCTION bad_pong(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM buyer FROM orders; RETURN bad_ping(n); END';
  CREATE FUNCTION bad_default(t text DEFAULT bad_plain()) RETURNS text LANGUAGE sql AS 'SELECT t';
  CREATE FUNCTION bad_step(text, bigint) RETURNS text LANGUAGE sql AS 'SELECT $1 || buyer FROM orders WHERE id = $2';
  CREATE AGGREGATE bad_aggregate(bigint) (SFUNC = bad_step, STYPE = text);
  CREATE PROCEDURE bad_procedure() LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', bad_plain(); END $$;

  CREATE FUNCTION fine_plain(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
  CREATE FUNCTION fine_likeness() RETURNS text LANGUAGE sql AS 'SELECT orders2 FROM my_orders';
  CREATE FUNCTION fine_view_reader() RETURNS bigint LANGUAGE sql AS 'SELECT id FROM fine_view';
  CREATE FUNCTION fine_plpgsql() RETURNS int LANGUAGE plpgsql AS 'DECLARE executed int := 1; BEGIN RETURN executed; END';
  CREATE FUNCTION fine_step(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $2';
  CREATE AGGREGATE fine_aggregate(int) (SFUNC = fine_step, STYPE = int);
  CREATE PROCEDURE fine_procedure() LANGUAGE plpgsql AS 'BEGIN NULL; END';
`;

const POLICY = ['orders', '"Odd ""Name"""', 'größe']
  .map((name) => `      'public.${name}': { redacted_when: old, columns: { buyer: { category: email, mask: blank } } }`)
  .join('\n');

let schema: BoundSchema;
beforeAll(async () => {
  schema = await startBound(SCHEMA);
});
afterAll(() => schema.stop());

/** Names of the routines that must not be called. */
function unsafe(allowed: readonly string[] = []): string[] {
  const binding = schema.bind(`  p:\n    tables:\n${POLICY}`);
  expect(binding.problems).toEqual([]);
  const protection = deriveProtection(schema.snapshot, binding, schema.parser, new Set(allowed));
  return schema.snapshot.routines.filter((r) => protection.routine(r.oid)).map((r) => r.name);
}

const named = (prefix: string): string[] =>
  schema.snapshot.routines.map((r) => r.name).filter((name) => name.startsWith(prefix));

describe("the database's routines", () => {
  it('are unsafe where they read a protected relation, by themselves or through others, or run what they are given', () => {
    const found = unsafe();
    expect(named('bad_').filter((name) => !found.includes(name))).toEqual([]);
    expect(named('bad_')).toHaveLength(21);
  });

  it('are harmless otherwise', () => {
    const found = unsafe();
    expect(named('fine_').filter((name) => found.includes(name))).toEqual([]);
    expect(named('fine_')).toHaveLength(7);
  });

  it('are let through by their signature, and so is what calls them', () => {
    const found = unsafe(['public.bad_plain()']);
    for (const name of ['bad_plain', 'bad_second', 'bad_third', 'bad_default', 'bad_procedure']) {
      expect(found).not.toContain(name);
    }
    expect(found).toContain('bad_upper');
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
  const moves = (source: string): boolean => changesEnvironment({ source } as Routine);

  it.each([
    "SELECT set_config('search_path', $1, false)",
    'BEGIN SET search_path = x; END',
    'BEGIN CREATE TEMP TABLE orders (); END',
    'BEGIN SET ROLE x; END',
    'BEGIN DISCARD ALL; END',
  ])('is known by its words: %s', (source) => {
    expect(moves(source)).toBe(true);
  });

  it.each([
    'SELECT 1',
    'SELECT dropped, created_at FROM x',
    'SELECT resetting',
  ])('is none without them: %s', (source) => {
    expect(moves(source)).toBe(false);
  });
});

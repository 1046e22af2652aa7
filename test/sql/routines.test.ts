import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Routine } from '../../src/catalog/snapshot.js';
import { builtinVerdict } from '../../src/sql/builtins.js';
import { mentionsOf } from '../../src/sql/mentions.js';
import type { Refusal } from '../../src/sql/plan-types.js';
import { deriveProtection } from '../../src/sql/protection.js';
import { RefusalError } from '../../src/sql/refuse.js';
import { assertRoutines } from '../../src/sql/routine-calls.js';
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
  CREATE FUNCTION fine_words() RETURNS text LANGUAGE sql AS $$ SELECT 'of orders' AS orders /* FROM orders -- */ -- EXECUTE
    FROM my_orders $$;
  CREATE FUNCTION fine_names(orders int) RETURNS int LANGUAGE plpgsql AS $$
    DECLARE buyers int := orders; /* EXECUTE 'TABLE orders' */
    BEGIN RAISE NOTICE 'orders: %; EXECUTE', buyers; RETURN fine_names.orders; END $$;
  CREATE FUNCTION fine_row(r orders) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE s orders%ROWTYPE; t orders.buyer%TYPE; u orders; BEGIN s := r; RETURN s.buyer || t; END $$;
  CREATE FUNCTION fine_sqlbody(a int DEFAULT 1) RETURNS int LANGUAGE sql
    BEGIN ATOMIC UPDATE my_orders SET id = a; SELECT count(*)::int FROM my_orders; END;
  CREATE FUNCTION fine_definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
    AS 'SELECT id FROM my_orders';
  CREATE FUNCTION fine_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF TG_OP = 'UPDATE' THEN NEW.orders2 := lower(NEW.orders2); END IF; RETURN NEW; END $$;
  CREATE TRIGGER fine BEFORE INSERT OR UPDATE ON my_orders FOR EACH ROW EXECUTE FUNCTION fine_trigger();
  CREATE FUNCTION fine_setting() RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.tenant', '1', true) $$;
  CREATE FUNCTION fine_temporary() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN CREATE TEMP TABLE IF NOT EXISTS work (id int DEFAULT abs(-1)) ON COMMIT DROP; CREATE INDEX ON work (lower('x'));
    ANALYZE work; TRUNCATE work; DROP TABLE work; END $$;
  CREATE FUNCTION fine_nested() RETURNS void LANGUAGE plpgsql AS $a$ BEGIN DO $b$ BEGIN PERFORM fine_plain(1); END $b$; END $a$;
  CREATE FUNCTION fine_pattern(t text) RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace(t, '\\D+', '\\\\', 'g') $$;

  CREATE FUNCTION over(int) RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text $$;
  CREATE FUNCTION over(bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer FROM orders WHERE id = $1';
  CREATE FUNCTION over(t text, n int DEFAULT 1) RETURNS text LANGUAGE sql AS 'SELECT buyer FROM orders WHERE id = n';

  CREATE FUNCTION bad_strings() RETURNS text LANGUAGE sql AS $$ SELECT 'x\\' $$;
  CREATE FUNCTION bad_reading() RETURNS text LANGUAGE sql AS $$ SELECT set_config('standard_' || 'conforming_strings', 'off', false) $$;
  CREATE FUNCTION bad_setting() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET LOCAL client_encoding = 'SJIS'; END $$;
  CREATE FUNCTION bad_settings() RETURNS void LANGUAGE sql AS $$ UPDATE pg_settings SET setting = 'off' WHERE name = 'x' $$;
  CREATE FUNCTION bad_made() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; END $$;
  CREATE FUNCTION bad_prepared() RETURNS void LANGUAGE sql AS 'EXECUTE p';
  CREATE FUNCTION bad_table() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE t (id int DEFAULT fine_plain(1)); END $$;
  CREATE FUNCTION bad_nested() RETURNS void LANGUAGE plpgsql AS $a$ BEGIN DO $b$ BEGIN PERFORM bad_plain(); END $b$; END $a$;
  CREATE FUNCTION bad_renaming() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER SCHEMA public RENAME TO x; END';
  CREATE FUNCTION bad_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := length(bad_plain()); RETURN NEW; END';
  CREATE TABLE triggered (id bigint);
  CREATE TRIGGER bad BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION bad_trigger();
  CREATE VIEW triggered_view AS SELECT * FROM triggered;
  CREATE FUNCTION bad_writer() RETURNS bigint LANGUAGE sql AS 'INSERT INTO triggered VALUES (1) RETURNING id';
  CREATE FUNCTION bad_view_writer() RETURNS bigint LANGUAGE sql AS 'INSERT INTO triggered_view VALUES (1) RETURNING id';
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
  const protection = protect(allowed);
  return schema.snapshot.routines.filter((r) => protection.routine(r.oid)).map((r) => r.name);
}

function protect(allowed: readonly string[] = []) {
  const binding = schema.bind(`  p:\n    tables:\n${POLICY}`);
  expect(binding.problems).toEqual([]);
  return deriveProtection(schema.snapshot, binding, schema.parser, new Set(allowed));
}

const named = (prefix: string): string[] =>
  schema.snapshot.routines.map((r) => r.name).filter((name) => name.startsWith(prefix));

describe("the database's routines", () => {
  it('are unsafe where they read a protected relation, by themselves or through others, or run what they are given', () => {
    const found = unsafe();
    expect(named('bad_').filter((name) => !found.includes(name))).toEqual([]);
    expect(named('bad_')).toHaveLength(33);
  });

  it('are harmless otherwise', () => {
    const found = unsafe();
    expect(named('fine_').filter((name) => found.includes(name))).toEqual([]);
    expect(named('fine_')).toHaveLength(17);
  });

  it('are let through by their signature, and so is what calls them', () => {
    const found = unsafe(['public.bad_plain()']);
    for (const name of ['bad_plain', 'bad_second', 'bad_third', 'bad_default', 'bad_procedure']) {
      expect(found).not.toContain(name);
    }
    expect(found).toContain('bad_upper');
  });
});

describe('a verdict', () => {
  it.each([
    ['bad_plain', 'reads public.orders (buyer)'],
    ['bad_view', 'reads public.buyers'],
    ['bad_third', 'calls public.bad_second(), which calls public.bad_plain(), which reads public.orders (buyer)'],
    ['bad_default', 'has a default value that calls public.bad_plain(), which reads public.orders (buyer)'],
    ['bad_aggregate', 'is made of public.bad_step(text,bigint), which reads public.orders (buyer)'],
    ['bad_execute', 'runs SQL that it makes up (EXECUTE)'],
    ['bad_internal', 'is written in internal, which pgveil does not read'],
    ['bad_xml', 'calls query_to_xml, which runs SQL, or reads a table, that it is given'],
    ['bad_strings', 'cannot be analysed: where a string of it ends depends on standard_conforming_strings'],
    ['bad_reading', 'may change how the server reads SQL (standard_conforming_strings or client_encoding)'],
    ['bad_made', 'runs a statement that pgveil does not follow in a body (CreateFunction)'],
    ['bad_table', 'makes a table or an index with a function that is not built in'],
    [
      'bad_writer',
      'writes to public.triggered, whose trigger runs public.bad_trigger(), which calls public.bad_plain(), ' +
        'which reads public.orders (buyer)',
    ],
  ])('on %s says that it %s', (name, reason) => {
    const protection = protect();
    const [routine] = schema.snapshot.routinesByName.get(name) ?? [];
    expect(protection.routine(routine!.oid)).toEqual({ kind: 'function', reason });
  });
});

describe('a call', () => {
  /** How the call is refused. */
  const refusedAs = (sql: string): Partial<Refusal> | undefined => {
    const mentions = mentionsOf(schema.parser.parse(sql).map((statement) => statement.node));
    try {
      assertRoutines(mentions, protect().judge, (location) => location);
    } catch (error) {
      if (error instanceof RefusalError) return error.refusal;
      throw error;
    }
    return undefined;
  };

  it('is refused with the line of the configuration that allows it', () => {
    expect(refusedAs('SELECT bad_second()')).toMatchObject({
      message:
        'function public.bad_second() is not allowed: it calls public.bad_plain(), which reads public.orders (buyer)',
      hint: "The operator of pgveil can allow it, having read it: functions: { allow: ['public.bad_second()'] }",
    });
    expect(refusedAs("SELECT pg_read_file('x')")).toMatchObject({
      message: "function pg_read_file is not allowed: it reaches the server's files or its log of changes",
      hint: "The operator of pgveil can allow it, having read it: functions: { allow: ['pg_catalog.pg_read_file()'] }",
    });
  });

  it('names every overload that it can mean', () => {
    expect(refusedAs('SELECT over($1)')).toMatchObject({
      message:
        'functions public.over(bigint) and public.over(text,integer) are not allowed: the first reads public.orders (buyer)',
      hint:
        'The operator of pgveil can allow it, having read it: ' +
        "functions: { allow: ['public.over(bigint)', 'public.over(text,integer)'] }",
    });
  });

  it.each([
    ['over(1)', undefined],
    ['over(1::int)', undefined],
    ['public.over(-1)', undefined],
    ['over(1, 2, 3)', undefined],
    ['over(1::bigint)', 'bigint'],
    ['over(4000000000)', 'bigint'],
    ["over('x', 1)", 'text,integer'],
    ["over('x', c => 1)", undefined],
    ["over(t => 'x', n => 1)", 'text,integer'],
    ['over(VARIADIC $1)', 'bigint'],
    ['over(1.5)', 'bigint'],
    ['other.over(1)', undefined],
  ])('%s is judged by what it can mean', (call, signature) => {
    const { message } = refusedAs(`SELECT ${call}`) ?? {};
    if (signature === undefined) expect(message).toBeUndefined();
    else expect(message).toContain(`public.over(${signature})`);
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

import { describe, expect, it } from 'vitest';
import { NotUnderstood, readPlpgsql } from '../../src/sql/plpgsql.js';

/** What a block with these statements runs. */
const statements = (body: string, declare = ''): readonly string[] =>
  readPlpgsql(`${declare && `DECLARE ${declare}`} BEGIN ${body} END`).statements;

describe('a statement of PL/pgSQL', () => {
  it.each([
    ['a := b + 1;', ['SELECT a', 'SELECT b + 1']],
    ['a = f(1);', ['SELECT a', 'SELECT f(1)']],
    ['a[f(1)].b := -1;', ['SELECT a[f(1)].b', 'SELECT -1']],
    ['a := b FROM c WHERE d;', ['SELECT a', 'SELECT b FROM c WHERE d']],
    ['return := 1;', ['SELECT return', 'SELECT 1']],
    [
      'IF a THEN b; ELSIF c THEN NULL; ELSEIF d THEN NULL; ELSE e; END IF;',
      ['SELECT a', 'b', 'SELECT c', 'SELECT d', 'e'],
    ],
    ['IF (CASE WHEN a THEN b END) THEN NULL; END IF;', ['SELECT (CASE WHEN a THEN b END)']],
    ['CASE WHEN a THEN b; ELSE c; END CASE;', ['SELECT a', 'b', 'c']],
    ['CASE a WHEN 1, b THEN NULL; END CASE;', ['SELECT (a) IN (1, b)']],
    ['LOOP EXIT WHEN a; CONTINUE; EXIT l WHEN b; END LOOP;', ['SELECT a', 'SELECT b']],
    ['<<l>> WHILE a LOOP NULL; END LOOP l;', ['SELECT a']],
    ['FOR i IN 1..10 LOOP NULL; END LOOP;', ['SELECT 1', 'SELECT 10']],
    ['FOR i IN REVERSE a..f(b) BY c LOOP NULL; END LOOP;', ['SELECT a', 'SELECT f(b)', 'SELECT c']],
    ['FOR r IN SELECT 1 FROM a LOOP NULL; END LOOP;', ['SELECT 1 FROM a']],
    ['FOR a, b.c IN (SELECT 1, 2) LOOP NULL; END LOOP;', ['(SELECT 1, 2)']],
    ['FOR r IN cur LOOP NULL; END LOOP;', ['SELECT cur']],
    ['FOR r IN cur(a := f(1)) LOOP NULL; END LOOP;', ['SELECT cur(a := f(1))']],
    ['FOREACH x SLICE 1 IN ARRAY a LOOP NULL; END LOOP;', ['SELECT a']],
    ['RETURN;', []],
    ['RETURN a;', ['SELECT a']],
    ['RETURN NEXT a;', ['SELECT a']],
    ['RETURN QUERY SELECT 1 FROM a;', ['SELECT 1 FROM a']],
    ["RETURN query || 'x';", ["SELECT query || 'x'"]],
    ["RAISE NOTICE 'a % %', b, f(c) USING HINT = d, DETAIL := e;", ['SELECT b', 'SELECT f(c)', 'SELECT d', 'SELECT e']],
    ["RAISE EXCEPTION 'a' 'b';", []],
    ['RAISE unique_violation USING MESSAGE = a;', ['SELECT a']],
    ["RAISE SQLSTATE '22012';", []],
    ['RAISE;', []],
    ['ASSERT a, b;', ['SELECT a, b']],
    ['PERFORM f(1) FROM a;', ['SELECT f(1) FROM a']],
    ['CALL p(a);', ['CALL p(a)']],
    ['GET STACKED DIAGNOSTICS a = MESSAGE_TEXT, b := ROW_COUNT;', []],
    ['OPEN c;', []],
    ['OPEN c(1, b := 2);', ['SELECT pg_catalog.concat(1, b := 2)']],
    ['OPEN c NO SCROLL FOR SELECT 1 FROM a;', ['SELECT 1 FROM a']],
    ['FETCH NEXT FROM c INTO a, b.c;', []],
    ['FETCH c INTO a;', []],
    ['FETCH RELATIVE f(1) IN c INTO a;', ['SELECT f(1)']],
    ['MOVE LAST FROM c; CLOSE c; NULL; COMMIT; ROLLBACK AND NO CHAIN;', []],
    ['SELECT a INTO STRICT b, c.d FROM e;', ['SELECT a  FROM e']],
    ['SELECT INTO b a FROM c;', ['SELECT  a FROM c']],
    ['INSERT INTO a VALUES (1) RETURNING b INTO c;', ['INSERT INTO a VALUES (1) RETURNING b  ']],
    [
      'WITH x AS (INSERT INTO a VALUES (1) RETURNING b) SELECT b INTO c FROM x;',
      ['WITH x AS (INSERT INTO a VALUES (1) RETURNING b) SELECT b  FROM x'],
    ],
    ["BEGIN a; EXCEPTION WHEN x OR SQLSTATE '22012' THEN b; WHEN OTHERS THEN NULL; END;", ['a', 'b']],
    ['SELECT \';\', $$ ; END $$, "end;";', ['SELECT \';\', $$ ; END $$, "end;"']],
  ])('%s', (body, expected) => {
    expect(statements(body)).toEqual(expected);
  });

  it.each([
    ["EXECUTE 'x';"],
    ["EXECUTE 'x' INTO a USING b;"],
    ["FOR r IN EXECUTE 'x' LOOP NULL; END LOOP;"],
    ["OPEN c FOR EXECUTE 'x';"],
    ["RETURN QUERY EXECUTE 'x';"],
    ['IF a THEN BEGIN LOOP EXECUTE b; END LOOP; END; END IF;'],
  ])('%s runs SQL that it makes up', (body) => {
    expect(readPlpgsql(`BEGIN ${body} END`).dynamic).toBe(true);
  });

  it.each([
    ['SELECT 1'],
    ['IF a THEN b; END LOOP;'],
    ['a := ;'],
    ['SELECT (1;);'],
    ['FOR a[1] IN SELECT 1 LOOP NULL; END LOOP;'],
    ['GET DIAGNOSTICS a = f(1);'],
    ["'x';"],
    ['END; SELECT 1; BEGIN'],
  ])('%s is not understood', (body) => {
    expect(() => statements(body)).toThrow(NotUnderstood);
  });
});

describe('a declaration of PL/pgSQL', () => {
  it.each([
    ['a int;', ['SELECT NULL::int']],
    ['a CONSTANT numeric(10, 2)[] NOT NULL := f(1);', ['SELECT NULL::numeric(10, 2)[]', 'SELECT f(1)']],
    ['a text COLLATE "C" DEFAULT b;', ['SELECT NULL::text', 'SELECT b']],
    ['a ALIAS FOR $1;', []],
    ['a CURSOR FOR SELECT 1 FROM b;', ['SELECT 1 FROM b']],
    ['a NO SCROLL CURSOR (b int, c d) IS SELECT b;', ['SELECT NULL::int', 'SELECT NULL::d', 'SELECT b']],
    ['a b.c%TYPE; d e%ROWTYPE := f();', ['SELECT f()']],
    ['a int; DECLARE b int;', ['SELECT NULL::int', 'SELECT NULL::int']],
  ])('%s', (declare, expected) => {
    expect(statements('', declare)).toEqual(expected);
  });

  it('tells the names in types of columns and rows', () => {
    expect(readPlpgsql('DECLARE a b."C"%TYPE; d e%ROWTYPE[]; BEGIN END').typeNames).toEqual([
      'b',
      'C',
      'type',
      'e',
      'rowtype',
    ]);
  });
});

describe('a body of PL/pgSQL', () => {
  it('can have options, labels, names at its end, and comments', () => {
    const body = '#variable_conflict use_column\n<<a>> /* begin */ BEGIN -- execute\n b; END a;';
    expect(readPlpgsql(body)).toEqual({ statements: ['b'], typeNames: [], dynamic: false, fetches: false });
  });

  it('is said to fetch where it does', () => {
    expect(readPlpgsql('BEGIN FETCH c INTO a; END').fetches).toBe(true);
  });
});

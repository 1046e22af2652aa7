/** The simple protocol: one Query, many statements, errors and where they stand. */
import { query, ready, together } from '../../harness/messages.js';
import { type Script, script } from './script.js';

/** A Query and its ReadyForQuery. */
const ask = (...texts: readonly string[]) => texts.flatMap((text) => [query(text), ready()]);

export const SIMPLE: readonly Script[] = [
  script('Query', ask('SELECT 1')),
  script('Query without columns', ask('SELECT', 'SELECT FROM plain.people')),
  script('Query of every type', ask('SELECT * FROM plain.kinds ORDER BY id')),
  script('Query of every type as text', ask('SELECT k::text, row_to_json(k), k FROM plain.kinds k ORDER BY id')),
  script('Query of many rows', ask('SELECT * FROM plain.lines', 'TABLE plain.lines')),
  script('Query of one long value', ask("SELECT repeat('0123456789', 60000), 'end'")),
  script('Query with a long text', ask(`SELECT '${'x'.repeat(300_000)}' AS long, 2`)),
  script('Query of names that need quotes', ask('SELECT "Id", "select", "ünï" AS "Ünï Ø" FROM plain."Mixed Case"')),
  script('Query, empty', ask('', ' ', ';', ' ; ; ', '-- a comment', '/* a /* nested */ comment */')),
  script('Query with comments', ask('/* lead */ SELECT /* mid -- */ 1 -- tail', '--+ hint\nSELECT 1\n;\n-- end')),
  script('Query with non-ASCII text', ask(`SELECT 'Zoë 漢字 🐘' AS "🐘", U&'\\0441\\043B' AS u, E'\\u0416' AS e`)),
  script('Query of several statements', ask('SELECT 1; SELECT 2, 3; SELECT 4 WHERE false')),
  script('Query of several statements, the second fails', ask('SELECT 1; SELECT 1/0; SELECT 3')),
  script(
    'Query of several statements in one implicit transaction',
    ask(
      "INSERT INTO plain.people VALUES (50, 'fifty', 50); SELECT id FROM plain.people ORDER BY 1; SELECT 1/0",
      'SELECT count(*) FROM plain.people',
    ),
  ),
  script(
    'Query of several statements with BEGIN between',
    ask('SELECT 1; BEGIN; SELECT 2', 'SELECT 3; COMMIT; SELECT 4'),
  ),
  script('Query that cannot be parsed', ask('SELEC 1', 'SELECT 1 FROM', "SELECT 'open", 'SELECT (1', 'SELECT $$ open')),
  script('Query that cannot be parsed after one that can', ask('SELECT 1; SELEC 2')),
  script('Query with a wrong name, and its position', [
    ...ask('SELECT nothing', 'SELECT 1 FROM plain.nothing', 'SELECT p.nothing FROM plain.people p'),
    ...ask("SELECT 'ü🐘', nothing FROM plain.people", 'SELECT plain.nothing(1)', 'SELECT 1 FROM nothing.nothing'),
    ...ask('SELECT emial FROM plain.people', 'SELECT id FROM plain.people, plain.adults'),
  ]),
  script('Query with a wrong type, and its position', [
    ...ask("SELECT 1 + 'x'", "SELECT '2024-13-01'::date", 'SELECT 1 WHERE 1', "SELECT 'x'::plain.mood"),
    ...ask('SELECT true + 1', 'SELECT 300::"char"', 'SELECT 40000::smallint', 'SELECT sum(t) FROM plain.kinds'),
  ]),
  script('Query that fails while it runs', [
    ...ask('SELECT 10 / (3 - n) FROM generate_series(1, 5) n', "SELECT sqrt(-1), 'never'"),
    ...ask('SELECT (SELECT id FROM plain.people)', 'SELECT email::int FROM plain.people'),
  ]),
  script('Query that breaks a constraint: DETAIL, table and constraint names', [
    ...ask("INSERT INTO plain.people VALUES (1, 'new@plain.test', 20)"),
    ...ask("INSERT INTO plain.people VALUES (9, 'ann@plain.test', 20)"),
    ...ask("INSERT INTO plain.people VALUES (9, 'kid@plain.test', 7)", 'INSERT INTO plain.people VALUES (9, NULL, 20)'),
    ...ask("INSERT INTO plain.people VALUES (9, 'x', 20, 99)", 'DELETE FROM plain.people WHERE id = 1'),
    ...ask('UPDATE plain.kinds SET pct = 101 WHERE id = 1', "UPDATE plain.kinds SET v = repeat('x', 11) WHERE id = 1"),
  ]),
  script(
    'Query without the privilege',
    ask('SELECT * FROM plain.forbidden', 'DROP TABLE plain.people', 'CREATE ROLE r'),
  ),
  script('Query with notices', [
    ...ask("SELECT plain.warn('x')", 'DROP TABLE IF EXISTS plain.nothing', "DO $$ BEGIN RAISE NOTICE 'n'; END $$"),
    ...ask('ROLLBACK', 'COMMIT', 'SELECT plain.warn(word) FROM plain.lines WHERE n < 4'),
  ]),
  script('Query with client_min_messages', ask('SET client_min_messages = error', "SELECT plain.warn('x')")),
  script(
    'Query with an error raised by PL/pgSQL: CONTEXT',
    ask("SELECT plain.fail('x')", 'DO $$ BEGIN PERFORM 1/0; END $$'),
  ),
  script('Query of joins, subqueries and windows', [
    ...ask('SELECT p.id, b.email FROM plain.people p LEFT JOIN plain.people b ON b.id = p.boss ORDER BY 1'),
    ...ask(
      'SELECT id, rank() OVER (ORDER BY total DESC), sum(total) OVER () FROM plain.orders WHERE id < 5 ORDER BY 1',
    ),
    ...ask('WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r'),
    ...ask('SELECT * FROM plain.people NATURAL JOIN plain.adults ORDER BY 1', 'SELECT * FROM plain.first_people(2)'),
    ...ask('SELECT id FROM plain.people UNION SELECT id FROM plain.orders ORDER BY 1 FETCH FIRST 2 ROWS WITH TIES'),
    ...ask('SELECT id % 2, count(*) FROM plain.orders GROUP BY GROUPING SETS ((1), ()) ORDER BY 1 NULLS FIRST'),
    ...ask('SELECT l.* FROM plain.people p, LATERAL (SELECT p.id * 2 AS twice) l ORDER BY 1'),
    ...ask('SELECT ctid, tableoid::regclass, * FROM ONLY plain.people TABLESAMPLE system (100) WHERE id = 1'),
  ]),
  script('Query over views, partitions and a materialized view', [
    ...ask('SELECT * FROM plain.adults ORDER BY 1', 'SELECT * FROM plain.totals'),
    ...ask(
      'SELECT tableoid::regclass, * FROM plain.measures ORDER BY day',
      'SELECT * FROM plain.measures_2024 ORDER BY 1',
    ),
    ...ask('REFRESH MATERIALIZED VIEW plain.totals'),
  ]),
  script('Query of a table named like a protected one', [
    ...ask(
      "SELECT buyer_name FROM plain.orders WHERE buyer_name = 'buyer 3'",
      'SELECT o.* FROM plain.orders o LIMIT 2',
    ),
    ...ask(
      'SET search_path = plain',
      "SELECT * FROM orders WHERE buyer_name LIKE '%7' ORDER BY id",
      'SELECT buyer_nam FROM orders',
    ),
    ...ask('WITH orders AS (SELECT 1 AS buyer_name) SELECT * FROM orders WHERE buyer_name = 1'),
  ]),
  script('Query: INSERT, UPDATE, DELETE and MERGE with command tags and RETURNING', [
    ...ask('BEGIN', "INSERT INTO plain.people VALUES (7, 'gus', 77), (8, 'hal', 88) RETURNING *"),
    ...ask(
      "INSERT INTO plain.people VALUES (7, 'dup', 20) ON CONFLICT (id) DO UPDATE SET email = excluded.email RETURNING *",
    ),
    ...ask('UPDATE plain.people SET age = age + 1 WHERE id > 6', 'UPDATE plain.people SET age = 20 WHERE false'),
    ...ask('DELETE FROM plain.people p USING plain.orders o WHERE o.id = p.id AND p.id > 6 RETURNING p.id, o.total'),
    ...ask(
      'MERGE INTO plain.people p USING (VALUES (2), (60)) v(id) ON v.id = p.id WHEN MATCHED THEN UPDATE SET age = 31 ' +
        "WHEN NOT MATCHED THEN INSERT VALUES (v.id, 'merged', 60)",
    ),
    ...ask(
      'WITH d AS (DELETE FROM plain.lines WHERE n < 10 RETURNING n) SELECT count(*), sum(n) FROM d',
      'TRUNCATE plain.lines',
    ),
    ...ask('ROLLBACK'),
  ]),
  script('Query: triggers with notices', [
    ...ask(
      'BEGIN',
      "INSERT INTO plain.watched VALUES (3, 'three')",
      "UPDATE plain.watched SET v = 'x'",
      'DELETE FROM plain.watched',
    ),
    ...ask('ROLLBACK'),
  ]),
  script('Query: EXPLAIN', [
    ...ask('EXPLAIN (COSTS OFF) SELECT * FROM plain.people WHERE id = 1'),
    ...ask('EXPLAIN (COSTS OFF, FORMAT JSON) SELECT count(*) FROM plain.orders', 'EXPLAIN (COSTS OFF) SELECT nothing'),
    ...ask('EXPLAIN (COSTS OFF, VERBOSE, FORMAT YAML) DELETE FROM plain.people'),
  ]),
  script('Query: CALL and DO', [
    ...ask('CALL plain.swap(1, 2)', 'DO $$ BEGIN NULL; END $$', 'CALL plain.nothing()'),
    ...ask('DO $$ BEGIN UPDATE plain.people SET age = 1 WHERE id = 2; END $$'),
  ]),
  script('Query: DDL', [
    ...ask(
      'BEGIN',
      "CREATE TABLE plain.made (id int PRIMARY KEY, t text DEFAULT 'd')",
      'INSERT INTO plain.made (id) VALUES (1)',
    ),
    ...ask(
      "SELECT id + 0 AS id, t || '' AS t FROM plain.made",
      'ALTER TABLE plain.made ADD COLUMN n int NOT NULL DEFAULT 5',
    ),
    ...ask(
      'SELECT id + n FROM plain.made',
      'CREATE INDEX ON plain.made (t)',
      'CREATE VIEW plain.made_view AS SELECT id FROM plain.made',
    ),
    ...ask(
      'SELECT id + 0 FROM plain.made_view',
      "COMMENT ON TABLE plain.made IS 'x'",
      'CREATE TABLE plain.made (x int)',
      'ROLLBACK',
    ),
    ...ask('SELECT * FROM plain.made', 'DROP TABLE plain.made'),
  ]),
  script('Query: temporary tables', [
    ...ask(
      'CREATE TEMP TABLE scratch AS SELECT n FROM generate_series(1, 3) n',
      'SELECT n * 2 FROM scratch',
      'SELECT sum(n) FROM pg_temp.scratch',
    ),
    ...ask(
      'INSERT INTO scratch VALUES (9)',
      'UPDATE scratch SET n = n + 1 RETURNING n + 0',
      'DROP TABLE scratch',
      'SELECT 1 FROM scratch',
    ),
    ...ask('SELECT 7 AS seven INTO TEMP kept', 'SELECT seven + 0 FROM kept', 'DISCARD TEMP', 'SELECT seven FROM kept'),
  ]),
  script('Query: types of catalog queries', [
    ...ask("SELECT 'plain.people'::regclass, to_regclass('plain.nothing')", 'SHOW search_path', 'SHOW nothing.nothing'),
    ...ask(
      "SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'plain.people'::regclass AND attnum > 0 ORDER BY attnum",
    ),
    ...ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'plain' ORDER BY 1"),
    ...ask('SELECT current_user, session_user, current_schema, current_schemas(true), current_database()'),
  ]),
  script('Query, Query in one packet', [together(query('SELECT 1'), query('SELECT 1/0'), query('SELECT 3')), ready(3)]),
  script('Query: the backslash that is no escape', [
    ...ask("SELECT 'a\\', 'b'", "SELECT E'a\\'b'", "SELECT 'a''b', $x$ ' $x$", "SELECT U&'d\\0061t\\+000061'"),
    ...ask("SELECT 'a' /* ' */\n 'b'", "SELECT b'101', x'1F', n'nat'"),
  ]),
];

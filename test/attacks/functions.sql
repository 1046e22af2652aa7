-- Functions that read protected tables, that run SQL they are given, or that say what they saw.

-- case: an SQL function that reads orders
-- expect: refused
SELECT name_of(900001)

-- case: a function with an SQL-standard body
-- expect: refused
SELECT name_of_sqlbody(900001)

-- case: a PL/pgSQL function
-- expect: refused
SELECT name_by_plpgsql(900001)

-- case: a function that runs the SQL it is given
-- expect: refused
SELECT run('SELECT buyer_name FROM orders WHERE id = 900001')

-- case: a function with its owner's rights
-- expect: refused
SELECT name_of_owner(900001)

-- case: a function in FROM
-- expect: refused
SELECT buyer_name FROM orders_of(900001)

-- case: a function in FROM, filtered by its own argument only
-- expect: refused
SELECT f.* FROM order_items i, LATERAL orders_of(i.order_id) f WHERE i.order_id = 900001

-- case: a function over a view
-- expect: refused
SELECT name_by_view(900001)

-- case: a function that calls such a function
-- expect: refused
SELECT name_by_call(900001)

-- case: a function that answers yes or no
-- expect: refused
SELECT is_alan(900001)

-- case: a function in WHERE
-- expect: refused
SELECT id FROM order_items WHERE is_alan(order_id)

-- case: a function of a masked row
-- expect: same
SELECT name_in(o) FROM orders o WHERE id = 900001

-- case: a default argument that calls such a function
-- expect: refused
SELECT default_name(1)

-- case: an overload that reads orders, beside one that does not
-- expect: refused
SELECT harmless(900001::bigint)

-- case: an aggregate made of such a function
-- expect: refused
SELECT names_agg(id) FROM (VALUES (900001::bigint)) v(id)

-- case: an operator made of such a function
-- expect: refused
SELECT 900001::bigint @~@ 1::bigint

-- case: an operator made of such a function, by its schema
-- expect: refused
SELECT 900001::bigint OPERATOR(public.@~@) 1::bigint

-- case: a domain whose check calls such a function
-- expect: refused
SELECT 900001::known_order

-- case: a cast made of such a function
-- expect: refused
SELECT 900001::bigint::pair

-- case: a window call of an aggregate made of such a function
-- expect: refused
SELECT names_agg(id) OVER () FROM (VALUES (900001::bigint)) v(id)

-- case: a procedure that tells in a notice
-- expect: refused
CALL tell(900001)

-- case: DO that tells in a notice
-- expect: refused
DO $$ BEGIN RAISE NOTICE '%', (SELECT buyer_name FROM orders WHERE id = 900001); END $$

-- case: DO that tells in an exception
-- expect: refused
DO $$ DECLARE n text; BEGIN SELECT buyer_name INTO n FROM orders WHERE id = 900001; RAISE EXCEPTION 'it is %', n; END $$

-- case: DO that runs SQL made of pieces
-- expect: refused
DO $$ DECLARE n text; BEGIN EXECUTE 'SELECT buyer_' || 'name FROM ord' || 'ers WHERE id = 900001' INTO n; RAISE NOTICE '%', n; END $$

-- case: DO that copies into an unprotected table
-- expect: refused
-- rollback
DO $$ BEGIN INSERT INTO leaks SELECT id, buyer_name FROM orders WHERE id = 900001; END $$;
SELECT what FROM leaks

-- case: DO that sets a setting to the value
-- expect: refused
DO $$ BEGIN PERFORM set_config('leak.name', (SELECT buyer_name FROM orders WHERE id = 900001), false); END $$;
SELECT current_setting('leak.name')

-- case: DO that sends a notification
-- expect: refused
LISTEN leak;
DO $$ BEGIN PERFORM pg_notify('leak', (SELECT buyer_name FROM orders WHERE id = 900001)); END $$

-- case: pg_notify of a protected value
-- expect: same or refused
LISTEN leak;
SELECT pg_notify('leak', buyer_name) FROM orders WHERE id = 900001

-- case: set_config of a protected value
-- expect: same or refused
SELECT set_config('leak.name', buyer_name, false) FROM orders WHERE id = 900001;
SELECT current_setting('leak.name')

-- case: query_to_xml
-- expect: refused
SELECT query_to_xml('SELECT buyer_name FROM orders WHERE id = 900001', true, false, '')

-- case: query_to_xml by its schema, with names for arguments
-- expect: refused
SELECT pg_catalog.query_to_xml(query => 'TABLE legacy_contacts', nulls => true, tableforest => true, targetns => '')

-- case: table_to_xml
-- expect: refused
SELECT table_to_xml('orders', true, false, '')

-- case: schema_to_xml
-- expect: refused
SELECT length(schema_to_xml('public', true, false, '')::text)

-- case: schema_to_xml_and_xmlschema
-- expect: refused
SELECT md5(schema_to_xml_and_xmlschema('public', true, false, '')::text)

-- case: cursor_to_xml over a masked cursor
-- expect: same or refused
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001;
SELECT cursor_to_xml('c', 10, true, false, '')

-- case: ts_stat
-- expect: refused
SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', buyer_name) FROM orders WHERE id = 900001') ORDER BY word

-- case: ts_rewrite with SQL
-- expect: refused
SELECT ts_rewrite('x'::tsquery, 'SELECT ''x''::tsquery, plainto_tsquery(''simple'', buyer_name) FROM orders WHERE id = 900001')

-- case: pg_get_expr and other decompilers are not dynamic SQL, a function named like one is
-- expect: refused
-- rollback
CREATE FUNCTION pg_temp.upper(text) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM public.orders WHERE id = 900001';
SELECT pg_temp.upper('x')

-- case: a function made on the fly
-- expect: refused
-- rollback
CREATE FUNCTION fly() RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = 900001';
SELECT fly()

-- case: a function made on the fly and kept
-- expect: refused
CREATE OR REPLACE FUNCTION fly_kept() RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = 900001';
SELECT fly_kept()

-- case: a harmless function replaced by one that reads
-- expect: refused
-- rollback
CREATE FUNCTION swap() RETURNS text LANGUAGE sql AS 'SELECT ''x''::text';
SELECT swap();
CREATE OR REPLACE FUNCTION swap() RETURNS text LANGUAGE sql AS 'SELECT buyer_name::text FROM orders WHERE id = 900001';
SELECT swap()

-- case: a function with a search_path of its own
-- expect: refused
-- rollback
CREATE FUNCTION elsewhere() RETURNS text LANGUAGE sql SET search_path = public AS 'SELECT buyer_name FROM orders WHERE id = 900001';
SET LOCAL search_path = other;
SELECT public.elsewhere()

-- case: a function that takes the relation's name
-- expect: refused
-- rollback
CREATE FUNCTION any_table(r regclass, OUT t text) LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SELECT string_agg(x::text, '','') FROM %s x WHERE id = 900001', r) INTO t; END $$;
SELECT any_table('legacy_contacts')

-- case: a function that opens a cursor
-- expect: refused
-- rollback
CREATE FUNCTION open_names() RETURNS refcursor LANGUAGE plpgsql AS $$ DECLARE c refcursor := 'names'; BEGIN OPEN c FOR SELECT buyer_name FROM orders WHERE id = 900001; RETURN c; END $$;
SELECT open_names();
FETCH ALL FROM names

-- case: a trigger made on the fly that tells what it sees
-- expect: refused
-- role: postgres
-- rollback
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', OLD.buyer_name; RETURN NEW; END $$;
CREATE TRIGGER tell BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION tell();
UPDATE orders SET notes = 'x' WHERE id = 900001

-- case: a large object made of a protected value
-- expect: same or refused
-- rollback
SELECT lo_from_bytea(4242, (SELECT buyer_name::bytea FROM orders WHERE id = 900001));
SELECT lo_get(4242)

-- case: a lock whose key is a protected value
-- expect: same or refused
-- rollback
SELECT pg_advisory_xact_lock(length(buyer_name)) FROM orders WHERE id = 900001;
SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()

-- case: a sequence set to a protected value
-- expect: same 22003 25P02 or refused
-- rollback
CREATE TEMP SEQUENCE s;
SELECT setval('s', length(buyer_name)) FROM orders WHERE id = 900001;
SELECT nextval('s')

-- case: how long a statement sleeps is nothing, but an error after it is
-- expect: same
SELECT pg_sleep(CASE WHEN buyer_name LIKE 'A%' THEN 0.01 ELSE 0 END), 1 / (length(buyer_name) - 11) FROM orders WHERE id = 900001

-- case: currval of a row that a filter chose
-- expect: refused
-- rollback
SELECT nextval('survey_responses_id_seq') FROM orders WHERE buyer_name = 'Alan Archer'

-- case: EXPLAIN ANALYZE EXECUTE of a statement whose function was replaced
-- expect: refused
CREATE FUNCTION explained() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
PREPARE runs_it AS SELECT explained();
CREATE OR REPLACE FUNCTION explained() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT buyer_name FROM orders WHERE id = 900001); RETURN 1; END $$;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE runs_it;
DEALLOCATE runs_it;
DROP FUNCTION explained()

-- case: MOVE in a cursor whose function was replaced
-- expect: refused
CREATE FUNCTION moved() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
BEGIN;
DECLARE mover CURSOR FOR SELECT moved() FROM generate_series(1, 2);
CREATE OR REPLACE FUNCTION moved() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT buyer_name FROM orders WHERE id = 900001); RETURN 1; END $$;
MOVE 1 IN mover;
ROLLBACK;
DROP FUNCTION moved()

-- case: an implicit cast to the argument of a harmless function of an extension
-- expect: refused 42501
-- role: postgres
CREATE FUNCTION traits_of(circle) RETURNS hstore LANGUAGE sql STABLE AS $$ SELECT hstore('name', buyer_name) FROM public.orders WHERE id = radius($1)::bigint $$;
CREATE CAST (circle AS hstore) WITH FUNCTION traits_of(circle) AS IMPLICIT;
SELECT hstore_to_json(circle(point(0, 0), 900001));
DROP CAST (circle AS hstore);
DROP FUNCTION traits_of(circle)

-- case: an implicit cast to the operand of a harmless operator of an extension
-- expect: refused 42501
-- role: postgres
CREATE FUNCTION traits_of(circle) RETURNS hstore LANGUAGE sql STABLE AS $$ SELECT hstore('name', buyer_name) FROM public.orders WHERE id = radius($1)::bigint $$;
CREATE CAST (circle AS hstore) WITH FUNCTION traits_of(circle) AS IMPLICIT;
SELECT circle(point(0, 0), 900001) -> 'name'::text;
DROP CAST (circle AS hstore);
DROP FUNCTION traits_of(circle)

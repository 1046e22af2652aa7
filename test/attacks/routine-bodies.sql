-- Bodies of routines that hide what they read from a reader of words, and ways to call one that no statement shows.

-- case: a procedure with an OUT argument, which a call counts and pg_proc does not
-- expect: refused 42501
CREATE PROCEDURE rb_out(n bigint, OUT t text) LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = n';
CALL rb_out(900001, NULL);
DROP PROCEDURE rb_out(bigint)

-- case: a function that writes where a trigger tells
-- expect: refused 42501
CREATE FUNCTION rb_writes() RETURNS text LANGUAGE sql AS 'INSERT INTO with_trigger VALUES (900001) RETURNING n';
SELECT rb_writes();
DROP FUNCTION rb_writes()

-- case: a write through a view to a table whose trigger tells
-- expect: refused 42501
CREATE VIEW rb_view AS SELECT * FROM with_trigger;
CREATE VIEW rb_view_of_view AS SELECT * FROM rb_view;
INSERT INTO rb_view_of_view VALUES (900001) RETURNING n;
DROP VIEW rb_view_of_view, rb_view

-- case: a rule that writes where a trigger tells
-- expect: refused
CREATE TABLE rb_ruled (a bigint, n text);
CREATE RULE rb_rule AS ON INSERT TO rb_ruled DO INSTEAD INSERT INTO with_trigger VALUES (NEW.a) RETURNING a, n;
INSERT INTO rb_ruled VALUES (900001) RETURNING n;
DROP TABLE rb_ruled

-- case: UPDATE of pg_settings that makes the next text of the packet read otherwise
-- expect: refused
-- pipelined
UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings';
SELECT 'a\' , ' , buyer_name FROM orders WHERE id = 900001 --'

-- case: DELETE that reaches a trigger by a foreign key
-- expect: refused 42501
CREATE TABLE rb_parent (id bigint PRIMARY KEY);
CREATE TABLE rb_child (id bigint REFERENCES rb_parent ON DELETE CASCADE);
INSERT INTO rb_parent VALUES (900001);
INSERT INTO rb_child VALUES (900001);
CREATE FUNCTION rb_tells() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', public.name_of(OLD.id); RETURN OLD; END $$;
CREATE TRIGGER rb_tells BEFORE DELETE ON rb_child FOR EACH ROW EXECUTE FUNCTION rb_tells();
DELETE FROM rb_parent;
DROP TABLE rb_child, rb_parent;
DROP FUNCTION rb_tells()

-- case: a write to a partition of a partition whose trigger tells
-- expect: refused 42501
CREATE TABLE rb_top (id bigint, n text) PARTITION BY LIST (id);
CREATE TABLE rb_middle PARTITION OF rb_top FOR VALUES IN (900001) PARTITION BY LIST (id);
CREATE TABLE rb_leaf PARTITION OF rb_middle DEFAULT;
CREATE FUNCTION rb_fills() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := public.name_of(NEW.id); RETURN NEW; END $$;
CREATE TRIGGER rb_fills BEFORE INSERT ON rb_leaf FOR EACH ROW EXECUTE FUNCTION rb_fills();
INSERT INTO rb_top VALUES (900001) RETURNING n;
DROP TABLE rb_top;
DROP FUNCTION rb_fills()

-- case: a domain over a row, by attribute notation
-- expect: refused 42501
CREATE TABLE rb_rows (id bigint);
INSERT INTO rb_rows VALUES (900001);
CREATE DOMAIN rb_telling AS rb_rows CHECK (is_alan((VALUE).id));
SELECT rb_rows.rb_telling FROM rb_rows;
DROP DOMAIN rb_telling;
DROP TABLE rb_rows

-- case: DO that makes a function from a string
-- expect: refused 42501
DO $$ BEGIN CREATE FUNCTION rb_made() RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = 900001'; RAISE NOTICE '%', rb_made(); END $$;
DROP FUNCTION rb_made()

-- case: DO in DO
-- expect: refused 42501
DO $outer$ BEGIN DO $inner$ BEGIN RAISE NOTICE '%', (SELECT buyer_name FROM orders WHERE id = 900001); END $inner$; END $outer$

-- case: a body that reads otherwise while standard_conforming_strings is off
-- expect: refused 42501
CREATE FUNCTION rb_strings() RETURNS TABLE (a text, b text) LANGUAGE sql AS $$ SELECT 'a\' , ' , buyer_name FROM orders WHERE id = 900001 --' $$;
SET standard_conforming_strings = off;
SELECT * FROM rb_strings();
RESET standard_conforming_strings;
DROP FUNCTION rb_strings()

-- case: the same with a setting of the function's own
-- expect: refused 42501
CREATE FUNCTION rb_strings() RETURNS TABLE (a text, b text) LANGUAGE sql SET standard_conforming_strings = off
  AS $$ SELECT 'a\' , ' , buyer_name FROM orders WHERE id = 900001 --' $$;
SELECT * FROM rb_strings();
DROP FUNCTION rb_strings()

-- case: comments within comments, and strings that look like comments
-- expect: refused 42501
CREATE FUNCTION rb_comments() RETURNS text LANGUAGE sql AS $$ /* /* */ ' */ SELECT '/*' || buyer_name || '*/' FROM /* -- */ orders -- '
  WHERE id = 900001 $$;
SELECT rb_comments();
DROP FUNCTION rb_comments()

-- case: a name with Unicode escapes
-- expect: refused 42501
CREATE FUNCTION rb_escapes() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT buyer_name FROM U&"\006Frders" WHERE id = 900001); END $$;
SELECT rb_escapes();
DROP FUNCTION rb_escapes()

-- case: PL/pgSQL that asks in RAISE
-- expect: refused 42501
DO $$ BEGIN RAISE NOTICE USING MESSAGE = (SELECT buyer_name FROM orders WHERE id = 900001); END $$

-- case: PL/pgSQL that asks in a condition
-- expect: refused 42501
DO $$ BEGIN IF (SELECT buyer_name LIKE 'Alan%' FROM orders WHERE id = 900001) THEN RAISE NOTICE 'yes'; END IF; END $$

-- case: PL/pgSQL that asks in ELSIF
-- expect: refused 42501
DO $$ BEGIN IF false THEN NULL; ELSIF is_alan(900001) THEN RAISE NOTICE 'yes'; END IF; END $$

-- case: PL/pgSQL that asks in CASE
-- expect: refused 42501
DO $$ BEGIN CASE (SELECT buyer_name::text FROM orders WHERE id = 900001) WHEN 'Alan Archer' THEN RAISE NOTICE 'yes'; ELSE NULL; END CASE; END $$

-- case: PL/pgSQL that asks in WHEN
-- expect: refused 42501
DO $$ BEGIN CASE 'Alan Archer' WHEN 'x', name_of(900001) THEN RAISE NOTICE 'yes'; ELSE NULL; END CASE; END $$

-- case: PL/pgSQL that asks in WHILE
-- expect: refused 42501
DO $$ BEGIN WHILE is_alan(900001) LOOP RAISE NOTICE 'yes'; EXIT; END LOOP; END $$

-- case: PL/pgSQL that asks in the bound of a loop
-- expect: refused 42501
DO $$ BEGIN FOR i IN 1..(SELECT ascii(buyer_name) FROM orders WHERE id = 900001) LOOP RAISE NOTICE '%', i; END LOOP; END $$

-- case: PL/pgSQL that asks in the step of a loop
-- expect: refused 42501
DO $$ BEGIN FOR i IN REVERSE 300..1 BY ascii(name_of(900001)) LOOP RAISE NOTICE '%', i; END LOOP; END $$

-- case: PL/pgSQL that loops over a query
-- expect: refused 42501
DO $$ DECLARE r record; BEGIN FOR r IN SELECT buyer_name FROM orders WHERE id = 900001 LOOP RAISE NOTICE '%', r; END LOOP; END $$

-- case: PL/pgSQL that loops over SQL that it makes up
-- expect: refused 42501
DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT buyer_name FROM ord' || 'ers WHERE id = 900001' LOOP RAISE NOTICE '%', r; END LOOP; END $$

-- case: PL/pgSQL that opens a cursor for SQL that it makes up
-- expect: refused 42501
DO $$ DECLARE c refcursor; n text; BEGIN OPEN c FOR EXECUTE 'SELECT buyer_name FROM ord' || 'ers WHERE id = 900001'; FETCH c INTO n; RAISE NOTICE '%', n; END $$

-- case: PL/pgSQL that returns the rows of SQL that it makes up
-- expect: refused 42501
CREATE FUNCTION rb_query() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'SELECT buyer_name::text FROM ord' || 'ers WHERE id = 900001'; END $$;
SELECT rb_query();
DROP FUNCTION rb_query()

-- case: PL/pgSQL that loops over an array
-- expect: refused 42501
DO $$ DECLARE n text; BEGIN FOREACH n IN ARRAY (SELECT array_agg(buyer_name::text) FROM orders WHERE id = 900001) LOOP RAISE NOTICE '%', n; END LOOP; END $$

-- case: PL/pgSQL that asks in a subscript
-- expect: refused 42501
DO $$ DECLARE a int[]; BEGIN a[ascii(name_of(900001))] := 1; RAISE NOTICE '%', a; END $$

-- case: PL/pgSQL that asks in a declaration
-- expect: refused 42501
DO $$ DECLARE n CONSTANT text NOT NULL := name_of(900001); BEGIN RAISE NOTICE '%', n; END $$

-- case: PL/pgSQL that asks in a cursor's query
-- expect: refused 42501
DO $$ DECLARE c NO SCROLL CURSOR (k bigint) FOR SELECT buyer_name FROM orders WHERE id = k; n text; BEGIN OPEN c (900001); FETCH c INTO n; RAISE NOTICE '%', n; END $$

-- case: PL/pgSQL that asks how far to fetch
-- expect: refused 42501
DO $$ DECLARE c SCROLL CURSOR FOR SELECT generate_series(1, 500); n int; BEGIN OPEN c; FETCH ABSOLUTE ascii(name_of(900001)) FROM c INTO n; RAISE NOTICE '%', n; END $$

-- case: PL/pgSQL that asks in the argument of a cursor
-- expect: refused 42501
DO $$ DECLARE c CURSOR (k text) FOR SELECT k; n text; BEGIN OPEN c (k := name_of(900001)); FETCH c INTO n; RAISE NOTICE '%', n; END $$

-- case: PL/pgSQL that asks in ASSERT
-- expect: refused 42501
DO $$ BEGIN ASSERT NOT is_alan(900001), 'yes'; END $$

-- case: PL/pgSQL that asks to leave a loop
-- expect: refused 42501
DO $$ BEGIN FOR i IN 1..3 LOOP RAISE NOTICE '%', i; EXIT WHEN is_alan(900001); END LOOP; END $$

-- case: PL/pgSQL that asks in a handler
-- expect: refused 42501
DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero OR SQLSTATE '22003' THEN RAISE NOTICE '%', (SELECT buyer_name FROM orders WHERE id = 900001); END $$

-- case: PL/pgSQL that asks in a block of a loop of a block
-- expect: refused 42501
DO $$ <<a>> BEGIN <<b>> LOOP DECLARE n text; BEGIN SELECT buyer_name INTO STRICT n FROM orders WHERE id = 900001; RAISE NOTICE '%', n; END; EXIT b; END LOOP b; END a $$

-- case: PL/pgSQL whose variable has a domain that is checked
-- expect: refused 42501
DO $$ DECLARE n known_order := 900001; BEGIN RAISE NOTICE 'yes'; END $$

-- case: PL/pgSQL whose variable has the type of a column that is checked
-- expect: refused 42501
CREATE TABLE rb_checked (n known_order);
DO $$ DECLARE n rb_checked.n%TYPE := 900001; BEGIN RAISE NOTICE 'yes'; END $$;
DROP TABLE rb_checked

-- case: an overload whose default argument makes it the one that is called
-- expect: refused 42501
CREATE FUNCTION rb_over(a text) RETURNS text LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION rb_over(a int, b int DEFAULT 0) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = 900000 + a + b';
SELECT rb_over(1);
DROP FUNCTION rb_over(text), rb_over(int, int)

-- case: an overload in a schema that comes first
-- expect: refused 42501
-- role: postgres
CREATE FUNCTION other.rb_in(a int) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM public.orders WHERE id = 900001';
CREATE FUNCTION public.rb_in(a int) RETURNS text LANGUAGE sql AS 'SELECT ''x''::text';
SET search_path = other, public;
SELECT rb_in(1);
RESET search_path;
DROP FUNCTION public.rb_in(int), other.rb_in(int)

-- case: an overload with more arguments, by their names
-- expect: refused 42501
CREATE FUNCTION rb_named(a int, b int DEFAULT 1, c int DEFAULT 2) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = 900001';
CREATE FUNCTION rb_named(a int, d int) RETURNS text LANGUAGE sql AS 'SELECT ''x''::text';
SELECT rb_named(c => 3, a => 1);
DROP FUNCTION rb_named(int, int, int), rb_named(int, int)

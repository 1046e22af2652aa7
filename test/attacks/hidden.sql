-- Functions that read protected tables, called where no statement names them, or under another notation.

-- case: in a view
-- expect: refused
SELECT n FROM calling_view ORDER BY id DESC LIMIT 9

-- case: in a view of a view
-- expect: refused
SELECT count(DISTINCT n) FROM view_of_calling_view

-- case: in a materialized view
-- expect: same or refused
SELECT n FROM calling_copy

-- case: in a default
-- expect: refused
-- rollback
INSERT INTO with_default (a) VALUES (1) RETURNING d

-- case: in a default, by its keyword in UPDATE
-- expect: refused
-- rollback
INSERT INTO with_default VALUES (1, 'x');
UPDATE with_default SET d = DEFAULT RETURNING d

-- case: in a domain's default
-- expect: refused
-- rollback
INSERT INTO with_domain_default (a) VALUES (1) RETURNING d

-- case: in a check
-- expect: refused
-- rollback
INSERT INTO with_check VALUES (900001)

-- case: in a generated column
-- expect: refused
-- rollback
INSERT INTO with_generated VALUES (900001) RETURNING g

-- case: in the key of partitions
-- expect: refused
-- rollback
INSERT INTO parted VALUES (900001) RETURNING tableoid::regclass

-- case: in a policy of row security
-- expect: refused
SELECT a FROM with_policy

-- case: in a policy of row security, for a count
-- expect: refused
SELECT count(*) FROM with_policy

-- case: in a trigger
-- expect: refused
-- rollback
INSERT INTO with_trigger VALUES (900001) RETURNING n

-- case: in an index, by its statistics
-- expect: same or refused
-- role: postgres
SELECT most_common_vals FROM pg_stats WHERE tablename = 'with_index_fixed_name_idx'

-- case: in a domain's check, by the name of the type in a string
-- expect: refused
SELECT pg_input_is_valid('900001', 'known_order')

-- case: in a domain's check, with the error as a row
-- expect: refused
SELECT sql_error_code FROM pg_input_error_info('900001', 'known_order')

-- case: in a domain's check, over an array
-- expect: refused
SELECT ARRAY[900001]::known_order[]

-- case: in a domain's check, by a column definition list
-- expect: refused
SELECT * FROM json_to_record('{"a": 900001}') AS x(a known_order)

-- case: in a domain's check, by JSON_VALUE
-- expect: refused
SELECT JSON_VALUE('[900001]'::jsonb, '$[0]' RETURNING known_order)

-- case: in a domain's check, by JSON_TABLE
-- expect: refused
SELECT j.* FROM JSON_TABLE('[900001]'::jsonb, '$[*]' COLUMNS (v known_order PATH '$')) j

-- case: in a domain's check, by the type of a parameter
-- expect: refused
PREPARE p (known_order) AS SELECT $1;
EXECUTE p (900001)

-- case: in a domain's check, by a temporary table
-- expect: refused
-- rollback
CREATE TEMP TABLE t (a known_order);
INSERT INTO t VALUES (900001)

-- case: by field notation
-- expect: refused
SELECT (i.order_id).name_of FROM order_items i WHERE order_id = 900001

-- case: by field notation of a value
-- expect: refused
SELECT (900001::bigint).name_of

-- case: by the notation of a cast
-- expect: refused
SELECT CAST(900001::bigint AS pair)

-- case: by a cast of arrays
-- expect: refused
SELECT ARRAY[900001::bigint]::pair[]

-- case: by an operator named like a built-in one
-- expect: refused
SELECT 'x'::text <-> 900001::bigint

-- case: with an argument of any type
-- expect: refused
SELECT any_name(now())

-- case: with any number of arguments
-- expect: refused
SELECT first_name(900001, 2)

-- case: among the rows of several functions
-- expect: refused
SELECT * FROM ROWS FROM (orders_of(900001), generate_series(1, 1)) AS x

-- case: made on the fly, in an index of a temporary table
-- expect: refused
-- rollback
CREATE FUNCTION fly(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT buyer_name FROM public.orders WHERE id = $1';
CREATE TEMP TABLE t AS SELECT 900001::bigint AS a FROM generate_series(1, 100);
CREATE INDEX fly_index ON t (fly(a));
ANALYZE t;
SELECT most_common_vals FROM pg_stats WHERE tablename = 'fly_index'

-- case: made on the fly, in a generated column
-- expect: refused
-- rollback
CREATE FUNCTION fly(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT buyer_name FROM public.orders WHERE id = $1';
CREATE TABLE t (a bigint, g text GENERATED ALWAYS AS (fly(a)) STORED);
INSERT INTO t VALUES (900001) RETURNING g

-- case: made on the fly, in a default
-- expect: refused
-- rollback
CREATE FUNCTION fly() RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM public.orders WHERE id = 900001';
CREATE TEMP TABLE t (a bigint, d text DEFAULT fly());
INSERT INTO t (a) VALUES (1) RETURNING d

-- case: made on the fly, in the key of partitions
-- expect: refused
-- rollback
CREATE FUNCTION fly(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT buyer_name FROM public.orders WHERE id = $1';
CREATE TABLE t (a bigint) PARTITION BY LIST (fly(a));
INSERT INTO t VALUES (900001)

-- case: made on the fly, in a check of a domain
-- expect: refused
-- rollback
CREATE FUNCTION fly(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT buyer_name LIKE ''A%'' FROM public.orders WHERE id = $1';
CREATE DOMAIN d AS bigint CHECK (fly(VALUE));
SELECT 900001::d

-- case: made on the fly, in a trigger of a temporary table
-- expect: refused
-- rollback
CREATE FUNCTION fly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := (SELECT buyer_name FROM public.orders WHERE id = NEW.a); RETURN NEW; END $$;
CREATE TEMP TABLE t (a bigint, n text);
CREATE TRIGGER fly BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fly();
INSERT INTO t VALUES (900001) RETURNING n

-- case: made on the fly, in a trigger of a temporary table, one statement for each transaction
-- expect: refused
CREATE TEMP TABLE t (a bigint, n text);
CREATE TRIGGER fly BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fill_name();
INSERT INTO t VALUES (900001) RETURNING n

-- case: made on the fly, by a rule of a temporary table
-- expect: refused
-- rollback
CREATE TEMP TABLE t (a bigint);
CREATE RULE fly AS ON INSERT TO t DO INSTEAD SELECT buyer_name FROM public.orders WHERE id = NEW.a;
INSERT INTO t VALUES (900001)

-- case: made on the fly, by a policy of row security
-- expect: refused
-- rollback
CREATE TABLE t (a bigint);
INSERT INTO t VALUES (900001), (900003);
ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY fly ON t USING (EXISTS (SELECT FROM orders o WHERE o.id = a AND o.buyer_name LIKE 'Alan%'));
SELECT * FROM t

-- case: a temporary operator
-- expect: refused
CREATE TEMP TABLE t (a bigint);
CREATE OPERATOR pg_temp.### (RIGHTARG = bigint, FUNCTION = public.name_of);
SELECT OPERATOR(pg_temp.###) 900001::bigint

-- case: a temporary aggregate
-- expect: refused
CREATE TEMP TABLE t (a bigint);
CREATE AGGREGATE pg_temp.agg(bigint) (SFUNC = public.add_name, STYPE = text, INITCOND = '');
SELECT pg_temp.agg(900001::bigint)

-- case: a temporary function
-- expect: refused
CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM public.orders WHERE id = 900001';
SELECT pg_temp.f()

-- case: a temporary procedure
-- expect: refused
CREATE PROCEDURE pg_temp.p() LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT buyer_name FROM public.orders WHERE id = 900001); END $$;
CALL pg_temp.p()

-- case: a function that a prepared statement calls is replaced
-- expect: same 0A000 or refused
CREATE OR REPLACE FUNCTION replaced() RETURNS text LANGUAGE sql AS 'SELECT ''x''::text';
PREPARE s AS SELECT replaced();
EXECUTE s;
CREATE OR REPLACE FUNCTION replaced() RETURNS text LANGUAGE sql AS 'SELECT buyer_name::text FROM public.orders WHERE id = 900001';
EXECUTE s

-- case: a view that a prepared statement reads is replaced
-- expect: same 0A000 or refused
CREATE OR REPLACE VIEW replaced_view AS SELECT id, order_ref::text AS x FROM orders;
PREPARE s AS SELECT x FROM replaced_view WHERE id = 900001;
EXECUTE s;
CREATE OR REPLACE VIEW replaced_view AS SELECT id, buyer_name::text AS x FROM orders;
EXECUTE s

-- case: a view that a prepared filter reads is replaced
-- expect: same 0A000 or refused
CREATE OR REPLACE VIEW replaced_view_2 AS SELECT id, order_ref::text AS x FROM orders;
PREPARE s AS SELECT count(*) FROM replaced_view_2 WHERE x = 'Alan Archer';
CREATE OR REPLACE VIEW replaced_view_2 AS SELECT id, buyer_name::text AS x FROM orders;
EXECUTE s

-- case: a table that a prepared statement reads becomes a view
-- expect: same 0A000 or refused
CREATE TABLE becomes_view (x text, id bigint);
PREPARE s AS SELECT x FROM becomes_view WHERE id = 900001;
EXECUTE s;
DROP TABLE becomes_view;
CREATE VIEW becomes_view AS SELECT buyer_name::text AS x, id FROM orders;
EXECUTE s;
DROP VIEW becomes_view

-- case: a function made and called in one message
-- expect: refused
-- one message
CREATE FUNCTION om() RETURNS text LANGUAGE sql AS 'SELECT buyer_name::text FROM public.orders WHERE id = 900001'; SELECT om(); DROP FUNCTION om()

-- case: a view made and read in one message
-- expect: refused
-- one message
CREATE VIEW omv AS SELECT buyer_name FROM orders WHERE id = 900001; SELECT * FROM omv; DROP VIEW omv

-- case: a function made and called in one pipeline
-- expect: refused
-- pipelined
CREATE FUNCTION pl() RETURNS text LANGUAGE sql AS 'SELECT buyer_name::text FROM public.orders WHERE id = 900001';
SELECT pl();
DROP FUNCTION pl()

-- case: a view made and read in one pipeline
-- expect: refused
-- pipelined
CREATE VIEW plv AS SELECT buyer_name FROM orders WHERE id = 900001;
SELECT * FROM plv;
DROP VIEW plv

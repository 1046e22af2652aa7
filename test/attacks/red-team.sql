-- What a red team found: DDL between plan and execution, code that the server runs by itself, names that no text has.

-- case: a view over a view made in the same transaction
-- expect: same or refused
-- rollback
CREATE VIEW red_a AS SELECT id, buyer_name FROM orders;
CREATE VIEW red_b AS SELECT id, buyer_name FROM red_a;
SELECT buyer_name FROM red_b WHERE id = 900001

-- case: a view over a view, all in one message
-- expect: same or refused
-- one message
CREATE VIEW red_c AS SELECT id, buyer_name FROM orders; CREATE VIEW red_d AS SELECT * FROM red_c; SELECT buyer_name FROM red_d WHERE id = 900001; DROP VIEW red_d; DROP VIEW red_c

-- case: a default that calls a function made in the same transaction
-- expect: refused
-- rollback
CREATE FUNCTION red_f(bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $1';
CREATE TABLE red_t (i int, x text DEFAULT red_f(900001));
INSERT INTO red_t (i) VALUES (1) RETURNING x

-- case: an index over a function made in the same transaction
-- expect: refused
-- rollback
CREATE FUNCTION red_f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE '%', (SELECT buyer_name FROM public.orders WHERE id = 900001); RETURN 1; END $$;
CREATE TABLE red_t (i int);
INSERT INTO red_t (i) VALUES (1);
CREATE INDEX ON red_t (red_f(i))

-- case: ALTER COLUMN TYPE USING a function made in the same transaction
-- expect: refused
-- rollback
CREATE FUNCTION red_f(int) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = 900001';
CREATE TABLE red_t (i int);
INSERT INTO red_t (i) VALUES (1);
ALTER TABLE red_t ALTER i TYPE text USING red_f(i);
SELECT i FROM red_t

-- case: a view over a function made in the same transaction
-- expect: same or refused
-- rollback
CREATE FUNCTION red_f(bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $1';
CREATE VIEW red_v AS SELECT red_f(900001) AS n;
SELECT n FROM red_v

-- case: EXECUTE after CREATE OR REPLACE FUNCTION in the transaction
-- expect: refused
CREATE FUNCTION red_h(bigint) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT ''nobody''';
PREPARE p AS SELECT red_h(900001);
EXECUTE p;
BEGIN;
CREATE OR REPLACE FUNCTION red_h(bigint) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT buyer_name FROM orders WHERE id = $1';
EXECUTE p;
ROLLBACK;
DROP FUNCTION red_h(bigint)

-- case: EXECUTE after CREATE OR REPLACE VIEW in the transaction
-- expect: refused
CREATE VIEW red_hv AS SELECT 1::bigint AS id, 'x'::varchar(80) AS n;
PREPARE p AS SELECT n FROM red_hv WHERE id = 900001;
BEGIN;
CREATE OR REPLACE VIEW red_hv AS SELECT id, ship_city::varchar(80) AS n FROM orders;
EXECUTE p;
ROLLBACK;
DROP VIEW red_hv

-- case: a trigger that puts the value into the row of an unprotected table
-- expect: refused
CREATE FUNCTION red_trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.what := (SELECT buyer_name FROM orders WHERE id = NEW.id); RETURN NEW; END $$;
CREATE TABLE red_tt (id bigint, what text);
CREATE TRIGGER red_tr BEFORE INSERT ON red_tt FOR EACH ROW EXECUTE FUNCTION red_trg();
INSERT INTO red_tt (id) VALUES (900001) RETURNING what;
SELECT what FROM red_tt;
DROP TABLE red_tt;
DROP FUNCTION red_trg()

-- case: a trigger on a temporary table
-- expect: refused
CREATE FUNCTION red_trg2() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.what := (SELECT buyer_name FROM orders WHERE id = NEW.id); RETURN NEW; END $$;
CREATE TEMP TABLE red_tmp (id bigint, what text);
CREATE TRIGGER red_tr BEFORE INSERT ON red_tmp FOR EACH ROW EXECUTE FUNCTION red_trg2();
INSERT INTO red_tmp (id) VALUES (900001) RETURNING what;
DROP TABLE pg_temp.red_tmp;
DROP FUNCTION red_trg2()

-- case: a row policy whose function is replaced
-- expect: refused
CREATE FUNCTION red_pol(bigint) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
CREATE TABLE red_rls (id bigint);
ALTER TABLE red_rls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON red_rls USING (red_pol(id));
INSERT INTO red_rls VALUES (900001), (900002), (900003);
CREATE OR REPLACE FUNCTION red_pol(bigint) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM orders WHERE id = $1 AND buyer_name LIKE 'Al%') $$;
SELECT id FROM red_rls;
DROP TABLE red_rls;
DROP FUNCTION red_pol(bigint)

-- case: a domain's default whose function is replaced
-- expect: refused
CREATE FUNCTION red_dd() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''x''';
CREATE DOMAIN red_dom AS text DEFAULT red_dd();
CREATE TABLE red_domt (i int, x red_dom);
CREATE OR REPLACE FUNCTION red_dd() RETURNS text LANGUAGE sql STABLE AS $$ SELECT buyer_name FROM orders WHERE id = 900001 $$;
INSERT INTO red_domt (i) VALUES (1) RETURNING x;
DROP TABLE red_domt;
DROP DOMAIN red_dom;
DROP FUNCTION red_dd()

-- case: a partition key whose function is replaced
-- expect: refused
CREATE FUNCTION red_pk(bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'x'; END $$;
CREATE TABLE red_part (i bigint) PARTITION BY LIST ((red_pk(i)));
CREATE OR REPLACE FUNCTION red_pk(bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT buyer_name FROM orders WHERE id = $1); END $$;
INSERT INTO red_part VALUES (900001);
DROP TABLE red_part;
DROP FUNCTION red_pk(bigint)

-- case: extended statistics over a function that is replaced
-- expect: refused
CREATE FUNCTION red_st(bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'x'; END $$;
CREATE TABLE red_stt (i bigint, k int);
INSERT INTO red_stt SELECT 900001, g FROM generate_series(1, 100) g;
CREATE STATISTICS red_s ON (red_st(i)), k FROM red_stt;
CREATE OR REPLACE FUNCTION red_st(bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT buyer_name FROM public.orders WHERE id = $1); END $$;
ANALYZE red_stt;
SELECT most_common_vals FROM pg_stats_ext_exprs WHERE tablename = 'red_stt';
DROP TABLE red_stt;
DROP FUNCTION red_st(bigint)

-- case: the whole old row in RETURNING
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING old

-- case: the whole new row as JSON in RETURNING
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING row_to_json(new)

-- case: a field of the whole old row in RETURNING
-- expect: same
-- rollback
DELETE FROM survey_responses WHERE id = 900001 RETURNING (old).answer

-- case: a function whose body calls an unsafe operator
-- expect: refused
CREATE FUNCTION red_op(n bigint) RETURNS text LANGUAGE sql AS 'SELECT n @~@ n';
SELECT red_op(900001);
DROP FUNCTION red_op(bigint)

-- case: a function whose body applies an unsafe cast
-- expect: refused
CREATE FUNCTION red_cast(n bigint) RETURNS text LANGUAGE sql AS 'SELECT (n::pair).a';
SELECT red_cast(900001);
DROP FUNCTION red_cast(bigint)

-- case: pg_input_is_valid runs a domain's check
-- expect: refused
SELECT pg_input_is_valid('900001', 'known_order')

-- case: array_in runs a domain's check
-- expect: refused
SELECT array_in('{900001}', to_regtype('known_order')::oid, -1)

-- case: a temporary view whose table is hidden by a CTE's name
-- expect: same or refused
CREATE TEMP VIEW red_tv AS WITH orders AS (SELECT 1) SELECT o.id, o.buyer_name FROM public.orders o;
SELECT buyer_name FROM red_tv WHERE id = 900001

-- case: a view that search_path makes temporary
-- expect: same or refused
SET search_path = pg_temp, public;
CREATE VIEW red_tv2 AS SELECT id, buyer_name FROM orders;
SELECT buyer_name FROM red_tv2 WHERE id = 900001

-- case: a temporary function called by a lasting one
-- expect: refused
CREATE FUNCTION pg_temp.f(bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $1';
CREATE FUNCTION red_calls_temp(bigint) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN pg_temp.f($1); END';
SELECT red_calls_temp(900001);
DROP FUNCTION red_calls_temp(bigint)

-- case: a temporary function in DO
-- expect: refused
CREATE FUNCTION pg_temp.f(bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $1';
DO $$ BEGIN RAISE NOTICE '%', pg_temp.f(900001); END $$

-- case: a temporary operator
-- expect: refused
CREATE FUNCTION pg_temp.f(bigint, bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $1';
CREATE OPERATOR pg_temp.@@@ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.f);
SELECT 900001::bigint OPERATOR(pg_temp.@@@) 1::bigint

-- case: BETWEEN means operators of the user's
-- expect: refused
CREATE TYPE red_box2 AS (k text);
CREATE FUNCTION red_ge(bigint, red_box2) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
CREATE OPERATOR public.>= (LEFTARG = bigint, RIGHTARG = red_box2, FUNCTION = red_ge);
CREATE OPERATOR public.<= (LEFTARG = bigint, RIGHTARG = red_box2, FUNCTION = red_ge);
CREATE OR REPLACE FUNCTION red_ge(bigint, red_box2) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM orders WHERE id = $1 AND buyer_name LIKE 'Alan%') $$;
SELECT 900001::bigint BETWEEN ROW('x')::red_box2 AND ROW('x')::red_box2;
DROP OPERATOR public.>= (bigint, red_box2);
DROP OPERATOR public.<= (bigint, red_box2);
DROP FUNCTION red_ge(bigint, red_box2);
DROP TYPE red_box2

-- case: rows of a child un-redact what belongs to the parent
-- expect: same or refused
-- rollback
INSERT INTO archived_orders (id, order_ref, channel, status, customer_id, purchased_at, shipped_at, payment_terms, buyer_name, total, ship_country) VALUES (900001, 'Z-1', 'ebay', 'shipped', 900001, now(), now(), 'prepaid', 'me', 1, 'DE');
SELECT name, line1 FROM order_addresses WHERE order_id = 900001 ORDER BY 1, 2

-- case: CLUSTER sorts rows by a protected column
-- expect: refused
-- role: postgres
-- rollback
CLUSTER orders USING orders_lower_idx;
SELECT id, ctid FROM orders WHERE id BETWEEN 900001 AND 900009

-- case: COPY with HEADER 0
-- expect: same
COPY (SELECT buyer_name FROM orders WHERE id = 900001) TO STDOUT (FORMAT csv, HEADER 0)

-- case: CASE means an equality of the user's
-- expect: refused
CREATE TYPE red_box3 AS (k text);
CREATE FUNCTION red_eq3(bigint, red_box3) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
CREATE OPERATOR public.= (LEFTARG = bigint, RIGHTARG = red_box3, FUNCTION = red_eq3);
CREATE OR REPLACE FUNCTION red_eq3(bigint, red_box3) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM orders WHERE id = $1 AND buyer_name LIKE 'Alan%') $$;
SELECT CASE 900001::bigint WHEN ROW('x')::red_box3 THEN 'Alan' ELSE 'other' END;
DROP OPERATOR public.= (bigint, red_box3);
DROP FUNCTION red_eq3(bigint, red_box3);
DROP TYPE red_box3

-- case: settings of the lexer change within a packet of pipelined messages
-- expect: refused
-- pipelined
SET standard_conforming_strings = off;
SELECT '\'' , buyer_name FROM orders WHERE id = 900001 --'

-- case: a tag carried out of a cursor by PL/pgSQL
-- expect: same or refused
BEGIN;
DECLARE red_c CURSOR FOR SELECT full_name FROM legacy_contacts WHERE id = 900001;
DO $$ DECLARE c refcursor := 'red_c'; v text; BEGIN FETCH c INTO v; RAISE NOTICE '%', v; END $$;
ROLLBACK

-- case: what a linkable token is made of, carried out of a cursor by PL/pgSQL
-- expect: refused 42501
BEGIN;
DECLARE red_c CURSOR FOR SELECT email, full_name FROM legacy_contacts WHERE id = 900001;
DO $$ DECLARE c refcursor := 'red_c'; v text; n text; BEGIN FETCH c INTO v, n; RAISE NOTICE '% %', v LIKE '%' || encode(sha256('first@known.test'), 'hex') || '%', n; END $$;
ROLLBACK

-- case: what a linkable token is made of, in a function that is given the cursor
-- expect: refused 42501
BEGIN;
CREATE FUNCTION next_of(c refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE v text; n text; BEGIN FETCH c INTO v, n; RETURN right(v, 64) || ' ' || n; END $$;
COMMIT;
BEGIN;
DECLARE red_c CURSOR FOR SELECT email, full_name FROM legacy_contacts WHERE id = 900001;
SELECT next_of('red_c');
ROLLBACK;
DROP FUNCTION next_of(refcursor)

-- case: an INSTEAD OF trigger
-- expect: refused
CREATE FUNCTION red_io() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.what := (SELECT buyer_name FROM orders WHERE id = NEW.id); RETURN NEW; END $$;
CREATE VIEW red_iov AS SELECT 1::bigint AS id, 'x'::text AS what;
CREATE TRIGGER red_tr INSTEAD OF INSERT ON red_iov FOR EACH ROW EXECUTE FUNCTION red_io();
INSERT INTO red_iov (id) VALUES (900001) RETURNING what;
DROP VIEW red_iov;
DROP FUNCTION red_io()

-- case: a cast by a temporary function
-- expect: refused
CREATE TYPE red_ct AS (k text);
CREATE FUNCTION pg_temp.c(bigint) RETURNS red_ct LANGUAGE sql AS 'SELECT ROW(buyer_name)::red_ct FROM orders WHERE id = $1';
CREATE CAST (bigint AS red_ct) WITH FUNCTION pg_temp.c(bigint);
SELECT 900001::bigint::red_ct;
DROP CAST (bigint AS red_ct);
DROP TYPE red_ct CASCADE

-- case: a function whose result is a domain that is checked
-- expect: refused
CREATE FUNCTION red_rd() RETURNS known_order LANGUAGE sql AS 'SELECT 900001::bigint';
SELECT red_rd();
DROP FUNCTION red_rd()

-- case: a view over an unsafe operator
-- expect: same or refused
CREATE FUNCTION red_vf(bigint, bigint) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE OPERATOR public.@-@ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = red_vf);
CREATE VIEW red_vo AS SELECT 900001::bigint @-@ 1::bigint AS n;
CREATE OR REPLACE FUNCTION red_vf(bigint, bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $1';
SELECT n FROM red_vo;
DROP VIEW red_vo;
DROP OPERATOR public.@-@ (bigint, bigint);
DROP FUNCTION red_vf(bigint, bigint)

-- case: a default that uses an unsafe operator
-- expect: refused
CREATE FUNCTION red_vg(bigint, bigint) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE OPERATOR public.@#@ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = red_vg);
CREATE TABLE red_do (i int, x text DEFAULT (900001::bigint OPERATOR(public.@#@) 1::bigint));
CREATE OR REPLACE FUNCTION red_vg(bigint, bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $1';
INSERT INTO red_do (i) VALUES (1) RETURNING x;
DROP TABLE red_do;
DROP OPERATOR public.@#@ (bigint, bigint);
DROP FUNCTION red_vg(bigint, bigint)

-- case: NOTIFY from a trigger
-- expect: refused
LISTEN red_n;
CREATE FUNCTION red_nt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('red_n', (SELECT buyer_name FROM orders WHERE id = NEW.id)); RETURN NEW; END $$;
CREATE TABLE red_nn (id bigint);
CREATE TRIGGER red_tr AFTER INSERT ON red_nn FOR EACH ROW EXECUTE FUNCTION red_nt();
INSERT INTO red_nn VALUES (900001);
SELECT 1;
DROP TABLE red_nn;
DROP FUNCTION red_nt()

-- case: a setting of the lexer, two Query messages
-- expect: refused
-- pipelined
SELECT set_config('standard_conforming_strings', 'off', false);
SELECT '\'' , buyer_name FROM orders WHERE id = 900001 --'

-- case: an aggregate over a temporary function
-- expect: refused
CREATE FUNCTION pg_temp.s(text, bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $2';
CREATE AGGREGATE red_agg(bigint) (SFUNC = pg_temp.s, STYPE = text);
SELECT red_agg(900001);
DROP AGGREGATE red_agg(bigint)

-- case: a trigger by a function that is replaced in the transaction
-- expect: refused
CREATE FUNCTION red_tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE red_tx (id bigint, what text);
CREATE TRIGGER red_tr BEFORE INSERT ON red_tx FOR EACH ROW EXECUTE FUNCTION red_tf();
BEGIN;
CREATE OR REPLACE FUNCTION red_tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.what := (SELECT buyer_name FROM orders WHERE id = NEW.id); RETURN NEW; END $$;
INSERT INTO red_tx (id) VALUES (900001) RETURNING what;
ROLLBACK;
DROP TABLE red_tx;
DROP FUNCTION red_tf()

-- case: a temporary table's domain whose default is replaced
-- expect: refused
CREATE FUNCTION red_cd() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''x''';
CREATE DOMAIN red_cdd AS text DEFAULT red_cd();
CREATE TEMP TABLE red_cdt (i int, x red_cdd);
CREATE OR REPLACE FUNCTION red_cd() RETURNS text LANGUAGE sql STABLE AS 'SELECT buyer_name FROM orders WHERE id = 900001';
INSERT INTO red_cdt (i) VALUES (1);
SELECT x FROM red_cdt;
DROP DOMAIN red_cdd CASCADE;
DROP FUNCTION red_cd()

-- case: a temporary table with a default whose function is replaced
-- expect: refused
CREATE FUNCTION red_tdf() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''x''';
CREATE TEMP TABLE red_tdt (i int, x text DEFAULT red_tdf());
CREATE OR REPLACE FUNCTION red_tdf() RETURNS text LANGUAGE sql STABLE AS 'SELECT buyer_name FROM orders WHERE id = 900001';
INSERT INTO red_tdt (i) VALUES (1) RETURNING x;
DROP TABLE pg_temp.red_tdt;
DROP FUNCTION red_tdf()

-- case: a temporary view over a function that is replaced
-- expect: same or refused
CREATE FUNCTION red_tvf() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''x''';
CREATE TEMP VIEW red_tvv AS SELECT red_tvf() AS x;
CREATE OR REPLACE FUNCTION red_tvf() RETURNS text LANGUAGE sql STABLE AS 'SELECT buyer_name FROM orders WHERE id = 900001';
SELECT x FROM red_tvv;
DROP VIEW pg_temp.red_tvv;
DROP FUNCTION red_tvf()

-- case: a temporary view over a view that is replaced
-- expect: same or refused
CREATE VIEW red_bv AS SELECT 1::bigint AS id, 'x'::varchar(80) AS n;
CREATE TEMP VIEW red_tbv AS SELECT * FROM red_bv;
CREATE OR REPLACE VIEW red_bv AS SELECT id, ship_city::varchar(80) AS n FROM orders;
SELECT n FROM red_tbv WHERE id = 900001;
DROP VIEW red_bv CASCADE

-- case: EXPLAIN EXECUTE of several columns
-- expect: same
PREPARE p AS SELECT id, order_ref, buyer_name FROM orders WHERE id = 900001;
EXPLAIN (COSTS OFF) EXECUTE p;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a function in SQL that executes a client's prepared statement over a view that was replaced
-- expect: refused
-- rollback
CREATE VIEW a2v AS SELECT 1::bigint AS id, 'x'::varchar(120) AS n;
CREATE TABLE a2t (n text);
CREATE FUNCTION a2f() RETURNS void LANGUAGE sql AS 'EXECUTE a2p';
PREPARE a2p AS INSERT INTO a2t SELECT n FROM a2v;
CREATE OR REPLACE VIEW a2v AS SELECT id, buyer_name AS n FROM orders WHERE id = 900001;
SELECT a2f();
SELECT n FROM a2t

-- case: the old row in a subquery of RETURNING
-- expect: same
-- rollback
UPDATE orders SET status = status WHERE id = 900001 RETURNING (SELECT old.buyer_name)

-- case: every old column in a subquery of RETURNING
-- expect: refused
-- rollback
UPDATE orders SET status = status WHERE id = 900001 RETURNING (SELECT x FROM (SELECT old.*) x)

-- case: a view made with its schema
-- expect: refused
-- role: postgres
-- rollback
CREATE SCHEMA made CREATE VIEW v AS SELECT buyer_name FROM public.orders WHERE id = 900001;
SELECT * FROM made.v

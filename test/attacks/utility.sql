-- LOCK, TRUNCATE, VACUUM, REINDEX, CLUSTER, COMMENT, GRANT, rules, triggers, transactions, settings, NOTIFY.

-- case: LOCK of a view and its tables, NOWAIT
-- expect: same
-- rollback
LOCK TABLE buyers, ONLY orders IN ACCESS SHARE MODE NOWAIT;
SELECT who FROM buyers WHERE number = 900001

-- case: TRUNCATE of answers, then their count by value
-- expect: refused 42501
-- role: postgres
-- rollback
TRUNCATE products CASCADE;
SELECT id FROM survey_responses WHERE answer LIKE 'great%'

-- case: TRUNCATE that restarts, on what a customer is redacted by
-- expect: refused 42501
-- role: postgres
-- rollback
TRUNCATE TABLE ONLY orders RESTART IDENTITY CASCADE;
SELECT name FROM customers WHERE id = 900001

-- case: VACUUM of a table with an index over a name
-- expect: same
-- role: postgres
VACUUM (ANALYZE, VERBOSE FALSE) survey_responses (answer);
SELECT answer FROM survey_responses WHERE id = 900001

-- case: ANALYZE, then what it found
-- expect: same
-- role: postgres
ANALYZE survey_responses (answer);
SELECT most_common_vals::text, n_distinct FROM pg_stats WHERE tablename = 'survey_responses' AND attname IN ('answer', 'rating')

-- case: REINDEX whose error quotes a name
-- expect: same
-- role: postgres
REINDEX TABLE orders;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: CLUSTER by a name, in the old syntax
-- expect: refused
-- role: postgres
-- rollback
CLUSTER orders_lower_idx ON orders;
SELECT id, ctid FROM orders WHERE id BETWEEN 900001 AND 900003

-- case: COMMENT made of a name
-- expect: same 42601
SELECT buyer_name FROM orders WHERE id = 900001;
COMMENT ON TABLE leaks IS (SELECT buyer_name FROM orders WHERE id = 900001)

-- case: GRANT of a column to a role that the view reader has
-- expect: refused 0A000
-- role: postgres
-- rollback
GRANT SELECT (id, buyer_name, channel, shipped_at, payment_terms) ON orders TO view_reader;
SET LOCAL ROLE view_reader;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: REVOKE of what the guard reads
-- expect: refused 0A000
-- role: postgres
-- rollback
REVOKE SELECT ON orders FROM shop_app;
GRANT SELECT (id, buyer_name) ON orders TO shop_app;
SET LOCAL ROLE shop_app;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a rule that shows in the place of an UPDATE
-- expect: refused
-- role: postgres
-- rollback
CREATE RULE shows AS ON UPDATE TO leaks DO INSTEAD SELECT buyer_name FROM orders WHERE id = 900001;
UPDATE leaks SET what = 'x'

-- case: a rule that makes a table a view
-- expect: refused
-- role: postgres
-- rollback
CREATE TABLE turned (id bigint, buyer_name varchar(120));
CREATE VIEW turned_view AS SELECT id, buyer_name FROM turned;
CREATE OR REPLACE VIEW turned_view AS SELECT id, buyer_name FROM orders;
SELECT buyer_name FROM turned_view WHERE id = 900001

-- case: a trigger with transition tables
-- expect: refused
-- role: postgres
-- rollback
CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(answer, ',') FROM old_rows); RETURN NULL; END $$;
CREATE TRIGGER tells AFTER UPDATE ON survey_responses REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tells();
UPDATE survey_responses SET answered_at = now() WHERE id = 900001

-- case: a trigger that was there before, with transition tables
-- expect: same
-- rollback
UPDATE logged SET seen = 1 WHERE id = 1

-- case: a trigger on DELETE that tells
-- expect: same
-- rollback
DELETE FROM logged WHERE id = 1

-- case: a trigger on TRUNCATE that tells
-- expect: refused 42501
-- role: postgres
-- rollback
TRUNCATE wiped

-- case: a trigger on INSERT that tells of the row that it meets
-- expect: same
-- rollback
INSERT INTO logged (id, old, name) VALUES (1, true, 'x') ON CONFLICT (id) DO UPDATE SET seen = 2

-- case: a trigger of a constraint, deferred to the COMMIT
-- expect: same
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
UPDATE logged SET seen = 3 WHERE id = 1;
COMMIT

-- case: a trigger's condition over a name
-- expect: same
-- rollback
UPDATE watched_names SET seen = 1 WHERE id = 1

-- case: an event trigger that tells
-- expect: refused
-- role: postgres
-- rollback
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT buyer_name FROM orders WHERE id = 900001); END $$;
CREATE EVENT TRIGGER tells ON ddl_command_end EXECUTE FUNCTION on_ddl();
CREATE TABLE t (i int)

-- case: two-phase commit of a masked read
-- expect: same 55000
BEGIN;
SELECT buyer_name FROM orders WHERE id = 900001;
PREPARE TRANSACTION 'x'

-- case: two-phase commit of an UPDATE that shows
-- expect: same 55000
BEGIN;
UPDATE orders SET channel = 'ebay' WHERE id = 900001 RETURNING buyer_name;
PREPARE TRANSACTION 'y'

-- case: savepoints around a failed cast
-- expect: same 22P02
-- rollback
SAVEPOINT a;
SELECT buyer_name::int FROM orders WHERE id = 900001;
ROLLBACK TO SAVEPOINT a;
RELEASE a;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a chain of transactions
-- expect: same
BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;
SELECT buyer_name FROM orders WHERE id = 900001;
COMMIT AND CHAIN;
SELECT gift_message FROM orders WHERE id = 900001;
ROLLBACK AND NO CHAIN

-- case: a transaction's settings that a rollback takes back
-- expect: same
BEGIN READ WRITE;
SET LOCAL statement_timeout = '5s';
SET SESSION lock_timeout = '5s';
SELECT buyer_name FROM orders WHERE id = 900001;
ROLLBACK;
SHOW lock_timeout

-- case: a setting of the user's that holds a name
-- expect: same
-- rollback
SELECT set_config('my.name', (SELECT buyer_name FROM orders WHERE id = 900001), true) IS NULL;
SHOW my.name

-- case: a setting of the user's from a masked read
-- expect: same
-- rollback
SELECT set_config('my.name', buyer_name, true) FROM orders WHERE id = 900001;
SELECT current_setting('my.name')

-- case: NOTIFY with a payload of a name
-- expect: same
LISTEN names;
SELECT pg_notify('names', buyer_name) FROM orders WHERE id = 900001;
UNLISTEN names

-- case: a sequence set from a name's length
-- expect: same 22003
-- role: postgres
CREATE SEQUENCE IF NOT EXISTS told;
SELECT setval('told', length(buyer_name)) FROM orders WHERE id = 900001;
SELECT last_value FROM told;
DROP SEQUENCE told

-- case: an identity that a rating becomes
-- expect: refused 42501
-- rollback
INSERT INTO leaks (id) SELECT rating FROM survey_responses WHERE id = 900001 RETURNING id

-- case: an advisory lock by a name, seen in pg_locks
-- expect: same
SELECT pg_advisory_lock(length(buyer_name)) FROM orders WHERE id = 900001;
SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT pg_advisory_unlock_all()

-- case: what pg_stat_progress and pg_cursors show
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001;
SELECT name, is_holdable, is_scrollable FROM pg_cursors;
FETCH c

-- case: statistics of expressions over protected columns
-- expect: same
-- role: postgres
ANALYZE guests;
SELECT expr, null_frac, avg_width, histogram_bounds::text, most_common_vals::text FROM pg_stats_ext_exprs WHERE tablename = 'guests'

-- case: statistics by their functions
-- expect: same
-- role: postgres
SELECT i.* FROM pg_statistic_ext_data d, pg_mcv_list_items(d.stxdmcv) i LIMIT 3

-- case: statistics as a whole row
-- expect: same
SELECT to_jsonb(s) ->> 'most_common_vals' FROM pg_stats s WHERE tablename = 'orders' AND attname = 'buyer_name'

-- case: statistics through a view of the user's
-- expect: same
SELECT vals FROM shown_statistics

-- case: a filter on statistics
-- expect: same
SELECT attname FROM pg_stats WHERE tablename = 'survey_responses' AND 'great, Alan Archer' = ANY (most_common_vals::text::text[])

-- case: pg_stat_statements
-- expect: refused
-- role: postgres
-- rollback
CREATE EXTENSION pg_stat_statements;
SELECT buyer_name FROM orders WHERE id = 900001;
SELECT count(*) FROM pg_stat_statements

-- case: security labels and large objects of a name
-- expect: same
-- rollback
SELECT lo_from_bytea(4711, convert_to(buyer_name, 'UTF8')) FROM orders WHERE id = 900001;
SELECT convert_from(lo_get(4711), 'UTF8')

-- case: a default of a temporary table from a name
-- expect: refused 0A000
-- rollback
SELECT buyer_name FROM orders WHERE id = 900001;
CREATE TEMP TABLE t (n text DEFAULT (SELECT buyer_name FROM orders WHERE id = 900001))

-- case: a generated column over the row type of orders
-- expect: refused
-- role: postgres
-- rollback
CREATE TABLE t (r orders, n text GENERATED ALWAYS AS ((r).buyer_name) STORED);
INSERT INTO t (r) SELECT o FROM orders o WHERE id = 900001;
SELECT n FROM t

-- case: ALTER TABLE of an unprotected table by a subquery over names
-- expect: same 0A000
-- role: postgres
-- rollback
SELECT buyer_name FROM orders WHERE id = 900001;
ALTER TABLE leaks ALTER what TYPE text USING (SELECT buyer_name FROM orders WHERE id = 900001)

-- case: a constraint that is validated against names
-- expect: refused
-- role: postgres
-- rollback
CREATE TABLE known (name varchar(120) PRIMARY KEY);
INSERT INTO known VALUES ('Alan Archer');
ALTER TABLE survey_responses ADD FOREIGN KEY (answer) REFERENCES known NOT VALID;
ALTER TABLE survey_responses VALIDATE CONSTRAINT survey_responses_answer_fkey

-- case: a foreign key that points at a protected column
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE TABLE guesses (code char(8) REFERENCES profiles (code));
INSERT INTO guesses VALUES ('CODE-A')

-- case: REASSIGN OWNED and DROP OWNED, then the view
-- expect: refused 0A000
-- role: postgres
-- rollback
ALTER VIEW buyers OWNER TO shop_app;
SELECT who FROM buyers WHERE number = 900001

-- case: a view whose column is renamed
-- expect: refused
-- role: postgres
-- rollback
ALTER VIEW buyers RENAME COLUMN who TO channel_2;
SELECT channel_2 FROM buyers WHERE number = 900001

-- case: a view that is moved to another schema
-- expect: refused
-- role: postgres
-- rollback
ALTER VIEW buyers SET SCHEMA other;
SELECT who FROM other.buyers WHERE number = 900001

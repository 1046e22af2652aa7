-- Sessions: settings, transactions, locks, cursors, prepared statements, notifications, temporary tables, queues.

-- case: SET, SHOW and RESET
-- expect: equal
SET statement_timeout = '30s';
SHOW statement_timeout;
SET LOCAL lock_timeout = '1s';
SET work_mem TO '16MB';
SHOW work_mem;
RESET work_mem;
SET TIME ZONE 'UTC';
SHOW TimeZone;
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
RESET ALL

-- case: DISCARD of everything
-- expect: equal
DISCARD PLANS;
DISCARD SEQUENCES;
DISCARD TEMP;
DISCARD ALL

-- case: settings by functions
-- expect: equal
SELECT current_setting('server_version_num')::int > 130000, current_setting('no.such', true), set_config('app.user_id', '42', false);
SELECT current_setting('app.user_id');
SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'TimeZone') ORDER BY name

-- case: a search path of one's own
-- expect: equal
SET search_path TO app, public;
SELECT count(*) FROM jobs;
SELECT id FROM orders WHERE id = 900012;
SET search_path TO DEFAULT;
SELECT count(*) FROM order_items

-- case: isolation levels
-- expect: equal
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT count(*) FROM orders;
COMMIT;
START TRANSACTION READ WRITE;
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM order_items;
ROLLBACK AND NO CHAIN

-- case: chained transactions
-- expect: equal
BEGIN;
SELECT 1;
COMMIT AND CHAIN;
SELECT id, buyer_name FROM orders WHERE id = 900012;
ROLLBACK

-- case: an error in a savepoint
-- expect: equal
BEGIN;
SAVEPOINT s;
SELECT 1/0;
ROLLBACK TO SAVEPOINT s;
SELECT order_ref FROM orders WHERE id = 900012;
RELEASE s;
ROLLBACK

-- case: LISTEN and NOTIFY
-- expect: runs
LISTEN jobs;
NOTIFY jobs, 'wake';
SELECT pg_notify('jobs', 'again');
SELECT pg_listening_channels();
UNLISTEN *

-- case: advisory locks
-- expect: equal
SELECT pg_advisory_lock(42), pg_try_advisory_lock(1, 2), pg_try_advisory_xact_lock(7);
SELECT pg_advisory_unlock(42), pg_advisory_unlock(1, 2);
SELECT pg_advisory_unlock_all()

-- case: LOCK TABLE
-- expect: equal
-- rollback
LOCK TABLE app.jobs IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE orders IN ROW EXCLUSIVE MODE NOWAIT

-- case: a queue's worker
-- expect: equal
-- rollback
UPDATE app.jobs SET state = 'running', attempts = attempts + 1 WHERE id = (SELECT id FROM app.jobs WHERE state = 'queued' AND queue = 'default' ORDER BY run_at FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id, payload;
DELETE FROM app.jobs WHERE id IN (SELECT id FROM app.jobs WHERE state = 'done' ORDER BY id LIMIT 3 FOR UPDATE NOWAIT) RETURNING id

-- case: a queue of orders with joins
-- expect: masked
-- rollback
SELECT o.id, o.buyer_name FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 ORDER BY o.id FOR SHARE OF o SKIP LOCKED

-- case: a cursor forwards and backwards
-- expect: masked
-- rollback
DECLARE c SCROLL CURSOR FOR SELECT id, buyer_name FROM orders WHERE id > 900000 ORDER BY id;
FETCH NEXT FROM c;
FETCH LAST FROM c;
FETCH BACKWARD 2 FROM c;
FETCH ABSOLUTE 1 FROM c;
MOVE FORWARD 2 IN c;
FETCH RELATIVE -1 FROM c;
CLOSE c

-- case: a cursor that outlives its transaction
-- expect: masked
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT id, order_ref, ship_city FROM orders WHERE id > 900000 ORDER BY id;
COMMIT;
FETCH 2 FROM h;
FETCH ALL FROM h;
CLOSE ALL

-- case: an update at a cursor's row
-- expect: equal
-- rollback
DECLARE u CURSOR FOR SELECT id, status FROM orders WHERE id IN (900011, 900012) ORDER BY id FOR UPDATE;
FETCH 1 FROM u;
UPDATE orders SET status = 'packed' WHERE CURRENT OF u;
FETCH 1 FROM u;
DELETE FROM app.jobs WHERE id = 1;
CLOSE u

-- case: prepared statements in SQL
-- expect: masked
PREPARE one (bigint) AS SELECT id, buyer_name, total FROM orders WHERE id = $1;
EXECUTE one (900001);
EXECUTE one (900012);
DEALLOCATE one

-- case: prepared modifications in SQL
-- expect: equal
-- rollback
PREPARE pack (bigint, text) AS UPDATE orders SET status = $2 WHERE id = $1;
EXECUTE pack (900012, 'packed');
EXPLAIN (COSTS OFF) EXECUTE pack (900012, 'packed');
PREPARE add_job (text) AS INSERT INTO app.jobs (queue) VALUES ($1) RETURNING queue;
EXECUTE add_job ('q');
DEALLOCATE ALL

-- case: temporary tables
-- expect: equal
CREATE TEMPORARY TABLE IF NOT EXISTS cart (sku text PRIMARY KEY, n int DEFAULT 1 CHECK (n > 0));
INSERT INTO cart SELECT sku FROM products ORDER BY sku LIMIT 3;
UPDATE cart SET n = n + 1;
CREATE INDEX ON cart (n);
ANALYZE cart;
SELECT c.sku, c.n, p.title FROM cart c JOIN products p USING (sku) ORDER BY 1;
TRUNCATE cart;
DROP TABLE cart

-- case: a temporary view of unprotected tables
-- expect: equal
CREATE TEMPORARY VIEW mail AS SELECT id, state FROM app.jobs WHERE queue = 'mail';
SELECT * FROM mail ORDER BY id;
DROP VIEW mail

-- case: a temporary sequence
-- expect: equal
CREATE TEMP SEQUENCE s START 5;
SELECT nextval('s'), currval('s'), lastval();
SELECT setval('s', 10);
DROP SEQUENCE s

-- case: SELECT INTO a temporary table
-- expect: masked
SELECT id, order_ref, buyer_name INTO TEMP picked FROM orders WHERE id > 900000;
SELECT p.id, o.buyer_name FROM picked p JOIN orders o ON o.id = p.id ORDER BY p.id;
DROP TABLE picked

-- case: CREATE TABLE AS of what is not protected
-- expect: equal
-- rollback
CREATE TABLE app.order_totals AS SELECT id, order_ref, channel, total FROM orders WHERE id > 900000;
SELECT id, total FROM app.order_totals ORDER BY id;
CREATE MATERIALIZED VIEW app.by_channel AS SELECT channel, count(*) AS n FROM app.order_totals GROUP BY channel;
CREATE TABLE app.empty_orders AS SELECT id, total FROM orders WITH NO DATA

-- case: CREATE TABLE LIKE
-- expect: equal
-- rollback
CREATE TABLE app.jobs_archive (LIKE app.jobs INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
INSERT INTO app.jobs_archive SELECT * FROM app.jobs WHERE state = 'done';
SELECT count(*) FROM app.jobs_archive

-- case: several statements in one message
-- expect: equal
-- one message
BEGIN; UPDATE app.stock SET quantity = quantity - 1 WHERE sku = 's1'; INSERT INTO app.jobs (queue) VALUES ('ship'); SELECT quantity FROM app.stock WHERE sku = 's1'; ROLLBACK; SELECT order_ref FROM orders WHERE id = 900012

-- case: DO with harmless code
-- expect: equal
DO $$ BEGIN RAISE NOTICE 'hello'; PERFORM pg_sleep(0); FOR i IN 1..2 LOOP PERFORM plain.add(i, 1); END LOOP; END $$

-- case: DO over unprotected tables
-- expect: equal
-- rollback
DO $$ DECLARE n int; BEGIN UPDATE app.jobs SET state = 'queued' WHERE state = 'failed'; GET DIAGNOSTICS n = ROW_COUNT; RAISE NOTICE '% requeued', n; EXCEPTION WHEN unique_violation THEN RAISE WARNING 'not requeued'; END $$

-- case: roles and rights of one's own
-- expect: equal
SELECT current_user, session_user, pg_has_role('view_reader', 'member'), has_table_privilege('orders', 'SELECT'), has_column_privilege('orders', 'buyer_name', 'UPDATE'), has_schema_privilege('app', 'CREATE');
SET ROLE view_reader;
SELECT current_user;
RESET ROLE;
SET SESSION AUTHORIZATION DEFAULT

-- case: maintenance of unprotected tables
-- expect: equal
VACUUM (ANALYZE) app.jobs;
ANALYZE app.stock;
ANALYZE

-- case: maintenance of protected tables is the owner's
-- expect: equal
ANALYZE orders;
VACUUM orders

-- case: COMMENT, GRANT and REVOKE on one's own table
-- expect: equal
-- rollback
CREATE TABLE app.mine (id int);
COMMENT ON TABLE app.mine IS 'mine';
COMMENT ON COLUMN app.mine.id IS 'key';
GRANT SELECT ON app.mine TO PUBLIC;
REVOKE SELECT ON app.mine FROM PUBLIC;
ALTER TABLE app.mine OWNER TO CURRENT_USER

-- case: COPY in and out
-- expect: equal
COPY (SELECT id, queue FROM app.jobs WHERE id < 4 ORDER BY id) TO STDOUT (FORMAT csv, HEADER true, FORCE_QUOTE *);
COPY app.schema_migrations TO STDOUT WITH (FORMAT text, DELIMITER '|');
COPY app.stock (sku, quantity) TO STDOUT WITH CSV HEADER;
COPY (SELECT id, order_ref, total FROM orders WHERE id > 900000 ORDER BY id) TO STDOUT (FORMAT binary)

-- case: pgbench's transaction
-- expect: equal
BEGIN;
UPDATE app.stock SET quantity = quantity + 5 WHERE sku = 's2';
SELECT quantity FROM app.stock WHERE sku = 's2';
INSERT INTO app.audit (what, row_id) VALUES ('bench', 1);
END;
BEGIN;
UPDATE app.stock SET quantity = quantity - 5 WHERE sku = 's2';
END

-- case: functions of the session
-- expect: runs
SELECT pg_backend_pid(), inet_server_port(), clock_timestamp() > statement_timestamp(), pg_is_in_recovery(), txid_current() > 0, pg_current_xact_id()::text::bigint > 0, version(), current_database(), current_catalog

-- case: two-phase names and settings of constraints
-- expect: equal
-- rollback
SET CONSTRAINTS ALL DEFERRED;
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO plain.later VALUES (1)

-- What is kept and read again: tables made of queries, temporary tables, cursors, prepared statements.

-- case: CREATE TABLE AS with a list of columns
-- expect: refused 42501
-- rollback
CREATE TABLE stolen (a, b) AS SELECT id, buyer_name FROM orders WHERE id = 900001;
SELECT b FROM stolen

-- case: CREATE TABLE IF NOT EXISTS AS
-- expect: refused 42501
-- rollback
CREATE TABLE IF NOT EXISTS stolen AS TABLE legacy_contacts;
SELECT full_name FROM stolen WHERE id = 900001

-- case: CREATE UNLOGGED TABLE AS
-- expect: refused 42501
-- rollback
CREATE UNLOGGED TABLE stolen AS SELECT o FROM orders o WHERE id = 900001;
SELECT * FROM stolen

-- case: CREATE TABLE AS of names for all rows, empty, and filled later
-- expect: refused 42501
-- rollback
CREATE TABLE stolen AS SELECT id, buyer_name FROM orders WITH NO DATA;
INSERT INTO stolen SELECT id, buyer_name FROM orders WHERE id = 900001;
SELECT buyer_name FROM stolen

-- case: CREATE TABLE AS of a filter
-- expect: refused 42501
-- rollback
CREATE TABLE stolen AS SELECT id FROM orders WHERE buyer_name = 'Alan Archer';
SELECT * FROM stolen

-- case: CREATE TABLE AS of an aggregate
-- expect: refused 42501
-- rollback
CREATE TABLE stolen AS SELECT count(DISTINCT buyer_name) AS n FROM orders WHERE id IN (900001, 900002);
SELECT n FROM stolen

-- case: CREATE TEMP TABLE AS of a filter
-- expect: refused 42501
-- rollback
CREATE TEMP TABLE stolen AS SELECT id FROM orders WHERE buyer_name = 'Alan Archer';
SELECT * FROM stolen

-- case: CREATE TEMP TABLE AS of a whole row and a document
-- expect: same
-- rollback
CREATE TEMP TABLE stolen AS SELECT o AS r, to_jsonb(o) AS j FROM orders o WHERE id = 900001;
SELECT (r).buyer_name, j FROM stolen

-- case: CREATE TEMP TABLE AS, dropped when the transaction ends
-- expect: same
BEGIN;
CREATE TEMP TABLE orders ON COMMIT DROP AS SELECT id, buyer_name FROM public.orders WHERE id = 900001;
SELECT buyer_name FROM orders;
COMMIT;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: CREATE TEMP TABLE AS named like what it reads
-- expect: same
CREATE TEMP TABLE orders AS SELECT * FROM orders WHERE id = 900001;
SELECT buyer_name FROM orders;
DROP TABLE orders;
SELECT buyer_name FROM orders WHERE id = 900001;
SELECT gift_message FROM orders WHERE id = 900002

-- case: CREATE TEMP TABLE AS by the schema
-- expect: same
CREATE TABLE pg_temp.orders AS SELECT id, buyer_name FROM public.orders WHERE id = 900001;
SELECT buyer_name FROM pg_temp.orders;
SELECT buyer_name FROM orders

-- case: a temporary table hides the protected one up to a savepoint
-- expect: same
-- rollback
SAVEPOINT s;
CREATE TEMP TABLE orders (id bigint, buyer_name text);
SELECT buyer_name FROM orders;
ROLLBACK TO s;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a filter where the temporary table was rolled back to a savepoint
-- expect: refused 42501
-- rollback
SAVEPOINT s;
CREATE TEMP TABLE orders (id bigint, buyer_name text);
SELECT id FROM orders WHERE buyer_name = 'Alan Archer';
ROLLBACK TO s;
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: a filter where the temporary table went at COMMIT
-- expect: refused 42501
BEGIN;
CREATE TEMP TABLE orders (id bigint, buyer_name text) ON COMMIT DROP;
SELECT id FROM orders WHERE buyer_name = 'Alan Archer';
COMMIT;
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: a filter in the message of the COMMIT that drops the temporary table
-- expect: refused
-- one message
BEGIN; CREATE TEMP TABLE orders (id bigint, buyer_name text) ON COMMIT DROP; SELECT id FROM orders WHERE buyer_name = 'Alan Archer'; COMMIT; SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: a filter in the message of the DROP of the temporary table
-- expect: refused
-- one message
CREATE TEMP TABLE orders (id bigint, buyer_name text); SELECT id FROM orders WHERE buyer_name = 'Alan Archer'; DROP TABLE orders; SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: a filter behind the DROP of the temporary table in one pipeline
-- expect: refused
-- pipelined
CREATE TEMP TABLE orders (id bigint, buyer_name text);
SELECT id FROM orders WHERE buyer_name = 'Alan Archer';
DROP TABLE orders;
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: a statement prepared over the temporary table and executed when it is gone
-- expect: refused 0A000
CREATE TEMP TABLE orders (id bigint, buyer_name text);
PREPARE p AS SELECT count(*) FROM orders WHERE buyer_name = 'Alan Archer';
EXECUTE p;
DROP TABLE orders;
EXECUTE p

-- case: a temporary table renamed to a protected one's name, and away
-- expect: same
CREATE TEMP TABLE t (id bigint, buyer_name text);
ALTER TABLE t RENAME TO orders;
SELECT buyer_name FROM orders WHERE id = 900001;
ALTER TABLE orders RENAME TO t;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE of a temporary table from protected rows
-- expect: same
-- rollback
CREATE TEMP TABLE t (id bigint, n text);
INSERT INTO t VALUES (900001), (900003);
UPDATE t SET n = o.buyer_name FROM orders o WHERE o.id = t.id;
SELECT id, n, n = 'Alan Archer' FROM t ORDER BY id

-- case: MERGE into a temporary table
-- expect: same
-- rollback
CREATE TEMP TABLE t (id bigint, n text);
MERGE INTO t USING orders o ON t.id = o.id AND o.id = 900001 WHEN NOT MATCHED AND o.id = 900001 THEN INSERT VALUES (o.id, o.buyer_name);
SELECT n FROM t

-- case: INSERT … ON CONFLICT counts equal names in a temporary table
-- expect: same
-- rollback
CREATE TEMP TABLE t (n text PRIMARY KEY);
INSERT INTO t SELECT buyer_name FROM orders WHERE id IN (900001, 900002, 900003) ON CONFLICT DO NOTHING;
SELECT count(*) FROM t

-- case: COPY of a temporary table
-- expect: same
-- rollback
CREATE TEMP TABLE t AS SELECT id, buyer_name, gift_message FROM orders WHERE id = 900001;
COPY t TO STDOUT

-- case: COPY into a temporary table and out again
-- expect: same
-- rollback
CREATE TEMP TABLE t AS SELECT answer FROM survey_responses WHERE id = 900001;
COPY (SELECT length(answer) FROM t) TO STDOUT (FORMAT csv)

-- case: SELECT INTO UNLOGGED
-- expect: refused 42501
-- rollback
SELECT buyer_name INTO UNLOGGED stolen FROM orders WHERE id = 900001;
SELECT * FROM stolen

-- case: SELECT INTO of a union
-- expect: same
-- rollback
SELECT 'x' AS n INTO stolen UNION SELECT buyer_name FROM orders WHERE id = 900001;
SELECT * FROM stolen ORDER BY 1

-- case: SELECT INTO with a CTE
-- expect: refused 42501
-- rollback
WITH x AS (SELECT answer FROM survey_responses WHERE id = 900001) SELECT answer INTO stolen FROM x;
SELECT * FROM stolen

-- case: EXPLAIN ANALYZE of SELECT INTO
-- expect: same
-- rollback
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT DISTINCT buyer_name INTO TEMP stolen FROM orders WHERE id IN (900001, 900002);
SELECT * FROM stolen

-- case: a cursor to scroll back and forth over everything
-- expect: same
-- rollback
DECLARE c SCROLL CURSOR FOR SELECT * FROM orders WHERE id IN (900001, 900002, 900003) ORDER BY id;
MOVE LAST c;
FETCH BACKWARD ALL c;
FETCH FORWARD 1 FROM c;
FETCH RELATIVE 1 c;
FETCH LAST c

-- case: a cursor over groups of names
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name, count(*) FROM orders WHERE id IN (900001, 900002, 900003) GROUP BY 1;
MOVE ALL c

-- case: a cursor that is insensitive, without scroll, with hold
-- expect: same
BEGIN;
DECLARE c INSENSITIVE NO SCROLL CURSOR WITH HOLD FOR SELECT buyer_name, gift_message, o FROM orders o WHERE id = 900001;
COMMIT;
FETCH ALL c;
CLOSE ALL

-- case: a cursor with hold whose transaction is rolled back
-- expect: same 34000
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT buyer_name FROM orders WHERE id = 900001;
FETCH c;
ROLLBACK;
FETCH c

-- case: a cursor that was opened before a savepoint
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name FROM orders WHERE id IN (900001, 900003) ORDER BY id;
SAVEPOINT s;
FETCH c;
ROLLBACK TO s;
FETCH c

-- case: a cursor named with quotes, read by its other spellings
-- expect: same
-- rollback
DECLARE "c 1" CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001;
DECLARE Other CURSOR FOR SELECT gift_message FROM orders WHERE id = 900001;
FETCH "c 1";
FETCH "other"

-- case: a cursor whose name is cut to 63 bytes
-- expect: same
-- rollback
DECLARE ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001;
FETCH cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccxyz

-- case: a cursor over a modification's rows
-- expect: same 42601
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001;
FETCH c;
DECLARE d CURSOR FOR UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING buyer_name

-- case: a cursor over VALUES of a protected value
-- expect: same
-- rollback
DECLARE c CURSOR FOR VALUES ((SELECT buyer_name FROM orders WHERE id = 900001), (SELECT gift_message FROM orders WHERE id = 900001));
FETCH c

-- case: PREPARE of an UPDATE that shows
-- expect: same
-- rollback
PREPARE p (bigint) AS UPDATE orders SET channel = 'ebay' WHERE id = $1 RETURNING buyer_name;
EXECUTE p (900001);
SELECT buyer_name FROM orders WHERE id = 900001

-- case: PREPARE of a MERGE that shows
-- expect: same
-- rollback
PREPARE p AS MERGE INTO orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET notes = 'x' RETURNING o.*;
EXECUTE p

-- case: PREPARE with types that are known later
-- expect: same
PREPARE p AS SELECT buyer_name, length(buyer_name) > $2 FROM orders WHERE id = $1;
EXECUTE p (900001, 10);
EXECUTE p (900003, 3);
DEALLOCATE ALL

-- case: PREPARE with a name that is quoted, executed by others
-- expect: same
PREPARE "P 1" AS SELECT buyer_name FROM orders WHERE id = 900001;
PREPARE PLAIN AS SELECT gift_message FROM orders WHERE id = 900001;
EXECUTE "P 1";
EXECUTE "plain"

-- case: EXECUTE with an argument that reads a name
-- expect: same 0A000
PREPARE p (text) AS SELECT $1;
SELECT buyer_name FROM orders WHERE id = 900001;
EXECUTE p ((SELECT buyer_name FROM orders WHERE id = 900001))

-- case: EXECUTE with an argument that calls a function which reads
-- expect: refused 42501
PREPARE p (text) AS SELECT $1;
EXECUTE p (name_of(900001))

-- case: CREATE TEMP TABLE AS EXECUTE
-- expect: refused 42501
-- rollback
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
CREATE TEMP TABLE stolen AS EXECUTE p;
SELECT * FROM stolen

-- case: CREATE TEMP TABLE AS EXECUTE of what was prepared in the same text
-- expect: refused
-- one message
-- rollback
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
CREATE TEMP TABLE stolen AS EXECUTE p;
SELECT * FROM stolen

-- case: CREATE TEMP TABLE AS EXECUTE of what was prepared anew in the same text
-- expect: refused
-- rollback
PREPARE p AS SELECT order_ref FROM orders WHERE id = 900001;
DEALLOCATE p; PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001; CREATE TEMP TABLE stolen AS EXECUTE p;
SELECT * FROM stolen

-- case: CREATE TEMP TABLE AS EXECUTE of a whole row
-- expect: refused 42501
-- rollback
PREPARE p AS SELECT o FROM orders o WHERE id = 900001;
CREATE TEMP TABLE stolen AS EXECUTE p;
SELECT * FROM stolen

-- case: EXPLAIN ANALYZE of CREATE TABLE AS EXECUTE
-- expect: refused 42501
-- rollback
PREPARE p AS SELECT * FROM orders WHERE id = 900001;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) CREATE TABLE stolen AS EXECUTE p;
SELECT * FROM stolen

-- case: a prepared statement that DISCARD ALL removes, prepared again for other rows
-- expect: same
PREPARE p AS SELECT id, order_ref FROM orders WHERE id = 900001;
DISCARD ALL;
PREPARE p AS SELECT buyer_name, gift_message FROM orders WHERE id = 900001;
EXECUTE p

-- case: a prepared statement that a rolled back transaction has prepared
-- expect: same
BEGIN;
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
ROLLBACK;
EXECUTE p

-- case: DISCARD PLANS between executions
-- expect: same
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
EXECUTE p;
DISCARD PLANS;
EXECUTE p

-- Commands that carry a query: COPY, PREPARE, cursors, EXPLAIN, several statements in one message.

-- case: COPY of a table
-- expect: same
COPY orders TO STDOUT

-- case: COPY of some columns
-- expect: same
COPY orders (buyer_name, id) TO STDOUT

-- case: COPY as CSV with every value quoted
-- expect: same
COPY payments (order_id, card_holder, iban) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)

-- case: COPY with a delimiter and a NULL of its own
-- expect: same
COPY customers TO STDOUT (DELIMITER '|', NULL 'nothing')

-- case: COPY as binary
-- expect: same
COPY legacy_contacts TO STDOUT (FORMAT binary)

-- case: COPY in the old syntax
-- expect: same
COPY survey_responses TO STDOUT WITH CSV QUOTE '"' DELIMITER ';'

-- case: COPY of a query
-- expect: same
COPY (SELECT id, buyer_name, gift_message FROM orders WHERE id IN (900001, 900002) ORDER BY id) TO STDOUT

-- case: COPY of a query that filters
-- expect: refused 42501
COPY (SELECT id FROM orders WHERE buyer_name = 'Alan Archer') TO STDOUT

-- case: COPY of a child table and of a partition
-- expect: same
COPY archived_orders TO STDOUT;
COPY visits_old (id, visitor, score) TO STDOUT

-- case: COPY of a materialized view
-- expect: same or refused
COPY (SELECT * FROM order_names WHERE id = 900001) TO STDOUT

-- case: COPY of an UPDATE's RETURNING
-- expect: same
-- rollback
COPY (UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING buyer_name) TO STDOUT

-- case: COPY between other statements of one message
-- expect: same
-- one message
SELECT 1; COPY (SELECT buyer_name FROM orders WHERE id = 900001) TO STDOUT; SELECT gift_message FROM orders WHERE id = 900001

-- case: PREPARE and EXECUTE
-- expect: same
PREPARE p (bigint) AS SELECT buyer_name, gift_message FROM orders WHERE id = $1;
EXECUTE p (900001);
EXECUTE p (900002)

-- case: PREPARE and EXECUTE in one message
-- expect: same
-- one message
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001; EXECUTE p; DEALLOCATE p

-- case: PREPARE of a filter
-- expect: refused 42501
PREPARE p AS SELECT id FROM orders WHERE buyer_name = 'Alan Archer';
EXECUTE p

-- case: PREPARE under a name that was used before
-- expect: same
PREPARE p AS SELECT id, order_ref FROM orders WHERE id = 900001;
DEALLOCATE p;
PREPARE p AS SELECT id, buyer_name FROM orders WHERE id = 900001;
EXECUTE p

-- case: EXECUTE into a table
-- expect: refused
-- rollback
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
CREATE TABLE stolen AS EXECUTE p;
SELECT * FROM stolen

-- case: a prepared statement forced to a generic plan
-- expect: same
SET plan_cache_mode = force_generic_plan;
PREPARE p (text) AS SELECT buyer_name = $1 FROM orders WHERE id = 900001;
EXECUTE p ('Alan Archer')

-- case: a cursor
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT id, buyer_name FROM orders WHERE id IN (900001, 900002) ORDER BY id;
FETCH ALL FROM c

-- case: a cursor to scroll
-- expect: same
-- rollback
DECLARE c SCROLL CURSOR FOR SELECT gift_message FROM orders WHERE id IN (900001, 900002, 900003) ORDER BY id;
FETCH LAST c;
FETCH PRIOR c;
FETCH ABSOLUTE 1 c

-- case: a binary cursor
-- expect: same
-- rollback
DECLARE c BINARY CURSOR FOR SELECT buyer_name, rating FROM orders o JOIN survey_responses s ON s.order_id = o.id WHERE o.id = 900001;
FETCH c

-- case: a cursor that outlives its transaction
-- expect: same
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT buyer_name FROM orders WHERE id = 900001;
COMMIT;
FETCH c;
CLOSE c

-- case: a cursor over a filter
-- expect: refused 42501
-- rollback
DECLARE c CURSOR FOR SELECT id FROM orders WHERE buyer_name = 'Alan Archer';
FETCH c

-- case: MOVE counts the rows of a filter
-- expect: refused 42501
-- rollback
DECLARE c CURSOR FOR SELECT id FROM orders WHERE buyer_email LIKE 'alan@%';
MOVE ALL IN c

-- case: a cursor's name used again for other columns
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT id FROM orders WHERE id = 900001;
CLOSE c;
DECLARE c CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001;
FETCH c

-- case: WHERE CURRENT OF with RETURNING
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT id FROM orders WHERE id = 900001 FOR UPDATE;
FETCH c;
UPDATE orders SET notes = 'x' WHERE CURRENT OF c RETURNING buyer_name

-- case: EXPLAIN ANALYZE counts the rows of a filter
-- expect: refused 42501
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: EXPLAIN ANALYZE counts groups of names
-- expect: same
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT buyer_name FROM orders WHERE id IN (900001, 900002) GROUP BY buyer_name

-- case: EXPLAIN ANALYZE as JSON, with the output list
-- expect: same
EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT DISTINCT left(buyer_name, 1) FROM orders WHERE id IN (900001, 900002)

-- case: EXPLAIN ANALYZE of a semi-join
-- expect: refused 42501
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT 1 FROM (VALUES ('Alan Archer')) v(n) WHERE n IN (SELECT buyer_name FROM orders WHERE id = 900001)

-- case: EXPLAIN ANALYZE of EXECUTE
-- expect: same
PREPARE p AS SELECT DISTINCT buyer_name FROM orders WHERE id IN (900001, 900002);
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE p

-- case: EXPLAIN with the planner's row estimates
-- expect: same or refused
EXPLAIN SELECT id FROM orders WHERE lower(buyer_name) = 'alan archer'

-- case: EXPLAIN ANALYZE of CREATE TABLE AS
-- expect: refused
-- rollback
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) CREATE TABLE stolen AS SELECT DISTINCT buyer_name FROM orders WHERE id IN (900001, 900002)

-- case: several statements
-- expect: same
-- one message
SELECT 1; SELECT buyer_name FROM orders WHERE id = 900001; SELECT gift_message FROM orders WHERE id = 900002; SELECT 4

-- case: the filter is the last of several statements
-- expect: refused 42501
-- one message
SELECT 1; SELECT buyer_name FROM orders WHERE id = 900001; SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: the filter stands between BEGIN and COMMIT of one message
-- expect: refused 42501
-- one message
BEGIN; SELECT id FROM orders WHERE buyer_name = 'Alan Archer'; COMMIT; SELECT 1

-- case: a pipeline with a filter in the middle
-- expect: refused 42501
-- pipelined
SELECT 1;
SELECT id FROM orders WHERE buyer_name = 'Alan Archer';
SELECT 3

-- case: a pipeline of masked rows
-- expect: same
-- pipelined
SELECT buyer_name FROM orders WHERE id = 900001;
SELECT gift_message FROM orders WHERE id = 900002;
SELECT * FROM payments WHERE id = 900003

-- case: LOCK and a read in a transaction
-- expect: same
-- rollback
LOCK TABLE orders IN SHARE MODE;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: EXECUTE of a filter with a channel that is redacted
-- expect: refused 42501
PREPARE by_name (text, text) AS SELECT id FROM orders WHERE channel = $1 AND buyer_name = $2 AND id > 900000;
EXECUTE by_name('amazon', 'Alan Archer')

-- case: EXECUTE of a filter with a channel whose spaces count for nothing
-- expect: same or refused
PREPARE by_name (bpchar, text) AS SELECT id FROM orders WHERE channel = $1 AND buyer_name = $2 AND id > 900000;
EXECUTE by_name('amazon  ', 'Alan Archer')

-- case: EXECUTE of a filter, prepared in the same message
-- expect: refused 42501
-- one message
PREPARE by_name (text, text) AS SELECT id FROM orders WHERE channel = $1 AND buyer_name = $2 AND id > 900000; EXECUTE by_name('amazon', 'Alan Archer')

-- case: EXECUTE of a filter over all channels
-- expect: refused 42501
PREPARE by_name (text, text) AS SELECT id FROM orders WHERE ($1 IS NULL OR channel = $1) AND buyer_name = $2 AND id > 900000;
EXECUTE by_name(NULL, 'Alan Archer')

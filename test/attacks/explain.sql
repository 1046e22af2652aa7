-- EXPLAIN in its formats and with its options: no value, no count of rows that a value decides, no mark of the gateway.

-- case: EXPLAIN ANALYZE as text, all that is said of a sort by a name
-- expect: same
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id FROM orders WHERE id IN (900001, 900002, 900003) ORDER BY repeat(buyer_name, 5000)

-- case: EXPLAIN ANALYZE VERBOSE as XML
-- expect: same
EXPLAIN (ANALYZE, VERBOSE, FORMAT XML, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT DISTINCT buyer_name FROM orders WHERE id IN (900001, 900002)

-- case: EXPLAIN ANALYZE VERBOSE as YAML
-- expect: same
EXPLAIN (ANALYZE, VERBOSE, FORMAT YAML, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT DISTINCT buyer_name FROM orders WHERE id IN (900001, 900002)

-- case: EXPLAIN ANALYZE with settings and buffers off, over a union
-- expect: same
EXPLAIN (ANALYZE, SETTINGS, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, FORMAT JSON) SELECT buyer_name FROM orders WHERE id = 900001 UNION SELECT buyer_name FROM orders WHERE id = 900002

-- case: EXPLAIN ANALYZE with the bytes that it would send
-- expect: same
EXPLAIN (ANALYZE, SERIALIZE BINARY, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT repeat(buyer_name, 3000), answer FROM orders o JOIN survey_responses s ON s.order_id = o.id WHERE o.id = 900001

-- case: EXPLAIN ANALYZE of an UPDATE by a name
-- expect: refused 42501
-- rollback
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) UPDATE orders SET notes = 'x' WHERE buyer_name = 'Alan Archer'

-- case: EXPLAIN ANALYZE of an INSERT … SELECT of distinct names
-- expect: refused 42501
-- rollback
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) INSERT INTO leaks SELECT DISTINCT 1, buyer_name FROM orders WHERE id IN (900001, 900002)

-- case: EXPLAIN ANALYZE of a DELETE that shows
-- expect: same
-- rollback
EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) DELETE FROM order_items i USING (SELECT buyer_name, max(id) AS id FROM orders WHERE id IN (900001, 900002) GROUP BY 1) o WHERE o.id = i.order_id RETURNING o.buyer_name

-- case: EXPLAIN ANALYZE of a MERGE that tells rows apart by a name
-- expect: refused 42501
-- rollback
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) MERGE INTO orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED AND o.buyer_name LIKE 'A%' THEN UPDATE SET notes = 'x' WHEN MATCHED THEN DO NOTHING

-- case: EXPLAIN ANALYZE of a CTE that modifies and a filter on it
-- expect: refused 42501
-- rollback
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) WITH u AS (UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING buyer_name) SELECT 1 FROM u WHERE buyer_name LIKE 'A%'

-- case: EXPLAIN ANALYZE of a set-returning function over a name
-- expect: refused 42501
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT regexp_split_to_table(buyer_name, '') FROM orders WHERE id = 900001

-- case: EXPLAIN ANALYZE of a view, as JSON
-- expect: same
EXPLAIN (ANALYZE, FORMAT JSON, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT who FROM loud_buyers WHERE number IN (900001, 900002) GROUP BY who

-- case: EXPLAIN ANALYZE of a materialized view's names
-- expect: same
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT DISTINCT buyer_name FROM order_names WHERE id IN (900001, 900002)

-- case: EXPLAIN ANALYZE of a window over a name
-- expect: same
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT 1 FROM (SELECT row_number() OVER (PARTITION BY buyer_name ORDER BY id) AS n FROM orders WHERE id IN (900001, 900002)) x GROUP BY n

-- case: EXPLAIN ANALYZE EXECUTE in every format, one after the other
-- expect: same
PREPARE p AS SELECT buyer_name FROM orders WHERE id IN (900001, 900002) GROUP BY buyer_name;
EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE p;
EXPLAIN (ANALYZE, VERBOSE, FORMAT XML, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE p;
EXPLAIN (ANALYZE, VERBOSE, FORMAT YAML, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) EXECUTE p

-- case: EXPLAIN of a constant that the planner folds a function into
-- expect: refused 42501
EXPLAIN (VERBOSE, COSTS OFF) SELECT fixed_name(900001)

-- case: EXPLAIN ANALYZE of a recursive query that ends where a name does
-- expect: refused 42501
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, orders o WHERE o.id = 900001 AND n < length(o.buyer_name)) SELECT max(n) FROM r

-- case: EXPLAIN ANALYZE of CASE over a name around a subquery that runs or not
-- expect: same
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT CASE WHEN buyer_name = 'Alan Archer' THEN (SELECT max(id) FROM products, orders x WHERE x.id = 900012) END FROM orders WHERE id = 900001

-- case: EXPLAIN with the planner's guess from most common values
-- expect: refused 42501
EXPLAIN SELECT 1 FROM orders WHERE buyer_name = 'Alan Archer'

-- case: EXPLAIN with the planner's guess of a join by a name of a view
-- expect: refused 42501
EXPLAIN SELECT 1 FROM buyers JOIN legacy_contacts l ON l.full_name = buyers.who

-- case: EXPLAIN GENERIC_PLAN with the planner's guess of a parameter
-- expect: refused 42501
EXPLAIN (GENERIC_PLAN) SELECT 1 FROM orders WHERE buyer_name = $1


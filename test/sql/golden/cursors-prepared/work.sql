-- Cursors and prepared statements in SQL.

-- case: a prepared query
PREPARE q AS SELECT id, buyer_name FROM orders WHERE id = 1
-- =>
PREPARE q AS SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 1
-- kind prepare
-- effect prepare q
--   kind select
--   output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
--   masked public.orders.buyer_name

-- case: a prepared query with parameters
-- not run
PREPARE q (bigint) AS SELECT buyer_name FROM orders WHERE id = $1
-- =>
PREPARE q (bigint) AS SELECT buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = $1
-- kind prepare
-- effect prepare q
--   kind select
--   output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
--   masked public.orders.buyer_name

-- case: a prepared query over nothing protected
PREPARE p AS SELECT sku FROM products
-- =>
-- pass
-- kind prepare
-- effect prepare p
--   kind select

-- case: a prepared modification
PREPARE u AS UPDATE orders SET buyer_name = 'x' WHERE id = 1
-- =>
PREPARE u AS UPDATE "public"."orders" SET buyer_name = CASE WHEN «redacted "orders"» THEN "orders"."buyer_name" ELSE ('x') END WHERE id = 1
-- kind prepare
-- effect prepare u
--   kind update
--   withhold detail

-- case: execution
EXECUTE q (1)
-- =>
-- pass
-- kind utility
-- effect execute q

-- case: deallocation
DEALLOCATE q
-- =>
-- pass
-- kind utility
-- effect deallocate q

-- case: deallocation of all
DEALLOCATE ALL
-- =>
-- pass
-- kind utility
-- effect deallocate all

-- case: a cursor
DECLARE c CURSOR FOR SELECT id, buyer_name FROM orders ORDER BY id
-- =>
DECLARE c CURSOR FOR SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY id
-- kind cursor
-- effect declare c
--   kind select
--   output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
--   masked public.orders.buyer_name

-- case: a cursor that outlives its transaction
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM customers
-- =>
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM (SELECT pgveil_t."id", «tag name», «tag email», «mask phone», pgveil_t."created_at" FROM "public"."customers" AS pgveil_t «join its guard, lockable») AS "customers"
-- kind cursor
-- effect declare c with hold
--   kind select
--   output 1 public.customers.name typmod 124 token of name within 120
--   output 2 public.customers.email typmod 258 token of email within 254
--   output 3 public.customers.phone
--   masked public.customers.name, public.customers.email, public.customers.phone

-- case: a binary cursor
DECLARE c BINARY CURSOR FOR SELECT buyer_name FROM orders
-- =>
DECLARE c BINARY CURSOR FOR SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- kind cursor
-- effect declare c
--   kind select
--   output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
--   masked public.orders.buyer_name

-- case: a cursor that locks rows
DECLARE c CURSOR FOR SELECT id, buyer_name FROM orders FOR UPDATE
-- =>
DECLARE c CURSOR FOR SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" FOR UPDATE
-- kind cursor
-- effect declare c
--   kind select
--   output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
--   masked public.orders.buyer_name

-- case: a cursor over nothing protected
DECLARE c NO SCROLL CURSOR FOR SELECT sku FROM products
-- =>
-- pass
-- kind cursor
-- effect declare c
--   kind select

-- case: rows of a cursor
FETCH FORWARD 10 FROM c
-- =>
-- pass
-- kind utility
-- effect fetch c

-- case: moving a cursor
MOVE 5 IN c
-- =>
-- pass
-- kind utility
-- effect run portal c

-- case: closing a cursor
CLOSE c
-- =>
-- pass
-- kind utility

-- case: the server's plan of an execution
EXPLAIN EXECUTE q (1)
-- =>
-- pass
-- effect run statement q

-- case: a prepared filter, which EXECUTE decides on
PREPARE p (text, text) AS SELECT id FROM orders WHERE channel = $1 AND buyer_name = $2
-- =>
PREPARE p (text, text) AS SELECT id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = $1 AND buyer_name = $2
-- kind prepare
-- effect prepare p
--   kind select
--   as it is executed, by $1, $2

-- case: a prepared copy, which EXECUTE decides on
PREPARE p AS INSERT INTO products (sku) SELECT buyer_name FROM orders WHERE channel = $1
-- =>
PREPARE p AS INSERT INTO products (sku) SELECT buyer_name FROM (SELECT pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = $1
-- kind prepare
-- effect prepare p
--   kind insert
--   as it is executed, by $1

-- case: two prepared filters in one text
PREPARE p (text) AS SELECT id FROM orders WHERE channel = $1 AND buyer_name = 'x'; PREPARE q AS SELECT id FROM orders WHERE id = $1
-- =>
PREPARE p (text) AS SELECT id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = $1 AND buyer_name = 'x'; PREPARE q AS SELECT id FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = $1
-- kind prepare
-- effect prepare p
--   kind select
--   as it is executed, by $1
-- kind prepare
-- effect prepare q
--   kind select

-- case: a table from an execution
CREATE TABLE t AS EXECUTE q (1)
-- =>
-- pass
-- kind ddl
-- effect environment
-- effect ddl []
-- effect store q

-- case: a temporary table from an execution that is explained
EXPLAIN ANALYZE CREATE TEMP TABLE t AS EXECUTE q
-- =>
-- pass
-- effect environment
-- effect store q

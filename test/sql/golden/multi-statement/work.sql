-- Several statements in one text.

-- case: a rewritten one between passed ones
SELECT 1; SELECT buyer_name FROM orders; SELECT 2
-- =>
SELECT 1; SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"; SELECT 2
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: two rewritten ones
SELECT buyer_name FROM orders WHERE id = 1; SELECT name FROM customers WHERE id = 1;
-- =>
SELECT buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 1; SELECT name FROM (SELECT pgveil_t."id", «tag name» FROM "public"."customers" AS pgveil_t «join its guard, lockable») AS "customers" WHERE id = 1;
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name
-- output 0 public.customers.name typmod 124 token of name within 120
-- masked public.customers.name

-- case: passed ones
SELECT 1; SELECT sku FROM products;;
-- =>
-- pass

-- case: a transaction
-- not run
BEGIN; UPDATE orders SET buyer_name = 'x' WHERE id = 1; COMMIT
-- =>
BEGIN; UPDATE "public"."orders" SET buyer_name = CASE WHEN «redacted "orders"» THEN "orders"."buyer_name" ELSE ('x') END WHERE id = 1; COMMIT
-- kind transaction
-- withhold detail
-- kind transaction

-- case: a search path that changes on the way
-- not run
SET search_path = other, public; SELECT buyer_name FROM orders
-- =>
SET search_path = other, public; SELECT buyer_name FROM "other"."orders"
-- kind set
-- effect environment

-- case: a search path that leads to the protected table
-- not run
SET search_path = public; SELECT buyer_name FROM orders
-- =>
SET search_path = public; SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- kind set
-- effect environment
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a cursor and its rows
DECLARE c CURSOR FOR SELECT id, buyer_name FROM orders ORDER BY id; FETCH 2 FROM c; CLOSE c
-- =>
DECLARE c CURSOR FOR SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY id; FETCH 2 FROM c; CLOSE c
-- kind cursor
-- effect declare c
--   kind select
--   output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
--   masked public.orders.buyer_name
-- kind utility
-- effect fetch c
-- kind utility

-- case: prepared and executed
-- not run
PREPARE q AS SELECT buyer_name FROM orders WHERE id = 1; EXECUTE q
-- =>
PREPARE q AS SELECT buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 1; EXECUTE q
-- kind prepare
-- effect prepare q
--   kind select
--   output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
--   masked public.orders.buyer_name
-- kind utility
-- effect execute q

-- case: comments between
/* first */ SELECT 1 /* ; */; -- second ;
SELECT buyer_name FROM orders -- last
-- =>
/* first */ SELECT 1 /* ; */; -- second ;
SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" -- last
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a semicolon in a string
SELECT ';', buyer_name FROM orders; SELECT $$;$$
-- =>
SELECT ';', buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"; SELECT $$;$$
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a new table that is read at once
CREATE TEMP TABLE t1 (id int); SELECT id FROM t1
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: data behind a harmless definition
CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2'; SELECT sku FROM products
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: COPY behind a SET of the encoding, whose rows have no tags
-- not run
SET client_encoding = 'SJIS'; COPY orders (id, buyer_name) TO STDOUT
-- =>
SET client_encoding = 'SJIS'; COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «mask buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT
-- kind set
-- effect environment
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: COPY behind a SET of another setting
SET statement_timeout = 0; COPY orders (id, buyer_name) TO STDOUT
-- =>
SET statement_timeout = 0; COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «tag buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT
-- kind set
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- copy {"format":"text","delimiter":"\t","quote":"\"","escape":"\"","null":"\\N","header":false}
-- masked public.orders.buyer_name

-- case: COPY behind a search_path
-- not run
SET search_path = public; COPY orders (id, buyer_name) TO STDOUT
-- =>
SET search_path = public; COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «tag buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT
-- kind set
-- effect environment
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- copy {"format":"text","delimiter":"\t","quote":"\"","escape":"\"","null":"\\N","header":false}
-- masked public.orders.buyer_name

-- case: a query behind a SET of the encoding
-- not run
SET client_encoding = 'SJIS'; SELECT buyer_name FROM orders
-- =>
SET client_encoding = 'SJIS'; SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- kind set
-- effect environment
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- Forms of statements that other folders lack, with what is said of their columns and effects.

-- case: MERGE, by all kinds of WHEN
MERGE INTO orders o USING (VALUES (1::bigint, 'x')) v (id, note) ON o.id = v.id WHEN MATCHED AND v.note = 'gone' THEN DO NOTHING WHEN MATCHED THEN UPDATE SET notes = v.note, shipped_at = now() WHEN NOT MATCHED BY SOURCE AND o.id < 0 THEN UPDATE SET status = 'lost' RETURNING merge_action(), o.id, o.buyer_name
-- =>
MERGE INTO "public"."orders" o USING (VALUES (1::bigint, 'x')) v (id, note) ON o.id = v.id WHEN MATCHED AND v.note = 'gone' THEN DO NOTHING WHEN MATCHED THEN UPDATE SET notes = v.note, shipped_at = CASE WHEN «redacted "o"» THEN "o"."shipped_at" ELSE (now()) END WHEN NOT MATCHED BY SOURCE AND o.id < 0 THEN UPDATE SET status = 'lost' RETURNING merge_action(), o.id, («mask "o".buyer_name»)
-- kind merge
-- output 2 public.orders.buyer_name
-- withhold detail
-- masked public.orders.buyer_name

-- case: MERGE into a table that nothing protects
MERGE INTO products p USING (VALUES ('a')) v (sku) ON p.sku = v.sku WHEN NOT MATCHED THEN INSERT VALUES (v.sku, 'x', 1)
-- =>
-- pass
-- kind merge

-- case: ON CONFLICT by the name of a key that is not protected
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (1, 'r', 'ebay', 'x', 'DE', 1) ON CONFLICT ON CONSTRAINT orders_order_ref_key DO UPDATE SET notes = 'again'
-- =>
INSERT INTO "public"."orders" (id, order_ref, channel, buyer_name, ship_country, total) VALUES (1, 'r', 'ebay', 'x', 'DE', 1) ON CONFLICT ON CONSTRAINT orders_order_ref_key DO UPDATE SET notes = 'again'
-- withhold detail

-- case: ON CONFLICT of any key
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING
-- =>
INSERT INTO "public"."customers" (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING
-- withhold detail

-- case: UPDATE of columns by a subquery, none of them protected
UPDATE orders SET (notes, status) = (SELECT 'a', 'b') WHERE id = 1
-- =>
UPDATE "public"."orders" SET (notes, status) = (SELECT 'a', 'b') WHERE id = 1
-- withhold detail

-- case: a temporary table named like a protected one, made and read in one text
-- not run
CREATE TEMP TABLE orders (id bigint, buyer_name text); SELECT buyer_name FROM orders WHERE buyer_name = 'x'
-- =>
CREATE TEMP TABLE orders (id bigint, buyer_name text); SELECT buyer_name FROM pg_temp."orders" WHERE buyer_name = 'x'
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a temporary table made of a query
CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT id, buyer_name FROM orders
-- =>
CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- kind ddl
-- masked public.orders.buyer_name
-- effect environment

-- case: SELECT INTO a temporary table
SELECT id, buyer_name INTO TEMP kept FROM orders
-- =>
SELECT id, buyer_name INTO TEMP kept FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name
-- effect environment

-- case: a cursor over a modification's table, with hold
-- not run
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id, buyer_name FROM orders FOR UPDATE
-- =>
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" FOR UPDATE
-- kind cursor
-- effect declare c with hold
--   kind select
--   output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
--   masked public.orders.buyer_name

-- case: EXPLAIN of MERGE as YAML
EXPLAIN (FORMAT YAML, VERBOSE) MERGE INTO orders o USING (VALUES (1::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET notes = 'x'
-- =>
EXPLAIN (FORMAT YAML, VERBOSE) MERGE INTO "public"."orders" o USING (VALUES (1::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET notes = 'x'
-- withhold detail

-- case: COPY with a header and quotes
COPY orders (id, buyer_name) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (buyer_name))
-- =>
COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «mask buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (buyer_name))
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: COPY FROM with a condition and a header that is matched
-- not run
COPY order_items (order_id, sku, title, quantity, price) FROM STDIN (FORMAT csv, HEADER match) WHERE quantity > 0
-- =>
-- pass

-- case: TRUNCATE of what nothing hangs on
TRUNCATE notes
-- =>
-- pass
-- kind utility

-- case: LOCK in a mode
LOCK TABLE ONLY orders IN SHARE ROW EXCLUSIVE MODE NOWAIT
-- =>
-- pass
-- kind utility

-- case: SET LOCAL, behind it the end of the transaction and a name that nothing protects
-- not run
BEGIN; SET LOCAL search_path = other; COMMIT; SELECT title FROM products
-- =>
-- pass
-- kind transaction
-- kind set
-- effect environment
-- kind transaction

-- case: transactions in one text
-- not run
BEGIN; SELECT buyer_name FROM orders WHERE id = 1; COMMIT; SELECT id FROM orders WHERE id = 2
-- =>
BEGIN; SELECT buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 1; COMMIT; SELECT id FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 2
-- kind transaction
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name
-- kind transaction

-- WITH: names that hide tables, recursion, modifications.

-- case: a query in WITH
WITH x AS (SELECT id, buyer_name FROM orders) SELECT * FROM x
-- =>
WITH x AS (SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") SELECT * FROM x
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: the inner name is the table, the outer the query
WITH orders AS (SELECT id, buyer_name FROM orders WHERE id = 1) SELECT id, buyer_name FROM orders
-- =>
WITH orders AS (SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 1) SELECT id, buyer_name FROM orders
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: a name in WITH that hides a protected table
WITH orders AS (SELECT 1 AS buyer_name) SELECT * FROM orders WHERE buyer_name = 1
-- =>
-- pass

-- case: a schema is never a name in WITH
WITH orders AS (SELECT 1 AS one) SELECT o.buyer_name FROM public.orders o, orders
-- =>
WITH orders AS (SELECT 1 AS one) SELECT o.buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) o, orders
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a later entry sees an earlier one
WITH a AS (SELECT id FROM orders), b AS (SELECT id FROM a) SELECT o.buyer_name FROM orders o JOIN b ON b.id = o.id
-- =>
WITH a AS (SELECT id FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"), b AS (SELECT id FROM a) SELECT o.buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) o JOIN b ON b.id = o.id
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: an earlier entry does not see a later one
WITH a AS (SELECT id, name FROM customers), customers AS (SELECT 1 AS id) SELECT a.name FROM a JOIN customers USING (id)
-- =>
WITH a AS (SELECT id, name FROM (SELECT pgveil_t."id", «mask name» FROM "public"."customers" AS pgveil_t «join its guard, lockable») AS "customers"), customers AS (SELECT 1 AS id) SELECT a.name FROM a JOIN customers USING (id)
-- output 0 public.customers.name
-- masked public.customers.name

-- case: columns renamed
WITH x (a, b) AS (SELECT id, buyer_name FROM orders) SELECT b FROM x WHERE a = 1
-- =>
WITH x (a, b) AS (SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders") SELECT b FROM x WHERE a = 1
-- output 0 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: recursion
WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT o.id, o.buyer_name FROM orders o JOIN t ON t.n = o.id
-- =>
WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT o.id, o.buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) o JOIN t ON t.n = o.id
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: recursion over a protected table
WITH RECURSIVE t AS (SELECT id, buyer_name, 1 AS depth FROM orders WHERE id = 1 UNION ALL SELECT o.id, o.buyer_name, t.depth + 1 FROM orders o JOIN t ON o.id = t.id + 1 WHERE t.depth < 3) SELECT id, buyer_name FROM t
-- =>
WITH RECURSIVE t AS (SELECT id, buyer_name, 1 AS depth FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 1 UNION ALL SELECT o.id, o.buyer_name, t.depth + 1 FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o JOIN t ON o.id = t.id + 1 WHERE t.depth < 3) SELECT id, buyer_name FROM t
-- masked public.orders.buyer_name

-- case: in a subquery
SELECT (WITH o AS (SELECT buyer_name FROM orders LIMIT 1) SELECT buyer_name FROM o)
-- =>
SELECT (WITH o AS (SELECT buyer_name FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" LIMIT 1) SELECT buyer_name FROM o)
-- masked public.orders.buyer_name

-- case: MATERIALIZED
WITH x AS MATERIALIZED (SELECT id, buyer_email FROM orders) SELECT buyer_email FROM x WHERE id = 2
-- =>
WITH x AS MATERIALIZED (SELECT id, buyer_email FROM (SELECT pgveil_t."id", «mask buyer_email» FROM "public"."orders" AS pgveil_t) AS "orders") SELECT buyer_email FROM x WHERE id = 2
-- output 0 public.orders.buyer_email
-- masked public.orders.buyer_email

-- case: WITH in front of a set operation
WITH x AS (SELECT buyer_name FROM orders) SELECT * FROM x UNION ALL SELECT name FROM customers
-- =>
WITH x AS (SELECT buyer_name FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") SELECT * FROM x UNION ALL SELECT name FROM (SELECT pgveil_t."id", «mask name», «mask email», «mask phone», pgveil_t."created_at" FROM "public"."customers" AS pgveil_t «join its guard, lockable») AS "customers"
-- masked public.orders.buyer_name, public.customers.name

-- case: a modification in WITH
WITH d AS (DELETE FROM survey_responses WHERE id = 1 RETURNING id, answer) SELECT * FROM d
-- =>
WITH d AS (DELETE FROM "public"."survey_responses" WHERE id = 1 RETURNING id, («mask "survey_responses".answer»)) SELECT * FROM d
-- output 1 public.survey_responses.answer
-- withhold detail
-- masked public.survey_responses.answer

-- case: an update in WITH that keeps stored values
WITH u AS (UPDATE orders SET buyer_name = 'x' WHERE id = 1 RETURNING id) SELECT id FROM u
-- =>
WITH u AS (UPDATE "public"."orders" SET buyer_name = CASE WHEN «redacted "orders"» THEN "orders"."buyer_name" ELSE ('x') END WHERE id = 1 RETURNING id) SELECT id FROM u
-- withhold detail

-- case: a proven filter over a query in WITH
WITH x AS (SELECT id, channel, buyer_name FROM orders) SELECT id FROM x WHERE channel = 'ebay' AND buyer_name = 'x'
-- =>
WITH x AS (SELECT id, channel, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders") SELECT id FROM x WHERE channel = 'ebay' AND buyer_name = 'x'

-- case: MERGE in WITH
WITH m AS (MERGE INTO notes n USING orders o ON o.id = n.order_id WHEN MATCHED THEN DELETE RETURNING n.id) SELECT * FROM m
-- =>
WITH m AS (MERGE INTO notes n USING (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o ON o.id = n.order_id WHEN MATCHED THEN DELETE RETURNING n.id) SELECT * FROM m

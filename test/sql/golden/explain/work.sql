-- EXPLAIN.

-- case: a query
EXPLAIN SELECT id, buyer_name FROM orders WHERE id = 1
-- =>
EXPLAIN SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 1
-- masked public.orders.buyer_name

-- case: with options
EXPLAIN (ANALYZE, VERBOSE, COSTS off, FORMAT json) SELECT buyer_name FROM orders
-- =>
EXPLAIN (ANALYZE, VERBOSE, COSTS off, FORMAT json) SELECT buyer_name FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: a modification
EXPLAIN UPDATE orders SET buyer_name = 'x' WHERE id = 1
-- =>
EXPLAIN UPDATE "public"."orders" SET buyer_name = CASE WHEN «redacted "orders"» THEN "orders"."buyer_name" ELSE ('x') END WHERE id = 1
-- withhold detail

-- case: nothing protected
EXPLAIN SELECT sku FROM products
-- =>
-- pass

-- case: a table from a query
EXPLAIN CREATE TEMP TABLE t AS SELECT buyer_name FROM orders
-- =>
EXPLAIN CREATE TEMP TABLE t AS SELECT buyer_name FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name
-- effect environment

-- case: a view
EXPLAIN SELECT who FROM loud_buyers
-- =>
EXPLAIN SELECT who FROM (SELECT number,
    upper((who)::text) AS who
   FROM (SELECT id AS number,
    channel,
    shipped_at,
    buyer_name AS who,
    buyer_email AS mail
   FROM (SELECT id,
    order_ref,
    channel,
    status,
    customer_id,
    purchased_at,
    shipped_at,
    payment_terms,
    buyer_name,
    buyer_email,
    buyer_phone,
    ship_address1,
    ship_address2,
    ship_city,
    ship_postcode,
    ship_country,
    gift_message,
    ip,
    geo_lat,
    geo_lon,
    currency,
    total,
    notes
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders") AS "buyers") AS "loud_buyers"
-- masked public.orders.buyer_name

-- case: a cursor
EXPLAIN DECLARE c CURSOR FOR SELECT buyer_name FROM orders
-- =>
EXPLAIN DECLARE c CURSOR FOR SELECT buyer_name FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- effect declare c
--   kind select
--   output 0 public.orders.buyer_name
--   masked public.orders.buyer_name

-- case: a stored query
EXPLAIN REFRESH MATERIALIZED VIEW count_of_alans
-- =>
-- pass
-- withhold all

-- Calls of functions.

-- case: a built-in function
SELECT lower(buyer_name), now(), coalesce(gift_message, '') FROM orders
-- =>
SELECT lower(buyer_name), now(), coalesce(gift_message, '') FROM (SELECT «mask buyer_name», «mask gift_message» FROM "public"."orders" AS pgveil_t «join its guard») AS "orders"
-- masked public.orders.buyer_name, public.orders.gift_message

-- case: a function of the database's own that reads nothing
SELECT add_one(1), shout(buyer_name) FROM orders
-- =>
SELECT add_one(1), shout(buyer_name) FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: a function that returns a set
SELECT u FROM upto(3) u
-- =>
-- pass

-- case: a function of a whole row
SELECT ref_of(orders) FROM orders
-- =>
SELECT ref_of((CASE WHEN pg_catalog.num_nulls("orders") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "orders"::"public"."orders" END)) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders"
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a procedure
CALL nothing()
-- =>
-- pass
-- kind utility
-- effect environment

-- case: the form of ts_rewrite that reads nothing
SELECT ts_rewrite('a & b'::tsquery, 'a'::tsquery, 'c'::tsquery)
-- =>
-- pass

-- case: a setting that moves names
SELECT set_config('search_path', 'other', false)
-- =>
-- pass
-- effect environment

-- case: an aggregate with order
SELECT array_agg(buyer_name ORDER BY id) FROM orders
-- =>
SELECT array_agg(buyer_name ORDER BY id) FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: row_to_json of a subquery
SELECT row_to_json(s) FROM (SELECT id, buyer_name FROM orders) s
-- =>
SELECT row_to_json(s) FROM (SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") s
-- masked public.orders.buyer_name

-- case: an ordered-set aggregate
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY buyer_name) FROM orders
-- =>
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY buyer_name) FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: a function named like a protected table
SELECT length('orders')
-- =>
-- pass

-- case: JSON aggregates
SELECT json_object_agg(id, buyer_name) FROM orders
-- =>
SELECT json_object_agg(id, buyer_name) FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: XML
SELECT xmlelement(name buyer, buyer_name) FROM orders
-- =>
SELECT xmlelement(name buyer, buyer_name) FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: EXTRACT and special forms
SELECT extract(year FROM purchased_at), substring(buyer_name FROM 1 FOR 2), position('a' IN buyer_name), trim(both ' ' FROM buyer_name) FROM orders
-- =>
SELECT extract(year FROM purchased_at), substring(buyer_name FROM 1 FOR 2), position('a' IN buyer_name), trim(both ' ' FROM buyer_name) FROM (SELECT pgveil_t."purchased_at", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: a function on both sides of a join
SELECT o.id FROM orders o JOIN upto(3) u ON u = o.id
-- =>
SELECT o.id FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o JOIN upto(3) u ON u = o.id

-- Plain queries over protected tables.

-- case: a row by its key
SELECT * FROM orders WHERE id = 7
-- =>
SELECT * FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «tag buyer_phone», «tag ship_address1», «tag ship_address2», «tag ship_city», «tag ship_postcode», pgveil_t."ship_country", «tag gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" WHERE id = 7
-- output 8 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- output 9 public.orders.buyer_email typmod 258 text of buyer_email within 254
-- output 10 public.orders.buyer_phone typmod 44 text of buyer_phone within 40
-- output 11 public.orders.ship_address1 typmod 184 token of ship_address1 within 180
-- output 12 public.orders.ship_address2 typmod 184 text of ship_address2 within 180
-- output 13 public.orders.ship_city typmod 84 text of ship_city within 80
-- output 14 public.orders.ship_postcode typmod 24 text of ship_postcode within 20
-- output 16 public.orders.gift_message typmod -1 text of gift_message
-- output 17 public.orders.ip
-- output 18 public.orders.geo_lat
-- output 19 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: listed columns are carried and can have tokens
SELECT id, buyer_name, buyer_email, gift_message, ip FROM orders WHERE order_ref = 'X'
-- =>
SELECT id, buyer_name, buyer_email, gift_message, ip FROM (SELECT pgveil_t."id", pgveil_t."order_ref", «tag buyer_name», «tag buyer_email», «tag gift_message», «mask ip» FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" WHERE order_ref = 'X'
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- output 2 public.orders.buyer_email typmod 258 text of buyer_email within 254
-- output 3 public.orders.gift_message typmod -1 text of gift_message
-- output 4 public.orders.ip
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.gift_message, public.orders.ip

-- case: only unprotected columns of a protected table
SELECT id, total FROM orders WHERE channel = 'ebay'
-- =>
SELECT id, total FROM (SELECT pgveil_t."id", pgveil_t."channel", pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay'

-- case: an unprotected table
SELECT sku, title FROM products WHERE price > 3
-- =>
-- pass

-- case: comments, layout and quoting stay
SELECT /* the buyer */ o."buyer_name" -- who
  FROM "orders"   AS o	-- trailing
 WHERE o.id = 1
-- =>
SELECT /* the buyer */ o."buyer_name" -- who
  FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t)   AS o	-- trailing
 WHERE o.id = 1
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: an expression over a protected column is not tagged
SELECT upper(buyer_name), buyer_email || '!' AS mail FROM orders
-- =>
SELECT upper(buyer_name), buyer_email || '!' AS mail FROM (SELECT «mask buyer_name», «mask buyer_email» FROM "public"."orders" AS pgveil_t «join its guard») AS "orders"
-- masked public.orders.buyer_name, public.orders.buyer_email

-- case: a column that is carried twice is not tagged
SELECT buyer_name, buyer_name AS again FROM orders
-- =>
SELECT buyer_name, buyer_name AS again FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: sorted by the column itself
SELECT id, buyer_name FROM orders ORDER BY buyer_name
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY buyer_name
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: sorted by position
SELECT id, buyer_name FROM orders ORDER BY 2 DESC NULLS LAST
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY 2 DESC NULLS LAST
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: sorted by an alias that hides a protected column
SELECT id, buyer_name AS who FROM orders ORDER BY who
-- =>
SELECT id, buyer_name AS who FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY who
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: sorted by another column
SELECT id, buyer_name FROM orders ORDER BY purchased_at DESC LIMIT 20 OFFSET 40
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."purchased_at", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY purchased_at DESC LIMIT 20 OFFSET 40
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: an alias that takes another column's name
SELECT buyer_name AS id, id AS buyer_name FROM orders ORDER BY total
-- =>
SELECT buyer_name AS id, id AS buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name», pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY total
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: no column at all
SELECT FROM orders
-- =>
SELECT FROM (SELECT  FROM "public"."orders" AS pgveil_t) AS "orders"

-- case: count
SELECT count(*) FROM orders
-- =>
SELECT count(*) FROM (SELECT  FROM "public"."orders" AS pgveil_t) AS "orders"

-- case: an aggregate over a protected column
SELECT channel, min(buyer_name), count(DISTINCT ship_city), string_agg(buyer_email, ', ' ORDER BY id) FROM orders GROUP BY channel
-- =>
SELECT channel, min(buyer_name), count(DISTINCT ship_city), string_agg(buyer_email, ', ' ORDER BY id) FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name», «mask buyer_email», «mask ship_city» FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" GROUP BY channel
-- masked public.orders.buyer_name, public.orders.ship_city, public.orders.buyer_email

-- case: grouped by a protected column
SELECT ship_city, count(*) FROM orders GROUP BY ship_city
-- =>
SELECT ship_city, count(*) FROM (SELECT «mask ship_city» FROM "public"."orders" AS pgveil_t) AS "orders" GROUP BY ship_city
-- output 0 public.orders.ship_city
-- masked public.orders.ship_city

-- case: grouped by the primary key alone
SELECT o.id, o.buyer_name, o.total, sum(i.price) FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id
-- =>
SELECT o.id, o.buyer_name, o.total, sum(i.price) FROM (SELECT pgveil_t."id", «mask buyer_name», pgveil_t."total" FROM "public"."orders" AS pgveil_t) o JOIN order_items i ON i.order_id = o.id GROUP BY o.id, "o"."buyer_name", "o"."total"
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: grouped by the primary key, everything shown
SELECT o.*, count(*) FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id
-- =>
SELECT o.*, count(*) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o JOIN order_items i ON i.order_id = o.id GROUP BY o.id, "o"."order_ref", "o"."channel", "o"."status", "o"."customer_id", "o"."purchased_at", "o"."shipped_at", "o"."payment_terms", "o"."buyer_name", "o"."buyer_email", "o"."buyer_phone", "o"."ship_address1", "o"."ship_address2", "o"."ship_city", "o"."ship_postcode", "o"."ship_country", "o"."gift_message", "o"."ip", "o"."geo_lat", "o"."geo_lon", "o"."currency", "o"."total", "o"."notes"
-- output 8 public.orders.buyer_name
-- output 9 public.orders.buyer_email
-- output 10 public.orders.buyer_phone
-- output 11 public.orders.ship_address1
-- output 12 public.orders.ship_address2
-- output 13 public.orders.ship_city
-- output 14 public.orders.ship_postcode
-- output 16 public.orders.gift_message
-- output 17 public.orders.ip
-- output 18 public.orders.geo_lat
-- output 19 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: grouped by the primary key's position
SELECT id, buyer_name, count(*) FROM orders GROUP BY 1
-- =>
SELECT id, buyer_name, count(*) FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" GROUP BY 1, "orders"."buyer_name"
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: distinct
SELECT DISTINCT ship_city FROM orders
-- =>
SELECT DISTINCT ship_city FROM (SELECT «mask ship_city» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.ship_city
-- masked public.orders.ship_city

-- case: distinct on an unprotected column
SELECT DISTINCT ON (channel) channel, buyer_name FROM orders ORDER BY channel, id
-- =>
SELECT DISTINCT ON (channel) channel, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY channel, id
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: a window
SELECT id, buyer_name, row_number() OVER (PARTITION BY ship_city ORDER BY buyer_name) FROM orders
-- =>
SELECT id, buyer_name, row_number() OVER (PARTITION BY ship_city ORDER BY buyer_name) FROM (SELECT pgveil_t."id", «mask buyer_name», «mask ship_city» FROM "public"."orders" AS pgveil_t «join its guard») AS "orders"
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name, public.orders.ship_city

-- case: a named window
SELECT id, lag(buyer_name) OVER w FROM orders WINDOW w AS (PARTITION BY channel ORDER BY id)
-- =>
SELECT id, lag(buyer_name) OVER w FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WINDOW w AS (PARTITION BY channel ORDER BY id)
-- masked public.orders.buyer_name

-- case: grouping sets
SELECT channel, ship_city, count(*) FROM orders GROUP BY GROUPING SETS ((channel), (ship_city), ())
-- =>
SELECT channel, ship_city, count(*) FROM (SELECT pgveil_t."channel", «mask ship_city» FROM "public"."orders" AS pgveil_t) AS "orders" GROUP BY GROUPING SETS ((channel), (ship_city), ())
-- output 1 public.orders.ship_city
-- masked public.orders.ship_city

-- case: a whole row
SELECT o FROM orders o WHERE o.id = 1
-- =>
SELECT (CASE WHEN pg_catalog.num_nulls("o") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "o"::"public"."orders" END) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o WHERE o.id = 1
-- output 0 public.orders.-
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a whole row as JSON
SELECT row_to_json(o) FROM orders o WHERE o.id = 1
-- =>
SELECT row_to_json(o) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o WHERE o.id = 1
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a whole row given to a function of the table's type
SELECT ref_of(o) FROM orders o WHERE o.id = 1
-- =>
SELECT ref_of((CASE WHEN pg_catalog.num_nulls("o") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "o"::"public"."orders" END)) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o WHERE o.id = 1
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a row built from all columns
SELECT ROW(o.*) FROM orders o WHERE o.id = 1
-- =>
SELECT ROW(o.*) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o WHERE o.id = 1
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a table alone
TABLE orders
-- =>
SELECT * FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «tag buyer_phone», «tag ship_address1», «tag ship_address2», «tag ship_city», «tag ship_postcode», pgveil_t."ship_country", «tag gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders"
-- output 8 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- output 9 public.orders.buyer_email typmod 258 text of buyer_email within 254
-- output 10 public.orders.buyer_phone typmod 44 text of buyer_phone within 40
-- output 11 public.orders.ship_address1 typmod 184 token of ship_address1 within 180
-- output 12 public.orders.ship_address2 typmod 184 text of ship_address2 within 180
-- output 13 public.orders.ship_city typmod 84 text of ship_city within 80
-- output 14 public.orders.ship_postcode typmod 24 text of ship_postcode within 20
-- output 16 public.orders.gift_message typmod -1 text of gift_message
-- output 17 public.orders.ip
-- output 18 public.orders.geo_lat
-- output 19 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: FROM ONLY
SELECT id, buyer_name FROM ONLY orders
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders"
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: FROM ONLY in parentheses
SELECT id, buyer_name FROM ONLY (orders) o
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM ONLY "public"."orders" AS pgveil_t) o
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a star behind the name
SELECT id, buyer_name FROM orders *
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: columns renamed by the alias
SELECT a, n FROM order_addresses AS x (a, o, k, n)
-- =>
SELECT a, n FROM (SELECT pgveil_t."id", pgveil_t."order_id", pgveil_t."kind", «tag name», «mask line1», «mask line2», «mask city», «mask postcode», pgveil_t."country" FROM "public"."order_addresses" AS pgveil_t «join its guard») AS x (a, o, k, n)
-- output 1 public.order_addresses.name typmod 124 token of name within 120
-- masked public.order_addresses.name

-- case: system columns
SELECT ctid, tableoid::regclass, id, buyer_name FROM orders
-- =>
SELECT ctid, tableoid::regclass, id, buyer_name FROM (SELECT pgveil_t.ctid, pgveil_t.tableoid, pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 3 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: row locks
SELECT id, buyer_name FROM orders WHERE id = 1 FOR UPDATE
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 1 FOR UPDATE
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: row locks over a table that belongs to another
SELECT id, name FROM order_addresses WHERE id = 1 FOR NO KEY UPDATE OF order_addresses SKIP LOCKED
-- =>
SELECT id, name FROM (SELECT pgveil_t."id", «tag name» FROM "public"."order_addresses" AS pgveil_t «join its guard, lockable») AS "order_addresses" WHERE id = 1 FOR NO KEY UPDATE OF order_addresses SKIP LOCKED
-- output 1 public.order_addresses.name typmod 124 token of name within 120
-- masked public.order_addresses.name

-- case: a scalar subquery
SELECT id, (SELECT c.name FROM customers c WHERE c.id = o.customer_id) FROM orders o
-- =>
SELECT id, (SELECT c.name FROM (SELECT pgveil_t."id", «mask name» FROM "public"."customers" AS pgveil_t «join its guard, lockable») c WHERE c.id = o.customer_id) FROM (SELECT pgveil_t."id", pgveil_t."customer_id" FROM "public"."orders" AS pgveil_t) o
-- masked public.customers.name

-- case: an EXISTS over unprotected columns
SELECT sku FROM products p WHERE EXISTS (SELECT FROM orders o JOIN order_items i ON i.order_id = o.id WHERE i.sku = p.sku)
-- =>
SELECT sku FROM products p WHERE EXISTS (SELECT FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) o JOIN order_items i ON i.order_id = o.id WHERE i.sku = p.sku)

-- case: IN over unprotected columns
SELECT name FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE channel = 'ebay')
-- =>
SELECT name FROM (SELECT pgveil_t."id", «tag name» FROM "public"."customers" AS pgveil_t «join its guard, lockable») AS "customers" WHERE id IN (SELECT customer_id FROM (SELECT pgveil_t."id", pgveil_t."channel", pgveil_t."customer_id" FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay')
-- output 0 public.customers.name typmod 124 token of name within 120
-- masked public.customers.name

-- case: an array of protected values
SELECT ARRAY(SELECT buyer_name FROM orders ORDER BY id)
-- =>
SELECT ARRAY(SELECT buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY id)
-- masked public.orders.buyer_name

-- case: a subquery in FROM
SELECT s.id, s.who FROM (SELECT id, buyer_name AS who FROM orders) s
-- =>
SELECT s.id, s.who FROM (SELECT id, buyer_name AS who FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders") s
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: a filter on a column that a subquery makes of unprotected ones
SELECT who FROM (SELECT id * 2 AS twice, buyer_name AS who FROM orders) s WHERE twice = 4
-- =>
SELECT who FROM (SELECT id * 2 AS twice, buyer_name AS who FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders") s WHERE twice = 4
-- output 0 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: a set operation
SELECT buyer_name FROM orders UNION ALL SELECT name FROM customers
-- =>
SELECT buyer_name FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" UNION ALL SELECT name FROM (SELECT «mask name» FROM "public"."customers" AS pgveil_t «join its guard, lockable») AS "customers"
-- masked public.orders.buyer_name, public.customers.name

-- case: a set operation that compares
SELECT buyer_name FROM orders UNION SELECT name FROM customers EXCEPT SELECT full_name FROM legacy_contacts ORDER BY 1 LIMIT 3
-- =>
SELECT buyer_name FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" UNION SELECT name FROM (SELECT «mask name» FROM "public"."customers" AS pgveil_t «join its guard, lockable») AS "customers" EXCEPT SELECT full_name FROM (SELECT «mask full_name» FROM "public"."legacy_contacts" AS pgveil_t) AS "legacy_contacts" ORDER BY 1 LIMIT 3
-- masked public.orders.buyer_name, public.customers.name, public.legacy_contacts.full_name

-- case: VALUES with a subquery
VALUES (1, (SELECT buyer_name FROM orders LIMIT 1)), (2, 'x')
-- =>
VALUES (1, (SELECT buyer_name FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" LIMIT 1)), (2, 'x')
-- masked public.orders.buyer_name

-- case: filtering where no row is redacted, by channel
SELECT id, buyer_name FROM orders WHERE channel = 'ebay' AND buyer_name LIKE 'A%'
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay' AND buyer_name LIKE 'A%'
-- output 1 public.orders.buyer_name

-- case: filtering where no row is redacted, by time
SELECT id FROM orders WHERE shipped_at >= now() - interval '7 days' AND buyer_email = 'a@b.c'
-- =>
SELECT id FROM (SELECT pgveil_t."id", pgveil_t."shipped_at", «mask buyer_email» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE shipped_at >= now() - interval '7 days' AND buyer_email = 'a@b.c'

-- case: filtering where no row is redacted, not shipped
SELECT id FROM orders WHERE shipped_at IS NULL AND ship_city = 'Ulm'
-- =>
SELECT id FROM (SELECT pgveil_t."id", pgveil_t."shipped_at", «mask ship_city» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE shipped_at IS NULL AND ship_city = 'Ulm'

-- case: filtering where no row is redacted, exempt
SELECT id FROM orders WHERE payment_terms = 'credit' AND buyer_name ILIKE '%ltd%'
-- =>
SELECT id FROM (SELECT pgveil_t."id", pgveil_t."payment_terms", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE payment_terms = 'credit' AND buyer_name ILIKE '%ltd%'

-- case: filtering where no row is redacted, by a list of channels
SELECT id FROM orders WHERE channel IN ('ebay', 'shopify') AND (buyer_name = 'A' OR ship_city = 'B')
-- =>
SELECT id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name», «mask ship_city» FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" WHERE channel IN ('ebay', 'shopify') AND (buyer_name = 'A' OR ship_city = 'B')

-- case: filtering where no row is redacted, by another channel
SELECT id FROM orders WHERE channel <> 'amazon' AND buyer_name = 'A'
-- =>
SELECT id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel <> 'amazon' AND buyer_name = 'A'

-- case: filtering under a policy that masks filters
SELECT id FROM visits WHERE visitor = 'ann'
-- =>
SELECT id FROM (SELECT pgveil_t."id", «mask visitor» FROM "public"."visits" AS pgveil_t) AS "visits" WHERE visitor = 'ann'

-- case: an exempt role reads stored values
-- user: compliance
SELECT * FROM orders WHERE buyer_name = 'A'
-- =>
-- pass

-- case: a parameter
SELECT id, buyer_name FROM orders WHERE id = $1 AND channel = $2::text
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."channel", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = $1 AND channel = $2::text
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a table of odd names
SELECT "Id", "Full Name", "größe", tags, doc FROM "Client List" WHERE NOT "Old" AND "größe" > 1.5
-- =>
SELECT "Id", "Full Name", "größe", tags, doc FROM (SELECT pgveil_t."Id", pgveil_t."Old", «tag Full Name», «mask größe», «mask tags», «mask doc» FROM "public"."Client List" AS pgveil_t «join its guard») AS "Client List" WHERE NOT "Old" AND "größe" > 1.5
-- output 1 public.Client List.Full Name typmod -1 token of Full Name
-- output 2 public.Client List.größe
-- output 3 public.Client List.tags
-- output 4 public.Client List.doc

-- case: a table of odd names, everything
SELECT * FROM public."Client List" c
-- =>
SELECT * FROM (SELECT pgveil_t."Id", pgveil_t."Old", «tag Full Name», «mask größe», pgveil_t."hair", «mask tags», «mask doc» FROM "public"."Client List" AS pgveil_t «join its guard») c
-- output 2 public.Client List.Full Name typmod -1 token of Full Name
-- output 3 public.Client List.größe
-- output 5 public.Client List.tags
-- output 6 public.Client List.doc
-- masked public.Client List.Full Name, public.Client List.größe, public.Client List.tags, public.Client List.doc

-- case: a partitioned table and a partition
SELECT p.visitor, q.visitor FROM visits p, visits_old q WHERE p.id = q.id
-- =>
SELECT p.visitor, q.visitor FROM (SELECT pgveil_t."id", «mask visitor» FROM "public"."visits" AS pgveil_t) p, (SELECT pgveil_t."id", «mask visitor» FROM "public"."visits_old" AS pgveil_t) q WHERE p.id = q.id
-- output 0 public.visits.visitor
-- output 1 public.visits_old.visitor
-- masked public.visits.visitor, public.visits.visitor

-- case: a child of a protected table
SELECT id, full_name FROM archived_contacts
-- =>
SELECT id, full_name FROM (SELECT pgveil_t."id", «tag full_name» FROM "public"."archived_contacts" AS pgveil_t) AS "archived_contacts"
-- output 1 public.archived_contacts.full_name typmod -1 token of full_name
-- masked public.legacy_contacts.full_name

-- case: statistics
SELECT tablename, attname, most_common_vals FROM pg_stats WHERE schemaname = 'public'
-- =>
SELECT tablename, attname, most_common_vals FROM (SELECT pgveil_t.* FROM "pg_catalog"."pg_stats" AS pgveil_t WHERE NOT COALESCE((pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'orders'::pg_catalog.name AND (pgveil_t.attname = 'buyer_name'::pg_catalog.name OR pgveil_t.attname = 'buyer_email'::pg_catalog.name OR pgveil_t.attname = 'buyer_phone'::pg_catalog.name OR pgveil_t.attname = 'ship_address1'::pg_catalog.name OR pgveil_t.attname = 'ship_address2'::pg_catalog.name OR pgveil_t.attname = 'ship_city'::pg_catalog.name OR pgveil_t.attname = 'ship_postcode'::pg_catalog.name OR pgveil_t.attname = 'gift_message'::pg_catalog.name OR pgveil_t.attname = 'ip'::pg_catalog.name OR pgveil_t.attname = 'geo_lat'::pg_catalog.name OR pgveil_t.attname = 'geo_lon'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'order_addresses'::pg_catalog.name AND (pgveil_t.attname = 'name'::pg_catalog.name OR pgveil_t.attname = 'line1'::pg_catalog.name OR pgveil_t.attname = 'line2'::pg_catalog.name OR pgveil_t.attname = 'city'::pg_catalog.name OR pgveil_t.attname = 'postcode'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'payments'::pg_catalog.name AND (pgveil_t.attname = 'card_holder'::pg_catalog.name OR pgveil_t.attname = 'card_last4'::pg_catalog.name OR pgveil_t.attname = 'iban'::pg_catalog.name OR pgveil_t.attname = 'paid_at'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'survey_responses'::pg_catalog.name AND (pgveil_t.attname = 'rating'::pg_catalog.name OR pgveil_t.attname = 'answer'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'customers'::pg_catalog.name AND (pgveil_t.attname = 'name'::pg_catalog.name OR pgveil_t.attname = 'email'::pg_catalog.name OR pgveil_t.attname = 'phone'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'legacy_contacts'::pg_catalog.name AND (pgveil_t.attname = 'full_name'::pg_catalog.name OR pgveil_t.attname = 'email'::pg_catalog.name OR pgveil_t.attname = 'phone'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'archived_contacts'::pg_catalog.name AND (pgveil_t.attname = 'full_name'::pg_catalog.name OR pgveil_t.attname = 'email'::pg_catalog.name OR pgveil_t.attname = 'phone'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'visits'::pg_catalog.name AND (pgveil_t.attname = 'visitor'::pg_catalog.name OR pgveil_t.attname = 'score'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'visits_old'::pg_catalog.name AND (pgveil_t.attname = 'visitor'::pg_catalog.name OR pgveil_t.attname = 'score'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'visits_new'::pg_catalog.name AND (pgveil_t.attname = 'visitor'::pg_catalog.name OR pgveil_t.attname = 'score'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'Client List'::pg_catalog.name AND (pgveil_t.attname = 'Full Name'::pg_catalog.name OR pgveil_t.attname = 'größe'::pg_catalog.name OR pgveil_t.attname = 'tags'::pg_catalog.name OR pgveil_t.attname = 'doc'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'members'::pg_catalog.name AND (pgveil_t.attname = 'mail'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'secured'::pg_catalog.name AND (pgveil_t.attname = 'secret'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'telling'::pg_catalog.name AND (pgveil_t.attname = 'secret'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'ruled'::pg_catalog.name AND (pgveil_t.attname = 'name'::pg_catalog.name)) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'order_names'::pg_catalog.name) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'count_of_alans'::pg_catalog.name) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'telling'::pg_catalog.name) OR (pgveil_t.schemaname = 'public'::pg_catalog.name AND pgveil_t.tablename = 'closed_table'::pg_catalog.name) OR EXISTS (SELECT FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n, pg_catalog.pg_index i WHERE c.relname = pgveil_t.tablename AND n.nspname = pgveil_t.schemaname AND n.oid = c.relnamespace AND i.indexrelid = c.oid AND i.indrelid = ANY («oids of orders, order_addresses, payments, survey_responses, customers, legacy_contacts, archived_contacts, visits, visits_old, visits_new, Client List, members, secured, telling, ruled, order_names, count_of_alans, telling, closed_table»::pg_catalog.oid[])), false)) AS "pg_stats" WHERE schemaname = 'public'

-- case: a system catalog
SELECT relname FROM pg_class WHERE relkind = 'r'
-- =>
-- pass

-- case: the sample of an unprotected table
SELECT sku FROM products TABLESAMPLE BERNOULLI (50) REPEATABLE (1)
-- =>
-- pass

-- case: FETCH FIRST WITH TIES
SELECT id, buyer_name FROM orders ORDER BY total FETCH FIRST 3 ROWS WITH TIES
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name», pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY total FETCH FIRST 3 ROWS WITH TIES
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: CASE over an unprotected column, a protected one inside
SELECT CASE WHEN total > 100 THEN buyer_name ELSE 'small' END FROM orders
-- =>
SELECT CASE WHEN total > 100 THEN buyer_name ELSE 'small' END FROM (SELECT «mask buyer_name», pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: FILTER over an unprotected column
SELECT count(*) FILTER (WHERE total > 5), max(buyer_name) FILTER (WHERE channel = 'ebay') FROM orders
-- =>
SELECT count(*) FILTER (WHERE total > 5), max(buyer_name) FILTER (WHERE channel = 'ebay') FROM (SELECT pgveil_t."channel", «mask buyer_name», pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name

-- case: a correlated LATERAL
SELECT c.id, l.buyer_name FROM customers c, LATERAL (SELECT o.buyer_name FROM orders o WHERE o.customer_id = c.id ORDER BY o.id LIMIT 1) l
-- =>
SELECT c.id, l.buyer_name FROM (SELECT pgveil_t."id" FROM "public"."customers" AS pgveil_t) c, LATERAL (SELECT o.buyer_name FROM (SELECT pgveil_t."id", pgveil_t."customer_id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o WHERE o.customer_id = c.id ORDER BY o.id LIMIT 1) l
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: a cast that can raise an error
SELECT buyer_phone::bigint FROM orders WHERE id = 0
-- =>
SELECT buyer_phone::bigint FROM (SELECT pgveil_t."id", «mask buyer_phone» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id = 0
-- masked public.orders.buyer_phone

-- case: JSON constructors
SELECT json_build_object('n', buyer_name), jsonb_agg(o) FROM orders o GROUP BY buyer_name
-- =>
SELECT json_build_object('n', buyer_name), jsonb_agg(o) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o GROUP BY buyer_name
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: COLLATE
SELECT buyer_name COLLATE "C" FROM orders ORDER BY buyer_name COLLATE "C"
-- =>
SELECT buyer_name COLLATE "C" FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY buyer_name COLLATE "C"
-- masked public.orders.buyer_name

-- case: TABLESAMPLE
SELECT id FROM orders TABLESAMPLE SYSTEM (10)
-- =>
SELECT id FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t TABLESAMPLE SYSTEM (10)) AS "orders"

-- case: all fields of an expression
-- differs: RowDescription tells no origin of the whole row
SELECT (o).* FROM orders o
-- =>
SELECT ((CASE WHEN pg_catalog.num_nulls("o") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "o"::"public"."orders" END)).* FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o
-- output 8 public.orders.buyer_name
-- output 9 public.orders.buyer_email
-- output 10 public.orders.buyer_phone
-- output 11 public.orders.ship_address1
-- output 12 public.orders.ship_address2
-- output 13 public.orders.ship_city
-- output 14 public.orders.ship_postcode
-- output 16 public.orders.gift_message
-- output 17 public.orders.ip
-- output 18 public.orders.geo_lat
-- output 19 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a comment between NOT and IN
SELECT id FROM orders WHERE id NOT /* c */ IN (1)
-- =>
SELECT id FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id NOT         IN (1)

-- case: a comment between NOT and IN, over an unprotected table
SELECT sku /* a */ FROM products WHERE sku NOT /* c */ IN ('/* x */', '-- y')
-- =>
SELECT sku         FROM products WHERE sku NOT         IN ('/* x */', '-- y')

-- case: a comment to the end of the line between NOT and BETWEEN
SELECT id, buyer_name FROM orders WHERE id NOT -- c
BETWEEN 1 AND 2
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE id NOT
BETWEEN 1 AND 2
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a comment between NULLS and FIRST
SELECT id FROM orders ORDER BY buyer_name NULLS /* /* c */ */ FIRST
-- =>
SELECT id FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY buyer_name NULLS               FIRST

-- case: a filter that parameters may allow
SELECT id FROM orders WHERE channel = $1 AND shipped_at > $2::date AND buyer_name = $3
-- =>
SELECT id FROM (SELECT pgveil_t."id", pgveil_t."channel", pgveil_t."shipped_at", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = $1 AND shipped_at > $2::date AND buyer_name = $3
-- as it runs, by $1, $2, $3

-- case: an INSERT of rows that parameters may keep free of redacted ones
INSERT INTO notes (id, note) SELECT id, buyer_name FROM orders WHERE channel = ANY($1)
-- =>
INSERT INTO notes (id, note) SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = ANY($1)
-- as it runs, by $1

-- case: grouped by the key in parentheses
SELECT o.id, o.buyer_name, count(*) FROM orders o GROUP BY ((o.id))
-- =>
SELECT o.id, o.buyer_name, count(*) FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o GROUP BY ((o.id)), "o"."buyer_name"
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: grouped by the key in a list in parentheses
SELECT o.id, o.buyer_name, i.sku, count(*) FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY (i.sku, o.id), i.price
-- =>
SELECT o.id, o.buyer_name, i.sku, count(*) FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o JOIN order_items i ON i.order_id = o.id GROUP BY (i.sku, o.id), "o"."buyer_name", i.price
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: grouped by the key in each of several sets
SELECT o.id, o.buyer_name, i.sku FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY GROUPING SETS ((o.id, i.sku), (o.id))
-- =>
SELECT o.id, o.buyer_name, i.sku FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o JOIN order_items i ON i.order_id = o.id GROUP BY GROUPING SETS ((o.id, i.sku), (o.id)), "o"."buyer_name"
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: everything and a system column
SELECT *, ctid FROM orders WHERE id = 1
-- =>
SELECT "orders"."id", "orders"."order_ref", "orders"."channel", "orders"."status", "orders"."customer_id", "orders"."purchased_at", "orders"."shipped_at", "orders"."payment_terms", "orders"."buyer_name", "orders"."buyer_email", "orders"."buyer_phone", "orders"."ship_address1", "orders"."ship_address2", "orders"."ship_city", "orders"."ship_postcode", "orders"."ship_country", "orders"."gift_message", "orders"."ip", "orders"."geo_lat", "orders"."geo_lon", "orders"."currency", "orders"."total", "orders"."notes", ctid FROM (SELECT pgveil_t.ctid, pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «tag buyer_phone», «tag ship_address1», «tag ship_address2», «tag ship_city», «tag ship_postcode», pgveil_t."ship_country", «tag gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" WHERE id = 1
-- output 8 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- output 9 public.orders.buyer_email typmod 258 text of buyer_email within 254
-- output 10 public.orders.buyer_phone typmod 44 text of buyer_phone within 40
-- output 11 public.orders.ship_address1 typmod 184 token of ship_address1 within 180
-- output 12 public.orders.ship_address2 typmod 184 text of ship_address2 within 180
-- output 13 public.orders.ship_city typmod 84 text of ship_city within 80
-- output 14 public.orders.ship_postcode typmod 24 text of ship_postcode within 20
-- output 16 public.orders.gift_message typmod -1 text of gift_message
-- output 17 public.orders.ip
-- output 18 public.orders.geo_lat
-- output 19 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: everything of an alias and a system column
SELECT c.xmin, c.* FROM customers c JOIN orders o ON o.customer_id = c.id
-- =>
SELECT c.xmin, "c"."id", "c"."name", "c"."email", "c"."phone", "c"."created_at" FROM (SELECT pgveil_t.xmin, pgveil_t."id", «tag name», «tag email», «mask phone», pgveil_t."created_at" FROM "public"."customers" AS pgveil_t «join its guard, lockable») c JOIN (SELECT pgveil_t.xmin, pgveil_t."id", pgveil_t."customer_id" FROM "public"."orders" AS pgveil_t) o ON o.customer_id = c.id
-- output 2 public.customers.name typmod 124 token of name within 120
-- output 3 public.customers.email typmod 258 token of email within 254
-- output 4 public.customers.phone
-- masked public.customers.name, public.customers.email, public.customers.phone

-- case: a star beside a system column
SELECT ctid, * FROM orders
-- =>
SELECT ctid, "orders"."id", "orders"."order_ref", "orders"."channel", "orders"."status", "orders"."customer_id", "orders"."purchased_at", "orders"."shipped_at", "orders"."payment_terms", "orders"."buyer_name", "orders"."buyer_email", "orders"."buyer_phone", "orders"."ship_address1", "orders"."ship_address2", "orders"."ship_city", "orders"."ship_postcode", "orders"."ship_country", "orders"."gift_message", "orders"."ip", "orders"."geo_lat", "orders"."geo_lon", "orders"."currency", "orders"."total", "orders"."notes" FROM (SELECT pgveil_t.ctid, pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «tag buyer_phone», «tag ship_address1», «tag ship_address2», «tag ship_city», «tag ship_postcode», pgveil_t."ship_country", «tag gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders"
-- output 9 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- output 10 public.orders.buyer_email typmod 258 text of buyer_email within 254
-- output 11 public.orders.buyer_phone typmod 44 text of buyer_phone within 40
-- output 12 public.orders.ship_address1 typmod 184 token of ship_address1 within 180
-- output 13 public.orders.ship_address2 typmod 184 text of ship_address2 within 180
-- output 14 public.orders.ship_city typmod 84 text of ship_city within 80
-- output 15 public.orders.ship_postcode typmod 24 text of ship_postcode within 20
-- output 17 public.orders.gift_message typmod -1 text of gift_message
-- output 18 public.orders.ip
-- output 19 public.orders.geo_lat
-- output 20 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

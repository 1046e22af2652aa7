-- The same places where no protected column decides, where the rows are proven, or where the policy masks in filters.

-- case: sorting, grouping and aggregating
SELECT buyer_name, count(*), max(buyer_email), string_agg(gift_message, ',' ORDER BY buyer_name) FROM orders GROUP BY buyer_name ORDER BY buyer_name LIMIT 10
-- =>
SELECT buyer_name, count(*), max(buyer_email), string_agg(gift_message, ',' ORDER BY buyer_name) FROM (SELECT «mask buyer_name», «mask buyer_email», «mask gift_message» FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" GROUP BY buyer_name ORDER BY buyer_name LIMIT 10
-- output 0 public.orders.buyer_name
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.gift_message

-- case: the size of groups of a protected column
SELECT buyer_email, count(*) FROM orders GROUP BY buyer_email HAVING count(*) > 1
-- =>
SELECT buyer_email, count(*) FROM (SELECT «mask buyer_email» FROM "public"."orders" AS pgveil_t) AS "orders" GROUP BY buyer_email HAVING count(*) > 1
-- output 0 public.orders.buyer_email
-- masked public.orders.buyer_email

-- case: a list screen's page
SELECT id, buyer_name FROM orders ORDER BY buyer_name, id LIMIT 20 OFFSET 40
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY buyer_name, id LIMIT 20 OFFSET 40
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: DISTINCT
SELECT DISTINCT buyer_name FROM orders ORDER BY buyer_name
-- =>
SELECT DISTINCT buyer_name FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY buyer_name
-- output 0 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: windows over a protected column
SELECT id, rank() OVER w, count(*) OVER (PARTITION BY buyer_email) FROM orders WINDOW w AS (ORDER BY buyer_name)
-- =>
SELECT id, rank() OVER w, count(*) OVER (PARTITION BY buyer_email) FROM (SELECT pgveil_t."id", «mask buyer_name», «mask buyer_email» FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" WINDOW w AS (ORDER BY buyer_name)
-- masked public.orders.buyer_name, public.orders.buyer_email

-- case: a filter on a window over other columns
SELECT * FROM (SELECT id, buyer_name, row_number() OVER w AS r FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY purchased_at DESC)) s WHERE r = 1
-- =>
SELECT * FROM (SELECT id, buyer_name, row_number() OVER w AS r FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" WINDOW w AS (PARTITION BY customer_id ORDER BY purchased_at DESC)) s WHERE r = 1
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: DISTINCT ON other columns
SELECT DISTINCT ON (customer_id) customer_id, buyer_name FROM orders ORDER BY customer_id, purchased_at DESC
-- =>
SELECT DISTINCT ON (customer_id) customer_id, buyer_name FROM (SELECT pgveil_t."customer_id", pgveil_t."purchased_at", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY customer_id, purchased_at DESC
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: DISTINCT ON proven rows
SELECT DISTINCT ON (buyer_name) id FROM orders WHERE channel = 'ebay' ORDER BY buyer_name, id
-- =>
SELECT DISTINCT ON (buyer_name) id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay' ORDER BY buyer_name, id

-- case: ties in another order
SELECT id, buyer_name FROM orders ORDER BY total FETCH FIRST 3 ROWS WITH TIES
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name», pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY total FETCH FIRST 3 ROWS WITH TIES
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: ties among proven rows
SELECT id FROM orders WHERE channel = 'ebay' ORDER BY buyer_name FETCH FIRST 3 ROWS WITH TIES
-- =>
SELECT id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay' ORDER BY buyer_name FETCH FIRST 3 ROWS WITH TIES

-- case: a set-returning function over other columns
SELECT buyer_name, generate_series(1, length(channel)) FROM orders
-- =>
SELECT buyer_name, generate_series(1, length(channel)) FROM (SELECT pgveil_t."channel", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a set-returning function over proven rows
SELECT regexp_split_to_table(buyer_name, ' ') FROM orders WHERE channel = 'ebay'
-- =>
SELECT regexp_split_to_table(buyer_name, ' ') FROM (SELECT pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay'

-- case: a set-returning function under a policy that masks in filters
SELECT string_to_table(visitor, ' ') FROM visits
-- =>
SELECT string_to_table(visitor, ' ') FROM (SELECT «mask visitor» FROM "public"."visits" AS pgveil_t) AS "visits"
-- masked public.visits.visitor

-- case: a function in FROM that returns one row
SELECT o.id, l FROM orders o, lower(o.buyer_name) l
-- =>
SELECT o.id, l FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o, lower(o.buyer_name) l
-- masked public.orders.buyer_name

-- case: lateral rows of another column
SELECT o.id, o.buyer_name, w FROM orders o, regexp_split_to_table(o.notes, ' ') w WHERE w = 'gift' AND o.id > 3
-- =>
SELECT o.id, o.buyer_name, w FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o, regexp_split_to_table(o.notes, ' ') w WHERE w = 'gift' AND o.id > 3
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: lateral rows of proven ones
SELECT o.id, w FROM orders o, regexp_split_to_table(o.buyer_name, ' ') w WHERE o.channel = 'ebay' AND w = 'Alan'
-- =>
SELECT o.id, w FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o, regexp_split_to_table(o.buyer_name, ' ') w WHERE o.channel = 'ebay' AND w = 'Alan'

-- case: XMLTABLE of another column
SELECT o.buyer_name, x.b FROM orders o, XMLTABLE('/a' PASSING xmlparse(content o.notes) COLUMNS b text) x WHERE x.b = '1'
-- =>
SELECT o.buyer_name, x.b FROM (SELECT «tag buyer_name», pgveil_t."notes" FROM "public"."orders" AS pgveil_t) o, XMLTABLE('/a' PASSING xmlparse(content o.notes) COLUMNS b text) x WHERE x.b = '1'
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: EXISTS without a protected reference
SELECT id, buyer_name FROM orders o WHERE EXISTS (SELECT buyer_name FROM orders p WHERE p.customer_id = o.customer_id AND p.id <> o.id)
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."customer_id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o WHERE EXISTS (SELECT buyer_name FROM (SELECT pgveil_t."id", pgveil_t."customer_id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) p WHERE p.customer_id = o.customer_id AND p.id <> o.id)
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: count(*) as a condition
SELECT 1 WHERE (SELECT count(*) FROM orders WHERE channel = 'amazon') > 3
-- =>
SELECT 1 WHERE (SELECT count(*) FROM (SELECT pgveil_t."channel" FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'amazon') > 3

-- case: a row's other field
-- differs: RowDescription tells no origin of a row's field
SELECT (o).buyer_name FROM orders o WHERE (o).channel = 'ebay'
-- =>
SELECT ((CASE WHEN pg_catalog.num_nulls("o") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "o"::"public"."orders" END)).buyer_name FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o WHERE ((CASE WHEN pg_catalog.num_nulls("o") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "o"::"public"."orders" END)).channel = 'ebay'
-- masked public.orders.buyer_name

-- case: another column of a row that is spread
SELECT buyer_name FROM (SELECT (o).* FROM orders o) s WHERE id = 1
-- =>
SELECT buyer_name FROM (SELECT ((CASE WHEN pg_catalog.num_nulls("o") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "o"::"public"."orders" END)).* FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o) s WHERE id = 1
-- output 0 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: another column beside a function
SELECT id, buyer_name FROM orders WHERE EXISTS (SELECT 1 FROM generate_series(1, 2) g WHERE g = id)
-- =>
SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" WHERE EXISTS (SELECT 1 FROM generate_series(1, 2) g WHERE g = id)
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a column that a function's alias names
SELECT o.buyer_name FROM orders o, unnest(ARRAY[1, 2]) AS u (n) WHERE n = 1 AND u.n = 1
-- =>
SELECT o.buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) o, unnest(ARRAY[1, 2]) AS u (n) WHERE n = 1 AND u.n = 1
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a column that a function's alias names like a table
SELECT o FROM orders o, unnest(ARRAY[1, 2]) AS u (o) WHERE o = 1
-- =>
SELECT o FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o, unnest(ARRAY[1, 2]) AS u (o) WHERE o = 1

-- case: a whole row beside a function
SELECT ref_of(o) FROM orders o, generate_series(1, 2)
-- =>
SELECT ref_of((CASE WHEN pg_catalog.num_nulls("o") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "o"::"public"."orders" END)) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o, generate_series(1, 2)
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: other columns of a recursive query
WITH RECURSIVE r(a, b, n) AS (SELECT 'x'::text, buyer_name::text, 1 FROM orders UNION ALL SELECT b, a, n + 1 FROM r WHERE n < 3) SELECT a FROM r WHERE n < 2
-- =>
WITH RECURSIVE r(a, b, n) AS (SELECT 'x'::text, buyer_name::text, 1 FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" UNION ALL SELECT b, a, n + 1 FROM r WHERE n < 3) SELECT a FROM r WHERE n < 2
-- masked public.orders.buyer_name

-- case: SEARCH and CYCLE by other columns
WITH RECURSIVE r(id, name) AS (SELECT id, buyer_name::text FROM orders UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.id + 1) SEARCH BREADTH FIRST BY id SET ord CYCLE id SET again USING path SELECT id, name FROM r WHERE NOT again ORDER BY ord
-- =>
WITH RECURSIVE r(id, name) AS (SELECT id, buyer_name::text FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" UNION ALL SELECT o.id, o.buyer_name::text FROM r, (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o WHERE o.id = r.id + 1) SEARCH BREADTH FIRST BY id SET ord CYCLE id SET again USING path SELECT id, name FROM r WHERE NOT again ORDER BY ord
-- masked public.orders.buyer_name

-- case: a query in WITH, each mention proven
WITH x AS (SELECT * FROM orders WHERE channel = 'ebay') SELECT id FROM x a JOIN x b USING (id) WHERE a.buyer_name = b.buyer_name
-- =>
WITH x AS (SELECT * FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders" WHERE channel = 'ebay') SELECT id FROM x a JOIN x b USING (id) WHERE a.buyer_name = b.buyer_name

-- case: USING proven rows
SELECT o.id FROM orders o JOIN (SELECT 'x'::varchar AS buyer_name) v USING (buyer_name) WHERE o.channel = 'ebay'
-- =>
SELECT o.id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o JOIN (SELECT 'x'::varchar AS buyer_name) v USING (buyer_name) WHERE o.channel = 'ebay'

-- case: a filter that a policy masks
SELECT count(*) FROM visits WHERE visitor = 'ann'
-- =>
SELECT count(*) FROM (SELECT «mask visitor» FROM "public"."visits" AS pgveil_t) AS "visits" WHERE visitor = 'ann'

-- case: filters of every kind that a policy masks
SELECT DISTINCT ON (visitor) id FROM visits NATURAL JOIN (SELECT 'ann' AS visitor) v WHERE visitor LIKE 'a%' ORDER BY visitor
-- =>
SELECT DISTINCT ON (visitor) id FROM (SELECT pgveil_t."id", pgveil_t."channel", pgveil_t."day", «mask visitor», «mask score» FROM "public"."visits" AS pgveil_t «join its guard») AS "visits" NATURAL JOIN (SELECT 'ann' AS visitor) v WHERE visitor LIKE 'a%' ORDER BY visitor

-- case: ON CONFLICT by the key
INSERT INTO customers (id, name, created_at) VALUES (1, 'x', now()) ON CONFLICT (id) DO UPDATE SET created_at = now()
-- =>
INSERT INTO "public"."customers" (id, name, created_at) VALUES (1, 'x', now()) ON CONFLICT (id) DO UPDATE SET created_at = now()
-- withhold detail

-- case: ON CONFLICT by the key's constraint
INSERT INTO members (id, mail) VALUES (1, 'x') ON CONFLICT ON CONSTRAINT members_pkey DO UPDATE SET note = 'x' RETURNING id, mail
-- =>
INSERT INTO "public"."members" (id, mail) VALUES (1, 'x') ON CONFLICT ON CONSTRAINT members_pkey DO UPDATE SET note = 'x' RETURNING id, («mask "members".mail»)
-- output 1 public.members.mail
-- withhold detail
-- masked public.members.mail

-- case: ON CONFLICT by whatever it is
INSERT INTO members (id, mail) VALUES (1, 'x') ON CONFLICT DO NOTHING
-- =>
INSERT INTO "public"."members" (id, mail) VALUES (1, 'x') ON CONFLICT DO NOTHING
-- withhold detail

-- case: ON CONFLICT whose update proves its filter
INSERT INTO orders (id, order_ref, channel, status, purchased_at, buyer_name, buyer_email, total) VALUES (1, 'r', 'ebay', 'open', now(), 'x', 'x', 1) ON CONFLICT (id) DO UPDATE SET status = 'x' WHERE orders.channel = 'ebay' AND orders.buyer_name = 'x'
-- =>
INSERT INTO "public"."orders" (id, order_ref, channel, status, purchased_at, buyer_name, buyer_email, total) VALUES (1, 'r', 'ebay', 'open', now(), 'x', 'x', 1) ON CONFLICT (id) DO UPDATE SET status = 'x' WHERE orders.channel = 'ebay' AND («mask "orders".buyer_name») = 'x'
-- withhold detail

-- case: UPDATE FROM whose join proves its filter
UPDATE order_addresses a SET kind = 'x' FROM products p JOIN orders o ON o.channel = 'ebay' WHERE o.id = a.order_id AND a.name = p.title
-- =>
UPDATE "public"."order_addresses" a SET kind = 'x' FROM products p JOIN (SELECT pgveil_t."id", pgveil_t."channel" FROM "public"."orders" AS pgveil_t) o ON o.channel = 'ebay' WHERE o.id = a.order_id AND («mask "a".name») = p.title
-- withhold detail

-- case: MERGE whose condition proves its filter
MERGE INTO orders o USING notes n ON o.id = n.order_id AND o.channel = 'ebay' AND o.buyer_name = n.note WHEN MATCHED AND o.gift_message = 'x' THEN UPDATE SET status = 'x'
-- =>
MERGE INTO "public"."orders" o USING notes n ON o.id = n.order_id AND o.channel = 'ebay' AND («mask "o".buyer_name») = n.note WHEN MATCHED AND («mask "o".gift_message») = 'x' THEN UPDATE SET status = 'x'
-- kind merge
-- withhold detail

-- case: an index's condition on another column
CREATE INDEX ON visits (visitor) WHERE channel = 'x'
-- =>
-- pass
-- kind ddl
-- effect ddl [visits]
-- effect environment

-- case: a table whose row security reads other columns
SELECT count(*), max(secret) FROM secured
-- =>
SELECT count(*), max(secret) FROM (SELECT «mask secret» FROM "public"."secured" AS pgveil_t) AS "secured"
-- masked public.secured.secret

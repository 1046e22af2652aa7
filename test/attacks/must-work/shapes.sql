-- Shapes that applications use here and there: whole rows, names with schemas, staging tables, places of rows.

-- case: the whole row in a subquery
-- expect: masked
SELECT o.id, (SELECT o) AS r FROM orders o WHERE o.id > 900000 ORDER BY 1

-- case: rows as one JSON array
-- expect: accepted
SELECT json_agg(o ORDER BY o.id) FROM orders o WHERE id > 900000

-- case: rows as an array of their type
-- expect: accepted
SELECT array_agg(o ORDER BY o.id) FROM orders o WHERE id > 900000

-- case: rows counted by themselves
-- expect: equal
SELECT count(o), count(DISTINCT o.channel) FROM orders o

-- case: a field of a record of the table's type
-- expect: equal
SELECT (jsonb_populate_record(NULL::orders, '{"id": 7, "buyer_name": "x"}')).buyer_name

-- case: a record of the table's type in FROM
-- expect: equal
SELECT * FROM json_populate_record(NULL::orders, '{"id": 7, "buyer_name": "x"}')

-- case: INSERT of a record made of JSON
-- expect: equal
-- rollback
INSERT INTO customers SELECT * FROM jsonb_populate_record(NULL::customers, '{"id": 990077, "name": "J", "created_at": "2024-01-01"}') RETURNING id, name

-- case: NATURAL JOIN of unprotected tables
-- expect: equal
SELECT count(*) FROM order_items NATURAL JOIN products

-- case: NATURAL JOIN by the key
-- expect: masked
SELECT id, buyer_name FROM orders NATURAL JOIN (VALUES (900001::bigint), (900011)) v(id) ORDER BY id

-- case: USING of the key
-- expect: masked
SELECT id, o.buyer_name FROM orders o JOIN (SELECT order_id AS id, count(*) AS n FROM order_items GROUP BY 1) i USING (id) WHERE id > 900000 ORDER BY 1

-- case: FULL JOIN
-- expect: masked
SELECT o.id, o.buyer_name, p.amount FROM orders o FULL JOIN payments p ON p.order_id = o.id WHERE o.id > 900000 ORDER BY 1

-- case: words of a name
-- expect: masked
SELECT o.id, string_to_array(o.buyer_name, ' ') AS words FROM orders o WHERE o.id > 900000 ORDER BY 1

-- case: row locks beside an outer join
-- expect: masked
-- rollback
SELECT o.id, o.buyer_name, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE o.id > 900000 ORDER BY 1 FOR UPDATE OF o

-- case: row locks on payments
-- expect: masked
-- rollback
-- key: order_id
SELECT order_id, card_holder FROM payments WHERE order_id > 900000 ORDER BY id FOR UPDATE

-- case: row locks on customers
-- expect: masked
-- rollback
-- key: id of customers
SELECT id, name FROM customers WHERE id > 900000 ORDER BY id FOR SHARE

-- case: UNION with a literal row
-- expect: masked
SELECT id, buyer_name FROM orders WHERE id > 900000 UNION ALL SELECT 0, 'none' ORDER BY 1

-- case: distinct names
-- expect: runs
SELECT DISTINCT buyer_name FROM orders WHERE id > 900000 ORDER BY 1

-- case: names in order, case aside
-- expect: accepted
SELECT id, buyer_name FROM orders WHERE id > 900010 ORDER BY lower(buyer_name), id

-- case: names in the order of a collation
-- expect: accepted
SELECT id, buyer_name FROM orders WHERE id > 900000 ORDER BY buyer_name COLLATE "C", id

-- case: INSERT SELECT into a temporary table
-- expect: accepted
CREATE TEMP TABLE tt (id bigint, n text);
INSERT INTO tt SELECT id, buyer_name FROM orders WHERE id > 900000;
SELECT id, n FROM tt ORDER BY id;
DROP TABLE tt

-- case: a temporary table of whole rows
-- expect: accepted
CREATE TEMP TABLE t2 AS SELECT * FROM orders WHERE id > 900000;
SELECT count(*), min(total) FROM t2;
ALTER TABLE t2 ADD COLUMN x int DEFAULT 0;
UPDATE t2 SET x = 1;
DROP TABLE t2

-- case: a temporary table like a protected one
-- expect: equal
CREATE TEMP TABLE t3 (LIKE orders INCLUDING ALL);
INSERT INTO t3 (id, order_ref, channel, buyer_name, ship_country, total) VALUES (1, 'x', 'ebay', 'n', 'DE', 1);
SELECT id + 0 AS id, buyer_name || '' AS n FROM t3;
DROP TABLE t3

-- case: a table like a protected one
-- expect: equal
-- rollback
CREATE TABLE app.orders_staging (LIKE orders);
INSERT INTO app.orders_staging (id, order_ref, channel, status, purchased_at, payment_terms, buyer_name, ship_country, currency, total) VALUES (1, 'x', 'ebay', 's', '2024-01-01', 'prepaid', 'n', 'DE', 'EUR', 1)

-- case: orders from a staging table
-- expect: equal
-- rollback
CREATE TEMP TABLE staging (ref text, name text, total numeric) ON COMMIT DROP;
INSERT INTO staging VALUES ('S-1', 'Sara', 5), ('S-2', 'Sven', 6);
INSERT INTO orders (order_ref, channel, buyer_name, ship_country, total) SELECT ref, 'ebay', name, 'DE', total FROM staging ON CONFLICT (order_ref) DO NOTHING;
SELECT order_ref, buyer_name FROM orders WHERE order_ref IN ('S-1', 'S-2') ORDER BY 1

-- case: UPDATE from a staging table
-- expect: equal
-- rollback
CREATE TEMP TABLE st (id bigint, city text);
INSERT INTO st VALUES (900011, 'Neuss am Rhein'), (900012, 'Emden');
UPDATE orders o SET ship_city = s.city FROM st s WHERE s.id = o.id

-- case: UPDATE by the place of a row
-- expect: equal
-- rollback
UPDATE orders SET notes = 'c' WHERE ctid = (SELECT ctid FROM orders WHERE id = 900012)

-- case: DELETE of duplicates by their places
-- expect: equal
-- rollback
DELETE FROM survey_responses a USING survey_responses b WHERE a.ctid < b.ctid AND a.order_id = b.order_id AND a.id > 900000

-- case: a foreign key that the role may not make
-- expect: fails 42501
-- rollback
CREATE TABLE app.r1 (id int, order_id bigint REFERENCES orders (id))

-- case: a view over unprotected columns
-- expect: equal
-- rollback
CREATE VIEW app.v_open AS SELECT id, status, total FROM orders WHERE shipped_at IS NULL

-- case: ANALYZE VERBOSE
-- expect: runs
ANALYZE VERBOSE app.jobs

-- case: EXPLAIN ANALYZE of a list
-- expect: runs
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id, buyer_name FROM orders WHERE id > 900000 ORDER BY 1

-- case: EXPLAIN ANALYZE of an UPDATE
-- expect: runs
-- rollback
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) UPDATE orders SET notes = 'x' WHERE id = 900012

-- case: VALUES under the name of a protected table
-- expect: equal
SELECT orders.n FROM (VALUES (1)) AS orders(n)

-- case: a CTE under the name of a protected table
-- expect: equal
WITH orders AS (SELECT sku AS id FROM products) SELECT id FROM orders ORDER BY 1

-- case: a column under the name of a protected table
-- expect: equal
SELECT count(*) AS orders FROM order_items ORDER BY orders

-- case: privileges of a table
-- expect: equal
SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_name = 'orders' ORDER BY 1, 2

-- case: sequences
-- expect: equal
SELECT schemaname, sequencename, data_type FROM pg_sequences ORDER BY 1, 2

-- case: tables and types by name
-- expect: equal
SELECT to_regclass('public.orders'), 'orders'::regclass::text, to_regtype('orders')::text, pg_typeof(NULL::orders)

-- case: comments on a table
-- expect: equal
SELECT col_description('orders'::regclass, 9), obj_description('orders'::regclass)

-- case: a serial's sequence, set to the highest key
-- expect: runs
-- rollback
SELECT pg_get_serial_sequence('orders', 'id'), currval(pg_get_serial_sequence('app.jobs', 'id')) FROM (SELECT nextval('app.jobs_id_seq')) s;
SELECT setval(pg_get_serial_sequence('app.jobs', 'id'), coalesce(max(id), 1)) FROM app.jobs

-- case: a window over names
-- expect: accepted
SELECT id, count(*) OVER (PARTITION BY buyer_name) AS n FROM orders WHERE id > 900000 ORDER BY id

-- case: NOT IN a subquery
-- expect: masked
SELECT id, buyer_name FROM orders WHERE id NOT IN (SELECT order_id FROM payments WHERE amount > 50) AND id > 900000 ORDER BY 1

-- case: LIMIT of a parameter and a sum
-- expect: masked
-- params: ["2"]
SELECT id, buyer_name FROM orders WHERE id > 900000 ORDER BY id LIMIT $1::int + 1

-- case: an optional filter
-- expect: equal
-- params: [null]
SELECT count(*) FROM orders WHERE ($1::text IS NULL OR status = $1)

-- case: keys one by one, recursively
-- expect: equal
WITH RECURSIVE r AS (SELECT min(id) AS id FROM orders UNION ALL SELECT (SELECT min(o.id) FROM orders o WHERE o.id > r.id) FROM r WHERE r.id IS NOT NULL) SELECT count(*) FROM r

-- case: the latest of each channel by LATERAL
-- expect: equal
SELECT c.channel, l.latest FROM (SELECT DISTINCT channel FROM orders) c, LATERAL (SELECT max(purchased_at) AS latest FROM orders o WHERE o.channel = c.channel) l ORDER BY 1

-- case: an upsert of an answer with a condition on the key
-- expect: accepted
-- rollback
INSERT INTO survey_responses (id, order_id, rating, answer) VALUES (900012, 900012, 5, 'better') ON CONFLICT (id) DO UPDATE SET rating = EXCLUDED.rating, answer = EXCLUDED.answer WHERE survey_responses.order_id = EXCLUDED.order_id RETURNING id

-- case: pg_dump, lock of tables
-- expect: equal
-- rollback
LOCK TABLE public.orders, public.customers IN ACCESS SHARE MODE

-- case: names with their schema, quoted
-- expect: masked
SELECT "public"."orders"."id", "public"."orders"."buyer_name" FROM "public"."orders" WHERE "public"."orders"."id" > 900000 ORDER BY "public"."orders"."id"

-- case: names with catalog and schema
-- expect: masked
SELECT shop.public.orders.id, shop.public.orders.buyer_name FROM shop.public.orders WHERE shop.public.orders.id > 900000 ORDER BY 1

-- case: everything of a table with its schema
-- expect: masked
SELECT public.orders.* FROM public.orders WHERE id > 900000 ORDER BY id

-- case: ONLY
-- expect: masked
SELECT id, buyer_name FROM ONLY orders WHERE id > 900000 ORDER BY id

-- case: a table with its children, by a star
-- expect: masked
SELECT id, buyer_name FROM orders * WHERE id BETWEEN 900000 AND 900020 ORDER BY id

-- case: a field of the row as JSON
-- expect: masked
SELECT id, to_jsonb(o) ->> 'buyer_name' AS n FROM orders o WHERE id > 900000 ORDER BY id

-- case: a comparison of two columns at once
-- expect: masked
SELECT id, buyer_name FROM orders WHERE (id, channel) = (900011, 'amazon')

-- case: SELECT INTO a temporary table of whole rows
-- expect: accepted
SELECT * INTO TEMPORARY x9 FROM customers WHERE id > 900000;
SELECT count(*) FROM x9;
DROP TABLE x9

-- case: COPY of a join
-- expect: accepted
COPY (SELECT o.id, o.buyer_name, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id > 900000 ORDER BY 1) TO STDOUT WITH (FORMAT csv, HEADER)

-- case: COPY of what an UPDATE returns
-- expect: equal
-- rollback
COPY (UPDATE app.jobs SET attempts = 9 WHERE id < 3 RETURNING id, attempts) TO STDOUT

-- case: an unprotected column under the name of a protected one
-- expect: equal
SELECT title AS buyer_name FROM products WHERE title ILIKE '%a%' ORDER BY buyer_name

-- case: HAVING over a count
-- expect: equal
SELECT customer_id, count(*) FROM orders GROUP BY customer_id HAVING count(*) > 1 ORDER BY 1 NULLS LAST

-- case: customers and their sums, grouped by names
-- expect: masked
-- key: id of customers
SELECT c.id, c.name, c.email, coalesce(sum(o.total), 0) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name, c.email ORDER BY c.id

-- case: MERGE with rows that the source lacks
-- expect: equal
-- rollback
MERGE INTO app.stock s USING (VALUES ('s1')) v(sku) ON s.sku = v.sku WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN MATCHED THEN DO NOTHING

-- case: text search in the notes of orders
-- expect: masked
SELECT id, buyer_name, notes FROM orders WHERE to_tsvector('simple', coalesce(notes, '')) @@ to_tsquery('simple', 'first | recent') ORDER BY id

-- case: rows by their place, with the table before it
-- expect: masked
SELECT o.id, o.buyer_name FROM orders o WHERE o.ctid > '(0,0)' AND o.id > 900000 ORDER BY o.id

-- case: the table that a row is from
-- expect: masked
SELECT o.id, o.tableoid::regclass AS t, o.buyer_name FROM orders o WHERE o.tableoid = 'orders'::regclass AND o.id > 900000 ORDER BY o.id

-- case: Npgsql, a row with its version
-- expect: runs
SELECT o.id, o.xmin, o.buyer_name FROM orders AS o WHERE o.id = 900011 LIMIT 2

-- case: a view with a security barrier
-- expect: masked
SELECT id, buyer_name FROM guarded_orders ORDER BY id

-- case: a view with the rights of who asks
-- expect: masked
SELECT id, buyer_name FROM invoked_orders ORDER BY id

-- case: a view with quoted names
-- expect: masked
-- key: Id
SELECT "Id", "The Name" FROM "Odd View" WHERE "Id" > 900000 ORDER BY 1

-- case: the number of rows of a view
-- expect: equal
SELECT count(*) FROM all_orders

-- case: a child of a protected table
-- expect: accepted
SELECT id, buyer_name FROM archived_orders ORDER BY id

-- case: a partition
-- expect: accepted
SELECT id, visitor, score FROM visits_old ORDER BY id

-- case: a partitioned table in sum
-- expect: accepted
SELECT channel, count(*), max(day) FROM visits GROUP BY channel ORDER BY channel

-- case: every type of column
-- expect: accepted
SELECT * FROM profiles ORDER BY id

-- case: INSERT into a partitioned table
-- expect: equal
-- rollback
INSERT INTO visits (id, channel, day, visitor, agent, score) VALUES (9, 'ebay', '2020-05-05', 'zoe', 'app', 1) RETURNING id

-- case: UPDATE of a partitioned table
-- expect: accepted
-- rollback
UPDATE visits SET agent = 'x' WHERE id = 3 RETURNING id, agent, visitor

-- case: UPDATE of a domain and an array
-- expect: equal
-- rollback
UPDATE profiles SET nick = 'cle', tags = '{q}' WHERE id = 2 RETURNING id, nick

-- case: a materialized view of names
-- expect: accepted
SELECT id, channel, buyer_name FROM order_names ORDER BY id

-- case: sums over whether there is a text
-- expect: accepted
SELECT sum(CASE WHEN gift_message IS NOT NULL THEN 1 ELSE 0 END) AS gifts, count(gift_message) FROM orders

-- case: search within a subquery that meets no redacted row
-- expect: equal
SELECT c.id, EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.channel = 'ebay' AND o.buyer_name LIKE 'E%') FROM customers c WHERE c.id > 900000 ORDER BY 1

-- case: search through views that meets no redacted row
-- expect: equal
SELECT number FROM buyers WHERE channel = 'ebay' AND who = 'Edda Ebert'

-- case: search in a CTE that meets no redacted row
-- expect: equal
WITH e AS (SELECT * FROM orders WHERE channel = 'ebay') SELECT id FROM e WHERE buyer_name = 'Edda Ebert'

-- case: search in a subquery that meets no redacted row
-- expect: equal
SELECT id FROM (SELECT id, buyer_name FROM orders WHERE shipped_at IS NULL) x WHERE buyer_name = 'Una Unsent'

-- case: DELETE by a search that meets no redacted row
-- expect: equal
-- rollback
DELETE FROM order_items WHERE order_id IN (SELECT id FROM orders WHERE channel = 'ebay' AND buyer_email = 'none@x')

-- case: search with OR that meets no redacted row
-- expect: equal
SELECT id FROM orders WHERE (channel = 'ebay' AND buyer_name = 'x') OR (shipped_at IS NULL AND buyer_name = 'y')

-- case: search among the orders of a week
-- expect: equal
SELECT id FROM orders WHERE shipped_at BETWEEN now() - interval '7 days' AND now() AND buyer_name ILIKE 'n%'

-- case: search since a date
-- expect: equal
SELECT id FROM orders WHERE shipped_at > current_date - 7 AND buyer_name = 'x'

-- case: search since a moment in capitals
-- expect: equal
SELECT id FROM orders WHERE shipped_at >= CURRENT_TIMESTAMP - INTERVAL '5 DAY' AND buyer_name = 'x'

-- case: columns that are cast to the types that they are of
-- expect: equal
SELECT gift_message::text, order_ref::varchar, id::bigint, total::numeric, shipped_at::timestamptz, ((channel)::varchar)::varchar FROM orders WHERE id >= 900000 AND channel = 'ebay' ORDER BY id

-- case: columns of a view that are cast to the types that they are of, and to others
-- expect: equal
SELECT number::bigint, number::int, channel::varchar, channel::text FROM buyers WHERE number >= 900000 ORDER BY number

-- case: columns of views that USING makes one
-- expect: equal
SELECT id, b.id AS of_b, v.id AS of_v FROM (SELECT id, channel FROM invoked_orders) v LEFT JOIN recent_orders b USING (id) WHERE id >= 900000 AND v.channel = 'ebay' ORDER BY id

-- case: columns that NATURAL makes one, from the right
-- expect: equal
SELECT * FROM (SELECT id FROM order_items) i NATURAL RIGHT JOIN (SELECT id, channel FROM invoked_orders WHERE id >= 900000) v ORDER BY id

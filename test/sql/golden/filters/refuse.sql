-- Places that decide which rows there are, or how many, by a protected column.

-- case: ROW comparison
SELECT id FROM orders WHERE ROW(id, buyer_name) > ROW(1, 'x')
-- =>
-- refuse 42501 filter at 37 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: row IN subquery
SELECT id FROM orders WHERE (id, channel) IN (SELECT id, buyer_name FROM orders)
-- =>
-- refuse 42501 filter at 58 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: IN a list with a protected member
SELECT id FROM orders WHERE 'Alan' IN (notes, buyer_name)
-- =>
-- refuse 42501 filter at 47 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: NOT IN a subquery
SELECT sku FROM products WHERE title NOT IN (SELECT gift_message FROM orders)
-- =>
-- refuse 42501 filter at 53 (gift_message): cannot filter on column "gift_message" of "public.orders": it is redacted

-- case: ALL
SELECT sku FROM products WHERE title <> ALL (SELECT gift_message FROM orders)
-- =>
-- refuse 42501 filter at 53 (gift_message): cannot filter on column "gift_message" of "public.orders": it is redacted

-- case: ARRAY of a subquery
SELECT id FROM orders WHERE 'x' = ANY (ARRAY(SELECT buyer_name FROM orders))
-- =>
-- refuse 42501 filter at 53 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: IS DISTINCT FROM
SELECT id FROM orders WHERE buyer_name IS DISTINCT FROM 'x'
-- =>
-- refuse 42501 filter at 29 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a subquery's HAVING
SELECT 1 WHERE EXISTS (SELECT channel FROM orders GROUP BY channel HAVING max(buyer_name) = 'x')
-- =>
-- refuse 42501 filter at 79 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: CASE in ON
SELECT 1 FROM products p JOIN orders o ON CASE WHEN o.buyer_name = 'x' THEN p.sku = 'A' ELSE true END
-- =>
-- refuse 42501 filter at 53 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: CASE in LIMIT
SELECT id FROM orders ORDER BY id LIMIT CASE WHEN (SELECT max(buyer_name) FROM orders) = 'x' THEN 1 END
-- =>
-- refuse 42501 filter at 63 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: OFFSET
SELECT sku FROM products OFFSET (SELECT length(max(buyer_name)) FROM orders)
-- =>
-- refuse 42501 filter at 52 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: FETCH FIRST
SELECT sku FROM products FETCH FIRST (SELECT length(max(buyer_name)) FROM orders) ROWS ONLY
-- =>
-- refuse 42501 filter at 57 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: LIMIT of a set operation
SELECT sku FROM products UNION SELECT channel FROM orders LIMIT (SELECT length(max(buyer_name)) FROM orders)
-- =>
-- refuse 42501 filter at 84 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: ties in the order of a protected column
SELECT id FROM orders ORDER BY buyer_name FETCH FIRST 3 ROWS WITH TIES
-- =>
-- refuse 42501 filter at 32 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: ties in the order of an output column
SELECT id, upper(buyer_name) AS n FROM orders ORDER BY n FETCH FIRST 3 ROWS WITH TIES
-- =>
-- refuse 42501 filter at 56 (n): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: ties in the order of an output column's number
SELECT * FROM orders ORDER BY 9 FETCH FIRST 3 ROWS WITH TIES
-- =>
-- refuse 42501 filter at 31 (9): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: ties in the order of a set operation's column
SELECT id, buyer_name AS n FROM orders UNION SELECT 1, 'x' ORDER BY 2 FETCH FIRST 3 ROWS WITH TIES
-- =>
-- refuse 42501 filter at 69 (2): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: DISTINCT ON
SELECT DISTINCT ON (buyer_name) id FROM orders
-- =>
-- refuse 42501 filter at 21 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: DISTINCT ON an expression
SELECT DISTINCT ON (channel, lower(buyer_email)) id FROM orders
-- =>
-- refuse 42501 filter at 36 (buyer_email): cannot filter on column "buyer_email" of "public.orders": it is redacted

-- case: DISTINCT ON an output column's number
SELECT DISTINCT ON (1) buyer_name, id FROM orders
-- =>
-- refuse 42501 filter at 21 (1): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: DISTINCT ON an output column
SELECT DISTINCT ON (n) upper(buyer_name) AS n, id FROM orders ORDER BY n
-- =>
-- refuse 42501 filter at 21 (n): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: DISTINCT ON in the order of a protected column
SELECT DISTINCT ON (customer_id) id FROM orders ORDER BY customer_id, buyer_name
-- =>
-- refuse 42501 filter at 71 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: DISTINCT ON in a subquery
SELECT count(*) FROM (SELECT DISTINCT ON (o.buyer_name) o.id FROM orders o) s
-- =>
-- refuse 42501 filter at 43 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a set-returning function in the target list
SELECT generate_series(1, length(buyer_name)) FROM orders
-- =>
-- refuse 42501 filter at 34 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a set-returning function below another
SELECT upper(regexp_split_to_table(buyer_name, ' ')) FROM orders
-- =>
-- refuse 42501 filter at 36 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an array unnested
SELECT "Id", unnest(tags) FROM "Client List"
-- =>
-- refuse 42501 filter at 21 (tags): cannot filter on column "tags" of "public.Client List": it is redacted

-- case: a document's elements
SELECT jsonb_array_elements(doc) FROM "Client List"
-- =>
-- refuse 42501 filter at 29 (doc): cannot filter on column "doc" of "public.Client List": it is redacted

-- case: a set-returning function in ORDER BY
SELECT id FROM orders ORDER BY generate_series(1, length(buyer_name))
-- =>
-- refuse 42501 filter at 58 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a set-returning function in GROUP BY
SELECT count(*) FROM orders GROUP BY generate_series(1, length(buyer_name))
-- =>
-- refuse 42501 filter at 64 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a set-returning function of somebody's own
SELECT upto(length(buyer_name)) FROM orders
-- =>
-- refuse 42501 filter at 20 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a set-returning function in FROM
SELECT o.id FROM orders o, generate_series(1, length(o.buyer_name)) g
-- =>
-- refuse 42501 filter at 54 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a lateral function over a protected column
SELECT o.id, w FROM orders o, regexp_split_to_table(o.buyer_name, ' ') w
-- =>
-- refuse 42501 filter at 53 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a lateral array
SELECT o.id FROM orders o CROSS JOIN LATERAL unnest(string_to_array(o.buyer_name, ' ')) w
-- =>
-- refuse 42501 filter at 69 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a lateral function of an outer join
SELECT o.id FROM orders o LEFT JOIN LATERAL string_to_table(o.gift_message, ' ') w ON true
-- =>
-- refuse 42501 filter at 61 (o): cannot filter on column "gift_message" of "public.orders": it is redacted

-- case: ROWS FROM
SELECT o.id FROM orders o, ROWS FROM (generate_series(1, 3), string_to_table(o.buyer_name, ' ')) AS x(a, b)
-- =>
-- refuse 42501 filter at 78 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a set-returning function over a subquery
SELECT g FROM generate_series(1, (SELECT length(max(buyer_name)) FROM orders)) g
-- =>
-- refuse 42501 filter at 53 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a set-returning function inside EXISTS
SELECT 1 FROM orders o WHERE EXISTS (SELECT generate_series(1, length(o.buyer_name)))
-- =>
-- refuse 42501 filter at 71 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: CASE in a set-returning function
SELECT generate_series(1, CASE WHEN buyer_name = 'x' THEN 2 ELSE 1 END) FROM orders
-- =>
-- refuse 42501 filter at 37 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: XMLTABLE
SELECT o.id, x.b FROM orders o, XMLTABLE('/a' PASSING xmlparse(content o.gift_message) COLUMNS b text) x
-- =>
-- refuse 42501 filter at 72 (o): cannot filter on column "gift_message" of "public.orders": it is redacted

-- case: JSON_TABLE
SELECT x.v FROM "Client List" c, JSON_TABLE(c.doc, '$[*]' COLUMNS (v text PATH '$')) x
-- =>
-- refuse 42501 filter at 45 (c): cannot filter on column "doc" of "public.Client List": it is redacted

-- case: a row's field
SELECT id FROM orders o WHERE (o).buyer_name = 'x'
-- =>
-- refuse 42501 filter at 32 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a row's field of a subquery
SELECT 1 FROM (SELECT o FROM orders o) s WHERE (s.o).buyer_name = 'x'
-- =>
-- refuse 42501 filter at 49 (s): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a row IS NOT NULL
SELECT id FROM orders o WHERE o IS NOT NULL
-- =>
-- refuse 42501 filter at 31 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: all of a row
SELECT id FROM orders o WHERE o.* IS NOT NULL
-- =>
-- refuse 42501 filter at 31 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a row as JSON
SELECT id FROM orders o WHERE row_to_json(o) ->> 'buyer_name' = 'x'
-- =>
-- refuse 42501 filter at 43 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a row spread in a subquery
SELECT id FROM (SELECT (o).* FROM orders o) s WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 53 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a row spread in WITH
WITH x AS (SELECT (o).* FROM orders o) SELECT 1 FROM x WHERE x.buyer_name = 'x'
-- =>
-- refuse 42501 filter at 62 (x): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an outer column beside a function
SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM generate_series(1, 2) g WHERE buyer_name = 'x')
-- =>
-- refuse 42501 filter at 81 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an outer row beside a function
SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM generate_series(1, 2) g WHERE o IS NULL)
-- =>
-- refuse 42501 filter at 83 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a join's alias with columns of its own
SELECT 1 FROM (products p CROSS JOIN (SELECT buyer_name FROM orders) o) AS j (a, b, c, d) WHERE d = 'x'
-- =>
-- refuse 42501 filter at 97 (d): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: VALUES of subqueries
SELECT 1 FROM (VALUES ((SELECT max(buyer_name) FROM orders)), ('x')) v (n) WHERE n = 'x'
-- =>
-- refuse 42501 filter at 82 (n): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: VALUES in the order of ties
VALUES ((SELECT max(buyer_name) FROM orders)), ('x') ORDER BY column1 FETCH FIRST 1 ROW WITH TIES
-- =>
-- refuse 42501 filter at 63 (column1): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an output column that a named window ranks
SELECT id FROM (SELECT id, rank() OVER w AS r FROM orders WINDOW w AS (ORDER BY buyer_name)) s WHERE r = 1
-- =>
-- refuse 42501 filter at 102 (r): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an output column of a window made of a named one
SELECT id FROM (SELECT id, sum(total) OVER (v ROWS 1 PRECEDING) AS r FROM orders WINDOW w AS (PARTITION BY buyer_name), v AS (w ORDER BY id)) s WHERE r = 1
-- =>
-- refuse 42501 filter at 151 (r): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an output column of a window that is partitioned
SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY buyer_email ORDER BY id) AS r FROM orders) s WHERE r = 1
-- =>
-- refuse 42501 filter at 111 (r): cannot filter on column "buyer_email" of "public.orders": it is redacted

-- case: a window's frame
SELECT id FROM (SELECT id, lag(id) OVER (ORDER BY id ROWS (SELECT length(max(buyer_name)) FROM orders) PRECEDING) AS r FROM orders) s WHERE r = 1
-- =>
-- refuse 42501 filter at 141 (r): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a maximum under another name
SELECT 1 FROM (SELECT max(buyer_name) AS m FROM orders) AS x (top) WHERE top = 'x'
-- =>
-- refuse 42501 filter at 74 (top): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: the recursive side's own column
WITH RECURSIVE r(n, x) AS (SELECT 1::bigint, 'a'::text UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.n + 1 AND r.x = 'Alan') SELECT n FROM r
-- =>
-- refuse 42501 filter at 140 (r): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: columns that the recursive side exchanges
WITH RECURSIVE r(a, b, n) AS (SELECT 'x'::text, buyer_name::text, 1 FROM orders UNION ALL SELECT b, a, n + 1 FROM r WHERE n < 3 AND a = 'x') SELECT 1 FROM r
-- =>
-- refuse 42501 filter at 133 (a): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a recursive query's column from outside
WITH RECURSIVE r(n, x) AS (SELECT 1::bigint, 'a'::text UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.n + 1) SELECT n FROM r WHERE x = 'Alan'
-- =>
-- refuse 42501 filter at 159 (x): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: CYCLE
WITH RECURSIVE r(id, name) AS (SELECT id, buyer_name::text FROM orders UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.id + 1) CYCLE id, name SET again USING path SELECT id, again FROM r
-- =>
-- refuse 42501 filter at 164 (name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: what SEARCH sorts by
WITH RECURSIVE r(id, name) AS (SELECT id, buyer_name::text FROM orders UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.id + 1) SEARCH DEPTH FIRST BY name SET ord SELECT id FROM r WHERE ord IS NOT NULL
-- =>
-- refuse 42501 filter at 212 (ord): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a query in WITH that is named before it is known
WITH RECURSIVE a AS (SELECT * FROM b WHERE n = 'x'), b AS (SELECT buyer_name AS n FROM orders) SELECT 1 FROM a
-- =>
-- refuse 42501 filter at 44 (n): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: one of two mentions is proven
WITH x AS (SELECT * FROM orders) SELECT 1 FROM x a, x b WHERE a.channel = 'ebay' AND b.buyer_name = 'x'
-- =>
-- refuse 42501 filter at 86 (b): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: REPEATABLE of TABLESAMPLE
SELECT 1 FROM order_items TABLESAMPLE bernoulli (10) REPEATABLE ((SELECT length(buyer_name) FROM orders LIMIT 1))
-- =>
-- refuse 42501 filter at 81 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: USING one of several
SELECT 1 FROM customers JOIN order_addresses USING (id, name)
-- =>
-- refuse 42501 filter at 57 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: USING a quoted name
SELECT 1 FROM (SELECT 'x' AS "A ""b""") a LEFT JOIN (SELECT buyer_name AS "A ""b""" FROM orders) b USING ("A ""b""")
-- =>
-- refuse 42501 filter at 107 ("A ""b"""): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: USING behind a join with USING
SELECT 1 FROM products p JOIN (order_items i JOIN (SELECT sku, buyer_name AS title FROM products JOIN orders USING (currency)) s USING (sku)) USING (title)
-- =>
-- refuse 42501 filter at 150 (title): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: USING behind another without parentheses
SELECT 1 FROM notes n JOIN order_items i JOIN (SELECT id, name AS note FROM customers) c USING (id) USING (note)
-- =>
-- refuse 42501 filter at 108 (note): cannot filter on column "name" of "public.customers": it is redacted

-- case: USING with an alias
SELECT 1 FROM customers c JOIN order_addresses a USING (name) AS j
-- =>
-- refuse 42501 filter at 57 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: NATURAL behind NATURAL
SELECT 1 FROM products NATURAL JOIN notes NATURAL LEFT JOIN (SELECT buyer_name AS note FROM orders) o
-- =>
-- refuse 42501 filter at 43 (natural): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: USING in UPDATE
UPDATE products p SET price = 1 FROM customers c JOIN order_addresses a USING (name) WHERE p.sku = a.kind
-- =>
-- refuse 42501 filter at 80 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: ON CONFLICT by one of several columns
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (id, name) DO NOTHING
-- =>
-- refuse 42501 filter at 67 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: ON CONFLICT by an expression
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (lower(name)) DO NOTHING
-- =>
-- refuse 42501 filter at 69 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: ON CONFLICT by an index's condition
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (id) WHERE name = 'x' DO NOTHING
-- =>
-- refuse 42501 filter at 73 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: ON CONFLICT by a constraint
INSERT INTO members (id, mail) VALUES (1, 'x') ON CONFLICT ON CONSTRAINT members_mail_key DO UPDATE SET note = 'x' RETURNING id
-- =>
-- refuse 42501 filter at 74 (members_mail_key): cannot filter on column "mail" of "public.members": it is redacted

-- case: ON CONFLICT by a constraint that nothing is known of
INSERT INTO members (id, mail) VALUES (1, 'x') ON CONFLICT ON CONSTRAINT "Members ?" DO NOTHING
-- =>
-- refuse 42501 filter at 74 ("Members ?"): cannot filter on column "mail" of "public.members": it is redacted

-- case: ON CONFLICT under a policy that masks in filters
INSERT INTO visits (id, channel, day, visitor) VALUES (1, 'x', now(), 'x') ON CONFLICT (visitor) DO NOTHING
-- =>
-- refuse 42501 filter at 89 (visitor): cannot filter on column "visitor" of "public.visits": it is redacted

-- case: ON CONFLICT whose update is proven
INSERT INTO orders (id) SELECT 1 ON CONFLICT (buyer_name) DO UPDATE SET status = 'x' WHERE orders.channel = 'ebay'
-- =>
-- refuse 42501 filter at 47 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a condition on the row that would be inserted is no proof
INSERT INTO orders (id) SELECT 1 ON CONFLICT (id) DO UPDATE SET status = 'x' WHERE excluded.channel = 'ebay' AND orders.buyer_name = 'x'
-- =>
-- refuse 42501 filter at 114 (orders): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: MERGE that also meets rows without a match
MERGE INTO orders o USING notes n ON o.id = n.order_id AND o.channel = 'ebay' AND o.buyer_name = n.note WHEN MATCHED THEN UPDATE SET status = 'x' WHEN NOT MATCHED BY SOURCE THEN DO NOTHING
-- =>
-- refuse 42501 filter at 83 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: MERGE that inserts for want of a match
MERGE INTO notes n USING orders o ON o.id = n.order_id AND o.channel = 'ebay' AND o.buyer_name = n.note WHEN NOT MATCHED THEN INSERT (id) VALUES (1)
-- =>
-- refuse 42501 filter at 83 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an index's condition
CREATE INDEX ON orders (id) WHERE channel = 'ebay' OR buyer_name = 'x'
-- =>
-- refuse 42501 filter at 55 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an index's condition under a policy that allows DDL
CREATE INDEX ON visits (id) WHERE visitor = 'x'
-- =>
-- refuse 42501 filter at 35 (visitor): cannot filter on column "visitor" of "public.visits": it is redacted

-- case: row security
CREATE POLICY p ON visits USING (channel = 'x' OR visitor = current_user)
-- =>
-- refuse 42501 filter at 51 (visitor): cannot filter on column "visitor" of "public.visits": it is redacted

-- case: a rule's condition
CREATE RULE r AS ON UPDATE TO visits WHERE OLD.visitor = 'x' DO NOTHING
-- =>
-- refuse 42501 filter at 44 (old): cannot filter on column "visitor" of "public.visits": it is redacted

-- case: a trigger's condition
CREATE TRIGGER t BEFORE UPDATE ON visits FOR EACH ROW WHEN (OLD.visitor = 'x') EXECUTE FUNCTION stay()
-- =>
-- refuse 42501 filter at 61 (old): cannot filter on column "visitor" of "public.visits": it is redacted

-- case: a cursor
DECLARE c CURSOR FOR SELECT DISTINCT ON (buyer_name) id FROM orders
-- =>
-- refuse 42501 filter at 42 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: EXPLAIN
EXPLAIN SELECT generate_series(1, length(buyer_name)) FROM orders
-- =>
-- refuse 42501 filter at 42 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: COPY
COPY (SELECT id FROM orders ORDER BY buyer_name FETCH FIRST 1 ROW WITH TIES) TO STDOUT
-- =>
-- refuse 42501 filter at 38 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a prepared statement
PREPARE p AS SELECT id FROM orders WHERE buyer_name = $1
-- =>
-- refuse 42501 filter at 42 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a view's sets
SELECT number, string_to_table(who, ' ') FROM buyers
-- =>
-- refuse 42501 filter at 32 (who): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: NATURAL JOIN of a function
SELECT 1 FROM orders NATURAL JOIN generate_series(1, 2)
-- =>
-- refuse 0A000 statement at 22 (natural): pgveil does not support NATURAL JOIN with a function where protected data is concerned

-- case: a table whose row security reads a protected column
SELECT count(*) FROM telling
-- =>
-- refuse 42501 closed at 22 (telling): table "public.telling" is closed: a default, check, index, rule or policy of it reads its column secret

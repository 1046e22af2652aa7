-- Places that filter, where no protected column decides, or where the rows are proven not to be redacted.

-- case: a page of a list in the order of names
-- expect: accepted
SELECT id, buyer_name FROM orders ORDER BY buyer_name, id LIMIT 20 OFFSET 40

-- case: ranks in the order of names
-- expect: accepted
SELECT id, rank() OVER w, count(*) OVER (PARTITION BY buyer_email) FROM orders WINDOW w AS (ORDER BY buyer_name) ORDER BY id

-- case: the last order of each customer by a named window
-- expect: masked
-- key: id
SELECT * FROM (SELECT id, buyer_name, row_number() OVER w AS r FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY purchased_at DESC, id)) s WHERE r = 1 ORDER BY id

-- case: one order for each name, of a channel
-- expect: equal
SELECT DISTINCT ON (buyer_name) id, buyer_name FROM orders WHERE channel = 'ebay' ORDER BY buyer_name, id

-- case: the first name with its ties, of a channel
-- expect: equal
SELECT id FROM orders WHERE channel = 'ebay' ORDER BY buyer_name FETCH FIRST 3 ROWS WITH TIES

-- case: the greatest totals with their ties
-- expect: masked
-- key: id
SELECT id, buyer_name, total FROM orders ORDER BY total DESC FETCH FIRST 10 ROWS WITH TIES

-- case: words of notes
-- expect: masked
-- key: id
SELECT o.id, o.buyer_name, w FROM orders o, regexp_split_to_table(o.notes, ' ') w WHERE w <> '' ORDER BY o.id, w

-- case: words of names, of a channel
-- expect: equal
SELECT o.id, w FROM orders o, regexp_split_to_table(o.buyer_name, ' ') w WHERE o.channel = 'ebay' AND w LIKE 'E%' ORDER BY o.id, w

-- case: letters of names, of orders that are not shipped
-- expect: equal
SELECT id, string_to_table(buyer_name, NULL) AS c FROM orders WHERE shipped_at IS NULL AND id > 900000

-- case: a row for each item
-- expect: masked
-- key: id
SELECT o.id, o.buyer_name, generate_series(1, i.quantity) AS piece FROM orders o JOIN order_items i ON i.order_id = o.id ORDER BY o.id, i.id, piece

-- case: a function of a name in FROM
-- expect: masked
-- key: id
SELECT o.id, n FROM orders o, lower(o.buyer_name) AS n ORDER BY o.id

-- case: orders of customers with another order
-- expect: masked
-- key: id
SELECT id, buyer_name FROM orders o WHERE EXISTS (SELECT buyer_name FROM orders p WHERE p.customer_id = o.customer_id AND p.id <> o.id) ORDER BY id

-- case: orders of listed ids beside a function
-- expect: masked
-- key: id
SELECT id, buyer_name FROM orders WHERE EXISTS (SELECT FROM unnest(ARRAY[900001, 900012]) AS u(n) WHERE n = id) ORDER BY id

-- case: count(*) as a condition
-- expect: equal
SELECT 1 WHERE (SELECT count(*) FROM orders WHERE channel = 'amazon') > 3

-- case: a chain of orders
-- expect: masked
-- key: id
WITH RECURSIVE r(id, name, n) AS (
  SELECT id, buyer_name::text, 1 FROM orders WHERE id = 900001 UNION ALL SELECT o.id, o.buyer_name::text, r.n + 1 FROM r, orders o WHERE o.id = r.id + 1 AND r.n < 5
) SEARCH BREADTH FIRST BY id SET ord CYCLE id SET again USING path SELECT id, name FROM r WHERE NOT again ORDER BY ord

-- case: names twice on a channel, by a query in WITH
-- expect: equal
WITH e AS (SELECT * FROM orders WHERE channel = 'ebay') SELECT a.id, b.id FROM e a JOIN e b USING (buyer_name) WHERE a.id < b.id ORDER BY 1, 2

-- case: NATURAL JOIN by the key
-- expect: masked
-- key: id
SELECT id, buyer_name FROM orders NATURAL JOIN (VALUES (900001::bigint), (900012)) v(id) ORDER BY id

-- case: ON CONFLICT by the key's constraint
-- expect: equal
-- rollback
INSERT INTO customers (id, name, created_at) VALUES (900012, 'again', now()) ON CONFLICT ON CONSTRAINT customers_pkey DO UPDATE SET created_at = customers.created_at RETURNING id, name

-- case: ON CONFLICT of whatever kind
-- expect: equal
-- rollback
INSERT INTO profiles (id, old, code) VALUES (2, false, 'CODE-D') ON CONFLICT DO NOTHING

-- case: ON CONFLICT that changes a row of a channel
-- expect: equal
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (900012, 'K-12', 'ebay', 'again', 'DE', 1) ON CONFLICT (id) DO UPDATE SET status = 'x' WHERE orders.channel = 'ebay' AND orders.buyer_name = 'Edda Ebert' RETURNING id, status

-- case: MERGE by a name, of a channel
-- expect: equal
-- rollback
MERGE INTO orders o USING (VALUES ('Edda Ebert')) v(n) ON o.channel = 'ebay' AND o.buyer_name = v.n WHEN MATCHED AND o.gift_message IS NULL THEN UPDATE SET status = 'x'

-- case: UPDATE of what a join proves
-- expect: equal
-- rollback
UPDATE orders o SET status = 'x' FROM products p JOIN (VALUES ('ebay')) v(c) ON v.c <> p.sku WHERE o.channel = 'ebay' AND o.buyer_name LIKE 'E%'

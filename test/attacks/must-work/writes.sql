-- Writing: by key, in transactions, with values that the client has.

-- case: INSERT of an order
-- expect: equal
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, buyer_email, ship_country, total) VALUES (990001, 'W-1', 'amazon', 'Wanda Writer', 'wanda@known.test', 'DE', 12.5) RETURNING id, order_ref, channel, status, buyer_name

-- case: INSERT of an order and its items
-- expect: equal
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (990001, 'W-1', 'ebay', 'Wanda Writer', 'DE', 12.5);
INSERT INTO order_items (order_id, sku, title, quantity, price) SELECT 990001, sku, title, 2, price FROM products ORDER BY sku LIMIT 2;
SELECT count(*), sum(quantity) FROM order_items WHERE order_id = 990001

-- case: INSERT of defaults
-- expect: equal
-- rollback
INSERT INTO legacy_contacts (id, imported_from, imported_on) VALUES (DEFAULT, 'csv', '2024-01-01') ON CONFLICT DO NOTHING

-- case: INSERT of many rows
-- expect: equal
-- rollback
INSERT INTO survey_responses (id, order_id, rating, answer) VALUES (990001, 900011, 4, 'good'), (990002, 900012, 2, 'slow') RETURNING id

-- case: INSERT … ON CONFLICT DO NOTHING
-- expect: equal
-- rollback
INSERT INTO customers (id, name, email) VALUES (900011, 'again', 'again@known.test') ON CONFLICT (id) DO NOTHING

-- case: INSERT … ON CONFLICT DO UPDATE of a customer who is not redacted
-- expect: accepted
-- rollback
INSERT INTO customers (id, name, email) VALUES (990011, 'Nina N.', 'nina@known.test') ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email RETURNING id, name

-- case: UPDATE of the status by id
-- expect: equal
-- rollback
UPDATE orders SET status = 'shipped' WHERE id = 900014

-- case: UPDATE of a name in a recent order
-- expect: equal
-- rollback
UPDATE orders SET buyer_name = 'Nina Nowak', ship_address1 = '1 Changed Street' WHERE id = 900011 RETURNING id, buyer_name, ship_address1

-- case: UPDATE of the ship date of an open order
-- expect: accepted
-- rollback
UPDATE orders SET shipped_at = now(), status = 'shipped' WHERE id = 900014 AND shipped_at IS NULL RETURNING id, status, buyer_name

-- case: UPDATE of the notes of a redacted order
-- expect: equal
-- rollback
UPDATE orders SET notes = notes || ' seen' WHERE id = 900001 RETURNING id, notes, total

-- case: UPDATE of every column, as mappers do
-- expect: accepted
-- rollback
UPDATE orders SET order_ref = 'K-1', channel = 'amazon', status = 'returned', buyer_name = 'pgv', buyer_email = '***@known.test', gift_message = '', total = 10.00 WHERE id = 900001

-- case: UPDATE of many rows by a date
-- expect: equal
-- rollback
UPDATE orders SET status = 'archived' WHERE purchased_at < now() - interval '100 days'

-- case: UPDATE from items
-- expect: equal
-- rollback
UPDATE orders o SET total = s.amount FROM (SELECT order_id, sum(quantity * price) AS amount FROM order_items GROUP BY order_id) s WHERE s.order_id = o.id AND o.id > 900000

-- case: UPDATE of a counter
-- expect: equal
-- rollback
UPDATE products SET price = price * 1.1 WHERE sku = (SELECT min(sku) FROM products) RETURNING price

-- case: UPDATE of a customer
-- expect: equal
-- rollback
UPDATE customers SET phone = '+49 30 99' WHERE id = 900012 RETURNING id, name, phone

-- case: DELETE by id
-- expect: equal
-- rollback
DELETE FROM survey_responses WHERE id = 900012

-- case: DELETE with RETURNING of keys
-- expect: equal
-- rollback
DELETE FROM order_items WHERE order_id = 900012 RETURNING order_id, sku

-- case: DELETE of an order with all that hangs on it
-- expect: equal
-- rollback
DELETE FROM order_items WHERE order_id = 900014;
DELETE FROM order_addresses WHERE order_id = 900014;
DELETE FROM payments WHERE order_id = 900014;
DELETE FROM survey_responses WHERE order_id = 900014;
DELETE FROM orders WHERE id = 900014 AND shipped_at IS NULL

-- case: DELETE by an age
-- expect: equal
-- rollback
DELETE FROM survey_responses WHERE answered_at < now() - interval '80 days'

-- case: DELETE USING another table
-- expect: equal
-- rollback
DELETE FROM order_items i USING orders o WHERE o.id = i.order_id AND o.status = 'pending' AND o.id > 900000

-- case: a transaction with a savepoint
-- expect: equal
-- rollback
SAVEPOINT a;
UPDATE orders SET status = 'x' WHERE id = 900012;
ROLLBACK TO a;
SELECT id, status, buyer_name FROM orders WHERE id = 900012

-- case: a foreign key that fails
-- expect: equal
-- rollback
INSERT INTO order_items (order_id, sku, title, quantity, price) VALUES (123456789, 'none', 't', 1, 1)

-- case: a check that fails for a new row: SQLSTATE and constraint are the server's
-- expect: fails 23514
-- rollback
INSERT INTO orders (order_ref, channel, buyer_name, ship_country, total) VALUES ('W-9', 'fax', 'x', 'DE', 1)

-- case: a unique key that fails
-- expect: fails 23505
-- rollback
INSERT INTO orders (order_ref, channel, buyer_name, ship_country, total) VALUES ('K-1', 'ebay', 'x', 'DE', 1)

-- case: a value of the wrong type
-- expect: fails 22P02
-- rollback
UPDATE orders SET total = 'much' WHERE id = 900011

-- case: a column that does not exist
-- expect: fails 42703
SELECT buyer_nam FROM orders WHERE id = 900011

-- case: a table that does not exist
-- expect: equal
SELECT * FROM orderz WHERE id = 1

-- case: MERGE into an unprotected table
-- expect: equal
-- rollback
MERGE INTO products p USING (VALUES ((SELECT min(sku) FROM products), 1.0), ('new', 2.0)) v(sku, price) ON p.sku = v.sku WHEN MATCHED THEN UPDATE SET price = v.price WHEN NOT MATCHED THEN INSERT (sku, title, price) VALUES (v.sku, 'new', v.price)

-- case: SELECT FOR UPDATE, then UPDATE
-- expect: equal
-- rollback
SELECT status FROM orders WHERE id = 900001 FOR UPDATE;
UPDATE orders SET status = 'returned' WHERE id = 900001

-- case: a CTE that moves rows
-- expect: equal
-- rollback
WITH gone AS (DELETE FROM order_items WHERE order_id = 900012 RETURNING sku, quantity) SELECT count(*), sum(quantity) FROM gone

-- case: CREATE TABLE of one's own, used at once
-- expect: equal
-- rollback
CREATE TABLE my_notes (id int PRIMARY KEY, text text);
INSERT INTO my_notes VALUES (1, 'one'), (2, 'two');
SELECT id + 0 AS id, text || '' AS text FROM my_notes ORDER BY id

-- case: INSERT … RETURNING of the whole row, and where it comes from
-- expect: equal
-- rollback
INSERT INTO survey_responses (id, order_id, rating, answer, answered_at) VALUES (5000001, 900012, 5, 'good', '2026-01-01') RETURNING survey_responses

-- case: UPDATE … RETURNING a protected column in front of a subquery
-- expect: equal
-- rollback
UPDATE order_addresses SET country = 'FR' WHERE id = 900012 RETURNING id, name IN (SELECT 'Edda Ebert'), line1 = ANY (SELECT line1 FROM order_addresses WHERE id = 900012)

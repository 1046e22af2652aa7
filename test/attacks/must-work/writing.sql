-- More writing: views, triggers, rules, defaults, upserts, RETURNING of what was and what is.

-- case: INSERT with DEFAULT for protected columns
-- expect: equal
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, buyer_email, gift_message, ship_country, total) VALUES (990001, 'D-1', 'ebay', 'Dana', DEFAULT, DEFAULT, 'DE', 1) RETURNING id, buyer_name, buyer_email, gift_message

-- case: INSERT DEFAULT VALUES
-- expect: equal
-- rollback
INSERT INTO app.jobs DEFAULT VALUES RETURNING queue, state

-- case: INSERT OVERRIDING
-- expect: equal
-- rollback
INSERT INTO customers (id, name) OVERRIDING USER VALUE VALUES (1, 'x');
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) OVERRIDING SYSTEM VALUE VALUES (990002, 'D-2', 'trade', 'Olga', 'DE', 1) RETURNING id

-- case: UPDATE to the default
-- expect: equal
-- rollback
UPDATE orders SET gift_message = DEFAULT, status = DEFAULT WHERE id = 900011 RETURNING id, gift_message, status

-- case: UPDATE of many columns to the default
-- expect: accepted
-- rollback
UPDATE orders SET (gift_message, buyer_email, notes) = (DEFAULT, DEFAULT, DEFAULT) WHERE id = 900012

-- case: UPDATE of a redacted row to the default
-- expect: masked
-- rollback
UPDATE orders SET buyer_phone = DEFAULT, notes = DEFAULT WHERE id IN (900001, 900011);
SELECT id, notes, buyer_phone FROM orders WHERE id IN (900001, 900011) ORDER BY id

-- case: upsert that sets the default
-- expect: accepted
-- rollback
INSERT INTO customers (id, name, email) VALUES (900012, 'Edda', 'e@known.test') ON CONFLICT (id) DO UPDATE SET phone = DEFAULT, name = excluded.name

-- case: UPDATE of rows from VALUES
-- expect: equal
-- rollback
UPDATE orders AS o SET status = v.status, notes = v.notes FROM (VALUES (900011::bigint, 'packed', 'a'), (900012, 'returned', 'b')) AS v(id, status, notes) WHERE o.id = v.id RETURNING o.id, o.status, o.notes

-- case: UPDATE of a row by a subquery
-- expect: equal
-- rollback
UPDATE app.stock s SET (quantity, version) = (SELECT sum(quantity), s.version + 1 FROM order_items) WHERE s.sku = 's1'

-- case: UPDATE of an unprotected column of orders by a subquery that correlates
-- expect: equal
-- rollback
UPDATE orders SET total = (SELECT coalesce(sum(i.quantity * i.price), 0) FROM order_items i WHERE i.order_id = orders.id), notes = 'summed' WHERE id > 900000

-- case: UPDATE of orders with an alias and EXISTS
-- expect: equal
-- rollback
UPDATE orders o SET status = 'paid' WHERE EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.amount >= o.total) AND o.id > 900000

-- case: DELETE by NOT EXISTS
-- expect: equal
-- rollback
DELETE FROM survey_responses s WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = s.order_id AND o.status <> 'pending')

-- case: UPDATE that returns a subquery over the row's own protected column
-- expect: accepted
-- rollback
UPDATE orders o SET status = 'packed' WHERE o.id = 900011 RETURNING o.id, (SELECT upper(o.buyer_name)) AS who

-- case: UPDATE that sets by a subquery over the row's own protected column
-- expect: accepted
-- rollback
UPDATE orders o SET buyer_name = (SELECT trim(o.buyer_name)) WHERE o.id = 900011

-- case: INSERT from a list by unnest
-- expect: equal
-- rollback
INSERT INTO app.stock (sku, warehouse, quantity) SELECT * FROM unnest(ARRAY['n1','n2'], ARRAY['w1','w2'], ARRAY[1,2]) RETURNING sku, quantity

-- case: INSERT from JSON
-- expect: equal
-- rollback
INSERT INTO app.stock (sku, warehouse, quantity) SELECT sku, warehouse, quantity FROM json_populate_recordset(NULL::app.stock, '[{"sku":"j1","warehouse":"w","quantity":4}]') RETURNING *

-- case: INSERT SELECT of unprotected columns of orders
-- expect: equal
-- rollback
INSERT INTO app.audit (what, row_id, new_row) SELECT 'order', id, jsonb_build_object('total', total, 'status', status) FROM orders WHERE id > 900000

-- case: INSERT SELECT of names where none is redacted
-- expect: equal
-- rollback
INSERT INTO app.audit (what, row_id) SELECT buyer_name, id FROM orders WHERE channel = 'ebay' AND id > 900000

-- case: a table with triggers
-- expect: equal
-- rollback
INSERT INTO app.stock (sku, warehouse, quantity) VALUES ('t1', 'w', 5);
UPDATE app.stock SET quantity = quantity - 2 WHERE sku = 't1' RETURNING quantity;
DELETE FROM app.stock WHERE sku = 't1';
SELECT what, count(*) FROM app.audit GROUP BY what ORDER BY what

-- case: a check by the database
-- expect: equal
-- rollback
UPDATE app.stock SET quantity = -1 WHERE sku = 's1'

-- case: a view that can be written
-- expect: equal
-- rollback
INSERT INTO app.open_jobs (queue, state) VALUES ('view', 'queued') RETURNING queue, state;
UPDATE app.open_jobs SET state = 'running' WHERE queue = 'view' RETURNING state, payload;
DELETE FROM app.open_jobs WHERE queue = 'view'

-- case: a view's check option
-- expect: equal
-- rollback
UPDATE app.open_jobs SET state = 'done' WHERE id = 4

-- case: a view with INSTEAD OF
-- expect: equal
-- rollback
UPDATE app.stock_by_warehouse SET quantity = 99 WHERE sku = 's1' RETURNING sku, quantity;
SELECT quantity FROM app.stock WHERE sku = 's1'

-- case: a table with a rule
-- expect: equal
-- rollback
INSERT INTO app.logins VALUES ('ann', '2024-01-01');
SELECT * FROM app.login_log ORDER BY name

-- case: RETURNING of the row before and after
-- expect: equal
-- rollback
UPDATE app.stock SET quantity = quantity + 1 WHERE sku = 's1' RETURNING old.quantity AS before, new.quantity AS after, new.*

-- case: RETURNING of unprotected columns of orders before and after
-- expect: equal
-- rollback
UPDATE orders SET status = 'packed' WHERE id IN (900001, 900011) RETURNING id, old.status, new.status AS now_status

-- case: RETURNING of protected columns before and after
-- expect: masked
-- rollback
UPDATE orders SET status = 'packed', buyer_name = 'New Name' WHERE id = 900011 RETURNING id, old.buyer_name AS before, new.buyer_name AS after

-- case: RETURNING WITH names for the row before and after
-- expect: equal
-- rollback
UPDATE orders SET notes = 'n' WHERE id = 900012 RETURNING WITH (OLD AS o, NEW AS n) n.id, o.notes, n.notes

-- case: MERGE with every action
-- expect: equal
-- rollback
MERGE INTO app.stock s USING (VALUES ('s1', 0), ('s2', 5), ('new', 7)) v(sku, quantity) ON s.sku = v.sku WHEN MATCHED AND v.quantity = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = v.quantity WHEN NOT MATCHED THEN INSERT (sku, warehouse, quantity) VALUES (v.sku, 'w', v.quantity) RETURNING merge_action(), s.sku

-- case: MERGE into orders by key
-- expect: accepted
-- rollback
MERGE INTO orders o USING (VALUES (900011::bigint, 'packed'), (900012, 'returned')) v(id, status) ON o.id = v.id WHEN MATCHED THEN UPDATE SET status = v.status WHEN NOT MATCHED THEN DO NOTHING

-- case: MERGE into customers
-- expect: accepted
-- rollback
MERGE INTO customers c USING (VALUES (900012::bigint, 'Edda', NULL), (990001, 'Mona', 'm@known.test')) v(id, name, email) ON c.id = v.id WHEN MATCHED THEN UPDATE SET name = v.name, email = DEFAULT WHEN NOT MATCHED THEN INSERT (id, name, email) VALUES (v.id, v.name, v.email)

-- case: a chain of data-modifying CTEs
-- expect: equal
-- rollback
WITH moved AS (DELETE FROM app.jobs WHERE state = 'done' RETURNING id, queue), logged AS (INSERT INTO app.audit (what, row_id) SELECT 'moved ' || queue, id FROM moved RETURNING row_id) SELECT count(*) FROM logged

-- case: an order and its items by one statement
-- expect: equal
-- rollback
WITH o AS (INSERT INTO orders (order_ref, channel, buyer_name, ship_country, total) VALUES ('C-1', 'shopify', 'Cleo', 'DE', 9) RETURNING id), i AS (INSERT INTO order_items (order_id, sku, title, quantity, price) SELECT o.id, p.sku, p.title, 1, p.price FROM o, (SELECT * FROM products ORDER BY sku LIMIT 2) p RETURNING sku) SELECT sku FROM i ORDER BY sku

-- case: an update in a CTE beside a masked list
-- expect: masked
-- rollback
WITH u AS (UPDATE orders SET notes = 'seen' WHERE id IN (900001, 900012) RETURNING id) SELECT o.id, o.buyer_name FROM orders o JOIN u USING (id) ORDER BY o.id

-- case: ON CONFLICT on a named constraint
-- expect: equal
-- rollback
INSERT INTO products (sku, title, price) VALUES ((SELECT min(sku) FROM products), 'again', 1) ON CONFLICT ON CONSTRAINT products_pkey DO UPDATE SET price = excluded.price, title = products.title RETURNING price

-- case: ON CONFLICT of an order by its reference
-- expect: accepted
-- rollback
INSERT INTO orders (order_ref, channel, buyer_name, ship_country, total, notes) VALUES ('K-12', 'ebay', 'Edda Ebert', 'DE', 120, 'again') ON CONFLICT (order_ref) DO UPDATE SET notes = excluded.notes, buyer_name = excluded.buyer_name RETURNING id, notes

-- case: TRUNCATE of one's own table
-- expect: equal
-- rollback
TRUNCATE TABLE app.audit, app.login_log;
SELECT count(*) FROM app.audit

-- case: a domain's check
-- expect: equal
-- rollback
UPDATE plain.kinds SET pct = 50 WHERE id = 1 RETURNING pct;
UPDATE plain.kinds SET pct = 500 WHERE id = 1

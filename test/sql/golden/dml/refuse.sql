-- What would filter on, copy, destroy or overwrite protected values.

-- case: an update's filter
UPDATE orders SET status = 'x' WHERE buyer_name = 'Alan'
-- =>
-- refuse 42501 filter at 38 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a delete's filter
DELETE FROM customers WHERE email LIKE '%@x'
-- =>
-- refuse 42501 filter at 29 (email): cannot filter on column "email" of "public.customers": it is redacted

-- case: a filter in FROM
UPDATE products p SET price = 1 FROM orders o WHERE o.gift_message = p.title
-- =>
-- refuse 42501 filter at 53 (o): cannot filter on column "gift_message" of "public.orders": it is redacted

-- case: a filter in USING
DELETE FROM order_items i USING orders o WHERE o.id = i.order_id AND o.buyer_name = 'x'
-- =>
-- refuse 42501 filter at 70 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a copy to another table
INSERT INTO notes (id, note) SELECT id, buyer_name FROM orders
-- =>
-- refuse 42501 copy at 41 (buyer_name): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: a copy of a whole row
INSERT INTO notes (id, note) SELECT id, o::text FROM orders o
-- =>
-- refuse 42501 copy at 41 (o): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: a copy in VALUES
INSERT INTO notes (id, note) VALUES (1, (SELECT buyer_name FROM orders WHERE id = 1))
-- =>
-- refuse 42501 copy at 49 (buyer_name): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: a copy to another column
UPDATE orders SET notes = buyer_name WHERE id = 1
-- =>
-- refuse 42501 copy at 27 (buyer_name): cannot store column "buyer_name" of "public.orders" in "orders": it is redacted

-- case: a copy from another table
UPDATE notes n SET note = o.buyer_name FROM orders o WHERE o.id = n.order_id
-- =>
-- refuse 42501 copy at 27 (o): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: a copy through WITH
WITH d AS (DELETE FROM order_addresses WHERE id = 1 RETURNING id, name) INSERT INTO notes (id, note) SELECT id, name FROM d
-- =>
-- refuse 42501 copy at 113 (name): cannot store column "name" of "public.order_addresses" in "notes": it is redacted

-- case: a copy to a protected column of another table
UPDATE customers c SET name = o.buyer_name FROM orders o WHERE o.customer_id = c.id
-- =>
-- refuse 42501 copy at 31 (o): cannot store column "buyer_name" of "public.orders" in "customers": it is redacted

-- case: a conflict that is judged by a protected column
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (name) DO NOTHING
-- =>
-- refuse 42501 filter at 63 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: a filter in ON CONFLICT
INSERT INTO customers AS c (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET created_at = now() WHERE c.name = 'x'
-- =>
-- refuse 42501 filter at 111 (c): cannot filter on column "name" of "public.customers": it is redacted

-- case: a policy that refuses changes
UPDATE visits SET visitor = 'x' WHERE id = 1
-- =>
-- refuse 42501 write at 19 (visitor): column "visitor" of "public.visits" cannot be changed

-- case: a field of a protected column
UPDATE "Client List" SET tags[1] = 'x' WHERE "Id" = 1
-- =>
-- refuse 0A000 statement at 26 (tags): pgveil does not support SET of the column tags other than by an expression of its own where protected data is concerned

-- case: a reference from a subquery
UPDATE orders o SET notes = (SELECT max(p.title) FROM products p WHERE p.title = o.buyer_name) WHERE id = 1
-- =>
-- refuse 42501 filter at 82 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: MERGE from a protected table
MERGE INTO notes n USING orders o ON o.id = n.order_id WHEN MATCHED THEN UPDATE SET note = o.buyer_name
-- =>
-- refuse 42501 copy at 92 (o): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: a table with rules
DELETE FROM ruled WHERE id = 1
-- =>
-- refuse 0A000 statement at 13 (ruled): pgveil does not support a change of "public.ruled", which has rules, where protected data is concerned

-- case: a materialized view
DELETE FROM order_names WHERE id = 1
-- =>
-- refuse 0A000 write at 13 (order_names): "public.order_names" cannot be written through pgveil: it shows protected columns

-- case: a closed table
INSERT INTO closed_table VALUES (1, 'x')
-- =>
-- refuse 42501 closed at 13 (closed_table): table "public.closed_table" is closed: policy test-closed does not fit the schema: public.closed_table has no column gone

-- case: statistics
DELETE FROM pg_statistic WHERE starelid = 1
-- =>
-- refuse 0A000 write at 13 (pg_statistic): "pg_catalog.pg_statistic" cannot be written through pgveil: it shows protected columns

-- case: a delete of rows that others are redacted by
DELETE FROM orders WHERE id = 1
-- =>
-- refuse 42501 write at 13 (orders): cannot delete from "public.orders": rows of "public.customers" are redacted because of it

-- case: TRUNCATE of rows that others are redacted by
TRUNCATE orders
-- =>
-- refuse 42501 write at 10 (orders): cannot delete from "public.orders": rows of "public.customers" are redacted because of it

-- case: MERGE whose condition is protected
MERGE INTO notes n USING orders o ON o.buyer_name = n.note WHEN MATCHED THEN DELETE
-- =>
-- refuse 42501 filter at 38 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: MERGE with a protected condition in WHEN
MERGE INTO customers c USING notes n ON n.id = c.id WHEN MATCHED AND c.name = 'x' THEN DELETE
-- =>
-- refuse 42501 filter at 70 (c): cannot filter on column "name" of "public.customers": it is redacted

-- case: MERGE with a protected condition on the source in WHEN NOT MATCHED
MERGE INTO notes n USING orders o ON o.id = n.id WHEN NOT MATCHED AND o.buyer_name = 'x' THEN INSERT (id) VALUES (o.id)
-- =>
-- refuse 42501 filter at 71 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: MERGE that copies in INSERT
MERGE INTO notes n USING orders o ON o.id = n.id WHEN NOT MATCHED THEN INSERT (id, note) VALUES (o.id, o.buyer_name)
-- =>
-- refuse 42501 copy at 104 (o): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: MERGE that copies in UPDATE, one arm of several
MERGE INTO notes n USING orders o ON o.id = n.id WHEN MATCHED AND o.total > 3 THEN DELETE WHEN MATCHED THEN UPDATE SET seen = now(), note = o.buyer_name
-- =>
-- refuse 42501 copy at 141 (o): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: MERGE that deletes rows that others are redacted by
MERGE INTO orders o USING notes n ON n.order_id = o.id WHEN MATCHED THEN DELETE
-- =>
-- refuse 42501 write at 12 (orders): cannot delete from "public.orders": rows of "public.customers" are redacted because of it

-- case: MERGE that deletes them where the source does not match
MERGE INTO orders o USING notes n ON n.order_id = o.id WHEN NOT MATCHED BY SOURCE THEN DELETE
-- =>
-- refuse 42501 write at 12 (orders): cannot delete from "public.orders": rows of "public.customers" are redacted because of it

-- case: MERGE with a subquery's filter
MERGE INTO notes n USING (SELECT id FROM orders WHERE buyer_name = 'x') o ON o.id = n.id WHEN MATCHED THEN DELETE
-- =>
-- refuse 42501 filter at 55 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: MERGE under a policy that refuses changes
MERGE INTO visits v USING notes n ON n.id = v.id WHEN MATCHED THEN UPDATE SET visitor = n.note
-- =>
-- refuse 42501 write at 79 (visitor): column "visitor" of "public.visits" cannot be changed

-- case: an unprotected table whose trigger reads protected rows
UPDATE noted SET note = 'x' WHERE id = 1
-- =>
-- refuse 42501 function at 8 (noted): the statement writes to public.noted, whose trigger runs public.tell_note(), which reads public.orders (buyer_name)

-- case: rows for such a table by INSERT in WITH
WITH n AS (INSERT INTO noted (id) VALUES (1) RETURNING note) SELECT note FROM n
-- =>
-- refuse 42501 function at 24 (noted): the statement writes to public.noted, whose trigger runs public.tell_note(), which reads public.orders (buyer_name)

-- case: everything of OLD from a subquery in RETURNING
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING (SELECT r FROM (SELECT old.*) r)
-- =>
-- refuse 0A000 statement at 78 (old): pgveil does not support OLD and NEW in RETURNING where protected data is concerned

-- case: a filter on OLD in a subquery in RETURNING
DELETE FROM order_addresses WHERE id = 1 RETURNING EXISTS (SELECT FROM products WHERE title = old.name)
-- =>
-- refuse 42501 filter at 95 (old): cannot filter on column "name" of "public.order_addresses": it is redacted

-- case: a renamed old row in a subquery
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING WITH (OLD AS o) (SELECT o)
-- =>
-- refuse 0A000 statement at 79 (o): pgveil does not support a reference to "o" from a subquery where protected data is concerned

-- case: a filter on a renamed old column in a subquery
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING WITH (OLD AS o) EXISTS (SELECT FROM products WHERE title = o.buyer_name)
-- =>
-- refuse 42501 filter at 114 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a bare name in a subquery
UPDATE orders o SET status = 'x' WHERE id = 1 RETURNING (SELECT buyer_name)
-- =>
-- refuse 0A000 statement at 65 (buyer_name): pgveil does not support a reference to "buyer_name" from a subquery where protected data is concerned

-- case: a reference to another relation by the target's name
UPDATE orders o SET notes = (SELECT o.buyer_name FROM orders o WHERE o.id = 2) WHERE id = 1
-- =>
-- refuse 0A000 statement at 37 (o): pgveil does not support a reference to "buyer_name" from a subquery where protected data is concerned

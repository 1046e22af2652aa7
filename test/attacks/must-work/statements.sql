-- The statements of the attacks, as applications send them: each form once, over rows and columns that are harmless.

-- case: MERGE of a stock list
-- expect: equal
-- rollback
MERGE INTO products p USING (VALUES ('NEW-1', 'new thing', 9.5)) v (sku, title, price) ON p.sku = v.sku WHEN MATCHED THEN UPDATE SET price = v.price WHEN NOT MATCHED THEN INSERT (sku, title, price) VALUES (v.sku, v.title, v.price) RETURNING merge_action(), p.*

-- case: MERGE that marks orders as delivered
-- expect: equal
-- rollback
MERGE INTO orders o USING (VALUES (900001::bigint, 'delivered'), (900012, 'returned')) v (id, status) ON o.id = v.id WHEN MATCHED THEN UPDATE SET status = v.status RETURNING o.id, o.status

-- case: MERGE, WHEN NOT MATCHED BY SOURCE
-- expect: equal
-- rollback
MERGE INTO tags t USING (VALUES (1, 'red')) v (id, label) ON t.id = v.id WHEN MATCHED THEN UPDATE SET label = v.label WHEN NOT MATCHED BY TARGET THEN INSERT VALUES (v.id, v.label) WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING merge_action(), t.id

-- case: INSERT … ON CONFLICT by a constraint's name
-- expect: equal
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (990001, 'K-12', 'ebay', 'x', 'DE', 1) ON CONFLICT ON CONSTRAINT orders_order_ref_key DO UPDATE SET notes = 'again', total = excluded.total RETURNING id, notes, total

-- case: INSERT … ON CONFLICT DO NOTHING over every key
-- expect: equal
-- rollback
INSERT INTO profiles (id, old, "Name") VALUES (2, false, 'again') ON CONFLICT DO NOTHING

-- case: INSERT … ON CONFLICT by the primary key's name beside a protected key
-- expect: equal
-- rollback
INSERT INTO marked (id, old, note) VALUES (3, false, 'x') ON CONFLICT ON CONSTRAINT marked_pkey DO UPDATE SET note = excluded.note RETURNING id, note

-- case: UPDATE FROM a list
-- expect: equal
-- rollback
UPDATE orders o SET status = v.status, notes = v.note FROM (VALUES (900011::bigint, 'delivered', 'left at door')) v (id, status, note) WHERE o.id = v.id RETURNING o.id, o.status, o.notes

-- case: UPDATE of several columns by a row
-- expect: equal
-- rollback
UPDATE orders SET (status, notes, total) = ('packed', 'by row', total + 1) WHERE id = 900012 RETURNING id, status, notes, total

-- case: UPDATE of several columns by a subquery
-- expect: equal
-- rollback
UPDATE orders o SET (notes, total) = (SELECT string_agg(i.sku, ','), sum(i.price * i.quantity) FROM order_items i WHERE i.order_id = o.id) WHERE o.id = 900012 RETURNING o.id, o.total

-- case: DELETE USING
-- expect: equal
-- rollback
DELETE FROM order_items i USING orders o WHERE o.id = i.order_id AND o.order_ref = 'K-12' RETURNING i.order_id, o.order_ref

-- case: data-modifying CTEs
-- expect: equal
-- rollback
WITH o AS (INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (990001, 'W-1', 'ebay', 'Wanda', 'DE', 5) RETURNING id), i AS (INSERT INTO order_items (order_id, sku, title, quantity, price) SELECT o.id, p.sku, p.title, 1, p.price FROM o, (SELECT * FROM products ORDER BY sku LIMIT 1) p RETURNING order_id) SELECT * FROM i

-- case: RETURNING of whole rows that are not redacted
-- expect: equal
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900012 RETURNING *

-- case: RETURNING of old and new rows that are not redacted
-- expect: equal
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900012 RETURNING old, new, to_jsonb(old) - 'notes' = to_jsonb(new) - 'notes';
INSERT INTO survey_responses (id, order_id, answer, answered_at) VALUES (990012, 900012, 'x', '2999-01-01') RETURNING old, new, old IS NULL, to_jsonb(old);
INSERT INTO survey_responses (id, order_id, answer) VALUES (990012, 900012, 'y') ON CONFLICT (id) DO UPDATE SET answer = 'z' RETURNING old, new;
DELETE FROM survey_responses WHERE id = 990012 RETURNING old, new, new IS NULL, row_to_json(new)

-- case: UPDATE where triggers in C set other columns
-- expect: equal
-- rollback
UPDATE noted SET note = 'x' WHERE id = 2 RETURNING id, page, by IS NOT NULL, changed IS NOT NULL, name, note;
UPDATE noted SET note = 'x' WHERE id = 2

-- case: PREPARE of a filter, EXECUTE for a channel that is not redacted
-- expect: equal
PREPARE by_name (text, text) AS SELECT id, buyer_name FROM orders WHERE channel = $1 AND buyer_name LIKE $2 AND id > 900000;
EXECUTE by_name('ebay', 'Edda%');
EXECUTE by_name('trade', '%');
DEALLOCATE by_name

-- case: COPY in the syntax of old
-- expect: equal
COPY BINARY products TO STDOUT;
COPY products TO STDOUT USING DELIMITERS '|';
COPY products (sku, title) TO STDOUT USING DELIMITERS '|' WITH NULL AS 'x'

-- case: CREATE TABLE AS of what is not protected
-- expect: equal
-- rollback
CREATE TABLE totals_by_channel AS SELECT channel, count(*) AS n, sum(total) AS total FROM orders GROUP BY channel;
SELECT * FROM totals_by_channel ORDER BY channel

-- case: CREATE TEMP TABLE AS, with what is protected
-- expect: accepted
-- rollback
CREATE TEMP TABLE working ON COMMIT DROP AS SELECT * FROM orders WHERE id > 900000;
SELECT count(*) FROM working

-- case: SELECT INTO
-- expect: equal
-- rollback
SELECT id, status, total INTO kept_totals FROM orders WHERE id > 900000;
SELECT * FROM kept_totals ORDER BY id

-- case: INSERT … SELECT of rows that are proven not to be redacted
-- expect: equal
-- rollback
INSERT INTO legacy_contacts (id, imported_from, imported_on, full_name) SELECT 950000, channel, current_date, buyer_name FROM orders WHERE channel = 'ebay' AND id = 900012 RETURNING full_name

-- case: a temporary table named like a protected one
-- expect: equal
CREATE TEMP TABLE orders (id bigint, buyer_name text);
INSERT INTO orders VALUES (1, 'mine');
SELECT buyer_name FROM orders WHERE buyer_name = 'mine';
DROP TABLE orders;
SELECT id, order_ref FROM orders WHERE id = 900012

-- case: a temporary table named like a protected one, in a transaction
-- expect: equal
BEGIN;
CREATE TEMP TABLE orders (id bigint, buyer_name text) ON COMMIT DROP;
INSERT INTO orders VALUES (1, 'mine');
SELECT buyer_name FROM orders WHERE buyer_name = 'mine';
COMMIT;
SELECT id, order_ref FROM orders WHERE id = 900012

-- case: a temporary table with a check and a default
-- expect: equal
-- rollback
CREATE TEMP TABLE t (n text CHECK (n LIKE 'a%'), m text DEFAULT replace('abc', 'b', 'x'));
INSERT INTO t VALUES ('ab');
SELECT * FROM t

-- case: a scrollable cursor
-- expect: masked
-- rollback
DECLARE c SCROLL CURSOR FOR SELECT id, buyer_name, total FROM orders WHERE id > 900000 AND id < 900100 ORDER BY id;
FETCH 2 FROM c;
MOVE ABSOLUTE 4 IN c;
FETCH BACKWARD 2 FROM c;
CLOSE c

-- case: a cursor WITH HOLD
-- expect: equal
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT id, buyer_name FROM orders WHERE channel = 'ebay' AND id > 900000 ORDER BY id;
COMMIT;
FETCH ALL h;
CLOSE h

-- case: WHERE CURRENT OF
-- expect: equal
-- rollback
DECLARE c CURSOR FOR SELECT id FROM orders WHERE id IN (900011, 900012) ORDER BY id FOR UPDATE;
FETCH c;
UPDATE orders SET notes = 'seen' WHERE CURRENT OF c RETURNING id, notes

-- case: PREPARE, EXECUTE and DEALLOCATE
-- expect: equal
PREPARE by_ref (text) AS SELECT id, status, total FROM orders WHERE order_ref = $1;
EXECUTE by_ref ('K-12');
DEALLOCATE by_ref

-- case: PREPARE of an UPDATE
-- expect: equal
-- rollback
PREPARE set_status (bigint, text) AS UPDATE orders SET status = $2 WHERE id = $1 RETURNING id, status;
EXECUTE set_status (900011, 'packed')

-- case: EXPLAIN in every format
-- expect: equal
EXPLAIN (COSTS OFF) SELECT sku FROM products WHERE sku = 'x';
EXPLAIN (COSTS OFF, FORMAT JSON) SELECT sku FROM products WHERE sku = 'x';
EXPLAIN (COSTS OFF, FORMAT XML, VERBOSE) SELECT sku FROM products WHERE sku = 'x';
EXPLAIN (COSTS OFF, FORMAT YAML, SETTINGS) SELECT sku FROM products WHERE sku = 'x';
EXPLAIN (COSTS OFF, GENERIC_PLAN) SELECT sku FROM products WHERE sku = $1

-- case: EXPLAIN of a protected table
-- expect: accepted
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT buyer_name FROM orders WHERE id = 900001

-- case: COPY of an unprotected table
-- expect: equal
COPY (SELECT sku, title FROM products ORDER BY sku) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);
COPY products (sku, price) TO STDOUT (DELIMITER '|', NULL '-');
COPY products TO STDOUT (FORMAT binary)

-- case: COPY of unprotected columns of a protected table
-- expect: equal
COPY orders (id, order_ref, total) TO STDOUT (FORMAT csv)

-- case: COPY of rows that are proven not to be redacted
-- expect: equal
COPY (SELECT id, buyer_name FROM orders WHERE channel = 'ebay' ORDER BY id) TO STDOUT (FORMAT csv)

-- case: LOCK, savepoints and a rollback
-- expect: equal
BEGIN ISOLATION LEVEL REPEATABLE READ;
LOCK TABLE orders, products IN ROW EXCLUSIVE MODE;
SAVEPOINT a;
UPDATE orders SET notes = 'gone' WHERE id = 900012;
ROLLBACK TO SAVEPOINT a;
RELEASE SAVEPOINT a;
SELECT notes FROM orders WHERE id = 900012;
ROLLBACK AND NO CHAIN

-- case: several statements with a transaction of their own
-- expect: equal
-- one message
BEGIN; UPDATE orders SET notes = 'gone' WHERE id = 900012; SELECT id, notes FROM orders WHERE id = 900012; ROLLBACK; SELECT id, notes FROM orders WHERE id = 900012

-- case: settings
-- expect: equal
SET SESSION statement_timeout = '10s';
SET TIME ZONE 'Europe/Berlin';
SHOW TimeZone;
SET DateStyle TO 'German, DMY';
SELECT date '2024-02-01';
RESET TIME ZONE;
RESET ALL

-- case: LISTEN and NOTIFY
-- expect: equal
LISTEN news;
UNLISTEN *

-- case: DISCARD
-- expect: equal
DISCARD PLANS;
DISCARD SEQUENCES;
DISCARD TEMPORARY;
DISCARD ALL

-- case: a comment and a grant
-- expect: equal
-- rollback
CREATE TABLE mine (id int, label text);
COMMENT ON TABLE mine IS 'my own';
GRANT SELECT ON mine TO shop_report;
REVOKE SELECT ON mine FROM shop_report;
CREATE INDEX ON mine (label);
ALTER TABLE mine ADD COLUMN more int DEFAULT 1;
CREATE VIEW mine_shown AS SELECT id, more FROM mine;
INSERT INTO mine VALUES (1, 'x');
SELECT * FROM mine_shown

-- case: partitions of many levels, those that are not redacted
-- expect: equal
SELECT id, caller FROM calls WHERE day >= current_date ORDER BY id;
SELECT count(*) FROM calls_2020

-- case: children of children
-- expect: masked
SELECT id, buyer_name, tableoid::regclass FROM archived_orders WHERE id IN (910011, 910012, 920011, 920012) ORDER BY id

-- case: columns of many types in rows that are not redacted
-- expect: equal
SELECT * FROM guests WHERE id = 2

-- case: a whole row of many types
-- expect: equal
SELECT row_to_json(g), g::text FROM guests g WHERE id = 2

-- case: a foreign table
-- expect: equal
SELECT sku, title FROM far_products ORDER BY sku LIMIT 3

-- case: a foreign table that a policy names, a row that is not redacted
-- expect: equal
SELECT id, buyer_name FROM far_orders WHERE id = 900012

-- case: views over views
-- expect: masked
SELECT d.id, d.holder, d.name, o.channel FROM deep_orders d JOIN orders o ON o.id = d.id WHERE d.id BETWEEN 900001 AND 900014 ORDER BY d.id

-- case: what a condition looks into can be read, and added to
-- expect: equal
-- rollback
INSERT INTO blocked (member_id, reason_id) VALUES (3, 1);
UPDATE blocked SET note = 'spam' WHERE member_id = 3;
SELECT m.id, b.note FROM members m LEFT JOIN blocked b ON b.member_id = m.id ORDER BY m.id;
SELECT * FROM pardoned

-- case: search_path set and left in one transaction
-- expect: equal
BEGIN;
SET LOCAL search_path = other;
SELECT id, note FROM orders ORDER BY id;
COMMIT;
SELECT id, order_ref FROM orders WHERE id = 900012

-- case: Unicode identifiers and strings
-- expect: equal
SELECT U&"\0069d", U&'\0041' AS "Ä" FROM U&"order\0073" WHERE id = 900012

-- case: errors of the client's own data
-- expect: fails 22P02
SELECT 'abc'::int

-- case: an error of an unprotected table
-- expect: equal
-- rollback
INSERT INTO products VALUES ('A', 'first', 1);
INSERT INTO products VALUES ('A', 'again', 1)

-- case: a foreign key's error names its key
-- expect: equal
-- rollback
INSERT INTO order_items (order_id, sku, title, quantity, price) VALUES (900012, 'none', 'x', 1, 1)

-- case: tables from executions
-- expect: equal
-- rollback
PREPARE p (bigint) AS SELECT id, channel FROM orders WHERE id > $1;
CREATE TEMP TABLE kept AS EXECUTE p (900000);
CREATE TEMP TABLE shape AS EXECUTE p (900000) WITH NO DATA;
CREATE TABLE lasting (n, c) AS EXECUTE p (900010);
SELECT count(*), min(channel) FROM kept;
SELECT * FROM shape;
SELECT n, c FROM lasting ORDER BY n

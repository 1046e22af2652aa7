-- INSERT, UPDATE, DELETE and MERGE that read protected values, copy them elsewhere, or change what makes a row redacted.

-- case: UPDATE with RETURNING
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING buyer_name, gift_message

-- case: UPDATE with RETURNING of everything
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING *

-- case: UPDATE with RETURNING of a whole row and an expression
-- expect: same
-- rollback
UPDATE orders o SET notes = 'x' WHERE id = 900001 RETURNING o, length(o.buyer_name), row_to_json(o)

-- case: RETURNING with OLD and NEW
-- expect: same or refused
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING old.buyer_name, new.buyer_name, old, new.*

-- case: DELETE with RETURNING
-- expect: same
-- rollback
DELETE FROM survey_responses WHERE order_id = 900001 RETURNING *

-- case: DELETE with USING and RETURNING
-- expect: same
-- rollback
DELETE FROM order_items i USING orders o WHERE o.id = i.order_id AND o.id = 900001 RETURNING o.buyer_name

-- case: UPDATE that filters
-- expect: refused 42501
-- rollback
UPDATE orders SET notes = 'x' WHERE buyer_name = 'Alan Archer'

-- case: DELETE that filters
-- expect: refused 42501
-- rollback
DELETE FROM survey_responses WHERE rating = 5 AND order_id > 900000

-- case: UPDATE of another table by a filter
-- expect: refused 42501
-- rollback
UPDATE tickets SET order_id = NULL FROM orders o WHERE o.id = tickets.order_id AND o.buyer_name LIKE 'A%'

-- case: DELETE USING a filter
-- expect: refused 42501
-- rollback
DELETE FROM order_items i USING orders o WHERE o.id = i.order_id AND o.buyer_name = 'Alan Archer' AND o.id > 900000

-- case: UPDATE copies a protected column into an unprotected one
-- expect: same or refused
-- rollback
UPDATE orders SET notes = buyer_name WHERE id = 900001;
SELECT notes FROM orders WHERE id = 900001

-- case: UPDATE copies an expression of it
-- expect: same or refused
-- rollback
UPDATE orders SET total = length(buyer_name) WHERE id = 900001;
SELECT total FROM orders WHERE id = 900001

-- case: UPDATE copies by a row assignment
-- expect: same or refused
-- rollback
UPDATE orders SET (notes, status) = (SELECT buyer_name, left(gift_message, 20) FROM orders o WHERE o.id = 900001) WHERE id = 900012;
SELECT notes, status FROM orders WHERE id = 900012

-- case: UPDATE copies from a redacted row into one that is not
-- expect: same or refused
-- rollback
UPDATE orders SET buyer_name = (SELECT buyer_name FROM orders WHERE id = 900001) WHERE id = 900012;
SELECT buyer_name FROM orders WHERE id = 900012

-- case: UPDATE FROM a redacted row
-- expect: same or refused
-- rollback
UPDATE orders a SET notes = b.buyer_name FROM orders b WHERE a.id = 900012 AND b.id = 900001;
SELECT notes FROM orders WHERE id = 900012

-- case: UPDATE moves the ship date, then reads
-- expect: same
-- rollback
UPDATE orders SET shipped_at = now() WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE takes the ship date away, then reads
-- expect: same
-- rollback
UPDATE orders SET shipped_at = NULL WHERE id = 900001 RETURNING buyer_name;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE changes the channel, then reads
-- expect: same
-- rollback
UPDATE orders SET channel = 'ebay' WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE gives credit terms, then reads
-- expect: same
-- rollback
UPDATE orders SET payment_terms = 'credit' WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE of all guard columns at once by a row
-- expect: same
-- rollback
UPDATE orders SET (channel, shipped_at, payment_terms) = ('ebay', NULL, 'credit') WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE swaps ids so that another row's guard decides
-- expect: same or refused
-- rollback
SET CONSTRAINTS ALL DEFERRED;
UPDATE order_addresses SET order_id = 900012 WHERE order_id = 900001;
SELECT name, line1 FROM order_addresses WHERE id = 900001

-- case: UPDATE links a payment to a fresh order, then reads
-- expect: same or refused
-- rollback
UPDATE payments SET order_id = 900011 WHERE id = 900001;
SELECT card_holder, iban FROM payments WHERE id = 900001

-- case: UPDATE links survey answers to a fresh order, then reads
-- expect: same or refused
-- rollback
UPDATE survey_responses SET order_id = 900011 WHERE order_id = 900001 RETURNING answer;
SELECT answer, rating FROM survey_responses WHERE id = 900001

-- case: UPDATE takes a customer's orders away, then reads
-- expect: same or refused
-- rollback
UPDATE orders SET customer_id = NULL WHERE customer_id = 900001;
SELECT name, phone FROM customers WHERE id = 900001

-- case: UPDATE gives a customer's orders to another
-- expect: same or refused
-- rollback
UPDATE orders SET customer_id = 900012 WHERE id IN (900001, 900002);
SELECT name, phone FROM customers WHERE id IN (900001, 900012) ORDER BY id

-- case: DELETE of the order that makes an address redacted
-- expect: same or refused
-- role: postgres
-- rollback
SET LOCAL session_replication_role = replica;
DELETE FROM orders WHERE id = 900001;
SELECT name FROM order_addresses WHERE order_id = 900001

-- case: DELETE of a customer's orders with all that hangs on them
-- expect: same or refused
-- rollback
DELETE FROM order_items WHERE order_id IN (900001, 900002);
DELETE FROM order_addresses WHERE order_id IN (900001, 900002);
DELETE FROM payments WHERE order_id IN (900001, 900002);
DELETE FROM survey_responses WHERE order_id IN (900001, 900002);
DELETE FROM orders WHERE id IN (900001, 900002);
SELECT name, phone FROM customers WHERE id = 900001

-- case: UPDATE changes a condition of its own table
-- expect: same or refused
-- rollback
UPDATE legacy_contacts SET imported_from = 'ebay' WHERE id = 900001;
SELECT full_name, phone FROM legacy_contacts WHERE id = 900001

-- case: UPDATE moves the import date into the future
-- expect: same or refused
-- rollback
UPDATE legacy_contacts SET imported_on = current_date + 1 WHERE id = 900001 RETURNING full_name

-- case: UPDATE writes over a protected value and RETURNING shows the old one
-- expect: same or refused
-- rollback
UPDATE orders o SET buyer_name = 'new' FROM orders old_row WHERE o.id = 900001 AND old_row.id = o.id RETURNING old_row.buyer_name

-- case: UPDATE appends to a protected value
-- expect: same or refused
-- rollback
UPDATE orders SET gift_message = gift_message || '!' WHERE id = 900001 RETURNING gift_message

-- case: INSERT SELECT into an unprotected table
-- expect: refused
-- rollback
INSERT INTO leaks SELECT id, buyer_name FROM orders WHERE id = 900001;
SELECT what FROM leaks

-- case: INSERT SELECT into a protected table, in a row that is not redacted
-- expect: refused
-- rollback
INSERT INTO customers (id, name) SELECT 999999, buyer_name FROM orders WHERE id = 900001;
SELECT name FROM customers WHERE id = 999999

-- case: INSERT of a scalar subquery
-- expect: same or refused
-- rollback
INSERT INTO leaks VALUES (1, (SELECT buyer_name FROM orders WHERE id = 900001)) RETURNING what

-- case: INSERT … ON CONFLICT shows the row that is there
-- expect: same or refused
-- rollback
INSERT INTO survey_responses (id, order_id, answer) VALUES (900001, 900001, 'guess') ON CONFLICT (id) DO UPDATE SET answered_at = now() RETURNING answer, rating

-- case: INSERT … ON CONFLICT with a filter
-- expect: refused 42501
-- rollback
INSERT INTO survey_responses (id, order_id, answer) VALUES (900001, 900001, 'guess') ON CONFLICT (id) DO UPDATE SET answered_at = now() WHERE survey_responses.rating = 5

-- case: INSERT … ON CONFLICT copies into an unprotected column
-- expect: same or refused
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (900001, 'K-1', 'ebay', 'x', 'DE', 1) ON CONFLICT (id) DO UPDATE SET notes = orders.buyer_name RETURNING notes

-- case: INSERT … ON CONFLICT over an index on a protected column
-- expect: refused
-- rollback
INSERT INTO profiles (id, old, code) VALUES (9, false, 'CODE-A') ON CONFLICT (code) DO NOTHING RETURNING id

-- case: MERGE by the name
-- expect: refused
-- rollback
MERGE INTO leaks l USING (SELECT id, buyer_name FROM orders WHERE id = 900001) o ON l.what = o.buyer_name WHEN NOT MATCHED THEN INSERT VALUES (o.id, o.buyer_name);
SELECT what FROM leaks

-- case: MERGE with a condition on the name
-- expect: refused
-- rollback
MERGE INTO orders o USING (VALUES (900001)) v(n) ON o.id = v.n WHEN MATCHED AND o.buyer_name LIKE 'A%' THEN UPDATE SET notes = 'hit'

-- case: MERGE with RETURNING
-- expect: same or refused
-- rollback
MERGE INTO orders o USING (VALUES (900001)) v(n) ON o.id = v.n WHEN MATCHED THEN UPDATE SET notes = 'x' RETURNING o.buyer_name, merge_action()

-- case: a CTE that changes rows and gives them back
-- expect: same
-- rollback
WITH u AS (UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING *) SELECT buyer_name, gift_message FROM u

-- case: a CTE that changes rows, and a filter on them
-- expect: refused 42501
-- rollback
WITH u AS (UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING buyer_name) SELECT count(*) FROM u WHERE buyer_name = 'Alan Archer'

-- case: a CTE copies rows that it deletes
-- expect: refused
-- rollback
WITH d AS (DELETE FROM survey_responses WHERE order_id = 900001 RETURNING id, answer) INSERT INTO leaks SELECT * FROM d RETURNING what

-- case: CREATE TABLE AS
-- expect: refused
-- rollback
CREATE TABLE stolen AS SELECT id, buyer_name FROM orders;
SELECT * FROM stolen WHERE id = 900001

-- case: SELECT INTO
-- expect: refused
-- rollback
SELECT id, gift_message INTO stolen FROM orders;
SELECT * FROM stolen WHERE id = 900001

-- case: CREATE TABLE AS of a whole row in a document
-- expect: refused
-- rollback
CREATE TABLE stolen AS SELECT id, to_jsonb(o) AS d FROM orders o;
SELECT d FROM stolen WHERE id = 900001

-- case: CREATE TEMP TABLE AS
-- expect: same or refused
-- rollback
CREATE TEMP TABLE stolen AS SELECT id, buyer_name FROM orders;
SELECT * FROM stolen WHERE id = 900001

-- case: SELECT INTO TEMP
-- expect: same or refused
-- rollback
SELECT id, gift_message INTO TEMP stolen FROM orders;
SELECT count(*) FROM stolen WHERE gift_message = 'select 1'

-- case: INSERT SELECT into a temporary table
-- expect: same or refused
-- rollback
CREATE TEMP TABLE stolen (id bigint, n text);
INSERT INTO stolen SELECT id, buyer_name FROM orders;
SELECT n FROM stolen WHERE id = 900001

-- case: CREATE MATERIALIZED VIEW
-- expect: refused
-- role: postgres
-- rollback
CREATE MATERIALIZED VIEW stolen AS SELECT id, buyer_name FROM orders;
SELECT * FROM stolen WHERE id = 900001

-- case: a rule copies names
-- expect: same or refused
-- rollback
INSERT INTO inbox VALUES (900001);
SELECT what FROM leaks WHERE id = 900001

-- case: a trigger tells the name in a notice
-- expect: same or refused
-- rollback
UPDATE tickets SET note = 'x' WHERE id = 1

-- case: a trigger of a protected table tells the card holder in a notice
-- expect: same or refused
-- rollback
UPDATE payments SET amount = 1 WHERE id = 900001

-- case: a masked value is written back and the stored one kept: no difference comes of it
-- expect: same
-- rollback
UPDATE orders SET buyer_name = '', gift_message = '' WHERE id = 900001 RETURNING buyer_name, gift_message;
UPDATE orders SET notes = 'seen' WHERE id = 900001 RETURNING *

-- case: an UPDATE of a child table
-- expect: same or refused
-- rollback
UPDATE archived_orders SET channel = 'ebay' WHERE id = 910001;
SELECT buyer_name FROM archived_orders WHERE id = 910001

-- case: an UPDATE through a view
-- expect: same or refused
-- rollback
UPDATE all_orders SET channel = 'ebay' WHERE id = 900001 RETURNING buyer_name

-- case: an UPDATE through a view, filtered
-- expect: refused
-- rollback
UPDATE all_orders SET notes = 'x' WHERE buyer_name = 'Alan Archer'

-- case: TRUNCATE of the orders by which customers are redacted
-- expect: refused 42501
-- role: postgres
-- rollback
TRUNCATE orders CASCADE;
SELECT name FROM customers WHERE id = 900001

-- case: DELETE of the orders by which a customer is redacted
-- expect: refused 42501
-- role: postgres
-- rollback
SET LOCAL session_replication_role = replica;
DELETE FROM orders WHERE customer_id = 900001;
SELECT name FROM customers WHERE id = 900001

-- case: MERGE that deletes them
-- expect: refused 42501
-- role: postgres
-- rollback
SET LOCAL session_replication_role = replica;
MERGE INTO orders o USING (VALUES (900001)) v (id) ON o.customer_id = v.id WHEN MATCHED THEN DELETE;
SELECT name FROM customers WHERE id = 900001

-- case: MERGE that shows what it met
-- expect: same
-- rollback
MERGE INTO orders o USING (VALUES (900001)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET notes = 'seen' RETURNING o.buyer_name, o.gift_message

-- case: MERGE that un-redacts
-- expect: same
-- rollback
MERGE INTO orders o USING (VALUES (900001)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET channel = 'ebay', shipped_at = now();
SELECT buyer_name FROM orders WHERE id = 900001

-- case: MERGE on a name
-- expect: refused 42501
-- rollback
MERGE INTO orders o USING (VALUES ('Alan Archer')) v (name) ON o.buyer_name = v.name WHEN MATCHED THEN UPDATE SET notes = 'found'

-- case: MERGE with a condition on a name
-- expect: refused 42501
-- rollback
MERGE INTO orders o USING (VALUES (900001)) v (id) ON o.id = v.id WHEN MATCHED AND o.buyer_name LIKE 'A%' THEN UPDATE SET notes = 'found'

-- case: MERGE that copies a name
-- expect: refused 42501
-- rollback
MERGE INTO leaks l USING orders o ON o.id = l.id WHEN NOT MATCHED THEN INSERT VALUES (o.id, o.buyer_name);
SELECT what FROM leaks WHERE id = 900001

-- case: columns of the rows before and after
-- expect: same
-- rollback
UPDATE orders SET notes = 'x', buyer_name = 'Mallory' WHERE id = 900001 RETURNING old.buyer_name, new.buyer_name, upper(old.ship_city), old.*

-- case: columns of the row before, under another name
-- expect: same
-- rollback
UPDATE orders o SET notes = 'x' WHERE id = 900001 RETURNING WITH (OLD AS was, NEW AS "Is") was.buyer_name, "Is".buyer_name, was.*, "Is".*

-- case: the whole row before, under another name
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING WITH (OLD AS was) was

-- case: the whole row before as JSON
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING to_jsonb(old)

-- case: a field of the whole row after
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING (new).buyer_name

-- case: the row before in a subquery, under another name
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING WITH (OLD AS was) (SELECT was.buyer_name), (SELECT max(x) FROM (SELECT upper(was.buyer_name) AS x) y)

-- case: the whole row before in a subquery, under another name
-- expect: refused 0A000
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING WITH (OLD AS was) (SELECT (was).buyer_name)

-- case: a filter on the row before in a subquery
-- expect: refused 42501
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING (SELECT count(*) FROM products WHERE old.buyer_name LIKE 'A%')

-- case: the row that a conflict met
-- expect: same
-- rollback
INSERT INTO customers (id, name) VALUES (900001, 'Mallory') ON CONFLICT (id) DO UPDATE SET created_at = now() - interval '1 year' RETURNING old.name, new.name, old.phone

-- case: the row that MERGE met
-- expect: same
-- rollback
MERGE INTO customers c USING (VALUES (900001)) v(id) ON c.id = v.id WHEN MATCHED THEN UPDATE SET created_at = c.created_at RETURNING old.name, new.email

-- case: the row before, by the name of a relation in FROM
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' FROM orders old WHERE orders.id = 900001 AND old.id = 900002 RETURNING old.buyer_name, new.buyer_name

-- case: columns of the guard set to their defaults
-- expect: same
-- rollback
UPDATE orders SET shipped_at = DEFAULT, payment_terms = DEFAULT, channel = 'ebay' WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a list of columns of the guard set to their defaults, in an upsert
-- expect: same
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (900001, 'x', 'ebay', 'x', 'DE', 1) ON CONFLICT (id) DO UPDATE SET (shipped_at, channel) = (DEFAULT, 'ebay') RETURNING buyer_name

-- case: the row's own name in a subquery of SET
-- expect: refused 42501
-- rollback
UPDATE orders o SET notes = (SELECT upper(o.buyer_name)) WHERE o.id = 900001 RETURNING notes

-- case: the row's own name in a subquery of RETURNING
-- expect: same
-- rollback
UPDATE orders o SET notes = 'x' WHERE o.id = 900001 RETURNING (SELECT o.buyer_name || o.ship_city), (SELECT x FROM (SELECT length(o.buyer_name) AS x) y)

-- case: the row's own name in a subquery's condition
-- expect: refused 42501
-- rollback
DELETE FROM survey_responses s WHERE s.order_id = 900001 AND EXISTS (SELECT FROM products p WHERE s.answer LIKE 'great%')

-- case: the row's own name in a subquery with a relation of the target's name
-- expect: same or refused
-- rollback
UPDATE orders o SET notes = 'x' WHERE o.id = 900011 RETURNING (SELECT o.buyer_name FROM orders o WHERE o.id = 900001)

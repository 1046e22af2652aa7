-- INSERT, UPDATE, DELETE and MERGE in each of their forms: what RETURNING shows, what SET copies, which rows they meet.

-- case: MERGE, WHEN NOT MATCHED BY SOURCE, with a condition on a name
-- expect: refused 42501
-- rollback
MERGE INTO orders o USING (VALUES (1::bigint)) v (id) ON o.id = v.id WHEN NOT MATCHED BY SOURCE AND o.id > 900000 AND o.buyer_name LIKE 'Alan%' THEN UPDATE SET notes = 'found'

-- case: MERGE, WHEN NOT MATCHED BY SOURCE, that un-redacts
-- expect: same
-- rollback
MERGE INTO orders o USING (VALUES (1::bigint)) v (id) ON o.id = v.id WHEN NOT MATCHED BY SOURCE AND o.id = 900001 THEN UPDATE SET shipped_at = now(), channel = 'ebay' RETURNING o.buyer_name;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: MERGE, WHEN NOT MATCHED BY SOURCE, that deletes and shows
-- expect: same
-- rollback
MERGE INTO survey_responses s USING (VALUES (1::bigint)) v (id) ON s.id = v.id WHEN NOT MATCHED BY SOURCE AND s.order_id = 900001 THEN DELETE RETURNING merge_action(), s.answer, s.rating

-- case: MERGE that gives back its target's whole row
-- expect: same
-- rollback
MERGE INTO orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET notes = 'seen' RETURNING o, v

-- case: MERGE that gives back everything
-- expect: same
-- rollback
MERGE INTO survey_responses s USING (VALUES (900001::bigint)) v (id) ON s.id = v.id WHEN MATCHED THEN UPDATE SET answered_at = '2024-01-01' RETURNING *

-- case: MERGE that gives back its source's name
-- expect: same
-- rollback
MERGE INTO order_items i USING orders o ON o.id = i.order_id AND o.id = 900001 WHEN MATCHED THEN UPDATE SET quantity = 2 RETURNING o.buyer_name, o

-- case: MERGE with OLD and NEW
-- expect: same
-- rollback
MERGE INTO orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET notes = 'x' RETURNING old.buyer_name, new.gift_message

-- case: MERGE in a CTE, filtered outside
-- expect: refused 42501
-- rollback
WITH m AS (MERGE INTO orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET notes = 'x' RETURNING o.buyer_name AS n) SELECT count(*) FROM m WHERE n = 'Alan Archer'

-- case: MERGE that copies from a source's protected column into its target's
-- expect: refused 42501
-- rollback
MERGE INTO orders o USING customers c ON o.id = 900012 AND c.id = 900001 WHEN MATCHED THEN UPDATE SET notes = c.name;
SELECT notes FROM orders WHERE id = 900012

-- case: MERGE that copies one row's name into another row of the same column
-- expect: refused 42501
-- rollback
MERGE INTO orders o USING orders s ON o.id = 900012 AND s.id = 900001 WHEN MATCHED THEN UPDATE SET buyer_name = s.buyer_name;
SELECT buyer_name FROM orders WHERE id = 900012

-- case: MERGE that inserts a copy as a recent order
-- expect: refused 42501
-- rollback
MERGE INTO orders o USING (SELECT * FROM orders WHERE id = 900001) s ON o.id = 990001 WHEN NOT MATCHED THEN INSERT (id, order_ref, channel, buyer_name, ship_country, total) VALUES (990001, 'M-1', 'ebay', s.buyer_name, 'DE', 1);
SELECT buyer_name FROM orders WHERE id = 990001

-- case: MERGE that does nothing where a name is as guessed
-- expect: refused 42501
-- rollback
MERGE INTO orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED AND buyer_name = 'Alan Archer' THEN DO NOTHING WHEN MATCHED THEN UPDATE SET notes = 'x'

-- case: MERGE by rows that a subquery of its source filters
-- expect: refused 42501
-- rollback
MERGE INTO leaks l USING (SELECT id FROM orders WHERE buyer_name LIKE 'Al%') o ON l.id = o.id WHEN NOT MATCHED THEN INSERT VALUES (o.id, 'x') RETURNING l.id

-- case: MERGE with a join in its source, by names
-- expect: refused 42501
-- rollback
MERGE INTO leaks l USING (orders o JOIN order_addresses a ON a.name = o.buyer_name AND a.order_id = o.id) ON l.id = o.id WHEN NOT MATCHED THEN INSERT VALUES (o.id, 'x')

-- case: MERGE with a row assignment from a subquery
-- expect: refused
-- rollback
MERGE INTO orders o USING (VALUES (900012::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET (notes, status) = (SELECT x.buyer_name, 'y' FROM orders x WHERE x.id = 900001);
SELECT notes FROM orders WHERE id = 900012

-- case: MERGE of a child table un-redacts
-- expect: same
-- rollback
MERGE INTO archived_orders o USING (VALUES (910001::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET channel = 'ebay';
SELECT buyer_name FROM archived_orders WHERE id = 910001

-- case: MERGE through a view
-- expect: refused
-- rollback
MERGE INTO all_orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET channel = 'ebay' RETURNING o.buyer_name

-- case: INSERT … ON CONFLICT writes a recent date over the old one
-- expect: same
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (900001, 'K-1', 'ebay', 'x', 'DE', 1) ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, shipped_at = excluded.shipped_at RETURNING buyer_name;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: INSERT … ON CONFLICT by a constraint's name
-- expect: same
-- rollback
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (990001, 'K-1', 'ebay', 'x', 'DE', 1) ON CONFLICT ON CONSTRAINT orders_order_ref_key DO UPDATE SET shipped_at = NULL, buyer_name = excluded.buyer_name RETURNING orders.buyer_name, orders.gift_message, orders;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: INSERT … ON CONFLICT by an expression of a protected column
-- expect: refused 42501
-- rollback
INSERT INTO order_addresses (id, order_id, kind, name) VALUES (1, 900001, 'shipping', 'Alan Archer') ON CONFLICT (name, order_id, kind) DO NOTHING

-- case: INSERT … ON CONFLICT by the constraint of a protected column shows which row has it
-- expect: refused 42501
-- rollback
INSERT INTO profiles (id, old, code) VALUES (9, false, 'CODE-A') ON CONFLICT ON CONSTRAINT profiles_code_key DO UPDATE SET old = true RETURNING id

-- case: INSERT … ON CONFLICT by the constraint of a protected column marks its row
-- expect: refused 42501
-- rollback
INSERT INTO marked (id, old, code, note) VALUES (9, false, 'A-1', 'hit') ON CONFLICT ON CONSTRAINT "Code" DO UPDATE SET note = 'hit';
SELECT id, note FROM marked ORDER BY id

-- case: INSERT … ON CONFLICT with a subquery that filters
-- expect: refused 42501
-- rollback
INSERT INTO survey_responses (id, order_id, answer) VALUES (900001, 900001, 'x') ON CONFLICT (id) DO UPDATE SET answered_at = now() WHERE EXISTS (SELECT FROM orders o WHERE o.id = survey_responses.order_id AND o.buyer_name LIKE 'A%')

-- case: INSERT … ON CONFLICT with CASE over the stored value
-- expect: refused 42501
-- rollback
INSERT INTO survey_responses (id, order_id, answer) VALUES (900001, 900001, 'x') ON CONFLICT (id) DO UPDATE SET answered_at = CASE WHEN survey_responses.rating = 5 THEN '2020-01-01'::timestamptz ELSE '2021-01-01' END RETURNING answered_at

-- case: INSERT … SELECT with RETURNING of what it took
-- expect: refused 42501
-- rollback
INSERT INTO legacy_contacts (imported_from, imported_on, full_name) SELECT 'csv', current_date, buyer_name FROM orders WHERE id = 900001 RETURNING full_name

-- case: INSERT … TABLE
-- expect: refused 42501
-- rollback
CREATE TABLE mine (LIKE survey_responses);
INSERT INTO mine TABLE survey_responses;
SELECT answer FROM mine WHERE id = 900001

-- case: INSERT of VALUES with an array and a row of the table
-- expect: refused 42501
-- rollback
INSERT INTO leaks VALUES (1, (SELECT array_agg(o)::text FROM orders o WHERE id = 900001)) RETURNING what

-- case: INSERT chosen by EXISTS
-- expect: refused 42501
-- rollback
INSERT INTO leaks SELECT 1, 'yes' WHERE EXISTS (SELECT FROM orders WHERE buyer_name = 'Alan Archer' AND id = 900001) RETURNING what

-- case: INSERT of CASE over a name
-- expect: refused 42501
-- rollback
INSERT INTO leaks SELECT id, CASE WHEN buyer_name = 'Alan Archer' THEN 'yes' ELSE 'no' END FROM orders WHERE id = 900001 RETURNING what

-- case: INSERT of a number of names
-- expect: refused 42501
-- rollback
INSERT INTO leaks SELECT count(DISTINCT buyer_name), 'x' FROM orders WHERE id IN (900001, 900002) RETURNING id

-- case: INSERT of the order of names
-- expect: refused 42501
-- rollback
INSERT INTO leaks SELECT row_number() OVER (ORDER BY buyer_name), order_ref FROM orders WHERE id IN (900001, 900003) RETURNING *

-- case: UPDATE FROM a join of protected tables
-- expect: same
-- rollback
UPDATE order_items i SET quantity = 3 FROM orders o JOIN payments p ON p.order_id = o.id WHERE i.order_id = o.id AND o.id = 900001 RETURNING o.buyer_name, p.iban, p

-- case: UPDATE FROM itself, all columns of both
-- expect: same
-- rollback
UPDATE survey_responses s SET answered_at = '2024-01-01' FROM survey_responses t WHERE s.id = 900001 AND t.id = s.id RETURNING s.*, t.*

-- case: UPDATE FROM LATERAL
-- expect: same
-- rollback
UPDATE order_items i SET quantity = 3 FROM orders o, LATERAL (SELECT o.buyer_name AS n) x WHERE i.order_id = o.id AND o.id = 900001 RETURNING x.n

-- case: UPDATE FROM a query that groups by a name
-- expect: same
-- rollback
UPDATE order_items i SET quantity = 4 FROM (SELECT max(id) AS id, buyer_name FROM orders WHERE id BETWEEN 900001 AND 900003 GROUP BY buyer_name) g WHERE g.id = i.order_id RETURNING i.order_id, g.buyer_name

-- case: UPDATE FROM with a join on the target's protected column
-- expect: refused 42501
-- rollback
UPDATE orders o SET notes = 'x' FROM (VALUES ('Alan Archer')) v (n) WHERE o.buyer_name = v.n AND o.id > 900000

-- case: UPDATE with a row assignment of expressions
-- expect: refused 42501
-- rollback
UPDATE orders SET (notes, status) = (buyer_name, 'x') WHERE id = 900001;
SELECT notes FROM orders WHERE id = 900001

-- case: UPDATE with ROW on the right
-- expect: same
-- rollback
UPDATE orders SET (shipped_at, channel) = ROW (NULL, 'ebay') WHERE id = 900001 RETURNING buyer_name;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE of guard columns by a subquery
-- expect: refused 0A000
-- rollback
UPDATE orders SET (shipped_at, channel) = (SELECT NULL::timestamptz, 'ebay') WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE of a guard column to its default
-- expect: same
-- rollback
UPDATE orders SET shipped_at = DEFAULT WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE of guard columns to DEFAULT in a row
-- expect: same
-- rollback
UPDATE orders SET (shipped_at, notes) = (DEFAULT, 'x') WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: UPDATE ONLY
-- expect: same
-- rollback
UPDATE ONLY orders SET notes = 'x' WHERE id = 900001 RETURNING buyer_name, orders

-- case: UPDATE of a parent reaches its child, with all that it shows
-- expect: same
-- rollback
UPDATE orders SET channel = 'ebay', shipped_at = now() WHERE id = 910001 RETURNING buyer_name, tableoid::regclass;
SELECT buyer_name FROM archived_orders WHERE id = 910001

-- case: UPDATE of a partitioned table moves a row to another partition
-- expect: same
-- rollback
UPDATE visits SET day = '2999-01-01' WHERE id = 1 RETURNING visitor, score;
SELECT visitor FROM visits WHERE id = 1

-- case: UPDATE of an element of a protected array
-- expect: refused 0A000
-- rollback
UPDATE profiles SET tags[1] = 'new' WHERE id = 1 RETURNING tags;
SELECT tags FROM profiles WHERE id = 1

-- case: UPDATE of a field of a protected composite
-- expect: refused 0A000
-- rollback
UPDATE profiles SET detail.b = 9 WHERE id = 1 RETURNING detail

-- case: UPDATE that sets a protected column from itself
-- expect: same
-- rollback
UPDATE profiles SET "Name" = upper("Name"), height = height + 1 WHERE id = 1 RETURNING "Name", height, doc

-- case: UPDATE whose SET counts what a subquery filters
-- expect: refused 42501
-- rollback
UPDATE orders SET notes = (SELECT count(*) FROM orders x WHERE x.buyer_name = 'Alan Archer' AND x.id > 900000) WHERE id = 900012 RETURNING notes

-- case: UPDATE whose SET names its own row in a subquery
-- expect: refused
-- rollback
UPDATE orders SET notes = (SELECT x FROM (SELECT orders.buyer_name) AS y (x)) WHERE id = 900001 RETURNING notes

-- case: UPDATE in WHERE CURRENT OF, over a protected cursor, un-redacts
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT id, buyer_name FROM orders WHERE id = 900001 FOR UPDATE;
FETCH c;
UPDATE orders SET channel = 'ebay', shipped_at = NULL WHERE CURRENT OF c RETURNING buyer_name;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: DELETE in WHERE CURRENT OF
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT id FROM survey_responses WHERE id = 900001 FOR UPDATE;
FETCH c;
DELETE FROM survey_responses WHERE CURRENT OF c RETURNING answer, rating

-- case: DELETE ONLY with all columns
-- expect: same
-- rollback
DELETE FROM ONLY survey_responses s WHERE s.id = 900001 RETURNING s, to_jsonb(s)

-- case: DELETE USING a subquery and RETURNING both
-- expect: same
-- rollback
DELETE FROM survey_responses s USING (SELECT id, buyer_name FROM orders) o WHERE o.id = s.order_id AND s.id = 900001 RETURNING s.answer, o.buyer_name

-- case: DELETE chosen by a subquery that filters
-- expect: refused 42501
-- rollback
DELETE FROM order_items WHERE order_id IN (SELECT id FROM orders WHERE buyer_name LIKE 'Al%' AND id > 900000)

-- case: DELETE chosen by a correlated subquery over its target
-- expect: refused
-- rollback
DELETE FROM survey_responses s WHERE s.id = 900001 AND (SELECT s.rating) = 5

-- case: DELETE of a partition's rows, shown
-- expect: same
-- rollback
DELETE FROM visits WHERE id = 1 RETURNING *

-- case: DELETE of a partition by its name, shown as a whole row
-- expect: same
-- rollback
DELETE FROM visits_old v WHERE id = 1 RETURNING v

-- case: a chain of modifications in CTEs
-- expect: refused 42501
-- rollback
WITH d AS (DELETE FROM survey_responses WHERE id = 900001 RETURNING order_id, answer), i AS (INSERT INTO leaks SELECT order_id, answer FROM d RETURNING what), u AS (UPDATE orders SET notes = 'x' FROM d WHERE orders.id = d.order_id RETURNING buyer_name) SELECT * FROM i, u

-- case: two modifications in CTEs, both shown
-- expect: same
-- rollback
WITH d AS (DELETE FROM survey_responses WHERE id = 900001 RETURNING *), u AS (UPDATE orders SET channel = 'ebay' FROM d WHERE orders.id = d.order_id RETURNING orders.*) SELECT d.answer, d.rating, u.buyer_name, u FROM d, u

-- case: a modification in a CTE below a modification
-- expect: refused 42501
-- rollback
WITH u AS (UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING buyer_name) UPDATE order_items i SET title = u.buyer_name FROM u WHERE i.order_id = 900012 RETURNING i.title

-- case: an INSERT in a CTE, filtered by what was there
-- expect: refused 42501
-- rollback
WITH i AS (INSERT INTO survey_responses (id, order_id) VALUES (900001, 900001) ON CONFLICT (id) DO UPDATE SET answered_at = now() RETURNING answer) SELECT 1 FROM i WHERE answer LIKE 'great%'

-- case: RETURNING with a subquery over another protected table
-- expect: refused 42501
-- rollback
UPDATE tickets SET id = 1 WHERE false RETURNING (SELECT buyer_name FROM orders WHERE id = 900001);
DELETE FROM order_items WHERE order_id = 900001 RETURNING (SELECT buyer_name FROM orders o WHERE o.id = order_items.order_id)

-- case: RETURNING an aggregate of a name in a subquery
-- expect: same
-- rollback
DELETE FROM order_items WHERE order_id = 900001 RETURNING (SELECT string_agg(o.buyer_name, ',' ORDER BY id) FROM orders o WHERE o.id BETWEEN 900001 AND 900003)

-- case: RETURNING with an alias for OLD
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING WITH (OLD AS o) o.buyer_name

-- case: RETURNING with NEW, after an INSERT that met a row
-- expect: same
-- rollback
INSERT INTO survey_responses (id, order_id, answer) VALUES (900001, 900001, 'x') ON CONFLICT (id) DO UPDATE SET answered_at = now() RETURNING old.answer, new.rating

-- case: INSERT with an identity of its own choice over a row that is there, RETURNING it
-- expect: same
-- rollback
INSERT INTO survey_responses (id, order_id, answer) OVERRIDING SYSTEM VALUE VALUES (900001, 900001, 'x') ON CONFLICT (id) DO UPDATE SET order_id = excluded.order_id RETURNING *

-- case: UPDATE of a generated column's source shows the generated one
-- expect: same
-- rollback
UPDATE visits SET agent = 'x' WHERE id = 1 RETURNING visitor_hash

-- case: RETURNING of the whole old row and the new one
-- expect: same
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING old, new

-- case: RETURNING of the whole old row by another name, compared and sorted into JSON
-- expect: same
-- rollback
UPDATE orders SET notes = 'x', buyer_name = 'y' WHERE id IN (900001, 900002) RETURNING WITH (OLD AS before) before = orders, to_jsonb(before), (before).buyer_name, md5(before::text)

-- case: RETURNING of the whole old row of a DELETE
-- expect: same
-- rollback
DELETE FROM survey_responses WHERE id = 900001 RETURNING old, new, old IS NULL, new IS NULL

-- case: RETURNING of whole rows of INSERT … ON CONFLICT
-- expect: same
-- rollback
INSERT INTO survey_responses (id, order_id, answer) VALUES (900001, 900001, 'x') ON CONFLICT (id) DO UPDATE SET answered_at = '2999-01-01' RETURNING old, to_json(new)

-- case: RETURNING of whole rows of MERGE
-- expect: same
-- rollback
MERGE INTO survey_responses s USING (VALUES (900001::bigint)) v (id) ON s.id = v.id WHEN MATCHED THEN DELETE RETURNING merge_action(), old, new, (old).rating

-- case: RETURNING of the whole old row, un-redacted by the same UPDATE
-- expect: same
-- rollback
UPDATE orders SET channel = 'ebay', shipped_at = now() WHERE id = 900001 RETURNING old, new

-- case: RETURNING of the whole old row in a CTE
-- expect: same
-- rollback
WITH u AS (UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING old AS o) SELECT (o).buyer_name, o FROM u

-- case: whether the old row is NULL, where all that is stored of it may be
-- expect: same
-- rollback
UPDATE hollow SET name = name WHERE true RETURNING old IS NULL, old IS NOT NULL, old

-- case: the whole old row in the subquery of RETURNING
-- expect: refused 0A000
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING (SELECT old)

-- What errors and notices quote: rows and values of protected relations in DETAIL, CONTEXT and messages.

-- case: a check of an UPDATE: the stored row in DETAIL
-- expect: same 23514
-- rollback
UPDATE order_addresses SET kind = 'shop', name = 'written' WHERE id = 900001

-- case: a not-null column in UPDATE FROM
-- expect: same 23502
-- rollback
UPDATE payments p SET method = NULL FROM orders o WHERE o.id = p.order_id AND p.id = 900001

-- case: a not-null column in MERGE
-- expect: same 23502
-- rollback
MERGE INTO survey_responses s USING (VALUES (900001::bigint)) v (id) ON s.id = v.id WHEN MATCHED THEN UPDATE SET answered_at = NULL

-- case: a not-null column in ON CONFLICT
-- expect: same 23502
-- rollback
INSERT INTO survey_responses (id, order_id) VALUES (900001, 900001) ON CONFLICT (id) DO UPDATE SET answered_at = NULL

-- case: a unique key over a key and a name
-- expect: same 23505
-- rollback
UPDATE order_addresses SET kind = 'billing' WHERE order_id = 900001

-- case: a unique key in COPY FROM
-- expect: same 23505
-- rollback
UPDATE order_addresses SET id = id + 5000000 WHERE order_id = 900001;
UPDATE order_addresses SET kind = 'billing' WHERE order_id = 900001

-- case: an exclusion constraint: both rows in DETAIL
-- expect: same 23P01
-- rollback
INSERT INTO stays (id, old, room, during) VALUES (9, false, 1, '[1,100)')

-- case: an exclusion constraint of an UPDATE
-- expect: same 23P01
-- rollback
UPDATE stays SET room = 1 WHERE id = 2

-- case: a partition that does not fit: the row in DETAIL
-- expect: same 23514
-- rollback
UPDATE calls_2020_a SET kind = 'b' WHERE id = 1

-- case: a view's check option: the row in DETAIL
-- expect: refused
-- rollback
UPDATE checked_answers SET order_id = 1 WHERE id = 900001

-- case: row security: the row is not said
-- expect: same 42501
-- role: postgres
-- rollback
SELECT buyer_name FROM orders WHERE id = 900001;
SET LOCAL ROLE shop_app;
INSERT INTO secured (id, old, name) VALUES (9, false, 'x')

-- case: a domain's check over a masked value
-- expect: same 22P02
SELECT buyer_name::title FROM orders WHERE id = 900011;
SELECT left(buyer_name, 20)::words FROM orders WHERE id = 900001

-- case: an enum's message quotes the value
-- expect: same 22P02
SELECT left(answer, 5)::shade FROM survey_responses WHERE id = 900001

-- case: a range's message quotes the value
-- expect: same 22P02
SELECT buyer_name::int4range FROM orders WHERE id = 900001

-- case: a uuid's, a bit string's and a JSON path's message
-- expect: same 22P02
SELECT gift_message::uuid FROM orders WHERE id = 900001

-- case: a regular expression's message quotes the value
-- expect: same 2201B
SELECT 'x' ~ ('[' || buyer_name || ']') FROM orders WHERE id = 900001;
SELECT 'x' ~ replace(gift_message, 'select 1', '(') FROM orders WHERE id = 900001

-- case: a number out of range quotes the value
-- expect: same 22P02 22003
SELECT (buyer_phone || '00000000000000000')::bigint FROM orders WHERE id = 900011;
SELECT ('0' || regexp_replace(buyer_phone, '\D', '', 'g') || '0000000000')::int FROM orders WHERE id = 900001

-- case: to_number, to_timestamp and make_date
-- expect: same
SELECT to_timestamp(buyer_name, 'YYYY') FROM orders WHERE id = 900001;
SELECT to_timestamp(gift_message, 'Month') FROM orders WHERE id = 900001

-- case: more than one row of a subquery by a join of equal names
-- expect: refused 42501
SELECT (SELECT a.id FROM order_addresses a JOIN orders o ON a.name = o.buyer_name WHERE o.id = 900001 AND a.order_id = 900002 AND a.kind = 'billing')

-- case: a CASE that raises for one value
-- expect: same
SELECT CASE rating WHEN 5 THEN 1 / (id - 900001) ELSE 0 END FROM survey_responses WHERE id = 900001

-- case: a notice of a function that is given a masked value
-- expect: same
SELECT plain.warn(buyer_name) FROM orders WHERE id = 900001

-- case: an exception of a function that is given a masked value
-- expect: same P0777
SELECT plain.fail(buyer_name) FROM orders WHERE id = 900001

-- case: CONTEXT of a PL/pgSQL function over a masked value
-- expect: same 22P02
SELECT whole_number(buyer_name) FROM orders WHERE id = 900001

-- case: CONTEXT of an SQL function over a masked value
-- expect: same 22P02
SELECT whole_number_sql(gift_message) FROM orders WHERE id = 900001

-- case: an error in RETURNING over a stored value
-- expect: same 22P02
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING buyer_name::int

-- case: an error in SET over a stored value
-- expect: refused 42501
-- rollback
UPDATE orders SET total = buyer_name::numeric WHERE id = 900001

-- case: an error in SET of a protected column over itself
-- expect: same
-- rollback
UPDATE orders SET geo_lat = 1 / (length(buyer_name) - 11) WHERE id = 900001

-- case: an error in MERGE's action
-- expect: same
-- rollback
MERGE INTO orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET geo_lat = 1 / (length(o.buyer_name) - 11)

-- case: an error in an index over a name when another column changes
-- expect: same
-- rollback
UPDATE orders SET status = 'x' WHERE id = 900001 RETURNING lower(buyer_name)

-- case: an error in a view's column
-- expect: same
SELECT n / (n - 11) FROM name_lengths WHERE id = 900001

-- case: an error of a window's frame
-- expect: same 22014
SELECT lag(id, length(buyer_name) - 11) OVER (ORDER BY id) FROM orders WHERE id = 900001;
SELECT ntile(length(gift_message) - 8) OVER () FROM orders WHERE id = 900001

-- case: a recursion's error
-- expect: refused 42501
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < (SELECT length(buyer_name) FROM orders WHERE id = 900001)) SELECT 1 / (max(n) - 11) FROM r

-- case: a statement's error inside a cursor that is moved
-- expect: same 22P02
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name::int FROM orders WHERE id IN (900001, 900003) ORDER BY id;
MOVE 2 IN c

-- case: a serialization of an error by XML functions
-- expect: same 10608 2200M
SELECT xpath(gift_message, '<a/>') FROM orders WHERE id = 900003;
SELECT xmlparse(DOCUMENT gift_message) FROM orders WHERE id = 900003

-- case: an error that json_populate_record makes of a name
-- expect: refused 42501
SELECT json_populate_record(NULL::pair, json_build_object('b', buyer_name)) FROM orders WHERE id = 900001

-- case: an error that format makes of a name
-- expect: same 22023
SELECT format('%' || left(buyer_name, 1), 1) FROM orders WHERE id = 900001

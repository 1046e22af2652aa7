-- COPY in every format and direction.

-- case: COPY as text with every option that it knows
-- expect: same
COPY orders (id, buyer_name, gift_message) TO STDOUT (FORMAT text, DELIMITER ';', NULL '-', ENCODING 'UTF8', HEADER true)

-- case: COPY as CSV with some values quoted
-- expect: same
COPY customers (name, email, phone) TO STDOUT (FORMAT csv, FORCE_QUOTE (name, email), QUOTE '''', ESCAPE '!', HEADER)

-- case: COPY as CSV with a quote and a delimiter that stand in tokens
-- expect: same
COPY customers (name, email) TO STDOUT (FORMAT csv, QUOTE 'o', DELIMITER '_')

-- case: COPY as text with a delimiter that stands in tags
-- expect: same
COPY orders (buyer_name, ship_address1) TO STDOUT (DELIMITER ':')

-- case: COPY as text with a delimiter that is a digit
-- expect: same 22023
COPY orders (buyer_name, ship_address1) TO STDOUT;
COPY orders (buyer_name, ship_address1) TO STDOUT (DELIMITER '1')

-- case: COPY in LATIN1
-- expect: same
COPY (SELECT buyer_name, 'ü' FROM orders WHERE id = 900001) TO STDOUT (ENCODING 'LATIN1')

-- case: COPY in UTF-8 by its other name, as CSV
-- expect: same
COPY (SELECT buyer_name, gift_message FROM orders WHERE id = 900001) TO STDOUT WITH (FORMAT 'csv', ENCODING 'utf-8', HEADER 'on')

-- case: COPY in the syntax of PostgreSQL 7
-- expect: refused 0A000
COPY survey_responses (id, answer) TO STDOUT USING DELIMITERS '|' WITH NULL AS 'null'

-- case: COPY BINARY in the syntax of PostgreSQL 7
-- expect: refused 0A000
COPY BINARY legacy_contacts TO STDOUT

-- case: COPY as CSV in the old syntax with quotes forced
-- expect: same
COPY payments (id, card_holder, card_last4) TO STDOUT CSV HEADER FORCE QUOTE card_holder

-- case: COPY as binary, a query with many types
-- expect: same
COPY (SELECT "Name", nick, hair, tags, detail, doc, page, born, height, code FROM profiles WHERE id = 1) TO STDOUT (FORMAT binary)

-- case: COPY of types as text
-- expect: same
COPY profiles TO STDOUT

-- case: COPY of a partitioned table
-- expect: same
COPY visits_old (visitor, score) TO STDOUT;
COPY visits (visitor, score) TO STDOUT

-- case: COPY of a query over a partitioned table
-- expect: same
COPY (SELECT id, visitor, score FROM visits ORDER BY id) TO STDOUT (FORMAT csv)

-- case: COPY of a view
-- expect: same
COPY (SELECT buyer_name FROM orders WHERE id = 900001) TO STDOUT;
COPY buyers TO STDOUT

-- case: COPY of a query over a view
-- expect: same
COPY (TABLE buyers) TO STDOUT

-- case: COPY of a generated column
-- expect: same
COPY (SELECT visitor_hash FROM visits WHERE id = 1) TO STDOUT

-- case: COPY of VALUES
-- expect: same
COPY (VALUES ((SELECT buyer_name FROM orders WHERE id = 900001))) TO STDOUT

-- case: COPY of a DELETE's rows
-- expect: same
-- rollback
COPY (DELETE FROM survey_responses WHERE id = 900001 RETURNING *) TO STDOUT (FORMAT csv)

-- case: COPY of an INSERT's rows where they met others
-- expect: same
-- rollback
COPY (INSERT INTO survey_responses (id, order_id) VALUES (900001, 900001) ON CONFLICT (id) DO UPDATE SET answered_at = '2024-01-01' RETURNING *) TO STDOUT

-- case: COPY of a MERGE's rows
-- expect: same
-- rollback
COPY (MERGE INTO orders o USING (VALUES (900001::bigint)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET notes = 'x' RETURNING o.buyer_name) TO STDOUT

-- case: COPY of a CTE that modifies
-- expect: same
-- rollback
COPY (WITH u AS (UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING *) SELECT buyer_name, gift_message FROM u) TO STDOUT

-- case: COPY of a filter inside a view
-- expect: refused 42501
COPY (SELECT * FROM buyers WHERE who = 'Alan Archer') TO STDOUT (FORMAT binary)

-- case: COPY of statistics
-- expect: same
COPY (SELECT most_common_vals::text FROM pg_stats WHERE schemaname = 'public' AND tablename IN ('orders', 'survey_responses') ORDER BY attname, inherited) TO STDOUT

-- case: COPY of stored statistics
-- expect: same
-- role: postgres
COPY (SELECT stavalues1::text, stanullfrac FROM pg_statistic WHERE starelid = 'survey_responses'::regclass ORDER BY staattnum, stainherit) TO STDOUT

-- case: COPY of a table whose name is quoted and has its schema
-- expect: same
COPY "public"."orders" ("id", "buyer_name") TO STDOUT

-- case: COPY ONLY of a parent leaves its children out
-- expect: same
COPY (SELECT * FROM ONLY orders WHERE id = 900001) TO STDOUT (FORMAT csv, HEADER)

-- case: COPY in a transaction between DECLARE and FETCH
-- expect: same
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001;
COPY survey_responses (answer) TO STDOUT;
FETCH c

-- case: COPY of a function's rows
-- expect: refused 42501
COPY (SELECT * FROM orders_of(900001)) TO STDOUT

-- case: COPY of a table with its columns in another order
-- expect: same
COPY orders (gift_message, buyer_name) TO STDOUT

-- case: COPY of unequal names through a unique key of a temporary table
-- expect: same
-- rollback
CREATE TEMP TABLE t AS SELECT DISTINCT buyer_name FROM orders WHERE id IN (900001, 900002);
COPY (SELECT count(*) FROM t) TO STDOUT

-- case: COPY where the byte before the delimiter looks like a backslash
-- expect: same
SET client_encoding = 'SJIS';
COPY (SELECT U&'\30BD', buyer_name, ship_postcode FROM orders WHERE id = 900001) TO STDOUT

-- case: COPY where half of a character looks like the delimiter
-- expect: same
SET client_encoding = 'BIG5';
COPY (SELECT U&'\80B2', buyer_name, ship_postcode FROM orders WHERE id = 900001) TO STDOUT (DELIMITER '|');
COPY (SELECT U&'\80B2', buyer_name, ship_postcode FROM orders WHERE id = 900001) TO STDOUT (FORMAT csv, DELIMITER '|')

-- case: COPY where half of a character looks like a quote
-- expect: same
SET client_encoding = 'GBK';
COPY (SELECT U&'\4E57|', buyer_name FROM orders WHERE id = 900001) TO STDOUT (FORMAT csv, QUOTE '\', DELIMITER '|')

-- case: COPY behind a SET of the encoding in the same message
-- expect: same
-- one message
SET client_encoding = 'SJIS'; COPY (SELECT U&'\30BD', buyer_name FROM orders WHERE id = 900001) TO STDOUT

-- case: COPY behind a set_config of the encoding in the same message
-- expect: same or refused 0A000
-- one message
SELECT set_config('client_encoding', 'SJIS', false); COPY (SELECT U&'\30BD', buyer_name FROM public.orders WHERE id = 900001) TO STDOUT

-- case: COPY behind the COMMIT that takes an encoding back, in the same message
-- expect: same
BEGIN;
SET LOCAL client_encoding = 'SJIS';
COMMIT; COPY (SELECT U&'\3042', buyer_name FROM orders WHERE id = 900001) TO STDOUT

-- case: COPY behind an EXECUTE that sets the encoding, in the same message
-- expect: same
PREPARE to_sjis AS SELECT set_config('client_encoding', 'SJIS', false);
EXECUTE to_sjis; COPY (SELECT U&'\30BD', buyer_name FROM orders WHERE id = 900001) TO STDOUT

-- One place each in which a protected value, or a query that reads it, can stand: a mutant of test/mutation that leaves
-- out the analysis of that place is found by its case.

-- case: a subquery before IN
-- expect: same
SELECT (SELECT buyer_name FROM orders WHERE id = 900001) IN ('Alan Archer', 'x'), (SELECT buyer_name FROM orders WHERE id = 900001) IN (SELECT 'Alan Archer')

-- case: a subquery in GROUP BY
-- expect: same
SELECT count(*) FROM (VALUES (900001), (900002)) v (n) GROUP BY (SELECT buyer_name FROM orders WHERE id = v.n)

-- case: a subquery in HAVING
-- expect: refused 42501
SELECT count(*) FROM payments p GROUP BY p.method HAVING (SELECT length(buyer_name) FROM orders WHERE id = 900001) = 11

-- case: a subquery in WINDOW
-- expect: same
SELECT v.n, rank() OVER w FROM (VALUES (900001), (900003)) v (n) WINDOW w AS (ORDER BY (SELECT buyer_name FROM orders WHERE id = v.n)) ORDER BY 1

-- case: a subquery in ORDER BY
-- expect: same
SELECT v.n FROM (VALUES (900001), (900003)) v (n) ORDER BY (SELECT buyer_name FROM orders WHERE id = v.n), v.n

-- case: a subquery in DISTINCT ON
-- expect: refused 42501
SELECT DISTINCT ON ((SELECT buyer_name FROM orders WHERE id = v.n)) 1 FROM (VALUES (900001), (900002)) v (n)

-- case: a subquery in LIMIT
-- expect: refused 42501
SELECT 1 FROM generate_series(1, 20) LIMIT (SELECT length(buyer_name) FROM orders WHERE id = 900001)

-- case: a subquery as the argument of a function in FROM
-- expect: refused 42501
SELECT x FROM unnest(ARRAY[(SELECT buyer_name FROM orders WHERE id = 900001)]) AS x

-- case: a subquery as the document of XMLTABLE
-- expect: refused 42501
SELECT x.* FROM XMLTABLE('/a' PASSING (SELECT xmlelement(name a, buyer_name) FROM orders WHERE id = 900001) COLUMNS n text PATH 'text()') AS x

-- case: WHERE over a column of a function in FROM
-- expect: refused 42501
SELECT o.id FROM orders o, unnest(ARRAY[o.buyer_name]) AS x WHERE x = 'Alan Archer'

-- case: a column, and all of them in a document
-- expect: same
SELECT email, row_to_json(c.*) FROM customers c WHERE id = 900001

-- case: a column, and all of them
-- expect: same
SELECT name, s.* FROM customers, LATERAL (SELECT length(customers.name) AS n) s WHERE id = 900001

-- case: every column, and the length of one
-- expect: same
SELECT o.*, (SELECT o.buyer_name || '.') FROM orders o WHERE o.id = 900001

-- case: a column beside its whole row
-- expect: same
SELECT buyer_name, o::text FROM orders o WHERE o.id = 900001

-- case: a column that is sorted by, and grouped by
-- expect: same
SELECT name AS n FROM customers WHERE id IN (900001, 900002) ORDER BY n;
SELECT name FROM customers WHERE id IN (900001, 900002) GROUP BY name;
SELECT DISTINCT name FROM customers WHERE id IN (900001, 900002)

-- case: the output of a query in EXPLAIN VERBOSE
-- expect: same
EXPLAIN (VERBOSE, COSTS off) SELECT buyer_name FROM orders WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: an alias that the guard uses
-- expect: refused 42939
-- rollback
UPDATE payments AS pgveil_p1 SET method = method WHERE pgveil_p1.id = 900001 RETURNING pgveil_p1.card_holder

-- case: a CTE that the guard uses
-- expect: refused 42939
WITH pgveil_g0_ AS (SELECT false AS redacted) SELECT buyer_name, buyer_email FROM orders, pgveil_g0_ WHERE id = 900001

-- case: a filter beside a cast that cuts the channel
-- expect: refused 42501
SELECT id FROM orders WHERE channel::char(2) = 'eb' AND buyer_name LIKE 'A%';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a filter beside a condition on an order that is not joined
-- expect: refused 42501
SELECT p.id FROM payments p, orders o WHERE o.id = 900012 AND o.channel = 'ebay' AND p.id = 900001 AND p.card_last4 = '1111'

-- case: a filter on a customer beside one of the orders
-- expect: refused 42501
SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.channel = 'ebay' AND c.name LIKE 'A%';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a filter beside a day of the session's time zone
-- expect: refused 42501
SELECT id FROM orders WHERE shipped_at >= current_date - 29 AND buyer_name LIKE 'A%';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a filter beside a channel behind another in some order
-- expect: refused 42501
SELECT id FROM orders WHERE channel > 'amazoo' AND buyer_name LIKE 'A%';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: the payment terms taken away, then read
-- expect: same
-- rollback
UPDATE orders SET payment_terms = NULL WHERE id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a guard whose table a temporary one hides
-- expect: same
CREATE TEMP TABLE orders (id bigint, channel text, shipped_at timestamptz, payment_terms text);
INSERT INTO pg_temp.orders VALUES (900001, 'ebay', now(), 'x');
SELECT card_holder, card_last4 FROM payments WHERE order_id = 900001;
DROP TABLE pg_temp.orders

-- case: a subquery of RETURNING over the row that is changed
-- expect: same or refused
-- rollback
UPDATE orders SET notes = 'x' WHERE id = 900001 RETURNING (SELECT orders.buyer_name), (SELECT buyer_name)

-- case: a function whose table is written with Unicode escapes
-- expect: same or refused
-- rollback
CREATE FUNCTION escaped_name() RETURNS text LANGUAGE sql AS $$ SELECT buyer_name FROM U&"\006frders" WHERE id = 900001 $$;
SELECT escaped_name()

-- case: a copy of distinct names
-- expect: refused 42501
SELECT count(*) FROM distinct_names

-- case: COPY with a delimiter that stands in tags
-- expect: same
COPY (SELECT id, buyer_name FROM orders WHERE id = 900001) TO STDOUT WITH (DELIMITER ':')

-- case: COPY with an escape that stands in tags
-- expect: same
COPY (SELECT id, buyer_name FROM orders WHERE id = 900001) TO STDOUT WITH (FORMAT csv, QUOTE 'p')

-- case: a foreign key that asks for a code
-- expect: refused 42501
-- role: postgres
CREATE TABLE guesses (code char(8) REFERENCES profiles (code));
INSERT INTO guesses VALUES ('CODE-A');
DROP TABLE guesses

-- case: a view made, committed and read in one message
-- expect: same or refused
-- one message
BEGIN; CREATE VIEW just_made AS SELECT buyer_name FROM orders WHERE id = 900001; COMMIT; SELECT * FROM just_made; DROP VIEW just_made

-- case: UPDATE over values that a policy masks in filters
-- expect: same
-- rollback
UPDATE memos SET tag = 'found' WHERE body = 'a secret' RETURNING id, tag

-- case: UPDATE that copies values which a policy lets be copied masked
-- expect: same
-- rollback
UPDATE memos SET tag = body WHERE id = 1 RETURNING tag

-- case: INSERT that copies values which a policy lets be copied masked
-- expect: same
-- rollback
INSERT INTO memos SELECT 9, false, body, body FROM memos WHERE id = 1 RETURNING *

-- case: ON CONFLICT over values that a policy masks in filters
-- expect: same
-- rollback
INSERT INTO memos AS m VALUES (1, false, 'x', 'y') ON CONFLICT (id) DO UPDATE SET tag = 'met' WHERE m.body = 'a secret' RETURNING id, tag

-- case: MERGE over values that a policy masks in filters
-- expect: same
-- rollback
MERGE INTO memos m USING (VALUES ('a secret')) v (b) ON m.body = v.b WHEN MATCHED THEN UPDATE SET tag = 'met' WHEN NOT MATCHED THEN INSERT VALUES (9, false, 'n', 'n');
SELECT id, tag FROM memos ORDER BY id

-- case: a filter over values that a policy masks in filters
-- expect: same
SELECT id FROM memos WHERE body = 'a secret'

-- case: a filter beside a month that can be longer than 30 days
-- expect: refused 42501
SELECT id FROM orders WHERE shipped_at >= now() - interval '1 month' AND buyer_name LIKE 'A%';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a row whose parent is gone
-- expect: same
SELECT body FROM jottings WHERE id = 1

-- case: a row whose parent is gone, in place
-- expect: same
-- rollback
UPDATE jottings SET job_id = job_id WHERE id = 1 RETURNING body

-- case: a row whose parent the client deletes
-- expect: same
-- rollback
DELETE FROM jobs WHERE id = 2;
SELECT body FROM jottings WHERE id = 2

-- case: a trigger of a protected table tells of the row in an error
-- expect: same P0001
DELETE FROM jottings WHERE id = 2

-- case: a trigger of a protected table tells of the row when the transaction is committed
-- expect: same P0001
BEGIN;
UPDATE jottings SET job_id = 2 WHERE id = 2;
COMMIT

-- case: a change that a policy refuses
-- expect: refused 42501
-- rollback
SELECT body FROM memos WHERE id = 1;
UPDATE memos SET body = 'x' WHERE id = 1

-- case: a rule of a protected table copies what it meets
-- expect: refused 0A000
-- rollback
UPDATE ruled SET tag = 'y' WHERE id = 1;
SELECT * FROM of_rules

-- case: a function of an extension that the transaction brings
-- expect: refused 0A000
-- role: postgres
-- rollback
CREATE EXTENSION tablefunc;
SELECT * FROM crosstab('SELECT 1, 1, buyer_name::text FROM orders WHERE id = 900001') AS c (a int, b text)

-- case: two texts that differ in a constant by which a filter is proven
-- expect: refused 42501
SELECT id FROM public.visits WHERE channel = 'ebay' AND visitor LIKE 'a%';
SELECT id FROM public.visits WHERE channel = 'amazon' AND visitor LIKE 'a%'

-- case: a filter beside a range to the same side
-- expect: refused 42501
SELECT id FROM orders WHERE shipped_at < now() - interval '60 days' AND buyer_name = 'Alan Archer'

-- case: a filter beside a condition of an outer join
-- expect: refused 42501
SELECT o.id FROM orders o LEFT JOIN (VALUES (1)) v (n) ON o.channel = 'ebay' WHERE o.buyer_name LIKE 'Alan A%' AND o.id > 900000

-- case: a filter beside a text that is compared with a number
-- expect: refused 42501
SELECT id FROM orders WHERE channel = 5 AND buyer_name LIKE 'A%';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a column, and the column with something behind it
-- expect: same
SELECT buyer_name, buyer_name || '.' FROM orders WHERE id = 900001

-- case: every customer
-- expect: same
SELECT id, name, phone FROM customers ORDER BY id

-- case: every order, by the clock of another time zone
-- expect: same
SET TimeZone = '+167';
SELECT id, buyer_name FROM orders ORDER BY id;
SET TimeZone = '-167';
SELECT id, buyer_name FROM orders ORDER BY id

-- case: a protected column put into another one
-- expect: refused 42501
-- rollback
UPDATE orders SET notes = buyer_name WHERE id = 900001;
SELECT notes FROM orders WHERE id = 900001

-- case: COPY to a program as a superuser
-- expect: refused 42501
-- role: postgres
COPY (SELECT buyer_name FROM orders WHERE id = 900001) TO PROGRAM 'cat > /dev/null';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a library that shows what runs
-- expect: refused 0A000
-- role: postgres
LOAD 'auto_explain';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: the names that set_config brings
-- expect: same
SELECT set_config('search_path', 'other', false);
SELECT note FROM orders WHERE id = 1;
SELECT buyer_name FROM public.orders WHERE id = 900001

-- case: the names that SET brings in the same message
-- expect: same
-- one message
SET search_path = other; SELECT note FROM orders WHERE id = 1; SELECT buyer_name FROM public.orders WHERE id = 900001; SET search_path = public

-- case: the names behind ROLLBACK TO
-- expect: same
BEGIN;
SELECT order_ref FROM orders WHERE id = 900001;
SAVEPOINT s;
SET search_path = other;
SELECT note FROM orders WHERE id = 1;
ROLLBACK TO s;
SELECT order_ref, buyer_name FROM orders WHERE id = 900001;
ROLLBACK

-- case: the schema of a protected table renamed and committed
-- expect: refused 42501
-- role: postgres
ALTER SCHEMA vault RENAME TO cellar;
SELECT body FROM cellar.papers;
ALTER SCHEMA cellar RENAME TO vault

-- case: a name that is another under the client's encoding
-- expect: refused 0A000
SET client_encoding = 'LATIN1';
SELECT body FROM "é"

-- case: an operator of the user's in front of that of the guard
-- expect: same
CREATE FUNCTION public.never(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.never);
SET search_path = public, pg_catalog;
SELECT buyer_name FROM orders ORDER BY id;
RESET search_path;
DROP FUNCTION public.never(varchar, varchar) CASCADE

-- case: jottings of an old job
-- expect: same
SELECT id, body FROM jottings ORDER BY id

-- case: COPY of a copy by its name
-- expect: same
COPY order_names TO STDOUT

-- case: an exemption that is NULL
-- expect: same
SELECT id, remark FROM jobs ORDER BY id

-- case: the names behind DISCARD
-- expect: same
CREATE TEMP TABLE orders (a int);
SELECT a FROM orders;
DISCARD TEMP;
SELECT order_ref, buyer_name FROM orders WHERE id = 900001

-- case: a filter beside a condition with an operator of the user
-- expect: refused 42501
CREATE FUNCTION public.always(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.always);
SET search_path = public, pg_catalog;
SELECT id FROM orders WHERE channel = 'ebay' AND buyer_name LIKE 'Alan A%' AND id > 900000;
RESET search_path;
DROP FUNCTION public.always(varchar, varchar) CASCADE

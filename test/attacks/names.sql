-- Which relation and which column a name means: shadowing, search_path, quoting, truncation.

-- case: a CTE named like the table that it reads
-- expect: same
WITH orders AS (SELECT id, buyer_name FROM orders WHERE id = 900001) SELECT * FROM orders

-- case: a filter through a CTE named like its table
-- expect: refused 42501
WITH orders AS (SELECT id, buyer_name AS n FROM orders) SELECT id FROM orders WHERE n = 'Alan Archer'

-- case: a CTE named like the table, seen in one branch only
-- expect: same
SELECT buyer_name FROM (WITH orders AS (SELECT 'cte' AS buyer_name) SELECT * FROM orders) a UNION ALL SELECT buyer_name FROM orders WHERE id = 900001

-- case: a CTE does not hide the table that is written with its schema
-- expect: same
WITH orders AS (SELECT 1) SELECT buyer_name FROM public.orders WHERE id = 900001

-- case: a filter behind a CTE that hides another table
-- expect: refused 42501
WITH customers AS (SELECT 1 AS id) SELECT o.id FROM public.orders o, customers c WHERE o.buyer_name = 'Alan Archer'

-- case: a later CTE is not visible to an earlier one
-- expect: same
WITH a AS (SELECT buyer_name FROM orders WHERE id = 900001), orders AS (SELECT 'late' AS buyer_name) SELECT * FROM a, orders

-- case: a recursive CTE named like the table
-- expect: same
WITH RECURSIVE orders AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM orders WHERE n < 2) SELECT orders.n, o.buyer_name FROM orders, public.orders o WHERE o.id = 900001 ORDER BY 1

-- case: an alias named like another table
-- expect: same
SELECT customers.buyer_name FROM orders customers WHERE customers.id = 900001

-- case: a filter through an alias named like an unprotected column's table
-- expect: refused 42501
SELECT order_items.id FROM orders order_items WHERE order_items.buyer_name = 'Alan Archer'

-- case: an alias that hides the table in an inner query only
-- expect: same
SELECT (SELECT orders.x FROM (SELECT 1 AS x) orders), orders.buyer_name FROM orders WHERE id = 900001

-- case: the outer table's column where the inner table has none
-- expect: refused 42501
SELECT o.id FROM orders o WHERE o.id = 900001 AND EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id AND buyer_name LIKE 'A%')

-- case: a column named like the table
-- expect: same
SELECT orders FROM (SELECT buyer_name AS orders FROM orders WHERE id = 900001) orders

-- case: quoted names
-- expect: same
SELECT "orders"."buyer_name" FROM "public"."orders" "orders" WHERE "orders"."id" = 900001

-- case: other letter case
-- expect: same
SELECT BUYER_NAME FROM PUBLIC.Orders WHERE ID = 900001

-- case: a filter in other letter case
-- expect: refused 42501
SELECT ID FROM Orders WHERE Buyer_Name = 'Alan Archer'

-- case: Unicode escapes for the table
-- expect: same
SELECT buyer_name FROM U&"\006Frders" WHERE id = 900001

-- case: Unicode escapes for the column, with another escape character
-- expect: refused 42501
SELECT id FROM orders WHERE U&"!0062uyer_name" UESCAPE '!' = 'Alan Archer'

-- case: a name longer than 63 bytes that is cut to an alias
-- expect: refused 42501
SELECT id FROM orders aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa WHERE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaazzzz.buyer_name = 'Alan Archer'

-- case: search_path to a table that is not protected, and back
-- expect: same
SET search_path = other;
SELECT buyer_name FROM orders WHERE id = 900001;
SET search_path = public;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: search_path set and used in one message
-- expect: same
-- one message
SET search_path = other; SELECT buyer_name FROM orders WHERE id = 900001; SET search_path = public; SELECT buyer_name FROM orders WHERE id = 900001

-- case: search_path in a filter of one message
-- expect: refused 42501
-- one message
SET search_path = other; SET search_path = public; SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: search_path by set_config in the same statement
-- expect: same
SET search_path = other;
SELECT set_config('search_path', 'public', false);
SELECT buyer_name FROM orders WHERE id = 900001

-- case: search_path in a transaction that is rolled back
-- expect: same
SET search_path = public;
BEGIN;
SET search_path = other;
ROLLBACK;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: search_path behind a savepoint
-- expect: same
-- rollback
SAVEPOINT a;
SET LOCAL search_path = other;
ROLLBACK TO a;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a prepared statement that is planned again under another search_path
-- expect: same
SET search_path = other;
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
EXECUTE p;
SET search_path = public;
EXECUTE p

-- case: a prepared filter that is planned again under another search_path
-- expect: same or refused
SET search_path = other;
PREPARE p AS SELECT count(*) FROM orders WHERE buyer_name = 'Alan Archer';
EXECUTE p;
SET search_path = public;
EXECUTE p

-- case: a pipelined SET and a query that it redirects
-- expect: same
-- pipelined
SET search_path = other;
SELECT buyer_name FROM orders WHERE id = 900001;
SET search_path = public;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a pipelined set_config and a filter
-- expect: same or refused
-- pipelined
SET search_path = other;
SELECT set_config('search_path', 'public', false);
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: a temporary table hides the protected one, then goes
-- expect: same
CREATE TEMP TABLE orders (id bigint, buyer_name text);
SELECT buyer_name FROM orders WHERE id = 900001;
DROP TABLE pg_temp.orders;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a temporary table in a transaction that is rolled back
-- expect: same
BEGIN;
CREATE TEMP TABLE orders (id bigint, buyer_name text);
ROLLBACK;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a temporary view over the protected table of the same name
-- expect: same or refused
CREATE TEMP VIEW orders AS SELECT id, buyer_name AS note FROM public.orders;
SELECT note FROM orders WHERE id = 900001

-- case: a filter through a temporary view
-- expect: refused
CREATE TEMP VIEW t AS SELECT id, buyer_name AS note FROM public.orders;
SELECT id FROM t WHERE note = 'Alan Archer'

-- case: a temporary table dropped by DISCARD
-- expect: same
CREATE TEMP TABLE orders (id bigint, buyer_name text);
DISCARD TEMP;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: pg_temp behind public
-- expect: same
CREATE TEMP TABLE orders (id bigint, buyer_name text);
SET search_path = public, pg_temp;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: pg_catalog behind public, with a relation of the user's named like a catalog
-- expect: refused
-- rollback
CREATE VIEW public.pg_class AS SELECT id, buyer_name AS relname FROM orders;
SET LOCAL search_path = public, pg_catalog;
SELECT relname FROM pg_class WHERE id = 900001

-- case: operators of the user's before those of pg_catalog
-- expect: same or refused
-- rollback
CREATE FUNCTION public.never(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.never);
SET LOCAL search_path = public, pg_catalog;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a view named with quotes and spaces
-- expect: same
SELECT "The Name" FROM "Odd View" WHERE "Id" = 900001

-- case: a filter through a view named with quotes
-- expect: refused 42501
SELECT "Id" FROM "Odd View" WHERE "The Name" = 'Alan Archer'

-- case: a column that only the outer alias can mean
-- expect: refused 42501
SELECT x.id FROM orders x WHERE (SELECT x.buyer_name) = 'Alan Archer'

-- case: GROUP BY takes the input column before the output name
-- expect: same
SELECT max(channel) AS buyer_name, count(*) FROM orders WHERE id IN (900001, 900002, 900003) GROUP BY buyer_name ORDER BY 2, 1

-- case: ORDER BY takes the output name before the input column
-- expect: same
SELECT id AS total, buyer_name AS id FROM orders WHERE id IN (900001, 900003) ORDER BY id

-- case: a join that renames by USING and hides both
-- expect: same
SELECT * FROM (SELECT id, buyer_name FROM orders WHERE id = 900001) a JOIN (SELECT id, answer FROM survey_responses) b USING (id)

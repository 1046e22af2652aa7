-- search_path, roles and identifiers in all their forms: which table a name means when the server gets it.

-- case: search_path by ALTER ROLE, in a session of its own
-- expect: same
-- role: postgres
ALTER ROLE shop_app IN DATABASE shop SET search_path = other;
SET SESSION AUTHORIZATION shop_app;
SELECT buyer_name FROM orders WHERE id = 900001;
RESET SESSION AUTHORIZATION;
ALTER ROLE shop_app IN DATABASE shop RESET search_path

-- case: search_path by "$user"
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE SCHEMA shop_app CREATE TABLE orders (id bigint, buyer_name text);
GRANT USAGE ON SCHEMA shop_app TO shop_app;
GRANT SELECT ON shop_app.orders TO shop_app;
SET LOCAL search_path = "$user", public;
SELECT buyer_name FROM orders WHERE id = 900001;
SET LOCAL ROLE shop_app;
SELECT count(*) FROM shop_app.orders;
RESET ROLE;
SELECT buyer_name FROM public.orders WHERE id = 900001

-- case: search_path of a string with several schemas
-- expect: same 42P01
SET search_path = 'other, public';
SELECT buyer_name FROM orders WHERE id = 900001;
SET search_path TO other, public;
SELECT buyer_name FROM public.orders WHERE id = 900001

-- case: search_path to schemas that do not exist
-- expect: same
SET search_path = nowhere, "Public", public;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: search_path to DEFAULT and by RESET
-- expect: same
SET search_path = other;
SET search_path TO DEFAULT;
SELECT buyer_name FROM orders WHERE id = 900001;
SET search_path = other;
RESET search_path;
SELECT gift_message FROM orders WHERE id = 900001;
SET search_path = other;
RESET ALL;
SELECT ship_city FROM orders WHERE id = 900001

-- case: search_path by SET SCHEMA
-- expect: same
SET SCHEMA 'other';
SELECT count(*) FROM orders;
SET SCHEMA 'public';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: search_path by set_config in a CTE of the statement that reads
-- expect: same
SET search_path = other;
WITH s AS MATERIALIZED (SELECT set_config('search_path', 'public', false)) SELECT o.buyer_name FROM s, orders o WHERE o.id = 900001;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: search_path by set_config for the transaction, in one message
-- expect: refused 0A000
-- one message
SET search_path = other; SELECT set_config('search_path', 'public', true); SELECT buyer_name FROM orders WHERE id = 900001

-- case: search_path of the transaction that COMMIT ends
-- expect: same
SET search_path = public;
BEGIN;
SET LOCAL search_path = other;
SELECT count(*) FROM orders;
COMMIT;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a filter behind the COMMIT that ends a search_path
-- expect: refused
-- one message
BEGIN; SET LOCAL search_path = other; SELECT count(*) FROM orders WHERE buyer_name = 'nobody'; COMMIT; SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: a filter behind the ROLLBACK TO that ends a search_path, in one pipeline
-- expect: refused
-- pipelined
BEGIN;
SAVEPOINT s;
SET LOCAL search_path = other;
SELECT count(*) FROM orders WHERE buyer_name = 'nobody';
ROLLBACK TO s;
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: search_path by a function with a SET clause
-- expect: same 42883
SET search_path = other;
SELECT quiet();
SELECT buyer_name FROM public.orders WHERE id = 900001;
SELECT count(*) FROM orders

-- case: search_path that a function leaves behind
-- expect: same
SET search_path = other;
SELECT public.look_here();
SELECT buyer_name FROM orders WHERE id = 900001;
SELECT id FROM orders ORDER BY id LIMIT 3

-- case: a filter where a function has changed the search_path
-- expect: refused 42501
SET search_path = other;
SELECT public.look_here();
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: a procedure that changes the search_path
-- expect: refused 42501
SET search_path = other;
CALL public.look_here_by_call();
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: DISCARD ALL ends a search_path
-- expect: refused 42501
SET search_path = other;
SELECT count(*) FROM orders WHERE buyer_name = 'nobody';
DISCARD ALL;
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: pg_catalog last, and a table named like a catalog
-- expect: refused 0A000
-- role: postgres
-- rollback
CREATE TABLE public.pg_stats AS SELECT 1 AS one;
SET LOCAL search_path = public, pg_catalog;
SELECT * FROM pg_stats;
SELECT histogram_bounds::text FROM pg_catalog.pg_stats WHERE tablename = 'orders' AND attname = 'buyer_email'

-- case: the statistics under a search_path without pg_catalog
-- expect: same
SET search_path = other;
SELECT tablename, most_common_vals::text FROM pg_stats WHERE schemaname = 'public' AND tablename = 'orders' AND attname = 'buyer_name'

-- case: pg_temp by its number
-- expect: same
CREATE TEMP TABLE orders (id bigint, buyer_name text);
SELECT count(*) FROM pg_temp.orders;
SELECT buyer_name FROM public.orders WHERE id = 900001;
DROP TABLE pg_temp.orders;
SELECT gift_message FROM orders WHERE id = 900001

-- case: SET ROLE to one whose tables have the same names
-- expect: same
SET ROLE view_reader;
RESET ROLE;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: SET ROLE NONE, LOCAL and rolled back
-- expect: same
-- role: postgres
BEGIN;
SET LOCAL ROLE compliance;
SELECT buyer_name FROM orders WHERE id = 900001;
ROLLBACK;
SET ROLE compliance;
SET ROLE NONE;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: SET SESSION AUTHORIZATION and back
-- expect: same
-- role: postgres
SET SESSION AUTHORIZATION compliance;
SELECT buyer_name FROM orders WHERE id = 900001;
SET SESSION AUTHORIZATION DEFAULT;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: the role by set_config
-- expect: same
-- role: postgres
SELECT set_config('role', 'compliance', false);
SELECT buyer_name FROM orders WHERE id = 900001

-- case: session_authorization by set_config
-- expect: same
-- role: postgres
SELECT set_config('session_authorization', 'compliance', false);
SELECT buyer_name FROM orders WHERE id = 900001

-- case: Unicode identifiers with escapes of six digits
-- expect: same
SELECT U&"\+000062uyer_name" FROM U&"order\0073" WHERE id = 900001

-- case: Unicode identifiers by a pair of surrogates, as an alias
-- expect: same
SELECT U&"\D83D\DC18".buyer_name FROM orders AS U&"\D83D\DC18" WHERE U&"\D83D\DC18".id = 900001

-- case: Unicode identifiers with UESCAPE for table, column and alias
-- expect: refused 42501
SELECT U&"d!0061ta" UESCAPE '!'.id FROM U&"!006Frders" UESCAPE '!' AS U&"d!0061ta" UESCAPE '!' WHERE buyer_name = 'Alan Archer'

-- case: a table's name that is cut to 63 bytes in the middle of a letter
-- expect: same
SELECT nickname FROM äääääääääääääääääääääääääääääääööö WHERE id = 1

-- case: a filter on a table whose name is cut in the middle of a letter
-- expect: refused 42501
SELECT id FROM ääääääääääääääääääääääääääääääääääääääääääää WHERE nickname = 'ann'

-- case: a column whose name is cut to 63 bytes
-- expect: same
SELECT ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc FROM ääääääääääääääääääääääääääääääää WHERE id = 1

-- case: an alias that is cut to the name of another
-- expect: refused 42501
SELECT tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttxx.id FROM orders tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttyy WHERE tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttzz.buyer_name = 'Alan Archer'

-- case: mixed case that only quotes keep
-- expect: same
SELECT "Name", p."Name" FROM profiles p WHERE id = 1

-- case: letters that fold beyond ASCII
-- expect: same
SELECT o.BUYER_NAME AS "İ" FROM ORDERS AS o WHERE o.ID = 900001

-- case: keywords as names
-- expect: same
SELECT "select"."from" FROM (SELECT buyer_name AS "from" FROM orders WHERE id = 900001) AS "select"

-- case: a table of the same name in a schema that is not searched
-- expect: same
SELECT a.buyer_name, b.buyer_name FROM other.orders a JOIN public.orders b USING (id) WHERE id = 900001

-- case: a filter by the name of a table that is joined from another schema
-- expect: refused 42501
SELECT a.id FROM other.orders a JOIN public.orders b USING (id) WHERE b.buyer_name = 'Alan Archer'

-- case: standard_conforming_strings, backslash_quote and warnings
-- expect: same
SET backslash_quote = on;
SET escape_string_warning = on;
SELECT E'\'', buyer_name, 'a\b' FROM orders WHERE id = 900001

-- case: standard_conforming_strings off, without a backslash
-- expect: same
SET standard_conforming_strings = off;
SELECT 'plain', buyer_name FROM orders WHERE id = 900001

-- case: standard_conforming_strings off, a filter behind a backslash
-- expect: refused
SET standard_conforming_strings = off;
SELECT id FROM orders WHERE 'x\'' <> ' AND id = 1 --' AND buyer_name = 'Alan Archer'

-- case: an encoding of one byte
-- expect: same
SET client_encoding = 'LATIN1';
SELECT buyer_name FROM orders WHERE id = 900001;
SET NAMES 'WIN1252';
SELECT gift_message FROM orders WHERE id = 900001

-- case: an encoding of several bytes
-- expect: same
SET client_encoding TO 'EUC_JP';
SELECT buyer_name FROM orders WHERE id = 900001;
SET client_encoding TO 'BIG5';
SELECT gift_message FROM orders WHERE id = 900001

-- case: no encoding at all
-- expect: same
SET client_encoding = 'SQL_ASCII';
SELECT buyer_name, ship_city FROM orders WHERE id = 900001

-- case: a filter under an encoding of one byte
-- expect: refused 42501
SET client_encoding = 'LATIN1';
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: an encoding set and used in one pipeline
-- expect: same
-- pipelined
SET client_encoding = 'GBK';
SELECT buyer_name FROM orders WHERE id = 900001;
SET client_encoding = 'UTF8';
SELECT gift_message FROM orders WHERE id = 900001

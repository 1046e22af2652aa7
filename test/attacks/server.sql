-- The server's files, programs and settings, and changes of the schema.

-- case: COPY to a program
-- expect: refused
-- role: postgres
COPY (SELECT buyer_name FROM orders WHERE id = 900001) TO PROGRAM 'cat > leak.txt';
SELECT pg_read_file('leak.txt')

-- case: COPY of a table to a program
-- expect: refused
-- role: postgres
COPY legacy_contacts TO PROGRAM 'cat > leak.txt';
SELECT md5(pg_read_file('leak.txt'))

-- case: COPY from a program that asks the server itself
-- expect: refused
-- role: postgres
-- rollback
COPY (SELECT buyer_name FROM orders WHERE id = 900001) TO PROGRAM 'cat > leak.txt';
COPY leaks (what) FROM PROGRAM 'cat leak.txt';
SELECT what FROM leaks

-- case: the table's file
-- expect: refused
-- role: postgres
CHECKPOINT;
SELECT md5(pg_read_binary_file(pg_relation_filepath('profiles')))

-- case: a large object from a file
-- expect: refused
-- role: postgres
-- rollback
CHECKPOINT;
SELECT lo_import(current_setting('data_directory') || '/' || pg_relation_filepath('profiles'), 4243);
SELECT md5(lo_get(4243))

-- case: ALTER TABLE adds a generated copy
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE orders ADD COLUMN copy text GENERATED ALWAYS AS (buyer_name) STORED;
SELECT copy FROM orders WHERE id = 900001

-- case: ALTER TABLE renames a protected column
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE orders RENAME COLUMN buyer_name TO note;
SELECT note FROM orders WHERE id = 900001

-- case: ALTER TABLE renames the table
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE survey_responses RENAME TO answers;
SELECT answer FROM answers WHERE id = 900001

-- case: ALTER TABLE moves the table
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE survey_responses SET SCHEMA other;
SELECT answer FROM other.survey_responses WHERE id = 900001

-- case: ALTER TABLE changes the type by an expression
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE order_addresses ALTER COLUMN country TYPE varchar(200) USING name;
SELECT country FROM order_addresses WHERE id = 900001

-- case: ALTER TABLE adds a check that fails where a name is as guessed
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE orders ADD CHECK (buyer_name <> 'Alan Archer')

-- case: CREATE UNIQUE INDEX quotes a duplicate
-- expect: refused
-- role: postgres
-- rollback
CREATE UNIQUE INDEX ON survey_responses (answer) WHERE order_id IN (900001, 900002, 900003)

-- case: CREATE INDEX over a function that fails
-- expect: refused
-- role: postgres
-- rollback
CREATE INDEX ON orders ((1 / (length(buyer_name) - 11))) WHERE id = 900001

-- case: a domain check over what is stored
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE profiles ALTER COLUMN "Name" TYPE nonblank USING CASE "Name" WHEN 'Alan' THEN '' ELSE "Name" END

-- case: a new child of a protected table
-- expect: refused
-- role: postgres
-- rollback
CREATE TABLE newer_orders () INHERITS (orders);
INSERT INTO newer_orders SELECT * FROM orders WHERE id = 900001;
SELECT buyer_name FROM newer_orders

-- case: a policy of row security that tells
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE survey_responses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON survey_responses USING (rating = 5);
SET LOCAL ROLE shop_app;
SELECT id FROM survey_responses WHERE order_id IN (900001, 900002)

-- case: a rule on a protected table
-- expect: refused
-- role: postgres
-- rollback
CREATE RULE tell AS ON UPDATE TO survey_responses DO ALSO INSERT INTO leaks VALUES (OLD.id, OLD.answer);
UPDATE survey_responses SET answered_at = now() WHERE id = 900001;
SELECT what FROM leaks

-- case: a publication and a slot
-- expect: same or refused
-- role: postgres
SELECT 1 FROM (SELECT current_setting('wal_level')) s, (SELECT buyer_name AS n FROM orders WHERE id = 900001) o WHERE o.n IS NOT NULL AND o.n = 'Alan Archer'

-- case: another role
-- expect: same
SET ROLE shop_app;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: an exempt role by SET ROLE
-- expect: same
-- role: postgres
SET ROLE compliance;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: an exempt role by SET SESSION AUTHORIZATION
-- expect: same
-- role: postgres
SET SESSION AUTHORIZATION compliance;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a time zone that puts the clock back
-- expect: same
SET TimeZone = '+167';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a date style and an interval style of its own
-- expect: same
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SELECT buyer_name, paid_at FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = 900001

-- case: settings of the planner that change which error comes first
-- expect: same
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET debug_parallel_query = on;
SELECT length(buyer_name) FROM orders WHERE id = 900001

-- case: row_security, lc_messages and client_min_messages
-- expect: same
SET client_min_messages = debug1;
SET row_security = off;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: bytea as escapes and numbers as wide as they are
-- expect: same
SET bytea_output = escape;
SET extra_float_digits = 3;
SELECT buyer_name::bytea, geo_lat::float8 FROM orders WHERE id = 900001

-- case: parse trees in debug messages
-- expect: same or refused
-- role: postgres
SET client_min_messages = log;
SET debug_print_parse = on;
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: settings of the session for one transaction
-- expect: same
BEGIN;
SET LOCAL search_path = other, public;
SELECT name FROM customers WHERE id = 900001;
COMMIT;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a repeatable snapshot that is older than the update
-- expect: same
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT buyer_name FROM orders WHERE id = 900001;
ROLLBACK

-- case: VACUUM and ANALYZE in messages of detail
-- expect: same or refused
-- role: postgres
SELECT buyer_name FROM orders WHERE id = 900001;
ANALYZE orders

-- case: the schema of protected tables renamed
-- expect: refused
-- role: postgres
-- rollback
ALTER SCHEMA public RENAME TO elsewhere;
SELECT buyer_name FROM elsewhere.orders WHERE id = 900001

-- case: another schema takes the name of the one with protected tables
-- expect: refused
-- role: postgres
-- rollback
ALTER SCHEMA other RENAME TO other_2;
ALTER SCHEMA public RENAME TO other;
SELECT buyer_name FROM other.orders WHERE id = 900001

-- case: the role that is exempt renamed
-- expect: same or refused
-- role: postgres
-- rollback
ALTER ROLE compliance RENAME TO compliance_2;
ALTER ROLE shop_report RENAME TO compliance;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: membership in the exempt role
-- expect: same or refused
-- role: postgres
-- rollback
GRANT compliance TO shop_app;
SET LOCAL ROLE shop_app;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: settings by UPDATE of pg_settings
-- expect: same
UPDATE pg_settings SET setting = 'other' WHERE name = 'search_path';
SELECT buyer_name FROM orders WHERE id = 900001;
UPDATE pg_settings SET setting = 'public' WHERE name = 'search_path';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: a filter after UPDATE of pg_settings
-- expect: refused 42501
UPDATE pg_settings SET setting = 'public' WHERE name = 'search_path';
SELECT count(*) FROM orders WHERE buyer_name = 'Alan Archer'

-- case: strings by UPDATE of pg_settings
-- expect: same or refused
UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings';
SELECT 'a\'' AS x, buyer_name FROM orders WHERE id = 900001 --'

-- case: settings whose names are computed
-- expect: same
SELECT set_config('search' || '_path', 'other', false);
SELECT buyer_name FROM orders WHERE id = 900001;
SELECT set_config(lower('SEARCH_PATH'), 'public', false);
SELECT buyer_name FROM orders WHERE id = 900001

-- case: settings by DO
-- expect: same or refused
DO $$ BEGIN PERFORM set_config('search_path', 'other', false); END $$;
SELECT buyer_name FROM orders WHERE id = 900001;
DO $$ BEGIN PERFORM set_config('search_path', 'public', false); END $$;
SELECT buyer_name FROM orders WHERE id = 900001

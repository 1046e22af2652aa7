-- Utility statements and DDL.

-- case: a transaction
BEGIN
-- =>
-- pass
-- kind transaction

-- case: a savepoint
SAVEPOINT s
-- =>
-- pass
-- kind transaction

-- case: back to a savepoint
ROLLBACK TO SAVEPOINT s
-- =>
-- pass
-- kind transaction
-- effect environment

-- case: a setting
SET statement_timeout = '5s'
-- =>
-- pass
-- kind set

-- case: the search path
SET search_path = other, public
-- =>
-- pass
-- kind set
-- effect environment

-- case: the search path for one transaction
SET LOCAL search_path TO public
-- =>
-- pass
-- kind set
-- effect environment

-- case: the role
SET ROLE shop_report
-- =>
-- pass
-- kind set
-- effect environment

-- case: all settings
RESET ALL
-- =>
-- pass
-- kind set
-- effect environment

-- case: a setting shown
SHOW search_path
-- =>
-- pass
-- kind set

-- case: DISCARD ALL
DISCARD ALL
-- =>
-- pass
-- kind utility
-- effect discard all
-- effect environment

-- case: DISCARD TEMP
DISCARD TEMPORARY
-- =>
-- pass
-- kind utility
-- effect discard temp
-- effect environment

-- case: a lock on a protected table
LOCK TABLE orders IN SHARE MODE
-- =>
-- pass
-- kind utility

-- case: VACUUM of a protected table
VACUUM (ANALYZE) orders
-- =>
-- pass
-- kind utility

-- case: TRUNCATE of a protected table
TRUNCATE survey_responses
-- =>
-- pass
-- kind utility

-- case: a notification
NOTIFY orders, 'new'
-- =>
-- pass
-- kind utility

-- case: a table
CREATE TABLE fresh (id int PRIMARY KEY, name text)
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a table named like a protected one elsewhere
CREATE TABLE other.customers_old (id int)
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a table whose key points at a protected table's key
CREATE TABLE parcels (id int PRIMARY KEY, order_id bigint REFERENCES orders (id))
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: an index on an unprotected table
CREATE INDEX ON products (title)
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: DDL on an unprotected table
ALTER TABLE notes ADD COLUMN more text
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: DDL that the policy allows
ALTER TABLE visits ADD COLUMN more text
-- =>
-- pass
-- kind ddl
-- effect ddl [visits]
-- effect environment

-- case: dropping an unprotected table
DROP TABLE notes
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: dropping a view over a protected table
DROP VIEW IF EXISTS loud_buyers
-- =>
-- pass
-- kind ddl
-- effect ddl [loud_buyers]
-- effect environment

-- case: a view over a protected table
CREATE VIEW order_refs AS SELECT id, order_ref, buyer_name FROM orders
-- =>
-- pass
-- kind ddl
-- effect ddl [order_refs, any-code]
-- effect environment

-- case: a view that takes the place of another
CREATE OR REPLACE VIEW ebay_buyers AS SELECT id, buyer_name FROM orders
-- =>
-- pass
-- kind ddl
-- effect ddl [ebay_buyers, any-code]
-- effect environment

-- case: a table of unprotected columns
CREATE TABLE totals AS SELECT channel, sum(total) AS total FROM orders GROUP BY channel
-- =>
CREATE TABLE totals AS SELECT channel, sum(total) AS total FROM (SELECT pgveil_t."channel", pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders" GROUP BY channel
-- kind ddl
-- effect environment
-- effect ddl []

-- case: a table from rows that are not redacted
CREATE TABLE ebay_orders AS SELECT id, buyer_name FROM orders WHERE channel = 'ebay'
-- =>
CREATE TABLE ebay_orders AS SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay'
-- kind ddl
-- effect environment
-- effect ddl []

-- case: a temporary table from protected columns
CREATE TEMP TABLE mine AS SELECT id, buyer_name FROM orders
-- =>
CREATE TEMP TABLE mine AS SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- kind ddl
-- masked public.orders.buyer_name
-- effect environment

-- case: SELECT INTO a temporary table
SELECT id, buyer_name INTO TEMP mine FROM orders
-- =>
SELECT id, buyer_name INTO TEMP mine FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- masked public.orders.buyer_name
-- effect environment

-- case: SELECT INTO of unprotected columns
SELECT id, total INTO totals FROM orders
-- =>
SELECT id, total INTO totals FROM (SELECT pgveil_t."id", pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders"
-- effect environment
-- effect ddl []

-- case: a materialized view is refreshed
REFRESH MATERIALIZED VIEW order_names
-- =>
-- pass
-- kind utility
-- withhold all

-- case: rights
GRANT SELECT ON orders TO shop_report
-- =>
-- pass
-- kind ddl
-- effect ddl [orders]
-- effect environment

-- case: a comment
COMMENT ON TABLE orders IS 'orders'
-- =>
-- pass
-- kind utility

-- case: a function
CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2'
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: dropping a function
DROP FUNCTION add_one(int)
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a block
DO $$ BEGIN PERFORM 1; END $$
-- =>
-- pass
-- kind do
-- effect environment

-- case: a type
CREATE TYPE mood AS ENUM ('calm')
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: an extension
CREATE EXTENSION IF NOT EXISTS pg_trgm
-- =>
-- pass
-- kind ddl
-- effect ddl [pg_trgm, any-code]
-- effect environment

-- case: the empty statement
;
-- =>
-- pass

-- case: an inheriting table
CREATE TABLE more_orders () INHERITS (orders)
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a table like a protected one
CREATE TABLE like_orders (LIKE orders INCLUDING ALL)
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a trigger on an unprotected table
CREATE TRIGGER t BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION stay()
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a function that reads protected rows
CREATE FUNCTION q() RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders'
-- =>
-- pass
-- kind ddl
-- effect ddl [q, text, language, sql, as, SELECT buyer_name FROM orders, any-code]
-- effect environment

-- case: a function that calls one
CREATE FUNCTION q() RETURNS text LANGUAGE sql AS 'SELECT name_of(1)'
-- =>
-- pass
-- kind ddl
-- effect ddl [q, text, language, sql, as, SELECT name_of(1), any-code]
-- effect environment

-- case: a view over an unprotected table
CREATE VIEW titles AS SELECT title FROM products
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a view that calls a harmless function
CREATE VIEW more AS SELECT add_one(1)
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: a domain with a check
CREATE DOMAIN positive AS int CHECK (VALUE > 1)
-- =>
-- pass
-- kind ddl
-- effect ddl [positive, pg_catalog, int4, >, value, any-code]
-- effect environment

-- case: an operator
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)
-- =>
-- pass
-- kind ddl
-- effect ddl [===, leftarg, pg_catalog, int4, rightarg, pg_catalog, int4, function, int4eq, any-code]
-- effect environment

-- case: a function renamed
ALTER FUNCTION add_one(int) RENAME TO add_two
-- =>
-- pass
-- kind ddl
-- effect ddl [add_one, pg_catalog, int4, pg_catalog, int4, add_two, any-code]
-- effect environment

-- case: an unprotected table renamed
ALTER TABLE products RENAME TO goods
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: DROP OWNED of a role that owns nothing protected
DROP OWNED BY shop_report
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

-- case: DROP SCHEMA of what is not protected
-- not run
DROP SCHEMA elsewhere, nowhere CASCADE
-- =>
-- pass
-- kind ddl
-- effect ddl []
-- effect environment

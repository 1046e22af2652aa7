-- DDL on protected tables and what reads them unseen.

-- case: ALTER TABLE
ALTER TABLE orders ALTER COLUMN buyer_name TYPE text
-- =>
-- refuse 42501 ddl at 13 (orders): ALTER TABLE on "public.orders" is not allowed

-- case: a column added
ALTER TABLE public.customers ADD COLUMN more text DEFAULT 'x'
-- =>
-- refuse 42501 ddl at 13 (public): ALTER TABLE on "public.customers" is not allowed

-- case: DROP TABLE
DROP TABLE notes, orders
-- =>
-- refuse 42501 ddl at 19 (orders): DROP on "public.orders" is not allowed

-- case: DROP TABLE in a schema
DROP TABLE public.payments CASCADE
-- =>
-- refuse 42501 ddl at 19 (payments): DROP on "public.payments" is not allowed

-- case: an index on a protected column
CREATE UNIQUE INDEX ON orders (lower(buyer_name))
-- =>
-- refuse 42501 ddl at 24 (orders): CREATE INDEX on "public.orders" is not allowed

-- case: statistics
CREATE STATISTICS s ON buyer_name, ship_city FROM orders
-- =>
-- refuse 42501 ddl at 51 (orders): CREATE STATISTICS on "public.orders" is not allowed

-- case: a trigger
CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stay()
-- =>
-- refuse 42501 ddl at 35 (orders): CREATE TRIGGER on "public.orders" is not allowed

-- case: a rule
CREATE RULE r AS ON INSERT TO products DO ALSO INSERT INTO notes (id, note) SELECT id, buyer_name FROM orders
-- =>
-- refuse 42501 ddl at 104 (orders): CREATE RULE on "public.orders" is not allowed

-- case: a row security policy
CREATE POLICY p ON orders USING (buyer_name = 'x')
-- =>
-- refuse 42501 filter at 34 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: renaming
ALTER TABLE orders RENAME TO old_orders
-- =>
-- refuse 42501 ddl at 13 (orders): RENAME on "public.orders" is not allowed

-- case: renaming a column
ALTER TABLE orders RENAME COLUMN buyer_name TO buyer
-- =>
-- refuse 42501 ddl at 13 (orders): RENAME on "public.orders" is not allowed

-- case: another schema
ALTER TABLE orders SET SCHEMA other
-- =>
-- refuse 42501 ddl at 13 (orders): SET SCHEMA on "public.orders" is not allowed

-- case: a table whose key points at a protected column
CREATE TABLE guesses (name varchar(120) REFERENCES customers (name))
-- =>
-- refuse 42501 ddl at 52 (customers): CREATE TABLE on "public.customers" is not allowed

-- case: a publication
CREATE PUBLICATION p FOR TABLE orders
-- =>
-- refuse 42501 ddl at 32 (orders): CREATE PUBLICATION on "public.orders" is not allowed

-- case: a table from protected columns
CREATE TABLE copied AS SELECT id, buyer_name FROM orders
-- =>
-- refuse 42501 copy at 35 (buyer_name): cannot store column "buyer_name" of "public.orders" in "copied": it is redacted

-- case: an unlogged table from protected columns
CREATE UNLOGGED TABLE copied AS TABLE orders
-- =>
-- refuse 42501 copy at 39 (orders): cannot store column "buyer_name" of "public.orders" in "copied": it is redacted

-- case: SELECT INTO
SELECT id, buyer_name INTO copied FROM orders
-- =>
-- refuse 42501 copy at 12 (buyer_name): cannot store column "buyer_name" of "public.orders" in "copied": it is redacted

-- case: a materialized view over protected columns
CREATE MATERIALIZED VIEW copied AS SELECT id, buyer_name FROM orders
-- =>
-- refuse 42501 copy at 47 (buyer_name): cannot store column "buyer_name" of "public.orders" in "copied": it is redacted

-- case: a temporary view
CREATE TEMP VIEW v AS SELECT buyer_name FROM orders
-- =>
-- refuse 0A000 statement at 18 (v): pgveil does not support a temporary view where protected data is concerned

-- case: dropping a materialized view over protected columns
DROP MATERIALIZED VIEW order_names
-- =>
-- refuse 42501 ddl at 24 (order_names): DROP on "public.order_names" is not allowed

-- case: a block that reads protected rows
DO $$ BEGIN PERFORM buyer_name FROM orders; END $$
-- =>
-- refuse 42501 function at 4 ($$ BEGIN PERFORM buyer_name FROM orders; END $$): DO is not allowed: it reads public.orders (buyer_name)

-- case: a block that makes SQL
DO $$ BEGIN EXECUTE 'SELECT 1'; END $$
-- =>
-- refuse 42501 function at 4 ($$ BEGIN EXECUTE 'SELECT 1'; END $$): DO is not allowed: it runs SQL that it makes up (EXECUTE)

-- case: a block in another language
DO LANGUAGE plperl 'x'
-- =>
-- refuse 42501 function at 20 ('x'): DO is not allowed: it is written in plperl, which pgveil does not read

-- case: loading a library
LOAD 'x'
-- =>
-- refuse 0A000 statement at 1 (load): pgveil does not support LOAD where protected data is concerned

-- case: DDL on a closed table
DROP TABLE closed_table
-- =>
-- refuse 42501 ddl at 12 (closed_table): DROP on "public.closed_table" is not allowed

-- case: an event trigger
CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION tell_note()
-- =>
-- refuse 42501 function at 1 (create): function public.tell_note() is not allowed: it reads public.orders (buyer_name)

-- case: a foreign table
CREATE FOREIGN TABLE f (id int) SERVER s
-- =>
-- refuse 0A000 statement at 1 (create): pgveil does not support CREATE FOREIGN TABLE where protected data is concerned

-- case: a name that the open transaction has changed
-- uncommitted: order_refs
SELECT buyer_name FROM order_refs
-- =>
-- refuse 0A000 stale at 24 (order_refs): "order_refs" was changed in a transaction, and pgveil has not seen it yet

-- case: a trigger whose function reads protected rows
CREATE TRIGGER t BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION tell_note()
-- =>
-- refuse 42501 function at 1 (create): function public.tell_note() is not allowed: it reads public.orders (buyer_name)

-- case: TRUNCATE of a table whose trigger reads protected rows
TRUNCATE noted
-- =>
-- refuse 42501 function at 10 (noted): the statement writes to public.noted, whose trigger runs public.tell_note(), which reads public.orders (buyer_name)

-- case: data behind a definition of code in the same text
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); SELECT sku FROM products
-- =>
-- refuse 0A000 stale at 73 (select): no data can be read or written here: the transaction has defined code that reads protected relations, or that pgveil has not read
-- kind ddl
-- effect ddl [===, leftarg, pg_catalog, int4, rightarg, pg_catalog, int4, function, int4eq, any-code]
-- effect environment

-- case: DROP SCHEMA of protected tables, behind another
DROP SCHEMA nowhere, public CASCADE
-- =>
-- refuse 42501 ddl at 1 (drop): DROP on "public.orders" is not allowed

-- case: DROP OWNED of the role that owns them
DROP OWNED BY postgres CASCADE
-- =>
-- refuse 42501 ddl at 1 (drop): DROP OWNED on "public.orders" is not allowed

-- case: DROP OWNED of the role of the login
DROP OWNED BY SESSION_USER
-- =>
-- refuse 42501 ddl at 1 (drop): DROP OWNED on "public.orders" is not allowed

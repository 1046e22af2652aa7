-- The first refused statement ends the text.

-- case: the second of two
SELECT 1; SELECT id FROM orders WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 39 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: behind a rewritten one, with letters of several bytes
SELECT 'ä€', buyer_name FROM orders; SELECT id FROM orders WHERE buyer_email = 'x'; SELECT 3
-- =>
-- refuse 42501 filter at 66 (buyer_email): cannot filter on column "buyer_email" of "public.orders": it is redacted
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: the first
SELECT id FROM orders WHERE buyer_name = 'x'; SELECT 1
-- =>
-- refuse 42501 filter at 29 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a name that the text has changed
CREATE VIEW w AS SELECT buyer_name FROM orders; SELECT * FROM w
-- =>
-- refuse 0A000 stale at 63 (w): "w" was changed in a transaction, and pgveil has not seen it yet
-- kind ddl
-- effect ddl [w, any-code]
-- effect environment

-- case: a search path that is set by a function
SELECT set_config('search_path', 'other', false); SELECT buyer_name FROM orders
-- =>
-- refuse 0A000 unresolved at 74 (orders): pgveil cannot tell which table is meant behind a statement of the same text that changes what names mean
-- effect environment

-- case: a search path that is reset
RESET search_path; SELECT buyer_name FROM orders
-- =>
-- refuse 0A000 unresolved at 43 (orders): pgveil cannot tell which table is meant behind a statement of the same text that changes what names mean
-- kind set
-- effect environment

-- case: in a transaction
BEGIN; UPDATE orders SET status = 'x'; DELETE FROM orders WHERE buyer_name = 'x'; COMMIT
-- =>
-- refuse 42501 write at 52 (orders): cannot delete from "public.orders": rows of "public.customers" are redacted because of it
-- kind transaction
-- withhold detail

-- case: a syntax error in the second
SELECT 1; SELECT FROM FROM
-- =>
-- refuse 42601 syntax at 23 (from): syntax error at or near "FROM"

-- case: a view under the name that the text gives it
ALTER TABLE loud_buyers RENAME TO shades; SELECT who FROM shades
-- =>
-- refuse 0A000 stale at 59 (shades): "shades" was changed in a transaction, and pgveil has not seen it yet
-- kind ddl
-- effect ddl [loud_buyers, shades, any-code]
-- effect environment

-- case: a view that is made with its schema
CREATE SCHEMA s CREATE VIEW v AS SELECT who FROM public.buyers; SELECT who FROM s.v
-- =>
-- refuse 0A000 stale at 81 (s): "v" was changed in a transaction, and pgveil has not seen it yet
-- kind ddl
-- effect ddl [s, v, who, public, buyers, any-code]
-- effect environment

-- case: a rule that reads a view over protected rows
CREATE RULE r AS ON INSERT TO notes DO INSTEAD SELECT who FROM buyers; INSERT INTO notes (id) VALUES (9)
-- =>
-- refuse 0A000 stale at 84 (notes): "notes" was changed in a transaction, and pgveil has not seen it yet
-- kind ddl
-- effect ddl [notes, r, who, buyers, any-code]
-- effect environment

-- case: a row security policy that reads one
CREATE POLICY p ON products USING (EXISTS (SELECT FROM buyers WHERE who LIKE 'A%')); SELECT count(*) FROM products
-- =>
-- refuse 0A000 stale at 107 (products): "products" was changed in a transaction, and pgveil has not seen it yet
-- kind ddl
-- effect ddl [p, products, all, buyers, ~~, who, A%, any-code]
-- effect environment

-- case: a proof by a function that the text has defined
-- path: other, pg_catalog, public
CREATE FUNCTION other.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '1970-01-01' $$; DELETE FROM public.orders WHERE shipped_at >= now() - interval '7 days'
-- =>
-- refuse 0A000 stale at 150 (now): "now" was changed in a transaction, and pgveil has not seen it yet
-- kind ddl
-- effect ddl [now]
-- effect environment

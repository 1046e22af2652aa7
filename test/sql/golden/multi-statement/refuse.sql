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
-- refuse 0A000 unresolved: pgveil cannot tell which table is meant behind a statement of the same text that changes what names mean
-- effect environment

-- case: a search path that is reset
RESET search_path; SELECT buyer_name FROM orders
-- =>
-- refuse 0A000 unresolved: pgveil cannot tell which table is meant behind a statement of the same text that changes what names mean
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

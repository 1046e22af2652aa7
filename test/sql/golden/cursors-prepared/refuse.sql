-- Cursors and prepared statements that filter.

-- case: a prepared filter
PREPARE q AS SELECT id FROM orders WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 42 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a prepared filter with a parameter
PREPARE q (text) AS SELECT id FROM orders WHERE buyer_name = $1
-- =>
-- refuse 42501 filter at 49 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a cursor's filter
DECLARE c CURSOR FOR SELECT id FROM orders WHERE buyer_email = 'x'
-- =>
-- refuse 42501 filter at 50 (buyer_email): cannot filter on column "buyer_email" of "public.orders": it is redacted

-- case: a prepared copy
PREPARE q AS INSERT INTO notes (id, note) SELECT id, buyer_name FROM orders
-- =>
-- refuse 42501 copy at 54 (buyer_name): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: a table from the execution of what the text prepares
PREPARE q AS SELECT id FROM products; CREATE TABLE t AS EXECUTE q
-- =>
-- refuse 0A000 statement at 39 (create): pgveil does not support CREATE TABLE AS EXECUTE in one text with PREPARE where protected data is concerned
-- kind prepare
-- effect prepare q
--   kind select

-- case: a prepared filter that no parameter helps
PREPARE p AS SELECT id FROM orders WHERE id = $1 AND buyer_name = $2
-- =>
-- refuse 42501 filter at 54 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a prepared filter that is executed in the same text
PREPARE p AS SELECT id FROM orders WHERE channel = $1 AND buyer_name = $2; EXECUTE p('ebay', 'x')
-- =>
-- refuse 42501 filter at 59 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

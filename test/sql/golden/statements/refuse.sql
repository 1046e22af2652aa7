-- The same, refused.

-- case: MERGE, a condition on a protected column of rows without source
MERGE INTO orders o USING (VALUES (1::bigint)) v (id) ON o.id = v.id WHEN NOT MATCHED BY SOURCE AND o.buyer_name = 'x' THEN UPDATE SET notes = 'x'
-- =>
-- refuse 42501 filter at 101 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: MERGE that inserts a copy
MERGE INTO notes n USING orders o ON n.id = o.id WHEN NOT MATCHED THEN INSERT (id, note) VALUES (o.id, o.buyer_name)
-- =>
-- refuse 42501 copy at 104 (o): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: ON CONFLICT by a constraint that is not known
INSERT INTO orders (id, order_ref, channel, buyer_name, ship_country, total) VALUES (1, 'r', 'ebay', 'x', 'DE', 1) ON CONFLICT ON CONSTRAINT unknown_key DO UPDATE SET notes = 'again'
-- =>
-- refuse 42501 filter at 142 (unknown_key): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: guard columns by a subquery
UPDATE orders SET (channel, shipped_at) = (SELECT 'ebay', now()) WHERE id = 1
-- =>
-- refuse 0A000 statement at 20 (channel): pgveil does not support SET of the column channel other than by an expression of its own where protected data is concerned

-- case: a table made of a query
CREATE TABLE kept AS SELECT id, buyer_name FROM orders
-- =>
-- refuse 42501 copy at 33 (buyer_name): cannot store column "buyer_name" of "public.orders" in "kept": it is redacted

-- case: a cursor over a filter
DECLARE c CURSOR FOR SELECT id FROM orders WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 50 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: EXPLAIN of a filter
EXPLAIN (ANALYZE, FORMAT XML) SELECT 1 FROM orders WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 58 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: COPY to a file
COPY orders TO '/tmp/orders.csv'
-- =>
-- refuse 42501 file at 16 ('/tmp/orders.csv'): COPY with a file or a program of the server is not allowed

-- case: COPY in the syntax of old
COPY BINARY orders TO STDOUT
-- =>
-- refuse 0A000 statement at 1 (copy): pgveil does not support a statement that cannot be rewritten safely where protected data is concerned

-- case: SET LOCAL and a name behind the end of its transaction
BEGIN; SET LOCAL search_path = other; COMMIT; SELECT id FROM orders WHERE buyer_name = 'x'
-- =>
-- refuse 0A000 unresolved at 62 (orders): pgveil cannot tell which table is meant behind a statement of the same text that changes what names mean
-- kind transaction
-- kind set
-- effect environment
-- kind transaction

-- case: a temporary table that goes at COMMIT, and its name behind it
BEGIN; CREATE TEMP TABLE orders (id bigint, buyer_name text) ON COMMIT DROP; COMMIT; SELECT id FROM orders WHERE buyer_name = 'x'
-- =>
-- refuse 0A000 unresolved at 101 (orders): pgveil cannot tell which table is meant behind a statement of the same text that changes what names mean
-- kind transaction
-- kind ddl
-- effect ddl []
-- effect environment
-- kind transaction

-- case: CREATE FOREIGN TABLE
CREATE FOREIGN TABLE far (id bigint) SERVER here
-- =>
-- refuse 0A000 statement at 1 (create): pgveil does not support CREATE FOREIGN TABLE where protected data is concerned

-- case: an event trigger
CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION stay()
-- =>
-- refuse 0A000 statement at 1 (create): pgveil does not support CREATE EVENT TRIGGER where protected data is concerned

-- COPY that reaches files, or filters.

-- case: a file of the server
COPY orders TO '/tmp/x'
-- =>
-- refuse 42501 file at 16 ('/tmp/x'): COPY with a file or a program of the server is not allowed

-- case: a program of the server
COPY (SELECT 1) TO PROGRAM 'cat'
-- =>
-- refuse 42501 file at 1 (copy): COPY with a file or a program of the server is not allowed

-- case: a file of the server as source
COPY products FROM '/etc/passwd'
-- =>
-- refuse 42501 file at 20 ('/etc/passwd'): COPY with a file or a program of the server is not allowed

-- case: a filter
COPY (SELECT id FROM orders WHERE buyer_name = 'x') TO STDOUT
-- =>
-- refuse 42501 filter at 35 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a column that does not exist
COPY orders (id, vanished) TO STDOUT
-- =>
-- refuse 42703 unresolved at 18 (vanished): column "vanished" of relation "orders" does not exist

-- case: rows for a view
COPY ebay_buyers FROM STDIN
-- =>
-- refuse 0A000 statement at 6 (ebay_buyers): pgveil does not support COPY FROM into this relation where protected data is concerned

-- case: a closed table
COPY closed_table TO STDOUT
-- =>
-- refuse 42501 closed at 6 (closed_table): table "public.closed_table" is closed: policy test-closed does not fit the schema: public.closed_table has no column gone

-- case: a view whose rows tell of protected values
COPY (TABLE orders_of_alan) TO STDOUT
-- =>
-- refuse 42501 filter at 13 (orders_of_alan): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: rows for a table whose trigger reads protected rows
COPY noted FROM STDIN
-- =>
-- refuse 42501 function at 6 (noted): the statement writes to public.noted, whose trigger runs public.tell_note(), which reads public.orders (buyer_name)

-- Functions that would read protected rows inside the server.

-- case: a function that reads a protected table
SELECT name_of(1)
-- =>
-- refuse 42501 function at 8 (name_of): function public.name_of(bigint) is not allowed: it reads public.orders (buyer_name)

-- case: a function that calls such a function
SELECT 1, name_by_call(id) FROM products, generate_series(1, 2) id
-- =>
-- refuse 42501 function at 11 (name_by_call): function public.name_by_call(bigint) is not allowed: it calls public.name_of(bigint), which reads public.orders (buyer_name)

-- case: a function that reads a view of one
SELECT public.name_by_view(1)
-- =>
-- refuse 42501 function at 8 (public): function public.name_by_view(bigint) is not allowed: it reads public.loud_buyers

-- case: a function in FROM
SELECT * FROM name_of(1) n
-- =>
-- refuse 42501 function at 15 (name_of): function public.name_of(bigint) is not allowed: it reads public.orders (buyer_name)

-- case: dynamic SQL
SELECT run('SELECT 1')
-- =>
-- refuse 42501 function at 8 (run): function public.run(text) is not allowed: it runs SQL that it makes up (EXECUTE)

-- case: SQL as an argument
SELECT query_to_xml('SELECT buyer_name FROM orders', true, true, '')
-- =>
-- refuse 42501 function at 8 (query_to_xml): function query_to_xml is not allowed: it runs SQL, or reads a table, that it is given

-- case: a table as an argument
SELECT pg_catalog.table_to_xml('orders', true, true, '')
-- =>
-- refuse 42501 function at 8 (pg_catalog): function pg_catalog.table_to_xml is not allowed: it runs SQL, or reads a table, that it is given

-- case: the form of ts_rewrite that runs SQL
SELECT ts_rewrite('a'::tsquery, 'SELECT 1')
-- =>
-- refuse 42501 function at 8 (ts_rewrite): function ts_rewrite is not allowed: it runs SQL, or reads a table, that it is given

-- case: a file of the server
SELECT pg_read_file('/etc/passwd')
-- =>
-- refuse 42501 file at 8 (pg_read_file): function pg_read_file is not allowed: it reaches the server's files or its log of changes

-- case: large objects of the server
SELECT lo_import('/etc/passwd')
-- =>
-- refuse 42501 file at 8 (lo_import): function lo_import is not allowed: it reaches the server's files or its log of changes

-- case: the log of changes
SELECT * FROM pg_logical_slot_get_changes('s', NULL, NULL)
-- =>
-- refuse 42501 file at 15 (pg_logical_slot_get_changes): function pg_logical_slot_get_changes is not allowed: it reaches the server's files or its log of changes

-- case: an operator
SELECT 1::bigint @~@ 2::bigint
-- =>
-- refuse 42501 function at 18 (@~@): operator @~@ is not allowed: it runs public.text_of(bigint,bigint), which calls public.name_of(bigint), which reads public.orders (buyer_name)

-- case: an operator by its schema
SELECT 1::bigint OPERATOR(public.@~@) 2::bigint
-- =>
-- refuse 42501 function at 18 (operator): operator @~@ is not allowed: it runs public.text_of(bigint,bigint), which calls public.name_of(bigint), which reads public.orders (buyer_name)

-- case: a procedure
CALL tell(1)
-- =>
-- refuse 42501 function at 6 (tell): function public.tell(bigint) is not allowed: it calls public.name_of(bigint), which reads public.orders (buyer_name)

-- case: a call where nothing else is read
VALUES (name_of(1))
-- =>
-- refuse 42501 function at 9 (name_of): function public.name_of(bigint) is not allowed: it reads public.orders (buyer_name)

-- case: in DEFAULT of a new table
CREATE TABLE t (n text DEFAULT name_of(1))
-- =>
-- refuse 42501 function at 32 (name_of): function public.name_of(bigint) is not allowed: it reads public.orders (buyer_name)

-- case: a temporary function
SELECT pg_temp.f(1)
-- =>
-- refuse 42501 function at 8 (pg_temp): function pg_temp.f is not allowed: it is temporary, and pgveil has not read it

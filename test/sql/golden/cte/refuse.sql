-- Filters through WITH.

-- case: a filter on a column of a query in WITH
WITH x AS (SELECT id, buyer_name AS n FROM orders) SELECT id FROM x WHERE n = 'x'
-- =>
-- refuse 42501 filter at 75 (n): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter inside WITH
WITH x AS (SELECT id FROM orders WHERE buyer_name = 'x') SELECT * FROM x
-- =>
-- refuse 42501 filter at 40 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a query in WITH that is not used
WITH x AS (SELECT id FROM orders WHERE buyer_name = 'x') SELECT 1
-- =>
-- refuse 42501 filter at 40 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: columns renamed
WITH x (a, b) AS (SELECT id, buyer_name FROM orders) SELECT a FROM x WHERE b = 'x'
-- =>
-- refuse 42501 filter at 76 (b): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a recursive filter
WITH RECURSIVE t AS (SELECT id, buyer_name FROM orders UNION ALL SELECT o.id, o.buyer_name FROM orders o JOIN t ON t.buyer_name = o.buyer_name) SELECT id FROM t
-- =>
-- refuse 42501 filter at 116 (t): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: the inner name is the table
WITH orders AS (SELECT id FROM orders WHERE buyer_name = 'x') SELECT 1 FROM orders
-- =>
-- refuse 42501 filter at 45 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter in a modification in WITH
WITH d AS (DELETE FROM orders WHERE buyer_name = 'x' RETURNING id) SELECT * FROM d
-- =>
-- refuse 42501 write at 24 (orders): cannot delete from "public.orders": rows of "public.customers" are redacted because of it

-- case: a reserved name
WITH pgveil_x AS (SELECT 1) SELECT * FROM pgveil_x
-- =>
-- refuse 42939 statement at 6 (pgveil_x): the name "pgveil_x" is not allowed: names that start with pgveil_ are reserved

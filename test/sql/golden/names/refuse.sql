-- Names that mean a protected table after all.

-- case: by the search path
-- path: other, public
SELECT 1 FROM customers c JOIN public.orders o ON o.buyer_name = c.name
-- =>
-- refuse 42501 filter at 51 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: Unicode escapes
SELECT 1 FROM U&"\006Frders" WHERE U&"b\0075yer_name" = 'x'
-- =>
-- refuse 42501 filter at 36 (U&"b\0075yer_name"): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: upper-case letters
SELECT 1 FROM PUBLIC.ORDERS WHERE BUYER_NAME = 'x'
-- =>
-- refuse 42501 filter at 35 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a name in no schema of the search path
-- path: pg_catalog
SELECT buyer_name FROM orders
-- =>
-- refuse 42P01 unresolved at 24 (orders): relation "orders" does not exist

-- case: a name behind a temporary table
-- temp: orders
SELECT 1 FROM public.orders WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 35 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: the inner of two columns of one name
SELECT 1 FROM products p (buyer_name) WHERE EXISTS (SELECT FROM orders WHERE buyer_name = 'x')
-- =>
-- refuse 42501 filter at 78 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: the outer of two aliases
SELECT 1 FROM orders o WHERE EXISTS (SELECT FROM products p WHERE o.buyer_name = 'x')
-- =>
-- refuse 42501 filter at 67 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an unqualified outer column
SELECT 1 FROM orders WHERE EXISTS (SELECT FROM products WHERE title = buyer_name)
-- =>
-- refuse 42501 filter at 71 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an ambiguous column
SELECT 1 FROM customers, order_addresses WHERE name = 'x'
-- =>
-- refuse 42501 filter at 48 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: a reserved alias in quotes
SELECT 1 FROM products "pgveil_g0_"
-- =>
-- refuse 42939 statement at 24 ("pgveil_g0_"): the name "pgveil_g0_" is not allowed: names that start with pgveil_ are reserved

-- case: an output column does not hide an input column in WHERE
SELECT id AS buyer_name FROM orders WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 43 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- EXPLAIN of what would be refused.

-- case: a filter
EXPLAIN SELECT id FROM orders WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 37 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter, with options
EXPLAIN (ANALYZE, TIMING off) SELECT id FROM orders WHERE length(buyer_name) > 3
-- =>
-- refuse 42501 filter at 66 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a copy
EXPLAIN INSERT INTO notes (id, note) SELECT id, buyer_name FROM orders
-- =>
-- refuse 42501 copy at 49 (buyer_name): cannot store column "buyer_name" of "public.orders" in "notes": it is redacted

-- case: a function
EXPLAIN SELECT name_of(1)
-- =>
-- refuse 42501 function at 16 (name_of): function public.name_of(bigint) is not allowed: it reads public.orders (buyer_name)

-- Filters on protected columns, and what is not analysed.

-- case: equality
SELECT id FROM orders WHERE buyer_name = 'Alan'
-- =>
-- refuse 42501 filter at 29 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: behind a multi-byte text and a line break
SELECT 'größer €😀' AS x
FROM orders
WHERE total > 1 AND upper(buyer_email) = 'X'
-- =>
-- refuse 42501 filter at 63 (buyer_email): cannot filter on column "buyer_email" of "public.orders": it is redacted

-- case: IS NULL
SELECT count(*) FROM orders WHERE buyer_phone IS NULL
-- =>
-- refuse 42501 filter at 35 (buyer_phone): cannot filter on column "buyer_phone" of "public.orders": it is redacted

-- case: inside a function and a CASE
SELECT id FROM orders WHERE CASE WHEN length(buyer_name) > 3 THEN true END
-- =>
-- refuse 42501 filter at 46 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: HAVING
SELECT channel FROM orders GROUP BY channel HAVING max(buyer_name) > 'M'
-- =>
-- refuse 42501 filter at 56 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: FILTER
SELECT count(*) FILTER (WHERE buyer_name = 'A') FROM orders
-- =>
-- refuse 42501 filter at 31 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: LIMIT
SELECT id FROM products p, orders LIMIT (SELECT length(buyer_name) FROM orders LIMIT 1)
-- =>
-- refuse 42501 filter at 56 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a subquery's column
SELECT who FROM (SELECT buyer_name AS who FROM orders) s WHERE who = 'A'
-- =>
-- refuse 42501 filter at 64 (who): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: an aggregate of a subquery
SELECT * FROM (SELECT channel, max(buyer_name) AS m FROM orders GROUP BY channel) s WHERE s.m = 'x'
-- =>
-- refuse 42501 filter at 91 (s): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: IN over protected values
SELECT sku FROM products WHERE title IN (SELECT gift_message FROM orders)
-- =>
-- refuse 42501 filter at 49 (gift_message): cannot filter on column "gift_message" of "public.orders": it is redacted

-- case: EXISTS with a filter inside
SELECT 1 WHERE EXISTS (SELECT FROM orders WHERE buyer_name LIKE 'A%')
-- =>
-- refuse 42501 filter at 49 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: ANY
SELECT 1 WHERE 'x' = ANY (SELECT buyer_name FROM orders)
-- =>
-- refuse 42501 filter at 34 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a correlated filter in a scalar subquery of the target list
SELECT (SELECT count(*) FROM products p WHERE p.title = o.buyer_name) FROM orders o
-- =>
-- refuse 42501 filter at 57 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a comparison of whole rows
SELECT 1 FROM orders o WHERE o = ROW(1)
-- =>
-- refuse 42501 filter at 30 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a whole row as text
SELECT 1 FROM orders o WHERE o::text LIKE '%Alan%'
-- =>
-- refuse 42501 filter at 30 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a set operation below a filter
SELECT * FROM (SELECT title FROM products UNION ALL SELECT buyer_name FROM orders) u WHERE title = 'x'
-- =>
-- refuse 42501 filter at 92 (title): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a channel among others is no proof
SELECT id FROM orders WHERE channel IN ('amazon', 'ebay') AND buyer_name = 'x'
-- =>
-- refuse 42501 filter at 63 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: OR is no proof
SELECT id FROM orders WHERE channel = 'ebay' OR buyer_name = 'x'
-- =>
-- refuse 42501 filter at 49 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: too long ago
SELECT id FROM orders WHERE shipped_at >= now() - interval '31 days' AND buyer_name = 'x'
-- =>
-- refuse 42501 filter at 74 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a month can be longer than thirty days
SELECT id FROM orders WHERE shipped_at >= now() - interval '1 month' AND buyer_name = 'x'
-- =>
-- refuse 42501 filter at 74 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a parameter that an expression is compared with
SELECT id FROM orders WHERE lower(channel) = $1 AND buyer_name = $2
-- =>
-- refuse 42501 filter at 53 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a parameter beside a column that no policy asks
SELECT id FROM orders WHERE id = $1 AND buyer_name = $2
-- =>
-- refuse 42501 filter at 41 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a date that is too old
SELECT id FROM orders WHERE shipped_at >= '2001-01-01' AND buyer_name = 'x'
-- =>
-- refuse 42501 filter at 60 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a constant that hides the case
SELECT id FROM orders WHERE channel = 'amazon' AND buyer_name = 'x'
-- =>
-- refuse 42501 filter at 52 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a proof in another query level
SELECT id FROM orders o WHERE EXISTS (SELECT FROM orders p WHERE p.channel = 'ebay') AND o.buyer_name = 'x'
-- =>
-- refuse 42501 filter at 90 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: proof of one of two
SELECT a.id FROM orders a, orders b WHERE a.channel = 'ebay' AND b.buyer_name = 'x'
-- =>
-- refuse 42501 filter at 66 (b): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a customer has orders on several channels
SELECT id FROM customers WHERE created_at > now() - interval '1 day' AND name = 'x'
-- =>
-- refuse 42501 filter at 74 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: the columns of a table of odd names
SELECT "Id" FROM "Client List" WHERE "Full Name" = 'x'
-- =>
-- refuse 42501 filter at 38 ("Full Name"): cannot filter on column "Full Name" of "public.Client List": it is redacted

-- case: a child
SELECT count(*) FROM archived_contacts WHERE full_name = 'x'
-- =>
-- refuse 42501 filter at 46 (full_name): cannot filter on column "full_name" of "public.legacy_contacts": it is redacted

-- case: a closed table
SELECT 1 FROM closed_table
-- =>
-- refuse 42501 closed at 15 (closed_table): table "public.closed_table" is closed: policy test-closed does not fit the schema: public.closed_table has no column gone

-- case: a reserved alias
SELECT 1 FROM products pgveil_t
-- =>
-- refuse 42939 statement at 24 (pgveil_t): the name "pgveil_t" is not allowed: names that start with pgveil_ are reserved

-- case: a syntax error is the server's own
SELECT FROM WHERE
-- =>
-- refuse 42601 syntax at 13 (where): syntax error at or near "WHERE"

-- case: XMLTABLE over a filter
SELECT x.* FROM orders o, XMLTABLE('/a' PASSING xmlparse(content o.gift_message) COLUMNS b text) x WHERE x.b = '1'
-- =>
-- refuse 42501 filter at 66 (o): cannot filter on column "gift_message" of "public.orders": it is redacted

-- case: a filter behind a comment between NOT and LIKE
SELECT id FROM orders WHERE buyer_name NOT /* ü */ LIKE 'x'
-- =>
-- refuse 42501 filter at 29 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter behind a comment between NOT and IN
SELECT id FROM orders WHERE id NOT /* ü */ IN (1) AND buyer_name = 'x'
-- =>
-- refuse 42501 filter at 55 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: everything of several relations and a system column
SELECT *, o.ctid FROM orders o JOIN products p ON true
-- =>
-- refuse 0A000 statement at 8 (*): pgveil does not support * of several relations together with a system column where protected data is concerned

-- case: everything, twice, and a system column
SELECT *, ctid FROM (SELECT * FROM orders) x
-- =>
-- refuse 0A000 statement at 36 (orders): pgveil does not support * together with the system column ctid where protected data is concerned

-- case: a row of everything and a system column
SELECT ROW(o.*), o.ctid FROM orders o
-- =>
-- refuse 0A000 statement at 12 (o): pgveil does not support * in an expression together with a system column where protected data is concerned

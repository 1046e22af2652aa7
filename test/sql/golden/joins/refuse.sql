-- Joins that compare protected columns.

-- case: ON
SELECT o.id FROM orders o JOIN customers c ON c.name = o.buyer_name
-- =>
-- refuse 42501 filter at 47 (c): cannot filter on column "name" of "public.customers": it is redacted

-- case: ON of a left join
SELECT o.id FROM orders o LEFT JOIN products p ON p.title = o.gift_message
-- =>
-- refuse 42501 filter at 61 (o): cannot filter on column "gift_message" of "public.orders": it is redacted

-- case: a comma join
SELECT o.id FROM orders o, legacy_contacts l WHERE l.email = o.buyer_email
-- =>
-- refuse 42501 filter at 52 (l): cannot filter on column "email" of "public.legacy_contacts": it is redacted

-- case: USING
SELECT 1 FROM customers JOIN order_addresses USING (name)
-- =>
-- refuse 42501 filter at 53 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: NATURAL
SELECT 1 FROM customers NATURAL JOIN order_addresses
-- =>
-- refuse 42501 filter at 25 (natural): cannot filter on column "name" of "public.customers": it is redacted

-- case: USING a renamed column
SELECT 1 FROM products JOIN (SELECT buyer_name AS title FROM orders) s USING (title)
-- =>
-- refuse 42501 filter at 79 (title): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a lateral subquery's filter
SELECT 1 FROM orders o, LATERAL (SELECT 1 FROM products p WHERE p.title = o.buyer_name) l
-- =>
-- refuse 42501 filter at 75 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter on a lateral function over a protected column
SELECT o.id FROM orders o, regexp_split_to_table(o.buyer_name, ' ') w WHERE w = 'Alan'
-- =>
-- refuse 42501 filter at 50 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a proof on the nullable side
SELECT p.sku FROM products p LEFT JOIN orders o ON o.channel = 'ebay' AND o.buyer_name = p.title
-- =>
-- refuse 42501 filter at 75 (o): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a proof of the parent that is not joined by its key
SELECT a.id FROM order_addresses a JOIN orders o ON o.id > a.order_id AND o.channel = 'ebay' WHERE a.name = 'x'
-- =>
-- refuse 42501 filter at 100 (a): cannot filter on column "name" of "public.order_addresses": it is redacted

-- case: a filter on a join's alias
SELECT j.id FROM (orders o JOIN products p ON true) AS j WHERE j.buyer_name = 'x'
-- =>
-- refuse 42501 filter at 64 (j): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a proof in the ON of a left join
SELECT a.id FROM order_addresses a LEFT JOIN orders o ON o.id = a.order_id AND o.channel = 'ebay' WHERE a.name = 'x'
-- =>
-- refuse 42501 filter at 105 (a): cannot filter on column "name" of "public.order_addresses": it is redacted

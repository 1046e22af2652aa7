-- Views whose rows tell of protected values, and filters on their columns.

-- case: a filter inside the definition
SELECT id FROM orders_of_alan
-- =>
-- refuse 42501 filter at 16 (orders_of_alan): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter inside the definition, behind other text
SELECT 1, 'ä', (SELECT count(*) FROM orders_of_alan)
-- =>
-- refuse 42501 filter at 38 (orders_of_alan): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter on a view's column
SELECT number FROM buyers WHERE who = 'x'
-- =>
-- refuse 42501 filter at 33 (who): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter on a derived column
SELECT number FROM loud_buyers WHERE who LIKE 'A%'
-- =>
-- refuse 42501 filter at 38 (who): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter on a view of a set operation
SELECT id FROM every_name WHERE name = 'x'
-- =>
-- refuse 42501 filter at 33 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: a filter on a materialized view
SELECT id FROM order_names WHERE buyer_name = 'x'
-- =>
-- refuse 42501 filter at 34 (buyer_name): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a filter on a materialized view's derived column
SELECT id FROM order_names WHERE n > 3
-- =>
-- refuse 42501 filter at 34 (n): cannot filter on column "buyer_name" of "public.orders": it is redacted

-- case: a materialized view whose rows tell of protected values
SELECT n FROM count_of_alans
-- =>
-- refuse 42501 filter at 15 (count_of_alans): "public.count_of_alans" cannot be read: WHERE of its definition reads a protected column

-- case: writing to a view
UPDATE ebay_buyers SET buyer_name = 'x' WHERE id = 1
-- =>
-- refuse 0A000 write at 8 (ebay_buyers): "public.ebay_buyers" cannot be written through pgveil: it shows protected columns

-- case: inserting into a view
INSERT INTO ebay_buyers (id, buyer_name) VALUES (1, 'x')
-- =>
-- refuse 0A000 write at 13 (ebay_buyers): "public.ebay_buyers" cannot be written through pgveil: it shows protected columns

-- case: deleting from a view
DELETE FROM all_orders WHERE id = 1
-- =>
-- refuse 42501 write at 13 (all_orders): cannot delete from "public.all_orders": rows of "public.customers" are redacted because of it

-- case: a filter on a view that the role may not take apart
-- user: narrow
SELECT id FROM owner_only WHERE name = 'x'
-- =>
-- refuse 42501 filter at 33 (name): cannot filter on column "name" of "public.customers": it is redacted

-- case: a role that may read the view alone
-- user: narrow
SELECT name FROM every_name
-- =>
-- refuse 42501 privilege at 18 (every_name): role "narrow" may not read "public.orders"."channel"

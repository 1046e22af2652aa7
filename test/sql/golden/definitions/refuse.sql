-- The same guards where they cannot help.

-- case: by the row itself
SELECT 1 FROM legacy_contacts WHERE full_name = 'x'
-- =>
-- refuse 42501 filter at 37 (full_name): cannot filter on column "full_name" of "public.legacy_contacts": it is redacted

-- case: by several parents
SELECT 1 FROM customers WHERE phone = 'x'
-- =>
-- refuse 42501 filter at 31 (phone): cannot filter on column "phone" of "public.customers": it is redacted

-- case: a role that may not read what the guard reads
-- user: narrow
SELECT id, name FROM order_addresses
-- =>
-- refuse 42501 privilege at 22 (order_addresses): role "narrow" may not read "public.orders"."channel"

-- case: a role that may not read what the guard of the same table reads
-- user: narrow
SELECT id, buyer_name FROM orders
-- =>
-- refuse 42501 privilege at 28 (orders): role "narrow" may not read "public.orders"."channel"

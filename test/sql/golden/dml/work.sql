-- INSERT, UPDATE and DELETE.

-- case: an insert
INSERT INTO orders (order_ref, channel, buyer_name, ship_country, total) VALUES ('N-1', 'amazon', 'New', 'DE', 1)
-- =>
INSERT INTO "public"."orders" (order_ref, channel, buyer_name, ship_country, total) VALUES ('N-1', 'amazon', 'New', 'DE', 1)
-- withhold detail

-- case: an insert that returns protected columns
INSERT INTO orders (order_ref, channel, buyer_name, ship_country, total) VALUES ('N-1', 'ebay', 'New', 'DE', 1) RETURNING id, buyer_name
-- =>
INSERT INTO "public"."orders" (order_ref, channel, buyer_name, ship_country, total) VALUES ('N-1', 'ebay', 'New', 'DE', 1) RETURNING id, («mask "orders".buyer_name»)
-- output 1 public.orders.buyer_name
-- withhold detail
-- masked public.orders.buyer_name

-- case: an insert that returns everything
INSERT INTO survey_responses (order_id, rating, answer) VALUES (1, 5, 'fine') RETURNING *
-- =>
INSERT INTO "public"."survey_responses" (order_id, rating, answer) VALUES (1, 5, 'fine') RETURNING "survey_responses"."id", "survey_responses"."order_id", («mask "survey_responses".rating»), («mask "survey_responses".answer»), "survey_responses"."answered_at"
-- output 2 public.survey_responses.rating
-- output 3 public.survey_responses.answer
-- withhold detail
-- masked public.survey_responses.rating, public.survey_responses.answer

-- case: an insert of unprotected columns of a protected table
INSERT INTO notes (id, order_id) SELECT id, customer_id FROM orders WHERE channel = 'ebay'
-- =>
INSERT INTO notes (id, order_id) SELECT id, customer_id FROM (SELECT pgveil_t."id", pgveil_t."channel", pgveil_t."customer_id" FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay'

-- case: an insert of protected columns where no row is redacted
INSERT INTO notes (id, note) SELECT id, buyer_name FROM orders WHERE channel = 'ebay'
-- =>
INSERT INTO notes (id, note) SELECT id, buyer_name FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" WHERE channel = 'ebay'

-- case: an insert under a policy that lets masks be stored
INSERT INTO notes (id, note) SELECT id, visitor FROM visits
-- =>
INSERT INTO notes (id, note) SELECT id, visitor FROM (SELECT pgveil_t."id", «mask visitor» FROM "public"."visits" AS pgveil_t) AS "visits"

-- case: ON CONFLICT DO NOTHING
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING
-- =>
INSERT INTO "public"."customers" (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING
-- withhold detail

-- case: ON CONFLICT DO UPDATE keeps stored values of redacted rows
INSERT INTO customers (id, name, email) VALUES (1, 'x', 'y') ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = EXCLUDED.email, created_at = now()
-- =>
INSERT INTO "public"."customers" (id, name, email) VALUES (1, 'x', 'y') ON CONFLICT (id) DO UPDATE SET name = CASE WHEN «redacted "customers"» THEN "customers"."name" ELSE (excluded.name) END, email = CASE WHEN «redacted "customers"» THEN "customers"."email" ELSE (EXCLUDED.email) END, created_at = now()
-- withhold detail

-- case: ON CONFLICT with the stored value in an expression
INSERT INTO customers AS c (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = c.name || excluded.name RETURNING c.name
-- =>
INSERT INTO "public"."customers" AS c (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = CASE WHEN «redacted "c"» THEN "c"."name" ELSE ((«mask "c".name») || excluded.name) END RETURNING («mask "c".name»)
-- output 0 public.customers.name
-- withhold detail
-- masked public.customers.name

-- case: an update of unprotected columns
UPDATE orders SET status = 'shipped', notes = 'x' WHERE id = 1
-- =>
UPDATE "public"."orders" SET status = 'shipped', notes = 'x' WHERE id = 1
-- withhold detail

-- case: an update of a protected column keeps the stored value of redacted rows
UPDATE orders SET buyer_name = 'Alan' WHERE id = 1
-- =>
UPDATE "public"."orders" SET buyer_name = CASE WHEN «redacted "orders"» THEN "orders"."buyer_name" ELSE ('Alan') END WHERE id = 1
-- withhold detail

-- case: an update of a column that decides
UPDATE orders SET shipped_at = now(), notes = 'late' WHERE id = 1
-- =>
UPDATE "public"."orders" SET shipped_at = CASE WHEN «redacted "orders"» THEN "orders"."shipped_at" ELSE (now()) END, notes = 'late' WHERE id = 1
-- withhold detail

-- case: an update of a table that belongs to another
UPDATE order_addresses SET name = 'x', line1 = upper(line1) WHERE order_id = 1
-- =>
UPDATE "public"."order_addresses" SET name = CASE WHEN «redacted "order_addresses"» THEN "order_addresses"."name" ELSE ('x') END, line1 = CASE WHEN «redacted "order_addresses"» THEN "order_addresses"."line1" ELSE (upper((«mask "order_addresses".line1»))) END WHERE order_id = 1
-- withhold detail

-- case: an update of the column that leads to the parent
UPDATE order_addresses SET order_id = 2 WHERE id = 1
-- =>
UPDATE "public"."order_addresses" SET order_id = CASE WHEN «redacted "order_addresses"» THEN "order_addresses"."order_id" ELSE (2) END WHERE id = 1
-- withhold detail

-- case: what is written back masked is not stored
UPDATE orders AS o SET buyer_name = o.buyer_name, buyer_email = CASE WHEN true THEN $1 ELSE 'b, c' END, total = total + 1 WHERE o.id = $2
-- =>
UPDATE "public"."orders" AS o SET buyer_name = CASE WHEN «redacted "o"» THEN "o"."buyer_name" ELSE ((«mask "o".buyer_name»)) END, buyer_email = CASE WHEN «redacted "o"» THEN "o"."buyer_email" ELSE (CASE WHEN true THEN $1 ELSE 'b, c' END) END, total = total + 1 WHERE o.id = $2
-- withhold detail

-- case: an update with FROM
UPDATE orders o SET notes = i.title FROM order_items i WHERE i.order_id = o.id AND i.id = 1
-- =>
UPDATE "public"."orders" o SET notes = i.title FROM order_items i WHERE i.order_id = o.id AND i.id = 1
-- withhold detail

-- case: an update that returns protected columns
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING id, buyer_name, upper(buyer_email)
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING id, («mask "orders".buyer_name»), upper((«mask "orders".buyer_email»))
-- output 1 public.orders.buyer_name
-- withhold detail
-- masked public.orders.buyer_name, public.orders.buyer_email

-- case: an update that returns everything
UPDATE customers SET created_at = now() WHERE id = 1 RETURNING *
-- =>
UPDATE "public"."customers" SET created_at = now() WHERE id = 1 RETURNING "customers"."id", («mask "customers".name»), («mask "customers".email»), («mask "customers".phone»), "customers"."created_at"
-- output 1 public.customers.name
-- output 2 public.customers.email
-- output 3 public.customers.phone
-- withhold detail
-- masked public.customers.name, public.customers.email, public.customers.phone

-- case: an update that returns everything of two tables
UPDATE order_items i SET quantity = 1 FROM orders o WHERE o.id = i.order_id AND i.id = 1 RETURNING i.*, o.*
-- =>
UPDATE order_items i SET quantity = 1 FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o WHERE o.id = i.order_id AND i.id = 1 RETURNING i.*, o.*
-- output 14 public.orders.buyer_name
-- output 15 public.orders.buyer_email
-- output 16 public.orders.buyer_phone
-- output 17 public.orders.ship_address1
-- output 18 public.orders.ship_address2
-- output 19 public.orders.ship_city
-- output 20 public.orders.ship_postcode
-- output 22 public.orders.gift_message
-- output 23 public.orders.ip
-- output 24 public.orders.geo_lat
-- output 25 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: an update that returns a whole row
UPDATE customers c SET created_at = now() WHERE id = 1 RETURNING c
-- =>
UPDATE "public"."customers" c SET created_at = now() WHERE id = 1 RETURNING ROW("c"."id", («mask "c".name»), («mask "c".email»), («mask "c".phone»), "c"."created_at")::"public"."customers" AS "c"
-- output 0 public.customers.-
-- withhold detail
-- masked public.customers.name, public.customers.email, public.customers.phone

-- case: an update where no row is redacted
UPDATE orders SET notes = buyer_name WHERE channel = 'ebay' AND buyer_name = 'x'
-- =>
UPDATE "public"."orders" SET notes = («mask "orders".buyer_name») WHERE channel = 'ebay' AND («mask "orders".buyer_name») = 'x'
-- withhold detail

-- case: an update with a subquery
UPDATE orders SET notes = (SELECT max(title) FROM products) WHERE id IN (SELECT order_id FROM order_items WHERE sku = 'x')
-- =>
UPDATE "public"."orders" SET notes = (SELECT max(title) FROM products) WHERE id IN (SELECT order_id FROM order_items WHERE sku = 'x')
-- withhold detail

-- case: an expression with IS DISTINCT FROM
UPDATE orders SET gift_message = CASE WHEN total IS DISTINCT FROM 3 THEN 'a' ELSE 'b' END WHERE id = 1
-- =>
UPDATE "public"."orders" SET gift_message = CASE WHEN «redacted "orders"» THEN "orders"."gift_message" ELSE (CASE WHEN total IS DISTINCT FROM 3 THEN 'a' ELSE 'b' END) END WHERE id = 1
-- withhold detail

-- case: an update of ONLY the parent
UPDATE ONLY orders SET buyer_name = 'x' WHERE id = 1
-- =>
UPDATE ONLY "public"."orders" SET buyer_name = CASE WHEN «redacted "orders"» THEN "orders"."buyer_name" ELSE ('x') END WHERE id = 1
-- withhold detail

-- case: an update of the session's temporary table
UPDATE scratch SET buyer_name = 'x' WHERE id = 1
-- =>
-- pass

-- case: an update where a cursor stands
-- not run
UPDATE orders SET status = 'x' WHERE CURRENT OF c
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE CURRENT OF c
-- withhold detail

-- case: a delete
DELETE FROM payments WHERE id = 1
-- =>
DELETE FROM "public"."payments" WHERE id = 1
-- withhold detail

-- case: a delete that returns protected columns
DELETE FROM order_addresses a WHERE a.id = 1 RETURNING a.name, a.kind
-- =>
DELETE FROM "public"."order_addresses" a WHERE a.id = 1 RETURNING («mask "a".name»), a.kind
-- output 0 public.order_addresses.name
-- withhold detail
-- masked public.order_addresses.name

-- case: a delete with USING
DELETE FROM order_addresses a USING orders o WHERE o.id = a.order_id AND o.status = 'cancelled'
-- =>
DELETE FROM "public"."order_addresses" a USING (SELECT pgveil_t."id", pgveil_t."status" FROM "public"."orders" AS pgveil_t) o WHERE o.id = a.order_id AND o.status = 'cancelled'
-- withhold detail

-- case: a delete where no row is redacted
DELETE FROM orders WHERE channel = 'ebay' AND shipped_at < now() AND buyer_name = 'x'
-- =>
DELETE FROM "public"."orders" WHERE channel = 'ebay' AND shipped_at < now() AND («mask "orders".buyer_name») = 'x'
-- withhold detail

-- case: an unprotected table
UPDATE products SET price = price + 1 WHERE sku = 'x'
-- =>
-- pass

-- case: an exempt role writes
-- user: compliance
UPDATE orders SET buyer_name = 'x' WHERE buyer_name = 'y'
-- =>
UPDATE "public"."orders" SET buyer_name = 'x' WHERE buyer_name = 'y'

-- case: a multiple assignment of unprotected columns
UPDATE orders SET (status, notes) = ROW('x', 'y') WHERE id = 1
-- =>
UPDATE "public"."orders" SET (status, notes) = ROW('x', 'y') WHERE id = 1
-- withhold detail

-- case: names in quotes
UPDATE "Client List" AS "C" SET "Full Name" = 'x', hair = 'dark' WHERE "C"."Id" = 1 RETURNING "C"."Full Name", "größe"
-- =>
UPDATE "public"."Client List" AS "C" SET "Full Name" = CASE WHEN «redacted "C"» THEN "C"."Full Name" ELSE ('x') END, hair = 'dark' WHERE "C"."Id" = 1 RETURNING («mask "C".Full Name»), («mask "C".größe»)
-- output 0 public.Client List.Full Name
-- output 1 public.Client List.größe
-- withhold detail
-- masked public.Client List.Full Name, public.Client List.größe

-- case: a comment inside an assignment
UPDATE orders SET buyer_name /* who */ = 'a' -- , b = 2
  || 'b', notes = 'x' WHERE id = 1
-- =>
UPDATE "public"."orders" SET buyer_name /* who */ = CASE WHEN «redacted "orders"» THEN "orders"."buyer_name" ELSE ('a' -- , b = 2
  || 'b') END, notes = 'x' WHERE id = 1
-- withhold detail

-- case: several columns from one row
UPDATE orders SET (buyer_name, notes) = ROW('x', 'y') WHERE id = 1
-- =>
UPDATE "public"."orders" SET (buyer_name, notes) = ROW(CASE WHEN «redacted "orders"» THEN "orders"."buyer_name" ELSE ('x') END, 'y') WHERE id = 1
-- withhold detail

-- case: MERGE into a protected table
MERGE INTO orders o USING notes n ON n.order_id = o.id WHEN MATCHED THEN UPDATE SET notes = n.note
-- =>
MERGE INTO "public"."orders" o USING notes n ON n.order_id = o.id WHEN MATCHED THEN UPDATE SET notes = n.note
-- kind merge
-- withhold detail

-- case: MERGE of unprotected columns from a protected table
MERGE INTO notes n USING orders o ON o.id = n.order_id WHEN MATCHED AND o.total > 5 THEN UPDATE SET note = o.order_ref WHEN NOT MATCHED THEN INSERT (id, order_id) VALUES (o.id, o.id)
-- =>
MERGE INTO notes n USING (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."total" FROM "public"."orders" AS pgveil_t) o ON o.id = n.order_id WHEN MATCHED AND o.total > 5 THEN UPDATE SET note = o.order_ref WHEN NOT MATCHED THEN INSERT (id, order_id) VALUES (o.id, o.id)
-- kind merge

-- case: MERGE keeps stored values of redacted rows
MERGE INTO customers c USING (VALUES (1, 'x', 'y')) v (id, name, email) ON v.id = c.id WHEN MATCHED THEN UPDATE SET name = v.name, email = lower(c.email), created_at = now() WHEN NOT MATCHED THEN INSERT (id, name) VALUES (v.id, v.name)
-- =>
MERGE INTO "public"."customers" c USING (VALUES (1, 'x', 'y')) v (id, name, email) ON v.id = c.id WHEN MATCHED THEN UPDATE SET name = CASE WHEN «redacted "c"» THEN "c"."name" ELSE (v.name) END, email = CASE WHEN «redacted "c"» THEN "c"."email" ELSE (lower((«mask "c".email»))) END, created_at = now() WHEN NOT MATCHED THEN INSERT (id, name) VALUES (v.id, v.name)
-- kind merge
-- withhold detail

-- case: MERGE that returns protected columns
MERGE INTO survey_responses s USING notes n ON n.id = s.id WHEN MATCHED THEN UPDATE SET answered_at = now() WHEN NOT MATCHED BY SOURCE THEN DO NOTHING RETURNING merge_action(), s.answer, n.note
-- =>
MERGE INTO "public"."survey_responses" s USING notes n ON n.id = s.id WHEN MATCHED THEN UPDATE SET answered_at = now() WHEN NOT MATCHED BY SOURCE THEN DO NOTHING RETURNING merge_action(), («mask "s".answer»), n.note
-- kind merge
-- output 1 public.survey_responses.answer
-- withhold detail
-- masked public.survey_responses.answer

-- case: MERGE with a view as source
MERGE INTO notes n USING buyers b ON b.number = n.order_id WHEN MATCHED THEN DO NOTHING
-- =>
MERGE INTO notes n USING (SELECT id AS number,
    channel,
    shipped_at,
    buyer_name AS who,
    buyer_email AS mail
   FROM (SELECT id,
    order_ref,
    channel,
    status,
    customer_id,
    purchased_at,
    shipped_at,
    payment_terms,
    buyer_name,
    buyer_email,
    buyer_phone,
    ship_address1,
    ship_address2,
    ship_city,
    ship_postcode,
    ship_country,
    gift_message,
    ip,
    geo_lat,
    geo_lon,
    currency,
    total,
    notes
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders") b ON b.number = n.order_id WHEN MATCHED THEN DO NOTHING
-- kind merge

-- case: an insert into a temporary table
INSERT INTO scratch SELECT id, buyer_name FROM orders
-- =>
INSERT INTO scratch SELECT id, buyer_name FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"

-- case: a protected table whose trigger is harmless quotes its rows
UPDATE archived_contacts SET phone = 'x' WHERE id = 1
-- =>
UPDATE "public"."archived_contacts" SET phone = CASE WHEN «redacted "archived_contacts"» THEN "archived_contacts"."phone" ELSE ('x') END WHERE id = 1
-- withhold all

-- case: OLD and NEW of an unprotected table
UPDATE products SET price = 1 WHERE sku = 'x' RETURNING old.price, new.price
-- =>
-- pass

-- case: a table whose alias is OLD
UPDATE orders o SET status = 'x' FROM products old WHERE old.sku = 'x' AND o.id = 1 RETURNING old.title, o.id
-- =>
UPDATE "public"."orders" o SET status = 'x' FROM products old WHERE old.sku = 'x' AND o.id = 1 RETURNING old.title, o.id
-- withhold detail

-- case: a sign behind the equals sign
UPDATE orders SET geo_lat=-1, geo_lon=+2 WHERE id=-1
-- =>
UPDATE "public"."orders" SET geo_lat=CASE WHEN «redacted "orders"» THEN "orders"."geo_lat" ELSE (-1) END, geo_lon=CASE WHEN «redacted "orders"» THEN "orders"."geo_lon" ELSE (+2) END WHERE id=-1
-- withhold detail

-- case: a keyword behind a dot in SET
UPDATE orders o SET buyer_name = s.returning, gift_message = s.where, notes = 'x' FROM (SELECT 'a' AS "returning", 'b' AS "where") s WHERE o.id = 1 RETURNING o.id
-- =>
UPDATE "public"."orders" o SET buyer_name = CASE WHEN «redacted "o"» THEN "o"."buyer_name" ELSE (s.returning) END, gift_message = CASE WHEN «redacted "o"» THEN "o"."gift_message" ELSE (s.where) END, notes = 'x' FROM (SELECT 'a' AS "returning", 'b' AS "where") s WHERE o.id = 1 RETURNING o.id
-- withhold detail

-- case: OLD and NEW of protected columns
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING old.buyer_name, new.buyer_name AS n, upper(old.gift_message), old.status
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING («mask "old".buyer_name»), («mask "new".buyer_name») AS n, upper((«mask "old".gift_message»)), old.status
-- output 0 public.orders.buyer_name
-- output 1 public.orders.buyer_name
-- withhold detail
-- masked public.orders.buyer_name, public.orders.gift_message

-- case: everything of OLD
DELETE FROM payments WHERE id = 1 RETURNING old.*
-- =>
DELETE FROM "public"."payments" WHERE id = 1 RETURNING "old"."id", "old"."order_id", "old"."method", («mask "old".card_holder»), («mask "old".card_last4»), («mask "old".iban»), "old"."amount", («mask "old".paid_at»)
-- output 3 public.payments.card_holder
-- output 4 public.payments.card_last4
-- output 5 public.payments.iban
-- output 7 public.payments.paid_at
-- withhold detail
-- masked public.payments.card_holder, public.payments.card_last4, public.payments.iban, public.payments.paid_at

-- case: names for OLD and NEW
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS "After") o.buyer_name, "After".buyer_name, o.status
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS "After") («mask "o".buyer_name»), («mask "After".buyer_name»), o.status
-- output 0 public.orders.buyer_name
-- output 1 public.orders.buyer_name
-- withhold detail
-- masked public.orders.buyer_name

-- case: OLD of an upsert
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING old.name, new.name, name
-- =>
INSERT INTO "public"."customers" (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = CASE WHEN «redacted "customers"» THEN "customers"."name" ELSE (excluded.name) END RETURNING («mask "old".name»), («mask "new".name»), («mask "customers".name»)
-- output 0 public.customers.name
-- output 1 public.customers.name
-- output 2 public.customers.name
-- withhold detail
-- masked public.customers.name

-- case: SET of protected columns to their defaults
UPDATE orders SET gift_message = DEFAULT, payment_terms = DEFAULT, shipped_at=DEFAULT, status = DEFAULT WHERE id = 1
-- =>
UPDATE "public"."orders" SET gift_message = CASE WHEN «redacted "orders"» THEN "orders"."gift_message" ELSE NULL END, payment_terms = CASE WHEN «redacted "orders"» THEN "orders"."payment_terms" ELSE 'prepaid' END, shipped_at=CASE WHEN «redacted "orders"» THEN "orders"."shipped_at" ELSE NULL END, status = DEFAULT WHERE id = 1
-- withhold detail

-- case: SET of a list of columns to their defaults
UPDATE orders SET (gift_message, notes, ip) = (DEFAULT, DEFAULT, '10.0.0.1') WHERE id = 1
-- =>
UPDATE "public"."orders" SET (gift_message, notes, ip) = (CASE WHEN «redacted "orders"» THEN "orders"."gift_message" ELSE NULL END, DEFAULT, CASE WHEN «redacted "orders"» THEN "orders"."ip" ELSE ('10.0.0.1') END) WHERE id = 1
-- withhold detail

-- case: SET to the default in an upsert and in MERGE
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET phone = DEFAULT;
MERGE INTO customers c USING products p ON p.sku = 'x' AND c.id = 1 WHEN MATCHED THEN UPDATE SET phone = DEFAULT, name = p.title
-- =>
INSERT INTO "public"."customers" (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET phone = CASE WHEN «redacted "customers"» THEN "customers"."phone" ELSE NULL END;
MERGE INTO "public"."customers" c USING products p ON p.sku = 'x' AND c.id = 1 WHEN MATCHED THEN UPDATE SET phone = CASE WHEN «redacted "c"» THEN "c"."phone" ELSE NULL END, name = CASE WHEN «redacted "c"» THEN "c"."name" ELSE (p.title) END
-- withhold detail
-- kind merge
-- withhold detail

-- case: the row's own protected column in a subquery
UPDATE orders o SET buyer_name = (SELECT trim(o.buyer_name)) WHERE o.id = 1 RETURNING (SELECT upper(o.buyer_name)), (SELECT o.status)
-- =>
UPDATE "public"."orders" o SET buyer_name = CASE WHEN «redacted "o"» THEN "o"."buyer_name" ELSE ((SELECT trim((«mask "o".buyer_name»)))) END WHERE o.id = 1 RETURNING (SELECT upper((«mask "o".buyer_name»))), (SELECT o.status)
-- withhold detail
-- masked public.orders.buyer_name

-- case: OLD and NEW
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING old.buyer_name
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING («mask "old".buyer_name»)
-- output 0 public.orders.buyer_name
-- withhold detail
-- masked public.orders.buyer_name

-- case: RETURNING WITH
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING WITH (OLD AS o) o.status
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING WITH (OLD AS o) o.status
-- withhold detail

-- case: a reference from a subquery in RETURNING
UPDATE orders o SET status = 'x' WHERE id = 1 RETURNING (SELECT o.buyer_name)
-- =>
UPDATE "public"."orders" o SET status = 'x' WHERE id = 1 RETURNING (SELECT («mask "o".buyer_name»))
-- withhold detail
-- masked public.orders.buyer_name

-- case: NEW in an expression
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING upper(new.buyer_name)
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING upper((«mask "new".buyer_name»))
-- withhold detail
-- masked public.orders.buyer_name

-- case: everything of OLD, once more
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING old.*
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING "old"."id", "old"."order_ref", "old"."channel", "old"."status", "old"."customer_id", "old"."purchased_at", "old"."shipped_at", "old"."payment_terms", («mask "old".buyer_name»), («mask "old".buyer_email»), («mask "old".buyer_phone»), («mask "old".ship_address1»), («mask "old".ship_address2»), («mask "old".ship_city»), («mask "old".ship_postcode»), "old"."ship_country", («mask "old".gift_message»), («mask "old".ip»), («mask "old".geo_lat»), («mask "old".geo_lon»), "old"."currency", "old"."total", "old"."notes"
-- output 8 public.orders.buyer_name
-- output 9 public.orders.buyer_email
-- output 10 public.orders.buyer_phone
-- output 11 public.orders.ship_address1
-- output 12 public.orders.ship_address2
-- output 13 public.orders.ship_city
-- output 14 public.orders.ship_postcode
-- output 16 public.orders.gift_message
-- output 17 public.orders.ip
-- output 18 public.orders.geo_lat
-- output 19 public.orders.geo_lon
-- withhold detail
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: OLD of a deleted row
DELETE FROM order_addresses WHERE id = 1 RETURNING old.name
-- =>
DELETE FROM "public"."order_addresses" WHERE id = 1 RETURNING («mask "old".name»)
-- output 0 public.order_addresses.name
-- withhold detail
-- masked public.order_addresses.name

-- case: OLD of a conflicting row
INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET created_at = now() RETURNING old.name
-- =>
INSERT INTO "public"."customers" (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET created_at = now() RETURNING («mask "old".name»)
-- output 0 public.customers.name
-- withhold detail
-- masked public.customers.name

-- case: OLD in MERGE
MERGE INTO customers c USING notes n ON n.id = c.id WHEN MATCHED THEN UPDATE SET created_at = now() RETURNING old.name
-- =>
MERGE INTO "public"."customers" c USING notes n ON n.id = c.id WHEN MATCHED THEN UPDATE SET created_at = now() RETURNING («mask "old".name»)
-- kind merge
-- output 0 public.customers.name
-- withhold detail
-- masked public.customers.name

-- case: OLD in WITH
WITH u AS (UPDATE orders SET status = 'x' WHERE id = 1 RETURNING old.buyer_name) SELECT * FROM u
-- =>
WITH u AS (UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING («mask "old".buyer_name»)) SELECT * FROM u
-- output 0 public.orders.buyer_name
-- withhold detail
-- masked public.orders.buyer_name

-- case: OLD from a subquery in RETURNING
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING (SELECT old.buyer_name)
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING (SELECT («mask "old".buyer_name»))
-- withhold detail
-- masked public.orders.buyer_name

-- case: the whole old row
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING old
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING CASE WHEN "old".tableoid IS NOT NULL THEN ROW("old"."id", "old"."order_ref", "old"."channel", "old"."status", "old"."customer_id", "old"."purchased_at", "old"."shipped_at", "old"."payment_terms", («mask "old".buyer_name»), («mask "old".buyer_email»), («mask "old".buyer_phone»), («mask "old".ship_address1»), («mask "old".ship_address2»), («mask "old".ship_city»), («mask "old".ship_postcode»), "old"."ship_country", («mask "old".gift_message»), («mask "old".ip»), («mask "old".geo_lat»), («mask "old".geo_lon»), "old"."currency", "old"."total", "old"."notes")::"public"."orders" END AS "old"
-- output 0 public.orders.-
-- withhold detail
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: the whole new row in a call
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING row_to_json(new)
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING row_to_json(CASE WHEN "new".tableoid IS NOT NULL THEN ROW("new"."id", "new"."order_ref", "new"."channel", "new"."status", "new"."customer_id", "new"."purchased_at", "new"."shipped_at", "new"."payment_terms", («mask "new".buyer_name»), («mask "new".buyer_email»), («mask "new".buyer_phone»), («mask "new".ship_address1»), («mask "new".ship_address2»), («mask "new".ship_city»), («mask "new".ship_postcode»), "new"."ship_country", («mask "new".gift_message»), («mask "new".ip»), («mask "new".geo_lat»), («mask "new".geo_lon»), "new"."currency", "new"."total", "new"."notes")::"public"."orders" END)
-- withhold detail
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a field of the whole old row
-- differs: RowDescription tells no origin of a row's field
UPDATE orders SET status = 'x' WHERE id = 1 RETURNING WITH (OLD AS o) (o).buyer_name
-- =>
UPDATE "public"."orders" SET status = 'x' WHERE id = 1 RETURNING WITH (OLD AS o) (CASE WHEN "o".tableoid IS NOT NULL THEN ROW("o"."id", "o"."order_ref", "o"."channel", "o"."status", "o"."customer_id", "o"."purchased_at", "o"."shipped_at", "o"."payment_terms", («mask "o".buyer_name»), («mask "o".buyer_email»), («mask "o".buyer_phone»), («mask "o".ship_address1»), («mask "o".ship_address2»), («mask "o".ship_city»), («mask "o".ship_postcode»), "o"."ship_country", («mask "o".gift_message»), («mask "o".ip»), («mask "o".geo_lat»), («mask "o".geo_lon»), "o"."currency", "o"."total", "o"."notes")::"public"."orders" END).buyer_name
-- withhold detail
-- masked public.orders.buyer_name

-- case: old and new rows of an INSERT
INSERT INTO survey_responses (id, order_id, answer) VALUES (-1, 1, 'x') ON CONFLICT (id) DO UPDATE SET answered_at = now() RETURNING old, new
-- =>
INSERT INTO "public"."survey_responses" (id, order_id, answer) VALUES (-1, 1, 'x') ON CONFLICT (id) DO UPDATE SET answered_at = now() RETURNING CASE WHEN "old".tableoid IS NOT NULL THEN ROW("old"."id", "old"."order_id", («mask "old".rating»), («mask "old".answer»), "old"."answered_at")::"public"."survey_responses" END AS "old", CASE WHEN "new".tableoid IS NOT NULL THEN ROW("new"."id", "new"."order_id", («mask "new".rating»), («mask "new".answer»), "new"."answered_at")::"public"."survey_responses" END AS "new"
-- output 0 public.survey_responses.-
-- output 1 public.survey_responses.-
-- withhold detail
-- masked public.survey_responses.rating, public.survey_responses.answer

-- case: the old row of a DELETE
DELETE FROM order_addresses WHERE id = 1 RETURNING old, new
-- =>
DELETE FROM "public"."order_addresses" WHERE id = 1 RETURNING CASE WHEN "old".tableoid IS NOT NULL THEN ROW("old"."id", "old"."order_id", "old"."kind", («mask "old".name»), («mask "old".line1»), («mask "old".line2»), («mask "old".city»), («mask "old".postcode»), "old"."country")::"public"."order_addresses" END AS "old", CASE WHEN "new".tableoid IS NOT NULL THEN ROW("new"."id", "new"."order_id", "new"."kind", («mask "new".name»), («mask "new".line1»), («mask "new".line2»), («mask "new".city»), («mask "new".postcode»), "new"."country")::"public"."order_addresses" END AS "new"
-- output 0 public.order_addresses.-
-- output 1 public.order_addresses.-
-- withhold detail
-- masked public.order_addresses.name, public.order_addresses.line1, public.order_addresses.line2, public.order_addresses.city, public.order_addresses.postcode

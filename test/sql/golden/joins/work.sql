-- Joins of protected tables.

-- case: an inner join on keys
SELECT o.id, a.name, a.city FROM orders o JOIN order_addresses a ON a.order_id = o.id WHERE o.id = 3
-- =>
SELECT o.id, a.name, a.city FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) o JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «tag name», «tag city» FROM "public"."order_addresses" AS pgveil_t «join its guard») a ON a.order_id = o.id WHERE o.id = 3
-- output 1 public.order_addresses.name typmod 124 token of name within 120
-- output 2 public.order_addresses.city typmod 84 text of city within 80
-- masked public.order_addresses.name, public.order_addresses.city

-- case: a comma join
SELECT o.order_ref, p.card_holder FROM orders o, payments p WHERE p.order_id = o.id
-- =>
SELECT o.order_ref, p.card_holder FROM (SELECT pgveil_t."id", pgveil_t."order_ref" FROM "public"."orders" AS pgveil_t) o, (SELECT pgveil_t."id", pgveil_t."order_id", «tag card_holder» FROM "public"."payments" AS pgveil_t «join its guard») p WHERE p.order_id = o.id
-- output 1 public.payments.card_holder typmod 124 token of card_holder within 120
-- masked public.payments.card_holder

-- case: a left join
SELECT o.id, s.answer FROM orders o LEFT JOIN survey_responses s ON s.order_id = o.id
-- =>
SELECT o.id, s.answer FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) o LEFT JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «tag answer» FROM "public"."survey_responses" AS pgveil_t «join its guard») s ON s.order_id = o.id
-- output 1 public.survey_responses.answer typmod -1 text of answer
-- masked public.survey_responses.answer

-- case: a left join shows a whole row of NULLs
SELECT o.id, s FROM orders o LEFT JOIN survey_responses s ON s.order_id = o.id
-- =>
SELECT o.id, (CASE WHEN pg_catalog.num_nulls("s") OPERATOR(pg_catalog.>) 0 THEN NULL ELSE "s"::"public"."survey_responses" END) FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o LEFT JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «mask rating», «mask answer», pgveil_t."answered_at" FROM "public"."survey_responses" AS pgveil_t «join its guard») s ON s.order_id = o.id
-- output 1 public.survey_responses.-
-- masked public.survey_responses.rating, public.survey_responses.answer

-- case: a full join with COALESCE
SELECT coalesce(o.id, p.order_id), p.iban FROM orders o FULL JOIN payments p ON p.order_id = o.id
-- =>
SELECT coalesce(o.id, p.order_id), p.iban FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) o FULL JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «mask iban» FROM "public"."payments" AS pgveil_t «join its guard») p ON p.order_id = o.id
-- output 1 public.payments.iban
-- masked public.payments.iban

-- case: a parenthesised join
SELECT * FROM (orders o JOIN order_items i ON i.order_id = o.id) WHERE o.id = 1
-- =>
SELECT * FROM ((SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «tag buyer_phone», «tag ship_address1», «tag ship_address2», «tag ship_city», «tag ship_postcode», pgveil_t."ship_country", «tag gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o JOIN order_items i ON i.order_id = o.id) WHERE o.id = 1
-- output 8 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- output 9 public.orders.buyer_email typmod 258 text of buyer_email within 254
-- output 10 public.orders.buyer_phone typmod 44 text of buyer_phone within 40
-- output 11 public.orders.ship_address1 typmod 184 token of ship_address1 within 180
-- output 12 public.orders.ship_address2 typmod 184 text of ship_address2 within 180
-- output 13 public.orders.ship_city typmod 84 text of ship_city within 80
-- output 14 public.orders.ship_postcode typmod 24 text of ship_postcode within 20
-- output 16 public.orders.gift_message typmod -1 text of gift_message
-- output 17 public.orders.ip
-- output 18 public.orders.geo_lat
-- output 19 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a join with an alias of its own
SELECT j.buyer_name FROM (orders o JOIN products p ON true) AS j
-- =>
SELECT j.buyer_name FROM ((SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) o JOIN products p ON true) AS j
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: USING an unprotected column
SELECT order_id, a.name, p.card_holder FROM order_addresses a JOIN payments p USING (order_id)
-- =>
SELECT order_id, a.name, p.card_holder FROM (SELECT pgveil_t."order_id", «tag name» FROM "public"."order_addresses" AS pgveil_t «join its guard») a JOIN (SELECT pgveil_t."order_id", «tag card_holder» FROM "public"."payments" AS pgveil_t «join its guard») p USING (order_id)
-- output 1 public.order_addresses.name typmod 124 token of name within 120
-- output 2 public.payments.card_holder typmod 124 token of card_holder within 120
-- masked public.order_addresses.name, public.payments.card_holder

-- case: USING with an alias
SELECT u.order_id, a.name FROM order_addresses a JOIN payments p USING (order_id) AS u
-- =>
SELECT u.order_id, a.name FROM (SELECT pgveil_t."order_id", «tag name» FROM "public"."order_addresses" AS pgveil_t «join its guard») a JOIN (SELECT pgveil_t."order_id" FROM "public"."payments" AS pgveil_t) p USING (order_id) AS u
-- output 1 public.order_addresses.name typmod 124 token of name within 120
-- masked public.order_addresses.name

-- case: NATURAL over unprotected columns
SELECT name FROM (SELECT order_id, name FROM order_addresses) a NATURAL JOIN (SELECT order_id, amount FROM payments) p
-- =>
SELECT name FROM (SELECT order_id, name FROM (SELECT pgveil_t."id", pgveil_t."order_id", pgveil_t."kind", «mask name», «mask line1», «mask line2», «mask city», «mask postcode», pgveil_t."country" FROM "public"."order_addresses" AS pgveil_t «join its guard») AS "order_addresses") a NATURAL JOIN (SELECT order_id, amount FROM (SELECT pgveil_t."id", pgveil_t."order_id", pgveil_t."method", «mask card_holder», «mask card_last4», «mask iban», pgveil_t."amount", «mask paid_at» FROM "public"."payments" AS pgveil_t «join its guard») AS "payments") p
-- output 0 public.order_addresses.name
-- masked public.order_addresses.name

-- case: a cross join with a function
SELECT o.id, n FROM orders o CROSS JOIN generate_series(1, 2) n
-- =>
SELECT o.id, n FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o CROSS JOIN generate_series(1, 2) n

-- case: every protected table at once
SELECT o.buyer_name, c.name, a.line1, p.iban, s.rating FROM orders o
  JOIN customers c ON c.id = o.customer_id JOIN order_addresses a ON a.order_id = o.id
  JOIN payments p ON p.order_id = o.id JOIN survey_responses s ON s.order_id = o.id
-- =>
SELECT o.buyer_name, c.name, a.line1, p.iban, s.rating FROM (SELECT pgveil_t."id", pgveil_t."customer_id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) o
  JOIN (SELECT pgveil_t."id", «tag name» FROM "public"."customers" AS pgveil_t «join its guard, lockable») c ON c.id = o.customer_id JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «mask name», «tag line1» FROM "public"."order_addresses" AS pgveil_t «join its guard») a ON a.order_id = o.id
  JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «mask iban» FROM "public"."payments" AS pgveil_t «join its guard») p ON p.order_id = o.id JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «mask rating» FROM "public"."survey_responses" AS pgveil_t «join its guard») s ON s.order_id = o.id
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- output 1 public.customers.name typmod 124 token of name within 120
-- output 2 public.order_addresses.line1 typmod 184 token of line1 within 180
-- output 3 public.payments.iban
-- output 4 public.survey_responses.rating
-- masked public.orders.buyer_name, public.customers.name, public.order_addresses.line1, public.payments.iban, public.survey_responses.rating

-- case: a table with itself
SELECT a.buyer_name, b.buyer_name FROM orders a JOIN orders b ON b.customer_id = a.customer_id AND b.id > a.id
-- =>
SELECT a.buyer_name, b.buyer_name FROM (SELECT pgveil_t."id", pgveil_t."customer_id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) a JOIN (SELECT pgveil_t."id", pgveil_t."customer_id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) b ON b.customer_id = a.customer_id AND b.id > a.id
-- output 0 public.orders.buyer_name
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: a join filter on a proven table
SELECT o.id FROM orders o JOIN order_addresses a ON a.order_id = o.id AND a.name = o.buyer_name WHERE o.channel = 'ebay'
-- =>
SELECT o.id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «mask name» FROM "public"."order_addresses" AS pgveil_t «join its guard») a ON a.order_id = o.id AND a.name = o.buyer_name WHERE o.channel = 'ebay'

-- case: the proof in the ON of an inner join
SELECT a.id FROM order_addresses a JOIN orders o ON o.id = a.order_id AND o.shipped_at IS NULL WHERE a.city = 'Ulm'
-- =>
SELECT a.id FROM (SELECT pgveil_t."id", pgveil_t."order_id", «mask city» FROM "public"."order_addresses" AS pgveil_t «join its guard») a JOIN (SELECT pgveil_t."id", pgveil_t."shipped_at" FROM "public"."orders" AS pgveil_t) o ON o.id = a.order_id AND o.shipped_at IS NULL WHERE a.city = 'Ulm'

-- case: the proof over the preserved side of a left join
SELECT o.id FROM orders o LEFT JOIN order_items i ON i.order_id = o.id WHERE o.channel = 'shopify' AND o.buyer_name = 'x'
-- =>
SELECT o.id FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) o LEFT JOIN order_items i ON i.order_id = o.id WHERE o.channel = 'shopify' AND o.buyer_name = 'x'

-- case: qualified by the schema
SELECT public.orders.id, orders.buyer_name FROM public.orders JOIN public.order_items ON order_items.order_id = public.orders.id
-- =>
SELECT "orders"."id", orders.buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" JOIN public.order_items ON order_items.order_id = "orders"."id"
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a qualified star
SELECT o.*, i.sku FROM orders o JOIN order_items i ON i.order_id = o.id
-- =>
SELECT o.*, i.sku FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «tag buyer_phone», «tag ship_address1», «tag ship_address2», «tag ship_city», «tag ship_postcode», pgveil_t."ship_country", «tag gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o JOIN order_items i ON i.order_id = o.id
-- output 8 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- output 9 public.orders.buyer_email typmod 258 text of buyer_email within 254
-- output 10 public.orders.buyer_phone typmod 44 text of buyer_phone within 40
-- output 11 public.orders.ship_address1 typmod 184 token of ship_address1 within 180
-- output 12 public.orders.ship_address2 typmod 184 text of ship_address2 within 180
-- output 13 public.orders.ship_city typmod 84 text of ship_city within 80
-- output 14 public.orders.ship_postcode typmod 24 text of ship_postcode within 20
-- output 16 public.orders.gift_message typmod -1 text of gift_message
-- output 17 public.orders.ip
-- output 18 public.orders.geo_lat
-- output 19 public.orders.geo_lon
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: two stars
SELECT o.*, a.* FROM orders o JOIN order_addresses a ON a.order_id = o.id
-- =>
SELECT o.*, a.* FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o JOIN (SELECT pgveil_t."id", pgveil_t."order_id", pgveil_t."kind", «mask name», «mask line1», «mask line2», «mask city», «mask postcode», pgveil_t."country" FROM "public"."order_addresses" AS pgveil_t «join its guard») a ON a.order_id = o.id
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
-- output 26 public.order_addresses.name
-- output 27 public.order_addresses.line1
-- output 28 public.order_addresses.line2
-- output 29 public.order_addresses.city
-- output 30 public.order_addresses.postcode
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon, public.order_addresses.name, public.order_addresses.line1, public.order_addresses.line2, public.order_addresses.city, public.order_addresses.postcode

-- case: row locks in a join
SELECT o.id, a.name FROM orders o JOIN order_addresses a ON a.order_id = o.id WHERE o.id = 1 FOR UPDATE OF o
-- =>
SELECT o.id, a.name FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) o JOIN (SELECT pgveil_t."id", pgveil_t."order_id", «tag name» FROM "public"."order_addresses" AS pgveil_t «join its guard, lockable») a ON a.order_id = o.id WHERE o.id = 1 FOR UPDATE OF o
-- output 1 public.order_addresses.name typmod 124 token of name within 120
-- masked public.order_addresses.name

-- case: a protected table on the nullable side under row locks
SELECT p.sku, o.id, o.buyer_name FROM products p LEFT JOIN orders o ON o.order_ref = p.sku FOR UPDATE OF p
-- =>
SELECT p.sku, o.id, o.buyer_name FROM products p LEFT JOIN (SELECT pgveil_t."id", pgveil_t."order_ref", «tag buyer_name» FROM "public"."orders" AS pgveil_t) o ON o.order_ref = p.sku FOR UPDATE OF p
-- output 2 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: ROWS FROM
-- differs: RowDescription tells no origin of protected columns beside a function's
SELECT * FROM orders o, ROWS FROM (generate_series(1, 2), unnest(ARRAY['a', 'b'])) AS r (n, t) WHERE o.id = 1
-- =>
SELECT * FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») o, ROWS FROM (generate_series(1, 2), unnest(ARRAY['a', 'b'])) AS r (n, t) WHERE o.id = 1
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

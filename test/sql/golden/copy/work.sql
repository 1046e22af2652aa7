-- COPY.

-- case: a table to the client
COPY orders TO STDOUT
-- =>
COPY (SELECT "id", "order_ref", "channel", "status", "customer_id", "purchased_at", "shipped_at", "payment_terms", "buyer_name", "buyer_email", "buyer_phone", "ship_address1", "ship_address2", "ship_city", "ship_postcode", "ship_country", "gift_message", "ip", "geo_lat", "geo_lon", "currency", "total", "notes" FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «tag buyer_phone», «tag ship_address1», «tag ship_address2», «tag ship_city», «tag ship_postcode», pgveil_t."ship_country", «tag gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM ONLY "public"."orders" AS pgveil_t «join its guard») AS "orders") TO STDOUT
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
-- copy {"format":"text","delimiter":"\t","quote":"\"","escape":"\"","null":"\\N","header":false}
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: listed columns
COPY public.orders (id, buyer_name, total) TO STDOUT WITH (FORMAT csv, HEADER)
-- =>
COPY (SELECT "id", "buyer_name", "total" FROM (SELECT pgveil_t."id", «tag buyer_name», pgveil_t."total" FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT WITH (FORMAT csv, HEADER)
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- copy {"format":"csv","delimiter":",","quote":"\"","escape":"\"","null":"","header":true}
-- masked public.orders.buyer_name

-- case: the old syntax
COPY orders (id, gift_message) TO STDOUT WITH CSV HEADER DELIMITER ';' QUOTE '''' NULL 'none'
-- =>
COPY (SELECT "id", "gift_message" FROM (SELECT pgveil_t."id", «tag gift_message» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT WITH CSV HEADER DELIMITER ';' QUOTE '''' NULL 'none'
-- output 1 public.orders.gift_message typmod -1 text of gift_message
-- copy {"format":"csv","delimiter":";","quote":"'","escape":"'","null":"none","header":true}
-- masked public.orders.gift_message

-- case: binary
COPY order_addresses TO STDOUT (FORMAT binary)
-- =>
COPY (SELECT "id", "order_id", "kind", "name", "line1", "line2", "city", "postcode", "country" FROM (SELECT pgveil_t."id", pgveil_t."order_id", pgveil_t."kind", «tag name», «tag line1», «tag line2», «tag city», «tag postcode», pgveil_t."country" FROM ONLY "public"."order_addresses" AS pgveil_t «join its guard») AS "order_addresses") TO STDOUT (FORMAT binary)
-- output 3 public.order_addresses.name typmod 124 token of name within 120
-- output 4 public.order_addresses.line1 typmod 184 token of line1 within 180
-- output 5 public.order_addresses.line2 typmod 184 text of line2 within 180
-- output 6 public.order_addresses.city typmod 84 text of city within 80
-- output 7 public.order_addresses.postcode typmod 24 text of postcode within 20
-- copy {"format":"binary","delimiter":"\t","quote":"\"","escape":"\"","null":"\\N","header":false}
-- masked public.order_addresses.name, public.order_addresses.line1, public.order_addresses.line2, public.order_addresses.city, public.order_addresses.postcode

-- case: a delimiter that stands in tags
COPY orders (id, buyer_name) TO STDOUT (DELIMITER 'p')
-- =>
COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «mask buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT (DELIMITER 'p')
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: an option that pgveil does not know in cells
COPY orders (id, buyer_name) TO STDOUT (FORMAT csv, FORCE_QUOTE *)
-- =>
COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «mask buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT (FORMAT csv, FORCE_QUOTE *)
-- output 1 public.orders.buyer_name
-- masked public.orders.buyer_name

-- case: a query
COPY (SELECT id, buyer_name FROM orders ORDER BY id) TO STDOUT
-- =>
COPY (SELECT id, buyer_name FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders" ORDER BY id) TO STDOUT
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- copy {"format":"text","delimiter":"\t","quote":"\"","escape":"\"","null":"\\N","header":false}
-- masked public.orders.buyer_name

-- case: a query with an expression
COPY (SELECT upper(buyer_name) FROM orders) TO STDOUT CSV
-- =>
COPY (SELECT upper(buyer_name) FROM (SELECT «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders") TO STDOUT CSV
-- masked public.orders.buyer_name

-- case: a modification that returns rows
COPY (DELETE FROM order_addresses WHERE id = 1 RETURNING id, name) TO STDOUT
-- =>
COPY (DELETE FROM "public"."order_addresses" WHERE id = 1 RETURNING id, («mask "order_addresses".name»)) TO STDOUT
-- output 1 public.order_addresses.name
-- withhold all
-- masked public.order_addresses.name

-- case: a table with children is copied alone
COPY archived_contacts (id, full_name) TO STDOUT
-- =>
COPY (SELECT "id", "full_name" FROM (SELECT pgveil_t."id", «tag full_name» FROM ONLY "public"."archived_contacts" AS pgveil_t) AS "archived_contacts") TO STDOUT
-- output 1 public.archived_contacts.full_name typmod -1 token of full_name
-- copy {"format":"text","delimiter":"\t","quote":"\"","escape":"\"","null":"\\N","header":false}
-- masked public.legacy_contacts.full_name

-- case: a materialized view
COPY order_names TO STDOUT
-- =>
COPY (SELECT "id", "channel", "buyer_name", "n" FROM (SELECT pgveil_t."id", pgveil_t."channel", CAST('' AS character varying(120)) AS "buyer_name", CAST(NULL AS integer) AS "n" FROM "public"."order_names" AS pgveil_t) AS "order_names") TO STDOUT
-- output 0 public.order_names.id
-- output 1 public.order_names.channel
-- output 2 public.order_names.buyer_name
-- output 3 public.order_names.n
-- masked public.orders.buyer_name

-- case: an unprotected table
COPY products TO STDOUT
-- =>
-- pass

-- case: an exempt role
-- user: compliance
COPY orders TO STDOUT
-- =>
-- pass

-- case: rows from the client
COPY orders (order_ref, channel, buyer_name, ship_country, total) FROM STDIN
-- =>
COPY "public"."orders" (order_ref, channel, buyer_name, ship_country, total) FROM STDIN
-- withhold detail

-- case: rows from the client for a temporary table
COPY scratch FROM STDIN
-- =>
-- pass

-- case: rows from the client for an unprotected table
COPY products FROM STDIN WITH (FORMAT csv)
-- =>
-- pass

-- case: names in quotes
COPY "Client List" ("Id", "Full Name") TO STDOUT
-- =>
COPY (SELECT "Id", "Full Name" FROM (SELECT pgveil_t."Id", «tag Full Name» FROM ONLY "public"."Client List" AS pgveil_t) AS "Client List") TO STDOUT
-- output 1 public.Client List.Full Name typmod -1 token of Full Name
-- copy {"format":"text","delimiter":"\t","quote":"\"","escape":"\"","null":"\\N","header":false}
-- masked public.Client List.Full Name

-- case: a query over a view
COPY (SELECT * FROM buyers) TO STDOUT
-- =>
COPY (SELECT * FROM (SELECT id AS number,
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
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders") AS "buyers") TO STDOUT
-- output 0 public.buyers.number
-- output 1 public.buyers.channel
-- output 2 public.buyers.shipped_at
-- output 3 public.buyers.who typmod 124 token of buyer_name within 120
-- output 4 public.buyers.mail typmod 258 text of buyer_email within 254
-- copy {"format":"text","delimiter":"\t","quote":"\"","escape":"\"","null":"\\N","header":false}
-- masked public.orders.buyer_name, public.orders.buyer_email

-- case: a header by number
COPY orders (id, buyer_name) TO STDOUT (FORMAT csv, HEADER 1)
-- =>
COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «tag buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT (FORMAT csv, HEADER 1)
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- copy {"format":"csv","delimiter":",","quote":"\"","escape":"\"","null":"","header":true}
-- masked public.orders.buyer_name

-- case: no header by number
COPY orders (id, buyer_name) TO STDOUT (FORMAT csv, HEADER 0)
-- =>
COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «tag buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT (FORMAT csv, HEADER 0)
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- copy {"format":"csv","delimiter":",","quote":"\"","escape":"\"","null":"","header":false}
-- masked public.orders.buyer_name

-- case: no header by word
COPY orders (id, buyer_name) TO STDOUT (FORMAT csv, HEADER off)
-- =>
COPY (SELECT "id", "buyer_name" FROM (SELECT pgveil_t."id", «tag buyer_name» FROM ONLY "public"."orders" AS pgveil_t) AS "orders") TO STDOUT (FORMAT csv, HEADER off)
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- copy {"format":"csv","delimiter":",","quote":"\"","escape":"\"","null":"","header":false}
-- masked public.orders.buyer_name

-- case: the syntax of old, of a table that is not protected
COPY BINARY products TO STDOUT; COPY products TO STDOUT USING DELIMITERS '|'
-- =>
-- pass

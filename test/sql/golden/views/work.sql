-- Views and materialized views over protected tables.

-- case: a view of all columns
SELECT * FROM all_orders WHERE id = 1
-- =>
SELECT * FROM (SELECT id,
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
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «tag buyer_phone», «tag ship_address1», «tag ship_address2», «tag ship_city», «tag ship_postcode», pgveil_t."ship_country", «tag gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders" WHERE id = 1
-- output 0 public.all_orders.id
-- output 1 public.all_orders.order_ref
-- output 2 public.all_orders.channel
-- output 3 public.all_orders.status
-- output 4 public.all_orders.customer_id
-- output 5 public.all_orders.purchased_at
-- output 6 public.all_orders.shipped_at
-- output 7 public.all_orders.payment_terms
-- output 8 public.all_orders.buyer_name typmod 124 token of buyer_name within 120
-- output 9 public.all_orders.buyer_email typmod 258 text of buyer_email within 254
-- output 10 public.all_orders.buyer_phone typmod 44 text of buyer_phone within 40
-- output 11 public.all_orders.ship_address1 typmod 184 token of ship_address1 within 180
-- output 12 public.all_orders.ship_address2 typmod 184 text of ship_address2 within 180
-- output 13 public.all_orders.ship_city typmod 84 text of ship_city within 80
-- output 14 public.all_orders.ship_postcode typmod 24 text of ship_postcode within 20
-- output 15 public.all_orders.ship_country
-- output 16 public.all_orders.gift_message typmod -1 text of gift_message
-- output 17 public.all_orders.ip
-- output 18 public.all_orders.geo_lat
-- output 19 public.all_orders.geo_lon
-- output 20 public.all_orders.currency
-- output 21 public.all_orders.total
-- output 22 public.all_orders.notes
-- masked public.orders.buyer_name, public.orders.buyer_email, public.orders.buyer_phone, public.orders.ship_address1, public.orders.ship_address2, public.orders.ship_city, public.orders.ship_postcode, public.orders.gift_message, public.orders.ip, public.orders.geo_lat, public.orders.geo_lon

-- case: a view of a view
SELECT number, who, mail FROM buyers WHERE channel = 'ebay'
-- =>
SELECT number, who, mail FROM (SELECT id AS number,
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
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «tag buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders") AS "buyers" WHERE channel = 'ebay'
-- output 0 public.buyers.number
-- output 1 public.buyers.who typmod 124 token of buyer_name within 120
-- output 2 public.buyers.mail typmod 258 text of buyer_email within 254

-- case: three deep
SELECT who FROM loud_buyers WHERE number = 1
-- =>
SELECT who FROM (SELECT number,
    upper((who)::text) AS who
   FROM (SELECT id AS number,
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
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders") AS "buyers") AS "loud_buyers" WHERE number = 1
-- output 0 public.loud_buyers.who
-- masked public.orders.buyer_name

-- case: a report that shows nothing protected
SELECT * FROM sales_report ORDER BY day
-- =>
SELECT * FROM (SELECT (date_trunc('day'::text, purchased_at, 'UTC'::text))::date AS day,
    channel,
    count(*) AS orders,
    sum(total) AS revenue
   FROM (SELECT pgveil_t."channel", pgveil_t."purchased_at", pgveil_t."total" FROM "public"."orders" AS pgveil_t) AS "orders"
  GROUP BY ((date_trunc('day'::text, purchased_at, 'UTC'::text))::date), channel) AS "sales_report" ORDER BY day
-- output 0 public.sales_report.day
-- output 1 public.sales_report.channel
-- output 2 public.sales_report.orders
-- output 3 public.sales_report.revenue

-- case: a view that groups by the primary key
SELECT id, name, email, orders FROM customer_overview ORDER BY revenue DESC
-- =>
SELECT id, name, email, orders FROM (SELECT c.id,
    c.name,
    c.email,
    count(o.id) AS orders,
    sum(o.total) AS revenue,
    max(o.purchased_at) AS last_order
   FROM ((SELECT pgveil_t."id", «mask name», «mask email» FROM "public"."customers" AS pgveil_t «join its guard, lockable») c
     LEFT JOIN (SELECT pgveil_t."id", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."total" FROM "public"."orders" AS pgveil_t) o ON ((o.customer_id = c.id)))
  GROUP BY c.id, "c"."name", "c"."email") AS "customer_overview" ORDER BY revenue DESC
-- output 0 public.customer_overview.id
-- output 1 public.customer_overview.name
-- output 2 public.customer_overview.email
-- output 3 public.customer_overview.orders
-- masked public.customers.name, public.customers.email

-- case: a view with a time limit
SELECT id, buyer_name FROM recent_orders
-- =>
SELECT id, buyer_name FROM (SELECT id,
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
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders"
  WHERE (purchased_at >= (now() - '14 days'::interval))) AS "recent_orders"
-- output 0 public.recent_orders.id
-- output 1 public.recent_orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a filter on a view of another channel
SELECT id FROM ebay_buyers WHERE buyer_name = 'x'
-- =>
SELECT id FROM (SELECT id,
    buyer_name
   FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
  WHERE ((channel)::text = 'ebay'::text)) AS "ebay_buyers" WHERE buyer_name = 'x'
-- output 0 public.ebay_buyers.id

-- case: a filter on a view, proven outside it
SELECT number FROM buyers WHERE channel = 'ebay' AND who = 'x'
-- =>
SELECT number FROM (SELECT id AS number,
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
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «mask buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders") AS "buyers" WHERE channel = 'ebay' AND who = 'x'
-- output 0 public.buyers.number

-- case: a view of a set operation
SELECT * FROM every_name
-- =>
SELECT * FROM (SELECT customers.id,
    customers.name
   FROM (SELECT pgveil_t."id", «mask name» FROM "public"."customers" AS pgveil_t «join its guard, lockable») AS "customers"
UNION ALL
 SELECT orders.id,
    orders.buyer_name AS name
   FROM (SELECT pgveil_t."id", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
UNION ALL
 SELECT legacy_contacts.id,
    legacy_contacts.full_name AS name
   FROM (SELECT pgveil_t."id", «mask full_name» FROM "public"."legacy_contacts" AS pgveil_t) AS "legacy_contacts") AS "every_name"
-- output 0 public.every_name.id
-- output 1 public.every_name.name
-- masked public.customers.name, public.orders.buyer_name, public.legacy_contacts.full_name

-- case: a view joined with a table
SELECT b.who, i.sku FROM buyers b JOIN order_items i ON i.order_id = b.number
-- =>
SELECT b.who, i.sku FROM (SELECT id AS number,
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
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders") b JOIN order_items i ON i.order_id = b.number
-- output 0 public.buyers.who typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a view of odd names
SELECT v."The Name" FROM "Odd View" AS v WHERE v."Id" = 1
-- =>
SELECT v."The Name" FROM (SELECT id AS "Id",
    buyer_name AS "The Name"
   FROM (SELECT pgveil_t."id", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders") AS v WHERE v."Id" = 1
-- output 0 public.Odd View.The Name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a view under another name
SELECT x.a FROM ebay_buyers AS x (a, b)
-- =>
SELECT x.a FROM (SELECT id,
    buyer_name
   FROM (SELECT pgveil_t."id", pgveil_t."channel", «mask buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
  WHERE ((channel)::text = 'ebay'::text)) AS x (a, b)
-- output 0 public.ebay_buyers.id

-- case: a view in its schema
SELECT public.buyers.who FROM public.buyers
-- =>
SELECT "buyers"."who" FROM (SELECT id AS number,
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
   FROM (SELECT pgveil_t."id", pgveil_t."order_ref", pgveil_t."channel", pgveil_t."status", pgveil_t."customer_id", pgveil_t."purchased_at", pgveil_t."shipped_at", pgveil_t."payment_terms", «tag buyer_name», «mask buyer_email», «mask buyer_phone», «mask ship_address1», «mask ship_address2», «mask ship_city», «mask ship_postcode», pgveil_t."ship_country", «mask gift_message», «mask ip», «mask geo_lat», «mask geo_lon», pgveil_t."currency", pgveil_t."total", pgveil_t."notes" FROM "public"."orders" AS pgveil_t «join its guard») AS "orders") AS "all_orders") AS "buyers"
-- output 0 public.buyers.who typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a view that reads nothing protected
SELECT sku FROM stock_list
-- =>
-- pass

-- case: a materialized view that reads nothing protected
SELECT n FROM stock_count
-- =>
-- pass

-- case: a materialized view's derived columns are masked in every row
SELECT id, buyer_name, n FROM order_names WHERE channel = 'ebay'
-- =>
SELECT id, buyer_name, n FROM (SELECT pgveil_t."id", pgveil_t."channel", CAST('' AS character varying(120)) AS "buyer_name", CAST(NULL AS integer) AS "n" FROM "public"."order_names" AS pgveil_t) AS "order_names" WHERE channel = 'ebay'
-- output 0 public.order_names.id
-- output 1 public.order_names.buyer_name
-- output 2 public.order_names.n
-- masked public.orders.buyer_name

-- case: a materialized view under another name
SELECT m.* FROM order_names m
-- =>
SELECT m.* FROM (SELECT pgveil_t."id", pgveil_t."channel", CAST('' AS character varying(120)) AS "buyer_name", CAST(NULL AS integer) AS "n" FROM "public"."order_names" AS pgveil_t) m
-- output 0 public.order_names.id
-- output 1 public.order_names.channel
-- output 2 public.order_names.buyer_name
-- output 3 public.order_names.n
-- masked public.orders.buyer_name

-- case: a role that may not read the tables
-- user: narrow
SELECT id, name, email FROM owner_only
-- =>
SELECT id, name, email FROM (SELECT pgveil_t."id", CAST('' AS character varying(120)) AS "name", CAST('' AS character varying(254)) AS "email" FROM "public"."owner_only" AS pgveil_t) AS "owner_only"
-- output 0 public.owner_only.id
-- output 1 public.owner_only.name
-- output 2 public.owner_only.email
-- masked public.customers.name, public.customers.email

-- case: an exempt role
-- user: compliance
SELECT who FROM buyers WHERE who = 'x'
-- =>
SELECT who FROM (SELECT id AS number,
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
   FROM public.orders) AS "all_orders") AS "buyers" WHERE who = 'x'
-- output 0 public.buyers.who

-- case: row locks on a view
SELECT id, buyer_name FROM ebay_buyers WHERE id = 1 FOR UPDATE
-- =>
SELECT id, buyer_name FROM (SELECT id,
    buyer_name
   FROM (SELECT pgveil_t."id", pgveil_t."channel", «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
  WHERE ((channel)::text = 'ebay'::text)) AS "ebay_buyers" WHERE id = 1 FOR UPDATE
-- output 0 public.ebay_buyers.id
-- output 1 public.ebay_buyers.buyer_name typmod 124 token of buyer_name within 120

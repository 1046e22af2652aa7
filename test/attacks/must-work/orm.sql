-- Statements as object mappers write them, with their quotes, aliases and parentheses.

-- case: Django, list
-- expect: masked
SELECT "orders"."id", "orders"."order_ref", "orders"."channel", "orders"."buyer_name", "orders"."total" FROM "orders" WHERE ("orders"."channel" = 'amazon' AND NOT ("orders"."status" = 'cancelled')) ORDER BY "orders"."purchased_at" DESC, "orders"."id" ASC LIMIT 21

-- case: Django, select_related
-- expect: masked
SELECT "orders"."id", "orders"."customer_id", "orders"."buyer_name", "customers"."id", "customers"."created_at" FROM "orders" LEFT OUTER JOIN "customers" ON ("orders"."customer_id" = "customers"."id") WHERE "orders"."id" IN (900001, 900011, 900012) ORDER BY "orders"."id"

-- case: Django, exists
-- expect: equal
SELECT 1 AS "a" FROM "orders" WHERE "orders"."order_ref" = 'K-1' LIMIT 1

-- case: Django, count of a subquery
-- expect: equal
SELECT COUNT(*) FROM (SELECT DISTINCT "orders"."customer_id" AS "col1" FROM "orders" WHERE "orders"."total" > 50) subquery

-- case: Django, annotate
-- expect: equal
SELECT "orders"."channel", COUNT("orders"."id") AS "n", SUM("orders"."total") AS "t" FROM "orders" GROUP BY "orders"."channel" ORDER BY "orders"."channel" ASC

-- case: Django, search among orders that are not shipped
-- expect: equal
SELECT "orders"."id" FROM "orders" WHERE ("orders"."shipped_at" IS NULL AND UPPER("orders"."buyer_name"::text) LIKE UPPER('%una%')) ORDER BY "orders"."id" ASC

-- case: Django, update
-- expect: equal
-- rollback
UPDATE "orders" SET "status" = 'shipped', "notes" = 'x' WHERE "orders"."id" = 900011

-- case: SQLAlchemy, list
-- expect: masked
-- key: orders_id
SELECT orders.id AS orders_id, orders.order_ref AS orders_order_ref, orders.buyer_name AS orders_buyer_name
FROM orders
WHERE orders.channel IN ('amazon', 'ebay') AND orders.total >= 10 ORDER BY orders.id
 LIMIT 20

-- case: SQLAlchemy, joined eager load
-- expect: masked
-- key: orders_id
SELECT anon_1.orders_id, anon_1.orders_buyer_name, order_items_1.id AS order_items_1_id, order_items_1.title AS order_items_1_title
FROM (SELECT orders.id AS orders_id, orders.buyer_name AS orders_buyer_name FROM orders ORDER BY orders.id LIMIT 10) AS anon_1 LEFT OUTER JOIN order_items AS order_items_1 ON anon_1.orders_id = order_items_1.order_id ORDER BY anon_1.orders_id, order_items_1.id

-- case: SQLAlchemy, insert and RETURNING
-- expect: accepted
-- rollback
INSERT INTO orders (order_ref, channel, status, buyer_name, ship_country, total) VALUES ('N-1', 'ebay', 'pending', 'New Buyer', 'DE', 5) RETURNING orders.order_ref, orders.status, orders.buyer_name

-- case: SQLAlchemy, many rows of VALUES
-- expect: equal
-- rollback
INSERT INTO order_items (order_id, sku, title, quantity, price) SELECT p0::BIGINT, p1::VARCHAR, p2::TEXT, p3::INTEGER, p4::NUMERIC FROM (VALUES (900011, (SELECT min(sku) FROM products), 'a', 1, 1.5, 0), (900012, (SELECT min(sku) FROM products), 'b', 2, 2.5, 1)) AS imp_sen(p0, p1, p2, p3, p4, sen_counter) ORDER BY sen_counter RETURNING order_items.title

-- case: ActiveRecord, find
-- expect: masked
SELECT "orders".* FROM "orders" WHERE "orders"."id" = 900002 LIMIT 1

-- case: ActiveRecord, includes
-- expect: masked
-- key: order_id
SELECT "order_addresses".* FROM "order_addresses" WHERE "order_addresses"."order_id" IN (900001, 900002, 900011) ORDER BY "order_addresses"."id"

-- case: ActiveRecord, pluck and joins
-- expect: equal
SELECT "orders"."id", "customers"."id" FROM "orders" INNER JOIN "customers" ON "customers"."id" = "orders"."customer_id" WHERE "orders"."channel" = 'ebay' ORDER BY "orders"."id" ASC

-- case: ActiveRecord, calculations
-- expect: equal
SELECT SUM("orders"."total") AS "sum_total", "orders"."channel" AS "orders_channel" FROM "orders" GROUP BY "orders"."channel" ORDER BY 2

-- case: ActiveRecord, dirty update
-- expect: equal
-- rollback
UPDATE "orders" SET "notes" = 'checked' WHERE "orders"."id" = 900001

-- case: Hibernate, list
-- expect: masked
-- key: id1_0_
select o1_0.id as id1_0_, o1_0.buyer_name as buyer2_0_, o1_0.total as total3_0_ from public.orders o1_0 where o1_0.status='shipped' order by o1_0.id fetch first 15 rows only

-- case: Hibernate, join fetch
-- expect: masked
-- key: id
select o1_0.id,o1_0.buyer_name,i1_0.id,i1_0.sku from public.orders o1_0 join public.order_items i1_0 on o1_0.id=i1_0.order_id where o1_0.id in (900001,900013) order by o1_0.id,i1_0.id

-- case: Hibernate, version check
-- expect: equal
-- rollback
update public.orders set status='shipped',total=10.00 where id=900001 and status='shipped'

-- case: Sequelize, findAndCountAll
-- expect: masked
SELECT "Order"."id", "Order"."order_ref" AS "orderRef", "Order"."buyer_name" AS "buyerName", "items"."id" AS "items.id", "items"."title" AS "items.title" FROM (SELECT "Order"."id", "Order"."order_ref", "Order"."buyer_name" FROM "public"."orders" AS "Order" WHERE "Order"."channel" = 'shopify' ORDER BY "Order"."id" ASC LIMIT 10 OFFSET 0) AS "Order" LEFT OUTER JOIN ( "public"."order_items" AS "items" INNER JOIN "public"."products" AS "items->product" ON "items"."sku" = "items->product"."sku" ) ON "Order"."id" = "items"."order_id" ORDER BY "Order"."id", "items"."id"

-- case: Sequelize, count
-- expect: equal
SELECT count(DISTINCT("Order"."id")) AS "count" FROM "public"."orders" AS "Order" LEFT OUTER JOIN "public"."customers" AS "c" ON "Order"."customer_id" = "c"."id"

-- case: TypeORM, distinct pagination
-- expect: equal
SELECT DISTINCT "distinctAlias"."Order_id" AS "ids_Order_id", "distinctAlias"."Order_total" FROM (SELECT "Order"."id" AS "Order_id", "Order"."total" AS "Order_total" FROM "orders" "Order" LEFT JOIN "order_items" "i" ON "i"."order_id"="Order"."id") "distinctAlias" ORDER BY "distinctAlias"."Order_total" DESC, "Order_id" ASC LIMIT 10

-- case: Prisma, find many with IN
-- expect: masked
SELECT "public"."orders"."id", "public"."orders"."buyer_name", "public"."orders"."customer_id" FROM "public"."orders" WHERE "public"."orders"."id" IN (1,2,3,900001,900012) ORDER BY "public"."orders"."id" ASC OFFSET 0

-- case: Prisma, aggregate
-- expect: equal
SELECT COUNT(*), SUM("total") FROM (SELECT "public"."orders"."total" FROM "public"."orders" WHERE 1=1 OFFSET 0) AS "sub"

-- case: Knex, join and builder
-- expect: masked
-- key: order_id
select "p"."order_id", "p"."method", "p"."card_holder" from "payments" as "p" inner join "orders" as "o" on "o"."id" = "p"."order_id" where "o"."channel" in ('amazon', 'trade') order by "p"."id" asc limit 30

-- case: Eloquent
-- expect: masked
select * from "orders" where "channel" = 'amazon' and "purchased_at" >= '2020-01-01 00:00:00' order by "id" desc limit 15 offset 0

-- case: Doctrine
-- expect: masked
-- key: id_0
SELECT t0.id AS id_0, t0.order_ref AS order_ref_1, t0.buyer_name AS buyer_name_2, t0.gift_message AS gift_message_3 FROM orders t0 WHERE t0.id = 900003 LIMIT 1

-- case: Entity Framework
-- expect: masked
-- key: id
SELECT o.id, o.buyer_name, t.c FROM orders AS o LEFT JOIN LATERAL (SELECT count(*)::int AS c FROM order_items AS i WHERE o.id = i.order_id) AS t ON TRUE WHERE o.id > 900000 ORDER BY o.id NULLS FIRST

-- case: Ecto
-- expect: masked
SELECT o0."id", o0."buyer_name", o0."buyer_email" FROM "orders" AS o0 WHERE (o0."id" = ANY('{900001,900014}')) ORDER BY o0."id"

-- case: jOOQ
-- expect: equal
select "public"."orders"."channel", cast(sum("public"."orders"."total") as decimal) from "public"."orders" group by "public"."orders"."channel" having count(*) > cast(0 as int) order by "public"."orders"."channel"

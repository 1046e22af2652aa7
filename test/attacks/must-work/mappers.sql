-- What object-relational mappers and query builders send, with parameters: text values, no types said, as drivers do.

-- case: Django, get by key
-- expect: masked
-- params: ["900001"]
SELECT "orders"."id", "orders"."order_ref", "orders"."channel", "orders"."buyer_name", "orders"."buyer_email", "orders"."ip", "orders"."total" FROM "orders" WHERE "orders"."id" = $1 LIMIT 21

-- case: Django, filter across a relation
-- expect: masked
-- params: ["900011", "900014"]
SELECT "orders"."id", "orders"."order_ref", "orders"."buyer_name" FROM "orders" INNER JOIN "order_items" ON ("orders"."id" = "order_items"."order_id") WHERE ("orders"."id" >= $1 AND "orders"."id" <= $2 AND "order_items"."quantity" > 0) ORDER BY "orders"."purchased_at" DESC, "orders"."id" ASC

-- case: Django, prefetch_related
-- expect: masked
-- key: order_id
SELECT "order_addresses"."id", "order_addresses"."order_id", "order_addresses"."kind", "order_addresses"."name", "order_addresses"."line1", "order_addresses"."city" FROM "order_addresses" WHERE "order_addresses"."order_id" IN (900001, 900002, 900011, 900012) ORDER BY "order_addresses"."id"

-- case: Django, Subquery and OuterRef
-- expect: masked
-- key: id of customers
SELECT "customers"."id", "customers"."name", (SELECT U0."order_ref" FROM "orders" U0 WHERE U0."customer_id" = ("customers"."id") ORDER BY U0."purchased_at" DESC, U0."id" LIMIT 1) AS "last_ref" FROM "customers" ORDER BY "customers"."id" ASC

-- case: Django, Exists
-- expect: equal
SELECT "customers"."id", EXISTS(SELECT 1 AS "a" FROM "orders" U0 WHERE (U0."customer_id" = ("customers"."id") AND U0."status" = 'shipped') LIMIT 1) AS "has_shipped" FROM "customers" ORDER BY "customers"."id"

-- case: Django, values and annotate with a filter
-- expect: equal
SELECT "orders"."channel" AS "channel", COUNT("orders"."id") FILTER (WHERE "orders"."status" = 'shipped') AS "shipped", SUM("orders"."total") AS "revenue" FROM "orders" GROUP BY 1 HAVING COUNT("orders"."id") > 1 ORDER BY 1

-- case: Django, TruncMonth
-- expect: equal
SELECT DATE_TRUNC('month', "orders"."purchased_at" AT TIME ZONE 'UTC') AS "month", COUNT(*) AS "n" FROM "orders" GROUP BY 1 ORDER BY 1 ASC

-- case: Django, annotate over all columns
-- expect: masked
SELECT "orders"."id", "orders"."order_ref", "orders"."buyer_name", "orders"."ship_city", COUNT("order_items"."id") AS "items" FROM "orders" LEFT OUTER JOIN "order_items" ON ("orders"."id" = "order_items"."order_id") WHERE "orders"."id" > 900000 GROUP BY "orders"."id" ORDER BY "orders"."id"

-- case: Django, bulk_update
-- expect: equal
-- rollback
UPDATE "orders" SET "status" = (CASE WHEN ("orders"."id" = 900011) THEN 'packed' WHEN ("orders"."id" = 900012) THEN 'returned' ELSE NULL END)::varchar(20) WHERE "orders"."id" IN (900011, 900012)

-- case: Django, bulk_create that ignores conflicts
-- expect: equal
-- rollback
INSERT INTO "app"."schema_migrations" ("version") VALUES ('20240101000000'), ('20240301000000') ON CONFLICT DO NOTHING RETURNING "version"

-- case: Django, select_for_update
-- expect: masked
-- rollback
SELECT "orders"."id", "orders"."status", "orders"."buyer_name" FROM "orders" WHERE "orders"."id" IN (900001, 900011) ORDER BY "orders"."id" ASC FOR UPDATE OF "orders"

-- case: Django, F expressions
-- expect: equal
-- rollback
UPDATE "app"."stock" SET "quantity" = ("app"."stock"."quantity" - 3) WHERE "app"."stock"."sku" = 's4'

-- case: Django, save of the whole model
-- expect: accepted
-- rollback
UPDATE "orders" SET "order_ref" = 'K-11', "channel" = 'amazon', "status" = 'shipped', "customer_id" = 900011, "payment_terms" = 'prepaid', "buyer_name" = 'Nina Neumann', "buyer_email" = 'nina@known.test', "buyer_phone" = '+49 30 11', "ship_address1" = '11 New Street', "ship_address2" = NULL, "ship_city" = 'Neuss', "gift_message" = 'for nina', "total" = '110.00'::numeric, "notes" = 'recent' WHERE "orders"."id" = 900011

-- case: Django, JSONField
-- expect: equal
SELECT "app"."jobs"."id", ("app"."jobs"."payload" #> '{to,zone}') AS "zone" FROM "app"."jobs" WHERE ("app"."jobs"."payload" @> '{"to": {"zone": 2}}'::jsonb AND ("app"."jobs"."payload" -> 'tags') ? 't1') ORDER BY 1

-- case: Django, ArrayField and search
-- expect: equal
SELECT "id", "slug" FROM "app"."articles" WHERE ("tags" && ARRAY['care']::text[] AND "search" @@ plainto_tsquery('english'::regconfig, 'light') = true) ORDER BY "id"

-- case: SQLAlchemy, select by key
-- expect: masked
-- key: orders_id
-- params: ["900012"]
SELECT orders.id AS orders_id, orders.order_ref AS orders_order_ref, orders.buyer_name AS orders_buyer_name, orders.ship_address1 AS orders_ship_address1 FROM orders WHERE orders.id = $1::BIGINT

-- case: SQLAlchemy, selectin load
-- expect: equal
-- params: ["900001", "900012"]
SELECT order_items.order_id AS order_items_order_id, order_items.id AS order_items_id, order_items.sku AS order_items_sku FROM order_items WHERE order_items.order_id IN ($1, $2) ORDER BY order_items.id

-- case: SQLAlchemy, joined load with a subquery and LIMIT
-- expect: masked
-- key: anon_1_id
-- params: ["10"]
SELECT anon_1.id AS anon_1_id, anon_1.buyer_name AS anon_1_buyer_name, order_items_1.id AS order_items_1_id, order_items_1.title AS order_items_1_title FROM (SELECT orders.id AS id, orders.buyer_name AS buyer_name FROM orders WHERE orders.id > 900000 ORDER BY orders.id LIMIT $1) AS anon_1 LEFT OUTER JOIN order_items AS order_items_1 ON anon_1.id = order_items_1.order_id ORDER BY anon_1.id

-- case: SQLAlchemy, window function
-- expect: masked
SELECT orders.id, orders.buyer_name, row_number() OVER (PARTITION BY orders.channel ORDER BY orders.total DESC, orders.id) AS rank FROM orders WHERE orders.id > 900000 ORDER BY orders.id

-- case: SQLAlchemy, insertmanyvalues
-- expect: equal
-- rollback
INSERT INTO app.jobs (queue, payload) SELECT p0::TEXT, p1::JSONB FROM (VALUES ('mail', '{"n": 1}', 0), ('mail', '{"n": 2}', 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING app.jobs.queue, app.jobs.state

-- case: SQLAlchemy, upsert
-- expect: equal
-- rollback
INSERT INTO app.stock (sku, warehouse, quantity) VALUES ('s1', 'w9', 7), ('new', 'w9', 1) ON CONFLICT (sku) DO UPDATE SET quantity = (app.stock.quantity + excluded.quantity), version = (app.stock.version + 1) WHERE app.stock.quantity < 1000 RETURNING app.stock.sku, app.stock.quantity, app.stock.version

-- case: SQLAlchemy, recursive CTE
-- expect: equal
WITH RECURSIVE tree(id, parent_id, name, depth) AS (SELECT c.id AS id, c.parent_id AS parent_id, c.name AS name, 0 AS depth FROM app.categories AS c WHERE c.parent_id IS NULL UNION ALL SELECT c_1.id AS id, c_1.parent_id AS parent_id, c_1.name AS name, tree.depth + 1 AS anon_1 FROM app.categories AS c_1, tree WHERE c_1.parent_id = tree.id) SELECT tree.id, tree.name, tree.depth FROM tree ORDER BY tree.depth, tree.id

-- case: SQLAlchemy, update with a version counter
-- expect: equal
-- rollback
-- params: ["5", "s3", "1"]
UPDATE app.stock SET quantity=$1::INTEGER, version=app.stock.version + 1 WHERE app.stock.sku = $2::VARCHAR AND app.stock.version = $3::INTEGER

-- case: SQLAlchemy, delete of children
-- expect: equal
-- rollback
-- params: ["900012"]
DELETE FROM order_items WHERE order_items.order_id = $1::BIGINT

-- case: SQLAlchemy, pool pre-ping and begin
-- expect: equal
SELECT 1;
BEGIN;
SELECT pg_catalog.version();
ROLLBACK

-- case: ActiveRecord, find with parameters
-- expect: masked
-- params: ["900002", "1"]
SELECT "orders".* FROM "orders" WHERE "orders"."id" = $1 LIMIT $2

-- case: ActiveRecord, where by reference
-- expect: masked
-- params: ["K-1", "1"]
SELECT "orders".* FROM "orders" WHERE "orders"."order_ref" = $1 ORDER BY "orders"."id" ASC LIMIT $2

-- case: ActiveRecord, eager_load
-- expect: masked
-- key: t0_r0
SELECT "orders"."id" AS t0_r0, "orders"."order_ref" AS t0_r1, "orders"."buyer_name" AS t0_r2, "orders"."ship_city" AS t0_r3, "order_items"."id" AS t1_r0, "order_items"."sku" AS t1_r1 FROM "orders" LEFT OUTER JOIN "order_items" ON "order_items"."order_id" = "orders"."id" WHERE "orders"."id" > 900000 ORDER BY "orders"."id" ASC

-- case: ActiveRecord, distinct count over a join
-- expect: equal
SELECT COUNT(DISTINCT "orders"."id") FROM "orders" INNER JOIN "order_items" ON "order_items"."order_id" = "orders"."id" WHERE "order_items"."quantity" > 1

-- case: ActiveRecord, exists?
-- expect: equal
-- params: ["K-12", "1"]
SELECT 1 AS one FROM "orders" WHERE "orders"."order_ref" = $1 LIMIT $2

-- case: ActiveRecord, find_each
-- expect: masked
-- params: ["390", "1000"]
SELECT "orders".* FROM "orders" WHERE "orders"."id" > $1 ORDER BY "orders"."id" ASC LIMIT $2

-- case: ActiveRecord, group and sum
-- expect: equal
SELECT SUM("orders"."total") AS "sum_total", "orders"."status" AS "orders_status" FROM "orders" GROUP BY "orders"."status" ORDER BY "orders"."status"

-- case: ActiveRecord, create
-- expect: equal
-- rollback
-- params: ["990002", "AR-1", "shopify", "Ada Active", "ada@known.test", "AT", "19.90"]
INSERT INTO "orders" ("id", "order_ref", "channel", "buyer_name", "buyer_email", "ship_country", "total") VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING "id"

-- case: ActiveRecord, update_all over a join
-- expect: equal
-- rollback
UPDATE "order_items" SET "quantity" = "order_items"."quantity" + 1 WHERE "order_items"."id" IN (SELECT "order_items"."id" FROM "order_items" INNER JOIN "orders" ON "orders"."id" = "order_items"."order_id" WHERE "orders"."status" = 'pending')

-- case: ActiveRecord, upsert_all
-- expect: equal
-- rollback
INSERT INTO "products" ("sku","title","price") VALUES ('up-1', 'One', 1.0), ('up-2', 'Two', 2.0) ON CONFLICT ("sku") DO UPDATE SET "title"=excluded."title","price"=excluded."price" RETURNING "sku"

-- case: ActiveRecord, touch and optimistic lock
-- expect: equal
-- rollback
-- params: ["2", "9", "s5", "1"]
UPDATE "app"."stock" SET "version" = $1, "quantity" = $2 WHERE "app"."stock"."sku" = $3 AND "app"."stock"."version" = $4

-- case: ActiveRecord, advisory lock of migrations
-- expect: equal
SELECT pg_try_advisory_lock(6742343412345);
SELECT "app"."schema_migrations"."version" FROM "app"."schema_migrations" ORDER BY "app"."schema_migrations"."version" ASC;
SELECT pg_advisory_unlock(6742343412345)

-- case: ActiveRecord, savepoint of a nested transaction
-- expect: equal
BEGIN;
SAVEPOINT active_record_1;
UPDATE "orders" SET "status" = 'packed' WHERE "orders"."id" = 900012;
RELEASE SAVEPOINT active_record_1;
ROLLBACK

-- case: Hibernate, find with a fetch graph
-- expect: masked
-- key: id1_0_
-- params: ["900012"]
select o1_0.id as id1_0_, o1_0.buyer_name as buyer2_0_, o1_0.channel as chann3_0_, c1_0.id as id1_1_, c1_0.created_at as creat2_1_ from orders o1_0 left join customers c1_0 on c1_0.id=o1_0.customer_id where o1_0.id=$1

-- case: Hibernate, a page
-- expect: masked
-- params: ["20", "40"]
select o1_0.id,o1_0.buyer_name,o1_0.order_ref,o1_0.total from orders o1_0 order by o1_0.id offset $2 rows fetch first $1 rows only

-- case: Hibernate, tuple of keys
-- expect: masked
select o1_0.id,o1_0.buyer_name from orders o1_0 where (o1_0.channel,o1_0.id) in (('amazon',900001),('ebay',900012)) order by o1_0.id

-- case: Hibernate, count of a join
-- expect: equal
select count(distinct o1_0.id) from orders o1_0 join order_items i1_0 on o1_0.id=i1_0.order_id where i1_0.sku like '%' escape ''

-- case: Hibernate, next value of a sequence
-- expect: runs
select nextval('orders_id_seq')

-- case: Hibernate, pessimistic lock
-- expect: masked
-- rollback
-- params: ["900011"]
select o1_0.id,o1_0.buyer_name,o1_0.status from orders o1_0 where o1_0.id=$1 for no key update

-- case: Hibernate, update of every column
-- expect: accepted
-- rollback
-- params: ["nina@known.test", "Nina Neumann", "amazon", "recent", "110.00", "900011"]
update orders set buyer_email=$1,buyer_name=$2,channel=$3,notes=$4,total=$5 where id=$6

-- case: Hibernate, bulk delete by a subquery
-- expect: equal
-- rollback
delete from survey_responses sr1_0 where sr1_0.order_id in (select o1_0.id from orders o1_0 where o1_0.status='pending')

-- case: Hibernate, batch insert
-- expect: equal
-- rollback
insert into order_items (order_id,price,quantity,sku,title,id) values (900012,1.0,1,(select min(sku) from products),'batch',990001),(900012,2.0,2,(select max(sku) from products),'batch',990002)

-- case: Prisma, findMany with include
-- expect: masked
-- params: ["900000", "50", "0"]
SELECT "public"."orders"."id", "public"."orders"."order_ref", "public"."orders"."channel"::text, "public"."orders"."buyer_name", "public"."orders"."total" FROM "public"."orders" WHERE ("public"."orders"."id" > $1 AND 1=1) ORDER BY "public"."orders"."id" ASC LIMIT $2 OFFSET $3

-- case: Prisma, relation join
-- expect: masked
SELECT "t0"."id", "t0"."buyer_name", "Order_items"."__prisma_data__" AS "items" FROM "public"."orders" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t2"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('sku', "t1"."sku", 'quantity', "t1"."quantity") AS "__prisma_data__" FROM (SELECT "t".* FROM "public"."order_items" AS "t" WHERE "t0"."id" = "t"."order_id") AS "t1") AS "t2") AS "t3") AS "Order_items" ON true WHERE "t0"."id" > 900000 ORDER BY "t0"."id"

-- case: Prisma, create
-- expect: accepted
-- rollback
-- params: ["PR-1", "ebay", "Pia Prisma", "DE", "5"]
INSERT INTO "public"."orders" ("order_ref","channel","buyer_name","ship_country","total") VALUES ($1,$2,$3,$4,$5) RETURNING "public"."orders"."order_ref"

-- case: Prisma, updateMany
-- expect: equal
-- rollback
-- params: ["packed", "ebay", "pending"]
UPDATE "public"."orders" SET "status" = $1 WHERE ("public"."orders"."channel" = $2 AND "public"."orders"."status" = $3)

-- case: Prisma, groupBy
-- expect: equal
SELECT COUNT(*), SUM("public"."orders"."total"), "public"."orders"."channel" FROM "public"."orders" WHERE 1=1 GROUP BY "public"."orders"."channel" HAVING COUNT(*) > 0 ORDER BY "public"."orders"."channel" ASC OFFSET 0

-- case: Prisma, transaction
-- expect: equal
BEGIN;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SELECT "public"."orders"."id" FROM "public"."orders" WHERE "public"."orders"."id" = 900012;
ROLLBACK

-- case: TypeORM, find with relations
-- expect: masked
-- key: Order_id
SELECT "Order"."id" AS "Order_id", "Order"."order_ref" AS "Order_order_ref", "Order"."buyer_name" AS "Order_buyer_name", "Order__Order_items"."id" AS "Order__Order_items_id", "Order__Order_items"."sku" AS "Order__Order_items_sku" FROM "orders" "Order" LEFT JOIN "order_items" "Order__Order_items" ON "Order__Order_items"."order_id"="Order"."id" WHERE ( (("Order"."id" = 900001)) ) ORDER BY "Order_id"

-- case: TypeORM, save
-- expect: equal
-- rollback
-- params: ["packed", "900012"]
UPDATE "orders" SET "status" = $1 WHERE "id" IN ($2)

-- case: TypeORM, insert with DEFAULT
-- expect: equal
-- rollback
INSERT INTO "orders"("id", "order_ref", "channel", "status", "customer_id", "purchased_at", "shipped_at", "payment_terms", "buyer_name", "buyer_email", "buyer_phone", "ship_country", "total", "notes") VALUES (990003, 'TO-1', 'shopify', DEFAULT, DEFAULT, '2024-01-01', DEFAULT, DEFAULT, 'Tom Type', DEFAULT, DEFAULT, 'DE', 3, DEFAULT) RETURNING "id", "status", "payment_terms", "buyer_name", "buyer_email"

-- case: TypeORM, soft delete filter and take
-- expect: masked
-- key: ids_Order_id
SELECT DISTINCT "distinctAlias"."Order_id" AS "ids_Order_id" FROM (SELECT "Order"."id" AS "Order_id", "Order"."buyer_name" AS "Order_buyer_name" FROM "orders" "Order" LEFT JOIN "order_items" "i" ON "i"."order_id"="Order"."id" WHERE "Order"."status" IS NOT NULL) "distinctAlias" ORDER BY "Order_id" ASC LIMIT 5

-- case: Sequelize, findByPk
-- expect: masked
SELECT "id", "order_ref" AS "orderRef", "buyer_name" AS "buyerName", "ship_city" AS "shipCity", "total" FROM "orders" AS "Order" WHERE "Order"."id" = 900001

-- case: Sequelize, nested include with a limited subquery
-- expect: masked
SELECT "Order".*, "items"."id" AS "items.id", "items"."sku" AS "items.sku" FROM (SELECT "Order"."id", "Order"."buyer_name" AS "buyerName" FROM "orders" AS "Order" WHERE "Order"."id" > 900000 ORDER BY "Order"."id" LIMIT 3) AS "Order" LEFT OUTER JOIN "order_items" AS "items" ON "Order"."id" = "items"."order_id" ORDER BY "Order"."id"

-- case: Sequelize, parenthesised joins
-- expect: masked
SELECT "o"."id", "o"."buyer_name", "p"."title" FROM "orders" AS "o" LEFT OUTER JOIN ( "order_items" AS "i" INNER JOIN "products" AS "p" ON "i"."sku" = "p"."sku" ) ON "o"."id" = "i"."order_id" WHERE "o"."id" > 900000 ORDER BY "o"."id"

-- case: Sequelize, create
-- expect: equal
-- rollback
INSERT INTO "orders" ("id","order_ref","channel","buyer_name","ship_country","total") VALUES (990004,'SQ-1','ebay','Sue Sequel','DE',1) RETURNING "id","order_ref","channel","status","buyer_name","total"

-- case: Sequelize, upsert
-- expect: equal
-- rollback
INSERT INTO "app"."stock" ("sku","warehouse","quantity") VALUES ('s2','w5',1) ON CONFLICT ("sku") DO UPDATE SET "sku"=EXCLUDED."sku","warehouse"=EXCLUDED."warehouse","quantity"=EXCLUDED."quantity" RETURNING "sku","warehouse","quantity"

-- case: Sequelize, increment
-- expect: equal
-- rollback
UPDATE "app"."stock" SET "quantity"="quantity"+ 1,"version"="version"+ 1 WHERE "sku" = 's7' RETURNING *

-- case: Sequelize, destroy
-- expect: equal
-- rollback
DELETE FROM "order_items" WHERE "id" IN (SELECT "id" FROM "order_items" WHERE "order_id" = 900012 LIMIT 1)

-- case: Knex, first with a parameter
-- expect: masked
-- params: ["900003", "1"]
select * from "orders" where "id" = $1 limit $2

-- case: Knex, whereIn and whereBetween
-- expect: masked
-- params: ["amazon", "ebay", "900000", "900012"]
select "id", "buyer_name", "total" from "orders" where "channel" in ($1, $2) and "id" between $3 and $4 order by "id" asc

-- case: Knex, with and union
-- expect: equal
with "recent" as (select "id", "total" from "orders" where "id" > 900010) select "id", "total" from "recent" union all select "id", "amount" from "payments" where "id" > 900010 order by "id", "total"

-- case: Knex, insert returning star into an unprotected table
-- expect: equal
-- rollback
-- params: ["k1", "Knex", "9.5"]
insert into "products" ("sku", "title", "price") values ($1, $2, $3) returning *

-- case: Knex, batch of a migration
-- expect: equal
-- rollback
create table if not exists "app"."knex_migrations" ("id" serial primary key, "name" varchar(255), "batch" integer, "migration_time" timestamptz);
create table if not exists "app"."knex_migrations_lock" ("index" serial primary key, "is_locked" integer);
insert into "app"."knex_migrations_lock" ("is_locked") values (0);
update "app"."knex_migrations_lock" set "is_locked" = 1 where "is_locked" = 0;
select "name" from "app"."knex_migrations" order by "id" asc

-- case: Drizzle, select
-- expect: masked
-- params: ["900012"]
select "id", "order_ref", "buyer_name", "ship_city" from "orders" where "orders"."id" = $1

-- case: Drizzle, relational query
-- expect: masked
select "orders"."id", "orders"."buyer_name", "orders_items"."data" as "items" from "orders" left join lateral (select coalesce(json_agg(json_build_array("orders_items"."sku", "orders_items"."quantity")), '[]'::json) as "data" from "order_items" "orders_items" where "orders_items"."order_id" = "orders"."id") "orders_items" on true where "orders"."id" > 900000 order by "orders"."id"

-- case: Drizzle, insert with on conflict
-- expect: equal
-- rollback
insert into "customers" ("id", "name", "email", "phone", "created_at") values (990005, 'Dora', 'dora@known.test', default, '2024-01-01') on conflict do nothing returning "id", "name", "email"

-- case: Entity Framework, FirstOrDefault
-- expect: masked
-- params: ["900001"]
SELECT o."id", o."order_ref", o."buyer_name", o."ship_city", o."total" FROM "orders" AS o WHERE o."id" = $1 LIMIT 1

-- case: Entity Framework, split include
-- expect: masked
SELECT o0."id", s."sku", s."id" AS "id0", o0."buyer_name" FROM (SELECT o."id", o."buyer_name" FROM orders AS o WHERE o."id" > 900000 ORDER BY o."id" LIMIT 4) AS o0 INNER JOIN order_items AS s ON o0."id" = s."order_id" ORDER BY o0."id"

-- case: Entity Framework, SaveChanges batch
-- expect: equal
-- rollback
UPDATE orders SET "status" = 'packed' WHERE "id" = 900011;
INSERT INTO order_items ("order_id", "price", "quantity", "sku", "title") VALUES (900011, 2.5, 1, (SELECT min(sku) FROM products), 'ef') RETURNING "title"

-- case: Entity Framework, ANY of a list
-- expect: masked
-- params: ["{900001,900011,900012}"]
SELECT o."id", o."buyer_name" FROM orders AS o WHERE o."id" = ANY ($1) ORDER BY o."id"

-- case: Entity Framework, group with a case
-- expect: equal
SELECT o."channel" AS "Key", count(CASE WHEN o."status" = 'shipped' THEN 1 END)::int AS "Shipped", COALESCE(sum(o."total"), 0.0) AS "Sum" FROM orders AS o GROUP BY o."channel" ORDER BY o."channel"

-- case: Entity Framework, ExecuteDelete
-- expect: equal
-- rollback
DELETE FROM survey_responses AS s WHERE s."answered_at" < TIMESTAMPTZ '2000-01-01T00:00:00Z'

-- case: jOOQ, seek
-- expect: masked
-- params: ["110.00", "900011", "5"]
select "public"."orders"."id", "public"."orders"."buyer_name", "public"."orders"."total" from "public"."orders" where ("public"."orders"."total", "public"."orders"."id") > (cast($1 as numeric), cast($2 as bigint)) order by "public"."orders"."total", "public"."orders"."id" fetch next $3 rows only

-- case: jOOQ, multiset
-- expect: masked
select "o"."id", "o"."buyer_name", (select coalesce(jsonb_agg(jsonb_build_array("v0", "v1")), jsonb_build_array()) from (select "i"."sku" as "v0", "i"."quantity" as "v1" from "public"."order_items" as "i" where "i"."order_id" = "o"."id") as "t") as "items" from "public"."orders" as "o" where "o"."id" > 900000 order by "o"."id"

-- case: jOOQ, merge
-- expect: equal
-- rollback
merge into "app"."stock" using (select 's1' as "sku", 5 as "quantity") as "t" on "app"."stock"."sku" = "t"."sku" when matched then update set "quantity" = "t"."quantity" when not matched then insert ("sku", "warehouse", "quantity") values ("t"."sku", 'w', "t"."quantity")

-- case: GORM, First
-- expect: masked
SELECT * FROM "orders" WHERE "orders"."id" = 900002 ORDER BY "orders"."id" LIMIT 1

-- case: GORM, Preload
-- expect: masked
-- key: order_id
SELECT * FROM "payments" WHERE "payments"."order_id" IN (900001,900011,900012)

-- case: GORM, Updates
-- expect: equal
-- rollback
UPDATE "orders" SET "status"='packed',"notes"='gorm' WHERE "id" = 900011

-- case: GORM, Create
-- expect: equal
-- rollback
INSERT INTO "legacy_contacts" ("imported_from","imported_on","full_name","email","id") VALUES ('csv','2024-01-01','Gorm','g@known.test',990001) RETURNING "id"

-- case: GORM, table exists
-- expect: equal
SELECT count(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_name = 'orders' AND table_type = 'BASE TABLE'

-- case: Eloquent, paginate
-- expect: masked
select * from "orders" where "status" = 'shipped' and "orders"."customer_id" is not null order by "id" asc limit 15 offset 15

-- case: Eloquent, withCount
-- expect: masked
select "orders"."id", "orders"."buyer_name", (select count(*) from "order_items" where "orders"."id" = "order_items"."order_id") as "items_count" from "orders" where "id" > 900000 order by "id"

-- case: Eloquent, whereHas
-- expect: masked
select "id", "buyer_name" from "orders" where exists (select * from "order_items" where "orders"."id" = "order_items"."order_id" and "quantity" >= 1) and "id" > 900000 order by "id"

-- case: Eloquent, chunkById
-- expect: masked
-- params: ["900001"]
select * from "orders" where "id" > $1 order by "id" asc limit 100

-- case: Eloquent, job reserved
-- expect: equal
-- rollback
select * from "app"."jobs" where "queue" = 'default' and ("state" = 'queued' and "run_at" <= '2030-01-01') order by "id" asc limit 1 for update skip locked;
update "app"."jobs" set "state" = 'running', "attempts" = 1 where "id" = 4;
delete from "app"."jobs" where "id" = 4

-- case: Eloquent, table listing
-- expect: equal
select c.relname as name, n.nspname as schema, pg_total_relation_size(c.oid) > 0 as size, obj_description(c.oid, 'pg_class') as comment from pg_class c, pg_namespace n where c.relkind in ('r', 'p') and n.oid = c.relnamespace and n.nspname not in ('pg_catalog', 'information_schema') order by n.nspname, c.relname

-- case: Doctrine, paginator
-- expect: masked
-- key: id_0
SELECT DISTINCT id_0 FROM (SELECT o0_.id AS id_0, o0_.buyer_name AS buyer_name_1 FROM orders o0_ LEFT JOIN order_items o1_ ON o0_.id = o1_.order_id WHERE o0_.id > 900000) dctrn_result ORDER BY id_0 LIMIT 10

-- case: MyBatis, dynamic where
-- expect: masked
-- params: ["shipped", "DE"]
SELECT id, order_ref, buyer_name, ship_city FROM orders WHERE status = $1 AND ship_country = $2 ORDER BY id

-- case: Dapper, multi-mapping
-- expect: masked
SELECT o.id, o.buyer_name, o.total, c.id AS customer_id, c.created_at FROM orders o INNER JOIN customers c ON o.customer_id = c.id WHERE o.id > 900000 ORDER BY o.id

-- case: sqlx, fetch optional
-- expect: masked
-- params: ["K-3"]
SELECT id, buyer_name as "buyer_name!", gift_message as "gift?", ip FROM orders WHERE order_ref = $1

-- case: Ecto, preload and count
-- expect: masked
-- key: id
-- params: ["{900001,900012}"]
SELECT o0."id", o0."order_ref", o0."buyer_name", o0."customer_id", o0."customer_id" FROM "orders" AS o0 WHERE (o0."customer_id" = ANY($1)) ORDER BY o0."customer_id", o0."id"

-- case: Ecto, insert_all
-- expect: equal
-- rollback
INSERT INTO "order_items" ("id","order_id","price","quantity","sku","title") VALUES (990010,900012,1,1,(SELECT min(sku) FROM products),'a'),(990011,900012,2,1,(SELECT min(sku) FROM products),'b') RETURNING "id"

-- case: Peewee, upsert with excluded
-- expect: equal
-- rollback
INSERT INTO "app"."stock" ("sku", "warehouse", "quantity") VALUES ('s1', 'w1', 3) ON CONFLICT ("sku") DO UPDATE SET "quantity" = EXCLUDED."quantity" WHERE ("app"."stock"."quantity" != EXCLUDED."quantity")

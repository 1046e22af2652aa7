-- Which relation a name means.

-- case: a schema before the name
SELECT buyer_name FROM public.orders
-- =>
SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: the database before the schema
SELECT buyer_name FROM postgres.public.orders
-- =>
SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a table of the same name elsewhere
SELECT buyer_name, note FROM other.orders
-- =>
-- pass

-- case: the search path finds the other first
-- path: other, public
SELECT buyer_name FROM orders WHERE buyer_name = 'x'
-- =>
SELECT buyer_name FROM "other"."orders" WHERE buyer_name = 'x'

-- case: the search path finds the protected one first
-- path: public, other
SELECT buyer_name FROM orders
-- =>
SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: a temporary table hides a protected one
-- temp: orders
SELECT buyer_name FROM orders WHERE buyer_name = 'x'
-- =>
SELECT buyer_name FROM pg_temp."orders" WHERE buyer_name = 'x'

-- case: a temporary table behind the others
-- temp: orders
-- path: public, pg_temp
SELECT buyer_name FROM orders
-- =>
SELECT buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: the temporary schema by name
-- temp: orders
SELECT buyer_name FROM pg_temp.orders
-- =>
-- pass

-- case: a name in quotes
SELECT "orders"."buyer_name" FROM "public"."orders"
-- =>
SELECT "orders"."buyer_name" FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: upper-case letters
SELECT Buyer_Name FROM ORDERS
-- =>
SELECT Buyer_Name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: Unicode escapes
SELECT U&"b\0075yer_name" FROM U&"\006Frders"
-- =>
SELECT U&"b\0075yer_name" FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: Unicode escapes with another character
SELECT o.id FROM U&"!006Frders" UESCAPE '!' AS o
-- =>
SELECT o.id FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) AS o

-- case: spaces and comments around the dot
SELECT o . /* c */ buyer_name FROM public . /* d */ orders o
-- =>
SELECT o . /* c */ buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) o
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: an alias of a protected table's name
SELECT orders.sku FROM products orders
-- =>
-- pass

-- case: a column alias of a protected column's name
SELECT p.buyer_name FROM products p (buyer_name) WHERE p.buyer_name = 'x'
-- =>
-- pass

-- case: a keyword as alias
SELECT "select".buyer_name FROM orders "select"
-- =>
SELECT "select".buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) "select"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: an alias in other letters
SELECT "Größe €".buyer_name FROM orders "Größe €"
-- =>
SELECT "Größe €".buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) "Größe €"
-- output 0 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: an insert into the other
-- path: other, public
INSERT INTO orders (id, buyer_name) VALUES (1, 'x')
-- =>
INSERT INTO "other"."orders" (id, buyer_name) VALUES (1, 'x')

-- case: an update of a temporary table that hides a protected one
-- temp: orders
UPDATE orders SET buyer_name = 'x' WHERE buyer_name = 'y'
-- =>
UPDATE pg_temp."orders" SET buyer_name = 'x' WHERE buyer_name = 'y'

-- case: COPY of the other
-- path: other
COPY orders TO STDOUT
-- =>
COPY "other"."orders" TO STDOUT

-- case: a column that is named like the table
SELECT orders FROM (SELECT 1 AS orders) s
-- =>
-- pass

-- case: outer and inner of the same alias
SELECT o.id FROM orders o WHERE o.id IN (SELECT o.id FROM products o (id, b, c) CROSS JOIN LATERAL (SELECT o.b) x)
-- =>
SELECT o.id FROM (SELECT pgveil_t."id" FROM "public"."orders" AS pgveil_t) o WHERE o.id IN (SELECT o.id FROM products o (id, b, c) CROSS JOIN LATERAL (SELECT o.b) x)

-- case: a dollar quote with a name inside
SELECT $orders$ FROM orders WHERE buyer_name $orders$, buyer_name FROM orders
-- =>
SELECT $orders$ FROM orders WHERE buyer_name $orders$, buyer_name FROM (SELECT «tag buyer_name» FROM "public"."orders" AS pgveil_t) AS "orders"
-- output 1 public.orders.buyer_name typmod 124 token of buyer_name within 120
-- masked public.orders.buyer_name

-- case: an unprotected name that nobody knows
SELECT 1 FROM nowhere
-- =>
-- pass

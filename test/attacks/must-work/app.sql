-- What a shop's own programs ask: lists, details, search by what is not protected.

-- case: one order by its id
-- expect: masked
SELECT * FROM orders WHERE id = 900001

-- case: one recent order by its id
-- expect: equal
SELECT * FROM orders WHERE id = 900011

-- case: one order of another channel
-- expect: equal
SELECT * FROM orders WHERE order_ref = 'K-12'

-- case: one exempt order
-- expect: equal
SELECT * FROM public.orders WHERE id = 900013

-- case: one order that is not shipped
-- expect: equal
SELECT id, buyer_name, buyer_email, ship_address1, gift_message FROM orders WHERE id = 900014

-- case: the newest orders
-- expect: masked
SELECT id, order_ref, channel, status, buyer_name, ship_city, total FROM orders ORDER BY purchased_at DESC, id LIMIT 50

-- case: a page of orders
-- expect: masked
SELECT id, order_ref, buyer_name, purchased_at FROM orders ORDER BY id LIMIT 20 OFFSET 100

-- case: a page by its last key
-- expect: masked
SELECT id, order_ref, buyer_name FROM orders WHERE id > 120 ORDER BY id FETCH FIRST 25 ROWS ONLY

-- case: the number of orders
-- expect: equal
SELECT count(*) FROM orders

-- case: the number of orders of a channel
-- expect: equal
SELECT count(*) FROM orders WHERE channel = 'amazon' AND status = 'shipped'

-- case: orders of several ids
-- expect: masked
SELECT id, buyer_name, buyer_email FROM orders WHERE id IN (5, 900001, 900011, 900012) ORDER BY id

-- case: orders of a customer
-- expect: masked
SELECT id, order_ref, buyer_name, total FROM orders WHERE customer_id = 900011 ORDER BY id

-- case: orders by status and date
-- expect: masked
SELECT id, buyer_name, ship_country FROM orders WHERE status IN ('shipped', 'pending') AND purchased_at BETWEEN now() - interval '60 days' AND now() ORDER BY id

-- case: orders without a ship date
-- expect: equal
SELECT id, buyer_name, ship_address1, ship_city FROM orders WHERE shipped_at IS NULL ORDER BY id

-- case: an order with its items
-- expect: masked
-- key: id
SELECT o.id, o.order_ref, o.buyer_name, i.sku, i.title, i.quantity, i.price FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id IN (900001, 900012) ORDER BY o.id, i.id

-- case: an order with its customer
-- expect: masked
SELECT o.id, c.id AS customer, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE o.id IN (900001, 900012, 900014) ORDER BY o.id

-- case: an order with its addresses
-- expect: masked
-- key: order_id
SELECT a.order_id, a.kind, a.name, a.line1, a.line2, a.city, a.postcode, a.country FROM order_addresses a WHERE a.order_id IN (900002, 900011) ORDER BY a.id

-- case: an order with its payments
-- expect: masked
-- key: order_id
SELECT order_id, method, card_holder, card_last4, iban, amount, paid_at FROM payments WHERE order_id IN (900003, 900011, 900012) ORDER BY id

-- case: orders, customers, items and products joined
-- expect: masked
-- key: id
SELECT o.id, o.buyer_name, c.created_at, i.quantity, p.title FROM orders o JOIN customers c ON c.id = o.customer_id JOIN order_items i ON i.order_id = o.id JOIN products p USING (sku) WHERE o.id > 380 AND o.id < 900000 ORDER BY o.id, i.id

-- case: customers
-- expect: masked
-- key: id of customers
SELECT id, name, email, phone, created_at FROM customers ORDER BY id

-- case: one customer
-- expect: equal
SELECT * FROM customers WHERE id = 900012

-- case: contacts of the old system
-- expect: masked
-- key: id of legacy_contacts
SELECT * FROM legacy_contacts ORDER BY id

-- case: survey answers of all orders
-- expect: masked
-- key: order_id
SELECT order_id, rating, answer, answered_at FROM survey_responses ORDER BY id

-- case: search by name among another channel's orders
-- expect: equal
SELECT id, buyer_name FROM orders WHERE channel = 'ebay' AND buyer_name LIKE 'Edda%' ORDER BY id

-- case: search by mail address among orders not shipped
-- expect: equal
SELECT id, buyer_name FROM orders WHERE shipped_at IS NULL AND buyer_email = 'una@known.test'

-- case: search by name among recent orders
-- expect: equal
SELECT id FROM orders WHERE shipped_at >= now() - interval '7 days' AND lower(buyer_name) LIKE 'nina%'

-- case: search by name among other channels
-- expect: equal
SELECT id FROM orders WHERE channel IN ('ebay', 'shopify') AND buyer_name = 'Edda Ebert'

-- case: search by name among all but one channel
-- expect: equal
SELECT count(*) FROM orders WHERE channel <> 'amazon' AND buyer_name ILIKE '%e%'

-- case: search by name among orders on credit
-- expect: equal
SELECT id FROM orders WHERE payment_terms = 'credit' AND buyer_name = 'Trade & Co'

-- case: is there such an order
-- expect: equal
SELECT EXISTS (SELECT FROM orders WHERE order_ref = 'K-1'), EXISTS (SELECT 1 FROM orders WHERE order_ref = 'none')

-- case: orders with an item of a product
-- expect: masked
SELECT id, buyer_name FROM orders o WHERE EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id AND i.quantity > 1) ORDER BY id

-- case: orders without a payment
-- expect: masked
SELECT o.id, o.buyer_name FROM orders o LEFT JOIN payments p ON p.order_id = o.id WHERE p.id IS NULL ORDER BY o.id

-- case: the last order of each customer
-- expect: masked
-- key: id
SELECT DISTINCT ON (customer_id) customer_id, id, buyer_name, total FROM orders WHERE customer_id IS NOT NULL ORDER BY customer_id, purchased_at DESC, id

-- case: the last order by LATERAL
-- expect: masked
-- key: last
SELECT c.id, l.id AS last, l.buyer_name FROM customers c CROSS JOIN LATERAL (SELECT o.id, o.buyer_name FROM orders o WHERE o.customer_id = c.id ORDER BY o.purchased_at DESC, o.id LIMIT 1) l ORDER BY c.id

-- case: a label for each order
-- expect: masked
SELECT id, concat_ws(E'\n', buyer_name, ship_address1, ship_address2, ship_postcode || ' ' || ship_city, ship_country) AS label FROM orders WHERE id > 900000 ORDER BY id

-- case: the order as JSON
-- expect: masked
SELECT o.id, json_build_object('ref', o.order_ref, 'buyer', o.buyer_name, 'items', (SELECT json_agg(i ORDER BY i.id) FROM order_items i WHERE i.order_id = o.id)) AS doc FROM orders o WHERE o.id IN (900001, 900011) ORDER BY o.id

-- case: rows as JSON
-- expect: masked
SELECT id, to_jsonb(o) FROM orders o WHERE id IN (900001, 900012) ORDER BY id

-- case: columns with defaults for what is missing
-- expect: masked
SELECT id, coalesce(ship_address2, '') AS line2, coalesce(gift_message, '-') AS gift, CASE WHEN gift_message IS NULL THEN 'no' ELSE 'yes' END AS has_gift FROM orders WHERE id > 900000 ORDER BY id

-- case: the view of orders
-- expect: masked
SELECT * FROM order_list WHERE id IN (900011, 900012, 900014) ORDER BY id

-- case: the view of recent orders
-- expect: equal
SELECT id, order_ref, total FROM recent_orders ORDER BY id

-- case: a view of a view
-- expect: masked
-- key: number
SELECT number, who, mail FROM buyers WHERE number > 900000 ORDER BY number

-- case: the sales report view
-- expect: equal
SELECT * FROM sales_report ORDER BY day, channel

-- case: the view of customers
-- expect: masked
-- key: id of customers
SELECT id, name, orders, revenue FROM customer_overview ORDER BY id

-- case: products, which no policy names
-- expect: equal
SELECT * FROM products ORDER BY sku

-- case: items, which no policy names
-- expect: equal
SELECT order_id, sku, quantity * price AS amount FROM order_items ORDER BY id

-- case: items with a text search on their title
-- expect: equal
SELECT DISTINCT sku FROM order_items WHERE title ILIKE '%a%' AND sku LIKE '%' ORDER BY sku

-- case: a harmless function
-- expect: equal
SELECT plain.add(1, 2), upper(status), id FROM orders WHERE id = plain.add(900010, 1)

-- case: another table named orders
-- expect: equal
SELECT o.buyer_name FROM other.orders o WHERE o.buyer_name LIKE 'nobody%' ORDER BY o.id

-- case: COPY of unprotected columns
-- expect: equal
COPY (SELECT id, order_ref, channel, total FROM orders ORDER BY id) TO STDOUT (FORMAT csv, HEADER)

-- case: COPY of an unprotected table
-- expect: equal
COPY products TO STDOUT

-- case: row locks on an order
-- expect: equal
-- rollback
SELECT id, status FROM orders WHERE id = 900011 FOR UPDATE

-- case: a queue of orders
-- expect: equal
-- rollback
SELECT id, order_ref FROM orders WHERE status = 'pending' AND id > 900000 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED

-- case: the tables by time of change
-- expect: equal
SELECT max(purchased_at), max(shipped_at), max(id) FROM orders

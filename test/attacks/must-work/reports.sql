-- Reports and exports.

-- case: sales by channel
-- expect: equal
SELECT channel, count(*) AS orders, sum(total) AS revenue, round(avg(total), 2) AS average FROM orders GROUP BY channel ORDER BY channel

-- case: sales by day
-- expect: equal
SELECT date_trunc('day', purchased_at, 'UTC') AS day, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 1 DESC LIMIT 30

-- case: sales by month and channel
-- expect: equal
SELECT to_char(purchased_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, channel, sum(total) FROM orders GROUP BY month, channel ORDER BY month, channel

-- case: sales by country
-- expect: equal
SELECT ship_country, count(*), sum(total) FROM orders GROUP BY ship_country HAVING count(*) > 1 ORDER BY sum(total) DESC, ship_country

-- case: sales by channel with totals
-- expect: equal
SELECT channel, status, count(*), sum(total) FROM orders GROUP BY ROLLUP (channel, status) ORDER BY channel NULLS LAST, status NULLS LAST

-- case: sales with conditions inside
-- expect: equal
SELECT count(*) FILTER (WHERE channel = 'amazon') AS amazon, count(*) FILTER (WHERE shipped_at IS NULL) AS open, sum(total) FILTER (WHERE channel <> 'amazon') AS others FROM orders

-- case: days with no sales
-- expect: equal
SELECT d::date, count(o.id) FROM generate_series(date_trunc('day', now(), 'UTC') - interval '7 days', date_trunc('day', now(), 'UTC'), interval '1 day') d LEFT JOIN orders o ON date_trunc('day', o.purchased_at, 'UTC') = d GROUP BY d ORDER BY d

-- case: best sellers
-- expect: equal
SELECT i.sku, p.title, sum(i.quantity) AS sold FROM order_items i JOIN products p ON p.sku = i.sku JOIN orders o ON o.id = i.order_id WHERE o.channel = 'amazon' GROUP BY i.sku, p.title ORDER BY sold DESC, i.sku LIMIT 10

-- case: a running total
-- expect: equal
SELECT id, total, sum(total) OVER (ORDER BY purchased_at, id) AS running FROM orders WHERE channel = 'shopify' ORDER BY purchased_at, id

-- case: rank of orders within their channel
-- expect: masked
SELECT id, channel, buyer_name, rank() OVER (PARTITION BY channel ORDER BY total DESC, id) AS place FROM orders ORDER BY channel, place LIMIT 40

-- case: this month against the last, by CTEs
-- expect: equal
WITH this AS (SELECT channel, sum(total) AS s FROM orders WHERE purchased_at >= now() - interval '30 days' GROUP BY channel),
     last AS (SELECT channel, sum(total) AS s FROM orders WHERE purchased_at < now() - interval '30 days' GROUP BY channel)
SELECT coalesce(this.channel, last.channel) AS channel, this.s, last.s FROM this FULL JOIN last ON last.channel = this.channel ORDER BY 1

-- case: customers with several orders
-- expect: equal
SELECT customer_id, count(*) FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id HAVING count(*) >= 2 ORDER BY customer_id

-- case: customers on several channels
-- expect: equal
SELECT count(*) FROM (SELECT customer_id FROM orders GROUP BY customer_id HAVING count(DISTINCT channel) > 1) s

-- case: all columns grouped by the key alone
-- expect: masked
SELECT o.*, count(i.id) AS items FROM orders o LEFT JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 GROUP BY o.id ORDER BY o.id

-- case: time to ship
-- expect: equal
SELECT channel, avg(shipped_at - purchased_at), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM shipped_at - purchased_at)) FROM orders WHERE shipped_at IS NOT NULL GROUP BY channel ORDER BY channel

-- case: sum of payments against totals
-- expect: equal
SELECT o.id, o.total - coalesce(sum(p.amount), 0) AS open FROM orders o LEFT JOIN payments p ON p.order_id = o.id GROUP BY o.id, o.total HAVING o.total <> coalesce(sum(p.amount), 0) ORDER BY o.id

-- case: payment methods
-- expect: equal
SELECT method, count(*), sum(amount) FROM payments GROUP BY method ORDER BY method

-- case: union of what happened
-- expect: equal
SELECT 'ordered' AS what, id, purchased_at AS at FROM orders WHERE id > 900000 UNION ALL SELECT 'shipped', id, shipped_at FROM orders WHERE id > 900000 AND shipped_at IS NOT NULL UNION ALL SELECT 'answered', order_id, answered_at FROM survey_responses WHERE order_id > 900000 ORDER BY 3, 1, 2

-- case: orders that are on one list and not on another
-- expect: equal
SELECT id FROM orders EXCEPT SELECT order_id FROM payments ORDER BY id LIMIT 20

-- case: an export with names
-- expect: masked
SELECT o.id, o.order_ref, o.channel, o.buyer_name, o.ship_city, o.ship_country, o.total, string_agg(i.sku, ';' ORDER BY i.id) AS skus FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id, o.order_ref, o.channel, o.buyer_name, o.ship_city, o.ship_country, o.total ORDER BY o.id

-- case: names sorted
-- expect: accepted
SELECT buyer_name, id FROM orders WHERE id > 900000 ORDER BY buyer_name, id

-- case: names grouped
-- expect: accepted
SELECT upper(buyer_name), count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20

-- case: distinct cities
-- expect: accepted
SELECT DISTINCT ship_city FROM orders ORDER BY ship_city LIMIT 10

-- case: average rating, with redacted ones left out
-- expect: accepted
SELECT round(avg(rating), 2), count(rating), count(*) FROM survey_responses

-- case: average rating of another channel
-- expect: equal
SELECT avg(s.rating) FROM survey_responses s JOIN orders o ON o.id = s.order_id WHERE o.channel = 'ebay'

-- case: crosstab by CASE
-- expect: equal
SELECT ship_country, sum(CASE WHEN channel = 'amazon' THEN total ELSE 0 END) AS amazon, sum(CASE WHEN channel = 'ebay' THEN total ELSE 0 END) AS ebay FROM orders GROUP BY ship_country ORDER BY ship_country

-- case: EXPLAIN of a report
-- expect: equal
EXPLAIN (COSTS OFF) SELECT sku, sum(quantity) FROM order_items GROUP BY sku

-- case: a cursor over an export
-- expect: masked
-- rollback
DECLARE export CURSOR FOR SELECT id, order_ref, buyer_name FROM orders WHERE id > 390 ORDER BY id;
FETCH 5 FROM export;
FETCH ALL FROM export;
CLOSE export

-- case: a prepared report
-- expect: equal
PREPARE report (text) AS SELECT count(*), sum(total) FROM orders WHERE channel = $1;
EXECUTE report ('amazon');
EXECUTE report ('ebay');
DEALLOCATE report

-- case: a temporary table of ids
-- expect: accepted
-- rollback
CREATE TEMP TABLE wanted ON COMMIT DROP AS SELECT id FROM orders WHERE channel = 'ebay' AND id > 900000;
SELECT o.id, o.buyer_name FROM orders o JOIN wanted w ON w.id = o.id ORDER BY o.id

-- case: GROUP BY the key under another name
-- expect: masked
SELECT t.id, t.who, t.total FROM orders t(id, a, b, c, d, e, f, g, who, h, i, j, k, l, m, n, o, p, q, r, s, total) WHERE t.id > 900000 GROUP BY t.id ORDER BY t.id

-- case: a whole row of a table, and where it comes from
-- expect: equal
SELECT o FROM orders o WHERE id = 900012

-- case: a whole row of a view, and where it comes from
-- expect: equal
SELECT b FROM (SELECT b FROM buyers b WHERE number = 900012) x

-- case: a row of a view under other column names
-- expect: equal
SELECT row_to_json(b), to_jsonb(b) FROM buyers b(k, a, w, m) WHERE k = 900012

-- case: a join under an alias, all its columns
-- expect: equal
SELECT j.* FROM (orders o JOIN payments p ON p.order_id = o.id) AS j WHERE j.order_ref = 'K-12'

-- case: a join under an alias and other names
-- expect: equal
SELECT j.number, j.who FROM (orders o JOIN payments p ON p.order_id = o.id) AS j(number, b, c, d, e, f, g, h, who) WHERE j.number = 900012

-- case: a document of a join under an alias
-- expect: equal
SELECT j.number, to_jsonb(j) ->> 'who' FROM (orders o JOIN customers c ON c.id = o.customer_id) AS j(number, b, c, d, e, f, g, h, who) WHERE j.number = 900012

-- case: a whole row beside a function
-- expect: equal
SELECT o FROM orders o, generate_series(1, 2) n WHERE o.id = 900012

-- case: a whole row that is filtered, beside a function
-- expect: accepted
SELECT p FROM products p, orders o, regexp_split_to_table(o.notes, ' ') w(word) WHERE o.id = 900012 AND p::text LIKE '%BIK%' ORDER BY p.sku, w.word

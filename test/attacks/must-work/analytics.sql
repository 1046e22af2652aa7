-- Reports of the harder kind: windows, grouping sets, cohorts, calendars, LATERAL, pivots, percentiles.

-- case: totals by GROUPING SETS
-- expect: equal
SELECT channel, status, GROUPING(channel, status) AS g, count(*), sum(total) FROM orders GROUP BY GROUPING SETS ((channel, status), (channel), ()) ORDER BY channel NULLS LAST, status NULLS LAST

-- case: totals by CUBE
-- expect: equal
SELECT channel, ship_country, sum(total) FROM orders GROUP BY CUBE (channel, ship_country) ORDER BY 1 NULLS LAST, 2 NULLS LAST

-- case: ROLLUP over the key with columns that depend on it
-- expect: masked
SELECT coalesce(o.id, 900001) AS id, o.buyer_name, sum(i.quantity) AS n FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 GROUP BY ROLLUP (o.id, o.buyer_name) ORDER BY o.id NULLS LAST, GROUPING(o.buyer_name)

-- case: grouped by the key in parentheses
-- expect: masked
SELECT o.id, o.order_ref, o.buyer_name, count(*) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 GROUP BY (o.id) ORDER BY o.id

-- case: grouped by the key in a list in parentheses
-- expect: masked
SELECT o.id, o.order_ref, o.buyer_name, i.sku, count(*) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 GROUP BY (o.id, i.sku) ORDER BY o.id

-- case: grouped by the key in grouping sets that all have it
-- expect: masked
SELECT o.id, o.buyer_name, i.sku, count(*) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 GROUP BY GROUPING SETS ((o.id), (o.id, i.sku)) ORDER BY o.id, i.sku NULLS FIRST

-- case: grouped by the key twice over
-- expect: masked
SELECT o.id, o.buyer_name, c.created_at, count(i.id) FROM orders o LEFT JOIN customers c ON c.id = o.customer_id LEFT JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 GROUP BY o.id, c.id ORDER BY o.id

-- case: grouped by the key's position, with an expression over a column that depends on it
-- expect: masked
SELECT o.id, upper(o.buyer_name) || ' (' || o.channel || ')' AS who, sum(i.price * i.quantity) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 GROUP BY 1 ORDER BY 1

-- case: moving average
-- expect: equal
SELECT day, revenue, avg(revenue) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)::numeric(12,2) AS week FROM (SELECT purchased_at::date AS day, sum(total) AS revenue FROM orders GROUP BY 1) d ORDER BY day

-- case: share of the whole and rank
-- expect: equal
SELECT channel, sum(total) AS revenue, round(100 * sum(total) / sum(sum(total)) OVER (), 2) AS share, rank() OVER (ORDER BY sum(total) DESC) FROM orders GROUP BY channel ORDER BY 2 DESC

-- case: change against the month before
-- expect: equal
WITH months AS (SELECT date_trunc('month', purchased_at, 'UTC') AS month, sum(total) AS revenue FROM orders GROUP BY 1) SELECT month, revenue, lag(revenue) OVER w AS before, revenue - lag(revenue) OVER w AS change FROM months WINDOW w AS (ORDER BY month) ORDER BY month

-- case: first and last values in a frame
-- expect: masked
SELECT id, buyer_name, first_value(order_ref) OVER w AS first_ref, last_value(total) OVER w AS last_total, nth_value(id, 2) OVER w AS second FROM orders WHERE id > 900000 WINDOW w AS (PARTITION BY channel ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY id

-- case: frames by interval and groups
-- expect: equal
SELECT id, count(*) OVER (ORDER BY purchased_at RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) AS week, sum(total) OVER (ORDER BY channel GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS peers FROM orders WHERE channel <> 'trade' ORDER BY id

-- case: quartiles
-- expect: equal
SELECT id, total, ntile(4) OVER (ORDER BY total, id), percent_rank() OVER (ORDER BY total), cume_dist() OVER (ORDER BY total) FROM orders ORDER BY id

-- case: percentiles and mode
-- expect: equal
SELECT channel, percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS median, percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY total) AS quartiles, mode() WITHIN GROUP (ORDER BY status) AS usual FROM orders GROUP BY channel ORDER BY channel

-- case: statistics of numbers
-- expect: equal
SELECT stddev_samp(total)::numeric(12,4), var_pop(total)::numeric(12,4), corr(total::float8, extract(day FROM purchased_at)::float8)::numeric(6,4), regr_slope(total::float8, id::float8)::numeric(12,8), bit_or(id::int), bool_and(total > 0), every(total IS NOT NULL) FROM orders

-- case: pivot by FILTER
-- expect: equal
SELECT date_trunc('month', purchased_at, 'UTC')::date AS month, count(*) FILTER (WHERE channel = 'amazon') AS amazon, count(*) FILTER (WHERE channel = 'ebay') AS ebay, coalesce(sum(total) FILTER (WHERE status = 'shipped'), 0) AS shipped FROM orders GROUP BY 1 ORDER BY 1

-- case: lists within groups
-- expect: equal
SELECT channel, string_agg(DISTINCT ship_country::text, ',' ORDER BY ship_country::text) AS countries, array_agg(id ORDER BY id) FILTER (WHERE id > 900000) AS ids, json_object_agg(status, 1) IS NOT NULL AS ok FROM orders GROUP BY channel ORDER BY channel

-- case: lists of names within groups
-- expect: accepted
SELECT channel, string_agg(buyer_name, ', ' ORDER BY id) AS names, jsonb_agg(jsonb_build_object('id', id, 'city', ship_city) ORDER BY id) AS docs FROM orders GROUP BY channel ORDER BY channel

-- case: a calendar with gaps filled
-- expect: equal
SELECT d::date AS day, coalesce(s.n, 0) AS n FROM generate_series(date_trunc('day', now(), 'UTC') - interval '20 days', date_trunc('day', now(), 'UTC'), interval '1 day') AS d LEFT JOIN (SELECT date_trunc('day', purchased_at, 'UTC') AS day, count(*) AS n FROM orders GROUP BY 1) s ON s.day = d ORDER BY d

-- case: cohorts of customers
-- expect: equal
WITH firsts AS (SELECT customer_id, min(date_trunc('month', purchased_at, 'UTC')) AS cohort FROM orders WHERE customer_id IS NOT NULL GROUP BY 1), activity AS (SELECT f.cohort, extract(year FROM age(date_trunc('month', o.purchased_at, 'UTC'), f.cohort)) * 12 + extract(month FROM age(date_trunc('month', o.purchased_at, 'UTC'), f.cohort)) AS month, o.customer_id FROM orders o JOIN firsts f USING (customer_id)) SELECT cohort, month, count(DISTINCT customer_id) AS customers FROM activity GROUP BY 1, 2 ORDER BY 1, 2

-- case: recency, frequency and value
-- expect: masked
-- key: id of customers
SELECT c.id, c.name, count(o.id) AS frequency, sum(o.total) AS value, max(o.purchased_at)::date AS last FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name ORDER BY c.id

-- case: the best of each group by LATERAL
-- expect: masked
SELECT ch.channel, t.id, t.buyer_name, t.total FROM (VALUES ('amazon'), ('ebay'), ('shopify')) AS ch(channel) CROSS JOIN LATERAL (SELECT o.id, o.buyer_name, o.total FROM orders o WHERE o.channel = ch.channel ORDER BY o.total DESC, o.id LIMIT 3) t ORDER BY ch.channel, t.total DESC, t.id

-- case: the best of each group by a window
-- expect: masked
SELECT * FROM (SELECT id, channel, buyer_name, total, row_number() OVER (PARTITION BY channel ORDER BY total DESC, id) AS place FROM orders) ranked WHERE place <= 3 ORDER BY channel, place

-- case: products bought together
-- expect: equal
SELECT a.sku, b.sku AS with_sku, count(*) FROM order_items a JOIN order_items b ON b.order_id = a.order_id AND b.sku > a.sku GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20

-- case: a tree with paths and sums
-- expect: equal
WITH RECURSIVE t AS (SELECT id, name, ARRAY[name] AS path, 1 AS depth FROM app.categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.name, t.path || c.name, t.depth + 1 FROM app.categories c JOIN t ON c.parent_id = t.id) SELECT array_to_string(path, ' > ') AS path, depth FROM t ORDER BY path

-- case: a tree with SEARCH and CYCLE
-- expect: equal
WITH RECURSIVE t(id, parent_id, name) AS (SELECT id, parent_id, name FROM app.categories WHERE id = 1 UNION ALL SELECT c.id, c.parent_id, c.name FROM app.categories c JOIN t ON c.parent_id = t.id) SEARCH DEPTH FIRST BY id SET place CYCLE id SET looped USING way SELECT id, name, looped FROM t ORDER BY place

-- case: a funnel
-- expect: equal
SELECT count(*) AS ordered, count(shipped_at) AS shipped, count(*) FILTER (WHERE EXISTS (SELECT FROM payments p WHERE p.order_id = o.id)) AS paid, round(100.0 * count(shipped_at) / count(*), 1) AS rate FROM orders o

-- case: pages of a report with its total
-- expect: masked
SELECT id, order_ref, buyer_name, count(*) OVER () AS whole FROM orders WHERE channel = 'amazon' ORDER BY id LIMIT 10 OFFSET 10

-- case: rows with ties
-- expect: equal
SELECT id, quantity FROM order_items ORDER BY quantity DESC FETCH FIRST 3 ROWS WITH TIES

-- case: overlap of periods
-- expect: equal
SELECT a.id, b.id AS other FROM orders a JOIN orders b ON a.id < b.id AND (a.purchased_at, coalesce(a.shipped_at, now())) OVERLAPS (b.purchased_at, coalesce(b.shipped_at, now())) WHERE a.id > 900000 AND b.id > 900000 ORDER BY 1, 2

-- case: islands of consecutive days
-- expect: equal
SELECT min(day) AS from_day, max(day) AS to_day, count(*) FROM (SELECT day, day - (row_number() OVER (ORDER BY day))::int AS island FROM (SELECT DISTINCT purchased_at::date AS day FROM orders) d) i GROUP BY island ORDER BY 1

-- case: names beside sums through CTEs
-- expect: masked
-- key: id
WITH totals AS MATERIALIZED (SELECT order_id, sum(amount) AS paid FROM payments GROUP BY order_id), buyers_named AS NOT MATERIALIZED (SELECT id, buyer_name, total FROM orders) SELECT n.id, n.buyer_name, n.total - t.paid AS open FROM buyers_named n JOIN totals t ON t.order_id = n.id WHERE n.id > 900000 ORDER BY n.id

-- case: difference of two lists
-- expect: equal
SELECT sku FROM products EXCEPT SELECT sku FROM order_items WHERE order_id < 100 ORDER BY sku

-- case: an address label through CASE and concat
-- expect: masked
SELECT id, CASE WHEN ship_address2 IS NULL THEN ship_address1 ELSE ship_address1 || ', ' || ship_address2 END AS street, left(buyer_name, 1) || '.' AS initial, initcap(ship_city) AS city FROM orders WHERE id > 900000 ORDER BY id

-- case: histogram by width_bucket
-- expect: equal
SELECT width_bucket(total, 0, 500, 10) AS bucket, numrange(min(total), max(total), '[]') AS span, count(*) FROM orders GROUP BY 1 ORDER BY 1

-- case: date_bin of a metric
-- expect: equal
SELECT date_bin('6 hours', at, timestamptz '2024-01-01 00:00+00') AS bin, name, round(avg(value)::numeric, 3) FROM app.metrics GROUP BY 1, 2 ORDER BY 1, 2

-- case: a report from a view of views
-- expect: equal
SELECT channel, sum(orders) AS n, sum(revenue) AS revenue FROM sales_report WHERE day >= current_date - 60 GROUP BY channel ORDER BY channel

-- case: an updatable total, explained in every format
-- expect: equal
EXPLAIN (COSTS OFF) SELECT count(*) FROM order_items;
EXPLAIN (COSTS OFF, FORMAT JSON) SELECT count(*) FROM order_items;
EXPLAIN (COSTS OFF, FORMAT YAML) SELECT count(*) FROM order_items;
EXPLAIN (VERBOSE, COSTS OFF) SELECT sku FROM products ORDER BY sku

-- case: EXPLAIN ANALYZE of a masked query
-- expect: runs
EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF) SELECT id, buyer_name FROM orders WHERE id = 900001

-- case: a comparison of rows by key
-- expect: masked
SELECT id, buyer_name, total FROM orders WHERE (purchased_at, id) < (SELECT purchased_at, id FROM orders WHERE id = 900011) AND id > 900000 ORDER BY purchased_at DESC, id DESC

-- case: rows by a list of pairs
-- expect: equal
SELECT i.order_id, i.sku, v.note FROM order_items i JOIN (VALUES (900001::bigint, 'first'), (900012, 'second')) AS v(order_id, note) USING (order_id) ORDER BY 1, 2

-- case: rows by unnest of two lists
-- expect: masked
SELECT o.id, o.buyer_name, w.label FROM orders o JOIN unnest(ARRAY[900001, 900011]::bigint[], ARRAY['a', 'b']) WITH ORDINALITY AS w(id, label, n) ON w.id = o.id ORDER BY w.n

-- case: star beside unnest
-- expect: masked
SELECT o.*, n FROM orders o, generate_series(1, 2) AS n WHERE o.id IN (900001, 900011) ORDER BY o.id, n

-- case: everything beside a subquery in FROM
-- expect: masked
SELECT * FROM orders o, LATERAL (SELECT count(*) AS items FROM order_items i WHERE i.order_id = o.id) x WHERE o.id IN (900001, 900012) ORDER BY o.id

-- case: everything and the row's place
-- expect: masked
SELECT *, ctid FROM orders WHERE id IN (900001, 900012) ORDER BY id

-- case: everything of a table alias and the row's place
-- expect: masked
SELECT o.ctid, o.tableoid::regclass, o.* FROM orders o WHERE o.id IN (900001, 900012) ORDER BY o.id

-- case: rows of XMLTABLE and JSON_TABLE
-- expect: equal
SELECT j.id, t.tag FROM app.jobs j, JSON_TABLE(j.payload, '$.tags[*]' COLUMNS (tag text PATH '$')) t WHERE j.id < 4 ORDER BY 1, 2;
SELECT x.a FROM XMLTABLE('/r/a' PASSING CAST('<r><a>1</a><a>2</a></r>' AS xml) COLUMNS a int PATH '.') x

-- case: TABLE and VALUES
-- expect: equal
TABLE products ORDER BY sku LIMIT 3;
VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC

-- case: a sample
-- expect: runs
SELECT count(*), avg(total) FROM orders TABLESAMPLE BERNOULLI (50) REPEATABLE (7)

-- case: averages of what is masked
-- expect: accepted
SELECT o.channel, avg(s.rating)::numeric(4,2) AS rating, count(s.answer) AS answers FROM orders o JOIN survey_responses s ON s.order_id = o.id GROUP BY o.channel ORDER BY o.channel

-- case: a pivot by tablefunc's rival, array positions
-- expect: equal
SELECT status, (array_agg(n ORDER BY channel))[1] AS first, array_length(array_agg(n), 1) AS channels FROM (SELECT status, channel, count(*) AS n FROM orders GROUP BY 1, 2) s GROUP BY status ORDER BY status

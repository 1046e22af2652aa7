-- Reading protected columns of redacted rows: plain, through expressions, aggregates, sets, joins and whole rows.
-- How these files are read: see test/attacks/README.md

-- case: a bare column
-- expect: same
SELECT buyer_name FROM orders WHERE id = 900001

-- case: every column
-- expect: same
SELECT * FROM orders WHERE channel = 'amazon' ORDER BY id

-- case: TABLE
-- expect: same
TABLE legacy_contacts

-- case: every table of the policy
-- expect: same
SELECT * FROM customers c, orders o, order_addresses a, payments p, survey_responses s
WHERE o.customer_id = c.id AND a.order_id = o.id AND p.order_id = o.id AND s.order_id = o.id AND o.id IN (900001, 900002) ORDER BY o.id, a.id

-- case: renamed
-- expect: same
SELECT o.buyer_name AS status, o.gift_message "id" FROM public.orders AS o WHERE o.id = 900001

-- case: columns renamed by the alias
-- expect: same
SELECT x.i FROM orders AS x(a, b, c, d, e, f, g, h, i) WHERE a = 900001

-- case: qualified by schema and table
-- expect: same
SELECT public.orders.buyer_name, orders.buyer_email FROM public.orders WHERE public.orders.id = 900001

-- case: qualified by the database
-- expect: same
SELECT shop.public.orders.buyer_name FROM shop.public.orders WHERE id = 900001

-- case: a table that belongs to orders
-- expect: same
SELECT name, line1, line2, city, postcode FROM order_addresses WHERE order_id = 900001 ORDER BY id

-- case: payment details
-- expect: same
SELECT card_holder, card_last4, iban, paid_at FROM payments WHERE order_id IN (900001, 900002, 900003) ORDER BY id

-- case: survey answers
-- expect: same
SELECT rating, answer FROM survey_responses WHERE order_id = 900003

-- case: customers, redacted by any of their orders
-- expect: same
SELECT * FROM customers WHERE id >= 900001 ORDER BY id

-- case: a table with a condition of its own
-- expect: same
SELECT full_name, email, phone FROM legacy_contacts WHERE imported_from = 'amazon' ORDER BY id

-- case: every type under a mask
-- expect: same
SELECT * FROM profiles ORDER BY id

-- case: a generated column made of a protected one
-- expect: same or refused
SELECT id, visitor_hash FROM visits ORDER BY id

-- case: network address and coordinates
-- expect: same
SELECT ip, host(ip), geo_lat, geo_lon, geo_lat + geo_lon, ip::text FROM orders WHERE id IN (900001, 900002, 900003) ORDER BY id

-- case: a count of values shows which are NULL
-- expect: same
SELECT count(ship_address2), count(gift_message), count(buyer_name) FROM orders WHERE id IN (900001, 900002)

-- case: whether a value is NULL
-- expect: same
SELECT id, gift_message IS NULL, ship_address2 IS NOT NULL, gift_message IS DISTINCT FROM 'select 1' FROM orders WHERE id < 900010 AND id > 900000 ORDER BY id

-- case: COALESCE and NULLIF
-- expect: same
SELECT coalesce(gift_message, 'none'), nullif(buyer_name, 'Alan Archer') FROM orders WHERE id = 900002

-- case: comparison in the output
-- expect: same
SELECT buyer_name = 'Alan Archer', buyer_name < 'B', buyer_name LIKE 'A%', buyer_name ~ '^A' FROM orders WHERE id = 900001

-- case: CASE in the output
-- expect: same
SELECT CASE WHEN buyer_name LIKE 'A%' THEN 1 ELSE 0 END, CASE buyer_name WHEN 'Alan Archer' THEN 'hit' END FROM orders WHERE id = 900001

-- case: length and bytes
-- expect: same
SELECT length(buyer_name), octet_length(gift_message), bit_length(buyer_email), pg_column_size(ship_address1) FROM orders WHERE id = 900001

-- case: pieces of a value
-- expect: same
SELECT substr(buyer_name, 2, 3), left(buyer_name, 1), split_part(buyer_email, '@', 1), ascii(buyer_name), reverse(buyer_name), initcap(gift_message) FROM orders WHERE id = 900001

-- case: hashes of a value
-- expect: same
SELECT md5(buyer_name), sha256(buyer_name::bytea), hashtext(buyer_name), encode(buyer_name::bytea, 'base64') FROM orders WHERE id = 900001

-- case: concatenation and format
-- expect: same
SELECT buyer_name || '!', concat(buyer_name, id), concat_ws(',', buyer_name, gift_message), format('%s', buyer_name), 'x' || gift_message FROM orders WHERE id = 900001

-- case: regular expressions
-- expect: same
SELECT regexp_replace(buyer_name, '.', 'x', 'g'), regexp_count(buyer_name, 'a'), substring(buyer_name from '^(\w+)'), regexp_like(buyer_name, 'Alan') FROM orders WHERE id = 900001

-- case: LIKE with a protected pattern
-- expect: same
SELECT 'Alan Archer' LIKE buyer_name, 'Alan Archer' ~ buyer_name, 'alan' ILIKE split_part(buyer_name, ' ', 1) FROM orders WHERE id = 900001

-- case: casts
-- expect: same
SELECT buyer_name::text, buyer_name::bytea, CAST(buyer_name AS char(3)), buyer_name::name, buyer_name::varchar(2) FROM orders WHERE id = 900001

-- case: arrays
-- expect: same
SELECT ARRAY[buyer_name, buyer_email], string_to_array(buyer_name, ' '), (string_to_array(buyer_name, ' '))[1], array_length(string_to_array(buyer_name, NULL), 1) FROM orders WHERE id = 900001

-- case: row constructors
-- expect: same
SELECT ROW(buyer_name, 1), (buyer_name, gift_message), (buyer_name, 1) < ('B', 1), ROW(o.*) FROM orders o WHERE id = 900001

-- case: a whole row
-- expect: same
SELECT o, (o).buyer_name, (o).* FROM orders o WHERE id = 900001

-- case: a whole row as text
-- expect: same
SELECT o::text, length(o::text), md5(o::text), o IS NULL FROM orders o WHERE id = 900001

-- case: row_to_json and to_jsonb
-- expect: same
SELECT row_to_json(o), to_jsonb(o), to_jsonb(o) ->> 'buyer_name', json_build_object('n', buyer_name) FROM orders o WHERE id = 900001

-- case: a whole row of a join
-- expect: same
SELECT j FROM (orders o JOIN payments p ON p.order_id = o.id) j WHERE j.amount = 10

-- case: a whole row of a subquery
-- expect: same
SELECT s, to_json(s) FROM (SELECT buyer_name, gift_message FROM orders WHERE id = 900001) s

-- case: attribute notation for a function of the row
-- expect: same or refused
SELECT o.name_in FROM orders o WHERE id = 900001

-- case: a whole row compared with another
-- expect: same
SELECT a = b, a IS DISTINCT FROM b FROM (SELECT buyer_name, ship_city FROM orders WHERE id = 900001) a, (SELECT buyer_name, ship_city FROM orders WHERE id = 900002) b

-- case: scalar aggregates
-- expect: same
SELECT min(buyer_name), max(buyer_name), max(gift_message), max(length(buyer_name)), sum(length(buyer_name)), avg(length(ship_address1)) FROM orders WHERE id IN (900001, 900002)

-- case: aggregates that collect
-- expect: same
SELECT array_agg(buyer_name ORDER BY id), string_agg(buyer_email, ',' ORDER BY id), json_agg(gift_message ORDER BY id), jsonb_object_agg(id, buyer_name) FROM orders WHERE id IN (900001, 900002)

-- case: count distinct shows equal values
-- expect: same
SELECT count(DISTINCT buyer_name), count(DISTINCT (buyer_name, buyer_email)) FROM orders WHERE id IN (900001, 900002)

-- case: aggregates of ordered sets
-- expect: same
SELECT mode() WITHIN GROUP (ORDER BY buyer_name), percentile_disc(0.5) WITHIN GROUP (ORDER BY buyer_name), rank('B') WITHIN GROUP (ORDER BY buyer_name) FROM orders WHERE id IN (900001, 900002, 900003)

-- case: aggregates of numbers
-- expect: same
SELECT avg(rating), stddev(rating), bit_or(rating), corr(rating, order_id), regr_count(rating, order_id) FROM survey_responses WHERE order_id IN (900001, 900002, 900003, 900011)

-- case: GROUP BY a protected column
-- expect: same
SELECT buyer_name, count(*) FROM orders WHERE id IN (900001, 900002, 900003) GROUP BY buyer_name ORDER BY 2, 1

-- case: GROUP BY the first letter
-- expect: same
SELECT left(buyer_name, 1), count(*) FROM orders WHERE channel = 'amazon' GROUP BY 1 ORDER BY 1

-- case: GROUP BY the key alone
-- expect: same
SELECT o.*, count(i.id) FROM orders o LEFT JOIN order_items i ON i.order_id = o.id WHERE o.id > 900000 GROUP BY o.id ORDER BY o.id

-- case: GROUPING SETS, ROLLUP and CUBE
-- expect: same
SELECT buyer_name, ship_city, count(*), grouping(buyer_name) FROM orders WHERE id IN (900001, 900002) GROUP BY CUBE (buyer_name, ship_city) ORDER BY 1, 2, 4

-- case: DISTINCT
-- expect: same
SELECT DISTINCT buyer_name FROM orders WHERE id IN (900001, 900002) ORDER BY 1

-- case: number of distinct rows
-- expect: same
SELECT count(*) FROM (SELECT DISTINCT buyer_name, ship_city FROM orders WHERE id IN (900001, 900002)) d

-- case: DISTINCT ON a protected column
-- expect: refused 42501
SELECT DISTINCT ON (buyer_name) id FROM orders WHERE id IN (900001, 900002) ORDER BY buyer_name, id

-- case: ORDER BY shows the order of values
-- expect: same
SELECT id FROM orders WHERE id IN (900001, 900003, 900012) ORDER BY buyer_name, id

-- case: ORDER BY a position, an alias and an expression
-- expect: same
SELECT id, buyer_name AS n FROM orders WHERE id > 900000 ORDER BY length(buyer_name) DESC, n, 1

-- case: ORDER BY with LIMIT picks the shortest address
-- expect: same
SELECT id FROM orders WHERE id IN (900001, 900002) ORDER BY length(ship_address1), id LIMIT 1

-- case: windows
-- expect: same
SELECT id, lag(buyer_name) OVER w, first_value(gift_message) OVER w, dense_rank() OVER (ORDER BY buyer_name), ntile(2) OVER (ORDER BY buyer_name DESC) FROM orders WHERE id IN (900001, 900002, 900003) WINDOW w AS (ORDER BY id) ORDER BY id

-- case: windows divided by a protected column
-- expect: same
SELECT id, count(*) OVER (PARTITION BY buyer_name), row_number() OVER (PARTITION BY left(buyer_name, 1) ORDER BY id) FROM orders WHERE id IN (900001, 900002, 900003) ORDER BY id

-- case: a window frame of protected values
-- expect: same
SELECT order_id, count(*) OVER (ORDER BY rating RANGE BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) FROM survey_responses WHERE order_id IN (900001, 900011, 900012) ORDER BY order_id

-- case: UNION takes equal names together
-- expect: same
SELECT buyer_name FROM orders WHERE id = 900001 UNION SELECT buyer_name FROM orders WHERE id = 900002 ORDER BY 1

-- case: UNION ALL
-- expect: same
SELECT buyer_name FROM orders WHERE id = 900001 UNION ALL SELECT full_name FROM legacy_contacts WHERE id = 900001 UNION ALL SELECT 'x'

-- case: INTERSECT with a guess
-- expect: same or refused
SELECT buyer_name FROM orders WHERE id = 900001 INTERSECT SELECT 'Alan Archer'

-- case: EXCEPT a guess
-- expect: same or refused
VALUES ('Alan Archer'), ('x') EXCEPT SELECT buyer_name FROM orders WHERE id = 900001

-- case: a scalar subquery
-- expect: same
SELECT (SELECT buyer_name FROM orders WHERE id = 900001), (SELECT max(gift_message) FROM orders o WHERE o.id = p.order_id) FROM payments p WHERE p.id = 900001

-- case: ARRAY of a subquery
-- expect: same
SELECT ARRAY(SELECT buyer_name FROM orders WHERE id IN (900001, 900002) ORDER BY id)

-- case: a subquery in FROM
-- expect: same
SELECT s.n, length(s.n) FROM (SELECT buyer_name AS n FROM orders WHERE id = 900001) AS s

-- case: subqueries three deep
-- expect: same
SELECT * FROM (SELECT * FROM (SELECT buyer_name AS a FROM (SELECT * FROM orders) x WHERE x.id = 900001) y) z

-- case: VALUES with a subquery
-- expect: same
VALUES ((SELECT buyer_name FROM orders WHERE id = 900001), 1)

-- case: LATERAL
-- expect: same
SELECT l.* FROM orders o, LATERAL (SELECT o.buyer_name AS n, upper(o.gift_message) AS g) l WHERE o.id = 900001

-- case: LATERAL through a table function
-- expect: refused 42501
SELECT w FROM orders o CROSS JOIN LATERAL regexp_split_to_table(o.buyer_name, ' ') AS w WHERE o.id = 900001

-- case: UNNEST of a protected value
-- expect: refused 42501
SELECT id, c FROM orders, unnest(string_to_array(buyer_name, NULL)) WITH ORDINALITY AS u(c, n) WHERE id = 900001

-- case: rows as many as the name is long
-- expect: refused 42501
SELECT generate_series(1, length(buyer_name)) FROM orders WHERE id = 900001

-- case: rows as many as the name is long, in FROM
-- expect: refused 42501
SELECT count(*) FROM orders o, generate_series(1, length(o.buyer_name)) WHERE o.id = 900001

-- case: a CTE
-- expect: same
WITH x AS (SELECT buyer_name FROM orders WHERE id = 900001) SELECT * FROM x

-- case: a CTE of a CTE, materialized
-- expect: same
WITH x AS MATERIALIZED (SELECT * FROM orders WHERE id = 900001), y(a) AS NOT MATERIALIZED (SELECT gift_message FROM x) SELECT a, (SELECT buyer_name FROM x) FROM y

-- case: a recursive CTE that spells a name
-- expect: same or refused
WITH RECURSIVE r(n, c) AS (
  SELECT 0, '' UNION ALL SELECT n + 1, substr(o.buyer_name, r.n + 1, 1) FROM r, orders o WHERE o.id = 900001 AND n < 20
) SELECT string_agg(c, '.' ORDER BY n) FROM r

-- case: ROWS FROM
-- expect: refused 42501
SELECT r.* FROM orders o, ROWS FROM (generate_series(1, 2), string_to_table(o.buyer_name, ' ')) AS r(a, b) WHERE o.id = 900001

-- case: FOR UPDATE
-- expect: same
-- rollback
SELECT buyer_name FROM orders WHERE id = 900001 FOR UPDATE

-- case: FOR SHARE OF one of a join
-- expect: same
-- rollback
SELECT o.buyer_name, a.line1 FROM orders o JOIN order_addresses a ON a.order_id = o.id WHERE o.id = 900001 ORDER BY a.id FOR SHARE OF o

-- case: TABLESAMPLE
-- expect: same
SELECT buyer_name FROM orders TABLESAMPLE system (100) WHERE id = 900001

-- case: ONLY
-- expect: same
SELECT buyer_name, tableoid::regclass FROM ONLY orders WHERE id = 900001

-- case: system columns beside protected ones
-- expect: same
SELECT ctid IS NULL, xmin IS NULL, tableoid::regclass, buyer_name FROM orders o WHERE id = 900001

-- case: parentheses around a join
-- expect: same
SELECT buyer_name, name FROM ((orders o JOIN order_addresses a ON (a.order_id = o.id))) WHERE o.id = 900001 ORDER BY a.id

-- case: a joined relation with an alias of its own
-- expect: same
SELECT j.buyer_name, j.answer FROM (orders JOIN survey_responses ON survey_responses.order_id = orders.id) AS j(oid) WHERE oid = 900001

-- case: LEFT, RIGHT and FULL joins over unprotected keys
-- expect: same
SELECT o.buyer_name, p.card_holder, c.name FROM customers c RIGHT JOIN orders o ON o.customer_id = c.id FULL JOIN payments p ON p.order_id = o.id WHERE o.id BETWEEN 900001 AND 900003 ORDER BY o.id

-- case: every row of a join shown as NULL or not
-- expect: same
SELECT o.id, (o.*) IS NOT NULL, o.* IS NULL FROM orders o WHERE o.id IN (900001, 900002, 900003) ORDER BY 1

-- case: JSON functions
-- expect: same
SELECT json_build_array(buyer_name), to_json(gift_message), jsonb_build_object(buyer_name, 1), jsonb_path_query_first(to_jsonb(buyer_name), '$') FROM orders WHERE id = 900001

-- case: JSON of SQL
-- expect: same
SELECT JSON_OBJECT('n': buyer_name), JSON_ARRAY(buyer_name, gift_message), JSON_SCALAR(buyer_name) FROM orders WHERE id = 900001

-- case: JSON_TABLE and JSON_VALUE over a protected document
-- expect: same or refused
SELECT JSON_VALUE(doc, '$.k'), j.* FROM profiles, JSON_TABLE(doc, '$.*' COLUMNS (v text PATH '$')) j WHERE id = 1

-- case: XML functions
-- expect: same
SELECT xmlelement(name a, buyer_name), xmlforest(buyer_name AS n), xmlconcat(xmlelement(name b, gift_message)), xmlcomment(replace(buyer_name, '-', '')) FROM orders WHERE id = 900001

-- case: fields of a composite value, elements of arrays and documents
-- expect: same
SELECT (detail).a, (detail).b, tags[1], tags[1:2], doc -> 'k', doc #>> '{k,0}', cardinality(tags) FROM profiles WHERE id = 1

-- case: dates and numbers of a person
-- expect: same
SELECT born, extract(year FROM born), age(date '2024-01-01', born), height * 2, born + 1, to_char(height, '9.99') FROM profiles WHERE id = 1

-- case: enum and domain
-- expect: same
SELECT hair, hair > 'light', enum_range(hair, NULL), nick, length(nick), code, trim(code) FROM profiles WHERE id = 1

-- case: full text
-- expect: same
SELECT to_tsvector('simple', buyer_name), to_tsvector('simple', answer) @@ 'great', ts_headline('simple', answer, 'great') FROM orders o JOIN survey_responses s ON s.order_id = o.id WHERE o.id = 900001

-- case: operators by name and by schema
-- expect: same
SELECT buyer_name OPERATOR(pg_catalog.||) '!', OPERATOR(pg_catalog.@) length(buyer_name), buyer_name COLLATE "C" < 'B' FROM orders WHERE id = 900001

-- case: functions of a variadic array and with names for arguments
-- expect: same
SELECT concat(VARIADIC ARRAY[buyer_name, 'x']), make_interval(days => length(buyer_name)), overlay(buyer_name placing 'z' from 2), position('l' in buyer_name), trim(both 'A' from buyer_name) FROM orders WHERE id = 900001

-- case: a guess by random order of evaluation
-- expect: same
SELECT greatest(buyer_name, 'B'), least(buyer_name, 'B'), buyer_name IN ('Alan Archer', 'x'), buyer_name = ANY (ARRAY['Alan Archer']), buyer_name BETWEEN 'A' AND 'B' FROM orders WHERE id = 900001

-- case: everything and a system column
-- expect: same
SELECT *, ctid FROM orders WHERE id = 900001

-- case: everything of an alias, a system column and a join
-- expect: same
SELECT o.xmin::text <> '', o.*, i.sku FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id = 900001

-- case: grouped by the key in parentheses
-- expect: same
SELECT o.id, o.buyer_name, upper(o.ship_city), count(*) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id = 900001 GROUP BY (o.id)

-- case: grouped by the key in grouping sets
-- expect: same
SELECT o.id, o.buyer_name, i.sku, count(*) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id IN (900001, 900002) GROUP BY GROUPING SETS ((o.id), (i.sku, o.id))

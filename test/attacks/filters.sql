-- Questions about protected values that are asked by which rows come back, and how many.

-- case: WHERE equality
-- expect: refused 42501
SELECT id FROM orders WHERE buyer_name = 'Alan Archer'

-- case: WHERE LIKE
-- expect: refused 42501
SELECT count(*) FROM orders WHERE buyer_email LIKE 'alan@%'

-- case: WHERE with an expression
-- expect: refused 42501
SELECT id FROM orders WHERE lower(left(buyer_name, 4)) = 'alan'

-- case: WHERE IS NULL
-- expect: refused 42501
SELECT id FROM orders WHERE gift_message IS NULL AND id > 900000

-- case: WHERE beside an unprotected condition
-- expect: refused 42501
SELECT id FROM orders WHERE id = 900001 AND buyer_name ~ '^A'

-- case: WHERE below OR and NOT
-- expect: refused 42501
SELECT id FROM orders WHERE id = 900001 AND NOT (false OR buyer_name > 'B')

-- case: WHERE with a row comparison
-- expect: refused 42501
SELECT id FROM orders WHERE (id, buyer_name) = (900001, 'Alan Archer')

-- case: WHERE with IN
-- expect: refused 42501
SELECT id FROM orders WHERE buyer_name IN ('Alan Archer', 'Bob')

-- case: WHERE with = ANY
-- expect: refused 42501
SELECT id FROM orders WHERE buyer_name = ANY ('{Alan Archer}'::text[])

-- case: WHERE with BETWEEN
-- expect: refused 42501
SELECT id FROM orders WHERE id = 900001 AND buyer_name BETWEEN 'A' AND 'B'

-- case: WHERE with CASE
-- expect: refused 42501
SELECT id FROM orders WHERE CASE WHEN buyer_name LIKE 'A%' THEN id = 900001 ELSE false END

-- case: WHERE with a whole row
-- expect: refused 42501
SELECT id FROM orders o WHERE o::text LIKE '%Alan%' AND id = 900001

-- case: WHERE with row_to_json
-- expect: refused 42501
SELECT id FROM orders o WHERE row_to_json(o) ->> 'buyer_name' = 'Alan Archer'

-- case: WHERE with a row IS NULL
-- expect: refused 42501
SELECT s.id FROM survey_responses s WHERE (s.rating, s.answer) IS NULL OR s.rating = 5 AND s.order_id = 900001

-- case: WHERE over a table that belongs to orders
-- expect: refused 42501
SELECT order_id FROM payments WHERE card_last4 = '1111'

-- case: WHERE over another table's column by a join
-- expect: refused 42501
SELECT o.id FROM orders o, customers c WHERE c.id = o.customer_id AND c.name = 'Alan Archer'

-- case: WHERE over a masked date
-- expect: refused 42501
SELECT id FROM payments WHERE paid_at < (SELECT date_trunc('month', paid_at) + interval '10 days' FROM payments WHERE id = 900011) AND id = 900001

-- case: WHERE over the network address
-- expect: refused 42501
SELECT id FROM orders WHERE ip = '10.1.2.3' AND id = 900001

-- case: WHERE over coordinates
-- expect: refused 42501
SELECT id FROM orders WHERE geo_lat BETWEEN 52.505 AND 52.515 AND id > 900000

-- case: WHERE EXISTS with a condition inside
-- expect: refused 42501
SELECT 1 WHERE EXISTS (SELECT FROM orders WHERE id = 900001 AND buyer_name = 'Alan Archer')

-- case: WHERE with IN and a subquery that gives names
-- expect: refused 42501
SELECT 1 WHERE 'Alan Archer' IN (SELECT buyer_name FROM orders WHERE id = 900001)

-- case: WHERE with NOT IN
-- expect: refused 42501
SELECT n FROM (VALUES ('Alan Archer'), ('Bob')) v(n) WHERE n NOT IN (SELECT buyer_name FROM orders WHERE id = 900001)

-- case: WHERE with = ALL
-- expect: refused 42501
SELECT 1 WHERE 'B' > ALL (SELECT buyer_name FROM orders WHERE id = 900001)

-- case: WHERE with a scalar subquery
-- expect: refused 42501
SELECT 1 WHERE (SELECT buyer_name FROM orders WHERE id = 900001) = 'Alan Archer'

-- case: WHERE with a count from a subquery that filters
-- expect: refused 42501
SELECT 1 WHERE (SELECT count(*) FROM orders WHERE buyer_name = 'Alan Archer') > 1

-- case: WHERE over a subquery's column
-- expect: refused 42501
SELECT n FROM (SELECT upper(buyer_name) AS n FROM orders WHERE id = 900001) s WHERE n LIKE 'A%'

-- case: WHERE over a CTE's column
-- expect: refused 42501
WITH x(a, b) AS (SELECT id, buyer_name FROM orders) SELECT a FROM x WHERE b = 'Alan Archer'

-- case: WHERE over a set operation's column
-- expect: refused 42501
SELECT a FROM (SELECT id AS a, buyer_name AS b FROM orders UNION ALL SELECT 1, 'x') u WHERE b = 'Alan Archer'

-- case: WHERE over a column that is renamed by the alias
-- expect: refused 42501
SELECT a FROM orders AS o(a, b, c, d, e, f, g, h, i) WHERE i = 'Alan Archer'

-- case: WHERE over a join's alias
-- expect: refused 42501
SELECT j.amount FROM (orders o JOIN payments p ON p.order_id = o.id) j WHERE j.buyer_name = 'Alan Archer'

-- case: WHERE over an aggregate of a subquery
-- expect: refused 42501
SELECT n FROM (SELECT count(DISTINCT buyer_name) AS n FROM orders WHERE id IN (900001, 900002)) s WHERE n = 1

-- case: WHERE over a window function of a subquery
-- expect: refused 42501
SELECT id FROM (SELECT id, rank() OVER (ORDER BY buyer_name) AS r FROM orders WHERE id IN (900001, 900003, 900012)) s WHERE r = 1

-- case: WHERE inside LATERAL
-- expect: refused 42501
SELECT o.id FROM orders o, LATERAL (SELECT 1 WHERE o.buyer_name LIKE 'A%') l WHERE o.id = 900001

-- case: WHERE in a correlated subquery over the outer row
-- expect: refused 42501
SELECT p.id, (SELECT count(*) FROM (VALUES (1)) v WHERE p.card_holder LIKE 'A%') FROM payments p WHERE p.id = 900001

-- case: JOIN ON a name
-- expect: refused 42501
SELECT v.n FROM (VALUES ('Alan Archer'), ('Bob')) v(n) JOIN orders o ON o.buyer_name = v.n WHERE o.id = 900001

-- case: JOIN ON beside the key
-- expect: refused 42501
SELECT o.id FROM orders o JOIN payments p ON p.order_id = o.id AND p.card_last4 = '1111' WHERE o.id = 900001

-- case: LEFT JOIN ON
-- expect: refused 42501
SELECT o.id, v.n FROM orders o LEFT JOIN (VALUES (1)) v(n) ON o.buyer_name = 'Alan Archer' WHERE o.id = 900001

-- case: JOIN USING
-- expect: refused 42501
SELECT count(*) FROM (SELECT buyer_name AS name FROM orders WHERE id = 900001) a JOIN (SELECT buyer_name AS name FROM orders WHERE id = 900002) b USING (name)

-- case: JOIN USING with an alias
-- expect: refused 42501
SELECT count(*) FROM (VALUES ('Alan Archer')) v(name) JOIN customers USING (name) AS j

-- case: NATURAL JOIN
-- expect: refused 42501
SELECT count(*) FROM (VALUES ('Alan Archer')) v(buyer_name) NATURAL JOIN orders

-- case: NATURAL JOIN of subqueries
-- expect: refused 42501
SELECT count(*) FROM (SELECT full_name AS name FROM legacy_contacts WHERE id = 900001) l NATURAL JOIN (SELECT id, name FROM customers WHERE id = 900002) c

-- case: FULL JOIN USING shows the merged column
-- expect: refused 42501
SELECT name FROM (VALUES ('Alan Archer')) v(name) FULL JOIN (SELECT name FROM customers WHERE id = 900001) c USING (name) ORDER BY 1

-- case: HAVING over a group of names
-- expect: refused 42501
SELECT buyer_name FROM orders WHERE id = 900001 GROUP BY buyer_name HAVING buyer_name LIKE 'A%'

-- case: HAVING over an aggregate
-- expect: refused 42501
SELECT channel FROM orders WHERE id = 900001 GROUP BY channel HAVING max(buyer_name) = 'Alan Archer'

-- case: HAVING by the number of names
-- expect: refused 42501
SELECT count(*) FROM orders WHERE id IN (900001, 900002) HAVING count(DISTINCT buyer_name) = 1

-- case: FILTER
-- expect: refused 42501
SELECT count(*) FILTER (WHERE buyer_name LIKE 'A%') FROM orders WHERE id = 900001

-- case: FILTER of a window
-- expect: refused 42501
SELECT id, count(*) FILTER (WHERE buyer_name < 'B') OVER () FROM orders WHERE id IN (900001, 900003) ORDER BY id

-- case: LIMIT
-- expect: refused 42501
SELECT n FROM generate_series(1, 20) n LIMIT (SELECT length(buyer_name) FROM orders WHERE id = 900001)

-- case: OFFSET
-- expect: refused 42501
SELECT n FROM generate_series(1, 20) n OFFSET (SELECT length(buyer_name) FROM orders WHERE id = 900001)

-- case: FETCH FIRST
-- expect: refused 42501
SELECT n FROM generate_series(1, 20) n FETCH FIRST (SELECT length(buyer_name) FROM orders WHERE id = 900001) ROWS ONLY

-- case: TABLESAMPLE argument
-- expect: refused 42501
SELECT count(*) FROM order_items TABLESAMPLE bernoulli ((SELECT CASE WHEN buyer_name LIKE 'A%' THEN 100 ELSE 0 END FROM orders WHERE id = 900001))

-- case: condition of a recursive CTE
-- expect: refused 42501
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < (SELECT length(buyer_name) FROM orders WHERE id = 900001)) SELECT count(*) FROM r

-- case: CYCLE over names
-- expect: same or refused
WITH RECURSIVE r(id, name) AS (
  SELECT id, buyer_name::text FROM orders WHERE id = 900001 UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.id + 1 AND o.id < 900004
) CYCLE name SET again USING path SELECT id, again FROM r ORDER BY id

-- case: a guess by a parameter of EXECUTE
-- expect: refused 42501
PREPARE guess (text) AS SELECT count(*) FROM orders WHERE buyer_name = $1;
EXECUTE guess ('Alan Archer')

-- case: a filter with a comparison to a column of the same row
-- expect: refused 42501
SELECT id FROM orders WHERE buyer_name = split_part(buyer_email, '@', 1) || ' Archer' OR buyer_name LIKE notes || '%' OR length(buyer_name) > 10 AND id = 900001

-- case: a filter that is proven to reach no redacted row but does
-- expect: refused 42501
SELECT id FROM orders WHERE (channel = 'ebay' OR id = 900001) AND buyer_name LIKE 'A%'

-- case: a filter beside a condition on another table of the same name
-- expect: refused 42501
SELECT a.id FROM orders a, orders b WHERE b.channel = 'ebay' AND b.id = 900012 AND a.id = 900001 AND a.buyer_name LIKE 'A%'

-- case: a filter below an outer join that the WHERE does not reach
-- expect: refused 42501
SELECT count(o.id) FROM (VALUES (1)) v(n) LEFT JOIN orders o ON o.buyer_name LIKE 'Alan A%' AND o.channel = 'amazon' AND o.id > 900000

-- case: a filter beside shipped_at compared the wrong way
-- expect: refused 42501
SELECT id FROM orders WHERE shipped_at >= now() - interval '300 days' AND buyer_name = 'Alan Archer'

-- case: a filter beside shipped_at IS NOT NULL
-- expect: refused 42501
SELECT id FROM orders WHERE shipped_at IS NOT NULL AND buyer_name = 'Alan Archer'

-- case: a filter beside channel <> amazon in another letter case
-- expect: refused 42501
SELECT id FROM orders WHERE channel <> 'AMAZON' AND buyer_name = 'Alan Archer'

-- case: a filter beside a tautology
-- expect: refused 42501
SELECT id FROM orders WHERE (channel = 'ebay' OR channel = channel) AND buyer_name = 'Alan Archer'

-- case: a filter beside a negated exclusion
-- expect: refused 42501
SELECT id FROM orders WHERE NOT (channel = 'ebay') AND buyer_name = 'Alan Archer'

-- case: a filter beside a literal that an operator of another type compares
-- expect: refused 42501
SELECT id FROM orders WHERE channel >= 'ebay'::name IS NOT NULL AND buyer_name = 'Alan Archer'

-- case: a filter beside a date that the session writes its own way
-- expect: refused 42501
SET DateStyle = 'SQL, DMY';
SELECT id FROM orders WHERE shipped_at >= '01/02/2000' AND buyer_name = 'Alan Archer'

-- case: a filter over a view
-- expect: refused 42501
SELECT number FROM buyers WHERE who = 'Alan Archer'

-- case: a filter over a view of a view
-- expect: refused 42501
SELECT number FROM loud_buyers WHERE who LIKE 'ALAN%'

-- case: a filter over a view's aggregate
-- expect: refused 42501
SELECT channel FROM names_joined WHERE names LIKE '%Alan Archer%'

-- case: a filter over a child table
-- expect: refused 42501
SELECT id FROM archived_orders WHERE buyer_name = 'Alan Archer'

-- case: a filter over a partition
-- expect: refused 42501
SELECT id FROM visits_old WHERE visitor = 'ann'

-- case: a filter over a materialized view
-- expect: refused 42501
SELECT id FROM order_names WHERE buyer_name = 'Alan Archer'

-- case: a filter over a composite's field
-- expect: refused 42501
SELECT id FROM profiles WHERE (detail).b = 1

-- case: a filter over an array
-- expect: refused 42501
SELECT id FROM profiles WHERE 'x' = ANY (tags)

-- case: a filter over a document
-- expect: refused 42501
SELECT id FROM profiles WHERE doc @> '{"k": "p"}' OR doc ->> 'k' = 'p'

-- case: a filter over a quoted column
-- expect: refused 42501
SELECT id FROM profiles WHERE "Name" = 'Alan'

-- case: a filter over the expression of an index
-- expect: refused 42501
SELECT id FROM orders WHERE lower(buyer_name) = 'alan archer'

-- case: a filter in the WHERE of a SELECT for update
-- expect: refused 42501
-- rollback
SELECT id FROM orders WHERE buyer_name = 'Alan Archer' FOR UPDATE SKIP LOCKED

-- case: which names are merged by DISTINCT inside EXISTS
-- expect: same or refused
SELECT EXISTS (SELECT buyer_name FROM orders WHERE id = 900001 INTERSECT SELECT 'Alan Archer')

-- case: EXISTS as an output column
-- expect: refused 42501
SELECT EXISTS (SELECT FROM orders WHERE id = 900001 AND buyer_name LIKE 'Alan%')

-- case: IN as an output column
-- expect: same or refused
SELECT 'Alan Archer' IN (SELECT buyer_name FROM orders WHERE id = 900001)

-- case: a join that a subquery in the output makes
-- expect: refused 42501
SELECT v.n, (SELECT count(*) FROM orders o WHERE o.buyer_name = v.n) FROM (VALUES ('Alan Archer'), ('Bob')) v(n)

-- case: a set-returning function's bound by CASE
-- expect: refused 42501
SELECT generate_series(1, CASE WHEN buyer_name LIKE 'A%' THEN 2 ELSE 1 END) FROM orders WHERE id = 900001

-- case: a set-returning function in ORDER BY
-- expect: refused 42501
SELECT id FROM orders WHERE id = 900001 ORDER BY generate_series(1, length(buyer_name))

-- case: a set-returning function over a subquery
-- expect: refused 42501
SELECT g FROM generate_series(1, (SELECT length(buyer_name) FROM orders WHERE id = 900001)) g

-- case: a set-returning function inside EXISTS
-- expect: refused 42501
SELECT 1 WHERE EXISTS (SELECT regexp_matches(buyer_name, '^A') FROM orders WHERE id = 900001)

-- case: an array's elements
-- expect: refused 42501
SELECT id, unnest(tags) IS NOT NULL FROM profiles WHERE id = 1

-- case: a document's elements
-- expect: refused 42501
SELECT p.id FROM profiles p, jsonb_path_query(p.doc, '$.k[*] ? (@ == 2)') WHERE p.id = 1

-- case: XMLTABLE
-- expect: refused 42501
SELECT p.id FROM profiles p, XMLTABLE('/a' PASSING p.page COLUMNS n FOR ORDINALITY) x WHERE p.id = 1

-- case: JSON_TABLE
-- expect: refused 42501
SELECT p.id FROM profiles p, JSON_TABLE(p.doc, '$.k[*] ? (@ == "p")' COLUMNS (n FOR ORDINALITY)) x WHERE p.id = 1

-- case: DISTINCT ON in the order of names
-- expect: refused 42501
SELECT DISTINCT ON (channel) id FROM orders WHERE id IN (900001, 900003) ORDER BY channel, buyer_name

-- case: DISTINCT ON an output column
-- expect: refused 42501
SELECT count(*) FROM (SELECT DISTINCT ON (n) upper(buyer_name) AS n FROM orders WHERE id IN (900001, 900002)) s

-- case: DISTINCT ON an output column's number
-- expect: refused 42501
SELECT DISTINCT ON (2) id, buyer_name FROM orders WHERE id IN (900001, 900002) ORDER BY 2, 1

-- case: ties
-- expect: refused 42501
SELECT id FROM orders WHERE id IN (900001, 900002) ORDER BY buyer_name FETCH FIRST 1 ROW WITH TIES

-- case: ties by an output column of a set operation
-- expect: refused 42501
SELECT count(*) FROM (SELECT buyer_name FROM orders WHERE id IN (900001, 900002) UNION ALL SELECT 'x' ORDER BY 1 FETCH FIRST 1 ROW WITH TIES) s

-- case: the rank of a named window
-- expect: refused 42501
SELECT id FROM (SELECT id, rank() OVER w AS r FROM orders WHERE id IN (900001, 900003) WINDOW w AS (ORDER BY buyer_name)) s WHERE r = 1

-- case: the number within a partition
-- expect: refused 42501
SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY buyer_email ORDER BY id) AS r FROM orders WHERE id IN (900001, 900002)) s WHERE r = 1

-- case: a window's frame
-- expect: refused 42501
SELECT n FROM (SELECT n, count(*) OVER (ORDER BY n ROWS (SELECT length(buyer_name) FROM orders WHERE id = 900001) PRECEDING) AS c FROM generate_series(1, 20) n) s WHERE c = 12

-- case: a row's field
-- expect: refused 42501
SELECT id FROM orders o WHERE (o).buyer_name = 'Alan Archer' AND id = 900001

-- case: a field of a row of a subquery
-- expect: refused 42501
SELECT 1 FROM (SELECT o FROM orders o WHERE id = 900001) s WHERE (s.o).buyer_name LIKE 'A%'

-- case: a row IS NOT NULL
-- expect: refused 42501
SELECT r.id FROM (SELECT id, ship_address2 FROM orders WHERE id IN (900001, 900002)) r WHERE r IS NOT NULL

-- case: an outer column beside a function
-- expect: refused 42501
SELECT id FROM orders WHERE id = 900001 AND EXISTS (SELECT FROM generate_series(1, 2) g WHERE buyer_name LIKE 'A%')

-- case: a field of a row that is spread in WITH
-- expect: refused 42501
WITH x AS (SELECT (o).* FROM orders o WHERE id = 900001) SELECT 1 FROM x WHERE buyer_name LIKE 'A%'

-- case: the recursive side's own column
-- expect: refused 42501
WITH RECURSIVE r(n, x) AS (SELECT 900000::bigint, 'A'::text UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.n + 1 AND o.id < 900004 AND r.x LIKE 'A%') SELECT count(*) FROM r

-- case: CYCLE ends the recursion by names
-- expect: refused 42501
WITH RECURSIVE r(id, name) AS (
  SELECT id, buyer_name::text FROM orders WHERE id = 900001 UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.id + 1 AND o.id < 900004
) CYCLE name SET again USING path SELECT count(*) FROM r

-- case: what SEARCH sorts by
-- expect: refused 42501
WITH RECURSIVE r(id, name) AS (
  SELECT id, buyer_name::text FROM orders WHERE id = 900001 UNION ALL SELECT o.id, o.buyer_name::text FROM r, orders o WHERE o.id = r.id + 1 AND o.id < 900004
) SEARCH DEPTH FIRST BY name SET ord SELECT id FROM r WHERE ord::text LIKE '%Alan%'

-- case: proven of one mention of a query in WITH
-- expect: refused 42501
WITH x AS (SELECT * FROM orders WHERE id > 900000) SELECT b.id FROM x a, x b WHERE a.channel = 'ebay' AND b.buyer_name = 'Alan Archer'

-- case: ON CONFLICT by a column
-- expect: refused 42501
-- rollback
INSERT INTO profiles (id, old, code) VALUES (50, false, 'CODE-A') ON CONFLICT (code) DO UPDATE SET hair = 'dark' RETURNING id

-- case: ON CONFLICT by a constraint
-- expect: refused 42501
-- rollback
INSERT INTO profiles (id, old, code) VALUES (50, false, 'CODE-A') ON CONFLICT ON CONSTRAINT profiles_code_key DO UPDATE SET hair = 'dark' RETURNING id

-- case: ON CONFLICT where the policy masks in filters
-- expect: refused 42501
-- rollback
INSERT INTO fellows (id, old, mail) VALUES (50, false, 'al@known.test') ON CONFLICT (mail) DO UPDATE SET note = 'found' RETURNING id

-- case: ON CONFLICT by a constraint where the policy masks in filters
-- expect: refused 42501
-- rollback
INSERT INTO fellows (id, old, mail) VALUES (50, false, 'al@known.test') ON CONFLICT ON CONSTRAINT fellows_mail_key DO UPDATE SET note = 'found' RETURNING id

-- case: a unique index over the rows of one value
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE UNIQUE INDEX ON fellows ((1)) WHERE mail IN ('al@known.test', 'cy@known.test')

-- case: row security by a value
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE POLICY guess ON fellows USING (mail = 'al@known.test');
ALTER TABLE fellows ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT ALL ON fellows TO shop_app;
SET LOCAL ROLE shop_app;
SELECT count(*) FROM fellows

-- case: MERGE whose WHEN reads the target
-- expect: refused 42501
-- rollback
MERGE INTO order_addresses a USING (VALUES (900001)) v(id) ON a.id = v.id WHEN MATCHED AND a.name LIKE 'A%' THEN UPDATE SET kind = 'x'

-- case: a filter where the policy masks in filters
-- expect: same
SELECT count(*) FROM fellows WHERE mail = 'al@known.test'

-- case: sets, DISTINCT ON and ties where the policy masks in filters
-- expect: same
SELECT DISTINCT ON (mail) id, generate_series(1, length(mail)) FROM fellows WHERE mail LIKE 'al%' OR mail LIKE 'c%' ORDER BY mail FETCH FIRST 2 ROWS WITH TIES

-- case: USING where the policy masks in filters
-- expect: same
SELECT count(*) FROM fellows JOIN (VALUES ('al@known.test')) v(mail) USING (mail)

-- case: a materialized view's ranks by a named window
-- expect: refused 42501
SELECT id, n FROM names_ranked ORDER BY id

-- case: the order of a materialized view's rows
-- expect: refused 42501
SELECT id FROM names_sorted

-- case: the first rows of a materialized set operation
-- expect: refused 42501
SELECT id FROM names_first ORDER BY id

-- case: the number of a materialized view's rows
-- expect: refused 42501
SELECT count(*) FROM names_split

-- case: row security by a value, made before
-- expect: refused 42501
SET test.holder = 'al';
SELECT count(*) FROM cards

-- case: row security by a value, for a change
-- expect: refused 42501
-- rollback
SET test.holder = 'al';
UPDATE cards SET old = old RETURNING id

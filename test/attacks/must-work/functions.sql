-- Functions, operators, casts and what else runs code that reads no protected table. Names, strings and comments in
-- bodies that look like a protected table's are none.

-- case: a function with a default argument
-- expect: equal
SELECT ok_rate(100), ok_rate(100, 0.07), ok_rate(rate => 0.5, amount => 3)

-- case: an overload by the type of its argument
-- expect: equal
SELECT ok_kind(1), ok_kind('x'), ok_kind('1'::int)

-- case: the overload that is harmless, where another reads orders
-- expect: equal
SELECT harmless(1), public.harmless('2'::int)

-- case: PL/pgSQL with a variable named like a table
-- expect: equal
SELECT ok_stock('none'), ok_stock(sku) FROM products ORDER BY sku LIMIT 2

-- case: a function with an SQL-standard body, in FROM
-- expect: equal
SELECT * FROM ok_titles() WITH ORDINALITY t (title, n) ORDER BY n LIMIT 3

-- case: a function in a filter over an unprotected column of a protected table
-- expect: masked
SELECT id, buyer_name FROM orders WHERE ok_lower(channel) = 'amazon' ORDER BY id

-- case: a function of a protected value
-- expect: masked
SELECT id, ok_lower(buyer_name) FROM orders ORDER BY id

-- case: a procedure
-- expect: equal
-- rollback
CALL ok_log('abc');
CALL ok_log('abcd', 1)

-- case: an aggregate
-- expect: equal
SELECT ok_path(sku ORDER BY sku) FROM (SELECT sku FROM products ORDER BY sku LIMIT 3) p

-- case: an aggregate as a window function
-- expect: equal
SELECT ok_path(sku) OVER (ORDER BY sku) FROM (SELECT sku FROM products ORDER BY sku LIMIT 3) p

-- case: an operator
-- expect: equal
SELECT '(1,2)'::point ~<~ 2, '(1,2)'::point OPERATOR(public.~<~) 1

-- case: a cast
-- expect: equal
SELECT 12.5::ok_money, (3::numeric::ok_money).cents

-- case: a domain with a check
-- expect: equal
SELECT 'B2'::ok_coded, CAST('C' AS ok_coded)

-- case: a domain whose check fails
-- expect: fails 23514
SELECT 'b'::ok_coded

-- case: defaults, generated columns, checks, casts in assignment, triggers
-- expect: equal
-- rollback
INSERT INTO ok_lines (what, price) VALUES ('Some Line  ', 2.5), ('other', NULL) RETURNING what, changes, small, code, price;
UPDATE ok_lines SET what = 'New ' RETURNING what, changes, small

-- case: a check that fails
-- expect: fails 23514
-- rollback
INSERT INTO ok_lines (what) VALUES ('Orders')

-- case: an index over a function
-- expect: equal
SELECT what FROM ok_lines WHERE ok_lower(what) = 'x'

-- case: a row policy that calls a function
-- expect: equal
-- rollback
INSERT INTO ok_lines (what) VALUES ('seen');
SELECT count(*) FROM ok_lines

-- case: a view that calls a function
-- expect: equal
SELECT * FROM ok_view

-- case: a partition key that calls a function
-- expect: equal
-- rollback
INSERT INTO ok_parted VALUES ('A'), ('B') RETURNING tableoid::regclass, a

-- case: DO with comments, strings and variables that look like tables
-- expect: equal
-- rollback
-- one message
DO $$
DECLARE
  customers text := 'orders'; -- EXECUTE
  n int;
BEGIN
  SELECT count(*) INTO n FROM products;
  FOR i IN 1..2 LOOP CONTINUE WHEN i > 1; RAISE NOTICE 'orders of %: % %', customers, n, i; END LOOP;
  CASE n WHEN 0 THEN NULL; ELSE UPDATE ok_lines SET what = 'x'; END CASE;
  PERFORM set_config('app.user', customers, true);
END $$

-- case: DO that makes a temporary table
-- expect: equal
-- rollback
DO $$ BEGIN CREATE TEMP TABLE work AS SELECT sku FROM products; DELETE FROM work WHERE sku IS NULL; ANALYZE work; END $$;
SELECT count(*) FROM work

-- case: a function that is made, called and dropped
-- expect: equal
CREATE FUNCTION ok_made(n int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE orders int := n; BEGIN RETURN orders + 1; END $$;
SELECT ok_made(1);
DROP FUNCTION ok_made(int)

-- case: a column named like an unsafe function
-- expect: equal
-- rollback
CREATE TEMP TABLE columns_of_mine (run int, known int, default_name text);
SELECT c.run, c.known, c.default_name FROM columns_of_mine c

-- case: built-in functions that look at the catalog
-- expect: equal
SELECT pg_get_functiondef('ok_lower(text)'::regprocedure), pg_get_viewdef('ok_view'::regclass), has_table_privilege('orders', 'SELECT')

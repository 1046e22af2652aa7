-- Errors whose text, or whose coming at all, tells of a protected value. The SQLSTATEs after "same" are the server's
-- own: the statement fails on the masked value, for A and for B alike.

-- case: a cast to a number quotes the name
-- expect: same 22P02
SELECT buyer_name::int FROM orders WHERE id = 900001

-- case: a cast that only a number survives
-- expect: same 22P02
SELECT buyer_name::int FROM orders WHERE id = 900003

-- case: a cast to a date
-- expect: same 22007
SELECT buyer_name::date FROM orders WHERE id = 900001

-- case: a cast to a boolean
-- expect: same 22P02
SELECT gift_message::boolean FROM orders WHERE id = 900001

-- case: a cast to XML
-- expect: same
SELECT gift_message::xml FROM orders WHERE id = 900003

-- case: a cast to JSON quotes the token
-- expect: same 22P02
SELECT buyer_name::json FROM orders WHERE id = 900001

-- case: a cast to regclass names what does not exist
-- expect: same 42602
SELECT split_part(buyer_name, ' ', 1)::regclass FROM orders WHERE id = 900001

-- case: a cast to inet, to a point and to an array
-- expect: same 22P02
SELECT buyer_name::inet, buyer_name::point, buyer_name::int[] FROM orders WHERE id = 900001

-- case: a cast in ORDER BY
-- expect: same 22P02
SELECT id FROM orders WHERE id IN (900001, 900003) ORDER BY buyer_name::int

-- case: division by zero where a name has five letters
-- expect: same
SELECT 1 / (length(buyer_name) - 11) FROM orders WHERE id = 900001

-- case: division by zero where the rating is one
-- expect: same
SELECT 1 / (rating - 1) FROM survey_responses WHERE order_id = 900001

-- case: division by zero in CASE
-- expect: same
SELECT CASE WHEN buyer_name LIKE 'A%' THEN 1 / (id - 900001) ELSE 0 END FROM orders WHERE id = 900001

-- case: more than one row where names are equal
-- expect: refused 42501
SELECT (SELECT id FROM orders WHERE buyer_name = 'Alan Archer' AND id > 900000)

-- case: more than one row by DISTINCT
-- expect: same
SELECT (SELECT DISTINCT buyer_name FROM orders WHERE id IN (900001, 900002))

-- case: substring of a negative length
-- expect: same 22011
SELECT substring(buyer_name, 1, length(buyer_name) - 10) FROM orders WHERE id = 900001

-- case: repeat until memory ends
-- expect: same
SELECT length(repeat(buyer_name, 1000)) FROM orders WHERE id = 900001

-- case: chr of a number that is zero for one length
-- expect: same
SELECT chr(11 - length(buyer_name)) FROM orders WHERE id = 900001

-- case: factorial, sqrt and power
-- expect: same
SELECT sqrt(9 - length(buyer_name)) FROM orders WHERE id = 900001

-- case: a format string with a name
-- expect: same
SELECT format(replace(buyer_name, 'A', '%'), 1) FROM orders WHERE id = 900001

-- case: a regular expression that is bad without a letter of the message
-- expect: same 2201B
SELECT 'x' ~ ('(' || replace(gift_message, '/>', ')')) FROM orders WHERE id = 900003

-- case: to_date quotes the name
-- expect: same
SELECT to_date(buyer_name, 'YYYY-MM-DD') FROM orders WHERE id = 900001

-- case: convert_to an encoding that lacks a letter
-- expect: same
SELECT convert_to(replace(buyer_name, 'Alan', chr(1051)), 'LATIN1') FROM orders WHERE id = 900001

-- case: decode of what is not hex
-- expect: same
SELECT decode(buyer_name, 'hex') FROM orders WHERE id = 900001

-- case: out of range
-- expect: same
SELECT (length(buyer_name) - 10 + 32767)::smallint FROM orders WHERE id = 900001

-- case: an array of negative size
-- expect: same 54000
SELECT array_fill(0, ARRAY[length(buyer_name) - 10]) FROM orders WHERE id = 900001

-- case: a domain that the value does not fit
-- expect: same 23514
SELECT buyer_name::nonblank, length(buyer_name) FROM orders WHERE id = 900001

-- case: an enum value that does not exist
-- expect: same 22P02
SELECT buyer_name::shade FROM orders WHERE id = 900001

-- case: a JSON path that a name makes
-- expect: same 22P02
SELECT (replace(buyer_name, 'Alan Archer', '$'))::jsonpath FROM orders WHERE id = 900001

-- case: an interval that a name makes
-- expect: same 22007
SELECT now() + buyer_name::interval FROM orders WHERE id = 900001

-- case: a time zone that a name makes
-- expect: same 22023
SELECT now() AT TIME ZONE buyer_name FROM orders WHERE id = 900001

-- case: a setting that a name makes
-- expect: same 42704 or refused
SELECT current_setting(split_part(buyer_email, '@', 1)) FROM orders WHERE id = 900001

-- case: a unique key: DETAIL shows the name
-- expect: same 23505
-- rollback
UPDATE order_addresses SET kind = 'shipping' WHERE order_id = 900001

-- case: a check on a column of the guard: DETAIL shows the whole row
-- expect: same or refused
-- rollback
UPDATE orders SET channel = 'nothing' WHERE id = 900001

-- case: a check over a table that belongs to orders
-- expect: same 23514
-- rollback
UPDATE order_addresses SET kind = 'nothing' WHERE order_id = 900001

-- case: a not-null constraint: DETAIL shows the whole row
-- expect: same 23502
-- rollback
UPDATE orders SET total = NULL WHERE id = 900001

-- case: a value too long, found while another column is copied
-- expect: same or refused
-- rollback
UPDATE orders SET status = buyer_name WHERE id = 900001;
SELECT status FROM orders WHERE id = 900001

-- case: a foreign key
-- expect: same or refused
-- rollback
UPDATE orders SET customer_id = length(buyer_name) WHERE id = 900001;
SELECT customer_id FROM orders WHERE id = 900001

-- case: a numeric overflow where the latitude is as guessed
-- expect: same or refused
-- rollback
UPDATE orders SET geo_lat = geo_lat * 19.04 WHERE id = 900001

-- case: a partition that does not take the row: DETAIL shows it
-- expect: same or refused
-- rollback
UPDATE visits_old SET day = '2022-01-01' WHERE id = 1

-- case: an error inside a subquery that never runs
-- expect: refused 42501
SELECT id FROM orders WHERE id = 900001 AND (buyer_name NOT LIKE 'A%' OR 1 / (id - 900001) = 1)

-- case: an error inside EXPLAIN ANALYZE
-- expect: same 22P02
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT buyer_name::int FROM orders WHERE id = 900001

-- case: an error inside COPY
-- expect: same 22P02
COPY (SELECT buyer_name::int FROM orders WHERE id = 900001) TO STDOUT

-- case: an error inside a cursor
-- expect: same 22P02
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name::int FROM orders WHERE id = 900001;
FETCH c

-- case: an error in one row of many
-- expect: same
SELECT 1 / (length(gift_message) - 4) FROM orders WHERE id IN (900001, 900002, 900003) ORDER BY id

-- case: EXPLAIN ANALYZE EXECUTE of an UPDATE that fails on a redacted row
-- expect: same 23514
PREPARE breaks_it AS UPDATE order_addresses SET kind = 'nothing' WHERE order_id = 900001;
EXPLAIN ANALYZE EXECUTE breaks_it

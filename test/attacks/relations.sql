-- Relations of every kind and columns of every type: views over views, partitions, children, foreign tables, generated
-- columns, domains, ranges. `objects.sql` has those that are not made here.

-- case: a view over a view over a join
-- expect: same
SELECT * FROM deep_orders WHERE id = 900001

-- case: a filter on a view over a view over a join
-- expect: refused 42501
SELECT id FROM deep_orders WHERE holder = 'Alan Archer'

-- case: a view that aggregates a view
-- expect: same
SELECT initial, n FROM initials WHERE n < 5 ORDER BY 1

-- case: a view that aggregates a view, filtered by its group
-- expect: refused 42501
SELECT n FROM initials WHERE initial = 'A'

-- case: a view with a window
-- expect: same
SELECT id, place FROM ranked_orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id

-- case: a view with DISTINCT ON
-- expect: refused 42501
SELECT id FROM first_of_name ORDER BY id

-- case: a view that limits by a name
-- expect: same
SELECT id FROM longest_names

-- case: a view with a security barrier over one with the invoker's rights
-- expect: same
SELECT who FROM barrier_over_invoker WHERE number = 900001

-- case: a recursive view
-- expect: refused 42501
SELECT n, rest FROM spelled

-- case: a view with columns named anew
-- expect: same
SELECT "Käufer" FROM umlauts WHERE "Nr." = 900001

-- case: a view read by a role that may not read its tables
-- expect: same
SET ROLE view_reader;
SELECT number, who FROM buyers WHERE number = 900001

-- case: a view's filter by a role that may not read its tables
-- expect: refused 42501
SET ROLE view_reader;
SELECT number FROM buyers WHERE who = 'Alan Archer'

-- case: a view's sort and groups by a role that may not read its tables
-- expect: same
SET ROLE view_reader;
SELECT who, count(*) FROM buyers WHERE number BETWEEN 900001 AND 900003 GROUP BY who;
SELECT number FROM buyers WHERE number BETWEEN 900001 AND 900003 ORDER BY who

-- case: a view that filters inside, by a role that may not read its tables
-- expect: refused 42501
SET ROLE view_reader;
SELECT id FROM orders_of_alan WHERE id > 900000

-- case: REFRESH of a materialized view, whose error quotes a row
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE UNIQUE INDEX ON order_names (left(buyer_name, 2)) WHERE id BETWEEN 900001 AND 900002;
REFRESH MATERIALIZED VIEW order_names

-- case: REFRESH CONCURRENTLY
-- expect: same
-- role: postgres
SELECT md5(buyer_name) FROM order_names WHERE id = 900001;
REFRESH MATERIALIZED VIEW CONCURRENTLY order_names

-- case: a unique index over a materialized view's names
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE UNIQUE INDEX ON order_names (buyer_name) WHERE id BETWEEN 900001 AND 900002

-- case: a filter on a materialized view
-- expect: refused 42501
SELECT id FROM order_names WHERE buyer_name = 'Alan Archer' AND id > 900000

-- case: the lengths of a materialized view
-- expect: same
SELECT n FROM order_names WHERE id = 900001

-- case: a view over a materialized view
-- expect: same
SELECT name FROM names_shown WHERE id = 900001

-- case: many levels of partitions, by the parent
-- expect: same
SELECT id, caller FROM calls ORDER BY id

-- case: many levels of partitions, by one in the middle
-- expect: same
SELECT id, caller FROM calls_2020 ORDER BY id

-- case: many levels of partitions, by the leaf
-- expect: same
SELECT id, caller, c FROM calls_2020_a c ORDER BY id

-- case: many levels of partitions, by the default
-- expect: same
SELECT id, caller FROM calls_rest ORDER BY id

-- case: a filter on a leaf
-- expect: refused 42501
SELECT id FROM calls_2020_a WHERE caller = 'ann'

-- case: a partition attached to a table that no policy names
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE calls DETACH PARTITION calls_rest;
CREATE TABLE free (LIKE calls) PARTITION BY RANGE (day);
ALTER TABLE free ATTACH PARTITION calls_rest DEFAULT;
SELECT caller FROM free

-- case: a partition that takes the rows of a table
-- expect: refused
-- role: postgres
-- rollback
CREATE TABLE fresh (LIKE calls INCLUDING ALL);
INSERT INTO fresh SELECT * FROM calls WHERE id = 1;
SELECT caller FROM fresh

-- case: a child of two parents, one of them protected
-- expect: same
SELECT id, answer, rating FROM answers_and_marks ORDER BY id

-- case: a child of a child
-- expect: same
SELECT buyer_name FROM very_old_orders ORDER BY id

-- case: a filter on a child of a child
-- expect: refused 42501
SELECT id FROM very_old_orders WHERE buyer_name = 'Alan Archer'

-- case: ONLY on a parent of children
-- expect: same
SELECT buyer_name FROM ONLY archived_orders WHERE id = 910001

-- case: a star for the inheritance of old
-- expect: same
SELECT buyer_name FROM orders * WHERE id = 910001

-- case: a stored generated column in SQL
-- expect: same
SELECT visitor_hash, left(visitor_hash, 1) FROM visits WHERE id = 1

-- case: a filter on a stored generated column
-- expect: refused 42501
SELECT id FROM visits WHERE visitor_hash = md5('ann')

-- case: a virtual generated column
-- expect: same
SELECT nickname, loud FROM guests WHERE id = 1

-- case: a filter on a virtual generated column
-- expect: refused 42501
SELECT id FROM guests WHERE loud = 'ANN'

-- case: a virtual generated column over several, as a whole row
-- expect: same
SELECT g, to_jsonb(g) FROM guests g WHERE id = 1

-- case: UPDATE of a guard that a generated column feeds
-- expect: same
-- rollback
UPDATE guests SET state = 'fresh' WHERE id = 1;
SELECT nickname FROM guests WHERE id = 1

-- case: ranges and multiranges
-- expect: same
SELECT stay, stays, lower(stay), isempty(stay), stay @> 5, range_merge(stays) FROM guests WHERE id = 1

-- case: a filter on a range
-- expect: refused 42501
SELECT id FROM guests WHERE stay && int4range(1, 4)

-- case: bytea, bits, uuid and a domain over a domain
-- expect: same
SELECT pin, flags, badge, title, length(pin), get_bit(flags, 0) FROM guests WHERE id = 1

-- case: an array of a composite, and a domain over an array
-- expect: same
SELECT kin, aliases, (kin[1]).a, aliases[1], cardinality(aliases) FROM guests WHERE id = 1

-- case: a type of an extension
-- expect: same
SELECT traits, traits -> 'k', mail, mail = 'ANN@guests.test' FROM guests WHERE id = 1

-- case: a filter on a type of an extension
-- expect: refused 42501
SELECT id FROM guests WHERE traits ? 'k'

-- case: a filter on a case-insensitive text
-- expect: refused 42501
SELECT id FROM guests WHERE mail = 'ANN@guests.test'

-- case: a fixed length of characters
-- expect: same
SELECT code, length(code), code || '|', code::text || '|' FROM profiles WHERE id = 1

-- case: a foreign table as a partition
-- expect: same
SELECT id, caller FROM calls_far

-- case: a filter on a foreign table as a partition
-- expect: refused 42501
SELECT id FROM calls_far WHERE caller = 'fay'

-- case: a foreign table over the protected one
-- expect: same
SELECT buyer_name FROM far_orders WHERE id = 900001

-- case: a filter on a foreign table over the protected one
-- expect: refused 42501
SELECT id FROM far_orders WHERE buyer_name = 'Alan Archer'

-- case: a foreign table made on the fly
-- expect: refused
-- role: postgres
-- rollback
CREATE FOREIGN TABLE fly (id bigint, buyer_name text) SERVER here OPTIONS (table_name 'orders');
SELECT buyer_name FROM fly WHERE id = 900001

-- case: IMPORT FOREIGN SCHEMA
-- expect: refused
-- role: postgres
-- rollback
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA public LIMIT TO (orders) FROM SERVER here INTO imported;
SELECT buyer_name FROM imported.orders WHERE id = 900001

-- case: dblink to the same server
-- expect: refused
-- role: postgres
SELECT * FROM dblink('here', 'SELECT buyer_name FROM orders WHERE id = 900001') AS t (n text)

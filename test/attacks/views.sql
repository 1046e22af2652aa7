-- Views, materialized views, children, partitions: other names for protected rows.

-- case: a view of everything
-- expect: same
SELECT * FROM all_orders WHERE id IN (900001, 900002) ORDER BY id

-- case: a view that renames
-- expect: same
SELECT who, mail FROM buyers WHERE number = 900001

-- case: a view with an expression over a view
-- expect: same
SELECT who FROM loud_buyers WHERE number = 900001

-- case: a view's whole row
-- expect: same
SELECT b, row_to_json(b), b::text FROM buyers b WHERE number = 900001

-- case: a view that filters on a protected column
-- expect: same or refused
SELECT id, order_ref FROM orders_of_alan WHERE id > 900000 ORDER BY id

-- case: the count of a view that filters
-- expect: same or refused
SELECT count(*) FROM orders_of_alan

-- case: a view that joins by a name
-- expect: same or refused
SELECT count(*) FROM orders_beside_addresses

-- case: a view that aggregates
-- expect: same
SELECT * FROM names_joined WHERE channel = 'amazon'

-- case: a view with a security barrier
-- expect: same
SELECT buyer_name FROM guarded_orders WHERE id = 900001

-- case: a view with the invoker's rights
-- expect: same
SELECT buyer_name FROM invoked_orders WHERE id = 900001

-- case: a view that unites three tables
-- expect: same
SELECT id, name FROM every_name WHERE id = 900001 ORDER BY 1, 2

-- case: a view with a CTE and a scalar subquery
-- expect: same
SELECT n FROM deep_names WHERE id = 900001

-- case: a view of lengths
-- expect: same
SELECT n, n - 11 FROM name_lengths WHERE id = 900001

-- case: a view with a whole row as a column
-- expect: same or refused
SELECT r, (r).buyer_name FROM whole_rows WHERE id = 900001

-- case: a view that the role may read while it may not read the tables
-- expect: same or refused
SET ROLE view_reader;
SELECT who, mail FROM buyers WHERE number = 900001

-- case: the shop's views
-- expect: same
SELECT customer FROM order_list WHERE id = 900001

-- case: the shop's view of customers
-- expect: same
SELECT * FROM customer_overview WHERE id >= 900001 ORDER BY id

-- case: a materialized view
-- expect: same or refused
SELECT buyer_name, n FROM order_names WHERE id = 900001

-- case: a materialized count of a filter
-- expect: same or refused
SELECT n - 2 FROM count_of_alans

-- case: a materialized view of a materialized view
-- expect: same or refused
SELECT buyer_name FROM names_of_names ORDER BY 1

-- case: a child table
-- expect: same
SELECT id, buyer_name FROM archived_orders ORDER BY id

-- case: a child's rows through its parent
-- expect: same
SELECT id, buyer_name, tableoid::regclass FROM orders WHERE id > 910000 ORDER BY id

-- case: a partitioned table by its parent
-- expect: same
SELECT id, visitor, agent, score FROM visits ORDER BY id

-- case: a partition by its own name
-- expect: same
SELECT id, visitor, score FROM visits_old ORDER BY id

-- case: a partition, whole row
-- expect: same or refused
SELECT v FROM visits_old v ORDER BY id

-- case: a partition cut off from its parent
-- expect: refused
-- role: postgres
-- rollback
ALTER TABLE visits DETACH PARTITION visits_old;
SELECT visitor FROM visits_old WHERE id = 1

-- case: a view made on the fly
-- expect: refused
-- rollback
CREATE VIEW fly AS SELECT id, buyer_name FROM orders;
SELECT buyer_name FROM fly WHERE id = 900001

-- case: a view made on the fly and committed
-- expect: same or refused
CREATE OR REPLACE VIEW fly_kept_view AS SELECT id, buyer_name AS x FROM orders;
SELECT x FROM fly_kept_view WHERE id = 900001

-- case: a view replaced by one that shows more
-- expect: refused
-- rollback
CREATE VIEW fly AS SELECT id, order_ref::text AS x FROM orders;
SELECT x FROM fly WHERE id = 900001;
CREATE OR REPLACE VIEW fly AS SELECT id, buyer_name::text AS x FROM orders;
SELECT x FROM fly WHERE id = 900001

-- case: a materialized view of rows that were on another channel once
-- expect: same
SELECT buyer_name FROM once_on_ebay WHERE id = 900001

-- case: a materialized view of rows that were recent once
-- expect: same
SELECT buyer_name FROM once_recent WHERE id = 900001

-- case: a filter on a materialized view of rows that were recent once
-- expect: refused 42501
SELECT id FROM once_recent WHERE buyer_name = 'Alan Archer'

-- case: a refreshed materialized view
-- expect: same or refused
-- role: postgres
-- rollback
REFRESH MATERIALIZED VIEW order_names;
SELECT buyer_name FROM order_names WHERE id = 900001

-- case: a filter inside a view of lengths
-- expect: refused 42501
SELECT id FROM name_lengths WHERE n = 11

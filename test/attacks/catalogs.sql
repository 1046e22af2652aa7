-- The server's own catalogs and statistics.

-- case: most common values
-- expect: same or refused
-- role: postgres
SELECT most_common_vals, most_common_freqs, n_distinct FROM pg_stats WHERE tablename = 'orders' AND attname = 'buyer_name'

-- case: histogram bounds
-- expect: same or refused
SELECT histogram_bounds FROM pg_stats WHERE tablename = 'orders' AND attname = 'buyer_email'

-- case: everything in pg_stats
-- expect: same or refused
SELECT * FROM pg_stats WHERE schemaname = 'public' ORDER BY tablename, attname, inherited

-- case: how many values are NULL
-- expect: same or refused
SELECT null_frac FROM pg_stats WHERE tablename = 'orders' AND attname = 'gift_message'

-- case: pg_statistic
-- expect: same or refused
-- role: postgres
SELECT stavalues1, stavalues2 FROM pg_statistic WHERE starelid = 'orders'::regclass ORDER BY staattnum, stainherit

-- case: extended statistics
-- expect: same or refused
-- role: postgres
SELECT most_common_vals FROM pg_stats_ext WHERE statistics_name = 'buyers_and_cities'

-- case: extended statistics as stored
-- expect: same or refused
-- role: postgres
SELECT m.values FROM pg_statistic_ext_data d, pg_mcv_list_items(d.stxdmcv) m WHERE d.stxoid = (SELECT oid FROM pg_statistic_ext WHERE stxname = 'buyers_and_cities') ORDER BY m.index

-- case: statistics of an index on an expression
-- expect: same or refused
-- role: postgres
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'orders_lower_idx'

-- case: statistics of a child, of a partition and of a materialized view
-- expect: same or refused
SELECT tablename, attname, most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename IN ('archived_orders', 'visits_old', 'order_names') AND attname IN ('buyer_name', 'visitor', 'visitor_hash') ORDER BY 1, 2, inherited

-- case: the statement of another session
-- expect: same or refused
SELECT 1 AS marker, buyer_name, (SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() AND query LIKE '%Alan Archer%') IS NULL FROM orders WHERE id = 900001

-- case: prepared statements show no secret
-- expect: same or refused
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
SELECT count(*), (SELECT buyer_name FROM orders WHERE id = 900001) FROM pg_prepared_statements

-- case: rows counted by the statistics of a table scan
-- expect: same or refused
SELECT reltuples, (SELECT max(buyer_name) FROM orders WHERE id = 900001) FROM pg_class WHERE oid = 'orders'::regclass

-- case: pages of the heap as they are
-- expect: refused
-- role: postgres
-- rollback
CREATE EXTENSION IF NOT EXISTS pageinspect;
SELECT md5(string_agg(t_data::text, '')) FROM heap_page_items(get_raw_page('profiles', 0))

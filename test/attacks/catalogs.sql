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

-- Where the server shows texts, they are those that the gateway sent, with the tag of its process in them. Who knows it gains
-- nothing: a stored text that looks like a tag is shown blank, and a tag counts only in the columns that were planned.

-- case: a cursor's text
-- expect: same or refused
-- rollback
DECLARE c CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001;
SELECT statement, (SELECT max(buyer_name) FROM orders WHERE id = 900001) FROM pg_cursors WHERE name = 'c'

-- case: a prepared statement's text
-- expect: same or refused
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
SELECT statement FROM pg_prepared_statements;
EXECUTE p

-- case: a prepared statement's text by the function
-- expect: same or refused
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
SELECT p.statement FROM pg_prepared_statement() p;
EXECUTE p

-- case: the statement that runs, by pg_stat_activity
-- expect: same or refused
SELECT a.query, o.buyer_name FROM pg_stat_activity a, orders o WHERE a.pid = pg_backend_pid() AND o.id = 900001

-- case: the statement that runs, by pg_stat_get_activity
-- expect: same or refused
SELECT a.query, o.buyer_name FROM pg_stat_get_activity(pg_backend_pid()) a, orders o WHERE o.id = 900001

-- case: the statement that runs, by pg_stat_get_backend_activity
-- expect: same or refused
SELECT pg_stat_get_backend_activity(b.id), o.buyer_name FROM pg_stat_get_backend_idset() AS b(id), orders o
WHERE pg_stat_get_backend_pid(b.id) = pg_backend_pid() AND o.id = 900001

-- case: the statement that runs, by current_query
-- expect: same or refused
SELECT current_query(), buyer_name FROM orders WHERE id = 900001

-- case: the statement that ran before, by pg_stat_activity of another column list
-- expect: same or refused
SELECT buyer_name FROM orders WHERE id = 900001;
SELECT md5(a::text) = '', left(to_jsonb(a) ->> 'query', 30) FROM pg_stat_activity a WHERE pid = pg_backend_pid()

-- case: the output of a prepared statement in EXPLAIN VERBOSE
-- expect: same or refused
PREPARE p AS SELECT buyer_name FROM orders WHERE id = 900001;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE p;
EXECUTE p

-- case: the output of a cursor in EXPLAIN VERBOSE
-- expect: same or refused
SELECT buyer_name FROM orders WHERE id = 900001;
EXPLAIN (VERBOSE, COSTS OFF) DECLARE c CURSOR FOR SELECT buyer_name FROM orders WHERE id = 900001

-- case: parse trees in messages
-- expect: same or refused
SET client_min_messages = debug1;
SET debug_print_rewritten = on;
SELECT buyer_name FROM orders WHERE id = 900001

-- case: plans in messages, by set_config
-- expect: same or refused
SELECT set_config('client_min_messages', 'log', false), set_config('debug_print_parse', 'on', false);
SELECT buyer_name FROM orders WHERE id = 900001

-- case: statements in messages
-- expect: same or refused
-- role: postgres
SET client_min_messages = log;
SET log_statement = 'all';
SELECT buyer_name FROM orders WHERE id = 900001

-- case: plans in messages of auto_explain
-- expect: same or refused
-- role: postgres
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_timing = off;
SET client_min_messages = log;
SELECT buyer_name FROM orders WHERE id = 900001

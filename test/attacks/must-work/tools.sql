-- What query tools, business intelligence and spreadsheets ask: of the catalogs at the start, then of the tables.

-- case: DBeaver, session
-- expect: equal
SET extra_float_digits = 3;
SET application_name = 'DBeaver 24.0.0 - Main <shop>';
SET application_name = 'DBeaver 24.0.0 - Metadata <shop>';
SHOW search_path;
SELECT current_schema(), session_user

-- case: DBeaver, schemas and databases
-- expect: equal
SELECT db.oid, db.datname, db.datallowconn, db.datistemplate FROM pg_catalog.pg_database db WHERE NOT datistemplate AND datallowconn ORDER BY db.datname;
SELECT n.oid, n.*, d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = n.oid AND d.objsubid = 0 AND d.classoid = 'pg_namespace'::regclass WHERE n.nspname NOT LIKE 'pg\_temp%' AND n.nspname NOT LIKE 'pg\_toast%' ORDER BY nspname

-- case: DBeaver, tables of a schema
-- expect: equal
SELECT c.oid, c.relname, c.relkind, c.relowner, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS partition_expr, pg_catalog.pg_get_partkeydef(c.oid) AS partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass WHERE c.relnamespace = 'public'::regnamespace AND c.relkind NOT IN ('i','I','c') ORDER BY c.relname

-- case: DBeaver, columns
-- expect: equal
SELECT c.relname, a.attname, a.attnum, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value, dsc.description, dep.objid IS NOT NULL AS has_sequence FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep ON dep.refobjid = a.attrelid AND dep.deptype = 'i' AND dep.refobjsubid = a.attnum AND dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.oid = 'public.orders'::regclass AND a.attnum > 0 ORDER BY a.attnum

-- case: DBeaver, constraints and foreign keys
-- expect: equal
SELECT c.oid, c.conname, c.contype, t.relname AS tabrelname, rt.relnamespace::regnamespace AS refnamespace, d.description, CASE WHEN c.contype = 'c' THEN substring(pg_get_constraintdef(c.oid), 7) ELSE NULL END AS consrc_copy FROM pg_catalog.pg_constraint c INNER JOIN pg_catalog.pg_class t ON t.oid = c.conrelid LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid = c.confrelid LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_constraint'::regclass WHERE c.conrelid = 'public.orders'::regclass ORDER BY c.conname

-- case: DBeaver, data of a table
-- expect: masked
SELECT x.* FROM public.orders x WHERE id > 900000 ORDER BY id LIMIT 200

-- case: DBeaver, count of a table
-- expect: equal
SELECT count(*) FROM public.orders

-- case: DBeaver, the text of an object
-- expect: equal
SELECT pg_catalog.pg_get_viewdef('public.order_list'::regclass, true);
SELECT pg_catalog.pg_get_functiondef('plain.add(int,int)'::regprocedure);
SELECT pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i WHERE i.indrelid = 'public.orders'::regclass ORDER BY 1

-- case: DBeaver, explain
-- expect: runs
EXPLAIN (FORMAT XML, ANALYZE false) SELECT x.* FROM public.orders x WHERE x.id = 1

-- case: pgAdmin, session
-- expect: equal
SET DateStyle=ISO;
SET client_min_messages=notice;
SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings() WHERE name = 'bytea_output';
SET client_encoding='UTF8'

-- case: pgAdmin, who and what
-- expect: equal
SELECT roles.oid AS id, roles.rolname AS name, roles.rolsuper AS is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END AS can_create_role FROM pg_catalog.pg_roles AS roles WHERE rolname = current_user;
SELECT db.oid AS did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding, has_database_privilege(db.oid, 'CREATE') AS cancreate, datistemplate FROM pg_catalog.pg_database db WHERE db.datname = current_database()

-- case: pgAdmin, dashboard sessions
-- expect: runs
SELECT pid, datname, usename, application_name, client_addr, pg_catalog.to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS backend_start, state, wait_event_type || ': ' || wait_event AS wait_event, array_to_string(pg_catalog.pg_blocking_pids(pid), ', ') AS blocking_pids, query, backend_type FROM pg_catalog.pg_stat_activity WHERE datname = (SELECT datname FROM pg_catalog.pg_database WHERE datname = current_database()) ORDER BY pid

-- case: pgAdmin, dashboard graphs
-- expect: runs
SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity) AS "Total", (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active') AS "Active") t UNION ALL SELECT 'tps_stats', pg_catalog.row_to_json(t) FROM (SELECT (SELECT sum(xact_commit) + sum(xact_rollback) FROM pg_catalog.pg_stat_database) AS "Transactions") t

-- case: pgAdmin, locks
-- expect: runs
SELECT pid, locktype, datname, relation::regclass, page, tuple, virtualxid, transactionid, classid::regclass, mode, granted, fastpath FROM pg_catalog.pg_locks l LEFT OUTER JOIN pg_catalog.pg_database d ON (l.database = d.oid) ORDER BY pid, locktype

-- case: pgAdmin, statistics of a table
-- expect: equal
SELECT relname, relkind, reltuples >= 0 AS analyzed, pg_catalog.pg_size_pretty(0::bigint) AS none, relhastriggers FROM pg_catalog.pg_class WHERE oid = 'app.jobs'::regclass

-- case: pgAdmin, view data
-- expect: masked
SELECT * FROM public.orders ORDER BY id ASC LIMIT 100

-- case: pgAdmin, properties of columns
-- expect: equal
SELECT DISTINCT ON (att.attnum) att.attname AS name, att.atttypid, att.attlen, att.attnum, att.attndims, att.atttypmod, att.attacl, att.attnotnull, att.attoptions, att.attstattarget, att.attstorage, att.attidentity, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS defval, pg_catalog.format_type(ty.oid, NULL) AS typname, pg_catalog.format_type(ty.oid, att.atttypmod) AS displaytypname, description FROM pg_catalog.pg_attribute att JOIN pg_catalog.pg_type ty ON ty.oid = atttypid LEFT OUTER JOIN pg_catalog.pg_attrdef def ON adrelid = att.attrelid AND adnum = att.attnum LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid = att.attrelid AND des.objsubid = att.attnum AND des.classoid = 'pg_class'::regclass) WHERE att.attrelid = 'public.customers'::regclass AND att.attnum > 0 AND att.attisdropped IS FALSE ORDER BY att.attnum

-- case: DataGrip, introspection of relations
-- expect: equal
select T.oid as table_id, T.relname as table_name, T.relkind as table_kind, pg_catalog.array_to_string(T.reloptions, ',') as options, T.relpersistence as persistence, (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors, (select pg_catalog.array_agg(inhrelid::bigint order by inhrelid)::varchar from pg_catalog.pg_inherits where T.oid = inhparent) as successors, T.relispartition is_partition, T.relhassubclass has_children from pg_catalog.pg_class T where relnamespace = 'public'::regnamespace and relkind in ('r', 'm', 'v', 'f', 'p') order by table_kind, table_id

-- case: DataGrip, sources of routines
-- expect: equal
with system_languages as (select oid as lang from pg_catalog.pg_language where lanname in ('c','internal')) select PC.oid as id, PC.proname, pg_catalog.pg_get_function_arguments(PC.oid) as args, PC.prosrc as source_text from pg_catalog.pg_proc PC where PC.pronamespace = 'plain'::regnamespace and not PC.prolang in (select lang from system_languages) and PC.prosrc is not null order by 1

-- case: DataGrip, page of data
-- expect: masked
SELECT t.* FROM public.orders t WHERE id > 900000 ORDER BY t.id LIMIT 501

-- case: DataGrip, page of a table without a key
-- expect: masked
SELECT t.*, CTID FROM public.orders t WHERE id > 900000 ORDER BY id LIMIT 501

-- case: DataGrip, keep alive
-- expect: equal
select 'keep alive'

-- case: DataGrip, transaction age and locks
-- expect: runs
select L.transactionid::varchar::bigint as transaction_id from pg_catalog.pg_locks L where L.transactionid is not null order by pg_catalog.age(L.transactionid) desc limit 1

-- case: Metabase, tables it may read
-- expect: equal
with table_privileges as (select NULL as role, t.schemaname as schema, t.objectname as table, pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'update') as update, pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'select') as select from (select schemaname, tablename as objectname from pg_catalog.pg_tables union select schemaname, viewname as objectname from pg_catalog.pg_views) t where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema' and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')) select t.* from table_privileges t where t.select or t.update order by t.schema, t.table

-- case: Metabase, fields
-- expect: equal
SELECT "c"."column_name" AS "name", "c"."udt_name" AS "database-type", "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema" AS "table-schema", "c"."table_name" AS "table-name", "pk"."column_name" IS NOT NULL AS "pk?", COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST("c"."table_schema" AS TEXT), CAST("c"."table_name" AS TEXT)) AS REGCLASS) AS OID), "c"."ordinal_position") AS "field-comment" FROM "information_schema"."columns" AS "c" LEFT JOIN (SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name" FROM "information_schema"."table_constraints" AS "tc" INNER JOIN "information_schema"."key_column_usage" AS "kc" ON ("tc"."constraint_name" = "kc"."constraint_name") AND ("tc"."table_schema" = "kc"."table_schema") WHERE "tc"."constraint_type" = 'PRIMARY KEY') AS "pk" ON ("c"."table_schema" = "pk"."table_schema") AND ("c"."table_name" = "pk"."table_name") AND ("c"."column_name" = "pk"."column_name") WHERE c.table_schema = 'public' AND "c"."table_name" IN ('orders', 'products') ORDER BY "table-name", "database-position"

-- case: Metabase, fingerprint sample
-- expect: masked
-- key: id
SELECT "source"."id" AS "id", "source"."substring1" AS "substring1", "source"."status" AS "status" FROM (SELECT "public"."orders"."id" AS "id", SUBSTRING("public"."orders"."buyer_name", 1, 1234) AS "substring1", "public"."orders"."status" AS "status" FROM "public"."orders") AS "source" ORDER BY "source"."id" LIMIT 10000

-- case: Metabase, question by month
-- expect: equal
-- params: ["amazon"]
SELECT DATE_TRUNC('month', "public"."orders"."purchased_at") AS "purchased_at", COUNT(*) AS "count" FROM "public"."orders" WHERE "public"."orders"."channel" = $1 GROUP BY DATE_TRUNC('month', "public"."orders"."purchased_at") ORDER BY DATE_TRUNC('month', "public"."orders"."purchased_at") ASC

-- case: Metabase, binned
-- expect: equal
SELECT FLOOR(("public"."orders"."total" / 50.0)) * 50.0 AS "total", COUNT(*) AS "count" FROM "public"."orders" GROUP BY FLOOR(("public"."orders"."total" / 50.0)) * 50.0 ORDER BY 1 ASC

-- case: Metabase, filter values of an unprotected field
-- expect: equal
SELECT "public"."orders"."status" AS "status" FROM "public"."orders" GROUP BY "public"."orders"."status" ORDER BY "public"."orders"."status" ASC LIMIT 1001

-- case: Metabase, raw rows
-- expect: masked
SELECT "public"."orders"."id" AS "id", "public"."orders"."buyer_name" AS "buyer_name", "public"."orders"."ship_country" AS "ship_country", "Customers"."created_at" AS "Customers__created_at" FROM "public"."orders" LEFT JOIN "public"."customers" AS "Customers" ON "public"."orders"."customer_id" = "Customers"."id" WHERE "public"."orders"."id" > 900000 ORDER BY 1 LIMIT 2000

-- case: Grafana, time series
-- expect: equal
SELECT floor(extract(epoch from at)/3600)*3600 AS "time", name AS metric, avg(value) AS "value" FROM app.metrics WHERE at BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z' GROUP BY 1, name ORDER BY 1, 2

-- case: Grafana, time group of orders
-- expect: equal
SELECT date_trunc('day', purchased_at) AS "time", channel AS metric, count(*) AS value FROM orders WHERE purchased_at >= now() - interval '60 days' GROUP BY 1, 2 ORDER BY 1, 2

-- case: Grafana, table panel
-- expect: masked
SELECT id, order_ref, status, buyer_name, total FROM orders WHERE id > 900000 ORDER BY id LIMIT 50

-- case: Grafana, variables
-- expect: equal
SELECT DISTINCT channel AS __text, channel AS __value FROM orders ORDER BY 1

-- case: Grafana, schema help
-- expect: equal
SELECT quote_ident(table_name) FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') AND quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1), array_upper(string_to_array(current_setting('search_path'),','),1)) as i, string_to_array(current_setting('search_path'),',') s) ORDER BY 1

-- case: Tableau, temporary table probe
-- expect: equal
CREATE LOCAL TEMPORARY TABLE "#Tableau_1_Connect" ("COL" INTEGER) ON COMMIT PRESERVE ROWS;
SELECT "COL" FROM (SELECT 1 AS "COL") AS "CHECKTEMP" LIMIT 1;
DROP TABLE "#Tableau_1_Connect"

-- case: Tableau, domain of a dimension
-- expect: equal
SELECT "orders"."ship_country" AS "ship_country" FROM "public"."orders" "orders" GROUP BY 1 ORDER BY 1 ASC

-- case: Tableau, table calculation
-- expect: equal
SELECT "t0"."channel" AS "channel", SUM("t0"."x_measure__0") AS "sum", AVG(CAST("t0"."n" AS DOUBLE PRECISION)) AS "avg" FROM (SELECT "orders"."channel" AS "channel", "orders"."status" AS "status", SUM("orders"."total") AS "x_measure__0", COUNT(1) AS "n" FROM "public"."orders" "orders" GROUP BY 1, 2) "t0" GROUP BY 1 ORDER BY 1

-- case: Tableau, cursor over an extract
-- expect: masked
-- rollback
declare "SQL_CUR0x1" cursor with hold for SELECT "orders"."id" AS "id", "orders"."buyer_name" AS "buyer_name", CAST("orders"."ship_city" AS TEXT) AS "ship_city" FROM "public"."orders" "orders" WHERE "orders"."id" > 900000 ORDER BY 1;
fetch 2048 in "SQL_CUR0x1";
close "SQL_CUR0x1"

-- case: Power BI, navigation
-- expect: equal
select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.tables where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') order by TABLE_SCHEMA, TABLE_NAME

-- case: Power BI, columns
-- expect: equal
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'public' and TABLE_NAME = 'orders' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION

-- case: Power BI, relations
-- expect: equal
select pkcol.COLUMN_NAME as PK_COLUMN_NAME, fkcol.TABLE_SCHEMA AS FK_TABLE_SCHEMA, fkcol.TABLE_NAME AS FK_TABLE_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME, fkcol.ORDINAL_POSITION as ORDINAL, fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || 'public' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME from (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name from INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS) fkcon inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE fkcol on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE pkcol on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME where pkcol.TABLE_SCHEMA = 'public' and pkcol.TABLE_NAME = 'orders' and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION order by FK_NAME, fkcol.ORDINAL_POSITION

-- case: Power BI, folded query
-- expect: masked
select "_"."id" as "id", "_"."order_ref" as "order_ref", "_"."buyer_name" as "buyer_name" from (select "id", "order_ref", "buyer_name", "channel" from "public"."orders") "_" where ("_"."channel" = 'amazon' and "_"."channel" is not null) and "_"."id" > 900000 order by 1 limit 4096

-- case: Excel, ODBC connection
-- expect: equal
SET DateStyle = 'ISO';
SET extra_float_digits = 2;
show transaction_isolation;
select oid, typbasetype from pg_type where typname = 'lo'

-- case: psqlODBC, SQLTables
-- expect: equal
select relname, nspname, relkind from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r', 'v', 'm', 'f', 'p') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') and n.oid = relnamespace order by nspname, relname

-- case: psqlODBC, SQLColumns
-- expect: equal
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname = 'orders' and n.nspname = 'public') inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum

-- case: psqlODBC, SQLStatistics
-- expect: equal
select c.relname, i.indkey, i.indisunique, i.indisclustered, a.amname, c.relhasrules, n.nspname, c.oid, d.relhasoids, i.indoption from pg_catalog.pg_index i, pg_catalog.pg_class c, (select oid, false as relhasoids from pg_catalog.pg_class where relname = 'orders' and relnamespace = 'public'::regnamespace) d, pg_catalog.pg_am a, pg_catalog.pg_namespace n where d.oid = i.indrelid and i.indexrelid = c.oid and c.relam = a.oid and n.oid = c.relnamespace order by i.indisprimary desc, i.indisunique, n.nspname, c.relname

-- case: psqlODBC, SQLPrimaryKeys
-- expect: equal
select ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname from pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic where tc.relname = 'orders' AND n.nspname = 'public' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't' AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1] AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid order by ia.attnum

-- case: Excel, a page with declare and fetch
-- expect: masked
-- rollback
declare "SQL_CUR1" cursor for SELECT "orders"."id", "orders"."order_ref", "orders"."buyer_name", "orders"."total" FROM "shop"."public"."orders" "orders" WHERE "orders"."id" > 900000 ORDER BY 1;
fetch 100 in "SQL_CUR1"

-- case: pgjdbc, imported keys
-- expect: equal
SELECT current_database() AS "PKTABLE_CAT", pkn.nspname AS "PKTABLE_SCHEM", pkc.relname AS "PKTABLE_NAME", pka.attname AS "PKCOLUMN_NAME", fkn.nspname AS "FKTABLE_SCHEM", fkc.relname AS "FKTABLE_NAME", fka.attname AS "FKCOLUMN_NAME", pos.n AS "KEY_SEQ", CASE con.confupdtype WHEN 'c' THEN 0 WHEN 'n' THEN 2 WHEN 'd' THEN 4 WHEN 'r' THEN 1 WHEN 'a' THEN 3 ELSE NULL END AS "UPDATE_RULE", con.conname AS "FK_NAME", pkic.relname AS "PK_NAME", CASE WHEN con.condeferrable AND con.condeferred THEN 5 WHEN con.condeferrable THEN 6 ELSE 7 END AS "DEFERRABILITY" FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc, pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n), pg_catalog.pg_class pkic WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid AND fkn.oid = fkc.relnamespace AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid AND con.contype = 'f' AND (pkic.relkind = 'i' OR pkic.relkind = 'I') AND pkic.oid = con.conindid AND fkn.nspname = 'public' AND fkc.relname = 'order_items' ORDER BY pkn.nspname, pkc.relname, con.conname, pos.n

-- case: pgjdbc, index info
-- expect: equal
SELECT tmp."TABLE_NAME", tmp."NON_UNIQUE", tmp."INDEX_NAME", tmp."ORDINAL_POSITION", trim(both '"' from pg_catalog.pg_get_indexdef(tmp.ci_oid, tmp."ORDINAL_POSITION", false)) AS "COLUMN_NAME", CASE tmp.am_canorder WHEN true THEN CASE tmp.i_indoption[tmp."ORDINAL_POSITION" - 1] & 1::smallint WHEN 1 THEN 'D' ELSE 'A' END ELSE NULL END AS "ASC_OR_DESC" FROM (SELECT ct.relname AS "TABLE_NAME", NOT i.indisunique AS "NON_UNIQUE", ci.relname AS "INDEX_NAME", (information_schema._pg_expandarray(i.indkey)).n AS "ORDINAL_POSITION", ci.oid AS ci_oid, i.indoption AS i_indoption, am.amcanorder_ AS am_canorder FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON (ct.oid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) JOIN (SELECT oid, amname = 'btree' AS amcanorder_ FROM pg_catalog.pg_am) am ON (ci.relam = am.oid) WHERE n.nspname = 'public' AND ct.relname = 'orders') AS tmp ORDER BY "NON_UNIQUE", "INDEX_NAME", "ORDINAL_POSITION"

-- case: pgjdbc, procedures
-- expect: equal
SELECT NULL AS "PROCEDURE_CAT", n.nspname AS "PROCEDURE_SCHEM", p.proname AS "PROCEDURE_NAME", d.description AS "REMARKS", 2 AS "PROCEDURE_TYPE", p.proname || '_' || p.oid AS "SPECIFIC_NAME" FROM pg_catalog.pg_namespace n, pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_description d ON (p.oid=d.objoid) LEFT JOIN pg_catalog.pg_class c ON (d.classoid=c.oid AND c.relname='pg_proc') WHERE p.pronamespace=n.oid AND p.prokind='p' AND n.nspname LIKE 'app' ORDER BY 2, 3, 6

-- case: pgjdbc, type info
-- expect: equal
SELECT t.typname,t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON (t.typnamespace = n.oid) WHERE n.nspname != 'pg_toast' AND (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)) ORDER BY t.oid

-- case: pgjdbc, updatable result set
-- expect: masked
-- rollback
SELECT "id", "status", "buyer_name" FROM orders WHERE id IN (900011, 900001) ORDER BY id;
UPDATE orders SET "status" = 'packed' WHERE "id" = 900011

-- case: pgjdbc, the fields of a result set
-- expect: equal
SELECT c.oid, a.attnum, a.attname, c.relname, n.nspname, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull), a.attidentity != '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (c.oid = a.attrelid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef d ON (d.adrelid = a.attrelid AND d.adnum = a.attnum) JOIN (SELECT 'orders'::regclass::oid AS oid, 1 AS attnum UNION ALL SELECT 'orders'::regclass::oid, 9) vals ON (c.oid = vals.oid AND a.attnum = vals.attnum) ORDER BY 2

-- case: Npgsql, composite types
-- expect: equal
SELECT typ.oid, att.attname, att.atttypid FROM pg_type AS typ JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace) JOIN pg_class AS cls ON (cls.oid = typ.typrelid) JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid) WHERE (typ.typtype = 'c' AND cls.relkind='c') AND attnum > 0 AND NOT attisdropped ORDER BY typ.oid, att.attnum

-- case: node-postgres and others, types
-- expect: equal
SELECT oid, typname, typarray, typelem FROM pg_type WHERE typname = ANY('{int4,text,jsonb,citext,hstore,uuid}') ORDER BY oid

-- case: psycopg, adapters of types
-- expect: equal
SELECT typname AS name, oid, typarray AS array_oid, oid::regtype::text AS regtype, typdelim AS delimiter FROM pg_type t WHERE t.oid = 'public.hstore'::regtype ORDER BY t.oid

-- case: asyncpg, introspection
-- expect: equal
WITH RECURSIVE typeinfo_tree(oid, ns, name, kind, basetype, elemtype, depth) AS (SELECT t.oid, ns.nspname, t.typname, t.typtype, t.typbasetype, t.typelem, 0 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace ns ON ns.oid = t.typnamespace WHERE t.oid = ANY('{3802,1009}'::oid[]) UNION ALL SELECT t.oid, ns.nspname, t.typname, t.typtype, t.typbasetype, t.typelem, tt.depth + 1 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace ns ON ns.oid = t.typnamespace, typeinfo_tree tt WHERE tt.elemtype = t.oid) SELECT DISTINCT *, basetype::regtype::text AS basetype_name, elemtype::regtype::text AS elemtype_name FROM typeinfo_tree ORDER BY depth DESC, oid

-- case: postgres_exporter, settings
-- expect: equal
SELECT name, setting, COALESCE(unit, '') AS unit, short_desc, vartype FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real') AND name <> 'sync_commit_cancel_wait' ORDER BY name

-- case: postgres_exporter, databases and connections
-- expect: runs
SELECT pg_database.datname, tmp.state, COALESCE(count, 0) AS count, COALESCE(max_tx_duration, 0) AS max_tx_duration FROM (VALUES ('active'), ('idle'), ('idle in transaction'), ('disabled')) AS tmp(state) CROSS JOIN pg_database LEFT JOIN (SELECT datname, state, count(*) AS count, MAX(EXTRACT(EPOCH FROM now() - xact_start))::float AS max_tx_duration FROM pg_stat_activity GROUP BY datname, state) AS tmp2 ON tmp.state = tmp2.state AND pg_database.datname = tmp2.datname

-- case: postgres_exporter, replication and bgwriter
-- expect: runs
SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0 ELSE GREATEST(0, EXTRACT(EPOCH FROM (now() - pg_last_xact_replay_timestamp()))) END AS lag, CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END AS is_replica;
SELECT *, (CASE pg_is_in_recovery() WHEN 't' THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END) AS pg_current_wal_lsn FROM pg_stat_replication;
SELECT * FROM pg_stat_bgwriter

-- case: postgres_exporter, user tables
-- expect: runs
SELECT current_database() datname, schemaname, relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del, n_live_tup, n_dead_tup, COALESCE(last_vacuum, '1970-01-01Z') AS last_vacuum, COALESCE(last_autoanalyze, '1970-01-01Z') AS last_autoanalyze, vacuum_count, pg_total_relation_size(relid) AS total_size FROM pg_stat_user_tables ORDER BY schemaname, relname

-- case: monitoring, unused indexes
-- expect: runs
SELECT s.schemaname, s.relname, s.indexrelname, s.idx_scan, pg_size_pretty(pg_relation_size(s.indexrelid)) AS size FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid WHERE NOT i.indisunique AND s.idx_scan = 0 ORDER BY pg_relation_size(s.indexrelid) DESC, 1, 2, 3

-- case: monitoring, cache hits and bloat
-- expect: runs
SELECT sum(heap_blks_read) AS heap_read, sum(heap_blks_hit) AS heap_hit FROM pg_statio_user_tables;
SELECT relname, n_dead_tup, n_live_tup, round(n_dead_tup * 100.0 / nullif(n_live_tup + n_dead_tup, 0), 2) AS dead FROM pg_stat_all_tables WHERE schemaname = 'public' ORDER BY relname

-- case: monitoring, blocked sessions
-- expect: equal
SELECT blocked.pid, blocking.pid AS by, blocked.query FROM pg_stat_activity blocked JOIN pg_stat_activity blocking ON blocking.pid = ANY (pg_blocking_pids(blocked.pid)) WHERE cardinality(pg_blocking_pids(blocked.pid)) > 0

-- case: monitoring, wraparound
-- expect: runs
SELECT datname, age(datfrozenxid), 2147483648 - age(datfrozenxid) AS remaining FROM pg_database ORDER BY 2 DESC

-- case: monitoring, long transactions and sizes
-- expect: runs
SELECT max(now() - xact_start) FROM pg_stat_activity WHERE state IN ('idle in transaction', 'active');
SELECT pg_database_size(current_database()), pg_size_pretty(pg_total_relation_size('orders')), pg_relation_size('orders', 'fsm'), pg_indexes_size('public.orders')

-- case: monitoring, statistics of unprotected columns
-- expect: equal
SELECT attname, n_distinct, most_common_vals FROM pg_stats WHERE schemaname = 'public' AND tablename = 'orders' AND attname IN ('channel', 'payment_terms') ORDER BY attname

-- case: monitoring, progress and WAL
-- expect: runs
SELECT * FROM pg_stat_progress_vacuum;
SELECT * FROM pg_stat_progress_create_index;
SELECT slot_name, active, restart_lsn FROM pg_replication_slots;
SELECT pg_postmaster_start_time(), pg_conf_load_time(), pg_current_wal_lsn(), txid_current_if_assigned()

-- case: Debezium, metadata
-- expect: equal
SELECT COUNT(1) FROM pg_publication WHERE pubname = 'dbz_publication';
SELECT t.oid AS oid, t.typname AS name, t.typelem AS element, t.typbasetype AS parentoid, t.typtypmod as modifiers, t.typcategory as category, e.values as enum_values FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON (t.typnamespace = n.oid) LEFT JOIN (SELECT t.enumtypid as id, array_agg(t.enumlabel ORDER BY t.enumsortorder) as values FROM pg_catalog.pg_enum t GROUP BY id) e ON (t.oid = e.id) WHERE n.nspname != 'pg_toast' AND t.typcategory = 'E' ORDER BY 1;
select relreplident::text from pg_catalog.pg_class c left join pg_catalog.pg_namespace n on c.relnamespace=n.oid where n.nspname='public' and c.relname='orders'

-- case: Debezium, snapshot
-- expect: masked
-- rollback
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SELECT "id", "order_ref", "channel", "buyer_name", "total" FROM "public"."orders" WHERE id > 900000 ORDER BY id

-- case: Airbyte and Fivetran, cursor column
-- expect: masked
-- params: ["900000"]
SELECT "id","order_ref","channel","buyer_name","buyer_email","purchased_at" FROM "public"."orders" WHERE "id" > $1 ORDER BY "id" ASC

-- case: Airbyte, by ctid
-- expect: masked
SELECT ctid::text, "id", "buyer_name" FROM "public"."orders" WHERE ctid > '(0,0)'::tid AND id > 900000 ORDER BY id

-- case: dbt, relations and columns
-- expect: equal
select 'shop' as database, tablename as name, schemaname as schema, 'table' as type from pg_tables where schemaname ilike 'app' union all select 'shop', viewname, schemaname, 'view' from pg_views where schemaname ilike 'app' order by 2;
select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale from "shop".INFORMATION_SCHEMA.columns where table_name = 'jobs' and table_schema = 'app' order by ordinal_position

-- case: PostGraphile and Hasura, functions and tables
-- expect: equal
select p.oid as id, p.proname as name, d.description, p.provolatile = 's' as stable, p.proretset as set, p.prorettype::regtype::text as returns, coalesce(p.proallargtypes, p.proargtypes)::regtype[]::text as args from pg_catalog.pg_proc as p left join pg_catalog.pg_description as d on d.objoid = p.oid and d.objsubid = 0 and d.classoid = 'pg_proc'::regclass where p.pronamespace = 'app'::regnamespace and p.prokind = 'f' order by p.proname

-- case: PostgREST, a request
-- expect: equal
-- rollback
select set_config('search_path', '"public"', true), set_config('request.method', 'GET', true);
WITH pgrst_source AS (SELECT "public"."orders"."id", "public"."orders"."buyer_name" FROM "public"."orders" WHERE "public"."orders"."id" = 900011) SELECT 900011::bigint AS id, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body FROM (SELECT * FROM pgrst_source) _postgrest_t

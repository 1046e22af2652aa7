-- DELETE of rows by which others are redacted: allowed where the conditions leave out every redacted row, and only there.

-- case: DELETE by its key
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE id = 1;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE beside another kind
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE kind <> 'ebay';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE of several kinds
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE kind IN ('ebay', 'amazon');
SELECT name FROM keepers WHERE id = 1

-- case: DELETE of another kind or it
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE kind = 'ebay' OR id = 1;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE that NULL makes not true
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE (kind = 'ebay') IS NOT TRUE;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE by IS DISTINCT FROM
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE kind IS DISTINCT FROM 'ebay';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in the other case, by a collation
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE kind = 'AMAZON' COLLATE ignoring_case;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in the other case, by a collation of the column
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE (kind COLLATE ignoring_case) = 'AMAZON';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in spaces that char(n) does not see
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE kind::char(10) = 'amazon  ';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE by the list without a value, which NULL fulfils
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE waived <> ALL ('{}'::text[]);
SELECT name FROM keepers WHERE id = 1

-- case: DELETE that is not waived
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE waived IS NULL;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE waived or not known
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE waived = 'credit' OR waived IS NULL;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE waived where it is not known
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE coalesce(waived, 'credit') = 'credit';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE that is not waived on credit
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE waived IS DISTINCT FROM 'credit';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE with any date
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE since IS NOT NULL AND since <= 'infinity';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE since a date of old
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE since >= '2019-12-31';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE since minus infinity
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE since >= '-infinity';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE since a month that is longer
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE since >= now() - interval '100 months';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE since the limit itself
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE since >= now() - interval '30 days' OR id = 1;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE by a subquery of its own table
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE id IN (SELECT id FROM tenures WHERE kind <> 'ebay');
SELECT name FROM keepers WHERE id = 1

-- case: DELETE by a row
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE (kind, id) = ('amazon', 1);
SELECT name FROM keepers WHERE id = 1

-- case: DELETE by a column beside it
-- expect: refused 42501
-- rollback
DELETE FROM tenures WHERE kind = kind;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE of all
-- expect: refused 42501
-- rollback
DELETE FROM tenures;
SELECT name FROM keepers WHERE id = 1

-- case: TRUNCATE of all
-- expect: refused 42501
-- rollback
TRUNCATE tenures;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE under another row's condition
-- expect: refused 42501
-- rollback
DELETE FROM tenures t USING tenures o WHERE o.kind = 'ebay' AND t.id = 1;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE under the condition of a column that is named the same
-- expect: refused 42501
-- rollback
DELETE FROM tenures t USING (SELECT 'ebay' AS kind) v WHERE v.kind = 'ebay' AND t.id = 1;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE under the condition of an outer join
-- expect: refused 42501
-- rollback
DELETE FROM tenures t USING keepers k LEFT JOIN tenures o ON o.kind = 'ebay' AND o.keeper = k.id WHERE t.keeper = k.id AND k.id = 1;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in WITH
-- expect: refused 42501
-- rollback
WITH d AS (DELETE FROM tenures WHERE kind <> 'ebay' RETURNING id) SELECT count(*) FROM d;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in COPY
-- expect: refused 42501
-- rollback
COPY (DELETE FROM tenures WHERE id = 1 RETURNING id) TO STDOUT;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in EXPLAIN ANALYZE
-- expect: refused 42501
-- rollback
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) DELETE FROM tenures WHERE id = 1;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in PREPARE, of what EXECUTE says
-- expect: refused 42501
-- rollback
PREPARE d (text) AS DELETE FROM tenures WHERE kind = $1;
EXECUTE d('amazon');
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in MERGE of what the source does not have
-- expect: refused 42501
-- rollback
MERGE INTO tenures t USING (VALUES (2)) v (id) ON t.id = v.id AND t.kind = 'ebay' WHEN NOT MATCHED BY SOURCE THEN DELETE;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in MERGE by the key
-- expect: refused 42501
-- rollback
MERGE INTO tenures t USING (VALUES (1)) v (id) ON t.id = v.id WHEN MATCHED AND v.id = 1 THEN DELETE;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE at a cursor
-- expect: refused 42501
-- rollback
DECLARE c CURSOR FOR SELECT id FROM tenures WHERE id = 1 FOR UPDATE;
FETCH c;
DELETE FROM tenures WHERE CURRENT OF c;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE of dates in a zone that is far away
-- expect: refused 42501
-- rollback
SET LOCAL TimeZone = 'Etc/GMT+12';
DELETE FROM tenures WHERE since::date >= current_date - 10000;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE of a date that the style turns round
-- expect: refused 42501
-- rollback
SET LOCAL DateStyle = 'SQL, DMY';
DELETE FROM tenures WHERE since >= '01/12/2019';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE of other kinds
-- expect: same
-- rollback
DELETE FROM tenures WHERE kind = 'ebay';
DELETE FROM tenures WHERE kind <> 'amazon';
DELETE FROM tenures WHERE kind IS NULL;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE of what is not old enough in any zone
-- expect: same
-- rollback
SET LOCAL TimeZone = 'Pacific/Kiritimati';
DELETE FROM tenures WHERE since >= now() - interval '29 days';
DELETE FROM tenures WHERE since IS NULL;
SELECT name FROM keepers WHERE id = 1

-- case: DELETE of what is waived
-- expect: same
-- rollback
DELETE FROM tenures WHERE waived = 'credit';
SELECT name FROM keepers WHERE id = 1

-- case: DELETE in MERGE under a condition that leaves the others out
-- expect: same
-- rollback
MERGE INTO tenures t USING keepers k ON t.keeper = k.id AND t.kind = 'ebay' WHEN MATCHED THEN DELETE;
SELECT name FROM keepers WHERE id = 1

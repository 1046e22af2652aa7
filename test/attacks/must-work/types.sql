-- Types and extensions of applications: documents, arrays, ranges, full text, enums, keys, case-blind text, trees.

-- case: jsonb operators
-- expect: equal
SELECT id, payload ->> 'order' AS o, payload #>> '{to,zone}' AS zone, payload @> '{"to": {"zone": 1}}' AS hit, payload ? 'tags' AS has, payload - 'tags' AS rest, payload || '{"x": 1}' AS more FROM app.jobs WHERE payload -> 'tags' @> '["t1"]' ORDER BY id

-- case: jsonpath
-- expect: equal
SELECT id, jsonb_path_query_array(payload, '$.tags[*] ? (@ starts with "t")') AS tags, payload @? '$.to.zone ? (@ > 2)' AS far, payload @@ '$.order > 10' AS late FROM app.jobs ORDER BY id

-- case: jsonb subscripts and set
-- expect: equal
-- rollback
UPDATE app.jobs SET payload['to']['zone'] = '9' WHERE id = 4;
UPDATE app.jobs SET payload = jsonb_set(payload, '{seen}', 'true') WHERE id = 4 RETURNING id, payload['seen'], updated_at

-- case: jsonb expanded
-- expect: equal
SELECT j.id, e.key, e.value FROM app.jobs j, jsonb_each_text(j.payload -> 'to') e WHERE j.id < 5 ORDER BY 1, 2;
SELECT * FROM jsonb_to_recordset('[{"a":1,"b":"x"},{"a":2}]') AS r(a int, b text);
SELECT jsonb_pretty(payload) FROM app.jobs WHERE id = 1

-- case: SQL/JSON functions
-- expect: equal
SELECT JSON_VALUE(payload, '$.order' RETURNING int) AS o, JSON_QUERY(payload, '$.tags') AS tags, JSON_EXISTS(payload, '$.to.zone') AS z, JSON_OBJECT('id': id, 'state': state) AS doc, JSON_ARRAY(id, queue) AS arr FROM app.jobs WHERE id < 4 ORDER BY id

-- case: JSON of unprotected rows
-- expect: equal
SELECT row_to_json(p) FROM (SELECT sku, title FROM products ORDER BY sku LIMIT 3) p;
SELECT json_agg(p ORDER BY p.sku) FROM products p

-- case: arrays
-- expect: equal
SELECT id, tags, tags[1], cardinality(tags), array_position(tags, 'care'), tags @> '{care}' AS care, 'oak' = ANY (tags) AS oak, tags || 'new'::text AS more, array_remove(tags, 'care') FROM app.articles ORDER BY id

-- case: arrays built and unnested
-- expect: equal
SELECT tag, count(*) FROM app.articles, unnest(tags) AS tag GROUP BY tag ORDER BY tag;
SELECT ARRAY(SELECT sku FROM products ORDER BY sku LIMIT 3), (ARRAY[[1,2],[3,4]])[2:2], array_fill(0, ARRAY[2,2])

-- case: ranges
-- expect: equal
SELECT id, valid, lower(valid), upper_inf(valid), valid @> date '2024-04-01' AS on_date, valid && daterange('2024-02-01', '2024-03-01') AS overlaps FROM app.articles ORDER BY id;
SELECT range_agg(during ORDER BY id) FROM app.bookings

-- case: an exclusion constraint that fails
-- expect: equal
-- rollback
INSERT INTO app.bookings VALUES (9, '[1,2)', '[2024-01-01 10:30,2024-01-01 10:45)')

-- case: full text search
-- expect: equal
SELECT id, title, ts_rank(search, q) AS rank, ts_headline('english', body, q) AS headline FROM app.articles, to_tsquery('english', 'light | oak') q WHERE search @@ q ORDER BY rank DESC, id

-- case: full text search as users write it
-- expect: equal
SELECT id FROM app.articles WHERE search @@ websearch_to_tsquery('english', 'cold light -oak') ORDER BY id;
SELECT to_tsvector('english', 'The quick brown foxes') @@ phraseto_tsquery('english', 'quick brown'), numnode('a & b'::tsquery), strip(to_tsvector('simple', 'a b a'))

-- case: trigrams
-- expect: equal
SET search_path = public, ext;
SELECT id, title, similarity(title, 'lampe') > 0.1 AS near FROM app.articles WHERE title % 'Choosing lamp' OR title ILIKE '%refund%' ORDER BY id;
SELECT word_similarity('lamp', 'desk lamps') > 0.5, show_trgm('ab')

-- case: case-blind text
-- expect: equal
SET search_path = public, ext;
SELECT id, slug FROM app.articles WHERE slug = 'CARE-GUIDE' ORDER BY id;
SELECT slug::text FROM app.articles ORDER BY slug

-- case: hstore
-- expect: equal
SET search_path = public, ext;
SELECT id, attrs -> 'level' AS level, attrs ? 'minutes' AS timed, akeys(attrs), attrs || 'x=>1'::hstore AS more FROM app.articles WHERE attrs IS NOT NULL ORDER BY id;
SELECT (each(attrs)).key, (each(attrs)).value FROM app.articles WHERE id = 1 ORDER BY 1

-- case: label trees
-- expect: equal
SET search_path = public, ext;
SELECT id, path, nlevel(path), subpath(path, 0, 1) FROM app.categories WHERE path <@ 'all.home' ORDER BY path;
SELECT id FROM app.categories WHERE path ~ 'all.*.desk'::lquery ORDER BY id

-- case: keys and digests
-- expect: equal
SELECT ext.uuid_generate_v5(ext.uuid_ns_url(), 'http://known.test'), encode(ext.digest('x', 'sha256'), 'hex'), md5('x'), ext.crypt('pw', '$2a$04$abcdefghijklmnopqrstuu') IS NOT NULL, length(gen_random_uuid()::text), key FROM app.articles WHERE id = 1

-- case: text without accents, distance and sound
-- expect: equal
SELECT ext.unaccent('Crème brûlée'), ext.levenshtein('lamp', 'lamb'), ext.soundex('Robert'), ext.dmetaphone('Thomas')

-- case: enums
-- expect: equal
SELECT state, count(*), state > 'queued' AS later, app.next_state(state) FROM app.jobs GROUP BY state ORDER BY state;
SELECT enum_range(NULL::app.job_state), enum_first(NULL::app.job_state), 'done'::app.job_state

-- case: composite values
-- expect: equal
SELECT (pos).x, (pos).z, pos, ROW(1, 2) = ROW(1, 2) AS same FROM plain.kinds WHERE pos IS NOT NULL ORDER BY id

-- case: network addresses and bits
-- expect: equal
SELECT id, host(addr), masklen(addr), addr << '192.168.0.0/16'::inet AS inside, net, bits & B'1010' AS bits, mac FROM plain.kinds WHERE addr IS NOT NULL AND length(bits) = 4 ORDER BY id

-- case: dates and times
-- expect: equal
SELECT id, extract(epoch FROM tsz) AS epoch, to_char(ts, 'YYYY-MM-DD') AS day, make_interval(days => 3), justify_hours(interval '30 hours'), tsz AT TIME ZONE 'Europe/Berlin' AS berlin, date '2024-01-31' + interval '1 month' AS later, isfinite(ts) FROM plain.kinds WHERE isfinite(tsz) ORDER BY id

-- case: bytes and text
-- expect: equal
SELECT id, encode(bytes, 'base64'), octet_length(bytes), substring(t FROM 1 FOR 3), overlay(t PLACING 'X' FROM 1 FOR 1), position('a' IN t), trim(BOTH ' ' FROM c), regexp_replace(t, '[aeiou]', '*', 'g'), format('%s-%L-%I', id, t, v) FROM plain.kinds WHERE t IS NOT NULL ORDER BY id

-- case: regular expressions
-- expect: equal
SELECT title, title ~* 'lamp', (regexp_match(title, '(\w+)$'))[1], regexp_split_to_array(title, '\s+'), regexp_count(title, 'a') FROM app.articles ORDER BY id;
SELECT m FROM regexp_matches('a1b22', '\d+', 'g') AS m

-- case: points, boxes and money
-- expect: equal
SELECT id, pt <@ box '((0,0),(5,5))' AS inside, area(box), center(box), price + '1'::money AS more FROM plain.kinds WHERE pt IS NOT NULL AND box IS NOT NULL ORDER BY id

-- case: XML
-- expect: equal
SELECT xmlelement(name order, xmlattributes(id AS n), queue), xmlforest(id, state) FROM app.jobs WHERE id < 3 ORDER BY id;
SELECT xpath('/a/text()', doc) FROM plain.kinds WHERE doc IS NOT NULL AND xml_is_well_formed_document(doc::text) ORDER BY id

-- case: functions that return rows
-- expect: equal
SELECT * FROM app.jobs_of('mail') WHERE id < 10;
SELECT j.id, j.state FROM app.jobs_of('default') AS j ORDER BY j.id LIMIT 3;
SELECT * FROM plain.first_people(2)

-- case: a procedure
-- expect: equal
-- rollback
CALL app.requeue(5);
SELECT state, count(*) FROM app.jobs GROUP BY state ORDER BY state

-- case: search of documents beside masked orders
-- expect: masked
SELECT o.id, o.buyer_name, j.payload -> 'to' AS "to" FROM orders o JOIN app.jobs j ON (j.payload ->> 'order')::bigint = o.id ORDER BY o.id

-- case: a JSON document of an order
-- expect: masked
SELECT o.id, jsonb_strip_nulls(to_jsonb(o) - 'notes') AS doc FROM orders o WHERE o.id > 900000 ORDER BY o.id

-- case: addresses grouped by their network, which the mask keeps
-- expect: accepted
SELECT network(set_masklen(ip, 16)) AS net, count(*) FROM orders GROUP BY 1 ORDER BY 1 NULLS LAST

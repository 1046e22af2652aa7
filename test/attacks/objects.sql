-- What the attacks find in the database: everything a shop collects over the years that reads protected relations.

-- Views
CREATE VIEW all_orders AS SELECT * FROM orders;
CREATE VIEW buyers AS SELECT id AS number, channel, buyer_name AS who, buyer_email AS mail FROM all_orders;
CREATE VIEW loud_buyers AS SELECT number, upper(who) AS who FROM buyers;
CREATE VIEW orders_of_alan AS SELECT id, order_ref FROM orders WHERE buyer_name LIKE 'A%';
CREATE VIEW orders_beside_addresses AS
  SELECT o.id, a.kind, a.line1 FROM orders o JOIN order_addresses a ON a.order_id = o.id AND a.name = o.buyer_name;
CREATE VIEW names_joined AS SELECT channel, string_agg(buyer_name, ',' ORDER BY id) AS names FROM orders GROUP BY channel;
CREATE VIEW guarded_orders WITH (security_barrier) AS SELECT * FROM orders WHERE id > 900000;
CREATE VIEW invoked_orders WITH (security_invoker) AS SELECT * FROM orders WHERE id > 900000;
CREATE VIEW every_name AS
  SELECT id, name FROM customers UNION ALL SELECT id, buyer_name FROM orders UNION ALL SELECT id, full_name FROM legacy_contacts;
CREATE VIEW deep_names AS WITH x AS (SELECT id, buyer_name FROM orders) SELECT x.id, (SELECT x.buyer_name) AS n FROM x;
CREATE VIEW name_lengths AS SELECT id, length(buyer_name) AS n FROM orders;
CREATE VIEW whole_rows AS SELECT id, o AS r FROM orders o;
CREATE VIEW "Odd View" AS SELECT id AS "Id", buyer_name AS "The Name" FROM orders;

-- Copies
CREATE MATERIALIZED VIEW order_names AS SELECT id, channel, buyer_name, length(buyer_name) AS n FROM orders;
CREATE MATERIALIZED VIEW count_of_alans AS SELECT count(*) AS n FROM orders WHERE buyer_name = 'Alan Archer';
CREATE MATERIALIZED VIEW names_of_names AS SELECT buyer_name FROM order_names;
-- Their rows were under these conditions when they were copied, and are redacted now.
UPDATE orders SET channel = 'ebay' WHERE id = 900001;
CREATE MATERIALIZED VIEW once_on_ebay AS SELECT id, buyer_name FROM orders WHERE channel = 'ebay' AND id > 900000;
UPDATE orders SET channel = 'amazon' WHERE id = 900001;
CREATE TEMP TABLE shipped AS SELECT id, shipped_at FROM orders WHERE id = 900001;
UPDATE orders SET shipped_at = now() WHERE id = 900001;
CREATE MATERIALIZED VIEW once_recent AS
  SELECT id, buyer_name FROM orders WHERE shipped_at > now() - interval '7 days' AND id > 900000;
UPDATE orders o SET shipped_at = s.shipped_at FROM shipped s WHERE s.id = o.id;
DROP TABLE shipped;
CREATE MATERIALIZED VIEW names_ranked AS
  SELECT id, rank() OVER w AS n FROM orders WHERE id IN (900001, 900003, 900012) WINDOW w AS (ORDER BY buyer_name);
CREATE MATERIALIZED VIEW names_sorted AS SELECT id FROM orders WHERE id IN (900001, 900002, 900003) ORDER BY buyer_name, id;
CREATE MATERIALIZED VIEW names_first AS
  SELECT id, buyer_name FROM orders WHERE id IN (900001, 900003) UNION ALL SELECT 1, 'B' ORDER BY 2 LIMIT 2;
CREATE MATERIALIZED VIEW names_split AS
  SELECT id, ordinality FROM orders, regexp_split_to_table(buyer_name, ' ') WITH ORDINALITY WHERE id IN (900001, 900002);

-- A child of a protected table, and a partitioned one with a policy of its own (test/attacks/policies.yaml)
CREATE TABLE archived_orders () INHERITS (orders);
INSERT INTO archived_orders SELECT * FROM orders WHERE id BETWEEN 900001 AND 900012;
UPDATE archived_orders SET id = id + 10000, order_ref = 'A' || order_ref;

CREATE TABLE visits (
  id int NOT NULL, channel text NOT NULL, day date NOT NULL, visitor text, agent varchar(40), score int,
  visitor_hash text GENERATED ALWAYS AS (md5(visitor)) STORED,
  PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2021-01-01');
CREATE TABLE visits_new PARTITION OF visits DEFAULT;
INSERT INTO visits (id, channel, day, visitor, agent, score) VALUES
  (1, 'amazon', '2020-05-05', pg_temp.secret('ann', 'bob'), 'browser', pg_temp.secret('1', '2')::int),
  (2, 'amazon', '2020-06-06', pg_temp.secret(NULL, 'cyd'), 'app', pg_temp.secret('3', NULL)::int),
  (3, 'ebay', '2020-05-05', 'dee', 'browser', 5),
  (4, 'amazon', '2999-01-01', 'eve', 'browser', 7);

-- Types: domain, enum, array, composite, json, xml and one-to-one with expression index and unique keys
CREATE DOMAIN nonblank AS text CHECK (VALUE <> '');
CREATE TYPE shade AS ENUM ('light', 'dark');
CREATE TYPE pair AS (a text, b int);
CREATE TABLE profiles (
  id      int PRIMARY KEY,
  old     boolean NOT NULL,
  "Name"  text,
  nick    nonblank,
  hair    shade,
  tags    text[],
  detail  pair,
  doc     jsonb,
  page    xml,
  born    date,
  height  numeric(5,2),
  code    char(8) UNIQUE,
  CONSTRAINT tall CHECK (height > 1)
);
CREATE INDEX ON profiles (lower("Name"));
CREATE INDEX ON profiles (id) WHERE "Name" = 'Alan';
INSERT INTO profiles VALUES
  (1, true, pg_temp.secret('Alan', 'Beatrice'), pg_temp.secret('al', 'bee'), pg_temp.secret('light', 'dark')::shade,
   CASE current_setting('test.secret') WHEN 'A' THEN '{x,y}' ELSE '{z}' END::text[],
   CASE current_setting('test.secret') WHEN 'A' THEN '(p,1)' ELSE '(q,2)' END::pair,
   CASE current_setting('test.secret') WHEN 'A' THEN '{"k": "p"}' ELSE '{"k": [2]}' END::jsonb,
   CASE current_setting('test.secret') WHEN 'A' THEN '<a>p</a>' ELSE '<b/>' END::xml,
   CASE current_setting('test.secret') WHEN 'A' THEN '1970-01-01' ELSE '1980-12-31' END::date,
   pg_temp.secret('1.60', '1.95')::numeric, pg_temp.secret('CODE-A', 'CODE-B')),
  (2, false, 'Cleo', 'clio', 'dark', '{c}', '(r,3)', '{"k": "c"}', '<c/>', '1990-09-09', 1.75, 'CODE-C');

-- Under a policy that masks in filters
CREATE TABLE fellows (id int PRIMARY KEY, old boolean NOT NULL, mail text UNIQUE, note text);
INSERT INTO fellows VALUES (1, true, pg_temp.secret('al@known.test', 'bo@known.test'), 'first'), (2, false, 'cy@known.test', 'second');

-- Row security that reads a protected column
CREATE TABLE cards (id int PRIMARY KEY, old boolean NOT NULL, holder text);
INSERT INTO cards VALUES (1, true, pg_temp.secret('al', 'bo')), (2, false, 'cy');
ALTER TABLE cards ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cards USING (holder = current_setting('test.holder', true));

-- Named like a protected table, and not one
CREATE SCHEMA other;
CREATE TABLE other.orders (id bigint PRIMARY KEY, buyer_name varchar(120), note text);
INSERT INTO other.orders VALUES (1, 'nobody', 'public'), (900001, 'nobody either', 'public');

-- Functions
CREATE FUNCTION name_of(bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT buyer_name FROM orders WHERE id = $1';
CREATE FUNCTION name_of_sqlbody(n bigint) RETURNS text LANGUAGE sql STABLE RETURN (SELECT buyer_name FROM orders WHERE id = n);
CREATE FUNCTION name_by_plpgsql(n bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r orders;
BEGIN SELECT * INTO r FROM orders WHERE id = n; RETURN r.buyer_name; END $$;
CREATE FUNCTION run(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN EXECUTE statement INTO r; RETURN r; END $$;
CREATE FUNCTION name_of_owner(n bigint) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT buyer_name FROM orders WHERE id = $1';
CREATE FUNCTION orders_of(n bigint) RETURNS SETOF orders LANGUAGE sql STABLE AS 'SELECT * FROM orders WHERE id = n';
CREATE FUNCTION name_by_view(n bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT who FROM loud_buyers WHERE number = n';
CREATE FUNCTION name_by_call(n bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT upper(name_of(n))';
CREATE FUNCTION is_alan(n bigint) RETURNS boolean LANGUAGE sql STABLE
  AS $$ SELECT EXISTS (SELECT FROM orders WHERE id = n AND buyer_name LIKE 'Alan%') $$;
CREATE FUNCTION name_in(o orders) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT o.buyer_name';
CREATE FUNCTION default_name(n bigint, d text DEFAULT name_of(900001)) RETURNS text LANGUAGE sql AS 'SELECT d';
CREATE FUNCTION harmless(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + 1';
CREATE FUNCTION harmless(a bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT buyer_name FROM orders WHERE id = a';
CREATE FUNCTION add_name(text, bigint) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1 || name_of($2) $$;
CREATE AGGREGATE names_agg(bigint) (SFUNC = add_name, STYPE = text, INITCOND = '');
CREATE FUNCTION text_of(bigint, bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT name_of($1)';
CREATE OPERATOR @~@ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = text_of);
CREATE FUNCTION known(n bigint) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT is_alan(n)';
CREATE DOMAIN known_order AS bigint CHECK (known(VALUE));
CREATE FUNCTION pair_of(bigint) RETURNS pair LANGUAGE sql STABLE AS 'SELECT name_of($1), 1';
CREATE CAST (bigint AS pair) WITH FUNCTION pair_of(bigint);
CREATE PROCEDURE tell(n bigint) LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'buyer %', name_of(n); END $$;

-- Triggers and rules. Must-work statements write neither payments nor tickets.
CREATE TABLE tickets (id int PRIMARY KEY, order_id bigint, note text);
INSERT INTO tickets VALUES (1, 900001, 'call back');
CREATE FUNCTION tell_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE 'for %', (SELECT buyer_name FROM orders WHERE id = NEW.order_id); RETURN NEW; END $$;
CREATE TRIGGER tell BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION tell_ticket();
CREATE FUNCTION tell_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE 'card of %', OLD.card_holder; RETURN NEW; END $$;
CREATE TRIGGER tell BEFORE UPDATE ON payments FOR EACH ROW EXECUTE FUNCTION tell_payment();
CREATE TABLE leaks (id bigint, what text);
CREATE TABLE inbox (id bigint);
CREATE RULE copy_name AS ON INSERT TO inbox DO INSTEAD INSERT INTO leaks SELECT NEW.id, buyer_name FROM orders WHERE id = NEW.id;

-- Calls that no statement shows: in views, defaults, checks, generated columns, indexes, partition keys, policies, triggers.
-- The functions are schema-qualified where the server runs them under a search_path of its own.
CREATE FUNCTION fixed_name(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT buyer_name FROM public.orders WHERE id = $1';
CREATE VIEW calling_view AS SELECT id, name_of(order_id) AS n FROM order_items;
CREATE VIEW view_of_calling_view AS SELECT id, upper(n) AS n FROM calling_view;
CREATE MATERIALIZED VIEW calling_copy AS SELECT fixed_name(900001) AS n;
CREATE TABLE with_default (a bigint, d text DEFAULT name_of(900001));
CREATE DOMAIN named AS text DEFAULT fixed_name(900001);
CREATE TABLE with_domain_default (a bigint, d named);
CREATE TABLE with_check (a bigint CHECK (is_alan(a)));
CREATE TABLE with_generated (a bigint, g text GENERATED ALWAYS AS (fixed_name(a)) STORED);
CREATE TABLE with_index (a bigint);
INSERT INTO with_index SELECT 900001 FROM generate_series(1, 200);
CREATE INDEX ON with_index (fixed_name(a));
CREATE TABLE parted (a bigint) PARTITION BY LIST (fixed_name(a));
CREATE TABLE parted_alan PARTITION OF parted FOR VALUES IN ('Alan Archer');
CREATE TABLE parted_others PARTITION OF parted DEFAULT;
CREATE TABLE with_policy (a bigint);
INSERT INTO with_policy VALUES (900001), (900003);
ALTER TABLE with_policy ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_alan ON with_policy USING (is_alan(a));
CREATE FUNCTION fill_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := name_of(NEW.a); RETURN NEW; END $$;
CREATE TABLE with_trigger (a bigint, n text);
CREATE TRIGGER fill BEFORE INSERT ON with_trigger FOR EACH ROW EXECUTE FUNCTION fill_name();
CREATE FUNCTION any_name(anyelement) RETURNS text LANGUAGE sql STABLE AS 'SELECT name_of(900001)';
CREATE FUNCTION first_name(VARIADIC bigint[]) RETURNS text LANGUAGE sql STABLE AS 'SELECT name_of($1[1])';
CREATE OPERATOR <-> (LEFTARG = text, RIGHTARG = bigint, FUNCTION = add_name);

-- Harmless code of every kind, which must work.
CREATE FUNCTION ok_rate(amount numeric, rate numeric DEFAULT 0.19) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT amount * rate -- of orders';
CREATE FUNCTION ok_kind(a int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''whole''::text';
CREATE FUNCTION ok_kind(a text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''text''::text';
CREATE FUNCTION ok_stock(s text) RETURNS int LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  orders int := 0; -- a variable, and no table
  r products%ROWTYPE;
BEGIN
  /* EXECUTE 'SELECT * FROM orders' */
  FOR r IN SELECT * FROM products WHERE sku = s LOOP orders := orders + 1; END LOOP;
  IF orders = 0 THEN RAISE NOTICE 'no orders of %', s; END IF;
  RETURN orders;
EXCEPTION WHEN no_data_found THEN RETURN 0;
END $$;
CREATE FUNCTION ok_titles() RETURNS SETOF text LANGUAGE sql STABLE BEGIN ATOMIC SELECT title FROM products ORDER BY 1; END;
CREATE PROCEDURE ok_log(what text, INOUT n int DEFAULT 0) LANGUAGE plpgsql AS $$
BEGIN INSERT INTO ok_lines (what) VALUES (what) RETURNING length(ok_lines.what) INTO n; END $$;
CREATE FUNCTION ok_step(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 || '/' || $2 $$;
CREATE AGGREGATE ok_path(text) (SFUNC = ok_step, STYPE = text, INITCOND = '');
CREATE FUNCTION ok_near(point, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1[0] < $2';
CREATE OPERATOR ~<~ (LEFTARG = point, RIGHTARG = int, FUNCTION = ok_near);
CREATE TYPE ok_money AS (cents bigint, currency text);
CREATE FUNCTION ok_money_of(numeric) RETURNS ok_money LANGUAGE sql IMMUTABLE AS $$ SELECT ($1 * 100)::bigint, 'EUR' $$;
CREATE CAST (numeric AS ok_money) WITH FUNCTION ok_money_of(numeric) AS ASSIGNMENT;
CREATE FUNCTION ok_code(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 ~ '^[A-Z]+\d*$' $$;
CREATE DOMAIN ok_coded AS text CHECK (ok_code(VALUE));
CREATE FUNCTION ok_lower(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lower($1); END';
CREATE FUNCTION ok_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.what := rtrim(NEW.what);
  IF TG_OP = 'UPDATE' AND NEW.what IS DISTINCT FROM OLD.what THEN NEW.changes := coalesce(OLD.changes, 0) + 1; END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION ok_visible(text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT $1 <> 'hidden' $$;
CREATE TABLE ok_lines (
  id int GENERATED ALWAYS AS IDENTITY, what text NOT NULL CHECK (ok_lower(what) <> 'orders'), changes int DEFAULT ok_rate(0)::int,
  small text GENERATED ALWAYS AS (ok_lower(what)) STORED, code ok_coded DEFAULT 'A1', price ok_money
);
CREATE INDEX ON ok_lines (ok_lower(what));
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON ok_lines FOR EACH ROW WHEN (ok_visible(NEW.what)) EXECUTE FUNCTION ok_touch();
ALTER TABLE ok_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON ok_lines USING (ok_visible(what));
CREATE VIEW ok_view AS SELECT id, ok_lower(what) AS what FROM ok_lines;
CREATE TABLE ok_parted (a text) PARTITION BY LIST (ok_lower(a));
CREATE TABLE ok_parted_others PARTITION OF ok_parted DEFAULT;

-- Statistics and constraints over protected columns
CREATE INDEX ON orders (lower(buyer_name));
CREATE STATISTICS buyers_and_cities (mcv) ON buyer_name, ship_city FROM orders;
CREATE UNIQUE INDEX one_kind ON order_addresses (name, order_id, kind);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;
GRANT USAGE ON SCHEMA other TO shop_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA other TO shop_app;
GRANT CREATE ON SCHEMA public TO shop_app;
GRANT SELECT ON buyers, guarded_orders, sales_report TO shop_report;
CREATE ROLE view_reader LOGIN PASSWORD 'unused';
GRANT SELECT ON buyers, sales_report TO view_reader;
GRANT view_reader TO shop_app;

-- A copy in which equal names are one row
CREATE MATERIALIZED VIEW distinct_names AS SELECT DISTINCT buyer_name FROM orders WHERE id IN (900001, 900002);

-- Under a policy that lets masked values be filtered and copied (test/attacks/policies.yaml)
CREATE TABLE memos (id int PRIMARY KEY, old boolean NOT NULL, body text, tag text);
INSERT INTO memos VALUES (1, true, pg_temp.secret('a secret', 'another'), 'first'), (2, false, 'open', 'second');
GRANT SELECT, INSERT, UPDATE, DELETE ON distinct_names, memos TO shop_app;

-- Rows that belong to others by no foreign key, one of them to none, and triggers that tell of the row in errors
CREATE TABLE jobs (id int PRIMARY KEY, old boolean, kind text, remark text);
INSERT INTO jobs VALUES (2, true, NULL, pg_temp.secret('done', 'undone')), (3, false, NULL, 'open');
CREATE TABLE jottings (id int PRIMARY KEY, job_id int, body text);
INSERT INTO jottings VALUES
  (1, 1, pg_temp.secret('gone', 'went')), (2, 2, pg_temp.secret('there', 'here')), (3, 3, 'open');
CREATE FUNCTION refuse_jotting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never %', OLD.body; END $$;
CREATE TRIGGER refuse BEFORE DELETE ON jottings FOR EACH ROW EXECUTE FUNCTION refuse_jotting();
CREATE CONSTRAINT TRIGGER refuse_later AFTER UPDATE ON jottings DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.id = 2) EXECUTE FUNCTION refuse_jotting();
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs, jottings TO shop_app;

-- A protected table with a rule that copies its rows
CREATE TABLE ruled (id int PRIMARY KEY, old boolean NOT NULL, body text, tag text);
INSERT INTO ruled VALUES (1, true, pg_temp.secret('ruled', 'by rule'), 'x');
CREATE TABLE of_rules (id int, body text);
CREATE RULE copy_body AS ON UPDATE TO ruled DO INSTEAD INSERT INTO of_rules VALUES (OLD.id, OLD.body);
GRANT SELECT, INSERT, UPDATE, DELETE ON ruled, of_rules TO shop_app;

-- A schema of its own, a name whose bytes are another name under LATIN1, and a protected table that all may read
CREATE SCHEMA vault;
CREATE TABLE vault.papers (id int PRIMARY KEY, old boolean NOT NULL, body text);
INSERT INTO vault.papers VALUES (1, true, pg_temp.secret('paper', 'parchment'));
CREATE TABLE "Ã©" (id int PRIMARY KEY, old boolean NOT NULL, body text);
INSERT INTO "Ã©" VALUES (1, true, pg_temp.secret('letter', 'glyph'));
GRANT SELECT ON "Ã©" TO shop_app;
GRANT SELECT ON visits TO PUBLIC;

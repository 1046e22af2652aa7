-- Objects of relations.sql: views over views, partitions of partitions, children of children, types, foreign tables.

CREATE VIEW order_payments AS SELECT o.id, o.channel, p.card_holder AS holder, p.amount FROM orders o JOIN payments p ON p.order_id = o.id;
CREATE VIEW deep_orders AS SELECT d.id, d.holder, c.name FROM order_payments d LEFT JOIN orders o USING (id) LEFT JOIN customers c ON c.id = o.customer_id;
CREATE VIEW initials AS SELECT left(who, 1) AS initial, count(*) AS n FROM buyers GROUP BY 1;
CREATE VIEW ranked_orders AS SELECT id, rank() OVER (PARTITION BY channel ORDER BY buyer_name) AS place FROM orders;
CREATE VIEW first_of_name AS SELECT DISTINCT ON (buyer_name) id, buyer_name FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY buyer_name, id;
CREATE VIEW longest_names AS SELECT id FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY length(buyer_email) DESC LIMIT 1;
CREATE VIEW barrier_over_invoker WITH (security_barrier, security_invoker) AS SELECT i.id AS number, i.buyer_name AS who FROM invoked_orders i;
CREATE VIEW spelled AS WITH RECURSIVE s(n, rest) AS (
  SELECT 0, buyer_name::text FROM orders WHERE id = 900001 UNION ALL SELECT n + 1, substr(rest, 2) FROM s WHERE rest <> '') SELECT * FROM s;
CREATE VIEW umlauts ("Nr.", "Käufer") AS SELECT id, buyer_name FROM orders;
CREATE VIEW names_shown AS SELECT id, buyer_name AS name FROM order_names;
CREATE UNIQUE INDEX order_names_id ON order_names (id);

CREATE TABLE calls (id int, kind text, day date, caller text) PARTITION BY RANGE (day);
CREATE TABLE calls_2020 PARTITION OF calls FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (kind);
CREATE TABLE calls_2020_a PARTITION OF calls_2020 FOR VALUES IN ('a');
CREATE TABLE calls_2020_b PARTITION OF calls_2020 DEFAULT;
CREATE TABLE calls_rest PARTITION OF calls DEFAULT;
INSERT INTO calls VALUES
  (1, 'a', '2020-02-02', pg_temp.secret('ann', 'bob')), (2, 'b', '2020-03-03', pg_temp.secret('ann', 'cyd')),
  (3, 'a', '2019-01-01', pg_temp.secret('dan', 'ede')), (4, 'a', '2999-01-01', 'eve');

CREATE TABLE kept_calls (id int, kind text, day date, caller text);
INSERT INTO kept_calls VALUES (5, 'a', '2018-05-05', pg_temp.secret('fay', 'gil'));

CREATE TABLE marks (mark int);
CREATE TABLE answers_and_marks () INHERITS (survey_responses, marks);
INSERT INTO answers_and_marks (id, order_id, rating, answer, answered_at, mark) VALUES
  (910001, 900001, pg_temp.secret('4', '2')::int, pg_temp.secret('fine', 'bad'), pg_temp.ago(60), 1),
  (910011, 900011, 3, 'ok', pg_temp.ago(60), 2);
CREATE TABLE very_old_orders () INHERITS (archived_orders);
INSERT INTO very_old_orders SELECT * FROM ONLY orders WHERE id BETWEEN 900001 AND 900012;
UPDATE very_old_orders SET id = id + 20000, order_ref = 'V' || order_ref;

CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE DOMAIN short AS varchar(20);
CREATE DOMAIN title AS short CHECK (VALUE <> '');
CREATE DOMAIN words AS text[];
CREATE TABLE guests (
  id       int PRIMARY KEY,
  state    text NOT NULL,
  old      boolean GENERATED ALWAYS AS (state = 'old') STORED,
  nickname text,
  loud     text GENERATED ALWAYS AS (upper(nickname)) VIRTUAL,
  stay     int4range,
  stays    datemultirange,
  pin      bytea,
  flags    bit(4),
  badge    uuid,
  title    title,
  kin      pair[],
  aliases  words,
  traits   hstore,
  mail     citext
);
INSERT INTO guests VALUES
  (1, 'old', DEFAULT, pg_temp.secret('ann', 'bob'), DEFAULT, pg_temp.secret('[1,5)', 'empty')::int4range,
   pg_temp.secret('{[2020-01-01,2020-02-01)}', '{}')::datemultirange, pg_temp.secret('\x01', '\x0203')::bytea,
   pg_temp.secret('1010', '0101')::bit(4), pg_temp.secret('6f1b1d52-2f0c-4b0a-9f0b-0123456789ab', '6f1b1d52-2f0c-4b0a-9f0b-0123456789ac')::uuid,
   pg_temp.secret('Dr', 'Prof'), pg_temp.secret('{"(x,1)"}', '{}')::pair[], pg_temp.secret('{a,b}', '{c}')::words,
   pg_temp.secret('k=>v', 'j=>w')::hstore, pg_temp.secret('ann@guests.test', 'bob@guests.test')),
  (2, 'new', DEFAULT, 'cleo', DEFAULT, '[2,3)', '{}', '\xff', '1111', NULL, 'Ms', '{}', '{d}', 'k=>c', 'cleo@guests.test');

CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE EXTENSION IF NOT EXISTS dblink;
CREATE EXTENSION IF NOT EXISTS file_fdw;
CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'shop');
DO $$ BEGIN
  EXECUTE format('ALTER SERVER here OPTIONS (ADD host %L, ADD port %L)', host(inet_server_addr()), inet_server_port());
  EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER here OPTIONS (user %L, password %L)', 'shop_app', current_setting('test.password'));
END $$;
CREATE FOREIGN TABLE far_orders (id bigint, buyer_name varchar(120)) SERVER here OPTIONS (schema_name 'public', table_name 'orders');
CREATE FOREIGN TABLE calls_far PARTITION OF calls FOR VALUES FROM ('2018-01-01') TO ('2019-01-01')
  SERVER here OPTIONS (schema_name 'public', table_name 'kept_calls');
CREATE FOREIGN TABLE far_products (sku varchar(40), title text) SERVER here OPTIONS (schema_name 'public', table_name 'products');

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;
GRANT SELECT ON orders_of_alan TO view_reader;

-- What guards depend on: rows elsewhere, orphans, triggers, rules and functions that change them
CREATE TABLE reasons (id int PRIMARY KEY);
INSERT INTO reasons VALUES (1), (2);
CREATE TABLE blocked (member_id int PRIMARY KEY, reason_id int NOT NULL REFERENCES reasons ON UPDATE CASCADE ON DELETE CASCADE, note text);
INSERT INTO blocked VALUES (1, 1), (4, 2);
CREATE TABLE pardoned (member_id int);
INSERT INTO pardoned VALUES (4);
CREATE VIEW blocked_now AS SELECT * FROM blocked;
CREATE VIEW blocked_today AS SELECT * FROM blocked_now;
CREATE TABLE members (id int PRIMARY KEY, since date NOT NULL, name text, note text);
INSERT INTO members VALUES
  (1, '2999-01-01', pg_temp.secret('ann', 'bob')), (2, '2020-01-01', pg_temp.secret('cyd', 'dan')), (3, '2999-01-01', 'eve'),
  (4, '2999-01-01', 'fay');
CREATE FUNCTION keep_fresh() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.note = 'fresh' THEN NEW.since := '2999-01-01'; END IF; RETURN NEW; END $$;
CREATE TRIGGER keep_fresh BEFORE UPDATE ON members FOR EACH ROW EXECUTE FUNCTION keep_fresh();
CREATE FUNCTION freshen(n int) RETURNS void LANGUAGE sql AS $$ UPDATE members SET since = '2999-01-01' WHERE id = n $$;
CREATE TABLE touches (member_id int);
INSERT INTO touches VALUES (0), (5);
CREATE FUNCTION touch_member() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE members SET since = '2999-01-01' WHERE id = NEW.member_id; RETURN NEW; END $$;
CREATE TRIGGER touch_member AFTER INSERT ON touches FOR EACH ROW EXECUTE FUNCTION touch_member();
CREATE RULE touch_member AS ON UPDATE TO touches DO ALSO UPDATE members SET since = '2999-01-01' WHERE id = NEW.member_id;
CREATE TABLE orphans (id int PRIMARY KEY, order_id bigint, name text);
INSERT INTO orphans VALUES (1, 900009, pg_temp.secret('gus', 'hal')), (2, 900011, 'ida');
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;

-- Names that are cut, and functions that change search_path
CREATE TABLE äääääääääääääääääääääääääääääää (id int PRIMARY KEY, old boolean, nickname text,
  ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc text);
INSERT INTO äääääääääääääääääääääääääääääää VALUES (1, true, pg_temp.secret('ann', 'bob'), pg_temp.secret('x', 'y'));
CREATE FUNCTION quiet() RETURNS int LANGUAGE sql SET search_path = public AS 'SELECT 1';
CREATE FUNCTION public.look_here() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET search_path = public; END $$;
CREATE PROCEDURE public.look_here_by_call() LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', 'public', false); END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;

CREATE TABLE marked (id int PRIMARY KEY, old boolean, code text CONSTRAINT "Code" UNIQUE, note text);
INSERT INTO marked VALUES (1, true, pg_temp.secret('A-1', 'B-1')), (2, true, pg_temp.secret('A-2', 'A-1')), (3, false, 'C-1');

-- Triggers of every event, on a table that no other statement of the suites writes
CREATE TABLE logged (id int PRIMARY KEY, old boolean, name text, seen int);
INSERT INTO logged VALUES (1, true, pg_temp.secret('ann', 'bob')), (2, false, 'cleo');
CREATE FUNCTION tell_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'were %', (SELECT string_agg(name, ',' ORDER BY id) FROM before); RETURN NULL; END $$;
CREATE TRIGGER tell_updated AFTER UPDATE ON logged REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION tell_rows();
CREATE FUNCTION tell_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'is %', OLD.name; RETURN OLD; END $$;
CREATE TRIGGER tell_deleted BEFORE DELETE ON logged FOR EACH ROW EXECUTE FUNCTION tell_row();
CREATE CONSTRAINT TRIGGER tell_late AFTER UPDATE ON logged DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_row();
CREATE FUNCTION tell_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'all %', (SELECT string_agg(name, ',' ORDER BY id) FROM wiped); RETURN NULL; END $$;
CREATE TABLE wiped (id int PRIMARY KEY, old boolean, name text);
INSERT INTO wiped VALUES (1, true, pg_temp.secret('ann', 'bob'));
CREATE TRIGGER tell_truncated BEFORE TRUNCATE ON wiped FOR EACH STATEMENT EXECUTE FUNCTION tell_all();
CREATE TABLE watched_names (id int PRIMARY KEY, old boolean, name text, seen int);
INSERT INTO watched_names VALUES (1, true, pg_temp.secret('ann', 'bob'));
CREATE FUNCTION say_hit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'hit'; RETURN NULL; END $$;
CREATE TRIGGER on_ann AFTER UPDATE ON watched_names FOR EACH ROW WHEN (OLD.name = 'ann') EXECUTE FUNCTION say_hit();
CREATE VIEW shown_statistics AS SELECT attname, most_common_vals::text AS vals FROM pg_stats WHERE schemaname = 'public' AND tablename = 'orders' AND attname = 'buyer_name' AND NOT inherited;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;

-- Constraints, row security and functions whose errors quote rows and values
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE stays (id int PRIMARY KEY, old boolean, room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&));
INSERT INTO stays VALUES (1, true, 1, pg_temp.secret('[10,20)', '[30,40)')::int4range), (2, true, 2, pg_temp.secret('[11,12)', '[35,36)')::int4range);
CREATE VIEW checked_answers AS SELECT * FROM survey_responses WHERE order_id > 900000 WITH CHECK OPTION;
CREATE TABLE secured (id int PRIMARY KEY, old boolean, name text);
INSERT INTO secured VALUES (1, true, pg_temp.secret('ann', 'bob'));
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON secured FOR SELECT USING (true);
CREATE POLICY writes ON secured FOR INSERT WITH CHECK (id < 5);
CREATE FUNCTION whole_number(t text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN t::int; END $$;
CREATE FUNCTION whole_number_sql(t text) RETURNS int LANGUAGE sql AS 'SELECT t::int';
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;
GRANT USAGE ON SCHEMA plain TO shop_app;
CREATE STATISTICS names_of_guests ON lower(nickname), upper(nickname) FROM guests;
CREATE TABLE tags (id int PRIMARY KEY, label text);
INSERT INTO tags VALUES (1, 'blue'), (2, 'green');
GRANT SELECT, INSERT, UPDATE, DELETE ON tags TO shop_app;
-- Views that the reporting role may read, and not the tables below: their conditions must prove nothing of stored values.
CREATE TABLE deals (id int PRIMARY KEY, old boolean, kind text, terms text, note text, name text);
INSERT INTO deals VALUES (1, true, 'retail', 'credit', 'a', pg_temp.secret('ann', 'bob')), (2, true, 'trade', 'cash', 'abcd', 'm'), (3, true, 'retail', 'cash', 'abcd', pg_temp.secret('al', 'zoe'));
CREATE TABLE consents (id int PRIMARY KEY, consent text, name text);
INSERT INTO consents VALUES (1, NULL, pg_temp.secret('ann', 'bob')), (2, 'given', 'cyd');
CREATE TABLE tenants (id int PRIMARY KEY, tenant uuid, name text);
INSERT INTO tenants VALUES (1, 'aaaaaaaa-0000-0000-0000-000000000001', pg_temp.secret('ann', 'bob'));
CREATE TABLE ranks (id int PRIMARY KEY, rank numeric, name text);
INSERT INTO ranks VALUES (1, 9007199254740993, pg_temp.secret('ann', 'bob'));
CREATE VIEW deals_on_credit AS SELECT id, name FROM deals WHERE terms = 'credit';
CREATE VIEW deals_of_trade AS SELECT id, name FROM deals WHERE kind = 'trade';
CREATE VIEW consents_known AS SELECT id, name FROM consents WHERE consent <> ALL ('{}'::text[]);
CREATE VIEW tenants_by_text AS SELECT id, name FROM tenants WHERE tenant::text = 'aaaaaaaa-0000-0000-0000-000000000001';
CREATE VIEW ranks_other AS SELECT id, name FROM ranks WHERE rank <> 9007199254740992.0;
CREATE VIEW deals_after_window AS SELECT * FROM (SELECT id, kind, string_agg(name, ',') OVER () AS names FROM deals) s WHERE kind = 'trade';
CREATE VIEW deals_after_limit AS SELECT * FROM (SELECT id, kind FROM deals WHERE id > 1 ORDER BY name LIMIT 1) s WHERE kind = 'trade';
CREATE VIEW deals_after_rank AS SELECT * FROM (SELECT id, kind, rank() OVER (ORDER BY name) AS r FROM deals) s WHERE kind = 'trade';
CREATE VIEW deals_after_left AS SELECT x.id FROM (VALUES (1),(3)) x(id) LEFT JOIN deals o ON o.id = x.id AND o.name LIKE 'an%' WHERE o.kind IS NULL;
CREATE VIEW deals_after_group AS SELECT * FROM (SELECT kind, max(name) AS n FROM deals GROUP BY ROLLUP (kind)) s WHERE kind IS NULL;
CREATE VIEW deals_after_window2 AS SELECT * FROM (SELECT kind, first_value(name) OVER (ORDER BY id) AS n FROM deals) s WHERE kind = 'trade';
CREATE VIEW deals_after_distinct AS SELECT * FROM (SELECT DISTINCT ON (old) id, kind, name FROM deals WHERE id > 1 ORDER BY old, name) s WHERE kind = 'trade';
GRANT SELECT ON deals_on_credit, deals_of_trade, consents_known, tenants_by_text, ranks_other, deals_after_window, deals_after_limit, deals_after_rank, deals_after_left, deals_after_group, deals_after_window2, deals_after_distinct TO shop_report;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;

-- What a guard looks into: partitioned, in a schema of its own, with a trigger that sets what the guard reads
CREATE SCHEMA ledger;
CREATE TABLE ledger.moves (lodger_id int, year int, note text) PARTITION BY LIST (year);
CREATE TABLE ledger.moves_2020 PARTITION OF ledger.moves FOR VALUES IN (2020);
INSERT INTO ledger.moves VALUES (1, 2020);
CREATE FUNCTION stray() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.lodger_id := 99; RETURN NEW; END $$;
CREATE TRIGGER stray BEFORE UPDATE ON ledger.moves FOR EACH ROW EXECUTE FUNCTION stray();
CREATE TABLE ledger.waivers (lodger_id int, year int) PARTITION BY LIST (year);
CREATE TABLE ledger.waivers_2021 (lodger_id int, year int);
INSERT INTO ledger.waivers_2021 VALUES (1, 2021);
CREATE TABLE lodgers (id int PRIMARY KEY, name text);
INSERT INTO lodgers VALUES (1, pg_temp.secret('ann', 'bob')), (2, 'eve');
CREATE ROLE ledger_owner;
CREATE ROLE ledger_keeper;
ALTER SCHEMA ledger OWNER TO ledger_keeper;
ALTER TABLE ledger.moves OWNER TO ledger_owner;
GRANT USAGE ON SCHEMA ledger TO shop_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ledger TO shop_app;

-- Triggers in C, which set the columns that they are told
CREATE EXTENSION moddatetime;
CREATE EXTENSION insert_username;
CREATE EXTENSION autoinc;
CREATE TABLE dispatched (id int PRIMARY KEY, shipped timestamptz, changed timestamptz, name text, note text);
INSERT INTO dispatched VALUES (1, '2020-01-01', NULL, pg_temp.secret('ann', 'bob')), (2, '2999-01-01', NULL, 'eve');
CREATE TRIGGER stamp BEFORE UPDATE ON dispatched FOR EACH ROW EXECUTE FUNCTION moddatetime(shipped);
CREATE TABLE signed (id int PRIMARY KEY, "Made By" text, name text, note text);
INSERT INTO signed VALUES (1, 'ann', pg_temp.secret('ann', 'bob')), (2, 'eve', 'eve');
CREATE TRIGGER sign BEFORE UPDATE ON signed FOR EACH ROW EXECUTE FUNCTION insert_username("Made By");
CREATE SEQUENCE batches;
CREATE TABLE numbered (id int PRIMARY KEY, page int, batch int, name text, note text);
INSERT INTO numbered VALUES (1, 0, 0, pg_temp.secret('ann', 'bob')), (2, 0, 3, 'eve');
CREATE TRIGGER number BEFORE UPDATE ON numbered FOR EACH ROW EXECUTE FUNCTION autoinc(page, batches, batch, batches);
CREATE TABLE noted (id int PRIMARY KEY, old boolean, page int, changed timestamptz, by text, name text, note text);
INSERT INTO noted VALUES (1, true, 0, NULL, NULL, pg_temp.secret('ann', 'bob')), (2, false, 1, NULL, NULL, 'eve');
CREATE TRIGGER stamp BEFORE UPDATE ON noted FOR EACH ROW EXECUTE FUNCTION moddatetime(changed);
CREATE TRIGGER sign BEFORE UPDATE ON noted FOR EACH ROW EXECUTE FUNCTION insert_username(by);
CREATE TRIGGER number BEFORE UPDATE ON noted FOR EACH ROW EXECUTE FUNCTION autoinc(page, batches);
CREATE TRIGGER spare BEFORE UPDATE ON noted FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatched, signed, numbered, noted, lodgers TO shop_app;
GRANT USAGE ON SEQUENCE batches TO shop_app;

-- Rows by which others are redacted: a keeper is, because of one tenure
CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE tenures (id int PRIMARY KEY, keeper int, kind text, since timestamptz, waived text, note text);
INSERT INTO tenures VALUES
  (1, 1, 'amazon', '2020-01-01', NULL, pg_temp.secret('low', 'high')), (2, 2, 'ebay', '2020-01-01', NULL, 'x'),
  (3, 2, 'amazon', '2999-01-01', NULL, 'x'), (4, 2, 'amazon', '2020-01-01', 'credit', 'x'), (5, 2, NULL, NULL, NULL, 'x');
CREATE TABLE keepers (id int PRIMARY KEY, name text);
INSERT INTO keepers VALUES (1, pg_temp.secret('ann', 'bob')), (2, 'eve');
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON tenures, keepers TO shop_app;

-- A row of which nothing may be stored
CREATE TABLE hollow (gone boolean GENERATED ALWAYS AS (NULL) STORED, name text);
INSERT INTO hollow VALUES (DEFAULT, pg_temp.secret(NULL, 'bob'));
GRANT SELECT, INSERT, UPDATE, DELETE ON hollow TO shop_app;

-- What the planner's tests find in the shop's database besides: views of every kind, names that are taken twice,
-- tables with odd shapes, functions and triggers.
CREATE VIEW all_orders AS SELECT * FROM orders;
CREATE VIEW buyers AS SELECT id AS number, channel, shipped_at, buyer_name AS who, buyer_email AS mail FROM all_orders;
CREATE VIEW loud_buyers AS SELECT number, upper(who) AS who FROM buyers;
CREATE VIEW ebay_buyers AS SELECT id, buyer_name FROM orders WHERE channel = 'ebay';
CREATE VIEW orders_of_alan AS SELECT id, order_ref FROM orders WHERE buyer_name LIKE 'A%';
CREATE VIEW every_name AS
  SELECT id, name FROM customers UNION ALL SELECT id, buyer_name FROM orders UNION ALL SELECT id, full_name FROM legacy_contacts;
CREATE VIEW owner_only AS SELECT id, name, email FROM customers;
CREATE VIEW stock_list AS SELECT sku, title FROM products;
CREATE VIEW "Odd View" AS SELECT id AS "Id", buyer_name AS "The Name" FROM orders;
CREATE MATERIALIZED VIEW order_names AS SELECT id, channel, buyer_name, length(buyer_name) AS n FROM orders;
CREATE MATERIALIZED VIEW count_of_alans AS SELECT count(*) AS n FROM orders WHERE buyer_name = 'Alan';
CREATE MATERIALIZED VIEW stock_count AS SELECT count(*) AS n FROM products;

CREATE TABLE archived_contacts () INHERITS (legacy_contacts);
CREATE TABLE visits (
  id int NOT NULL, channel text NOT NULL, day date NOT NULL, visitor text, score int,
  PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2021-01-01');
CREATE TABLE visits_new PARTITION OF visits DEFAULT;
INSERT INTO visits VALUES (1, 'amazon', '2020-05-05', 'ann', 1), (2, 'ebay', '2020-05-05', 'dee', 5), (3, 'amazon', '2999-01-01', 'eve', 7);

CREATE TYPE shade AS ENUM ('light', 'dark');
CREATE TABLE "Client List" (
  "Id" int PRIMARY KEY, "Old" boolean NOT NULL, "Full Name" text, "größe" numeric(5,2), hair shade, tags text[], doc jsonb
);
INSERT INTO "Client List" VALUES
  (1, true, 'Alan', 1.60, 'light', '{x,y}', '{"k": "p"}'), (2, false, 'Cleo', 1.75, 'dark', '{c}', '{"k": "c"}');

CREATE SCHEMA other;
CREATE TABLE other.orders (id bigint PRIMARY KEY, buyer_name varchar(120), note text);
CREATE TABLE other.customers (id bigint PRIMARY KEY, name text);

CREATE TABLE notes (id int PRIMARY KEY, order_id bigint, note text, seen timestamptz);
CREATE TABLE noted (id int PRIMARY KEY, order_id bigint, note text);
CREATE TABLE members (id int PRIMARY KEY, old boolean NOT NULL DEFAULT false, mail text UNIQUE, note text);
CREATE TABLE secured (id int PRIMARY KEY, owner text, secret text);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secured USING (owner = current_user);
CREATE TABLE telling (id int PRIMARY KEY, secret text);
ALTER TABLE telling ENABLE ROW LEVEL SECURITY;
CREATE POLICY known ON telling USING (secret = current_setting('app.secret', true));
CREATE TABLE closed_table (id int PRIMARY KEY, secret text);
CREATE TABLE ruled (id int PRIMARY KEY, old boolean NOT NULL, name text);
CREATE RULE keep_ruled AS ON DELETE TO ruled DO INSTEAD NOTHING;
CREATE TABLE "pgveil_looks" (id int);

CREATE FUNCTION name_of(bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT buyer_name FROM orders WHERE id = $1';
CREATE FUNCTION name_by_call(n bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT upper(name_of(n))';
CREATE FUNCTION name_by_view(n bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT who FROM loud_buyers WHERE number = n';
CREATE FUNCTION run(statement text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE statement INTO r; RETURN r; END $$;
CREATE FUNCTION add_one(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + 1';
CREATE FUNCTION upto(a int) RETURNS SETOF int LANGUAGE sql IMMUTABLE AS 'SELECT generate_series(1, a)';
CREATE FUNCTION ref_of(o orders) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT o.order_ref';
CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE FUNCTION text_of(bigint, bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT name_of($1)';
CREATE OPERATOR @~@ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = text_of);
CREATE PROCEDURE tell(n bigint) LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', name_of(n); END $$;
CREATE PROCEDURE nothing() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE FUNCTION tell_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE '%', (SELECT buyer_name FROM orders WHERE id = NEW.order_id); RETURN NEW; END $$;
CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER stay BEFORE UPDATE ON archived_contacts FOR EACH ROW EXECUTE FUNCTION stay();
CREATE TRIGGER tell BEFORE UPDATE ON noted FOR EACH ROW EXECUTE FUNCTION tell_note();

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;
GRANT USAGE ON SCHEMA other TO shop_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA other TO shop_app;
GRANT CREATE ON SCHEMA public TO shop_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO compliance;
GRANT SELECT ON sales_report, owner_only, stock_list TO shop_report;
CREATE ROLE narrow LOGIN;
GRANT SELECT ON owner_only, every_name TO narrow;
GRANT SELECT (id, order_ref, buyer_name) ON orders TO narrow;
GRANT SELECT (id, order_id, name) ON order_addresses TO narrow;
GRANT SELECT ON visits, notes TO narrow;

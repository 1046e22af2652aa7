-- A schema that no policy names: what the transparency scripts read and write. Nothing in it depends on the clock.
CREATE SCHEMA plain;
GRANT USAGE, CREATE ON SCHEMA plain TO shop_app;

CREATE TYPE plain.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE plain.point3 AS (x int, y int, z numeric(6,2));
CREATE DOMAIN plain.percent AS int CHECK (VALUE BETWEEN 0 AND 100);

CREATE TABLE plain.kinds (
  id      int PRIMARY KEY,
  small   smallint,
  big     bigint,
  num     numeric(12,4),
  r4      real,
  r8      double precision,
  flag    boolean,
  t       text,
  v       varchar(10),
  c       char(5),
  bytes   bytea,
  d       date,
  tm      time(3),
  tmz     timetz,
  ts      timestamp(3),
  tsz     timestamptz,
  span    interval,
  uid     uuid,
  j       json,
  jb      jsonb,
  ints    int[],
  texts   text[],
  addr    inet,
  net     cidr,
  mac     macaddr,
  pt      point,
  box     box,
  bits    bit(4),
  vbits   varbit(8),
  mood    plain.mood,
  pos     plain.point3,
  pct     plain.percent,
  range   int4range,
  ranges  int4multirange,
  doc     xml,
  vec     tsvector,
  price   money
);
INSERT INTO plain.kinds VALUES
  (1, 7, 9007199254740993, 12.3400, 1.5, 2.25, true, 'plain', 'varchar', 'char', '\x00ff10', '2024-02-29', '10:11:12.345',
   '10:11:12+02', '2024-02-29 10:11:12.345', '2024-02-29 10:11:12+00', '1 year 2 mons 3 days 04:05:06',
   '6f1b1d52-2f0c-4b0a-9f0b-0123456789ab', '{"a": [1, 2]}', '{"b": {"c": null}}', '{1,2,NULL}', '{a,"b c",NULL,""}',
   '192.168.1.7/24', '10.0.0.0/8', '08:00:2b:01:02:03', '(1,2)', '((0,0),(1,1))', '1010', '101', 'happy', '(1,2,3.50)', 42,
   '[1,5)', '{[1,2),[4,6)}', '<a>x</a>', '''cat'':1 ''dog'':2', '12.50'),
  (2, -7, -1, -0.0001, 'NaN', '-Infinity', false, E'tab\there\nline', '', '', '', '0001-01-01 BC', '00:00', '24:00+00',
   'infinity', '-infinity', '-1 mons', '00000000-0000-0000-0000-000000000000', '[]', '"s"', '{{1,2},{3,4}}', '{}',
   '::1', '2001:db8::/32', 'ff:ff:ff:ff:ff:ff', '(-0.5,1e3)', '((2,2),(1,1))', '0000', '', 'sad', '(,,)', 0, 'empty', '{}',
   'text', '', '-0.01'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, 0, 0, 0, 0, 0, false, 'Zoë 漢字 🐘', 'é', 'ü', '\xdeadbeef', '9999-12-31', '23:59:59.999', '00:00-12',
   '1970-01-01', '1999-12-31 23:59:59.999999+00', '0', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'null', '1e3', '{}', '{"\\","\""}',
   '0.0.0.0', '0.0.0.0/0', '00:00:00:00:00:00', '(0,0)', '((0,0),(0,0))', '1111', '11111111', 'ok', NULL, 100, '(,)', NULL,
   '<b/>', '''a'':1A', '0');

CREATE TABLE plain.people (
  id    int PRIMARY KEY,
  email text NOT NULL UNIQUE,
  age   int CONSTRAINT adult CHECK (age >= 18),
  boss  int REFERENCES plain.people
);
INSERT INTO plain.people VALUES (1, 'ann@plain.test', 50, NULL), (2, 'bob@plain.test', 30, 1), (3, 'cy@plain.test', NULL, 1);

-- Named like a protected table, and not one.
CREATE TABLE plain.orders (id int PRIMARY KEY, buyer_name text, total numeric(8,2));
INSERT INTO plain.orders SELECT n, 'buyer ' || n, n * 1.25 FROM generate_series(1, 25) n;

CREATE TABLE plain.lines (n int, word text);
INSERT INTO plain.lines SELECT n, 'word ' || n FROM generate_series(1, 2000) n;

CREATE TABLE plain."Mixed Case" ("Id" int PRIMARY KEY, "select" text, "ünï" text);
INSERT INTO plain."Mixed Case" VALUES (1, 'keyword', 'unicode');

CREATE TABLE plain.later (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);

CREATE VIEW plain.adults AS SELECT id, email FROM plain.people WHERE age >= 18;
CREATE MATERIALIZED VIEW plain.totals AS SELECT count(*) AS n, sum(total) AS total FROM plain.orders;

CREATE TABLE plain.measures (day date NOT NULL, value int) PARTITION BY RANGE (day);
CREATE TABLE plain.measures_2024 PARTITION OF plain.measures FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE plain.measures_rest PARTITION OF plain.measures DEFAULT;
INSERT INTO plain.measures SELECT date '2024-12-28' + n, n FROM generate_series(0, 9) n;

CREATE FUNCTION plain.add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION plain.first_people(n int) RETURNS SETOF plain.people LANGUAGE sql STABLE
  AS 'SELECT * FROM plain.people ORDER BY id LIMIT n';
CREATE FUNCTION plain.warn(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE 'about %', what USING DETAIL = 'a detail', HINT = 'a hint';
  RAISE WARNING 'last warning';
  RETURN upper(what);
END $$;
CREATE FUNCTION plain.fail(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'failed: %', what USING ERRCODE = 'P0777', DETAIL = 'why', COLUMN = 'c', TABLE = 't';
END $$;
CREATE PROCEDURE plain.swap(INOUT a int, INOUT b int) LANGUAGE plpgsql AS $$
DECLARE c int := a;
BEGIN a := b; b := c; END $$;
CREATE FUNCTION plain.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE '% of %', TG_OP, coalesce(NEW.id, OLD.id);
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TABLE plain.watched (id int PRIMARY KEY, v text);
CREATE TRIGGER touch BEFORE INSERT OR UPDATE OR DELETE ON plain.watched FOR EACH ROW EXECUTE FUNCTION plain.touch();
INSERT INTO plain.watched VALUES (1, 'one'), (2, 'two');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA plain TO shop_app;
CREATE TABLE plain.forbidden (id int);

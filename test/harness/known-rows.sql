-- Rows that attacks and must-work statements know by id, beside the generated ones. The settings test.secret (A or B) and
-- test.now are set before. Between A and B differ the protected values of redacted rows and nothing else; of those, what
-- the masks of config/demo.yaml show on purpose is equal: mail domain, first and last digits, network, month, one decimal,
-- and what linkable tokens are made of.
--
--   900001 to 900003  amazon, shipped 90 days ago: redacted
--   900011            amazon, shipped 5 days ago
--   900012            ebay, shipped 90 days ago
--   900013            amazon, shipped 90 days ago, on credit: exempt
--   900014            amazon, not shipped
CREATE FUNCTION pg_temp.secret(a text, b text) RETURNS text LANGUAGE sql
  AS $$ SELECT CASE current_setting('test.secret') WHEN 'A' THEN a ELSE b END $$;
CREATE FUNCTION pg_temp.ago(days int) RETURNS timestamptz LANGUAGE sql
  AS $$ SELECT date_trunc('hour', current_setting('test.now')::timestamptz, 'UTC') - days * interval '1 day' $$;

INSERT INTO customers (id, name, email, phone, created_at) VALUES
  (900001, pg_temp.secret('Alan Archer', 'Bea Brown'), 'first@known.test', pg_temp.secret('5', NULL), pg_temp.ago(200)),
  (900002, pg_temp.secret('Alan Archer', 'Carl'), 'second@known.test', pg_temp.secret(NULL, '7'), pg_temp.ago(190)),
  (900011, 'Nina Neumann', 'nina@known.test', '+49 30 11', pg_temp.ago(180)),
  (900012, 'Edda Ebert', 'edda@known.test', NULL, pg_temp.ago(170));

INSERT INTO orders (id, order_ref, channel, status, customer_id, purchased_at, shipped_at, payment_terms, buyer_name, buyer_email,
                    buyer_phone, ship_address1, ship_address2, ship_city, ship_postcode, ship_country, gift_message, ip,
                    geo_lat, geo_lon, total, notes)
VALUES
  (900001, 'K-1', 'amazon', 'shipped', 900001, pg_temp.ago(92), pg_temp.ago(90), 'prepaid',
   pg_temp.secret('Alan Archer', 'Bea Brown'), pg_temp.secret('alan@known.test', 'bea@known.test'),
   pg_temp.secret('+49 30 123 42', '+49 170 98765 42'), pg_temp.secret('1 Apple Alley', '22 Birch Boulevard'), pg_temp.secret(NULL, 'rear'),
   pg_temp.secret('Aachen', 'Berlin'), pg_temp.secret('10115', '19'), 'DE', pg_temp.secret('select 1', 'select 2'),
   pg_temp.secret('10.1.2.3', '10.1.2.99')::inet, pg_temp.secret('52.51', '52.54')::numeric, pg_temp.secret('13.36', '13.39')::numeric,
   10.00, 'first'),
  (900002, 'K-2', 'amazon', 'shipped', 900001, pg_temp.ago(93), pg_temp.ago(90), 'prepaid',
   pg_temp.secret('Alan Archer', 'Carl'), pg_temp.secret('alan@known.test', 'carl@known.test'),
   pg_temp.secret('+49 30 123 42', '+49 0 42'), pg_temp.secret('1 Apple Alley', '3 Cedar Court'), pg_temp.secret('left', NULL),
   pg_temp.secret('Aachen', 'Celle'), pg_temp.secret('10115', '10999'), 'DE', pg_temp.secret(NULL, 'drop table orders'),
   pg_temp.secret('10.1.2.3', '10.1.2.4')::inet, pg_temp.secret('52.51', '52.53')::numeric, pg_temp.secret('13.36', '13.31')::numeric,
   20.00, 'second'),
  (900003, 'K-3', 'amazon', 'shipped', 900002, pg_temp.ago(94), pg_temp.ago(90), 'prepaid',
   pg_temp.secret('12345', 'x'), pg_temp.secret('12345@known.test', 'x@known.test'),
   pg_temp.secret('+490000042', '+491111142'), pg_temp.secret('7', 'seven'), pg_temp.secret('7', ''),
   pg_temp.secret('7', 'Essen'), pg_temp.secret('11', '123'), 'DE', pg_temp.secret('<a/>', '<a'),
   pg_temp.secret('10.1.2.200', '10.1.2.201')::inet, pg_temp.secret('52.41', '52.44')::numeric, pg_temp.secret('13.42', '13.41')::numeric,
   30.00, 'third'),
  (900011, 'K-11', 'amazon', 'shipped', 900011, pg_temp.ago(7), pg_temp.ago(5), 'prepaid', 'Nina Neumann', 'nina@known.test',
   '+49 30 11', '11 New Street', NULL, 'Neuss', '41460', 'DE', 'for nina', '10.1.2.11', 51.2, 6.7, 110.00, 'recent'),
  (900012, 'K-12', 'ebay', 'shipped', 900012, pg_temp.ago(92), pg_temp.ago(90), 'prepaid', 'Edda Ebert', 'edda@known.test',
   NULL, '12 Old Street', 'attic', 'Emden', '26721', 'DE', NULL, '10.1.2.12', 53.4, 7.2, 120.00, 'ebay'),
  (900013, 'K-13', 'amazon', 'shipped', 900011, pg_temp.ago(92), pg_temp.ago(90), 'credit', 'Trade & Co', 'trade@known.test',
   '+49 30 13', '13 Depot Road', NULL, 'Trier', '54290', 'DE', NULL, NULL, NULL, NULL, 130.00, 'credit'),
  (900014, 'K-14', 'amazon', 'pending', NULL, pg_temp.ago(1), NULL, 'prepaid', 'Una Unsent', 'una@known.test',
   NULL, '14 Open Road', NULL, 'Ulm', '89073', 'DE', 'not yet', '10.1.2.14', 48.4, 9.9, 140.00, 'open');

INSERT INTO order_items (order_id, sku, title, quantity, price)
  SELECT o.id, p.sku, p.title, 1, o.total FROM orders o, (SELECT * FROM products ORDER BY sku LIMIT 1) p WHERE o.id > 900000;

INSERT INTO order_addresses (id, order_id, kind, name, line1, line2, city, postcode, country)
  SELECT o.id + k.n, o.id, k.kind, o.buyer_name, o.ship_address1, o.ship_address2, o.ship_city, o.ship_postcode, o.ship_country
  FROM orders o, (VALUES (0, 'shipping'), (1000, 'billing')) k(n, kind) WHERE o.id > 900000;

INSERT INTO payments (id, order_id, method, card_holder, card_last4, iban, amount, paid_at)
  SELECT o.id, o.id, 'card', o.buyer_name,
         CASE WHEN o.id < 900010 THEN pg_temp.secret('1111', '2222') ELSE '3333' END,
         CASE WHEN o.id < 900010 THEN pg_temp.secret('DE02120300000000202051', NULL) END,
         o.total,
         date_trunc('month', pg_temp.ago(92), 'UTC')
           + CASE WHEN o.id < 900010 THEN pg_temp.secret('3 days 01:02:03', '20 days') ELSE '10 days' END::interval
  FROM orders o WHERE o.id > 900000;

INSERT INTO survey_responses (id, order_id, rating, answer, answered_at)
  SELECT o.id, o.id, CASE WHEN o.id < 900010 THEN pg_temp.secret('5', '1') ELSE '3' END::int,
         CASE WHEN o.id < 900010 THEN pg_temp.secret('great, ' || o.buyer_name, 'never again') ELSE 'fine' END, pg_temp.ago(60)
  FROM orders o WHERE o.id > 900000;

INSERT INTO legacy_contacts (id, imported_from, imported_on, full_name, email, phone) VALUES
  (900001, 'amazon', '2020-01-01', pg_temp.secret('Alan Archer', 'Bea Brown'), 'first@known.test', pg_temp.secret('5', '0')),
  (900002, 'ebay', '2020-01-01', 'Edda Ebert', 'edda@known.test', '1');

/**
 * Filters on protected columns where the statement itself keeps redacted rows out, over tables that belong to orders.
 * Without the attacks' objects: a child table of orders, as there, makes an order's id no key, and nothing can be proven.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import { withClient } from '../harness/shop-server.js';

let shop: ShopGateway;

beforeAll(async () => {
  shop = await startShopGateway('A', new Date(), { plain: true });
});

afterAll(async () => {
  await shop?.stop();
});

const PAYMENTS = 'SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id WHERE';

describe('a filter beside a condition that no redacted row meets', () => {
  it.each([
    `${PAYMENTS} o.channel = 'ebay' AND p.card_last4 = '3333'`,
    `${PAYMENTS} o.channel <> 'amazon' AND p.card_holder LIKE 'Edda%'`,
    `${PAYMENTS} o.shipped_at IS NULL AND p.iban IS NULL ORDER BY p.id`,
    `${PAYMENTS} o.shipped_at >= now() - interval '7 days' AND p.card_holder = 'Nina Neumann'`,
    `${PAYMENTS} o.payment_terms = 'credit' AND p.card_last4 = '3333'`,
    "SELECT a.id FROM orders o, order_addresses a WHERE a.order_id = o.id AND o.channel IN ('ebay', 'trade') AND a.line1 = '12 Old Street' ORDER BY 1",
    "SELECT id FROM orders WHERE channel = 'ebay' AND buyer_email = 'edda@known.test'",
    "SELECT id FROM legacy_contacts WHERE imported_from = 'ebay' AND full_name = 'Edda Ebert'",
    "SELECT DISTINCT ON (p.card_holder) p.id FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.channel = 'ebay' ORDER BY p.card_holder, p.id",
    "SELECT p.id, w FROM payments p JOIN orders o ON o.id = p.order_id, string_to_table(p.card_holder, ' ') w WHERE o.channel = 'ebay' ORDER BY p.id, w",
    "SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.channel = 'ebay' ORDER BY p.card_holder, p.id FETCH FIRST 2 ROWS WITH TIES",
    "SELECT count(*) FILTER (WHERE p.card_last4 = '3333') FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.channel = 'ebay' HAVING max(p.card_holder) > 'A'",
    "SELECT id FROM (SELECT p.id, rank() OVER (ORDER BY p.card_holder) AS r FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.channel = 'ebay') s WHERE r <= 3 ORDER BY id",
    "WITH e AS (SELECT p.* FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.channel = 'ebay') SELECT a.id FROM e a JOIN e b USING (card_holder) WHERE a.card_last4 = '3333' ORDER BY 1",
    "UPDATE payments p SET method = p.method FROM products q JOIN orders o ON o.channel = 'ebay' WHERE o.id = p.order_id AND p.card_holder = 'Edda Ebert' RETURNING p.id",
    "MERGE INTO payments p USING orders o ON o.id = p.order_id AND o.channel = 'ebay' WHEN MATCHED AND p.card_holder = 'Edda Ebert' THEN UPDATE SET method = p.method RETURNING p.id",
  ])('is allowed: %s', async (sql) => {
    const direct = await withClient(shop.direct(), async (client) => (await client.query(sql)).rows);
    const masked = await withClient(shop.masked(), async (client) => (await client.query(sql)).rows);
    expect(direct.length).toBeGreaterThan(0);
    expect(masked).toEqual(direct);
  });

  it.each([
    `${PAYMENTS} o.channel = 'amazon' AND p.card_last4 = '1111'`,
    `${PAYMENTS.replace('JOIN', 'LEFT JOIN')} p.card_last4 = '1111' AND (o.channel = 'ebay' OR o.id IS NOT NULL)`,
    "SELECT p.id FROM payments p LEFT JOIN orders o ON o.id = p.order_id AND o.channel = 'ebay' WHERE p.card_last4 = '1111'",
    "SELECT p.id FROM payments p JOIN orders o ON o.id = p.id + 0 WHERE o.channel = 'ebay' AND p.card_last4 = '1111'",
    "SELECT p.id FROM payments p, orders o WHERE o.channel = 'ebay' AND p.card_last4 = '1111'",
    "WITH p AS (SELECT * FROM payments), o AS (SELECT * FROM orders) SELECT a.id FROM p a JOIN p b ON b.id > a.id JOIN o ON o.id = b.order_id WHERE o.channel = 'ebay' AND a.card_last4 = '1111'",
    "MERGE INTO payments p USING orders o ON o.id = p.order_id AND o.channel = 'ebay' WHEN MATCHED AND p.card_holder = 'x' THEN DO NOTHING WHEN NOT MATCHED BY SOURCE AND p.card_holder = 'y' THEN DO NOTHING",
  ])('is refused where it proves nothing: %s', async (sql) => {
    const refused = withClient(shop.masked(), (client) => client.query(sql));
    await expect(refused).rejects.toMatchObject({ code: '42501' });
  });
});

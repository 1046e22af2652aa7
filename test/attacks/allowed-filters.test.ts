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
  ])('is refused where it proves nothing: %s', async (sql) => {
    const refused = withClient(shop.masked(), (client) => client.query(sql));
    await expect(refused).rejects.toMatchObject({ code: '42501' });
  });
});

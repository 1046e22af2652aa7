/** What the session asks the server by itself, where the server does not answer it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from './harness/gateway.js';
import { withClient } from './harness/shop-server.js';

let shop: ShopGateway;
beforeAll(async () => {
  shop = await startShopGateway('A', new Date(), { plain: true });
});
afterAll(async () => {
  await shop?.stop();
});

it('names are asked for again after a question that has failed behind its Parse', async () => {
  const select = 'SELECT order_ref, buyer_name FROM orders WHERE id = 900001';
  await withClient(shop.direct('postgres'), async (admin) => {
    await withClient(shop.masked(), async (client) => {
      const [before] = (await client.query(select)).rows;
      await admin.query('REVOKE EXECUTE ON FUNCTION pg_catalog.pg_my_temp_schema() FROM PUBLIC');
      try {
        await client.query('SET search_path = public');
        // Twice, since the statement of the first question could be in the way of the second.
        for (let i = 0; i < 2; i++) await expect(client.query(select)).rejects.toMatchObject({ code: '42501' });
      } finally {
        await admin.query('GRANT EXECUTE ON FUNCTION pg_catalog.pg_my_temp_schema() TO PUBLIC');
      }
      expect((await client.query(select)).rows).toEqual([before]);
    });
  });
});

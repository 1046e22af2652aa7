/** What one session must not learn by what another one does meanwhile, and what nobody learns where the schema is unknown. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import { withClient } from '../harness/shop-server.js';

let shop: ShopGateway;

beforeAll(async () => {
  shop = await startShopGateway('A', new Date(), { plain: true });
  await withClient(shop.direct('postgres'), async (client) => {
    await client.query('GRANT CREATE ON SCHEMA public TO shop_app');
    await client.query("CREATE FUNCTION told(bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'x'; END $$");
    await client.query('ALTER FUNCTION told OWNER TO shop_app');
    await client.query('CREATE DATABASE sealed');
    await client.query('REVOKE CONNECT ON DATABASE sealed FROM PUBLIC');
    await client.query('GRANT CONNECT ON DATABASE sealed TO shop_app');
  });
});

afterAll(async () => {
  await shop?.stop();
});

it('refuses a function that another session is changing, and judges it when that is committed', async () => {
  await withClient(shop.masked(), (writer) =>
    withClient(shop.masked(), async (reader) => {
      const call = () => reader.query('SELECT told(900001)');
      await expect(call()).resolves.toMatchObject({ rows: [{ told: 'x' }] });
      await writer.query('BEGIN');
      await writer.query(
        'CREATE OR REPLACE FUNCTION told(bigint) RETURNS text LANGUAGE plpgsql AS ' +
          '$$ BEGIN RETURN (SELECT buyer_name FROM orders WHERE id = $1); END $$',
      );
      // The writer's COMMIT may reach the server before this does, and pgveil after.
      await expect(call()).rejects.toMatchObject({ code: '0A000' });
      await writer.query('COMMIT');
      await expect(call()).rejects.toMatchObject({ code: '42501' });
    }),
  );
});

it('refuses everything in a database whose schema cannot be read', async () => {
  await withClient({ ...shop.masked(), database: 'sealed' }, async (client) => {
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '57P03' });
  });
});

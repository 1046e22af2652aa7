/** Every driver runs its scenario twice, direct and through the gateway. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import { withClient } from '../harness/shop-server.js';
import { DRIVERS } from './drivers.js';
import { FINE, type Outcome, type Row, TOPICS } from './outcome.js';
import { REDACTED } from './scenarios/texts.js';

let shop: ShopGateway;
let stored: Row[];
let masks: Row[];

beforeAll(async () => {
  shop = await startShopGateway('A');
  await withClient(shop.direct('postgres'), async (client) => {
    // The tests' servers have it at 1, which pgjdbc does not take.
    await client.query('SET scram_iterations = 4096');
    await client.query(`ALTER ROLE shop_app PASSWORD ${client.escapeLiteral(shop.server.password)}`);
  });
  const read = async (client: pg.Client): Promise<Row[]> =>
    (await client.query({ text: REDACTED, rowMode: 'array' })).rows.map(([id, ...rest]) => [Number(id), ...rest]);
  stored = await withClient(shop.direct(), read);
  masks = await withClient(shop.masked(), read);
});

afterAll(async () => {
  await shop?.stop();
});

it('has masks to expect', () => {
  expect(stored.map(([id, name]) => [id, name])).toEqual([
    [900001, 'Alan Archer'],
    [900002, 'Alan Archer'],
    [900003, '12345'],
  ]);
  expect(new Set(masks.map(([, name]) => name)).size).toBe(3);
  for (const [, name, email, gift] of masks) {
    expect(name).toMatch(/^ow_demo_\w{26}$/);
    expect([email, gift]).toEqual(['***@known.test', '']);
  }
});

describe.each(DRIVERS)('$name', ({ run, lacks = [], error }) => {
  let direct: Outcome;
  let masked: Outcome;

  beforeAll(async () => {
    direct = await run(shop.direct());
    masked = await run(shop.masked());
  });

  it('gets the same where nothing is redacted', () => {
    for (const topic of TOPICS) expect(masked.same[topic], topic).toEqual(direct.same[topic]);
    expect(Object.keys(direct.same).sort()).toEqual(TOPICS.filter((topic) => !lacks.includes(topic)).sort());
  });

  it('gets the same masks in every way of reading', () => {
    expect(Object.keys(masked.rows)).toEqual(Object.keys(direct.rows));
    for (const [way, rows] of Object.entries(direct.rows)) expect(rows, way).toEqual(stored);
    for (const [way, rows] of Object.entries(masked.rows)) expect(rows, way).toEqual(masks);
  });

  it('gets the refusal of a filter as its own error, with the place, and goes on', () => {
    expect(Object.keys(masked.filters)).toEqual(Object.keys(direct.filters));
    for (const [situation, filtered] of Object.entries(direct.filters)) {
      expect(filtered, situation).toEqual({ found: [900001, 900002], after: FINE });
    }
    for (const [situation, filtered] of Object.entries(masked.filters)) {
      expect(filtered, situation).toMatchObject({
        error: {
          class: error,
          code: '42501',
          message: expect.stringContaining('cannot filter on column "buyer_name" of "public.orders"'),
          detail: expect.stringContaining('amazon-30-days'),
          hint: expect.stringContaining('Search by the key (id)'),
          at: expect.stringMatching(/^("?\w+"?\.)?"?buyer_name\b/),
        },
        after: FINE,
      });
    }
  });
});

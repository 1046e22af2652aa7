/** Filters on protected columns that are judged by the parameters of each Bind. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import {
  bind,
  close,
  describe as describeMessage,
  execute,
  int32,
  int64,
  parse,
  query,
  ready,
  type Step,
  sync,
} from '../harness/messages.js';
import {
  type BackendMessage,
  connectRaw,
  errorFields,
  sqlStates,
  type Target,
  transcript,
} from '../harness/raw-client.js';
import { withClient } from '../harness/shop-server.js';

let shop: ShopGateway;

beforeAll(async () => {
  shop = await startShopGateway('A', new Date(), { plain: true });
});

afterAll(async () => {
  await shop?.stop();
});

const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);
const BY_CHANNEL = 'SELECT id, buyer_name FROM orders WHERE channel = $1 AND buyer_name = $2';

async function rows(target: Target, text: string, values: readonly unknown[]): Promise<unknown[]> {
  return withClient(target, async (client) => (await client.query(text, [...values])).rows as unknown[]);
}

describe('a filter beside a condition with parameters', () => {
  it.each<[text: string, values: unknown[]]>([
    [BY_CHANNEL, ['ebay', 'Edda Ebert']],
    ['SELECT id FROM orders WHERE channel IN ($1, $2) AND buyer_email LIKE $3', ['ebay', 'trade', 'edda@%']],
    ['SELECT id FROM orders WHERE channel = ANY($1) AND buyer_email = $2', [['ebay', 'shopify'], 'edda@known.test']],
    ['SELECT id FROM orders WHERE channel <> ALL($1::text[]) AND buyer_email = $2', [['amazon'], 'edda@known.test']],
    ['SELECT id FROM orders WHERE shipped_at >= $1 AND buyer_name ILIKE $2', [daysAgo(20), 'nina%']],
    [
      'SELECT id FROM orders WHERE shipped_at >= $1::date AND buyer_name = $2',
      [daysAgo(20).toISOString(), 'Nina Neumann'],
    ],
    [
      'SELECT id FROM orders WHERE ($1::text IS NULL OR channel = $1) AND ($2::text IS NULL OR buyer_name = $2)',
      ['ebay', 'Edda Ebert'],
    ],
    [
      'SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.channel = $1 AND p.card_last4 = $2',
      ['ebay', '3333'],
    ],
    [
      `SELECT id FROM orders WHERE shipped_at >= '${daysAgo(20).toISOString().slice(0, 10)}' AND buyer_name = $1`,
      ['Nina Neumann'],
    ],
  ])('is allowed where they keep redacted rows out: %s', async (text, values) => {
    const direct = await rows(shop.direct(), text, values);
    expect(direct.length).toBeGreaterThan(0);
    expect(await rows(shop.masked(), text, values)).toEqual(direct);
  });

  it.each<[text: string, values: unknown[]]>([
    [BY_CHANNEL, ['amazon', 'Alan Archer']],
    [BY_CHANNEL, [null, 'Alan Archer']],
    ['SELECT id FROM orders WHERE channel = ANY($1) AND buyer_email = $2', [['ebay', 'amazon'], 'edda@known.test']],
    ['SELECT id FROM orders WHERE shipped_at >= $1 AND buyer_name ILIKE $2', [daysAgo(40), 'nina%']],
    ['SELECT id FROM orders WHERE ($1::text IS NULL OR channel = $1) AND buyer_name = $2', [null, 'Edda Ebert']],
    [
      `SELECT id FROM orders WHERE shipped_at >= '${daysAgo(40).toISOString().slice(0, 10)}' AND buyer_name = $1`,
      ['x'],
    ],
    ['SELECT id FROM orders WHERE id = $1 AND buyer_name = $2', [900001, 'Alan Archer']],
  ])('is refused where they do not: %s %j', async (text, values) => {
    await expect(rows(shop.masked(), text, values)).rejects.toMatchObject({
      code: '42501',
      message: expect.stringMatching(/^cannot filter on column "\w+" of "public.orders": it is redacted$/),
      position: expect.stringMatching(/^\d+$/),
      hint: expect.stringContaining('channel'),
    });
  });

  it('is judged anew for each execution of a prepared statement', async () => {
    const client = new pg.Client(shop.masked());
    await client.connect();
    try {
      const run = (channel: string, name: string) =>
        client.query({ name: 'by channel', text: BY_CHANNEL, values: [channel, name] });
      expect((await run('ebay', 'Edda Ebert')).rows).toHaveLength(1);
      await expect(run('amazon', 'Alan Archer')).rejects.toMatchObject({ code: '42501' });
      expect((await run('ebay', 'Edda Ebert')).rows).toHaveLength(1);
      await client.query('BEGIN');
      await expect(run('amazon', 'Alan Archer')).rejects.toMatchObject({ code: '42501' });
      await expect(run('ebay', 'Edda Ebert')).rejects.toMatchObject({ code: '25P02' });
      await client.query('ROLLBACK');
      expect((await run('ebay', 'Edda Ebert')).rows).toHaveLength(1);
    } finally {
      await client.end();
    }
  });
});

async function play(target: Target, steps: readonly Step[]): Promise<readonly BackendMessage[]> {
  const client = await connectRaw(target);
  await client.play(steps);
  await client.end();
  return client.received;
}

/** As timestamptz_send: microseconds from 2000-01-01. */
const timestamptz = (date: Date): Buffer => int64(BigInt(date.getTime() - Date.UTC(2000, 0, 1)) * 1000n);
const textArray = (elements: readonly string[]): Buffer =>
  Buffer.concat([
    ...[1, 0, 25, elements.length, 1].map(int32),
    ...elements.flatMap((element) => [int32(element.length), Buffer.from(element)]),
  ]);

describe('binary parameters', () => {
  const shipped = 'SELECT id FROM orders WHERE shipped_at >= $1 AND buyer_name = $2';
  const inChannels = 'SELECT id FROM orders WHERE channel = ANY($1) AND buyer_name = $2';
  it.each<[what: string, text: string, types: number[], values: Buffer[], state: string | undefined]>([
    ['text', BY_CHANNEL, [25, 25], [Buffer.from('ebay'), Buffer.from('Edda Ebert')], undefined],
    ['text of a redacted channel', BY_CHANNEL, [25, 25], [Buffer.from('amazon'), Buffer.from('x')], '42501'],
    ['a recent moment', shipped, [1184, 25], [timestamptz(daysAgo(20)), Buffer.from('Nina Neumann')], undefined],
    ['an old moment', shipped, [1184, 25], [timestamptz(daysAgo(40)), Buffer.from('Nina Neumann')], '42501'],
    ['minus infinity', shipped, [1184, 25], [int64(-(2n ** 63n)), Buffer.from('x')], '42501'],
    ['an array', inChannels, [1009, 25], [textArray(['ebay', 'trade']), Buffer.from('Edda Ebert')], undefined],
    [
      'an array with a redacted channel',
      inChannels,
      [1009, 25],
      [textArray(['ebay', 'amazon']), Buffer.from('x')],
      '42501',
    ],
    // The server infers the types, and the gateway has not seen them.
    ['an unknown type', shipped, [], [timestamptz(daysAgo(20)), Buffer.from('Nina Neumann')], '42501'],
  ])('are read: %s', async (_, text, types, values, state) => {
    const steps = [parse(text, '', types), bind(values), execute(), sync(), ready()];
    const direct = await play(shop.direct(), steps);
    const masked = await play(shop.masked(), steps);
    expect(sqlStates(direct)).toEqual([]);
    expect(sqlStates(masked)).toEqual(state ? [state] : []);
    if (!state) expect(transcript(masked)).toBe(transcript(direct));
  });

  it('are read by the types that the server has described', async () => {
    const steps = [
      parse(shipped, 'described'),
      describeMessage('S', 'described'),
      sync(),
      ready(),
      bind([timestamptz(daysAgo(20)), Buffer.from('Nina Neumann')], { statement: 'described' }),
      execute(),
      sync(),
      ready(),
    ];
    expect(transcript(await play(shop.masked(), steps))).toBe(transcript(await play(shop.direct(), steps)));
  });
});

describe('a statement that depends on parameters', () => {
  it('can be executed by SQL with the constants that keep redacted rows out', async () => {
    const steps = (channel: string) => [
      parse(BY_CHANNEL, 'p'),
      sync(),
      ready(),
      ...[`EXECUTE p('${channel}', 'Edda Ebert')`, `EXPLAIN (COSTS OFF) EXECUTE p('${channel}', 'x')`].flatMap(
        (sql) => [query(sql), ready()],
      ),
      close('S', 'p'),
      sync(),
      ready(),
    ];
    expect(sqlStates(await play(shop.masked(), steps('amazon')))).toEqual(['42501', '42501']);
    const [direct, masked] = await Promise.all(
      [shop.direct(), shop.masked()].map((target) => play(target, steps('ebay'))),
    );
    expect(sqlStates(masked!)).toEqual([]);
    expect(rowsOf(masked!).slice(0, 1)).toEqual(rowsOf(direct!).slice(0, 1));
  });

  it('is refused in its place in a pipeline, and what follows goes on behind the Sync', async () => {
    const steps = [
      parse(BY_CHANNEL, 'p'),
      bind(['ebay', 'Edda Ebert'], { statement: 'p' }),
      execute(),
      bind(['amazon', 'Alan Archer'], { statement: 'p' }),
      execute(),
      bind(['ebay', 'Edda Ebert'], { statement: 'p' }),
      execute(),
      sync(),
      bind(['ebay', 'Edda Ebert'], { statement: 'p' }),
      execute(),
      sync(),
      ready(),
      ready(),
    ];
    const received = await play(shop.masked(), steps);
    expect(
      received
        .map(({ type }) => type)
        .filter((type) => '12DECZ'.includes(type))
        .slice(-10)
        .join(''),
    ).toBe('12DC' + 'E' + 'Z' + '2DC' + 'Z');
    const error = received.find(({ type }) => type === 'E');
    expect(errorFields(error!)).toMatchObject({ C: '42501', M: expect.stringContaining('buyer_name') });
  });

  it('is refused where its parameters are too long to be looked at', async () => {
    const long = [parse(BY_CHANNEL), bind(['ebay', 'x'.repeat(70_000)]), execute(), sync(), ready()];
    expect(sqlStates(await play(shop.masked(), long))).toEqual(['42501']);
    const shorter = [parse(BY_CHANNEL), bind(['ebay', 'x'.repeat(60_000)]), execute(), sync(), ready()];
    expect(sqlStates(await play(shop.masked(), shorter))).toEqual([]);
  });
});

describe('a statement of PREPARE that depends on parameters', () => {
  const PREPARE = `PREPARE p AS ${BY_CHANNEL}`;
  const sql = (...texts: readonly string[]) => texts.flatMap((text) => [query(text), ready()]);

  it('is executed as direct where constants keep redacted rows out', async () => {
    const steps = sql(
      PREPARE,
      "EXECUTE p('ebay', 'Edda Ebert')",
      "EXECUTE p('ebay'::text, 'Edda Ebert')",
      `PREPARE q (timestamptz, text) AS SELECT id FROM orders WHERE shipped_at >= $1 AND buyer_name = $2`,
      `EXECUTE q('${daysAgo(20).toISOString()}', 'Nina Neumann')`,
      "BEGIN; EXECUTE p('ebay', 'Edda Ebert'); COMMIT",
      'DEALLOCATE p',
      `PREPARE p (text, int) AS SELECT id FROM orders WHERE channel IN ($1, 'trade') AND length(buyer_name) > $2 LIMIT 1`,
      "EXECUTE p('shopify', 3)",
    );
    const [direct, masked] = await Promise.all([shop.direct(), shop.masked()].map((target) => play(target, steps)));
    expect(sqlStates(masked!)).toEqual([]);
    expect(rowsOf(direct!)).toHaveLength(5);
    expect(rowsOf(masked!)).toEqual(rowsOf(direct!));
  });

  it.each([
    "EXECUTE p('amazon', 'Alan Archer')",
    "EXECUTE p(NULL, 'Alan Archer')",
    "EXECUTE p(lower('EBAY'), 'Edda Ebert')",
    "EXECUTE p('ebay'::char(4), 'Edda Ebert')",
    "EXPLAIN ANALYZE EXECUTE p('amazon', 'Alan Archer')",
    "CREATE TEMP TABLE t AS EXECUTE p('amazon', 'Alan Archer')",
  ])('is refused in %s', async (text) => {
    const received = await play(shop.masked(), sql(PREPARE, text));
    expect(sqlStates(received)).toEqual(['42501']);
    const { M, D, H, P } = errorFields(received.find(({ type }) => type === 'E')!);
    expect(M).toBe('cannot filter on column "buyer_name" of "public.orders": it is redacted');
    expect(D).toContain('amazon-30-days');
    expect(H).toContain('channel');
    // It would be one of the text that was prepared.
    expect(P).toBeUndefined();
  });

  it('is judged by what the name means when EXECUTE runs, and with what', async () => {
    const harmless = "PREPARE p (text, text) AS SELECT id FROM orders WHERE channel = 'ebay' AND $1 <> $2";
    const run = [bind([], { statement: 's' }), execute(), sync(), ready()];
    const steps = [
      ...sql(harmless),
      parse("EXECUTE p('amazon', 'Alan Archer')", 's'),
      sync(),
      ready(),
      ...run,
      ...sql('DEALLOCATE p', PREPARE),
      ...run,
      // With parameters of its own.
      parse('EXECUTE p($1, $2)'),
      sync(),
      ready(),
      // By a message.
      bind(['ebay', 'Edda Ebert'], { statement: 'p' }),
      execute(),
      bind(['amazon', 'Alan Archer'], { statement: 'p' }),
      execute(),
      sync(),
      ready(),
    ];
    const received = await play(shop.masked(), steps);
    expect(sqlStates(received)).toEqual(['42501', '42501', '42501']);
  });

  it('is judged by what the name means when a portal of EXECUTE runs, not when it was bound', async () => {
    const harmless = "PREPARE p (text, text) AS SELECT id FROM orders WHERE channel = 'ebay' AND $1 <> $2";
    const bound = [parse("EXECUTE p('amazon', 'Alan Archer')"), bind([], { portal: 'c' })];
    const between: readonly (readonly Step[])[] = [
      [sync(), ready(), ...sql('DEALLOCATE p', PREPARE)],
      // In one go, with the name gone and made again.
      [parse('DEALLOCATE p', 'd'), bind([], { statement: 'd' }), execute(), parse(BY_CHANNEL, 'p')],
    ];
    for (const steps of between) {
      const received = await play(shop.masked(), [
        ...sql('BEGIN', harmless),
        ...bound,
        ...steps,
        execute('c'),
        sync(),
        ready(),
      ]);
      expect(sqlStates(received)).toEqual(['42501']);
    }
  });

  it('is judged by what the name means where EXECUTE runs another EXECUTE', async () => {
    const harmless = "PREPARE p (text, text) AS SELECT id FROM orders WHERE channel = 'ebay' AND $1 <> $2";
    const received = await play(shop.masked(), [
      ...sql(harmless),
      parse("EXECUTE p('amazon', 'Alan Archer')", 'q'),
      sync(),
      ready(),
      ...sql('EXECUTE q', 'DEALLOCATE p', PREPARE, 'EXECUTE q', 'EXPLAIN ANALYZE EXECUTE q'),
    ]);
    expect(sqlStates(received)).toEqual(['42501', '42501']);
  });

  it('is stored by CREATE TABLE AS EXECUTE only where it shows nothing redacted when that runs', async () => {
    const store = [parse('CREATE TEMP TABLE kept AS EXECUTE p'), bind([], { portal: 'c' })];
    const harmless = 'PREPARE p AS SELECT id, order_ref FROM orders WHERE id = 900001';
    const telling = 'SELECT id, buyer_name FROM orders WHERE id = 900001';
    const between: readonly (readonly Step[])[] = [
      [sync(), ready(), ...sql('DEALLOCATE p', `PREPARE p AS ${telling}`)],
      [parse('DEALLOCATE p', 'd'), bind([], { statement: 'd' }), execute(), parse(telling, 'p')],
    ];
    for (const steps of [[], ...between]) {
      const received = await play(shop.masked(), [
        ...sql('BEGIN', harmless),
        ...store,
        ...steps,
        execute('c'),
        sync(),
        ready(),
      ]);
      expect(sqlStates(received)).toEqual(steps.length === 0 ? [] : ['42501']);
    }
    const unknown = await play(shop.masked(), sql('CREATE TABLE kept AS EXECUTE nothing'));
    expect(sqlStates(unknown)).toEqual(['26000']);
  });

  it('is judged in a pipeline before PREPARE was answered', async () => {
    const steps = (channel: string) => [
      parse(PREPARE),
      bind(),
      execute(),
      parse(`EXECUTE p('${channel}', 'Edda Ebert')`),
      bind(),
      execute(),
      sync(),
      ready(),
    ];
    expect(sqlStates(await play(shop.masked(), steps('amazon')))).toEqual(['42501']);
    expect(sqlStates(await play(shop.masked(), steps('ebay')))).toEqual([]);
  });
});

function rowsOf(received: readonly BackendMessage[]): readonly string[] {
  return received.filter(({ type }) => type === 'D').map(({ body }) => body.toString('latin1'));
}

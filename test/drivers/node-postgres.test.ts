import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';

let shop: ShopGateway;
let direct: pg.Client;
let masked: pg.Client;

beforeAll(async () => {
  shop = await startShopGateway('A');
  direct = new pg.Client({ ...shop.direct() });
  masked = new pg.Client({ ...shop.masked() });
  await Promise.all([direct.connect(), masked.connect()]);
});

afterAll(async () => {
  await direct?.end();
  await masked?.end();
  await shop?.stop();
});

/** The rows and the fields are the same through the gateway. */
async function isSame(query: pg.QueryConfig | pg.QueryArrayConfig): Promise<void> {
  const results = await Promise.all([direct, masked].map((client) => client.query(query as pg.QueryConfig)));
  const [a, b] = results.map(({ rows, fields, command, rowCount }) => ({ rows, fields, command, rowCount }));
  expect(b).toEqual(a);
}

/** Of an error, all that the server said. */
async function errorOf(client: pg.Client, query: pg.QueryConfig): Promise<Partial<pg.DatabaseError>> {
  const error = await client.query(query).then(
    () => undefined,
    (reason: pg.DatabaseError) => reason,
  );
  expect(error).toBeInstanceOf(pg.DatabaseError);
  const { length: _length, ...fields } = { ...error };
  return { message: error!.message, ...fields };
}

describe('node-postgres', () => {
  it.each([
    ['every type', { text: 'SELECT * FROM plain.kinds ORDER BY id' }],
    ['rows as arrays', { text: 'SELECT id, email FROM plain.people ORDER BY id', rowMode: 'array' }],
    [
      'parameters',
      { text: 'SELECT $1::int + 1 AS n, $2::text AS t, $3::jsonb AS j', values: [41, "it's", { a: [1] }] },
    ],
    [
      'parameters that are arrays and dates',
      { text: 'SELECT $1::int[] AS a, $2::timestamptz AS d', values: [[1, 2], new Date(0)] },
    ],
    ['a named statement', { name: 'by id', text: 'SELECT * FROM plain.people WHERE id = $1', values: [2] }],
    ['the named statement again', { name: 'by id', text: 'SELECT * FROM plain.people WHERE id = $1', values: [3] }],
    ['binary results', { text: 'SELECT id, t, bytes, flag FROM plain.kinds WHERE id = $1', values: [1], binary: true }],
    ['a portal with a row limit', { text: 'SELECT n FROM plain.lines ORDER BY n', values: [], rows: 100 }],
    ['an empty text', { text: '' }],
    ['an order that is not redacted', { text: 'SELECT * FROM orders WHERE id = $1', values: [900011] }],
    ['an order of another channel', { name: 'order', text: 'SELECT * FROM orders WHERE id = $1', values: [900012] }],
    ['a report', { text: 'SELECT channel, count(*)::int, sum(total) FROM orders GROUP BY channel ORDER BY channel' }],
  ] as const)('%s', async (_name, query) => {
    await isSame(query as unknown as pg.QueryConfig);
  });

  it.each([
    ['a column that does not exist', { text: 'SELECT nothing FROM plain.people' }],
    ['a duplicate key', { text: 'INSERT INTO plain.people VALUES ($1, $2)', values: [1, 'x'] }],
    ['a bad parameter', { text: 'SELECT $1::int', values: ['x'] }],
    ['an exception of PL/pgSQL', { text: "SELECT plain.fail('x')" }],
  ])('gets the error for %s', async (_name, query) => {
    expect(await errorOf(masked, query)).toEqual(await errorOf(direct, query));
  });

  it('sees masks in every protocol and format', async () => {
    const text = 'SELECT buyer_name, gift_message FROM orders WHERE id = 900001';
    const rows = await Promise.all(
      [
        { text },
        { text: text.replace('900001', '$1'), values: [900001] },
        { text, values: [], binary: true },
        { text, name: 'n', values: [] },
      ].map(async (query) => (await masked.query(query as pg.QueryConfig)).rows[0]),
    );
    expect(rows[0].gift_message).toBe('');
    expect(rows[0].buyer_name).not.toBe('Alan Archer');
    expect(rows[0].buyer_name.length).toBeGreaterThanOrEqual(16);
    for (const row of rows) expect(row).toEqual(rows[0]);
  });

  it('is told what a refused filter names, and where', async () => {
    const text = 'SELECT id FROM orders WHERE lower(buyer_email) = $1';
    const error = await errorOf(masked, { text, values: ['alan@known.test'] });
    expect(error).toMatchObject({
      severity: 'ERROR',
      code: '42501',
      position: String(text.indexOf('buyer_email') + 1),
    });
    expect(error.message).toContain('buyer_email');
    expect(error.detail).toContain('amazon-30-days');
    expect(error.hint).toBeTruthy();
    await isSame({ text: 'SELECT 1 AS still_here' });
  });

  it('keeps a transaction honest after a refusal', async () => {
    await masked.query('BEGIN');
    await masked.query("UPDATE products SET title = 'changed'");
    await expect(masked.query("SELECT id FROM orders WHERE buyer_name = 'x'")).rejects.toMatchObject({ code: '42501' });
    await expect(masked.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await masked.query('COMMIT');
    await isSame({ text: "SELECT count(*) FROM products WHERE title = 'changed'" });
  });

  it('gets notices and notifications', async () => {
    const notices: (string | undefined)[] = [];
    const notified = new Promise<pg.Notification>((resolve) => masked.once('notification', resolve));
    masked.on('notice', (notice) => notices.push(notice.message));
    await masked.query("SELECT plain.warn('node')");
    await masked.query('LISTEN from_direct');
    await direct.query("NOTIFY from_direct, 'hello'");
    expect(await notified).toMatchObject({ channel: 'from_direct', payload: 'hello' });
    expect(notices).toEqual(['about node', 'last warning']);
  });

  it('serves a pool: many queries at once, each with its own answer', async () => {
    const pool = new pg.Pool({ ...shop.masked(), max: 8 });
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        const name = n % 2 ? { name: 'pooled' } : {};
        const { rows } = await pool.query({
          ...name,
          text: 'SELECT $1::int AS n, $2::text AS t',
          values: [n, `#${n}`],
        });
        return rows[0];
      }),
    );
    await pool.end();
    expect(answers).toEqual(Array.from({ length: 300 }, (_, n) => ({ n, t: `#${n}` })));
  });

  it('cancels a query', async () => {
    const { processID } = masked as unknown as { processID: number };
    const sleeping = masked.query('SELECT pg_sleep(20)');
    const cancelled = expect(sleeping).rejects.toMatchObject({ code: '57014' });
    const canceller = new pg.Client({ ...shop.masked() }) as pg.Client & {
      cancel(client: pg.Client, query: unknown): void;
    };
    await expect
      .poll(
        async () =>
          (await direct.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [processID])).rows[0]
            ?.wait_event,
      )
      .toBe('PgSleep');
    const active = masked as unknown as { _activeQuery?: unknown; activeQuery?: unknown };
    canceller.cancel(masked, active._activeQuery ?? active.activeQuery);
    await cancelled;
    await isSame({ text: 'SELECT 1 AS still_here' });
  });

  it('reads a large result whole', async () => {
    await isSame({ text: "SELECT n, repeat('x', 1000) AS filler FROM generate_series(1, 20000) n" });
  });

  it('is refused with a wrong password as by the server', async () => {
    const say = (target: object) =>
      new pg.Client({ ...target, password: 'wrong' }).connect().then(
        () => 'in',
        (error: pg.DatabaseError) => `${error.code} ${error.message}`,
      );
    expect(await say(shop.masked())).toBe(await say(shop.direct()));
  });
});

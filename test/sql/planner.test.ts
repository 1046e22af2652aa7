/** The planner where planning takes long: off the gateway's thread, and by what holds when it is done. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CatalogSource } from '../../src/catalog/refresh.js';
import type { Config } from '../../src/policy/config-types.js';
import { SqlParser } from '../../src/sql/parse.js';
import type { Plan, SessionEnvironment } from '../../src/sql/plan-types.js';
import { type ConfigurablePlanner, createPlanner } from '../../src/sql/planner.js';
import { type Planning, shopConfig, startPlanning } from './planning.js';

const config = shopConfig();
const OPEN: Config = { ...config, policies: [] };

let planning: Planning;
let planner: ConfigurablePlanner;
let environment: SessionEnvironment;
const defects: unknown[] = [];
beforeAll(async () => {
  planning = await startPlanning({ config, orders: 10 });
  const { snapshot } = planning;
  const catalog: CatalogSource = {
    current: () => snapshot,
    load: async () => snapshot,
    refresh: async () => snapshot,
    onChange: () => undefined,
    onDrop: () => undefined,
  };
  planner = createPlanner({ config, catalog, onDefect: (_, error) => defects.push(error) });
  environment = planning.environment();
});
afterAll(async () => {
  await planner.close();
  await planning.stop();
});

beforeEach(async () => {
  planner.configure(config);
  // Binds the policies.
  await planner.plan('SELECT 1', environment);
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(defects).toEqual([]);
});

async function plan(text: string): Promise<Plan> {
  const planned = await planner.plan(text, environment);
  if (planned === 'environment') throw new Error('the names are given');
  return planned;
}

const repeat = (count: number, part: (i: number) => string, separator = ', '): string =>
  Array.from({ length: count }, (_, i) => part(i)).join(separator);

describe('texts that take long', () => {
  const expensive: readonly (readonly [string, string, string])[] = [
    ['an INSERT of 500 kB', `INSERT INTO products (sku) VALUES ${repeat(40_000, () => "('sku-1')")}`, 'pass'],
    ['a list of 50,000 elements', `SELECT sku FROM products WHERE id IN (${repeat(50_000, (i) => `${i}`)})`, 'pass'],
    [
      'such a list over a protected table',
      `SELECT buyer_name FROM orders WHERE id IN (${repeat(9_000, String)})`,
      'rewrite',
    ],
    ['ten thousand parentheses', `SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`, 'refuse 42601'],
    ['a sum of 15,000 terms', `SELECT ${repeat(15_000, () => '1', '+')}`, 'refuse 54001'],
    ['a thousand UNION ALL', repeat(1_000, () => 'SELECT id FROM orders', ' UNION ALL '), 'rewrite'],
    ['two hundred joins', `SELECT * FROM ${repeat(200, (i) => `orders o${i}`)}`, 'rewrite'],
    ['four hundred stars', `SELECT ${repeat(400, () => 'o.*')} FROM orders o`, 'rewrite'],
  ];

  it.each(expensive)('%s is not worked on in one piece by the gateway', async (_, text, verdict) => {
    const parse = vi.spyOn(SqlParser.prototype, 'parse');
    const planned = await plan(text);
    const longest = Math.max(0, ...parse.mock.calls.map(([parsed]) => parsed.length));
    expect(longest).toBeLessThanOrEqual(16 * 1024);
    if (text.length > 4096) expect(parse).not.toHaveBeenCalled();
    expect(planned.verdict === 'refuse' ? `refuse ${planned.refusal.code}` : planned.verdict).toBe(verdict);
    if (planned.verdict !== 'refuse') return;
    expect(planned.refusal.message).not.toBe('');
    // The gateway goes on.
    expect((await plan('SELECT buyer_name FROM orders')).verdict).toBe('rewrite');
  });

  it('wait for the next look at the sockets where many come at once', async () => {
    const planned = Array.from({ length: 300 }, (_, i) =>
      planner.plan(`SELECT buyer_name AS b${i} FROM orders`, environment),
    );
    expect(planned.at(-1)).toBeInstanceOf(Promise);
    expect((await Promise.all(planned)).at(-1)).toMatchObject({
      verdict: 'rewrite',
      text: expect.stringContaining('AS b299'),
    });
  });
});

describe('a statement that uses what another session is changing', () => {
  const text = 'SELECT buyer_name FROM orders';

  it('waits until that session has settled it', async () => {
    const names = new Set(['orders']);
    planner.watchUncommitted?.(environment.database, names);
    let isPlanned = false;
    const planned = plan(text).finally(() => {
      isPlanned = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isPlanned).toBe(false);
    planner.forgetUncommitted?.(environment.database, names);
    expect((await planned).verdict).toBe('rewrite');
  });

  it('waits for every session that is changing it, and is refused where one does not settle it', async () => {
    const [soon, never] = [new Set(['orders']), new Set(['orders'])];
    planner.watchUncommitted?.(environment.database, soon);
    planner.watchUncommitted?.(environment.database, never);
    const planned = plan(text);
    planner.forgetUncommitted?.(environment.database, soon);
    expect(await planned).toMatchObject({ refusal: { code: '0A000', reason: 'stale' } });
    planner.forgetUncommitted?.(environment.database, never);
  });

  it('is refused at once where its own session changes it', () => {
    const uncommittedNames = new Set(['orders']);
    planner.watchUncommitted?.(environment.database, uncommittedNames);
    const planned = planner.plan(text, { ...environment, uncommittedNames });
    expect(planned).toMatchObject({ refusal: { code: '0A000', reason: 'stale' } });
    planner.forgetUncommitted?.(environment.database, uncommittedNames);
  });
});

describe('a plan that is made meanwhile', () => {
  const text = `SELECT buyer_name FROM orders WHERE id IN (${repeat(5_000, String)})`;

  it('is made again when the policies change', async () => {
    const planned = plan(text);
    planner.configure(OPEN);
    expect((await planned).verdict).toBe('pass');
  });

  it('is made again when another session changes what it names', async () => {
    const planned = plan(text);
    const names = new Set(['orders']);
    planner.watchUncommitted?.(environment.database, names);
    expect(await planned).toMatchObject({ refusal: { reason: 'stale' } });
    planner.forgetUncommitted?.(environment.database, names);
  });

  it('is given up with an error that drivers know where that happens again and again', async () => {
    const planned = plan(text);
    let settled = false;
    void planned.finally(() => {
      settled = true;
    });
    while (!settled) {
      planner.configure(config);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await planned).toMatchObject({ refusal: { code: '40001' } });
  });
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Binding, RowGuard } from '../../src/policy/bind.js';
import {
  columnsForGuards,
  inlineGuard,
  maskedColumn,
  relationsForGuard,
  scanGuard,
  taggedColumn,
} from '../../src/policy/guard-sql.js';
import { type BoundSchema, guardedOf, startBound } from './binding.js';

const SCHEMA = `
  CREATE TABLE orders (id int PRIMARY KEY, channel text, shipped date, terms text, customer_id int, buyer text);
  CREATE TABLE lines (id int PRIMARY KEY, order_id int, remark varchar(40));
  CREATE TABLE parcels (id int PRIMARY KEY, line_id int, label text);
  CREATE TABLE customers (id int PRIMARY KEY, name text);
`;

function policy(match: 'any' | 'all'): string {
  return `  p:
    redact_when: { table: public.orders, where: "channel = 'amazon' AND shipped < current_date - 10", unless: "terms = 'credit'" }
    tables:
      public.orders: { columns: { buyer: { category: email, mask: one_way } } }
      public.lines:
        belongs_to: { public.orders: order_id = id }
        columns: { remark: { category: email, mask: blank, keep_null: true } }
      public.parcels: { belongs_to: { public.lines: line_id = id }, columns: { label: { category: email, mask: blank } } }
      public.customers:
        belongs_to: { table: public.orders, on: id = customer_id, match: ${match} }
        columns: { name: { category: email, mask: blank } }`;
}

let schema: BoundSchema;
let binding: Binding;
beforeAll(async () => {
  schema = await startBound(SCHEMA);
  binding = schema.bind(policy('any'));
});
afterAll(() => schema.stop());

interface Order {
  readonly channel: string | null;
  /** Days ago. */
  readonly shipped: number | null;
  readonly terms: string | null;
  readonly customer: number | null;
}

/** Children point at the numbers of their parents, from 1, at none, or at nobody. */
interface Data {
  readonly orders: readonly Order[];
  readonly lines: readonly (number | null)[];
  readonly parcels: readonly (number | null)[];
}

const link = fc.option(fc.integer({ min: 1, max: 8 }), { freq: 8 });
const data: fc.Arbitrary<Data> = fc.record({
  orders: fc.array(
    fc.record({
      channel: fc.constantFrom('amazon', 'amazon', 'ebay', null),
      shipped: fc.constantFrom(0, 9, 10, 11, 40, 40, null),
      terms: fc.constantFrom('prepaid', 'prepaid', 'credit', null),
      customer: link,
    }),
    { maxLength: 6 },
  ),
  lines: fc.array(link, { maxLength: 8 }),
  parcels: fc.array(link, { maxLength: 8 }),
});

/** Which rows are redacted, told without SQL: numbers from 1 of each table. */
function expected({ orders, lines, parcels }: Data, match: 'any' | 'all'): Readonly<Record<string, readonly number[]>> {
  const orderRedacted = ({ channel, shipped, terms }: Order): boolean =>
    channel === 'amazon' && shipped !== null && shipped > 10 && terms !== 'credit';
  const numbers = (flags: readonly boolean[]): number[] => flags.flatMap((flag, i) => (flag ? [i + 1] : []));
  const byOrder = orders.map(orderRedacted);
  // A child whose parent is missing stays redacted, one without a link is nobody's.
  const byLine = lines.map((order) => order !== null && (byOrder[order - 1] ?? true));
  const byParcel = parcels.map((line) => line !== null && (byLine[line - 1] ?? true));
  const customers = Array.from({ length: 8 }, (_, i) => {
    const own = orders.filter((order) => order.customer === i + 1).map(orderRedacted);
    return match === 'any' ? own.some(Boolean) : own.length > 0 && own.every(Boolean);
  });
  return {
    orders: numbers(byOrder),
    lines: numbers(byLine),
    parcels: numbers(byParcel),
    customers: numbers(customers),
  };
}

async function load({ orders, lines, parcels }: Data): Promise<void> {
  const { client } = schema;
  await client.query('TRUNCATE orders, lines, parcels, customers');
  await client.query(
    `INSERT INTO orders
     SELECT n, o ->> 'channel', (now() AT TIME ZONE 'UTC')::date - (o ->> 'shipped')::int, o ->> 'terms', (o ->> 'customer')::int, 'x'
     FROM json_array_elements($1) WITH ORDINALITY AS a (o, n)`,
    [JSON.stringify(orders)],
  );
  const rows = `SELECT n, (value #>> '{}')::int, 'x' FROM json_array_elements($1) WITH ORDINALITY AS a (value, n)`;
  await client.query(`INSERT INTO lines ${rows}`, [JSON.stringify(lines)]);
  await client.query(`INSERT INTO parcels ${rows}`, [JSON.stringify(parcels)]);
  await client.query(`INSERT INTO customers SELECT n, 'x' FROM generate_series(1, 8) n`);
}

const guardOf = (from: Binding, table: string): RowGuard => [...guardedOf(from, table).guards.values()][0]!;

/** Numbers of the rows that a form of the guard says are redacted; each row must come once. */
async function redacted(table: string, join: string, expression: string, tail = ''): Promise<number[]> {
  const { rows } = await schema.client.query<{ id: number; redacted: boolean | null }>(
    `SELECT t.id, ${expression} AS redacted FROM public.${table} AS t${join} ORDER BY t.id${tail}`,
  );
  const { rows: all } = await schema.client.query<{ id: number }>(`SELECT id FROM public.${table} ORDER BY id`);
  expect(rows.map((row) => row.id)).toEqual(all.map((row) => row.id));
  expect(rows.filter((row) => row.redacted === null)).toEqual([]);
  return rows.filter((row) => row.redacted).map((row) => row.id);
}

describe('the forms of a guard', () => {
  it.each([
    'any',
    'all',
  ] as const)('say the same of every row, which is what the policy says (match: %s)', async (match) => {
    const bound = schema.bind(policy(match));
    await fc.assert(
      fc.asyncProperty(data, async (rows) => {
        await load(rows);
        for (const [table, numbers] of Object.entries(expected(rows, match))) {
          const guard = guardOf(bound, table);
          const once = scanGuard(guard, 't', 'g', false, 1);
          const often = scanGuard(guard, 't', 'g', false, 3);
          const locking = scanGuard(guard, 't', 'g', true, 2);
          expect(await redacted(table, '', inlineGuard(guard, 't'))).toEqual(numbers);
          expect(await redacted(table, once.join, once.expression)).toEqual(numbers);
          expect(await redacted(table, often.join, often.expression)).toEqual(numbers);
          expect(await redacted(table, locking.join, locking.expression, ' FOR UPDATE OF t')).toEqual(numbers);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('look a parent up once for all columns, by a join that keeps every row', () => {
    const { join } = scanGuard(guardOf(binding, 'parcels'), 't', 'g', false, 5);
    expect(join.match(/LEFT JOIN/g)).toHaveLength(2);
    expect(join).not.toContain('EXISTS');
  });

  it('have no outer join where rows are locked', () => {
    for (const table of ['orders', 'lines', 'parcels', 'customers']) {
      expect(scanGuard(guardOf(binding, table), 't', 'g', true, 5).join).not.toContain('LEFT JOIN');
    }
  });

  it('name nothing that a session could redirect', () => {
    for (const table of ['orders', 'lines', 'parcels', 'customers']) {
      const guard = guardOf(binding, table);
      const scan = scanGuard(guard, 't', 'g', false, 2);
      const text = `${inlineGuard(guard, 't')} ${scan.join} ${scan.expression}`.replace(/'[^']*'/g, '');
      const bare = text.replace(/OPERATOR\(pg_catalog\.[<>=+-]+\)/g, '');
      expect(bare).not.toMatch(/[<>=]/);
      expect(bare.match(/FROM (?!\()(?!WHERE)\S+/g) ?? []).toEqual(
        (bare.match(/FROM "public"\.\S+/g) ?? []).map(String),
      );
    }
  });
});

describe('masked columns', () => {
  const column = (table: string, name: string) =>
    [...guardedOf(binding, table).columns.values()].find((c) => c.column.name === name)!;

  it('show the mask where the guard holds, and the value elsewhere', () => {
    expect(maskedColumn(column('parcels', 'label'), 't.label', () => 'r')).toBe(
      "CASE WHEN r THEN CAST('' AS pg_catalog.text) ELSE t.label END",
    );
  });

  it('ask the policies in their order', () => {
    const both = schema.bind(`${policy('any')}
  q:
    tables: { public.parcels: { redacted_when: parcels.id > 5, columns: { label: { category: email, mask: { constant: "q" } } } } }`);
    const label = [...guardedOf(both, 'parcels').columns.values()][0]!;
    expect(maskedColumn(label, 'v', (p) => p.name)).toBe(
      "CASE WHEN p THEN CAST('' AS pg_catalog.text) WHEN q THEN CAST('q' AS pg_catalog.text) ELSE v END",
    );
  });

  it('are tagged with the row key, never with the value, and a stored tag is blank', async () => {
    const { rowKey } = guardedOf(binding, 'orders');
    const sql = taggedColumn(column('orders', 'buyer'), 't', () => 't.id < 3', 'TAG', rowKey);
    const { rows } = await schema.client.query({
      text: `SELECT ${sql} FROM (VALUES (1, 'Alan'), (2, NULL), (3, 'Bea'), (4, 'TAG1:1'), (5, NULL)) AS t (id, buyer)`,
      rowMode: 'array',
    });
    expect(rows.flat()).toEqual(['TAG1:1', 'TAG1:2', 'Bea', '', null]);
  });

  it('keep NULL where the policy says so', async () => {
    const sql = taggedColumn(column('lines', 'remark'), 't', () => 'true', 'TAG', []);
    const { rows } = await schema.client.query({
      text: `SELECT ${sql} FROM (VALUES (1, 'x'::varchar(40)), (2, NULL)) AS t (id, remark)`,
      rowMode: 'array',
    });
    expect(rows.flat()).toEqual([expect.stringMatching(/^TAG\d+:$/), null]);
  });
});

describe('what a guard reads', () => {
  const names = (columns: Iterable<{ readonly name: string }>): string[] => [...columns].map((column) => column.name);

  it('are the columns of its own relation that decide or lead to the parent', () => {
    expect(names(columnsForGuards(guardedOf(binding, 'orders')))).toEqual(['channel', 'shipped', 'terms']);
    expect(names(columnsForGuards(guardedOf(binding, 'lines')))).toEqual(['order_id']);
    expect(names(columnsForGuards(guardedOf(binding, 'customers')))).toEqual(['id']);
  });

  it('are the columns of every parent on the way', () => {
    const read = (table: string) =>
      [...relationsForGuard(guardOf(binding, table))].map(([relation, columns]) => [relation.name, ...names(columns)]);
    expect(read('orders')).toEqual([]);
    expect(read('customers')).toEqual([['orders', 'channel', 'shipped', 'terms', 'customer_id']]);
    expect(read('parcels')).toEqual([
      ['lines', 'id', 'order_id'],
      ['orders', 'id', 'channel', 'shipped', 'terms'],
    ]);
  });

  it('are all columns of a relation in a subquery', () => {
    const bound = schema.bind(`  p:
    tables:
      public.lines:
        redacted_when: EXISTS (SELECT 1 FROM public.parcels c WHERE c.line_id = lines.id)
        columns: { remark: { category: email, mask: blank } }`);
    expect(bound.problems).toEqual([]);
    const [[relation, columns] = []] = [...relationsForGuard(guardOf(bound, 'lines'))];
    expect([relation?.name, ...names(columns ?? [])]).toEqual(['parcels', 'id', 'line_id', 'label']);
  });
});

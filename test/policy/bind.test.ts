import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTagNumbers } from '../../src/policy/bind.js';
import { inlineGuard } from '../../src/policy/guard-sql.js';
import { type BoundSchema, guardedOf, startBound } from './binding.js';

const SCHEMA = `
  CREATE TABLE orders (
    id int PRIMARY KEY, channel text NOT NULL, shipped date, buyer varchar(40), code char(4), note text NOT NULL, tags text[]
  );
  CREATE TABLE stock (id int PRIMARY KEY, channel text, buyer varchar(40), note text);
  CREATE TABLE archived (extra text) INHERITS (stock);
  CREATE TABLE lines (id int PRIMARY KEY, order_id int, remark text);
  CREATE TABLE parcels (id int PRIMARY KEY, line_id int, label text);
  CREATE TABLE customers (id int PRIMARY KEY, name text);
  CREATE TABLE sales (customer_id int, order_id int);
  CREATE TABLE loose (a int, b text);
  CREATE TABLE visits (id int, day date, who text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE visits_2020 PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (id);
  CREATE TABLE visits_2020_1 PARTITION OF visits_2020 FOR VALUES IN (1);
  CREATE VIEW some_orders AS SELECT * FROM orders;
  CREATE SEQUENCE counter;
  CREATE SCHEMA other;
  CREATE TABLE other.elsewhere (id int);
`;

let schema: BoundSchema;
beforeAll(async () => {
  schema = await startBound(SCHEMA);
});
afterAll(() => schema.stop());

const ORDERS = `
    redact_when: { table: public.orders, where: channel = 'amazon' }
    tables:
      public.orders:
        columns:
          buyer: { category: personal_name, mask: one_way }`;
/** The same with a child. */
const STOCK = ORDERS.replaceAll('public.orders', 'public.stock');

/** Each problem as \`line path: message; hint\`. */
function problemsOf(policies: string): string[] {
  const told = schema.bind(policies).problems.map(({ at, message, hint }) => {
    return `${at.line} ${at.path}: ${message}${hint === undefined ? '' : `; ${hint}`}`;
  });
  return [...new Set(told)];
}

describe('what does not fit the schema', () => {
  const at = (line: number, path: string, text: string): string => `${line} policies.p.${path}: ${text}`;
  const orders = (columns: string): string => `  p:${ORDERS}\n${columns}`;
  const where = (condition: string): string => `  p:
    redact_when: { table: public.orders, where: ${condition} }
    tables: { public.orders: { columns: { buyer: { category: email, mask: blank } } } }`;
  const table = (text: string): string => `${orders('')}\n      ${text}`;
  const blank = 'columns: { remark: { category: email, mask: blank } }';

  it.each([
    [
      'a column',
      orders('          name: { category: email, mask: blank }'),
      at(
        11,
        'tables."public.orders".columns.name',
        'public.orders has no column name; its columns are id, channel, shipped, buyer, code, note, tags',
      ),
    ],
    [
      'a mask',
      orders('          tags: { category: email, mask: blank }'),
      at(
        11,
        'tables."public.orders".columns.tags',
        'mask blank does not fit column tags of type text[]: it is for text; use null or constant',
      ),
    ],
    [
      'NULL for a column that is never NULL',
      orders('          note: { category: email, mask: null }'),
      at(
        11,
        'tables."public.orders".columns.note',
        'mask null does not fit column note of type text: the column is NOT NULL; use blank or constant',
      ),
    ],
    [
      'a token in a short column',
      orders('          code: { category: email, mask: one_way }'),
      at(
        11,
        'tables."public.orders".columns.code',
        'mask one_way does not fit column code of type character(4): a token has 16 characters and the column holds 4',
      ),
    ],
    [
      'a token without a key',
      table(`public.loose: { redacted_when: loose.a > 0, columns: { b: { category: email, mask: one_way } } }`),
      at(
        12,
        'tables."public.loose".columns.b',
        'mask one_way does not fit column b: public.loose has no primary key and no unique key without NULLs that would tell its rows apart; add one, or use blank',
      ),
    ],
    [
      'a table that is in another schema',
      table(`public.elsewhere: { redacted_when: elsewhere.id > 0, ${blank} }`),
      at(
        12,
        'tables."public.elsewhere"',
        'there is no table public.elsewhere in the database postgres; there is other.elsewhere',
      ),
    ],
    [
      'a table that is nowhere',
      table(`public.nowhere: { redacted_when: nowhere.id > 0, ${blank} }`),
      at(12, 'tables."public.nowhere"', 'there is no table public.nowhere in the database postgres'),
    ],
    [
      'a view',
      table(`public.some_orders: { redacted_when: some_orders.id > 0, ${blank} }`),
      at(
        12,
        'tables."public.some_orders"',
        'public.some_orders is a view, which a policy cannot name; name the tables that it reads: views over them are masked by themselves',
      ),
    ],
    [
      'a sequence',
      table(`public.counter: { redacted_when: counter.last_value > 0, ${blank} }`),
      at(
        12,
        'tables."public.counter"',
        'public.counter is a sequence, which a policy cannot name; name the tables that it reads: views over them are masked by themselves',
      ),
    ],
    [
      'a child of a table that shows its rows too',
      `  p:
    tables: { public.archived: { redacted_when: archived.extra = 'x', columns: { note: { category: email, mask: blank } } } }`,
      at(
        6,
        'tables."public.archived"',
        'rows of public.archived are shown by public.stock too, which the policy does not name; name public.stock: its partitions and children follow it',
      ),
    ],
    [
      "the child's column of belongs_to",
      table(`public.lines: { belongs_to: { public.orders: order = id }, ${blank} }`),
      at(12, 'tables."public.lines".belongs_to', 'public.lines has no column order'),
    ],
    [
      "the parent's column of belongs_to",
      table(`public.lines: { belongs_to: { public.orders: order_id = number }, ${blank} }`),
      at(12, 'tables."public.lines".belongs_to', 'public.orders has no column number'),
    ],
    [
      'a condition that is no SQL',
      where('channel ='),
      at(6, 'redact_when', 'the condition (where) over public.orders is not SQL: syntax error at end of input'),
    ],
    [
      'two statements as condition',
      where('"true; SELECT true"'),
      at(6, 'redact_when', 'the condition (where) over public.orders must be one condition'),
    ],
  ])('%s', (_, policies, problem) => {
    expect(problemsOf(policies)).toEqual([problem]);
  });

  it('is told of a condition in the words of the guard', () => {
    const [problem, ...rest] = problemsOf(where('customer = 5'));
    expect(rest).toEqual([]);
    expect(problem).toMatch(/^6 policies\.p\.redact_when: the condition \(where\) over public\.orders .*customer/);
  });

  it('is told of an exemption as such', () => {
    const policies = where(`channel = 'a', unless: "random() > 0.5"`);
    const [problem] = problemsOf(policies);
    expect(problem).toMatch(/^6 policies\.p\.redact_when: the condition \(unless\) over public\.orders .*random/);
  });

  it('is told all at once, and closes every table that the policy names', () => {
    const policies = `${orders('          name: { category: email, mask: blank }\n          tags: { category: email, mask: blank }')}
      public.lines: { belongs_to: { public.orders: order_id = id }, ${blank} }
  q:
    tables: { public.parcels: { redacted_when: parcels.id > 0, columns: { label: { category: email, mask: blank } } } }`;
    const { problems, closed } = schema.bind(policies);
    expect(problems).toHaveLength(2);
    expect([...closed.keys()]).toEqual(['public.orders', 'public.lines']);
    expect(closed.get('public.lines')).toBe('policy p does not fit the schema: public.orders has no column name');
  });
});

describe('a policy that does not fit', () => {
  const gone = 'columns: { gone: { category: email, mask: blank } }';

  it('closes the children of its tables, and what shows their rows', () => {
    const { closed, problems } = schema.bind(`  p:
    tables:
      public.stock: { redacted_when: stock.id > 0, ${gone} }
      public.visits_2020: { redacted_when: visits_2020.id > 0, columns: { who: { category: email, mask: blank } } }`);
    expect(problems.length).toBeGreaterThan(0);
    expect([...closed.keys()].sort()).toEqual([
      'public.archived',
      'public.stock',
      'public.visits',
      'public.visits_2020',
      'public.visits_2020_1',
    ]);
  });

  it('names every relation above a partition that it does not name', () => {
    const told = problemsOf(`  p:
    tables: { public.visits_2020_1: { redacted_when: visits_2020_1.id > 0, columns: { who: { category: email, mask: blank } } } }`);
    expect(told.map((problem) => /are shown by (\S+) too/.exec(problem)?.[1])).toEqual([
      'public.visits_2020',
      'public.visits',
    ]);
  });

  it('leaves other tables, and policies that name a parent with its child', () => {
    const binding = schema.bind(`  p:${STOCK}
      public.archived: { redacted_when: archived.extra = 'x', columns: { note: { category: email, mask: blank } } }
  q:
    tables: { public.visits: { redacted_when: visits.id > 0, ${gone} } }`);
    expect([...binding.closed.keys()].sort()).toEqual(['public.visits', 'public.visits_2020', 'public.visits_2020_1']);
    expect(new Set(binding.problems.map((problem) => problem.message))).toEqual(
      new Set(['public.visits has no column gone']),
    );
  });
});

describe('what a policy is bound to', () => {
  it('is nothing in a database that it does not name', () => {
    const { guarded, closed, problems } = schema.bind(`  p:\n    databases: [shop]${ORDERS}`);
    expect([guarded.size, closed.size, problems]).toEqual([0, 0, []]);
    expect(schema.bind(`  p:\n    databases: [shop, postgres]${ORDERS}`).guarded.size).toBe(1);
  });

  it('is the columns, with what metrics and tags need', () => {
    const guarded = guardedOf(schema.bind(`  p:${ORDERS}`), 'orders');
    expect([...guarded.columns.values()].map(({ column, rules }) => [column.name, rules.length])).toEqual([
      ['buyer', 1],
    ]);
    const [rule] = guarded.columns.get(guarded.relation.columns[3]!.attnum)!.rules;
    expect(rule!.label).toEqual({ policy: 'p', table: 'public.orders', column: 'buyer', category: 'personal_name' });
    expect(rule!.tagged).toEqual({ ...rule!.label, id: 1, kind: 'token', maxLength: 40 });
    expect(guarded.rowKey.map((column) => column.name)).toEqual(['id']);
  });

  it('is tagged by what its mask shows, where it is text at all', () => {
    const columns = `
          note: { category: email, mask: blank }
          code: { category: email, mask: { constant: "x" } }
          tags: { category: email, mask: null }
          shipped: { category: email, mask: { truncate: year }, keep_null: true }`;
    const { columns: bound } = guardedOf(schema.bind(`  p:${ORDERS}${columns}`), 'orders');
    const tags = [...bound.values()].map(({ column, rules }) => [
      column.name,
      rules[0]!.tagged?.kind,
      rules[0]!.tagged?.maxLength,
    ]);
    expect(tags).toEqual([
      ['buyer', 'token', 40],
      ['note', 'text', undefined],
      ['code', 'text', 4],
      ['tags', undefined, undefined],
      ['shipped', undefined, undefined],
    ]);
  });

  it('is a child of the table too, by its own OID', () => {
    const binding = schema.bind(`  p:${STOCK}`);
    const [parent, child] = [guardedOf(binding, 'stock'), guardedOf(binding, 'archived')];
    expect(child.relation.oid).not.toBe(parent.relation.oid);
    expect([...child.columns.values()].map(({ column }) => column.name)).toEqual(['buyer']);
    expect([...child.columns.values()][0]!.rules[0]!.label.table).toBe('public.stock');
    expect(child.rowKey.map((column) => column.name)).toEqual(['id']);
  });

  it('is every partition, down to the last', () => {
    const binding = schema.bind(`  p:
    tables: { public.visits: { redacted_when: visits.day < current_date - 30, columns: { who: { category: email, mask: one_way } } } }`);
    expect(binding.problems).toEqual([]);
    expect([...binding.guarded.values()].map((g) => g.relation.name).sort()).toEqual([
      'visits',
      'visits_2020',
      'visits_2020_1',
    ]);
    for (const { rowKey } of binding.guarded.values())
      expect(rowKey.map((column) => column.name)).toEqual(['id', 'day']);
  });

  it('leaves a child that the policy names to its own rules', () => {
    const binding = schema.bind(`  p:${STOCK}
      public.archived: { redacted_when: archived.extra = 'x', columns: { note: { category: email, mask: blank } } }`);
    const child = guardedOf(binding, 'archived');
    expect([...child.columns.values()].map(({ column }) => column.name)).toEqual(['note']);
    expect(inlineGuard([...child.guards.values()][0]!, 'a')).toContain('a."extra"');
  });

  it('is several policies on one table, in their order', () => {
    const binding = schema.bind(`  first:${ORDERS}
  second:
    tables:
      public.orders:
        redacted_when: orders.shipped < current_date - 10
        columns: { buyer: { category: email, mask: blank }, note: { category: email, mask: blank } }`);
    const guarded = guardedOf(binding, 'orders');
    expect([...guarded.guards.keys()].map((policy) => policy.name)).toEqual(['first', 'second']);
    expect(
      [...guarded.columns.values()].map(({ column, rules }) => [column.name, ...rules.map((r) => r.policy.name)]),
    ).toEqual([
      ['buyer', 'first', 'second'],
      ['note', 'second'],
    ]);
    expect([...guarded.guardColumns].map((attnum) => guarded.relation.columns[attnum - 1]!.name)).toEqual([
      'channel',
      'shipped',
    ]);
  });

  it('reaches the guard over two joins, and keeps what the joins read', () => {
    const binding = schema.bind(`  p:${ORDERS}
      public.lines: { belongs_to: { public.orders: order_id = id }, columns: {} }
      public.parcels: { belongs_to: { public.lines: line_id = id }, columns: { label: { category: email, mask: blank } } }`);
    expect(binding.problems).toEqual([]);
    const parcels = guardedOf(binding, 'parcels');
    const guard = [...parcels.guards.values()][0]!;
    if (guard.kind !== 'belongs' || guard.parentGuard.kind !== 'belongs') throw new Error('not over two joins');
    expect([guard.unique, guard.parent.relation.name, guard.parentGuard.parent.relation.name]).toEqual([
      true,
      'lines',
      'orders',
    ]);
    const kept = (name: string): string[] => {
      const { relation, guardColumns } = guardedOf(binding, name);
      return relation.columns.filter((column) => guardColumns.has(column.attnum)).map((column) => column.name);
    };
    expect(kept('parcels')).toEqual(['line_id']);
    expect(kept('lines')).toEqual(['id', 'order_id']);
    expect(kept('orders')).toEqual(['id', 'channel']);
  });

  it('knows whether one parent at most can match', () => {
    const binding = schema.bind(`  p:${ORDERS}
      public.sales: { belongs_to: { public.orders: order_id = id }, columns: {} }
      public.customers: { belongs_to: { table: public.sales, on: id = customer_id, match: all }, columns: { name: { category: email, mask: blank } } }`);
    const guards = ['sales', 'customers'].map((name) => [...guardedOf(binding, name).guards.values()][0]!);
    expect(guards.map((guard) => guard.kind === 'belongs' && [guard.unique, guard.match])).toEqual([
      [true, 'any'],
      [false, 'all'],
    ]);
  });
});

describe('tag numbers', () => {
  it('are the same for the same column and form, and differ otherwise', () => {
    const numbers = createTagNumbers();
    const label = { policy: 'p', table: 't', column: 'c', category: 'email' };
    const first = numbers.of(label, 'token 40');
    expect([
      numbers.of({ ...label, column: 'd' }, 'token 40'),
      numbers.of(label, 'text 40'),
      numbers.of(label, 'token 40'),
    ]).toEqual([2, 3, first]);
  });

  it('are the same for those who were told them, who number nothing themselves', () => {
    const numbers = createTagNumbers();
    const label = { policy: 'p', table: 't', column: 'c', category: 'email' };
    const [first, second] = [numbers.of(label, 'token 40'), numbers.of(label, 'text 40')];
    const told = createTagNumbers(numbers.all(), 'fixed');
    expect([told.of(label, 'text 40'), told.of(label, 'token 40')]).toEqual([second, first]);
    expect(() => told.of(label, 'text 41')).toThrow('no tag has a number');
  });
});

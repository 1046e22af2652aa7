import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import type { Config } from '../../src/policy/config-types.js';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const parse = (text: string): Config => parseConfig(text, 'config/x.yaml', () => KEY);
const at = (line: number, column: number, path: string) => ({ file: 'config/x.yaml', line, column, path });

it('fills in the defaults', () => {
  expect(parse('catalog: { user: u }\npolicies: {}\n')).toEqual({
    listen: { host: '127.0.0.1', port: 6432 },
    upstream: { host: '127.0.0.1', port: 5432, connectSeconds: 5 },
    catalog: { user: 'u', refreshSeconds: 5, databases: [] },
    workers: 1,
    logLevel: 'info',
    oneWayKeys: [],
    limits: {
      maxSessions: 1000,
      idleSeconds: 0,
      keepaliveSeconds: 60,
      loginSeconds: 30,
      drainSeconds: 10,
      shutdownDelaySeconds: 0,
      cachedPlans: 5000,
    },
    allowedRoutines: [],
    roles: [],
    policies: [],
  });
});

it('reads every option', () => {
  const asked: string[] = [];
  const text = `
listen: { host: "::1", port: 7000, proxy_protocol: { from: [10.0.0.0/8, "fd00::1"], required: false } }
upstream: { hosts: [{ host: db.example, port: 7001 }, { host: "::2" }], target_session_attrs: prefer-standby, load_balance_hosts: random, connect_seconds: 8 }
catalog: { user: u, password_file: a.password, refresh_seconds: 60, databases: [shop, "9"] }
metrics: {}
log: { level: warn }
one_way_keys: [{ id: new, file: /keys/new }, { id: old, file: old }]
limits:
  { max_sessions: 1, max_sessions_per_role: 5, idle_seconds: 6, keepalive_seconds: 0, login_seconds: 2, drain_seconds: 0, shutdown_delay_seconds: 3, cached_plans: 4 }
functions: { allow: ["public.f(integer,text)", '"Odd Schema".g()'] }
roles: { report: { max_sessions: 7, replication: allow }, "0x1F": { function_call: allow } }
policies:
  p:
    mode: observe
    databases: [shop]
    exempt_roles: [compliance]
    on_filter: mask
    on_write: refuse
    on_copy: mask
    ddl: allow
    redact_when:
      table: public.orders
      where: channel = 'amazon'
      unless: vip
    tables:
      public.orders:
        columns:
          buyerName: { category: personal_name, mask: one_way, keep_null: true }
      public."Order ""Lines""":
        belongs_to: { public.orders: order_id = id }
        columns: { '"x y"': { category: address, mask: blank } }
      public.notes:
        redacted_when: kind = 1
        columns: { body: { category: gift_message, mask: null } }
`;
  const config = parseConfig(text, 'config/x.yaml', (file) => {
    asked.push(file);
    return file.endsWith('password') ? Buffer.from('pw') : KEY;
  });
  expect(asked).toEqual(['config/a.password', '/keys/new', 'config/old']);
  const tables = 'policies.p.tables';
  expect(config).toEqual({
    listen: {
      host: '::1',
      port: 7000,
      proxyProtocol: {
        from: [
          { address: '10.0.0.0', prefix: 8 },
          { address: 'fd00::1', prefix: 128 },
        ],
        required: false,
      },
    },
    upstream: {
      host: 'db.example',
      port: 7001,
      more: [{ host: '::2', port: 5432 }],
      target: 'prefer-standby',
      balance: true,
      connectSeconds: 8,
    },
    catalog: { user: 'u', password: 'pw', refreshSeconds: 60, databases: ['shop', '9'] },
    metrics: { host: '127.0.0.1', port: 9632 },
    workers: 1,
    logLevel: 'warn',
    oneWayKeys: [
      { id: 'new', secret: KEY },
      { id: 'old', secret: KEY },
    ],
    limits: {
      maxSessions: 1,
      maxSessionsPerRole: 5,
      idleSeconds: 6,
      keepaliveSeconds: 0,
      loginSeconds: 2,
      drainSeconds: 0,
      shutdownDelaySeconds: 3,
      cachedPlans: 4,
    },
    allowedRoutines: [
      { signature: 'public.f(integer,text)', at: at(10, 22, 'functions.allow[0]') },
      { signature: '"Odd Schema".g()', at: at(10, 48, 'functions.allow[1]') },
    ],
    roles: [
      { name: 'report', maxSessions: 7, replication: true, functionCall: false },
      { name: '0x1F', replication: false, functionCall: true },
    ],
    policies: [
      {
        name: 'p',
        mode: 'observe',
        databases: ['shop'],
        exemptRoles: ['compliance'],
        onFilter: 'mask',
        onWrite: 'refuse',
        onCopy: 'mask',
        ddl: 'allow',
        redactWhen: {
          table: { schema: 'public', name: 'orders' },
          where: "channel = 'amazon'",
          unless: 'vip',
          at: at(21, 5, 'policies.p.redact_when'),
        },
        tables: [
          {
            table: { schema: 'public', name: 'orders' },
            columns: [
              {
                name: 'buyerName',
                category: 'personal_name',
                mask: { kind: 'one_way', linkable: false },
                keepNull: true,
                at: at(28, 11, `${tables}."public.orders".columns.buyerName`),
              },
            ],
            at: at(26, 7, `${tables}."public.orders"`),
          },
          {
            table: { schema: 'public', name: 'Order "Lines"' },
            belongsTo: {
              parent: { schema: 'public', name: 'orders' },
              on: [{ child: 'order_id', parent: 'id' }],
              match: 'any',
              at: at(30, 9, `${tables}."public.\\"Order \\"\\"Lines\\"\\"\\"".belongs_to`),
            },
            columns: [
              {
                name: 'x y',
                category: 'address',
                mask: { kind: 'blank' },
                keepNull: false,
                at: at(31, 20, `${tables}."public.\\"Order \\"\\"Lines\\"\\"\\"".columns."\\"x y\\""`),
              },
            ],
            at: at(29, 7, `${tables}."public.\\"Order \\"\\"Lines\\"\\"\\""`),
          },
          {
            table: { schema: 'public', name: 'notes' },
            redactedWhen: { sql: 'kind = 1', at: at(33, 24, `${tables}."public.notes".redacted_when`) },
            columns: [
              {
                name: 'body',
                category: 'gift_message',
                mask: { kind: 'null' },
                keepNull: false,
                at: at(34, 20, `${tables}."public.notes".columns.body`),
              },
            ],
            at: at(32, 7, `${tables}."public.notes"`),
          },
        ],
        at: at(13, 3, 'policies.p'),
      },
    ],
  });
});

describe('masks', () => {
  it.each([
    ['one_way', { kind: 'one_way', linkable: false }],
    ['{ one_way: {} }', { kind: 'one_way', linkable: false }],
    ['{ one_way: { linkable: true } }', { kind: 'one_way', linkable: true }],
    ['blank', { kind: 'blank' }],
    ['null', { kind: 'null' }],
    ['~', { kind: 'null' }],
    ['"null"', { kind: 'null' }],
    ['email_domain', { kind: 'email_domain' }],
    ['{ constant: "x y" }', { kind: 'constant', value: 'x y' }],
    ['{ constant: "" }', { kind: 'constant', value: '' }],
    ['{ constant: 0000 }', { kind: 'constant', value: '0000' }],
    ['{ constant: true }', { kind: 'constant', value: 'true' }],
    ['{ constant: 1970-01-01 }', { kind: 'constant', value: '1970-01-01' }],
    ['{ keep: { first: 1 } }', { kind: 'keep', first: 1, last: 0, fill: '*' }],
    ['{ keep: { first: 0, last: 100, fill: "😀" } }', { kind: 'keep', first: 0, last: 100, fill: '😀' }],
    ['{ truncate: year }', { kind: 'truncate', to: 'year' }],
    ['{ round: -12 }', { kind: 'round', digits: -12 }],
    ['{ network: { v4: 0, v6: 128 } }', { kind: 'network', v4: 0, v6: 128 }],
  ])('%s', (mask, expected) => {
    const config = parse(`
catalog: { user: u }
one_way_keys: [{ id: k, file: k }]
policies: { p: { tables: { public.t: { redacted_when: x, columns: { c: { category: email, mask: ${mask} } } } } } }
`);
    expect(config.policies[0]?.tables[0]?.columns[0]?.mask).toEqual(expected);
  });
});

describe('belongs_to', () => {
  it.each([
    ['{ public.orders: order_id = id }', [['order_id', 'id']], 'any'],
    [
      '{ public.orders: a = b AND c=d and "E e" = "and" }',
      [
        ['a', 'b'],
        ['c', 'd'],
        ['E e', 'and'],
      ],
      'any',
    ],
    [
      '{ public.orders: [a = b, c = d] }',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      'any',
    ],
    ['{ table: public.orders, on: a = b }', [['a', 'b']], 'any'],
    [
      '{ table: public."orders", on: [a = b, c = d AND e = f], match: all }',
      [
        ['a', 'b'],
        ['c', 'd'],
        ['e', 'f'],
      ],
      'all',
    ],
  ])('%s', (form, on, match) => {
    const config = parse(`
catalog: { user: u }
policies:
  p:
    redact_when: { table: public.orders, where: x }
    tables: { public.t: { belongs_to: ${form}, columns: { c: { category: email, mask: blank } } } }
`);
    const belongsTo = config.policies[0]?.tables[0]?.belongsTo;
    expect(belongsTo?.parent).toEqual({ schema: 'public', name: 'orders' });
    expect(belongsTo?.on.map(({ child, parent }) => [child, parent])).toEqual(on);
    expect(belongsTo?.match).toBe(match);
  });

  it('may lead over tables without columns, to either kind of condition', () => {
    const config = parse(`
catalog: { user: u }
policies:
  p:
    tables:
      public.leaf: { belongs_to: { public.middle: a = b }, columns: { c: { category: email, mask: blank } } }
      public.middle: { belongs_to: { public.top: a = b } }
      public.top: { redacted_when: x }
`);
    expect(config.policies[0]?.tables.map((t) => t.columns.length)).toEqual([1, 0, 0]);
  });
});

it('shares columns between tables by anchors and aliases', () => {
  const config = parse(`
catalog: { user: u }
policies:
  p:
    tables:
      public.a: { redacted_when: x, columns: &person { name: { category: personal_name, mask: blank } } }
      public.b: { redacted_when: x, columns: *person }
`);
  expect(config.policies[0]?.tables.map((t) => t.columns[0]?.at)).toEqual([
    at(6, 56, 'policies.p.tables."public.a".columns.name'),
    at(6, 56, 'policies.p.tables."public.b".columns.name'),
  ]);
});

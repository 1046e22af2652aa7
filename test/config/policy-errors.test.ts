import { describe, expect, it } from 'vitest';
import { HEAD, problems } from './problems.js';

const MASKS = 'one_way, blank, null, constant, keep, email_domain, truncate, round, network';
const CATEGORIES =
  'personal_name, address, email, phone, payment, ip_address, geo_location, survey_response, gift_message';

describe('a policy', () => {
  const table = 'tables: { public.t: { redacted_when: x, columns: { c: { category: email, mask: blank } } } }';
  it.each([
    [
      'p q: { TABLE }',
      '3:3 policies."p q": "p q" is not a name for a policy; use up to 63 letters, digits and the signs - _ . such as amazon-30-days',
    ],
    [
      'p: { TABLE, mode: enforced }',
      '3:108 policies.p.mode: unknown mode "enforced"; did you mean "enforce"? valid: enforce, observe',
    ],
    ['p: { TABLE, mode: }', '3:102 policies.p.mode: mode is empty; valid: enforce, observe'],
    ['p: { TABLE, on_filter: drop }', '3:113 policies.p.on_filter: unknown on_filter "drop"; valid: refuse, mask'],
    ['p: { TABLE, on_write: mask }', '3:112 policies.p.on_write: unknown on_write "mask"; valid: keep, refuse'],
    ['p: { TABLE, on_copy: keep }', '3:111 policies.p.on_copy: unknown on_copy "keep"; valid: refuse, mask'],
    ['p: { TABLE, ddl: true }', '3:107 policies.p.ddl: unknown ddl true; valid: refuse, allow'],
    [
      'p: { TABLE, databases: [] }',
      '3:102 policies.p.databases: must name a database; leave it out for every one, not an empty list',
    ],
    [
      'p: { TABLE, exempt_roles: root }',
      '3:116 policies.p.exempt_roles: must be a list of names of roles, such as [a, b], not "root"',
    ],
    [
      'p: x',
      '3:6 policies.p: must be a mapping, not "x"; valid keys: mode, databases, exempt_roles, redact_when, on_filter, on_write, on_copy, ddl, tables',
    ],
    ['p: {}', '3:3 policies.p.tables: is missing; a policy names the tables that it protects'],
    ['p: { tables: {} }', '3:8 policies.p.tables: names no table; a policy names the tables that it protects'],
    ['p: { tables: [a] }', '3:8 policies.p.tables: must be a mapping of tables by name, not a list'],
  ])('%s', (text, line) => {
    expect(problems(`${HEAD}policies:\n  ${text.replace('TABLE', table)}\n`)).toEqual([`c.yaml:${line}`]);
  });

  it('is one of a mapping', () => {
    expect(problems(`${HEAD}policies: [a]`)).toEqual([
      'c.yaml:2:1 policies: must be a mapping of policies by name, not a list',
    ]);
    expect(problems(`${HEAD}policies:`)).toEqual([
      'c.yaml:2:1 policies: must be a mapping of policies by name, not empty',
    ]);
  });

  const condition = "must be an SQL condition, such as: channel = 'amazon' AND shipped_at < now() - interval '30 days'";
  it.each([
    ['{ where: x }', ['4:5 policies.p.redact_when.table: is missing; it must be a table, such as public.orders']],
    ['{ table: public.t }', [`4:5 policies.p.redact_when.where: is missing; it ${condition}`]],
    ['{ table: public.t, where: }', [`4:37 policies.p.redact_when.where: ${condition}, not empty`]],
    ['{ table: public.t, where: " " }', [`4:44 policies.p.redact_when.where: ${condition}, not " "`]],
    ['{ table: public.t, where: x, unless: 1 }', [`4:55 policies.p.redact_when.unless: ${condition}, not 1`]],
    [
      '{ table: t, where: x }',
      ['4:27 policies.p.redact_when.table: table name "t" has no schema; put its schema before it, such as public.t'],
    ],
    [
      '{ table: public.u, where: x }',
      [
        '4:27 policies.p.redact_when.table: no table of this policy is public.u or belongs to it; add public.u to tables',
        '5:15 policies.p.tables."public.t": nothing says when rows of public.t are redacted; give it belongs_to or redacted_when, or make it the table of redact_when',
      ],
    ],
    ['x', ['4:18 policies.p.redact_when: must be a mapping, not "x"; valid keys: table, where, unless']],
  ])('redact_when %s', (text, lines) => {
    const tables = 'tables: { public.t: { columns: { c: { category: email, mask: blank } } } }';
    expect(problems(`${HEAD}policies:\n  p:\n    redact_when: ${text}\n    ${tables}\n`)).toEqual(
      lines.map((line) => `c.yaml:${line}`),
    );
  });
});

describe('a table', () => {
  const at = 'c.yaml:6:7 policies.p.tables';
  const bad =
    'is not a table name; write schema.table, such as public.orders; odd names in double quotes: public."Order Lines"';
  it.each([
    ['orders', `${at}.orders: table name "orders" has no schema; put its schema before it, such as public.orders`],
    ['shop.public.orders', `${at}."shop.public.orders": "shop.public.orders" ${bad}`],
    ['public.', `${at}."public.": "public." ${bad}`],
    [
      'public.Orders',
      `${at}."public.Orders": table name "public.Orders": upper-case letters need double quotes; write public."Orders" or public.orders`,
    ],
    [
      'public.my-table',
      `${at}."public.my-table": cannot read "public.my-table" from "-table" on; put odd names in double quotes`,
    ],
    [
      'public.""',
      `${at}."public.\\"\\"": table name "public.\\"\\"": it is empty; write the name as the database has it`,
    ],
    [
      `public.${'x'.repeat(64)}`,
      `${at}."public.${'x'.repeat(52)}…: table name "public.${'x'.repeat(52)}…: a name in PostgreSQL has at most 63 bytes; write the name as the database has it`,
    ],
  ])('named %s', (name, line) => {
    const body = '{ redacted_when: x, columns: { c: { category: email, mask: blank } } }';
    expect(problems(`${HEAD}policies:\n  p:\n    mode: enforce\n    tables:\n      ${name}: ${body}\n`)).toEqual([
      line,
    ]);
  });

  /** Lines of the tables start at 6. */
  const tables = (...lines: readonly string[]): readonly string[] =>
    problems(
      `${HEAD}policies:\n  p:\n    redact_when: { table: public.orders, where: x }\n    tables:\n      ${lines.join('\n      ')}\n`,
    );
  const columns = 'columns: { c: { category: email, mask: blank } }';
  const orders = `public.orders: { ${columns} }`;

  it('stands once', () => {
    expect(tables(orders, `public."orders": { ${columns} }`)).toEqual([
      'c.yaml:7:7 policies.p.tables."public.\\"orders\\"": table public.orders stands here a second time; the first is in line 6',
    ]);
  });

  it('has one way to a condition', () => {
    expect(
      tables(
        `public.orders: { redacted_when: x, ${columns} }`,
        `public.a: { belongs_to: { public.orders: a = b }, redacted_when: x, ${columns} }`,
        `public.b: { ${columns} }`,
      ),
    ).toEqual([
      `${at}."public.orders": public.orders is redact_when's table and has redacted_when; keep one of them; a second policy can add another`,
      'c.yaml:7:7 policies.p.tables."public.a": public.a has belongs_to and has redacted_when; keep one of them; a second policy can add another',
      'c.yaml:8:7 policies.p.tables."public.b": nothing says when rows of public.b are redacted; give it belongs_to or redacted_when, or make it the table of redact_when',
    ]);
  });

  it('belongs to a table of the policy', () => {
    expect(tables(orders, `public.a: { belongs_to: { shop.orders: a = b }, ${columns} }`)).toEqual([
      'c.yaml:7:19 policies.p.tables."public.a".belongs_to: this policy has no table shop.orders; add shop.orders to its tables, or name one that is there: public.orders',
    ]);
  });

  it('does not belong to itself', () => {
    expect(
      tables(
        orders,
        `public.z: { belongs_to: { public.a: a = b }, ${columns} }`,
        `public.a: { belongs_to: { public.b: a = b }, ${columns} }`,
        `public.b: { belongs_to: { public.a: a = b }, ${columns} }`,
        `public.c: { belongs_to: { public.c: a = b }, ${columns} }`,
      ),
    ).toEqual([
      'c.yaml:8:19 policies.p.tables."public.a".belongs_to: belongs to itself: public.a -> public.b -> public.a; the way has to end at redact_when\'s table or at one with redacted_when',
      'c.yaml:10:19 policies.p.tables."public.c".belongs_to: belongs to itself: public.c -> public.c; the way has to end at redact_when\'s table or at one with redacted_when',
    ]);
  });

  it('protects something, or others belong to it', () => {
    expect(
      tables(
        'public.orders: {}',
        'public.a: { redacted_when: x, columns: {} }',
        'public.b: { redacted_when: x }',
        `public.c: { belongs_to: { public.b: a = b }, ${columns} }`,
      ),
    ).toEqual([
      `${at}."public.orders": public.orders protects nothing; list the columns that hold personal data; only a table that others belong to may have none`,
      'c.yaml:7:7 policies.p.tables."public.a": public.a protects nothing; list the columns that hold personal data; only a table that others belong to may have none',
    ]);
  });

  it('has known keys and a mapping of columns', () => {
    expect(tables(orders, 'public.a: { belongs: x, redacted_when: y, columns: [c] }', 'public.b:')).toEqual([
      'c.yaml:7:19 policies.p.tables."public.a".belongs: unknown key "belongs"; did you mean "belongs_to"? valid: belongs_to, redacted_when, columns',
      'c.yaml:7:49 policies.p.tables."public.a".columns: must be a mapping of columns by name, not a list',
      'c.yaml:8:7 policies.p.tables."public.b": must be a mapping, not empty; valid keys: belongs_to, redacted_when, columns',
    ]);
  });

  const forms =
    'write belongs_to: { public.orders: order_id = id }, child column first, or { table: public.orders, on: order_id = id, match: all }';
  const on = 'write child_column = parent_column, several joined by AND';
  it.each([
    ['public.orders', `31 P: must be a mapping, not "public.orders"; ${forms}`],
    ['{}', `19 P: must name one table, not 0; ${forms}; columns joined by AND`],
    ['{ public.orders: a = b, public.b: c = d }', `19 P: must name one table, not 2; ${forms}; columns joined by AND`],
    [
      '{ orders: a = b }',
      '33 P.orders: table name "orders" has no schema; put its schema before it, such as public.orders',
    ],
    ['{ public.orders: a }', `48 P."public.orders": "a" is not an equality of two columns; ${on}`],
    [
      '{ public.orders: a = b OR c = d }',
      `48 P."public.orders": "a = b OR c = d" is not an equality of two columns; ${on}`,
    ],
    ['{ public.orders: a = b AND }', `48 P."public.orders": "a = b AND" is not an equality of two columns; ${on}`],
    [
      '{ public.orders: a = orders.b }',
      `48 P."public.orders": "a = orders.b" names a table; ${on}, without names of tables`,
    ],
    [
      '{ public.orders: orderId = id }',
      '48 P."public.orders": column name "orderId": upper-case letters need double quotes; write "orderId" or orderid',
    ],
    [
      '{ public.orders: a < b }',
      '48 P."public.orders": cannot read "a < b" from "< b" on; put odd names in double quotes',
    ],
    [
      '{ public.orders: 1 }',
      '48 P."public.orders": must be an equality of two columns, not 1; such as order_id = id, child column first',
    ],
    [
      '{ public.orders: [a = b, 1] }',
      '56 P."public.orders"[1]: must be an equality of two columns, not 1; such as order_id = id, child column first',
    ],
    ['{ public.orders: [] }', '33 P."public.orders": is missing; such as order_id = id, child column first'],
    ['{ table: public.orders }', '19 P.on: is missing; such as order_id = id, child column first'],
    ['{ on: a = b }', '19 P.table: is missing; it must be a table, such as public.orders'],
    ['{ table: public.orders, on: a = b, match: some }', '73 P.match: unknown match "some"; valid: any, all'],
    [
      '{ public.orders: a = b, match: all }',
      [
        '19 P.table: is missing; it must be a table, such as public.orders',
        '19 P.on: is missing; such as order_id = id, child column first',
        '33 P."public.orders": unknown key "public.orders"; valid: table, on, match',
      ],
    ],
  ])('belongs_to %s', (form, lines) => {
    expect(tables(orders, `public.a: { belongs_to: ${form}, ${columns} }`)).toEqual(
      [lines].flat().map((line) => `c.yaml:7:${line.replace('P', 'policies.p.tables."public.a".belongs_to')}`),
    );
  });
});

describe('a column', () => {
  /** Lines from 3; columns of lines and findings count without the indentation, which a flow mapping needs. */
  const column = (text: string): readonly string[] =>
    problems(
      `${HEAD}policies: { p: { tables: { public.t: { redacted_when: x, columns: {\n${text.replace(/^/gm, ' ')} } } } } }`,
    ).map((line) => line.replace(/^c.yaml:(\d+):(\d+)/, (_, row, column) => `c.yaml:${row}:${Number(column) - 1}`));
  const c = 'policies.p.tables."public.t".columns.c';
  const whole = 'must be a whole number';

  it.each([
    ['c: x', `4 ${c}: must be a mapping, not "x"; valid keys: category, mask, keep_null`],
    ['c: { mask: blank }', `1 ${c}.category: is missing; valid: ${CATEGORIES}`],
    [
      'c: { category: emial, mask: blank }',
      `16 ${c}.category: unknown category "emial"; did you mean "email"? valid: ${CATEGORIES}`,
    ],
    ['c: { category: email }', `1 ${c}.mask: is missing; such as mask: blank`],
    [
      'c: { category: email, mask: blank, keep_nul: true }',
      `36 ${c}.keep_nul: unknown key "keep_nul"; did you mean "keep_null"? valid: category, mask, keep_null`,
    ],
    ['c: { category: email, mask: blank, keep_null: yes }', `47 ${c}.keep_null: must be true or false, not "yes"`],
    [
      '"": { category: email, mask: blank }',
      `1 ${c.slice(0, -1)}"": column name "": it is empty; write the name as the database has it`,
    ],
    [
      '__proto__: { category: email, mask: blanc }',
      `37 ${c.slice(0, -1)}__proto__.mask: unknown mask "blanc"; did you mean "blank"? valid: ${MASKS}`,
    ],
  ])('%s', (text, line) => {
    expect(column(text)).toEqual([`c.yaml:3:${line}`]);
  });

  it('stands once, however it is quoted', () => {
    expect(column(`c: { category: email, mask: blank },\n'"c"': { category: email, mask: blank }`)).toEqual([
      'c.yaml:4:1 policies.p.tables."public.t".columns."\\"c\\"": column "c" stands here a second time; the first is in line 3',
    ]);
  });

  it.each([
    ['oneway', `29 M: unknown mask "oneway"; did you mean "one_way"? valid: ${MASKS}`],
    ['7', `29 M: unknown mask 7; valid: ${MASKS}`],
    ['', `23 M: mask is empty; valid: ${MASKS}`],
    ['[blank]', `23 M: unknown mask a list; valid: ${MASKS}`],
    ['{}', '23 M: must name one mask, not 0; such as { keep: { first: 1, last: 2, fill: "*" } }'],
    ['{ blank: {}, keep: {} }', '23 M: must name one mask, not 2; such as { keep: { first: 1, last: 2, fill: "*" } }'],
    ['{ kep: {} }', `31 M.kep: unknown mask "kep"; did you mean "keep"? valid: ${MASKS}`],
    ['{ blank: {} }', '31 M.blank: mask blank has no options; write mask: blank'],
    ['{ null: {} }', '31 M.null: mask null has no options; write mask: null'],
    ['constant', '29 M: mask constant needs to be told more; write mask: { constant: "withheld" }'],
    ['keep', '29 M: mask keep needs to be told more; write mask: { keep: { first: 1, last: 2, fill: "*" } }'],
    ['truncate', '29 M: mask truncate needs to be told more; write mask: { truncate: month }'],
    ['round', '29 M: mask round needs to be told more; write mask: { round: 1 }'],
    ['network', '29 M: mask network needs to be told more; write mask: { network: { v4: 24, v6: 48 } }'],
    [
      '{ one_way: { linkabel: true } }',
      '42 M.one_way.linkabel: unknown key "linkabel"; did you mean "linkable"? valid: linkable',
    ],
    ['{ one_way: { linkable: 1 } }', '52 M.one_way.linkable: must be true or false, not 1'],
    [
      '{ constant: }',
      '31 M.constant: must be a text, a number, true or false, not null; write mask: { constant: "withheld" }; for NULL write mask: null',
    ],
    [
      '{ constant: [a] }',
      '31 M.constant: must be a text, a number, true or false, not a list; write mask: { constant: "withheld" }; for NULL write mask: null',
    ],
    ['{ keep: 3 }', '37 M.keep: must be a mapping, not 3; valid keys: first, last, fill'],
    ['{ keep: { first: 101 } }', `46 M.keep.first: ${whole} from 0 to 100, not 101`],
    ['{ keep: { last: -1 } }', `45 M.keep.last: ${whole} from 0 to 100, not -1`],
    ['{ keep: { fill: "**" } }', '45 M.keep.fill: must be one character, not "**"'],
    ['{ truncate: day }', '41 M.truncate: unknown truncate "day"; valid: year, month'],
    ['{ round: 13 }', `38 M.round: ${whole} of decimal places from -12 to 12, not 13`],
    ['{ round: 0.5 }', `38 M.round: ${whole} of decimal places from -12 to 12, not 0.5`],
    ['{ network: { v4: 33, v6: 48 } }', `46 M.network.v4: ${whole} of bits from 0 to 32, not 33`],
    ['{ network: { v4: 24, v6: 129 } }', `54 M.network.v6: ${whole} of bits from 0 to 128, not 129`],
    ['{ network: { v4: 24 } }', `31 M.network.v6: is missing; it ${whole} of bits from 0 to 128`],
  ])('mask %s', (mask, line) => {
    expect(column(`c: { category: email, mask: ${mask} }`)).toEqual([`c.yaml:3:${line.replace('M', `${c}.mask`)}`]);
  });

  it('with a one_way mask needs a key, which is said once', () => {
    expect(column('c: { category: email, mask: one_way },\nd: { category: email, mask: one_way }')).toEqual([
      `c.yaml:3:1 ${c}: mask one_way needs a key and there is none; add one_way_keys: [{ id: 2026-11, file: one-way.key }] at the top level`,
    ]);
  });
});

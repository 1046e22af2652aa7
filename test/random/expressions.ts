/** Random expressions of a wanted type. Each is deterministic and, but for `riskyCast`, raises no error. */
import type { Expr, Generation, Rule, Scope, ScopeColumn } from './scope.js';
import { SQL_TYPES, type Type } from './tables.js';

type Make = (type: Type) => Expr;

/** Types that columns and expressions are made of everywhere. */
export const COMMON_TYPES = [
  'text',
  'int',
  'bigint',
  'numeric',
  'bool',
  'date',
  'time',
  'inet',
  'jsonb',
  'texts',
] as const;

export function expression(g: Generation, type: Type, scope: Scope, depth: number, rule: Rule): Expr {
  const { choices: c } = g;
  // No cast to it is allowed: one of them calls a function that reads protected columns.
  if (type === 'pair' || depth <= 0 || c.chance(0.35)) return leaf(g, type, scope, rule);
  if (scope.aggregated && c.chance(0.4)) return aggregate(g, type, scope, rule);
  const sub: Make = (t) => expression(g, t, scope, depth - 1, rule);
  if (c.chance(0.15)) return branching(g, type, sub, scope, rule);
  if (c.chance(0.06)) return g.subquery('scalar', type, scope, rule);
  return operation(g, type, sub, scope, rule);
}

/** A column, an aggregate, or a constant. */
export function leaf(g: Generation, type: Type, scope: Scope, rule: Rule): Expr {
  const { choices: c } = g;
  const fits = (column: ScopeColumn): boolean => column.type === type && (rule === 'any' || !column.tainted);
  const own = scope.columns.filter(fits);
  const telling = own.filter((column) => column.tainted);
  if (telling.length > 0 && c.chance(0.6)) return c.pick(telling);
  if (own.length > 0 && (type === 'pair' || !c.chance(0.1))) return c.pick(own);
  const outer = scope.outer.filter(fits);
  if (outer.length > 0 && c.chance(0.6)) return c.pick(outer);
  return scope.aggregated && c.chance(0.5) ? aggregate(g, type, scope, rule) : constant(g, type);
}

const WORDS = [
  '',
  'a',
  'Alan Archer',
  'amazon',
  'Berlin',
  '%',
  "it's",
  'Zoë',
  '10115',
  'x_y',
  '@known.test',
  '(withheld)',
];

export function constant(g: Generation, type: Type): Expr {
  const { choices: c, parameters } = g;
  const of = (sql: string): Expr => ({ sql, type, tainted: false });
  const given = (value: string): Expr | undefined => {
    if (!parameters || !c.chance(0.4)) return undefined;
    parameters.push(value);
    return of(`$${parameters.length}::${SQL_TYPES[type]}`);
  };
  switch (type) {
    case 'int': {
      const n = String(c.integer(0, 9));
      return given(n) ?? of(n);
    }
    case 'bigint': {
      const n = String(c.pick([0, 7, 42, 900001, 900003, 900011]));
      return given(n) ?? of(`${n}::bigint`);
    }
    case 'numeric': {
      const n = `${c.integer(0, 200)}.${c.integer(10, 99)}`;
      return given(n) ?? of(`${n}::numeric`);
    }
    case 'text': {
      const word = c.pick(WORDS);
      return given(word) ?? of(c.chance(0.3) ? `$q$${word}$q$::text` : `'${word.replaceAll("'", "''")}'::text`);
    }
    case 'bool':
      return of(c.pick(['true', 'false', 'NULL::boolean']));
    case 'date':
      return of(`date '20${c.integer(10, 29)}-0${c.integer(1, 9)}-1${c.integer(0, 9)}'`);
    case 'time':
      return of(`timestamptz '20${c.integer(10, 29)}-0${c.integer(1, 9)}-1${c.integer(0, 9)} 12:00:00+00'`);
    case 'inet':
      return of(`inet '10.${c.integer(0, 9)}.2.0/24'`);
    case 'degrees':
      return of('12.500000::numeric(9,6)');
    case 'jsonb':
      return of(`'{"k": [1, "two", null]}'::jsonb`);
    case 'texts':
      return of(`'{a,NULL,"b c"}'::text[]`);
    case 'shade':
      return of("'dark'::shade");
    case 'pair':
      g.refusals.add('a cast to pair');
      return of('NULL::pair');
    case 'xml':
      return of("'<a/>'::xml");
    default:
      return type satisfies never;
  }
}

function branching(g: Generation, type: Type, sub: Make, scope: Scope, rule: Rule): Expr {
  const { choices: c } = g;
  const [a, b] = [sub(type), sub(type)];
  const all = (sql: string, ...parts: readonly Expr[]): Expr => ({ sql, type, tainted: parts.some((p) => p.tainted) });
  switch (c.integer(0, 4)) {
    case 0: {
      const when = condition(g, scope, 1, rule);
      return all(`CASE WHEN ${when.sql} THEN ${a.sql} ELSE ${b.sql} END`, when, a, b);
    }
    case 1:
      return all(`coalesce(${a.sql}, ${b.sql})`, a, b);
    case 2: {
      const by = leaf(g, 'text', scope, rule);
      return all(`CASE ${by.sql} WHEN 'amazon' THEN ${a.sql} WHEN ${text(g)} THEN ${b.sql} END`, by, a, b);
    }
    case 3:
      // Cast to its own type, a column stays what it is, and keeps its origin; a mask of it does not.
      return all(/^[\w."]+$/.test(a.sql) ? `(${a.sql})` : `(${a.sql})::${SQL_TYPES[type]}`, a);
    default: {
      if (!COMMON_TYPES.some((t) => t === type)) return a;
      return c.chance(0.5) && type !== 'jsonb' && type !== 'texts' && type !== 'bool'
        ? all(`${c.pick(['greatest', 'least'])}(${a.sql}, ${b.sql})`, a, b)
        : all(`nullif(${a.sql}, ${b.sql})`, a, b);
    }
  }
}

const text = (g: Generation): string => `'${g.choices.pick(WORDS).replaceAll("'", "''")}'`;

function operation(g: Generation, type: Type, sub: Make, scope: Scope, rule: Rule): Expr {
  const { choices: c } = g;
  const used: Expr[] = [];
  const arg = (t: Type): string => {
    const made = sub(t);
    used.push(made);
    return made.sql;
  };
  const templates: Readonly<Record<Type, readonly (() => string)[]>> = {
    int: [
      () => `length(${arg('text')})`,
      () => `(${arg('int')} + ${c.integer(0, 5)})`,
      () => `(${arg('int')} - ${arg('int')})`,
      () => `(${arg('int')} * ${c.integer(0, 3)})`,
      () => `abs(${arg('int')})`,
      () => `(${arg('int')} % ${c.integer(2, 9)})`,
      () => `extract(${c.pick(['year', 'month', 'dow'])} FROM ${arg('date')})::int`,
      () => `extract(hour FROM ${arg('time')} AT TIME ZONE 'UTC')::int`,
      () => `position(${text(g)} IN ${arg('text')})`,
      () => `ascii(${arg('text')})`,
      () => `(${arg('bool')})::int`,
      () => `coalesce(array_length(${arg('texts')}, 1), 0)`,
      () => `cardinality(${arg('texts')})`,
      () => `num_nonnulls(${arg('text')}, ${arg('int')}, ${arg('date')})`,
      () => `octet_length(${arg('text')})`,
      () => `masklen(${arg('inet')})`,
      () => `family(${arg('inet')})`,
      () => `width_bucket(${arg('numeric')}, 0, 1000, 5)`,
      () => `strpos(lower(${arg('text')}), 'a')`,
      () => `array_position(${arg('texts')}, ${text(g)})`,
    ],
    bigint: [
      () => `(${arg('int')})::bigint`,
      () => `(${arg('bigint')} - ${arg('int')})`,
      () => `(${arg('bigint')} % ${c.integer(2, 9)})`,
      () => `(${arg('bigint')} & 255)`,
      () => `hashtext(${arg('text')})::bigint`,
    ],
    numeric: [
      () => `round(${arg('numeric')}, 2)`,
      () => `round(${arg('numeric')} * ${arg('int')}, 2)`,
      () => `(${arg('numeric')} + ${arg('numeric')})`,
      () => `(${arg('numeric')} - ${arg('numeric')})`,
      () => `abs(${arg('numeric')})`,
      () => `round(${arg('degrees')}, 2)`,
      () => `round(${arg('numeric')} / nullif(${arg('int')}, 0), 2)`,
      () => `round((${arg('int')})::numeric, 2)`,
      () => `round(extract(epoch FROM ${arg('time')}), 2)`,
      () => `trunc(${arg('numeric')}, 2)`,
    ],
    degrees: [() => `abs(${arg('degrees')})`, () => `(- ${arg('degrees')})`],
    text: [
      () => `upper(${arg('text')})`,
      () => `lower(${arg('text')})`,
      () => `initcap(${arg('text')})`,
      () => `reverse(${arg('text')})`,
      () => `left(${arg('text')}, ${c.integer(1, 4)})`,
      () => `right(${arg('text')}, ${c.integer(1, 4)})`,
      () => `substring(${arg('text')} FROM ${c.integer(1, 3)} FOR ${c.integer(1, 5)})`,
      () => `substr(${arg('text')}, ${c.integer(1, 4)})`,
      () => `(${arg('text')} || ${arg('text')})`,
      () => `concat(${arg('text')}, ${arg('bigint')}, ${arg('bool')})`,
      () => `concat_ws('-', ${arg('text')}, ${arg('text')})`,
      () => `replace(${arg('text')}, ${text(g)}, 'r')`,
      () => `translate(${arg('text')}, 'abc', 'xyz')`,
      () => `md5(${arg('text')})`,
      () => `lpad(${arg('text')}, ${c.integer(3, 12)}, '.')`,
      () => `split_part(${arg('text')}, ' ', ${c.integer(1, 2)})`,
      () => `regexp_replace(${arg('text')}, '[aeiou]', '*', 'g')`,
      () => `trim(BOTH ' ' FROM ${arg('text')})`,
      () => `overlay(${arg('text')} PLACING '#' FROM 2 FOR 1)`,
      () => `to_char(${arg('date')}, 'YYYY-MM')`,
      () => `to_char(${arg('time')} AT TIME ZONE 'UTC', 'DD Mon HH24:MI')`,
      () => `(${arg('bigint')})::text`,
      () => `CAST(${arg('numeric')} AS text)`,
      () => `host(${arg('inet')})`,
      () => `(${arg('jsonb')} ->> 'k')`,
      () => `(${arg('jsonb')} #>> '{k,0}')`,
      () => `format('%s/%s', ${arg('text')}, ${arg('int')})`,
      () => `quote_literal(${arg('text')})`,
      () => `array_to_string(${arg('texts')}, ',', '?')`,
      () => `(${arg('texts')})[${c.integer(1, 2)}]`,
      () => `encode(sha256(convert_to(${arg('text')}, 'UTF8')), 'hex')`,
      () => `(${arg('shade')})::text`,
      () => `pg_typeof(${arg('text')})::text`,
      () => `jsonb_typeof(${arg('jsonb')})`,
      () => wholeRow(g, scope, rule, used, (row) => `(${row})::text`) ?? `rtrim(${arg('text')})`,
      () => wholeRow(g, scope, rule, used, (row) => `row_to_json(${row})::text`) ?? `ltrim(${arg('text')})`,
      () => `ROW(${arg('text')}, ${arg('int')})::text`,
    ],
    bool: [
      () => `(${arg('text')} = ${arg('text')})`,
      () => `(${arg('bigint')} < ${arg('bigint')})`,
      () => `(${arg('numeric')} >= ${arg('numeric')})`,
      () => `(${arg('date')} <= ${arg('date')})`,
      () => `(${arg('text')} COLLATE "C" > ${arg('text')})`,
      () => `(${arg('text')} IS NULL)`,
      () => `(${arg('time')} IS NOT NULL)`,
      () => `(${arg('text')} LIKE '${c.pick(['A%', '%a%', '_b%'])}')`,
      () => `(${arg('text')} NOT ILIKE '%e%')`,
      () => `(${arg('text')} ~ '^[A-M]')`,
      () => `(${arg('text')} SIMILAR TO '%(a|b)%')`,
      () => `(${arg('int')} BETWEEN ${c.integer(0, 3)} AND ${c.integer(4, 9)})`,
      () => `(${arg('text')} IN (${text(g)}, ${arg('text')}))`,
      () => `(${arg('text')} NOT IN ('a', 'ebay'))`,
      () => `(${arg('text')} IS DISTINCT FROM ${arg('text')})`,
      () => `(${arg('bool')} AND ${arg('bool')})`,
      () => `(${arg('bool')} OR ${arg('bool')})`,
      () => `(NOT ${arg('bool')})`,
      () => `(${arg('bool')} IS NOT TRUE)`,
      () => `(${arg('text')} = ANY (${arg('texts')}))`,
      () => `(${arg('texts')} && ARRAY['a', 'x'])`,
      () => `((${arg('text')}, ${arg('int')}) < (${text(g)}, ${c.integer(0, 5)}))`,
      () => `starts_with(${arg('text')}, 'A')`,
      () => `(${arg('inet')} << inet '10.0.0.0/8')`,
      () => `(${arg('jsonb')} ? 'k')`,
      () => `(${arg('jsonb')} @> '{"k": 1}')`,
      () => `jsonb_path_exists(${arg('jsonb')}, '$.k[*]')`,
      () => `((${arg('date')}, ${arg('date')}) OVERLAPS (date '2020-01-01', date '2025-01-01'))`,
      () => {
        const query = g.subquery('exists', 'bool', scope, rule);
        used.push(query);
        return `EXISTS (${query.sql})`;
      },
      () => {
        const of = c.pick(['text', 'bigint', 'int'] as const);
        const query = g.subquery('any', of, scope, rule);
        used.push(query);
        return `(${arg(of)} ${c.pick(['IN', 'NOT IN', '= ANY', '> ALL'])} (${query.sql}))`;
      },
    ],
    date: [
      () => `(${arg('date')} + ${c.integer(0, 40)})`,
      () => `(${arg('time')} AT TIME ZONE 'UTC')::date`,
      () => `date_trunc('month', ${arg('date')})::date`,
      () => `make_date(2000 + ${c.integer(0, 30)}, 1 + (abs(${arg('int')}) % 12), 1)`,
    ],
    time: [
      () => `date_trunc('${c.pick(['day', 'month', 'year'])}', ${arg('time')}, 'UTC')`,
      () => `(${arg('time')} - interval '${c.integer(1, 9)} days')`,
      () => `to_timestamp(${arg('int')} % 1000000)`,
    ],
    inet: [() => `set_masklen(${arg('inet')}, 8)`, () => `network(${arg('inet')})::inet`],
    jsonb: [
      () => `jsonb_build_object('k', ${arg('text')}, 'n', ${arg('int')})`,
      () => `jsonb_build_array(${arg('text')}, ${arg('date')}, NULL)`,
      () => `to_jsonb(${arg('texts')})`,
      () => `(${arg('jsonb')} || '{"m": 1}')`,
      () => `(${arg('jsonb')} -> 'k')`,
      () => wholeRow(g, scope, rule, used, (row) => `to_jsonb(${row})`) ?? `to_jsonb(${arg('numeric')})`,
      () => `to_jsonb(ROW(${arg('text')}, ${arg('bool')}))`,
      () => `jsonb_build_object('a', ${arg('jsonb')})`,
      () => `JSON_OBJECT('t': ${arg('text')}, 'n': ${arg('int')} ABSENT ON NULL RETURNING jsonb)`,
    ],
    texts: [
      () => `ARRAY[${arg('text')}, ${arg('text')}]`,
      () => `string_to_array(${arg('text')}, ' ')`,
      () => `array_append(${arg('texts')}, ${arg('text')})`,
      () => `(${arg('texts')} || ${arg('texts')})`,
      () => `regexp_split_to_array(${arg('text')}, '[ ,]+')`,
      () => `regexp_match(${arg('text')}, '^(.)(.*)$')`,
      () => {
        const query = g.subquery('any', 'text', scope, rule);
        used.push(query);
        return `ARRAY(SELECT x.c::text FROM (${query.sql}) x(c) ORDER BY 1)`;
      },
    ],
    shade: [() => `enum_first(${arg('shade')})`],
    pair: [() => arg('pair')],
    xml: [() => `xmlelement(name e, ${arg('text')})`],
  };
  const sql = c.pick(templates[type])();
  return { sql, type, tainted: used.some((e) => e.tainted) };
}

function wholeRow(
  g: Generation,
  scope: Scope,
  rule: Rule,
  used: Expr[],
  make: (row: string) => string,
): string | undefined {
  const items = scope.rows.filter((item) => item.hasRow && (rule === 'any' || !item.columns.some((c) => c.tainted)));
  if (items.length === 0) return undefined;
  const item = g.choices.pick(items);
  used.push({ sql: item.alias, type: 'text', tainted: item.columns.some((c) => c.tainted) });
  return make(item.alias);
}

export function condition(g: Generation, scope: Scope, depth: number, rule: Rule): Expr {
  return operation(g, 'bool', (t) => expression(g, t, scope, depth - 1, rule), scope, rule);
}

/** Over the rows before grouping; ordered wherever the order shows. */
export function aggregate(g: Generation, type: Type, scope: Scope, rule: Rule): Expr {
  const { choices: c } = g;
  const below = scope.aggregated!;
  const used: Expr[] = [];
  const arg = (t: Type): string => {
    const made = expression(g, t, below, 1, rule);
    used.push(made);
    return made.sql;
  };
  const ordered = (name: string, value: string, more = ''): string => {
    const distinct = c.chance(0.2) ? 'DISTINCT ' : '';
    return `${name}(${distinct}${value}${more} ORDER BY ${value}${c.chance(0.2) ? ' DESC' : ''})`;
  };
  const templates: Partial<Record<Type, readonly (() => string)[]>> = {
    int: [
      () => `max(${arg('int')})`,
      () => `min(${arg('int')})`,
      () => `count(${arg('text')})::int`,
      () => `sum(${arg('int')})::int`,
      () => `bit_or(${arg('int')})`,
    ],
    bigint: [
      () => 'count(*)',
      () => `count(${arg('text')})`,
      () => `count(DISTINCT ${arg('text')})`,
      () => `sum(${arg('int')})`,
      () => `max(${arg('bigint')})`,
      () => `regr_count(${arg('int')}, ${arg('int')})`,
    ],
    numeric: [
      () => `sum(${arg('numeric')})`,
      () => `round(avg(${arg('numeric')}), 2)`,
      () => `min(${arg('numeric')})`,
      () => `round(stddev_pop(${arg('int')}), 2)`,
      () => `percentile_disc(0.5) WITHIN GROUP (ORDER BY ${arg('numeric')})`,
    ],
    text: [
      () => `max(${arg('text')})`,
      () => `min(${arg('text')})`,
      () => ordered('string_agg', `(${arg('text')})::text`, ", ','"),
      () => `mode() WITHIN GROUP (ORDER BY ${arg('text')})`,
      () => `max(${arg('bigint')})::text`,
    ],
    bool: [() => `bool_or(${arg('bool')})`, () => `every(${arg('bool')})`, () => `(count(*) > ${c.integer(0, 3)})`],
    date: [() => `max(${arg('date')})`, () => `min(${arg('date')})`],
    time: [() => `max(${arg('time')})`, () => `min(${arg('time')})`],
    inet: [() => `max(${arg('inet')})`],
    jsonb: [
      () => ordered('jsonb_agg', arg('text')),
      () => ordered('jsonb_agg', arg('jsonb')),
      () => {
        const key = `coalesce(${arg('text')}, 'none')`;
        const value = arg('int');
        return `jsonb_object_agg(${key}, ${value} ORDER BY ${key}, ${value})`;
      },
      () => `jsonb_build_object('n', count(*), 'max', max(${arg('text')}))`,
    ],
    texts: [() => ordered('array_agg', `(${arg('text')})::text`)],
    degrees: [() => `max(${arg('degrees')})`],
    shade: [() => `min(${arg('shade')})`],
  };
  const make = templates[type];
  if (!make) return constant(g, type);
  let sql = c.pick(make)();
  if (isOneCall(sql) && c.chance(0.25)) {
    const filter = condition(g, below, 1, 'clean');
    used.push(filter);
    sql += ` FILTER (WHERE ${filter.sql})`;
  }
  return { sql, type, tainted: used.some((e) => e.tainted) };
}

/** Not cast, nor an operand: it can take FILTER. */
function isOneCall(sql: string): boolean {
  if (!/^(count|sum|max|min|string_agg|array_agg|jsonb_agg|bool_or|every)\(/.test(sql)) return false;
  let depth = 0;
  for (let at = 0; at < sql.length; at++) {
    if (sql[at] === '(') depth++;
    if (sql[at] === ')' && --depth === 0) return at === sql.length - 1;
  }
  return false;
}

/**
 * A window function.
 * @param total references that order the level's rows, up to rows that are the same; undefined where nothing does
 * @param named takes definitions for the level's WINDOW clause
 */
export function windowCall(
  g: Generation,
  type: Type,
  scope: Scope,
  total: readonly string[] | undefined,
  named: string[],
): Expr | undefined {
  const { choices: c } = g;
  const used: Expr[] = [];
  const arg = (t: Type, depth = 1): string => {
    const made = expression(g, t, scope, depth, 'any');
    used.push(made);
    return made.sql;
  };
  const partition = c.chance(0.5) ? `PARTITION BY ${arg(c.pick(['text', 'text', 'date', 'bool'] as const))} ` : '';
  /** The definition itself, or a name for it. */
  const over = (definition: string): string => {
    if (!c.chance(0.25)) return definition;
    const name = g.fresh('w');
    named.push(`${name} AS ${definition}`);
    return name;
  };
  const loose = (): string => {
    const order = c.chance(0.7)
      ? `ORDER BY ${arg(c.pick(['text', 'numeric', 'time'] as const))}${c.pick(['', ' DESC', ' NULLS FIRST'])}`
      : '';
    const frame =
      order && c.chance(0.4)
        ? c.pick([
            ' RANGE UNBOUNDED PRECEDING',
            ' GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW',
            ' GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP',
            ' RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES',
          ])
        : '';
    return over(`(${partition}${order}${frame})`);
  };
  const offsets = (): string =>
    `(${partition}ORDER BY ${arg('int')} RANGE BETWEEN ${c.integer(0, 3)} PRECEDING AND ${c.integer(0, 3)} FOLLOWING)`;
  const exact = (): string => {
    used.push(...scope.columns.filter((column) => total!.includes(column.sql)));
    const first = c.chance(0.5) ? `${arg('text')}, ` : '';
    const frame = c.chance(0.4)
      ? ` ROWS BETWEEN ${c.integer(0, 3)} PRECEDING AND ${c.pick(['CURRENT ROW', '2 FOLLOWING EXCLUDE CURRENT ROW'])}`
      : '';
    return over(`(${partition}ORDER BY ${first}${total!.join(', ')}${frame})`);
  };
  const templates: Partial<Record<Type, readonly (() => string)[]>> = {
    bigint: [
      () => `rank() OVER ${loose()}`,
      () => `dense_rank() OVER ${loose()}`,
      () => `count(*) OVER ${loose()}`,
      () => `count(${arg('text')}) OVER ${loose()}`,
      () => `sum(${arg('int')}) OVER ${c.chance(0.3) ? offsets() : loose()}`,
      ...(total ? [() => `row_number() OVER ${exact()}`] : []),
    ],
    int: [
      () => `max(${arg('int')}) OVER ${loose()}`,
      ...(total ? [() => `ntile(3) OVER ${exact()}`, () => `lag(${arg('int')}, 1, 0) OVER ${exact()}`] : []),
    ],
    numeric: [
      () => `sum(${arg('numeric')}) OVER ${loose()}`,
      () => `round(percent_rank() OVER ${loose()}::numeric, 2)`,
      () => `round(avg(${arg('numeric')}) OVER ${loose()}, 2)`,
    ],
    text: [
      () => `max(${arg('text')}) OVER ${loose()}`,
      ...(total
        ? [
            () => `lag(${arg('text')}) OVER ${exact()}`,
            () => `lead(${arg('text')}, 2) OVER ${exact()}`,
            () => `first_value(${arg('text')}) OVER ${exact()}`,
            () => `nth_value(${arg('text')}, 2) OVER ${exact()}`,
            () => `string_agg((${arg('text')})::text, ',') OVER ${exact()}`,
          ]
        : []),
    ],
    time: [() => `min(${arg('time')}) OVER ${loose()}`],
  };
  const make = templates[type];
  if (!make) return undefined;
  const sql = c.pick(make)();
  return { sql, type, tainted: used.some((e) => e.tainted) };
}

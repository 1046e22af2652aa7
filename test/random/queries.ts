/** Random queries: levels of SELECT, set operations and WITH. */
import { COMMON_TYPES, condition, expression, leaf, windowCall } from './expressions.js';
import { type From, fromClause } from './from.js';
import {
  type Cte,
  type Expr,
  type Generation,
  type Item,
  type OutputColumn,
  type Rule,
  type Scope,
  type ScopeColumn,
  type SubqueryKind,
  subScope,
} from './scope.js';
import { isOrderable, type Type } from './tables.js';

export interface Query {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
  /** Its rows come in an order that leaves nothing open. */
  readonly ordered: boolean;
}

interface Wanted {
  /** What it sees of the levels above. */
  readonly outer: Scope;
  readonly depth: number;
  readonly rule: Rule;
  /** The types of its columns; undefined for any. */
  readonly types?: readonly Type[];
  /** At most a few rows. */
  readonly few?: boolean;
  /** At most one row. */
  readonly one?: boolean;
  /** The client's own query: `*` and columns without names will do. */
  readonly top?: boolean;
}

/** A whole query: WITH, set operations, levels. */
export function wholeQuery(g: Generation, wanted: Wanted): Query {
  const { choices: c } = g;
  if ((wanted.depth <= 0 && !wanted.top) || !c.chance(0.18)) return setOrLevel(g, wanted);
  const ctes: Cte[] = [];
  const texts: string[] = [];
  for (let n = c.integer(1, 2); n > 0; n--) {
    const outer = { ...wanted.outer, ctes: [...ctes, ...wanted.outer.ctes] };
    const [cte, text] = c.chance(0.2) ? recursiveCte(g) : plainCte(g, outer, wanted.depth);
    ctes.push(cte);
    texts.push(text);
  }
  const recursive = texts.some((text) => text.includes('/*r*/'));
  // RECURSIVE lets a query name itself: one that has a table's name would.
  if (recursive && ctes.some((cte) => SHADOWING.includes(cte.name))) return setOrLevel(g, wanted);
  const main = setOrLevel(g, { ...wanted, outer: { ...wanted.outer, ctes: [...ctes, ...wanted.outer.ctes] } });
  const sql = `WITH ${recursive ? 'RECURSIVE ' : ''}${texts.join(', ').replaceAll('/*r*/', '')} ${main.sql}`;
  return { ...main, sql };
}

const SHADOWING: readonly string[] = ['orders', 'customers', 'payments'];

function plainCte(g: Generation, outer: Scope, depth: number): readonly [Cte, string] {
  const { choices: c } = g;
  const query = setOrLevel(g, { outer, depth: Math.max(0, depth - 1), rule: 'any' });
  const free = SHADOWING.filter((name) => !outer.ctes.some((cte) => cte.name === name));
  const name = c.chance(0.1) && free.length > 0 ? c.pick(free) : g.fresh('q');
  const renamed = c.chance(0.3);
  const columns = query.columns.map((column) => (renamed ? { ...column, name: g.fresh('n') } : column));
  const list = renamed ? `(${columns.map((column) => column.name).join(', ')})` : '';
  const how = c.weighted([
    [5, ''],
    [2, 'MATERIALIZED '],
    [2, 'NOT MATERIALIZED '],
  ]);
  return [{ name, columns }, `${name}${list} AS ${how}(${query.sql})`];
}

/** Numbers, or orders by their neighbours, and a text that grows. */
function recursiveCte(g: Generation): readonly [Cte, string] {
  const { choices: c } = g;
  const name = g.fresh('r');
  const union = c.pick(['UNION ALL', 'UNION']);
  const column = (columnName: string, type: Type, tainted: boolean, link?: string): OutputColumn => ({
    name: columnName,
    type,
    tainted,
    link,
  });
  if (c.chance(0.5)) {
    const text = `${name}(n, x) AS (/*r*/SELECT 1, 'a'::text ${union} SELECT n + 1, left(x || 'b', 9) FROM ${name} WHERE n < ${c.integer(2, 6)})`;
    return [{ name, columns: [column('n', 'int', false), column('x', 'text', false)] }, text];
  }
  const value = c.pick(['buyer_name', 'ship_city', 'channel', 'gift_message']);
  const tainted = value !== 'channel';
  const text =
    `${name}(id, x) AS (/*r*/SELECT o.id, o.${value}::text FROM public.orders o WHERE o.id = ${c.pick([900001, 900011, 390])} ${union} ` +
    `SELECT o.id, left(coalesce(${name}.x, '') || '/' || coalesce(o.${value}, ''), 60) FROM ${name} JOIN public.orders o ON o.id = ${name}.id + 1)`;
  return [{ name, columns: [column('id', 'bigint', false, 'order'), column('x', 'text', tainted)] }, text];
}

function setOrLevel(g: Generation, wanted: Wanted): Query {
  const { choices: c } = g;
  if ((wanted.depth <= 0 && !wanted.top) || wanted.one || !c.chance(0.1)) return levelQuery(g, wanted);
  const types = wanted.types ?? Array.from({ length: c.integer(1, 3) }, () => c.pick(COMMON_TYPES));
  const branch = (): Query => levelQuery(g, { ...wanted, types, depth: Math.max(0, wanted.depth - 1), top: false });
  const left = branch();
  const branches = [left];
  let sql = `(${left.sql})`;
  for (let n = c.integer(1, 2); n > 0; n--) {
    const right = branch();
    branches.push(right);
    sql += ` ${c.pick(['UNION ALL', 'UNION', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT ALL'])} (${right.sql})`;
  }
  const columns = left.columns.map((column, i) => ({
    ...column,
    tainted: branches.some((b) => b.columns[i]!.tainted),
    link: undefined,
  }));
  const order = c.chance(0.5) || wanted.few ? ordinals(g, columns) + limit(g, wanted, columns) : '';
  return { sql: sql + order, columns, ordered: order !== '' };
}

/** ORDER BY all output columns: rows that tie are the same. */
function ordinals(g: Generation, columns: readonly OutputColumn[]): string {
  const { choices: c } = g;
  if (!columns.every((column) => isOrderable(column.type))) return '';
  const first = c.integer(0, Math.max(0, columns.length - 1));
  const all = columns.map((_, i) => ((i + first) % columns.length) + 1);
  return ` ORDER BY ${all.map((n) => n + c.pick(['', '', ' DESC', ' NULLS FIRST'])).join(', ')}`;
}

/** @param among what the order can be by */
function limit(g: Generation, wanted: Wanted, among: readonly { readonly tainted: boolean }[]): string {
  const { choices: c } = g;
  if (wanted.one) return ' LIMIT 1';
  if (wanted.few) return ` LIMIT ${c.integer(1, 3)}`;
  const chosen = c.weighted([
    [8, ''],
    [5, ` LIMIT ${c.integer(1, 20)}`],
    [2, ` LIMIT ${c.integer(1, 9)} OFFSET ${c.integer(1, 3)}`],
    [1, ` OFFSET ${c.integer(1, 4)} ROWS FETCH FIRST ${c.integer(1, 5)} ROWS ONLY`],
    [1, WITH_TIES],
    [1, ' LIMIT (SELECT 4)'],
  ]);
  if (chosen === WITH_TIES && among.some((column) => column.tainted)) g.refusals.add('WITH TIES');
  return chosen;
}

const WITH_TIES = ' FETCH FIRST 3 ROWS WITH TIES';

/** One level of SELECT. */
export function levelQuery(g: Generation, wanted: Wanted): Query {
  const { choices: c } = g;
  if (!wanted.types && wanted.top && c.chance(0.02)) return valuesQuery(g);
  const from = fromClause(g, { ...wanted.outer, outer: subScope(wanted.outer) }, wanted.depth);
  const scope = levelScope(from, wanted.outer);
  const where = whereClause(g, from, scope, wanted.depth);
  const shape = c.weighted([
    [74, 'plain'],
    [from.items.length > 0 ? 20 : 0, 'grouped'],
    [from.items.length > 0 && wanted.types?.length !== 0 ? 3 : 0, 'on'],
    [wanted.top && !wanted.types && from.items.length > 0 ? 8 : 0, 'star'],
  ]);
  switch (shape) {
    case 'plain':
      return plainLevel(g, wanted, from, scope, where);
    case 'grouped':
      return groupedLevel(g, wanted, from, scope, where);
    case 'on':
      return distinctOnLevel(g, wanted, from, scope, where);
    default:
      return starLevel(g, from, where);
  }
}

function levelScope(from: From, outer: Scope): Scope {
  return {
    columns: from.items.flatMap((item) => item.columns),
    rows: from.items,
    outer: subScope(outer),
    ctes: outer.ctes,
  };
}

function whereClause(g: Generation, from: From, scope: Scope, depth: number): string {
  const { choices: c } = g;
  const conditions = [...from.conditions];
  for (
    let n = c.weighted([
      [6, 0],
      [3, 1],
      [1, 2],
    ]);
    n > 0;
    n--
  )
    conditions.push(filter(g, scope, depth));
  return conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
}

/** A condition of WHERE or HAVING. */
function filter(g: Generation, scope: Scope, depth: number): string {
  const rule = g.poisoned && g.choices.chance(0.6) ? 'any' : 'clean';
  const made = condition(g, scope, Math.min(depth, 1), rule);
  if (made.tainted) g.refusals.add('a filter');
  return made.sql;
}

function typesOf(g: Generation, wanted: Wanted, scope: Scope): readonly Type[] {
  const { choices: c } = g;
  if (wanted.types) return wanted.types;
  return Array.from({ length: c.integer(1, wanted.top ? 4 : 3) }, () => {
    const column = scope.columns.length > 0 && c.chance(0.7) ? c.pick(scope.columns) : undefined;
    return column?.type ?? c.pick(COMMON_TYPES);
  });
}

function totalOf(items: readonly Item[]): readonly string[] | undefined {
  const keys = items.map((item) => item.key);
  if (items.length === 0 || keys.some((key) => key === undefined)) return undefined;
  const all = keys.flatMap((key) => key!);
  return all.length <= 16 ? all : undefined;
}

function plainLevel(g: Generation, wanted: Wanted, from: From, scope: Scope, where: string): Query {
  const { choices: c } = g;
  const total = totalOf(from.items);
  const types = typesOf(g, wanted, scope);
  const names = new Set<string>();
  const windows: string[] = [];
  const outputs = types.map((type) => {
    const window =
      from.items.length > 0 && wanted.rule === 'any' && c.chance(0.1)
        ? windowCall(g, type, scope, total, windows)
        : undefined;
    return output(g, window ?? outputExpression(g, type, scope, wanted), wanted, scope, names);
  });
  const isDistinct = outputs.every((o) => isOrderable(o.column.type)) && c.chance(0.1);
  const list = outputs.map((o) => o.sql).join(', ');
  const columns = outputs.map((o) => o.column);
  const by: { readonly tainted: boolean }[] = [];
  let order = '';
  if (columns.length > 0 && (wanted.few || wanted.one || c.chance(wanted.top ? 0.5 : 0.15))) {
    if (!isDistinct && total && c.chance(0.5)) {
      const first = c.chance(0.5)
        ? expression(g, c.pick(['text', 'numeric', 'time'] as const), scope, 1, 'any')
        : undefined;
      if (first) by.push(first);
      order = ` ORDER BY ${first ? `${first.sql}, ` : ''}${total.map((key) => key + c.pick(['', ' DESC'])).join(', ')}`;
    } else order = ordinals(g, columns);
    if (order) order += limit(g, wanted, [...columns, ...scope.columns, ...by]);
  }
  if (!order && (wanted.few || wanted.one)) return oneRow(g, columns);
  const sql = `SELECT ${isDistinct ? 'DISTINCT ' : ''}${list}${from.sql ? ` FROM ${from.sql}` : ''}${where}${windowClause(windows)}${order}`;
  return { sql, columns, ordered: order !== '' };
}

function windowClause(windows: readonly string[]): string {
  return windows.length > 0 ? ` WINDOW ${windows.join(', ')}` : '';
}

/** Constants in place of a query whose rows cannot be told apart. */
function oneRow(g: Generation, columns: readonly OutputColumn[]): Query {
  if (columns.some((column) => column.type === 'pair')) g.refusals.add('a cast to pair');
  const values = columns.map(
    (column) => `NULL::${column.type === 'time' ? 'timestamptz' : sqlType(column.type)} AS ${column.name}`,
  );
  return {
    sql: `SELECT ${values.join(', ')}`,
    columns: columns.map((column) => ({ ...column, tainted: false })),
    ordered: true,
  };
}

function sqlType(type: Type): string {
  return type === 'degrees' ? 'numeric' : type === 'texts' ? 'text[]' : type === 'bool' ? 'boolean' : type;
}

function outputExpression(g: Generation, type: Type, scope: Scope, wanted: Wanted): Expr {
  const { choices: c } = g;
  return c.chance(0.45) ? leaf(g, type, scope, wanted.rule) : expression(g, type, scope, c.integer(1, 2), wanted.rule);
}

/** An entry of the target list; below the top each has a name of its own. */
function output(
  g: Generation,
  value: Expr,
  wanted: Wanted,
  scope: Scope,
  names: Set<string>,
): { readonly sql: string; readonly column: OutputColumn } {
  const { choices: c } = g;
  const source = scope.columns.find((column) => column.sql === value.sql && column.sql.endsWith(`.${column.name}`));
  const link = source?.link;
  if (source && !names.has(source.name) && c.chance(0.5)) {
    names.add(source.name);
    const isOnly = scope.columns.filter((column) => column.name === source.name).length === 1;
    return {
      sql: isOnly && !scope.aggregated && c.chance(0.6) ? source.name : source.sql,
      column: { name: source.name, type: value.type, tainted: value.tainted, link },
    };
  }
  const bare = wanted.top && c.chance(0.5);
  const name = g.fresh('c');
  return {
    sql: bare ? value.sql : `${value.sql} AS ${name}`,
    column: { name, type: value.type, tainted: value.tainted, link },
  };
}

function starLevel(g: Generation, from: From, where: string): Query {
  const { choices: c } = g;
  const some = c.chance(0.4) ? c.pick(from.items) : undefined;
  const rows = from.items.find((item) => item.hasRow);
  const list = some ? `${some.alias}.*` : rows && c.chance(0.15) ? rows.alias : '*';
  // What a function returns is not known, nor which columns of `*` stand behind it.
  if (!some && from.items.some((item) => item.isFunction)) g.alwaysMasked.add('* with a function');
  const columns = (some ? [some] : from.items).flatMap((item) => item.columns);
  const total = totalOf(from.items);
  const order = total && c.chance(0.5) ? ` ORDER BY ${total.join(', ')}` : '';
  const limited = order && c.chance(0.4) ? ` LIMIT ${c.integer(1, 9)}` : '';
  return { sql: `SELECT ${list} FROM ${from.sql}${where}${order}${limited}`, columns, ordered: order !== '' };
}

function distinctOnLevel(g: Generation, wanted: Wanted, from: From, scope: Scope, where: string): Query {
  const { choices: c } = g;
  const total = totalOf(from.items);
  const on = scope.columns.filter((column) => isOrderable(column.type) && (wanted.rule === 'any' || !column.tainted));
  if (!total || on.length === 0) return plainLevel(g, wanted, from, scope, where);
  const by = c.pick(on).sql;
  const keys = new Set([by, ...total]);
  if (scope.columns.some((column) => column.tainted && keys.has(column.sql))) g.refusals.add('DISTINCT ON');
  const names = new Set<string>();
  const outputs = typesOf(g, wanted, scope).map((type) =>
    output(g, outputExpression(g, type, scope, wanted), wanted, scope, names),
  );
  const sql =
    `SELECT DISTINCT ON (${by}) ${outputs.map((o) => o.sql).join(', ')} FROM ${from.sql}${where}` +
    ` ORDER BY ${[by, ...total].join(', ')}${wanted.one ? ' LIMIT 1' : wanted.few ? ' LIMIT 2' : ''}`;
  return { sql, columns: outputs.map((o) => o.column), ordered: true };
}

function groupedLevel(g: Generation, wanted: Wanted, from: From, scope: Scope, where: string): Query {
  const { choices: c } = g;
  const groups: ScopeColumn[] = [];
  const usable = scope.columns.filter((col) => isOrderable(col.type) && (wanted.rule === 'any' || !col.tainted));
  for (
    let n =
      usable.length === 0
        ? 0
        : c.weighted([
            [3, 1],
            [3, 2],
            [2, 0],
            [1, 3],
          ]);
    n > 0;
    n--
  ) {
    const column = c.pick(usable);
    const sql = c.chance(0.25) && column.type === 'text' ? `upper(${column.sql})` : column.sql;
    if (!groups.some((group) => group.sql === sql)) groups.push({ ...column, sql });
  }
  const texts = groups.map((group) => group.sql);
  let isPlain = true;
  let clause = texts.length > 0 ? ` GROUP BY ${texts.join(', ')}` : '';
  const keyed = from.items.find((item) => item.table?.primaryKey && texts.includes(`${item.alias}.id`));
  if (texts.length > 0 && c.chance(0.25)) {
    isPlain = false;
    clause = c.pick([
      ` GROUP BY ROLLUP (${texts.join(', ')})`,
      ` GROUP BY CUBE (${texts.join(', ')})`,
      ` GROUP BY GROUPING SETS ((${texts.join(', ')}), (${texts[0]}), ())`,
      ` GROUP BY DISTINCT ROLLUP (${texts.join(', ')}), CUBE (${texts[0]})`,
    ]);
  }
  // The other columns of a table follow from its key.
  const dependent =
    isPlain && keyed
      ? keyed.columns.filter(
          (col) => col.type !== 'xml' && !texts.includes(col.sql) && (wanted.rule === 'any' || !col.tainted),
        )
      : [];
  const grouped: Scope = {
    columns: [...groups, ...dependent],
    rows: [],
    outer: scope.outer,
    ctes: scope.ctes,
    aggregated: { ...scope, outer: [] },
  };
  const types = wanted.types ?? typesOf(g, wanted, { ...grouped, columns: [...groups, ...groups, ...dependent] });
  const names = new Set<string>();
  const windows: string[] = [];
  const outputs = types.map((type) => {
    const window =
      isPlain && texts.length > 0 && wanted.rule === 'any' && c.chance(0.08)
        ? windowCall(g, type, grouped, texts, windows)
        : undefined;
    return output(g, window ?? outputExpression(g, type, grouped, wanted), wanted, grouped, names);
  });
  if (!isPlain && !wanted.types && c.chance(0.4)) {
    const value: Expr = {
      sql: `GROUPING(${texts.join(', ')})`,
      type: 'int',
      tainted: groups.some((group) => group.tainted),
    };
    outputs.push(output(g, value, { ...wanted, top: false }, grouped, names));
  }
  const having = c.chance(0.25) ? ` HAVING ${filter(g, grouped, 1)}` : '';
  const columns = outputs.map((o) => o.column);
  const order = wanted.few || wanted.one || c.chance(wanted.top ? 0.5 : 0.1) ? ordinals(g, columns) : '';
  if (!order && (wanted.few || wanted.one)) return oneRow(g, columns);
  const sql = `SELECT ${outputs.map((o) => o.sql).join(', ')} FROM ${from.sql}${where}${clause}${having}${windowClause(windows)}${order}${order ? limit(g, wanted, columns) : ''}`;
  return { sql, columns, ordered: order !== '' };
}

function valuesQuery(g: Generation): Query {
  const { choices: c } = g;
  const rows = Array.from(
    { length: c.integer(1, 3) },
    () =>
      `(${c.integer(0, 9)}, ${expression(g, 'text', { columns: [], rows: [], outer: [], ctes: [] }, 1, 'any').sql})`,
  );
  const columns: readonly OutputColumn[] = [
    { name: 'column1', type: 'int', tainted: false, link: undefined },
    { name: 'column2', type: 'text', tainted: true, link: undefined },
  ];
  return { sql: `VALUES ${rows.join(', ')}`, columns, ordered: true };
}

/** Queries inside expressions. */
export function subquery(g: Generation, kind: SubqueryKind, type: Type, scope: Scope, rule: Rule): Expr {
  const { choices: c } = g;
  const outer: Scope = { columns: [], rows: [], outer: subScope(scope), ctes: scope.ctes };
  const wanted: Wanted = { outer, depth: c.chance(0.2) ? 1 : 0, rule, types: [type] };
  switch (kind) {
    case 'scalar': {
      const query = levelQuery(g, { ...wanted, one: true });
      return { sql: `(${query.sql})`, type, tainted: query.columns[0]!.tainted };
    }
    case 'any': {
      const query = levelQuery(g, { ...wanted, few: c.chance(0.3) });
      return { sql: query.sql, type, tainted: query.columns[0]!.tainted };
    }
    case 'exists': {
      const query = levelQuery(g, { ...wanted, rule: 'any' });
      return { sql: query.sql, type: 'bool', tainted: false };
    }
    default:
      return kind satisfies never;
  }
}

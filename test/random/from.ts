/** Random FROM clauses: tables, views, derived tables, CTEs, functions and VALUES, joined in every way. */
import { expression } from './expressions.js';
import { wholeQuery } from './queries.js';
import type { Cte, Generation, Item, OutputColumn, Scope, ScopeColumn } from './scope.js';
import { isOrderable, TABLES, type Table } from './tables.js';

export interface From {
  /** Without FROM. */
  readonly sql: string;
  readonly items: readonly Item[];
  /** What WHERE has to say besides: bounds, proofs and joins of items that a comma separates. */
  readonly conditions: readonly string[];
}

/** More rows than that are not crossed. */
const MOST_ROWS = 1500;

export function fromClause(g: Generation, outer: Scope, depth: number): From {
  const { choices: c } = g;
  const count = c.weighted([
    [50, 1],
    [30, 2],
    [12, 3],
    [3, 4],
    [depth < 2 ? 5 : 0, 0],
  ]);
  let sql = '';
  const items: Item[] = [];
  const conditions: string[] = [];
  let rows = 1;
  for (let n = 0; n < count; n++) {
    const item = fromItem(g, { ...outer, columns: items.flatMap((i) => i.columns) }, items, depth);
    const bound = boundOf(g, item, count > 2 || item.rows * rows > MOST_ROWS ? 1 : 0.8);
    const size = bound ? Math.min(8, item.rows) : item.rows;
    if (n === 0) {
      sql = item.sql;
      if (bound) conditions.push(bound);
      rows = size;
      items.push(item);
      continue;
    }
    const pair = joinPair(items, item);
    if (!pair || isLateral(item)) {
      const crossed = size * rows > MOST_ROWS;
      if (crossed) continue;
      sql += c.pick([` CROSS JOIN ${item.sql}`, ` LEFT JOIN ${item.sql} ON true`, ` INNER JOIN ${item.sql} ON true`]);
      if (bound) conditions.push(bound);
      rows *= size;
      items.push(item);
      continue;
    }
    const [left, right] = pair;
    const on = `${left.sql} = ${right.sql}`;
    const named = left.name === right.name && items.length === 1;
    const natural = named && isNatural(items[0]!, item);
    const more = c.chance(0.15) ? ` AND ${cleanOf(item)}` : '';
    const kind = c.weighted([
      [40, 'JOIN'],
      [22, 'LEFT JOIN'],
      [9, 'RIGHT JOIN'],
      [7, 'FULL JOIN'],
      [10, ','],
      [named ? 9 : 0, 'USING'],
      [natural ? 6 : 0, 'NATURAL'],
    ]);
    switch (kind) {
      case ',':
        // What follows a comma's right side could not name its left.
        sql += `${n === count - 1 ? ',' : ' CROSS JOIN'} ${item.sql}`;
        conditions.push(on);
        if (bound) conditions.push(bound);
        break;
      case 'USING':
        sql += ` ${c.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN'])} ${item.sql} USING (${left.name})`;
        break;
      case 'NATURAL':
        sql += ` NATURAL ${c.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN'])} ${item.sql}`;
        break;
      case 'JOIN':
        sql += ` JOIN ${item.sql} ON ${on}${more}${bound ? ` AND ${bound}` : ''}`;
        break;
      case 'FULL JOIN':
        // Its condition can be nothing but an equality.
        sql += ` FULL JOIN ${item.sql} ON ${on}`;
        break;
      default:
        sql += ` ${kind} ${item.sql} ON ${on}${more}${kind === 'LEFT JOIN' && bound ? ` AND ${bound}` : ''}`;
    }
    rows = Math.max(rows, size) + (kind === 'FULL JOIN' ? rows : 0);
    items.push(item);
  }
  prove(g, items, conditions);
  return { sql, items, conditions };
}

/**
 * Conditions after which an item meets no redacted row. What belongs to it is not proven by a join: `orders` has a child
 * here, so that its key is not unique.
 */
function prove(g: Generation, items: readonly Item[], conditions: string[]): void {
  const { choices: c } = g;
  for (const item of items) {
    const proofs = item.table?.proofs ?? [];
    if (proofs.length === 0 || !c.chance(0.22)) continue;
    conditions.push(c.pick(proofs).replaceAll('$', item.alias));
    for (const column of item.columns) column.tainted = false;
  }
}

function isLateral(item: Item): boolean {
  return item.sql.startsWith('LATERAL') || item.key === undefined;
}

/** A condition of an item's own columns that no policy minds. */
function cleanOf(item: Item): string {
  const column = item.columns.find((col) => !col.tainted) ?? item.columns[0]!;
  return column.tainted ? 'true' : `${column.sql} IS NOT NULL`;
}

/** All columns that the two have in common can be compared, and may be. */
function isNatural(a: Item, b: Item): boolean {
  return a.columns.every((one) => {
    const other = b.columns.find((column) => column.name === one.name);
    return !other || (!one.tainted && !other.tainted && one.type === other.type && one.link === other.link);
  });
}

function joinPair(items: readonly Item[], item: Item): readonly [ScopeColumn, ScopeColumn] | undefined {
  for (const left of items.flatMap((i) => i.columns)) {
    const right = item.columns.find((column) => column.link !== undefined && column.link === left.link);
    if (right && !left.tainted && !right.tainted && left.type === right.type) return [left, right];
  }
  return undefined;
}

/** A condition that leaves few rows. */
function boundOf(g: Generation, item: Item, probability: number): string | undefined {
  const { choices: c } = g;
  const bound = item.table?.bound;
  if (!bound || !c.chance(probability)) return undefined;
  const column = `${item.alias}.${bound.column}`;
  const known = bound.values;
  const low = c.integer(1, 380);
  return c.weighted([
    [3, `${column} >= 900000`],
    [3, `${column} BETWEEN 900001 AND 900014`],
    [2, `${column} IN (${known.slice(0, 5).join(', ')})`],
    [2, `${column} = ${c.pick(known)}`],
    [2, `${column} BETWEEN ${low} AND ${low + 9}`],
    [1, `${column} = ANY ('{${known[0]},${known.at(-1)},12}')`],
    [1, `(${column} < 6 OR ${column} > 900002)`],
  ]);
}

function fromItem(g: Generation, lateral: Scope, items: readonly Item[], depth: number): Item {
  const { choices: c } = g;
  const kind = c.weighted([
    [68, 'table'],
    [lateral.ctes.length > 0 ? 30 : 0, 'cte'],
    [depth > 0 ? 14 : 0, 'derived'],
    [depth > 0 && items.length > 0 ? 8 : 0, 'lateral'],
    [3, 'values'],
    [4, 'function'],
    [4, 'joined'],
  ]);
  switch (kind) {
    case 'table':
      return tableItem(g, c.weighted(TABLES), lateral.ctes, items);
    case 'cte':
      return cteItem(g, c.pick(lateral.ctes));
    case 'derived':
      return derivedItem(g, { ...lateral, columns: [], rows: [] }, '', depth);
    case 'lateral':
      return derivedItem(g, lateral, 'LATERAL ', depth);
    case 'values':
      return valuesItem(g);
    case 'joined':
      return joinedItem(g, lateral.ctes, items);
    default:
      return functionItem(g, lateral);
  }
}

export function tableItem(g: Generation, table: Table, ctes: readonly Cte[], items: readonly Item[]): Item {
  const { choices: c } = g;
  if (table.refused) g.refusals.add(table.name);
  if (table.maskedAlways) g.alwaysMasked.add(table.name);
  const hidden = ctes.some((cte) => cte.name === table.name);
  const isQualified = table.schema !== 'public' || hidden || c.chance(0.1);
  const name = isQualified ? `${table.schema}.${table.name}` : table.name;
  const bare = c.chance(0.15) && !items.some((item) => item.alias === table.name);
  const alias = bare ? table.name : g.fresh('t');
  const only = table.kind === 'table' && c.chance(0.04) ? 'ONLY ' : '';
  const sample = table.kind === 'table' && !only && c.chance(0.03) ? sampling(g, table) : '';
  const listed = !bare && table.isWhole && c.chance(0.04);
  const names = table.columns.map((column) => (listed ? g.fresh('n') : column.name));
  const as = bare ? '' : `${c.pick([' ', ' AS '])}${alias}${listed ? `(${names.join(', ')})` : ''}`;
  const prefix = bare && isQualified && c.chance(0.5) ? name : alias;
  const columns = table.columns.map((column, i) => ({
    name: names[i]!,
    sql: `${prefix}.${names[i]}`,
    type: column.type,
    tainted: column.protected,
    link: column.link,
  }));
  const keyed = table.key?.map((key) => columns[table.columns.findIndex((column) => column.name === key)]!.sql);
  return {
    sql: `${only}${name}${as}${sample}`,
    alias,
    columns,
    key: keyed,
    hasRow: !bare,
    rows: table.rows,
    // The names of a list hide those that bounds and proofs use.
    ...(listed ? {} : { table }),
  };
}

/** What a sample holds depends on where rows lie, and that on protected values: all or nothing. */
function sampling(g: Generation, table: Table): string {
  const { choices: c } = g;
  const isFree = table.columns.every((column) => !column.protected);
  const percent = isFree ? c.pick([100, 50, 0]) : c.pick([100, 0]);
  return ` TABLESAMPLE ${c.pick(['BERNOULLI', 'SYSTEM'])} (${percent}) REPEATABLE (${c.integer(1, 9)})`;
}

function cteItem(g: Generation, cte: Cte): Item {
  const alias = g.fresh('t');
  return made(`${cte.name} ${alias}`, alias, cte.columns, 60);
}

function derivedItem(g: Generation, outer: Scope, lateral: string, depth: number): Item {
  const { choices: c } = g;
  const query = wholeQuery(g, { outer, depth: depth - 1, rule: 'any', few: lateral !== '' });
  const alias = g.fresh('t');
  const renamed = c.chance(0.2) ? query.columns.map((column) => ({ ...column, name: g.fresh('n') })) : query.columns;
  const list = renamed === query.columns ? '' : `(${renamed.map((column) => column.name).join(', ')})`;
  return made(`${lateral}(${query.sql}) ${c.pick(['', 'AS '])}${alias}${list}`, alias, renamed, lateral ? 3 : 200);
}

/** Two tables under one alias, which hides theirs and gives all columns other names. */
function joinedItem(g: Generation, ctes: readonly Cte[], items: readonly Item[]): Item {
  const { choices: c } = g;
  const inner = [c.weighted(TABLES), c.weighted(TABLES)].map((table) => tableItem(g, table, ctes, items));
  const [left, right] = inner as [Item, Item];
  const pair = joinPair([left], right);
  if (!pair || left.alias === right.alias || !inner.every((item) => item.table?.isWhole)) return left;
  const bounds = inner.flatMap((item) => boundOf(g, item, 1) ?? []);
  const on = [`${pair[0].sql} = ${pair[1].sql}`, ...bounds].join(' AND ');
  const old = inner.flatMap((item) => item.columns);
  const alias = g.fresh('t');
  const columns = old.map((column) => ({ ...column, name: g.fresh('n') }));
  const list = columns.map((column) => column.name).join(', ');
  const item = made(`(${left.sql} JOIN ${right.sql} ON ${on}) AS ${alias}(${list})`, alias, columns, 8);
  const keys = inner.map(({ key }) =>
    key?.map((sql) => item.columns[old.findIndex((column) => column.sql === sql)]!.sql),
  );
  return { ...item, key: keys.every((key) => key !== undefined) ? keys.flat() : undefined };
}

function valuesItem(g: Generation): Item {
  const { choices: c } = g;
  const alias = g.fresh('t');
  const rows = Array.from(
    { length: c.integer(1, 3) },
    (_, i) => `(${[900001, 900012, 900003][i]}::bigint, '${'abc'[i]}'::text)`,
  );
  const columns = [
    { name: 'k', type: 'bigint', tainted: false, link: 'order' },
    { name: 'v', type: 'text', tainted: false, link: undefined },
  ] as const;
  return made(`(VALUES ${rows.join(', ')}) ${alias}(k, v)`, alias, columns, 3);
}

function functionItem(g: Generation, lateral: Scope): Item {
  const { choices: c } = g;
  const alias = g.fresh('t');
  const value = expression(
    g,
    c.pick(['text', 'texts', 'jsonb'] as const),
    lateral,
    1,
    g.poisoned && c.chance(0.5) ? 'any' : 'clean',
  );
  const { tainted } = value;
  const column = (name: string, type: 'int' | 'bigint' | 'text' | 'jsonb', isTainted = tainted) =>
    ({ name, type, tainted: isTainted, link: undefined }) as const;
  // The rows of these depend on what they are given.
  if (tainted) g.refusals.add('the rows of a function');
  switch (value.type) {
    case 'texts':
      return ofFunction(`unnest(${value.sql}) WITH ORDINALITY ${alias}(x, n)`, alias, [
        column('x', 'text'),
        column('n', 'bigint'),
      ]);
    case 'jsonb':
      if (c.chance(0.4)) {
        // Of anything but an object it would fail.
        const fields = `jsonb_each_text(jsonb_build_object('k', ${value.sql})) ${alias}(k, v)`;
        return ofFunction(fields, alias, [column('k', 'text'), column('v', 'text')]);
      }
      return ofFunction(`jsonb_path_query(${value.sql}, '$.*') ${alias}(j)`, alias, [column('j', 'jsonb')]);
    default:
      return c.chance(0.5)
        ? ofFunction(`generate_series(1, ${c.integer(1, 4)}) ${alias}(n)`, alias, [column('n', 'int', false)])
        : ofFunction(`regexp_split_to_table(${value.sql}, ' ') ${alias}(w)`, alias, [column('w', 'text')]);
  }
}

/** The alias of a function is the value of its only column, and no row. */
function ofFunction(sql: string, alias: string, columns: readonly OutputColumn[]): Item {
  return { ...made(sql, alias, columns, 3), hasRow: false, isFunction: true };
}

function made(sql: string, alias: string, columns: readonly OutputColumn[], rows: number): Item {
  const own = columns.map((column) => ({ ...column, sql: `${alias}.${column.name}` }));
  const isOrdered = own.every((column) => isOrderable(column.type));
  return { sql, alias, columns: own, key: isOrdered ? own.map((column) => column.sql) : undefined, hasRow: true, rows };
}

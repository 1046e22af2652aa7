/** Random statements around the queries, and how each is sent. */
import type { Choices } from './choices.js';
import { expression } from './expressions.js';
import { tableItem } from './from.js';
import { type Query, subquery, wholeQuery } from './queries.js';
import { EMPTY_SCOPE, type Generation, type Scope } from './scope.js';
import { TABLES, type Table, type TableColumn, WRITTEN } from './tables.js';

export interface RandomCase {
  /** One message each; all leave in one packet. */
  readonly statements: readonly string[];
  /** By the extended protocol: results in text or binary, and the values of the parameters. */
  readonly extended: { readonly binary: boolean; readonly values: readonly string[] } | undefined;
  /** Its rows come in an order that leaves nothing open. */
  readonly ordered: boolean;
  /** It locks or writes: no two at once. */
  readonly writes: boolean;
  /** Its rows show plans, which depend on statistics: they are not compared. */
  readonly explains: boolean;
  /** What should make pgveil refuse it; empty for nothing. */
  readonly refusals: readonly string[];
  /** Without redacted rows, the gateway changes nothing of the answers. */
  readonly plainWithoutRedaction: boolean;
}

export function randomCase(choices: Choices): RandomCase {
  const isExtended = choices.chance(0.35);
  let count = 0;
  const parameters: string[] = [];
  const g: Generation = {
    choices,
    fresh: (prefix) => `${prefix}${++count}`,
    parameters: isExtended ? parameters : undefined,
    poisoned: choices.chance(0.05),
    refusals: new Set(),
    alwaysMasked: new Set(),
    subquery: (kind, type, scope, rule) => subquery(g, kind, type, scope, rule),
  };
  const kind = choices.weighted<Make>([
    [76, select],
    [3, locking],
    [isExtended ? 0 : 3, copy],
    [isExtended ? 0 : 3, cursor],
    [isExtended ? 0 : 2, prepared],
    [2, explain],
    [isExtended ? 0 : 1, temporaryTable],
    [isExtended ? 0 : 4, update],
    [isExtended ? 0 : 2, deletion],
    [isExtended ? 0 : 3, insertion],
    [isExtended ? 0 : 1, merge],
    [1, riskyCast],
    [1, wholeTable],
  ]);
  const made = kind(g);
  const base: RandomCase = {
    ordered: false,
    writes: false,
    explains: false,
    ...made,
    extended: undefined,
    refusals: [...g.refusals],
    plainWithoutRedaction: g.alwaysMasked.size === 0,
  };
  if (!isExtended) return base;
  const { sql, values } = numbered(made.statements[0]!, parameters);
  return { ...base, statements: [sql], extended: { binary: choices.chance(0.5), values } };
}

type Made = Pick<RandomCase, 'statements'> & Partial<RandomCase>;
type Make = (g: Generation) => Made;

/** Some values were made for parts that were thrown away. */
function numbered(sql: string, all: readonly string[]): { readonly sql: string; readonly values: readonly string[] } {
  const used: number[] = [];
  const text = sql.replace(/\$(\d+)::/g, (_match, digits: string) => {
    const n = Number(digits);
    if (!used.includes(n)) used.push(n);
    return `$${used.indexOf(n) + 1}::`;
  });
  return { sql: text, values: used.map((n) => all[n - 1]!) };
}

function query(g: Generation, top = true): Query {
  // Most are short: what two parts of a query do to each other shows without a third.
  const depth = g.choices.weighted([
    [45, 0],
    [37, 1],
    [18, 2],
  ]);
  return wholeQuery(g, { outer: EMPTY_SCOPE, depth, rule: 'any', top });
}

function select(g: Generation): Made {
  const { sql, ordered } = query(g);
  return { statements: [sql], ordered };
}

/** FOR UPDATE and its like, over tables alone. */
function locking(g: Generation): Made {
  const { choices: c } = g;
  const table = tableItem(g, c.pick(WRITTEN), [], []);
  const bound = table.table?.bound;
  const where = bound
    ? ` WHERE ${table.alias}.${bound.column} IN (${bound.values.slice(0, c.integer(1, 5)).join(', ')})`
    : '';
  const scope: Scope = { ...EMPTY_SCOPE, columns: table.columns, rows: [table] };
  const list = c.chance(0.3)
    ? '*'
    : Array.from(
        { length: c.integer(1, 3) },
        () => expression(g, c.pick(['text', 'int', 'bigint'] as const), scope, 1, 'any').sql,
      ).join(', ');
  const lock = c.pick([
    'FOR UPDATE',
    'FOR SHARE',
    'FOR NO KEY UPDATE',
    'FOR KEY SHARE',
    `FOR UPDATE OF ${table.alias}`,
  ]);
  return {
    statements: [`SELECT ${list} FROM ${table.sql}${where} ORDER BY ${table.key!.join(', ')} ${lock}`],
    ordered: true,
    writes: true,
  };
}

function copy(g: Generation): Made {
  const { choices: c } = g;
  const options = c.pick([
    '',
    ' (FORMAT csv)',
    ' (FORMAT csv, HEADER)',
    ' (FORMAT binary)',
    " (DELIMITER ';', NULL '-')",
    ' (FORMAT csv, FORCE_QUOTE *)',
  ]);
  if (c.chance(0.3)) {
    const table = c.pick(WRITTEN);
    const some = table.columns.filter(() => c.chance(0.5)).map((column) => column.name);
    const list = some.length > 0 ? ` (${some.join(', ')})` : '';
    return { statements: [`COPY ${table.name}${list} TO STDOUT${options}`] };
  }
  const { sql, ordered } = query(g, false);
  return { statements: [`COPY (${sql}) TO STDOUT${options}`], ordered };
}

function cursor(g: Generation): Made {
  const { choices: c } = g;
  const { sql, ordered } = query(g);
  const scroll = c.pick(['', ' SCROLL', ' NO SCROLL']);
  const fetches = ordered
    ? [
        `FETCH ${c.integer(1, 3)} FROM cur`,
        ...(scroll === ' SCROLL' ? ['FETCH BACKWARD 1 FROM cur', 'FETCH LAST FROM cur'] : ['FETCH NEXT FROM cur']),
      ]
    : ['FETCH ALL FROM cur'];
  return { statements: ['BEGIN', `DECLARE cur${scroll} CURSOR FOR ${sql}`, ...fetches, 'ROLLBACK'], ordered };
}

function prepared(g: Generation): Made {
  const { sql, ordered } = query(g);
  return { statements: [`PREPARE p AS ${sql}`, 'EXECUTE p', 'EXECUTE p', 'DEALLOCATE ALL'], ordered };
}

function explain(g: Generation): Made {
  const options = g.choices.pick(['(COSTS OFF)', '(VERBOSE, COSTS OFF, FORMAT json)', '(FORMAT yaml)']);
  return { statements: [`EXPLAIN ${options} ${query(g).sql}`], explains: true };
}

function temporaryTable(g: Generation): Made {
  const made = query(g, false);
  const name = g.choices.pick(['made', 'orders']);
  return {
    statements: ['BEGIN', `CREATE TEMP TABLE ${name} AS ${made.sql}`, `SELECT * FROM ${name}`, 'ROLLBACK'],
    writes: true,
  };
}

function wholeTable(g: Generation): Made {
  const table = g.choices.weighted(TABLES);
  if (table.refused) g.refusals.add(table.name);
  if (table.maskedAlways) g.alwaysMasked.add(table.name);
  return { statements: [`TABLE ${table.schema}.${table.name}`] };
}

/** A cast that may fail on what the mask shows, of one row: which row fails first is open. */
function riskyCast(g: Generation): Made {
  const { choices: c } = g;
  const table = c.pick(WRITTEN);
  const columns = table.columns.filter((column) => column.type === 'text');
  const type = c.pick(['int', 'date', 'inet', 'jsonb', 'numeric', 'uuid', 'xml', 'text[]']);
  const id = c.pick(table.bound!.values);
  return { statements: [`SELECT CAST(${c.pick(columns).name} AS ${type}) FROM ${table.name} WHERE id = ${id}`] };
}

/** Writes, followed by a look at what they wrote, inside a transaction that is rolled back. */
function written(g: Generation, table: Table, statement: string): Made {
  // Notices of a trigger that reads protected columns are dropped, whatever the row.
  if (table.name === 'payments') g.alwaysMasked.add('notices');
  const { column, values } = table.bound!;
  const look = `SELECT * FROM ${table.name} WHERE ${column} IN (${values.join(', ')}) OR id = 5000001`;
  return { statements: ['BEGIN', statement, look, 'ROLLBACK'], writes: true };
}

function target(
  g: Generation,
  table: Table,
): { readonly where: string; readonly scope: Scope; readonly alias: string; readonly name: string } {
  const { choices: c } = g;
  const alias = g.fresh('w');
  const columns = table.columns.map((column) => ({
    ...column,
    sql: `${alias}.${column.name}`,
    tainted: column.protected,
  }));
  const proof = table.proofs.length > 0 && c.chance(0.3) ? c.pick(table.proofs).replaceAll('$', alias) : undefined;
  if (proof) for (const column of columns) column.tainted = false;
  const ids = table.bound!.values.slice(0, c.integer(1, 7));
  const where = ` WHERE ${alias}.${table.bound!.column} IN (${ids.join(', ')})${proof ? ` AND ${proof}` : ''}`;
  // Subqueries do not see the target: its protected columns cannot be named there.
  const scope: Scope = { columns, rows: [], outer: [], ctes: [] };
  return { where, scope, alias, name: `${table.name} ${alias}` };
}

/** Values for a column that no constraint minds. */
function valueFor(g: Generation, column: TableColumn, scope: Scope): string {
  const { choices: c } = g;
  if (column.name === 'channel') return c.pick(["'ebay'", "'amazon'"]);
  if (column.name === 'payment_terms') return c.pick(["'credit'", "'prepaid'"]);
  if (column.name === 'kind') return "'billing'";
  // Part of a unique index: a value that exists would fail, as it must.
  if (column.name === 'name') return "'Nobody Else'";
  if (column.name.endsWith('country') || column.name === 'currency') return "'XX'";
  if (column.name === 'shipped_at') return c.pick(['NULL', "timestamptz '2020-02-02 02:02:02+00'"]);
  if (column.name === 'card_last4') return `'${c.integer(1000, 9999)}'`;
  if (column.type === 'text') {
    const value = expression(g, 'text', withoutSubqueries(scope), 1, 'clean').sql;
    return `coalesce(left(${value}, 15), 'x')`;
  }
  if (column.type === 'numeric') return `${c.integer(1, 99)}.50`;
  if (column.type === 'degrees') return `${c.integer(1, 80)}.25`;
  if (column.type === 'bigint') return String(c.pick([900001, 900011]));
  if (column.type === 'int') return String(c.integer(1, 5));
  return expression(g, column.type, withoutSubqueries(scope), 0, 'clean').sql;
}

function withoutSubqueries(scope: Scope): Scope {
  return { ...scope, outer: [] };
}

/** Unique, alone or with others. */
const CONSTRAINED: readonly string[] = ['order_ref', 'kind', 'name'];

function assignable(g: Generation, table: Table): readonly TableColumn[] {
  const { choices: c } = g;
  const columns = table.columns.filter(
    (column) => column.name !== 'id' && column.link === undefined && !CONSTRAINED.includes(column.name),
  );
  return Array.from(new Set(Array.from({ length: c.integer(1, 4) }, () => c.pick(columns))));
}

function returningClause(g: Generation, scope: Scope, alias: string): string {
  const { choices: c } = g;
  if (c.chance(0.2)) return '';
  if (c.chance(0.25)) return ` RETURNING ${c.pick(['*', `${alias}.*`, alias])}`;
  const list = Array.from(
    { length: c.integer(1, 4) },
    () => expression(flat(g), c.pick(['text', 'int', 'numeric', 'bool', 'time'] as const), scope, 2, 'any').sql,
  );
  return ` RETURNING ${list.join(', ')}`;
}

/** Without subqueries: in them the target's protected columns cannot be named. */
function flat(g: Generation): Generation {
  return {
    ...g,
    subquery: (kind, type) => ({
      sql:
        kind === 'scalar'
          ? `NULL::${type === 'time' ? 'timestamptz' : type === 'bool' ? 'boolean' : type}`
          : `SELECT NULL::${type}`,
      type,
      tainted: false,
    }),
  };
}

function update(g: Generation): Made {
  const { choices: c } = g;
  const table = c.pick(WRITTEN);
  const { where, scope, alias, name } = target(g, table);
  const columns = assignable(g, table);
  const values = columns.map((column) => valueFor(flat(g), column, scope));
  const set =
    c.chance(0.2) && columns.length > 1
      ? `(${columns.map((column) => column.name).join(', ')}) = ROW(${values.join(', ')})`
      : columns.map((column, i) => `${column.name} = ${values[i]}`).join(', ');
  // One row of the other table for each of the target's.
  const joined = table.columns.some((column) => column.name === 'order_id') && c.chance(0.3);
  const from = joined ? ' FROM orders o' : '';
  const on = joined ? ` AND o.id = ${alias}.order_id` : '';
  const returned = returningClause(g, scope, alias);
  const statement = `UPDATE ${name} SET ${set}${from}${where}${on}${joined && returned.endsWith('*') ? '' : returned}`;
  if (c.chance(0.2) && returned && !returned.includes('*') && !returned.endsWith(` ${alias}`)) {
    const [first] = returned.replace(' RETURNING ', '').split('\n');
    return written(
      g,
      table,
      `WITH changed AS (UPDATE ${name} SET ${set}${from}${where}${on} RETURNING ${alias}.id, (${first!.includes(', ') ? `ROW(${first})` : first}) AS x) SELECT id, x::text FROM changed`,
    );
  }
  return written(g, table, statement);
}

function deletion(g: Generation): Made {
  const { choices: c } = g;
  const table = c.pick(WRITTEN.filter((t) => !['orders', 'customers'].includes(t.name)));
  const { where, scope, alias, name } = target(g, table);
  return written(g, table, `DELETE FROM ${name}${where}${returningClause(g, scope, alias)}`);
}

function insertion(g: Generation): Made {
  const { choices: c } = g;
  const table = c.pick(WRITTEN);
  const alias = table.name;
  const scope: Scope = {
    ...EMPTY_SCOPE,
    columns: table.columns.map((column) => ({ ...column, sql: `${alias}.${column.name}`, tainted: column.protected })),
  };
  const names = table.columns.map((column) => column.name);
  const existing = c.chance(0.4);
  const id = existing ? table.bound!.values[0]! : 5000001;
  const values = table.columns.map((column) => {
    if (column.name === 'id') return String(id);
    if (column.name === 'order_ref') return "'R-1'";
    if (column.name === 'sku') return '(SELECT min(sku) FROM products)';
    if (column.type === 'date') return "date '2020-01-01'";
    if (column.type === 'time') return "timestamptz '2020-01-01 00:00+00'";
    return valueFor(flat(g), column, EMPTY_SCOPE);
  });
  const changed = assignable(g, table);
  const conflict = existing
    ? c.pick([
        ' ON CONFLICT (id) DO NOTHING',
        ` ON CONFLICT (id) DO UPDATE SET ${changed.map((column) => `${column.name} = excluded.${column.name}`).join(', ')}`,
      ])
    : '';
  const source = c.chance(0.3) ? `SELECT ${values.join(', ')}` : `VALUES (${values.join(', ')})`;
  return written(
    g,
    table,
    `INSERT INTO ${table.name} (${names.join(', ')}) ${source}${conflict}${returningClause(g, scope, alias)}`,
  );
}

function merge(g: Generation): Made {
  const { choices: c } = g;
  const table = c.pick(WRITTEN.filter((t) => !['orders', 'customers'].includes(t.name)));
  const { scope, alias, name } = target(g, table);
  const columns = assignable(g, table);
  const set = columns
    .map(
      (column) =>
        `${column.name} = ${valueFor(flat(g), column, { ...scope, columns: scope.columns.filter((col) => !col.tainted) })}`,
    )
    .join(', ');
  const action = c.pick([`UPDATE SET ${set}`, 'DELETE', 'DO NOTHING']);
  return written(
    g,
    table,
    `MERGE INTO ${name} USING (VALUES (900001::bigint), (900012), (900999)) s(k) ON s.k = ${alias}.id WHEN MATCHED THEN ${action} WHEN NOT MATCHED THEN DO NOTHING`,
  );
}

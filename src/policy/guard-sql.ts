/** Guards and masks as SQL over one row: what stands in the place of a protected column. */
import type { Column, Relation } from '../catalog/snapshot.js';
import type { GuardedRelation, MaskRule, ProtectedColumn, RowGuard } from './bind.js';
import type { PolicyConfig } from './config-types.js';
import { maskSql } from './masks.js';
import { pinType, quoteIdentifier } from './quote.js';
import { digestSql, rowKeySql } from './row-key.js';

/** Aliases of ours start with it; a client's statement that uses such a name is refused. */
export const RESERVED_PREFIX = 'pgveil_';

/**
 * A guard as an expression, never NULL, that can stand anywhere the row can be named.
 * @param alias of the row, quoted where needed
 */
export function inlineGuard(guard: RowGuard, alias: string, depth = 1): string {
  if (guard.kind === 'own') {
    const condition = `COALESCE(${guard.condition.toSql(alias)}, false)`;
    return guard.exemption ? `(${condition} AND NOT COALESCE(${guard.exemption.toSql(alias)}, false))` : condition;
  }
  const parent = `${RESERVED_PREFIX}p${depth}`;
  const from = `${relationSql(guard.parent.relation)} AS ${parent}`;
  const matches = guard.on.map((pair) => equality(pair, alias, parent)).join(' AND ');
  const redacted = inlineGuard(guard.parentGuard, parent, depth + 1);
  const some = (condition: string): string => `EXISTS (SELECT FROM ${from} WHERE ${matches} AND ${condition})`;
  if (guard.unique) return `(${linked(guard, alias)} AND NOT ${some(`NOT ${redacted}`)})`;
  if (guard.keyed) {
    return `(${linked(guard, alias)} AND (NOT ${some('true')} OR ${some(redacted)}))`;
  }
  if (guard.match === 'any') return some(redacted);
  return `(EXISTS (SELECT FROM ${from} WHERE ${matches}) AND NOT ${some(`NOT ${redacted}`)})`;
}

/** A guard for a scan of many rows. */
export interface ScanGuard {
  /** What follows the relation in FROM; empty where the row itself decides. */
  readonly join: string;
  /** Never NULL. */
  readonly expression: string;
}

/**
 * The same guard for a scan: a parent is joined once per row by its unique key, which the planner turns into one hash
 * join, instead of being looked up for each protected column.
 * @param lockable the statement locks rows, which cannot be done below an outer join
 * @param uses how many columns ask for it
 */
export function scanGuard(guard: RowGuard, alias: string, name: string, lockable: boolean, uses: number): ScanGuard {
  if (guard.kind === 'own') {
    if (uses < 2) return { join: '', expression: inlineGuard(guard, alias) };
    // The planner puts the condition in each place by itself; the text, which is parsed twice, stays short.
    const once = `(SELECT ${inlineGuard(guard, alias)} AS redacted)`;
    return { join: ` CROSS JOIN LATERAL ${once} AS ${name}`, expression: `${name}.redacted` };
  }
  if (!guard.unique || lockable) {
    const decided = `SELECT ${inlineGuard(guard, alias)} AS redacted OFFSET 0`;
    return { join: ` CROSS JOIN LATERAL (${decided}) AS ${name}`, expression: `${name}.redacted` };
  }
  const parent = `${name}p`;
  const inner = scanGuard(guard.parentGuard, parent, `${name}g`, false, 1);
  const keys = guard.on.map(({ parent: column }, i) => `${parent}.${quoteIdentifier(column.name)} AS k${i}`);
  const rows = `SELECT ${keys.join(', ')}, ${inner.expression} AS redacted FROM ${relationSql(guard.parent.relation)} AS ${parent}${inner.join}`;
  const matches = guard.on.map(
    ({ child }, i) => `${alias}.${quoteIdentifier(child.name)} OPERATOR(pg_catalog.=) ${name}.k${i}`,
  );
  return {
    join: ` LEFT JOIN (${rows}) AS ${name} ON ${matches.join(' AND ')}`,
    // A row whose parent is gone stays redacted: deleting an order must not bring its address back.
    expression: `COALESCE(${name}.redacted, ${linked(guard, alias)})`,
  };
}

/**
 * A protected column's value as a client may see it, of the column's type.
 * @param value SQL of the stored value
 * @param guards the expression that says whether a policy redacts the row
 */
export function maskedColumn(column: ProtectedColumn, value: string, guards: (policy: PolicyConfig) => string): string {
  const cases = column.rules.map(
    (rule) => `WHEN ${guards(rule.policy)} THEN ${maskSql(rule.config, column.column, value)}`,
  );
  return `CASE ${cases.join(' ')} ELSE ${value} END`;
}

/**
 * The same with cells of redacted rows tagged for the gateway, of the column's type without its modifier. A stored value
 * that looks like a tag is shown blank, so that nobody can have a token made of what they wrote.
 * @param tagPrefix what every tag starts with
 * @param rowKey columns that tell rows apart, of the row that `alias` names
 */
export function taggedColumn(
  column: ProtectedColumn,
  alias: string,
  guards: (policy: PolicyConfig) => string,
  tagPrefix: string,
  rowKey: readonly Column[],
): string {
  const value = `${alias}.${quoteIdentifier(column.column.name)}`;
  const type = pinType(column.column.typeSql.replace(/\(\d+\)$/, ''));
  const cases = column.rules.map((rule) => {
    const tag = tagSql(rule, column.column, value, alias, tagPrefix, rowKey);
    const kept = rule.config.keepNull ? `CASE WHEN ${value} IS NULL THEN NULL ELSE ${tag} END` : tag;
    return `WHEN ${guards(rule.policy)} THEN CAST(${kept} AS ${type})`;
  });
  const forged = `WHEN pg_catalog.starts_with(CAST(${value} AS pg_catalog.text), '${tagPrefix}') THEN CAST('' AS ${type})`;
  return `CASE ${cases.join(' ')} ${forged} ELSE ${value} END`;
}

function tagSql(
  rule: MaskRule,
  column: Column,
  value: string,
  alias: string,
  tagPrefix: string,
  rowKey: readonly Column[],
): string {
  if (!rule.tagged) return maskSql(rule.config, column, value);
  const { mask } = rule.config;
  const start = `'${tagPrefix}${rule.tagged.id}:'`;
  const payload =
    mask.kind !== 'one_way'
      ? `CAST(${maskSql({ ...rule.config, keepNull: false }, column, value)} AS pg_catalog.text)`
      : mask.linkable
        ? // Only the digest leaves the database. NULL has none: it gets a token of its row.
          `COALESCE(${digestSql(`CAST(${value} AS pg_catalog.text)`)}, 'n' OPERATOR(pg_catalog.||) ${rowKeySql(rowKey, alias)})`
        : rowKeySql(rowKey, alias);
  return `${start} OPERATOR(pg_catalog.||) ${payload}`;
}

/** Columns of the relation itself that its guards need, for privileges. */
export function columnsForGuards(guarded: GuardedRelation): ReadonlySet<Column> {
  const needed = new Set<Column>();
  for (const guard of guarded.guards.values()) {
    const attnums =
      guard.kind === 'own'
        ? [...guard.condition.columns, ...(guard.exemption?.columns ?? [])]
        : guard.on.map((pair) => pair.child.attnum);
    for (const column of guarded.relation.columns) if (attnums.includes(column.attnum)) needed.add(column);
  }
  return needed;
}

/** Other relations that a guard reads, with the columns that it reads there (all, where that is not known). */
export function relationsForGuard(guard: RowGuard): ReadonlyMap<Relation, readonly Column[]> {
  const needed = new Map<Relation, Column[]>();
  const add = (relation: Relation, columns: readonly Column[]): void => {
    needed.set(relation, [...(needed.get(relation) ?? []), ...columns]);
  };
  if (guard.kind === 'own') {
    for (const part of [guard.condition, guard.exemption])
      for (const r of part?.relations.keys() ?? []) add(r, r.columns);
    return needed;
  }
  const { relation } = guard.parent;
  const own = guard.parentGuard.kind === 'own' ? guard.parentGuard : undefined;
  const read = new Set<number>([
    ...guard.on.map((pair) => pair.parent.attnum),
    ...(own ? [...own.condition.columns, ...(own.exemption?.columns ?? [])] : []),
    ...(guard.parentGuard.kind === 'belongs' ? guard.parentGuard.on.map((pair) => pair.child.attnum) : []),
  ]);
  add(
    relation,
    relation.columns.filter((column) => read.has(column.attnum)),
  );
  for (const [r, columns] of relationsForGuard(guard.parentGuard)) add(r, columns);
  return needed;
}

/** True where every column of the link has a value: then a parent ought to exist. */
function linked(guard: Extract<RowGuard, { kind: 'belongs' }>, alias: string): string {
  return `(${guard.on.map(({ child }) => `${alias}.${quoteIdentifier(child.name)} IS NOT NULL`).join(' AND ')})`;
}

function equality(pair: { readonly child: Column; readonly parent: Column }, child: string, parent: string): string {
  return `${child}.${quoteIdentifier(pair.child.name)} OPERATOR(pg_catalog.=) ${parent}.${quoteIdentifier(pair.parent.name)}`;
}

export function relationSql(relation: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(relation.schema)}.${quoteIdentifier(relation.name)}`;
}

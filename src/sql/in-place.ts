/** References to a modification's target, masked where they stand: the target cannot be a subquery. */
import type { Node, RangeVar } from '@pgsql/types';
import { type Column, findColumn, type Relation } from '../catalog/snapshot.js';
import type { PolicyConfig } from '../policy/config-types.js';
import { inlineGuard, relationSql } from '../policy/guard-sql.js';
import { quoteIdentifier } from '../policy/quote.js';
import type { Analysis } from './analysis.js';
import { place, referenceNames } from './expression.js';
import { locationOf } from './mentions.js';
import { unsupported } from './refuse.js';
import { columnInPlace, rulesOf, type Scan, SYSTEM_COLUMNS } from './scan.js';
import { findItem, type RangeItem, resolveColumn, type Scope } from './scope.js';
import { parseExpression, replaceNode } from './unit.js';

/** The target of a modification. */
export interface Target {
  readonly range: RangeVar;
  readonly relation: Relation | undefined;
  readonly scan: Scan | undefined;
  readonly item: RangeItem;
  /** As SQL. */
  readonly alias: string;
  readonly temporary: boolean;
}

/** Masks references to the target's protected columns, and its whole row, where they stand in an expression. */
export function maskReferences(node: unknown, target: Target, scope: Scope, analysis: Analysis): void {
  if (!target.scan || node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const item of node) maskReferences(item, target, scope, analysis);
    return;
  }
  if ('SelectStmt' in node || 'SubLink' in node) {
    const link = 'SubLink' in node ? (node.SubLink as { testexpr?: Node; subselect?: Node }) : undefined;
    maskOuterReferences(link ? link.subselect : node, target, analysis);
    // What stands before IN and ANY is outside the subquery.
    maskReferences(link?.testexpr, target, scope, analysis);
    return;
  }
  if (!('ColumnRef' in node)) {
    for (const value of Object.values(node)) maskReferences(value, target, scope, analysis);
    return;
  }
  const fields = node.ColumnRef as Readonly<Record<string, unknown>>;
  const replacement = replacementOf(fields, target, scope, analysis);
  if (replacement !== undefined) replaceReference(node, fields, replacement, analysis);
}

function replaceReference(
  node: object,
  fields: Readonly<Record<string, unknown>>,
  replacement: string,
  analysis: Analysis,
): void {
  const start = locationOf(fields);
  const end = analysis.unit.tokens().endOfName(start);
  if (end === undefined) throw unsupported('this reference', place(fields, analysis));
  // A whole row was given its type already: the mask goes in its place.
  const known = analysis.unit.edits.findIndex((edit) => edit.start === start && edit.end === end);
  if (known >= 0) analysis.unit.edits.splice(known, 1);
  analysis.unit.edits.push({
    start,
    end,
    render: () => replacement,
    mean: (sql, parser) => replaceNode(node, parseExpression(sql, parser)),
  });
}

function replacementOf(
  fields: Readonly<Record<string, unknown>>,
  target: Target,
  scope: Scope,
  analysis: Analysis,
): string | undefined {
  const { parts, star } = referenceNames(fields);
  const scan = target.scan!;
  const { relation } = scan.guarded;
  const location = place(fields, analysis);
  const qualifier = star ? parts : parts.slice(0, -1);
  assertNotOldOrNew(parts, scope, location);
  if (target.item.qualifiedOnly && qualifier.length === 0) {
    if (parts.length !== 1 || !resolvesTo(target, parts, scope)) return undefined;
    // An INSERT has no old row and a DELETE no new one: such a row is NULL, and not made of NULLs.
    return `CASE WHEN ${target.alias}.tableoid IS NOT NULL THEN ${rowInPlace(target, relation)} END`;
  }
  // What could name the target is masked, also where the server would find it ambiguous.
  if (qualifier.length > 0) {
    if (findItem(qualifier, scope)?.item !== target.item) return undefined;
    if (star) throw unsupported('* in this expression', location);
  }
  const name = parts.at(-1) ?? '';
  const column = findColumn(relation, name);
  if (column) {
    return rulesOf(scan, column.attnum).length > 0 ? inPlace(target, column) : undefined;
  }
  const resolved = resolveColumn(parts, scope);
  if (resolved.kind !== 'row' || resolved.item !== target.item) return undefined;
  if (parts.length > 1) {
    // `o.xmin` is a system column; `o.f` would be a call with the whole row.
    if (SYSTEM_COLUMNS.has(name)) return undefined;
    throw unsupported('a function of the whole row', location);
  }
  return rowInPlace(target, relation);
}

function rowInPlace(target: Target, relation: Relation): string {
  return `ROW(${relation.columns.map((column) => inPlace(target, column)).join(', ')})::${relationSql(relation)}`;
}

function resolvesTo(target: Target, parts: readonly string[], scope: Scope): boolean {
  const resolved = resolveColumn(parts, scope);
  return resolved.kind === 'row' && resolved.item === target.item;
}

export function inPlace(target: Target, column: Column): string {
  return columnInPlace(target.scan!, column, target.alias, (policy) => guardInPlace(target, policy));
}

/**
 * In a subquery another relation can take the target's name. Where a reference has that name before it, the mask that
 * stands in its place reads the row that the reference would have read; others are refused.
 */
function maskOuterReferences(node: unknown, target: Target, analysis: Analysis): void {
  const scan = target.scan!;
  const visit = (part: unknown): void => {
    if (part === null || typeof part !== 'object') return;
    if (Array.isArray(part)) {
      for (const item of part) visit(item);
      return;
    }
    if ('ColumnRef' in part) {
      const fields = part.ColumnRef as Readonly<Record<string, unknown>>;
      const { parts, star } = referenceNames(fields);
      const name = parts.at(-1) ?? '';
      // Of RETURNING, they are visible in its subqueries too.
      const isOldOrNew = parts[0] === 'old' || parts[0] === 'new';
      if (isOldOrNew && (star || analysis.resolutions.get(part)?.kind !== 'columns')) {
        throw unsupported('OLD and NEW in RETURNING', place(fields, analysis));
      }
      const column = findColumn(scan.guarded.relation, name);
      const qualified = star ? parts.length > 0 : parts.length > 1;
      const qualifier = star ? name : (parts.at(-2) ?? '');
      const namesTarget = qualified
        ? quoteIdentifier(qualifier) === target.alias
        : quoteIdentifier(name) === target.alias;
      const isProtected = column !== undefined && rulesOf(scan, column.attnum).length > 0;
      const read = analysis.resolutions.get(part);
      const isTargets = read?.kind === 'columns' && read.columns.every((c) => target.item.columns?.includes(c));
      if (namesTarget && isProtected && isTargets && parts.length === 2) {
        replaceReference(part, fields, inPlace(target, column), analysis);
        return;
      }
      const found = qualified ? undefined : read;
      const elsewhere = found?.kind === 'columns' && found.depth === 0;
      if ((namesTarget && (isProtected || star || !column)) || (!qualified && !star && isProtected && !elsewhere)) {
        throw unsupported(`a reference to "${name}" from a subquery`, place(fields, analysis));
      }
      return;
    }
    for (const value of Object.values(part)) visit(value);
  };
  visit(node);
}

/** The guard of the target's row. */
export function guardInPlace(target: Target, policy: PolicyConfig): string {
  return inlineGuard(target.scan!.guarded.guards.get(policy)!, target.alias);
}

/**
 * From PostgreSQL 18 on, RETURNING knows the row before and after the change under names of their own, as
 * `addNSItemForReturning` has it. Elsewhere they name nothing.
 */
export function assertNotOldOrNew(parts: readonly string[], scope: Scope, location: number | undefined): void {
  const [first] = parts;
  if (first !== 'old' && first !== 'new') return;
  if (findItem([first], scope) || (parts.length === 1 && resolveColumn(parts, scope).kind === 'columns')) return;
  throw unsupported('OLD and NEW in RETURNING', location);
}

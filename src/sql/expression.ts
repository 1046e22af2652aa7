/** Expressions: finds the queries in them, and which protected values they carry. After `parse_expr.c`. */
import type { Node, SelectStmt, WindowDef } from '@pgsql/types';
import { quoteIdentifier } from '../policy/quote.js';
import type { Analysis, Ref } from './analysis.js';
import { locationOf, stringOf } from './mentions.js';
import { unsupported } from './refuse.js';
import { SYSTEM_COLUMNS, systemColumnsIn } from './scan.js';
import { findItem, type RangeItem, type Resolved, resolveColumn, type Scope, type Taint } from './scope.js';
import { parseExpression, replaceNode } from './unit.js';

/** Every kind of node that an expression of PostgreSQL 13 to 18 can have. */
const KINDS = new Set(
  (
    'A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star BoolExpr BooleanTest CaseExpr CaseWhen CoalesceExpr ' +
    'CollateClause ColumnRef CurrentOfExpr FuncCall GroupingFunc GroupingSet JsonAggConstructor JsonArgument ' +
    'JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor JsonBehavior JsonExpr JsonFormat JsonFuncExpr ' +
    'JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonOutput JsonParseExpr JsonReturning ' +
    'JsonScalarExpr JsonSerializeExpr JsonTableColumn JsonTablePathSpec JsonValueExpr List MinMaxExpr NamedArgExpr ' +
    'NullTest ParamRef RangeTableFuncCol ResTarget RowExpr SQLValueFunction SelectStmt SetToDefault SortBy String ' +
    'SubLink TypeCast TypeName WindowDef XmlExpr XmlSerialize Integer Float Boolean BitString MergeSupportFunc'
  ).split(' '),
);

/** Functions that take a row of any type: the row need not have its table's type there. */
const TAKES_ANY_ROW = new Set(
  'count json_agg jsonb_agg row_to_json to_json to_jsonb num_nulls num_nonnulls'.split(' '),
);

type Fields = Readonly<Record<string, unknown>>;

/**
 * Visits an expression, a list of them or any part of one: analyses the queries in it, registers FILTER conditions, and
 * mends references that a substituted relation would break.
 */
export function visitExpression(node: unknown, scope: Scope, analysis: Analysis, call?: string): void {
  if (Array.isArray(node)) {
    for (const item of node) visitExpression(item, scope, analysis, call);
    return;
  }
  if (node === null || typeof node !== 'object') return;
  const kind = kindOf(node);
  if (kind === undefined) {
    if ('relname' in node) throw unsupported('a relation in an expression', place(node, analysis));
    for (const value of Object.values(node)) visitExpression(value, scope, analysis, call);
    return;
  }
  const fields = (node as Fields)[kind] as Fields;
  analysis.state.viewer.pace();
  if (!KINDS.has(kind)) throw unsupported(kind, place(fields, analysis));
  switch (kind) {
    case 'ColumnRef':
      mendReference(node, fields, scope, analysis, call);
      return;
    case 'SubLink':
      visitExpression(fields.testexpr, scope, analysis);
      analysis.query(selectOf(fields.subselect), scope);
      return;
    case 'SelectStmt':
      analysis.query(fields as SelectStmt, scope);
      return;
    case 'FuncCall': {
      const name = stringOf((fields.funcname as Node[]).at(-1)) ?? '';
      if (fields.agg_filter) registerFilter('FILTER', fields.agg_filter, scope, analysis);
      if (returnsSet(name, analysis)) {
        registerFilter(`the number of rows of ${name}`, fields.args, scope, analysis);
      }
      if (fields.over) {
        // Rows leave a window in its order.
        const refs = (): readonly Ref[] => windowRefs(fields.over, scope, analysis);
        analysis.state.checks.push({ place: 'a window', refs, kind: 'shape' });
      }
      visitExpression(Object.values(fields), scope, analysis, name);
      return;
    }
    default:
      visitExpression(Object.values(fields), scope, analysis);
  }
}

/** True if a function of that name, in any schema, returns a set. */
function returnsSet(name: string, { state }: Analysis): boolean {
  const { snapshot } = state.viewer.protection;
  return snapshot.builtinSets.has(name) || (snapshot.routinesByName.get(name)?.some((r) => r.returnsSet) ?? false);
}

/** Registers a condition that decides rows; it must have been, or be, visited too. */
export function registerFilter(name: string, node: unknown, scope: Scope, analysis: Analysis): void {
  if (node === undefined) return;
  analysis.state.checks.push({ place: name, refs: () => refsOf(node, scope, analysis), kind: 'filter' });
}

/** The protected values that an expression carries, where they are written. */
export function refsOf(node: unknown, scope: Scope, analysis: Analysis): readonly Ref[] {
  if (Array.isArray(node)) return node.flatMap((item) => refsOf(item, scope, analysis));
  if (node === null || typeof node !== 'object') return [];
  const kind = kindOf(node);
  if (kind === undefined) return Object.values(node).flatMap((value) => refsOf(value, scope, analysis));
  const fields = (node as Fields)[kind] as Fields;
  analysis.state.viewer.pace();
  switch (kind) {
    case 'ColumnRef':
      return referenceTaints(fields, scope).map((taint) => ({ taint, location: place(fields, analysis) }));
    case 'SubLink': {
      const test = refsOf(fields.testexpr, scope, analysis);
      if (fields.subLinkType === 'EXISTS_SUBLINK') return test;
      return [...test, ...(analysis.results.get(selectOf(fields.subselect))?.refs() ?? [])];
    }
    case 'SelectStmt':
      return analysis.results.get(fields)?.refs() ?? [];
    case 'FuncCall': {
      const { over, ...call } = fields;
      return [
        ...Object.values(call).flatMap((value) => refsOf(value, scope, analysis)),
        ...windowRefs(over, scope, analysis),
      ];
    }
    case 'A_Indirection':
      return fieldRefs(fields, scope, analysis) ?? refsOf(Object.values(fields), scope, analysis);
    default:
      return Object.values(fields).flatMap((value) => refsOf(value, scope, analysis));
  }
}

/** What the rows of a window are, with what the WINDOW clause says under the name that it refers to. */
function windowRefs(over: unknown, scope: Scope, analysis: Analysis): readonly Ref[] {
  const found: unknown[] = [];
  let window = over as WindowDef | undefined;
  let known = scope.windows ?? [];
  while (window) {
    found.push(window);
    const base: string | undefined = window === over ? (window.name ?? window.refname) : window.refname;
    // A window can refer to those before it.
    const at = known.findIndex((w) => w.name === base);
    window = known[at];
    known = known.slice(0, Math.max(at, 0));
  }
  return refsOf(found, scope, analysis);
}

/** `(o).name` is one column of a row; undefined for anything else. */
function fieldRefs(fields: Fields, scope: Scope, analysis: Analysis): readonly Ref[] | undefined {
  const row = wholeRow(fields.arg, scope);
  const name = stringOf((fields.indirection as readonly Node[] | undefined)?.[0]);
  const column = row?.item.columns?.find((c) => c.name === name);
  return column?.taint().map((taint) => ({ taint, location: place(row!.reference, analysis) }));
}

/** The item of FROM whose row an expression is, and the reference to it. */
export function wholeRow(
  node: unknown,
  scope: Scope,
): { readonly item: RangeItem; readonly reference: object } | undefined {
  if (node === null || typeof node !== 'object' || !('ColumnRef' in node)) return undefined;
  const reference = node.ColumnRef as Fields;
  const { parts, star } = referenceNames(reference);
  const resolved = !star && parts.length === 1 ? resolveColumn(parts, scope) : undefined;
  return resolved?.kind === 'row' ? { item: resolved.item, reference } : undefined;
}

function referenceTaints(fields: Fields, scope: Scope): readonly Taint[] {
  const names = referenceNames(fields);
  const resolved = names.star ? resolveStar(names.parts, scope) : resolveColumn(names.parts, scope);
  switch (resolved.kind) {
    case 'columns':
      return resolved.columns.flatMap((column) => column.taint());
    case 'row': {
      const isSystemColumn = names.parts.length > 1 && !names.star && SYSTEM_COLUMNS.has(names.parts.at(-1)!);
      return isSystemColumn ? [] : itemTaints(resolved.item);
    }
    case 'opaque':
      return resolved.items.flatMap((item) => item.opaqueTaint?.() ?? []);
    case 'unknown':
      return [];
    default:
      return resolved satisfies never;
  }
}

export function itemTaints(item: RangeItem): readonly Taint[] {
  return item.columns ? item.columns.flatMap((column) => column.taint()) : (item.opaqueTaint?.() ?? []);
}

/** `x.*` inside an expression, such as ROW(x.*), is the whole row. */
function resolveStar(qualifier: readonly string[], scope: Scope): Resolved {
  const found = qualifier.length > 0 ? findItem(qualifier, scope) : undefined;
  return found ? { kind: 'row', item: found.item, depth: found.depth } : { kind: 'unknown' };
}

/** The parts of a column reference, a star left out. */
export function referenceNames(fields: Fields): { readonly parts: readonly string[]; readonly star: boolean } {
  const all = (fields.fields as readonly Node[] | undefined) ?? [];
  const parts = all.map(stringOf).filter((part) => part !== undefined);
  return { parts, star: parts.length < all.length };
}

/** A query's own place in the text of the client. */
export function place(fields: object, analysis: Analysis): number | undefined {
  const location = locationOf(fields);
  return location < 0 ? undefined : analysis.unit.locate(location);
}

/** What a reference to a substituted relation needs so that it means the same as before. */
function mendReference(node: object, fields: Fields, scope: Scope, analysis: Analysis, call: string | undefined): void {
  const { parts, star } = referenceNames(fields);
  const qualifier = star ? parts : parts.slice(0, -1);
  const qualified = qualifier.length > 1 ? findItem(qualifier, scope) : undefined;
  if (qualified?.item.rowType !== undefined) {
    unqualify(node, fields, qualified.item, analysis);
    return;
  }
  if (star) {
    const isScan = findItem(parts, scope)?.item.scan !== undefined;
    if (isScan && systemColumnsIn(analysis.mentions).length > 0) {
      throw unsupported('* in an expression together with a system column', place(fields, analysis));
    }
    return;
  }
  const resolved = resolveColumn(parts, scope);
  analysis.resolutions.set(node, resolved);
  if (resolved.kind !== 'row' || resolved.item.rowType === undefined) return;
  if (parts.length > 1) {
    if (SYSTEM_COLUMNS.has(parts.at(-1)!)) return;
    throw unsupported('a function of the whole row written as a column', place(fields, analysis));
  }
  if (call !== undefined && TAKES_ANY_ROW.has(call) && !resolved.item.isRenamed) return;
  giveRowType(node, fields, resolved.item, analysis);
}

/** `public.orders.id` cannot name a subquery; `orders.id` can. */
function unqualify(node: object, fields: Fields, item: RangeItem, analysis: Analysis): void {
  const start = locationOf(fields);
  const end = analysis.unit.tokens().endOfName(start);
  if (end === undefined || item.alias === undefined) throw unsupported('this reference', place(fields, analysis));
  const { parts, star } = referenceNames(fields);
  const last = star ? '*' : quoteIdentifier(parts.at(-1)!);
  analysis.unit.edits.push({
    start,
    end,
    render: () => `${quoteIdentifier(item.alias!)}.${last}`,
    mean: (sql, parser) => replaceNode(node, parseExpression(sql, parser)),
  });
}

/** The row of a subquery is an anonymous record; functions and drivers expect the table's own type. */
function giveRowType(node: object, fields: Fields, item: RangeItem, analysis: Analysis): void {
  const start = locationOf(fields);
  const end = analysis.unit.tokens().endOfName(start);
  if (end === undefined) throw unsupported('this reference', place(fields, analysis));
  const alias = quoteIdentifier(item.alias!);
  const type = item.rowType;
  analysis.unit.edits.push({
    start,
    end,
    // NULL where an outer join found no row; ELSE gives the output column the name of the row.
    render: () =>
      `(CASE WHEN pg_catalog.num_nulls(${alias}) OPERATOR(pg_catalog.>) 0 THEN NULL ELSE ${alias}::${type} END)`,
    mean: (sql, parser) => replaceNode(node, parseExpression(sql, parser)),
  });
}

/** The kind of a node in its wrapper, such as `ColumnRef` of `{ ColumnRef: {…} }`. */
function kindOf(node: object): string | undefined {
  const keys = Object.keys(node);
  const key = keys.length === 1 ? keys[0]! : undefined;
  const isKind = key !== undefined && /^[A-Z]/.test(key) && typeof (node as Fields)[key] === 'object';
  return isKind ? key : undefined;
}

function selectOf(node: unknown): SelectStmt {
  if (node !== null && typeof node === 'object' && 'SelectStmt' in node) return node.SelectStmt as SelectStmt;
  throw unsupported('this kind of subquery');
}

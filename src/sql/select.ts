/** Queries: WITH, set operations, VALUES and SELECT levels. After `transformStmt` in `analyze.c`. */
import type { Node, SelectStmt } from '@pgsql/types';
import type { Oid } from '../catalog/snapshot.js';
import type { Analysis, QueryColumn, QueryResult, Ref } from './analysis.js';
import { conjunctsOf } from './conditions.js';
import { itemTaints, place, referenceNames, refsOf, registerFilter, visitExpression, wholeRow } from './expression.js';
import { analyseFromItem, combine, EMPTY_PART, type FromPart } from './from.js';
import { keepFunctionalDependency } from './grouping.js';
import { lazyUnion } from './lazy.js';
import { stringOf, typeOfName } from './mentions.js';
import { proveScans } from './proof.js';
import { unsupported } from './refuse.js';
import type { Scan, ScanColumn } from './scan.js';
import { findItem, lazyTaint, originOf, resolveColumn, type Scope, type ScopeColumn } from './scope.js';
import { writeOutStar } from './system-columns.js';
import { isPlainTextType } from './values.js';
import { withScope } from './with.js';

const FIELDS = new Set(
  (
    'all distinctClause fromClause groupClause groupDistinct havingClause intoClause larg limitCount limitOffset ' +
    'limitOption lockingClause op rarg sortClause targetList valuesLists whereClause windowClause withClause'
  ).split(' '),
);

/** Analyses a query below a scope. INTO is the statement's concern. */
export function analyseQuery(select: SelectStmt, outer: Scope | undefined, analysis: Analysis): QueryResult {
  analysis.state.viewer.pace();
  const unknown = Object.keys(select).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) throw unsupported(`${unknown} in a query`);
  const ctes = withScope(select.withClause, outer, analysis);
  const scope: Scope = { items: [], merged: [], parent: outer, ctes };
  const result = resultOf(select, scope, analysis);
  analysis.results.set(select, result);
  return result;
}

function resultOf(select: SelectStmt, scope: Scope, analysis: Analysis): QueryResult {
  if (select.op !== undefined && select.op !== 'SETOP_NONE') return setOperation(select, scope, analysis);
  if (select.valuesLists) return values(select, scope, analysis);
  return level(select, scope, analysis);
}

function setOperation(select: SelectStmt, scope: Scope, analysis: Analysis): QueryResult {
  if (!select.larg || !select.rarg) throw unsupported('this set operation');
  const below: Scope = { items: [], merged: [], parent: scope.parent, ctes: scope.ctes };
  const left = analysis.query(select.larg, below);
  const right = analysis.query(select.rarg, below);
  const all = (): readonly Ref[] => [...left.refs(), ...right.refs()];
  if (!select.all || select.op !== 'SETOP_UNION') shapeCheck('a set operation', all, analysis);
  const columns = left.columns?.map((column, i): QueryColumn => {
    const refs = (): readonly Ref[] => [...column.refs(), ...(right.columns?.[i]?.refs() ?? right.refs())];
    return { name: column.name, refs, taint: taintsOf(refs) };
  });
  limits(select, scope, analysis);
  const sorted = resultScope(columns, scope);
  visitExpression(select.sortClause, sorted, analysis);
  order(select, () => (columns ? keyRefs(select.sortClause, columns, sorted, analysis) : all()), analysis);
  return { columns, refs: all };
}

/** ORDER BY of a set operation names its columns. */
function resultScope(columns: readonly QueryColumn[] | undefined, scope: Scope): Scope {
  return { items: [{ alias: undefined, columns }], merged: [], parent: scope.parent, ctes: scope.ctes };
}

function values(select: SelectStmt, scope: Scope, analysis: Analysis): QueryResult {
  const lists = (select.valuesLists ?? []).map((list) => ('List' in list ? (list.List.items ?? []) : []));
  visitExpression(lists, scope, analysis);
  limits(select, scope, analysis);
  const columns = (lists[0] ?? []).map((_, i): QueryColumn => {
    const refs = lazyUnion(() => lists.flatMap((list) => refsOf(list[i], scope, analysis)));
    return { name: `column${i + 1}`, refs, taint: taintsOf(refs) };
  });
  visitExpression(select.sortClause, scope, analysis);
  order(select, () => keyRefs(select.sortClause, columns, scope, analysis), analysis);
  return { columns, refs: () => columns.flatMap((column) => column.refs()) };
}

function level(select: SelectStmt, outer: Scope, analysis: Analysis): QueryResult {
  let from: FromPart = EMPTY_PART;
  for (const node of select.fromClause ?? []) {
    from = combine(from, analyseFromItem(node, from, outer, analysis));
  }
  const windows = (select.windowClause ?? []).flatMap((node) => ('WindowDef' in node ? [node.WindowDef] : []));
  const scope: Scope = { items: from.items, merged: from.merged, parent: outer.parent, ctes: outer.ctes, windows };
  prove([...from.conjuncts, ...conjunctsOf(select.whereClause)], scope, analysis);
  const { whereClause, havingClause, groupClause, windowClause, sortClause, distinctClause } = select;
  visitExpression(whereClause, scope, analysis);
  visitExpression([groupClause, havingClause, windowClause], scope, analysis);
  visitExpression(sortClause, scope, analysis);
  visitExpression(distinctClause, scope, analysis);
  registerFilter('WHERE', whereClause, scope, analysis);
  registerFilter('HAVING', havingClause, scope, analysis);
  limits(select, scope, analysis);
  const columns = targetColumns(select, scope, from, analysis);
  const refs = (): readonly Ref[] => columns.columns.flatMap((column) => column.refs());
  if (groupClause) {
    shapeCheck('GROUP BY', () => refsOf(groupClause, scope, analysis), analysis);
    keepFunctionalDependency(select, scope, (node) => storedColumn(node, scope), analysis);
  }
  const keys = (nodes: readonly Node[] | undefined): readonly Ref[] =>
    columns.known ? keyRefs(nodes, columns.columns, scope, analysis) : [...refsOf(nodes, scope, analysis), ...refs()];
  if (distinctClause) shapeCheck('DISTINCT', () => [...keys(distinctClause), ...refs()], analysis);
  // DISTINCT alone is a list with an empty entry.
  if (distinctClause?.some((node) => Object.keys(node).length > 0)) {
    const on = (): readonly Ref[] => [...keys(distinctClause), ...keys(sortClause)];
    analysis.state.checks.push({ place: 'DISTINCT ON', refs: on, kind: 'filter' });
  }
  order(select, () => keys(sortClause), analysis);
  return { columns: columns.known ? columns.columns : undefined, refs };
}

/** Marks scans whose redacted rows the conditions of a level exclude. */
export function prove(conjuncts: readonly Node[], scope: Scope, analysis: Analysis): void {
  // With a `=` or `now` of somebody's own, a condition need not say what it seems to.
  const { proves, assumptions, viewer } = analysis.state;
  if (!proves || viewer.protection.hasOwnComparisons) return;
  const scans = new Set<Scan>();
  for (const item of scope.items) {
    if (item.scan) scans.add(item.scan);
    for (const column of item.columns ?? []) if (column.stored) scans.add(column.stored.scan);
  }
  if (scans.size === 0) return;
  const conditions = { conjuncts, scans: [...scans], columnOf: (node: Node) => storedColumn(node, scope) };
  proveScans(conditions, assumptions, viewer.pace);
}

/** A reference to a column of a scan of this level; a view's definition writes casts to text around it. */
function storedColumn(node: Node, scope: Scope): ScanColumn | undefined {
  if ('TypeCast' in node && node.TypeCast.arg) {
    return isPlainTextType(node.TypeCast.typeName) ? storedColumn(node.TypeCast.arg, scope) : undefined;
  }
  if (!('ColumnRef' in node)) return undefined;
  const { parts, star } = referenceNames(node.ColumnRef as Readonly<Record<string, unknown>>);
  if (star) return undefined;
  const resolved = resolveColumn(parts, scope);
  return resolved.kind === 'columns' && resolved.depth === 0 && resolved.columns.length === 1
    ? resolved.columns[0]!.stored
    : undefined;
}

function limits(select: SelectStmt, scope: Scope, analysis: Analysis): void {
  for (const [name, node] of [
    ['LIMIT', select.limitCount],
    ['OFFSET', select.limitOffset],
  ] as const) {
    visitExpression(node, scope, analysis);
    registerFilter(name, node, scope, analysis);
  }
}

/** The order of rows tells of what they are sorted by; with ties, it decides how many there are. */
function order(select: SelectStmt, refs: () => readonly Ref[], analysis: Analysis): void {
  if (!select.sortClause) return;
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') {
    analysis.state.checks.push({ place: 'FETCH FIRST … WITH TIES', refs, kind: 'filter' });
  } else shapeCheck('ORDER BY', refs, analysis);
}

/** The values behind the entries of ORDER BY or DISTINCT ON, which can be output columns, by name or by number. */
function keyRefs(
  nodes: readonly Node[] | undefined,
  columns: readonly QueryColumn[],
  scope: Scope,
  analysis: Analysis,
): readonly Ref[] {
  return (nodes ?? []).flatMap((node): readonly Ref[] => {
    const key = 'SortBy' in node ? node.SortBy.node : node;
    if (!key) return [];
    const output = outputNamed(key, columns);
    if (!output) return refsOf(key, scope, analysis);
    const location = place(Object.values(key)[0] as object, analysis);
    return output.refs().map(({ taint }) => ({ taint, location }));
  });
}

/** After `findTargetlistEntrySQL92`: an output column goes before an input column. */
function outputNamed(key: Node, columns: readonly QueryColumn[]): QueryColumn | undefined {
  if ('A_Const' in key && key.A_Const.ival) return columns[(key.A_Const.ival.ival ?? 0) - 1];
  if (!('ColumnRef' in key)) return undefined;
  const { parts, star } = referenceNames(key.ColumnRef as Readonly<Record<string, unknown>>);
  return star || parts.length > 1 ? undefined : columns.find((column) => column.name === parts[0]);
}

function shapeCheck(name: string, refs: () => readonly Ref[], analysis: Analysis): void {
  analysis.state.checks.push({ place: name, refs, kind: 'shape' });
}

function targetColumns(
  select: SelectStmt,
  scope: Scope,
  from: FromPart,
  analysis: Analysis,
): { readonly columns: readonly QueryColumn[]; readonly known: boolean } {
  const columns: QueryColumn[] = [];
  let known = true;
  for (const node of [...(select.targetList ?? [])]) {
    if (!('ResTarget' in node)) throw unsupported('this target');
    const { val, name } = node.ResTarget;
    if (!val) continue;
    const star = starOf(val);
    if (!star) {
      visitExpression(val, scope, analysis);
      // `(row).*` is as many columns as the row has.
      if ('A_Indirection' in val && val.A_Indirection.indirection?.some((part) => 'A_Star' in part)) {
        const row = val.A_Indirection.indirection.length === 1 ? wholeRow(val.A_Indirection.arg, scope) : undefined;
        if (row?.item.columns) {
          const location = place(row.reference, analysis);
          columns.push(...row.item.columns.map((column) => spread(column, location)));
          continue;
        }
        known = false;
      }
      columns.push(expressionColumn(val, name, columns.length, select, scope, analysis));
      continue;
    }
    const item = star.qualifier.length > 0 ? findItem(star.qualifier, scope)?.item : undefined;
    const expansion = item ? item.columns : star.qualifier.length > 0 ? undefined : from.expansion;
    const [first] = select.fromClause ?? [];
    // The `*` of `TABLE orders` is not written.
    const written = 'ColumnRef' in val ? place(val.ColumnRef, analysis) : undefined;
    const location = written ?? (first && 'RangeVar' in first ? place(first.RangeVar, analysis) : undefined);
    if (!writeOutStar(select, node, item, scope, analysis)) visitExpression(val, scope, analysis);
    if (!expansion) {
      known = false;
      const refs = (): readonly Ref[] =>
        (item ? itemTaints(item) : scope.items.flatMap(itemTaints)).map((taint) => ({ taint, location }));
      columns.push({ name: '*', refs, taint: taintsOf(refs) });
      continue;
    }
    for (const column of expansion) {
      const tag = carriedByStar(column, columns.length, select, scope, analysis) ? column.tag : undefined;
      columns.push(spread(column, location, tag));
    }
  }
  return { columns, known };
}

/** A column of `*`. */
function spread(column: ScopeColumn, location: number | undefined, tag?: ScopeColumn['tag']): QueryColumn {
  return carried(column, column.name, () => column.taint().map((taint) => ({ taint, location })), tag);
}

function starOf(node: Node): { readonly qualifier: readonly string[] } | undefined {
  if ('ColumnRef' in node) {
    const { parts, star } = referenceNames(node.ColumnRef as Readonly<Record<string, unknown>>);
    return star ? { qualifier: parts } : undefined;
  }
  return undefined;
}

function expressionColumn(
  value: Node,
  name: string | undefined,
  index: number,
  select: SelectStmt,
  scope: Scope,
  analysis: Analysis,
): QueryColumn {
  const refs = lazyUnion(() => refsOf(value, scope, analysis));
  const output = name ?? columnName(value) ?? '?column?';
  const column = 'ColumnRef' in value ? onlyColumn(value, scope) : undefined;
  if (!column) {
    const cast = castInVain(value, scope);
    if (cast) return { name: output, refs, taint: taintsOf(refs), ...originOf(cast) };
    const table = rowOrigin(value, scope);
    return { name: output, refs, taint: taintsOf(refs), ...(table ? { origin: { table, attnum: 0 } } : {}) };
  }
  const tag = carriedByName(column, output, index, select, scope, analysis) ? column.tag : undefined;
  return carried(column, output, refs, tag);
}

function carried(column: ScopeColumn, name: string, refs: () => readonly Ref[], tag: ScopeColumn['tag']): QueryColumn {
  return {
    name,
    refs,
    taint: taintsOf(refs),
    ...originOf(column),
    ...(column.typmod === undefined ? {} : { typmod: column.typmod }),
    ...(column.stored ? { stored: column.stored } : {}),
    ...(tag ? { tag } : {}),
  };
}

/** A column that is cast to the type that it is of: for the server that is the column, with its origin. */
function castInVain(value: Node, scope: Scope): ScopeColumn | undefined {
  if (!('TypeCast' in value) || !value.TypeCast.arg) return undefined;
  const { arg, typeName } = value.TypeCast;
  const column = onlyColumn(arg, scope) ?? castInVain(arg, scope);
  if (!typeName || typeName.typmods || typeName.arrayBounds) return undefined;
  const [name, ...more] = (typeName.names ?? []).map(stringOf);
  const type = more.length > 0 ? typeOfName(typeName as Readonly<Record<string, unknown>>) : name;
  return type !== undefined && type === column?.type?.replace(/\(.*?\)/, '') ? column : undefined;
}

function onlyColumn(value: Node, scope: Scope): ScopeColumn | undefined {
  if (!('ColumnRef' in value)) return undefined;
  const { parts } = referenceNames(value.ColumnRef as Readonly<Record<string, unknown>>);
  const resolved = resolveColumn(parts, scope);
  return resolved.kind === 'columns' && resolved.columns.length === 1 && resolved.depth === 0
    ? resolved.columns[0]
    : undefined;
}

/** The relation of a whole row that a substituted relation offers. */
function rowOrigin(value: Node, scope: Scope): Oid | undefined {
  if (!('ColumnRef' in value)) return undefined;
  const { parts, star } = referenceNames(value.ColumnRef as Readonly<Record<string, unknown>>);
  const resolved = star || parts.length > 1 ? undefined : resolveColumn(parts, scope);
  return resolved?.kind === 'row' ? resolved.item.rowOrigin : undefined;
}

/** True where the value goes to this output column and nowhere else in the text. */
function carriedByName(
  column: ScopeColumn,
  output: string,
  index: number,
  select: SelectStmt,
  scope: Scope,
  analysis: Analysis,
): boolean {
  const { mentions } = analysis;
  return (
    mentions.columns.get(column.name) === 1 &&
    mentions.stars.length === 0 &&
    isPlain(column.name, output, index, select, scope, analysis)
  );
}

function carriedByStar(
  column: ScopeColumn,
  index: number,
  select: SelectStmt,
  scope: Scope,
  analysis: Analysis,
): boolean {
  const { mentions } = analysis;
  return (
    !mentions.columns.has(column.name) &&
    mentions.stars.length === 1 &&
    isPlain(column.name, column.name, index, select, scope, analysis)
  );
}

function isPlain(
  name: string,
  output: string,
  index: number,
  select: SelectStmt,
  scope: Scope,
  { mentions }: Analysis,
): boolean {
  const sorted = (select.sortClause ?? []).some((node) => {
    const by = 'SortBy' in node ? node.SortBy.node : undefined;
    if (by && 'A_Const' in by) return by.A_Const.ival?.ival === index + 1;
    return by && 'ColumnRef' in by && stringOf(by.ColumnRef.fields?.at(-1)) === output;
  });
  return (
    !sorted &&
    !mentions.natural &&
    !mentions.using.has(name) &&
    !select.distinctClause &&
    !select.groupClause &&
    // A mention of an alias is one of the whole row.
    !scope.items.some((item) => item.alias !== undefined && mentions.columns.has(item.alias))
  );
}

/** The name that the server gives an output column, `FigureColname`; undefined for `?column?`. */
function columnName(node: Node): string | undefined {
  if ('ColumnRef' in node) return stringOf(node.ColumnRef.fields?.at(-1));
  if ('FuncCall' in node) return stringOf(node.FuncCall.funcname?.at(-1));
  if ('TypeCast' in node) {
    const inner = node.TypeCast.arg && columnName(node.TypeCast.arg);
    return inner ?? stringOf(node.TypeCast.typeName?.names?.at(-1));
  }
  if ('CollateClause' in node) return node.CollateClause.arg && columnName(node.CollateClause.arg);
  if ('A_Indirection' in node) {
    const field = node.A_Indirection.indirection?.map(stringOf).findLast((part) => part !== undefined);
    return field ?? (node.A_Indirection.arg && columnName(node.A_Indirection.arg));
  }
  if ('CaseExpr' in node) return (node.CaseExpr.defresult && columnName(node.CaseExpr.defresult)) ?? 'case';
  if ('CoalesceExpr' in node) return 'coalesce';
  if ('MinMaxExpr' in node) return node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest';
  if ('A_ArrayExpr' in node) return 'array';
  if ('RowExpr' in node) return 'row';
  if ('SubLink' in node) {
    if (node.SubLink.subLinkType === 'EXISTS_SUBLINK') return 'exists';
    if (node.SubLink.subLinkType === 'ARRAY_SUBLINK') return 'array';
    const select =
      node.SubLink.subselect && 'SelectStmt' in node.SubLink.subselect && node.SubLink.subselect.SelectStmt;
    const target = select ? select.targetList?.[0] : undefined;
    if (node.SubLink.subLinkType !== 'EXPR_SUBLINK' || !target || !('ResTarget' in target)) return undefined;
    return target.ResTarget.name ?? (target.ResTarget.val && columnName(target.ResTarget.val));
  }
  return undefined;
}

function taintsOf(refs: () => readonly Ref[]) {
  return lazyTaint(() => refs().map((ref) => ref.taint));
}

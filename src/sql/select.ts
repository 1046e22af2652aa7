/** Queries: WITH, set operations, VALUES and SELECT levels. After `transformStmt` in `analyze.c`. */
import type { Node, SelectStmt, WithClause } from '@pgsql/types';
import type { AttNum, Oid } from '../catalog/snapshot.js';
import { quoteIdentifier } from '../policy/quote.js';
import { type Analysis, NO_REFS, type QueryColumn, type QueryResult, type Ref } from './analysis.js';
import { itemTaints, place, referenceNames, refsOf, registerFilter, visitExpression } from './expression.js';
import { analyseFromItem, combine, EMPTY_PART, type FromPart } from './from.js';
import { locationOf, stringOf } from './mentions.js';
import { conjunctsOf, isPlainTextType, proveScans, type ScanColumn } from './proof.js';
import { unsupported } from './refuse.js';
import type { Scan } from './scan.js';
import { type CteScope, findItem, lazyTaint, resolveColumn, type Scope, type ScopeColumn } from './scope.js';
import { parseTargets } from './unit.js';

const FIELDS = new Set(
  (
    'all distinctClause fromClause groupClause groupDistinct havingClause intoClause larg limitCount limitOffset ' +
    'limitOption lockingClause op rarg sortClause targetList valuesLists whereClause windowClause withClause'
  ).split(' '),
);

/** Analyses a query below a scope. INTO is the statement's concern. */
export function analyseQuery(select: SelectStmt, outer: Scope | undefined, analysis: Analysis): QueryResult {
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

/** The common table expressions that a query can name. */
export function withScope(
  clause: WithClause | undefined,
  outer: Scope | undefined,
  analysis: Analysis,
): CteScope | undefined {
  let ctes = outer?.ctes;
  if (!clause) return ctes;
  const entries = (clause.ctes ?? []).map((node) => {
    if (!('CommonTableExpr' in node)) throw unsupported('this kind of WITH');
    return node.CommonTableExpr;
  });
  const results = new Map<string, QueryResult | undefined>();
  const declare = (name: string, names: readonly Node[] | undefined, taken: CteScope | undefined): CteScope => ({
    name,
    columns: () => {
      const columns = results.get(name)?.columns;
      return columns?.map(
        ({ taint, stored, origin, name: own }, i): ScopeColumn => ({
          name: stringOf(names?.[i]) ?? own,
          taint,
          ...(stored ? { stored } : {}),
          ...(origin ? { origin } : {}),
        }),
      );
    },
    outer: taken,
  });
  if (clause.recursive) for (const cte of entries) ctes = declare(cte.ctename ?? '', cte.aliascolnames, ctes);
  for (const cte of entries) {
    const inner: Scope = { items: [], merged: [], parent: outer, ctes };
    const query = cte.ctequery;
    if (!query) throw unsupported('this kind of WITH');
    if ('SelectStmt' in query) {
      // The non-recursive side first, so that the recursive one finds its columns.
      const { larg } = query.SelectStmt;
      if (clause.recursive && larg) {
        const first = analyseShallow(larg, query.SelectStmt.withClause, inner, analysis);
        results.set(cte.ctename ?? '', first);
      }
      const whole = analysis.query(query.SelectStmt, inner);
      results.set(cte.ctename ?? '', whole);
    } else results.set(cte.ctename ?? '', analysis.modification(query, inner));
    for (const part of [cte.search_clause, cte.cycle_clause]) visitExpression(part, inner, analysis);
    if (!clause.recursive) ctes = declare(cte.ctename ?? '', cte.aliascolnames, ctes);
  }
  return ctes;
}

/** Names and number of the columns of a query, without its edits and checks: it is analysed again as a part. */
function analyseShallow(
  select: SelectStmt,
  clause: WithClause | undefined,
  scope: Scope,
  analysis: Analysis,
): QueryResult {
  const { edits } = analysis.unit;
  const [editCount, checkCount, scanCount] = [edits.length, analysis.state.checks.length, analysis.state.scans.length];
  const ctes = withScope(clause, scope, analysis);
  const result = analysis.query(select, { ...scope, ctes });
  edits.length = editCount;
  analysis.state.checks.length = checkCount;
  analysis.state.scans.length = scanCount;
  return result;
}

function setOperation(select: SelectStmt, scope: Scope, analysis: Analysis): QueryResult {
  if (!select.larg || !select.rarg) throw unsupported('this set operation');
  const below: Scope = { items: [], merged: [], parent: scope.parent, ctes: scope.ctes };
  const left = analysis.query(select.larg, below);
  const right = analysis.query(select.rarg, below);
  if (!select.all || select.op !== 'SETOP_UNION') {
    shapeCheck('a set operation', () => [...left.refs(), ...right.refs()], analysis);
  }
  const columns = left.columns?.map((column, i): QueryColumn => {
    const refs = (): readonly Ref[] => [...column.refs(), ...(right.columns?.[i]?.refs() ?? right.refs())];
    return { name: column.name, refs, taint: taintsOf(refs) };
  });
  limits(select, scope, analysis);
  visitExpression(select.sortClause, resultScope(columns, scope), analysis);
  return { columns, refs: () => [...left.refs(), ...right.refs()] };
}

/** ORDER BY of a set operation names its columns. */
function resultScope(columns: readonly QueryColumn[] | undefined, scope: Scope): Scope {
  return { items: [{ alias: undefined, columns }], merged: [], parent: scope.parent, ctes: scope.ctes };
}

function values(select: SelectStmt, scope: Scope, analysis: Analysis): QueryResult {
  const lists = (select.valuesLists ?? []).map((list) => ('List' in list ? (list.List.items ?? []) : []));
  visitExpression(lists, scope, analysis);
  limits(select, scope, analysis);
  visitExpression(select.sortClause, scope, analysis);
  const columns = (lists[0] ?? []).map((_, i): QueryColumn => {
    const refs = memo(() => lists.flatMap((list) => refsOf(list[i], scope, analysis)));
    return { name: `column${i + 1}`, refs, taint: taintsOf(refs) };
  });
  return { columns, refs: () => columns.flatMap((column) => column.refs()) };
}

function level(select: SelectStmt, outer: Scope, analysis: Analysis): QueryResult {
  let from: FromPart = EMPTY_PART;
  for (const node of select.fromClause ?? []) {
    from = combine(from, analyseFromItem(node, from, outer, analysis));
  }
  const scope: Scope = { items: from.items, merged: from.merged, parent: outer.parent, ctes: outer.ctes };
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
    keepFunctionalDependency(select, scope, analysis);
  }
  if (distinctClause) shapeCheck('DISTINCT', () => [...refsOf(distinctClause, scope, analysis), ...refs()], analysis);
  if (sortClause && (select.limitCount || select.limitOffset)) {
    shapeCheck('ORDER BY … LIMIT', () => refsOf(sortClause, scope, analysis), analysis);
  }
  return { columns: columns.known ? columns.columns : undefined, refs };
}

/** Marks scans whose redacted rows the conditions of a level exclude. */
export function prove(conjuncts: readonly Node[], scope: Scope, analysis: Analysis): void {
  // With a `=` or `now` of somebody's own, a condition need not say what it seems to.
  if (analysis.state.viewer.protection.hasOwnComparisons) return;
  const scans = new Set<Scan>();
  for (const item of scope.items) {
    if (item.scan) scans.add(item.scan);
    for (const column of item.columns ?? []) if (column.stored) scans.add(column.stored.scan);
  }
  if (scans.size === 0) return;
  proveScans({ conjuncts, scans: [...scans], columnOf: (node) => storedColumn(node, scope) });
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

function shapeCheck(name: string, refs: () => readonly Ref[], analysis: Analysis): void {
  analysis.state.checks.push({ place: name, refs, shape: true });
}

function targetColumns(
  select: SelectStmt,
  scope: Scope,
  from: FromPart,
  analysis: Analysis,
): { readonly columns: readonly QueryColumn[]; readonly known: boolean } {
  const columns: QueryColumn[] = [];
  let known = true;
  for (const node of select.targetList ?? []) {
    if (!('ResTarget' in node)) throw unsupported('this target');
    const { val, name } = node.ResTarget;
    if (!val) continue;
    const star = starOf(val);
    if (!star) {
      visitExpression(val, scope, analysis);
      // `(row).*` is as many columns as the row has.
      if ('A_Indirection' in val && val.A_Indirection.indirection?.some((part) => 'A_Star' in part)) known = false;
      columns.push(expressionColumn(val, name, columns.length, select, scope, analysis));
      continue;
    }
    visitExpression(val, scope, analysis);
    const item = star.qualifier.length > 0 ? findItem(star.qualifier, scope)?.item : undefined;
    const expansion = item ? item.columns : star.qualifier.length > 0 ? undefined : from.expansion;
    const location = place('ColumnRef' in val ? val.ColumnRef : {}, analysis);
    if (!expansion) {
      known = false;
      const refs = (): readonly Ref[] =>
        (item ? itemTaints(item) : scope.items.flatMap(itemTaints)).map((taint) => ({ taint, location }));
      columns.push({ name: '*', refs, taint: taintsOf(refs) });
      continue;
    }
    for (const column of expansion) {
      const refs = (): readonly Ref[] => column.taint().map((taint) => ({ taint, location }));
      const tag = carriedByStar(column, columns.length, select, scope, analysis) ? column.tag : undefined;
      columns.push(carried(column, column.name, refs, tag));
    }
  }
  return { columns, known };
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
  const refs = memo(() => refsOf(value, scope, analysis));
  const output = name ?? columnName(value) ?? '?column?';
  const column = 'ColumnRef' in value ? onlyColumn(value, scope) : undefined;
  if (!column) {
    const table = rowOrigin(value, scope);
    return { name: output, refs, taint: taintsOf(refs), ...(table ? { origin: { table, attnum: 0 } } : {}) };
  }
  const tag = carriedByName(column, output, index, select, scope, analysis) ? column.tag : undefined;
  return carried(column, output, refs, tag);
}

function carried(
  column: ScopeColumn,
  name: string,
  refs: () => readonly Ref[],
  tag: ScopeColumn['tag'] | undefined,
): QueryColumn {
  return {
    name,
    refs,
    taint: taintsOf(refs),
    ...(column.origin ? { origin: column.origin } : {}),
    ...(column.typmod === undefined ? {} : { typmod: column.typmod }),
    ...(column.stored ? { stored: column.stored } : {}),
    ...(tag ? { tag } : {}),
  };
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

/**
 * `GROUP BY o.id` lets a query use all columns of a base table; of a subquery it does not, so the columns that the
 * statement mentions are added to GROUP BY. They depend on the key: no group changes.
 */
function keepFunctionalDependency(select: SelectStmt, scope: Scope, analysis: Analysis): void {
  const groups = select.groupClause ?? [];
  const named = groups.map((node) => ({ node, column: groupColumn(node, select, scope) }));
  for (const item of scope.items) {
    const { scan } = item;
    const key = scan?.guarded.relation.primaryKey;
    if (!scan || !key || item.alias === undefined) continue;
    const grouped = new Set(named.filter((g) => g.column?.scan === scan).map((g) => g.column!.attnum));
    if (!key.every((attnum) => grouped.has(attnum))) continue;
    // Under the names that an alias list gives them.
    const missing = scan.guarded.relation.columns.flatMap((column) => {
      const offered = item.columns?.find(({ stored }) => stored?.scan === scan && stored.attnum === column.attnum);
      const isMissing = offered && !grouped.has(column.attnum) && !UNGROUPABLE.has(column.typeSql);
      return isMissing && isMentioned(offered.name, item.alias!, analysis) ? [offered.name] : [];
    });
    const anchor = named.find((g) => g.column?.scan === scan)!.node;
    if (missing.length > 0) appendGroups(select, anchor, item.alias, missing, analysis);
  }
}

/** The scan's column that an entry of GROUP BY means; an input column goes before an output column. */
function groupColumn(node: Node, select: SelectStmt, scope: Scope): { scan: Scan; attnum: AttNum } | undefined {
  const own = storedReference(node, scope);
  if (own) return own;
  const index = 'A_Const' in node ? node.A_Const.ival?.ival : undefined;
  const target = select.targetList?.find((t, i) =>
    index === undefined
      ? 'ResTarget' in t && 'ColumnRef' in node && t.ResTarget.name === stringOf(node.ColumnRef.fields?.at(-1))
      : i === index - 1,
  );
  return target && 'ResTarget' in target && target.ResTarget.val
    ? storedReference(target.ResTarget.val, scope)
    : undefined;
}

function storedReference(node: Node, scope: Scope): { scan: Scan; attnum: AttNum } | undefined {
  return 'ColumnRef' in node ? storedColumn(node, scope) : undefined;
}

/** Types that GROUP BY cannot take. */
const UNGROUPABLE = new Set(['json', 'xml', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle']);

function isMentioned(column: string, alias: string, { mentions }: Analysis): boolean {
  return mentions.columns.has(column) || mentions.stars.some((qualifier) => qualifier === '' || qualifier === alias);
}

function appendGroups(
  select: SelectStmt,
  anchor: Node,
  alias: string,
  columns: readonly string[],
  analysis: Analysis,
): void {
  const start = locationOf(Object.values(anchor)[0] as object);
  const { tokens, at, endOfName } = analysis.unit.tokens();
  const first = at(start);
  const end = 'ColumnRef' in anchor ? endOfName(start) : first === undefined ? undefined : tokens[first]?.end;
  if (end === undefined) throw unsupported('this GROUP BY', place(Object.values(anchor)[0] as object, analysis));
  const names = columns.map((column) => `${quoteIdentifier(alias)}.${quoteIdentifier(column)}`);
  analysis.unit.edits.push({
    start: end,
    end,
    render: () => `, ${names.join(', ')}`,
    mean: (sql, parser) => {
      const added = parseTargets(sql.slice(2), parser).flatMap((target) =>
        'ResTarget' in target && target.ResTarget.val ? [target.ResTarget.val] : [],
      );
      const groups = select.groupClause!;
      groups.splice(groups.indexOf(anchor) + 1, 0, ...added);
    },
  });
}

function taintsOf(refs: () => readonly Ref[]) {
  return lazyTaint(() => refs().map((ref) => ref.taint));
}

/** Computes once, after analysis; a recursive query asks while it is being computed and counts as nothing then. */
function memo(compute: () => readonly Ref[]): () => readonly Ref[] {
  let known: readonly Ref[] | undefined;
  let running = false;
  return () => {
    if (known) return known;
    if (running) return NO_REFS();
    running = true;
    try {
      known = compute();
      return known;
    } finally {
      running = false;
    }
  };
}

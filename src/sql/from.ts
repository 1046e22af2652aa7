/** The items of FROM: each becomes what names can mean, and protected relations are substituted. After `parse_clause.c`. */
import type { JoinExpr, JsonTable, Node, RangeFunction, RangeSubselect, RangeTableFunc, RangeVar } from '@pgsql/types';
import type { Relation } from '../catalog/snapshot.js';
import { RESERVED_PREFIX, relationSql } from '../policy/guard-sql.js';
import { quoteIdentifier } from '../policy/quote.js';
import type { Analysis } from './analysis.js';
import { conjunctsOf } from './conditions.js';
import { itemTaints, place, refsOf, registerFilter, visitExpression } from './expression.js';
import { naturalPlace, usingPlaces } from './join-places.js';
import { locationOf, mentionsOf, stringOf } from './mentions.js';
import type { RelationProtection } from './protection.js';
import { refusal, unsupported } from './refuse.js';
import { resolveAndPin } from './relations.js';
import { createScan, isUnredacted, rulesOf, type Scan, substitutionSql, systemColumnsIn, usedColumns } from './scan.js';
import { findCte, lazyTaint, NO_TAINT, originOf, type RangeItem, type Scope, type ScopeColumn } from './scope.js';
import { statisticsSql } from './statistics.js';
import type { Token } from './tokens.js';
import { parseFromItem, replaceNode } from './unit.js';
import { maskedRelation, viewColumns } from './views.js';

/** What one item of FROM adds to its query level. */
export interface FromPart {
  readonly items: readonly RangeItem[];
  readonly merged: readonly ScopeColumn[];
  /** What `*` stands for; undefined where that is not known. */
  readonly expansion: readonly ScopeColumn[] | undefined;
  /** Conditions of inner joins. */
  readonly conjuncts: readonly Node[];
}

/**
 * @param left what lateral items see of the items before
 * @param scope the level's parent and CTEs
 */
export function analyseFromItem(node: Node, left: FromPart, scope: Scope, analysis: Analysis): FromPart {
  analysis.state.viewer.pace();
  if ('RangeVar' in node) return single(rangeVariable(node, node.RangeVar, scope, analysis));
  if ('JoinExpr' in node) return join(node.JoinExpr, left, scope, analysis);
  if ('RangeSubselect' in node) return single(subquery(node.RangeSubselect, left, scope, analysis));
  if ('RangeFunction' in node) return single(functionItem(node.RangeFunction, left, scope, analysis));
  if ('RangeTableFunc' in node || 'JsonTable' in node) {
    const table = 'RangeTableFunc' in node ? node.RangeTableFunc : node.JsonTable;
    const place = 'RangeTableFunc' in node ? 'XMLTABLE' : 'JSON_TABLE';
    return single(opaqueItem(place, table, lateralScope(left, scope), analysis));
  }
  if ('RangeTableSample' in node) return single(sample(node, left, scope, analysis));
  throw unsupported(`${Object.keys(node)[0]} in FROM`);
}

export const EMPTY_PART: FromPart = { items: [], merged: [], expansion: [], conjuncts: [] };

export function combine(left: FromPart, right: FromPart): FromPart {
  return {
    items: [...left.items, ...right.items],
    merged: [...left.merged, ...right.merged],
    expansion: left.expansion && right.expansion && [...left.expansion, ...right.expansion],
    conjuncts: [...left.conjuncts, ...right.conjuncts],
  };
}

function lateralScope(left: FromPart, scope: Scope): Scope {
  return { items: left.items, merged: left.merged, parent: scope.parent, ctes: scope.ctes };
}

function single(item: RangeItem): FromPart {
  return { items: [item], merged: [], expansion: item.columns, conjuncts: [] };
}

function aliasOf(range: RangeVar): string {
  return range.alias?.aliasname ?? range.relname ?? '';
}

function rangeVariable(node: object, range: RangeVar, scope: Scope, analysis: Analysis): RangeItem {
  const cte = range.schemaname === undefined ? findCte(scope.ctes, range.relname ?? '') : undefined;
  if (cte) {
    const columns = cte.columns()?.map(apart());
    return {
      alias: aliasOf(range),
      columns: columns && renamed(columns, range.alias?.colnames),
      opaqueTaint: cte.opaqueTaint,
    };
  }
  const found = resolveAndPin(range, analysis);
  const relation = found.kind === 'relation' ? found.relation : undefined;
  const protection = relation && analysis.state.viewer.protection.of(relation);
  if (!relation || !protection) return plainItem(range, relation);
  return protectedItem(node, range, relation, protection, analysis);
}

/** A query in WITH can be named again: what is proven of the rows of one mention is not proven of the others. */
function apart(): (column: ScopeColumn) => ScopeColumn {
  const scans = new Map<Scan, Scan>();
  const own = (scan: Scan): Scan => {
    const known = scans.get(scan) ?? { ...scan, proven: new Set(), assumed: new Set() };
    scans.set(scan, known);
    return known;
  };
  return (column) => ({
    ...column,
    ...(column.stored ? { stored: { ...column.stored, scan: own(column.stored.scan) } } : {}),
    taint: lazyTaint(() =>
      column
        .taint()
        .map((taint) => (taint.scan ? { ...taint, scan: own(taint.scan) } : taint))
        .filter(({ rule, scan }) => !scan || !isUnredacted(scan, rule.policy)),
    ),
  });
}

/** TABLESAMPLE goes into the subquery, where the table is. */
function sample(
  node: Extract<Node, { RangeTableSample: unknown }>,
  left: FromPart,
  scope: Scope,
  analysis: Analysis,
): RangeItem {
  const { relation, args, repeatable } = node.RangeTableSample;
  const inner = lateralScope(left, scope);
  visitExpression([args, repeatable], inner, analysis);
  registerFilter('TABLESAMPLE', [args, repeatable], inner, analysis);
  if (!relation || !('RangeVar' in relation)) throw unsupported('TABLESAMPLE over this');
  const range = relation.RangeVar;
  const found = resolveAndPin(range, analysis);
  const known = found.kind === 'relation' ? found.relation : undefined;
  const protection = known && analysis.state.viewer.protection.of(known);
  if (!known || !protection) return plainItem(range, known);
  if (protection.kind !== 'guarded' || mentionsOf([args, repeatable]).columns.size > 0) {
    throw unsupported('this TABLESAMPLE', place(range, analysis));
  }
  const clause = sampleClause(range, analysis);
  // The node becomes that of the relation; what is substituted in its place holds the clause.
  const item = protectedItem(node, range, known, protection, analysis, clause.text);
  analysis.unit.edits.push({ ...clause, render: () => '', mean: () => undefined });
  return item;
}

/** The clause from TABLESAMPLE to the end of its arguments, REPEATABLE included. */
function sampleClause(
  range: RangeVar,
  analysis: Analysis,
): { readonly start: number; readonly end: number; readonly text: string } {
  const { tokens, at: indexAt } = analysis.unit.tokens();
  const from = indexAt(locationOf(range)) ?? 0;
  const first = tokens.findIndex((token, i) => i > from && token.text === 'tablesample');
  let last = closing(tokens, first);
  if (tokens[last + 1]?.text === 'repeatable') last = closing(tokens, last + 1);
  if (first < 0 || last < first) throw unsupported('this TABLESAMPLE', place(range, analysis));
  const { start } = tokens[first]!;
  const { end } = tokens[last]!;
  return { start, end, text: Buffer.from(analysis.unit.text).toString('utf8', start, end) };
}

/** The index of the parenthesis that closes the first one from a token on; -1 without one. */
function closing(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i >= 0 && i < tokens.length; i++) {
    if (tokens[i]!.text === '(') depth++;
    if (tokens[i]!.text === ')' && --depth === 0) return i;
  }
  return -1;
}

function protectedItem(
  node: object,
  range: RangeVar,
  relation: Relation,
  protection: RelationProtection,
  analysis: Analysis,
  sampling = '',
): RangeItem {
  switch (protection.kind) {
    case 'closed':
      throw refusal('42501', 'closed', `table "${relation.schema}.${relation.name}" is closed: ${protection.reason}`, {
        hint: 'The operator of pgveil has to mend the policy or the schema.',
        ...at(range, analysis),
      });
    case 'guarded': {
      const policies = new Set(
        [...protection.guarded.guards.keys()].filter((policy) => analysis.state.viewer.policies.has(policy)),
      );
      if (policies.size === 0) return plainItem(range, relation);
      const scan = createScan(protection.guarded, policies);
      analysis.state.scans.push(scan);
      substitute(node, range, relation, scanText(range, scan, analysis, sampling), analysis);
      return { ...scanItem(range, scan, analysis), ...rowOf(range, relation) };
    }
    case 'statistics':
      substitute(node, range, relation, () => statisticsSql(relation, analysis.state.viewer.protection), analysis);
      return { ...plainItem(range, relation), ...rowOf(range, relation) };
    case 'view': {
      const view = viewColumns(relation, protection, analysis, place(range, analysis));
      substitute(node, range, relation, view.render, analysis);
      return viewItem(range, relation, view.columns);
    }
    case 'materialized': {
      const view = maskedRelation(relation, protection, analysis, place(range, analysis));
      substitute(node, range, relation, view.render, analysis);
      return viewItem(range, relation, view.columns);
    }
    default:
      return protection satisfies never;
  }
}

function viewItem(range: RangeVar, relation: Relation, columns: readonly ScopeColumn[]): RangeItem {
  const offered = renamed(columns, range.alias?.colnames);
  return { ...namesOfItem(range, relation), columns: offered, ...rowOf(range, relation) };
}

function rowOf(range: RangeVar, relation: Relation): Pick<RangeItem, 'rowType' | 'rowOrigin' | 'isRenamed'> {
  return {
    rowType: relationSql(relation),
    rowOrigin: relation.oid,
    isRenamed: range.alias?.colnames !== undefined,
  };
}

/** A relation without alias can be named with its schema. */
function namesOfItem(range: RangeVar, relation: Relation | undefined): Pick<RangeItem, 'alias' | 'schema'> {
  return { alias: aliasOf(range), ...(range.alias || !relation ? {} : { schema: relation.schema }) };
}

export function plainItem(range: RangeVar, relation: Relation | undefined): RangeItem {
  const columns = relation?.columns.map((column) => ({ name: column.name, taint: NO_TAINT, type: column.typeSql }));
  return { ...namesOfItem(range, relation), columns: columns && renamed(columns, range.alias?.colnames) };
}

/** The item of a guarded relation, substituted or not. */
export function scanItem(range: RangeVar, scan: Scan, analysis: Analysis): RangeItem {
  const { relation, rowKey } = scan.guarded;
  const columns = relation.columns.map((column): ScopeColumn => {
    const rules = rulesOf(scan, column.attnum);
    const stored = { scan, attnum: column.attnum };
    if (rules.length === 0) return { name: column.name, taint: NO_TAINT, stored, type: column.typeSql };
    const rule = rules.length === 1 ? rules[0]! : undefined;
    return {
      name: column.name,
      stored,
      taint: lazyTaint(() => rules.filter((r) => !isUnredacted(scan, r.policy)).map((r) => ({ rule: r, scan }))),
      origin: { table: relation.oid, attnum: column.attnum },
      type: column.typeSql,
      typmod: column.typmod,
      tag: () => {
        const key = rule?.tagged?.kind === 'token' ? rowKey : [];
        if (!rule?.tagged || !analysis.state.viewer.mayReadAll(relation, key)) return undefined;
        scan.tagged.add(column.attnum);
        return rule.tagged;
      },
    };
  });
  return { ...namesOfItem(range, relation), columns: renamed(columns, range.alias?.colnames), scan };
}

function scanText(range: RangeVar, scan: Scan, analysis: Analysis, sampling: string): () => string {
  const { mentions, state } = analysis;
  const { relation } = scan.guarded;
  const alias = aliasOf(range);
  const starred = mentions.stars.some((name) => name === '' || name === alias || mentions.joins.has(name));
  const all =
    starred ||
    mentions.natural ||
    range.alias?.colnames !== undefined ||
    [...mentions.aliases, alias].some((a) => mentions.columns.has(a));
  const isMentioned = (name: string): boolean => mentions.columns.has(name) || mentions.using.has(name);
  const systemColumns = systemColumnsIn(mentions);
  // A single star can be written out, which is its query's concern.
  const isWrittenOut = mentions.stars.length === 1 && mentions.modified.length === 0;
  if (starred && systemColumns.length > 0 && !isWrittenOut) {
    throw unsupported(`* together with the system column ${systemColumns[0]}`, place(range, analysis));
  }
  const columns = usedColumns(relation, isMentioned, all);
  state.viewer.assertReadable(scan, columns, place(range, analysis));
  return () =>
    substitutionSql(scan, {
      columns,
      systemColumns,
      only: range.inh !== true,
      sampling,
      locking: mentions.locking,
      tagPrefix: state.viewer.tagPrefix,
    });
}

/** Puts a subquery in the place of a relation's name; ONLY and `*` go with it. */
function substitute(node: object, range: RangeVar, relation: Relation, render: () => string, analysis: Analysis): void {
  const index = analysis.unit.tokens();
  let start = locationOf(range);
  const first = index.at(start);
  let end = index.endOfName(start);
  if (first === undefined || end === undefined) throw unsupported('this name', place(range, analysis));
  const { tokens } = index;
  const after = (): (typeof tokens)[number] | undefined => index.from(end!);
  if (range.inh !== true) {
    if (tokens[first - 1]?.text === '(') {
      start = tokens[first - 2]?.start ?? start;
      end = after()?.end ?? end;
    } else start = tokens[first - 1]?.start ?? start;
  } else if (after()?.text === '*') end = after()!.end;
  // `TABLE orders` is a query of its own.
  const command = index.before(start);
  const query = command?.text === 'table' ? 'SELECT * FROM ' : '';
  if (query !== '') start = command!.start;
  const alias = range.alias ? '' : ` AS ${quoteIdentifier(relation.name)}`;
  const written = range.alias;
  analysis.unit.edits.push({
    start,
    end,
    render: () => `${query}${render()}${alias}`,
    mean: (text, parser) => {
      const sql = text.slice(query.length);
      const item = parseFromItem(written ? `${sql} AS ${RESERVED_PREFIX}alias` : sql, parser);
      const named = 'RangeSubselect' in item && written;
      replaceNode(node, named ? { RangeSubselect: { ...item.RangeSubselect, alias: written } } : item);
    },
  });
}

function at(range: RangeVar, analysis: Analysis): { readonly location?: number } {
  const location = place(range, analysis);
  return location === undefined ? {} : { location };
}

function subquery(range: RangeSubselect, left: FromPart, scope: Scope, analysis: Analysis): RangeItem {
  if (!range.subquery || !('SelectStmt' in range.subquery)) throw unsupported('this kind of subquery');
  const outer: Scope = range.lateral
    ? lateralScope(left, scope)
    : { items: [], merged: [], parent: scope.parent, ctes: scope.ctes };
  const { columns, refs } = analysis.query(range.subquery.SelectStmt, outer);
  const alias = range.alias?.aliasname;
  const offered = columns?.map(
    (column): ScopeColumn => ({
      name: column.name,
      taint: column.taint,
      ...(column.stored ? { stored: column.stored } : {}),
      ...originOf(column),
    }),
  );
  return {
    alias,
    columns: offered && renamed(offered, range.alias?.colnames),
    opaqueTaint: () => refs().map((ref) => ref.taint),
  };
}

function functionItem(range: RangeFunction, left: FromPart, scope: Scope, analysis: Analysis): RangeItem {
  const inner = lateralScope(left, scope);
  // Each entry is a call and the list of columns that it is said to return.
  const calls = (range.functions ?? []).flatMap((entry) =>
    'List' in entry ? (entry.List.items ?? []).slice(0, 1) : [],
  );
  visitExpression(calls, inner, analysis);
  const taint = lazyTaint(() => refsOf(calls, inner, analysis).map((ref) => ref.taint));
  const first = calls[0];
  const name = first && 'FuncCall' in first ? stringOf(first.FuncCall.funcname?.at(-1)) : undefined;
  const alias = range.alias?.aliasname ?? name;
  const defined = range.coldeflist?.flatMap((def) => ('ColumnDef' in def ? [def.ColumnDef.colname ?? ''] : []));
  const names = range.alias?.colnames?.map((n) => stringOf(n) ?? '') ?? defined;
  return {
    alias,
    columns: names && !range.ordinality && defined ? names.map((column) => ({ name: column, taint })) : undefined,
    ...(names ? { names } : {}),
    opaqueTaint: taint,
  };
}

function opaqueItem(place: string, table: RangeTableFunc | JsonTable, scope: Scope, analysis: Analysis): RangeItem {
  const { alias, ...content } = table;
  visitExpression(content, scope, analysis);
  registerFilter(`the number of rows of ${place}`, content, scope, analysis);
  const names = (alias?.colnames ?? []).map((name) => stringOf(name) ?? '');
  return {
    alias: alias?.aliasname,
    columns: undefined,
    names: [...names, ...columnNames(table)],
    opaqueTaint: lazyTaint(() => refsOf(content, scope, analysis).map((ref) => ref.taint)),
  };
}

function columnNames({ columns }: RangeTableFunc | JsonTable): readonly string[] {
  return (columns ?? []).flatMap((node) => {
    if ('RangeTableFuncCol' in node) return [node.RangeTableFuncCol.colname ?? ''];
    return 'JsonTableColumn' in node ? [node.JsonTableColumn.name ?? ''] : [];
  });
}

function join(expression: JoinExpr, before: FromPart, scope: Scope, analysis: Analysis): FromPart {
  const { larg, rarg, quals, usingClause, isNatural, jointype, alias } = expression;
  if (!larg || !rarg) throw unsupported('this join');
  const left = analyseFromItem(larg, before, scope, analysis);
  const right = analyseFromItem(rarg, combine(before, left), scope, analysis);
  const both = combine(left, right);
  const inner: Scope = { items: both.items, merged: both.merged, parent: scope.parent, ctes: scope.ctes };
  visitExpression(quals, inner, analysis);
  registerFilter('JOIN', quals, inner, analysis);
  const names = isNatural
    ? commonNames(left, right, expression, analysis)
    : usingClause?.map((name) => stringOf(name) ?? '');
  const merged = names ? mergeColumns(names, left, right, expression, analysis) : [];
  const rest = (part: FromPart): readonly ScopeColumn[] | undefined =>
    part.expansion?.filter((column) => !names?.includes(column.name));
  const [leftRest, rightRest] = [rest(left), rest(right)];
  const expansion = leftRest && rightRest && [...merged, ...leftRest, ...rightRest];
  const inherited = jointype === 'JOIN_INNER' ? [...both.conjuncts, ...conjunctsOf(quals)] : [];
  const conjuncts = jointype === 'JOIN_LEFT' ? left.conjuncts : jointype === 'JOIN_RIGHT' ? right.conjuncts : inherited;
  if (alias?.aliasname !== undefined) {
    const columns = expansion && renamed(expansion, alias.colnames);
    const item: RangeItem = {
      alias: alias.aliasname,
      columns,
      opaqueTaint: () => both.items.flatMap(itemTaints),
    };
    return { items: [item], merged: [], expansion: columns, conjuncts };
  }
  const usingAlias = expression.join_using_alias?.aliasname;
  const items: readonly RangeItem[] =
    usingAlias === undefined
      ? both.items
      : [...both.items, { alias: usingAlias, columns: merged, qualifiedOnly: true }];
  return { items, merged: [...merged, ...both.merged], expansion, conjuncts };
}

function commonNames(left: FromPart, right: FromPart, expression: JoinExpr, { unit }: Analysis): readonly string[] {
  if (!left.expansion || !right.expansion) {
    const natural = naturalPlace(expression, unit.tokens());
    throw unsupported('NATURAL JOIN with a function', natural === undefined ? undefined : unit.locate(natural));
  }
  const names = new Set(right.expansion.map((column) => column.name));
  return [...new Set(left.expansion.map((column) => column.name))].filter((name) => names.has(name));
}

function mergeColumns(
  names: readonly string[],
  left: FromPart,
  right: FromPart,
  expression: JoinExpr,
  analysis: Analysis,
): readonly ScopeColumn[] {
  const named = (part: FromPart, name: string): readonly ScopeColumn[] => {
    const merged = part.merged.filter((column) => column.name === name);
    return merged.length > 0
      ? merged
      : part.items.flatMap((item) => item.columns?.filter((column) => column.name === name) ?? []);
  };
  const { isNatural, usingClause } = expression;
  const index = analysis.unit.tokens();
  const places = usingClause && usingPlaces(expression, index);
  const natural = isNatural ? naturalPlace(expression, index) : undefined;
  return names.map((name, i) => {
    const start = isNatural ? natural : places?.[i];
    const location = start === undefined ? undefined : analysis.unit.locate(start);
    const [ofLeft, ofRight] = [named(left, name), named(right, name)];
    const inputs = [...ofLeft, ...ofRight];
    const taint = lazyTaint(() => inputs.flatMap((column) => column.taint()));
    analysis.state.checks.push({
      place: isNatural ? 'NATURAL JOIN' : 'JOIN … USING',
      refs: () => taint().map((t) => ({ taint: t, location })),
      kind: 'filter',
    });
    const stored = inputs.find((column) => column.stored)?.stored;
    return {
      name,
      taint,
      ...(stored && expression.jointype === 'JOIN_INNER' ? { stored } : {}),
      ...originOfMerged(ofLeft[0], ofRight[0], expression),
    };
  });
}

/** Of the side that cannot be filled up with NULL, where both are of one type: `buildMergedJoinVar` in parse_clause.c. */
function originOfMerged(
  left: ScopeColumn | undefined,
  right: ScopeColumn | undefined,
  { jointype }: JoinExpr,
): Pick<ScopeColumn, 'origin' | 'type'> {
  if (jointype === 'JOIN_FULL' || left?.type === undefined || left.type !== right?.type) return {};
  return originOf(jointype === 'JOIN_RIGHT' ? right : left);
}

/** Columns under the names of an alias list; it can be shorter than the columns. */
function renamed<C extends ScopeColumn>(columns: readonly C[], names: readonly Node[] | undefined): readonly C[] {
  if (!names) return columns;
  return columns.map((column, i) => ({ ...column, name: stringOf(names[i]) ?? column.name }));
}

/** GROUP BY by a key: what a base table allows, and a subquery in its place does not. After `parse_agg.c`. */
import type { Node, SelectStmt } from '@pgsql/types';
import { quoteIdentifier } from '../policy/quote.js';
import type { Analysis } from './analysis.js';
import { place } from './expression.js';
import { locationOf, stringOf } from './mentions.js';
import { unsupported } from './refuse.js';
import type { ScanColumn } from './scan.js';
import type { Scope } from './scope.js';
import type { TokenIndex } from './tokens.js';
import { parseTargets } from './unit.js';

/**
 * `GROUP BY o.id` lets a query use all columns of a base table; of a subquery it does not, so the columns that the
 * statement mentions are added to GROUP BY. They depend on the key: no group changes.
 */
export function keepFunctionalDependency(
  select: SelectStmt,
  scope: Scope,
  columnOf: (node: Node) => ScanColumn | undefined,
  analysis: Analysis,
): void {
  const groups = select.groupClause ?? [];
  const named = groups.flatMap((element) =>
    commonEntries(element).map((entry) => ({ element, entry, column: groupColumn(entry, select, columnOf) })),
  );
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
    const anchor = named.find((g) => g.column?.scan === scan)!;
    if (missing.length > 0) appendGroups(select, anchor, item.alias, missing, analysis);
  }
}

/**
 * What is in every grouping set that an element of GROUP BY stands for, as `parseCheckAggregates` has it: of ROLLUP and
 * CUBE nothing, since one of theirs is empty.
 */
function commonEntries(element: Node): readonly Node[] {
  if ('RowExpr' in element) {
    return element.RowExpr.row_format === 'COERCE_IMPLICIT_CAST' ? (element.RowExpr.args ?? []) : [];
  }
  if (!('GroupingSet' in element)) return [element];
  if (element.GroupingSet.kind !== 'GROUPING_SET_SETS') return [];
  const [first = [], ...others] = (element.GroupingSet.content ?? []).map(commonEntries);
  return first.filter((entry) => others.every((set) => set.some((other) => isSameName(entry, other))));
}

/** The same reference in the same words; a column that is written in two ways is not found in both. */
function isSameName(a: Node, b: Node): boolean {
  if (!('ColumnRef' in a) || !('ColumnRef' in b)) return false;
  return JSON.stringify(a.ColumnRef.fields) === JSON.stringify(b.ColumnRef.fields);
}

/** The scan's column that an entry of GROUP BY means; an input column goes before an output column. */
function groupColumn(
  node: Node,
  select: SelectStmt,
  columnOf: (node: Node) => ScanColumn | undefined,
): ScanColumn | undefined {
  const own = 'ColumnRef' in node ? columnOf(node) : undefined;
  if (own) return own;
  const index = 'A_Const' in node ? node.A_Const.ival?.ival : undefined;
  const target = select.targetList?.find((t, i) =>
    index === undefined
      ? 'ResTarget' in t && 'ColumnRef' in node && t.ResTarget.name === stringOf(node.ColumnRef.fields?.at(-1))
      : i === index - 1,
  );
  const value = target && 'ResTarget' in target ? target.ResTarget.val : undefined;
  return value && 'ColumnRef' in value ? columnOf(value) : undefined;
}

/** Types that GROUP BY cannot take. */
const UNGROUPABLE = new Set(['json', 'xml', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle']);

function isMentioned(column: string, alias: string, { mentions }: Analysis): boolean {
  return mentions.columns.has(column) || mentions.stars.some((qualifier) => qualifier === '' || qualifier === alias);
}

function appendGroups(
  select: SelectStmt,
  { element, entry }: { readonly element: Node; readonly entry: Node },
  alias: string,
  columns: readonly string[],
  analysis: Analysis,
): void {
  const end = endOfGroup(entry, analysis.unit.tokens());
  if (end === undefined) throw unsupported('this GROUP BY', place(Object.values(entry)[0] as object, analysis));
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
      groups.splice(groups.indexOf(element) + 1, 0, ...added);
    },
  });
}

/** The byte behind the element of GROUP BY that an entry stands in, out of all parentheses that were opened behind BY. */
function endOfGroup(entry: Node, { tokens, at, endOfName }: TokenIndex): number | undefined {
  const start = locationOf(Object.values(entry)[0] as object);
  const first = at(start);
  if (first === undefined) return undefined;
  let open = 0;
  for (let i = first - 1; tokens[i]?.text !== 'by' || tokens[i - 1]?.text !== 'group' || open < 0; i--) {
    const text = tokens[i]?.text;
    if (text === undefined) return undefined;
    if (text === '(') open++;
    else if (text === ')') open--;
  }
  let end = 'ColumnRef' in entry ? endOfName(start) : tokens[first]!.end;
  for (let i = first + 1; open > 0; i++) {
    const token = tokens[i];
    if (!token) return undefined;
    if (token.text === '(') open++;
    else if (token.text === ')') open--;
    end = token.end;
  }
  return end;
}

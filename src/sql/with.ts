/** WITH: what the queries in it offer to others, and to themselves. After `parse_cte.c`. */
import type { CommonTableExpr, Node, SelectStmt, WithClause } from '@pgsql/types';
import type { Analysis, QueryResult, Ref } from './analysis.js';
import { visitExpression } from './expression.js';
import { locationOf, stringOf } from './mentions.js';
import { unsupported } from './refuse.js';
import { type CteScope, lazyTaint, originOf, type Scope, type ScopeColumn } from './scope.js';

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
  const declare = (cte: CommonTableExpr, taken: CteScope | undefined): CteScope => {
    const name = cte.ctename ?? '';
    const columns = (): readonly ScopeColumn[] | undefined => cteColumns(cte, () => results.get(name));
    const opaqueTaint = lazyTaint(
      () =>
        results
          .get(name)
          ?.refs()
          .map((ref) => ref.taint) ?? [],
    );
    return { name, columns, opaqueTaint, outer: taken };
  };
  if (clause.recursive) for (const cte of entries) ctes = declare(cte, ctes);
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
    if (cte.cycle_clause) cycle(cte, () => results.get(cte.ctename ?? ''), analysis);
    if (!clause.recursive) ctes = declare(cte, ctes);
  }
  return ctes;
}

/** What a common table expression offers. Its recursive side is known later than it is named. */
function cteColumns(
  { aliascolnames: names, search_clause: search, cycle_clause: cycle }: CommonTableExpr,
  result: () => QueryResult | undefined,
): readonly ScopeColumn[] | undefined {
  const columns = result()?.columns?.map(
    (column, i): ScopeColumn => ({
      name: stringOf(names?.[i]) ?? column.name,
      taint: () => (result()?.columns?.[i] ?? column).taint(),
      ...(column.stored ? { stored: column.stored } : {}),
      ...originOf(column),
    }),
  );
  // What SEARCH and CYCLE add is made of the columns that they list.
  const made = (name: string | undefined, list: readonly Node[] | undefined): ScopeColumn[] =>
    name === undefined
      ? []
      : [{ name, taint: () => columns?.filter((c) => isListed(c.name, list)).flatMap((c) => c.taint()) ?? [] }];
  return (
    columns && [
      ...columns,
      ...made(search?.search_seq_column, search?.search_col_list),
      ...made(cycle?.cycle_mark_column, cycle?.cycle_col_list),
      ...made(cycle?.cycle_path_column, cycle?.cycle_col_list),
    ]
  );
}

function isListed(name: string, list: readonly Node[] | undefined): boolean {
  return list?.some((node) => stringOf(node) === name) ?? false;
}

/** CYCLE ends the recursion where the columns that it lists come again. */
function cycle(cte: CommonTableExpr, result: () => QueryResult | undefined, analysis: Analysis): void {
  const { cycle_col_list: list = [] } = cte.cycle_clause!;
  const from = locationOf(cte.cycle_clause!);
  const refs = (): readonly Ref[] =>
    list.flatMap((node) => {
      const name = stringOf(node) ?? '';
      const location = analysis.unit.locate(analysis.unit.tokens().named(name, from)?.start ?? from);
      const column = cteColumns(cte, result)?.find((c) => c.name === name);
      return (column?.taint() ?? []).map((taint) => ({ taint, location }));
    });
  analysis.state.checks.push({ place: 'CYCLE', refs, kind: 'filter' });
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

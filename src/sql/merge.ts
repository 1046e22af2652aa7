/** MERGE: each of its actions is a modification of the target, and its conditions decide which rows they meet. */
import type { MergeMatchKind, MergeStmt, MergeWhenClause } from '@pgsql/types';
import type { Analysis } from './analysis.js';
import { assignments, refuseCopy } from './assignments.js';
import { conjunctsOf } from './conditions.js';
import { refsOf, visitExpression } from './expression.js';
import { analyseFromItem, combine, EMPTY_PART } from './from.js';
import type { Target } from './in-place.js';
import { assertFields, assertMayDelete, condition, type Modification, returning, targetOf } from './modify.js';
import { unsupported } from './refuse.js';
import type { RangeItem, Scope } from './scope.js';
import { prove } from './select.js';
import { withScope } from './with.js';

export function analyseMerge(merge: MergeStmt, outer: Scope | undefined, analysis: Analysis): Modification {
  const fields = 'relation sourceRelation joinCondition mergeWhenClauses returningList returningClause withClause';
  assertFields(merge, fields, 'MERGE');
  const ctes = withScope(merge.withClause, outer, analysis);
  const target = targetOf(merge.relation, analysis);
  if (!merge.sourceRelation) throw unsupported('this MERGE');
  const start: Scope = { items: [], merged: [], parent: outer, ctes };
  const source = analyseFromItem(merge.sourceRelation, EMPTY_PART, start, analysis);
  const { items, merged } = combine({ ...EMPTY_PART, items: [target.item] }, source);
  const scope: Scope = { items, merged, parent: outer, ctes };
  const clauses = (merge.mergeWhenClauses ?? []).map((node) => {
    if (!('MergeWhenClause' in node)) throw unsupported('this MERGE');
    return node.MergeWhenClause;
  });
  // ON says nothing of rows that an action meets for want of a match.
  const meets = (kind: MergeMatchKind): boolean => clauses.some((clause) => matchKindOf(clause) === kind);
  const matched: readonly RangeItem[] = [
    ...(meets('MERGE_WHEN_NOT_MATCHED_BY_SOURCE') ? [] : [target.item]),
    ...(meets('MERGE_WHEN_NOT_MATCHED_BY_TARGET') ? [] : source.items),
  ];
  prove(conjunctsOf(merge.joinCondition), { ...scope, items: matched, merged: [] }, analysis);
  condition('MERGE … ON', merge.joinCondition, target, scope, analysis);
  for (const clause of clauses) action(clause, target, scope, analysis);
  return returning(merge, target, scope, analysis);
}

/** The grammars before 17 say only whether rows match. */
function matchKindOf(when: MergeWhenClause & { readonly matched?: boolean }): MergeMatchKind {
  return when.matchKind ?? (when.matched ? 'MERGE_WHEN_MATCHED' : 'MERGE_WHEN_NOT_MATCHED_BY_TARGET');
}

function action(when: MergeWhenClause, target: Target, scope: Scope, analysis: Analysis): void {
  assertFields(when, 'matchKind matched commandType override condition targetList values', 'MERGE … WHEN');
  condition('MERGE … WHEN', when.condition, target, scope, analysis);
  switch (when.commandType) {
    case 'CMD_NOTHING':
      return;
    case 'CMD_DELETE':
      assertMayDelete(target, analysis);
      return;
    case 'CMD_UPDATE':
      assignments(when.targetList ?? [], target, scope, analysis);
      return;
    case 'CMD_INSERT':
      // There is no target row yet.
      visitExpression(when.values, scope, analysis);
      refuseCopy(target, () => refsOf(when.values, scope, analysis), analysis);
      return;
    default:
      throw unsupported('this MERGE');
  }
}

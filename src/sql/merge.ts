/** MERGE: each of its actions is a modification of the target, and its conditions decide which rows they meet. */
import type { MergeStmt, MergeWhenClause } from '@pgsql/types';
import type { Analysis } from './analysis.js';
import { assignments, refuseCopy } from './assignments.js';
import { refsOf, visitExpression } from './expression.js';
import { analyseFromItem, combine, EMPTY_PART } from './from.js';
import type { Target } from './in-place.js';
import { assertFields, assertMayDelete, condition, type Modification, returning, targetOf } from './modify.js';
import { unsupported } from './refuse.js';
import type { Scope } from './scope.js';
import { withScope } from './select.js';

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
  condition('MERGE … ON', merge.joinCondition, target, scope, analysis);
  for (const node of merge.mergeWhenClauses ?? []) {
    if (!('MergeWhenClause' in node)) throw unsupported('this MERGE');
    action(node.MergeWhenClause, target, scope, analysis);
  }
  return returning(merge, target, scope, analysis);
}

function action(when: MergeWhenClause, target: Target, scope: Scope, analysis: Analysis): void {
  assertFields(when, 'matchKind commandType override condition targetList values', 'MERGE … WHEN');
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

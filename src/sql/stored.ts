/**
 * Places where the server itself compares stored values, with no subquery in between: what ON CONFLICT is judged by, and
 * the conditions of indexes, triggers, rules and row security. No mask can stand there, so no policy can allow it.
 */
import type { InferClause, Node, RangeVar } from '@pgsql/types';
import type { AttNum } from '../catalog/snapshot.js';
import type { Analysis, Ref } from './analysis.js';
import { refsOf, visitExpression } from './expression.js';
import { assertNoFilter } from './filter.js';
import { scanItem } from './from.js';
import type { Target } from './in-place.js';
import { locationOf } from './mentions.js';
import { resolveRelation } from './relations.js';
import { createScan, type Scan } from './scan.js';
import type { RangeItem, Scope } from './scope.js';

/** Registers the columns that decide whether a row conflicts with a stored one. */
export function registerArbiter(infer: InferClause, target: Target, outer: Scope, analysis: Analysis): void {
  const elements = (infer.indexElems ?? []).flatMap((node) => ('IndexElem' in node ? [node.IndexElem] : []));
  visitExpression([...elements.map((element) => element.expr), infer.whereClause], outer, analysis);
  if (!target.scan) return;
  // Whatever is proven of the rows that are updated: the conflict is one with any row.
  const item = scanItem(target.range, createScan(target.scan.guarded, target.scan.policies), analysis);
  const scope: Scope = { ...outer, items: outer.items.map((other) => (other === target.item ? item : other)) };
  const from = locationOf(infer);
  const placed = (name: string): number | undefined =>
    analysis.unit.locate(analysis.unit.tokens().named(name, from)?.start ?? from);
  const refs = (): readonly Ref[] => [
    ...elements.flatMap(({ name, expr }) =>
      name === undefined ? refsOf(expr, scope, analysis) : columnRefs(item, (c) => c.name === name, placed(name)),
    ),
    ...refsOf(infer.whereClause, scope, analysis),
    ...(infer.conname === undefined ? [] : constraintRefs(infer.conname, item, target.scan!, placed(infer.conname))),
  ];
  analysis.state.checks.push({ place: 'ON CONFLICT', refs, kind: 'stored' });
}

function constraintRefs(name: string, item: RangeItem, scan: Scan, location: number | undefined): readonly Ref[] {
  const keys: readonly (AttNum | 0)[] | undefined = scan.guarded.relation.arbiters.find(
    (a) => a.name === name,
  )?.columns;
  // Of a constraint over expressions, or one that nothing is known of, every column can be the one.
  const isKnown = keys !== undefined && !keys.includes(0);
  return columnRefs(item, ({ stored }) => !isKnown || keys.includes(stored!.attnum), location);
}

function columnRefs(
  item: RangeItem,
  isMeant: (column: NonNullable<RangeItem['columns']>[number]) => boolean,
  location: number | undefined,
): readonly Ref[] {
  const columns = item.columns?.filter(isMeant) ?? [];
  return columns.flatMap((column) => column.taint().map((taint) => ({ taint, location })));
}

/** Where a definition has the relation that it is about, and its conditions. */
const CONDITIONS: Readonly<Record<string, { readonly relation: string; readonly conditions: readonly string[] }>> = {
  IndexStmt: { relation: 'relation', conditions: ['whereClause'] },
  CreateTrigStmt: { relation: 'relation', conditions: ['whenClause'] },
  RuleStmt: { relation: 'relation', conditions: ['whereClause'] },
  CreatePolicyStmt: { relation: 'table', conditions: ['qual', 'with_check'] },
  AlterPolicyStmt: { relation: 'table', conditions: ['qual', 'with_check'] },
};

/** @throws RefusalError for a definition whose condition reads a protected column */
export function assertNoStoredCondition(node: Node, analysis: Analysis): void {
  const [kind, statement] = Object.entries(node)[0] as [string, Readonly<Record<string, unknown>>];
  const known = CONDITIONS[kind];
  const range = known && (statement[known.relation] as RangeVar | undefined);
  if (!range) return;
  const { viewer, checks } = analysis.state;
  const found = resolveRelation(range, viewer.protection.snapshot, analysis.names);
  const protection = found.kind === 'relation' ? viewer.protection.of(found.relation) : undefined;
  if (protection?.kind !== 'guarded') return;
  const { guarded } = protection;
  const policies = new Set([...guarded.guards.keys()].filter((policy) => viewer.policies.has(policy)));
  const item = scanItem(range, createScan(guarded, policies), analysis);
  const rows = ['old', 'new'].map((alias): RangeItem => ({ ...item, alias, qualifiedOnly: true }));
  const scope: Scope = { items: [item, ...rows], merged: [], parent: undefined, ctes: undefined };
  const conditions = known.conditions.map((field) => statement[field]);
  checks.push({
    place: 'a condition of the definition',
    refs: () => refsOf(conditions, scope, analysis),
    kind: 'stored',
  });
  assertNoFilter(analysis.state);
}

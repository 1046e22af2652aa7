/**
 * INSERT, UPDATE and DELETE. The target relation cannot be a subquery, so references to its protected columns are masked
 * where they stand, and what would change a redacted row's protected columns, or un-redact it, keeps the stored value.
 */
import type { DeleteStmt, InsertStmt, Node, OnConflictClause, RangeVar, UpdateStmt } from '@pgsql/types';
import type { Oid } from '../catalog/snapshot.js';
import { quoteIdentifier } from '../policy/quote.js';
import type { Analysis, QueryColumn, QueryResult, Ref } from './analysis.js';
import { assignments, refuseCopy } from './assignments.js';
import { conjunctsOf } from './conditions.js';
import { place, referenceNames, refsOf, registerFilter, visitExpression } from './expression.js';
import { analyseFromItem, combine, EMPTY_PART, type FromPart, plainItem, scanItem } from './from.js';
import { assertNotOldOrNew, inPlace, maskReferences, type Target } from './in-place.js';
import { locationOf, stringOf } from './mentions.js';
import { refusal, unsupported } from './refuse.js';
import { resolveTarget } from './relations.js';
import { createScan } from './scan.js';
import { findItem, lazyTaint, NO_TAINT, type RangeItem, resolveColumn, type Scope } from './scope.js';
import { prove } from './select.js';
import { registerArbiter } from './stored.js';
import { underminingRefusal } from './undermining.js';
import { parseTargets } from './unit.js';
import { withScope } from './with.js';

/** What a statement does to relations, for errors and metrics. */
export interface Modification extends QueryResult {
  /** Errors may quote protected rows: of the target itself, or of what its triggers touch. */
  readonly withhold: 'nothing' | 'detail' | 'all';
}

export function analyseInsert(insert: InsertStmt, outer: Scope | undefined, analysis: Analysis): Modification {
  assertFields(
    insert,
    'relation cols selectStmt onConflictClause returningList returningClause withClause override',
    'INSERT',
  );
  const ctes = withScope(insert.withClause, outer, analysis);
  const target = targetOf(insert.relation, analysis);
  const source = insert.selectStmt;
  if (source) {
    if (!('SelectStmt' in source)) throw unsupported('this INSERT');
    const result = analysis.query(source.SelectStmt, { items: [], merged: [], parent: outer, ctes });
    refuseCopy(target, result.refs, analysis);
  }
  const scope: Scope = { items: [target.item], merged: [], parent: outer, ctes };
  if (insert.onConflictClause) onConflict(insert.onConflictClause, target, scope, analysis);
  return returning(insert, target, scope, analysis);
}

export function analyseUpdate(update: UpdateStmt, outer: Scope | undefined, analysis: Analysis): Modification {
  assertFields(update, 'relation targetList fromClause whereClause returningList returningClause withClause', 'UPDATE');
  const ctes = withScope(update.withClause, outer, analysis);
  const target = targetOf(update.relation, analysis);
  const { scope, conjuncts } = modificationScope(target, update.fromClause, outer, ctes, analysis);
  prove([...conjuncts, ...conjunctsOf(update.whereClause)], scope, analysis);
  condition('WHERE', update.whereClause, target, scope, analysis);
  assignments(update.targetList ?? [], target, scope, analysis);
  return returning(update, target, scope, analysis);
}

export function analyseDelete(deletion: DeleteStmt, outer: Scope | undefined, analysis: Analysis): Modification {
  assertFields(deletion, 'relation usingClause whereClause returningList returningClause withClause', 'DELETE');
  const ctes = withScope(deletion.withClause, outer, analysis);
  const target = targetOf(deletion.relation, analysis);
  const { scope, conjuncts } = modificationScope(target, deletion.usingClause, outer, ctes, analysis);
  prove([...conjuncts, ...conjunctsOf(deletion.whereClause)], scope, analysis);
  condition('WHERE', deletion.whereClause, target, scope, analysis);
  assertMayDelete(target, analysis);
  return returning(deletion, target, scope, analysis);
}

/** Rows that are redacted because of this one would be shown again when it is gone. */
export function assertMayDelete(target: Target, analysis: Analysis): void {
  const { scan } = target;
  if (!scan || [...scan.policies].every((policy) => scan.proven.has(policy))) return;
  const { relation } = scan.guarded;
  const dependent = analysis.state.viewer.protection.undermining.get(relation.oid)?.deletion;
  if (dependent)
    throw underminingRefusal(
      relation,
      `cannot delete from "${relation.schema}.${relation.name}"`,
      dependent,
      place(target.range, analysis),
    );
}

export function assertFields(statement: object, known: string, name: string): void {
  const fields = known.split(' ');
  const unknown = Object.keys(statement).find((field) => !fields.includes(field));
  if (unknown !== undefined) throw unsupported(`${unknown} in ${name}`);
}

export function targetOf(range: RangeVar | undefined, analysis: Analysis): Target {
  if (!range) throw unsupported('a statement without a target');
  const found = resolveTarget(range, analysis);
  const alias = quoteIdentifier(range.alias?.aliasname ?? range.relname ?? '');
  const base = { range, alias, temporary: found.kind === 'temporary' };
  const { viewer } = analysis.state;
  const relation = found.kind === 'relation' ? found.relation : undefined;
  const protection = relation && viewer.protection.of(relation);
  if (!relation || !protection) {
    return { ...base, relation, scan: undefined, item: plainItem(range, relation) };
  }
  const name = `${relation.schema}.${relation.name}`;
  const location = place(range, analysis);
  const where = location === undefined ? {} : { location };
  switch (protection.kind) {
    case 'closed':
      throw refusal('42501', 'closed', `table "${name}" is closed: ${protection.reason}`, where);
    case 'view':
    case 'materialized':
    case 'statistics':
      throw refusal('0A000', 'write', `"${name}" cannot be written through pgveil: it shows protected columns`, {
        hint: 'Write to the table that holds the columns.',
        ...where,
      });
    case 'guarded': {
      const policies = new Set([...protection.guarded.guards.keys()].filter((p) => viewer.policies.has(p)));
      if (policies.size === 0) return { ...base, relation, scan: undefined, item: plainItem(range, relation) };
      if (relation.hasRules) throw unsupported(`a change of "${name}", which has rules,`, location);
      const scan = createScan(protection.guarded, policies);
      analysis.state.scans.push(scan);
      return { ...base, relation, scan, item: scanItem(range, scan, analysis) };
    }
    default:
      return protection satisfies never;
  }
}

/** The target and what UPDATE … FROM or DELETE … USING brings, with the conditions of inner joins there. */
function modificationScope(
  target: Target,
  from: readonly Node[] | undefined,
  outer: Scope | undefined,
  ctes: Scope['ctes'],
  analysis: Analysis,
): { readonly scope: Scope; readonly conjuncts: readonly Node[] } {
  const start: Scope = { items: [], merged: [], parent: outer, ctes };
  let part: FromPart = { ...EMPTY_PART, items: [target.item] };
  for (const node of from ?? []) part = combine(part, analyseFromItem(node, part, start, analysis));
  return { scope: { items: part.items, merged: part.merged, parent: outer, ctes }, conjuncts: part.conjuncts };
}

export function condition(
  name: string,
  node: Node | undefined,
  target: Target,
  scope: Scope,
  analysis: Analysis,
): void {
  visitExpression(node, scope, analysis);
  registerFilter(name, node, scope, analysis);
  maskReferences(node, target, scope, analysis);
}

function onConflict(clause: OnConflictClause, target: Target, scope: Scope, analysis: Analysis): void {
  const excluded: RangeItem = {
    alias: 'excluded',
    columns: target.relation?.columns.map((column) => ({ name: column.name, taint: NO_TAINT })),
    qualifiedOnly: true,
  };
  const inner: Scope = { ...scope, items: [...scope.items, excluded] };
  if (clause.infer) registerArbiter(clause.infer, target, inner, analysis);
  // The rows that are updated, not the one that is inserted.
  prove(conjunctsOf(clause.whereClause), { ...scope, items: [target.item] }, analysis);
  condition('ON CONFLICT … WHERE', clause.whereClause, target, inner, analysis);
  assignments(clause.targetList ?? [], target, inner, analysis);
}

export function returning(statement: object, target: Target, outer: Scope, analysis: Analysis): Modification {
  // PostgreSQL 18 has a clause with options in the place of the list.
  const { returningClause: clause, returningList } = statement as {
    readonly returningClause?: { readonly exprs?: Node[]; readonly options?: Node[] };
    readonly returningList?: Node[];
  };
  const list = clause?.exprs ?? returningList ?? [];
  const versions = oldAndNew(clause?.options ?? [], target, outer);
  const targets = [target, ...versions];
  const scope: Scope = { ...outer, items: [...outer.items, ...versions.map((version) => version.item)] };
  const columns: QueryColumn[] = [];
  let known = true;
  for (const node of [...list]) {
    if (!('ResTarget' in node) || !node.ResTarget.val) throw unsupported('this RETURNING');
    const { val, name } = node.ResTarget;
    const reference =
      'ColumnRef' in val ? referenceNames(val.ColumnRef as Readonly<Record<string, unknown>>) : undefined;
    if (reference?.star) {
      if (target.scan) expandStar(list, node, reference.parts, targets, scope, analysis);
      const item = reference.parts.length > 0 ? findItem(reference.parts, scope)?.item : undefined;
      const items = item ? [item] : scope.items.filter((i) => !i.qualifiedOnly);
      for (const i of items) {
        if (!i.columns) known = false;
        const location = place('ColumnRef' in val ? val.ColumnRef : {}, analysis);
        for (const column of i.columns ?? []) {
          columns.push({
            name: column.name,
            taint: column.taint,
            refs: () => column.taint().map((taint) => ({ taint, location })),
            ...(column.origin ? { origin: column.origin } : {}),
            ...(column.typmod === undefined ? {} : { typmod: column.typmod }),
          });
        }
      }
      continue;
    }
    visitExpression(val, scope, analysis);
    for (const version of targets) maskReferences(val, version, scope, analysis);
    if (reference && name === undefined) nameWholeRow(node.ResTarget, reference.parts, targets, scope, analysis);
    const refs = (): readonly Ref[] => refsOf(val, scope, analysis);
    const resolved = reference ? resolveColumn(reference.parts, scope) : undefined;
    const column = resolved?.kind === 'columns' && resolved.columns.length === 1 ? resolved.columns[0] : undefined;
    const row =
      resolved?.kind === 'row' && reference?.parts.length === 1 ? rowOrigin(resolved.item, targets) : undefined;
    columns.push({
      name: name ?? stringOf(reference ? { String: { sval: reference.parts.at(-1) } } : undefined) ?? '?column?',
      refs,
      taint: lazyTaint(() => refs().map((ref) => ref.taint)),
      ...(column?.origin ? { origin: column.origin } : {}),
      ...(row ? { origin: { table: row, attnum: 0 as const } } : {}),
      ...(column?.typmod === undefined ? {} : { typmod: column.typmod }),
    });
  }
  const refs = (): readonly Ref[] => columns.flatMap((column) => column.refs());
  return { columns: known ? columns : undefined, refs, withhold: withholding(target, analysis) };
}

/** The target's rows before and after the change, under the names by which RETURNING can ask for them. */
function oldAndNew(options: readonly Node[], target: Target, scope: Scope): readonly Target[] {
  if (!target.scan) return [];
  const named = options.map((node) => {
    if (!('ReturningOption' in node)) throw unsupported('this RETURNING');
    return node.ReturningOption;
  });
  const { schema: _, ...item } = target.item;
  return (['old', 'new'] as const).flatMap((version) => {
    const option = version === 'old' ? 'RETURNING_OPTION_OLD' : 'RETURNING_OPTION_NEW';
    const alias = named.find((n) => n.option === option)?.value ?? version;
    if (scope.items.some((other) => other.alias === alias)) return [];
    return [{ ...target, alias: quoteIdentifier(alias), item: { ...item, alias, qualifiedOnly: true } }];
  });
}

/** The relation of a whole row that was replaced. */
function rowOrigin(item: RangeItem, targets: readonly Target[]): Oid | undefined {
  const target = targets.find((t) => t.item === item);
  return target ? target.scan && target.relation?.oid : item.rowOrigin;
}

/** A whole row that is made of its columns has lost the name that the server would give it. */
function nameWholeRow(
  output: object,
  parts: readonly string[],
  targets: readonly Target[],
  scope: Scope,
  analysis: Analysis,
): void {
  const resolved = resolveColumn(parts, scope);
  if (resolved.kind !== 'row' || parts.length > 1) return;
  if (!targets.some((target) => target.scan && target.item === resolved.item)) return;
  const end = analysis.unit.tokens().endOfName(locationOf(output));
  if (end === undefined) throw unsupported('this RETURNING', place(output, analysis));
  analysis.unit.edits.push({
    start: end,
    end,
    render: () => ` AS ${quoteIdentifier(parts[0]!)}`,
    mean: () => {
      (output as { name?: string }).name = parts[0]!;
    },
  });
}

/** `*` and `o.*` of the target become the list of its columns, masked in place. */
function expandStar(
  list: Node[],
  node: Node,
  qualifier: readonly string[],
  targets: readonly Target[],
  scope: Scope,
  analysis: Analysis,
): void {
  const val = 'ResTarget' in node ? node.ResTarget.val : undefined;
  if (!val || !('ColumnRef' in val)) return;
  const only = qualifier.length > 0 ? findItem(qualifier, scope)?.item : undefined;
  if (qualifier.length > 0 && !only) {
    assertNotOldOrNew(qualifier, scope, place(val.ColumnRef, analysis));
    return;
  }
  if (only && !targets.some((target) => target.item === only)) return;
  const items = only ? [only] : scope.items.filter((item) => !item.qualifiedOnly);
  const listed = items.map((item) => {
    const target = targets.find((t) => t.item === item);
    if (target) return target.scan!.guarded.relation.columns.map((column) => inPlace(target, column)).join(', ');
    if (item.alias === undefined) throw unsupported('RETURNING * with this FROM', place(val.ColumnRef, analysis));
    return `${quoteIdentifier(item.alias)}.*`;
  });
  const start = locationOf(val.ColumnRef);
  const end = analysis.unit.tokens().endOfName(start);
  if (end === undefined) throw unsupported('this *', place(val.ColumnRef, analysis));
  analysis.unit.edits.push({
    start,
    end,
    render: () => listed.join(', '),
    mean: (sql, parser) => list.splice(list.indexOf(node), 1, ...parseTargets(sql, parser)),
  });
}

function withholding(target: Target, { state }: Analysis): Modification['withhold'] {
  const { relation, scan } = target;
  const { protection } = state.viewer;
  if (scan) return relation!.triggerRoutines.length > 0 ? 'all' : 'detail';
  return relation?.triggerRoutines.some((oid) => protection.routine(oid)) ? 'all' : 'nothing';
}

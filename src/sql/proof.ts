/**
 * The scope proof: a query whose conditions exclude redacted rows may filter on protected columns.
 *
 * The proof only decides between refusing and allowing. Relations are substituted either way, so a filter that was
 * allowed in error sees masks, not stored values.
 */
import type { Node } from '@pgsql/types';
import { type AttNum, type Column, findColumn, type Relation } from '../catalog/snapshot.js';
import type { RowGuard } from '../policy/bind.js';
import { atomsOf, conjunctsOf, equalityOf, type Written } from './conditions.js';
import { type Conditions, convinces, type Evidence, type Fact } from './evidence.js';
import { stringOf } from './mentions.js';
import type { Pace } from './pace.js';
import type { Scan, ScanColumn } from './scan.js';
import { type Known, parameterOf } from './values.js';

export interface LevelConditions {
  /** WHERE and the ON of inner joins, taken apart at AND. */
  readonly conjuncts: readonly Node[];
  /** Scans of the level. */
  readonly scans: readonly Scan[];
  readonly columnOf: (node: Node) => ScanColumn | undefined;
}

/** All facts are true. */
interface Said {
  readonly facts: readonly Written<ScanColumn>[];
  /** Parameters that are NULL. */
  readonly nulls: readonly number[];
}

/** What a level says. */
interface Level {
  readonly all: Said;
  /** Of each, one side is true. */
  readonly either: readonly (readonly Said[])[];
  readonly equalities: readonly (readonly [ScanColumn, ScanColumn])[];
  readonly scans: readonly Scan[];
}

/**
 * Marks the policies that provably redact none of the rows that a query level meets.
 * @param assumptions where given, receives what must hold when the statement runs for policies that are marked as assumed
 */
export function proveScans(conditions: LevelConditions, assumptions: Evidence[] | undefined, pace: Pace): void {
  const level = levelOf(conditions);
  const possible: Known = { now: Date.now(), parameters: 'any' };
  for (const scan of level.scans) {
    for (const policy of scan.policies) {
      pace();
      const guard = scan.guarded.guards.get(policy);
      if (!guard) continue;
      const evidence = evidenceOf(scan, guard, level);
      if (convinces(evidence, undefined)) scan.proven.add(policy);
      else if (assumptions && convinces(evidence, possible)) {
        scan.assumed.add(policy);
        assumptions.push(evidence);
      }
    }
  }
}

function levelOf({ conjuncts, scans, columnOf }: LevelConditions): Level {
  const said = (nodes: readonly Node[]): Said => ({
    facts: nodes.flatMap((node) => atomsOf(node, columnOf)),
    nulls: nodes.flatMap(nullParameter),
  });
  return {
    all: said(conjuncts),
    either: conjuncts.flatMap((node) =>
      'BoolExpr' in node && node.BoolExpr.boolop === 'OR_EXPR'
        ? [(node.BoolExpr.args ?? []).map((side) => said(conjunctsOf(side)))]
        : [],
    ),
    equalities: conjuncts.flatMap((node) => equalityOf(node, columnOf)),
    scans,
  };
}

/** `$1 IS NULL` */
function nullParameter(node: Node): readonly number[] {
  if (!('NullTest' in node) || node.NullTest.nulltesttype !== 'IS_NULL' || !node.NullTest.arg) return [];
  const parameter = parameterOf(node.NullTest.arg);
  return parameter ? [parameter.number] : [];
}

function evidenceOf(scan: Scan, guard: RowGuard, level: Level): Evidence {
  if (guard.kind === 'own') return ownEvidence(scan, guard, level);
  // The parent of the row is in the query, and is no redacted row itself.
  const parents = level.scans.filter(
    (parent) =>
      guard.unique &&
      parent.guarded.relation === guard.parent.relation &&
      guard.on.every((pair) =>
        level.equalities.some(
          ([a, b]) =>
            (is(a, scan, pair.child) && is(b, parent, pair.parent)) ||
            (is(b, scan, pair.child) && is(a, parent, pair.parent)),
        ),
      ),
  );
  return { kind: 'any', of: parents.map((parent) => evidenceOf(parent, guard.parentGuard, level)) };
}

function is(side: ScanColumn, scan: Scan, column: Column): boolean {
  return side.scan === scan && side.attnum === column.attnum;
}

function ownEvidence(scan: Scan, guard: Extract<RowGuard, { kind: 'own' }>, { all, either }: Level): Evidence {
  const { relation } = scan.guarded;
  const factOf = (atom: Written<AttNum>): Fact => ({ atom, literal: isLiteral(relation, atom.column) });
  const ofScan = ({ facts, nulls }: Said): Conditions => ({
    facts: facts
      .filter((fact) => fact.column.scan === scan)
      .map((fact) => factOf({ ...fact, column: fact.column.attnum })),
    nulls,
  });
  const ofGuard = (node: Node): readonly Fact[] => atomsOf(node, (column) => guardColumn(column, relation)).map(factOf);
  return {
    kind: 'own',
    all: ofScan(all),
    either: either.map((sides) => sides.map(ofScan)),
    redacted: conjunctsOf(guard.conditionTree).map(ofGuard),
    // An AND in an OR is not all that its atoms say: what implies them need not imply it.
    ...(guard.exemptionTree
      ? { exempt: conjunctsOf(guard.exemptionTree).map((conjunct) => (hasAnd(conjunct) ? [] : ofGuard(conjunct))) }
      : {}),
  };
}

function hasAnd(node: Node): boolean {
  if (!('BoolExpr' in node)) return false;
  return node.BoolExpr.boolop === 'AND_EXPR' || (node.BoolExpr.args ?? []).some(hasAnd);
}

/** Types whose values are equal where their text is, and differ where it does. */
const LITERAL = /^(text|character varying(\(\d+\))?)$/;

function isLiteral(relation: Relation, attnum: AttNum): boolean {
  const column = relation.columns.find((c) => c.attnum === attnum);
  return column !== undefined && (column.isEnum || LITERAL.test(column.domainBase ?? column.typeSql));
}

function guardColumn(node: Node, relation: Relation): AttNum | undefined {
  if (!('ColumnRef' in node)) return undefined;
  const name = stringOf(node.ColumnRef.fields?.at(-1));
  return name === undefined ? undefined : findColumn(relation, name)?.attnum;
}

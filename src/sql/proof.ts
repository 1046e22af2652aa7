/**
 * The scope proof: a query whose conditions exclude redacted rows may filter on protected columns.
 *
 * The proof only decides between refusing and allowing. Relations are substituted either way, so a filter that was
 * allowed in error sees masks, not stored values.
 */
import type { Node } from '@pgsql/types';
import { type AttNum, type Column, findColumn, type Relation } from '../catalog/snapshot.js';
import type { RowGuard } from '../policy/bind.js';
import { type Atom, atomsOf, type Comparison, conjunctsOf, equalityOf, known, type Written } from './conditions.js';
import { stringOf } from './mentions.js';
import type { Scan, ScanColumn } from './scan.js';
import { isExact, type Known, parameterOf, parametersOf, type Span, type Value } from './values.js';

export interface LevelConditions {
  /** WHERE and the ON of inner joins, taken apart at AND. */
  readonly conjuncts: readonly Node[];
  /** Scans of the level. */
  readonly scans: readonly Scan[];
  readonly columnOf: (node: Node) => ScanColumn | undefined;
}

/** What a proof rests on that is known only when the statement runs. */
export interface Assumption {
  /** From 1. */
  readonly parameters: readonly number[];
  readonly holds: (known: Known) => boolean;
}

/** All facts are true. */
interface Conditions {
  readonly facts: readonly Written<ScanColumn>[];
  /** Parameters that are NULL. */
  readonly nulls: readonly number[];
}

/** What a level says. */
interface Level {
  readonly all: Conditions;
  /** Of each, one side is true. */
  readonly either: readonly (readonly Conditions[])[];
  readonly equalities: readonly (readonly [ScanColumn, ScanColumn])[];
  readonly scans: readonly Scan[];
}

/**
 * Marks the policies that provably redact none of the rows that a query level meets.
 * @param assumptions where given, receives what must hold when the statement runs for policies that are marked as assumed
 */
export function proveScans(conditions: LevelConditions, assumptions: Assumption[] | undefined): void {
  const level = levelOf(conditions);
  const possible: Known = { now: Date.now(), parameters: 'any' };
  for (const scan of level.scans) {
    for (const policy of scan.policies) {
      const guard = scan.guarded.guards.get(policy);
      if (!guard) continue;
      if (proves(scan, guard, level, undefined)) scan.proven.add(policy);
      else if (assumptions && proves(scan, guard, level, possible)) {
        scan.assumed.add(policy);
        assumptions.push({
          parameters: parametersIn(level),
          holds: (what) => proves(scan, guard, level, what),
        });
      }
    }
  }
}

function levelOf({ conjuncts, scans, columnOf }: LevelConditions): Level {
  const conditions = (nodes: readonly Node[]): Conditions => ({
    facts: nodes.flatMap((node) => atomsOf(node, columnOf)),
    nulls: nodes.flatMap(nullParameter),
  });
  return {
    all: conditions(conjuncts),
    either: conjuncts.flatMap((node) =>
      'BoolExpr' in node && node.BoolExpr.boolop === 'OR_EXPR'
        ? [(node.BoolExpr.args ?? []).map((side) => conditions(conjunctsOf(side)))]
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

function parametersIn({ all, either }: Level): readonly number[] {
  const parameters = [all, ...either.flat()].flatMap(({ facts, nulls }) => [
    ...nulls,
    ...facts
      .flatMap((fact) => ('values' in fact ? fact.values : 'value' in fact ? [fact.value] : []))
      .flatMap(parametersOf),
  ]);
  return [...new Set(parameters)];
}

function proves(scan: Scan, guard: RowGuard, level: Level, what: Known | undefined): boolean {
  if (guard.kind === 'own') return contradicts(guard, scan, level.all, level.either, what);
  // The parent of the row is in the query, and is no redacted row itself.
  return (
    guard.unique &&
    level.scans.some(
      (parent) =>
        parent.guarded.relation === guard.parent.relation &&
        guard.on.every((pair) =>
          level.equalities.some(
            ([a, b]) =>
              (is(a, scan, pair.child) && is(b, parent, pair.parent)) ||
              (is(b, scan, pair.child) && is(a, parent, pair.parent)),
          ),
        ) &&
        proves(parent, guard.parentGuard, level, what),
    )
  );
}

function is(side: ScanColumn, scan: Scan, column: Column): boolean {
  return side.scan === scan && side.attnum === column.attnum;
}

/** True if no row of the scan can make both the conditions true and itself redacted. */
function contradicts(
  guard: Extract<RowGuard, { kind: 'own' }>,
  scan: Scan,
  { facts, nulls }: Conditions,
  either: readonly (readonly Conditions[])[],
  what: Known | undefined,
): boolean {
  if (what && nulls.some((number) => what.parameters === 'any' || what.parameters.has(number))) return true;
  const own = (node: Node): AttNum | undefined => guardColumn(node, scan.guarded.relation);
  const { relation } = scan.guarded;
  const guardAtoms = (node: Node) =>
    known(atomsOf(node, own), what).map((atom) => inTypeOf(relation, atom.column, atom));
  const ownFacts = known(
    facts.filter((fact) => fact.column.scan === scan),
    what,
  ).map((fact) => inTypeOf(relation, fact.column.attnum, fact));
  const factsOn = (attnum: AttNum) => ownFacts.filter((fact) => fact.column.attnum === attnum);
  const excluded = conjunctsOf(guard.conditionTree).some((conjunct) =>
    guardAtoms(conjunct).some((atom) => factsOn(atom.column).some((fact) => excludes(fact, atom))),
  );
  if (excluded || either.some((sides) => sides.every((side) => contradicts(guard, scan, side, [], what)))) return true;
  if (!guard.exemptionTree) return false;
  return conjunctsOf(guard.exemptionTree).every((conjunct) => {
    // An AND in an OR is not all that its atoms say: what implies them need not imply it.
    if (hasAnd(conjunct)) return false;
    const atoms = guardAtoms(conjunct);
    return atoms.length > 0 && atoms.every((atom) => factsOn(atom.column).some((fact) => implies(fact, atom)));
  });
}

function hasAnd(node: Node): boolean {
  if (!('BoolExpr' in node)) return false;
  return node.BoolExpr.boolop === 'AND_EXPR' || (node.BoolExpr.args ?? []).some(hasAnd);
}

/** Types whose values are equal where their text is, and differ where it does. */
const LITERAL = /^(text|character varying(\(\d+\))?)$/;

/** Texts as what they are for the column: the value itself, or one of the forms in which it can be written. */
function inTypeOf<C, A extends Atom<C>>(relation: Relation, attnum: AttNum, atom: A): A {
  const column = relation.columns.find((c) => c.attnum === attnum);
  if (column?.isEnum || (column && LITERAL.test(column.domainBase ?? column.typeSql))) return atom;
  const input = (value: Value): Value => (value.kind === 'text' ? { ...value, kind: 'input' } : value);
  if ('values' in atom) return { ...atom, values: atom.values.map(input) };
  return 'value' in atom ? { ...atom, value: input(atom.value) } : atom;
}

function guardColumn(node: Node, relation: Relation): AttNum | undefined {
  if (!('ColumnRef' in node)) return undefined;
  const name = stringOf(node.ColumnRef.fields?.at(-1));
  return name === undefined ? undefined : findColumn(relation, name)?.attnum;
}

/** True if no row for which the fact is true can make the other true. */
function excludes(fact: Atom<unknown>, other: Atom<unknown>): boolean {
  if (fact.op === 'null') return other.op !== 'null';
  if (other.op === 'null') return true;
  if (other.op === 'not null') return false;
  if (fact.op === 'not null') return false;
  if (fact.op === 'in') return fact.values.every((value) => !mayHold(value, other));
  if (other.op === 'in') return other.values.every((value) => !mayHold(value, fact));
  return isRange(fact) && isRange(other) && disjoint(fact.op, fact.value, other.op, other.value);
}

function isRange<C>(atom: Atom<C>): atom is Atom<C> & { readonly op: Comparison; readonly value: Value } {
  return 'value' in atom;
}

/** True if every row for which the fact is true makes the other true. */
function implies(fact: Atom<unknown>, other: Atom<unknown>): boolean {
  if (other.op === 'null') return fact.op === 'null';
  if (fact.op === 'null') return false;
  if (other.op === 'not null') return true;
  if (fact.op === 'in') return fact.values.every((value) => mustHold(value, other));
  if (fact.op === 'not in') {
    return (
      other.op === 'not in' && other.values.every((v) => fact.values.some((w) => isAny(w) || equal(v, w) === true))
    );
  }
  return false;
}

function isAny(value: Value): boolean {
  return value.kind === 'any';
}

/** False only if a column that equals the value cannot satisfy the atom. */
function mayHold(value: Value, atom: Atom<unknown>): boolean {
  switch (atom.op) {
    case 'in':
      return !isAny(value) && atom.values.some((other) => !isAny(other) && equal(value, other) !== false);
    case 'not in':
      return !isAny(value) && !atom.values.some((other) => isAny(other) || equal(value, other) === true);
    case '<':
    case '<=':
    case '>':
    case '>=': {
      if (isAny(value) || isAny(atom.value)) return false;
      const sign = order(value, atom.value);
      if (sign === undefined) return true;
      if (sign === 0) return atom.op === '<=' || atom.op === '>=';
      return atom.op.startsWith('<') ? sign < 0 : sign > 0;
    }
    case 'null':
      return false;
    case 'not null':
      return true;
    default:
      return atom satisfies never;
  }
}

function mustHold(value: Value, atom: Atom<unknown>): boolean {
  if (isAny(value)) return true;
  switch (atom.op) {
    case 'in':
      return atom.values.some((other) => isAny(other) || equal(value, other) === true);
    case 'not in':
      return atom.values.every((other) => isAny(other) || equal(value, other) === false);
    default:
      return false;
  }
}

/** Two ranges of one column that have no value in common. */
function disjoint(a: Comparison, aValue: Value, b: Comparison, bValue: Value): boolean {
  if (a.startsWith('<') === b.startsWith('<')) return false;
  if (isAny(aValue) || isAny(bValue)) return true;
  const [upper, upperValue, lower, lowerValue] = a.startsWith('<') ? [a, aValue, b, bValue] : [b, bValue, a, aValue];
  const open = upper === '<' || lower === '>';
  const [highest, lowest] = [spanOf(upperValue), spanOf(lowerValue)];
  if (highest && lowest) return open ? lowest.low >= highest.high : lowest.low > highest.high;
  const sign = order(lowerValue, upperValue);
  return sign !== undefined && (sign > 0 || (open && sign === 0));
}

/** Undefined where that depends on types, or on when the query runs. */
function equal(a: Value, b: Value): boolean | undefined {
  if ((a.kind === 'text' || a.kind === 'input') && b.kind === a.kind && a.value === b.value) return true;
  const [x, y] = [spanOf(a), spanOf(b)];
  if (x && y) return x.high < y.low || y.high < x.low ? false : undefined;
  if (a.kind === 'text' && b.kind === 'text') return mayBeSame(a.value, b.value) ? undefined : false;
  const [m, n] = [numberOf(a), numberOf(b)];
  if (m !== undefined && n !== undefined) return m === n;
  if (a.kind === 'number' || b.kind === 'number') return undefined;
  const [p, q] = [booleanOf(a), booleanOf(b)];
  return p === undefined || q === undefined ? undefined : p === q;
}

/** Two texts that are different, and may be input forms of one number or truth value. */
function mayBeSame(a: string, b: string): boolean {
  const [x, y] = [a, b].map((value): Value => ({ kind: 'text', value })) as [Value, Value];
  return (
    (numberOf(x) !== undefined && numberOf(x) === numberOf(y)) ||
    (booleanOf(x) !== undefined && booleanOf(x) === booleanOf(y))
  );
}

/** Undefined where the order depends on a collation, on types, or on when the query runs. */
function order(a: Value, b: Value): number | undefined {
  const [x, y] = [spanOf(a), spanOf(b)];
  if (x && y) return x.high < y.low ? -1 : x.low > y.high ? 1 : undefined;
  if (a.kind !== 'number' && b.kind !== 'number') return undefined;
  const [m, n] = [numberOf(a), numberOf(b)];
  return m === undefined || n === undefined ? undefined : m - n;
}

function spanOf(value: Value): Span | undefined {
  return 'span' in value ? value.span : undefined;
}

function numberOf(value: Value): number | undefined {
  if (value.kind === 'number') return value.value;
  if (value.kind !== 'text' && value.kind !== 'input') return undefined;
  return /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value.value) && isExact(value.value) ? Number(value.value) : undefined;
}

const BOOLEANS: Readonly<Record<string, boolean>> = { t: true, true: true, f: false, false: false };

function booleanOf(value: Value): boolean | undefined {
  if (value.kind === 'boolean') return value.value;
  return value.kind === 'text' || value.kind === 'input' ? BOOLEANS[value.value] : undefined;
}

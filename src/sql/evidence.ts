/**
 * What the scope proof rests on, as plain data: a plan keeps it where the proof needs parameters or the time, and it is
 * judged again whenever the statement runs.
 */
import type { AttNum } from '../catalog/snapshot.js';
import { type Atom, type Comparison, known, type Written } from './conditions.js';
import { isExact, type Known, parametersOf, type Span, type Value } from './values.js';

/** What a condition says of a column of one scan. */
export interface Fact {
  readonly atom: Written<AttNum>;
  /** Values of the column are equal where their text is, and differ where it does. */
  readonly literal: boolean;
}

/** All of it is true. */
export interface Conditions {
  readonly facts: readonly Fact[];
  /** Parameters that are NULL. */
  readonly nulls: readonly number[];
}

/** Why a query could meet no redacted row of a scan. */
export type Evidence =
  | {
      /** Its conditions contradict what redacts a row, or imply what exempts it. */
      readonly kind: 'own';
      readonly all: Conditions;
      /** Of each, one side is true. */
      readonly either: readonly (readonly Conditions[])[];
      /** What is true of a redacted row: of each conjunct, all that it says. */
      readonly redacted: readonly (readonly Fact[])[];
      /** What exempts a row: of each conjunct, all that it says, empty where that is not all; absent without exemption. */
      readonly exempt?: readonly (readonly Fact[])[];
    }
  /** One of these does: the rows that the scan belongs to are in the query. */
  | { readonly kind: 'any'; readonly of: readonly Evidence[] };

/** True where the evidence holds. @param what undefined for what holds whenever and with whatever the statement runs */
export function convinces(evidence: Evidence, what: Known | undefined): boolean {
  if (evidence.kind === 'any') return evidence.of.some((one) => convinces(one, what));
  return contradicts(evidence, evidence.all, evidence.either, what);
}

/** Numbers of the parameters, from 1, that evidence rests on. */
export function parametersIn(evidence: Evidence): readonly number[] {
  if (evidence.kind === 'any') return evidence.of.flatMap(parametersIn);
  return [evidence.all, ...evidence.either.flat()].flatMap(({ facts, nulls }) => [
    ...nulls,
    ...facts.flatMap(({ atom }) =>
      ('values' in atom ? atom.values : 'value' in atom ? [atom.value] : []).flatMap(parametersOf),
    ),
  ]);
}

/** True if no row of the scan can make both the conditions true and itself redacted. */
function contradicts(
  evidence: Extract<Evidence, { kind: 'own' }>,
  { facts, nulls }: Conditions,
  either: readonly (readonly Conditions[])[],
  what: Known | undefined,
): boolean {
  if (what && nulls.some((number) => what.parameters === 'any' || what.parameters.has(number))) return true;
  const said = atomsOf(facts, what);
  const excluded = evidence.redacted.some((conjunct) =>
    atomsOf(conjunct, what).some((atom) => said.some((fact) => fact.column === atom.column && excludes(fact, atom))),
  );
  if (excluded || either.some((sides) => sides.every((side) => contradicts(evidence, side, [], what)))) return true;
  return (
    evidence.exempt?.every((conjunct) => {
      const atoms = atomsOf(conjunct, what);
      return (
        atoms.length > 0 &&
        atoms.every((atom) => said.some((fact) => fact.column === atom.column && implies(fact, atom)))
      );
    }) ?? false
  );
}

/** Those whose values are known; texts as what they are for the column. */
function atomsOf(facts: readonly Fact[], what: Known | undefined): readonly Atom<AttNum>[] {
  return facts.flatMap(({ atom, literal }) => known([atom], what).map((one) => (literal ? one : asInput(one))));
}

/** Each text as one of the forms in which a value can be written. */
function asInput(atom: Atom<AttNum>): Atom<AttNum> {
  const input = (value: Value): Value => (value.kind === 'text' ? { ...value, kind: 'input' } : value);
  if ('values' in atom) return { ...atom, values: atom.values.map(input) };
  return 'value' in atom ? { ...atom, value: input(atom.value) } : atom;
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

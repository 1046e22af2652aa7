/**
 * The scope proof: a query whose conditions exclude redacted rows may filter on protected columns.
 *
 * The proof only decides between refusing and allowing. Relations are substituted either way, so a filter that was
 * allowed in error sees masks, not stored values.
 */
import type { Node, TypeName } from '@pgsql/types';
import { type AttNum, type Column, findColumn, type Relation } from '../catalog/snapshot.js';
import type { RowGuard } from '../policy/bind.js';
import { stringOf } from './mentions.js';
import type { Scan } from './scan.js';

/** Where a moment lies, in days from now: months and years have no fixed length, a date no fixed hour. */
interface Span {
  readonly low: number;
  readonly high: number;
}
type Value =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'time'; readonly span: Span };

type Comparison = '<' | '<=' | '>' | '>=';

/** What a condition says of one column. */
type Atom<C> = { readonly column: C } & (
  | { readonly op: 'in' | 'not in'; readonly values: readonly Value[] }
  | { readonly op: Comparison; readonly value: Value }
  | { readonly op: 'null' | 'not null' }
);

/** A column of a scan. */
export interface ScanColumn {
  readonly scan: Scan;
  readonly attnum: AttNum;
}

export interface LevelConditions {
  /** WHERE and the ON of inner joins, taken apart at AND. */
  readonly conjuncts: readonly Node[];
  /** Scans of the level. */
  readonly scans: readonly Scan[];
  readonly columnOf: (node: Node) => ScanColumn | undefined;
}

/** Marks the policies that provably redact none of the rows that a query level meets. */
export function proveScans(level: LevelConditions): void {
  const facts = level.conjuncts.flatMap((node) => atomsOf(node, level.columnOf));
  const either = level.conjuncts.flatMap((node) =>
    'BoolExpr' in node && node.BoolExpr.boolop === 'OR_EXPR'
      ? [(node.BoolExpr.args ?? []).map((side) => conjunctsOf(side).flatMap((c) => atomsOf(c, level.columnOf)))]
      : [],
  );
  const equalities = level.conjuncts.flatMap((node) => equalityOf(node, level.columnOf));
  const proves = (scan: Scan, guard: RowGuard): boolean => {
    if (guard.kind === 'own') return contradicts(guard, scan, facts, either);
    // The parent of the row is in the query, and is no redacted row itself.
    return level.scans.some(
      (parent) =>
        parent.guarded.relation === guard.parent.relation &&
        guard.on.every((pair) =>
          equalities.some(
            ([a, b]) =>
              (is(a, scan, pair.child) && is(b, parent, pair.parent)) ||
              (is(b, scan, pair.child) && is(a, parent, pair.parent)),
          ),
        ) &&
        guard.unique &&
        proves(parent, guard.parentGuard),
    );
  };
  for (const scan of level.scans) {
    for (const policy of scan.policies) {
      const guard = scan.guarded.guards.get(policy);
      if (guard && proves(scan, guard)) scan.proven.add(policy);
    }
  }
}

function is(side: ScanColumn, scan: Scan, column: Column): boolean {
  return side.scan === scan && side.attnum === column.attnum;
}

/** Takes a condition apart at AND. */
export function conjunctsOf(condition: Node | undefined): readonly Node[] {
  if (!condition) return [];
  if ('BoolExpr' in condition && condition.BoolExpr.boolop === 'AND_EXPR') {
    return (condition.BoolExpr.args ?? []).flatMap(conjunctsOf);
  }
  return [condition];
}

/**
 * @param facts of which all are true
 * @param alternatives of each of which one side is true, with all its facts
 */
function contradicts(
  guard: Extract<RowGuard, { kind: 'own' }>,
  scan: Scan,
  facts: readonly Atom<ScanColumn>[],
  alternatives: readonly (readonly (readonly Atom<ScanColumn>[])[])[],
): boolean {
  const own = (node: Node): AttNum | undefined => guardColumn(node, scan.guarded.relation);
  const factsOn = (attnum: AttNum): readonly Atom<ScanColumn>[] =>
    facts.filter((fact) => fact.column.scan === scan && fact.column.attnum === attnum);
  const excluded = conjunctsOf(guard.conditionTree).some((conjunct) =>
    atomsOf(conjunct, own).some((atom) => factsOn(atom.column).some((fact) => excludes(fact, atom))),
  );
  if (excluded || alternatives.some((facts) => facts.every((side) => contradicts(guard, scan, side, [])))) return true;
  if (!guard.exemptionTree) return false;
  return conjunctsOf(guard.exemptionTree).every((conjunct) => {
    const atoms = atomsOf(conjunct, own);
    return atoms.length > 0 && atoms.every((atom) => factsOn(atom.column).some((fact) => implies(fact, atom)));
  });
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
    return other.op === 'not in' && other.values.every((v) => fact.values.some((w) => equal(v, w) === true));
  }
  return false;
}

/** False only if a column that equals the value cannot satisfy the atom. */
function mayHold(value: Value, atom: Atom<unknown>): boolean {
  switch (atom.op) {
    case 'in':
      return atom.values.some((other) => equal(value, other) !== false);
    case 'not in':
      return !atom.values.some((other) => equal(value, other) === true);
    case '<':
    case '<=':
    case '>':
    case '>=': {
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
  switch (atom.op) {
    case 'in':
      return atom.values.some((other) => equal(value, other) === true);
    case 'not in':
      return atom.values.every((other) => equal(value, other) === false);
    default:
      return false;
  }
}

/** Two ranges of one column that have no value in common. */
function disjoint(a: Comparison, aValue: Value, b: Comparison, bValue: Value): boolean {
  if (a.startsWith('<') === b.startsWith('<')) return false;
  const [upper, upperValue, lower, lowerValue] = a.startsWith('<') ? [a, aValue, b, bValue] : [b, bValue, a, aValue];
  const open = upper === '<' || lower === '>';
  if (upperValue.kind === 'time' && lowerValue.kind === 'time') {
    return open ? lowerValue.span.low >= upperValue.span.high : lowerValue.span.low > upperValue.span.high;
  }
  const sign = order(lowerValue, upperValue);
  return sign !== undefined && (sign > 0 || (open && sign === 0));
}

/** Undefined where that depends on types, or on when the query runs. */
function equal(a: Value, b: Value): boolean | undefined {
  if (a.kind === 'time' || b.kind === 'time' || a.kind !== b.kind) return undefined;
  return a.value === b.value;
}

/** Undefined where the order depends on a collation, on types, or on when the query runs. */
function order(a: Value, b: Value): number | undefined {
  return a.kind === 'number' && b.kind === 'number' ? a.value - b.value : undefined;
}

type Columns<C> = (node: Node) => C | undefined;

const FLIPPED: Readonly<Record<string, Comparison>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** What a conjunct says of columns; empty where it says nothing that the proof understands. */
function atomsOf<C>(node: Node, columnOf: Columns<C>): readonly Atom<C>[] {
  if ('A_Expr' in node) return operationAtoms(node.A_Expr, columnOf);
  if ('NullTest' in node && node.NullTest.arg) {
    const column = columnOf(node.NullTest.arg);
    if (column === undefined) return [];
    return [{ column, op: node.NullTest.nulltesttype === 'IS_NULL' ? 'null' : 'not null' }];
  }
  if ('BooleanTest' in node && node.BooleanTest.arg) {
    const column = columnOf(node.BooleanTest.arg);
    const type = node.BooleanTest.booltesttype;
    if (column === undefined || (type !== 'IS_TRUE' && type !== 'IS_FALSE')) return [];
    return [{ column, op: 'in', values: [{ kind: 'boolean', value: type === 'IS_TRUE' }] }];
  }
  if ('BoolExpr' in node) {
    const args = node.BoolExpr.args ?? [];
    if (node.BoolExpr.boolop === 'AND_EXPR') return args.flatMap((arg) => atomsOf(arg, columnOf));
    if (node.BoolExpr.boolop === 'OR_EXPR') return alternatives(args, columnOf);
    const column = args[0] && columnOf(args[0]);
    return column === undefined ? [] : [{ column, op: 'in', values: [{ kind: 'boolean', value: false }] }];
  }
  const column = columnOf(node);
  return column === undefined ? [] : [{ column, op: 'in', values: [{ kind: 'boolean', value: true }] }];
}

/** `a = 1 OR a = 2` says `a IN (1, 2)`. */
function alternatives<C>(args: readonly Node[], columnOf: Columns<C>): readonly Atom<C>[] {
  const sides = args.map((arg) => atomsOf(arg, columnOf));
  const values: Value[] = [];
  let column: C | undefined;
  for (const atoms of sides) {
    const atom = atoms.length === 1 ? atoms[0] : undefined;
    if (atom?.op !== 'in') return [];
    if (column !== undefined && !sameColumn(column, atom.column)) return [];
    column = atom.column;
    values.push(...atom.values);
  }
  return column === undefined ? [] : [{ column, op: 'in', values }];
}

function sameColumn(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [x, y] = [a as ScanColumn, b as ScanColumn];
  return typeof a === 'object' && typeof b === 'object' && x.scan === y.scan && x.attnum === y.attnum;
}

function operationAtoms<C>(
  expression: Extract<Node, { A_Expr: unknown }>['A_Expr'],
  columnOf: Columns<C>,
): readonly Atom<C>[] {
  const name = builtinName(expression.name) ?? '';
  const { lexpr, rexpr } = expression;
  if (!lexpr || !rexpr) return [];
  const column = columnOf(lexpr);
  switch (expression.kind) {
    case 'AEXPR_OP': {
      if (column !== undefined) return comparison(column, name, constantOf(rexpr));
      const flipped = columnOf(rexpr);
      return flipped === undefined ? [] : comparison(flipped, FLIPPED[name] ?? name, constantOf(lexpr));
    }
    case 'AEXPR_OP_ANY':
    case 'AEXPR_IN': {
      const list = 'List' in rexpr ? rexpr.List.items : 'A_ArrayExpr' in rexpr ? rexpr.A_ArrayExpr.elements : undefined;
      const values = list?.map(constantOf);
      if (column === undefined || !values || values.some((v) => v === undefined)) return [];
      if (expression.kind === 'AEXPR_OP_ANY' && name !== '=') return [];
      return [{ column, op: name === '=' ? 'in' : 'not in', values: values.filter((v) => v !== undefined) }];
    }
    case 'AEXPR_BETWEEN': {
      const [low, high] = 'List' in rexpr ? (rexpr.List.items ?? []) : [];
      if (column === undefined || !low || !high) return [];
      return [...comparison(column, '>=', constantOf(low)), ...comparison(column, '<=', constantOf(high))];
    }
    default:
      return [];
  }
}

function comparison<C>(column: C, name: string, value: Value | undefined): readonly Atom<C>[] {
  if (!value) return [];
  switch (name) {
    case '=':
      return value.kind === 'time' ? [] : [{ column, op: 'in', values: [value] }];
    case '<>':
      return value.kind === 'time' ? [] : [{ column, op: 'not in', values: [value] }];
    case '<':
    case '<=':
    case '>':
    case '>=':
      return [{ column, op: name, value }];
    default:
      return [];
  }
}

function equalityOf(node: Node, columnOf: Columns<ScanColumn>): readonly [ScanColumn, ScanColumn][] {
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP' || builtinName(node.A_Expr.name) !== '=') return [];
  const { lexpr, rexpr } = node.A_Expr;
  const [a, b] = [lexpr && columnOf(lexpr), rexpr && columnOf(rexpr)];
  return a && b ? [[a, b]] : [];
}

/** A constant, or a moment relative to now; undefined for anything else. */
function constantOf(node: Node): Value | undefined {
  if ('A_Const' in node) {
    const { sval, ival, fval, boolval, isnull } = node.A_Const;
    if (isnull) return undefined;
    if (sval) return { kind: 'text', value: sval.sval ?? '' };
    if (boolval) return { kind: 'boolean', value: boolval.boolval ?? false };
    if (ival) return { kind: 'number', value: ival.ival ?? 0 };
    if (fval) return { kind: 'number', value: Number(fval.fval) };
    return undefined;
  }
  if ('TypeCast' in node && node.TypeCast.arg) {
    const value = constantOf(node.TypeCast.arg);
    const type = builtinName(node.TypeCast.typeName?.names);
    if (node.TypeCast.typeName?.typmods) return undefined;
    if (value?.kind === 'text') return isPlainTextType(node.TypeCast.typeName) ? value : undefined;
    if (value?.kind === 'time') return { kind: 'time', span: widen(value.span, -1, type === 'date' ? 0 : 1) };
    return undefined;
  }
  const span = momentOf(node);
  return span && { kind: 'time', span };
}

function momentOf(node: Node): Span | undefined {
  if ('SQLValueFunction' in node) {
    switch (node.SQLValueFunction.op) {
      case 'SVFOP_CURRENT_TIMESTAMP':
        return { low: 0, high: 0 };
      // These lose the hour, or the time zone, and take the session's.
      case 'SVFOP_CURRENT_DATE':
        return { low: -2, high: 1 };
      case 'SVFOP_LOCALTIMESTAMP':
        return { low: -1, high: 1 };
      default:
        return undefined;
    }
  }
  if ('FuncCall' in node) {
    const name = builtinName(node.FuncCall.funcname) ?? '';
    const isNow = ['now', 'transaction_timestamp', 'statement_timestamp'].includes(name) && !node.FuncCall.args;
    return isNow ? { low: 0, high: 0 } : undefined;
  }
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_OP' && node.A_Expr.lexpr && node.A_Expr.rexpr) {
    const name = builtinName(node.A_Expr.name);
    const left = constantOf(node.A_Expr.lexpr);
    const length = lengthOf(node.A_Expr.rexpr);
    if (left?.kind !== 'time' || !length) return undefined;
    if (name === '-') return { low: left.span.low - length.high, high: left.span.high - length.low };
    if (name === '+') return { low: left.span.low + length.low, high: left.span.high + length.high };
  }
  return undefined;
}

const DAYS: Readonly<Record<string, Span>> = {
  minute: { low: 1 / 1440, high: 1 / 1440 },
  hour: { low: 1 / 24, high: 1 / 24 },
  // A day of the session's time zone can have 23 or 25 hours; guards count in UTC.
  day: { low: 1, high: 1 },
  week: { low: 7, high: 7 },
  month: { low: 28, high: 31 },
  year: { low: 365, high: 366 },
};

/** Days of an interval constant, or of a number beside a date. */
function lengthOf(node: Node): Span | undefined {
  if ('A_Const' in node && node.A_Const.ival) {
    const days = node.A_Const.ival.ival ?? 0;
    return { low: days, high: days };
  }
  const constant = 'TypeCast' in node ? node.TypeCast.arg : node;
  const text = constant && 'A_Const' in constant ? constant.A_Const.sval?.sval : undefined;
  const match = text === undefined ? null : /^(\d+) (minute|hour|day|week|month|year)s?$/i.exec(text.trim());
  const unit = match && DAYS[match[2]!.toLowerCase()];
  if (!unit) return undefined;
  const hour = unit.low < 1 ? 0 : 1 / 24;
  return { low: unit.low * Number(match[1]) - hour, high: unit.high * Number(match[1]) + hour };
}

function widen(span: Span, low: number, high: number): Span {
  return { low: span.low + low, high: span.high + high };
}

/** The name of an operator, function or type where it can only be a built-in one, or is written without a schema. */
function builtinName(parts: readonly Node[] | undefined): string | undefined {
  const names = (parts ?? []).map(stringOf);
  return names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog') ? names.at(-1) : undefined;
}

/** text and varchar without a length: a cast to them changes no value, where one to char(n) or varchar(n) can. */
export function isPlainTextType(type: TypeName | undefined): boolean {
  const name = builtinName(type?.names);
  return (name === 'text' || name === 'varchar') && !type?.typmods && !type?.arrayBounds;
}

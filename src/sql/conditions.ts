/** What conditions say of single columns. */
import type { Node } from '@pgsql/types';
import type { ScanColumn } from './scan.js';
import { builtinName, type Known, type Term, termOf, termsOf, type Value, valuesOf } from './values.js';

export type Comparison = '<' | '<=' | '>' | '>=';

/** What a condition says of one column; with terms as it is written, with values as it is when it runs. */
export type Atom<C, V = Value> = { readonly column: C } & (
  | { readonly op: 'in' | 'not in'; readonly values: readonly V[] }
  | { readonly op: Comparison; readonly value: V }
  | { readonly op: 'null' | 'not null' }
);
export type Written<C> = Atom<C, Term>;

/** The atoms whose values are known. */
export function known<C>(atoms: readonly Written<C>[], known: Known | undefined): readonly Atom<C>[] {
  return atoms.flatMap((atom): readonly Atom<C>[] => {
    if ('values' in atom) {
      const values = atom.values.map((term) => valuesOf(term, known));
      const all = values.flat();
      // `x <> ALL ('{}')` holds for NULL, too.
      if (!values.every((v) => v !== undefined) || (atom.op === 'not in' && all.length === 0)) return [];
      return [{ ...atom, values: all.map((v) => v!) }];
    }
    if ('value' in atom) {
      const values = valuesOf(atom.value, known);
      return values?.length === 1 ? [{ ...atom, value: values[0]! }] : [];
    }
    return [atom];
  });
}

/** Takes a condition apart at AND. */
export function conjunctsOf(condition: Node | undefined): readonly Node[] {
  if (!condition) return [];
  if ('BoolExpr' in condition && condition.BoolExpr.boolop === 'AND_EXPR') {
    return (condition.BoolExpr.args ?? []).flatMap(conjunctsOf);
  }
  return [condition];
}

export type Columns<C> = (node: Node) => C | undefined;

const FLIPPED: Readonly<Record<string, Comparison>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** What a conjunct says of columns; empty where it says nothing that the proof understands. */
export function atomsOf<C>(node: Node, columnOf: Columns<C>): readonly Written<C>[] {
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
function alternatives<C>(args: readonly Node[], columnOf: Columns<C>): readonly Written<C>[] {
  const sides = args.map((arg) => atomsOf(arg, columnOf));
  const values: Term[] = [];
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
): readonly Written<C>[] {
  const name = builtinName(expression.name) ?? '';
  const { lexpr, rexpr } = expression;
  if (!lexpr || !rexpr) return [];
  const column = columnOf(lexpr);
  switch (expression.kind) {
    case 'AEXPR_OP': {
      if (column !== undefined) return comparison(column, name, termOf(rexpr));
      const flipped = columnOf(rexpr);
      return flipped === undefined ? [] : comparison(flipped, FLIPPED[name] ?? name, termOf(lexpr));
    }
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
    case 'AEXPR_IN': {
      const values = termsOf(rexpr);
      if (column === undefined || !values?.every((value) => value !== undefined)) return [];
      if (expression.kind === 'AEXPR_OP_ANY' && name !== '=') return [];
      if (expression.kind === 'AEXPR_OP_ALL' && name !== '<>') return [];
      return [{ column, op: name === '=' ? 'in' : 'not in', values }];
    }
    case 'AEXPR_BETWEEN': {
      const [low, high] = 'List' in rexpr ? (rexpr.List.items ?? []) : [];
      if (column === undefined || !low || !high) return [];
      return [...comparison(column, '>=', termOf(low)), ...comparison(column, '<=', termOf(high))];
    }
    default:
      return [];
  }
}

function comparison<C>(column: C, name: string, value: Term | undefined): readonly Written<C>[] {
  if (!value) return [];
  switch (name) {
    case '=':
      return [{ column, op: 'in', values: [value] }];
    case '<>':
      return [{ column, op: 'not in', values: [value] }];
    case '<':
    case '<=':
    case '>':
    case '>=':
      return [{ column, op: name, value }];
    default:
      return [];
  }
}

/** `a = b` of two columns. */
export function equalityOf<C>(node: Node, columnOf: Columns<C>): readonly [C, C][] {
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP' || builtinName(node.A_Expr.name) !== '=') return [];
  const { lexpr, rexpr } = node.A_Expr;
  const [a, b] = [lexpr && columnOf(lexpr), rexpr && columnOf(rexpr)];
  return a !== undefined && b !== undefined ? [[a, b]] : [];
}

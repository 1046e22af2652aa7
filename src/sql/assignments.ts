/** SET of UPDATE and ON CONFLICT: which values a statement may put into which columns. */
import type { MultiAssignRef, Node } from '@pgsql/types';
import { type Column, findColumn } from '../catalog/snapshot.js';
import type { PolicyConfig } from '../policy/config-types.js';
import { quoteIdentifier, quoteLiteral } from '../policy/quote.js';
import type { Analysis, Ref } from './analysis.js';
import { place, refsOf, visitExpression } from './expression.js';
import { guardInPlace, maskReferences, type Target } from './in-place.js';
import { locationOf } from './mentions.js';
import { refusal, unsupported } from './refuse.js';
import { rulesOf, type Scan } from './scan.js';
import type { Scope } from './scope.js';
import type { Token } from './tokens.js';
import { parseExpression } from './unit.js';

/** SET: a redacted row keeps its protected columns and whatever guards read. */
export function assignments(targets: readonly Node[], target: Target, scope: Scope, analysis: Analysis): void {
  for (const assignment of assignmentsOf(targets, analysis)) {
    const { column: name, value } = assignment;
    const column = target.relation && findColumn(target.relation, name);
    const { scan } = target;
    visitExpression(value, scope, analysis);
    maskReferences(value, target, scope, analysis);
    const kept = scan && column ? keptBy(scan, column) : [];
    // What is kept in redacted rows cannot be lost there; it can still be written over by another table's mask.
    const lost = ({ taint }: Ref): boolean => taint.scan !== scan || !kept.includes(taint.rule.policy);
    refuseCopy(target, () => refsOf(value, scope, analysis).filter(lost), analysis);
    if (!scan || !column || kept.length === 0) continue;
    assertMayWrite(scan, column, kept, assignment.location);
    keepStored(assignment, column, kept, target, analysis);
  }
}

/** One column of SET. */
interface Assignment {
  readonly column: string;
  readonly value: Node | undefined;
  readonly location: number | undefined;
  /** Bytes of the value in the text; undefined where it cannot be put into another expression. */
  readonly range: () => { readonly start: number; readonly end: number } | undefined;
  readonly replace: (by: Node) => void;
}

function assignmentsOf(targets: readonly Node[], analysis: Analysis): readonly Assignment[] {
  let source: MultiAssignRef['source'];
  return targets.map((node) => {
    if (!('ResTarget' in node)) throw unsupported('this SET');
    const { val, name = '', indirection } = node.ResTarget;
    const start = locationOf(node.ResTarget);
    const location = place(node.ResTarget, analysis);
    if (val && 'MultiAssignRef' in val) {
      // Each column has a copy of the whole right side: one stands for all, so that an edit is made once.
      const { colno = 1 } = val.MultiAssignRef;
      if (colno === 1) source = val.MultiAssignRef.source;
      (val.MultiAssignRef as { source?: Node }).source = source!;
      return rowAssignment(name, source, colno, location, analysis);
    }
    const writable = val && !indirection;
    return {
      column: name,
      value: val,
      location,
      range: () => (writable ? assignedExpression(analysis.unit.tokens().tokens, start) : undefined),
      replace: (by) => {
        (node.ResTarget as { val?: Node }).val = by;
      },
    };
  });
}

/** `SET (a, b) = (x, y)`; of a subquery on the right, all of it is the value of the first column. */
function rowAssignment(
  column: string,
  source: Node | undefined,
  colno: number,
  location: number | undefined,
  analysis: Analysis,
): Assignment {
  const args = source && 'RowExpr' in source ? source.RowExpr.args : undefined;
  const row = source && 'RowExpr' in source ? source.RowExpr : undefined;
  const value = args ? args[colno - 1] : source;
  const writable = args !== undefined && value !== undefined;
  return {
    column,
    value: args || colno === 1 ? value : undefined,
    location,
    range: () => (writable && row ? rowElement(analysis.unit.tokens().tokens, locationOf(row), colno - 1) : undefined),
    replace: (by) => {
      args![colno - 1] = by;
    },
  };
}

/** The bytes of an element of `(x, y)` or `ROW(x, y)`. */
function rowElement(
  tokens: readonly Token[],
  start: number,
  index: number,
): { readonly start: number; readonly end: number } | undefined {
  let i = tokens.findIndex((token) => token.start === start);
  if (tokens[i]?.text === 'row') i++;
  if (tokens[i]?.text !== '(') return undefined;
  let depth = 0;
  let element = 0;
  let first = i + 1;
  for (; i < tokens.length; i++) {
    const { text } = tokens[i]!;
    if (text === '(' || text === '[') depth++;
    else if (text === ')' || text === ']') depth--;
    const ends = depth === 0 || (depth === 1 && text === ',');
    if (!ends) continue;
    if (element === index) return { start: tokens[first]!.start, end: tokens[i - 1]!.end };
    if (depth === 0) return undefined;
    element++;
    first = i + 1;
  }
  return undefined;
}

function assertMayWrite(scan: Scan, column: Column, kept: readonly PolicyConfig[], location: number | undefined): void {
  const refusing = kept.find((policy) => policy.onWrite === 'refuse' && !scan.proven.has(policy));
  if (!refusing) return;
  const { schema, name } = scan.guarded.relation;
  throw refusal('42501', 'write', `column "${column.name}" of "${schema}.${name}" cannot be changed`, {
    detail: `Policy "${refusing.name}" redacts it in some rows and refuses to change them (on_write: refuse).`,
    policy: refusing.name,
    table: `${schema}.${name}`,
    column: column.name,
    hint: 'Restrict the statement to rows that are not redacted.',
    ...(location === undefined ? {} : { location }),
  });
}

/** Policies under which a redacted row keeps the column. */
function keptBy(scan: Scan, column: Column): readonly PolicyConfig[] {
  const protecting = new Set(rulesOf(scan, column.attnum).map((rule) => rule.policy));
  const decisive = scan.guarded.guardColumns.has(column.attnum);
  return [...scan.policies].filter((policy) => protecting.has(policy) || decisive);
}

/** `SET c = CASE WHEN <redacted> THEN c ELSE <what the client wrote> END` */
function keepStored(
  assignment: Assignment,
  column: Column,
  policies: readonly PolicyConfig[],
  target: Target,
  analysis: Analysis,
): void {
  const { value } = assignment;
  const range = assignment.range();
  if (!range || !value) {
    throw unsupported(`SET of the column ${column.name} other than by an expression of its own`, assignment.location);
  }
  const redacted = policies.map((p) => guardInPlace(target, p)).join(' OR ');
  const stored = `${target.alias}.${quoteIdentifier(column.name)}`;
  if ('SetToDefault' in value) {
    // Of a generated column there is no other value than what follows from the rest of the row.
    if (column.generated) return;
    const constant = constantDefault(column, analysis);
    if (constant === undefined) {
      throw unsupported(`SET of the column ${column.name} to a default that is no constant`, assignment.location);
    }
    analysis.unit.edits.push({
      ...range,
      render: () => `CASE WHEN ${redacted} THEN ${stored} ELSE ${constant} END`,
      mean: (sql, parser) => assignment.replace(parseExpression(sql, parser)),
    });
    return;
  }
  analysis.unit.edits.push(
    {
      start: range.start,
      end: range.start,
      render: () => `CASE WHEN ${redacted} THEN ${stored} ELSE (`,
      mean: (_, parser) => {
        const whole = parseExpression(`CASE WHEN ${redacted} THEN ${stored} ELSE NULL END`, parser);
        if ('CaseExpr' in whole) whole.CaseExpr.defresult = value;
        assignment.replace(whole);
      },
    },
    { start: range.end, end: range.end, render: () => ') END', mean: () => undefined },
  );
}

/**
 * A column's default as a literal without a type, which takes that of the stored value beside it. Undefined for what is
 * not one: names in it could mean something else to the client.
 */
function constantDefault({ defaultExpression }: Column, analysis: Analysis): string | undefined {
  if (defaultExpression === undefined) return undefined;
  const node = parseExpression(defaultExpression, analysis.state.viewer.parser);
  const constant = 'TypeCast' in node ? node.TypeCast.arg : node;
  if (!constant || !('A_Const' in constant)) return undefined;
  const { isnull, sval, ival, fval, boolval } = constant.A_Const;
  if (isnull) return 'NULL';
  if (sval) return quoteLiteral(sval.sval ?? '');
  if (boolval) return String(boolval.boolval ?? false);
  if (ival) return String(ival.ival ?? 0);
  return fval?.fval;
}

/** Keywords that can follow the last assignment; WHEN is MERGE's, that of CASE stands deeper. */
const ENDS_ASSIGNMENT = new Set(['from', 'where', 'returning', 'when']);

/** The bytes of the expression behind `column =`, up to the comma or keyword that ends the assignment. */
function assignedExpression(
  tokens: readonly Token[],
  start: number,
): { readonly start: number; readonly end: number } | undefined {
  let i = tokens.findIndex((token) => token.start === start);
  if (i < 0) return undefined;
  while (i < tokens.length && tokens[i]!.text !== '=') i++;
  const first = i + 1;
  let depth = 0;
  for (i = first; i < tokens.length; i++) {
    const { text, kind } = tokens[i]!;
    if (text === '(' || text === '[') depth++;
    else if (text === ')' || text === ']') {
      if (depth === 0) break;
      depth--;
    } else if (depth === 0) {
      if (text === 'case') depth++;
      else if (text === ',' || text === ';') break;
      else if (kind === 'identifier' && ENDS_ASSIGNMENT.has(text) && tokens[i - 1]?.text !== '.') {
        // `a IS DISTINCT FROM b` goes on.
        if (!(text === 'from' && tokens[i - 1]?.text === 'distinct')) break;
      }
    } else if (text === 'case') depth++;
    else if (text === 'end') depth--;
  }
  return i > first ? { start: tokens[first]!.start, end: tokens[i - 1]!.end } : undefined;
}

/** Masked data must not take the place of real data. */
export function refuseCopy(target: Target, refs: () => readonly Ref[], analysis: Analysis): void {
  if (target.temporary) return;
  analysis.state.copies.push({ refs, into: target.range.relname ?? '' });
}

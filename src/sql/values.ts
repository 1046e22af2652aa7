/** What constants in conditions mean, as far as the scope proof compares them. */
import type { Node, TypeName } from '@pgsql/types';
import { parse as parseArray } from 'postgres-array';
import { stringOf } from './mentions.js';

/** Where a moment lies, in days from now: months and years have no fixed length, a date no fixed hour. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

export type Value =
  /** A string, or the input form of whatever type it is compared with; with a span where it can be a moment. */
  | { readonly kind: 'text'; readonly value: string; readonly span?: Span }
  /** The same for a type of which one value can have more than one input form. */
  | { readonly kind: 'input'; readonly value: string; readonly span?: Span }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'time'; readonly span: Span }
  /** Whatever helps the proof. */
  | { readonly kind: 'any' };

/** What is written in a condition; its value may depend on when the statement runs, and with which parameters. */
export type Term =
  | Exclude<Value, { kind: 'any' | 'input' }>
  /** A date or timestamp in words; `day` where the hour is cut off. */
  | { readonly kind: 'moment'; readonly of: string | Parameter; readonly day: boolean }
  | Parameter
  /** The elements of an array. */
  | { readonly kind: 'elements'; readonly of: string | Parameter };
interface Parameter {
  readonly kind: 'parameter';
  /** From 1. */
  readonly number: number;
}

/** A parameter's value in the text form of its type; an array's as a list. */
export type ParameterValue = string | readonly string[];

/** What is known when a statement runs. */
export interface Known {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** By number, from 1, without those that are NULL or cannot be told; `any` to ask whether there are values that help. */
  readonly parameters: ReadonlyMap<number, ParameterValue> | 'any';
}

const ANY: Value = { kind: 'any' };
const DAY_MS = 86_400_000;
/** Time zones are between 12 hours behind and 14 hours ahead of UTC. */
const ZONES: Span = { low: -14 / 24, high: 12 / 24 };
/** Such as 2026-11-24, 2026-11-24 13:05:59.25, 2026-11-24T13:05Z, 2026-11-24 13:05:59+05:30. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?: ?(?:Z|[+-]\d\d(?::?\d\d)?))?)?$/i;

/** The ISO form of a date or timestamp, which no DateStyle reads otherwise, in whatever time zone. */
function isoSpan(text: string, now: number): Span | undefined {
  const match = ISO.exec(text.trim());
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as number[];
  const days = (Date.UTC(year!, month! - 1, day, hour, minute, second) - now) / DAY_MS;
  return { low: days + ZONES.low, high: days + ZONES.high };
}

/**
 * The values that a term can have; more than one only for the elements of an array.
 * @param known undefined for what holds whenever and with whatever it runs
 * @returns undefined where that is not known
 */
export function valuesOf(term: Term, known: Known | undefined): readonly Value[] | undefined {
  switch (term.kind) {
    case 'text':
      return [textValue(term.value, known)];
    case 'parameter':
    case 'moment':
    case 'elements': {
      const given = givenFor(term, known);
      return given === 'any' ? [ANY] : given;
    }
    default:
      return [term];
  }
}

type Open = Extract<Term, { readonly kind: 'parameter' | 'moment' | 'elements' }>;

function givenFor(term: Open, known: Known | undefined): readonly Value[] | 'any' | undefined {
  const of = term.kind === 'parameter' ? term : term.of;
  if (typeof of !== 'string' && known?.parameters === 'any') return 'any';
  const given =
    typeof of === 'string' ? of : known?.parameters === 'any' ? undefined : known?.parameters.get(of.number);
  if (term.kind === 'elements') {
    const elements = typeof given === 'string' ? elementsOf(given) : given;
    return elements?.map((element) => textValue(element, known));
  }
  if (typeof given !== 'string') return undefined;
  if (term.kind === 'parameter') return [textValue(given, known)];
  const span = known && isoSpan(given, known.now);
  const cutsOff = term.day && /[ T]/i.test(given.trim());
  return span && [{ kind: 'time', span: cutsOff ? widen(span, -1, 0) : span }];
}

function textValue(value: string, known: Known | undefined): Value {
  const span = known && isoSpan(value, known.now);
  return { kind: 'text', value, ...(span ? { span } : {}) };
}

/** Of an array in its text form; undefined where one is NULL or an array itself. */
function elementsOf(text: string): readonly string[] | undefined {
  if (!/^\s*\{.*\}\s*$/s.test(text)) return undefined;
  const elements: readonly unknown[] = parseArray(text.trim());
  return elements.every((element) => typeof element === 'string') ? elements : undefined;
}

/** The parameters that a term depends on. */
export function parametersOf(term: Term): readonly number[] {
  if (term.kind === 'parameter') return [term.number];
  if ((term.kind === 'moment' || term.kind === 'elements') && typeof term.of !== 'string') return [term.of.number];
  return [];
}

/** The text form of a constant; undefined for NULL and for anything else. */
export function constantOf(node: Node): string | undefined {
  if ('TypeCast' in node && node.TypeCast.arg) {
    return isPlainTextType(node.TypeCast.typeName) ? constantOf(node.TypeCast.arg) : undefined;
  }
  if (!('A_Const' in node)) return undefined;
  const { sval, ival, fval, boolval } = node.A_Const;
  if (sval) return sval.sval ?? '';
  if (ival) return String(ival.ival ?? 0);
  if (boolval) return String(boolval.boolval ?? false);
  return fval?.fval;
}

/** A constant, a parameter, or a moment relative to now; undefined for anything else. */
export function termOf(node: Node): Term | undefined {
  if ('A_Const' in node) {
    const { sval, ival, fval, boolval, isnull } = node.A_Const;
    if (isnull) return undefined;
    if (sval) return { kind: 'text', value: sval.sval ?? '' };
    if (boolval) return { kind: 'boolean', value: boolval.boolval ?? false };
    if (ival) return { kind: 'number', value: ival.ival ?? 0 };
    // More digits than a number of JavaScript keeps are not compared.
    if (fval) return isExact(fval.fval ?? '') ? { kind: 'number', value: Number(fval.fval) } : undefined;
    return undefined;
  }
  if ('ParamRef' in node) return parameterOf(node);
  if ('TypeCast' in node && node.TypeCast.arg) return castTerm(termOf(node.TypeCast.arg), node.TypeCast.typeName);
  const span = momentOf(node);
  return span && { kind: 'time', span };
}

/** A decimal number of so few digits that two of them are equal where their JavaScript numbers are. */
export function isExact(text: string): boolean {
  return /^\s*[+-]?[\d.]+\s*$/.test(text) && text.replace(/\D/g, '').length <= 15;
}

/** `$n`, whatever it is cast to; undefined for anything else. */
export function parameterOf(node: Node): Parameter | undefined {
  if ('TypeCast' in node && node.TypeCast.arg) return parameterOf(node.TypeCast.arg);
  return 'ParamRef' in node ? { kind: 'parameter', number: node.ParamRef.number ?? 0 } : undefined;
}

const MOMENTS: ReadonlySet<string> = new Set(['date', 'timestamp', 'timestamptz']);
/** Types whose values the proof compares by their text form. */
const COMPARED: ReadonlySet<string> = new Set(['text', 'varchar', 'int2', 'int4', 'int8', 'numeric', 'bool']);

function castTerm(term: Term | undefined, type: TypeName | undefined): Term | undefined {
  if (!term || !type || type.typmods || type.arrayBounds) return undefined;
  const name = builtinName(type.names) ?? '';
  switch (term.kind) {
    case 'text':
    case 'parameter':
      if (MOMENTS.has(name)) {
        return { kind: 'moment', of: term.kind === 'text' ? term.value : term, day: name === 'date' };
      }
      return (term.kind === 'text' ? isPlainTextType(type) : COMPARED.has(name)) ? term : undefined;
    case 'time':
      return { kind: 'time', span: widen(term.span, -1, name === 'date' ? 0 : 1) };
    case 'moment':
      return { ...term, day: term.day || name === 'date' };
    default:
      return undefined;
  }
}

/** What stands behind IN, ANY and ALL: a list of terms, or an array in one. */
export function termsOf(node: Node): readonly (Term | undefined)[] | undefined {
  if ('List' in node) return (node.List.items ?? []).map(termOf);
  if ('A_ArrayExpr' in node) return (node.A_ArrayExpr.elements ?? []).map(termOf);
  if ('TypeCast' in node && node.TypeCast.arg) {
    const { arg, typeName } = node.TypeCast;
    const isArray = typeName?.arrayBounds?.length === 1 && !typeName.typmods;
    return isArray && COMPARED.has(builtinName(typeName.names) ?? '') ? termsOf(arg) : undefined;
  }
  const term = termOf(node);
  if (term?.kind === 'text') return [{ kind: 'elements', of: term.value }];
  return term?.kind === 'parameter' ? [{ kind: 'elements', of: term }] : undefined;
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
    const left = termOf(node.A_Expr.lexpr);
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
export function builtinName(parts: readonly Node[] | undefined): string | undefined {
  const names = (parts ?? []).map(stringOf);
  return names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog') ? names.at(-1) : undefined;
}

/** text and varchar without a length: a cast to them changes no value, where one to char(n) or varchar(n) can. */
export function isPlainTextType(type: TypeName | undefined): boolean {
  const name = builtinName(type?.names);
  return (name === 'text' || name === 'varchar') && !type?.typmods && !type?.arrayBounds;
}

/**
 * Errors and notices on their way to the client: a refusal in the place of the error that stands for it, positions in
 * the client's own text, and nothing that could quote a protected value or the gateway's own marks.
 */
import type { Plan, Refusal, StatementPlan } from '../sql/plan-types.js';
import { mapPosition } from '../sql/splice.js';
import { type ErrorFields, errorField } from '../wire/backend-messages.js';

export type Withhold = StatementPlan['withhold'];

const WITHHELD_MESSAGE = 'the database reported an error whose text could hold a protected value';

/** What an error or notice is rewritten by. */
export interface ErrorContext {
  /** The plan of the text that the request concerns; undefined outside of any. */
  readonly plan: Plan | undefined;
  readonly withhold: Withhold;
  readonly tagPrefix: string;
  /** ParameterStatus client_encoding. */
  readonly clientEncoding: string;
}

/** The stricter of two. */
export function stricter(a: Withhold, b: Withhold): Withhold {
  if (a === 'all' || b === 'all') return 'all';
  return a === 'detail' || b === 'detail' ? 'detail' : 'nothing';
}

/** Whether this is the error with which the server fails the refused statement. */
export function isRefusal(fields: ErrorFields, plan: Plan | undefined): boolean {
  return plan?.verdict === 'refuse' && (errorField(fields, 'M')?.includes(plan.marker) ?? false);
}

/** The error that the client sees; the argument itself where nothing is changed. */
export function rewriteError(fields: ErrorFields, context: ErrorContext): ErrorFields {
  const { plan } = context;
  if (plan?.verdict === 'refuse' && isRefusal(fields, plan)) {
    return refusalFields(plan.refusal, fields, context.clientEncoding);
  }
  return cleanse(withhold(fields, isAnalysisError(fields) ? 'nothing' : context.withhold), context);
}

/** The notice that the client sees, undefined for none. */
export function rewriteNotice(fields: ErrorFields, context: ErrorContext): ErrorFields | undefined {
  if (context.withhold === 'all') return undefined;
  return cleanse(withhold(fields, context.withhold), context);
}

/** A refusal as the server would have sent it, with the severity in the server's own language. */
export function refusalFields(refusal: Refusal, shape: ErrorFields, clientEncoding: string): ErrorFields {
  const field = (letter: string, value: string | undefined): ErrorFields =>
    value === undefined ? [] : [[letter, toClientBytes(value, clientEncoding)]];
  const severity = shape.filter(([letter]) => letter === 'S' || letter === 'V');
  return [
    ...(severity.length > 0 ? severity : ([['S', 'ERROR'] as const, ['V', 'ERROR'] as const] as const)),
    ['C', refusal.code],
    ...field('M', refusal.message),
    ...field('D', refusal.detail),
    ...field('H', refusal.hint),
    ...field('P', refusal.position?.toString()),
  ];
}

/** Latin1 of the bytes that a client of that encoding reads; what it may not know becomes a question mark. */
function toClientBytes(value: string, clientEncoding: string): string {
  const text = value.replaceAll('\0', '?');
  if (clientEncoding === 'UTF8' || clientEncoding === 'SQL_ASCII') return Buffer.from(text).toString('latin1');
  return text.replace(/[^\t\n -~]/gu, '?');
}

/**
 * An error of parsing or analysis quotes names, which are no secret: class 42 with a position in the client's text and
 * no context. A function cannot raise one with a position (RAISE has no such option).
 */
function isAnalysisError(fields: ErrorFields): boolean {
  return (
    errorField(fields, 'C')?.startsWith('42') === true &&
    errorField(fields, 'P') !== undefined &&
    !fields.some(([letter]) => letter === 'W' || letter === 'q' || letter === 'p')
  );
}

function withhold(fields: ErrorFields, what: Withhold): ErrorFields {
  switch (what) {
    case 'nothing':
      return fields;
    case 'detail':
      return without(fields, 'DWqp');
    case 'all':
      return without(fields, 'DWqpH').map(([letter, value]) => [letter, letter === 'M' ? WITHHELD_MESSAGE : value]);
    default:
      return what satisfies never;
  }
}

/** Positions in the client's text, and no mark of the gateway. */
function cleanse(fields: ErrorFields, context: ErrorContext): ErrorFields {
  const { plan, tagPrefix } = context;
  const passed = !plan || plan.verdict === 'pass';
  // A tag can come out of a cursor that a function reads.
  if (passed && !fields.some(([, value]) => value.includes(tagPrefix))) return fields;
  const marks = plan?.verdict === 'refuse' ? [plan.marker, tagPrefix] : [tagPrefix];
  return fields.flatMap(([letter, value]): ErrorFields => {
    if (letter === 'P' && !passed) {
      const position = mapPosition(plan.positions, Number(value));
      return position === undefined ? [] : [[letter, String(position)]];
    }
    if (!marks.some((mark) => value.includes(mark))) return [[letter, value]];
    return letter === 'M' ? [[letter, WITHHELD_MESSAGE]] : [];
  });
}

function without(fields: ErrorFields, letters: string): ErrorFields {
  return fields.filter(([letter]) => !letters.includes(letter));
}

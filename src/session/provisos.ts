/** Plans that hold under a proviso: filters that depend on what a statement is executed with, or when. */
import { convinces } from '../sql/evidence.js';
import type { Given, Plan, Proviso, Refusal } from '../sql/plan-types.js';
import { bindParameters } from '../wire/frontend-messages.js';
import { parameterValue } from '../wire/parameter-values.js';
import { MalformedMessage } from '../wire/protocol-error.js';
import { MASKED_ROWS_STORED, NOT_PREPARED } from './refusals.js';
import type { SessionState } from './state.js';
import type { Prepared } from './statements.js';
import { type UsedName, usedNames } from './used-names.js';

interface Range {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

const NOTHING_GIVEN: Given = new Map();

/** What stands for the plan now: where its proviso depends on the time alone, that is known. */
export function heldTo(plan: Plan): Plan {
  const proviso = plan.verdict === 'rewrite' ? plan.proviso : undefined;
  if (!proviso || proviso.parameters.length > 0) return plan;
  return holds(proviso, NOTHING_GIVEN) ? plan : proviso.otherwise;
}

/**
 * Why the statement must not be executed with these parameters; undefined where it may be.
 * @param bind a Bind message, or undefined where its parameters cannot be told
 */
export function refusalOfBind(state: SessionState, statement: string, bind: Range | undefined): Refusal | undefined {
  // Only where a plan asks: other Binds pass unread.
  let bound: ReturnType<typeof bindParameters> | undefined;
  for (const prepared of state.statements.candidates(statement)) {
    const proviso = provisoOf(prepared);
    if (proviso) {
      bound ??= bind && parametersOf(bind);
      if (!holds(proviso, boundValues(proviso, prepared, bound, state))) return proviso.otherwise.refusal;
    }
    const refused = refusalOfExecute(state, usedNames(state, [prepared.statement]));
    if (refused) return refused;
  }
  return undefined;
}

function boundValues(
  { parameters }: Proviso,
  { parameterTypes }: Prepared,
  bound: ReturnType<typeof bindParameters> | undefined,
  { clientEncoding }: SessionState,
): Given {
  const given = new Map<number, string | readonly string[]>();
  for (const number of parameters) {
    const parameter = bound?.get(number);
    const value = parameter && parameterValue(parameter, parameterTypes[number - 1] ?? 0, clientEncoding);
    if (value !== undefined) given.set(number, value);
  }
  return given;
}

/** None of a malformed message: the server would fail it. */
function parametersOf({ buffer, start, end }: Range): ReturnType<typeof bindParameters> | undefined {
  try {
    return bindParameters(buffer, start, end);
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}

/**
 * Why one of these statements cannot be executed by SQL with the constants that it is given, or what it executes in its
 * turn, or its rows cannot be stored.
 */
export function refusalOfExecute(
  state: SessionState,
  used: readonly UsedName[],
  seen?: Set<Prepared>,
): Refusal | undefined {
  // What each executes in its turn is looked at once, however many ways lead to it.
  let visited = seen;
  for (const { of, key, given = NOTHING_GIVEN, stored } of used) {
    if (of !== 'statement') continue;
    const candidates = state.statements.candidates(key);
    // The server may know it, from code that nobody has looked into.
    if (stored && candidates.length === 0) return NOT_PREPARED;
    for (const prepared of candidates) {
      const refused = refusalOfPrepared(prepared, given, stored ?? false);
      if (refused) return refused;
      if (visited?.has(prepared)) continue;
      visited = (visited ?? new Set()).add(prepared);
      const further = refusalOfExecute(state, usedNames(state, [prepared.statement]), visited);
      if (further) return further;
    }
  }
  return undefined;
}

function refusalOfPrepared(prepared: Prepared, given: Given, stored: boolean): Refusal | undefined {
  const proviso = provisoOf(prepared);
  if (proviso && !holds(proviso, given)) {
    // The position is one in the text that was prepared.
    const { position: _, ...refusal } = proviso.otherwise.refusal;
    return refusal;
  }
  const { masked, output } = prepared.statement;
  // A column that can arrive tagged is of another type than the stored one.
  const shows = masked.length > 0 || output.some((column) => column.tagged);
  return stored && shows ? MASKED_ROWS_STORED : undefined;
}

function provisoOf({ plan, statement, bySql }: Prepared): Proviso | undefined {
  if (bySql) return statement.proviso;
  return plan.verdict === 'rewrite' ? plan.proviso : undefined;
}

function holds(proviso: Proviso, parameters: Given): boolean {
  return proviso.evidence.every((evidence) => convinces(evidence, { now: Date.now(), parameters }));
}

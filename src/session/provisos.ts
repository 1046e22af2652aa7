/** Plans that hold under a proviso: filters that depend on what a statement is executed with, or when. */
import { convinces } from '../sql/evidence.js';
import type { Plan, Proviso, Refusal } from '../sql/plan-types.js';
import type { ParameterValue } from '../sql/values.js';
import { bindParameters } from '../wire/frontend-messages.js';
import { parameterValue } from '../wire/parameter-values.js';
import { MalformedMessage } from '../wire/protocol-error.js';
import type { SessionState } from './state.js';

interface Range {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

const NO_PARAMETERS: ReadonlyMap<number, ParameterValue> = new Map();

/** What stands for the plan now: where its proviso depends on the time alone, that is known. */
export function heldTo(plan: Plan): Plan {
  const proviso = provisoOf(plan);
  if (!proviso || proviso.parameters.length > 0) return plan;
  return holds(proviso, NO_PARAMETERS) ? plan : proviso.otherwise;
}

/**
 * Why the statement must not be executed with these parameters; undefined where it may be.
 * @param bind a Bind message, or undefined where its parameters cannot be told
 */
export function refusalOfBind(state: SessionState, statement: string, bind: Range | undefined): Refusal | undefined {
  // Only where a plan asks: other Binds pass unread.
  let bound: ReturnType<typeof bindParameters> | undefined;
  for (const { plan, parameterTypes } of state.statements.candidates(statement)) {
    const proviso = provisoOf(plan);
    if (!proviso) continue;
    bound ??= bind && parametersOf(bind);
    const values = new Map<number, ParameterValue>();
    for (const number of proviso.parameters) {
      const parameter = bound?.get(number);
      const value = parameter && parameterValue(parameter, parameterTypes[number - 1] ?? 0, state.clientEncoding);
      if (value !== undefined) values.set(number, value);
    }
    if (!holds(proviso, values)) return proviso.otherwise.refusal;
  }
  return undefined;
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

/** Why none of these statements can be executed by SQL: what EXECUTE gives them is not looked at. */
export function refusalOfExecute(state: SessionState, statements: readonly string[]): Refusal | undefined {
  for (const name of statements) {
    const refused = refusalOfBind(state, name, undefined);
    if (refused) return refused;
  }
  return undefined;
}

function provisoOf(plan: Plan): Proviso | undefined {
  return plan.verdict === 'rewrite' ? plan.proviso : undefined;
}

function holds(proviso: Proviso, parameters: ReadonlyMap<number, ParameterValue>): boolean {
  return proviso.evidence.every((evidence) => convinces(evidence, { now: Date.now(), parameters }));
}

/** From a text to the plan that is acted on; the client's requests wait where that takes a look at the database. */
import { isAscii } from 'node:buffer';
import { RESTLESS, refusePlan } from '../sql/failing-text.js';
import type { Plan, Refusal, StatementPlan } from '../sql/plan-types.js';
import type { ErrorFields } from '../wire/backend-messages.js';
import { acquireNames, type NamesOutcome } from './environment.js';
import { isBarrier, possibleStatements } from './expected-replies.js';
import { heldTo } from './provisos.js';
import { ABORTED, REWRITTEN_BEYOND_ASCII, readsUtf8, UNPLANNABLE } from './refusals.js';
import { environmentOf, keyOfSqlName, now, type SessionState, waitUntil } from './state.js';
import { type AsOf, declared, NEVER, preparedBySql, type Source } from './statements.js';

/** What to act on. */
export interface Decision {
  readonly plan: Plan;
  /** Put in the place of the error that the server answers with. */
  readonly errorInstead: ErrorFields | undefined;
  /** Made by the session, not by the planner. */
  readonly bySession: boolean;
  readonly asOf: AsOf;
}

/**
 * Receives `skipped` where the server skips the request, and `answered` where the client has had the error of the
 * session's own question in its place and the server skips all up to the next Sync: nothing is to be forwarded.
 */
export type Act = (decision: Decision | 'skipped' | 'answered') => void;

/** A plan that refuses, made by the session. */
export function refusal(of: Refusal): Decision {
  return { plan: refusePlan(of), errorInstead: undefined, bySession: true, asOf: NEVER };
}

/** Names can become stale while they are read, but not again and again. */
const MOST_ATTEMPTS = 5;

/** Plans a text, with the names that it needs. */
export function plan(state: SessionState, text: string, act: Act, attempts = MOST_ATTEMPTS): void {
  const { planner } = state.options;
  const asOf = now(state);
  const answer = planner.plan(text, environmentOf(state), () => state.phase === 'ready');
  if (!(answer instanceof Promise)) {
    usePlan(state, text, answer, asOf, attempts, act);
    return;
  }
  let planned: Plan | 'environment' = refusePlan(UNPLANNABLE);
  waitUntil(state, 'planned', () => {
    if (state.discarding) act('skipped');
    else usePlan(state, text, planned, asOf, attempts, act);
  });
  const { wait } = state;
  answer.then(
    (value) => {
      planned = value;
      state.options.resume(wait);
    },
    () => state.options.resume(wait),
  );
}

function usePlan(
  state: SessionState,
  text: string,
  answer: Plan | 'environment',
  asOf: AsOf,
  attempts: number,
  act: Act,
): void {
  if (answer !== 'environment') {
    act(checked(state, heldTo(answer), asOf));
    return;
  }
  if (attempts === 0) {
    act(refusal(RESTLESS));
    return;
  }
  acquireNames(state, (outcome: NamesOutcome) => {
    switch (outcome) {
      case 'known':
        plan(state, text, act, attempts - 1);
        return;
      case 'discarding':
        act('skipped');
        return;
      case 'aborted':
        act(refusal(ABORTED));
        return;
      default:
        if (state.discarding) {
          act('answered');
          return;
        }
        act({ plan: refusePlan(UNPLANNABLE), errorInstead: outcome, bySession: true, asOf: NEVER });
        return;
    }
  });
}

/** A text that the gateway made is UTF-8, which a client of another encoding must not send. */
function checked(state: SessionState, planned: Plan, asOf: AsOf): Decision {
  const plain = planned.verdict === 'pass' || readsUtf8(state.clientEncoding) || isAscii(Buffer.from(planned.text));
  return plain ? { plan: planned, errorInstead: undefined, bySession: false, asOf } : refusal(REWRITTEN_BEYOND_ASCII);
}

/** What a request that runs a statement, or what that may carry, can do. */
export interface Traits {
  readonly barrier: boolean;
  /** It may be a COPY. */
  readonly copy: boolean;
  /** Names that it may change for all sessions. */
  readonly changes: readonly string[];
}

export function traits(state: SessionState, statements: readonly StatementPlan[]): Traits {
  let barrier = false;
  let copy = false;
  let changes: readonly string[] = [];
  for (const statement of statements) {
    if (statement.effects.length === 0) {
      copy ||= statement.kind === 'copy';
      continue;
    }
    const possible = possibleStatements(statement, (effect) =>
      effect.kind === 'execute'
        ? state.statements.candidates(keyOfSqlName(state, effect.name))
        : state.portals.candidates(keyOfSqlName(state, effect.cursor)),
    );
    for (const s of possible) {
      copy ||= s.kind === 'copy';
      barrier ||= s.effects.some(isBarrier);
      for (const effect of s.effects) if (effect.kind === 'ddl') changes = [...changes, ...effect.names];
    }
  }
  return { barrier, copy, changes };
}

/** Statements that a request runs, and the text that they stand in. */
interface Running {
  readonly statements: readonly StatementPlan[];
  readonly source: Source;
}

/**
 * Announces what PREPARE and DECLARE among the statements may make names mean.
 * @returns what takes it back; undefined where there is nothing
 */
export function expectNames(state: SessionState, running: readonly Running[]): (() => void) | undefined {
  let settle: (() => void)[] | undefined;
  for (const { statements, source } of running) {
    for (const { effects } of statements) {
      for (const effect of effects) {
        if (effect.kind === 'prepare') {
          const key = keyOfSqlName(state, effect.name);
          settle = [...(settle ?? []), state.statements.expect(key, [preparedBySql(effect, source)], 'sql')];
        } else if (effect.kind === 'declare') {
          const key = keyOfSqlName(state, effect.cursor);
          settle = [...(settle ?? []), state.portals.expect(key, [declared(effect, source)], 'sql')];
        }
      }
    }
  }
  const all = settle;
  return (
    all &&
    (() => {
      for (const one of all) one();
    })
  );
}

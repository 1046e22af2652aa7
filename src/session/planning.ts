/** From a text to the plan that is acted on; the client's requests wait where that takes a look at the database. */
import { isAscii } from 'node:buffer';
import { refusePlan } from '../sql/failing-text.js';
import type { Plan, Refusal, SessionEffect, StatementPlan } from '../sql/plan-types.js';
import type { ErrorFields } from '../wire/backend-messages.js';
import { acquireNames, type NamesOutcome } from './environment.js';
import { isBarrier, possibleStatements } from './expected-replies.js';
import { ABORTED, REWRITTEN_BEYOND_ASCII, readsUtf8, STALE, UNPLANNABLE } from './refusals.js';
import { environmentOf, keyOfSqlName, type SessionState, waitUntil, whenAnswered } from './state.js';
import { declared, type NameTable, type Prepared, preparedBySql } from './statements.js';

/** What to act on. */
export interface Decision {
  readonly plan: Plan;
  /** Put in the place of the error that the server answers with. */
  readonly errorInstead: ErrorFields | undefined;
  /** Made by the session, not by the planner. */
  readonly bySession: boolean;
}

/**
 * Receives `skipped` where the server skips the request, and `answered` where the client has had the error of the
 * session's own question in its place and the server skips all up to the next Sync: nothing is to be forwarded.
 */
export type Act = (decision: Decision | 'skipped' | 'answered') => void;

/** A plan that refuses, made by the session. */
export function refusal(of: Refusal): Decision {
  return { plan: refusePlan(of), errorInstead: undefined, bySession: true };
}

/** Plans a text that the client sent, once nothing is in flight that could change what it means. */
export function decide(state: SessionState, text: string, act: Act): void {
  if (state.discarding) {
    act('skipped');
    return;
  }
  if (mustWait(state)) {
    whenAnswered(state, () => decide(state, text, act));
    return;
  }
  plan(state, text, MOST_ATTEMPTS, (decision) => {
    const executed = typeof decision === 'string' ? [] : executedNames(decision.plan);
    if (executed.length === 0) {
      act(decision);
      return;
    }
    revalidateAll(state, executed, (validity) => {
      if (validity === 'answered') act('answered');
      else if (state.discarding) act('skipped');
      else act(validity === 'valid' ? decision : refusal(STALE));
    });
  });
}

/** Something in flight can change names or settings, or what is in flight can undo such a change. */
function mustWait(state: SessionState): boolean {
  return state.replies.barriers > 0 || (state.environmentChanged && state.replies.length > 0);
}

/** Names can become stale while they are read, but not again and again. */
const MOST_ATTEMPTS = 5;

function plan(state: SessionState, text: string, attempts: number, act: Act): void {
  const { planner } = state.options;
  const answer = planner.plan(text, environmentOf(state));
  if (!(answer instanceof Promise)) {
    usePlan(state, text, answer, attempts, act);
    return;
  }
  let planned: Plan | 'environment' = refusePlan(UNPLANNABLE);
  waitUntil(state, 'planned', () => (state.discarding ? act('skipped') : usePlan(state, text, planned, attempts, act)));
  const { wait } = state;
  answer.then(
    (value) => {
      planned = value;
      state.options.resume(wait);
    },
    () => state.options.resume(wait),
  );
}

function usePlan(state: SessionState, text: string, answer: Plan | 'environment', attempts: number, act: Act): void {
  if (answer !== 'environment') {
    act(checked(state, answer));
    return;
  }
  if (attempts === 0) {
    act(refusal(UNPLANNABLE));
    return;
  }
  acquireNames(state, (outcome: NamesOutcome) => {
    switch (outcome) {
      case 'known':
        plan(state, text, attempts - 1, act);
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
        act({ plan: refusePlan(UNPLANNABLE), errorInstead: outcome, bySession: true });
        return;
    }
  });
}

/** A text that the gateway made is UTF-8, which a client of another encoding must not send. */
function checked(state: SessionState, planned: Plan): Decision {
  const plain = planned.verdict === 'pass' || readsUtf8(state.clientEncoding) || isAscii(Buffer.from(planned.text));
  return plain ? { plan: planned, errorInstead: undefined, bySession: false } : refusal(REWRITTEN_BEYOND_ASCII);
}

function executedNames(plan: Plan): string[] {
  if (plan.verdict === 'refuse') return [];
  return plan.statements.flatMap((statement) =>
    statement.effects.flatMap((e) => (e.kind === 'execute' ? [e.name] : [])),
  );
}

/** `stale`: it would be planned differently today. `answered`: as for Act. */
export type Validity = 'valid' | 'stale' | 'answered';

/** Makes sure that prepared statements of these SQL names were planned under the policy in force. */
function revalidateAll(state: SessionState, names: readonly string[], done: (validity: Validity) => void): void {
  const [name, ...others] = names;
  if (name === undefined) {
    done('valid');
    return;
  }
  revalidate(state, keyOfSqlName(state, name), (validity) => {
    if (validity === 'valid') revalidateAll(state, others, done);
    else done(validity);
  });
}

/** The same for one name of a prepared statement, by its key. A name that means nothing is valid: the server says so. */
export function revalidate(state: SessionState, key: string, done: (validity: Validity) => void): void {
  const candidates = state.statements.candidates(key);
  if (candidates.every((prepared) => isCurrent(state, prepared))) {
    done('valid');
    return;
  }
  whenAnswered(state, () => {
    const prepared = state.statements.get(key);
    if (!prepared || isCurrent(state, prepared) || state.discarding) {
      done('valid');
      return;
    }
    plan(state, prepared.text, MOST_ATTEMPTS, (decision) => {
      if (decision === 'answered') done('answered');
      else done(decision !== 'skipped' && adopt(prepared, decision.plan) ? 'valid' : 'stale');
    });
  });
}

function isCurrent(state: SessionState, prepared: Prepared): boolean {
  // A refused statement is in flight only: it will never be prepared.
  if (prepared.plan.verdict === 'refuse') return true;
  return prepared.plan.generation === state.options.planner.generation(state.identity.database);
}

/** Takes the new plan over where it sends the server the text that it has. */
function adopt(prepared: Prepared, renewed: Plan): boolean {
  const old = prepared.plan;
  if (renewed.verdict !== old.verdict || renewed.verdict === 'refuse') return false;
  if (renewed.verdict === 'rewrite' && old.verdict === 'rewrite' && renewed.text !== old.text) return false;
  const statement = statementOf(renewed, prepared, old);
  if (!statement) return false;
  prepared.plan = renewed;
  prepared.statement = statement;
  return true;
}

/** The statement at the place in the new plan where the prepared one stands in the old. */
function statementOf(renewed: Plan, prepared: Prepared, old: Plan): StatementPlan | undefined {
  if (!prepared.bySql) return renewed.statements[0] ?? (old.statements.length === 0 ? prepared.statement : undefined);
  const carried = (plan: Plan) => plan.statements.flatMap((s) => s.effects.filter(isPrepare));
  const at = carried(old).findIndex((effect) => effect.statement === prepared.statement);
  return carried(renewed)[at]?.statement;
}

function isPrepare(effect: SessionEffect): effect is SessionEffect & { kind: 'prepare' } {
  return effect.kind === 'prepare';
}

/** Whether a request that runs this statement, or what it may carry, is a barrier, and whether it may be a COPY. */
export function traits(state: SessionState, statements: readonly StatementPlan[]): { barrier: boolean; copy: boolean } {
  let barrier = false;
  let copy = false;
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
    }
  }
  return { barrier, copy };
}

/** Statements that a request runs, and the text that they stand in. */
interface Running {
  readonly statements: readonly StatementPlan[];
  readonly source: Pick<Prepared, 'text' | 'plan'> | undefined;
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
        if (effect.kind === 'prepare' && source) {
          const key = keyOfSqlName(state, effect.name);
          settle = [...(settle ?? []), expectOne(state.statements, key, preparedBySql(effect, source))];
        } else if (effect.kind === 'declare') {
          const key = keyOfSqlName(state, effect.cursor);
          settle = [...(settle ?? []), expectOne(state.portals, key, declared(effect))];
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

function expectOne<T>(table: NameTable<T>, key: string, value: T): () => void {
  table.expect(key, value);
  return () => table.settle(key, value);
}

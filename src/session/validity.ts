/**
 * Whether prepared statements and cursors may still run. They were judged when they were made, by the policies and the
 * schema of that time; where either has changed since, their text is planned anew, and must come out the same.
 */
import type { Plan, SessionEffect, StatementPlan } from '../sql/plan-types.js';
import { plan } from './planning.js';
import { now, type SessionState, whenAnswered } from './state.js';
import type { AsOf, NameTable, Portal, Prepared } from './statements.js';
import { type UsedName, usedNames } from './used-names.js';

/**
 * `stale`: it would be planned differently today. `answered`: the client has had the error of the session's own question
 * in its place, and the server skips all up to the next Sync.
 */
export type Validity = 'valid' | 'stale' | 'answered';

/** Makes sure that all that these names mean may run, and what that carries. The caller looks at `discarding` first. */
export function revalidate(state: SessionState, names: readonly UsedName[], done: (validity: Validity) => void): void {
  const candidates = <T>(table: NameTable<T>, key: string) => table.candidates(key);
  if (reached(state, names, candidates).every((one) => isCurrent(state, one))) {
    done('valid');
    return;
  }
  whenAnswered(state, () => {
    if (state.discarding) done('valid');
    else renewAll(state, reached(state, names, confirmed), done);
  });
}

function confirmed<T>(table: NameTable<T>, key: string): readonly T[] {
  const value = table.get(key);
  return value === undefined ? [] : [value];
}

type Reached =
  | { readonly kind: 'prepared'; readonly prepared: Prepared }
  | { readonly kind: 'portal'; readonly portal: Portal }
  /** Opened by a function, if at all. */
  | { readonly kind: 'unknown portal' };

/** What the names mean, and what EXECUTE and FETCH in that lead to. A prepared statement that is not known cannot run. */
function reached(
  state: SessionState,
  names: readonly UsedName[],
  lookUp: <T>(table: NameTable<T>, key: string) => readonly T[],
): readonly Reached[] {
  const found: Reached[] = [];
  const seen = new Set<unknown>();
  const visit = ({ of, key }: UsedName): void => {
    const portals = of === 'portal' ? lookUp(state.portals, key) : [];
    if (of === 'portal' && portals.length === 0) found.push({ kind: 'unknown portal' });
    for (const portal of portals) {
      found.push({ kind: 'portal', portal });
      follow(portal.prepared);
    }
    if (of === 'statement') for (const prepared of lookUp(state.statements, key)) follow(prepared);
  };
  const follow = (prepared: Prepared): void => {
    if (seen.has(prepared)) return;
    seen.add(prepared);
    found.push({ kind: 'prepared', prepared });
    for (const name of usedNames(state, [prepared.statement])) visit(name);
  };
  for (const name of names) visit(name);
  return found;
}

function isCurrent(state: SessionState, one: Reached): boolean {
  switch (one.kind) {
    case 'unknown portal':
      return isNow(state, state.began);
    case 'portal':
      // Whether a function has put another in its place is not known.
      return one.portal.held ? isNow(state, state.began) : one.portal.asOf.version === state.version;
    case 'prepared': {
      const { plan: made, asOf, bySql } = one.prepared;
      // A refused Parse is in flight only: it will never be prepared.
      if (!bySql && made.verdict === 'refuse') return true;
      return isNow(state, asOf) || isNow(state, { generation: made.generation, version: asOf.version });
    }
    default:
      return one satisfies never;
  }
}

function isNow(state: SessionState, asOf: AsOf): boolean {
  const { generation, version } = now(state);
  return asOf.generation === generation && asOf.version === version;
}

/** Nothing is in flight, and nothing is forwarded meanwhile. */
function renewAll(state: SessionState, all: readonly Reached[], done: (validity: Validity) => void): void {
  const stale = all.find((one) => !isCurrent(state, one));
  if (!stale) {
    done('valid');
    return;
  }
  if (stale.kind !== 'prepared') {
    // The server has planned it: what it runs is not what its text would mean now.
    done('stale');
    return;
  }
  const { prepared } = stale;
  plan(state, prepared.text, (decision) => {
    if (decision === 'answered') done('answered');
    else if (decision === 'skipped' || !adopt(prepared, decision.plan)) done('stale');
    else {
      prepared.asOf = decision.asOf;
      renewAll(
        state,
        all.filter((one) => one !== stale),
        done,
      );
    }
  });
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
  const carried = (made: Plan) => made.statements.flatMap((s) => s.effects.filter(carries));
  const at = carried(old).findIndex((effect) => effect.statement === prepared.statement);
  return carried(renewed)[at]?.statement;
}

function carries(effect: SessionEffect): effect is SessionEffect & { kind: 'prepare' | 'declare' } {
  return effect.kind === 'prepare' || effect.kind === 'declare';
}

/**
 * Whether prepared statements and cursors may still run. They were judged when they were made, by the policies and the
 * schema of that time; where either has changed since, their text is planned anew. A statement of Parse whose text comes
 * out otherwise is made anew; statements of PREPARE and cursors are refused then.
 */
import type { Plan, SessionEffect, StatementPlan } from '../sql/plan-types.js';
import { plan } from './planning.js';
import { STALE } from './refusals.js';
import { type Refused, renew } from './renewal.js';
import { now, type SessionState, whenAnswered } from './state.js';
import type { AsOf, NameTable, Portal, Prepared } from './statements.js';
import { type UsedName, usedNames } from './used-names.js';

/**
 * `answered`: the client has had the error of the session's own request in the place of the answer to its own, and the
 * server skips all up to the next Sync.
 */
export type Validity = 'valid' | 'answered' | Refused;

const REFUSED: Refused = { refusal: STALE, errorInstead: undefined };

/** Policies and schema can change while something is planned or made anew, but not again and again. */
const SPARE_ATTEMPTS = 20;

/** Makes sure that all that these names mean may run, and what that carries. The caller looks at `discarding` first. */
export function revalidate(state: SessionState, names: readonly UsedName[], done: (validity: Validity) => void): void {
  const candidates = <T>(table: NameTable<T>, key: string) => table.candidates(key);
  if (reached(state, names, candidates).every((one) => isCurrent(state, one))) {
    done('valid');
    return;
  }
  whenAnswered(state, () => {
    if (state.discarding) done('valid');
    else renewAll(state, names, reached(state, names, confirmed).length + SPARE_ATTEMPTS, done);
  });
}

function confirmed<T>(table: NameTable<T>, key: string): readonly T[] {
  const value = table.get(key);
  return value === undefined ? [] : [value];
}

type Reached =
  /** `key` of the name that it was reached by; undefined by way of a portal that was made of it. */
  | { readonly kind: 'prepared'; readonly prepared: Prepared; readonly key: string | undefined }
  | { readonly kind: 'portal'; readonly portal: Portal }
  /** Opened by a function, if at all. */
  | { readonly kind: 'unknown portal' }
  /** It will be known when all is answered. */
  | { readonly kind: 'too many' };

/** What the names mean, and what EXECUTE and FETCH in that lead to. A prepared statement that is not known cannot run. */
function reached(
  state: SessionState,
  names: readonly UsedName[],
  lookUp: <T>(table: NameTable<T>, key: string) => readonly T[],
): readonly Reached[] {
  const found: Reached[] = [];
  const seen = new Set<unknown>();
  const visit = ({ of, key }: UsedName): void => {
    if ((of === 'portal' ? state.portals : state.statements).hasMany(key)) {
      found.push({ kind: 'too many' });
      return;
    }
    const portals = of === 'portal' ? lookUp(state.portals, key) : [];
    if (of === 'portal' && portals.length === 0) found.push({ kind: 'unknown portal' });
    for (const portal of portals) {
      found.push({ kind: 'portal', portal });
      follow(portal.prepared, undefined);
    }
    if (of === 'statement') for (const prepared of lookUp(state.statements, key)) follow(prepared, key);
  };
  const follow = (prepared: Prepared, key: string | undefined): void => {
    if (seen.has(prepared)) return;
    seen.add(prepared);
    found.push({ kind: 'prepared', prepared, key });
    for (const name of usedNames(state, [prepared.statement])) visit(name);
  };
  for (const name of names) visit(name);
  return found;
}

function isCurrent(state: SessionState, one: Reached): boolean {
  switch (one.kind) {
    case 'too many':
      return false;
    case 'unknown portal':
      return isNow(state, state.began);
    case 'portal':
      // Whether a function has put another in its place is not known.
      return one.portal.held ? isNow(state, state.began) : one.portal.asOf.version === state.version;
    case 'prepared': {
      const { plan: made, asOf, bySql, lost } = one.prepared;
      // A refused Parse is in flight only: it will never be prepared.
      if (!bySql && made.verdict === 'refuse') return true;
      if (lost) return false;
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

/** Nothing is in flight, and nothing of the client is forwarded meanwhile. */
function renewAll(
  state: SessionState,
  names: readonly UsedName[],
  attempts: number,
  done: (validity: Validity) => void,
): void {
  const stale = reached(state, names, confirmed).find((one) => !isCurrent(state, one));
  if (!stale) {
    done('valid');
    return;
  }
  if (stale.kind !== 'prepared' || attempts === 0) {
    // The server has planned a portal: what it runs is not what its text would mean now.
    done(REFUSED);
    return;
  }
  const goOn = (): void => renewAll(state, names, attempts - 1, done);
  const { prepared, key } = stale;
  plan(state, prepared.text, (decision) => {
    if (decision === 'answered') done('answered');
    else if (decision === 'skipped') done(REFUSED);
    else if (adopt(prepared, decision.plan)) {
      prepared.asOf = decision.asOf;
      goOn();
    } else if (key === undefined || prepared.bySql) done(REFUSED);
    else if (decision.plan.verdict === 'refuse') {
      done({ refusal: decision.plan.refusal, errorInstead: decision.errorInstead });
    } else renew(state, key, prepared, decision, (renewal) => (renewal === 'renewed' ? goOn() : done(renewal)));
  });
}

/** Takes the new plan over where it sends the server the text that it has. */
function adopt(prepared: Prepared, renewed: Plan): boolean {
  const old = prepared.plan;
  if (prepared.lost) return false;
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

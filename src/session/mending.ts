/** Which statement the result that is arriving belongs to, and what a statement changes once it has run. */
import type { SessionEffect, StatementPlan } from '../sql/plan-types.js';
import { ProtocolError } from '../wire/protocol-error.js';
import { stricter, type Withhold } from './error-rewriting.js';
import type { Request } from './expected-replies.js';
import { NOTHING } from './refusals.js';
import { CellMasker } from './result-masking.js';
import { keyOfSqlName, type Mending, type SessionState, schemaChanged } from './state.js';
import { declared, type Portal, preparedBySql, type Source } from './statements.js';

/**
 * Of a cursor that a function has opened, for one: no text of it passed here, so none of its cells is tagged. One that
 * is ends the session.
 */
const UNKNOWN: StatementPlan = { kind: 'utility', output: [], effects: [], withhold: 'detail', masked: [] };

interface Carried {
  readonly statement: StatementPlan;
  readonly unplanned: boolean;
}

/** How the result of the request in front is mended; the same object until the statement is done. */
export function mendingOf(state: SessionState, front: Request): Mending {
  state.mending ??= makeMending(state, front);
  return state.mending;
}

function makeMending(state: SessionState, front: Request): Mending {
  const { statement, unplanned } = carriedStatement(state, front);
  const { tagPrefix } = state.options.planner;
  const tagged = statement === UNKNOWN || statement.output.some((column) => column.tagged);
  const output = statement === UNKNOWN ? undefined : statement.output;
  const cells = tagged ? new CellMasker(output, tagPrefix, state.options.finishToken) : undefined;
  return { statement, cells, unplanned };
}

function carriedStatement(state: SessionState, front: Request): Carried {
  switch (front.kind) {
    case 'query': {
      const statement = ownStatement(front);
      if (!statement) throw new ProtocolError('a result of a statement that was not planned');
      return resolve(state, statement);
    }
    case 'parse':
      return planned(front.prepared.statement);
    case 'bind':
    case 'describe-statement': {
      const prepared = state.statements.get(front.kind === 'bind' ? front.statement : front.name);
      return prepared ? resolve(state, prepared.statement) : { statement: UNKNOWN, unplanned: true };
    }
    case 'describe-portal':
      return ofPortal(state, state.portals.get(front.name));
    case 'execute': {
      const portal = state.portals.get(front.portal);
      const carried = ofPortal(state, portal);
      // Rows left in the portal are of this statement, whatever its name means by then.
      if (portal && !carried.unplanned) portal.carried = carried.statement;
      return carried;
    }
    case 'close':
    case 'function-call':
    case 'sync':
      return planned(NOTHING);
    default:
      return front satisfies never;
  }
}

function planned(statement: StatementPlan): Carried {
  return { statement, unplanned: false };
}

/** The statement of the text whose reply is due; what a text that passes holds beyond its plan needs no mending. */
export function ownStatement(front: Request & { kind: 'query' }): StatementPlan | undefined {
  return front.plan.statements[front.index] ?? (front.plan.verdict === 'pass' ? NOTHING : undefined);
}

function ofPortal(state: SessionState, portal: Portal | undefined, depth = 0): Carried {
  if (!portal) return planned(UNKNOWN);
  return portal.carried ? planned(portal.carried) : resolve(state, portal.statement, depth);
}

/** EXECUTE and FETCH can carry each other. */
const DEEPEST = 8;

/**
 * What a statement shows: that of an EXECUTE or FETCH is the output of the statement that it carries. Of EXPLAIN EXECUTE
 * and MOVE, errors may quote what that runs into.
 */
function resolve(state: SessionState, statement: StatementPlan, depth = 0): Carried {
  for (const effect of statement.effects) {
    if (effect.kind === 'execute') {
      const prepared = state.statements.get(keyOfSqlName(state, effect.name));
      if (!prepared || depth === DEEPEST) return { statement: UNKNOWN, unplanned: true };
      return resolve(state, prepared.statement, depth + 1);
    }
    if (effect.kind === 'fetch') {
      if (depth === DEEPEST) return { statement: UNKNOWN, unplanned: true };
      return ofPortal(state, state.portals.get(keyOfSqlName(state, effect.cursor)), depth + 1);
    }
    if (effect.kind === 'run' || effect.kind === 'store') {
      const key = keyOfSqlName(state, effect.name);
      const prepared = state.statements.get(key);
      const isPrepared = effect.kind === 'store' || effect.of === 'statement';
      if (depth === DEEPEST || (isPrepared && !prepared)) return { statement: UNKNOWN, unplanned: true };
      const run = prepared && isPrepared ? resolve(state, prepared.statement, depth + 1) : undefined;
      const { statement: carried, unplanned } = run ?? ofPortal(state, state.portals.get(key), depth + 1);
      return { statement: { ...statement, withhold: stricter(statement.withhold, carried.withhold) }, unplanned };
    }
  }
  return planned(statement);
}

/** Statements that can run neither a commit nor the deferred constraints of what came before. */
const DATA_STATEMENTS = new Set(['select', 'values', 'insert', 'update', 'delete', 'merge', 'copy']);

/** What an error or notice of the request in front must not show. */
export function withheldOf(state: SessionState, front: Request | undefined): Withhold {
  if (!front || front.kind === 'sync' || front.kind === 'function-call') return state.withheld;
  if (front.kind === 'query' && !ownStatement(front)) return state.withheld;
  const { statement } = mendingOf(state, front);
  let withheld = statement.withhold;
  switch (front.kind) {
    case 'query': {
      // The end of the text may commit all of it.
      for (let i = 0; i < front.index; i++)
        withheld = stricter(withheld, front.plan.statements[i]?.withhold ?? 'nothing');
      const own = ownStatement(front);
      if (own) withheld = stricter(withheld, own.withhold);
      return own && DATA_STATEMENTS.has(own.kind) ? withheld : stricter(withheld, state.withheld);
    }
    case 'execute':
      return DATA_STATEMENTS.has(statement.kind) ? withheld : stricter(withheld, state.withheld);
    default:
      return withheld;
  }
}

/**
 * Takes note of what the statement in front has changed.
 * @throws ProtocolError where it was never planned
 */
export function statementDone(state: SessionState, front: Request & { kind: 'query' | 'execute' }): void {
  const mending = mendingOf(state, front);
  if (mending.unplanned) throw new ProtocolError('a statement ran that was not planned');
  const own = front.kind === 'query' ? ownStatement(front) : state.portals.get(front.portal)?.statement;
  const prepared = front.kind === 'query' ? undefined : state.portals.get(front.portal)?.prepared;
  if (own) {
    state.withheld = stricter(state.withheld, own.withhold);
    for (const effect of own.effects) applyEffect(state, effect, prepared ?? asPrepared(front));
    if (state.environmentChanged && !DATA_STATEMENTS.has(own.kind)) state.names = undefined;
  }
  if (mending.statement !== own) {
    state.withheld = stricter(state.withheld, mending.statement.withhold);
    for (const effect of mending.statement.effects) applyEffect(state, effect, prepared ?? asPrepared(front));
  }
  if (own?.kind === 'transaction' || mending.statement.kind === 'transaction') transactionStatementDone(state);
  resultDone(state);
}

/** Takes note of what a function may have changed that nobody has looked into. */
export function functionDone(state: SessionState, front: Request & { kind: 'function-call' }): void {
  environmentChanged(state);
  if (!front.builtin) state.schemaChanged = true;
}

/** COMMIT AND CHAIN commits, and no ReadyForQuery says so. */
function transactionStatementDone(state: SessionState): void {
  if (state.environmentChanged) state.settingsUncertain = true;
  if (!state.schemaChanged) return;
  state.mayHaveCommitted = true;
  schemaChanged(state);
}

/** The result in front is over, whether it failed or not. */
export function resultDone(state: SessionState): void {
  const { mending } = state;
  if (mending?.cells) {
    for (const [column, count] of mending.cells.counts) state.options.observer.masked(column, count);
  }
  state.mending = undefined;
  state.copyOut = undefined;
}

/** The statement in front has failed: what it may have changed is not known. */
export function statementFailed(state: SessionState, front: Request): void {
  if (front.barrier) state.names = undefined;
  resultDone(state);
}

function asPrepared(front: Request & { kind: 'query' | 'execute' }): Source | undefined {
  return front.kind === 'query' ? front : undefined;
}

function applyEffect(state: SessionState, effect: SessionEffect, source: Source | undefined): void {
  switch (effect.kind) {
    case 'prepare':
      if (!source) throw new ProtocolError('PREPARE ran outside of any text that was planned');
      state.statements.set(keyOfSqlName(state, effect.name), preparedBySql(effect, source));
      return;
    case 'deallocate':
      if (effect.name === null) state.statements.clear();
      else state.statements.delete(keyOfSqlName(state, effect.name));
      return;
    case 'declare':
      if (!source) throw new ProtocolError('DECLARE ran outside of any text that was planned');
      state.portals.set(keyOfSqlName(state, effect.cursor), declared(effect, source));
      return;
    case 'environment':
      environmentChanged(state, effect.namesOnly);
      return;
    case 'discard':
      if (effect.what === 'plans') return;
      environmentChanged(state);
      if (effect.what === 'all') {
        state.statements.clear();
        state.portals.clear();
      }
      return;
    case 'ddl':
      for (const name of effect.names) state.uncommittedNames.add(name);
      state.schemaChanged = true;
      environmentChanged(state);
      return;
    case 'execute':
    case 'fetch':
    case 'run':
    case 'store':
      return;
    default:
      effect satisfies never;
  }
}

function environmentChanged(state: SessionState, namesOnly = false): void {
  state.names = undefined;
  state.environmentChanged = true;
  state.settingsUncertain ||= !namesOnly;
}

/** Prepared statements and cursors that other statements run by their names. */
import type { Given, SessionEffect, StatementPlan } from '../sql/plan-types.js';
import { keyOfSqlName, type SessionState } from './state.js';

/** A name that a request uses, by its key. */
export interface UsedName {
  readonly of: 'statement' | 'portal';
  readonly key: string;
  /** What EXECUTE gives it. */
  readonly given?: Given;
  /** What the statement gives back is stored. */
  readonly stored?: true;
}

/** Names that EXECUTE, FETCH and MOVE among the statements use. */
export function usedNames(state: SessionState, statements: readonly StatementPlan[]): readonly UsedName[] {
  return statements.flatMap(({ effects }) => effects.flatMap((effect) => usedName(state, effect) ?? []));
}

function usedName(state: SessionState, effect: SessionEffect): UsedName | undefined {
  if (effect.kind === 'fetch') return { of: 'portal', key: keyOfSqlName(state, effect.cursor) };
  if (effect.kind !== 'execute' && effect.kind !== 'run' && effect.kind !== 'store') return undefined;
  const { kind, name, given } = effect;
  const of = kind === 'run' ? effect.of : 'statement';
  const stored = kind === 'store' ? ({ stored: true } as const) : {};
  return { of, key: keyOfSqlName(state, name), ...(given ? { given } : {}), ...stored };
}

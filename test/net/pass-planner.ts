/** A planner that lets everything pass, for tests of the relay. */
import type { Plan, Planner, StatementPlan } from '../../src/sql/plan-types.js';

const NOTHING: StatementPlan = { kind: 'select', output: [], effects: [], withhold: 'nothing', masked: [] };

/** Knows of COPY and of nothing else. */
export function passPlanner(): Planner {
  const pass = (statements: readonly StatementPlan[]): Plan => ({
    verdict: 'pass',
    statements,
    generation: 1,
  });
  return {
    tagPrefix: 'PGVEIL0123456789',
    plan: (text) => pass(/^\s*copy\b/i.test(text) ? [{ ...NOTHING, kind: 'copy' }] : []),
    generation: () => 1,
    schemaChanged: () => undefined,
  };
}

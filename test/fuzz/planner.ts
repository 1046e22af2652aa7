/** A planner that decides by the text's first word and keeps every text that it has let through to the server. */
import { refusePlan } from '../../src/sql/failing-text.js';
import type { NameEnvironment, Plan, Planner, SessionEffect, StatementPlan } from '../../src/sql/plan-types.js';
import { REFUSAL, TAG, tagged } from '../session/script.js';
import type { Chance } from './chance.js';

const statement = (fields: Partial<StatementPlan> = {}): StatementPlan => ({
  kind: 'select',
  output: [],
  effects: [],
  withhold: 'nothing',
  masked: [],
  ...fields,
});
const utility = (...effects: SessionEffect[]) => statement({ kind: 'utility', effects });
const MASKED = statement({ output: [tagged(1)], withhold: 'detail' });

const STATEMENTS: Readonly<Record<string, StatementPlan>> = {
  masked: MASKED,
  begin: statement({ kind: 'transaction' }),
  commit: statement({ kind: 'transaction' }),
  copy: statement({ kind: 'copy' }),
  set: utility({ kind: 'environment' }),
  create: utility({ kind: 'ddl', names: ['t'] }, { kind: 'environment' }),
  prepare: utility({ kind: 'prepare', name: 'a', statement: MASKED }),
  execute: utility({ kind: 'execute', name: 'a' }),
  declare: utility({ kind: 'declare', cursor: 'a', hold: false, statement: MASKED }),
  fetch: utility({ kind: 'fetch', cursor: 'a' }),
};

export interface FuzzPlanner {
  readonly planner: Planner;
  /** Texts that may reach the server. */
  readonly allowed: { has(text: string): boolean };
  /** An answer is under way as a promise. */
  asking(): boolean;
  /** The policy changes. */
  reload(): void;
}

export function createFuzzPlanner(random: Chance): FuzzPlanner {
  const allowed = new Set<string>();
  const slow = random.oneIn(30);
  let generation = 1;
  let open = 0;

  function plan(text: string, names: NameEnvironment | undefined): Plan | 'environment' {
    const [word = ''] = text.split(' ');
    const base = { generation, statements: [STATEMENTS[word] ?? statement()] };
    if (word === 'names' && !names) return 'environment';
    if (word === 'refuse') return refusePlan(REFUSAL, base);
    if (word !== 'rewrite' && word !== 'masked') {
      allowed.add(text);
      return { ...base, verdict: 'pass' };
    }
    const sent = `${text} of ${generation}`;
    allowed.add(sent);
    const positions = { runs: [{ at: 0, origin: 0, copied: true }], length: sent.length };
    return { ...base, verdict: 'rewrite', text: sent, positions };
  }

  return {
    allowed: {
      has: (text) => allowed.has(text) || /^(SELECT FROM pg_catalog\.)?"pgveil refused [0-9a-f]{32}"$/.test(text),
    },
    asking: () => open > 0,
    reload() {
      generation++;
    },
    planner: {
      tagPrefix: TAG,
      plan(text, { names }) {
        const planned = plan(text, names);
        if (!slow) return planned;
        open++;
        const answer = Promise.resolve(planned);
        // Behind the session's own step.
        void answer.then(() => undefined).then(() => open--);
        return answer;
      },
      generation: () => generation,
      schemaChanged: () => undefined,
    },
  };
}

/** Plans that are made off the gateway's thread: the same plans, and refusals where a text is too much for a thread. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTagNumbers } from '../../src/policy/bind.js';
import { unhurried } from '../../src/sql/pace.js';
import { createPlanningThreads, type PlanningThreads, type Task } from '../../src/sql/planning-threads.js';
import { makeRules, planByRules, type Rules } from '../../src/sql/rules.js';
import { readGoldenFiles, sessionOf } from './golden-file.js';
import { EXTRAS, type Planning, shopConfig, startPlanning, TAG_PREFIX } from './planning.js';

const OPTIONS = { tagPrefix: TAG_PREFIX, tagNumbers: createTagNumbers() };

let planning: Planning;
let rules: Rules;
let threads: PlanningThreads;
beforeAll(async () => {
  const config = shopConfig(EXTRAS.yaml);
  planning = await startPlanning({ config, sql: EXTRAS.sql });
  const { policies, allowedRoutines } = config;
  rules = makeRules({ snapshot: planning.snapshot, policies, allowedRoutines }, planning.parser, OPTIONS.tagNumbers);
  threads = createPlanningThreads(OPTIONS);
});
afterAll(async () => {
  await threads.close();
  await planning.stop();
});

const generation = 7;

function task(text: string, more: Partial<Task> = {}): Task {
  return { text, environment: planning.environment(), source: rules.source, generation, isWanted: () => true, ...more };
}

/** The SQLSTATE of what came of a text, or the verdict. */
function outcome(answer: Awaited<ReturnType<PlanningThreads['plan']>>): string {
  if (answer === 'environment') return answer;
  if ('defect' in answer) return `defect ${answer.defect}`;
  if ('refusal' in answer) return answer.refusal.code;
  return answer.plan.verdict === 'refuse' ? answer.plan.refusal.code : answer.plan.verdict;
}

/** Trees as deep as this end the parser. */
const TOO_DEEP = `SELECT ${'1+'.repeat(15_000)}1`;
/** Long, and takes some time. */
const SLOW = `SELECT ${"'a long literal',".repeat(20_000)}1`;

describe('a thread', () => {
  it('makes the plan that the gateway makes, of every golden case', async () => {
    const cases = readGoldenFiles().flatMap((file) => file.cases);
    expect(cases.length).toBeGreaterThan(500);
    for (const golden of cases) {
      const environment = planning.environment(sessionOf(golden));
      const here = planByRules(golden.sql, environment, rules, { tagPrefix: TAG_PREFIX, generation, pace: unhurried });
      expect(await threads.plan(task(golden.sql, { environment })), golden.sql).toEqual(here);
    }
  });

  it('asks for names where it needs them', async () => {
    const { names, ...environment } = planning.environment();
    expect(names).toBeDefined();
    expect(await threads.plan(task('SELECT buyer_name FROM orders', { environment }))).toBe('environment');
  });

  it('refuses what ends its parser, and goes on', async () => {
    for (let i = 0; i < 3; i++) expect(outcome(await threads.plan(task(TOO_DEEP)))).toBe('54001');
    expect(outcome(await threads.plan(task('SELECT buyer_name FROM orders')))).toBe('rewrite');
  });

  it('answers as the server does to ten thousand parentheses', async () => {
    const text = `SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`;
    const answer = await threads.plan(task(text));
    expect(answer).toMatchObject({ plan: { refusal: { code: '42601', message: 'memory exhausted at or near "("' } } });
  });

  it('forgets rules, and is told them again', async () => {
    for (let i = 0; i < 20; i++) {
      expect(outcome(await threads.plan(task('SELECT buyer_name FROM orders', { generation: 100 + (i % 10) })))).toBe(
        'rewrite',
      );
    }
  });
});

describe('texts that are too much', () => {
  it('are refused when their time is over; what waits for the thread is planned by another', async () => {
    const hasty = createPlanningThreads({ ...OPTIONS, longestMs: 5 });
    try {
      const answers = await Promise.all([hasty.plan(task(SLOW)), hasty.plan(task(SLOW))]);
      expect(answers.map(outcome)).toEqual(['54001', '54001']);
      expect(answers[0]).toMatchObject({
        refusal: { message: expect.stringContaining('too long'), hint: expect.any(String) },
      });
    } finally {
      await hasty.close();
    }
  });

  it('do not keep shorter ones waiting', async () => {
    const order: string[] = [];
    const plan = async (name: string, text: string): Promise<void> => {
      await threads.plan(task(text));
      order.push(name);
    };
    const short = 'SELECT buyer_name FROM orders';
    // Both threads are there.
    await Promise.all([threads.plan(task(short)), threads.plan(task(short))]);
    const longAndQuick = `SELECT '${'x'.repeat(300 * 1024)}'`;
    await Promise.all([plan('long', SLOW), plan('longer', longAndQuick), plan('short', short)]);
    expect(order).toEqual(['short', 'long', 'longer']);
  });

  it('are refused where too many wait, and not planned where nobody waits for them', async () => {
    const long = `SELECT '${'x'.repeat(8 * 1024 * 1024 - 100)}'`;
    const all = Array.from({ length: 10 }, (_, i) => threads.plan(task(long, { isWanted: () => i === 0 })));
    const answers = (await Promise.all(all)).map(outcome);
    expect(answers[0]).toBe('pass');
    expect(answers.slice(1)).toEqual(Array(9).fill('53000'));
  });

  it('are refused behind the end', async () => {
    const ended = createPlanningThreads(OPTIONS);
    const running = ended.plan(task(SLOW));
    const waiting = ended.plan(task(SLOW));
    await ended.close();
    expect([outcome(await running), outcome(await waiting)]).toEqual(['53000', '53000']);
    expect(outcome(await ended.plan(task('SELECT 1')))).toBe('53000');
  });
});

/** Each grammar has the statements of its version in trees of its own: they must come to the same plans. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/sql/plan-types.js';
import { readGoldenFiles, sessionOf } from './golden-file.js';
import { EXTRAS, type Planning, planningFor, shopConfig, startPlanning } from './planning.js';

const CASES = readGoldenFiles().flatMap((file) => file.cases.map((golden) => ({ ...golden, file: file.name })));

let planning: Planning;
beforeAll(async () => {
  planning = await startPlanning({ config: shopConfig(EXTRAS.yaml), sql: EXTRAS.sql });
});
afterAll(() => planning.stop());

/** Without what is different each time, and what 13 says in other words: see `hold` in statement.ts. */
function outcome(plan: Plan): string {
  if (plan.verdict === 'refuse') {
    const { code, reason, message } = plan.refusal;
    return [code, reason, message].join(' ');
  }
  const statements = JSON.stringify(plan.statements, (key, value: unknown) => {
    if (key === 'hold') return undefined;
    return key === 'names' ? [...new Set(value as string[])] : value;
  });
  return [plan.verdict, 'text' in plan ? plan.text : '', statements].join('\n');
}

/** What a version does not have. */
const isSyntaxError = (plan: Plan): boolean => plan.verdict === 'refuse' && plan.refusal.code === '42601';

describe.each([13, 14, 15, 16, 17])('the grammar of PostgreSQL %i', (major) => {
  it('comes to the plans of the newest for all that it has', async () => {
    const { plan } = await planningFor(planning, major * 10_000);
    const [different, unknown]: [string[], string[]] = [[], []];
    for (const { name, file, sql, ...golden } of CASES) {
      const session = sessionOf(golden);
      const newest = planning.plan(sql, session);
      const older = plan(sql, session);
      const place = `${file}: ${name}`;
      if (isSyntaxError(older) && !isSyntaxError(newest)) unknown.push(place);
      else if (outcome(older) !== outcome(newest)) {
        different.push(`${place}\n  ${outcome(older)}\n  ${outcome(newest)}`);
      }
    }
    expect(different).toEqual([]);
    // MERGE, RETURNING with OLD, JSON_TABLE and the like.
    expect(unknown.length).toBeLessThan(CASES.length / 6);
  }, 60_000);
});

/**
 * Golden files: SQL in, out the rewritten SQL, `-- pass`, or the refusal, one folder for each kind of statement. What is
 * rewritten is run beside the client's text too: it must describe the same columns, or fail with the same SQLSTATE.
 *
 * UPDATE_GOLDEN=1 writes what comes out into the files; whether a file's statements work or are refused stays checked.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printGoldenFile, readGoldenFiles, sessionOf } from './golden-file.js';
import { type Outcome, runBeside } from './golden-run.js';
import { showPlan } from './golden-text.js';
import { EXTRAS, type Planning, shopConfig, startPlanning } from './planning.js';
import { survivingReferences } from './surviving-references.js';

const UPDATE = process.env.UPDATE_GOLDEN === '1';
const FILES = readGoldenFiles();

let planning: Planning;
beforeAll(async () => {
  planning = await startPlanning({ config: shopConfig(EXTRAS.yaml), sql: EXTRAS.sql });
});
afterAll(() => planning.stop());

/** Known gaps are of the origin alone: names, types and type modifiers are kept everywhere. */
function withoutOrigins(outcome: Outcome): unknown {
  if (!('columns' in outcome)) return outcome;
  return outcome.columns.map((columns) => columns.map(({ name, type, typmod }) => ({ name, type, typmod })));
}

it('has enough cases, and beside each file of working statements one of refused ones', () => {
  expect(FILES.flatMap((file) => file.cases).length).toBeGreaterThan(150);
  const folders = [...new Set(FILES.map((file) => file.name.split('/')[0]!))];
  expect(folders.length).toBeGreaterThanOrEqual(12);
  expect(FILES.map((file) => file.name)).toEqual(folders.flatMap((f) => [`${f}/refuse.sql`, `${f}/work.sql`]));
});

it('says of every refusal where in the text it is', () => {
  const unplaced = FILES.flatMap((file) =>
    file.cases
      .filter(({ expected }) => expected.startsWith('-- refuse '))
      .filter(({ expected }) => !/^-- refuse \w{5} \w+ at \d+ \((?!nothing\))/.test(expected))
      .map((golden) => `${file.name}: ${golden.name}`),
  );
  expect(unplaced).toEqual([]);
});

it('has policies that fit the schema, but for the one that is to be closed', () => {
  expect(planning.binding.problems.map((problem) => problem.message)).toEqual([
    'public.closed_table has no column gone',
  ]);
});

describe.each(FILES)('$name', (file) => {
  const outcomes = new Map<string, string>();
  afterAll(() => {
    if (UPDATE) writeFileSync(file.path, printGoldenFile(file, outcomes));
  });

  it.each(file.cases)('$name', async (golden) => {
    const session = sessionOf(golden);
    const plan = planning.plan(golden.sql, session);
    const shown = showPlan(plan, golden.sql, planning.protection, 'unfolded' in golden.options).replaceAll(/ +$/gm, '');
    outcomes.set(golden.name, shown);
    if (!UPDATE) expect(shown).toBe(golden.expected);
    expect(plan.verdict === 'refuse', shown).toBe(file.name.endsWith('refuse.sql'));
    if (plan.verdict !== 'rewrite') return;
    // Who is exempt reads stored values.
    if (session.user !== 'compliance') expect(survivingReferences(plan.text, planning, session)).toEqual([]);
    if ('not run' in golden.options) return;
    const { direct, rewritten } = await runBeside(planning.client, golden.sql, plan, session);
    if (golden.options.differs === undefined) expect(rewritten).toEqual(direct);
    else {
      expect(rewritten).not.toEqual(direct);
      expect(withoutOrigins(rewritten)).toEqual(withoutOrigins(direct));
    }
  });
});

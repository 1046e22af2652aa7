/** Noninterference, transparency and validity over random statements. README.md says what is checked, and how to run more. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeSummary, runRandom, type Summary } from './run.js';
import { startSides } from './sides.js';

const { PGVEIL_RANDOM_QUERIES = '20000', PGVEIL_RANDOM_SEED = 'pgveil', PGVEIL_RANDOM_ONLY } = process.env;
const QUERIES = Number(PGVEIL_RANDOM_QUERIES);
const HOURS = 3_600_000;

let sides: Awaited<ReturnType<typeof startSides>>;

beforeAll(async () => {
  sides = await startSides();
});

afterAll(async () => {
  await sides?.stop();
});

const name =
  PGVEIL_RANDOM_ONLY === undefined
    ? `${QUERIES} random cases of the seed "${PGVEIL_RANDOM_SEED}"`
    : `case ${PGVEIL_RANDOM_ONLY} of the seed "${PGVEIL_RANDOM_SEED}"`;

it(
  name,
  async () => {
    const isOne = PGVEIL_RANDOM_ONLY !== undefined;
    const first = isOne ? Number(PGVEIL_RANDOM_ONLY) : 0;
    const summary = await runRandom(sides, {
      seed: PGVEIL_RANDOM_SEED,
      first,
      queries: isOne ? 1 : QUERIES,
      sample: isOne ? 1 : 8,
      mostFailures: 6,
      log: (line) => console.log(line),
    });
    console.log(describeSummary(summary));
    expect(summary.failures.map(({ number, failure }) => `${failure.kind}, case ${number}: ${failure.why}`)).toEqual(
      [],
    );
    if (!isOne) assertTelling(summary);
  },
  24 * HOURS,
);

/** It would show little if much were refused, invalid, or the same on A and B anyway. */
function assertTelling(summary: Summary): void {
  const share = (part: number, whole: number): number => part / whole;
  const errors = [...summary.serverErrors.values()].reduce((sum, n) => sum + n, 0);
  expect(share(summary.accepted, summary.cases), 'accepted').toBeGreaterThan(0.6);
  expect(share(summary.telling, summary.sampled), 'different without the gateway').toBeGreaterThan(0.2);
  expect(share(errors, summary.cases), "failed by the server's own errors").toBeLessThan(0.03);
  expect(share(summary.timedOut, summary.cases), 'timed out').toBeLessThan(0.01);
}

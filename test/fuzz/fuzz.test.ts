/** Damaged streams of messages: a session ends or goes on in order, whatever it is given. More by `run.ts`. */
import { expect, test } from 'vitest';
import { runInput } from './fuzz.js';

const SEEDS = 10_000;
const FIRST = 20_000_000;

test('20,000 sessions with damaged clients and servers', async () => {
  let done = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await runInput(seed);
    done++;
  }
  expect(done).toBe(SEEDS);
}, 120_000);

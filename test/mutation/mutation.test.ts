/**
 * Each protection of the gateway is switched off in turn, and the attacks must notice. README.md describes the mutants.
 * Here every mutant is checked to be one, and every sixteenth is tried; run.ts tries all.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, startBench } from './bench.js';
import { MUTANTS } from './mutants.js';
import { attacksOf, playPlain, tryMutant } from './trial.js';

const SAMPLE = MUTANTS.filter((_, i) => i % 16 === 0);

it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('can be made: %s', (name, { file, find, killers }) => {
  const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
  const count = source.split(find).length - 1;
  expect(count, `update the mutant "${name}": its text must occur once in src/${file}`).toBe(1);
  expect(killers.length).toBeGreaterThan(0);
});

it('has enough mutants, each with a name of its own and attacks that exist', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThan(100);
  expect(attacksOf(MUTANTS).length).toBeGreaterThan(100);
});

describe('a protection is switched off', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench();
  });
  afterAll(() => bench?.stop());

  it('and none is: every attack fails', async () => {
    const played = await playPlain(SAMPLE, bench);
    expect(played.filter(({ fault }) => fault)).toEqual([]);
  });

  it.each(SAMPLE.map((mutant) => [mutant.name, mutant] as const))('%s', async (_name, mutant) => {
    const played = await tryMutant(mutant, bench);
    expect(played.at(-1)?.fault, 'no attack notices').toBeDefined();
  });
});

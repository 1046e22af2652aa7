import { describe, expect, it } from 'vitest';
import { recordedChoices, replayedChoices, shrink } from './choices.js';
import { randomCase } from './statements.js';

describe('choices', () => {
  it('make the same case again, from the seed and from the tape', () => {
    for (let n = 0; n < 300; n++) {
      const { choices, tape } = recordedChoices(`again/${n}`);
      const made = randomCase(choices);
      expect(randomCase(recordedChoices(`again/${n}`).choices)).toEqual(made);
      expect(randomCase(replayedChoices(tape))).toEqual(made);
    }
  });

  it('make a case of any tape, the shortest too', () => {
    expect(randomCase(replayedChoices([])).statements).toHaveLength(1);
    for (let n = 0; n < 300; n++) {
      const { choices, tape } = recordedChoices(`cut/${n}`);
      randomCase(choices);
      const cut = tape.slice(0, Math.floor(tape.length / 2));
      expect(randomCase(replayedChoices(cut)).statements.length).toBeGreaterThan(0);
    }
  });

  it('are simplest where they are 0', () => {
    const simplest = replayedChoices([]);
    expect(simplest.integer(3, 9)).toBe(3);
    expect(simplest.chance(0.99)).toBe(false);
    expect(simplest.pick(['a', 'b'])).toBe('a');
    expect(
      simplest.weighted([
        [0, 'never'],
        [1, 'a'],
        [5, 'b'],
      ]),
    ).toBe('a');
  });
});

describe('shrinking', () => {
  it('leaves what the failure needs, and zeros what it can', async () => {
    const tape = Array.from({ length: 60 }, (_, i) => (i === 41 ? 0.9 : 0.5));
    const fails = async (candidate: readonly number[]): Promise<boolean> => candidate.indexOf(0.9) > 0;
    expect(await shrink(tape, fails, 500)).toEqual([0, 0.9]);
  });

  it('asks no more often than it may', async () => {
    let asked = 0;
    const fails = async (): Promise<boolean> => {
      asked++;
      return false;
    };
    const tape = [0.1, 0.2, 0.3];
    expect(await shrink(tape, fails, 2)).toBe(tape);
    expect(asked).toBe(2);
  });
});

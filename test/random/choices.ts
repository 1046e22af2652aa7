/**
 * Choices of a generator, recorded so that they can be played again and shrunk. A choice of 0 is always the simplest, and
 * so is what comes after the end of a tape: cutting a tape or putting zeros on it makes a smaller case, still a valid one.
 */
import { seededRandom } from '../../src/demo/random.js';

export interface Choices {
  /** From `low` to `high`, both included; `low` is the simplest. */
  integer(low: number, high: number): number;
  /** False is the simplest. */
  chance(probability: number): boolean;
  /** The first is the simplest. */
  pick<T>(items: readonly T[]): T;
  /** One of them by weight; the first is the simplest. */
  weighted<T>(items: readonly (readonly [number, T])[]): T;
}

/** Fractions from 0 up to, not including, 1. */
export type Tape = readonly number[];

/** Choices by a seed, and the tape that they leave. */
export function recordedChoices(seed: string): { readonly choices: Choices; readonly tape: Tape } {
  const random = seededRandom(seed);
  const tape: number[] = [];
  const next = (): number => {
    const fraction = random.fraction();
    tape.push(fraction);
    return fraction;
  };
  return { choices: choicesFrom(next), tape };
}

export function replayedChoices(tape: Tape): Choices {
  let at = 0;
  return choicesFrom(() => tape[at++] ?? 0);
}

function choicesFrom(fraction: () => number): Choices {
  const integer = (low: number, high: number): number => low + Math.floor(fraction() * (high - low + 1));
  return {
    integer,
    chance: (probability) => fraction() >= 1 - probability,
    pick: (items) => items[integer(0, items.length - 1)]!,
    weighted: (items) => {
      let left = fraction() * items.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of items) {
        left -= weight;
        if (left < 0) return item;
      }
      return items.at(-1)![1];
    },
  };
}

/**
 * A smaller tape that still fails, by leaving out and zeroing ever shorter parts.
 * @param attempts how often `fails` is asked at most
 */
export async function shrink(tape: Tape, fails: (tape: Tape) => Promise<boolean>, attempts: number): Promise<Tape> {
  let best = tape;
  let left = attempts;
  const accept = async (candidate: Tape): Promise<boolean> => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = 2 ** Math.floor(Math.log2(Math.max(1, tape.length))); size >= 1 && left > 0; size /= 2) {
    for (let at = 0; at < best.length && left > 0; at += size) {
      while (at < best.length && (await accept([...best.slice(0, at), ...best.slice(at + size)])));
      const part = best.slice(at, at + size);
      if (part.some((fraction) => fraction !== 0)) {
        await accept([...best.slice(0, at), ...part.map(() => 0), ...best.slice(at + size)]);
      }
    }
  }
  return best;
}

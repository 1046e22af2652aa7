/** Random choices that a seed decides: xorshift32, quick and the same everywhere. */
export interface Chance {
  /** From 0 to below `count`. */
  below(count: number): number;
  /** True in one of so many cases. */
  oneIn(count: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export function chance(seed: number): Chance {
  // Neighbouring seeds are to differ from the first choice on.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  next();
  next();
  const below = (count: number): number => next() % count;
  return { below, oneIn: (count) => below(count) === 0, pick: (list) => list[below(list.length)]! };
}

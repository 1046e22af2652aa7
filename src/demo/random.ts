/** A seeded generator of numbers, the same on every machine. Not for secrets. */
export interface Random {
  /** From 0 up to, not including, 1. */
  fraction(): number;
  /** From `low` to `high`, both included. */
  integer(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** So many decimal digits. */
  digits(count: number): string;
}

/** The generator is sfc32, of the PractRand suite. */
export function seededRandom(seed: string): Random {
  let [a, b, c, d] = [hash(seed, 1), hash(seed, 2), hash(seed, 3), 1];
  const next = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const fraction = (): number => next() / 2 ** 32;
  const integer = (low: number, high: number): number => low + Math.floor(fraction() * (high - low + 1));
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick: (items) => items[integer(0, items.length - 1)]!,
    digits: (count) => {
      let text = '';
      for (let i = 0; i < count; i++) text += integer(0, 9);
      return text;
    },
  };
}

/** FNV-1a. */
function hash(text: string, basis: number): number {
  let value = 0x811c9dc5 ^ basis;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value | 0;
}

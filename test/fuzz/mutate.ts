/** Damage: to the structure of a stream of messages, and to its bytes. */
import type { Chance } from './chance.js';

/** Numbers at which something may go wrong, for a length or a count. */
const EDGES = [0, 1, 3, 4, 5, 0x7f, 0xff, 0x7fff, 0xffff, 0x3fffffff, 0x7fffffff, -1, -4, -0x80000000];

/** The stream of these messages, often as it is. */
export function damage(random: Chance, messages: Buffer[]): Buffer {
  for (let times = random.below(3); times > 0; times--) damageOne(random, messages);
  const stream = Buffer.concat(messages);
  if (stream.length > 0) while (random.oneIn(3)) stream[random.below(stream.length)]! ^= 1 << random.below(8);
  return stream;
}

function damageOne(random: Chance, messages: Buffer[]): void {
  const at = random.below(messages.length);
  const one = messages[at];
  if (!one) return;
  switch (random.below(9)) {
    case 0:
      messages.splice(at, 1);
      return;
    case 1:
      messages.splice(at, 0, one);
      return;
    case 2:
      messages[at] = one.subarray(0, random.below(one.length + 1));
      return;
    case 3:
      messages.splice(at, 0, randomBytes(random, random.below(20)));
      return;
    case 4: {
      // The length that it says, another one than it has.
      const copy = Buffer.from(one);
      if (copy.length >= 5) copy.writeInt32BE(random.pick(EDGES), random.oneIn(6) ? 0 : 1);
      messages[at] = copy;
      return;
    }
    case 5: {
      const copy = Buffer.from(one);
      if (copy.length > 7) copy.writeInt16BE(random.pick(EDGES) & 0x7fff, 5 + random.below(copy.length - 6));
      messages[at] = copy;
      return;
    }
    case 6: {
      const other = random.below(messages.length);
      messages[at] = messages[other]!;
      messages[other] = one;
      return;
    }
    case 7: {
      const copy = Buffer.from(one);
      if (copy.length > 0) copy[0] = random.below(256);
      messages[at] = copy;
      return;
    }
    default: {
      // More behind the last field, counted in.
      if (one.length < 5) return;
      const longer = Buffer.concat([one, randomBytes(random, 1 + random.below(6))]);
      longer.writeInt32BE(longer.length - 1, 1);
      messages[at] = longer;
    }
  }
}

function randomBytes(random: Chance, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => (random.oneIn(2) ? 0 : random.below(256))));
}

/** The stream cut anywhere; mostly into few pieces. */
export function chunks(random: Chance, stream: Buffer): Buffer[] {
  if (random.oneIn(3)) return [stream];
  const most = random.oneIn(20) ? 2 : 1 + stream.length;
  const parts: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + 1 + random.below(most));
    parts.push(stream.subarray(at, end));
    at = end;
  }
  return parts;
}

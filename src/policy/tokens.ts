/**
 * One-way tokens: what stands in the place of a protected text in redacted rows. A token is the keyed BLAKE3 hash of the
 * policy, the table, the column and a payload that the database gave (the row's key, or a hash of the value where the
 * policy asks for linkable tokens). Without the key nobody can compute it, so a guess cannot be tried.
 */
import { createBLAKE3 } from 'hash-wasm';
import type { TaggedColumn } from '../sql/plan-types.js';
import type { OneWayKey } from './config-types.js';

const PREFIX = 'ow_';
/** Keeps these hashes apart from any other use of the same key. */
const CONTEXT = 'pgveil one-way token 1';
/** Lower-case base32, RFC 4648: survives case folding, and no spreadsheet takes a token for a formula. */
const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';
/** 130 bits. */
const ALL_DIGITS = 26;
/** 80 bits: the fewest, and what a column must have room for. */
const FEWEST_DIGITS = 16;
const HASH_BYTES = 17;
const LENGTH_BYTES = 4;
const PAIRS = [...DIGITS].flatMap((first) => [...DIGITS].map((second) => first + second));

/**
 * Makes tokens with the first of the keys: `ow_<key id>_<26 digits>`. A column with less room gets fewer digits; one that
 * cannot hold 16 digits beside the key id gets digits alone, as many as it holds, 16 to 26.
 * The maker throws where there is no key or the column holds fewer than 16 characters; both are found when the
 * configuration is read and bound.
 */
export async function createTokenMaker(
  keys: readonly OneWayKey[],
): Promise<(column: TaggedColumn, payload: string) => string> {
  const key = keys[0];
  if (!key) {
    return () => {
      throw new Error('There is no key for one-way tokens');
    };
  }
  const hasher = await createBLAKE3(HASH_BYTES * 8, key.secret);
  const prefix = `${PREFIX}${key.id}_`;
  const domains = new WeakMap<TaggedColumn, Buffer>();
  // One update of one buffer: two of them cost a third more.
  let input = Buffer.alloc(1024);

  return (column, payload) => {
    const room = column.maxLength ?? Number.POSITIVE_INFINITY;
    if (room < FEWEST_DIGITS) throw new Error(`The column ${column.column} is too short for a one-way token`);
    let domain = domains.get(column);
    if (!domain) {
      domain = encodeDomain(column);
      domains.set(column, domain);
    }
    // The payload comes last, so its end needs no mark. A UTF-16 unit makes at most three bytes.
    const most = domain.length + 3 * payload.length;
    if (most > input.length) input = Buffer.alloc(2 * most);
    domain.copy(input);
    const length = domain.length + input.write(payload, domain.length, 'utf8');
    const digest = hasher.init().update(input.subarray(0, length)).digest('binary');
    const beside = room - prefix.length;
    if (beside >= FEWEST_DIGITS) return prefix + toDigits(digest, Math.min(beside, ALL_DIGITS));
    return toDigits(digest, Math.min(room, ALL_DIGITS));
  };
}

/** Each part with its length before it: no two columns have the same bytes, nor the beginning of another's. */
function encodeDomain(column: TaggedColumn): Buffer {
  const parts = [CONTEXT, column.policy, column.table, column.column].map((part) => Buffer.from(part, 'utf8'));
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

/** The first `count` groups of five bits. */
function toDigits(bytes: Uint8Array, count: number): string {
  let text = '';
  let bits = 0;
  let held = 0;
  let next = 0;
  while (text.length < count) {
    while (held < 10) {
      bits = ((bits << 8) | bytes[next++]!) & 0x3ffff;
      held += 8;
    }
    held -= 10;
    text += PAIRS[(bits >> held) & 1023];
  }
  return text.length === count ? text : text.slice(0, count);
}

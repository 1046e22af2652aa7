/** Values of parameters in their type's text form, `pg_type`'s send and receive functions. */
import { isAscii, isUtf8 } from 'node:buffer';
import type { BoundParameter } from './frontend-messages.js';

/** Microseconds and days count from 2000-01-01. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;

type Decode = (bytes: Buffer) => string | undefined;

const text: Decode = (bytes) => (isUtf8(bytes) ? bytes.toString() : undefined);
const iso = (ms: number): string | undefined => {
  const date = new Date(ms);
  // Infinity, and years that have no four digits.
  return Number.isNaN(date.getTime()) || !/^\d{4}-/.test(date.toISOString()) ? undefined : date.toISOString();
};
const timestamp: Decode = (bytes) => iso(EPOCH_MS + Number(bytes.readBigInt64BE() / 1000n));

/** By OID of the type: bytes of a value, and what they mean. */
const BINARY: ReadonlyMap<number, readonly [length: number | undefined, decode: Decode]> = new Map([
  [16, [1, (bytes) => (bytes[0] ? 'true' : 'false')]],
  [20, [8, (bytes) => bytes.readBigInt64BE().toString()]],
  [21, [2, (bytes) => bytes.readInt16BE().toString()]],
  [23, [4, (bytes) => bytes.readInt32BE().toString()]],
  [25, [undefined, text]],
  [1043, [undefined, text]],
  [1082, [4, (bytes) => iso(EPOCH_MS + bytes.readInt32BE() * DAY_MS)?.slice(0, 10)]],
  [1114, [8, timestamp]],
  [1184, [8, timestamp]],
]);
/** bool[], int2[], int4[], int8[], text[], varchar[] */
const ARRAYS: ReadonlySet<number> = new Set([1000, 1005, 1007, 1016, 1009, 1015]);

/**
 * @param type 0 where it is not known, which only binary values need
 * @returns the elements of an array that came in binary form; undefined for what cannot be told
 */
export function parameterValue(
  { format, bytes }: BoundParameter,
  type: number,
  clientEncoding: string,
): string | readonly string[] | undefined {
  if (clientEncoding !== 'UTF8' && !isAscii(bytes)) return undefined;
  if (format === 'text') return text(bytes);
  return ARRAYS.has(type) ? arrayElements(bytes) : scalar(bytes, type);
}

function scalar(bytes: Buffer, type: number): string | undefined {
  const [length, decode] = BINARY.get(type) ?? [];
  return decode && (length === undefined || length === bytes.length) ? decode(bytes) : undefined;
}

/** One dimension, no NULL; `array_recv`: dimensions, flags, type, then size and lower bound, then each element. */
function arrayElements(bytes: Buffer): readonly string[] | undefined {
  if (bytes.length < 12) return undefined;
  const [dimensions, type] = [bytes.readInt32BE(0), bytes.readUInt32BE(8)];
  if (dimensions === 0) return [];
  if (dimensions !== 1 || bytes.length < 20) return undefined;
  const elements: string[] = [];
  let at = 20;
  for (let left = bytes.readInt32BE(12); left > 0; left--) {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readInt32BE(at);
    const end = at + 4 + length;
    const element = length < 0 || end > bytes.length ? undefined : scalar(bytes.subarray(at + 4, end), type);
    if (element === undefined) return undefined;
    elements.push(element);
    at = end;
  }
  return elements;
}

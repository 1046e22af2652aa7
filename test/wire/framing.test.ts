import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BytesNeeded, MessageReader } from '../../src/wire/framing.js';
import { frontendBytesNeeded } from '../../src/wire/frontend-messages.js';
import { ProtocolError } from '../../src/wire/protocol-error.js';

const whole: BytesNeeded = (_type, total) => total;

interface Seen {
  type: number;
  bytes: Buffer;
  /** Length of the first piece. */
  head: number;
}

/** Everything that the reader finds, with the pieces of each message joined. */
function readAll(chunks: readonly Buffer[], needed: BytesNeeded, reader = new MessageReader(needed)): Seen[] {
  const seen: Seen[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let found = reader.next(); found !== 'nothing'; found = reader.next()) {
      const piece = reader.buffer.subarray(reader.start, reader.end);
      if (found === 'rest') seen.at(-1)!.bytes = Buffer.concat([seen.at(-1)!.bytes, piece]);
      else seen.push({ type: reader.type, bytes: piece, head: piece.length });
      expect(found === 'message').toBe(found !== 'rest' && reader.remaining === 0);
    }
  }
  return seen;
}

function split(bytes: Buffer, points: readonly number[]): Buffer[] {
  const sorted = [...new Set(points.map((p) => p % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length));
}

const messages = fc.array(
  fc.record({ type: fc.integer({ min: 1, max: 255 }), body: fc.uint8Array({ maxLength: 40 }) }),
  { maxLength: 12 },
);

function encode({ type, body }: { type: number; body: Uint8Array }): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes[0] = type;
  bytes.writeInt32BE(4 + body.length, 1);
  bytes.set(body, 5);
  return bytes;
}

describe('MessageReader', () => {
  test('gives the same messages at every split of a stream into chunks', () => {
    const needs = fc.constantFrom<BytesNeeded>(
      whole,
      () => 5,
      (_t, total) => Math.min(total, 17),
      (t, n) => (t % 2 ? n : 5),
    );
    fc.assert(
      fc.property(messages, fc.array(fc.nat(600)), needs, (list, points, needed) => {
        const encoded = list.map(encode);
        const seen = readAll(split(Buffer.concat(encoded), points), needed);
        expect(seen.map((s) => s.bytes)).toEqual(encoded);
        expect(seen.map((s) => s.type)).toEqual(list.map((m) => m.type));
        for (const { bytes, type, head } of seen) {
          expect(head).toBeGreaterThanOrEqual(Math.min(bytes.length, needed(type, bytes.length)));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('gives the same messages at each single split point', () => {
    const encoded = ['', 'a', 'hello, world'].map((body, i) => encode({ type: 65 + i, body: Buffer.from(body) }));
    const stream = Buffer.concat(encoded);
    for (let at = 0; at <= stream.length; at++) {
      expect(readAll([stream.subarray(0, at), stream.subarray(at)], whole).map((s) => s.bytes)).toEqual(encoded);
    }
  });

  test('does not copy a message that lies in one chunk', () => {
    const chunk = Buffer.concat([
      encode({ type: 65, body: Buffer.from('one') }),
      encode({ type: 66, body: Buffer.from('two') }),
    ]);
    const reader = new MessageReader(whole);
    reader.push(chunk);
    expect([reader.next(), reader.buffer === chunk, reader.start, reader.end]).toEqual(['message', true, 0, 8]);
    expect([reader.next(), reader.buffer === chunk, reader.start, reader.end]).toEqual(['message', true, 8, 16]);
    expect(reader.next()).toBe('nothing');
  });

  test('lets a long message pass by without holding more than was asked for', () => {
    const reader = new MessageReader(() => 5);
    const header = Buffer.alloc(5, 0x64);
    header.writeInt32BE(4 + 1_000_000, 1);
    reader.push(header);
    expect(reader.next()).toBe('head');
    for (let i = 0; i < 10; i++) {
      const chunk = Buffer.alloc(100_000);
      reader.push(chunk);
      expect([reader.next(), reader.buffer === chunk]).toEqual(['rest', true]);
    }
    expect([reader.remaining, reader.atBoundary, reader.next()]).toEqual([0, true, 'nothing']);
  });

  test('keeps chunks that are pushed before the earlier ones were read', () => {
    const encoded = encode({ type: 65, body: Buffer.from('across three chunks') });
    const reader = new MessageReader(whole);
    for (const chunk of split(encoded, [3, 9])) reader.push(chunk);
    expect(reader.atBoundary).toBe(false);
    expect(reader.next()).toBe('message');
    expect(reader.buffer.subarray(reader.start, reader.end)).toEqual(encoded);
    expect(reader.atBoundary).toBe(true);
  });

  test.each([3, 0, -1, -2147483648])('refuses the length %d', (length) => {
    const header = Buffer.alloc(5, 0x51);
    header.writeInt32BE(length, 1);
    const reader = new MessageReader(whole);
    reader.push(header);
    expect(() => reader.next()).toThrow(ProtocolError);
  });

  test('throws only ProtocolError for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200)), (bytes, points) => {
        try {
          readAll(split(Buffer.from(bytes), points), frontendBytesNeeded);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('frontendBytesNeeded', () => {
  const type = (letter: string) => letter.charCodeAt(0);

  test('refuses what the server refuses', () => {
    expect(() => frontendBytesNeeded(type('z'), 5)).toThrow('invalid frontend message type 122');
    expect(() => frontendBytesNeeded(type('S'), 10_002)).toThrow('invalid message length');
    expect(frontendBytesNeeded(type('E'), 10_001)).toBe(10_001);
    expect(() => frontendBytesNeeded(type('Q'), 0x3fffffff + 1)).toThrow(ProtocolError);
  });

  test('asks for long texts, parameters and COPY data only in part', () => {
    expect(frontendBytesNeeded(type('Q'), 8_000_000)).toBe(8_000_000);
    expect(frontendBytesNeeded(type('Q'), 9_000_000)).toBeLessThan(10_000);
    expect(frontendBytesNeeded(type('P'), 900_000_000)).toBeLessThan(10_000);
    expect(frontendBytesNeeded(type('B'), 900_000_000)).toBeLessThan(10_000);
    expect(frontendBytesNeeded(type('d'), 900_000_000)).toBe(5);
  });
});

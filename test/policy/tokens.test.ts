import fc from 'fast-check';
import { blake3 } from 'hash-wasm';
import { describe, expect, it } from 'vitest';
import { createTokenMaker } from '../../src/policy/tokens.js';
import type { TaggedColumn } from '../../src/sql/plan-types.js';

const secret = Uint8Array.from({ length: 32 }, (_, i) => i);
const otherSecret = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const key = { id: '2026-11', secret };

const column = (changes: Partial<TaggedColumn> = {}): TaggedColumn => ({
  policy: 'amazon-30-days',
  table: 'public.orders',
  column: 'buyer_name',
  category: 'personal_name',
  id: 1,
  kind: 'token',
  ...changes,
});

/** The bits of a token's digits, most significant first. */
const bitsOf = (digits: string): string =>
  [...digits].map((d) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(d).toString(2).padStart(5, '0')).join('');

describe('the digits of a token', () => {
  it('are the keyed BLAKE3 hash of context, policy, table, column and payload, each but the last with its length', async () => {
    const make = await createTokenMaker([key]);
    const lengthAndText = (text: string) => {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(Buffer.byteLength(text));
      return Buffer.concat([head, Buffer.from(text)]);
    };
    const parts = ['pgveil one-way token 1', 'amazon-30-days', 'public.orders', 'buyer_name'].map(lengthAndText);
    const hash = await blake3(Buffer.concat([...parts, Buffer.from('4711')]), 136, secret);
    const bits = [...Buffer.from(hash, 'hex')].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const digits = make(column(), '4711').slice('ow_2026-11_'.length);
    expect(digits).toHaveLength(26);
    expect(bitsOf(digits)).toBe(bits.slice(0, 130));
  });

  it('stay the same from version to version: tokens that apps stored must be met again', async () => {
    const make = await createTokenMaker([key]);
    expect(make(column(), '4711')).toBe('ow_2026-11_cu5ageopewhwhysgmlptq4otkn');
    expect(make(column({ maxLength: 16 }), '4711')).toBe('cu5ageopewhwhysg');
  });
});

describe('a token', () => {
  it('holds only characters that COPY does not escape, CSV does not quote and case folding does not change', async () => {
    const make = await createTokenMaker([key]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 16, max: 60 }), (payload, maxLength) => {
        expect(make(column({ maxLength }), payload)).toMatch(/^(ow_2026-11_)?[a-z2-7]+$/);
      }),
    );
  });

  it('fits its column and never has fewer than 16 digits', async () => {
    for (const id of ['a', '2026-11', 'sixteen-chars-id']) {
      const make = await createTokenMaker([{ id, secret }]);
      const prefix = `ow_${id}_`;
      for (let maxLength = 16; maxLength <= 80; maxLength++) {
        const token = make(column({ maxLength }), 'x');
        const digits = token.startsWith(prefix) ? token.slice(prefix.length) : token;
        expect(token.length).toBeLessThanOrEqual(maxLength);
        expect(digits.length).toBeGreaterThanOrEqual(16);
        expect(token.startsWith(prefix)).toBe(maxLength >= prefix.length + 16);
        expect(`${prefix}${digits}`.length).toBe(
          token.startsWith(prefix) ? Math.min(maxLength, prefix.length + 26) : prefix.length + Math.min(maxLength, 26),
        );
      }
    }
  });

  it('is shortened at its end: what a short column shows are the first digits of the long form', async () => {
    const make = await createTokenMaker([key]);
    const whole = make(column(), 'x').slice('ow_2026-11_'.length);
    expect(whole.startsWith(make(column({ maxLength: 16 }), 'x'))).toBe(true);
    expect(`ow_2026-11_${whole}`.startsWith(make(column({ maxLength: 30 }), 'x'))).toBe(true);
  });

  it('is the same for the same column and payload, and after any others were made', async () => {
    const make = await createTokenMaker([key]);
    const again = await createTokenMaker([key]);
    fc.assert(
      fc.property(fc.string(), fc.string(), (payload, other) => {
        const first = make(column(), payload);
        make(column({ column: 'other' }), other);
        expect(make(column(), payload)).toBe(first);
        expect(again(column({ id: 7, category: 'address' }), payload)).toBe(first);
      }),
    );
  });

  it('differs where policy, table, column, payload or the key differs', async () => {
    const make = await createTokenMaker([key]);
    const makeOther = await createTokenMaker([{ id: '2026-11', secret: otherSecret }]);
    const tokens = [
      make(column(), 'x'),
      make(column(), 'y'),
      make(column(), ''),
      make(column({ policy: 'p' }), 'x'),
      make(column({ table: 'public.customers' }), 'x'),
      make(column({ column: 'buyer_email' }), 'x'),
      makeOther(column(), 'x'),
    ];
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('differs where the same characters are divided otherwise between the names and the payload', async () => {
    const make = await createTokenMaker([key]);
    const names = fc.tuple(fc.string(), fc.string(), fc.string(), fc.string());
    fc.assert(
      fc.property(names, fc.nat(), (parts, at) => {
        const joined = parts.join('');
        const cut = at % (joined.length + 1);
        const other = [joined.slice(0, cut), joined.slice(cut), '', ''] as const;
        fc.pre(parts.some((part, i) => part !== other[i]));
        const [policy, table, name, payload] = parts;
        expect(make(column({ policy, table, column: name }), payload)).not.toBe(
          make(column({ policy: other[0], table: other[1], column: other[2] }), other[3]),
        );
      }),
    );
  });

  it('takes payloads of any length', async () => {
    const make = await createTokenMaker([key]);
    const long = 'é'.repeat(5000);
    const tokens = [make(column(), long), make(column(), `${long}é`), make(column(), 'short'), make(column(), long)];
    expect(new Set(tokens).size).toBe(3);
    expect(tokens[3]).toBe(tokens[0]);
  });

  it('is made with the newest key, the first', async () => {
    const older = { id: '2025-02', secret: otherSecret };
    const make = await createTokenMaker([key, older]);
    const alone = await createTokenMaker([key]);
    expect(make(column(), 'x')).toBe(alone(column(), 'x'));
  });

  it('is not made without a key, or for a column with less room', async () => {
    const without = await createTokenMaker([]);
    expect(() => without(column(), 'x')).toThrow('no key');
    const make = await createTokenMaker([key]);
    expect(() => make(column({ maxLength: 15 }), 'x')).toThrow('too short');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Edit, mapPosition, positionOfByte, splice } from '../../src/sql/splice.js';

/** Characters of one to four bytes. */
const text = fc.array(fc.constantFrom('a', ' ', '\n', 'é', '€', '😀'), { maxLength: 30 }).map((c) => c.join(''));

/** A text with edits at character boundaries, given as character ranges that do not overlap. */
const edited = fc.tuple(text, fc.array(fc.tuple(fc.nat(6), fc.nat(4), text), { maxLength: 5 })).map(([base, raw]) => {
  const characters = [...base];
  const byteAt = (n: number) => Buffer.byteLength(characters.slice(0, n).join(''));
  const ranges: { from: number; to: number; replacement: string }[] = [];
  let at = 0;
  for (const [gap, length, replacement] of raw) {
    const from = at + gap;
    const to = from + length;
    if (to > characters.length) break;
    ranges.push({ from, to, replacement });
    at = to + 1;
  }
  const edits: Edit[] = ranges.map((r) => ({
    start: byteAt(r.from),
    end: byteAt(r.to),
    replacement: r.replacement,
  }));
  return { base, characters, ranges, edits };
});

describe('splice', () => {
  it('gives what replacing character by character gives, whatever the order of the edits', () => {
    fc.assert(
      fc.property(edited, ({ base, characters, ranges, edits }) => {
        let expected = '';
        let at = 0;
        for (const r of ranges) {
          expected += characters.slice(at, r.from).join('') + r.replacement;
          at = r.to;
        }
        expected += characters.slice(at).join('');
        expect(splice(base, edits).text).toBe(expected);
        expect(splice(base, [...edits].reverse()).text).toBe(expected);
      }),
    );
  });

  it('maps every kept character back to its own position and every other to where the replaced text began', () => {
    fc.assert(
      fc.property(edited, ({ base, characters, ranges, edits }) => {
        const { text: result, positions } = splice(base, edits);
        const expected: number[] = [];
        let at = 0;
        for (const r of ranges) {
          for (let i = at; i < r.from; i++) expected.push(i + 1);
          for (const _ of r.replacement) expected.push(r.from + 1);
          at = r.to;
        }
        for (let i = at; i < characters.length; i++) expected.push(i + 1);
        expected.push(characters.length + 1);
        expect([...result, '$'].map((_, i) => mapPosition(positions, i + 1))).toEqual(expected);
        expect(mapPosition(positions, 0)).toBeUndefined();
        expect(mapPosition(positions, [...result].length + 2)).toBeUndefined();
      }),
    );
  });

  it('keeps two insertions at one place in the order given', () => {
    const insert = (replacement: string) => ({ start: 1, end: 1, replacement });
    expect(splice('ab', [insert('1'), insert('2')]).text).toBe('a12b');
  });

  it.each([
    ['overlapping edits', 'abcdef', [edit(0, 3), edit(2, 4)]],
    ['an end outside the text', 'abc', [edit(2, 4)]],
    ['an end before the start', 'abc', [edit(2, 1)]],
    ['a start inside a character', 'aé', [edit(2, 3)]],
    ['an end inside a character', 'é€', [edit(0, 3)]],
  ])('refuses %s', (_, base, edits) => {
    expect(() => splice(base, edits)).toThrow(RangeError);
  });
});

describe('positionOfByte', () => {
  it('counts characters from 1', () => {
    expect(positionOfByte('é€😀x', 0)).toBe(1);
    expect(positionOfByte('é€😀x', 2)).toBe(2);
    expect(positionOfByte('é€😀x', 9)).toBe(4);
  });
});

function edit(start: number, end: number): Edit {
  return { start, end, replacement: 'x' };
}

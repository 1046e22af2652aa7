import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SqlParser, SqlSyntaxError } from '../../src/sql/parse.js';
import { skeletonOf } from '../../src/sql/skeleton.js';

let parser: SqlParser;
beforeAll(async () => {
  parser = await SqlParser.load(180_004);
});

describe('the skeleton of a text', () => {
  it.each([
    ['SELECT a FROM t WHERE id = 5', 'SELECT a FROM t WHERE id = \0n'],
    ["SELECT 'it''s', 12,'' FROM t1", 'SELECT \0s, \0n,\0s FROM t1'],
    ['SELECT "5 \'x" FROM a2b WHERE c = $1 LIMIT 10', 'SELECT "5 \'x" FROM a2b WHERE c = $1 LIMIT \0n'],
    ['SELECT 1.5, .5, 1e5, 0x1F, 1_000, a.b1', 'SELECT 1.5, .5, 1e5, 0x1F, 1_000, a.b1'],
    ['VALUES (1),(-2)', 'VALUES (\0n),(-\0n)'],
    ["SELECT a->>'name', b ? 'k'", 'SELECT a->>\0s, b ? \0s'],
  ])('%s', (text, skeleton) => {
    expect(skeletonOf(text)).toBe(skeleton);
  });

  it.each([
    ["SELECT E'a'"],
    ["SELECT U&'a'"],
    ['SELECT U&"a"'],
    ["SELECT B'1', x'1F'"],
    ['SELECT $$a$$'],
    ['SELECT $a$a$a$'],
    ["SELECT 'a\\'"],
    ['SELECT 1 -- 2'],
    ['SELECT /* 1 */ 2'],
    ["SELECT 'open"],
    ['SELECT "open'],
    ['SELECT 1\0'],
  ])('is not taken of %j', (text) => {
    expect(skeletonOf(text)).toBeUndefined();
  });

  it('is shared only by texts whose trees differ in constants alone', () => {
    const word = fc.constantFrom(
      'a',
      't1',
      '"Q 1"',
      '"it\'s"',
      'orders',
      '$1',
      '+',
      '-',
      '*',
      '||',
      '?',
      '.',
      'x',
      'e',
      'AS',
    );
    const literal = fc.oneof(
      fc.integer({ min: 0, max: 2_000_000_000 }).map(String),
      fc.string({ unit: fc.constantFrom('a', "''", ' ', '-', '"', '$', '/', '*', '1', '?') }).map((s) => `'${s}'`),
    );
    const gap = fc.constantFrom(' ', '', ',', ' , ', '(', ')', '\n');
    const pieces = fc.array(fc.tuple(fc.oneof(word, literal), gap, fc.boolean()), { minLength: 1, maxLength: 8 });
    let compared = 0;
    fc.assert(
      fc.property(pieces, fc.array(literal, { minLength: 8, maxLength: 8 }), (parts, others) => {
        const one = `SELECT ${parts.map(([piece, space]) => piece + space).join('')}`;
        const two = `SELECT ${parts
          .map(([piece, space], i) => (/^['\d]/.test(piece) ? others[i] : piece) + space)
          .join('')}`;
        const skeleton = skeletonOf(one);
        if (skeleton === undefined || skeleton !== skeletonOf(two)) return;
        const [a, b] = [shapeOf(one), shapeOf(two)];
        if (a !== undefined && b !== undefined) compared++;
        expect(a).toBe(b);
      }),
      { numRuns: 20_000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});

/** The tree without constants and places; undefined for a text that is no SQL. */
function shapeOf(text: string): string | undefined {
  try {
    return JSON.stringify(
      parser.parse(text).map((s) => s.node),
      (key, value) => (key === 'location' ? undefined : key === 'A_Const' ? {} : value),
    );
  } catch (error) {
    if (error instanceof SqlSyntaxError) return undefined;
    throw error;
  }
}

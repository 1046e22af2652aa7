import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SqlParser } from '../../src/sql/parse.js';
import { indexTokens, tokenize } from '../../src/sql/tokens.js';

let parser: SqlParser;
beforeAll(async () => {
  parser = await SqlParser.load(180_000);
});

/** A part of a text: what is between tokens, a token, or a name of one or more of them. */
interface Piece {
  readonly kind: 'gap' | 'token' | 'name';
  readonly text: string;
  /** Of a name: what stands between its tokens. */
  readonly gaps?: readonly { readonly from: number; readonly to: number }[];
}

const gap = (text: string): Piece => ({ kind: 'gap', text });
const token = (text: string): Piece => ({ kind: 'token', text });

const comment = fc.constantFrom(
  '/**/',
  '/* x */',
  '/* FROM "a" */',
  '/* /* in */ out */',
  "/* ' */",
  '/*€*/',
  '-- x\n',
  '--\n',
  '-- \'a\' "b"\n',
  '-- $$\r',
);
const blank = fc.constantFrom(' ', '  ', '\n', '\t', ' \r\n ', '\f', '\v');
/** Between two tokens that could run together. */
const space = fc
  .tuple(blank, fc.option(comment, { nil: '' }), fc.option(blank, { nil: '' }))
  .map((parts) => gap(parts.join('')));
/** Where nothing need stand. */
const maybe = fc.oneof(
  fc.constant(gap('')),
  space,
  comment.map((c) => gap(` ${c}`)),
);

const identifier = fc.constantFrom(
  'a',
  'Orders',
  'größe',
  '_x1',
  'a$b',
  'e',
  'u',
  'n1',
  'Übung',
  '"a"',
  '"A b"',
  '"x""y"',
  '"--"',
  '"/*"',
  '"€😀"',
  '"."',
  '"select"',
  'U&"a"',
  'u&"\\00e4b"',
  'U&"d\\0061t\\+000061"',
);
const escaped = fc.constantFrom('U&"!0061" UESCAPE \'!\'', 'u&"b#0061"  uescape\n\'#\'', 'U&"x"\t\nUESCAPE \'!\'');

/** The gaps inside a text that is made of pieces. */
function join(pieces: readonly Piece[]): Piece {
  let text = '';
  const gaps: { from: number; to: number }[] = [];
  for (const piece of pieces) {
    const at = Buffer.byteLength(text);
    if (piece.kind === 'gap') gaps.push({ from: at, to: at + Buffer.byteLength(piece.text) });
    for (const g of piece.gaps ?? []) gaps.push({ from: at + g.from, to: at + g.to });
    text += piece.text;
  }
  return { kind: 'name', text, gaps };
}

/** `U&"…" UESCAPE '…'` has gaps inside. */
function part(text: string): Piece {
  const match = /^(u&"[^"]*")(.*)(uescape)(.*)('.')$/is.exec(text);
  if (!match) return token(text);
  return join([token(match[1]!), gap(match[2]!), token(match[3]!), gap(match[4]!), token(match[5]!)]);
}

const simpleName = fc.oneof({ weight: 5, arbitrary: identifier }, { weight: 1, arbitrary: escaped }).map(part);
const name = fc
  .tuple(simpleName, fc.array(fc.tuple(maybe, maybe, simpleName), { maxLength: 2 }))
  .map(([first, rest]) => join([first, ...rest.flatMap(([before, after, next]) => [before, token('.'), after, next])]));

const literal = fc
  .constantFrom(
    "'x'",
    "''",
    "'it''s'",
    "'a\\'",
    "E'a\\'b'",
    "e'\\\\'",
    "E'''\\n'",
    "N'x'",
    "B'01'",
    "X'ff'",
    "U&'\\0061'",
    '$$x$$',
    '$$ \' " -- /* $$',
    '$tag$ $$ $other$ $tag$',
    '$größe$x$größe$',
    '1',
    '1.5',
    '.5',
    '1e10',
    '1.5E-3',
    '2e+4',
    '1_000',
    '0xFf',
    '0b01',
    '0o17',
    '$1',
    '$23',
  )
  .map(token);
const operator = fc
  .constantFrom('+', '-', '*', '/', '||', '~~*', '->>', '#>', '@>', '&&', '<@', '!~', '?|', '@-')
  .map(token);

const expression: fc.Arbitrary<readonly Piece[]> = fc
  .tuple(fc.oneof(name, literal), fc.array(fc.tuple(maybe, operator, space, fc.oneof(name, literal)), { maxLength: 3 }))
  .map(([first, rest]) => [
    first,
    ...rest.flatMap(([before, op, after, next]) => [before.text === '' ? gap(' ') : before, op, after, next]),
  ]);

const list = (item: fc.Arbitrary<readonly Piece[]>): fc.Arbitrary<readonly Piece[]> =>
  fc
    .tuple(item, fc.array(fc.tuple(maybe, maybe, item), { maxLength: 3 }))
    .map(([first, rest]) => [
      ...first,
      ...rest.flatMap(([before, after, next]) => [before, token(','), after, ...next]),
    ]);

const statement = fc
  .tuple(maybe, space, list(expression), space, space, list(name.map((n) => [n])), maybe)
  .map(([lead, s1, targets, s2, s3, tables, tail]): readonly Piece[] => [
    lead,
    token('SELECT'),
    s1,
    ...targets,
    s2,
    token('FROM'),
    s3,
    ...tables,
    tail,
    token(';'),
  ]);

interface Placed {
  readonly text: string;
  /** Byte ranges of names. */
  readonly names: ReadonlyMap<number, number>;
  /** For each byte, whether it is of no token. */
  readonly isGap: readonly boolean[];
}

function place(pieces: readonly Piece[]): Placed {
  const names = new Map<number, number>();
  const isGap: boolean[] = [];
  for (const piece of pieces) {
    const start = isGap.length;
    const length = Buffer.byteLength(piece.text);
    for (let i = 0; i < length; i++) {
      isGap.push(piece.kind === 'gap' || (piece.gaps ?? []).some((g) => i >= g.from && i < g.to));
    }
    if (piece.kind === 'name') names.set(start, start + length);
  }
  return { text: pieces.map((piece) => piece.text).join(''), names, isGap };
}

/** Where the grammar says that relations and column references start. */
function namePlaces(tree: unknown): number[] {
  if (tree === null || typeof tree !== 'object') return [];
  if (Array.isArray(tree)) return tree.flatMap(namePlaces);
  return Object.entries(tree).flatMap(([key, value]) => {
    const inner = namePlaces(value);
    if (key !== 'ColumnRef' && key !== 'RangeVar') return inner;
    return [(value as { location?: number }).location ?? 0, ...inner];
  });
}

describe('tokens of random texts', () => {
  it('start where the grammar finds names, and end where these end', () => {
    fc.assert(
      fc.property(statement, (pieces) => {
        const { text, names } = place(pieces);
        const index = indexTokens(text);
        const places = parser.parse(text).flatMap(({ node }) => namePlaces(node));
        expect(new Set(places)).toEqual(new Set(names.keys()));
        for (const [start, end] of names) {
          expect(index.at(start)).toBeDefined();
          expect(index.endOfName(start)).toBe(end);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('cover everything but white space and comments', () => {
    fc.assert(
      fc.property(statement, (pieces) => {
        const { text, isGap } = place(pieces);
        const outside = isGap.map(() => true);
        let last = 0;
        for (const { start, end } of tokenize(text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          last = end;
          outside.fill(false, start, end);
        }
        expect(outside).toEqual(isGap);
      }),
      { numRuns: 600 },
    );
  });
});

describe('tokens', () => {
  const kinds = (text: string): string[] => tokenize(text).map((t) => `${t.kind} ${t.text}`);

  it.each([
    ['a.b', ['identifier a', 'symbol .', 'identifier b']],
    ['ORDERS "Orders"', ['identifier orders', 'identifier "Orders"']],
    ["x = 'a\\' -- '", ['identifier x', 'operator =', "string 'a\\'"]],
    ["E'a\\' -- ' + 1", ["string E'a\\' -- '", 'operator +', 'number 1']],
    ['$1+$x$ $1 $x$', ['parameter $1', 'operator +', 'string $x$ $1 $x$']],
    ['a$1', ['identifier a$1']],
    ['1..2', ['number 1', 'symbol ..', 'number 2']],
    ['a/* /* */ */b', ['identifier a', 'identifier b']],
    ['<=/*c*/-1', ['operator <=', 'operator -', 'number 1']],
    ['a--b', ['identifier a']],
    ['a::text[1]', ['identifier a', 'symbol :', 'symbol :', 'identifier text', 'symbol [', 'number 1', 'symbol ]']],
  ])('%s', (text, expected) => {
    expect(kinds(text)).toEqual(expected);
  });

  it('counts bytes, not characters', () => {
    expect(tokenize('ä "€" 😀').map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [3, 8],
      [9, 13],
    ]);
  });

  it('finds no name where no token starts', () => {
    const index = indexTokens('SELECT ab');
    expect([index.at(8), index.endOfName(8), index.endOfName(100)]).toEqual([undefined, undefined, undefined]);
  });

  it('takes a star as the end of a name', () => {
    expect(indexTokens('o . * , b').endOfName(0)).toBe(5);
  });
});

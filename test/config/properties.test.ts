import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError, formatProblems, parseConfig } from '../../src/config.js';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const SHIPPED = readFileSync('config/pgveil.yaml', 'utf8');

/** Gives a configuration, or an error whose every problem has a place in the text and fills one line. */
function holds(text: string): void {
  try {
    const config = parseConfig(text, 'c.yaml', () => KEY);
    expect(config.upstream.port).toBeGreaterThan(0);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = text.split('\n').length;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { at } of error.problems) {
      expect(at.line).toBeGreaterThanOrEqual(1);
      expect(at.line).toBeLessThanOrEqual(lines);
      expect(at.column).toBeGreaterThanOrEqual(1);
    }
    expect(formatProblems(error.problems).split(/[\n\r\u2028\u2029]/).length).toBe(error.problems.length);
  }
}

const words = fc.constantFrom(
  ...['listen', 'catalog', 'one_way_keys', 'policies', 'tables', 'public.orders', 'columns', 'belongs_to', 'mask'],
  ...[
    'redact_when',
    'redacted_when',
    'table',
    'where',
    'category',
    'on',
    'keep',
    'first',
    'a',
    '__proto__',
    'constructor',
  ],
);
const leaves = fc.oneof(words, fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));

/** Trees of the words that a configuration has, in any arrangement. */
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'large', withCrossShrink: true },
    leaves,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(words, fc.string()), tie('tree'), { maxKeys: 5 }),
  ),
}));

it('any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), holds), { numRuns: 500 });
});

it('any text of the signs that YAML gives a meaning', () => {
  const signs = fc.constantFrom(
    ...'[]{}:,-?&*!|>\'"%@`#~ \n\t\ra1<=',
    '\r\n',
    '---',
    '...',
    '<<',
    '&a',
    '*a',
    '!!set',
    '\0',
  );
  fc.assert(
    fc.property(fc.array(signs, { maxLength: 60 }), (parts) => holds(parts.join(''))),
    { numRuns: 2000 },
  );
});

it('any tree', () => {
  fc.assert(
    fc.property(tree, (value) => holds(stringify(value))),
    { numRuns: 1000 },
  );
});

it('any tree in place of any part of a valid configuration', () => {
  const keys = fc.subarray(
    ['listen', 'upstream', 'catalog', 'metrics', 'log', 'limits', 'functions', 'one_way_keys', 'policies'],
    { minLength: 1 },
  );
  fc.assert(
    fc.property(keys, tree, tree, (names, first, second) => {
      const parts = Object.fromEntries(names.map((name, i) => [name, i % 2 ? first : second]));
      holds(stringify({ catalog: { user: 'u' }, policies: {}, ...parts }));
      const table = { belongs_to: first, redacted_when: second, columns: { c: { category: 'email', mask: first } } };
      holds(stringify({ catalog: { user: 'u' }, policies: { p: { redact_when: second, tables: { 'a.b': table } } } }));
    }),
    { numRuns: 300 },
  );
});

it('the shipped configuration with some of its text cut out, doubled or overwritten', () => {
  fc.assert(
    fc.property(
      fc.nat(SHIPPED.length),
      fc.nat(40),
      fc.oneof(fc.constant(''), words, fc.string()),
      (at, length, insert) => {
        holds(SHIPPED.slice(0, at) + insert + SHIPPED.slice(at + length));
        holds(SHIPPED.slice(0, at) + SHIPPED.slice(Math.max(0, at - length)));
      },
    ),
    { numRuns: 60 },
  );
});

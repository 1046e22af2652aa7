import { describe, expect, it } from 'vitest';
import {
  drawPosition,
  drawTable,
  formatPairs,
  formatTitle,
  showCell,
  terminalStyle,
  wrap,
} from '../../src/demo/side-by-side.js';

const PLAIN = terminalStyle(false);

describe('two columns', () => {
  it('align whatever the width of the characters', () => {
    const names = ['Ava Ashworth', '佐藤 美咲', 'Đặng Thị Hương', 'Zoë'.normalize('NFD'), '\u{1F476}', ''];
    const lines = formatPairs(
      names.map((left) => ({ left, right: 'x', same: left === '' })),
      PLAIN,
    );
    const fill = (text: string, width: number): string => text + ' '.repeat(57 - width);
    expect(lines).toEqual([
      `  ${fill('Ava Ashworth', 12)} ≠ x`,
      `  ${fill('佐藤 美咲', 9)} ≠ x`,
      `  ${fill('Đặng Thị Hương', 14)} ≠ x`,
      `  ${fill('Zoë'.normalize('NFD'), 3)} ≠ x`,
      `  ${fill('\u{1F476}', 2)} ≠ x`,
      `  ${fill('', 0)} = x`,
    ]);
  });

  it('fit 120 columns', () => {
    const long = 'word '.repeat(40).trim();
    for (const line of [
      ...formatPairs([{ left: long, right: long, same: true }], PLAIN),
      formatTitle('Title', PLAIN),
    ]) {
      expect(line.length).toBeLessThan(120);
    }
    expect(formatPairs([{ left: long, right: long }], PLAIN)[0]).toMatch(/^ {2}word .*… │ word .*…$/);
  });

  it('colour what differs, and only if asked to', () => {
    const pair = { left: 'a', right: 'b', same: false };
    expect(formatPairs([pair], terminalStyle(true))[0]).toContain('\u001b[33mb\u001b[0m');
    expect(formatPairs([pair], PLAIN)[0]).not.toContain('\u001b');
  });
});

describe('cells, tables and errors', () => {
  it('tell NULL, blank and line ends apart', () => {
    expect([null, '', 'a\nb\tc', 'NULL '].map(showCell)).toEqual(['NULL', '(blank)', 'a↵b⇥c', 'NULL ']);
  });

  it('are drawn in columns', () => {
    expect(
      drawTable(
        ['id', 'name'],
        [
          ['1', 'Zoé'],
          ['22', null],
        ],
      ),
    ).toEqual(['id │ name', '───┼─────', '1  │ Zoé ', '22 │ NULL', '(2 rows)']);
  });

  it('wrap at words', () => {
    expect(wrap('HINT: one two three', 11)).toEqual(['HINT: one', '  two three']);
    expect(wrap('unbreakable_as_a_whole x', 10)).toEqual(['unbreakable_as_a_whole', '  x']);
    expect(wrap('')).toEqual([]);
  });

  it('show where in the SQL an error is, counted in characters', () => {
    const sql = "SELECT '\u{1F476}'\nFROM a WHERE b = 1";
    expect(drawPosition(sql, [...sql].indexOf('b') + 1)).toEqual([
      'LINE 2: FROM a WHERE b = 1',
      '                     ^',
    ]);
    expect(drawPosition('x', 1)).toEqual(['LINE 1: x', '        ^']);
  });
});

/** COVERAGE.md names only cases that exist. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const TEXT = readFileSync(new URL('./COVERAGE.md', import.meta.url), 'utf8');
const FOLDERS = ['./', './must-work/', '../sql/golden/'] as const;

/** Rows of the table, each with its cells after the first. */
const ROWS = TEXT.split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .slice(1)
  .map((line) => line.slice(2, -2).split(' | '));

describe('COVERAGE.md', () => {
  it.each(ROWS.map(([what = '', ...cells]) => [what, cells] as const))('%s', (_what, cells) => {
    expect(cells).toHaveLength(FOLDERS.length);
    expect(cells[0], 'there is no attack').not.toBe('-');
    cells.forEach((cell, column) => {
      for (const [, file = '', name = ''] of cell.matchAll(/`([^`:]+): ([^`]+)`/g)) {
        const cases = readFileSync(new URL(FOLDERS[column]! + file, import.meta.url), 'utf8').split('\n');
        expect(cases, `${file} has no such case`).toContain(`-- case: ${name}`);
      }
      expect(cell).toMatch(/^(-|`[^`]+: [^`]+`)$/);
    });
  });
});

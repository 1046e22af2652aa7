/** The exhibits of the demo as lines of text. */

import { type Failure, type Rows, type Shown, sameRow } from './showcase.js';
import {
  drawPosition,
  drawTable,
  formatPairs,
  formatTitle,
  type Pair,
  padTo,
  type Style,
  showCell,
  wrap,
} from './side-by-side.js';

/** Cells of a column's name before its value. */
const NAME = 15;

export function renderExhibit({ exhibit, direct, gateway, faults }: Shown, style: Style): string[] {
  return [
    formatTitle(exhibit.title, style),
    ...exhibit.sql.split('\n').map((line) => style.faint(`  ${line}`)),
    ...formatPairs([{ left: 'direct', right: 'through pgveil' }], style),
    ...formatPairs(pairsOf(exhibit.sql, direct, gateway), style),
    ...faults.map((fault) => style.different(`  WRONG: ${fault}`)),
    '',
  ];
}

function pairsOf(sql: string, direct: Rows | Failure, gateway: Rows | Failure): Pair[] {
  if (direct.kind === 'error' || gateway.kind === 'error') return zip(linesOf(sql, direct), linesOf(sql, gateway));
  const [only, other] = [direct.rows[0], gateway.rows[0]];
  if (direct.rows.length === 1 && gateway.rows.length === 1 && only && other) {
    return direct.fields.map(({ name }, index) => {
      const [stored = null, shown = null] = [only[index], other[index]];
      return { left: `${padTo(name, NAME)}${showCell(stored)}`, right: showCell(shown), same: stored === shown };
    });
  }
  const pairs = zip(linesOf(sql, direct), linesOf(sql, gateway));
  // The rows come after the names and the rule.
  return pairs.map((pair, index) => {
    const row = direct.rows[index - 2];
    return row ? { ...pair, same: sameRow(row, gateway.rows[index - 2]) } : pair;
  });
}

function zip(left: readonly string[], right: readonly string[]): Pair[] {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, index) => ({ left: left[index] ?? '', right: right[index] ?? '' }));
}

function linesOf(sql: string, outcome: Rows | Failure): string[] {
  if (outcome.kind === 'rows') {
    return drawTable(
      outcome.fields.map(({ name }) => name),
      outcome.rows,
    );
  }
  const { code, message, detail, hint, position } = outcome;
  return [
    ...wrap(`ERROR: ${code}: ${message}`),
    ...(position === undefined ? [] : drawPosition(sql, position)),
    ...(detail === undefined ? [] : wrap(`DETAIL: ${detail}`)),
    ...(hint === undefined ? [] : wrap(`HINT: ${hint}`)),
  ];
}

/** Text in two columns for a terminal of 120. */

const SIDE = 57;
const INDENT = '  ';

/** A line of each side, and whether they tell the same; undefined where there is nothing to compare. */
export interface Pair {
  readonly left: string;
  readonly right: string;
  readonly same?: boolean;
}

export interface Style {
  heading(text: string): string;
  different(text: string): string;
  faint(text: string): string;
}

/** No colour where the output is no terminal, or the user wants none (https://no-color.org). */
export function terminalStyle(colour: boolean): Style {
  const wrapIn = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { heading: wrapIn(1), different: wrapIn(33), faint: wrapIn(2) };
}

/** Lines of at most 119 cells: `=` stands between what is the same, `≠` between what is not. */
export function formatPairs(pairs: readonly Pair[], style: Style): string[] {
  return pairs.map(({ left, right, same }) => {
    const mark = same === undefined ? '│' : same ? '=' : '≠';
    const shown = clip(right, SIDE);
    const line = `${INDENT}${padTo(clip(left, SIDE), SIDE)} ${style.faint(mark)} `;
    return (line + (same === false ? style.different(shown) : shown)).trimEnd();
  });
}

export function formatTitle(title: string, style: Style): string {
  return style.heading(`── ${title} ${'─'.repeat(Math.max(0, 119 - 4 - cells(title)))}`);
}

/** A cell as it is shown: NULL, blanks and line ends can be told apart. */
export function showCell(cell: string | null): string {
  if (cell === null) return 'NULL';
  if (cell === '') return '(blank)';
  return cell.replace(/\r?\n/g, '↵').replace(/\t/g, '⇥');
}

/** A result as psql would draw it, roughly. */
export function drawTable(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): string[] {
  const shown = rows.map((row) => row.map(showCell));
  const widths = columns.map((column, index) =>
    Math.max(cells(column), ...shown.map((row) => cells(row[index] ?? ''))),
  );
  const draw = (row: readonly string[]): string => row.map((cell, index) => padTo(cell, widths[index]!)).join(' │ ');
  const rule = widths.map((width) => '─'.repeat(width)).join('─┼─');
  return [draw(columns), rule, ...shown.map(draw), `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`];
}

/** Breaks at spaces to lines of that many cells; a longer word stays whole. Later lines are indented by two. */
export function wrap(text: string, width: number = SIDE): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line.trim() && cells(line) + 1 + cells(word) > width) {
      lines.push(line);
      line = '  ';
    }
    line += line.trim() ? ` ${word}` : word;
  }
  return line.trim() ? [...lines, line] : lines;
}

/** The line of the SQL that a position (code points from 1) is in, with a caret under it, as psql draws it. */
export function drawPosition(sql: string, position: number): string[] {
  const before = [...sql].slice(0, position - 1).join('');
  const lineNumber = before.split('\n').length;
  const label = `LINE ${lineNumber}: `;
  const column = cells(before.slice(before.lastIndexOf('\n') + 1));
  return [label + (sql.split('\n')[lineNumber - 1] ?? ''), `${' '.repeat(label.length + column)}^`];
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cells(text)));
}

function clip(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let clipped = '';
  for (const character of text) {
    if (cells(clipped + character) > width - 1) break;
    clipped += character;
  }
  return `${clipped}…`;
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}⭐]/u;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** How many terminal cells a text takes. */
function cells(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : NO_WIDTH.test(character) ? 0 : 1;
  return width;
}

/** Aligned tables for the terminal. */

export interface TableSection {
  readonly title: string;
  readonly header: readonly string[];
  /** A cell for each column of the header; the first is aligned left, the others right. */
  readonly rows: readonly (readonly string[])[];
}

/** All sections as one table: column n is equally wide in every section. Lines without trailing blanks. */
export function formatTable(sections: readonly TableSection[]): string {
  const widths: number[] = [];
  for (const { header, rows } of sections) {
    for (const row of [header, ...rows]) {
      row.forEach((cell, index) => {
        widths[index] = Math.max(widths[index] ?? 0, cell.length);
      });
    }
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!)))
      .join('  ')
      .trimEnd();
  return sections
    .map(({ title, header, rows }) => {
      const head = line(header);
      const rule = header.map((_, index) => '-'.repeat(widths[index]!)).join('  ');
      return [title, '', head, rule, ...rows.map(line)].join('\n');
    })
    .join('\n\n');
}

/** A number to that many decimal places, with commas between thousands; a dash for none. */
export function figure(value: number | undefined, digits = 0): string {
  if (value === undefined) return '-';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `1.07x`; a dash for none. */
export function ratio(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toFixed(2)}x`;
}

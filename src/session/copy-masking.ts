/**
 * Rows of COPY … TO STDOUT on their way to the client: cells that arrive tagged get their finished mask, written as the
 * server would write it. One CopyData message is one row, which copyto.c guarantees for text and csv.
 *
 * Mirrors CopyAttributeOutText and CopyAttributeOutCSV; file format as in the page of the COPY command.
 */
import type { CopyFormat } from '../sql/plan-types.js';
import { FieldReader, int16, int32 } from '../wire/bytes.js';
import { type CellMasker, ResultMismatch } from './result-masking.js';

const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

/** What text format writes behind a backslash. */
const ESCAPED: ReadonlyMap<number, number> = new Map(
  [...'\b\f\n\r\t\v'].map((character, i) => [character.charCodeAt(0), 'bfnrtv'.charCodeAt(i)]),
);
const UNESCAPED: ReadonlyMap<number, number> = new Map([...ESCAPED].map(([character, letter]) => [letter, character]));

/** Returns what the client sees of the body of a CopyData message; undefined where it is to be forwarded as it is. */
export type CopyRowMasker = (buffer: Buffer, start: number, end: number) => Buffer | undefined;

/** The masker throws ResultMismatch for a body that is not a row of that format. */
export function createCopyMasker(format: CopyFormat, masker: CellMasker): CopyRowMasker {
  // Where the tag could be written with an escape in it, a search of the chunk does not find it.
  const special = `${format.delimiter}${format.quote}${format.escape}`;
  const searchable = format.format === 'binary' || ![...special].some((c) => masker.prefix.includes(c));
  const maskBody = bodyMasker(format, masker);
  let headerDue = format.header && format.format !== 'binary';
  return (buffer, start, end) => {
    if (headerDue) {
      headerDue = false;
      return undefined;
    }
    if (searchable && !masker.mayHold(buffer, start, end)) return undefined;
    return maskBody(buffer.subarray(start, end));
  };
}

function bodyMasker(format: CopyFormat, masker: CellMasker): (body: Buffer) => Buffer | undefined {
  switch (format.format) {
    case 'text':
      return (body) => maskTextRow(body, format, masker);
    case 'csv':
      return (body) => maskCsvRow(body, format, masker);
    case 'binary':
      return (body) => maskBinary(body, masker);
    default:
      return format.format satisfies never;
  }
}

/** The row without the newline that ends it. */
function rowOf(body: Buffer): Buffer {
  if (body.at(-1) !== NEWLINE) throw new ResultMismatch('a row of COPY does not end with a newline');
  return body.subarray(0, -1);
}

function maskTextRow(body: Buffer, format: CopyFormat, masker: CellMasker): Buffer | undefined {
  const row = rowOf(body);
  const delimiter = format.delimiter.charCodeAt(0);
  const nullMarker = Buffer.from(format.null);
  const cells: Buffer[] = [];
  let changed = false;
  for (let start = 0; start <= row.length; ) {
    let end = start;
    while (end < row.length && row[end] !== delimiter) end += row[end] === BACKSLASH ? 2 : 1;
    if (end > row.length) throw new ResultMismatch('a row of COPY ends with a backslash');
    const raw = row.subarray(start, end);
    const value = raw.equals(nullMarker) ? undefined : unescapeText(raw);
    const finished = value && masker.finish(value, cells.length);
    changed ||= finished !== value;
    cells.push(finished && finished !== value ? escapeText(finished, delimiter) : raw);
    start = end + 1;
  }
  return changed ? joinRow(cells, delimiter) : undefined;
}

function unescapeText(raw: Buffer): Buffer {
  if (!raw.includes(BACKSLASH)) return raw;
  const bytes: number[] = [];
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i]!;
    if (byte !== BACKSLASH) {
      bytes.push(byte);
      continue;
    }
    i++;
    bytes.push(UNESCAPED.get(raw[i]!) ?? raw[i]!);
  }
  return Buffer.from(bytes);
}

function escapeText(value: Buffer, delimiter: number): Buffer {
  const bytes: number[] = [];
  for (const byte of value) {
    const letter = ESCAPED.get(byte);
    if (letter !== undefined) bytes.push(BACKSLASH, letter);
    else if (byte === BACKSLASH || byte === delimiter) bytes.push(BACKSLASH, byte);
    else bytes.push(byte);
  }
  return Buffer.from(bytes);
}

function maskCsvRow(body: Buffer, format: CopyFormat, masker: CellMasker): Buffer | undefined {
  const row = rowOf(body);
  const delimiter = format.delimiter.charCodeAt(0);
  const quote = format.quote.charCodeAt(0);
  const escaper = format.escape.charCodeAt(0);
  const raws: Buffer[] = [];
  const masks = new Map<number, { readonly value: Buffer; readonly quoted: boolean }>();
  for (let start = 0; start <= row.length; ) {
    const quoted = row[start] === quote;
    const end = quoted ? endOfQuoted(row, start, quote, escaper) : endOfPlain(row, start, delimiter);
    if (end < row.length && row[end] !== delimiter)
      throw new ResultMismatch('a quoted cell of COPY has no delimiter behind it');
    const raw = row.subarray(start, end);
    const value = quoted ? unquote(raw, quote, escaper) : raw;
    const finished = masker.finish(value, raws.length);
    if (finished !== value) masks.set(raws.length, { value: finished, quoted });
    raws.push(raw);
    start = end + 1;
  }
  if (masks.size === 0) return undefined;
  const cells = raws.map((raw, index) => {
    const mask = masks.get(index);
    if (!mask) return raw;
    const needed = mask.quoted || needsQuotes(mask.value, format, raws.length === 1);
    return needed ? quoteCsv(mask.value, quote, escaper) : mask.value;
  });
  return joinRow(cells, delimiter);
}

function endOfPlain(row: Buffer, start: number, delimiter: number): number {
  const end = row.indexOf(delimiter, start);
  return end < 0 ? row.length : end;
}

function endOfQuoted(row: Buffer, start: number, quote: number, escaper: number): number {
  for (let i = start + 1; i < row.length; i++) {
    const next = row[i + 1];
    if (row[i] === escaper && (next === quote || next === escaper)) i++;
    else if (row[i] === quote) return i + 1;
  }
  throw new ResultMismatch('a quoted cell of COPY has no end');
}

function unquote(raw: Buffer, quote: number, escaper: number): Buffer {
  const inner = raw.subarray(1, -1);
  if (!inner.includes(escaper)) return inner;
  const bytes: number[] = [];
  for (let i = 0; i < inner.length; i++) {
    const next = inner[i + 1];
    if (inner[i] === escaper && (next === quote || next === escaper)) i++;
    bytes.push(inner[i]!);
  }
  return Buffer.from(bytes);
}

/** CopyAttributeOutCSV: what would be read back as something else. */
function needsQuotes(value: Buffer, format: CopyFormat, onlyColumn: boolean): boolean {
  const text = value.toString('latin1');
  if (text === Buffer.from(format.null).toString('latin1') || (onlyColumn && text === '\\.')) return true;
  return [format.delimiter, format.quote, '\n', '\r'].some((special) => text.includes(special));
}

function quoteCsv(value: Buffer, quote: number, escaper: number): Buffer {
  const bytes = [quote];
  for (const byte of value) {
    if (byte === quote || byte === escaper) bytes.push(escaper);
    bytes.push(byte);
  }
  bytes.push(quote);
  return Buffer.from(bytes);
}

function joinRow(cells: readonly Buffer[], delimiter: number): Buffer {
  const separator = Buffer.from([delimiter]);
  const parts = cells.flatMap((cell, index) => (index === 0 ? [cell] : [separator, cell]));
  return Buffer.concat([...parts, Buffer.from([NEWLINE])]);
}

/** The header of the file stands before the first tuple, a count of -1 behind the last. */
function maskBinary(body: Buffer, masker: CellMasker): Buffer | undefined {
  const fields = new FieldReader(body, 0, body.length);
  const parts: Buffer[] = [];
  let changed = false;
  if (body.subarray(0, SIGNATURE.length).equals(SIGNATURE)) {
    fields.skip(SIGNATURE.length + 4);
    fields.skip(fields.int32());
    parts.push(body.subarray(0, fields.offset));
  }
  while (fields.offset < body.length) {
    const count = fields.uint16();
    parts.push(int16(count));
    if (count === 0xffff) break;
    for (let index = 0; index < count; index++) {
      const length = fields.int32();
      if (length === -1) {
        parts.push(int32(-1));
        continue;
      }
      const start = fields.offset;
      fields.skip(length);
      const cell = body.subarray(start, start + length);
      const finished = masker.finish(cell, index);
      changed ||= finished !== cell;
      parts.push(int32(finished.length), finished);
    }
  }
  fields.finish();
  return changed ? Buffer.concat(parts) : undefined;
}

/**
 * Rows of COPY … TO STDOUT on their way to the client: cells that arrive tagged get their finished mask, written as the
 * server would write it. One CopyData message is one row, which copyto.c guarantees for text and csv.
 *
 * Mirrors CopyAttributeOutText and CopyAttributeOutCSV; file format as in the page of the COPY command. A byte that looks
 * like a delimiter can be part of a character, in some encodings: there rows are read by characters, as the server does.
 */
import type { CopyFormat } from '../sql/plan-types.js';
import { FieldReader, int16, int32 } from '../wire/bytes.js';
import type { CharacterLength } from '../wire/encodings.js';
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

/**
 * The masker throws ResultMismatch for a body that is not a row of that format.
 * @param lengthOf as of the encoding in which rows arrive
 */
export function createCopyMasker(format: CopyFormat, masker: CellMasker, lengthOf: CharacterLength): CopyRowMasker {
  // Where the tag could be written with an escape in it, a search of the chunk does not find it.
  const special = `${format.delimiter}${format.quote}${format.escape}`;
  const searchable = format.format === 'binary' || ![...special].some((c) => masker.prefix.includes(c));
  const maskBody = bodyMasker(format, masker, (bytes, at) => (bytes[at]! < 0x80 ? 1 : lengthOf(bytes, at)));
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

function bodyMasker(
  format: CopyFormat,
  masker: CellMasker,
  step: CharacterLength,
): (body: Buffer) => Buffer | undefined {
  switch (format.format) {
    case 'text':
      return (body) => maskTextRow(body, format, masker, step);
    case 'csv':
      return (body) => maskCsvRow(body, format, masker, step);
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

function maskTextRow(body: Buffer, format: CopyFormat, masker: CellMasker, step: CharacterLength): Buffer | undefined {
  const row = rowOf(body);
  const delimiter = format.delimiter.charCodeAt(0);
  const nullMarker = Buffer.from(format.null);
  const cells: Buffer[] = [];
  let changed = false;
  for (let start = 0; start <= row.length; ) {
    let end = start;
    while (end < row.length && row[end] !== delimiter) end += row[end] === BACKSLASH ? 2 : step(row, end);
    if (end > row.length) throw new ResultMismatch('a row of COPY ends within a character');
    const raw = row.subarray(start, end);
    const value = raw.equals(nullMarker) ? undefined : unescapeText(raw, step);
    const finished = value && masker.finish(value, cells.length);
    changed ||= finished !== value;
    cells.push(finished && finished !== value ? escapeText(finished, delimiter, step) : raw);
    start = end + 1;
  }
  return changed ? joinRow(cells, delimiter) : undefined;
}

function unescapeText(raw: Buffer, step: CharacterLength): Buffer {
  if (!raw.includes(BACKSLASH)) return raw;
  return mapCharacters(raw, step, (byte, at) => {
    if (byte !== BACKSLASH) return { bytes: [byte], read: 1 };
    const escaped = raw[at + 1]!;
    return { bytes: [UNESCAPED.get(escaped) ?? escaped], read: 2 };
  });
}

function escapeText(value: Buffer, delimiter: number, step: CharacterLength): Buffer {
  return mapCharacters(value, step, (byte) => {
    const letter = ESCAPED.get(byte);
    if (letter !== undefined) return { bytes: [BACKSLASH, letter], read: 1 };
    return { bytes: byte === BACKSLASH || byte === delimiter ? [BACKSLASH, byte] : [byte], read: 1 };
  });
}

/** Puts others in the place of characters of one byte; those of more are kept. */
function mapCharacters(
  value: Buffer,
  step: CharacterLength,
  map: (byte: number, at: number) => { readonly bytes: readonly number[]; readonly read: number },
): Buffer {
  const mapped: number[] = [];
  for (let at = 0; at < value.length; ) {
    const length = step(value, at);
    if (length > 1) {
      mapped.push(...value.subarray(at, at + length));
      at += length;
      continue;
    }
    const { bytes, read } = map(value[at]!, at);
    mapped.push(...bytes);
    at += read;
  }
  return Buffer.from(mapped);
}

function maskCsvRow(body: Buffer, format: CopyFormat, masker: CellMasker, step: CharacterLength): Buffer | undefined {
  const row = rowOf(body);
  const delimiter = format.delimiter.charCodeAt(0);
  const quote = format.quote.charCodeAt(0);
  const escaper = format.escape.charCodeAt(0);
  const raws: Buffer[] = [];
  const masks = new Map<number, { readonly value: Buffer; readonly quoted: boolean }>();
  for (let start = 0; start <= row.length; ) {
    const quoted = row[start] === quote;
    const end = quoted ? endOfQuoted(row, start, quote, escaper, step) : endOfPlain(row, start, delimiter, step);
    if (end < row.length && row[end] !== delimiter)
      throw new ResultMismatch('a quoted cell of COPY has no delimiter behind it');
    const raw = row.subarray(start, end);
    const value = quoted ? unquote(raw, quote, escaper, step) : raw;
    const finished = masker.finish(value, raws.length);
    if (finished !== value) masks.set(raws.length, { value: finished, quoted });
    raws.push(raw);
    start = end + 1;
  }
  if (masks.size === 0) return undefined;
  const cells = raws.map((raw, index) => {
    const mask = masks.get(index);
    if (!mask) return raw;
    const needed = mask.quoted || needsQuotes(mask.value, format, raws.length === 1, step);
    return needed ? quoteCsv(mask.value, quote, escaper, step) : mask.value;
  });
  return joinRow(cells, delimiter);
}

function endOfPlain(row: Buffer, start: number, delimiter: number, step: CharacterLength): number {
  let end = start;
  while (end < row.length && row[end] !== delimiter) end += step(row, end);
  if (end > row.length) throw new ResultMismatch('a row of COPY ends within a character');
  return end;
}

function endOfQuoted(row: Buffer, start: number, quote: number, escaper: number, step: CharacterLength): number {
  for (let i = start + 1; i < row.length; i += step(row, i)) {
    const next = row[i + 1];
    if (row[i] === escaper && (next === quote || next === escaper)) i++;
    else if (row[i] === quote) return i + 1;
  }
  throw new ResultMismatch('a quoted cell of COPY has no end');
}

function unquote(raw: Buffer, quote: number, escaper: number, step: CharacterLength): Buffer {
  const inner = raw.subarray(1, -1);
  if (!inner.includes(escaper)) return inner;
  return mapCharacters(inner, step, (byte, at) => {
    const next = inner[at + 1];
    const escapes = byte === escaper && (next === quote || next === escaper);
    return escapes ? { bytes: [next], read: 2 } : { bytes: [byte], read: 1 };
  });
}

/** CopyAttributeOutCSV: what would be read back as something else. */
function needsQuotes(value: Buffer, format: CopyFormat, onlyColumn: boolean, step: CharacterLength): boolean {
  const text = value.toString('latin1');
  if (text === Buffer.from(format.null).toString('latin1') || (onlyColumn && text === '\\.')) return true;
  const specials = [format.delimiter, format.quote, '\n', '\r'].map((special) => special.charCodeAt(0));
  for (let at = 0; at < value.length; at += step(value, at)) if (specials.includes(value[at]!)) return true;
  return false;
}

function quoteCsv(value: Buffer, quote: number, escaper: number, step: CharacterLength): Buffer {
  const inner = mapCharacters(value, step, (byte) => ({
    bytes: byte === quote || byte === escaper ? [escaper, byte] : [byte],
    read: 1,
  }));
  const mark = Buffer.from([quote]);
  return Buffer.concat([mark, inner, mark]);
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

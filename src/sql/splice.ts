/**
 * Edits of a client's SQL text at byte locations, so that its comments, hints and formatting stay, and the way back from
 * a position in the edited text (as the server reports it) to the client's own.
 */

/** Replaces the bytes from start up to end. An empty range inserts. */
export interface Edit {
  /** UTF-8 byte offsets in the client's text. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Where the parts of an edited text come from, all counted in characters (code points) from 0. */
export interface Positions {
  /** In order: from `at` on the edited text shows the client's from `origin` on, or stands in the place of what began there. */
  readonly runs: readonly { readonly at: number; readonly origin: number; readonly copied: boolean }[];
  /** Of the edited text. */
  readonly length: number;
}

export interface SplicedText {
  readonly text: string;
  readonly positions: Positions;
}

/**
 * Applies edits that do not overlap, in any order; of two insertions at one place the earlier in the list comes first.
 * @throws RangeError for overlapping edits, edits outside the text, or edits that would cut a character
 */
export function splice(text: string, edits: readonly Edit[]): SplicedText {
  const bytes = Buffer.from(text);
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const parts: string[] = [];
  const runs: Positions['runs'][number][] = [];
  let read = 0;
  let readCharacters = 0;
  let written = 0;

  const copyUpTo = (end: number): void => {
    const kept = bytes.toString('utf8', read, end);
    runs.push({ at: written, origin: readCharacters, copied: true });
    parts.push(kept);
    const characters = countCharacters(bytes, read, end);
    read = end;
    readCharacters += characters;
    written += characters;
  };

  for (const edit of ordered) {
    if (edit.start < read) throw new RangeError(`edits overlap at byte ${edit.start}`);
    if (edit.end < edit.start || edit.end > bytes.length) throw new RangeError(`an edit ends outside the text`);
    if (cutsCharacter(bytes, edit.start) || cutsCharacter(bytes, edit.end)) {
      throw new RangeError(`an edit cuts a character at byte ${edit.start}`);
    }
    copyUpTo(edit.start);
    runs.push({ at: written, origin: readCharacters, copied: false });
    parts.push(edit.replacement);
    written += countCharacters(Buffer.from(edit.replacement));
    readCharacters += countCharacters(bytes, edit.start, edit.end);
    read = edit.end;
  }
  copyUpTo(bytes.length);

  return { text: parts.join(''), positions: { runs, length: written } };
}

/**
 * A position in the edited text as a position in the client's text, both in characters (code points) from 1. A place
 * inside a replacement maps to where the replaced text began. Undefined for a position outside the text.
 */
export function mapPosition({ runs, length }: Positions, position: number): number | undefined {
  const at = position - 1;
  // A syntax error at the end of the input stands one behind the last character.
  if (at < 0 || at > length) return undefined;
  const run = runs.findLast((r) => r.at <= at);
  if (!run) return undefined;
  return (run.copied ? run.origin + (at - run.at) : run.origin) + 1;
}

/** The position (code points from 1) of a byte offset, as ErrorResponse's field P counts it. */
export function positionOfByte(text: string, offset: number): number {
  return countCharacters(Buffer.from(text), 0, offset) + 1;
}

/** Code points are the bytes that do not continue one. */
function countCharacters(bytes: Buffer, start = 0, end = bytes.length): number {
  let count = 0;
  for (let i = start; i < end; i++) if ((bytes[i]! & 0xc0) !== 0x80) count++;
  return count;
}

function cutsCharacter(bytes: Buffer, offset: number): boolean {
  return offset < bytes.length && (bytes[offset]! & 0xc0) === 0x80;
}

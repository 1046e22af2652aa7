/**
 * Results on their way to the client: descriptions of columns put right, and the finished mask in the place of every
 * cell that arrives tagged. Rows without a tag are not touched, and found by one search of each chunk.
 */
import type { OutputColumn, StatementPlan, TaggedColumn } from '../sql/plan-types.js';
import { decodeDataRow, encodeDataRow, walkRowDescription } from '../wire/backend-messages.js';
import { ProtocolError } from '../wire/protocol-error.js';
import type { FinishToken } from './types.js';

/** The server's result is not of the shape that was planned. */
export class ResultMismatch extends ProtocolError {}

const COLON = 0x3a;
const LONGEST_ID = 10;

/** Puts finished masks in the place of tagged cells of one result. */
export class CellMasker {
  readonly prefix: Buffer;
  /** Cells finished so far, by column. */
  readonly counts = new Map<TaggedColumn, number>();
  readonly #finishToken: FinishToken;
  readonly #columns: ReadonlyMap<number, TaggedColumn>;
  readonly #tagged: ReadonlySet<number>;
  readonly #unknown: boolean;
  /** The chunk that was searched last, and where its next tag starts. */
  #searched: Buffer | undefined;
  #nextTag = -1;

  /** @param output undefined for a result of an unknown statement, which must have no tag */
  constructor(output: readonly OutputColumn[] | undefined, tagPrefix: string, finishToken: FinishToken) {
    const tagged = (output ?? []).filter((column) => column.tagged);
    this.#unknown = output === undefined;
    this.prefix = Buffer.from(tagPrefix, 'latin1');
    this.#finishToken = finishToken;
    this.#columns = new Map(tagged.map((column) => [column.tagged!.id, column.tagged!]));
    this.#tagged = new Set(tagged.map((column) => column.index));
  }

  /** Whether the tag's prefix stands in a range; cheap when ranges of one buffer are asked for in order. */
  mayHold(buffer: Buffer, start: number, end: number): boolean {
    if (this.#searched !== buffer) {
      this.#searched = buffer;
      this.#nextTag = -1;
    }
    if (this.#nextTag < start) {
      const found = buffer.indexOf(this.prefix, start);
      this.#nextTag = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    return this.#nextTag < end;
  }

  /**
   * A cell as the client sees it, the argument itself where it has no tag. What looks like one in a column that was not
   * planned to have any is a text that a client has stored: it holds no protected value.
   * @throws ResultMismatch for a tag in the result of an unknown statement
   */
  finish(cell: Buffer, index: number): Buffer {
    const { prefix } = this;
    if (cell.length < prefix.length || cell.compare(prefix, 0, prefix.length, 0, prefix.length) !== 0) return cell;
    if (this.#unknown) throw new ResultMismatch('a masked cell arrived in a result that was not planned');
    if (!this.#tagged.has(index)) return cell;
    const end = cell.indexOf(COLON, prefix.length);
    const id = end < 0 || end - prefix.length > LONGEST_ID ? '' : cell.toString('latin1', prefix.length, end);
    const column = /^\d+$/.test(id) ? this.#columns.get(Number(id)) : undefined;
    // A tag that cannot be read has no mask: show nothing.
    if (!column) return Buffer.alloc(0);
    this.counts.set(column, (this.counts.get(column) ?? 0) + 1);
    const payload = cell.subarray(end + 1);
    if (column.kind === 'text') return payload;
    const token = this.#finishToken(column, payload.toString('latin1'));
    return Buffer.from(column.maxLength === undefined ? token : [...token].slice(0, column.maxLength).join(''));
  }

  /** A DataRow with its masks finished; undefined where it is to be forwarded as it is. */
  maskDataRow(buffer: Buffer, start: number, end: number): Buffer | undefined {
    if (!this.mayHold(buffer, start, end)) return undefined;
    let changed = false;
    const cells = decodeDataRow(buffer, start, end).map((cell, index) => {
      if (!cell) return cell;
      const finished = this.finish(cell, index);
      changed ||= finished !== cell;
      return finished;
    });
    return changed ? encodeDataRow(cells) : undefined;
  }
}

/**
 * Puts origins and type modifiers right, in the buffer itself.
 * @throws ResultMismatch where the server describes fewer columns than were planned
 */
export function mendRowDescription(buffer: Buffer, start: number, end: number, statement: StatementPlan): void {
  const columns = new Map(statement.output.map((column) => [column.index, column]));
  const count = walkRowDescription(buffer, start, end, (index, offset) => {
    const column = columns.get(index);
    if (column?.origin) {
      buffer.writeUInt32BE(column.origin.table, offset);
      buffer.writeInt16BE(column.origin.attnum, offset + 4);
    }
    if (column?.typmod !== undefined) buffer.writeInt32BE(column.typmod, offset + 12);
  });
  for (const column of statement.output) {
    if (column.index >= count) throw new ResultMismatch('the result has fewer columns than were planned');
  }
}

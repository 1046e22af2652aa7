/**
 * Splits a byte stream into messages without copying: a message that lies whole in one chunk is a range of that chunk.
 * Only what the consumer needs in one piece is assembled; the rest of a long message passes by as ranges.
 *
 * Protocol chapter "Message Formats": one byte of type, then four bytes of length that count themselves but not the type.
 */
import { ProtocolError } from './protocol-error.js';

/** The bytes of type and length. */
export const HEADER_BYTES = 5;

/** What `next` found. */
export type Found =
  /** Nothing until more bytes are pushed. */
  | 'nothing'
  /** A whole message. */
  | 'message'
  /** The start of a message, at least as many bytes as were asked for; `remaining` more follow as `rest`. */
  | 'head'
  /** More of the message whose head was found. */
  | 'rest';

/**
 * Decides, by the header alone, how many bytes of a message (header included) are needed in one piece; `total` bytes is
 * the whole message.
 * @throws ProtocolError for a type or length that is not allowed
 */
export type BytesNeeded = (type: number, total: number) => number;

const EMPTY = Buffer.alloc(0);

/** Pull-based: push chunks, then call `next` until it finds nothing. The fields describe what `next` found last. */
export class MessageReader {
  type = 0;
  /** Range of what was found, `start` at the type byte of a message or head. */
  buffer: Buffer = EMPTY;
  start = 0;
  end = 0;
  /** Bytes of the current message that were not found yet. */
  remaining = 0;

  readonly #needed: BytesNeeded;
  #chunk: Buffer = EMPTY;
  #offset = 0;
  #queue: Buffer[] = [];
  /** The message that is being assembled: filled as its bytes come, so that no chunk costs more than its own length. */
  #assembly: Buffer = EMPTY;
  #assembled = 0;
  #wanted = HEADER_BYTES;
  #total = 0;

  constructor(needed: BytesNeeded) {
    this.#needed = needed;
  }

  push(chunk: Buffer): void {
    if (this.#offset === this.#chunk.length && this.#queue.length === 0) {
      this.#chunk = chunk;
      this.#offset = 0;
    } else {
      this.#queue.push(chunk);
    }
  }

  /** Everything pushed was found, and it ended with a message. */
  get atBoundary(): boolean {
    return this.remaining === 0 && this.#assembled === 0 && this.#offset === this.#chunk.length && !this.#queue.length;
  }

  /** @throws ProtocolError for a message that is not allowed; the reader is of no use afterwards */
  next(): Found {
    while (this.#available() > 0) {
      if (this.remaining > 0) return this.#findRest();
      const found = this.#assembled > 0 ? this.#assemble() : this.#findInChunk();
      if (found !== 'nothing') return found;
    }
    return 'nothing';
  }

  /** Bytes left in the current chunk, going on to the next one when it is used up. */
  #available(): number {
    while (this.#offset === this.#chunk.length) {
      const chunk = this.#queue.shift();
      if (!chunk) return 0;
      this.#chunk = chunk;
      this.#offset = 0;
    }
    return this.#chunk.length - this.#offset;
  }

  #findRest(): Found {
    this.buffer = this.#chunk;
    this.start = this.#offset;
    this.end = Math.min(this.#chunk.length, this.#offset + this.remaining);
    this.remaining -= this.end - this.start;
    this.#offset = this.end;
    return 'rest';
  }

  #findInChunk(): Found {
    const chunk = this.#chunk;
    const start = this.#offset;
    const available = chunk.length - start;
    if (available >= HEADER_BYTES) {
      this.#readHeader(chunk, start);
      if (available >= this.#wanted) {
        this.buffer = chunk;
        this.start = start;
        this.end = Math.min(start + this.#total, chunk.length);
        this.remaining = this.#total - (this.end - start);
        this.#offset = this.end;
        return this.remaining === 0 ? 'message' : 'head';
      }
    } else {
      this.#wanted = HEADER_BYTES;
    }
    this.#assembly = Buffer.allocUnsafe(this.#wanted);
    this.#take(available);
    return 'nothing';
  }

  #assemble(): Found {
    const headerKnown = this.#assembled >= HEADER_BYTES;
    this.#take(Math.min(this.#chunk.length - this.#offset, this.#wanted - this.#assembled));
    if (this.#assembled < this.#wanted) return 'nothing';
    if (!headerKnown) {
      const header = this.#assembly;
      this.#readHeader(header, 0);
      if (this.#wanted > HEADER_BYTES) {
        this.#assembly = Buffer.allocUnsafe(this.#wanted);
        header.copy(this.#assembly);
        return 'nothing';
      }
    }
    this.buffer = this.#assembly;
    this.start = 0;
    this.end = this.#assembled;
    this.#assembly = EMPTY;
    this.#assembled = 0;
    this.remaining = this.#total - this.end;
    return this.remaining === 0 ? 'message' : 'head';
  }

  #take(count: number): void {
    this.#chunk.copy(this.#assembly, this.#assembled, this.#offset, this.#offset + count);
    this.#assembled += count;
    this.#offset += count;
  }

  #readHeader(buffer: Buffer, at: number): void {
    this.type = buffer[at]!;
    const length = buffer.readInt32BE(at + 1);
    if (length < 4) throw new ProtocolError('invalid message length');
    this.#total = length + 1;
    this.#wanted = Math.min(this.#total, Math.max(HEADER_BYTES, this.#needed(this.type, this.#total)));
  }
}

/** Reading and building the protocol's fields. Strings that need not be understood are read as latin1, which keeps bytes. */
import { MalformedMessage, ProtocolError } from './protocol-error.js';

/** Counts are unsigned on the wire. @throws RangeError for a value that does not fit */
export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** With the zero byte that ends it. @throws ProtocolError for a string that holds one itself */
export function cstring(value: string, encoding: 'utf8' | 'latin1' = 'utf8'): Buffer {
  if (value.includes('\0')) throw new ProtocolError('a string holds a zero byte');
  return Buffer.from(`${value}\0`, encoding);
}

/** A message of a type (one character) with a body of these fields. */
export function message(type: string, fields: readonly Buffer[]): Buffer {
  const length = fields.reduce((sum, field) => sum + field.length, 4);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(length), ...fields], length + 1);
}

/** Reads fields of a body in order; every method throws MalformedMessage where the body is too short. */
export class FieldReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  /** Where the next field starts in the buffer. */
  offset: number;

  constructor(buffer: Buffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#end = end;
    this.offset = start;
  }

  byte(): number {
    if (this.offset >= this.#end) throw new MalformedMessage('no data left in message');
    return this.#buffer[this.#skip(1)]!;
  }

  uint16(): number {
    return this.#buffer.readUInt16BE(this.#skip(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#skip(4));
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#skip(4));
  }

  /** Up to the next zero byte, as latin1. */
  cstring(): string {
    const start = this.offset;
    const end = this.skipCstring();
    return this.#buffer.toString('latin1', start, end);
  }

  /** Goes behind the next zero byte and returns where it stands. */
  skipCstring(): number {
    const end = this.#buffer.indexOf(0, this.offset);
    if (end < 0 || end >= this.#end) throw new MalformedMessage('invalid string in message');
    this.offset = end + 1;
    return end;
  }

  bytes(count: number): Buffer {
    const start = this.#skip(count);
    return this.#buffer.subarray(start, this.offset);
  }

  skip(count: number): void {
    this.#skip(count);
  }

  /** @throws MalformedMessage where bytes are left */
  finish(): void {
    if (this.offset !== this.#end) throw new MalformedMessage('invalid message format');
  }

  #skip(count: number): number {
    const start = this.offset;
    if (count < 0 || start + count > this.#end) throw new MalformedMessage('insufficient data left in message');
    this.offset = start + count;
    return start;
  }
}

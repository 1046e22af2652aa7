/**
 * Messages of the client: decoding of what the gateway reads, encoding of what it sends in a client's place. Ranges start
 * at the type byte. Names are latin1 strings of the bytes as sent.
 *
 * Protocol chapter "Message Formats"; limits of length as in postgres.c, SocketBackend.
 */
import { cstring, FieldReader, int16, int32, message } from './bytes.js';
import { HEADER_BYTES } from './framing.js';
import { MalformedMessage, ProtocolError } from './protocol-error.js';

/** Message types by their byte. */
export const Frontend = {
  bind: 0x42,
  close: 0x43,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  describe: 0x44,
  execute: 0x45,
  flush: 0x48,
  functionCall: 0x46,
  parse: 0x50,
  /** PasswordMessage, SASLInitialResponse, SASLResponse, GSSResponse. */
  password: 0x70,
  query: 0x51,
  sync: 0x53,
  terminate: 0x58,
} as const;

/** PQ_SMALL_MESSAGE_LIMIT */
const SMALL_LIMIT = 10_000;
/** PQ_LARGE_MESSAGE_LIMIT */
const LARGE_LIMIT = 0x3fffffff - 1;
/** PG_MAX_AUTH_TOKEN_LENGTH */
const PASSWORD_LIMIT = 65_535;

/** Texts of statements that are longer are not held in memory; the grammar's own limit is 8 MB. */
export const LONGEST_TEXT = 8 * 1024 * 1024 + 64 * 1024;
/** Of a message that passes through, the part in which its names must end. */
const NAMES_PART = 4096;
const OID_BYTES = 4;
/** Of a longer Bind the parameters are not looked at. */
const LONGEST_BIND = 64 * 1024;

/** How much of a client's message is needed in one piece. @throws ProtocolError for a type or length the server refuses */
export function frontendBytesNeeded(type: number, total: number): number {
  const limit = lengthLimit(type);
  if (limit === undefined) throw new ProtocolError(`invalid frontend message type ${type}`);
  if (total - 1 > limit) throw new ProtocolError('invalid message length');
  switch (type) {
    case Frontend.query:
    case Frontend.parse:
      return total <= LONGEST_TEXT ? total : NAMES_PART;
    case Frontend.bind:
      return total <= LONGEST_BIND ? total : NAMES_PART;
    case Frontend.copyData:
      return HEADER_BYTES;
    case Frontend.functionCall:
      return HEADER_BYTES + OID_BYTES;
    default:
      return total;
  }
}

function lengthLimit(type: number): number | undefined {
  switch (type) {
    case Frontend.query:
    case Frontend.parse:
    case Frontend.bind:
    case Frontend.functionCall:
    case Frontend.copyData:
      return LARGE_LIMIT;
    case Frontend.close:
    case Frontend.describe:
    case Frontend.execute:
    case Frontend.flush:
    case Frontend.sync:
    case Frontend.terminate:
    case Frontend.copyDone:
    case Frontend.copyFail:
      return SMALL_LIMIT;
    case Frontend.password:
      return PASSWORD_LIMIT;
    default:
      return undefined;
  }
}

/** Where the text of a Query stands. @throws MalformedMessage where it does not end with the message */
export function queryText(buffer: Buffer, start: number, end: number): { start: number; end: number } {
  const text = start + HEADER_BYTES;
  const fields = new FieldReader(buffer, text, end);
  fields.skipCstring();
  fields.finish();
  return { start: text, end: end - 1 };
}

export interface ParseMessage {
  readonly name: string;
  /** Range of the text in the buffer. */
  readonly text: { readonly start: number; readonly end: number };
  /** Type OIDs of the parameters, as sent. */
  readonly parameterTypes: readonly number[];
}

export function decodeParse(buffer: Buffer, start: number, end: number): ParseMessage {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const name = fields.cstring();
  const textStart = fields.offset;
  const text = { start: textStart, end: fields.skipCstring() };
  const count = fields.uint16();
  const parameterTypes: number[] = [];
  for (let i = 0; i < count; i++) parameterTypes.push(fields.uint32());
  fields.finish();
  return { name, text, parameterTypes };
}

/** The statement's name of a Parse of which only the head is known. */
export function parseName(buffer: Buffer, start: number, end: number): string {
  return new FieldReader(buffer, start + HEADER_BYTES, end).cstring();
}

/** Names of a Bind; its head is enough. */
export function bindNames(buffer: Buffer, start: number, end: number): { portal: string; statement: string } {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  return { portal: fields.cstring(), statement: fields.cstring() };
}

/** A parameter's value as the client sends it. */
export interface BoundParameter {
  readonly format: 'text' | 'binary';
  readonly bytes: Buffer;
}

/**
 * Parameters of a whole Bind by their number, from 1, without those that are NULL.
 * @throws MalformedMessage
 */
export function bindParameters(buffer: Buffer, start: number, end: number): ReadonlyMap<number, BoundParameter> {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  fields.skipCstring();
  fields.skipCstring();
  const formats: number[] = [];
  for (let left = fields.uint16(); left > 0; left--) formats.push(fields.uint16());
  const found = new Map<number, BoundParameter>();
  const count = fields.uint16();
  for (let number = 1; number <= count; number++) {
    const length = fields.int32();
    if (length === -1) continue;
    const format = formats.length > 1 ? formats[number - 1] : formats[0];
    found.set(number, { format: format ? 'binary' : 'text', bytes: fields.bytes(length) });
  }
  return found;
}

/** Of Describe or Close: what is named, and its name. @throws MalformedMessage */
export function decodeNamed(
  message: 'DESCRIBE' | 'CLOSE',
  buffer: Buffer,
  start: number,
  end: number,
): { of: 'statement' | 'portal'; name: string } {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const kind = fields.byte();
  const name = fields.cstring();
  fields.finish();
  if (kind === 0x53) return { of: 'statement', name };
  if (kind === 0x50) return { of: 'portal', name };
  throw new MalformedMessage(`invalid ${message} message subtype ${kind}`);
}

export function decodeExecute(buffer: Buffer, start: number, end: number): { portal: string; maxRows: number } {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const portal = fields.cstring();
  const maxRows = fields.int32();
  fields.finish();
  return { portal, maxRows };
}

/** Of the function of a FunctionCall; its head is enough. */
export function functionOid(buffer: Buffer, start: number, end: number): number {
  return new FieldReader(buffer, start + HEADER_BYTES, end).uint32();
}

/** @throws MalformedMessage where bytes stand behind the header */
export function assertEmpty(start: number, end: number): void {
  if (end - start !== HEADER_BYTES) throw new MalformedMessage('invalid message format');
}

export function encodeQuery(text: string): Buffer {
  return textMessage('Q', EMPTY, text, EMPTY);
}

/** `name` as decoded: latin1 of its bytes. */
export function encodeParse(name: string, text: string, parameterTypes: readonly number[]): Buffer {
  const types = [int16(parameterTypes.length), ...parameterTypes.map((oid) => int32(oid | 0))];
  return textMessage('P', cstring(name, 'latin1'), text, Buffer.concat(types));
}

const EMPTY = Buffer.alloc(0);

/** A message around a text, which can be long: it is copied once. */
function textMessage(type: string, before: Buffer, text: string, after: Buffer): Buffer {
  if (text.includes('\0')) throw new ProtocolError('a string holds a zero byte');
  const length = HEADER_BYTES + before.length + Buffer.byteLength(text) + 1 + after.length;
  const bytes = Buffer.allocUnsafe(length);
  bytes.write(type, 'latin1');
  bytes.writeInt32BE(length - 1, 1);
  before.copy(bytes, HEADER_BYTES);
  const end = HEADER_BYTES + before.length + bytes.write(text, HEADER_BYTES + before.length);
  bytes[end] = 0;
  after.copy(bytes, end + 1);
  return bytes;
}

/** A Bind without parameters, with all results as text. */
export function encodeBind(portal: string, statement: string): Buffer {
  return message('B', [cstring(portal, 'latin1'), cstring(statement, 'latin1'), int16(0), int16(0), int16(0)]);
}

export function encodeExecute(portal: string, maxRows: number): Buffer {
  return message('E', [cstring(portal, 'latin1'), int32(maxRows)]);
}

export function encodeDescribe(of: 'statement' | 'portal', name: string): Buffer {
  return message('D', named(of, name));
}

export function encodeClose(of: 'statement' | 'portal', name: string): Buffer {
  return message('C', named(of, name));
}

function named(of: 'statement' | 'portal', name: string): Buffer[] {
  return [Buffer.from(of === 'statement' ? 'S' : 'P', 'latin1'), cstring(name, 'latin1')];
}

export const SYNC = message('S', []);
export const FLUSH = message('H', []);
export const TERMINATE = message('X', []);

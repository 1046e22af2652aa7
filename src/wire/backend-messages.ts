/**
 * Messages of the server: decoding of what the gateway reads, encoding of what it puts in their place. Ranges start at
 * the type byte. Protocol chapters "Message Formats" and "Error and Notice Message Fields".
 */
import { cstring, FieldReader, int16, int32, message } from './bytes.js';
import { HEADER_BYTES } from './framing.js';
import { ProtocolError } from './protocol-error.js';

/** Message types by their byte. */
export const Backend = {
  authentication: 0x52,
  backendKeyData: 0x4b,
  bindComplete: 0x32,
  closeComplete: 0x33,
  commandComplete: 0x43,
  copyBothResponse: 0x57,
  copyData: 0x64,
  copyDone: 0x63,
  copyInResponse: 0x47,
  copyOutResponse: 0x48,
  dataRow: 0x44,
  emptyQueryResponse: 0x49,
  errorResponse: 0x45,
  functionCallResponse: 0x56,
  negotiateProtocolVersion: 0x76,
  noData: 0x6e,
  noticeResponse: 0x4e,
  notificationResponse: 0x41,
  parameterDescription: 0x74,
  parameterStatus: 0x53,
  parseComplete: 0x31,
  portalSuspended: 0x73,
  readyForQuery: 0x5a,
  rowDescription: 0x54,
} as const;

/**
 * Fields of ErrorResponse and NoticeResponse, in the order sent: the field's letter and its value. Values are latin1
 * strings of their bytes, so that whatever is not touched keeps them.
 */
export type ErrorFields = readonly (readonly [letter: string, value: string])[];

export function decodeErrorFields(buffer: Buffer, start: number, end: number): ErrorFields {
  const reader = new FieldReader(buffer, start + HEADER_BYTES, end);
  const fields: [string, string][] = [];
  for (let type = reader.byte(); type !== 0; type = reader.byte()) {
    fields.push([String.fromCharCode(type), reader.cstring()]);
  }
  reader.finish();
  return fields;
}

export function encodeErrorFields(type: 'E' | 'N', fields: ErrorFields): Buffer {
  const parts = fields.map(([letter, value]) =>
    Buffer.concat([Buffer.from(letter, 'latin1'), cstring(value, 'latin1')]),
  );
  return message(type, [...parts, Buffer.from([0])]);
}

/** The value of a field, undefined where it is absent. */
export function errorField(fields: ErrorFields, letter: string): string | undefined {
  return fields.find(([l]) => l === letter)?.[1];
}

/** Fields of an error that the gateway raises itself. */
export function fatalError(code: string, text: string, hint?: string): ErrorFields {
  const value = Buffer.from(text).toString('latin1');
  return [
    ['S', 'FATAL'],
    ['V', 'FATAL'],
    ['C', code],
    ['M', value],
    ...(hint === undefined ? [] : [['H', Buffer.from(hint).toString('latin1')] as const]),
  ];
}

/** Both are UTF-8, or ASCII whatever the client's encoding. */
export function decodeParameterStatus(buffer: Buffer, start: number, end: number): { name: string; value: string } {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const name = fields.cstring();
  const value = fields.cstring();
  fields.finish();
  return { name, value: Buffer.from(value, 'latin1').toString('utf8') };
}

/** NegotiateProtocolVersion: what the server knows of the protocol that the client asked for. */
export interface Negotiation {
  readonly minor: number;
  /** Options of the protocol that it does not know. */
  readonly options: readonly string[];
}

/** @throws ProtocolError for another major version than 3 */
export function decodeNegotiation(buffer: Buffer, start: number, end: number): Negotiation {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const version = fields.uint32();
  if (version >>> 16 !== 3) throw new ProtocolError('the server speaks another protocol than 3');
  const options: string[] = [];
  for (let left = fields.uint32(); left > 0; left--) options.push(Buffer.from(fields.cstring(), 'latin1').toString());
  fields.finish();
  return { minor: version & 0xffff, options };
}

export function encodeNegotiation({ minor, options }: Negotiation): Buffer {
  return message('v', [int16(3), int16(minor), int32(options.length), ...options.map((name) => cstring(name))]);
}

/** Idle, in a transaction, in a failed transaction. */
export type TransactionStatus = 'I' | 'T' | 'E';

export function decodeReadyForQuery(buffer: Buffer, start: number, end: number): TransactionStatus {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const status = String.fromCharCode(fields.byte());
  fields.finish();
  if (status !== 'I' && status !== 'T' && status !== 'E') throw new ProtocolError('unknown transaction status');
  return status;
}

/** The code of an authentication request: 0 is AuthenticationOk. */
export function authenticationCode(buffer: Buffer, start: number, end: number): number {
  return new FieldReader(buffer, start + HEADER_BYTES, end).int32();
}

/** AuthenticationSASL */
export const AUTHENTICATION_SASL = 10;

/** Names of the mechanisms that an AuthenticationSASL offers. */
export function decodeSaslMechanisms(buffer: Buffer, start: number, end: number): readonly string[] {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  fields.int32();
  const mechanisms: string[] = [];
  for (let name = fields.cstring(); name !== ''; name = fields.cstring()) mechanisms.push(name);
  fields.finish();
  return mechanisms;
}

export function encodeSaslMechanisms(mechanisms: readonly string[]): Buffer {
  return message('R', [
    int32(AUTHENTICATION_SASL),
    ...mechanisms.map((name) => cstring(name, 'latin1')),
    Buffer.from([0]),
  ]);
}

/** Bytes of a field of RowDescription behind its name: table OID, column number, type OID, size, modifier, format. */
const FIELD_TAIL = 18;

/**
 * Calls `visit` with the index of each field and where, behind its name, the table OID starts in the buffer: column
 * number at +4, type OID at +6, type modifier at +12. Returns the number of fields.
 */
export function walkRowDescription(
  buffer: Buffer,
  start: number,
  end: number,
  visit: (index: number, offset: number) => void,
): number {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const count = fields.uint16();
  for (let index = 0; index < count; index++) {
    fields.skipCstring();
    const offset = fields.offset;
    fields.skip(FIELD_TAIL);
    visit(index, offset);
  }
  fields.finish();
  return count;
}

/** OIDs of the parameters' types. */
export function decodeParameterDescription(buffer: Buffer, start: number, end: number): readonly number[] {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const types = Array.from({ length: fields.uint16() }, () => fields.uint32());
  fields.finish();
  return types;
}

/** The cells of a DataRow as ranges of the buffer; null for NULL. */
export function decodeDataRow(buffer: Buffer, start: number, end: number): (Buffer | null)[] {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  const count = fields.uint16();
  const cells: (Buffer | null)[] = [];
  for (let index = 0; index < count; index++) {
    const length = fields.int32();
    if (length === -1) {
      cells.push(null);
      continue;
    }
    const offset = fields.offset;
    fields.skip(length);
    cells.push(buffer.subarray(offset, offset + length));
  }
  fields.finish();
  return cells;
}

export function encodeDataRow(cells: readonly (Buffer | null)[]): Buffer {
  return message('D', [
    int16(cells.length),
    ...cells.flatMap((cell) => (cell ? [int32(cell.length), cell] : [int32(-1)])),
  ]);
}

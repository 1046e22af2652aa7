/**
 * The packet that opens a connection, which has no type byte: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest.
 * Mirrors ProcessStartupPacket in backend_startup.c.
 */
import { isUtf8 } from 'node:buffer';
import { cstring, int16, int32 } from './bytes.js';
import { ProtocolError } from './protocol-error.js';

/** MAX_STARTUP_PACKET_LENGTH, which does not count the length itself. */
const LONGEST = 10_000 + 4;
/** Of a CancelRequest, before its key, and the longest key (protocol 3.2). */
const CANCEL_HEAD = 12;
const LONGEST_KEY = 256;
/** What names of options of the protocol itself start with. */
const PROTOCOL_OPTION = '_pq_.';

const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;

export type StartupPacket =
  | { readonly kind: 'ssl-request' }
  | { readonly kind: 'gssenc-request' }
  | {
      readonly kind: 'cancel';
      /** Whether its key has a length that a key can have. */
      readonly valid: boolean;
    }
  | {
      readonly kind: 'startup';
      readonly major: number;
      readonly minor: number;
      /** Of a parameter given twice the last value, as the server takes it. Empty where `major` is not 3. */
      readonly parameters: ReadonlyMap<string, string>;
      /** Names of options of the protocol, in order. */
      readonly options: readonly string[];
      /** The packet for that minor version, without these options. */
      readonly plain: (minor: number) => Buffer;
    };

/**
 * The length of the packet that starts in `bytes`, undefined while it cannot be told.
 * @throws ProtocolError for a length that the server refuses
 */
export function startupLength(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readInt32BE(0);
  if (length < 8 || length > LONGEST) throw new ProtocolError('invalid length of startup packet');
  return length;
}

/** Decodes a whole packet. @throws ProtocolError for a packet that the server refuses, or names that are not UTF-8 */
export function decodeStartup(packet: Buffer): StartupPacket {
  const code = packet.readInt32BE(4);
  if (code === SSL_REQUEST || code === GSSENC_REQUEST) {
    if (packet.length !== 8) throw new ProtocolError('invalid length of startup packet');
    return { kind: code === SSL_REQUEST ? 'ssl-request' : 'gssenc-request' };
  }
  if (code === CANCEL_REQUEST) {
    return { kind: 'cancel', valid: packet.length > CANCEL_HEAD && packet.length <= CANCEL_HEAD + LONGEST_KEY };
  }
  const major = packet.readUInt16BE(4);
  const minor = packet.readUInt16BE(6);
  const entries = major === 3 ? decodeParameters(packet) : [];
  const options = entries.filter(([name]) => name.startsWith(PROTOCOL_OPTION));
  const parameters = entries.filter((entry) => !options.includes(entry));
  return {
    kind: 'startup',
    major,
    minor,
    parameters: new Map(parameters),
    options: options.map(([name]) => name),
    plain: (lower) => (options.length === 0 && lower === minor ? packet : encodeStartup(lower, parameters)),
  };
}

function encodeStartup(minor: number, parameters: readonly (readonly [string, string])[]): Buffer {
  const fields = [int16(3), int16(minor), ...parameters.flat().map((field) => cstring(field)), Buffer.from([0])];
  const length = fields.reduce((sum, field) => sum + field.length, 4);
  return Buffer.concat([int32(length), ...fields]);
}

function decodeParameters(packet: Buffer): readonly (readonly [name: string, value: string])[] {
  const parameters: (readonly [string, string])[] = [];
  let offset = 8;
  const next = (): string => {
    const end = packet.indexOf(0, offset);
    if (end < 0) throw new ProtocolError('invalid startup packet layout: expected terminator as last byte');
    const bytes = packet.subarray(offset, end);
    if (!isUtf8(bytes)) throw new ProtocolError('a startup parameter is not valid UTF-8');
    offset = end + 1;
    return bytes.toString('utf8');
  };
  for (let name = next(); name !== ''; name = next()) parameters.push([name, next()]);
  if (offset !== packet.length) {
    throw new ProtocolError('invalid startup packet layout: expected terminator as last byte');
  }
  return parameters;
}

/**
 * The packet that opens a connection, which has no type byte: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest.
 * Mirrors ProcessStartupPacket in backend_startup.c.
 */
import { isUtf8 } from 'node:buffer';
import { ProtocolError } from './protocol-error.js';

/** MAX_STARTUP_PACKET_LENGTH */
const LONGEST = 10_000;

const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;

export type StartupPacket =
  | { readonly kind: 'ssl-request' }
  | { readonly kind: 'gssenc-request' }
  | { readonly kind: 'cancel' }
  | {
      readonly kind: 'startup';
      readonly major: number;
      readonly minor: number;
      /** Of a parameter given twice the last value, as the server takes it. Empty where `major` is not 3. */
      readonly parameters: ReadonlyMap<string, string>;
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
  if (code === CANCEL_REQUEST) return { kind: 'cancel' };
  const major = packet.readUInt16BE(4);
  const minor = packet.readUInt16BE(6);
  return { kind: 'startup', major, minor, parameters: major === 3 ? decodeParameters(packet) : new Map() };
}

function decodeParameters(packet: Buffer): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  let offset = 8;
  const next = (): string => {
    const end = packet.indexOf(0, offset);
    if (end < 0) throw new ProtocolError('invalid startup packet layout: expected terminator as last byte');
    const bytes = packet.subarray(offset, end);
    if (!isUtf8(bytes)) throw new ProtocolError('a startup parameter is not valid UTF-8');
    offset = end + 1;
    return bytes.toString('utf8');
  };
  for (let name = next(); name !== ''; name = next()) parameters.set(name, next());
  if (offset !== packet.length) {
    throw new ProtocolError('invalid startup packet layout: expected terminator as last byte');
  }
  return parameters;
}

/**
 * The header by which a proxy tells whose connection it passes on. Mirrors HAProxy's "The PROXY protocol", versions 1 (one
 * line of text) and 2 (binary).
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { ProtocolError } from './protocol-error.js';

export type ProxyHeader =
  /** More bytes are needed to tell. */
  | { readonly kind: 'incomplete' }
  /** What is there begins otherwise. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'header';
      readonly bytes: number;
      /** The client's IP address; undefined where the header has none: the connection is the proxy's own, or of a kind without. */
      readonly client: string | undefined;
    };

const SIGNATURE_1 = Buffer.from('PROXY ');
const SIGNATURE_2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Of version 1, with the end of the line. */
const LONGEST_1 = 107;
/** Behind the signature of version 2: version and command, family and protocol, length of the rest. */
const FIXED_2 = SIGNATURE_2.length + 4;
/** Of version 2, behind that: addresses and what else the proxy tells (TLVs), such as the client's certificate. */
const LONGEST_REST_2 = 8_192;

const LINE_1 = /^PROXY (?:UNKNOWN(?: .*)?|(TCP[46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (\d{1,5}) (\d{1,5}))$/;

const VERSION_2 = 0x20;
const LOCAL = 0;
const PROXY = 1;
/** By family and protocol: bytes of the addresses, and bytes of the client's IP address among them. */
const FAMILIES: ReadonlyMap<number, readonly [block: number, client: number]> = new Map([
  [0x00, [0, 0]],
  [0x11, [12, 4]],
  [0x12, [12, 0]],
  [0x21, [36, 16]],
  [0x22, [36, 0]],
  [0x31, [216, 0]],
  [0x32, [216, 0]],
]);

/** Reads the header at the start of `bytes`. @throws ProtocolError where it begins as one and is none */
export function decodeProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, SIGNATURE_1)) return bytes.length < SIGNATURE_1.length ? INCOMPLETE : decode1(bytes);
  if (startsLike(bytes, SIGNATURE_2)) return decode2(bytes);
  return { kind: 'none' };
}

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };

function startsLike(bytes: Buffer, signature: Buffer): boolean {
  const common = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, common, 0, common) === 0;
}

function decode1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, LONGEST_1).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length < LONGEST_1) return INCOMPLETE;
    throw new ProtocolError('the line of the PROXY header is too long');
  }
  const [line, protocol, source, destination, ...ports] = LINE_1.exec(bytes.toString('latin1', 0, end)) ?? [];
  if (line === undefined) throw malformed();
  if (protocol !== undefined) {
    const isAddress = protocol === 'TCP4' ? isIPv4 : isIPv6;
    if (!isAddress(source!) || !isAddress(destination!) || !ports.every(isPort)) throw malformed();
  }
  return { kind: 'header', bytes: end + 2, client: source };
}

function isPort(digits: string): boolean {
  return String(Number(digits)) === digits && Number(digits) <= 65_535;
}

function decode2(bytes: Buffer): ProxyHeader {
  if (bytes.length < FIXED_2) return INCOMPLETE;
  const at = SIGNATURE_2.length;
  const command = bytes[at]! ^ VERSION_2;
  if (command !== LOCAL && command !== PROXY) throw malformed();
  const rest = bytes.readUInt16BE(at + 2);
  if (rest > LONGEST_REST_2) throw new ProtocolError('the PROXY header is too long');
  const family = FAMILIES.get(bytes[at + 1]!);
  // Of a connection of its own the proxy need not say anything.
  if (command === PROXY && (!family || rest < family[0])) throw malformed();
  if (bytes.length < FIXED_2 + rest) return INCOMPLETE;
  const length = command === PROXY ? (family?.[1] ?? 0) : 0;
  return { kind: 'header', bytes: FIXED_2 + rest, client: addressOf(bytes.subarray(FIXED_2, FIXED_2 + length)) };
}

function addressOf(bytes: Buffer): string | undefined {
  switch (bytes.length) {
    case 4:
      return bytes.join('.');
    case 16:
      return new SocketAddress({ family: 'ipv6', address: bytes.toString('hex').match(/.{4}/g)!.join(':') }).address;
    default:
      return undefined;
  }
}

function malformed(): ProtocolError {
  return new ProtocolError('the PROXY header is malformed');
}

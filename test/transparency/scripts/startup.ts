/** The phase before the login: packets as they are, each sent when something has come in answer to the one before. */
import { int32, zero } from '../../harness/messages.js';

export interface StartupScript {
  readonly name: string;
  readonly packets: readonly Buffer[];
  /** The server says nothing where it finds such packets, and the gateway what is wrong. */
  readonly silent?: true;
}

function packet(code: number, ...body: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([int32(code), ...body]);
  return Buffer.concat([int32(bytes.length + 4), bytes]);
}

const SSL = packet(80877103);
const GSS = packet(80877104);
const CANCEL = 80877102;
const V3 = 0x30000;
const startup = (version: number, ...fields: readonly string[]) =>
  packet(version, ...['user', 'shop_app', 'database', 'shop', ...fields].map(zero), Buffer.alloc(1));
const one = (name: string, ...packets: readonly Buffer[]): StartupScript => ({ name, packets });
const silent = (name: string, ...packets: readonly Buffer[]): StartupScript => ({ name, packets, silent: true });

export const STARTUP: readonly StartupScript[] = [
  one('startup of 3.0', startup(V3)),
  one('startup of 3.2', startup(V3 + 2)),
  one('startup of 3.1, which nobody speaks', startup(V3 + 1)),
  one('startup of 3.3', startup(V3 + 3)),
  one('startup of 3.9999, which libpq asks for to see whether servers negotiate', startup(V3 + 9999)),
  one('startup of 3.9999 with an option', startup(V3 + 9999, '_pq_.test_protocol_negotiation', '')),
  one('startup with options of the protocol', startup(V3, '_pq_.a', '1', 'application_name', 'x', '_pq_.b', '2')),
  one('startup of 3.2 with an option of the protocol twice', startup(V3 + 2, '_pq_.a', '1', '_pq_.a', '2')),
  one('startup of 4.0', startup(0x40000)),
  one('startup of 2.0', packet(0x20000, Buffer.alloc(288))),
  one('startup of 1.0', packet(0x10000)),
  one('startup of 0.0', packet(0)),
  one('startup of 1234.0', packet(1234 << 16)),
  one('startup byte by byte', ...[...startup(V3)].map((byte) => Buffer.from([byte]))),
  one('SSLRequest, then startup', SSL, startup(V3)),
  one('GSSENCRequest, then startup', GSS, startup(V3)),
  one('SSLRequest, GSSENCRequest, startup', SSL, GSS, startup(V3)),
  one('GSSENCRequest, SSLRequest, startup of 3.2', GSS, SSL, startup(V3 + 2)),
  one('SSLRequest twice', SSL, SSL),
  one('GSSENCRequest twice', GSS, GSS),
  one('SSLRequest, GSSENCRequest, SSLRequest', SSL, GSS, SSL),
  one('bytes stuffed behind SSLRequest', Buffer.concat([SSL, startup(V3)])),
  one('bytes stuffed behind GSSENCRequest', Buffer.concat([GSS, startup(V3)])),
  one('startup without a user', packet(V3, zero('database'), zero('shop'), Buffer.alloc(1))),
  one('startup without anything', packet(V3, Buffer.alloc(1))),
  one('startup without its last zero byte', packet(V3, zero('user'), zero('shop_app'))),
  one('startup that ends in a name', packet(V3, Buffer.from('user'))),
  one('startup that ends in a value', packet(V3, zero('user'), Buffer.from('shop'))),
  one('startup with bytes behind its last zero byte', packet(V3, zero('user'), zero('shop_app'), Buffer.from('\0x'))),
  one('startup without a body', packet(V3)),
  one('startup as long as it can be', startup(V3, 'application_name', 'a'.repeat(10_004 - 60))),
  one('startup of a user and a database that do not exist', packet(V3, ...['user', 'nobody', ''].map(zero))),
  silent('startup longer than it can be', int32(10_005)),
  silent('startup shorter than it can be', int32(7)),
  silent('startup of a negative length', int32(-1)),
  silent('HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')),
  one('CancelRequest without a key', packet(CANCEL, int32(1))),
  one('CancelRequest without a process', packet(CANCEL)),
  one('CancelRequest for nobody', packet(CANCEL, int32(0x7ffffff), int32(1))),
  one('CancelRequest with a long key for nobody', packet(CANCEL, int32(0x7ffffff), Buffer.alloc(256, 1))),
  one('CancelRequest with a key that is too long', packet(CANCEL, int32(0x7ffffff), Buffer.alloc(257, 1))),
  one('SSLRequest, then CancelRequest for nobody', SSL, packet(CANCEL, int32(0x7ffffff), int32(1))),
];

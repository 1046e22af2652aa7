/** TLS with clients: after SSLRequest, or from the first byte (`sslnegotiation=direct`). Mirrors be-secure-openssl.c. */
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { ListenTls } from '../policy/config-types.js';

/** The protocol's name in ALPN. */
export const ALPN = 'postgresql';
/** The first byte of a TLS handshake, and of no startup packet. */
export const TLS_HANDSHAKE = 0x16;

export interface TlsAcceptor {
  readonly required: boolean;
  /** The certificate that clients see, DER. */
  readonly certificate: Buffer;
  /**
   * Does the handshake on a connection, whose bytes up to now are read or unshifted. Where it fails, the socket is closed.
   * @param direct there was no SSLRequest: the client must name the protocol
   */
  accept(socket: Socket, direct: boolean, done: (secured: TLSSocket) => void): void;
}

/** @throws the error of OpenSSL where certificate and key do not fit */
export function createTlsAcceptor({ identity, clientCa, required }: ListenTls): TlsAcceptor {
  const accepted = new WeakMap<object, (secured: TLSSocket) => void>();
  // It never listens: it does the handshakes of sockets that are handed to it.
  const server: Server = createServer({
    cert: identity.certificate,
    key: identity.key,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
    ALPNProtocols: [ALPN],
    minVersion: 'TLSv1.2',
    allowHalfOpen: true,
  });
  server.on('secureConnection', (secured) => accepted.get(parentOf(secured))?.(secured));
  // Node closes the socket; that is all there is to do about it.
  server.on('tlsClientError', () => undefined);
  return {
    required,
    certificate: new X509Certificate(identity.certificate).raw,
    accept(socket, direct, done) {
      accepted.set(socket, (secured) => {
        if (direct && secured.alpnProtocol !== ALPN) secured.destroy();
        else done(secured);
      });
      server.emit('connection', socket);
    },
  };
}

function parentOf(secured: TLSSocket): object {
  return (secured as unknown as { readonly _parent: object })._parent;
}

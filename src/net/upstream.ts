/** Connections to the server, encrypted as libpq's sslmode says. Protocol chapter "SSL Session Encryption". */
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Server, Upstream, UpstreamTls } from '../policy/config-types.js';
import { ALPN } from './client-tls.js';

/** Every server of a configuration, in its order. */
export function serversOf({ host, port, tls, more = [] }: Upstream): readonly Server[] {
  return [{ host, port }, ...more].map((place) => ({ host: place.host, port: place.port, ...(tls ? { tls } : {}) }));
}

/** SSLRequest */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const YES = 'S'.charCodeAt(0);
const NO = 'N'.charCodeAt(0);

export interface Dialling {
  /** Gives up; `failed` is called. */
  destroy(): void;
}

export interface DialEvents {
  /**
   * The socket can be written to; nobody listens to it yet.
   * @param certificate of the server, DER; undefined without TLS
   */
  readonly ready: (socket: Socket, certificate: Buffer | undefined) => void;
  /** In a few words, without addresses: `ECONNREFUSED`, `the server does not support TLS`, … */
  readonly failed: (reason: string) => void;
}

export interface DialOptions {
  /** Gives up after so many seconds, TLS included; default: when the system does. */
  readonly connectSeconds?: number | undefined;
  /** See `keepAlive`; default 0. */
  readonly keepaliveSeconds?: number | undefined;
}

/** Connects; calls one of the events once, and never before it returns. */
export function dial(upstream: Server, events: DialEvents, options: DialOptions = {}): Dialling {
  const { connectSeconds, keepaliveSeconds = 0 } = options;
  let current: Socket;
  let over = false;
  let givenUp = false;

  function fail(reason: string): void {
    if (over) return;
    over = true;
    clearTimeout(timer);
    current.destroy();
    events.failed(reason);
  }

  /** As libpq: without a promise of encryption, a handshake that fails is no reason to give up. */
  function failTls(tls: UpstreamTls, reason: string): void {
    if (tls.mode === 'prefer' && !givenUp && !over) open(undefined);
    else fail(reason);
  }

  /** Calls back while the socket is the current one; the result takes the listeners off. */
  function watch(socket: Socket, failed: (reason: string) => void): () => void {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (socket === current) failed(error.code ?? error.message);
    };
    const onClose = (): void => {
      if (socket === current) failed('the connection was closed');
    };
    socket.on('error', onError);
    socket.on('close', onClose);
    return () => {
      socket.off('error', onError);
      socket.off('close', onClose);
    };
  }

  function open(tls: UpstreamTls | undefined): void {
    const socket = connect({ host: upstream.host, port: upstream.port });
    current = socket;
    socket.setNoDelay(true);
    keepAlive(socket, keepaliveSeconds);
    const unwatch = watch(socket, fail);
    socket.once('connect', () => {
      if (tls) ask(socket, tls, unwatch);
      else handOver(socket, undefined, unwatch);
    });
  }

  function ask(socket: Socket, tls: UpstreamTls, unwatch: () => void): void {
    socket.write(SSL_REQUEST);
    socket.once('data', (answer) => {
      socket.pause();
      // More than one byte was sent by somebody in between (CVE-2021-23222).
      if (answer.length !== 1) fail('the server sent data before TLS was agreed on');
      else if (answer[0] === YES) secure(socket, tls);
      else if (tls.mode !== 'prefer') fail('the server does not support TLS');
      else if (answer[0] === NO) handOver(socket, undefined, unwatch);
      else open(undefined);
    });
  }

  function secure(socket: Socket, tls: UpstreamTls): void {
    const secured = connectTls({ ...tlsOptions(upstream.host, tls), socket });
    current = secured;
    const unwatch = watch(secured, (reason) => failTls(tls, `no TLS with the server: ${reason}`));
    secured.once('secureConnect', () => handOver(secured, secured.getPeerX509Certificate()?.raw, unwatch));
  }

  function handOver(socket: Socket, certificate: Buffer | undefined, unwatch: () => void): void {
    over = true;
    clearTimeout(timer);
    unwatch();
    events.ready(socket, certificate);
    socket.resume();
  }

  const timer = connectSeconds === undefined ? undefined : setTimeout(() => fail('ETIMEDOUT'), connectSeconds * 1000);
  open(upstream.tls);
  return {
    destroy() {
      givenUp = true;
      current.destroy();
    },
  };
}

/**
 * Has the system look after so many seconds of silence whether the peer is still there; 0: never. One that does not answer
 * is given up ten seconds later.
 */
export function keepAlive(socket: Socket, seconds: number): void {
  if (seconds > 0) socket.setKeepAlive(true, seconds * 1000);
}

/** What the modes check, as libpq: `require` checks the authority where one is given. */
export function tlsOptions(host: string, { mode, ca, identity }: UpstreamTls): ConnectionOptions {
  const verifies = mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && ca !== undefined);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(identity ? { cert: identity.certificate, key: identity.key } : {}),
    ...(isIP(host) ? {} : { servername: host }),
    host,
    rejectUnauthorized: verifies,
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    ALPNProtocols: [ALPN],
    minVersion: 'TLSv1.2',
  };
}

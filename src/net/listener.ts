/** The TCP listener: accepts clients, gives each a session and a connection to the server, drains at shutdown. */
import { createServer } from 'node:net';
import type { HostPort, ProxyProtocol, Upstream } from '../policy/config-types.js';
import { type Admission, type AdmissionLimits, createAdmission, makingRoom } from './admission.js';
import type { TlsAcceptor } from './client-tls.js';
import { createHosts, type Hosts } from './hosts.js';
import { endIdle } from './idle.js';
import { type Relay, type RelayOptions, startRelay } from './relay.js';
import { endSlowLogin } from './slow-logins.js';

/** `upstream` is read again for each client. */
export interface ListenerOptions
  extends Pick<RelayOptions, 'planner' | 'observer' | 'finishToken' | 'permits' | 'onProxyRefused'> {
  /** Port 0 for any free port. */
  readonly listen: HostPort;
  readonly upstream: Upstream;
  /** The servers of `upstream`. Default: nothing is known of them beforehand. */
  readonly hosts?: Hosts;
  /** Does the handshakes of clients that ask for TLS; asked for each client, undefined where there is none. */
  readonly tls?: () => TlsAcceptor | undefined;
  /** Asked for each client; undefined where none comes by way of a proxy. */
  readonly proxies?: () => ProxyProtocol | undefined;
  /** Read again for each client. */
  readonly limits: AdmissionLimits & {
    /** From the connection to the end of the login. */
    readonly loginSeconds: number;
    /** For idle sessions; default 0: no limit. */
    readonly idleSeconds?: number;
    /** Of silence, then a peer is asked whether it is still there; default 0: never. */
    readonly keepaliveSeconds?: number;
  };
  /** Who counts sessions; connections that have not begun to log in do not count. Default: this listener, by its limits. */
  readonly admission?: Admission;
  /** Bytes read from and written to clients, called once per chunk. */
  readonly onBytes?: RelayOptions['onBytes'];
  /** The number of sessions after each change. */
  readonly onSessions?: (count: number) => void;
}

export interface Listener {
  /** Where it listens; the port that was chosen. */
  readonly address: HostPort;
  /** Client connections that are open, cancel requests included. */
  sessionCount(): number;
  /**
   * Accepts no more clients. Idle sessions end at once with 57P01, others when their transaction ends, and all that are
   * left after `drainSeconds`; undefined for no such limit, which a later call can set. Resolves when every connection is
   * closed.
   */
  close(drainSeconds: number | undefined): Promise<void>;
}

/**
 * Connections beyond the limit of sessions: cancel requests, clients that have not begun to log in, and those that are
 * told that there are too many.
 */
const WAITING_ROOM = 200;

/** Resolves when clients can connect. @throws the error of listen (EADDRINUSE, EACCES, …) */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const relays = new Set<Relay>();
  const { listen, limits, onSessions } = options;
  const relayOptions: RelayOptions = {
    ...options,
    get loginSeconds() {
      return limits.loginSeconds;
    },
    hosts:
      options.hosts ??
      createHosts({
        get upstream() {
          return options.upstream;
        },
        get keepaliveSeconds() {
          return limits.keepaliveSeconds;
        },
      }),
    get tls() {
      return options.tls?.();
    },
    get proxies() {
      return options.proxies?.();
    },
    get keepaliveSeconds() {
      return limits.keepaliveSeconds ?? 0;
    },
    onBytes: options.onBytes ?? (() => undefined),
    admission: makingRoom(options.admission ?? createAdmission(limits), (role) =>
      endSlowLogin(
        relays,
        limits.loginSeconds,
        (login) => login.role !== undefined && (role ?? login.role) === login.role,
      ),
    ),
  };
  let allClosed: (() => void) | undefined;

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (relays.size >= limits.maxSessions + WAITING_ROOM && !endSlowLogin(relays, limits.loginSeconds, () => true)) {
      socket.destroy();
      return;
    }
    const relay = startRelay(socket, relayOptions, () => {
      relays.delete(relay);
      onSessions?.(relays.size);
      if (relays.size === 0) allClosed?.();
    });
    relays.add(relay);
    onSessions?.(relays.size);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const stopEndingIdle = endIdle(relays, () => limits.idleSeconds ?? 0);
  // Out of file descriptors, for one: the client is lost, the gateway stays.
  server.on('error', () => undefined);
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : listen.port;

  async function close(): Promise<void> {
    const serverClosed = new Promise<void>((resolve) => server.close(() => resolve()));
    const relaysClosed = new Promise<void>((resolve) => {
      allClosed = resolve;
    });
    for (const relay of relays) relay.drain();
    if (relays.size > 0) await relaysClosed;
    stopEndingIdle();
    await serverClosed;
  }
  let closed: Promise<void> | undefined;

  return {
    address: { host: listen.host, port },
    sessionCount: () => relays.size,
    close(drainSeconds) {
      closed ??= close();
      if (drainSeconds !== undefined) {
        const grace = setTimeout(() => {
          for (const relay of relays) relay.abort();
        }, drainSeconds * 1000);
        void closed.then(() => clearTimeout(grace));
      }
      return closed;
    },
  };
}

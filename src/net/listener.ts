/** The TCP listener: accepts clients, gives each a session and a connection to the server, drains at shutdown. */
import { createServer } from 'node:net';
import type { HostPort } from '../policy/config-types.js';
import type { TlsAcceptor } from './client-tls.js';
import { type Relay, type RelayOptions, startRelay } from './relay.js';

/** `upstream` is read again for each client. */
export interface ListenerOptions extends Omit<RelayOptions, 'loginSeconds' | 'onBytes' | 'admit' | 'tls'> {
  /** Port 0 for any free port. */
  readonly listen: HostPort;
  /** Does the handshakes of clients that ask for TLS; asked for each client, undefined where there is none. */
  readonly tls?: () => TlsAcceptor | undefined;
  /** Read again for each client. */
  readonly limits: {
    /** Sessions at once; connections that have not begun to log in, and cancel requests, do not count. */
    readonly maxSessions: number;
    readonly loginSeconds: number;
  };
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

/** Connections beyond the limit of sessions: cancel requests, and clients that are told that there are too many. */
const WAITING_ROOM = 200;

/** Resolves when clients can connect. @throws the error of listen (EADDRINUSE, EACCES, …) */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const relays = new Set<Relay>();
  let admitted = 0;
  const { listen, limits, onSessions } = options;
  const relayOptions: RelayOptions = {
    ...options,
    get loginSeconds() {
      return limits.loginSeconds;
    },
    get upstream() {
      return options.upstream;
    },
    get tls() {
      return options.tls?.();
    },
    onBytes: options.onBytes ?? (() => undefined),
    admit() {
      if (admitted >= limits.maxSessions) return false;
      admitted++;
      return true;
    },
  };
  let allClosed: (() => void) | undefined;

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (relays.size >= limits.maxSessions + WAITING_ROOM) {
      socket.destroy();
      return;
    }
    const relay = startRelay(socket, relayOptions, (wasAdmitted) => {
      relays.delete(relay);
      if (wasAdmitted) admitted--;
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

/** One client: its socket, its session, and the connection to the server that belongs to it. */
import type { Socket } from 'node:net';
import type { ProxyProtocol, Server } from '../policy/config-types.js';
import type { SessionObserver } from '../session/observer.js';
import { createSession } from '../session/session.js';
import type { FinishToken, Session, SessionOptions } from '../session/types.js';
import type { Planner } from '../sql/plan-types.js';
import { type ErrorFields, fatalError } from '../wire/backend-messages.js';
import { type Admission, createSeat } from './admission.js';
import { TLS_HANDSHAKE, type TlsAcceptor } from './client-tls.js';
import type { Hosts } from './hosts.js';
import { takeProxyHeader } from './proxy-protocol.js';
import { type Dialling, keepAlive } from './upstream.js';

export interface RelayOptions {
  /** The servers that sessions go to. */
  readonly hosts: Hosts;
  /** Does the handshakes of clients that ask for TLS; undefined where there is none. */
  readonly tls?: TlsAcceptor | undefined;
  readonly loginSeconds: number;
  /** Clients that come by way of a proxy; undefined where none does. */
  readonly proxies?: ProxyProtocol | undefined;
  /** A connection is closed for what its PROXY header is, or because it has none. */
  readonly onProxyRefused?: (address: string, reason: string) => void;
  /** 0: never. */
  readonly keepaliveSeconds: number;
  readonly planner: Planner;
  readonly observer: SessionObserver;
  readonly finishToken: FinishToken;
  /** Of a role. Default: none. */
  readonly permits?: SessionOptions['permits'];
  /** Has one seat for each session. */
  readonly admission: Admission;
  readonly onBytes: (direction: 'from_client' | 'to_client', bytes: number) => void;
}

export interface LoginUnderWay {
  /** By `performance.now()`. */
  readonly began: number;
  /** Whose seat it has; undefined where it has none. */
  readonly role: string | undefined;
}

export interface Relay {
  /** Undefined behind the login, and behind the end. */
  readonly login: LoginUnderWay | undefined;
  /** Bytes that came from the client. */
  readonly received: number;
  /** Nothing is in flight in either direction, and no transaction is open. */
  readonly idle: boolean;
  /** Ends as soon as it is idle. */
  drain(): void;
  /** Ends now; default error: the gateway shuts down. */
  abort(error?: ErrorFields): void;
}

const SHUTDOWN: ErrorFields = fatalError('57P01', 'terminating connection due to administrator command');
export const LOGIN_TOO_LONG: ErrorFields = fatalError('08P01', 'the login took too long');

/** A session that has more to do lets others go on after that. */
const LONGEST_TURN_MS = 5;

/** How long a peer may take nothing of the last bytes, or not close after them. */
const LAST_BYTES_MS = 5_000;
/** How long it may take in all. */
const LONGEST_END_MS = 60_000;

/** Relays until both connections are closed, then calls `onClosed` once. */
export function startRelay(socket: Socket, options: RelayOptions, onClosed: () => void): Relay {
  const { hosts, observer, onBytes, tls } = options;
  const began = performance.now();
  const seat = createSeat(options.admission);
  /** The connection that the client's bytes are read from: the socket, or TLS over it. */
  let client = socket;
  /** The handshake with the client is under way. */
  let securing = false;
  /** The certificate that the client has seen. */
  let shown: Buffer | undefined;
  let server: Socket | undefined;
  /** Which one it is. */
  let place: Server | undefined;
  let dialling: Dialling | undefined;
  /** What the server is sent as soon as it is there. */
  const unsent: Buffer[] = [];
  let ended = false;
  /** A cancel request is on its way: the client's connection ends behind it. */
  let cancelling = false;
  let aborted = false;
  let clientGone = false;
  let held = false;
  let received = 0;
  let open = 1;

  socket.setNoDelay(true);
  keepAlive(socket, options.keepaliveSeconds);
  const session: Session = createSession({
    planner: options.planner,
    observer,
    finishToken: options.finishToken,
    remote: socket.remoteAddress ?? '',
    ...(tls ? { tls: tls.required ? 'required' : 'offered' } : {}),
    ...(options.permits ? { permits: options.permits } : {}),
    admit: seat.take,
    judgeServer: (seen) => place && hosts.verify(place, seen),
    sink: {
      toClient(ranges) {
        for (const range of ranges) onBytes('to_client', range.length);
        if (!write(client, ranges)) server?.pause();
      },
      toServer(ranges) {
        if (server) {
          if (!write(server, ranges)) client.pause();
          return;
        }
        unsent.push(...ranges);
        client.pause();
        dialling ??= openServer();
      },
      holdClient(hold) {
        held = hold;
        if (hold) client.pause();
        else resumeClient();
      },
      overTime() {
        if (performance.now() - turnBegan < LONGEST_TURN_MS) return false;
        setImmediate(() => {
          turnBegan = performance.now();
          session.nextTurn();
        });
        return true;
      },
      endServerInput() {
        server?.end();
      },
      startTls(answer) {
        socket.write(answer);
        secureClient(false);
      },
      cancel(packet) {
        void cancel(packet);
      },
      end() {
        ended = true;
        clearTimeout(deadline);
        if (securing) socket.destroy();
        else if (!cancelling) finish(client);
        if (!server) dialling?.destroy();
        else if (session.unsettled && !aborted) untilClosed(server);
        else if (clientGone) drop(server);
        else finish(server);
        // The server may be at work for it for a long time.
        if (!session.unsettled || !server) seat.leave();
      },
    },
  });

  const deadline = setTimeout(() => {
    if (!session.loggedIn) session.abort(LOGIN_TOO_LONG);
  }, options.loginSeconds * 1000);

  let nothingReceived = true;
  /** When the session began to handle what it handles now. */
  let turnBegan = 0;
  function onData(chunk: Buffer): void {
    if (nothingReceived && chunk[0] === TLS_HANDSHAKE && tls && client === socket) {
      socket.pause();
      socket.unshift(chunk);
      secureClient(true);
      return;
    }
    nothingReceived = false;
    received += chunk.length;
    onBytes('from_client', chunk.length);
    turnBegan = performance.now();
    session.fromClient(chunk);
  }
  const onDrain = (): void => void server?.resume();
  const onEnd = (): void => session.inputEnded();
  if (options.proxies) {
    takeProxyHeader(socket, options.proxies, {
      done(address, rest) {
        if (address !== undefined) session.clientAt(address);
        socket.on('data', onData);
        if (rest.length > 0) onData(rest);
      },
      refused(reason) {
        options.onProxyRefused?.(socket.remoteAddress ?? '', reason);
        socket.destroy();
      },
    });
  } else {
    socket.on('data', onData);
  }
  socket.on('drain', onDrain);
  socket.on('end', onEnd);
  socket.on('error', () => socket.destroy());
  // Also when TLS over it ends.
  socket.on('close', () => {
    clientGone = true;
    session.hangUp();
    closed();
  });

  function secureClient(direct: boolean): void {
    if (!tls) throw new Error('TLS is not configured');
    securing = true;
    socket.off('data', onData);
    socket.off('drain', onDrain);
    socket.off('end', onEnd);
    tls.accept(socket, direct, (secured) => {
      securing = false;
      if (ended) {
        secured.destroy();
        return;
      }
      client = secured;
      shown = tls.certificate;
      secured.on('data', onData);
      secured.on('drain', onDrain);
      secured.on('end', onEnd);
      secured.on('error', () => secured.destroy());
      session.clientSecured();
    });
  }

  function resumeClient(): void {
    const serverHasRoom = server ? !server.writableNeedDrain : !dialling;
    if (!held && !ended && serverHasRoom) client.resume();
  }

  function openServer(): Dialling {
    open++;
    return hosts.connect(unsent, {
      ready(at, connected, certificate, answer) {
        server = connected;
        place = at;
        unsent.length = 0;
        connected.on('data', (chunk) => {
          turnBegan = performance.now();
          session.fromServer(chunk);
        });
        connected.on('drain', resumeClient);
        connected.on('error', () => {
          if (!ended) observer.upstreamError('reset');
          connected.destroy();
        });
        connected.on('close', () => {
          if (!ended) hosts.lost();
          serverClosed(fatalError('08006', 'the database closed the connection'));
        });
        if (certificate) session.serverSecured(shown?.equals(certificate) ?? false);
        if (answer.length > 0) session.fromServer(answer);
        resumeClient();
      },
      failed(error) {
        if (!ended) observer.upstreamError('unreachable');
        serverClosed(error);
      },
    });
  }

  function serverClosed(error: ErrorFields): void {
    session.abort(error);
    session.serverGone();
    closed();
  }

  /** The client waits until it has done what it can. */
  async function cancel(packet: Buffer): Promise<void> {
    cancelling = true;
    open++;
    if (!(await hosts.cancel(packet))) observer.upstreamError('unreachable');
    finish(client);
    closed();
  }

  function closed(): void {
    if (--open > 0) return;
    clearTimeout(deadline);
    seat.leave();
    onClosed();
  }

  return {
    get login() {
      return ended || session.loggedIn ? undefined : { began, role: seat.role };
    },
    get received() {
      return received;
    },
    get idle() {
      return session.idle && client.writableLength === 0;
    },
    drain: () => session.drain(SHUTDOWN),
    abort(error = SHUTDOWN) {
      aborted = true;
      session.abort(error);
      if (server && ended) finish(server);
    },
  };
}

/** Writes in one system call. Returns false where the other side should not be read for now. */
function write(socket: Socket, ranges: readonly Buffer[]): boolean {
  if (socket.destroyed || socket.writableEnded) return true;
  if (ranges.length === 1) return socket.write(ranges[0]!);
  socket.cork();
  let room = true;
  for (const range of ranges) room = socket.write(range);
  socket.uncork();
  return room;
}

/** Sends what was written, and lets the server finish what it does, however long that takes. */
function untilClosed(socket: Socket): void {
  if (socket.destroyed) return;
  socket.resume();
  socket.end();
}

/** Sends what was written, and closes without reading: a server that sends a result for nobody is to stop. */
function drop(socket: Socket): void {
  if (socket.destroyed) return;
  socket.destroySoon();
  socket.setTimeout(LAST_BYTES_MS, () => socket.destroy());
}

/** Sends what was written, then closes; by force where the peer does not take it or does not close. */
function finish(socket: Socket): void {
  if (socket.destroyed) return;
  socket.resume();
  socket.end();
  socket.setTimeout(LAST_BYTES_MS, () => socket.destroy());
  const timer = setTimeout(() => socket.destroy(), LONGEST_END_MS);
  socket.on('close', () => clearTimeout(timer));
}

/** One client: its socket, its session, and the connection to the server that belongs to it. */
import type { Socket } from 'node:net';
import type { Upstream } from '../policy/config-types.js';
import type { SessionObserver } from '../session/observer.js';
import { createSession } from '../session/session.js';
import type { FinishToken, Session } from '../session/types.js';
import type { Planner } from '../sql/plan-types.js';
import { type ErrorFields, fatalError } from '../wire/backend-messages.js';
import { TLS_HANDSHAKE, type TlsAcceptor } from './client-tls.js';
import { type Dialling, dial } from './upstream.js';

export interface RelayOptions {
  readonly upstream: Upstream;
  /** Does the handshakes of clients that ask for TLS; undefined where there is none. */
  readonly tls?: TlsAcceptor | undefined;
  readonly loginSeconds: number;
  readonly planner: Planner;
  readonly observer: SessionObserver;
  readonly finishToken: FinishToken;
  /** Whether one more session may start; if so, it is counted until `onClosed`. */
  readonly admit: () => boolean;
  readonly onBytes: (direction: 'from_client' | 'to_client', bytes: number) => void;
}

export interface Relay {
  /** Ends as soon as it is idle. */
  drain(): void;
  /** Ends now. */
  abort(): void;
}

const SHUTDOWN: ErrorFields = fatalError('57P01', 'terminating connection due to administrator command');

/** A session that has more to do lets others go on after that. */
const LONGEST_TURN_MS = 5;

/** How long a peer may take nothing of the last bytes, or not close after them. */
const LAST_BYTES_MS = 5_000;
/** How long it may take in all. */
const LONGEST_END_MS = 60_000;

/** Relays until both connections are closed, then calls `onClosed` once, with whether the session was admitted. */
export function startRelay(socket: Socket, options: RelayOptions, onClosed: (admitted: boolean) => void): Relay {
  const { upstream, observer, onBytes, tls } = options;
  /** The connection that the client's bytes are read from: the socket, or TLS over it. */
  let client = socket;
  /** The handshake with the client is under way. */
  let securing = false;
  /** The certificate that the client has seen. */
  let shown: Buffer | undefined;
  let server: Socket | undefined;
  let dialling: Dialling | undefined;
  /** What the server is sent as soon as it is there. */
  const unsent: Buffer[] = [];
  let ended = false;
  /** A cancel request is on its way: the client's connection ends behind it. */
  let cancelling = false;
  let aborted = false;
  let clientGone = false;
  let held = false;
  let admitted = false;
  let open = 1;

  socket.setNoDelay(true);
  const session: Session = createSession({
    planner: options.planner,
    observer,
    finishToken: options.finishToken,
    remote: socket.remoteAddress ?? '',
    ...(tls ? { tls: tls.required ? 'required' : 'offered' } : {}),
    admit() {
      admitted = options.admit();
      return admitted;
    },
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
        sendCancel(packet);
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
      },
    },
  });

  const deadline = setTimeout(() => {
    if (!session.loggedIn) session.abort(fatalError('08P01', 'the login took too long'));
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
    onBytes('from_client', chunk.length);
    turnBegan = performance.now();
    session.fromClient(chunk);
  }
  const onDrain = (): void => void server?.resume();
  const onEnd = (): void => session.inputEnded();
  socket.on('data', onData);
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
    return dial(upstream, {
      ready(connected, certificate) {
        server = connected;
        connected.on('data', (chunk) => {
          turnBegan = performance.now();
          session.fromServer(chunk);
        });
        connected.on('drain', resumeClient);
        connected.on('error', () => {
          if (!ended) observer.upstreamError('reset');
          connected.destroy();
        });
        connected.on('close', () => serverClosed(fatalError('08006', 'the database closed the connection')));
        if (certificate) session.serverSecured(shown?.equals(certificate) ?? false);
        write(connected, unsent);
        unsent.length = 0;
        resumeClient();
      },
      failed() {
        if (!ended) observer.upstreamError('unreachable');
        serverClosed(fatalError('08006', 'the database cannot be reached', 'Try again later.'));
      },
    });
  }

  function serverClosed(error: ErrorFields): void {
    session.abort(error);
    session.serverGone();
    closed();
  }

  /** The server closes without an answer when it has done what it can; the client waits for that. */
  function sendCancel(packet: Buffer): void {
    cancelling = true;
    open++;
    const over = (): void => {
      finish(client);
      closed();
    };
    dial(upstream, {
      ready(connected) {
        connected.end(packet);
        connected.setTimeout(LAST_BYTES_MS, () => connected.destroy());
        connected.on('error', () => connected.destroy());
        connected.on('close', over);
        connected.resume();
      },
      failed() {
        observer.upstreamError('unreachable');
        over();
      },
    });
  }

  function closed(): void {
    if (--open > 0) return;
    clearTimeout(deadline);
    onClosed(admitted);
  }

  return {
    drain: () => session.drain(SHUTDOWN),
    abort() {
      aborted = true;
      session.abort(SHUTDOWN);
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

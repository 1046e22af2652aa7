/** One client: its socket, its session, and the connection to the server that belongs to it. */
import { connect, type Socket } from 'node:net';
import type { HostPort } from '../policy/config-types.js';
import type { SessionObserver } from '../session/observer.js';
import { createSession } from '../session/session.js';
import type { FinishToken, Session } from '../session/types.js';
import type { Planner } from '../sql/plan-types.js';
import { type ErrorFields, fatalError } from '../wire/backend-messages.js';

export interface RelayOptions {
  readonly upstream: HostPort;
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

/** How long a peer may take nothing of the last bytes, or not close after them. */
const LAST_BYTES_MS = 5_000;
/** How long it may take in all. */
const LONGEST_END_MS = 60_000;

/** Relays until both connections are closed, then calls `onClosed` once, with whether the session was admitted. */
export function startRelay(client: Socket, options: RelayOptions, onClosed: (admitted: boolean) => void): Relay {
  const { upstream, observer, onBytes } = options;
  let server: Socket | undefined;
  /** The server's connection was there at some time. */
  let connected = false;
  let ended = false;
  /** A cancel request is on its way: the client's connection ends behind it. */
  let cancelling = false;
  let aborted = false;
  let held = false;
  let admitted = false;
  let open = 1;

  client.setNoDelay(true);
  const session: Session = createSession({
    planner: options.planner,
    observer,
    finishToken: options.finishToken,
    remote: client.remoteAddress ?? '',
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
        server ??= openServer();
        if (!write(server, ranges)) client.pause();
      },
      holdClient(hold) {
        held = hold;
        if (hold) client.pause();
        else resumeClient();
      },
      cancel(packet) {
        sendCancel(packet);
      },
      end() {
        ended = true;
        clearTimeout(deadline);
        if (!cancelling) finish(client);
        if (server && session.unsettled && !aborted) untilClosed(server);
        else if (server) finish(server);
      },
    },
  });

  const deadline = setTimeout(() => {
    if (!session.loggedIn) session.abort(fatalError('08P01', 'the login took too long'));
  }, options.loginSeconds * 1000);

  client.on('data', (chunk) => {
    onBytes('from_client', chunk.length);
    session.fromClient(chunk);
  });
  client.on('drain', () => server?.resume());
  client.on('error', () => client.destroy());
  client.on('end', () => session.inputEnded());
  client.on('close', () => {
    session.hangUp();
    closed();
  });

  function resumeClient(): void {
    if (!held && !ended && !server?.writableNeedDrain) client.resume();
  }

  function openServer(): Socket {
    const socket = connect({ host: upstream.host, port: upstream.port });
    open++;
    socket.setNoDelay(true);
    socket.on('connect', () => {
      connected = true;
    });
    socket.on('data', (chunk) => session.fromServer(chunk));
    socket.on('drain', resumeClient);
    socket.on('error', () => {
      if (!ended) observer.upstreamError(connected ? 'reset' : 'unreachable');
      socket.destroy();
    });
    socket.on('close', () => {
      session.abort(
        connected
          ? fatalError('08006', 'the database closed the connection')
          : fatalError('08006', 'the database cannot be reached', 'Try again later.'),
      );
      session.serverGone();
      closed();
    });
    return socket;
  }

  /** The server closes without an answer when it has done what it can; the client waits for that. */
  function sendCancel(packet: Buffer): void {
    const socket = connect({ host: upstream.host, port: upstream.port });
    cancelling = true;
    open++;
    socket.end(packet);
    socket.setTimeout(LAST_BYTES_MS, () => socket.destroy());
    socket.on('error', () => {
      observer.upstreamError('unreachable');
      socket.destroy();
    });
    socket.on('close', () => {
      finish(client);
      closed();
    });
    socket.resume();
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

/** Sends what was written, then closes; by force where the peer does not take it or does not close. */
function finish(socket: Socket): void {
  if (socket.destroyed) return;
  socket.resume();
  socket.end();
  socket.setTimeout(LAST_BYTES_MS, () => socket.destroy());
  const timer = setTimeout(() => socket.destroy(), LONGEST_END_MS);
  socket.on('close', () => clearTimeout(timer));
}

/**
 * The servers of `upstream`, and which of them a session goes to. Mirrors PQconnectPoll in fe-connect.c: hosts are tried
 * in order or at random, the next one where a host cannot be reached or takes no connections now (57P03), and none behind
 * a login that fails. libpq logs in and then looks whether the server is of the wanted kind. Here the login is the client's
 * and cannot be done twice, so the kinds are found out beforehand, and what the server says in the login is the proof.
 */
import type { Socket } from 'node:net';
import type { Server, Target, Upstream } from '../policy/config-types.js';
import { type ErrorFields, fatalError } from '../wire/backend-messages.js';
import { sendCancel } from './cancel.js';
import { readFirstAnswer } from './first-answer.js';
import { type Dialling, dial, serversOf } from './upstream.js';

/** What a server is. */
export interface Kind {
  /** pg_is_in_recovery() */
  readonly standby: boolean;
  /** default_transaction_read_only */
  readonly readOnly: boolean;
}

/** `unknown`: it answers, and does not say. */
export type Seen = Kind | 'unknown' | 'down';

export interface HostsOptions {
  /** Read again for each connection; which servers there are does not change. */
  readonly upstream: Upstream;
  readonly keepaliveSeconds?: number | undefined;
  /** Looks what a server is; never rejects. Without it nothing is known beforehand. */
  readonly look?: (server: Server) => Promise<Seen>;
}

export interface ConnectEvents {
  /**
   * The server has been sent the hello; nobody listens to the socket yet.
   * @param certificate of the server, DER; undefined without TLS
   * @param answer what it has sent already
   */
  readonly ready: (server: Server, socket: Socket, certificate: Buffer | undefined, answer: Buffer) => void;
  readonly failed: (error: ErrorFields) => void;
}

export interface Hosts {
  /** Connects a session to a server; calls one of the events once, and never before it returns. */
  connect(hello: readonly Buffer[], events: ConnectEvents): Dialling;
  /**
   * Hears from a login what the server is.
   * @param seen `readOnly` may be the role's own setting
   * @returns the error for the client where that is not the wanted kind
   */
  verify(server: Server, seen: Kind): ErrorFields | undefined;
  /** A connection broke: something may have changed. */
  lost(): void;
  /** Sends the packet to whoever may have the session; resolves with whether one of them could be reached. */
  cancel(packet: Buffer): Promise<boolean>;
  /** Those that a session may go to, as far as is known. */
  fitting(): readonly Server[];
  /** All of them, a primary first: what is changed there is seen there first. */
  primaryFirst(): Upstream;
  close(): void;
}

const LOOK_MS = 2_000;
/** Between two looks at broken connections: each that fails to log in is one. */
const LOST_MS = 500;
const NOTHING: Buffer = Buffer.alloc(0);
const UNREACHABLE = fatalError('08006', 'the database cannot be reached', 'Try again later.');

/** Looks at the servers from now on, where it matters what they are. */
export function createHosts(options: HostsOptions): Hosts {
  const { look } = options;
  const known = new Map<string, Seen>();
  const underWay = new Map<string, Promise<void>>();
  const servers = (): readonly Server[] => serversOf(options.upstream);
  const target = (): Target => options.upstream.target ?? 'any';
  const seenOf = (server: Server): Seen => known.get(placeOf(server)) ?? 'unknown';

  function lookAt(server: Server): Promise<void> {
    const place = placeOf(server);
    let looking = underWay.get(place);
    if (!looking) {
      looking = (look?.(server) ?? Promise.resolve('unknown' as const)).then((seen) => {
        known.set(place, seen);
        underWay.delete(place);
      });
      underWay.set(place, looking);
    }
    return looking;
  }

  const lookAtAll = (): readonly Promise<void>[] => servers().map(lookAt);

  /** Whether a session would be sent somewhere without knowing that it is right. */
  function isUncertain(): boolean {
    return !servers().some((server) => rankOf(seenOf(server), target()) === 0);
  }

  /** Resolves when a server was found that is right, or all were looked at. */
  function whenCertain(): Promise<unknown> {
    const looks = lookAtAll();
    const found = looks.map((each) => each.then(() => (isUncertain() ? new Promise(() => undefined) : undefined)));
    return Promise.race([Promise.all(looks), ...found]);
  }

  /** Those that a session may go to, in the order in which they are tried. */
  function candidates(): readonly Server[] {
    const { balance } = options.upstream;
    const ranked = (balance ? shuffled(servers()) : servers()).map((server) => ({
      server,
      rank: rankOf(seenOf(server), target()),
    }));
    return ranked
      .filter(({ rank }) => rank < NEVER)
      .sort((a, b) => a.rank - b.rank)
      .map(({ server }) => server);
  }

  let lostAt = Number.NEGATIVE_INFINITY;
  const watches = look !== undefined && (servers().length > 1 || target() !== 'any');
  const timer = watches ? setInterval(lookAtAll, LOOK_MS).unref() : undefined;
  if (watches) lookAtAll();

  return {
    connect(hello, events) {
      let current: Dialling | undefined;
      let over = false;
      const fail = (error: ErrorFields): void => {
        over = true;
        events.failed(error);
      };

      function next([server, ...others]: readonly Server[]): void {
        if (!server) {
          const isUp = servers().some((each) => typeof seenOf(each) === 'object');
          fail(isUp && target() !== 'any' ? noneFits(target()) : UNREACHABLE);
          return;
        }
        const patience = others.length > 0 ? 'first answer' : 'connection';
        current = greet(server, hello, patience, options, {
          ready: (socket, certificate, answer) => {
            over = true;
            events.ready(server, socket, certificate, answer);
          },
          failed: () => {
            if (over) return;
            if (watches) void lookAt(server);
            next(others);
          },
        });
      }

      if (watches && isUncertain()) void whenCertain().then(() => over || next(candidates()));
      else process.nextTick(() => over || next(candidates()));
      return {
        destroy() {
          if (over) return;
          over = true;
          current?.destroy();
          process.nextTick(events.failed, UNREACHABLE);
        },
      };
    },
    verify(server, seen) {
      const before = seenOf(server);
      const kind = { standby: seen.standby, readOnly: typeof before === 'object' ? before.readOnly : seen.readOnly };
      if (watches && typeof before === 'object' && before.standby !== kind.standby) {
        known.set(placeOf(server), kind);
        void lookAt(server);
      }
      return rankOf(kind, target()) < NEVER ? undefined : wrongKind(kind, target());
    },
    lost() {
      const now = performance.now();
      if (!watches || now - lostAt < LOST_MS) return;
      lostAt = now;
      lookAtAll();
    },
    cancel(packet) {
      const places = servers().map((server) => ({ server, down: seenOf(server) === 'down' }));
      return sendCancel(places, packet, { connectSeconds: options.upstream.connectSeconds });
    },
    fitting: candidates,
    primaryFirst() {
      const { upstream } = options;
      const rank = (server: Server): number => {
        const seen = seenOf(server);
        if (typeof seen === 'object' && !seen.standby) return 0;
        return seen === 'down' ? 2 : 1;
      };
      const [first, ...more] = [...servers()].sort((a, b) => rank(a) - rank(b));
      return { ...upstream, ...first!, more };
    },
    close: () => clearInterval(timer),
  };
}

/** Of a server that no session may go to. */
const NEVER = 4;

/** How willingly a session is sent to a server: 0 is right, and below `NEVER` it is tried behind the others. */
function rankOf(seen: Seen, target: Target): number {
  if (seen === 'down') return 3;
  if (seen === 'unknown') return target === 'any' ? 0 : 1;
  switch (target) {
    case 'any':
      return 0;
    case 'read-write':
      return seen.standby || seen.readOnly ? NEVER : 0;
    case 'read-only':
      return seen.standby || seen.readOnly ? 0 : NEVER;
    case 'primary':
      return seen.standby ? NEVER : 0;
    case 'standby':
      return seen.standby ? 0 : NEVER;
    case 'prefer-standby':
      return seen.standby ? 0 : 2;
    default:
      return target satisfies never;
  }
}

/** Connects and sends the hello; waits for the first answer where another server could be asked instead. */
function greet(
  server: Server,
  hello: readonly Buffer[],
  waitFor: 'connection' | 'first answer',
  options: HostsOptions,
  events: {
    readonly ready: (socket: Socket, certificate: Buffer | undefined, answer: Buffer) => void;
    readonly failed: () => void;
  },
): Dialling {
  const { connectSeconds } = options.upstream;
  let current: { destroy(): void };
  current = dial(
    server,
    {
      ready(socket, certificate) {
        current = socket;
        socket.write(Buffer.concat(hello));
        if (waitFor === 'connection') events.ready(socket, certificate, NOTHING);
        else
          awaitAnswer(socket, connectSeconds, (answer) => {
            if (answer) events.ready(socket, certificate, answer);
            else events.failed();
          });
      },
      failed: events.failed,
    },
    { connectSeconds, keepaliveSeconds: options.keepaliveSeconds },
  );
  return { destroy: () => current.destroy() };
}

/** Calls `done` once with what the server has sent, or without where it takes no connections now or is silent. */
function awaitAnswer(socket: Socket, seconds: number | undefined, done: (answer: Buffer | undefined) => void): void {
  let received = NOTHING;
  const timer = seconds === undefined ? undefined : setTimeout(() => settle(undefined), seconds * 1000);
  function onData(chunk: Buffer): void {
    received = Buffer.concat([received, chunk]);
    const answer = readFirstAnswer(received);
    if (answer.kind === 'not now') settle(undefined);
    else if (answer.kind !== 'incomplete') settle(received);
  }
  const onEnd = (): void => settle(undefined);
  function settle(answer: Buffer | undefined): void {
    clearTimeout(timer);
    socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
    if (answer) {
      socket.pause();
      done(answer);
      socket.resume();
      return;
    }
    socket.on('error', () => undefined).destroy();
    done(undefined);
  }
  socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
}

function placeOf({ host, port }: Server): string {
  return `${host}:${port}`;
}

/** Fisher-Yates, as libpq's load_balance_hosts=random. */
function shuffled<T>(items: readonly T[]): readonly T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

function noneFits(target: Target): ErrorFields {
  return fatalError('57P03', `no database server is what target_session_attrs wants: ${target}`, 'Try again later.');
}

function wrongKind({ standby, readOnly }: Kind, target: Target): ErrorFields {
  const is = standby ? 'in hot standby mode' : readOnly ? 'read-only' : 'not in hot standby mode, and not read-only';
  const message = `the database server is ${is}, and target_session_attrs wants: ${target}`;
  // It has just become so; the next connection goes elsewhere.
  return fatalError('57P03', message, 'Connect again.');
}

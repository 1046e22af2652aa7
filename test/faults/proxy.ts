/**
 * A TCP proxy that does one thing wrong: at a message of its choice, in one direction, it closes, resets, stalls,
 * corrupts or splits. It stands between the client and the gateway, or between the gateway and the server.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { HostPort } from '../../src/policy/config-types.js';
import { MessageReader } from '../../src/wire/framing.js';

export const FAULTS = ['close', 'reset', 'stall', 'pause', 'corrupt type', 'corrupt length', 'corrupt body'] as const;
export type Direction = 'to server' | 'to client';

export interface Fault {
  readonly kind: (typeof FAULTS)[number];
  readonly direction: Direction;
  /** Before or at the message of that number, from 0; the startup packet is the first of a client. */
  readonly at: number;
}

export interface FaultProxy {
  readonly address: HostPort;
  /** For the next connections; undefined for none. */
  arm(fault: Fault | undefined): void;
  /** Messages that have passed in each direction on the connection that was made last. */
  readonly counted: Readonly<Record<Direction, number>>;
  /** Ends connections that are stalled, as the system does when a peer does not answer for long. */
  giveUp(): void;
  /** Sockets that are open. */
  open(): number;
  close(): Promise<void>;
}

const PAUSE_MS = 60;

export async function startFaultProxy(
  target: HostPort,
  options: { readonly byteByByte?: boolean } = {},
): Promise<FaultProxy> {
  let armed: Fault | undefined;
  let counted = { 'to server': 0, 'to client': 0 };
  const sockets = new Set<Socket>();
  const stalled = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const fault = armed;
    const count = { 'to server': 0, 'to client': 0 };
    counted = count;
    const far = connect({ host: target.host, port: target.port, allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
    const damage: Record<Exclude<Fault['kind'], `corrupt ${string}`>, (socket: Socket) => void> = {
      close: (socket) => socket.destroySoon(),
      reset: (socket) => socket.resetAndDestroy(),
      stall: (socket) => void stalled.add(socket.pause()),
      pause: () => undefined,
    };
    pipe(near, far, 'to server');
    pipe(far, near, 'to client');

    function pipe(from: Socket, to: Socket, direction: Direction): void {
      const messages = messageStream(direction);
      let last = Promise.resolve();
      let over = false;
      from.on('data', (chunk: Buffer) => {
        from.pause();
        last = last.then(async () => {
          for (const message of messages(chunk)) {
            if (over) return;
            const number = count[direction]++;
            if (fault && fault.direction === direction && fault.at === number) {
              if (fault.kind.startsWith('corrupt')) corrupt(message, fault.kind, number);
              else if (fault.kind === 'pause') await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
              else {
                over = true;
                for (const socket of [near, far]) damage[fault.kind as keyof typeof damage](socket);
                return;
              }
            }
            if (options.byteByByte) for (const byte of message) await written(to, Buffer.from([byte]));
            else await written(to, message);
          }
          from.resume();
        });
      });
      from.on('end', () => void last.then(() => to.end()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return {
    address: { host: '127.0.0.1', port: typeof bound === 'object' && bound ? bound.port : 0 },
    arm(fault) {
      armed = fault;
    },
    get counted() {
      return counted;
    },
    giveUp() {
      for (const socket of stalled) socket.resetAndDestroy();
      stalled.clear();
    },
    open: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Cuts a stream into messages; what is no message passes in the chunks that it comes in. */
function messageStream(direction: Direction): (chunk: Buffer) => Buffer[] {
  let startup = direction === 'to server';
  let pending: Buffer = Buffer.alloc(0);
  const reader = new MessageReader((_type, total) => total);
  return (chunk) => {
    const found: Buffer[] = [];
    let rest = chunk;
    if (startup) {
      pending = Buffer.concat([pending, chunk]);
      if (pending.length < 4 || pending.length < pending.readInt32BE(0)) return found;
      const length = pending.readInt32BE(0);
      found.push(Buffer.from(pending.subarray(0, length)));
      rest = pending.subarray(length);
      startup = false;
    }
    if (rest.length > 0) reader.push(rest);
    while (reader.next() === 'message') found.push(Buffer.from(reader.buffer.subarray(reader.start, reader.end)));
    return found;
  };
}

/** One bit, of which `number` decides. */
function corrupt(message: Buffer, kind: Fault['kind'], number: number): void {
  const at =
    kind === 'corrupt type' ? 0 : kind === 'corrupt length' ? 1 + (number % 4) : 5 + (number % (message.length - 5));
  if (at < message.length) message[at]! ^= 1 << (number % 8);
}

function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.writableEnded) resolve();
    else socket.write(bytes, () => resolve());
  });
}

/** A real server, a listener in front of it, and connections whose bytes can be compared. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { type Listener, type ListenerOptions, startListener } from '../../src/net/listener.js';
import { MessageReader } from '../../src/wire/framing.js';
import { encodeQuery, SYNC } from '../../src/wire/frontend-messages.js';
import { describeBackend } from '../session/script.js';
import { passPlanner } from './pass-planner.js';

export interface Gateway {
  readonly postgres: EmbeddedPostgres;
  readonly listener: Listener;
  readonly events: string[];
  readonly direct: pg.ClientConfig;
  readonly through: pg.ClientConfig;
  stop(): Promise<void>;
}

export async function startGateway(options: Partial<ListenerOptions> = {}): Promise<Gateway> {
  const postgres = await startEmbeddedPostgres();
  const events: string[] = [];
  const listener = await startListener(listenerOptions(postgres.port, events, options));
  const { host, user, password } = postgres;
  return {
    postgres,
    listener,
    events,
    direct: { host, port: postgres.port, user, password, database: 'postgres' },
    through: { host, port: listener.address.port, user, password, database: 'postgres' },
    async stop() {
      await listener.close(0);
      await postgres.stop();
    },
  };
}

export function listenerOptions(
  upstreamPort: number,
  events: string[],
  options: Partial<ListenerOptions> = {},
): ListenerOptions {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    upstream: { host: '127.0.0.1', port: upstreamPort },
    limits: { maxSessions: 100, loginSeconds: 30 },
    planner: passPlanner(),
    observer: {
      planned: () => undefined,
      masked: () => undefined,
      refused: (refusal) => events.push(`refused ${refusal.code} ${refusal.message}`),
      upstreamError: (kind) => events.push(`upstream ${kind}`),
    },
    finishToken: (_column, payload) => payload,
    ...options,
  };
}

/** A logged-in connection of which the test writes and reads the bytes. */
export interface RawConnection {
  readonly socket: Socket;
  /** Sends, and returns everything received up to the answer of a last query, without it. */
  exchange(...messages: Buffer[]): Promise<Buffer>;
  close(): void;
}

const END = 'the end of the script';
const LONGEST_MS = 15_000;

export async function connectRaw(config: pg.ClientConfig): Promise<RawConnection> {
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  await client.connect();
  // The driver has done the login; from here on the socket is the test's.
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
  socket.removeAllListeners('data');
  return {
    socket,
    exchange(...messages) {
      return new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        const reader = new MessageReader((_type, total) => total);
        let length = 0;
        let endAt = -1;
        let previous = 0;
        const onData = (chunk: Buffer): void => {
          chunks.push(chunk);
          reader.push(chunk);
          while (reader.next() === 'message') {
            const row = reader.type === 0x44 && reader.end - reader.start < 100;
            if (row && reader.buffer.toString('latin1', reader.start, reader.end).includes(END)) endAt = previous;
            previous = length;
            length += reader.end - reader.start;
            if (endAt >= 0 && reader.type === 0x5a) {
              socket.off('data', onData);
              socket.off('close', onClose);
              socket.off('error', reject);
              clearTimeout(timer);
              resolve(Buffer.concat(chunks).subarray(0, endAt));
            }
          }
        };
        const onClose = (): void => {
          clearTimeout(timer);
          resolve(Buffer.concat(chunks));
        };
        socket.on('data', onData);
        socket.on('close', onClose);
        const late = () => reject(new Error(`no end after ${describeBackend(Buffer.concat(chunks)).slice(-300)}`));
        const timer = setTimeout(late, LONGEST_MS);
        socket.on('error', reject);
        socket.write(Buffer.concat([...messages, SYNC, encodeQuery('ROLLBACK'), encodeQuery(`SELECT '${END}'`)]));
      });
    },
    close() {
      socket.destroy();
    },
  };
}

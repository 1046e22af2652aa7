/**
 * A client that plays scripts of frontend messages and records every backend message, so that two servers, or a server
 * and the gateway before it, can be compared byte for byte.
 */
import { connect, type Socket } from 'node:net';
import { encode, int32, message, type Step, zero } from './messages.js';
import { MECHANISM, scramFinal, scramFirst } from './scram.js';

/** Where to connect, and as whom. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface BackendMessage {
  readonly type: string;
  readonly body: Buffer;
}

export interface RawClient {
  /** Everything that came so far, the login too. */
  readonly received: readonly BackendMessage[];
  /**
   * Plays the steps and gives what came meanwhile. `until` ends early, without an error, where the server hangs up, and
   * rejects where no message comes for so many milliseconds.
   */
  play(steps: readonly Step[], wait?: number): Promise<readonly BackendMessage[]>;
  /** Ends the connection in order, with Terminate. */
  end(): Promise<void>;
  /** Drops the connection. */
  drop(): void;
}

const PROTOCOL_3_0 = 196608;
const WAIT_MS = 20_000;
/** What comes in place of a message where the server has hung up: no type of the protocol. */
export const CLOSED = 'closed';

export interface RawOptions {
  /** Of the protocol, as the startup packet has it; 3.0 where none is given. */
  readonly version?: number;
  /** The login is given up where no message comes for so many milliseconds. */
  readonly wait?: number;
  /** Runs the SQL of a step that another session is to run. */
  readonly elsewhere?: (sql: string) => Promise<unknown>;
  /** Where everything that comes is put, also where the login fails. */
  readonly received?: BackendMessage[];
}

/** Connects and logs in; rejects with the server's message where it refuses. */
export async function connectRaw(
  target: Target,
  parameters: Readonly<Record<string, string>> = {},
  options: RawOptions = {},
): Promise<RawClient> {
  const client = await open(target, options);
  const fields = { user: target.user, database: target.database, client_encoding: 'UTF8', ...parameters };
  const startup = Buffer.concat([
    int32(options.version ?? PROTOCOL_3_0),
    ...Object.entries(fields).flatMap(([name, value]) => [zero(name), zero(value)]),
    Buffer.alloc(1),
  ]);
  client.write(Buffer.concat([int32(startup.length + 4), startup]));
  try {
    await logIn(client, target.password);
  } catch (error) {
    client.drop();
    throw error;
  }
  return client;
}

interface OpenClient extends RawClient {
  write(bytes: Buffer): void;
  next(): Promise<BackendMessage>;
}

async function open(target: Target, options: RawOptions): Promise<OpenClient> {
  const socket = connect({ host: target.host, port: target.port, noDelay: true });
  const inbox = messagesOf(socket, options.received ?? []);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const write = (bytes: Buffer) => {
    if (!socket.destroyed) socket.write(bytes);
  };
  return {
    received: inbox.received,
    write,
    next: () => inbox.next(options.wait),
    drop: () => socket.destroy(),
    end: () =>
      new Promise((resolve) => {
        if (socket.closed) return resolve();
        socket.once('close', () => resolve());
        write(encode(message('X')));
        socket.end();
      }),
    async play(steps, wait = WAIT_MS) {
      const from = inbox.taken();
      for (const step of steps) {
        switch (step.kind) {
          case 'send':
            write(encode(step));
            break;
          case 'together':
            write(Buffer.concat(step.messages.map(encode)));
            break;
          case 'bytes':
            write(step.bytes);
            break;
          case 'elsewhere':
            await options.elsewhere?.(step.sql);
            break;
          case 'half close':
            socket.end();
            break;
          case 'until': {
            let left = step.count;
            while (left > 0) {
              const { type } = await inbox.next(wait);
              if (type === CLOSED) left = 0;
              if (type === step.type) left--;
            }
            break;
          }
          default:
            step satisfies never;
        }
      }
      return inbox.received.slice(from, inbox.taken());
    },
  };
}

/** The messages of a socket in order; after the last one, one of type CLOSED for ever. */
function messagesOf(socket: Socket, received: BackendMessage[]) {
  let taken = 0;
  let pending: Buffer = Buffer.alloc(0);
  let closed = false;
  let wake: () => void = () => undefined;
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    while (pending.length - at >= 5) {
      const end = at + 1 + pending.readInt32BE(at + 1);
      if (end > pending.length) break;
      received.push({ type: String.fromCharCode(pending[at] ?? 0), body: pending.subarray(at + 5, end) });
      at = end;
    }
    pending = pending.subarray(at);
    wake();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
    received.push({ type: CLOSED, body: Buffer.alloc(0) });
    wake();
  });
  const next = async (wait = WAIT_MS): Promise<BackendMessage> => {
    const deadline = Date.now() + wait;
    for (;;) {
      const found = received[taken];
      if (found) {
        taken++;
        return found;
      }
      if (closed) return { type: CLOSED, body: Buffer.alloc(0) };
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`No message within ${wait} ms; the last ones: ${transcript(received.slice(-5))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return { received, next, taken: () => taken };
}

async function logIn(client: OpenClient, password: string): Promise<void> {
  const first = scramFirst();
  for (;;) {
    const { type, body } = await client.next();
    if (type === 'Z') return;
    if (type === CLOSED) throw new Error('The connection was closed during the login');
    if (type === 'E') throw new Error(`Login refused: ${errorFields({ type, body }).M}`);
    if (type !== 'R') continue;
    const request = body.readInt32BE(0);
    if (request === 0 || request === 12) continue;
    if (request === 10) {
      const text = Buffer.from(first.message);
      client.write(encode(message('p', zero(MECHANISM), int32(text.length), text)));
    } else if (request === 11) {
      const final = scramFinal(password, first, body.toString('utf8', 4));
      client.write(encode(message('p', Buffer.from(final))));
    } else {
      throw new Error(`Authentication request ${request} is not supported here`);
    }
  }
}

/** The fields of an ErrorResponse or NoticeResponse by their type byte. */
export function errorFields(response: BackendMessage): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const part of response.body.toString('utf8').split('\0')) if (part) fields[part[0] ?? ''] = part.slice(1);
  return fields;
}

/** SQLSTATEs of the errors among the messages. */
export function sqlStates(messages: readonly BackendMessage[]): string[] {
  return messages.filter((m) => m.type === 'E').map((m) => errorFields(m).C ?? '');
}

/** One line for each message: type and body, control characters as escapes. For comparison and for people. */
export function transcript(messages: readonly BackendMessage[]): string {
  return messages.map(line).join('\n');
}

function line({ type, body }: BackendMessage): string {
  switch (type) {
    // The process and its secret are the server's choice for each session.
    case 'K':
      return 'K';
    case 'T':
      return `T ${printable(withoutNewTables(body))}`;
    // What SCRAM says holds nonces.
    case 'R':
      return `R ${body.readInt32BE(0)}`;
    // The notifying session's process.
    case 'A':
      return `A ${printable(body.subarray(4))}`;
    default:
      return `${type} ${printable(body)}`;
  }
}

/** Relations that scripts make, whose OIDs depend on what ran before, are later than all of the fixtures. */
export const FIRST_NEW_OID = 24_000;

/** A RowDescription with the OIDs of such relations blanked. */
function withoutNewTables(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  let at = 2;
  for (let columns = body.readInt16BE(0); columns > 0; columns--) {
    at = body.indexOf(0, at) + 1;
    if (body.readUInt32BE(at) >= FIRST_NEW_OID) copy.writeUInt32BE(0xffffffff, at);
    at += 18;
  }
  return copy;
}

function printable(body: Buffer): string {
  return body.toString('latin1').replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/**
 * Runs a session by a script of messages, and tells what it sent, message by message, in a short notation:
 * client `Q(text)` `P(name|text)` `B(portal|statement)` `D(S name)` `E(portal)` `C(S name)` `S` `H` `X` `F` `d(data)` `c` `f`;
 * server `1` `2` `3` `T(table.attnum.typmod …)` `t` `n` `R(cell,…)` `C(tag)` `I` `s` `E(code message …)` `N(message)`
 * `Z(I)` `G` `H` `d(data)` `c` `A` `S(name=value)`.
 */
import { createSession } from '../../src/session/session.js';
import type { Session, SessionOptions } from '../../src/session/types.js';
import type {
  ColumnLabel,
  NameEnvironment,
  Plan,
  Planner,
  Refusal,
  RefusePlan,
  SessionEffect,
  SessionEnvironment,
  StatementPlan,
  TaggedColumn,
} from '../../src/sql/plan-types.js';
import { decodeDataRow, decodeErrorFields, encodeDataRow, encodeErrorFields } from '../../src/wire/backend-messages.js';
import { cstring, int16, int32, message } from '../../src/wire/bytes.js';
import { MessageReader } from '../../src/wire/framing.js';
import * as frontend from '../../src/wire/frontend-messages.js';

export const TAG = 'PGVEILfeedbeef';

/** Messages of a client. */
export const client = {
  query: frontend.encodeQuery,
  parse: (name: string, text: string) => frontend.encodeParse(name, text, []),
  bind: frontend.encodeBind,
  describe: (of: 'S' | 'P', name: string) => message('D', [Buffer.from(of), cstring(name)]),
  execute: (portal: string) => frontend.encodeExecute(portal, 0),
  close: frontend.encodeClose,
  sync: frontend.SYNC,
  flush: frontend.FLUSH,
  terminate: frontend.TERMINATE,
  copyData: (data: string) => message('d', [Buffer.from(data)]),
  copyDone: message('c', []),
  copyFail: message('f', [cstring('stop')]),
  functionCall: message('F', [int32(1), int16(0), int16(0), int16(0)]),
  password: message('p', [cstring('secret')]),
};

/** Messages of a server. */
export const server = {
  authOk: message('R', [int32(0)]),
  ready: (status: 'I' | 'T' | 'E' = 'I') => message('Z', [Buffer.from(status)]),
  parsed: message('1', []),
  bound: message('2', []),
  closed: message('3', []),
  noData: message('n', []),
  parameters: message('t', [int16(0)]),
  suspended: message('s', []),
  empty: message('I', []),
  done: (tag: string) => message('C', [cstring(tag)]),
  columns: (count: number) =>
    message('T', [
      int16(count),
      ...Array.from({ length: count }, (_, i) =>
        Buffer.concat([cstring(`c${i}`), int32(0), int16(0), int32(25), Buffer.from([255, 255]), int32(-1), int16(0)]),
      ),
    ]),
  row: (...cells: (string | null)[]) => encodeDataRow(cells.map((cell) => (cell === null ? null : Buffer.from(cell)))),
  error: (code: string, text: string, more: Readonly<Record<string, string>> = {}) =>
    encodeErrorFields('E', [['S', 'ERROR'], ['V', 'ERROR'], ['C', code], ['M', text], ...Object.entries(more)]),
  fatal: (code: string, text: string) =>
    encodeErrorFields('E', [
      ['S', 'FATAL'],
      ['V', 'FATAL'],
      ['C', code],
      ['M', text],
    ]),
  notice: (text: string, more: Readonly<Record<string, string>> = {}) =>
    encodeErrorFields('N', [['S', 'NOTICE'], ['C', '00000'], ['M', text], ...Object.entries(more)]),
  setting: (name: string, value: string) => message('S', [cstring(name), cstring(value)]),
  notification: message('A', [int32(1), cstring('channel'), cstring('payload')]),
  copyIn: message('G', [Buffer.from([0]), int16(0)]),
  copyOut: message('H', [Buffer.from([0]), int16(0)]),
  copyData: (data: string) => message('d', [Buffer.from(data)]),
  copyDone: message('c', []),
};

/** The replies to the session's own question about names, up to its ReadyForQuery where it ends with one. */
export function namesAnswer(
  schemas: readonly string[],
  ready: 'I' | 'T' | null = 'I',
  temp: readonly string[] | null = null,
): Buffer {
  return Buffer.concat([
    server.closed,
    server.parsed,
    server.bound,
    server.row(
      Buffer.from(JSON.stringify({ role: 'bob', schemas, creation: schemas[0] ?? null, temp })).toString('base64'),
    ),
    server.done('SELECT 1'),
    server.closed,
    server.closed,
    ...(ready ? [server.ready(ready)] : []),
  ]);
}

/** The session's own question about names in the notation. */
export const QUESTION =
  'C(S pgveil_environment) P(pgveil_environment|…) B(pgveil_environment|pgveil_environment) E(pgveil_environment) C(P pgveil_environment) C(S pgveil_environment)';

export function statement(fields: Partial<StatementPlan> = {}): StatementPlan {
  return { kind: 'select', output: [], effects: [], withhold: 'nothing', masked: [], ...fields };
}

export function effect(...effects: SessionEffect[]): StatementPlan {
  return statement({ kind: 'utility', effects });
}

export function pass(...statements: StatementPlan[]): Plan {
  return { verdict: 'pass', statements, generation: 1 };
}

export function rewrite(text: string, statements: readonly StatementPlan[] = [statement()], shift = 0): Plan {
  const positions = { runs: [{ at: shift, origin: 0, copied: true }], length: shift + text.length };
  return { verdict: 'rewrite', text, statements, generation: 1, positions };
}

export const REFUSAL: Refusal = {
  code: '42501',
  message: 'no filter on orders.buyer',
  detail: 'policy p',
  hint: 'search by id',
  position: 12,
  reason: 'filter',
};

export const MARKER = 'refused 0123456789abcdef';

export function refuse(...before: StatementPlan[]): RefusePlan {
  return {
    verdict: 'refuse',
    text: `fail "${MARKER}"`,
    marker: MARKER,
    statements: [...before, statement()],
    generation: 1,
    positions: { runs: [], length: 0 },
    refusal: REFUSAL,
    fingerprint: '',
  };
}

/** The error with which a server fails a refused statement. */
export const refusedByServer = server.error('42P01', `relation "${MARKER}" does not exist`, {
  P: '6',
  F: 'x.c',
  L: '1',
  R: 'r',
});

export function tagged(index: number, fields: Partial<TaggedColumn> = {}): StatementPlan['output'][number] {
  const column: TaggedColumn = {
    id: 7,
    kind: 'token',
    policy: 'p',
    table: 'public.orders',
    column: 'buyer',
    category: 'personal_name',
    ...fields,
  };
  return { index, tagged: column };
}

type Planned = Plan | 'environment' | Promise<Plan | 'environment'>;

export interface Script {
  readonly session: Session;
  /** Sends bytes of the client, and returns all that the session sent since the last call to it or to `server`. */
  client(...messages: Buffer[]): { readonly toServer: string; readonly toClient: string };
  server(...messages: Buffer[]): { readonly toServer: string; readonly toClient: string };
  /** The bytes for the server since the last call to this, `client` or `server`. */
  sent(): Buffer;
  /** Lets promises settle. */
  settle(): Promise<{ readonly toServer: string; readonly toClient: string }>;
  /** Takes the bytes for the client, as latin1, and for the server. */
  bytes(): string;
  serverBytes(): Buffer;
  /** The bytes for the server that the last call to `client`, `server` or `settle` has described. */
  readonly lastToServer: Buffer;
  readonly events: string[];
  /** Environments that the planner was called with. */
  readonly planned: SessionEnvironment[];
  generation: number;
  /** What the session is told when it asks whether it has worked for too long. */
  overTime: boolean;
  readonly held: boolean;
  /** Ranges of buffers that were handed over for the client. */
  readonly ranges: number;
  readonly ended: boolean;
  readonly cancels: Buffer[];
  /** Names that other sessions must not use. */
  readonly watched: readonly string[];
}

/** A session behind its login; texts that `plans` does not know pass. */
export function startScript(
  plans: (
    text: string,
    names: NameEnvironment | undefined,
    environment: SessionEnvironment,
  ) => Planned | undefined = () => undefined,
  options: {
    readonly loggedIn?: boolean;
    readonly admission?: SessionOptions['admit'];
    readonly permits?: SessionOptions['permits'];
    readonly tls?: boolean;
    readonly chunk?: (bytes: Buffer) => Buffer[];
  } = {},
): Script {
  const toServer: Buffer[] = [];
  const toClient: Buffer[] = [];
  const state = { held: false, ended: false, generation: 1, ranges: 0, overTime: false };
  const events: string[] = [];
  const planned: SessionEnvironment[] = [];
  const cancels: Buffer[] = [];
  const watched = new Set<ReadonlySet<string>>();
  const planner: Planner = {
    tagPrefix: TAG,
    plan(text, environment) {
      planned.push({ ...environment, uncommittedNames: new Set(environment.uncommittedNames) });
      return plans(text, environment.names, environment) ?? pass();
    },
    generation: () => state.generation,
    schemaChanged: (database) => events.push(`schemaChanged ${database}`),
    watchUncommitted(_database, names) {
      watched.add(names);
    },
    forgetUncommitted(_database, names) {
      watched.delete(names);
    },
  };
  const session = createSession({
    planner,
    observer: {
      planned: (plan) => events.push(`planned ${plan.verdict}`),
      masked: (column: ColumnLabel, cells) => events.push(`masked ${column.column} ${cells}`),
      refused: (refusal) => events.push(`refused ${refusal.code}`),
      upstreamError: (kind) => events.push(`upstream ${kind}`),
    },
    finishToken: (column, payload) => `<${column.column}:${payload}>`,
    remote: '127.0.0.1',
    ...(options.permits ? { permits: options.permits } : {}),
    ...(options.tls ? { tls: 'offered' } : {}),
    admit: (role, answer) => {
      if (options.admission) options.admission(role, answer);
      else answer('admitted');
    },
    sink: {
      toClient: (ranges) => {
        state.ranges += ranges.length;
        toClient.push(...ranges.map((r) => Buffer.from(r)));
      },
      toServer: (ranges) => toServer.push(...ranges.map((r) => Buffer.from(r))),
      holdClient: (hold) => {
        state.held = hold;
      },
      overTime: () => state.overTime,
      endServerInput: () => events.push('the server gets no more'),
      startTls: (answer) => toClient.push(answer),
      cancel: (packet) => cancels.push(packet),
      end: () => {
        state.ended = true;
      },
    },
  });
  let lastToServer = Buffer.alloc(0);
  const take = () => {
    lastToServer = Buffer.concat(toServer.splice(0));
    return { toServer: describeFrontend(lastToServer), toClient: describeBackend(Buffer.concat(toClient.splice(0))) };
  };
  const chunk = options.chunk ?? ((bytes) => [bytes]);
  // The session may write into chunks of the server: the script's own constants must not change.
  const own = (bytes: readonly Buffer[]) => chunk(Buffer.concat(bytes));
  if (options.loggedIn !== false) {
    session.fromClient(startupPacket({ user: 'bob', database: 'shop' }));
    session.fromServer(Buffer.concat([server.authOk, server.setting('client_encoding', 'UTF8'), server.ready('I')]));
    toServer.splice(0);
    toClient.splice(0);
  }
  return {
    session,
    events,
    planned,
    cancels,
    client(...messages) {
      for (const part of own(messages)) session.fromClient(part);
      return take();
    },
    server(...messages) {
      for (const part of own(messages)) session.fromServer(part);
      return take();
    },
    sent: () => Buffer.concat(toServer.splice(0)),
    async settle() {
      await new Promise((resolve) => setImmediate(resolve));
      return take();
    },
    set generation(value) {
      state.generation = value;
    },
    get generation() {
      return state.generation;
    },
    bytes: () => Buffer.concat(toClient.splice(0)).toString('latin1'),
    serverBytes: () => Buffer.concat(toServer.splice(0)),
    get lastToServer() {
      return lastToServer;
    },
    set overTime(value) {
      state.overTime = value;
    },
    get overTime() {
      return state.overTime;
    },
    get held() {
      return state.held;
    },
    get ranges() {
      return state.ranges;
    },
    get ended() {
      return state.ended;
    },
    get watched() {
      return [...watched].flatMap((names) => [...names]);
    },
  };
}

export function startupPacket(parameters: Readonly<Record<string, string>>, version = 0x30000): Buffer {
  const body = Buffer.concat([
    int32(version),
    ...Object.entries(parameters).flatMap(([name, value]) => [cstring(name), cstring(value)]),
    Buffer.from([0]),
  ]);
  return Buffer.concat([int32(body.length + 4), body]);
}

function describeAll(bytes: Buffer, one: (letter: string, m: Buffer) => string): string {
  const reader = new MessageReader((_type, total) => total);
  reader.push(bytes);
  const parts: string[] = [];
  while (reader.next() === 'message') {
    const m = reader.buffer.subarray(reader.start, reader.end);
    parts.push(one(String.fromCharCode(reader.type), m));
  }
  if (!reader.atBoundary) parts.push('(part of a message)');
  return parts.join(' ');
}

export function describeFrontend(bytes: Buffer): string {
  return describeAll(bytes, (letter, m) => {
    switch (letter) {
      case 'Q':
        return `Q(${m.toString('utf8', 5, m.length - 1)})`;
      case 'P': {
        const { name, text } = frontend.decodeParse(m, 0, m.length);
        return `P(${name}|${name === 'pgveil_environment' ? '…' : m.toString('utf8', text.start, text.end)})`;
      }
      case 'B': {
        const { portal, statement: name } = frontend.bindNames(m, 0, m.length);
        return `B(${portal}|${name})`;
      }
      case 'D':
      case 'C':
        return `${letter}(${m.toString('utf8', 5, 6)} ${m.toString('utf8', 6, m.length - 1)})`;
      case 'E':
        return `E(${frontend.decodeExecute(m, 0, m.length).portal})`;
      case 'd':
        return `d(${m.toString('utf8', 5)})`;
      default:
        return letter;
    }
  });
}

export function describeBackend(bytes: Buffer): string {
  return describeAll(bytes, (letter, m) => {
    switch (letter) {
      case 'T':
        return `T(${describeColumns(m)})`;
      case 'D':
        return `R(${decodeDataRow(m, 0, m.length)
          .map((cell) => cell?.toString() ?? 'NULL')
          .join(',')})`;
      case 'C':
        return `C(${m.toString('utf8', 5, m.length - 1)})`;
      case 'S':
        return `S(${m.toString('utf8', 5, m.length - 1).replace('\0', '=')})`;
      case 'E':
      case 'N':
        return `${letter}(${decodeErrorFields(m, 0, m.length)
          .filter(([field]) => !'SV'.includes(field))
          .map(([field, value]) => (field === 'C' || field === 'M' ? value : `${field}=${value}`))
          .join(' ')})`;
      case 'Z':
        return `Z(${m.toString('utf8', 5)})`;
      case 'd':
        return `d(${m.toString('utf8', 5)})`;
      default:
        return letter;
    }
  });
}

function describeColumns(m: Buffer): string {
  const count = m.readUInt16BE(5);
  const parts: string[] = [];
  for (let i = 0, at = 7; i < count; i++) {
    at = m.indexOf(0, at) + 1;
    parts.push(`${m.readUInt32BE(at)}.${m.readInt16BE(at + 4)}.${m.readInt32BE(at + 12)}`);
    at += 18;
  }
  return parts.join(' ');
}

/**
 * Frontend messages as data, and what a script of them is made of. Encoded here and not by a driver's library, so that a
 * script can say what no driver would. PostgreSQL documentation, "Message Formats".
 */

/** One frontend message: its type byte and its body. */
export interface FrontendMessage {
  readonly kind: 'send';
  readonly type: string;
  readonly body: Buffer;
}

export type Step =
  | FrontendMessage
  /** Messages that leave in one packet. */
  | { readonly kind: 'together'; readonly messages: readonly FrontendMessage[] }
  /** Waits for so many more backend messages of that type. */
  | { readonly kind: 'until'; readonly type: string; readonly count: number }
  /** Another session runs this meanwhile, as the server's superuser. */
  | { readonly kind: 'elsewhere'; readonly sql: string }
  /** The client sends no more, and goes on reading. */
  | { readonly kind: 'half close' }
  /** Bytes as they are, whether or not they are messages. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

export type Format = 0 | 1;
export type Value = string | Buffer | null;

export const query = (sql: string) => message('Q', zero(sql));
export const sync = () => message('S');
export const flush = () => message('H');
export const terminate = () => message('X');
export const copyData = (data: string | Buffer) => message('d', Buffer.from(data as string));
export const copyDone = () => message('c');
export const copyFail = (reason: string) => message('f', zero(reason));
export const describe = (what: 'S' | 'P', name = '') => message('D', Buffer.from(what), zero(name));
export const close = (what: 'S' | 'P', name = '') => message('C', Buffer.from(what), zero(name));
export const execute = (portal = '', rows = 0) => message('E', zero(portal), int32(rows));

export function parse(sql: string, name = '', types: readonly number[] = []): FrontendMessage {
  return message('P', zero(name), zero(sql), int16(types.length), ...types.map(int32));
}

/** Parameters are text where they are strings, binary where they are buffers. */
export function bind(
  values: readonly Value[] = [],
  options: { readonly portal?: string; readonly statement?: string; readonly results?: readonly Format[] } = {},
): FrontendMessage {
  const results = options.results ?? [];
  return message(
    'B',
    zero(options.portal ?? ''),
    zero(options.statement ?? ''),
    int16(values.length),
    ...values.map((value) => int16(Buffer.isBuffer(value) ? 1 : 0)),
    int16(values.length),
    ...values.flatMap(sized),
    int16(results.length),
    ...results.map(int16),
  );
}

/** FunctionCall, the old fast path. */
export function functionCall(oid: number, args: readonly Value[]): FrontendMessage {
  return message('F', int32(oid), int16(0), int16(args.length), ...args.flatMap(sized), int16(0));
}

export function message(type: string, ...parts: readonly Buffer[]): FrontendMessage {
  return { kind: 'send', type, body: Buffer.concat(parts) };
}

/** Parse, Bind, Describe, Execute of the unnamed statement and portal, without Sync. */
export function extended(sql: string, values: readonly Value[] = [], results: readonly Format[] = []) {
  return [parse(sql), bind(values, { results }), describe('P'), execute()];
}

export const together = (...messages: readonly FrontendMessage[]): Step => ({ kind: 'together', messages });
export const until = (type: string, count = 1): Step => ({ kind: 'until', type, count });
export const elsewhere = (sql: string): Step => ({ kind: 'elsewhere', sql });
export const halfClose = (): Step => ({ kind: 'half close' });
export const bytes = (...parts: readonly Buffer[]): Step => ({ kind: 'bytes', bytes: Buffer.concat(parts) });
export const ready = (count = 1): Step => until('Z', count);

export function encode(step: FrontendMessage): Buffer {
  return Buffer.concat([Buffer.from(step.type), int32(step.body.length + 4), step.body]);
}

export function zero(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

export function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value | 0);
  return buffer;
}

export function int64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer;
}

function sized(value: Value): Buffer[] {
  if (value === null) return [int32(-1)];
  const bytes = Buffer.from(value as string);
  return [int32(bytes.length), bytes];
}

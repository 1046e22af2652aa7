/** Reads a result raw and throws it away: a driver that decodes every row would be what is measured. */
import type { Socket } from 'node:net';
import type { Client } from 'pg';

export interface Drained {
  /** From sending the query to the last byte of its answer. */
  readonly seconds: number;
  readonly bytes: number;
  /** As the command tag tells. */
  readonly rows: number;
}

const TAIL_KEPT = 512;
/** ReadyForQuery without its last byte, the transaction status. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

/**
 * Runs one SELECT or COPY by the simple protocol. pg has logged in; from then on its client can do nothing but end.
 * Rejects when the answer ends otherwise than such a statement does.
 */
export async function drain(client: Client, sql: string): Promise<Drained> {
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
  socket.removeAllListeners('data');
  const start = process.hrtime.bigint();
  const { bytes, tail } = await send(socket, queryMessage(sql));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const rows = rowsOfTail(tail);
  if (rows === undefined) throw new Error(`unexpected end of a result: ${printable(tail)}`);
  return { seconds, bytes, rows };
}

/** Writes the message and reads until ReadyForQuery ends what has come. */
function send(socket: Socket, message: Buffer): Promise<{ readonly bytes: number; readonly tail: Buffer }> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let tail: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      const joined = chunk.length >= TAIL_KEPT ? chunk : Buffer.concat([tail, chunk]);
      tail = Buffer.from(joined.subarray(Math.max(0, joined.length - TAIL_KEPT)));
      if (tail.subarray(-6, -1).equals(READY)) resolve({ bytes, tail });
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection closed in the middle of a result')));
    socket.write(message);
  });
}

/** A simple Query message, protocol chapter "Message Formats". */
export function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.alloc(5);
  head.write('Q');
  head.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}

/** The number in the command tag that stands before the closing ReadyForQuery; undefined where there is none. */
export function rowsOfTail(tail: Buffer): number | undefined {
  if (!tail.subarray(-6, -1).equals(READY)) return undefined;
  const found = /(?:SELECT|COPY) (\d+)\0$/.exec(tail.subarray(0, -6).toString('latin1'));
  return found ? Number(found[1]) : undefined;
}

function printable(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x20-\x7e]+/g, ' ');
}

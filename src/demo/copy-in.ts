/** COPY … FROM STDIN for node-postgres, which speaks the messages but has no call for them. */
import type { Client, Connection, Submittable } from 'pg';

/** What a cell can be; null and undefined are NULL. */
export type Cell = string | number | null | undefined;

const CHUNK_CHARACTERS = 256 * 1024;

/** The part of pg's connection that its types leave out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/**
 * Loads rows into a table.
 * @param columns of the table, and the properties of each row
 * @throws the server's error; nothing is loaded then
 */
export function copyIn<Column extends string>(
  client: Client,
  table: string,
  columns: readonly Column[],
  rows: Iterable<Readonly<Record<Column, Cell>>>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    // The names are those of the messages, called by pg's client.
    const statement: Submittable & Record<string, unknown> = {
      submit: (connection: Connection) => connection.query(`COPY ${table} (${columns.join(', ')}) FROM STDIN`),
      handleCopyInResponse: (connection: CopyConnection) => {
        try {
          let text = '';
          for (const row of rows) {
            text += `${columns.map((column) => encode(row[column])).join('\t')}\n`;
            if (text.length < CHUNK_CHARACTERS) continue;
            connection.sendCopyFromChunk(Buffer.from(text));
            text = '';
          }
          if (text) connection.sendCopyFromChunk(Buffer.from(text));
          connection.endCopyFrom();
        } catch (error) {
          failure = error as Error;
          connection.sendCopyFail('the rows could not be made');
        }
      },
      handleCommandComplete: () => undefined,
      handleError: (error: Error) => {
        failure ??= error;
        reject(failure);
      },
      handleReadyForQuery: () => (failure ? reject(failure) : resolve()),
    };
    client.query(statement);
  });
}

/** The text format of COPY: backslash, tab and line ends are escaped. */
function encode(cell: Cell): string {
  if (cell === null || cell === undefined) return '\\N';
  if (typeof cell === 'number') return String(cell);
  return /[\\\t\n\r]/.test(cell) ? cell.replace(/[\\\t\n\r]/g, (c) => ESCAPES[c] ?? c) : cell;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/**
 * Ordinary statements of applications, mappers, drivers and psql: none is refused, and what does not stand in a redacted
 * row arrives as the server sent it. The files of must-work/ are written as those of the attacks are; `-- expect:` says
 *
 * - `equal`: every backend byte is as without the gateway;
 * - `masked`: so is every row but the redacted ones, by the order's id in the output column that `-- key:` names (or a
 *   customer's or contact's id: `-- key: id of customers`), and those are the same whatever is stored;
 * - `accepted`: no error, the same columns, number of rows and command tags, and the same rows whatever is stored;
 * - `runs`: no error and the same columns, for what differs from run to run;
 * - `fails 23514`: the server's own error.
 *
 * `-- params:` is a JSON array of values to bind, as text; `-- role:` is who asks.
 */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFor, type ShopGateway, startShopPair } from '../harness/gateway.js';
import { playCase } from '../harness/play-case.js';
import { type BackendMessage, sqlStates, transcript } from '../harness/raw-client.js';
import { type Role, withClient } from '../harness/shop-server.js';
import { readCases, type SqlCase } from '../harness/sql-cases.js';

const OPTIONS = ['expect', 'key', 'params', 'role', 'rollback', 'one message'];
const FOLDER = new URL('./must-work/', import.meta.url);
const GROUPS = readdirSync(FOLDER)
  .sort()
  .map((file) => [file, readCases(new URL(file, FOLDER), OPTIONS)] as const);

const REDACTED_ORDERS = `SELECT id FROM orders
  WHERE channel = 'amazon' AND shipped_at < now() - interval '30 days' AND payment_terms <> 'credit'`;
const REDACTED: Readonly<Record<string, string>> = {
  orders: REDACTED_ORDERS,
  customers: `SELECT customer_id AS id FROM orders WHERE id IN (${REDACTED_ORDERS})`,
  legacy_contacts: `SELECT id FROM legacy_contacts WHERE imported_from = 'amazon' AND imported_on < current_date - 30`,
};

/** Table and number, as RowDescription has them, of every column of a table but the given ones. */
const OTHER_COLUMNS = `SELECT attrelid || '.' || attnum AS origin FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
  WHERE relkind = 'r' AND attnum > 0 AND relnamespace::regnamespace || '.' || relname || '.' || attname <> ALL ($1)`;

type Messages = readonly BackendMessage[];

let a: ShopGateway;
let b: ShopGateway;
const redacted: Record<string, ReadonlySet<string>> = {};
/** Columns that no policy names: what stands in them is as it is stored, in redacted rows too. */
let unprotected: ReadonlySet<string>;

beforeAll(async () => {
  ({ a, b } = await startShopPair());
  await withClient(a.direct(), async (client) => {
    for (const [table, sql] of Object.entries(REDACTED)) {
      const { rows } = await client.query<{ id: string }>(sql);
      redacted[table] = new Set(rows.map((row) => String(row.id)));
    }
    const named = configFor(a.direct()).policies.flatMap((policy) =>
      policy.tables.flatMap(({ table, columns }) => columns.map(({ name }) => `${table.schema}.${table.name}.${name}`)),
    );
    const { rows } = await client.query<{ origin: string }>(OTHER_COLUMNS, [named]);
    unprotected = new Set(rows.map((row) => row.origin));
  });
});

afterAll(async () => {
  await Promise.all([a?.stop(), b?.stop()]);
});

describe.each(GROUPS)('%s', (_file, cases) => {
  it.each(cases.map((sqlCase): [string, SqlCase] => [sqlCase.name, sqlCase]))('%s', async (_name, sqlCase) => {
    const role = sqlCase.options.role as Role | undefined;
    const direct = await playCase(a.direct(role), sqlCase);
    const masked = await playCase(a.masked(role), sqlCase);
    const differs = sqlCase.options.expect === 'masked' || sqlCase.options.expect === 'accepted';
    const elsewhere = differs ? await playCase(b.masked(role), sqlCase) : masked;
    for (const [way, messages] of direct) works(sqlCase, messages, masked.get(way)!, elsewhere.get(way)!);
  });
});

/** `elsewhere` is what came through the gateway from the database with other secrets. */
function works({ options, ...sqlCase }: SqlCase, direct: Messages, masked: Messages, elsewhere: Messages): void {
  const [expected, state] = (options.expect ?? '').split(' ');
  switch (expected) {
    case 'equal':
      expect(transcript(masked)).toBe(transcript(direct));
      return;
    case 'fails':
      expect(sqlStates(direct)).toEqual([state]);
      expect(sqlStates(masked)).toEqual([state]);
      return;
    case 'accepted':
      expect(sqlStates(direct)).toEqual([]);
      expect(frame(masked)).toBe(frame(direct));
      expect(transcript(elsewhere)).toBe(transcript(masked));
      return;
    case 'runs':
      expect(sqlStates(direct)).toEqual([]);
      expect(sqlStates(masked)).toEqual([]);
      expect(shape(masked)).toBe(shape(direct));
      return;
    case 'masked':
      expect(sqlStates(direct)).toEqual([]);
      expect(frame(masked)).toBe(frame(direct));
      compareRows(options.key ?? 'id', direct, masked, elsewhere);
      return;
    default:
      throw new Error(`${sqlCase.file}: the case "${sqlCase.name}" expects "${options.expect}"`);
  }
}

/** Everything but the contents of rows and of what COPY sends. */
function frame(messages: Messages): string {
  return transcript(
    messages.map((m) => (m.type === 'D' || m.type === 'd' ? { type: m.type, body: Buffer.alloc(0) } : m)),
  );
}

/** The columns alone. */
function shape(messages: Messages): string {
  return transcript(messages.filter((m) => m.type === 'T'));
}

function compareRows(keyOption: string, direct: Messages, masked: Messages, elsewhere: Messages): void {
  const [key, , table = 'orders'] = keyOption.split(' ');
  let columns: readonly OutputColumn[] = [];
  direct.forEach((message, index) => {
    if (message.type === 'T') columns = columnsOf(message.body);
    if (message.type !== 'D') return;
    const at = columns.findIndex(({ name }) => name === key);
    expect(at, `there is no output column ${key}`).toBeGreaterThanOrEqual(0);
    const id = numberOf(cellsOf(message.body)[at], columns[at]?.binary ?? false);
    const isRedacted = redacted[table]!.has(id);
    const expected = isRedacted ? elsewhere : direct;
    expect(transcript([masked[index]!]), `the row of ${key} ${id}`).toBe(transcript([expected[index]!]));
    const [shown, stored] = [cellsOf(masked[index]!.body), cellsOf(message.body)];
    columns.forEach((column, n) => {
      const isUnprotected = unprotected.has(column.origin);
      if (isUnprotected) expect(shown[n], `${column.name} of ${key} ${id}`).toEqual(stored[n]);
    });
  });
}

interface OutputColumn {
  readonly name: string;
  /** Table and column number. */
  readonly origin: string;
  readonly binary: boolean;
}

/** RowDescription */
function columnsOf(body: Buffer): readonly OutputColumn[] {
  const columns: OutputColumn[] = [];
  let at = 2;
  for (let n = body.readInt16BE(0); n > 0; n--) {
    const end = body.indexOf(0, at);
    columns.push({
      name: body.toString('utf8', at, end),
      origin: `${body.readUInt32BE(end + 1)}.${body.readInt16BE(end + 5)}`,
      binary: body.readInt16BE(end + 17) === 1,
    });
    at = end + 19;
  }
  return columns;
}

/** DataRow */
function cellsOf(body: Buffer): readonly (Buffer | null)[] {
  const cells: (Buffer | null)[] = [];
  let at = 2;
  for (let n = body.readInt16BE(0); n > 0; n--) {
    const length = body.readInt32BE(at);
    at += 4;
    cells.push(length < 0 ? null : body.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  return cells;
}

/** An int4 or int8, text or binary, as text. */
function numberOf(cell: Buffer | null | undefined, binary: boolean): string {
  if (!cell) return 'null';
  if (!binary) return cell.toString('latin1');
  return String(cell.length === 8 ? cell.readBigInt64BE() : cell.readInt32BE());
}

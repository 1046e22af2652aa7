/** What the soak expects to see: each row of the bench's orders, as it was written and as it is shown through the gateway. */
import type { Client } from 'pg';
import { POLICIES } from './orders.js';

/** As text, in the order of COLUMNS. */
export type OrderRow = readonly (string | null)[];

export const COLUMNS = [
  'id',
  'channel',
  'status',
  'buyer_name',
  'buyer_email',
  'buyer_phone',
  'ship_address',
  'total',
  'shipped_at',
] as const;
const PROTECTED: ReadonlySet<string> = new Set(Object.keys(POLICIES.bench.tables['public.orders'].columns));
const TOKEN = /^ow_bench_[a-z2-7]{26}$/;
const MOST_NOTED = 20;

/** How a protected column of a redacted row may look: shown as it is, or computed with. */
export type Shown = 'token' | 'blank';

export class Checks {
  /** How many results were not what they had to be. */
  wrong = 0;
  /** The first of them, for people. */
  readonly notes: string[] = [];
  checked = 0;
  readonly #stored: ReadonlyMap<number, OrderRow>;
  /** By row and column: the same row has the same token, whoever asks and however. */
  readonly #tokens = new Map<string, string>();

  constructor(stored: ReadonlyMap<number, OrderRow>) {
    this.#stored = stored;
  }

  /** Ids are the numbers from 1 to this. */
  get rows(): number {
    return this.#stored.size;
  }

  /** Two of ten, by the way that the table is made. */
  isRedacted(id: number): boolean {
    return id % 10 < 2;
  }

  stored(id: number): OrderRow {
    return this.#stored.get(id)!;
  }

  /** Counts a result that is not as expected. */
  equal(what: string, actual: unknown, expected: unknown): void {
    this.checked++;
    if (actual !== expected) this.#fail(`${what}: ${brief(actual)} instead of ${brief(expected)}`);
  }

  /** Whole rows, in the order of COLUMNS, for these ids in this order. */
  orders(what: string, rows: readonly OrderRow[], ids: readonly number[], shown: Shown = 'token'): void {
    this.equal(`${what}: number of rows`, rows.length, ids.length);
    for (let i = 0; i < Math.min(rows.length, ids.length); i++) this.order(what, rows[i]!, ids[i]!, shown);
  }

  order(what: string, row: OrderRow, id: number, shown: Shown = 'token'): void {
    COLUMNS.forEach((column, index) => {
      this.column(what, column, row[index], id, shown);
    });
  }

  column(what: string, column: (typeof COLUMNS)[number], actual: unknown, id: number, shown: Shown): void {
    const stored = this.stored(id)[COLUMNS.indexOf(column)];
    if (!this.isRedacted(id) || !PROTECTED.has(column)) {
      this.equal(`${what}: ${column} of ${id}`, actual, stored);
      return;
    }
    this.checked++;
    // The policy that the soak puts in and takes out again makes the address a blank.
    if (actual === '' && (shown === 'blank' || column === 'ship_address')) return;
    const known = `${column} ${id}`;
    if (shown === 'token' && typeof actual === 'string' && TOKEN.test(actual)) {
      const before = this.#tokens.get(known);
      if (before === undefined) this.#tokens.set(known, actual);
      if (before === undefined || before === actual) return;
    }
    this.#fail(`${what}: ${column} of redacted ${id} is ${brief(actual)}`);
  }

  #fail(note: string): void {
    this.wrong++;
    if (this.notes.length >= MOST_NOTED) return;
    this.notes.push(note);
    console.error(`wrong: ${note}`);
  }
}

/** All orders as they are stored, as text. */
export async function readStored(direct: Client): Promise<Map<number, OrderRow>> {
  const text = `SELECT ${COLUMNS.map((column) => `${column}::text`).join(', ')} FROM public.orders`;
  const { rows } = await direct.query<(string | null)[]>({ text, rowMode: 'array' });
  return new Map(rows.map((row) => [Number(row[0]), row]));
}

function brief(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 120) ?? 'nothing';
}

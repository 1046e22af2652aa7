/** What the demo shows: the same queries direct and through the gateway, each held against the policy. */
import pg from 'pg';
import type { Config } from '../policy/config-types.js';
import { type ExpectMask, maskExpectation, type ProtectedColumn, protectedColumns } from './expected-mask.js';

export type Cell = string | null;

export interface Rows {
  readonly kind: 'rows';
  readonly fields: readonly pg.FieldDef[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Failure {
  readonly kind: 'error';
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: number;
}

/** A query and what must come of it through the gateway. */
export interface Exhibit {
  readonly title: string;
  readonly sql: string;
  readonly expect: /** Protected cells as the policy says, the others as they are. `rowKeys`: of the tables that the row is made of. */
    | { readonly kind: 'masked'; readonly rowKeys: Readonly<Record<string, string>> }
    | { readonly kind: 'equal' }
    /** With the position of that column in the SQL. */
    | { readonly kind: 'refused'; readonly column: string };
}

export interface Shown {
  readonly exhibit: Exhibit;
  readonly direct: Rows | Failure;
  readonly gateway: Rows | Failure;
  /** What is not as it must be, a sentence each. */
  readonly faults: readonly string[];
}

const REDACTED = `o.channel = 'amazon' AND o.shipped_at < now() - interval '30 days' AND o.payment_terms <> 'credit'`;
const FULL = `o.buyer_email IS NOT NULL AND o.buyer_phone IS NOT NULL AND o.gift_message IS NOT NULL
  AND o.ip IS NOT NULL AND o.geo_lat IS NOT NULL`;
const ORDER_COLUMNS = `order_ref, channel, shipped_at, buyer_name, buyer_email, buyer_phone,
  ship_address1, ship_address2, ship_city, ship_postcode, ship_country,
  gift_message, ip, geo_lat, geo_lon, total`;

/**
 * The queries, over orders that have as much personal data as orders of their kind can have.
 * @param direct a connection to the server itself
 */
export async function makeExhibits(direct: pg.Client): Promise<readonly Exhibit[]> {
  const find = async (condition: string): Promise<Readonly<Record<string, string>>> => {
    const { rows } = await direct.query(`
      SELECT o.id, o.order_ref, o.buyer_name, p.id AS payment, s.id AS survey FROM orders o
      LEFT JOIN payments p ON p.order_id = o.id LEFT JOIN survey_responses s ON s.order_id = o.id
      WHERE ${FULL} AND ${condition} ORDER BY o.ship_address2 IS NULL, length(o.gift_message), o.id LIMIT 1`);
    if (!rows[0]) throw new Error(`The shop has no order for the demo where ${condition}`);
    return rows[0];
  };
  const masked = await find(`${REDACTED} AND p.card_last4 IS NOT NULL AND s.answer IS NOT NULL`);
  const recent = await find(`o.channel = 'amazon' AND o.shipped_at > now() - interval '20 days'`);
  const ebay = await find(`o.channel = 'ebay' AND o.shipped_at < now() - interval '60 days'`);
  const order = (id: string | undefined): string => `SELECT ${ORDER_COLUMNS}\nFROM orders WHERE id = ${id}`;
  return [
    {
      title: 'An Amazon order, shipped more than 30 days ago: personal data masked',
      sql: order(masked.id),
      expect: { kind: 'masked', rowKeys: { 'public.orders': masked.id! } },
    },
    {
      title: 'A recent Amazon order: untouched',
      sql: order(recent.id),
      expect: { kind: 'equal' },
    },
    {
      title: 'An old eBay order: untouched, the policy is for Amazon orders',
      sql: order(ebay.id),
      expect: { kind: 'equal' },
    },
    {
      title: 'A search by name: refused, it would find masked orders by what is masked',
      sql: `SELECT order_ref, channel, total\nFROM orders\nWHERE buyer_name = ${pg.escapeLiteral(masked.buyer_name!)}\nORDER BY id LIMIT 5`,
      expect: { kind: 'refused', column: 'buyer_name' },
    },
    {
      title: 'A search by order id: allowed, payment and survey answer masked',
      sql: `SELECT o.order_ref, o.buyer_name, o.total, p.method, p.card_holder, p.card_last4, s.rating, s.answer
FROM orders o JOIN payments p ON p.order_id = o.id LEFT JOIN survey_responses s ON s.order_id = o.id
WHERE o.order_ref = ${pg.escapeLiteral(masked.order_ref!)}`,
      expect: {
        kind: 'masked',
        rowKeys: {
          'public.orders': masked.id!,
          'public.payments': masked.payment!,
          'public.survey_responses': masked.survey!,
        },
      },
    },
    {
      title: 'A sales report: the same figures',
      sql: 'SELECT channel, sum(orders) AS orders, sum(revenue) AS revenue\nFROM sales_report GROUP BY channel ORDER BY channel',
      expect: { kind: 'equal' },
    },
  ];
}

/** Runs the exhibits on both connections, which are of the same user, and checks them. */
export async function showAll(
  config: Config,
  exhibits: readonly Exhibit[],
  direct: pg.Client,
  gateway: pg.Client,
): Promise<readonly Shown[]> {
  const check = await makeChecker(config, direct);
  const shown: Shown[] = [];
  for (const exhibit of exhibits) {
    const [directly, through] = [await run(direct, exhibit.sql), await run(gateway, exhibit.sql)];
    const faults = await check(exhibit, directly, through);
    shown.push({ exhibit, direct: directly, gateway: through, faults });
  }
  return shown;
}

/** Of the same value, or the same error. */
export function sameRow(a: readonly Cell[], b: readonly Cell[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((cell, index) => cell === b[index]);
}

async function run(client: pg.Client, sql: string): Promise<Rows | Failure> {
  try {
    const asText = { getTypeParser: () => (value: string | Buffer) => String(value) };
    const { fields, rows } = await client.query<Cell[]>({ text: sql, rowMode: 'array', types: asText });
    return { kind: 'rows', fields, rows };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    const { code = '', message, detail, hint, position } = error;
    return {
      kind: 'error',
      code,
      message,
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
      ...(position === undefined ? {} : { position: Number(position) }),
    };
  }
}

type Checker = (exhibit: Exhibit, direct: Rows | Failure, gateway: Rows | Failure) => Promise<string[]>;

async function makeChecker(config: Config, direct: pg.Client): Promise<Checker> {
  const expectMask = await maskExpectation(config, direct);
  const columnAt = await columnFinder(direct, protectedColumns(config));
  return async ({ sql, expect }, directly, through) => {
    if (directly.kind === 'error') return [`PostgreSQL itself fails: ${directly.message}`];
    if (expect.kind === 'refused') return checkRefusal(sql, expect.column, through);
    if (through.kind === 'error') return [`the gateway answers ${through.code} ${through.message}`];
    const faults = checkShape(directly, through);
    if (faults.length > 0 || expect.kind === 'equal') {
      return [...faults, ...(faults.length === 0 ? checkEqual(directly, through) : [])];
    }
    return checkMasked(directly, through, expect.rowKeys, { columnAt, expectMask });
  };
}

type FindColumn = (field: pg.FieldDef) => ProtectedColumn | undefined;

/** Protected columns by the table's OID and the column's number that RowDescription has. */
async function columnFinder(direct: pg.Client, columns: ReadonlyMap<string, ProtectedColumn>): Promise<FindColumn> {
  const { rows } = await direct.query<{ attrelid: number; attnum: number; name: string }>(`
    SELECT attrelid, attnum, concat_ws('.', nspname, relname, attname) AS name
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
    WHERE attnum > 0 AND nspname = 'public'`);
  const names = new Map(rows.map(({ attrelid, attnum, name }) => [`${attrelid}.${attnum}`, name]));
  return ({ tableID, columnID }) => columns.get(names.get(`${tableID}.${columnID}`) ?? '');
}

function checkShape(direct: Rows, gateway: Rows): string[] {
  const shape = ({ fields }: Rows): string =>
    JSON.stringify(fields.map((f) => [f.name, f.tableID, f.columnID, f.dataTypeID, f.dataTypeModifier, f.format]));
  const faults: string[] = [];
  if (shape(direct) !== shape(gateway)) faults.push('names, types or origins of the columns differ');
  if (direct.rows.length === 0) faults.push('there is no row to show');
  if (direct.rows.length !== gateway.rows.length) {
    faults.push(`${direct.rows.length} rows direct, ${gateway.rows.length} through the gateway`);
  }
  return faults;
}

function checkEqual(direct: Rows, gateway: Rows): string[] {
  const differing = direct.rows.filter((row, index) => !sameRow(row, gateway.rows[index]));
  return differing.length === 0 ? [] : [`${differing.length} rows differ that must be the same`];
}

async function checkMasked(
  direct: Rows,
  gateway: Rows,
  rowKeys: Readonly<Record<string, string>>,
  policy: { readonly columnAt: FindColumn; readonly expectMask: ExpectMask },
): Promise<string[]> {
  const faults: string[] = [];
  let masked = 0;
  for (const [row, cells] of direct.rows.entries()) {
    for (const [index, field] of direct.fields.entries()) {
      const [stored, shown] = [cells[index] ?? null, gateway.rows[row]?.[index] ?? null];
      const column = policy.columnAt(field);
      if (!column) {
        if (shown !== stored) faults.push(`${field.name} differs though it is not protected`);
        continue;
      }
      const cell = { value: stored, typeOid: field.dataTypeID, typmod: field.dataTypeModifier };
      const expected = await policy.expectMask(column, { ...cell, rowKey: rowKeys[column.table] ?? '' });
      if (shown !== expected) faults.push(`${field.name} is not masked as the policy says (${column.mask.kind})`);
      else if (shown === stored && stored !== null) faults.push(`${field.name} is shown as it is stored`);
      else masked++;
    }
  }
  return masked === 0 ? [...faults, 'nothing is masked'] : faults;
}

function checkRefusal(sql: string, column: string, gateway: Rows | Failure): string[] {
  if (gateway.kind === 'rows') return [`the search on ${column} is answered with ${gateway.rows.length} rows`];
  const faults: string[] = [];
  if (gateway.code !== '42501') faults.push(`SQLSTATE is ${gateway.code}, not 42501`);
  if (!gateway.message.includes(column)) faults.push(`the message does not name ${column}`);
  if (!gateway.detail) faults.push('there is no DETAIL');
  if (!gateway.hint) faults.push('there is no HINT');
  const found = [...sql].slice((gateway.position ?? 0) - 1).join('');
  if (!gateway.position || !found.startsWith(column)) faults.push(`the position does not point at ${column}`);
  return faults;
}

/**
 * The protected table of the bench: orders with four one-way columns. Rows are made by the server from their number
 * alone, the same every time; a fifth of them is redacted.
 */
import { Client } from 'pg';
import { drain } from './drain.js';
import type { Endpoint } from './pgbench.js';

/** What apps send for one order; the parameter is its id. */
export const POINT_SELECT =
  'SELECT id, channel, status, buyer_name, buyer_email, buyer_phone, ship_address, total, shipped_at FROM orders WHERE id = $1';

/** The policies of the gateway's configuration. pgbench's own tables are not in it. */
export const POLICIES = {
  bench: {
    redact_when: {
      table: 'public.orders',
      where: "channel = 'amazon' AND shipped_at < now() - interval '30 days'",
    },
    on_filter: 'refuse',
    tables: {
      'public.orders': {
        columns: {
          buyer_name: { category: 'personal_name', mask: 'one_way' },
          buyer_email: { category: 'email', mask: 'one_way' },
          buyer_phone: { category: 'phone', mask: 'one_way' },
          ship_address: { category: 'address', mask: 'one_way' },
        },
      },
    },
  },
};

/** Of ten rows in a row, two are old Amazon orders, two are recent ones, six are of other channels. */
const CREATE = `
CREATE TABLE public.orders (
  id bigint PRIMARY KEY,
  channel text NOT NULL,
  status text NOT NULL,
  buyer_name varchar(80),
  buyer_email varchar(120),
  buyer_phone varchar(80),
  ship_address text,
  total numeric(10,2) NOT NULL,
  shipped_at timestamptz
);
INSERT INTO public.orders
SELECT n,
       (ARRAY['amazon', 'amazon', 'amazon', 'amazon', 'ebay', 'ebay', 'shopify', 'shopify', 'trade', 'trade'])[n % 10 + 1],
       'shipped',
       'Buyer Number ' || n,
       'buyer.' || n || '@mail.example',
       '+44 20 7946 ' || lpad((n % 10000)::text, 4, '0'),
       n % 400 || ' Station Road, Flat ' || n % 90 || ', Springfield',
       (n % 90000)::numeric / 100,
       now() - CASE WHEN n % 10 IN (0, 1) THEN interval '60 days' ELSE interval '5 days' END
FROM generate_series(1, ROWS) AS n;
`;

/** Creates and fills the table. */
export async function createOrders(endpoint: Endpoint, rows: number): Promise<void> {
  await withClient(endpoint, async (client) => {
    await client.query(CREATE.replace('ROWS', String(rows)));
    await client.query('VACUUM (ANALYZE, FREEZE) public.orders');
  });
}

/**
 * Makes sure that the gateway masks what it must and nothing else; figures of a gateway that does not would be figures
 * of something else. Throws otherwise.
 */
export async function checkMasking(direct: Endpoint, gateway: Endpoint): Promise<void> {
  const read = (endpoint: Endpoint, id: number) =>
    withClient(endpoint, async (client) => (await client.query(POINT_SELECT, [id])).rows[0]);
  const [oldStored, oldShown] = [await read(direct, 10), await read(gateway, 10)];
  const [newStored, newShown] = [await read(direct, 12), await read(gateway, 12)];
  for (const column of Object.keys(POLICIES.bench.tables['public.orders'].columns)) {
    if (oldShown[column] === oldStored[column]) throw new Error(`the gateway does not mask ${column}`);
    if (newShown[column] !== newStored[column]) throw new Error(`the gateway changes ${column} of a recent order`);
  }
}

/**
 * The text that the server gets when a client sends `text` through the gateway, as the server itself tells it: what the
 * session ran last stands in pg_stat_activity. Without parameters the result may be large, and is not decoded.
 */
export async function rewrittenText(
  direct: Endpoint,
  gateway: Endpoint,
  text: string,
  parameters?: readonly unknown[],
): Promise<string> {
  const name = 'pgveil-bench-rewrite';
  return withClient(
    gateway,
    async (client) => {
      await (parameters ? client.query(text, [...parameters]) : drain(client, text));
      return withClient(direct, async (observer) => {
        const sql = "SELECT query FROM pg_stat_activity WHERE application_name = $1 AND state = 'idle'";
        const { rows } = await observer.query<{ query: string }>(sql, [name]);
        if (rows.length !== 1) throw new Error(`expected one session ${name} on the server, found ${rows.length}`);
        if (rows[0]!.query === text) throw new Error('the gateway passed the statement as it was');
        return rows[0]!.query;
      });
    },
    name,
  );
}

/**
 * A statement with the parameter $1 as a pgbench script that takes an id at random. Throws when the text holds what
 * pgbench would take for a variable of its own.
 */
export function pointScript(text: string, rows: number): string {
  if (/(?<!:):[A-Za-z_]/.test(text)) throw new Error(`pgbench would read a variable in: ${text}`);
  return `\\set id random(1, ${rows})\n${text.replaceAll('$1', ':id')};\n`;
}

/** The same with one id, so that every transaction has the same text. */
export function oneTextScript(text: string): string {
  return `${text.replaceAll('$1', '10')};\n`;
}

async function withClient<T>(
  endpoint: Endpoint,
  use: (client: Client) => Promise<T>,
  name = 'pgveil-bench',
): Promise<T> {
  const client = new Client({ ...endpoint, application_name: name });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

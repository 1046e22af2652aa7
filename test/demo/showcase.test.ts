import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { maskExpectation, type ProtectedColumn } from '../../src/demo/expected-mask.js';
import { renderExhibit } from '../../src/demo/render.js';
import { createShopRoles, loadShop } from '../../src/demo/shop.js';
import { type Exhibit, makeExhibits, type Shown, showAll } from '../../src/demo/showcase.js';
import { terminalStyle } from '../../src/demo/side-by-side.js';
import type { MaskConfig } from '../../src/policy/config-types.js';

const FILE = path.join(import.meta.dirname, '../../config/demo.yaml');
const config = parseConfig(readFileSync(FILE, 'utf8'), FILE, () => randomBytes(32));

let server: EmbeddedPostgres;
let direct: pg.Client;
let exhibits: readonly Exhibit[];

beforeAll(async () => {
  server = await startEmbeddedPostgres();
  const { host, port, user, password } = server;
  direct = new pg.Client({ host, port, user, password, database: 'postgres' });
  await direct.connect();
  await createShopRoles(direct, { shop_app: 'a', shop_report: 'a', pgveil: 'a', compliance: 'a' });
  await loadShop(direct, { orders: 5000 });
  exhibits = await makeExhibits(direct);
});

afterAll(async () => {
  await direct?.end();
  await server?.stop();
});

type Change = (sql: string, cells: (string | null)[], fields: pg.FieldDef[]) => Promise<void>;

/** A client that answers as `change` says instead of as the server does. */
function standIn(change: Change): pg.Client {
  const query = async (options: { readonly text: string }): Promise<pg.QueryArrayResult<(string | null)[]>> => {
    const result = (await direct.query(options)) as unknown as pg.QueryArrayResult<(string | null)[]>;
    for (const row of result.rows) await change(options.text, row, result.fields);
    return result;
  };
  return { query } as unknown as pg.Client;
}

function refusal(sql: string, fields: Partial<pg.DatabaseError> = {}): pg.DatabaseError {
  const error = new pg.DatabaseError('column buyer_name is redacted', 0, 'error');
  const position = String(sql.indexOf('buyer_name') + 1);
  return Object.assign(error, { code: '42501', detail: 'Policy x.', hint: 'Do y.', position }, fields);
}

/** What a gateway must do. */
async function policyFollower(): Promise<Change> {
  const columns = new Map<string, ProtectedColumn>();
  for (const { name: policy, tables } of config.policies) {
    for (const table of tables) {
      for (const column of table.columns) {
        columns.set(column.name, { ...column, policy, table: `public.${table.table.name}`, column: column.name });
      }
    }
  }
  const expectMask = await maskExpectation(config, direct);
  return async (sql, cells, fields) => {
    const exhibit = exhibits.find((each) => each.sql === sql)!;
    if (exhibit.expect.kind === 'refused') throw refusal(sql);
    if (exhibit.expect.kind === 'equal') return;
    for (const [index, { name, dataTypeID, dataTypeModifier }] of fields.entries()) {
      const column = columns.get(name);
      if (!column) continue;
      const rowKey = exhibit.expect.rowKeys[column.table]!;
      const cell = { value: cells[index] ?? null, typeOid: dataTypeID, typmod: dataTypeModifier, rowKey };
      cells[index] = await expectMask(column, cell);
    }
  };
}

async function faultsOf(gateway: pg.Client): Promise<string[]> {
  return (await showAll(config, exhibits, direct, gateway)).flatMap(({ faults }) => faults);
}

describe('the checks of the demo', () => {
  it('find nothing wrong with what follows the policy', async () => {
    expect(await faultsOf(standIn(await policyFollower()))).toEqual([]);
  });

  it('find all that a relay without masks shows', async () => {
    const faults = await faultsOf(standIn(async () => undefined));
    const columns = faults.map((fault) => /^\w+(?= is not masked)/.exec(fault)?.[0]).filter(Boolean);
    expect(columns).toEqual(
      expect.arrayContaining(['buyer_name', 'buyer_email', 'gift_message', 'ip', 'geo_lat', 'card_last4', 'answer']),
    );
    expect(faults).toContain('the search on buyer_name is answered with 5 rows');
  });

  it.each([
    ['an unprotected cell of a masked row', 'total', 'total differs though it is not protected'],
    ['a blank where a token must be', 'buyer_name', 'buyer_name is not masked as the policy says (one_way)'],
  ])('find %s', async (_what, changed, fault) => {
    const follower = await policyFollower();
    const gateway = standIn(async (sql, cells, fields) => {
      await follower(sql, cells, fields);
      if (sql === exhibits[0]!.sql) cells[fields.findIndex(({ name }) => name === changed)] = '';
    });
    expect(await faultsOf(gateway)).toContain(fault);
  });

  it.each<[string, Partial<pg.DatabaseError>]>([
    ['SQLSTATE is 0A000, not 42501', { code: '0A000' }],
    ['there is no HINT', { hint: '' }],
    ['there is no DETAIL', { detail: '' }],
    ['the message does not name buyer_name', { message: 'no' }],
    ['the position does not point at buyer_name', { position: '1' }],
  ])('find that %s', async (fault, fields) => {
    const search = exhibits.filter(({ expect }) => expect.kind === 'refused');
    const gateway = standIn(async (sql) => {
      throw refusal(sql, fields);
    });
    expect((await showAll(config, search, direct, gateway)).flatMap(({ faults }) => faults)).toEqual([fault]);
  });
});

it('the exhibits fit a terminal of 120 columns', async () => {
  const shown = await showAll(config, exhibits, direct, standIn(await policyFollower()));
  const lines = shown.flatMap((exhibit: Shown) => renderExhibit(exhibit, terminalStyle(false)));
  expect(lines.filter((line) => line.length > 119)).toEqual([]);
  const text = lines.join('\n');
  expect(text).toMatch(/^ {2}gift_message +\S.* ≠ \(blank\)$/m);
  expect(text).toMatch(/^ {2}total +[\d.]+ += [\d.]+$/m);
  expect(text).toMatch(
    /│ ERROR: 42501: column buyer_name is redacted\n.*│ LINE 3: WHERE buyer_name = .*\n.*│ {15}\^\n/,
  );
  expect(text).toMatch(/^ {2}amazon +│ \d+ +│ [\d.]+ += amazon +│ \d+ +│ [\d.]+$/m);
});

describe('the expected mask', () => {
  const [TEXT, INET, NUMERIC, TIMESTAMPTZ] = [25, 869, 1700, 1184];
  it.each<[MaskConfig, number, string | null, string | null]>([
    [{ kind: 'blank' }, TEXT, 'Ava', ''],
    [{ kind: 'blank' }, TEXT, null, ''],
    [{ kind: 'null' }, INET, '198.18.0.1', null],
    [{ kind: 'constant', value: "it's" }, TEXT, 'Ava', "it's"],
    [{ kind: 'keep', first: 3, last: 2, fill: '*' }, TEXT, '+44 7700 900123', '+44***23'],
    [{ kind: 'keep', first: 3, last: 2, fill: '*' }, TEXT, '12345', '***'],
    [{ kind: 'keep', first: 1, last: 0, fill: '#' }, TEXT, null, '###'],
    [{ kind: 'email_domain' }, TEXT, '"a@b"@example.com', '***@example.com'],
    [{ kind: 'email_domain' }, TEXT, 'none', '***'],
    [{ kind: 'truncate', to: 'month' }, TIMESTAMPTZ, '2026-11-24 08:00:00+00', '2026-11-01 00:00:00+00'],
    [{ kind: 'round', digits: 1 }, NUMERIC, '-2.787900', '-2.7'],
    [{ kind: 'network', v4: 24, v6: 48 }, INET, '198.18.3.4', '198.18.3.0/24'],
    [{ kind: 'network', v4: 24, v6: 48 }, INET, '2001:db8:1:2::3', '2001:db8:1::/48'],
  ])('%o of type %i: %s is %s', async (mask, typeOid, value, masked) => {
    await direct.query(`SET TimeZone = 'UTC'`);
    const expectMask = await maskExpectation(config, direct);
    const column = { policy: 'p', table: 'public.t', column: 'c', category: 'email', mask, keepNull: false };
    expect(await expectMask(column, { value, typeOid, typmod: -1, rowKey: '1' })).toBe(masked);
  });
});

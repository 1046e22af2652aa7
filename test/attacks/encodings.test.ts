/**
 * Clients whose encoding has characters of which a byte looks like ASCII: what they send in ASCII is read, rows are as
 * without the gateway, and masks are those of any other client.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import { query, ready } from '../harness/messages.js';
import { connectRaw, errorFields, type RawClient, sqlStates, type Target } from '../harness/raw-client.js';

let shop: ShopGateway;
beforeAll(async () => {
  shop = await startShopGateway('A', new Date(), { plain: true });
});

/** Letters with a backslash, a bar or a digit behind their first byte; in UHC, with letters. */
const ENCODINGS: readonly (readonly [encoding: string, letters: string, bytes: string])[] = [
  ['SJIS', '\\30BD\\30DD', '835c837c'],
  ['SHIFT_JIS_2004', '\\30BD\\30DD', '835c837c'],
  ['BIG5', '\\529F\\80B2', 'a55ca87c'],
  ['GBK', '\\4E57\\4E85', '815c817c'],
  ['GB18030', '\\4E57\\4E85\\0080', '815c817c81308130'],
  ['UHC', '\\AC02\\AC03', '81418142'],
  ['JOHAB', '\\ACA6\\AC1A', '895c887c'],
];

const clients = new Map<string, Promise<RawClient>>();
afterAll(async () => {
  for (const client of clients.values()) await (await client).end();
  await shop?.stop();
});

/** A connection of that encoding, which all cases share. */
function clientOf(target: Target, encoding: string): Promise<RawClient> {
  const key = `${target.port} ${encoding}`;
  const client = clients.get(key) ?? connectRaw(target, { client_encoding: encoding });
  clients.set(key, client);
  return client;
}

/** The cells of all DataRows and the bodies of all CopyData. */
async function rows(target: Target, encoding: string, sql: string): Promise<readonly string[]> {
  const client = await clientOf(target, encoding);
  const received = await client.play([query(sql), ready()]);
  expect(sqlStates(received), sql).toEqual([]);
  return received.filter(({ type }) => type === 'D' || type === 'd').map(({ body }) => body.toString('latin1'));
}

/** Orders on ebay, which is shown, and on Amazon, which is not, each behind the letters. */
const select = (letters: string, id: number) =>
  `SELECT U&'${letters}' AS a, buyer_name, U&'${letters}' AS b, ship_city FROM orders WHERE id = ${id}`;
const copies = (letters: string, id: number) =>
  ['', " (DELIMITER '|')", ' (FORMAT csv)', " (FORMAT csv, DELIMITER '|', QUOTE '\\')"].map(
    (options) => `COPY (${select(letters, id)}) TO STDOUT${options}`,
  );

describe.each(ENCODINGS)('%s', (encoding, letters, bytes) => {
  it('is what the server sends', async () => {
    const [row = ''] = await rows(shop.direct(), encoding, select(letters, 900012));
    expect(row).toContain(Buffer.from(bytes, 'hex').toString('latin1'));
  });

  it('has unredacted rows as they are', async () => {
    for (const sql of [select(letters, 900012), ...copies(letters, 900012)]) {
      expect(await rows(shop.masked(), encoding, sql)).toEqual(await rows(shop.direct(), encoding, sql));
    }
  });

  it('has the masks of every other encoding', async () => {
    for (const sql of [select('', 900001), ...copies('', 900001)]) {
      expect(await rows(shop.masked(), encoding, sql)).toEqual(await rows(shop.masked(), 'UTF8', sql));
    }
  });

  it('has masks beside its letters where they are beside others', async () => {
    const [alone = ''] = await rows(shop.masked(), 'UTF8', copies('', 900001)[0]!);
    const token = alone.split('\t')[1]!;
    expect(token).toMatch(/^ow_demo_[a-z2-7]{26}$/);
    for (const sql of copies(letters, 900001)) {
      const [masked = ''] = await rows(shop.masked(), encoding, sql);
      const [direct = ''] = await rows(shop.direct(), encoding, sql);
      expect(masked).toBe(direct.replace('Alan Archer', token).replace('Aachen', '(withheld)'));
    }
  });

  it('cannot say what is beyond ASCII, and can be left', async () => {
    const beyond = Buffer.concat([Buffer.from("SELECT '"), Buffer.from(bytes, 'hex'), Buffer.from("'\0")]);
    const head = Buffer.alloc(5, 'Q');
    head.writeInt32BE(beyond.length + 4, 1);
    const client = await connectRaw(shop.masked(), { client_encoding: encoding });
    const received = await client.play([
      { kind: 'bytes', bytes: Buffer.concat([head, beyond]) },
      ready(),
      query("SET NAMES 'UTF8'"),
      ready(),
      query("SELECT 'é'"),
      ready(),
    ]);
    await client.end();
    const [refused] = received.filter(({ type }) => type === 'E');
    expect(errorFields(refused!)).toMatchObject({ C: '0A000', H: "Run SET client_encoding TO 'UTF8'." });
    expect(received.filter(({ type }) => type === 'D').map(({ body }) => body.subarray(6).toString())).toEqual(['é']);
  });
});

/**
 * Noninterference: whatever a client sends, what it receives through the gateway is the same for two databases that
 * differ only in protected values of redacted rows. README.md describes the cases.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopPair } from '../harness/gateway.js';
import { playCase, playCaseAmongOthers } from '../harness/play-case.js';
import { type BackendMessage, connectRaw, type RawClient, transcript } from '../harness/raw-client.js';
import { type Role, withClient } from '../harness/shop-server.js';
import type { SqlCase } from '../harness/sql-cases.js';
import { ATTACKS, expectationOf } from './cases.js';
import { FUNCTION_OIDS, faultOf, oidLookUp, playSteps } from './judge.js';
import { MESSAGE_ATTACKS } from './messages.js';

let a: ShopGateway;
let b: ShopGateway;
let oidOf: (signature: string) => number;
/** Connections without the gateway, by server and role. A case needs one of its own only through the gateway. */
const directClients = new Map<ShopGateway, Map<Role, Promise<RawClient>>>();

beforeAll(async () => {
  ({ a, b } = await startShopPair());
  const { rows } = await withClient(a.direct('postgres'), (client) =>
    client.query<{ oid: number; signature: string }>(FUNCTION_OIDS),
  );
  oidOf = oidLookUp(rows);
});

afterAll(async () => {
  for (const clients of directClients.values()) for (const client of clients.values()) await (await client).end();
  await Promise.all([a?.stop(), b?.stop()]);
});

function directClient(shop: ShopGateway, role: Role = 'shop_app'): Promise<RawClient> {
  const clients = directClients.get(shop) ?? new Map<Role, Promise<RawClient>>();
  directClients.set(shop, clients);
  const client = clients.get(role) ?? connectRaw(shop.direct(role));
  clients.set(role, client);
  return client;
}

type Messages = readonly BackendMessage[];

/** On A and B at once: each has a server of its own. */
function onBoth<T>(play: (shop: ShopGateway) => Promise<T>): Promise<readonly [T, T]> {
  return Promise.all([play(a), play(b)]);
}

function assertLeaksDirect(ofA: Messages, ofB: Messages): void {
  expect(transcript(ofA), 'this is no attack: without the gateway A and B answer the same').not.toBe(transcript(ofB));
}

describe.each(ATTACKS)('%s', (_group, cases) => {
  it.each(cases.map((sqlCase): [string, SqlCase] => [sqlCase.name, sqlCase]))('%s', async (_name, sqlCase) => {
    const role = sqlCase.options.role as Role | undefined;
    assertLeaksDirect(...(await onBoth(async (shop) => playCaseAmongOthers(await directClient(shop, role), sqlCase))));
    const [ofA, ofB] = await onBoth((shop) => playCase(shop.masked(role), sqlCase));
    for (const [way, messages] of ofA) {
      expect(faultOf(messages, ofB.get(way)!, expectationOf(sqlCase.options))).toBeUndefined();
    }
  });
});

describe('messages', () => {
  it.each(MESSAGE_ATTACKS.map((attack) => [attack.name, attack] as const))('%s', async (_name, attack) => {
    const steps = attack.steps(oidOf);
    assertLeaksDirect(...(await onBoth((shop) => playSteps(shop.direct(), steps))));
    const [ofA, ofB] = await onBoth((shop) => playSteps(shop.masked(), steps));
    expect(faultOf(ofA, ofB, expectationOf(attack))).toBeUndefined();
  });
});

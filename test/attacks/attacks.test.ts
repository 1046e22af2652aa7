/**
 * Noninterference: whatever a client sends, what it receives through the gateway is the same for two databases that
 * differ only in protected values of redacted rows. README.md describes the cases.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopPair } from '../harness/gateway.js';
import { playCase, playCaseAmongOthers } from '../harness/play-case.js';
import {
  type BackendMessage,
  connectRaw,
  type RawClient,
  sqlStates,
  type Target,
  transcript,
} from '../harness/raw-client.js';
import { type Role, withClient } from '../harness/shop-server.js';
import type { SqlCase } from '../harness/sql-cases.js';
import { ATTACKS, type Expectation, expectationOf } from './cases.js';
import { MESSAGE_ATTACKS } from './messages.js';

let a: ShopGateway;
let b: ShopGateway;
let functions: ReadonlyMap<string, number>;
/** Connections without the gateway, by server and role. A case needs one of its own only through the gateway. */
const directClients = new Map<ShopGateway, Map<Role, Promise<RawClient>>>();

beforeAll(async () => {
  ({ a, b } = await startShopPair());
  const { rows } = await withClient(a.direct('postgres'), (client) =>
    client.query<{ oid: number; signature: string }>(
      'SELECT oid, oid::regprocedure::text AS signature FROM pg_proc WHERE oid >= 16384',
    ),
  );
  functions = new Map(rows.map((row) => [row.signature, row.oid]));
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

function assertTellsNothing(ofA: Messages, ofB: Messages, expected: Expectation): void {
  expect(firstDifference(transcript(ofA), transcript(ofB))).toBeUndefined();
  expect(verdict(ofA, expected)).toMatch(/^(same|refused)$/);
}

/** The first line that differs, around the place where it does; undefined where there is none. */
function firstDifference(a: string, b: string): string | undefined {
  if (a === b) return undefined;
  const [ofA, ofB] = [a.split('\n'), b.split('\n')];
  const longer = ofA.length > ofB.length ? ofA : ofB;
  const at = longer.findIndex((_line, n) => ofA[n] !== ofB[n]);
  const lineA = ofA[at] ?? '';
  const lineB = ofB[at] ?? '';
  const column = [...lineA].findIndex((c, n) => c !== lineB[n]);
  const around = (line: string) => line.slice(Math.max(0, column - 100), column + 200);
  return `message ${at}\nA: ${lineA[0]} ${around(lineA)}\nB: ${lineB[0]} ${around(lineB)}`;
}

/** `same` or `refused` where that is expected of these messages; else what came, for people. */
function verdict(messages: readonly BackendMessage[], expected: Expectation): string {
  const states = sqlStates(messages);
  if (expected.same && states.join() === expected.same.join()) return 'same';
  // What follows a refusal may fail for it: an aborted transaction, a statement or an object that was not made.
  if (expected.refused?.includes(states[0] ?? '')) return 'refused';
  const errors = messages.filter((message) => message.type === 'E');
  return `expected ${JSON.stringify(expected)}, got ${states.length ? transcript(errors) : 'no error'}`;
}

describe.each(ATTACKS)('%s', (_group, cases) => {
  it.each(cases.map((sqlCase): [string, SqlCase] => [sqlCase.name, sqlCase]))('%s', async (_name, sqlCase) => {
    const role = sqlCase.options.role as Role | undefined;
    assertLeaksDirect(...(await onBoth(async (shop) => playCaseAmongOthers(await directClient(shop, role), sqlCase))));
    const [ofA, ofB] = await onBoth((shop) => playCase(shop.masked(role), sqlCase));
    for (const [way, messages] of ofA) assertTellsNothing(messages, ofB.get(way)!, expectationOf(sqlCase.options));
  });
});

describe('messages', () => {
  it.each(MESSAGE_ATTACKS.map((attack) => [attack.name, attack] as const))('%s', async (_name, attack) => {
    const play = async (target: Target) => {
      const client = await connectRaw(target);
      await client.play(attack.steps(oidOf));
      await client.end();
      return client.received;
    };
    assertLeaksDirect(...(await onBoth((shop) => play(shop.direct()))));
    assertTellsNothing(...(await onBoth((shop) => play(shop.masked()))), expectationOf(attack));
  });
});

function oidOf(signature: string): number {
  const oid = functions.get(signature);
  if (oid === undefined) throw new Error(`There is no function ${signature}`);
  return oid;
}

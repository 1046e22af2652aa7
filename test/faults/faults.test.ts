/** Something goes wrong between two messages: the gateway lives, and what is left over is nothing. All cases by `run.ts`. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { startListener } from '../../src/net/listener.js';
import type { Target } from '../harness/raw-client.js';
import { listenerOptions } from '../net/gateway.js';
import { allCases, runCases, startLane } from './lane.js';
import { FAULTS, startFaultProxy } from './proxy.js';
import { playScenario } from './scenario.js';

const LANES = 4;
/** One case of so many; it has no common divisor with the number of faults. */
const ONE_OF = 11;
const LONGEST_MS = 20_000;

let server: EmbeddedPostgres;
let direct: Target;

beforeAll(async () => {
  server = await startEmbeddedPostgres();
  direct = { ...server, database: 'postgres' };
});
afterAll(() => server?.stop());

it('faults of every kind on both legs', async () => {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => startLane(direct)));
  const cases = allCases(lanes[0]!.counted).filter((_case, i) => i % ONE_OF === 0);
  expect(new Set(cases.map(({ leg, fault }) => `${leg} ${fault.kind}`)).size).toBe(2 * FAULTS.length);
  const wrong = await runCases(lanes, cases);
  // Also looks for transactions that are left open.
  for (const lane of lanes) await lane.close();
  expect(wrong).toEqual([]);
}, 120_000);

it.each(['client', 'server'] as const)('every byte for itself, on the leg of the %s', async (leg) => {
  const expected = await playScenario(direct, LONGEST_MS);
  expect(expected.complete).toBe(true);
  const behind = leg === 'server' ? await startFaultProxy(direct, { byteByByte: true }) : undefined;
  const listener = await startListener(listenerOptions(behind?.address.port ?? direct.port, []));
  const before = leg === 'client' ? await startFaultProxy(listener.address, { byteByByte: true }) : undefined;
  expect(await playScenario({ ...direct, ...(before ?? listener).address }, LONGEST_MS)).toEqual(expected);
  await listener.close(0);
  await Promise.all([behind?.close(), before?.close()]);
}, 60_000);

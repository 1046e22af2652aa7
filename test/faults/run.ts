/** Every fault between every pair of messages, on both legs: `node --import tsx test/faults/run.ts`. Takes some minutes. */
import { startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { allCases, runCases, startLane } from './lane.js';

const LANES = 6;
const server = await startEmbeddedPostgres({ settings: { max_connections: '60' } });
const target = { ...server, database: 'postgres' };
const lanes = await Promise.all(Array.from({ length: LANES }, () => startLane(target)));
const cases = allCases(lanes[0]!.counted);
console.log(`${cases.length} cases`);
const wrong = await runCases(lanes, cases, (done) => {
  if (done % 100 === 0) console.log(`${done} done`);
});
for (const what of wrong) console.log(what);
for (const lane of lanes) await lane.close();
await server.stop();
console.log(`${cases.length - wrong.length} of ${cases.length} as they should be`);
process.exitCode = wrong.length === 0 ? 0 : 1;

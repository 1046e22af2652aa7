/**
 * Fuzzing of the wire for as long as wanted: `node --import tsx test/fuzz/run.ts [inputs] [first seed]`. Each input is one
 * session with its client and its server. Prints progress; ends with an error at the first finding, which its seed
 * repeats: `… run.ts 2 <seed>`.
 */
import { runInput } from './fuzz.js';

const [inputs = 1_000_000, first = 1] = process.argv.slice(2).map(Number);
/** Sessions of one seed. */
const LANES = 2;
const STEP_MS = 15_000;
/** One seed takes no longer, however busy the machine is. */
const LONGEST_MS = 5_000;

// Errors that end a session are many, and nobody reads their stacks.
Error.stackTraceLimit = 1;
const began = Date.now();
let told = began;
let slowest = 0;
for (let done = 0; done < inputs; done += LANES) {
  const seed = first + done / LANES;
  const start = Date.now();
  await runInput(seed);
  const took = Date.now() - start;
  if (took > LONGEST_MS) throw new Error(`input ${seed} took ${took} ms`);
  slowest = Math.max(slowest, took);
  if (Date.now() - told >= STEP_MS) {
    told = Date.now();
    report(done + LANES, seed);
  }
}
report(inputs, first + inputs / LANES - 1);

function report(done: number, seed: number): void {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const mb = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`;
  const seconds = (Date.now() - began) / 1000;
  console.log(
    `${done} inputs in ${seconds.toFixed(0)} s (${Math.round(done / seconds)}/s), seed ${seed}, slowest ${slowest} ms, heap ${mb(heapUsed)}, rss ${mb(rss)}`,
  );
}

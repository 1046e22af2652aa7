/**
 * Tries all mutants, or those whose name or file holds a word, and says which survive:
 *
 *   node --import tsx test/mutation/run.ts [word]
 *
 * With `--find` it plays all attacks against each, up to the first few that notice it, and prints these.
 */
import { ALL_ATTACKS, type Bench, type Played, startBench } from './bench.js';
import type { Mutant } from './mutant.js';
import { MUTANTS } from './mutants.js';
import { playPlain, tryMutant } from './trial.js';

const MOST_FOUND = 4;

const finds = process.argv.includes('--find');
const word = process.argv.slice(2).find((argument) => argument !== '--find') ?? '';
const chosen = MUTANTS.filter(({ name, file }) => `${file} ${name}`.includes(word));
const started = performance.now();
const bench = await startBench();
try {
  if (!finds) assertPlain(await playPlain(chosen, bench));
  const survivors: string[] = [];
  for (const mutant of chosen) if (!(await report(mutant, bench))) survivors.push(mutant.name);
  console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants killed, in ${secondsSince(started)} s`);
  if (survivors.length > 0) process.exitCode = 1;
} finally {
  await bench.stop();
}

/** Prints what has noticed the mutant. @returns whether anything has */
async function report(mutant: Mutant, bench: Bench): Promise<boolean> {
  const start = performance.now();
  const enough = (all: readonly Played[]): boolean => all.filter(({ fault }) => fault).length >= MOST_FOUND;
  const played = finds ? await bench.play(mutant, ALL_ATTACKS, enough) : await tryMutant(mutant, bench);
  const noticed = played.flatMap(({ name, fault }) => (fault ? [`${fault.kind}: ${name}`] : []));
  const outcome = noticed.length > 0 ? 'killed  ' : 'SURVIVES';
  console.log(`${outcome} ${mutant.file}: ${mutant.name} (${secondsSince(start)} s) ${noticed.join(' | ')}`);
  return noticed.length > 0;
}

function assertPlain(played: readonly Played[]): void {
  const faults = played.flatMap(({ name, fault }) => (fault ? [`${name}: ${fault.what}`] : []));
  if (faults.length > 0) throw new Error(`Attacks that succeed without any mutant:\n${faults.join('\n')}`);
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

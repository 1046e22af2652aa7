/** Tries mutants: plays what must notice them. */
import { ALL_ATTACKS, type Attack, type Bench, type Played } from './bench.js';
import type { Mutant } from './mutant.js';

const BY_NAME = new Map(ALL_ATTACKS.map((attack) => [attack.name, attack]));

/** The attacks among the killers. @throws Error for one that does not exist */
export function attacksOf(mutants: readonly Mutant[]): readonly Attack[] {
  const names = new Set(mutants.flatMap(({ killers }) => killers.filter((name) => !isFile(name))));
  return [...names].map((name) => {
    const attack = BY_NAME.get(name);
    if (!attack) throw new Error(`There is no attack "${name}"`);
    return attack;
  });
}

/** Plays the killers up to the first that notices the mutant; that one is the last of what was played. */
export async function tryMutant(mutant: Mutant, bench: Bench): Promise<readonly Played[]> {
  const noticed = (all: readonly Played[]): boolean => all.at(-1)?.fault !== undefined;
  const attacks = attacksOf([mutant]);
  const played = attacks.length > 0 ? [...(await bench.play(mutant, attacks, noticed))] : [];
  for (const file of mutant.killers.filter(isFile)) {
    if (noticed(played)) break;
    played.push(await bench.test(mutant, file));
  }
  return played;
}

/** Plays the killers without any mutant; none must notice anything. */
export async function playPlain(mutants: readonly Mutant[], bench: Bench): Promise<readonly Played[]> {
  const played = [...(await bench.play(undefined, attacksOf(mutants)))];
  const files = new Set(mutants.flatMap(({ killers }) => killers.filter(isFile)));
  for (const file of files) played.push(await bench.test(undefined, file));
  return played;
}

function isFile(killer: string): boolean {
  return killer.startsWith('test/');
}

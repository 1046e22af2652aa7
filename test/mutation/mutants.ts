/** The protections of the gateway, each switched off in turn. README.md says how to add one. */
import type { Mutant } from './mutant.js';
import { CODE } from './mutants/code.js';
import { COMMANDS } from './mutants/commands.js';
import { GUARDS } from './mutants/guards.js';
import { PROOF } from './mutants/proof.js';
import { QUERIES } from './mutants/queries.js';
import { SESSION } from './mutants/session.js';
import { WRITES } from './mutants/writes.js';

export const MUTANTS: readonly Mutant[] = [
  ...QUERIES,
  ...PROOF,
  ...GUARDS,
  ...WRITES,
  ...CODE,
  ...COMMANDS,
  ...SESSION,
];

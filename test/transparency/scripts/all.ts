/** All scripts, by group. */
import { COPY } from './copy.js';
import { EXTENDED } from './extended.js';
import { PIPELINE } from './pipeline.js';
import type { Script } from './script.js';
import { SESSION } from './session.js';
import { SIMPLE } from './simple.js';
import { SYNTAX } from './syntax.js';

export const GROUPS: Readonly<Record<string, readonly Script[]>> = {
  simple: SIMPLE,
  extended: EXTENDED,
  pipeline: PIPELINE,
  copy: COPY,
  session: SESSION,
  syntax: SYNTAX,
};

export const SCRIPTS: readonly Script[] = Object.values(GROUPS).flat();

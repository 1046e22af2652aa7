/** All scripts, by group. */
import { ENDS, NOTICES, NOTIFICATIONS, SETTINGS } from './asynchronous.js';
import { COPY } from './copy.js';
import { EXTENDED } from './extended.js';
import { LIFETIMES } from './lifetimes.js';
import { MALFORMED } from './malformed.js';
import { PIPELINE } from './pipeline.js';
import type { Script } from './script.js';
import { SESSION } from './session.js';
import { SIMPLE } from './simple.js';
import { SYNTAX } from './syntax.js';

export const GROUPS: Readonly<Record<string, readonly Script[]>> = {
  simple: SIMPLE,
  extended: EXTENDED,
  lifetimes: LIFETIMES,
  pipeline: PIPELINE,
  copy: COPY,
  session: SESSION,
  notices: NOTICES,
  notifications: NOTIFICATIONS,
  settings: SETTINGS,
  ends: ENDS,
  malformed: MALFORMED,
  syntax: SYNTAX,
};

export const SCRIPTS: readonly Script[] = Object.values(GROUPS).flat();

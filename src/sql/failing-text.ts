/**
 * Text that the server is sure to fail. A refused statement is replaced by it, so that the server itself raises the
 * error, aborts the transaction and skips to Sync; the session then puts the refusal in the error's place.
 */
import { randomBytes } from 'node:crypto';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { Refusal, RefusePlan } from './plan-types.js';
import type { Positions } from './splice.js';

const MARKER_KEY = 'pgveil marker';
const inherited = getEnvironmentData(MARKER_KEY);
/**
 * New in each process, and the same in its threads: no relation can have been made under this name, and no other error
 * can quote it by chance.
 */
const MARKER = typeof inherited === 'string' ? inherited : `pgveil refused ${randomBytes(16).toString('hex')}`;
setEnvironmentData(MARKER_KEY, MARKER);

/** `marker` stands in the message of the error with which the server answers `text`, and also names no statement. */
export function failingText(): { readonly text: string; readonly marker: string } {
  return { text: `SELECT FROM pg_catalog."${MARKER}"`, marker: MARKER };
}

/** Text that is no SQL: it fails before the server looks at the state of the transaction. */
const UNPARSEABLE = `"${MARKER}"`;

/** No place in the failing text is one of the client's. */
const NOWHERE: Positions = { runs: [], length: 0 };

/** A plan of a text of which nothing runs: the server fails it, and answers with the refusal. */
export function refusePlan(
  refusal: Refusal,
  more: Partial<Pick<RefusePlan, 'statements' | 'generation' | 'fingerprint'>> = {},
): RefusePlan {
  return {
    verdict: 'refuse',
    text: refusal.reason === 'syntax' ? UNPARSEABLE : failingText().text,
    marker: MARKER,
    positions: NOWHERE,
    refusal,
    statements: [],
    // Of no generation: it is made anew wherever one is asked for.
    generation: -1,
    fingerprint: '',
    ...more,
  };
}

/** Drivers know how to begin again after this. */
export const RESTLESS: Refusal = {
  code: '40001',
  reason: 'stale',
  message: 'the schema or the policies changed again and again while pgveil analysed this statement',
  hint: 'Try again.',
};

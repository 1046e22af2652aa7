/**
 * JSON lines on standard output. A line never holds a value, a literal or the text of a query: refusals are told by
 * names of policies, tables and columns, and by a fingerprint.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from './policy/config-types.js';
import type { SessionIdentity } from './session/observer.js';
import type { Refusal } from './sql/plan-types.js';

/** NAMEDATALEN - 1: what the server keeps of a name. */
const LONGEST_NAME = 63;

export type Log = Logger;

/** @param destination where the lines go instead of standard output */
export function createLog(level: Config['logLevel'], destination?: DestinationStream): Log {
  return pino(
    {
      level,
      base: { name: 'pgveil', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 1, sync: false }),
  );
}

/** Waits until every line is written. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => log.flush(() => resolve()));
}

/**
 * One line for a refusal. Its message, detail and hint stay out: a syntax error quotes the client's text.
 * @param observed a policy in observe mode would have refused it
 */
export function logRefusal(
  log: Log,
  refusal: Refusal,
  identity: SessionIdentity,
  options: { readonly fingerprint?: string; readonly observed: boolean },
): void {
  const { policy, table, column, reason, code } = refusal;
  log.info(
    {
      policy,
      table,
      column,
      reason,
      code,
      role: short(identity.user),
      application_name: short(identity.applicationName),
      database: short(identity.database),
      fingerprint: options.fingerprint,
      remote: identity.remote,
    },
    options.observed ? 'would be refused' : 'refused',
  );
}

function short(name: string): string {
  return name.length > LONGEST_NAME ? name.slice(0, LONGEST_NAME) : name;
}

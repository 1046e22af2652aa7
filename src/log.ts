/**
 * JSON lines on standard output. A line never holds a value, a literal or the text of a query: refusals are told by
 * names of policies, tables and columns, and by a fingerprint.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { CatalogError } from './catalog/watcher.js';
import { formatProblems } from './config.js';
import type { Config, PolicyConfig, Problem } from './policy/config-types.js';
import type { SessionIdentity } from './session/observer.js';
import type { Refusal } from './sql/plan-types.js';

/** NAMEDATALEN - 1: what the server keeps of a name. */
const LONGEST_NAME = 63;
/** The same failure is logged again after this long. */
const REPEAT_MS = 60_000;
/** Names of databases come from clients, as do addresses: no more of them are remembered. */
const MOST_REMEMBERED = 1000;

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

export function logProblems(log: Log, database: string, problems: readonly Problem[]): void {
  for (const problem of problems) {
    log.error(
      { database, problem: formatProblems([problem]) },
      'a policy does not fit the schema; its tables are closed',
    );
  }
}

/** Where an unexpected error arose. Its message stays out: it could quote a text. */
export function logDefect(log: Log, database: string, error: unknown): void {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error();
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  log.error(
    { database, error: name, at: frames.slice(1, 11).map((frame) => frame.trim()) },
    'a defect of pgveil: what it concerns is refused',
  );
}

/** Policies that a database has no table of, once for each policy and database. */
export function createForeignLog(log: Log): (database: string, policies: readonly PolicyConfig[]) => void {
  const said = new Set<string>();
  return (database, policies) => {
    for (const { name } of policies) {
      const key = JSON.stringify([database, name]);
      if (said.has(key)) continue;
      if (said.size >= MOST_REMEMBERED) said.clear();
      said.add(key);
      log.warn({ database, policy: name }, 'the database has no table of the policy');
    }
  };
}

/** Roles that stored values reach unmasked, because the configuration says so. */
export function logAllowed(log: Log, { roles }: Config): void {
  for (const { name, replication, functionCall } of roles) {
    const allowed = [...(replication ? ['replication'] : []), ...(functionCall ? ['function_call'] : [])];
    if (allowed.length > 0) log.warn({ role: name, allowed }, 'stored values reach this role unmasked');
  }
}

/** Connections that are closed for want of a PROXY header; the same from the same address once a minute. */
export function createProxyLog(log: Log): (address: string, reason: string) => void {
  const last = new Map<string, number>();
  return (address, reason) => {
    const key = JSON.stringify([address, reason]);
    const now = performance.now();
    if (now - (last.get(key) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return;
    if (last.size >= MOST_REMEMBERED) last.clear();
    last.set(key, now);
    log.warn({ remote: address, reason }, 'a connection was closed');
  };
}

/** Attempts go on every second or two; the log says what changed, and reminds once a minute. */
export function createErrorLog(log: Log): (database: string, error: CatalogError) => void {
  const last = new Map<string, { readonly reason: string; readonly at: number }>();
  return (database, error) => {
    const before = last.get(database);
    const now = performance.now();
    if (before && before.reason === error.reason && now - before.at < REPEAT_MS) return;
    if (last.size >= MOST_REMEMBERED) last.clear();
    last.set(database, { reason: error.reason, at: now });
    log.warn({ database, code: error.code, reason: error.reason }, 'the schema cannot be read');
  };
}

/** Runs pgbench and reads what it prints. */
import { runToEnd } from './processes.js';

export type QueryMode = 'simple' | 'extended' | 'prepared';

export interface PgbenchResult {
  readonly transactions: number;
  /** Without the time to connect. */
  readonly tps: number;
  /** Milliseconds, mean. */
  readonly latency: number;
}

/** Where a client connects to. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The environment in which libpq's programs connect to the endpoint. */
export function libpqEnvironment(endpoint: Endpoint): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PGHOST: endpoint.host,
    PGPORT: String(endpoint.port),
    PGUSER: endpoint.user,
    PGPASSWORD: endpoint.password,
    PGDATABASE: endpoint.database,
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
    LC_ALL: 'C',
  };
}

/** Makes pgbench's tables: 100,000 accounts for each unit of scale. */
export async function initialisePgbench(endpoint: Endpoint, scale: number): Promise<void> {
  await runToEnd('pgbench', ['-i', '-q', '-s', String(scale)], libpqEnvironment(endpoint));
}

export interface PgbenchRun {
  readonly mode: QueryMode;
  readonly clients: number;
  readonly seconds: number;
  /** A script file; absent: pgbench's own select by primary key (-S). */
  readonly script?: string;
}

/** One measurement. Rejects when pgbench fails, when a transaction failed or when none was made. */
export async function runPgbench(endpoint: Endpoint, run: PgbenchRun): Promise<PgbenchResult> {
  const what = run.script === undefined ? ['-S'] : ['-f', run.script];
  const args = ['-n', '-M', run.mode, '-c', String(run.clients), '-j', '1', '-T', String(run.seconds), ...what];
  return parsePgbench(await runToEnd('pgbench', args, libpqEnvironment(endpoint)));
}

/** Reads pgbench's report, of version 13 and later. Throws when a figure is missing or a transaction failed. */
export function parsePgbench(report: string): PgbenchResult {
  const find = (pattern: RegExp) => {
    const found = pattern.exec(report)?.[1];
    if (found === undefined) throw new Error(`pgbench's report lacks ${pattern.source}:\n${report}`);
    return Number(found);
  };
  const failed = Number(/^number of failed transactions: (\d+)/m.exec(report)?.[1] ?? 0);
  const transactions = find(/^number of transactions actually processed: (\d+)/m);
  if (failed > 0 || transactions === 0) throw new Error(`pgbench's transactions failed:\n${report}`);
  return {
    transactions,
    tps: find(/^tps = ([\d.]+) \((?:without initial connection time|excluding connections establishing)\)/m),
    latency: find(/^latency average = ([\d.]+) ms/m),
  };
}

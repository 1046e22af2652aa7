/** The gateway as a whole: listener, planner, catalog, tokens, metrics and health, wired together. */
import { readFileSync } from 'node:fs';
import { type Catalog, createCatalog } from './catalog/refresh.js';
import type { CatalogError } from './catalog/watcher.js';
import { ConfigError, formatProblems } from './config.js';
import { EXIT, listenError, StartError } from './errors.js';
import { type HttpServer, startHttp } from './http.js';
import { createLog, flushLog, type Log } from './log.js';
import { createMetrics, type Metrics } from './metrics.js';
import { type Listener, startListener } from './net/listener.js';
import { createObserver } from './observer.js';
import type { Config, HostPort, Problem } from './policy/config-types.js';
import { createTokenMaker } from './policy/tokens.js';
import { findUnready, type Phase } from './readiness.js';
import { createPlanner } from './sql/planner.js';
import { checkSchemas } from './startup.js';

/** The same failure of a database is logged again after this long. */
const REPEAT_LOG_MS = 60_000;

export interface GatewayOptions {
  /** Default: JSON lines on standard output. */
  readonly log?: Log;
}

export interface Gateway {
  /** Where clients connect; the port that was chosen where the configuration says 0. */
  readonly address: HostPort;
  /** Where metrics and health are; absent where the configuration has none. */
  readonly metricsAddress?: HostPort;
  /** Takes no new sessions, gives running transactions their grace period, then ends everything. */
  close(): Promise<void>;
}

/** The version in package.json. */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** A catalog for the databases of a configuration. */
export function catalogOf(
  config: Config,
  reports: {
    readonly onRead?: (database: string, seconds: number, relations: number) => void;
    readonly onError?: (database: string, error: CatalogError) => void;
  } = {},
): Catalog {
  const { user, password, refreshSeconds, databases } = config.catalog;
  return createCatalog({
    upstream: config.upstream,
    user,
    ...(password === undefined ? {} : { password }),
    refreshSeconds,
    pinned: databases,
    onRead: (database, snapshot, seconds) => reports.onRead?.(database, seconds, snapshot.relations.length),
    onError: (database, error) => reports.onError?.(database, error),
  });
}

/**
 * Starts the gateway; resolves when clients can connect. Databases that the configuration names are read first. One that
 * cannot be reached now is tried again and again, and until then the gateway is not ready and refuses what it cannot judge.
 * @throws ConfigError where a policy does not fit the schema of such a database
 * @throws StartError where the server does not accept the catalog user, or an address cannot be listened on
 */
export async function startGateway(config: Config, options: GatewayOptions = {}): Promise<Gateway> {
  const log = options.log ?? createLog(config.logLevel);
  const unbound = new Set<string>();
  let phase: Phase = 'starting';
  const metrics: Metrics = createMetrics({
    version: version(),
    databases: () => catalog.databases(),
    unbound: () => unbound,
  });
  metrics.configLoaded(Date.now());
  const logCatalogError = createErrorLog(log);
  const catalog = catalogOf(config, {
    onRead: (database, seconds, relations) => {
      metrics.catalogRead(seconds);
      log.info({ database, seconds: Number(seconds.toFixed(3)), relations }, 'schema read');
    },
    onError: (database, error) => {
      metrics.catalogError();
      logCatalogError(database, error);
    },
  });
  // Before the planner's own listener: what it then finds wrong stands.
  catalog.onChange((database) => unbound.delete(database));
  catalog.onDrop((database) => unbound.delete(database));

  let http: HttpServer | undefined;
  let listener: Listener;
  try {
    // First, so that a load balancer hears that the gateway is starting.
    http =
      config.metrics &&
      (await startHttp({
        listen: config.metrics,
        metrics,
        unready: () => findUnready({ config, catalog, unbound: () => unbound, phase: () => phase }),
      }).catch((error: unknown) => {
        throw listenError('metrics', config.metrics!, error);
      }));
    const planner = await createPlanner({
      config,
      catalog,
      onPlanned: metrics.planTime,
      onProblem: (database, problems) => {
        if (problems.length === 0) unbound.delete(database);
        else unbound.add(database);
        logProblems(log, database, problems);
      },
    });
    await loadConfigured(config, catalog);
    const finishToken = await createTokenMaker(config.oneWayKeys);
    listener = await startListener({
      listen: config.listen,
      upstream: config.upstream,
      limits: config.limits,
      planner,
      observer: createObserver(metrics, log),
      finishToken,
      onBytes: (direction, count) =>
        metrics.bytes(direction === 'from_client' ? 'client_to_server' : 'server_to_client', count),
      onSessions: metrics.sessions,
    }).catch((error: unknown) => {
      throw listenError('listen', config.listen, error);
    });
  } catch (error) {
    await Promise.all([catalog.close(), http?.close()]);
    throw error;
  }
  phase = 'running';
  log.info(
    {
      listen: listener.address,
      upstream: config.upstream,
      metrics: http?.address,
      policies: config.policies.map(({ name, mode }) => ({ name, mode })),
      version: version(),
    },
    'listening',
  );

  async function close(): Promise<void> {
    phase = 'stopping';
    log.info({ sessions: listener.sessionCount(), drain_seconds: config.limits.drainSeconds }, 'shutting down');
    await listener.close(config.limits.drainSeconds);
    await catalog.close();
    await http?.close();
    log.info('stopped');
    await flushLog(log);
  }
  let closed: Promise<void> | undefined;
  return {
    address: listener.address,
    ...(http ? { metricsAddress: http.address } : {}),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

async function loadConfigured(config: Config, catalog: Catalog): Promise<void> {
  const { errors, problems } = await checkSchemas(config, catalog, config.catalog.databases);
  if (problems.length > 0) throw new ConfigError(problems);
  const final = errors.filter((error) => error.kind === 'configuration');
  if (final.length > 0) throw new StartError(final.map((error) => error.message).join('\n'), EXIT.configuration);
}

function logProblems(log: Log, database: string, problems: readonly Problem[]): void {
  for (const problem of problems) {
    log.error(
      { database, problem: formatProblems([problem]) },
      'a policy does not fit the schema; its tables are closed',
    );
  }
}

/** Attempts go on every second or two; the log says what changed, and reminds once a minute. */
function createErrorLog(log: Log): (database: string, error: CatalogError) => void {
  const last = new Map<string, { readonly reason: string; readonly at: number }>();
  return (database, error) => {
    const before = last.get(database);
    const now = performance.now();
    if (before && before.reason === error.reason && now - before.at < REPEAT_LOG_MS) return;
    // Names of databases come from clients.
    if (last.size > 1000) last.clear();
    last.set(database, { reason: error.reason, at: now });
    log.warn({ database, code: error.code, reason: error.reason }, 'the schema cannot be read');
  };
}

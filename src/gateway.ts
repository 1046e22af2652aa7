/** The gateway as a whole: listener, planner, catalog, tokens, metrics and health, wired together. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Catalog, createCatalog } from './catalog/refresh.js';
import type { Snapshot } from './catalog/snapshot.js';
import { type CatalogError, NO_SUCH_DATABASE } from './catalog/watcher.js';
import { ConfigError } from './config.js';
import { EXIT, listenError, StartError } from './errors.js';
import { watchHosts } from './hosts.js';
import { type HttpServer, startHttp } from './http.js';
import { limitsOf, permitsOf } from './limits.js';
import {
  createErrorLog,
  createForeignLog,
  createLog,
  createProxyLog,
  flushLog,
  type Log,
  logAllowed,
  logDefect,
  logProblems,
} from './log.js';
import { createMetrics, type Metrics } from './metrics.js';
import type { Admission } from './net/admission.js';
import { createTlsAcceptor } from './net/client-tls.js';
import { type Listener, startListener } from './net/listener.js';
import { createObserver } from './observer.js';
import type { Config, HostPort, Problem } from './policy/config-types.js';
import { createTokenMaker } from './policy/tokens.js';
import { findUnready, type Phase, phaseReason } from './readiness.js';
import { type ConfigSource, keepFixed, type Reloader, startReloader } from './reload.js';
import { type ConfigurablePlanner, createPlanner } from './sql/planner.js';
import { checkSchemas, sortFindings, withoutRepeats } from './startup.js';

/** A new policy does not wait longer than this for a server that says nothing; it is checked against what is known. */
const LOOK_MS = 5_000;

export interface GatewayOptions {
  /** Default: JSON lines on standard output. */
  readonly log?: Log;
  /** Where the configuration was read from: changes of its files are taken over. Without it there are none. */
  readonly source?: ConfigSource;
  /** What it shares with other processes, where it is one of several. There is no HTTP side then. */
  readonly shared?: Shared;
  /** What every tag starts with, for comparisons of two gateways; 32 hexadecimal digits. Default: random. */
  readonly nonce?: string;
}

/** What several processes have in common. */
export interface Shared {
  /** The planner as this process' sessions see it. */
  readonly planner: (own: ConfigurablePlanner) => ConfigurablePlanner;
  /** Counts the sessions of all. */
  readonly admission: Admission;
}

export interface Gateway {
  /** Where clients connect; the port that was chosen where the configuration says 0. */
  readonly address: HostPort;
  /** Where metrics and health are; absent where it has none. */
  readonly metricsAddress?: HostPort;
  readonly metrics: Metrics;
  /** Why no new client should be sent here, in one line; undefined where all is well. */
  unready(): Promise<string | undefined>;
  /**
   * Takes a valid configuration over, and returns the names of what takes a restart. Where it throws, nothing has changed.
   * @throws as startGateway
   */
  configure(config: Config): Promise<readonly string[]>;
  /** Reads the configuration again, whether its files have changed or not; log and metrics say what came of it. */
  reload(): Promise<void>;
  /**
   * After limits.shutdown_delay_seconds: no new sessions, limits.drain_seconds for running transactions, then the end.
   * @param how without delay and limit: another process has taken the place of this one. A later call can set the limit
   */
  close(how?: 'without limit'): Promise<void>;
}

/** The version in package.json. */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** A catalog for the databases of the configuration in force; changes of its databases and password are heeded. */
export function catalogOf(
  config: () => Config,
  reports: {
    readonly onRead?: (database: string, seconds: number, relations: number) => void;
    readonly onError?: (database: string, error: CatalogError) => void;
  } = {},
): Catalog {
  const { catalog } = config();
  return createCatalog({
    get upstream() {
      return config().upstream;
    },
    user: catalog.user,
    password: () => config().catalog.password,
    refreshSeconds: catalog.refreshSeconds,
    get pinned() {
      return config().catalog.databases;
    },
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
  let inForce = config;
  /** Whether it fits is being found out. The catalog lives by it meanwhile, or a new password could not be tried. */
  let candidate: Config | undefined;
  const snapshots = new Map<string, Snapshot>();
  const unbound = new Set<string>();
  let acceptor = config.listen.tls && createTlsAcceptor(config.listen.tls);
  let phase: Phase = 'starting';
  const metrics: Metrics = createMetrics({
    version: version(),
    databases: () => catalog.databases(),
    unbound: () => unbound,
  });
  metrics.configLoaded(Date.now());
  const logCatalogError = createErrorLog(log);
  const logForeign = createForeignLog(log);
  const hosts = watchHosts(() => candidate ?? inForce);
  const catalog = catalogOf(() => ({ ...(candidate ?? inForce), upstream: hosts.primaryFirst() }), {
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
  catalog.onChange((database, snapshot) => {
    snapshots.set(database, snapshot);
    unbound.delete(database);
  });
  catalog.onDrop((database) => {
    snapshots.delete(database);
    unbound.delete(database);
  });

  const unready = () =>
    findUnready({
      config: () => inForce,
      catalog,
      servers: hosts.fitting,
      unbound: () => unbound,
      phase: () => phase,
    });

  let finishToken: Awaited<ReturnType<typeof createTokenMaker>>;
  let planner: ConfigurablePlanner;
  let http: HttpServer | undefined;
  let listener: Listener;
  try {
    // First, so that a load balancer hears that the gateway is starting.
    const place = options.shared ? undefined : config.metrics;
    http =
      place &&
      (await startHttp({
        listen: place,
        metrics,
        unready,
        unreadyNow: () => phaseReason(phase),
      }).catch((error: unknown) => {
        throw listenError('metrics', place, error);
      }));
    planner = createPlanner({
      ...(options.nonce === undefined ? {} : { nonce: options.nonce }),
      config,
      catalog,
      onPlanned: metrics.planTime,
      onDefect: (database, error) => logDefect(log, database, error),
      onProblem: (database, problems) => {
        const snapshot = snapshots.get(database);
        // Given up meanwhile.
        if (!snapshot) return;
        const { foreign, misfits } = sortFindings(inForce, snapshot, problems);
        if (misfits.length === 0) unbound.delete(database);
        else unbound.add(database);
        logForeign(database, foreign);
        logProblems(log, database, misfits);
      },
    });
    await loadConfigured(config, catalog);
    finishToken = await createTokenMaker(config.oneWayKeys);
    listener = await startListener({
      listen: config.listen,
      get upstream() {
        return inForce.upstream;
      },
      hosts,
      tls: () => acceptor,
      proxies: () => inForce.listen.proxyProtocol,
      onProxyRefused: createProxyLog(log),
      limits: limitsOf(() => inForce),
      permits: permitsOf(() => inForce),
      planner: options.shared?.planner(planner) ?? planner,
      ...(options.shared ? { admission: options.shared.admission } : {}),
      observer: createObserver(metrics, log),
      finishToken: (column, payload) => finishToken(column, payload),
      onBytes: (direction, count) =>
        metrics.bytes(direction === 'from_client' ? 'client_to_server' : 'server_to_client', count),
      onSessions: metrics.sessions,
    }).catch((error: unknown) => {
      throw listenError('listen', config.listen, error);
    });
  } catch (error) {
    hosts.close();
    await Promise.all([catalog.close(), http?.close()]);
    throw error;
  }
  phase = 'running';
  log.info(
    {
      listen: listener.address,
      upstream: {
        host: config.upstream.host,
        port: config.upstream.port,
        more: config.upstream.more,
        tls: config.upstream.tls?.mode ?? 'disable',
      },
      metrics: http?.address,
      policies: config.policies.map(({ name, mode }) => ({ name, mode })),
      version: version(),
    },
    'listening',
  );
  logAllowed(log, config);

  async function configure(read: Config): Promise<readonly string[]> {
    const { config: next, needRestart } = keepFixed(inForce, read);
    candidate = next;
    try {
      await checkNext(next);
      // Without a key no mask is one-way any more, but what was planned before may be under way.
      const accept = next.listen.tls && createTlsAcceptor(next.listen.tls);
      const finish = next.oneWayKeys.length > 0 ? await createTokenMaker(next.oneWayKeys) : finishToken;
      // All at once: nothing waits from here on.
      if (next.logLevel !== inForce.logLevel) log.level = next.logLevel;
      inForce = next;
      acceptor = accept;
      finishToken = finish;
      unbound.clear();
      planner.configure(next);
    } finally {
      candidate = undefined;
    }
    metrics.configLoaded(Date.now());
    logAllowed(log, next);
    return needRestart;
  }

  /**
   * Binds the policies to the databases that count for readiness.
   * @throws as startGateway; that the server has no such database is an error where the configuration lists it
   */
  async function checkNext(next: Config): Promise<void> {
    const listed = next.catalog.databases;
    const databases = listed.length > 0 ? listed : [...snapshots.keys()];
    const { read, errors } = await checkSchemas(next, { load: look }, databases);
    throwUnfit(
      read.flatMap(({ snapshot, problems }) => sortFindings(next, snapshot, problems, inForce.policies).misfits),
      errors.filter(({ database }) => listed.includes(database)),
    );
  }

  /** The schema as it is now; where that cannot be told, as it was last known. */
  async function look(database: string): Promise<Snapshot> {
    const known = snapshots.get(database);
    const looked = catalog.refresh(database);
    if (!known) return looked;
    const orKnown = looked.catch((error: CatalogError) => {
      if (error.code === NO_SUCH_DATABASE) throw error;
      return known;
    });
    return Promise.race([orKnown, sleep(LOOK_MS, known, { ref: false })]);
  }

  const reloader: Reloader | undefined =
    options.source && startReloader({ source: options.source, apply: configure, log, metrics });

  async function close(how?: 'without limit'): Promise<void> {
    const { drainSeconds, shutdownDelaySeconds } = inForce.limits;
    const delay = how || phase === 'stopping' ? 0 : shutdownDelaySeconds;
    phase = 'stopping';
    reloader?.close();
    const sessions = listener.sessionCount();
    log.info(
      { sessions, shutdown_delay_seconds: delay, drain_seconds: how ? 'no limit' : drainSeconds },
      'shutting down',
    );
    if (delay > 0) await sleep(delay * 1000);
    await listener.close(how ? undefined : drainSeconds);
    closed ??= (async () => {
      hosts.close();
      await planner.close();
      await catalog.close();
      await http?.close();
      log.info('stopped');
      await flushLog(log);
    })();
    await closed;
  }
  let closed: Promise<void> | undefined;
  return {
    address: listener.address,
    ...(http ? { metricsAddress: http.address } : {}),
    metrics,
    unready,
    configure,
    reload: async () => reloader?.reload(),
    close,
  };
}

async function loadConfigured(config: Config, catalog: Catalog): Promise<void> {
  const { read, errors } = await checkSchemas(config, catalog, config.catalog.databases);
  throwUnfit(
    read.flatMap(({ problems }) => problems),
    errors,
  );
}

/** @throws ConfigError, StartError for all that will not pass by itself */
function throwUnfit(problems: readonly Problem[], errors: readonly CatalogError[]): void {
  if (problems.length > 0) throw new ConfigError(withoutRepeats(problems));
  const final = errors.filter((error) => error.kind === 'configuration');
  if (final.length > 0) throw new StartError(final.map((error) => error.message).join('\n'), EXIT.configuration);
}

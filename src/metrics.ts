/**
 * What Prometheus scrapes. Every label comes from a closed set, from the policies or from the schema; nothing that a
 * client sends becomes one, and each metric has a limit of series all the same.
 */
import {
  type Aggregator,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { DatabaseState } from './catalog/refresh.js';
import type { ColumnLabel, Plan, Refusal } from './sql/plan-types.js';

/** More than any policy set needs; a guard against mistakes. */
const MOST_COLUMNS = 2_000;
const MOST_POLICIES = 200;
const MOST_KINDS = 100;
const MOST_DATABASES = 50;
const OTHER = 'other';
const NONE = 'none';

const COLUMN_LABELS = ['policy', 'table', 'column', 'category'] as const;
/** Between a cached plan, some microseconds, and a long text in a worker. */
const PLAN_BUCKETS = [5e-6, 2e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, 0.25, 1, 5];
const CATALOG_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const RELOAD_RESULTS = ['ok', 'error'] as const;
export type ReloadResult = (typeof RELOAD_RESULTS)[number];
export type Direction = 'client_to_server' | 'server_to_client';

/** The metrics of a process as plain data. */
export type MetricsJson = readonly MetricObjectWithValues<MetricValue<string>>[];

export interface Metrics {
  readonly contentType: string;
  /** The text exposition format. */
  text(): Promise<string>;
  /** The same as plain data, for aggregation with those of other processes. */
  json(): Promise<MetricsJson>;
  /** A text was planned and is acted on. */
  planned(plan: Plan): void;
  /** How long the decision took, and whether the plan cache had it. */
  planTime(seconds: number, cached: boolean): void;
  /** Cells that were finished on the wire. */
  maskedValues(column: ColumnLabel, cells: number): void;
  /** A refusal outside any plan. */
  refused(refusal: Refusal): void;
  upstreamError(kind: 'unreachable' | 'reset' | 'protocol'): void;
  bytes(direction: Direction, count: number): void;
  /** The number of sessions after each change. */
  sessions(count: number): void;
  catalogRead(seconds: number): void;
  catalogError(): void;
  configLoaded(millisecondsSinceEpoch: number): void;
  /** The configuration file was read again; `error`: and the one before stays in force. */
  configReloaded(result: ReloadResult): void;
}

/** What is asked at each scrape. */
export interface MetricSources {
  readonly version: string;
  readonly databases: () => readonly DatabaseState[];
  /** Databases whose policies do not fit the schema. */
  readonly unbound: () => ReadonlySet<string>;
}

/** Metrics with a registry of their own, and those of the process. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
    new Counter({ name, help, labelNames, registers });
  /** `aggregator`: what several processes are together. */
  const gauge = <T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    aggregator: Aggregator,
    collect?: () => void,
  ) => new Gauge<T>({ name, help, labelNames, registers, aggregator, ...(collect ? { collect } : {}) });

  const queries = counter('pgveil_queries_total', 'SQL texts by what was decided for them.', ['verdict', 'kind']);
  const maskedColumns = counter(
    'pgveil_masked_columns_total',
    'Protected columns in planned statements that show them masked where a row is redacted.',
    COLUMN_LABELS,
  );
  const maskedValues = counter(
    'pgveil_masked_values_total',
    'Values of redacted rows whose mask the gateway finished on the wire.',
    COLUMN_LABELS,
  );
  const refusals = counter('pgveil_refusals_total', 'Refused SQL texts.', ['reason', 'policy']);
  const observedRefusals = counter(
    'pgveil_observed_refusals_total',
    'SQL texts that policies in observe mode would have refused.',
    ['reason', 'policy'],
  );
  const observedColumns = counter(
    'pgveil_observed_masked_columns_total',
    'Protected columns in planned statements that policies in observe mode would have masked.',
    COLUMN_LABELS,
  );
  const planSeconds = new Histogram({
    name: 'pgveil_plan_seconds',
    help: 'Time from an SQL text to the decision about it.',
    buckets: PLAN_BUCKETS,
    registers,
  });
  const cacheHits = counter('pgveil_plan_cache_hits_total', 'Plans that the plan cache had.', []);
  const cacheMisses = counter('pgveil_plan_cache_misses_total', 'Plans that had to be made.', []);
  const sessionsNow = gauge('pgveil_sessions', 'Client connections that are open.', [], 'sum');
  const sessionsTotal = counter('pgveil_sessions_total', 'Client connections that were accepted.', []);
  const bytes = counter('pgveil_bytes_total', 'Bytes read from clients and written to clients.', ['direction']);
  const upstreamErrors = counter('pgveil_upstream_errors_total', 'Failures of connections to the server.', ['kind']);
  const catalogSeconds = new Histogram({
    name: 'pgveil_catalog_load_seconds',
    help: 'Time to read the whole schema of a database.',
    buckets: CATALOG_BUCKETS,
    registers,
  });
  const catalogErrors = counter('pgveil_catalog_errors_total', 'Failed attempts to read the schema of a database.', []);
  let configLoadedAt: number | undefined;
  gauge(
    'pgveil_config_loaded_timestamp_seconds',
    'When the configuration in force was read.',
    [],
    'min',
    function (this: Gauge) {
      if (configLoadedAt !== undefined) this.set(configLoadedAt / 1000);
    },
  );
  gauge(
    'pgveil_config_age_seconds',
    'Time since the configuration in force was read.',
    [],
    'max',
    function (this: Gauge) {
      if (configLoadedAt !== undefined) this.set((Date.now() - configLoadedAt) / 1000);
    },
  );
  const reloads = counter('pgveil_config_reload_total', 'Attempts to take a changed configuration.', ['result']);
  const lastReload = gauge(
    'pgveil_config_last_reload_success',
    '1 where the configuration in force is the one that was read last, 0 where that one was not valid or did not fit.',
    [],
    'min',
  );
  gauge(
    'pgveil_catalog_age_seconds',
    'Time since the known schema of a database was last found to be right.',
    ['database'],
    'max',
    function (this: Gauge<'database'>) {
      this.reset();
      for (const [database, age] of agesOf(sources.databases())) this.set({ database }, age);
    },
  );
  gauge(
    'pgveil_policies_bound',
    '1 where the policies fit the schema of a database, 0 where tables are closed because they do not.',
    ['database'],
    'min',
    function (this: Gauge<'database'>) {
      this.reset();
      const unbound = sources.unbound();
      const bound = new Map<string, number>();
      for (const { database, ageSeconds } of sources.databases()) {
        if (ageSeconds === undefined) continue;
        const label = bound.size < MOST_DATABASES || bound.has(database) ? database : OTHER;
        bound.set(label, Math.min(bound.get(label) ?? 1, unbound.has(database) ? 0 : 1));
      }
      for (const [database, value] of bound) this.set({ database }, value);
    },
  );
  gauge('pgveil_build_info', 'The version that runs.', ['version'], 'first').set({ version: sources.version }, 1);
  collectDefaultMetrics({ register: registry });

  // Rates need a first value: without these, the first refusal or error would not show as an increase.
  for (const direction of ['client_to_server', 'server_to_client'] as const) bytes.inc({ direction }, 0);
  for (const kind of ['unreachable', 'reset', 'protocol']) upstreamErrors.inc({ kind }, 0);
  for (const result of RELOAD_RESULTS) reloads.inc({ result }, 0);
  lastReload.set(1);

  const columnLimits = [maskedColumns, maskedValues, observedColumns].map(
    (metric) => [metric, new Set<string>()] as const,
  );
  const columnSeries = new Map(columnLimits);
  function countColumn(metric: Counter<(typeof COLUMN_LABELS)[number]>, label: ColumnLabel, amount: number): void {
    const { policy, table, column, category } = label;
    const fits = within(columnSeries.get(metric)!, JSON.stringify([policy, table, column, category]), MOST_COLUMNS);
    if (fits) metric.inc({ policy, table, column, category }, amount);
    else metric.inc({ policy: OTHER, table: OTHER, column: OTHER, category: OTHER }, amount);
  }

  const policies = new Set<string>();
  function countRefusal(metric: Counter<'reason' | 'policy'>, refusal: Refusal): void {
    const policy = refusal.policy ?? NONE;
    metric.inc({ reason: refusal.reason, policy: within(policies, policy, MOST_POLICIES) ? policy : OTHER });
  }

  const kinds = new Set<string>();
  let sessionCount = 0;
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON(),
    planned: (plan) => {
      const kind = kindOf(plan);
      queries.inc({ verdict: plan.verdict, kind: within(kinds, kind, MOST_KINDS) ? kind : OTHER });
      // Of a refused text, the statements before the refused one run.
      const run = plan.verdict === 'refuse' ? plan.statements.slice(0, -1) : plan.statements;
      for (const label of run.flatMap((statement) => statement.masked)) countColumn(maskedColumns, label, 1);
      if (plan.verdict === 'refuse') countRefusal(refusals, plan.refusal);
      if (!plan.observed) return;
      for (const label of plan.observed.masked) countColumn(observedColumns, label, 1);
      if (plan.observed.refusal) countRefusal(observedRefusals, plan.observed.refusal);
    },
    planTime: (seconds, cached) => {
      planSeconds.observe(seconds);
      (cached ? cacheHits : cacheMisses).inc();
    },
    maskedValues: (column, cells) => countColumn(maskedValues, column, cells),
    refused: (refusal) => countRefusal(refusals, refusal),
    upstreamError: (kind) => upstreamErrors.inc({ kind }),
    bytes: (direction, count) => bytes.inc({ direction }, count),
    sessions: (count) => {
      if (count > sessionCount) sessionsTotal.inc(count - sessionCount);
      sessionCount = count;
      sessionsNow.set(count);
    },
    catalogRead: (seconds) => catalogSeconds.observe(seconds),
    catalogError: () => catalogErrors.inc(),
    configLoaded: (millisecondsSinceEpoch) => {
      configLoadedAt = millisecondsSinceEpoch;
    },
    configReloaded: (result) => {
      reloads.inc({ result });
      lastReload.set(result === 'ok' ? 1 : 0);
    },
  };
}

/** The kind of the statement, of the refused one where the text is refused. */
function kindOf(plan: Plan): string {
  const { statements } = plan;
  if (plan.verdict === 'refuse') return statements.at(-1)?.kind ?? NONE;
  if (statements.length > 1) return 'several';
  return statements[0]?.kind ?? NONE;
}

/** Databases whose schema is known; beyond the limit, the oldest of the rest under one name. */
function agesOf(databases: readonly DatabaseState[]): Map<string, number> {
  const ages = new Map<string, number>();
  for (const { database, ageSeconds } of databases) {
    if (ageSeconds === undefined) continue;
    const label = ages.size < MOST_DATABASES ? database : OTHER;
    ages.set(label, Math.max(ages.get(label) ?? 0, ageSeconds));
  }
  return ages;
}

/** Whether the value is one of the first `most` that were seen. */
function within(seen: Set<string>, value: string, most: number): boolean {
  if (seen.has(value)) return true;
  if (seen.size >= most) return false;
  seen.add(value);
  return true;
}

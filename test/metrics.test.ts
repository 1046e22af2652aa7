import { describe, expect, it } from 'vitest';
import type { DatabaseState } from '../src/catalog/refresh.js';
import { createMetrics, type Metrics } from '../src/metrics.js';
import type { ColumnLabel, Plan, Refusal, StatementPlan } from '../src/sql/plan-types.js';

const name: ColumnLabel = {
  policy: 'amazon-30-days',
  table: 'public.orders',
  column: 'buyer_name',
  category: 'personal_name',
};
const refusal: Refusal = { code: '42501', message: 'm', reason: 'filter', policy: 'amazon-30-days' };

const statement = (kind: string, masked: readonly ColumnLabel[] = []): StatementPlan => ({
  kind,
  output: [],
  effects: [],
  withhold: 'nothing',
  masked,
});
const base = { generation: 1 };
const positions = { runs: [], length: 0 };
const pass = (...statements: StatementPlan[]): Plan => ({ ...base, verdict: 'pass', statements });
const rewrite = (...statements: StatementPlan[]): Plan => ({
  ...base,
  verdict: 'rewrite',
  statements,
  text: '',
  positions,
});
const refuse = (...statements: StatementPlan[]): Plan => ({
  ...base,
  verdict: 'refuse',
  statements,
  text: '',
  marker: '',
  positions,
  refusal,
  fingerprint: 'f',
});

const state = (database: string, ageSeconds: number | undefined): DatabaseState => ({
  database,
  ageSeconds,
  error: undefined,
});

function create(databases: readonly DatabaseState[] = [], unbound: readonly string[] = []): Metrics {
  return createMetrics({ version: '1.2.3', databases: () => databases, unbound: () => new Set(unbound) });
}

/** Lines of the metrics that are pgveil's own and not 0, sorted. */
async function samples(metrics: Metrics, prefix = 'pgveil_'): Promise<string[]> {
  const lines = (await metrics.text()).split('\n');
  return lines.filter((line) => line.startsWith(prefix) && !line.endsWith(' 0')).sort();
}

describe('metrics', () => {
  it('count texts by verdict and kind of statement', async () => {
    const metrics = create();
    metrics.planned(pass(statement('select')));
    metrics.planned(pass(statement('select')));
    metrics.planned(pass(statement('insert'), statement('select')));
    metrics.planned(pass());
    metrics.planned(rewrite(statement('copy')));
    metrics.planned(refuse(statement('insert'), statement('update')));
    expect(await samples(metrics, 'pgveil_queries_total')).toEqual([
      'pgveil_queries_total{verdict="pass",kind="none"} 1',
      'pgveil_queries_total{verdict="pass",kind="select"} 2',
      'pgveil_queries_total{verdict="pass",kind="several"} 1',
      'pgveil_queries_total{verdict="refuse",kind="update"} 1',
      'pgveil_queries_total{verdict="rewrite",kind="copy"} 1',
    ]);
  });

  it('count masked columns of statements that run, not of the one that is refused', async () => {
    const metrics = create();
    const email = { ...name, column: 'buyer_email', category: 'email' };
    metrics.planned(rewrite(statement('select', [name, email]), statement('select', [name])));
    metrics.planned(refuse(statement('select', [name]), statement('select', [email])));
    const labels = (column: string, category: string) =>
      `{policy="amazon-30-days",table="public.orders",column="${column}",category="${category}"}`;
    expect(await samples(metrics, 'pgveil_masked_columns_total')).toEqual([
      `pgveil_masked_columns_total${labels('buyer_email', 'email')} 1`,
      `pgveil_masked_columns_total${labels('buyer_name', 'personal_name')} 3`,
    ]);
    metrics.maskedValues(name, 250);
    metrics.maskedValues(name, 1);
    expect(await samples(metrics, 'pgveil_masked_values_total')).toEqual([
      `pgveil_masked_values_total${labels('buyer_name', 'personal_name')} 251`,
    ]);
  });

  it('count refusals by reason and policy, of plans and others, and apart from them those of observe mode', async () => {
    const metrics = create();
    metrics.planned(refuse(statement('select')));
    metrics.refused({ code: '0A000', message: 'm', reason: 'statement' });
    metrics.planned({ ...pass(statement('select')), observed: { refusal, masked: [name] } });
    expect(await samples(metrics, 'pgveil_refusals_total')).toEqual([
      'pgveil_refusals_total{reason="filter",policy="amazon-30-days"} 1',
      'pgveil_refusals_total{reason="statement",policy="none"} 1',
    ]);
    expect(await samples(metrics, 'pgveil_observed')).toEqual([
      'pgveil_observed_masked_columns_total{policy="amazon-30-days",table="public.orders",column="buyer_name",category="personal_name"} 1',
      'pgveil_observed_refusals_total{reason="filter",policy="amazon-30-days"} 1',
    ]);
  });

  it('measure planning, the cache, sessions, bytes, upstream errors and reads of the schema', async () => {
    const metrics = create();
    metrics.planTime(0.00001, true);
    metrics.planTime(0.003, false);
    metrics.planTime(0.003, false);
    for (const count of [1, 2, 1, 2, 3]) metrics.sessions(count);
    metrics.bytes('client_to_server', 10);
    metrics.bytes('server_to_client', 300);
    metrics.bytes('server_to_client', 5);
    metrics.upstreamError('reset');
    metrics.catalogRead(0.2);
    metrics.catalogError();
    const text = (await metrics.text()).split('\n');
    for (const line of [
      'pgveil_plan_seconds_bucket{le="0.00002"} 1',
      'pgveil_plan_seconds_bucket{le="+Inf"} 3',
      'pgveil_plan_seconds_count 3',
      'pgveil_plan_cache_hits_total 1',
      'pgveil_plan_cache_misses_total 2',
      'pgveil_sessions 3',
      'pgveil_sessions_total 4',
      'pgveil_bytes_total{direction="client_to_server"} 10',
      'pgveil_bytes_total{direction="server_to_client"} 305',
      'pgveil_upstream_errors_total{kind="reset"} 1',
      'pgveil_upstream_errors_total{kind="unreachable"} 0',
      'pgveil_catalog_load_seconds_count 1',
      'pgveil_catalog_errors_total 1',
      'pgveil_build_info{version="1.2.3"} 1',
    ]) {
      expect(text).toContain(line);
    }
    expect(text.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true);
  });

  it('tell the age of the configuration, and of the schema and its policies for each database that was read', async () => {
    const metrics = create([state('shop', 3.5), state('other_shop', 1), state('unread', undefined)], ['other_shop']);
    metrics.configLoaded(Date.now() - 60_000);
    const lines = await samples(metrics);
    expect(lines).toContain('pgveil_catalog_age_seconds{database="shop"} 3.5');
    expect(lines).toContain('pgveil_policies_bound{database="shop"} 1');
    const text = await metrics.text();
    expect(text).toContain('pgveil_policies_bound{database="other_shop"} 0');
    expect(text).not.toContain('unread');
    const sampleOf = (metric: string): number =>
      Number(lines.find((line) => line.startsWith(`${metric} `))!.split(' ')[1]);
    expect(sampleOf('pgveil_config_age_seconds')).toBeGreaterThanOrEqual(60);
    expect(sampleOf('pgveil_config_age_seconds')).toBeLessThan(90);
    expect(Math.abs(sampleOf('pgveil_config_loaded_timestamp_seconds') - (Date.now() / 1000 - 60))).toBeLessThan(30);
  });

  it('count attempts to take a changed configuration, and tell whether the last one did', async () => {
    const metrics = create();
    const reloads = async () =>
      (await metrics.text()).split('\n').filter((line) => /^pgveil_config_\w*reload/.test(line));
    const lines = (ok: number, error: number, last: number) => [
      `pgveil_config_reload_total{result="ok"} ${ok}`,
      `pgveil_config_reload_total{result="error"} ${error}`,
      `pgveil_config_last_reload_success ${last}`,
    ];
    expect(await reloads()).toEqual(lines(0, 0, 1));
    metrics.configReloaded('error');
    metrics.configReloaded('error');
    expect(await reloads()).toEqual(lines(0, 2, 0));
    metrics.configReloaded('ok');
    expect(await reloads()).toEqual(lines(1, 2, 1));
  });

  it('have names and units as Prometheus has them, and help for each', async () => {
    const text = await create([state('shop', 1)]).text();
    const types = [...text.matchAll(/^# TYPE (pgveil_\S+) (\S+)$/gm)].map(([, metric, type]) => [metric!, type!]);
    expect(types.length).toBeGreaterThan(15);
    for (const [metric, type] of types) {
      expect(metric!).toMatch(/^pgveil_[a-z_]+$/);
      expect(metric!.endsWith('_total'), metric).toBe(type === 'counter');
      if (type === 'histogram') expect(metric).toMatch(/_seconds$/);
      expect(text).toMatch(new RegExp(`^# HELP ${metric} .+\\.$`, 'm'));
    }
  });

  it('have a limit of series, whatever comes', async () => {
    const many = Array.from({ length: 80 }, (_, i) => state(`db${i}`, i));
    const metrics = create(many);
    for (let i = 0; i < 5_000; i++) {
      metrics.planned(rewrite(statement(`kind${i}`, [{ ...name, column: `c${i}` }])));
      metrics.maskedValues({ ...name, table: `t${i}` }, 1);
      metrics.refused({ ...refusal, policy: `p${i}` });
    }
    const lines = await samples(metrics);
    const seriesOf = (metric: string): number => lines.filter((line) => line.startsWith(`${metric}{`)).length;
    expect(seriesOf('pgveil_queries_total')).toBe(101);
    expect(seriesOf('pgveil_masked_columns_total')).toBe(2001);
    expect(seriesOf('pgveil_masked_values_total')).toBe(2001);
    expect(seriesOf('pgveil_refusals_total')).toBe(201);
    expect(lines).toContain('pgveil_refusals_total{reason="filter",policy="other"} 4800');
    // The oldest of those without a name of their own.
    expect(lines).toContain('pgveil_catalog_age_seconds{database="other"} 79');
    expect(seriesOf('pgveil_policies_bound')).toBe(51);
  });
});

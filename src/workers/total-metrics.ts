/** The metrics of several processes as one. */
import { AggregatorRegistry } from 'prom-client';
import type { MetricsJson } from '../metrics.js';

/** Each metric by its own aggregator; without one, the sum. */
export async function addUp(parts: readonly MetricsJson[]): Promise<MetricsJson> {
  return AggregatorRegistry.aggregate([...parts]).getMetricsAsJSON();
}

/** The text exposition format. */
export function exposition(parts: readonly MetricsJson[]): Promise<string> {
  return AggregatorRegistry.aggregate([...parts]).metrics();
}

/** What counts on after the end of a process, so that no counter falls. */
export function counted(metrics: MetricsJson): MetricsJson {
  // Names in fact, whatever the declared type.
  return metrics.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}

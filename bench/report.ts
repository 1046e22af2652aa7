/** The results as one table. */
import type { BulkResult } from './bulk.js';
import type { MachineFacts } from './machine.js';
import type { PointResult } from './point.js';
import { figure, formatTable, ratio, type TableSection } from './table.js';

/** What `--save` writes. */
export interface Report {
  /** When it was measured. */
  readonly date: string;
  readonly machine: MachineFacts;
  readonly settings: Readonly<Record<string, number>>;
  readonly point: readonly PointResult[];
  readonly bulk: readonly BulkResult[];
}

export function formatReport(report: Report): string {
  return `${machineLines(report)}\n\n${formatTable([...report.point.map(pointSection), ...report.bulk.map(bulkSection)])}\n`;
}

function machineLines({ machine, settings }: Report): string {
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.system}`,
    `Node ${machine.node}, PostgreSQL ${machine.postgresql}, ${machine.pgbench}`,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  ].join('\n');
}

function pointSection(result: PointResult): TableSection {
  return {
    title: result.title,
    header: ['', 'TPS', 'of relay', 'µs CPU/tx', 'of relay', 'ms latency'],
    rows: result.targets.map((t) => [
      t.target,
      figure(t.tps),
      ratio(t.tpsRatio),
      figure(t.cpu, 1),
      ratio(t.cpuRatio),
      figure(t.latency, 3),
    ]),
  };
}

function bulkSection(result: BulkResult): TableSection {
  const { memory } = result;
  const resident = memory
    ? `; gateway resident ${figure(memory.before.resident)} MB before, ${figure(memory.after.resident)} MB after, peak ${figure(memory.after.peak)} MB`
    : '';
  return {
    title: `${result.title}, ${figure(result.rows)} rows${resident}`,
    header: ['', 'seconds', 'of direct', 'MB', 'MB/s'],
    rows: result.targets.map((t) => [
      t.target,
      figure(t.seconds, 3),
      ratio(t.ratio),
      figure(t.megabytes, 1),
      figure(t.megabytes / t.seconds),
    ]),
  };
}

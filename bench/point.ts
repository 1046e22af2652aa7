/** Small statements under pgbench: throughput, and CPU of the proxy for each transaction. */
import { cpuSeconds } from './cpu.js';
import { type PgbenchRun, runPgbench } from './pgbench.js';
import { median, medianRatio, rotate } from './statistics.js';
import type { Target } from './targets.js';

export interface PointCase {
  readonly title: string;
  readonly mode: PgbenchRun['mode'];
  readonly entries: readonly PointEntry[];
}

interface PointEntry {
  readonly target: Target;
  /** The file that is sent to it; absent: pgbench's own select. */
  readonly script?: string;
  /** What to call it, where a target is measured twice; absent: the target's name. */
  readonly label?: string;
}

interface PointRound {
  readonly tps: number;
  /** Milliseconds, mean. */
  readonly latency: number;
  /** Microseconds of the proxy for one transaction; absent for the server itself and where /proc is missing. */
  readonly cpu?: number;
}

export interface PointFigures {
  readonly target: string;
  readonly rounds: readonly PointRound[];
  /** Medians of the rounds. */
  readonly tps: number;
  readonly latency: number;
  readonly cpu?: number;
  /** Against the bare relay; absent when it was not measured. */
  readonly tpsRatio?: number;
  readonly cpuRatio?: number;
}

export interface PointResult {
  readonly title: string;
  readonly mode: string;
  readonly targets: readonly PointFigures[];
}

export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: number;
  /** Seconds of load that each target gets before the first round, unmeasured. */
  readonly warmup: number;
}

/** Measures one case: rounds interleaved over the targets, each round beginning with another one. */
export async function measurePoint(point: PointCase, rounds: Rounds): Promise<PointResult> {
  const { mode } = point;
  const { clients } = rounds;
  if (rounds.warmup > 0) {
    for (const { target, script } of point.entries) {
      await runPgbench(target.endpoint, { mode, clients, seconds: rounds.warmup, script });
    }
  }
  const measured = new Map<string, PointRound[]>(point.entries.map((entry) => [labelOf(entry), []]));
  for (let round = 0; round < rounds.rounds; round++) {
    for (const entry of rotate(point.entries, round)) {
      const result = await measureOnce(entry.target, { mode, clients, seconds: rounds.seconds, script: entry.script });
      measured.get(labelOf(entry))!.push(result);
    }
  }
  const relay = measured.get('relay');
  const targets = [...measured].map(([target, list]) => figures(target, list, relay));
  return { title: point.title, mode, targets };
}

function labelOf({ target, label }: PointEntry): string {
  return label ?? target.name;
}

async function measureOnce(target: Target, run: PgbenchRun): Promise<PointRound> {
  const pid = target.service?.pid;
  const before = pid === undefined ? undefined : cpuSeconds(pid);
  const { tps, latency, transactions } = await runPgbench(target.endpoint, run);
  const after = pid === undefined ? undefined : cpuSeconds(pid);
  if (before === undefined || after === undefined) return { tps, latency };
  return { tps, latency, cpu: ((after - before) / transactions) * 1e6 };
}

function figures(
  target: string,
  rounds: readonly PointRound[],
  relay: readonly PointRound[] | undefined,
): PointFigures {
  const cpu = cpuOf(rounds);
  const relayCpu = relay && cpuOf(relay);
  return {
    target,
    rounds,
    tps: median(rounds.map((r) => r.tps)),
    latency: median(rounds.map((r) => r.latency)),
    ...(cpu && { cpu: median(cpu) }),
    ...(relay && { tpsRatio: medianRatio(tpsOf(rounds), tpsOf(relay)) }),
    ...(cpu && relayCpu && { cpuRatio: medianRatio(cpu, relayCpu) }),
  };
}

function tpsOf(rounds: readonly PointRound[]): readonly number[] {
  return rounds.map((r) => r.tps);
}

/** Undefined when a round lacks it. */
function cpuOf(rounds: readonly PointRound[]): readonly number[] | undefined {
  const cpu = rounds.flatMap((r) => r.cpu ?? []);
  return cpu.length === rounds.length ? cpu : undefined;
}

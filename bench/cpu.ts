/** What a process has used, from Linux's /proc. Elsewhere every figure is undefined. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

let ticksPerSecond: number | undefined;

/** CPU seconds, in user and system mode, of a process and those that it has started; undefined without /proc. */
export function cpuSeconds(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  let seconds = cpuTicks(stat) / ticksPerSecond;
  for (const child of childrenOf(pid)) seconds += cpuSeconds(child) ?? 0;
  return seconds;
}

/** utime and stime, fields 14 and 15 of /proc/PID/stat. Field 2, the name, may hold blanks and brackets. */
export function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks)) throw new Error('/proc/PID/stat has another form than expected');
  return ticks;
}

export interface Memory {
  /** Megabytes resident now. */
  readonly resident: number;
  /** The most that was resident since the process began. */
  readonly peak: number;
}

/** Memory of the process alone; undefined without /proc. */
export function memory(pid: number): Memory | undefined {
  const status = read(`/proc/${pid}/status`);
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status ?? '')?.[1]);
  const [resident, peak] = [kilobytes('VmRSS') / 1024, kilobytes('VmHWM') / 1024];
  return Number.isFinite(resident + peak) ? { resident, peak } : undefined;
}

/** Open file descriptors of the process alone; undefined without /proc. */
export function descriptors(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): readonly number[] {
  return threadsOf(pid).flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Undefined where there is no such file, or no longer. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

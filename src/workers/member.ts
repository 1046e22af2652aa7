/** A worker process as the primary sees it. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, StartError } from '../errors.js';
import type { MetricsJson } from '../metrics.js';
import type { Admission } from '../net/admission.js';
import type { Config, HostPort } from '../policy/config-types.js';
import type { Admittance } from '../session/types.js';
import { type Channel, openChannel } from './channel.js';
import { toError } from './configured.js';
import type { NoticeToPrimary, NoticeToWorker, QuestionToPrimary, QuestionToWorker } from './messages.js';

const ANSWER_MS = 2_000;

export interface Member {
  readonly number: number;
  readonly pid: number | undefined;
  /** `stopping`: it was told to, and takes no clients. */
  readonly phase: 'starting' | 'running' | 'stopping';
  /** Of `performance.now()` */
  readonly born: number;
  readonly channel: Channel<NoticeToWorker, QuestionToWorker>;
  /** Resolves with where it listens. Rejects with ConfigError or StartError, also when it ends before. */
  readonly running: Promise<HostPort>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** What it has counted, or had when it last said so. Never rejects. */
  metrics(): Promise<MetricsJson>;
  /** Asks; `otherwise` where it does not answer in time. */
  ask<T>(question: QuestionToWorker, otherwise: T): Promise<T>;
  /** Resolves when it has ended; `how` as in its notice. */
  stop(how: 'drain' | 'replaced'): Promise<void>;
  kill(): void;
}

export interface MemberEvents {
  readonly schemaChanged: (database: string) => void;
  readonly settled: (session: number, database: string) => void;
  /** The answer is sent when it resolves. */
  readonly announce: (announcement: QuestionToPrimary & { kind: 'announce' }) => Promise<void>;
  readonly admission: Admission;
}

/** Forks a worker, which starts by that configuration. */
export function launchMember(number: number, config: Config, events: MemberEvents): Member {
  const worker: Worker = cluster.fork();
  let phase: Member['phase'] = 'starting';
  let lastMetrics: MetricsJson = [];
  let started: (address: HostPort) => void = () => undefined;
  let failed: (error: Error) => void = () => undefined;
  const running = new Promise<HostPort>((resolve, reject) => {
    started = resolve;
    failed = reject;
  });
  // Nobody may be waiting for it.
  running.catch(() => undefined);

  /** The roles of its sessions. */
  const seats: string[] = [];
  async function take(role: string): Promise<Admittance> {
    const admittance = await events.admission.take(role);
    if (admittance === 'admitted') seats.push(role);
    return admittance;
  }
  function leave(role: string): void {
    const at = seats.indexOf(role);
    if (at < 0) return;
    seats.splice(at, 1);
    events.admission.give(role);
  }

  const channel = openChannel<NoticeToWorker, QuestionToWorker, NoticeToPrimary, QuestionToPrimary>('primary', worker, {
    notice(notice) {
      switch (notice.kind) {
        case 'running':
          if (phase === 'starting') phase = 'running';
          started(notice.address);
          return;
        case 'cannot start':
          failed(toError(notice.reason));
          return;
        case 'last metrics':
          lastMetrics = notice.metrics;
          return;
        case 'schema changed':
          events.schemaChanged(notice.database);
          return;
        case 'settled':
          events.settled(notice.session, notice.database);
          return;
        case 'give':
          leave(notice.role);
          return;
        default:
          notice satisfies never;
      }
    },
    question(question) {
      switch (question.kind) {
        case 'announce':
          return events.announce(question);
        case 'take':
          return take(question.role);
        default:
          return question satisfies never;
      }
    },
  });
  const exited = once(worker, 'exit').then(([code, signal]) => {
    channel.close();
    for (const role of seats.splice(0)) events.admission.give(role);
    failed(new StartError(`worker ${number} has ended while it started`, EXIT.software));
    return { code: code as number | null, signal: signal as string | null };
  });
  worker.on('error', () => undefined);
  void channel.notice({ kind: 'start', config });

  function ask<T>(question: QuestionToWorker, otherwise: T): Promise<T> {
    const answer = channel.ask<T>(question).catch(() => otherwise);
    return Promise.race([answer, sleep(ANSWER_MS, otherwise, { ref: false })]);
  }

  return {
    number,
    pid: worker.process.pid,
    get phase() {
      return phase;
    },
    born: performance.now(),
    channel,
    running,
    exited,
    async metrics() {
      lastMetrics = await ask({ kind: 'metrics' }, lastMetrics);
      return lastMetrics;
    },
    ask,
    async stop(how) {
      phase = 'stopping';
      await channel.notice({ kind: 'stop', how });
      await exited;
    },
    kill: () => void worker.process.kill('SIGKILL'),
  };
}

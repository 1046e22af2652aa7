/**
 * Plans long texts off the gateway's thread: a few threads, started when they are needed and ended when they are not, and
 * the texts that wait for one. A thread that takes too long or dies is replaced; what was in it is refused.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { TagNumbers } from '../policy/bind.js';
import type { Refusal, SessionEnvironment } from './plan-types.js';
import type { FromThread, ThreadData, ToThread } from './planning-messages.js';
import type { RulesSource } from './rules.js';

export interface Task {
  readonly text: string;
  readonly environment: SessionEnvironment;
  readonly source: RulesSource;
  /** Tells sources apart. */
  readonly generation: number;
  /** Asked when its turn comes: false where nobody waits for the plan any more. */
  readonly isWanted: () => boolean;
}

export interface PlanningThreads {
  /** Never rejects. */
  plan(task: Task): Promise<FromThread | { readonly refusal: Refusal }>;
  /** Ends all threads; what runs or waits is refused. */
  close(): Promise<void>;
}

export interface ThreadsOptions {
  readonly tagPrefix: string;
  readonly tagNumbers: TagNumbers;
  /** Milliseconds that the analysis of one text may take. */
  readonly longestMs?: number;
}

const MOST_THREADS = 2;
/** Of longer texts only one is analysed at a time, so that shorter ones find a thread. */
const LONG_TEXT = 256 * 1024;
/** Characters of the texts that wait. */
const MOST_WAITING = 64 * 1024 * 1024;
/** The heaviest of 8 MB take some seconds on a thread that has a core for itself. */
const LONGEST_MS = 60_000;
/** A thread without work is ended: its parser keeps the memory that the longest text took. */
const IDLE_MS = 20_000;
/** Snapshots are large. */
const MOST_GENERATIONS = 8;

/** The largest trees that the grammar makes of 8 MB of text take 600 MB. The stack is as deep as the gateway's own. */
const LIMITS: NonNullable<WorkerOptions['resourceLimits']> = { maxOldGenerationSizeMb: 1024, stackSizeMb: 1.2 };

interface Waiting {
  readonly task: Task;
  readonly settle: (answer: FromThread | { readonly refusal: Refusal }) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly generations: Set<number>;
  running: Waiting | undefined;
  /** It is being ended. */
  ending: boolean;
  /** Of the time limit of what runs, or of idleness. */
  timer: NodeJS.Timeout | undefined;
}

export function createPlanningThreads(options: ThreadsOptions): PlanningThreads {
  const { tagPrefix, tagNumbers, longestMs = LONGEST_MS } = options;
  const threads = new Set<Thread>();
  let queue: Waiting[] = [];
  let closed = false;

  function start(): Thread {
    const worker = startWorker({ tagPrefix });
    // The grammar writes of its memory there.
    worker.stdout.resume();
    worker.stderr.resume();
    worker.unref();
    const thread: Thread = { worker, generations: new Set(), running: undefined, ending: false, timer: undefined };
    threads.add(thread);
    worker.on('message', (answer: FromThread) => settle(thread, answer));
    worker.on('error', (error: NodeJS.ErrnoException) => {
      thread.ending = true;
      settle(thread, error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? { refusal: TOO_COMPLEX } : { defect: error });
    });
    worker.on('exit', () => {
      threads.delete(thread);
      thread.ending = true;
      settle(thread, { defect: new Error('a planning thread has ended') });
    });
    return thread;
  }

  function end(thread: Thread): Promise<number> {
    thread.ending = true;
    clearTimeout(thread.timer);
    return thread.worker.terminate();
  }

  function settle(thread: Thread, answer: Parameters<Waiting['settle']>[0]): void {
    clearTimeout(thread.timer);
    const { running } = thread;
    thread.running = undefined;
    if (!thread.ending) thread.timer = setTimeout(() => void end(thread), IDLE_MS).unref();
    running?.settle(answer);
    dispatch();
  }

  /** Gives threads to what waits, first come first served. A session waits for one text at a time. */
  function dispatch(): void {
    while (!closed && queue.length > 0) {
      queue = queue.filter((waiting) => waiting.task.isWanted() || dismiss(waiting));
      const longRuns = [...threads].some(({ running }) => running && isLong(running.task));
      const next = queue.findIndex(({ task }) => !(longRuns && isLong(task)));
      if (next < 0) return;
      const free = [...threads].find(({ running, ending }) => !running && !ending);
      const thread = free ?? (threads.size < MOST_THREADS ? start() : undefined);
      if (!thread) return;
      run(thread, queue.splice(next, 1)[0]!);
    }
  }

  function run(thread: Thread, waiting: Waiting): void {
    const { text, environment, source, generation } = waiting.task;
    const post = (message: ToThread): void => thread.worker.postMessage(message);
    clearTimeout(thread.timer);
    thread.running = waiting;
    thread.timer = setTimeout(() => {
      thread.ending = true;
      settle(thread, { refusal: TOO_SLOW });
      void end(thread);
    }, longestMs).unref();
    if (!thread.generations.has(generation)) {
      post({ kind: 'rules', generation, source, tagNumbers: tagNumbers.all() });
      thread.generations.add(generation);
      const [oldest] = thread.generations;
      if (thread.generations.size > MOST_GENERATIONS && thread.generations.delete(oldest!)) {
        post({ kind: 'forget', generation: oldest! });
      }
    }
    post({ kind: 'plan', generation, text, environment });
  }

  return {
    plan(task) {
      return new Promise((settle) => {
        const waiting = queue.reduce((sum, { task: { text } }) => sum + text.length, task.text.length);
        if (closed || waiting > MOST_WAITING) {
          settle({ refusal: TOO_MANY });
          return;
        }
        queue.push({ task, settle });
        dispatch();
      });
    },
    async close() {
      closed = true;
      for (const waiting of queue) dismiss(waiting);
      queue = [];
      for (const thread of threads) settle(thread, { refusal: TOO_MANY });
      await Promise.all([...threads].map(end));
    },
  };
}

function isLong({ text }: Task): boolean {
  return text.length > LONG_TEXT;
}

function dismiss({ settle }: Waiting): false {
  settle({ refusal: TOO_MANY });
  return false;
}

/** The file beside this one: compiled, or as a source, for which a thread has no loader by itself. */
function startWorker(data: ThreadData): Worker {
  const options = { name: 'planning', workerData: data, resourceLimits: LIMITS, stdout: true, stderr: true };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('planning-thread.js', import.meta.url), options);
  const entry = JSON.stringify(new URL('planning-thread.ts', import.meta.url));
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}); });`;
  return new Worker(load, { ...options, eval: true });
}

const TOO_COMPLEX: Refusal = {
  code: '54001',
  message: 'statement too complex: its analysis takes too much memory',
  hint: 'Split it into smaller statements, or send values as parameters.',
  reason: 'limit',
};

const TOO_SLOW: Refusal = {
  code: '54001',
  message: 'statement too complex: its analysis takes too long',
  hint: 'Split it into smaller statements, or send values as parameters.',
  reason: 'limit',
};

const TOO_MANY: Refusal = {
  code: '53000',
  message: 'too many long statements wait to be analysed',
  hint: 'Try again later, or send values as parameters.',
  reason: 'limit',
};

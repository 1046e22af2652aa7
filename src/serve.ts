/** `pgveil serve`: one process, or a primary with its workers, until a signal stops it. */
import cluster from 'node:cluster';
import { EXIT } from './errors.js';
import { startGateway, version } from './gateway.js';
import { createLog, flushLog, type Log } from './log.js';
import { openConfigSource } from './reload.js';
import { startPrimary } from './workers/primary.js';
import { runWorker } from './workers/worker.js';

/** What signals are for. */
interface Serving {
  reload(): Promise<void>;
  /** Absent where there is one process. */
  replace?(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Resolves with the exit code when a signal has stopped what serves.
 * @param file the configuration; a worker has its own from the primary
 * @throws ConfigError, StartError where it cannot start
 */
export async function serve(file: string): Promise<number> {
  if (cluster.isWorker) {
    endOnDefects(createLog('info'));
    return runWorker();
  }
  const stopped = stopSignal();
  const source = openConfigSource(file);
  const config = await source.read();
  const log = createLog(config.logLevel);
  endOnDefects(log);
  let serving: Serving | undefined;
  // While it starts there is nothing to do: it looks at its files as soon as it runs.
  process.on('SIGHUP', () => void serving?.reload());
  process.on('SIGUSR2', () => {
    if (serving?.replace) void serving.replace();
    else log.warn('there are no workers to replace; SIGUSR2 needs workers: 2 or more');
  });
  const start: () => Promise<Serving> =
    config.workers > 1
      ? () => startPrimary(config, { log, source, version: version() })
      : () => startGateway(config, { log, source });
  try {
    serving = (await Promise.race([start(), stopped])) ?? undefined;
  } catch (error) {
    await flushLog(log);
    throw error;
  }
  // A signal while it starts: no client is connected yet.
  if (!serving) return EXIT.ok;
  await stopped;
  await serving.close();
  return EXIT.ok;
}

/** What a session or the relay has not foreseen: no state can be trusted, so nothing goes on. */
function endOnDefects(log: Log): void {
  process.on('uncaughtException', (error) => {
    // Not the message: it may quote what a client sent.
    log.fatal({ error: error.name, stack: frames(error) }, 'a defect of pgveil; it ends');
    log.flush();
    process.exit(EXIT.software);
  });
}

/** Resolves at the first signal to stop; the second ends the process. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (_signal: NodeJS.Signals, number: number): void => {
      signals += 1;
      if (signals > 1) process.exit(128 + number);
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** The lines of a stack trace without the message before them. */
function frames(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
}

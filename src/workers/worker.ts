/** One of several processes that serve the same port: a whole gateway that has its configuration from the primary. */
import { EXIT } from '../errors.js';
import { type Gateway, type Shared, startGateway } from '../gateway.js';
import { createLog } from '../log.js';
import type { Config } from '../policy/config-types.js';
import type { Admittance } from '../session/types.js';
import { openChannel } from './channel.js';
import { type Configured, toNotTaken } from './configured.js';
import type { NoticeToPrimary, NoticeToWorker, QuestionToPrimary, QuestionToWorker } from './messages.js';
import { createChanges } from './shared-changes.js';

/** Resolves with the exit code when the primary has stopped this worker, or is gone. */
export function runWorker(): Promise<number> {
  return new Promise((resolve) => {
    // A terminal sends them to all processes; the primary says what is to be done.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);

    let gateway: Gateway | undefined;
    const changes = createChanges({
      announce: (announcement) => primary.ask({ kind: 'announce', ...announcement }),
      schemaChanged: (database) => void primary.notice({ kind: 'schema changed', database }),
      settled: (session, database) => void primary.notice({ kind: 'settled', session, database }),
    });
    const primary = openChannel<NoticeToPrimary, QuestionToPrimary, NoticeToWorker, QuestionToWorker>(
      'worker',
      process,
      {
        notice(notice) {
          switch (notice.kind) {
            case 'start':
              void start(notice.config);
              return;
            case 'stop':
              void stop(notice.how);
              return;
            case 'schema changed':
              changes.hearing.schemaChanged(notice.database);
              return;
            case 'settled':
              changes.hearing.settled(notice);
              return;
            case 'worker gone':
              changes.hearing.workerGone(notice.worker);
              return;
            default:
              notice satisfies never;
          }
        },
        question(question) {
          switch (question.kind) {
            case 'configure':
              return configure(question.config);
            case 'metrics':
              return gateway?.metrics.json() ?? [];
            case 'unready':
              return gateway ? gateway.unready() : 'pgveil is starting';
            case 'announce':
              changes.hearing.announced(question);
              return undefined;
            default:
              return question satisfies never;
          }
        },
      },
    );

    const shared: Shared = {
      planner: changes.share,
      admission: {
        take: (role) => primary.ask<Admittance>({ kind: 'take', role }),
        give: (role) => void primary.notice({ kind: 'give', role }),
      },
    };

    async function start(config: Config): Promise<void> {
      try {
        gateway = await startGateway(config, { log: createLog(config.logLevel), shared });
        await primary.notice({ kind: 'running', address: gateway.address });
      } catch (error) {
        await primary.notice({ kind: 'cannot start', reason: toNotTaken(error) });
        resolve(EXIT.software);
      }
    }

    async function configure(config: Config): Promise<Configured> {
      try {
        if (!gateway) throw new Error('a worker that starts cannot be configured');
        return { kind: 'ok', needRestart: await gateway.configure(config) };
      } catch (error) {
        return toNotTaken(error);
      }
    }

    async function stop(how: 'drain' | 'replaced'): Promise<void> {
      await gateway?.close(how === 'replaced' ? 'without limit' : undefined);
      if (gateway) await primary.notice({ kind: 'last metrics', metrics: await gateway.metrics.json() });
      resolve(EXIT.ok);
    }

    process.on('disconnect', () => {
      primary.close();
      void stop('drain');
    });
  });
}

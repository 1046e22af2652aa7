/** What sessions tell of themselves, brought to metrics and log. */
import { type Log, logRefusal } from './log.js';
import type { Metrics } from './metrics.js';
import type { SessionObserver } from './session/observer.js';

export function createObserver(metrics: Metrics, log: Log): SessionObserver {
  return {
    planned: (plan, identity) => {
      metrics.planned(plan);
      if (plan.verdict === 'refuse') {
        logRefusal(log, plan.refusal, identity, { fingerprint: plan.fingerprint, observed: false });
      }
      if (plan.observed?.refusal) {
        const { refusal, fingerprint } = plan.observed;
        logRefusal(log, refusal, identity, { ...(fingerprint === undefined ? {} : { fingerprint }), observed: true });
      }
    },
    masked: (column, cells) => metrics.maskedValues(column, cells),
    refused: (refusal, identity) => {
      metrics.refused(refusal);
      logRefusal(log, refusal, identity, { observed: false });
    },
    upstreamError: (kind) => metrics.upstreamError(kind),
  };
}

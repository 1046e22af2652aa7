/** The TCP listener: accepts clients, gives each a session and a connection to the server, drains at shutdown. */
import type { HostPort } from '../policy/config-types.js';
import type { SessionObserver } from '../session/observer.js';
import type { FinishToken } from '../session/types.js';
import type { Planner } from '../sql/plan-types.js';

export interface ListenerOptions {
  /** Port 0 for any free port. */
  readonly listen: HostPort;
  readonly upstream: HostPort;
  readonly limits: {
    readonly maxSessions: number;
    readonly loginSeconds: number;
  };
  readonly planner: Planner;
  readonly observer: SessionObserver;
  readonly finishToken: FinishToken;
  /** Bytes read from and written to clients, called once per chunk. */
  readonly onBytes?: (direction: 'from_client' | 'to_client', bytes: number) => void;
  /** The number of sessions after each change. */
  readonly onSessions?: (count: number) => void;
}

export interface Listener {
  /** Where it listens; the port that was chosen. */
  readonly address: HostPort;
  /** Client connections that are open, cancel requests included. */
  sessionCount(): number;
  /**
   * Accepts no more clients. Idle sessions end at once with 57P01, others when their transaction ends, and all that are
   * left after `drainSeconds`. Resolves when every connection is closed.
   */
  close(drainSeconds: number): Promise<void>;
}

/** Resolves when clients can connect. @throws the error of listen (EADDRINUSE, EACCES, …) */
export function startListener(_options: ListenerOptions): Promise<Listener> {
  return Promise.reject(new Error('not built yet'));
}

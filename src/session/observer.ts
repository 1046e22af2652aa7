/** What a session tells of itself. Implemented by metrics and log; no value, literal or text of a query passes here. */
import type { ColumnLabel, Plan, Refusal } from '../sql/plan-types.js';

/** Who a session is, for logs. Both names come from the client. */
export interface SessionIdentity {
  readonly database: string;
  readonly user: string;
  readonly applicationName: string;
  /** The client's address. */
  readonly remote: string;
}

export interface SessionObserver {
  /** A statement text was planned and is acted on. */
  planned(plan: Plan, identity: SessionIdentity): void;
  /** Cells that were finished on the wire, counted per result. */
  masked(column: ColumnLabel, cells: number): void;
  /** The gateway answered an error of its own outside any plan (protocol violation, stale statement, …). */
  refused(refusal: Refusal, identity: SessionIdentity): void;
  upstreamError(kind: 'unreachable' | 'reset' | 'protocol'): void;
}

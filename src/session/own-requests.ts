/**
 * Requests of the session's own in the client's place in the stream. They must neither commit the client's work (a Sync
 * ends an implicit transaction) nor be seen by the client.
 */
import { FLUSH, SYNC } from '../wire/frontend-messages.js';
import type { OwnRequests, Request } from './expected-replies.js';
import { type SessionState, waitUntil } from './state.js';

/** What all requests of the session's own have in common. */
export function ownRequest(own: OwnRequests) {
  return { own, barrier: false, plan: undefined, errorInstead: undefined, settled: undefined } as const;
}

/** Sends them while nothing is in flight, then calls `answered` when all are answered or skipped; `own` holds an error. */
export function sendOwn(
  state: SessionState,
  own: OwnRequests,
  bytes: readonly Buffer[],
  requests: readonly Request[],
  answered: () => void,
): void {
  for (const one of bytes) state.toServer.append(one);
  for (const request of requests) state.replies.push(request);
  if (state.boundSinceSync) {
    state.toServer.append(FLUSH);
  } else {
    state.toServer.append(SYNC);
    state.segments.current++;
    state.replies.push({ ...ownRequest(own), kind: 'sync', failed: false });
    state.unsynced = false;
  }
  waitUntil(state, 'answered', answered);
}

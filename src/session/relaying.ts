/**
 * A replication connection: what both sides send passes as it is. The walsender's commands are none of SQL's grammar, and
 * COPY goes both ways at once, so there are no replies to expect. Protocol chapter "Streaming Replication Protocol".
 */
import { Backend, decodeErrorFields, decodeReadyForQuery } from '../wire/backend-messages.js';
import { Frontend } from '../wire/frontend-messages.js';
import { isFatal } from './replies.js';
import { endOfInput } from './requests.js';
import { endSession, isIdle, type SessionState, terminate } from './state.js';

/** @throws ProtocolError for a message that no client may send */
export function relayRequests(state: SessionState): void {
  const reader = state.fromClient;
  while (state.phase === 'ready') {
    const found = reader.next();
    if (found === 'nothing') {
      if (state.inputEnded) endOfInput(state);
      return;
    }
    if (reader.type === Frontend.terminate) {
      terminate(state);
      return;
    }
    state.restTo = 'server';
    state.relayed = 'busy';
    state.toServer.add(reader.buffer, reader.start, reader.end);
  }
}

export function relayReplies(state: SessionState): void {
  const reader = state.fromServer;
  while (state.phase === 'ready' || state.phase === 'ending') {
    const found = reader.next();
    if (found === 'nothing') return;
    const { type, buffer, start, end } = reader;
    state.toClient.add(buffer, start, end);
    if (found === 'rest') continue;
    if (type === Backend.errorResponse && isFatal(decodeErrorFields(buffer, start, end))) state.phase = 'ending';
    if (type !== Backend.readyForQuery) continue;
    state.transaction = decodeReadyForQuery(buffer, start, end);
    state.relayed = 'idle';
    if (state.draining && isIdle(state)) endSession(state, state.draining);
  }
}

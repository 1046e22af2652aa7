/**
 * One client connection as a state machine: bytes in from both sides, bytes out to both sides by way of the sink. No
 * sockets, no clock. What the client sends is handled by `login.ts` and `requests.ts`, what the server sends by
 * `login.ts` and `replies.ts`.
 */
import { type ErrorFields, fatalError } from '../wire/backend-messages.js';
import { MessageReader } from '../wire/framing.js';
import { frontendBytesNeeded } from '../wire/frontend-messages.js';
import { ProtocolError } from '../wire/protocol-error.js';
import { createLogin, handleLoginReplies, handleLoginRequests, handleStartup } from './login.js';
import { relayReplies, relayRequests } from './relaying.js';
import { backendBytesNeeded, handleReplies } from './replies.js';
import { handleEndOfInput, handleRequests } from './requests.js';
import {
  createState,
  endSession,
  flush,
  forgetNames,
  isIdle,
  isUnsettled,
  type SessionState,
  schemaChanged,
  whenAnswered,
} from './state.js';
import type { Session, SessionOptions } from './types.js';

export function createSession(options: SessionOptions): Session {
  const login = createLogin();
  const state: SessionState = createState(
    {
      ...options,
      admit: (role, answer) => options.admit(role, (admittance) => guard('client', () => answer(admittance))),
      resume: (wait) => {
        if (wait && state.wait === wait) {
          guard('client', () => {
            goOn();
            handleRequests(state);
          });
        }
      },
    },
    new MessageReader(frontendBytesNeeded),
    new MessageReader((type, total) => backendBytesNeeded(state, type, total)),
  );

  /** Runs one step, ends the session where it fails, and hands over what was collected. */
  function guard(side: 'client' | 'server', step: () => void): void {
    try {
      step();
    } catch (error) {
      fail(side, error);
    }
    flush(state);
  }

  function fail(side: 'client' | 'server', error: unknown): void {
    // The text of an error that is not the gateway's own could hold a value.
    const [code, message] =
      error instanceof ProtocolError
        ? [error.code, error.message]
        : ['XX000', `internal error of pgveil: ${nameOf(error)}`];
    const told = fatalError(code, message);
    // As the server: what came before is answered before.
    const waits = side === 'client' && error instanceof ProtocolError && state.phase === 'ready';
    if (waits && state.copyIn === 'none' && !state.wait) whenAnswered(state, () => endSession(state, told));
    else endSession(state, told);
    if (side === 'server') options.observer.upstreamError('protocol');
    options.observer.refused({ code, message, reason: 'statement' }, state.identity);
  }

  function handleClient(): void {
    if (state.relayed === 'no') handleRequests(state);
    else relayRequests(state);
  }

  /** Goes on with what waited. */
  function goOn(): void {
    const { wait } = state;
    state.wait = undefined;
    wait?.resume();
    if (!state.wait) options.sink.holdClient(false);
  }

  function settleWaits(): void {
    while (state.wait && isOver(state)) {
      goOn();
      handleRequests(state);
    }
  }

  return {
    fromClient(chunk) {
      guard('client', () => {
        if (state.phase === 'ending' || state.phase === 'ended') return;
        if (state.phase === 'startup') {
          handleStartup(state, login, chunk);
          return;
        }
        state.fromClient.push(chunk);
        if (state.phase === 'login') handleLoginRequests(state, login);
        if (state.phase === 'ready') handleClient();
      });
    },
    fromServer(chunk) {
      guard('server', () => {
        if (state.phase === 'ended') return;
        state.fromServer.push(chunk);
        if (state.phase === 'login') handleLoginReplies(state, login);
        if (state.relayed === 'no') handleReplies(state);
        else relayReplies(state);
      });
      // Errors from here on are the client's.
      guard('client', () => {
        settleWaits();
        if (state.draining && isIdle(state)) endSession(state, state.draining);
      });
    },
    clientAt(remote: string) {
      state.identity = { ...state.identity, remote };
    },
    nextTurn() {
      guard('client', () => {
        if (state.wait?.until !== 'turn') return;
        goOn();
        handleRequests(state);
        settleWaits();
      });
    },
    clientSecured() {
      login.encrypted = true;
    },
    serverSecured(bound: boolean) {
      login.serverChannel = bound ? 'bound' : 'unbound';
    },
    get loggedIn() {
      return state.phase === 'ready' || state.phase === 'ending';
    },
    get idle() {
      return isIdle(state) && state.fromClient.atBoundary;
    },
    drain(error: ErrorFields) {
      state.draining = error;
      if (state.phase === 'startup' || state.phase === 'login' || isIdle(state)) endSession(state, error);
    },
    inputEnded() {
      guard('client', () => {
        state.inputEnded = true;
        if (state.phase === 'ready' && state.relayed !== 'no') relayRequests(state);
        else if (state.phase === 'ready') handleEndOfInput(state);
        else if (state.phase === 'ending') options.sink.endServerInput();
        else endSession(state, undefined);
      });
    },
    hangUp() {
      endSession(state, undefined);
    },
    get unsettled() {
      return isUnsettled(state);
    },
    serverGone() {
      if (!isUnsettled(state)) return;
      schemaChanged(state);
      forgetNames(state);
    },
    abort(error: ErrorFields) {
      endSession(state, error);
    },
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function isOver(state: SessionState): boolean {
  switch (state.wait?.until) {
    case 'answered':
      return state.replies.length === 0;
    case 'copy known':
      return state.copyIn === 'none' || state.copyIn === 'open';
    default:
      return false;
  }
}

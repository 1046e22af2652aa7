/** What the server sends: each reply consumes what was expected, and is forwarded, mended or dropped. */
import {
  Backend,
  decodeErrorFields,
  decodeParameterDescription,
  decodeParameterStatus,
  decodeReadyForQuery,
  type ErrorFields,
  encodeErrorFields,
  errorField,
} from '../wire/backend-messages.js';
import { message } from '../wire/bytes.js';
import { type CharacterLength, characterLength } from '../wire/encodings.js';
import { HEADER_BYTES } from '../wire/framing.js';
import { ProtocolError } from '../wire/protocol-error.js';
import { createCopyMasker } from './copy-masking.js';
import { rewriteError, rewriteNotice } from './error-rewriting.js';
import type { Request } from './expected-replies.js';
import { functionDone, mendingOf, resultDone, statementDone, statementFailed, withheldOf } from './mending.js';
import { mendRowDescription, ResultMismatch } from './result-masking.js';
import { endSession, forgetNames, isIdle, type SessionState, schemaChanged } from './state.js';
import { portalOf } from './statements.js';

/** How much of a server's message is needed in one piece: rows only where a cell may have to be replaced. */
export function backendBytesNeeded(state: SessionState, type: number, total: number): number {
  switch (type) {
    case Backend.dataRow: {
      const { front } = state.replies;
      if (!front) return HEADER_BYTES;
      return front.own || mendingOf(state, front).cells ? total : HEADER_BYTES;
    }
    case Backend.functionCallResponse:
      return HEADER_BYTES;
    case Backend.copyData:
      return typeof state.copyOut === 'function' ? total : HEADER_BYTES;
    default:
      return total;
  }
}

/** Handles everything that the server has sent. @throws ProtocolError for a reply that was not expected */
export function handleReplies(state: SessionState): void {
  const reader = state.fromServer;
  while (state.phase === 'ready' || state.phase === 'ending') {
    const found = reader.next();
    if (found === 'nothing') return;
    if (found === 'rest') state.toClient.add(reader.buffer, reader.start, reader.end);
    else handleMessage(state, reader.type, reader.buffer, reader.start, reader.end);
  }
}

/** A message; of DataRow and CopyData, where nothing in it is replaced, possibly the head only. */
function handleMessage(state: SessionState, type: number, buffer: Buffer, start: number, end: number): void {
  const { front } = state.replies;
  switch (type) {
    case Backend.dataRow:
      dataRow(state, front, buffer, start, end);
      return;
    case Backend.commandComplete:
    case Backend.emptyQueryResponse:
      commandComplete(state, front);
      break;
    case Backend.readyForQuery:
      readyForQuery(state, front, buffer, start, end);
      return;
    case Backend.functionCallResponse:
      if (front?.kind !== 'function-call' || front.done) throw unexpected(type);
      front.done = true;
      functionDone(state, front);
      break;
    case Backend.rowDescription:
      rowDescription(state, front, buffer, start, end);
      break;
    case Backend.parseComplete:
      if (front?.kind !== 'parse') throw unexpected(type);
      if (front.plan?.verdict === 'refuse') throw new ProtocolError('the server accepted a refused statement');
      if (!front.own) state.statements.set(front.name, front.prepared);
      state.replies.shift();
      break;
    case Backend.bindComplete:
      bindComplete(state, front);
      break;
    case Backend.closeComplete:
      if (front?.kind !== 'close') throw unexpected(type);
      if (!front.own) (front.of === 'statement' ? state.statements : state.portals).delete(front.name);
      state.replies.shift();
      break;
    case Backend.parameterDescription:
      if (front?.kind !== 'describe-statement' || front.parametersSeen) throw unexpected(type);
      front.parametersSeen = true;
      if (front.own) front.own.receive(type, buffer, start, end);
      else parametersDescribed(state, front.name, buffer, start, end);
      break;
    case Backend.noData:
      if (front?.kind !== 'describe-portal' && !(front?.kind === 'describe-statement' && front.parametersSeen)) {
        throw unexpected(type);
      }
      front.own?.receive(type, buffer, start, end);
      state.mending = undefined;
      state.replies.shift();
      break;
    case Backend.portalSuspended:
      if (front?.kind !== 'execute' || front.own) throw unexpected(type);
      statementDone(state, front);
      copyKnown(state, front);
      state.replies.shift();
      break;
    case Backend.copyInResponse:
      copyInResponse(state, front);
      break;
    case Backend.copyOutResponse:
      copyOutResponse(state, front);
      break;
    case Backend.copyData:
      copyData(state, buffer, start, end);
      return;
    case Backend.copyDone:
      if (!state.copyOut) throw unexpected(type);
      state.copyOut = undefined;
      break;
    case Backend.errorResponse:
      errorResponse(state, front, buffer, start, end);
      return;
    case Backend.noticeResponse:
      noticeResponse(state, front, buffer, start, end);
      return;
    case Backend.notificationResponse:
      state.toClient.add(buffer, start, end);
      return;
    case Backend.parameterStatus:
      noteParameter(state, buffer, start, end);
      state.toClient.add(buffer, start, end);
      return;
    default:
      throw unexpected(type);
  }
  if (!front?.own) state.toClient.add(buffer, start, end);
}

function unexpected(type: number): ProtocolError {
  return new ProtocolError(`the server sent a reply that was not expected, of type ${type}`);
}

/** The request whose result may arrive. @throws ProtocolError where none may */
function producer(front: Request | undefined, type: number): Request & { kind: 'query' | 'execute' } {
  if (front?.kind === 'execute') return front;
  if (front?.kind !== 'query' || front.failed) throw unexpected(type);
  const { plan } = front;
  if (plan.verdict === 'refuse' && front.index >= plan.statements.length - 1) {
    throw new ProtocolError('the server accepted a refused statement');
  }
  return front;
}

function dataRow(state: SessionState, front: Request | undefined, buffer: Buffer, start: number, end: number): void {
  const request = producer(front, Backend.dataRow);
  if (request.own) {
    request.own.receive(Backend.dataRow, buffer, start, end);
    return;
  }
  const { cells } = mendingOf(state, request);
  const masked = cells?.maskDataRow(buffer, start, end);
  if (masked) state.toClient.append(masked);
  else state.toClient.add(buffer, start, end);
}

function commandComplete(state: SessionState, front: Request | undefined): void {
  const request = producer(front, Backend.commandComplete);
  if (request.kind === 'query') {
    statementDone(state, request);
    request.index++;
    return;
  }
  if (!request.own) {
    statementDone(state, request);
    copyKnown(state, request);
  }
  state.replies.shift();
}

/** The request is over, or was skipped: the server reads no COPY data for it. */
function copyKnown(state: SessionState, request: Request): void {
  if ((request.kind !== 'query' && request.kind !== 'execute') || !request.mayCopy) return;
  request.mayCopy = false;
  state.copyIn = 'none';
}

function rowDescription(
  state: SessionState,
  front: Request | undefined,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  const describes = front?.kind === 'describe-portal' || (front?.kind === 'describe-statement' && front.parametersSeen);
  if (describes && front.own) {
    front.own.receive(Backend.rowDescription, buffer, start, end);
    state.replies.shift();
    return;
  }
  if (!describes) producer(front?.kind === 'execute' ? undefined : front, Backend.rowDescription);
  const { statement, unplanned } = mendingOf(state, front!);
  if (unplanned) throw new ProtocolError('a statement was described that was not planned');
  if (statement.output.length > 0) mendRowDescription(buffer, start, end, statement);
  if (describes) {
    state.mending = undefined;
    state.replies.shift();
  }
}

function bindComplete(state: SessionState, front: Request | undefined): void {
  if (front?.kind !== 'bind') throw unexpected(Backend.bindComplete);
  state.replies.shift();
  if (front.own) return;
  const prepared = state.statements.get(front.statement);
  if (!prepared) throw new ProtocolError('a statement was bound that was not planned');
  state.portals.set(front.portal, portalOf(prepared, front.asOf));
}

function copyInResponse(state: SessionState, front: Request | undefined): void {
  const request = producer(front, Backend.copyInResponse);
  if (request.own || mendingOf(state, request).unplanned) throw unexpected(Backend.copyInResponse);
  // What was forwarded behind it would be read as COPY data.
  if (state.replies.length > 1) throw new ProtocolError('the server reads COPY data that the client did not announce');
  request.mayCopy = true;
  state.copyIn = 'open';
}

function copyOutResponse(state: SessionState, front: Request | undefined): void {
  const request = producer(front, Backend.copyOutResponse);
  const { statement, cells, unplanned } = mendingOf(state, request);
  if (request.own || unplanned) throw unexpected(Backend.copyOutResponse);
  if (cells && !statement.copy) throw new ProtocolError('a COPY was not planned as one');
  state.copyOut =
    cells && statement.copy ? createCopyMasker(statement.copy, cells, arrivingCharacters(state)) : 'as they are';
  if (request.kind === 'execute') copyKnown(state, request);
}

/** A row whose encoding is not known cannot be told into cells. */
function arrivingCharacters(state: SessionState): CharacterLength {
  if (!state.settingsUncertain) return characterLength(state.clientEncoding);
  return () => {
    throw new ResultMismatch('a row of COPY arrived before the effect of a SET on its encoding was known');
  };
}

function copyData(state: SessionState, buffer: Buffer, start: number, end: number): void {
  if (!state.copyOut) throw unexpected(Backend.copyData);
  const masked = state.copyOut === 'as they are' ? undefined : state.copyOut(buffer, start + HEADER_BYTES, end);
  if (masked) state.toClient.append(message('d', [masked]));
  else state.toClient.add(buffer, start, end);
}

function readyForQuery(
  state: SessionState,
  front: Request | undefined,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  const due = front?.kind === 'function-call' ? front.done : front?.kind === 'query' || front?.kind === 'sync';
  if (!front || !due) throw unexpected(Backend.readyForQuery);
  state.replies.shift();
  copyKnown(state, front);
  if (front.kind === 'query') {
    // exec_simple_query drops both.
    state.statements.delete('');
    state.portals.delete('');
  }
  state.transaction = decodeReadyForQuery(buffer, start, end);
  state.settingsUncertain = false;
  if (state.transaction === 'I') transactionEnded(state);
  else if (state.mayHaveCommitted) schemaChanged(state);
  state.mayHaveCommitted = false;
  // A Query does not end the implicit transaction of the extended protocol before it, but then it is shown as open.
  if (state.transaction !== 'T' && state.replies.length === 0) {
    state.unsynced = false;
    state.boundSinceSync = false;
  }
  resultDone(state);
  if (!front.own) state.toClient.add(buffer, start, end);
  if (state.draining && isIdle(state)) endSession(state, state.draining);
}

function transactionEnded(state: SessionState): void {
  state.portals.deleteWhere((portal) => !portal.hold);
  state.withheld = 'nothing';
  if (state.environmentChanged) {
    state.names = undefined;
    state.environmentChanged = false;
  }
  for (const portal of state.portals.values()) portal.held = true;
  if (state.schemaChanged) {
    state.schemaChanged = false;
    schemaChanged(state);
  }
  // What is in flight may be the next DDL.
  if (state.replies.barriers === 0) forgetNames(state);
}

function errorResponse(
  state: SessionState,
  front: Request | undefined,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  const fields = decodeErrorFields(buffer, start, end);
  const fatal = isFatal(fields);
  if (!front?.own || fatal) forwardError(state, front, fields, buffer, start, end);
  if (fatal) {
    state.phase = 'ending';
    return;
  }
  if (!front) return;
  statementFailed(state, front);
  switch (front.kind) {
    case 'query':
      front.failed = true;
      copyKnown(state, front);
      return;
    case 'sync':
      front.failed = true;
      return;
    case 'function-call':
      front.done = true;
      return;
    default:
      if (front.own) front.own.error = rewriteError(fields, errorContext(state, front));
      skipToSync(state);
      // The error is the answer to the client's request for whose sake the session has asked.
      if (front.own?.error && state.discarding) state.toClient.append(encodeErrorFields('E', front.own.error));
  }
}

function forwardError(
  state: SessionState,
  front: Request | undefined,
  fields: ErrorFields,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  if (front?.errorInstead) {
    state.toClient.append(encodeErrorFields('E', front.errorInstead));
    return;
  }
  const rewritten = rewriteError(fields, errorContext(state, front));
  if (rewritten === fields) state.toClient.add(buffer, start, end);
  else state.toClient.append(encodeErrorFields('E', rewritten));
}

function errorContext(state: SessionState, front: Request | undefined) {
  return {
    plan: planOf(state, front),
    withhold: front?.own ? front.own.withhold : withheldOf(state, front),
    tagPrefix: state.options.planner.tagPrefix,
    clientEncoding: state.clientEncoding,
  };
}

function planOf(state: SessionState, front: Request | undefined) {
  switch (front?.kind) {
    case 'bind':
    case 'describe-statement':
      return front.plan ?? state.statements.get(front.kind === 'bind' ? front.statement : front.name)?.plan;
    case 'describe-portal':
      return state.portals.get(front.name)?.prepared.plan;
    case 'execute':
      return front.plan ?? state.portals.get(front.portal)?.prepared.plan;
    default:
      return front?.plan;
  }
}

export function isFatal(fields: ErrorFields): boolean {
  const severity = errorField(fields, 'V') ?? errorField(fields, 'S');
  return severity === 'FATAL' || severity === 'PANIC';
}

/** An error in the extended protocol: the server skips everything up to the next Sync, simple queries too. */
function skipToSync(state: SessionState): void {
  for (;;) {
    const { front } = state.replies;
    if (front?.kind === 'sync') return;
    if (!front) {
      state.discarding = true;
      return;
    }
    copyKnown(state, front);
    state.replies.shift();
  }
}

function noticeResponse(
  state: SessionState,
  front: Request | undefined,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  if (front?.own) return;
  const fields = decodeErrorFields(buffer, start, end);
  const rewritten = rewriteNotice(fields, errorContext(state, front));
  if (rewritten === fields) state.toClient.add(buffer, start, end);
  else if (rewritten) state.toClient.append(encodeErrorFields('N', rewritten));
}

/** Settings that decide how a text is read, and whose change tells that names may mean something else. */
export function noteParameter(state: SessionState, buffer: Buffer, start: number, end: number): void {
  const { name, value } = decodeParameterStatus(buffer, start, end);
  switch (name) {
    case 'client_encoding':
      state.clientEncoding = value;
      return;
    case 'standard_conforming_strings':
      state.standardConformingStrings = value === 'on';
      return;
    case 'application_name':
      state.identity = { ...state.identity, applicationName: value };
      return;
    case 'search_path':
    case 'session_authorization':
      state.names = undefined;
      return;
    default:
  }
}

/** Only a plan with a proviso looks at parameters. */
function parametersDescribed(state: SessionState, name: string, buffer: Buffer, start: number, end: number): void {
  const prepared = state.statements.get(name);
  const { plan, statement } = prepared ?? {};
  if (prepared && (statement?.proviso || (plan?.verdict === 'rewrite' && plan.proviso))) {
    prepared.parameterTypes = decodeParameterDescription(buffer, start, end);
  }
}

/** What the client sends: planned, forwarded or replaced, and noted as a reply to expect. */

import { refusePlan } from '../sql/failing-text.js';
import type { Plan, Refusal } from '../sql/plan-types.js';
import { fatalError } from '../wire/backend-messages.js';
import type { MessageReader } from '../wire/framing.js';
import {
  assertEmpty,
  bindNames,
  decodeExecute,
  decodeNamed,
  decodeParse,
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  FLUSH,
  Frontend,
  functionOid,
  LONGEST_TEXT,
  parseName,
  queryText,
  SYNC,
} from '../wire/frontend-messages.js';
import { MalformedMessage, ProtocolError } from '../wire/protocol-error.js';
import { decide } from './deciding.js';
import { type Decision, expectNames, refusal, type Traits, traits } from './planning.js';
import { refusalOfBind, refusalOfExecute } from './provisos.js';
import { ABORTED, FUNCTION_CALL, malformed, NOTHING, readText, TOO_LONG } from './refusals.js';
import type { Refused } from './renewal.js';
import {
  changeNames,
  endSession,
  flush,
  isIdle,
  keyOfName,
  now,
  type SessionState,
  terminate,
  waitUntil,
  whenAnswered,
} from './state.js';
import { type Prepared, portalOf } from './statements.js';
import { usedNames } from './used-names.js';
import { revalidate, type Validity } from './validity.js';

/** What is known of each takes memory, and a client could send very many while the server does not answer. */
const MOST_IN_FLIGHT = 10_000;

/** Handles what the client has sent until something has to be waited for. @throws ProtocolError */
export function handleRequests(state: SessionState): void {
  const reader = state.fromClient;
  while (state.phase === 'ready' && !state.wait) {
    if (state.options.sink.overTime()) {
      waitUntil(state, 'turn', () => undefined);
      return;
    }
    if (state.replies.length >= MOST_IN_FLIGHT) {
      whenAnswered(state, () => undefined);
      return;
    }
    const found = reader.next();
    if (found === 'nothing') {
      if (state.inputEnded) endOfInput(state);
      return;
    }
    if (found === 'rest') {
      if (state.restTo === 'server') state.toServer.add(reader.buffer, reader.start, reader.end);
    } else {
      state.restTo = 'nowhere';
      handleMessage(state, reader);
    }
  }
}

/** The client sends no more: what it has sent is handled first. */
export function handleEndOfInput(state: SessionState): void {
  // A server that waits for data of a COPY would never say what it waits for.
  if (state.wait?.until === 'copy known' && state.fromClient.atBoundary) endOfInput(state);
  else handleRequests(state);
}

/** As a Terminate, where the client's last message is complete. The server is to see the end, too, whatever it reads. */
export function endOfInput(state: SessionState): void {
  if (state.fromClient.atBoundary && state.copyIn === 'none') terminate(state);
  state.phase = 'ending';
  flush(state);
  state.options.sink.endServerInput();
}

/** A message, or the head of one. */
function handleMessage(state: SessionState, reader: MessageReader): void {
  const { type, buffer, start, end } = reader;
  if (type === Frontend.terminate) {
    terminate(state);
    return;
  }
  if (state.discarding && type !== Frontend.sync) return;
  if (state.copyIn === 'open') {
    handleCopyMessage(state, type, buffer, start, end);
    return;
  }
  if (isIdle(state)) state.began = now(state);
  try {
    handleRequest(state, reader);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    refuseMessage(state, type, malformed(error.message));
  }
}

/** @throws MalformedMessage before anything was done with the message */
function handleRequest(state: SessionState, reader: MessageReader): void {
  const { type, buffer, start, end } = reader;
  const whole = reader.remaining === 0 && end - start <= LONGEST_TEXT;
  switch (type) {
    case Frontend.query:
      if (whole) query(state, buffer, start, end);
      else actOnQuery(state, '', undefined, refusal(TOO_LONG));
      return;
    case Frontend.parse:
      if (whole) parse(state, buffer, start, end);
      else actOnParse(state, parseName(buffer, start, end), [], '', undefined, refusal(TOO_LONG));
      return;
    case Frontend.bind:
      bind(state, buffer, start, end, reader.remaining === 0);
      return;
    case Frontend.describe:
      describe(state, buffer, start, end);
      return;
    case Frontend.execute:
      execute(state, buffer, start, end);
      return;
    case Frontend.close:
      close(state, buffer, start, end);
      return;
    case Frontend.sync:
      // With bytes behind it, too: the server fails it, and is ready again.
      state.discarding = false;
      state.unsynced = false;
      state.boundSinceSync = false;
      state.segments.current++;
      state.replies.push({ kind: 'sync', ...PLAIN, failed: false });
      forward(state, buffer, start, end);
      return;
    case Frontend.flush:
      assertEmpty(start, end);
      forward(state, buffer, start, end);
      return;
    case Frontend.functionCall:
      if (state.options.permits?.(state.identity.user).functionCall) callFunction(state, buffer, start, end);
      else refuseMessage(state, type, FUNCTION_CALL);
      return;
    case Frontend.copyData:
    case Frontend.copyDone:
    case Frontend.copyFail:
      // The COPY has failed and the client has not seen it yet: the server would ignore them.
      return;
    default:
      throw new ProtocolError(`invalid frontend message type ${type}`);
  }
}

/** FirstNormalObjectId */
const FIRST_NORMAL_OID = 16_384;
/** A message that is not looked at: the server is made to fail in its place. */
function refuseMessage(state: SessionState, type: number, refused: Refusal): void {
  if (type === Frontend.query || type === Frontend.functionCall) {
    actOnQuery(state, '', undefined, refusal(refused));
    return;
  }
  const { plan } = refuse(state, { refusal: refused, errorInstead: undefined });
  state.unsynced = true;
  state.replies.push({ kind: 'bind', ...PLAIN, plan, portal: '', statement: plan.marker, asOf: now(state) });
  state.toServer.append(encodeBind('', plan.marker));
}

const PLAIN = { own: undefined, barrier: false, plan: undefined, errorInstead: undefined, settled: undefined } as const;

interface Range {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** The message as it is; the rest of a long one follows. */
function forward(state: SessionState, buffer: Buffer, start: number, end: number): void {
  state.toServer.add(buffer, start, end);
  state.restTo = 'server';
}

function query(state: SessionState, buffer: Buffer, start: number, end: number): void {
  const at = queryText(buffer, start, end);
  const original = { buffer, start, end };
  const read = () => readText(state, buffer, at.start, at.end);
  decide(state, read, (decision, text) => {
    if (decision === 'skipped') return;
    if (decision === 'answered') endSkipping(state);
    else {
      const found = traits(state, decision.plan.statements);
      const act = () => actOnQuery(state, text, original, decision, found);
      changeNames(state, found.changes, act, () => query(state, buffer, start, end));
    }
  });
}

/** An error in a Query is followed by ReadyForQuery, which the server gives for a Sync only while it skips. */
function endSkipping(state: SessionState): void {
  state.discarding = false;
  state.unsynced = false;
  state.boundSinceSync = false;
  state.toServer.append(SYNC);
  state.segments.current++;
  state.replies.push({ kind: 'sync', ...PLAIN, failed: false });
}

function actOnQuery(
  state: SessionState,
  text: string,
  original: Range | undefined,
  decision: Decision,
  { barrier, copy } = traits(state, decision.plan.statements),
): void {
  observe(state, decision);
  const { plan, asOf } = decision;
  if (plan.verdict === 'pass' && original) state.toServer.add(original.buffer, original.start, original.end);
  else state.toServer.append(encodeQuery(replacement(plan)));
  state.replies.push({
    kind: 'query',
    own: undefined,
    barrier,
    plan,
    errorInstead: decision.errorInstead,
    settled: expectNames(state, [{ statements: plan.statements, source: { text, plan, asOf } }]),
    text,
    asOf,
    index: 0,
    failed: false,
    mayCopy: copy,
  });
  if (copy) awaitCopy(state);
}

function parse(state: SessionState, buffer: Buffer, start: number, end: number): void {
  const { name, text: at, parameterTypes } = decodeParse(buffer, start, end);
  const original = { buffer, start, end };
  const read = () => readText(state, buffer, at.start, at.end);
  decide(state, read, (decision, text) => {
    if (typeof decision !== 'string') actOnParse(state, name, parameterTypes, text, original, decision);
  });
}

function actOnParse(
  state: SessionState,
  name: string,
  parameterTypes: readonly number[],
  text: string,
  original: Range | undefined,
  decision: Decision,
): void {
  const key = keyOfName(state, name);
  observe(state, decision);
  const { plan, errorInstead, asOf } = decision;
  if (plan.verdict === 'pass' && original) state.toServer.add(original.buffer, original.start, original.end);
  else state.toServer.append(encodeParse(name, replacement(plan), plan.verdict === 'rewrite' ? parameterTypes : []));
  state.unsynced = true;
  const prepared: Prepared = {
    text,
    plan,
    statement: plan.statements[0] ?? NOTHING,
    parameterTypes,
    bySql: false,
    asOf,
    described: undefined,
    lost: false,
  };
  const settled = state.statements.expect(key, [prepared], 'message');
  state.replies.push({
    kind: 'parse',
    own: undefined,
    barrier: false,
    plan,
    errorInstead,
    settled,
    name: key,
    prepared,
  });
}

function replacement(plan: Plan): string {
  if (plan.verdict === 'pass') throw new Error('a text that passes is not replaced');
  return plan.text;
}

function observe(state: SessionState, decision: Decision): void {
  const { observer } = state.options;
  if (!decision.bySession) observer.planned(decision.plan, state.identity);
  else if (decision.plan.verdict === 'refuse' && !decision.errorInstead && decision.plan.refusal !== ABORTED) {
    observer.refused(decision.plan.refusal, state.identity);
  }
}

function bind(state: SessionState, buffer: Buffer, start: number, end: number, whole: boolean): void {
  const names = bindNames(buffer, start, end);
  const portal = keyOfName(state, names.portal);
  const statement = keyOfName(state, names.statement);
  revalidate(state, [{ of: 'statement', key: statement }], (validity) => {
    if (state.discarding) return;
    state.unsynced = true;
    state.boundSinceSync = true;
    const refused =
      refusedUse(validity) ?? refusedRun(refusalOfBind(state, statement, whole ? { buffer, start, end } : undefined));
    if (refused && state.statements.candidates(statement).length > 1) {
      // The refusal may be of what the name does not mean any more.
      whenAnswered(state, () => bind(state, buffer, start, end, whole));
      return;
    }
    if (!refused) {
      const asOf = now(state);
      const candidates = state.statements.candidates(statement).map((prepared) => portalOf(prepared, asOf));
      const settled = state.portals.expect(portal, candidates, 'message');
      state.replies.push({ kind: 'bind', ...PLAIN, settled, portal, statement, asOf });
      forward(state, buffer, start, end);
      return;
    }
    const { plan, errorInstead } = refuse(state, refused);
    state.replies.push({
      kind: 'bind',
      ...PLAIN,
      plan,
      errorInstead,
      portal,
      statement: plan.marker,
      asOf: now(state),
    });
    state.toServer.append(encodeBind('', plan.marker));
  });
}

function refusedRun(refusal: Refusal | undefined): Refused | undefined {
  return refusal && { refusal, errorInstead: undefined };
}

function refusedUse(validity: Validity): Refused | undefined {
  return typeof validity === 'string' ? undefined : validity;
}

/** Its marker is put in the place of a name that must not be used, and so fails. */
function refuse(state: SessionState, { refusal: refused, errorInstead }: Refused) {
  if (!errorInstead && refused !== ABORTED) state.options.observer.refused(refused, state.identity);
  return { plan: refusePlan(refused), errorInstead };
}

function describe(state: SessionState, buffer: Buffer, start: number, end: number): void {
  const { of, name } = decodeNamed('DESCRIBE', buffer, start, end);
  const key = keyOfName(state, name);
  if (of === 'portal') {
    state.unsynced = true;
    state.replies.push({ kind: 'describe-portal', ...PLAIN, name: key });
    forward(state, buffer, start, end);
    return;
  }
  revalidate(state, [{ of, key }], (validity) => {
    if (state.discarding) return;
    state.unsynced = true;
    const refused = refusedUse(validity);
    if (!refused) {
      state.replies.push({ kind: 'describe-statement', ...PLAIN, name: key, parametersSeen: false });
      forward(state, buffer, start, end);
      return;
    }
    const { plan, errorInstead } = refuse(state, refused);
    state.replies.push({
      kind: 'describe-statement',
      ...PLAIN,
      plan,
      errorInstead,
      name: plan.marker,
      parametersSeen: false,
    });
    state.toServer.append(encodeDescribe(of, plan.marker));
  });
}

function execute(state: SessionState, buffer: Buffer, start: number, end: number): void {
  const portal = keyOfName(state, decodeExecute(buffer, start, end).portal);
  revalidate(state, [{ of: 'portal', key: portal }], (validity) => {
    if (state.discarding) return;
    state.unsynced = true;
    state.boundSinceSync = true;
    const statements = state.portals.candidates(portal).map((candidate) => candidate.statement);
    // What EXECUTE runs is what the name means now, not when the portal was bound.
    const refused = refusedUse(validity) ?? refusedRun(refusalOfExecute(state, usedNames(state, statements)));
    if (refused && state.replies.length > 0) {
      // The refusal may be of what a name does not mean any more.
      whenAnswered(state, () => execute(state, buffer, start, end));
      return;
    }
    if (!refused) {
      const found = traits(state, statements);
      const run = () => runPortal(state, portal, { buffer, start, end }, found);
      changeNames(state, found.changes, run, () => execute(state, buffer, start, end));
      return;
    }
    const { plan, errorInstead } = refuse(state, refused);
    state.replies.push({ kind: 'execute', ...PLAIN, plan, errorInstead, portal: plan.marker, mayCopy: false });
    state.toServer.append(encodeExecute(plan.marker, 0));
  });
}

function runPortal(
  state: SessionState,
  portal: string,
  { buffer, start, end }: Range,
  { barrier, copy }: Traits,
): void {
  const candidates = state.portals.candidates(portal);
  const settled = expectNames(
    state,
    candidates.map(({ statement, prepared }) => ({ statements: [statement], source: prepared })),
  );
  state.replies.push({ kind: 'execute', ...PLAIN, barrier, settled, portal, mayCopy: copy });
  forward(state, buffer, start, end);
  if (copy) {
    state.toServer.append(FLUSH);
    awaitCopy(state);
  }
}

function close(state: SessionState, buffer: Buffer, start: number, end: number): void {
  const { of, name } = decodeNamed('CLOSE', buffer, start, end);
  state.replies.push({ kind: 'close', ...PLAIN, of, name: keyOfName(state, name) });
  state.unsynced = true;
  forward(state, buffer, start, end);
}

/** Of a role that may do so. Nobody looks into the function: what it may change is looked up before the next text. */
function callFunction(state: SessionState, buffer: Buffer, start: number, end: number): void {
  const builtin = functionOid(buffer, start, end) < FIRST_NORMAL_OID;
  state.replies.push({ kind: 'function-call', ...PLAIN, barrier: true, builtin, done: false });
  forward(state, buffer, start, end);
}

/**
 * While it reads COPY data the server ignores Sync and Flush, so whether a Sync behind a COPY is answered depends on
 * the COPY's direction: nothing is forwarded until it is known.
 */
function awaitCopy(state: SessionState): void {
  state.copyIn = 'maybe';
  waitUntil(state, 'copy known', () => undefined);
}

/** Copy-in mode, as CopyGetData in copyfromparse.c, where a message of another type ends the connection. */
function handleCopyMessage(state: SessionState, type: number, buffer: Buffer, start: number, end: number): void {
  switch (type) {
    case Frontend.copyData:
      forward(state, buffer, start, end);
      return;
    case Frontend.copyDone:
    case Frontend.copyFail:
      forward(state, buffer, start, end);
      if (state.unsynced) state.toServer.append(FLUSH);
      state.copyIn = 'closing';
      waitUntil(state, 'copy known', () => undefined);
      return;
    case Frontend.sync:
    case Frontend.flush:
      return;
    default:
      endSession(state, fatalError('08P01', `unexpected message type 0x${hex(type)} during COPY from stdin`));
  }
}

function hex(type: number): string {
  return type.toString(16).toUpperCase().padStart(2, '0');
}

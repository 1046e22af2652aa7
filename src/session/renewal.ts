/**
 * Makes a statement of Parse anew whose text would be another by now: under the same name and with the types of
 * parameters that the server has found for the old one, so that the Bind or Describe that waits runs into the new text.
 *
 * The old one is closed first. That takes nothing from the client: portals made from it keep their plan (plancache.c
 * counts references), and those whose text would be another are not run any more (`validity.ts`). A second statement
 * under a private name would leave the old text to EXECUTE, where the name stands in SQL.
 */
import type { Refusal } from '../sql/plan-types.js';
import { Backend, decodeParameterDescription, type ErrorFields, walkRowDescription } from '../wire/backend-messages.js';
import { HEADER_BYTES } from '../wire/framing.js';
import { encodeClose, encodeDescribe, encodeParse } from '../wire/frontend-messages.js';
import type { OwnRequests, Request } from './expected-replies.js';
import { ownRequest, sendOwn } from './own-requests.js';
import type { Decision } from './planning.js';
import { ABORTED, NOTHING, readText, STALE } from './refusals.js';
import { mendRowDescription } from './result-masking.js';
import type { SessionState } from './state.js';
import type { Description, Prepared } from './statements.js';

/** Why a statement cannot be used, as an error that stands in the place of its use. */
export interface Refused {
  readonly refusal: Refusal;
  /** An error of the server to show instead of it. */
  readonly errorInstead: ErrorFields | undefined;
}

/**
 * `answered`: the client has had the server's error in place of the answer to its request, and the server skips all up
 * to the next Sync.
 */
export type Renewal = 'renewed' | 'answered' | Refused;

/**
 * Nothing is in flight, and the client's requests wait.
 * @param key of the statement's name, under which it is confirmed
 * @param decision of the statement's text as it would be planned now; it does not refuse
 */
export function renew(
  state: SessionState,
  key: string,
  old: Prepared,
  decision: Decision,
  done: (renewal: Renewal) => void,
): void {
  if (state.transaction === 'E' && !state.boundSinceSync) {
    done({ refusal: ABORTED, errorInstead: undefined });
    return;
  }
  const bytes = Buffer.from(old.text);
  // It was sent under other settings, under which alone it means what was planned.
  if (readText(state, bytes, 0, bytes.length) !== old.text) {
    done(stale());
    return;
  }
  // Behind the encoding of a name beyond ASCII.
  const name = key.slice(key.indexOf('\0') + 1);
  describeOld(state, name, old, (described) => {
    if ('error' in described) done(failed(state, described.error));
    else replace(state, key, name, { old, decision, described }, done);
  });
}

function stale(): Refused {
  return { refusal: STALE, errorInstead: undefined };
}

/** The server's own error, in place of what the client has asked for. */
function failed(state: SessionState, error: ErrorFields): Renewal {
  return state.discarding ? 'answered' : { refusal: STALE, errorInstead: error };
}

function describeOld(
  state: SessionState,
  name: string,
  old: Prepared,
  done: (described: Description | { readonly error: ErrorFields }) => void,
): void {
  if (old.described) {
    done(old.described);
    return;
  }
  const answer = description(old);
  const request: Request = { ...ownRequest(answer.own), kind: 'describe-statement', name, parametersSeen: false };
  sendOwn(state, answer.own, [encodeDescribe('statement', name)], [request], () => {
    const { error } = answer.own;
    if (!error) old.described = answer.read();
    done(old.described ?? { error: error! });
  });
}

interface Replacement {
  readonly old: Prepared;
  readonly decision: Decision;
  readonly described: Description;
}

function replace(
  state: SessionState,
  key: string,
  name: string,
  { old, decision, described }: Replacement,
  done: (renewal: Renewal) => void,
): void {
  const { plan, asOf } = decision;
  const renewed: Prepared = {
    text: old.text,
    plan,
    statement: plan.statements[0] ?? NOTHING,
    parameterTypes: described.parameterTypes,
    bySql: false,
    asOf,
    described,
    lost: false,
  };
  const answer = description(renewed);
  const own = { ...ownRequest(answer.own), plan };
  const text = plan.verdict === 'pass' ? old.text : plan.text;
  const bytes = [
    encodeClose('statement', name),
    encodeParse(name, text, described.parameterTypes),
    encodeDescribe('statement', name),
  ];
  const requests: Request[] = [
    { ...own, kind: 'close', of: 'statement', name },
    { ...own, kind: 'parse', name, prepared: renewed },
    { ...own, kind: 'describe-statement', name, parametersSeen: false },
  ];
  old.lost = true;
  sendOwn(state, answer.own, bytes, requests, () => {
    const { error } = answer.own;
    if (error) {
      done(failed(state, error));
      return;
    }
    // As RevalidateCachedQuery in plancache.c: the client may have read the old description, and not ask again.
    if (answer.read().columns !== described.columns) {
      done(stale());
      return;
    }
    state.statements.set(key, renewed);
    done('renewed');
  });
}

/** Collects the answer to a Describe of the statement. */
function description(prepared: Prepared): { readonly own: OwnRequests; readonly read: () => Description } {
  let parameterTypes: readonly number[] = [];
  let columns = '';
  const own: OwnRequests = {
    receive(type, buffer, start, end) {
      if (type === Backend.parameterDescription) parameterTypes = decodeParameterDescription(buffer, start, end);
      if (type === Backend.rowDescription) columns = describeColumns(buffer, start, end, prepared);
    },
    withhold: prepared.statement.withhold,
    error: undefined,
  };
  return { own, read: () => ({ parameterTypes, columns }) };
}

/** What equalRowTypes in tupdesc.c compares: name, type and type modifier, as the client sees them. */
function describeColumns(buffer: Buffer, start: number, end: number, { statement }: Prepared): string {
  if (statement.output.length > 0) mendRowDescription(buffer, start, end, statement);
  const columns: string[] = [];
  let nameAt = start + HEADER_BYTES + 2;
  walkRowDescription(buffer, start, end, (_index, offset) => {
    const name = buffer.toString('latin1', nameAt, offset - 1);
    columns.push(`${name}\0${buffer.readUInt32BE(offset + 6)}\0${buffer.readInt32BE(offset + 12)}`);
    nameAt = offset + FIELD_BYTES;
  });
  return columns.join('\0\0');
}

/** Of a field of RowDescription behind its name. */
const FIELD_BYTES = 18;

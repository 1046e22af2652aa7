/**
 * Asks the server what unqualified names mean in this session, by a query of the session's own in the client's place in
 * the stream. It must neither commit the client's work (a Sync ends an implicit transaction) nor be seen by the client.
 */
import { ENVIRONMENT_QUERY, type NameEnvironment } from '../sql/plan-types.js';
import { decodeDataRow, type ErrorFields } from '../wire/backend-messages.js';
import { encodeBind, encodeClose, encodeExecute, encodeParse, FLUSH, SYNC } from '../wire/frontend-messages.js';
import { ProtocolError } from '../wire/protocol-error.js';
import type { Request } from './expected-replies.js';
import { NOTHING } from './refusals.js';
import { type SessionState, waitUntil, whenAnswered } from './state.js';
import { NEVER } from './statements.js';

/** Of the statement and of the portal. */
const NAME = 'pgveil_environment';

const REQUEST = Buffer.concat([
  encodeParse(NAME, ENVIRONMENT_QUERY, []),
  encodeBind(NAME, NAME),
  encodeExecute(NAME, 0),
  encodeClose('portal', NAME),
  encodeClose('statement', NAME),
]);

/** How asking ended; `discarding`: the server skips what the client sends; `aborted`: so is the transaction. */
export type NamesOutcome = 'known' | 'discarding' | 'aborted' | ErrorFields;

/** Reads the names into the state, then calls `resume`. Requests of the client wait meanwhile. */
export function acquireNames(state: SessionState, resume: (outcome: NamesOutcome) => void): void {
  whenAnswered(state, () => {
    if (state.discarding) {
      resume('discarding');
      return;
    }
    if (state.transaction === 'E' && !state.boundSinceSync) {
      resume('aborted');
      return;
    }
    ask(state, resume);
  });
}

function ask(state: SessionState, resume: (outcome: NamesOutcome) => void): void {
  const generation = state.options.planner.generation(state.identity.database);
  const question: Question = { names: undefined, error: undefined };
  const own = { own: question, barrier: false, plan: undefined, errorInstead: undefined, settled: undefined };
  const requests: Request[] = [
    { ...own, kind: 'parse', name: NAME, prepared: NO_STATEMENT },
    { ...own, kind: 'bind', portal: NAME, statement: NAME, asOf: NEVER },
    { ...own, kind: 'execute', portal: NAME, mayCopy: false },
    { ...own, kind: 'close', of: 'portal', name: NAME },
    { ...own, kind: 'close', of: 'statement', name: NAME },
  ];
  state.toServer.append(REQUEST);
  if (state.boundSinceSync) {
    state.toServer.append(FLUSH);
  } else {
    state.toServer.append(SYNC);
    requests.push({ ...own, kind: 'sync', failed: false });
    state.unsynced = false;
  }
  for (const request of requests) state.replies.push(request);
  waitUntil(state, 'answered', () => {
    if (question.error) {
      resume(question.error);
      return;
    }
    if (!question.names) throw new ProtocolError('the server did not say what names mean');
    state.names = question.names;
    state.namesGeneration = generation;
    resume('known');
  });
}

/** What came back so far. */
export interface Question {
  names: NameEnvironment | undefined;
  error: ErrorFields | undefined;
}

const NO_STATEMENT = {
  text: '',
  plan: { verdict: 'pass' as const, statements: [], generation: -1 },
  statement: NOTHING,
  parameterTypes: [],
  bySql: true,
  asOf: NEVER,
};

/** Reads the only row of the answer. @throws ProtocolError for any other */
export function decodeNames(buffer: Buffer, start: number, end: number): NameEnvironment {
  const [role, json] = decodeDataRow(buffer, start, end);
  if (!role || !json) throw new ProtocolError('the server did not say what names mean');
  let answer: unknown;
  try {
    answer = JSON.parse(json.toString('utf8'));
  } catch {
    throw new ProtocolError('the server did not say what names mean');
  }
  const { schemas, creation, temp } = (answer ?? {}) as Readonly<Record<'schemas' | 'creation' | 'temp', unknown>>;
  if (
    !isStrings(schemas) ||
    !(temp === null || isStrings(temp)) ||
    !(creation === null || typeof creation === 'string')
  ) {
    throw new ProtocolError('the server did not say what names mean');
  }
  return {
    role: role.toString('utf8'),
    schemas,
    tempRelations: new Set(temp),
    creationSchema: creation ?? undefined,
  };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

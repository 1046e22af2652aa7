/** Asks the server what unqualified names mean in this session, by a query of the session's own. */
import { ENVIRONMENT_QUERY, type NameEnvironment } from '../sql/plan-types.js';
import { decodeDataRow, type ErrorFields } from '../wire/backend-messages.js';
import { encodeBind, encodeClose, encodeExecute, encodeParse } from '../wire/frontend-messages.js';
import { ProtocolError } from '../wire/protocol-error.js';
import type { OwnRequests, Request } from './expected-replies.js';
import { ownRequest, sendOwn } from './own-requests.js';
import { NOTHING } from './refusals.js';
import { type SessionState, whenAnswered } from './state.js';
import { NEVER, type Prepared } from './statements.js';

/** Of the statement and of the portal. */
const NAME = 'pgveil_environment';

const REQUEST = Buffer.concat([
  // Where it failed or was cancelled before, the server has skipped the Close at the end.
  encodeClose('statement', NAME),
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
  let names: NameEnvironment | undefined;
  const question: OwnRequests = {
    receive(_type, buffer, start, end) {
      names = decodeNames(buffer, start, end);
    },
    withhold: 'nothing',
    error: undefined,
  };
  const own = ownRequest(question);
  const requests: Request[] = [
    { ...own, kind: 'close', of: 'statement', name: NAME },
    { ...own, kind: 'parse', name: NAME, prepared: NO_STATEMENT },
    { ...own, kind: 'bind', portal: NAME, statement: NAME, asOf: NEVER },
    { ...own, kind: 'execute', portal: NAME, mayCopy: false },
    { ...own, kind: 'close', of: 'portal', name: NAME },
    { ...own, kind: 'close', of: 'statement', name: NAME },
  ];
  sendOwn(state, question, [REQUEST], requests, () => {
    if (question.error) {
      resume(question.error);
      return;
    }
    if (!names) throw new ProtocolError('the server did not say what names mean');
    state.names = names;
    state.namesGeneration = generation;
    resume('known');
  });
}

const NO_STATEMENT: Prepared = {
  text: '',
  plan: { verdict: 'pass', statements: [], generation: -1 },
  statement: NOTHING,
  parameterTypes: [],
  bySql: true,
  asOf: NEVER,
  described: undefined,
  lost: false,
};

/** Reads the only row of the answer. @throws ProtocolError for any other */
function decodeNames(buffer: Buffer, start: number, end: number): NameEnvironment {
  const [encoded] = decodeDataRow(buffer, start, end);
  if (!encoded) throw new ProtocolError('the server did not say what names mean');
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(encoded.toString('latin1'), 'base64').toString('utf8'));
  } catch {
    throw new ProtocolError('the server did not say what names mean');
  }
  const { role, schemas, creation, temp } = (answer ?? {}) as Readonly<
    Record<'role' | 'schemas' | 'creation' | 'temp', unknown>
  >;
  if (
    typeof role !== 'string' ||
    !isStrings(schemas) ||
    !(temp === null || isStrings(temp)) ||
    !(creation === null || typeof creation === 'string')
  ) {
    throw new ProtocolError('the server did not say what names mean');
  }
  return {
    role,
    schemas,
    tempRelations: new Set(temp),
    creationSchema: creation ?? undefined,
  };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

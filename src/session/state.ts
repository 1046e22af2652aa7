/** What one session knows. Changed by `requests.ts` for what the client sends, by `replies.ts` for what the server sends. */
import type { NameEnvironment, SessionEnvironment, StatementPlan } from '../sql/plan-types.js';
import { type ErrorFields, encodeErrorFields, fatalError, type TransactionStatus } from '../wire/backend-messages.js';
import { ByteRuns } from '../wire/byte-runs.js';
import type { MessageReader } from '../wire/framing.js';
import { FLUSH, TERMINATE } from '../wire/frontend-messages.js';
import { ProtocolError } from '../wire/protocol-error.js';
import type { CopyRowMasker } from './copy-masking.js';
import type { Withhold } from './error-rewriting.js';
import { ReplyQueue } from './expected-replies.js';
import type { SessionIdentity } from './observer.js';
import type { CellMasker } from './result-masking.js';
import { type AsOf, NameTable, NEVER, nameKey, type Portal, type Prepared, type Segments } from './statements.js';
import type { SessionOptions } from './types.js';

/** How the result that is arriving is mended. */
export interface Mending {
  readonly statement: StatementPlan;
  readonly cells: CellMasker | undefined;
  /** Its text was never planned: it may fail, but not succeed. */
  readonly unplanned: boolean;
}

export interface SessionState {
  readonly options: SessionOptions & {
    /** The planner has done what this waits for. */
    readonly resume: (wait: SessionState['wait']) => void;
  };
  readonly fromClient: MessageReader;
  readonly fromServer: MessageReader;
  readonly toClient: ByteRuns;
  readonly toServer: ByteRuns;
  /**
   * `startup`: the server knows nothing of the client yet. `ending`: the server has announced its end or was told of the
   * client's, and nothing of the client is forwarded. `ended`: nothing happens any more.
   */
  phase: 'startup' | 'login' | 'ready' | 'ending' | 'ended';
  identity: SessionIdentity;

  /** A replication connection, whose messages pass as they are; `busy` from a message of the client to ReadyForQuery. */
  relayed: 'no' | 'idle' | 'busy';
  /** Of the last ReadyForQuery. */
  transaction: TransactionStatus;
  readonly replies: ReplyQueue;
  /** How many Syncs were sent. */
  readonly segments: Segments;
  readonly statements: NameTable<Prepared>;
  readonly portals: NameTable<Portal>;
  /** A message of the extended protocol was forwarded, and no Sync behind it. */
  unsynced: boolean;
  /** A Bind or Execute was forwarded, and no Sync behind it: a Sync would end its transaction. */
  boundSinceSync: boolean;
  /** The server skips everything up to the next Sync, which the client has not sent yet. */
  discarding: boolean;

  /** ParameterStatus client_encoding and standard_conforming_strings. */
  clientEncoding: string;
  standardConformingStrings: boolean;
  /** They may have changed since: the server reports them with ReadyForQuery only. */
  settingsUncertain: boolean;
  /** Undefined where not known or no longer true. */
  names: NameEnvironment | undefined;
  /** The planner's generation when they were read. */
  namesGeneration: number;
  /** What names mean was changed in the open transaction, so that its end or a savepoint can change it back. */
  environmentChanged: boolean;
  readonly uncommittedNames: Set<string>;
  /** DDL has run in the open transaction. */
  schemaChanged: boolean;
  /** A statement has run since the last ReadyForQuery that may have committed the transaction and begun the next. */
  mayHaveCommitted: boolean;
  /** Counts this session's changes of the schema: what was planned before one must be planned anew. */
  version: number;
  /** When the transaction that is open began, or earlier: the oldest cursors that it can have. */
  began: AsOf;

  /** The strictest of the open transaction, for errors that a commit raises. */
  withheld: Withhold;
  mending: Mending | undefined;
  /** `maybe`: a COPY was forwarded whose direction is not known yet; `closing`: CopyDone or CopyFail was forwarded. */
  copyIn: 'none' | 'maybe' | 'open' | 'closing';
  /** How the rows of the COPY TO STDOUT that is running are mended; undefined where none runs. */
  copyOut: CopyRowMasker | 'as they are' | undefined;

  /** Requests of the client wait until this is so, then `resume` is called. */
  wait:
    | { readonly until: 'answered' | 'planned' | 'announced' | 'copy known' | 'turn'; readonly resume: () => void }
    | undefined;
  /** Where the rest goes of the client's message whose head was seen. */
  restTo: 'server' | 'nowhere';
  /** The client sends no more than what was received. */
  inputEnded: boolean;
  /** Ends the session when it is idle. */
  draining: ErrorFields | undefined;
}

export function createState(
  options: SessionState['options'],
  fromClient: MessageReader,
  fromServer: MessageReader,
): SessionState {
  const segments: Segments = { current: 0 };
  return {
    options,
    fromClient,
    fromServer,
    toClient: new ByteRuns(),
    toServer: new ByteRuns(),
    phase: 'startup',
    identity: { database: '', user: '', applicationName: '', remote: options.remote },
    relayed: 'no',
    transaction: 'I',
    replies: new ReplyQueue(),
    segments,
    statements: new NameTable(segments),
    portals: new NameTable(segments),
    unsynced: false,
    boundSinceSync: false,
    discarding: false,
    clientEncoding: 'UTF8',
    standardConformingStrings: true,
    settingsUncertain: false,
    names: undefined,
    namesGeneration: -1,
    environmentChanged: false,
    uncommittedNames: new Set(),
    schemaChanged: false,
    mayHaveCommitted: false,
    version: 0,
    began: NEVER,
    withheld: 'nothing',
    mending: undefined,
    copyIn: 'none',
    copyOut: undefined,
    wait: undefined,
    restTo: 'server',
    inputEnded: false,
    draining: undefined,
  };
}

/** What a plan made now depends on. */
export function environmentOf(state: SessionState): SessionEnvironment {
  const { database, user } = state.identity;
  if (state.names && state.namesGeneration !== state.options.planner.generation(database)) state.names = undefined;
  return {
    database,
    user,
    ...(state.names ? { names: state.names } : {}),
    uncommittedNames: state.uncommittedNames,
    standardConformingStrings: state.standardConformingStrings,
    clientEncoding: state.clientEncoding,
  };
}

/** What is planned or made now is so under these. */
export function now(state: SessionState): AsOf {
  return { generation: state.options.planner.generation(state.identity.database), version: state.version };
}

/**
 * Notes that a request may change what these names mean, also for other sessions, and forwards it when all know.
 * @param forward called at once, or later with nothing forwarded in between, or never where the server skips the request
 * @param again called in its place where what the request was judged by has changed meanwhile
 */
export function changeNames(
  state: SessionState,
  names: readonly string[],
  forward: () => void,
  again: () => void,
): void {
  if (names.length === 0) {
    forward();
    return;
  }
  for (const name of names) state.uncommittedNames.add(name);
  state.version++;
  const told = state.options.planner.watchUncommitted?.(state.identity.database, state.uncommittedNames);
  if (!told) {
    forward();
    return;
  }
  const { generation } = now(state);
  let failed = false;
  waitUntil(state, 'announced', () => {
    if (failed) endSession(state, fatalError('57P01', 'terminating connection due to administrator command'));
    else if (state.discarding) return;
    else if (now(state).generation === generation) forward();
    else again();
  });
  const { wait } = state;
  told.then(
    () => state.options.resume(wait),
    () => {
      failed = true;
      state.options.resume(wait);
    },
  );
}

/** The names mean what the planner knows by now, or will know before it plans again. */
export function forgetNames(state: SessionState): void {
  if (state.uncommittedNames.size === 0) return;
  state.options.planner.forgetUncommitted?.(state.identity.database, state.uncommittedNames);
  state.uncommittedNames.clear();
}

/** The server has committed DDL, or may have: later plans wait until the planner has looked. */
export function schemaChanged(state: SessionState): void {
  state.version++;
  state.options.planner.schemaChanged(state.identity.database);
}

/** The server may yet commit a change of the schema, or has and has not said so. */
export function isUnsettled(state: SessionState): boolean {
  return state.schemaChanged || state.uncommittedNames.size > 0 || state.replies.barriers > 0;
}

/** @throws ProtocolError for a name that the gateway cannot tell from others */
export function keyOfName(state: SessionState, bytes: string): string {
  const key = nameKey(bytes, state.clientEncoding);
  if (key === undefined) throw new ProtocolError('the name of a statement or portal is too long');
  return key;
}

/** The key of a name that stands in SQL. */
export function keyOfSqlName(state: SessionState, name: string): string {
  return nameKey(Buffer.from(name).toString('latin1'), state.clientEncoding) ?? name;
}

/** Holds the client's requests. */
export function waitUntil(
  state: SessionState,
  until: NonNullable<SessionState['wait']>['until'],
  resume: () => void,
): void {
  state.wait = { until, resume };
  state.options.sink.holdClient(true);
}

/** Calls `resume` when every request in flight is answered: at once, where there is none. */
export function whenAnswered(state: SessionState, resume: () => void): void {
  if (state.replies.length === 0) {
    resume();
    return;
  }
  if (state.unsynced) state.toServer.append(FLUSH);
  waitUntil(state, 'answered', resume);
}

/** Hands everything collected to the sink. */
export function flush(state: SessionState): void {
  const forClient = state.toClient.take();
  if (forClient.length > 0) state.options.sink.toClient(forClient);
  const forServer = state.toServer.take();
  if (forServer.length > 0) state.options.sink.toServer(forServer);
}

/** The client is done: the server answers what is in flight, closes, and so ends the session. */
export function terminate(state: SessionState): void {
  state.toServer.append(TERMINATE);
  state.phase = 'ending';
}

/** Ends the session with an error that the client is told where it can be. */
export function endSession(state: SessionState, error: ErrorFields | undefined): void {
  if (state.phase === 'ended') return;
  // In `ending` the client has had the server's own last word.
  const told = state.phase === 'ending' || state.fromServer.remaining > 0;
  const atBoundary = state.fromClient.remaining === 0 || state.restTo === 'nowhere';
  if (state.phase === 'ready' && atBoundary) state.toServer.append(TERMINATE);
  state.phase = 'ended';
  state.wait = undefined;
  if (error && !told) state.toClient.append(encodeErrorFields('E', error));
  flush(state);
  state.options.sink.end();
}

/** Nothing is in flight and no transaction is open. */
export function isIdle(state: SessionState): boolean {
  if (state.phase !== 'ready' || state.transaction !== 'I' || state.relayed === 'busy') return false;
  return state.replies.length === 0 && !state.unsynced && !state.wait;
}

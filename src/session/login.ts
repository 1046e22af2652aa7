/**
 * From the first byte to the first ReadyForQuery. Credentials pass unread: the server alone decides who logs in.
 * Protocol chapter "Start-up"; checks as in backend_startup.c.
 */
import {
  AUTHENTICATION_SASL,
  authenticationCode,
  Backend,
  decodeNegotiation,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeSaslMechanisms,
  type ErrorFields,
  encodeNegotiation,
  encodeSaslMechanisms,
  errorField,
  fatalError,
  type Negotiation,
} from '../wire/backend-messages.js';
import { FieldReader } from '../wire/bytes.js';
import { HEADER_BYTES, type MessageReader } from '../wire/framing.js';
import { Frontend } from '../wire/frontend-messages.js';
import { ProtocolError } from '../wire/protocol-error.js';
import { decodeStartup, type StartupPacket, startupLength } from '../wire/startup.js';
import { allowHint } from './refusals.js';
import { noteParameter } from './replies.js';
import { endSession, type SessionState } from './state.js';
import type { Admittance } from './types.js';

/** What of the login is not over yet. */
export interface Login {
  /** Bytes of a packet that is not complete, or what follows the startup message while it waits to be admitted. */
  received: Buffer;
  /** Whether there is room for the session is being found out. */
  waiting: boolean;
  /** Requests for encryption that were answered: each may be made once. */
  readonly encryptionAsked: Set<'ssl-request' | 'gssenc-request'>;
  /** SSLRequest was answered yes. */
  sslAgreed: boolean;
  /** Of the protocol that the client has asked for; undefined once the client knows what it gets. */
  asked: Negotiation | undefined;
  authenticated: boolean;
  /** The client's bytes come encrypted. */
  encrypted: boolean;
  /** Whether the server's connection is encrypted, and by the certificate that the client has seen. */
  serverChannel: 'plain' | 'unbound' | 'bound';
  /** ParameterStatus in_hot_standby and default_transaction_read_only, where the server tells (from version 14 on). */
  standby: boolean | undefined;
  readOnly: boolean;
  /** The server has asked for SASL, and the client has not answered. */
  saslAsked: boolean;
  /** What the server waits for, in its own words. */
  expected: 'password' | 'SASL' | 'GSS';
}

const NOTHING: Buffer = Buffer.alloc(0);

export function createLogin(): Login {
  return {
    received: NOTHING,
    waiting: false,
    encryptionAsked: new Set(),
    sslAgreed: false,
    asked: undefined,
    authenticated: false,
    encrypted: false,
    serverChannel: 'plain',
    standby: undefined,
    readOnly: false,
    saslAsked: false,
    expected: 'password',
  };
}

type StartupMessage = StartupPacket & { readonly kind: 'startup' };

/** Names of SASL mechanisms that bind the login to a TLS connection. */
const BINDING = /-PLUS$/;
const UNBOUND = 'SCRAM cannot be bound to the TLS connection, for that of the server is another';
const UNBOUND_HINT =
  'Connect with channel_binding=disable, or have the operator give pgveil the certificate and key of the server.';

const NO_REPLICATION = 'replication connections are refused: they would carry stored values unmasked';

/** The newest protocol whose messages the gateway knows. */
const NEWEST_MINOR = 2;

/** parse_bool_with_len: what turns replication off. */
const OFF = /^(f|fa|fal|fals|false|n|no|of|off|0)$/i;

/** NAMEDATALEN - 1, where the server cuts the names of user and database. */
const NAME_BYTES = 63;

/** Handles bytes of the client before its startup message is forwarded. @throws ProtocolError */
export function handleStartup(state: SessionState, login: Login, chunk: Buffer): void {
  login.received = login.received.length === 0 ? chunk : Buffer.concat([login.received, chunk]);
  if (login.waiting) return;
  const length = startupLength(login.received);
  if (length === undefined || login.received.length < length) return;
  const packet = login.received.subarray(0, length);
  const rest = login.received.subarray(length);
  login.received = NOTHING;
  const startup = decodeStartup(packet);
  switch (startup.kind) {
    case 'ssl-request':
    case 'gssenc-request':
      answerEncryption(state, login, startup.kind, rest);
      return;
    case 'cancel':
      if (startup.valid) state.options.sink.cancel(packet);
      endSession(state, undefined);
      return;
    case 'startup':
      login.received = rest;
      startSession(state, login, startup);
      return;
    default:
      startup satisfies never;
  }
}

const REQUESTS = {
  'ssl-request': { minor: 5679, name: 'SSL request' },
  'gssenc-request': { minor: 5680, name: 'GSSAPI encryption request' },
} as const;

/** As the server: each request is known once, and none where one has led to encryption. */
function answerEncryption(state: SessionState, login: Login, kind: keyof typeof REQUESTS, rest: Buffer): void {
  const { minor, name } = REQUESTS[kind];
  if (login.encryptionAsked.has(kind) || login.sslAgreed) {
    endSession(state, unsupported(1234, minor));
    return;
  }
  login.encryptionAsked.add(kind);
  login.sslAgreed = kind === 'ssl-request' && !login.encrypted && state.options.tls !== undefined;
  if (!login.sslAgreed) state.toClient.append(Buffer.from('N'));
  // What was sent before the answer could be taken for encrypted traffic (CVE-2021-23214).
  if (rest.length > 0) {
    endSession(state, [...fatalError('08P01', `received unencrypted data after ${name}`), ['D', STUFFED]]);
  } else if (login.sslAgreed) {
    state.options.sink.startTls(Buffer.from('S'));
  }
}

const STUFFED = 'This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.';

function unsupported(major: number, minor: number): ErrorFields {
  return fatalError(
    '0A000',
    `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.${NEWEST_MINOR}`,
  );
}

/** A client of protocol 1 or 2 reads errors in another form. */
function endUnsupported(state: SessionState, major: number, minor: number): void {
  const error = unsupported(major, minor);
  if (major === 1 || major === 2) {
    state.toClient.append(Buffer.from(`EFATAL:  ${errorField(error, 'M')}\n\0`));
    endSession(state, undefined);
  } else {
    endSession(state, error);
  }
}

/** Why the startup message is not acted on. */
function objectionTo(state: SessionState, login: Login, startup: StartupMessage): ErrorFields | undefined {
  const { parameters } = startup;
  if (state.options.tls === 'required' && !login.encrypted) {
    const hint = 'Connect with sslmode=require, or better verify-full.';
    return fatalError('28000', 'pgveil takes no connections without TLS', hint);
  }
  if (!parameters.get('user')) return fatalError('28000', 'no PostgreSQL user name specified in startup packet');
  const name = cutName(parameters.get('user')!);
  if (wantsReplication(startup) && !state.options.permits?.(name).replication) {
    return fatalError('0A000', NO_REPLICATION, allowHint('replication'));
  }
  return undefined;
}

function wantsReplication({ parameters }: StartupMessage): boolean {
  return !OFF.test(parameters.get('replication') ?? 'off');
}

function startSession(state: SessionState, login: Login, startup: StartupMessage): void {
  const { major, minor, parameters, options } = startup;
  if (major !== 3) {
    endUnsupported(state, major, minor);
    return;
  }
  const objection = objectionTo(state, login, startup);
  if (objection) {
    endSession(state, objection);
    return;
  }
  const user = parameters.get('user') ?? '';
  state.identity = {
    ...state.identity,
    database: cutName(parameters.get('database') || user),
    user: cutName(user),
    applicationName: parameters.get('application_name') ?? '',
  };
  if (wantsReplication(startup)) state.relayed = 'idle';
  login.asked = { minor, options };
  login.waiting = true;
  state.options.sink.holdClient(true);
  state.options.admit(state.identity.user, (admittance) => {
    if (state.phase !== 'startup') return;
    // An option that the gateway does not know could change messages that it has to understand.
    if (admittance === 'admitted') logIn(state, login, startup.plain(Math.min(minor, NEWEST_MINOR)));
    else refuseSession(state, admittance);
  });
}

function logIn(state: SessionState, login: Login, packet: Buffer): void {
  const rest = login.received;
  login.waiting = false;
  login.received = NOTHING;
  state.phase = 'login';
  state.toServer.append(packet);
  state.options.sink.holdClient(false);
  state.fromClient.push(rest);
  handleLoginRequests(state, login);
}

/** In the server's own words. */
function refuseSession(state: SessionState, admittance: Exclude<Admittance, 'admitted'>): void {
  const { user } = state.identity;
  const message =
    admittance === 'too many' ? 'sorry, too many clients already' : `too many connections for role "${user}"`;
  state.options.observer.refused({ code: '53300', message, reason: 'limit' }, state.identity);
  endSession(state, fatalError('53300', message));
}

/** @throws ProtocolError where the cut goes through a character, for then nobody knows what the name means */
function cutName(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= NAME_BYTES) return name;
  const cut = bytes.toString('utf8', 0, NAME_BYTES);
  if (cut.includes('\ufffd')) throw new ProtocolError('the name of the user or database is too long');
  return cut;
}

/** Forwards what the client answers to authentication requests. @throws ProtocolError for anything else */
export function handleLoginRequests(state: SessionState, login: Login): void {
  const reader = state.fromClient;
  while (state.phase === 'login') {
    const found = reader.next();
    if (found === 'nothing') return;
    switch (reader.type) {
      case Frontend.password:
        if (login.saslAsked && login.serverChannel === 'unbound' && deniesChannelBinding(reader)) {
          endSession(state, fatalError('28000', UNBOUND, UNBOUND_HINT));
          return;
        }
        login.saslAsked = false;
        state.toServer.add(reader.buffer, reader.start, reader.end);
        break;
      case Frontend.terminate:
        endSession(state, undefined);
        return;
      default:
        throw new ProtocolError(`expected ${login.expected} response, got message type ${reader.type}`);
    }
  }
}

/** Forwards what the server sends up to the first ReadyForQuery. @throws ProtocolError for what does not belong there */
export function handleLoginReplies(state: SessionState, login: Login): void {
  const reader = state.fromServer;
  while (state.phase === 'login') {
    if (reader.next() === 'nothing') return;
    const { type, buffer, start, end } = reader;
    if (login.asked) {
      const theirs = type === Backend.negotiateProtocolVersion ? decodeNegotiation(buffer, start, end) : undefined;
      negotiate(state, login.asked, theirs);
      login.asked = undefined;
      if (theirs) continue;
    }
    switch (type) {
      case Backend.authentication:
        noteAuthentication(login, authenticationCode(buffer, start, end));
        if (login.saslAsked && login.serverChannel === 'unbound') {
          offerUnbound(state, buffer, start, end);
          continue;
        }
        break;
      case Backend.parameterStatus:
        noteParameter(state, buffer, start, end);
        noteServer(login, buffer, start, end);
        break;
      case Backend.backendKeyData:
      case Backend.noticeResponse:
        break;
      case Backend.errorResponse:
        state.phase = 'ending';
        break;
      case Backend.readyForQuery:
        if (!login.authenticated) throw new ProtocolError('the server is ready before the client was authenticated');
        if (login.standby !== undefined) {
          const { standby, readOnly } = login;
          const objection = state.options.judgeServer?.({ standby, readOnly });
          if (objection) {
            endSession(state, objection);
            return;
          }
        }
        state.transaction = decodeReadyForQuery(buffer, start, end);
        state.phase = 'ready';
        break;
      default:
        throw new ProtocolError(`the server sent a message of type ${type} during the login`);
    }
    state.toClient.add(buffer, start, end);
  }
}

/**
 * Tells the client in one message what of its wishes the gateway or the server does not know, where there is any.
 * @throws ProtocolError for a version that the server was not asked for
 */
function negotiate(state: SessionState, asked: Negotiation, theirs: Negotiation | undefined): void {
  const sent = Math.min(asked.minor, NEWEST_MINOR);
  if (theirs && theirs.minor > sent)
    throw new ProtocolError('the server speaks a newer protocol than it was asked for');
  const minor = theirs?.minor ?? sent;
  const options = [...asked.options, ...(theirs?.options ?? []).filter((name) => !asked.options.includes(name))];
  if (theirs || minor < asked.minor || options.length > 0) state.toClient.append(encodeNegotiation({ minor, options }));
}

/** Codes of AuthenticationGSS, AuthenticationGSSContinue and AuthenticationSSPI; of AuthenticationSASL and its like. */
const GSS_CODES: ReadonlySet<number> = new Set([7, 8, 9]);
const SASL_CODES: ReadonlySet<number> = new Set([AUTHENTICATION_SASL, 11, 12]);

function noteAuthentication(login: Login, code: number): void {
  login.authenticated ||= code === 0;
  login.saslAsked = code === AUTHENTICATION_SASL;
  login.expected = GSS_CODES.has(code) ? 'GSS' : SASL_CODES.has(code) ? 'SASL' : 'password';
}

/** As libpq's pqSaveParameterStatus, which keeps the same two for target_session_attrs. */
function noteServer(login: Login, buffer: Buffer, start: number, end: number): void {
  const { name, value } = decodeParameterStatus(buffer, start, end);
  if (name === 'in_hot_standby') login.standby = value === 'on';
  if (name === 'default_transaction_read_only') login.readOnly = value === 'on';
}

/** Without the mechanisms that bind the login to a TLS connection: the client and the server have one each. */
function offerUnbound(state: SessionState, buffer: Buffer, start: number, end: number): void {
  const mechanisms = decodeSaslMechanisms(buffer, start, end).filter((name) => !BINDING.test(name));
  if (mechanisms.length > 0) state.toClient.append(encodeSaslMechanisms(mechanisms));
  else endSession(state, fatalError('28000', UNBOUND, UNBOUND_HINT));
}

/**
 * True for a client that could bind and was not offered to: the server, which did offer it, would take that for the
 * work of somebody in between (RFC 5802, gs2-cbind-flag `y`).
 */
function deniesChannelBinding({ buffer, start, end }: MessageReader): boolean {
  const fields = new FieldReader(buffer, start + HEADER_BYTES, end);
  if (!fields.cstring().startsWith('SCRAM-')) return false;
  return fields.int32() > 0 && fields.byte() === 'y'.charCodeAt(0);
}

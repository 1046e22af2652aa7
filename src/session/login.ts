/**
 * From the first byte to the first ReadyForQuery. Credentials pass unread: the server alone decides who logs in.
 * Protocol chapter "Start-up"; checks as in backend_startup.c.
 */
import {
  AUTHENTICATION_SASL,
  authenticationCode,
  Backend,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeSaslMechanisms,
  type ErrorFields,
  encodeSaslMechanisms,
  fatalError,
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
  /** The protocol that the client asked for, while no answer to that is known. */
  minor: number;
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
}

const NOTHING: Buffer = Buffer.alloc(0);

export function createLogin(): Login {
  return {
    received: NOTHING,
    waiting: false,
    encryptionAsked: new Set(),
    minor: 0,
    authenticated: false,
    encrypted: false,
    serverChannel: 'plain',
    standby: undefined,
    readOnly: false,
    saslAsked: false,
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
      // What was sent before the answer could be taken for encrypted traffic (CVE-2021-23214).
      if (rest.length > 0) throw new ProtocolError('received data before the answer to a request for encryption');
      if (login.encrypted || login.encryptionAsked.has(startup.kind))
        throw new ProtocolError('encryption was asked for twice');
      login.encryptionAsked.add(startup.kind);
      if (startup.kind === 'ssl-request' && state.options.tls) state.options.sink.startTls(Buffer.from('S'));
      else state.toClient.append(Buffer.from('N'));
      return;
    case 'cancel':
      state.options.sink.cancel(packet);
      endSession(state, undefined);
      return;
    case 'startup':
      login.received = rest;
      startSession(state, login, startup, packet);
      return;
    default:
      startup satisfies never;
  }
}

/** Why the startup message is not acted on. */
function objectionTo(state: SessionState, login: Login, startup: StartupMessage): ErrorFields | undefined {
  const { major, minor, parameters } = startup;
  if (major !== 3) {
    return fatalError('0A000', `unsupported frontend protocol ${major}.${minor}: pgveil supports 3.0 to 3.2`);
  }
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

function startSession(state: SessionState, login: Login, startup: StartupMessage, packet: Buffer): void {
  const { minor, parameters } = startup;
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
  login.minor = minor;
  login.waiting = true;
  state.options.sink.holdClient(true);
  state.options.admit(state.identity.user, (admittance) => {
    if (state.phase !== 'startup') return;
    if (admittance === 'admitted') logIn(state, login, packet);
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
        throw new ProtocolError(`expected authentication response, got message type ${reader.type}`);
    }
  }
}

/** Forwards what the server sends up to the first ReadyForQuery. @throws ProtocolError for what does not belong there */
export function handleLoginReplies(state: SessionState, login: Login): void {
  const reader = state.fromServer;
  while (state.phase === 'login') {
    if (reader.next() === 'nothing') return;
    const { type, buffer, start, end } = reader;
    switch (type) {
      case Backend.negotiateProtocolVersion:
        login.minor = new FieldReader(buffer, start + HEADER_BYTES, end).int32() & 0xffff;
        break;
      case Backend.authentication:
        if (login.minor > NEWEST_MINOR) {
          endSession(
            state,
            fatalError('0A000', `unsupported frontend protocol 3.${login.minor}: pgveil supports 3.0 to 3.2`),
          );
          return;
        }
        login.authenticated ||= authenticationCode(buffer, start, end) === 0;
        login.saslAsked = authenticationCode(buffer, start, end) === AUTHENTICATION_SASL;
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

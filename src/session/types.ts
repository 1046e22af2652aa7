/** What a session needs from the outside, and what the outside can do with it. */

import type { Planner, TaggedColumn } from '../sql/plan-types.js';
import type { ErrorFields } from '../wire/backend-messages.js';
import type { SessionObserver } from './observer.js';

/** Makes the cell that the client sees from what stood behind a tag. The result is ASCII. */
export type FinishToken = (column: TaggedColumn, payload: string) => string;

/** Whether one more session may start. */
export type Admittance = 'admitted' | 'too many' | 'too many for role';

/** Where a session's output goes. Buffers are not written to afterwards. */
export interface SessionSink {
  toClient(ranges: readonly Buffer[]): void;
  toServer(ranges: readonly Buffer[]): void;
  /** While true, nothing should be read from the client: the session waits for the server or the planner. */
  holdClient(hold: boolean): void;
  /** The session has worked for so long that others should have a turn: it stops, and `nextTurn` is called in a while. */
  overTime(): boolean;
  /** The server gets what was written, and no more. */
  endServerInput(): void;
  /** Sends that answer to SSLRequest and begins the handshake; `clientSecured` is called behind it. */
  startTls(answer: Buffer): void;
  /** Sends a CancelRequest packet to the server over a connection of its own. */
  cancel(packet: Buffer): void;
  /** The session is over: close both connections once what was written has been sent. */
  end(): void;
}

/** What a role may do although stored values pass unmasked that way. */
export interface Permits {
  readonly replication: boolean;
  readonly functionCall: boolean;
}

export interface SessionOptions {
  readonly planner: Planner;
  readonly observer: SessionObserver;
  readonly finishToken: FinishToken;
  readonly sink: SessionSink;
  /** The client's address, for logs, as far as the socket knows. */
  readonly remote: string;
  /** Whether clients may or must encrypt; absent where they cannot. */
  readonly tls?: 'offered' | 'required';
  /** Asked whenever one of these is wanted. Default: nothing. */
  readonly permits?: (role: string) => Permits;
  /** Why a server that says this of itself is not the one to use; asked behind a login that has told it. Default: it is. */
  readonly judgeServer?: (seen: { readonly standby: boolean; readonly readOnly: boolean }) => ErrorFields | undefined;
  /** Asked once, when a client that is no cancel request wants to log in. The answer may come at once. */
  readonly admit: (role: string, answer: (admittance: Admittance) => void) => void;
}

/** One client connection. Every method may call the sink; none throws. */
export interface Session {
  /** The chunk belongs to the session from now on. */
  fromClient(chunk: Buffer): void;
  /** The chunk belongs to the session from now on. */
  fromServer(chunk: Buffer): void;
  /** A proxy has said where the client is. Before the first chunk. */
  clientAt(remote: string): void;
  /** It may go on that has said that it is over its time. */
  nextTurn(): void;
  /** What the client sends from now on comes encrypted. */
  clientSecured(): void;
  /**
   * The connection to the server is encrypted.
   * @param bound the client has seen the certificate that the server has shown
   */
  serverSecured(bound: boolean): void;
  /** The login is done: the first ReadyForQuery was seen. */
  readonly loggedIn: boolean;
  /** Nothing is in flight, no message has begun, and no transaction is open. */
  readonly idle: boolean;
  /** From now on the session ends with that error as soon as it is idle. */
  drain(error: ErrorFields): void;
  /** The client sends no more, but may still read: what it has sent is answered first. */
  inputEnded(): void;
  /** The client is gone. */
  hangUp(): void;
  /**
   * The server may yet commit a change of the schema: its connection must stay until the server closes it, also when the
   * session is over.
   */
  readonly unsettled: boolean;
  /** The server's connection is closed. */
  serverGone(): void;
  /** Ends the session now with a FATAL error, where the client is at a message boundary. */
  abort(error: ErrorFields): void;
}

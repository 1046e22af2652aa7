/** Plays many cases in one packet on one connection, and tells the answers apart. */
import {
  bind,
  describe,
  execute,
  type FrontendMessage,
  parse,
  query,
  ready,
  sync,
  together,
} from '../harness/messages.js';
import {
  type BackendMessage,
  CLOSED,
  connectRaw,
  errorFields,
  type RawClient,
  type Target,
  transcript,
} from '../harness/raw-client.js';
import type { RandomCase } from './statements.js';

interface Failed {
  /** SQLSTATE. */
  readonly code: string;
  readonly message: string;
}

export interface Answer {
  readonly messages: readonly BackendMessage[];
  /** Every byte that came, rows sorted where their order is open. Made when it is asked for. */
  readonly text: () => string;
  /** The server's own errors. */
  readonly failed: readonly Failed[];
  /** The refusal or defect of pgveil, undefined for none. */
  readonly refused: Failed | undefined;
  /** The connection was lost. */
  readonly lost: boolean;
}

export interface Lane {
  play(cases: readonly RandomCase[]): Promise<readonly Answer[]>;
  end(): Promise<void>;
}

/** A connection keeps all that it received: it is replaced after so many cases. */
const CASES_PER_CONNECTION = 500;
/** Many statements are in one packet, and machines can be busy. */
const WAIT_MS = 180_000;

export function openLane(target: Target): Lane {
  let client: RawClient | undefined;
  let played = 0;
  const end = async (): Promise<void> => {
    await client?.end();
    client = undefined;
  };
  return {
    end,
    async play(cases) {
      if (played > CASES_PER_CONNECTION) await end();
      if (!client) {
        client = await connectRaw(target);
        played = 0;
        await client.play([query("SET statement_timeout = '6s'"), ready()]);
      }
      played += cases.length;
      const counts = cases.map((one) => one.statements.length);
      const received = await client.play(
        [together(...cases.flatMap(messagesOf)), ready(counts.reduce((sum, count) => sum + count, 0))],
        WAIT_MS,
      );
      if (received.at(-1)?.type === CLOSED) client = undefined;
      return answersOf(cases, received);
    },
  };
}

function messagesOf({ statements, extended }: RandomCase): readonly FrontendMessage[] {
  if (!extended) return statements.map(query);
  const results = [extended.binary ? 1 : 0] as const;
  return statements.flatMap((sql) => [
    parse(sql),
    bind(extended.values, { results }),
    describe('P'),
    execute(),
    sync(),
  ]);
}

function answersOf(cases: readonly RandomCase[], received: readonly BackendMessage[]): readonly Answer[] {
  let at = 0;
  return cases.map((one) => {
    const from = at;
    for (let left = one.statements.length; left > 0 && at < received.length; at++)
      if (received[at]!.type === 'Z') left--;
    return answerOf(one, received.slice(from, at));
  });
}

function answerOf(one: RandomCase, messages: readonly BackendMessage[]): Answer {
  const errors = messages
    .filter((message) => message.type === 'E')
    .map(errorFields)
    // Errors of the server name the place in its source.
    .map(({ C: code = '', M: message = '', R }) => ({ code, message, isServer: R !== undefined }));
  return {
    messages,
    text: once(() => canonical(one, messages)),
    failed: errors.filter((error) => error.isServer),
    refused: errors.find((error) => !error.isServer),
    lost: messages.length === 0 || messages.some((message) => message.type === CLOSED),
  };
}

/** Byte for byte, whatever the order of rows whose order is open. */
export function isSame(a: Answer, b: Answer): boolean {
  const isEqual =
    a.messages.length === b.messages.length &&
    a.messages.every(({ type, body }, i) => type === b.messages[i]!.type && body.equals(b.messages[i]!.body));
  return isEqual || a.text() === b.text();
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Signature, flags and length of the extension, as a transcript shows them. */
const BINARY_COPY = /^d PGCOPY\\x0a\\xff\\x0d\\x0a\\x00(\\x00){8}/;

function canonical(one: RandomCase, messages: readonly BackendMessage[]): string {
  const lines: string[] = [];
  let rows: string[] = [];
  for (const line of transcript(messages).split('\n')) {
    if (line.startsWith('D ') || line.startsWith('d ')) {
      // The head of a binary COPY comes with whichever row is the first.
      const head = BINARY_COPY.exec(line)?.[0];
      if (head) lines.push(head);
      if (!one.explains) rows.push(head ? line.replace(head, 'd ') : line);
      continue;
    }
    lines.push(...(one.ordered ? rows : rows.sort()), line);
    rows = [];
  }
  return lines.join('\n');
}

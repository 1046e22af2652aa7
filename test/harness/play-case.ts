/** A case's statements as messages, in each way that a client can send them. */
import {
  bind,
  describe,
  execute,
  type FrontendMessage,
  parse,
  query,
  ready,
  type Step,
  sync,
  together,
} from './messages.js';
import { type BackendMessage, connectRaw, type RawClient, type Target } from './raw-client.js';
import type { SqlCase } from './sql-cases.js';

export type Way = 'simple' | 'extended, text' | 'extended, binary';

/** Three where the case is one statement, else one. */
export function waysOf(sqlCase: SqlCase): readonly Way[] {
  const one = sqlCase.statements.length === 1 && !('one message' in sqlCase.options);
  return one ? ['simple', 'extended, text', 'extended, binary'] : ['simple'];
}

/** What came back in each way that the case was played. */
export type Played = ReadonlyMap<Way, readonly BackendMessage[]>;

/** Plays the case on a connection of its own, in one way after the other. The first has the messages of the login too. */
export async function playCase(
  target: Target,
  sqlCase: SqlCase,
  ways: readonly Way[] = waysOf(sqlCase),
): Promise<Played> {
  const client = await connectRaw(target);
  const played = new Map<Way, readonly BackendMessage[]>();
  let from = 0;
  for (const way of ways) {
    await client.play(stepsOf(sqlCase, way));
    played.set(way, client.received.slice(from));
    from = client.received.length;
  }
  await client.end();
  return played;
}

/** Plays the case by simple Query messages on a connection that others have used and will use. */
export async function playCaseAmongOthers(client: RawClient, sqlCase: SqlCase): Promise<readonly BackendMessage[]> {
  const from = client.received.length;
  await client.play(stepsOf(sqlCase, 'simple'));
  const received = client.received.slice(from);
  await client.play(['ROLLBACK', 'DISCARD ALL'].flatMap((sql) => [query(sql), ready()]));
  return received;
}

function stepsOf({ statements, options }: SqlCase, way: Way): readonly Step[] {
  const steps =
    'pipelined' in options ? pipelined(statements) : statements.flatMap((sql) => [...send(sql, way), ready()]);
  return 'rollback' in options ? [query('BEGIN'), ready(), ...steps, query('ROLLBACK'), ready()] : steps;
}

function send(sql: string, way: Way): readonly FrontendMessage[] {
  switch (way) {
    case 'simple':
      return [query(sql)];
    case 'extended, text':
      return [...unnamed(sql, 0), sync()];
    case 'extended, binary':
      return [...unnamed(sql, 1), sync()];
    default:
      return way satisfies never;
  }
}

function pipelined(statements: readonly string[]): readonly Step[] {
  return [together(...statements.flatMap((sql) => unnamed(sql, 0)), sync()), ready()];
}

function unnamed(sql: string, format: 0 | 1): readonly FrontendMessage[] {
  return [parse(sql), bind([], { results: [format] }), describe('P'), execute()];
}

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
import { type BackendMessage, connectRaw, type Target } from './raw-client.js';
import type { SqlCase } from './sql-cases.js';

export type Way = 'simple' | 'extended, text' | 'extended, binary';

/** Three where the case is one statement, else one. */
export function waysOf(sqlCase: SqlCase): readonly Way[] {
  const one = sqlCase.statements.length === 1 && !('one message' in sqlCase.options);
  return one ? ['simple', 'extended, text', 'extended, binary'] : ['simple'];
}

/** Plays the case on a connection of its own; gives every backend message from the first of the login. */
export async function playCase(target: Target, sqlCase: SqlCase, way: Way): Promise<readonly BackendMessage[]> {
  const client = await connectRaw(target);
  await client.play(stepsOf(sqlCase, way));
  const { received } = client;
  await client.end();
  return received.filter((message) => message.type !== 'closed');
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

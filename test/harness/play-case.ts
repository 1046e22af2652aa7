/** A case's statements as messages, in each way that a client can send them. */
import { bind, describe, execute, extended, parse, query, ready, type Step, sync, together } from './messages.js';
import { type BackendMessage, connectRaw, type RawClient, type Target } from './raw-client.js';
import type { SqlCase } from './sql-cases.js';

export type Way = 'simple' | 'extended, text' | 'extended, binary' | 'prepared';

/** Three where the case is one statement, else one; one that has parameters is prepared by name and run twice, too. */
export function waysOf(sqlCase: SqlCase): readonly Way[] {
  if ('params' in sqlCase.options) return ['extended, text', 'extended, binary', 'prepared'];
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
  const values = 'params' in options ? (JSON.parse(options.params ?? '') as readonly (string | null)[]) : [];
  const [begin, end] =
    'rollback' in options
      ? [
          [query('BEGIN'), ready()],
          [query('ROLLBACK'), ready()],
        ]
      : [[], []];
  if (way === 'prepared') {
    const run = [...begin, bind(values, { statement: 's1' }), execute(), sync(), ready(), ...end];
    return [parse(statements[0]!, 's1'), describe('S', 's1'), sync(), ready(), ...run, ...run];
  }
  const steps = 'pipelined' in options ? pipelined(statements) : statements.flatMap((sql) => send(sql, way, values));
  return [...begin, ...steps, ...end];
}

function send(sql: string, way: Exclude<Way, 'prepared'>, values: readonly (string | null)[]): readonly Step[] {
  switch (way) {
    case 'simple':
      return [query(sql), ready()];
    case 'extended, text':
      return [...extended(sql, values, [0]), sync(), ready()];
    case 'extended, binary':
      return [...extended(sql, values, [1]), sync(), ready()];
    default:
      return way satisfies never;
  }
}

function pipelined(statements: readonly string[]): readonly Step[] {
  return [together(...statements.flatMap((sql) => extended(sql, [], [0])), sync()), ready()];
}

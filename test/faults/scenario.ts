/** What a client does while something goes wrong: ten exchanges, in a temporary table, with nothing that depends on the clock. */
import {
  bind,
  copyData,
  copyDone,
  describe,
  execute,
  extended,
  parse,
  query,
  ready,
  type Step,
  sync,
  together,
  until,
} from '../harness/messages.js';
import { type BackendMessage, CLOSED, connectRaw, type Target, transcript } from '../harness/raw-client.js';

const STEPS: readonly Step[] = [
  query('CREATE TEMP TABLE f (n int PRIMARY KEY, word text)'),
  ready(),
  query("BEGIN; INSERT INTO f VALUES (1, 'one'), (2, 'two')"),
  ready(),
  parse('SELECT n + 0 AS n, lower(word) AS word FROM f WHERE n >= $1 ORDER BY 1', 's'),
  describe('S', 's'),
  bind(['1'], { statement: 's', portal: 'p' }),
  execute('p', 1),
  sync(),
  ready(),
  together(bind(['2'], { statement: 's' }), execute(), ...extended('UPDATE f SET word = upper(word)'), sync()),
  ready(),
  query('SAVEPOINT a'),
  ready(),
  query('SELECT 1/0'),
  ready(),
  query('ROLLBACK TO a'),
  ready(),
  query('COPY f FROM STDIN'),
  until('G'),
  copyData('3\tthree\n'),
  copyData('4\tfour\n'),
  copyDone(),
  ready(),
  query('COPY f TO STDOUT'),
  ready(),
  query('COMMIT'),
  ready(),
  query("SELECT repeat('x', 5000) || word FROM f ORDER BY n"),
  ready(),
];

export interface Outcome {
  /** What came, message by message, the login too. */
  readonly lines: readonly string[];
  /** It has had the answer to all that it has asked. */
  readonly complete: boolean;
}

/** Never rejects: what goes wrong is the end. @param patience the client gives up that hears nothing for so many ms */
export async function playScenario(target: Target, patience: number): Promise<Outcome> {
  const seen: BackendMessage[] = [];
  let complete = false;
  try {
    const client = await connectRaw(target, {}, { wait: patience, received: seen });
    try {
      await client.play(STEPS, patience);
      complete = seen.at(-1)?.type === 'Z';
      if (complete) await Promise.race([client.end(), new Promise((resolve) => setTimeout(resolve, patience))]);
    } finally {
      client.drop();
    }
  } catch {
    // The server has hung up, or says nothing any more.
  }
  const lines = seen.filter(({ type }) => type !== CLOSED).map((message) => transcript([message]));
  return { lines, complete };
}

/** Pipelining: several statements before the first answer, errors in the middle, transactions around. */
import {
  bind,
  close,
  describe,
  encode,
  execute,
  extended,
  flush,
  parse,
  query,
  ready,
  sync,
  together,
  until,
} from '../../harness/messages.js';
import { type Script, script } from './script.js';

const insert = (id: number) => extended('INSERT INTO plain.people VALUES ($1, $2, 20)', [String(id), `p${id}`]);
const count = () => extended('SELECT count(*) FROM plain.people');
const undo = [query('DELETE FROM plain.people WHERE id > 99'), ready()];

export const PIPELINE: readonly Script[] = [
  script('three segments, each with Sync, in one packet', [
    together(...extended('SELECT 1'), sync(), ...extended('SELECT 2'), sync(), ...extended('SELECT 3'), sync()),
    ready(3),
  ]),
  script('one segment of three statements', [
    together(...extended('SELECT 1'), ...extended('SELECT 2'), ...extended('SELECT 3'), sync()),
    ready(),
  ]),
  script('an error in the middle segment only', [
    together(...extended('SELECT 1'), sync(), ...extended('SELECT 1/0'), sync(), ...extended('SELECT 3'), sync()),
    ready(3),
  ]),
  script('an error undoes what came before it in its segment', [
    together(...insert(100), ...extended('SELECT 1/0'), ...insert(101), sync(), ...count(), sync()),
    ready(2),
    ...undo,
  ]),
  script('a syntax error undoes what came before it in its segment', [
    together(...insert(100), parse('SELEC'), ...insert(101), sync(), ...count(), sync()),
    ready(2),
    ...undo,
  ]),
  script('work before the error of a later segment stays', [
    together(...insert(100), sync(), ...extended('SELECT 1/0'), sync(), ...count(), sync()),
    ready(3),
    ...undo,
  ]),
  script('BEGIN, work, an error, COMMIT, all pipelined', [
    together(
      ...extended('BEGIN'),
      ...insert(100),
      sync(),
      ...extended('SELECT nothing'),
      sync(),
      ...insert(101),
      sync(),
      ...extended('COMMIT'),
      sync(),
      ...count(),
      sync(),
    ),
    ready(5),
    ...undo,
  ]),
  script('ROLLBACK TO in a pipeline', [
    together(
      ...extended('BEGIN'),
      ...extended('SAVEPOINT s'),
      sync(),
      ...extended('SELECT 1/0'),
      sync(),
      ...extended('ROLLBACK TO s'),
      ...insert(100),
      ...extended('COMMIT'),
      sync(),
      ...count(),
      sync(),
    ),
    ready(4),
    ...undo,
  ]),
  script('Query inside a pipeline', [
    together(...extended('SELECT 1'), query('SELECT 2; SELECT 3'), ...extended('SELECT 4'), sync()),
    ready(2),
  ]),
  script('Query after an error, before Sync', [
    together(parse('SELEC'), query('SELECT 2'), sync(), query('SELECT 3')),
    ready(2),
  ]),
  script('SET and the query that depends on it', [
    together(
      ...extended('SET search_path = plain'),
      ...extended('SELECT buyer_name FROM orders WHERE id = 1'),
      sync(),
      ...extended('SET search_path = pg_catalog'),
      ...extended('SELECT id FROM people'),
      sync(),
    ),
    ready(2),
  ]),
  script('named statement made and used in one pipeline', [
    together(
      parse('SELECT $1::int * 2', 'twice'),
      describe('S', 'twice'),
      bind(['1'], { statement: 'twice' }),
      execute(),
      bind(['2'], { statement: 'twice' }),
      execute(),
      close('S', 'twice'),
      bind(['3'], { statement: 'twice' }),
      execute(),
      sync(),
    ),
    ready(),
  ]),
  script('a statement parsed in a segment that fails later is kept', [
    together(parse('SELECT 42', 'kept'), ...extended('SELECT 1/0'), sync()),
    ready(),
    bind([], { statement: 'kept' }),
    execute(),
    sync(),
    ready(),
  ]),
  script('a hundred statements in one packet', [
    together(...Array.from({ length: 100 }, (_, n) => extended('SELECT $1::int', [String(n)])).flat(), sync()),
    ready(),
  ]),
  script('a hundred segments in one packet', [
    together(...Array.from({ length: 100 }, (_, n) => [...extended('SELECT $1::int', [String(n)]), sync()]).flat()),
    ready(100),
  ]),
  script('many rows, then an error, then rows', [
    together(
      ...extended('SELECT * FROM plain.lines'),
      sync(),
      ...extended('SELECT nothing'),
      sync(),
      ...extended('SELECT * FROM plain.lines', [], [1]),
      sync(),
    ),
    ready(3),
  ]),
  script('a thousand statements in one packet, every seventh segment fails', [
    together(
      ...Array.from({ length: 200 }, (_, n) => [
        ...Array.from({ length: 5 }, (_, i) =>
          extended(n % 7 === 3 && i === 2 ? 'SELECT 1/0' : `SELECT ${n * 5 + i}`),
        ).flat(),
        sync(),
      ]).flat(),
    ),
    ready(200),
  ]),
  script('each message fails once: Parse, Bind, Describe, Execute', [
    together(
      ...extended('SELECT nothing'),
      sync(),
      parse('SELECT $1::int'),
      bind(['x']),
      execute(),
      sync(),
      describe('S', 'none'),
      ...extended('SELECT 1'),
      sync(),
      parse('SELECT 1/0 FROM plain.people'),
      bind(),
      execute(),
      execute(),
      sync(),
      ...extended('SELECT 5'),
      sync(),
    ),
    ready(5),
  ]),
  script('Sync, Sync, Flush, Sync around statements', [
    together(
      sync(),
      sync(),
      ...extended('SELECT 1'),
      flush(),
      flush(),
      sync(),
      flush(),
      sync(),
      ...extended('SELECT 2'),
      sync(),
    ),
    ready(5),
  ]),
  script('Flush behind each message, and no Sync for long', [
    ...Array.from({ length: 20 }, (_, n) => [
      together(...extended(`SELECT ${n}`).flatMap((message) => [message, flush()])),
      until('C'),
    ]).flat(),
    sync(),
    ready(),
  ]),
  script('Flush without Sync, then an error, then Flush, then Query', [
    together(...extended('SELECT 1'), flush()),
    until('C'),
    together(...extended('SELECT 1/0'), flush()),
    until('E'),
    together(...extended('SELECT 2'), flush(), query('SELECT 3'), sync()),
    ready(),
    query('SELECT 4'),
    ready(),
  ]),
  script('Flush without Sync, then Query, which ends the segment', [
    together(...extended('SELECT 1'), flush()),
    until('C'),
    query('SELECT 2'),
    ready(),
    together(...extended('SELECT 3'), query('SELECT 1/0'), ...extended('SELECT 4'), sync()),
    ready(2),
  ]),
  script('a transaction left open over segments, an error, segments that are ignored', [
    together(
      ...extended('BEGIN'),
      sync(),
      ...extended('SELECT 1/0'),
      sync(),
      ...extended('SELECT 2'),
      sync(),
      parse('SELECT 3', 'kept'),
      sync(),
      ...extended('ROLLBACK'),
      sync(),
      ...extended('SELECT 4'),
      sync(),
    ),
    ready(6),
  ]),
  script('suspended portals in a pipeline, with limits of all sizes', [
    together(
      parse('SELECT n, word FROM plain.lines ORDER BY n', 'l'),
      bind([], { statement: 'l', portal: 'a' }),
      bind([], { statement: 'l', portal: 'b', results: [1, 0] }),
      ...[1, 100, 2, 500].flatMap((rows) => [execute('a', rows), execute('b', rows)]),
      close('P', 'a'),
      execute('b', 0),
      execute('a', 1),
      sync(),
    ),
    ready(),
  ]),
  script('messages cut into single bytes', [
    ...[...extended('SELECT id, email FROM plain.people ORDER BY id'), sync()]
      .flatMap((message) => [...encode(message)])
      .map((byte) => ({ kind: 'bytes' as const, bytes: Buffer.from([byte]) })),
    ready(),
  ]),
  script('a long text, long parameters and short messages in one packet', [
    together(
      ...extended(`SELECT '${'t'.repeat(100_000)}' AS t`),
      ...extended('SELECT length($1), length($2)', ['p'.repeat(200_000), 'q'.repeat(70_000)]),
      sync(),
      ...extended('SELECT 1'),
      sync(),
    ),
    ready(2),
  ]),
  script('deferred constraint fails at Sync', [
    together(
      ...extended('BEGIN'),
      ...extended('INSERT INTO plain.later VALUES (1), (1)'),
      ...extended('COMMIT'),
      sync(),
    ),
    ready(),
  ]),
];

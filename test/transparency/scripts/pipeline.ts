/** Pipelining: several statements before the first answer, errors in the middle, transactions around. */
import {
  bind,
  close,
  describe,
  execute,
  extended,
  parse,
  query,
  ready,
  sync,
  together,
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

/** COPY in both directions, whole and broken off. */
import {
  bind,
  copyData,
  copyDone,
  copyFail,
  execute,
  flush,
  parse,
  query,
  ready,
  sync,
  together,
  until,
} from '../../harness/messages.js';
import { type Script, script } from './script.js';

const ask = (...texts: readonly string[]) => texts.flatMap((text) => [query(text), ready()]);
const into = (text: string) => [query(text), until('G')];
/** What follows is undone. */
const undone = (steps: Script['steps']) => [...ask('BEGIN'), ...steps, ...ask('ROLLBACK')];
const COUNT = 'SELECT count(*), min(n), max(word) FROM plain.lines';

export const COPY: readonly Script[] = [
  script('COPY TO STDOUT, text', ask('COPY plain.kinds TO STDOUT', 'COPY plain.people (email, id) TO STDOUT')),
  script('COPY TO STDOUT, CSV', [
    ...ask(
      'COPY plain.kinds TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)',
      "COPY plain.people TO STDOUT CSV DELIMITER ';'",
    ),
    ...ask("COPY plain.people TO STDOUT (FORMAT csv, NULL 'none', QUOTE '^', ESCAPE '!')"),
  ]),
  script('COPY TO STDOUT, binary', ask('COPY plain.kinds TO STDOUT (FORMAT binary)')),
  script('COPY of a query', [
    ...ask('COPY (SELECT n, upper(word) FROM plain.lines ORDER BY n LIMIT 3) TO STDOUT'),
    ...ask(
      "COPY (VALUES (1, NULL), (2, 'x')) TO STDOUT CSV",
      'COPY (DELETE FROM plain.lines WHERE false RETURNING *) TO STDOUT',
    ),
  ]),
  script('COPY TO STDOUT of many rows', ask('COPY plain.lines TO STDOUT')),
  script('COPY TO STDOUT fails before and after its first row', [
    ...ask('COPY plain.nothing TO STDOUT', 'COPY plain.people (nothing) TO STDOUT', 'COPY plain.adults TO STDOUT'),
    ...ask('COPY (SELECT 1 / (3 - n) FROM generate_series(1, 5) n) TO STDOUT', 'COPY plain.forbidden TO STDOUT'),
  ]),
  script('COPY FROM STDIN, text', [
    ...undone([
      ...into('COPY plain.lines FROM STDIN'),
      copyData('9001\tnew\n9002\t\\N\n'),
      copyDone(),
      ready(),
      ...ask(COUNT),
    ]),
  ]),
  script('COPY FROM STDIN, rows cut anywhere', [
    ...undone([
      ...into('COPY plain.lines (word, n) FROM STDIN (FORMAT csv, HEADER)'),
      copyData('wo'),
      copyData('rd,n\n"a ""b'),
      copyData('"""'),
      copyData(','),
      copyData('9001\n'),
      copyDone(),
      ready(),
      ...ask(COUNT, 'SELECT * FROM plain.lines WHERE n > 9000'),
    ]),
  ]),
  script('COPY FROM STDIN, binary', [
    ...undone([
      ...into('COPY plain.lines FROM STDIN (FORMAT binary)'),
      copyData(Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')),
      copyData(Buffer.from('\0\x02\0\0\0\x04\0\0\x23\x29\0\0\0\x02hi\xff\xff', 'latin1')),
      copyDone(),
      ready(),
      ...ask('SELECT * FROM plain.lines WHERE n > 9000'),
    ]),
  ]),
  script('COPY FROM STDIN, many rows', [
    ...undone([
      ...into('COPY plain.lines FROM STDIN'),
      copyData(Array.from({ length: 20_000 }, (_, n) => `${n}\tword number ${n}\n`).join('')),
      copyDone(),
      ready(),
      ...ask(COUNT),
    ]),
  ]),
  script('COPY FROM STDIN, CopyFail', [
    ...into('COPY plain.lines FROM STDIN'),
    copyData('9001\tnew\n'),
    copyFail('changed my mind'),
    ready(),
    ...ask(COUNT),
  ]),
  script('COPY FROM STDIN, a bad row: CONTEXT names it', [
    ...into('COPY plain.lines FROM STDIN'),
    copyData('9001\tnew\nx\tbad\n9002\tlate\n'),
    copyDone(),
    ready(),
    ...ask(COUNT),
  ]),
  script('COPY FROM STDIN breaks a constraint: DETAIL', [
    ...into('COPY plain.people FROM STDIN CSV'),
    copyData('1,again,20,\n'),
    copyDone(),
    ready(),
  ]),
  script(
    'COPY FROM STDIN fails before any data',
    ask('COPY plain.lines (nothing) FROM STDIN', 'COPY plain.forbidden FROM STDIN'),
  ),
  script('COPY FROM STDIN, data sent without waiting', [
    together(
      query('BEGIN'),
      query('COPY plain.lines FROM STDIN'),
      copyData('9001\tnew\n'),
      copyDone(),
      query('ROLLBACK'),
    ),
    ready(3),
  ]),
  script('COPY FROM STDIN without data', [...into('COPY plain.lines FROM STDIN'), copyDone(), ready(), ...ask(COUNT)]),
  script('COPY among other statements of one Query', [
    ...undone([
      query('SELECT 1; COPY plain.lines FROM STDIN; SELECT count(*) FROM plain.lines; COPY plain.people TO STDOUT'),
      until('G'),
      copyData('9001\tnew\n'),
      copyDone(),
      ready(),
    ]),
  ]),
  script('COPY FROM STDIN by Parse Bind Execute', [
    ...undone([
      parse('COPY plain.lines FROM STDIN'),
      bind(),
      execute(),
      flush(),
      until('G'),
      copyData('9001\tnew\n'),
      copyDone(),
      sync(),
      ready(),
      ...ask(COUNT),
    ]),
  ]),
  script('COPY FROM STDIN by Parse Bind Execute, Sync sent while it runs', [
    ...undone([
      parse('COPY plain.lines FROM STDIN'),
      bind(),
      execute(),
      flush(),
      until('G'),
      sync(),
      copyData('9001\tnew\n'),
      copyDone(),
      sync(),
      ready(),
      ...ask(COUNT),
    ]),
  ]),
  script('COPY FROM STDIN by Parse Bind Execute, a bad row, then more', [
    parse('COPY plain.lines FROM STDIN'),
    bind(),
    execute(),
    flush(),
    until('G'),
    copyData('x\n'),
    copyDone(),
    sync(),
    ready(),
    ...ask(COUNT),
  ]),
  script('COPY TO STDOUT by Parse Bind Execute', [
    parse('COPY plain.people TO STDOUT'),
    bind(),
    execute(),
    sync(),
    ready(),
  ]),
  script('COPY with wrong options', [
    ...ask('COPY plain.lines TO STDOUT (FORMAT nothing)', "COPY plain.lines TO STDOUT (DELIMITER 'ab')"),
    ...ask('COPY plain.lines TO STDOUT (FORMAT csv, FORMAT csv)', 'COPY plain.lines'),
  ]),
];

/** Attacks that are made of messages rather than of SQL alone. `ATTACKS` of cases.ts has the others. */
import {
  bind,
  close,
  describe,
  execute,
  flush,
  functionCall,
  int32,
  int64,
  parse,
  query,
  ready,
  type Step,
  sync,
  together,
  until,
} from '../harness/messages.js';

export interface MessageAttack {
  readonly name: string;
  /** As behind `-- expect:`. */
  readonly expect: string;
  /** Made for each server, since OIDs of functions stand in messages. */
  readonly steps: (oidOf: (signature: string) => number) => readonly Step[];
}

const ALAN = 'Alan Archer';
const run = (sql: string, values: readonly (string | Buffer | null)[] = []) => [
  parse(sql),
  bind(values),
  describe('P'),
  execute(),
  sync(),
  ready(),
];

/** Runs SQL text by text. */
const sql = (...texts: readonly string[]): Step[] => texts.flatMap((text) => [query(text), ready()]);

/** What is shown behind a DELETE that is taken back. */
const deletion = (text: string, values: readonly (string | null)[]): Step[] => [
  ...sql('BEGIN'),
  ...run(text, values),
  ...sql('SELECT name FROM keepers WHERE id = 1', 'ROLLBACK'),
];

const NOBODY = "CREATE FUNCTION red_m(bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'nobody'; END $$";
const BUYER =
  'CREATE OR REPLACE FUNCTION red_m(bigint) RETURNS text LANGUAGE plpgsql AS ' +
  '$$ BEGIN RETURN (SELECT buyer_name FROM orders WHERE id = $1); END $$';
/** What is called before and after the function reads a protected column. */
const replaced = (before: readonly Step[], after: readonly Step[]): Step[] => [
  ...sql(NOBODY, 'BEGIN'),
  ...before,
  ...sql(BUYER),
  ...after,
  ...sql('ROLLBACK', 'DROP FUNCTION red_m(bigint)'),
];
const QUOTE = "SELECT '\\'' , buyer_name FROM orders WHERE id = 900001 --'";

export const MESSAGE_ATTACKS: readonly MessageAttack[] = [
  {
    name: 'FunctionCall of a function that reads orders',
    expect: 'refused',
    steps: (oidOf) => [functionCall(oidOf('name_of(bigint)'), ['900001']), ready()],
  },
  {
    name: 'FunctionCall of run(text)',
    expect: 'refused',
    steps: (oidOf) => [functionCall(oidOf('run(text)'), ['SELECT buyer_name FROM orders WHERE id = 900001']), ready()],
  },
  {
    name: 'FunctionCall after a query in the same packet',
    expect: 'refused',
    steps: (oidOf) => [
      together(query('SELECT 1'), functionCall(oidOf('name_of_sqlbody(bigint)'), ['900001'])),
      ready(2),
    ],
  },
  {
    name: 'a guess as a parameter',
    expect: 'refused',
    steps: () => run('SELECT count(*) FROM orders WHERE buyer_name = $1', [ALAN]),
  },
  {
    name: 'a guess as a parameter of the output',
    expect: 'same',
    steps: () => run('SELECT buyer_name = $1, $2::text FROM orders WHERE id = 900001', [ALAN, 'x']),
  },
  {
    name: 'COPY behind a SET of the encoding, in one pipeline',
    expect: 'same or refused',
    steps: () => [
      parse("SET client_encoding = 'SJIS'"),
      bind(),
      execute(),
      parse("COPY (SELECT U&'\\30BD', buyer_name FROM orders WHERE id = 900001) TO STDOUT"),
      bind(),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a COPY of before, run behind a SET of the encoding',
    expect: 'same 08P01',
    steps: () => [
      parse("COPY (SELECT U&'\\30BD', buyer_name FROM orders WHERE id = 900001) TO STDOUT", 'c'),
      bind([], { statement: 'c', portal: 'c' }),
      parse("SET client_encoding = 'SJIS'"),
      bind(),
      execute(),
      execute('c'),
      sync(),
      ready(),
    ],
  },
  {
    name: 'DELETE of what a parameter says, by which others are redacted',
    expect: 'refused 42501',
    steps: () => deletion('DELETE FROM tenures WHERE kind = $1', ['amazon']),
  },
  {
    name: 'DELETE of everything, for a parameter without a value',
    expect: 'refused 42501',
    steps: () => deletion("DELETE FROM tenures WHERE $1::text IS NULL OR kind = 'ebay'", [null]),
  },
  {
    name: 'DELETE of what a parameter of another type says, whose spaces count for nothing',
    expect: 'refused 42501',
    steps: () => deletion('DELETE FROM tenures WHERE $1::bpchar IS NOT NULL AND kind = $1', ['amazon  ']),
  },
  {
    name: 'a named statement, run twice with rows of either kind',
    expect: 'same',
    steps: () => [
      parse('SELECT buyer_name, gift_message FROM orders WHERE id = $1', 's'),
      describe('S', 's'),
      bind(['900012'], { statement: 's' }),
      execute(),
      bind([int64(900001n)], { statement: 's', results: [1] }),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a named statement replaced under its name',
    expect: 'same',
    steps: () => [
      parse('SELECT order_ref FROM orders WHERE id = 900001', 's'),
      close('S', 's'),
      parse('SELECT buyer_name FROM orders WHERE id = 900001', 's'),
      bind([], { statement: 's' }),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a Parse that fails leaves the old statement of that name',
    expect: 'same 42P05',
    steps: () => [
      parse('SELECT buyer_name FROM orders WHERE id = 900001', 's'),
      sync(),
      ready(),
      parse('SELECT order_ref FROM orders WHERE id = 900001', 's'),
      sync(),
      ready(),
      bind([], { statement: 's' }),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'the unnamed statement kept over a Sync',
    expect: 'same',
    steps: () => [
      parse('SELECT buyer_name FROM orders WHERE id = 900001'),
      sync(),
      ready(),
      bind([], { results: [1] }),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a portal taken row by row',
    expect: 'same',
    steps: () => [
      parse('SELECT buyer_name FROM orders WHERE id IN (900001, 900002, 900003) ORDER BY id'),
      bind(),
      execute('', 1),
      execute('', 1),
      execute('', 5),
      sync(),
      ready(),
    ],
  },
  {
    name: 'two portals of different tables, taken turn by turn',
    expect: 'same',
    steps: () => [
      query('BEGIN'),
      ready(),
      parse('SELECT id, buyer_name FROM orders WHERE id IN (900001, 900002) ORDER BY id', 'a'),
      parse('SELECT gift_message, id FROM orders WHERE id IN (900001, 900002) ORDER BY id', 'b'),
      bind([], { statement: 'a', portal: 'pa' }),
      bind([], { statement: 'b', portal: 'pb', results: [1] }),
      execute('pa', 1),
      execute('pb', 1),
      execute('pa', 1),
      execute('pb', 1),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a portal fetched by SQL',
    expect: 'same or refused',
    steps: () => [
      query('BEGIN'),
      ready(),
      parse('SELECT id, buyer_name FROM orders WHERE id IN (900001, 900002) ORDER BY id'),
      bind([], { portal: 'p' }),
      flush(),
      until('2'),
      query('FETCH ALL FROM p'),
      ready(),
    ],
  },
  {
    name: 'a cursor of SQL executed as a portal',
    expect: 'same or refused',
    steps: () => [
      query('BEGIN; DECLARE c CURSOR FOR SELECT id, buyer_name FROM orders WHERE id IN (900001, 900002) ORDER BY id'),
      ready(),
      describe('P', 'c'),
      execute('c', 0),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a statement of PREPARE bound by message',
    expect: 'same or refused',
    steps: () => [
      query('PREPARE s AS SELECT buyer_name FROM orders WHERE id = 900001'),
      ready(),
      describe('S', 's'),
      bind([], { statement: 's' }),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a statement of Parse executed by SQL',
    expect: 'same or refused',
    steps: () => [
      parse('SELECT buyer_name FROM orders WHERE id = 900001', 's'),
      sync(),
      ready(),
      query('EXECUTE s'),
      ready(),
    ],
  },
  {
    name: 'a filter that is prepared anew under a bound portal of EXECUTE',
    expect: 'refused',
    steps: () => [
      ...sql('BEGIN', "PREPARE p (text, text) AS SELECT id FROM orders WHERE channel = 'ebay' AND $1 <> $2"),
      parse(`EXECUTE p('amazon', '${ALAN}')`),
      bind([], { portal: 'c' }),
      sync(),
      ready(),
      ...sql('DEALLOCATE p', 'PREPARE p AS SELECT id FROM orders WHERE channel = $1 AND buyer_name = $2'),
      execute('c'),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a filter that is prepared anew under an EXECUTE that another EXECUTE runs',
    expect: 'refused',
    steps: () => [
      ...sql("PREPARE p (text, text) AS SELECT id FROM orders WHERE channel = 'ebay' AND $1 <> $2"),
      parse(`EXECUTE p('amazon', '${ALAN}')`, 'q'),
      sync(),
      ready(),
      ...sql('DEALLOCATE p', 'PREPARE p AS SELECT id FROM orders WHERE channel = $1 AND buyer_name = $2', 'EXECUTE q'),
    ],
  },
  {
    name: 'rows that are prepared anew under a bound portal of CREATE TABLE AS EXECUTE',
    expect: 'refused',
    steps: () => [
      ...sql('BEGIN', 'PREPARE p AS SELECT id, order_ref FROM orders WHERE id = 900001'),
      parse('CREATE TEMP TABLE kept AS EXECUTE p'),
      bind([], { portal: 'c' }),
      sync(),
      ready(),
      ...sql('DEALLOCATE p', 'PREPARE p AS SELECT id, buyer_name FROM orders WHERE id = 900001'),
      execute('c'),
      sync(),
      ready(),
      ...sql('SELECT * FROM kept'),
    ],
  },
  {
    name: 'search_path changed between Parse and Bind',
    expect: 'same',
    steps: () => [
      query('SET search_path = other'),
      ready(),
      parse('SELECT buyer_name FROM orders WHERE id = 900001', 's'),
      sync(),
      ready(),
      query('SET search_path = public'),
      ready(),
      bind([], { statement: 's' }),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'search_path changed between Parse and Bind of a modification',
    expect: 'same',
    steps: () => [
      query('BEGIN'),
      ready(),
      parse("UPDATE orders SET notes = 'met' WHERE id = 900001 RETURNING buyer_name, notes", 's'),
      query('SET search_path = other'),
      ready(),
      bind([], { statement: 's' }),
      execute(),
      sync(),
      ready(),
      ...sql('ROLLBACK', 'SELECT buyer_name FROM orders WHERE id = 900001'),
    ],
  },
  {
    name: 'names behind a SET that an error takes back',
    expect: 'same 22012',
    steps: () => [
      parse('SET search_path = other'),
      bind(),
      execute(),
      parse('SELECT note FROM orders WHERE id = 1'),
      bind(),
      execute(),
      parse('SELECT 1 / 0'),
      bind(),
      execute(),
      sync(),
      ready(),
      ...sql('SELECT order_ref, buyer_name FROM orders WHERE id = 900001'),
    ],
  },
  {
    name: 'search_path changed between Parse and Bind of a filter, in one packet',
    expect: 'same or refused',
    steps: () => [
      query('SET search_path = other'),
      ready(),
      together(
        parse('SELECT count(*) FROM orders WHERE buyer_name = $1', 's'),
        parse("SELECT set_config('search_path', 'public', false)"),
        bind(),
        execute(),
        bind([ALAN], { statement: 's' }),
        execute(),
        sync(),
      ),
      ready(),
    ],
  },
  {
    name: 'a temporary table dropped between Parse and Bind',
    expect: 'same 42P01 or refused',
    steps: () => [
      query('CREATE TEMP TABLE orders (id bigint, buyer_name varchar(120))'),
      ready(),
      parse('SELECT buyer_name FROM orders WHERE id = 900001', 's'),
      sync(),
      ready(),
      query('DROP TABLE pg_temp.orders'),
      ready(),
      bind([], { statement: 's' }),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a refused statement bound anyway',
    expect: 'refused',
    steps: () => [
      parse('SELECT id FROM orders WHERE buyer_name = $1', 's'),
      sync(),
      ready(),
      bind([ALAN], { statement: 's' }),
      execute(),
      sync(),
      ready(),
    ],
  },
  {
    name: 'a refused statement in a pipeline, with more behind it',
    expect: 'refused',
    steps: () => [
      together(
        parse('SELECT 1'),
        bind(),
        execute(),
        parse('SELECT id FROM orders WHERE buyer_name = $1'),
        bind([ALAN]),
        execute(),
        sync(),
        parse('SELECT buyer_name FROM orders WHERE id = 900001'),
        bind(),
        execute(),
        sync(),
      ),
      ready(2),
    ],
  },
  {
    name: 'a Query split over two packets',
    expect: 'same',
    steps: () => {
      const text = Buffer.from('SELECT buyer_name FROM orders WHERE id = 900001\0');
      const whole = Buffer.concat([Buffer.from('Q'), int32(text.length + 4), text]);
      return [{ kind: 'bytes', bytes: whole.subarray(0, 20) }, { kind: 'bytes', bytes: whole.subarray(20) }, ready()];
    },
  },
  {
    name: 'standard_conforming_strings off, then a Query in the same packet',
    expect: 'refused',
    steps: () => [together(query('SET standard_conforming_strings = off'), query(QUOTE)), ready(2)],
  },
  {
    name: 'standard_conforming_strings off, then a Parse in the same packet',
    expect: 'refused',
    steps: () => [
      together(
        parse('SET standard_conforming_strings = off'),
        bind(),
        execute(),
        parse(QUOTE),
        bind(),
        execute(),
        sync(),
      ),
      ready(),
    ],
  },
  {
    name: 'standard_conforming_strings off again by a ROLLBACK in the same packet',
    expect: 'refused',
    steps: () => [
      ...sql('SET standard_conforming_strings = off', 'BEGIN', 'SET standard_conforming_strings = on'),
      together(parse('ROLLBACK'), bind(), execute(), parse(QUOTE), bind(), execute(), sync()),
      ready(),
    ],
  },
  {
    name: 'a statement of before, bound behind CREATE OR REPLACE FUNCTION',
    expect: 'refused',
    steps: () =>
      replaced(
        [parse('SELECT red_m(900001)', 's'), sync(), ready()],
        [bind([], { statement: 's' }), execute(), sync(), ready()],
      ),
  },
  {
    name: 'a portal of before, executed behind CREATE OR REPLACE FUNCTION',
    expect: 'refused',
    steps: () =>
      replaced(
        [parse('SELECT red_m(900001)', 's'), bind([], { statement: 's', portal: 'p' }), sync(), ready()],
        [execute('p'), sync(), ready()],
      ),
  },
  {
    name: 'a cursor of before, fetched from behind CREATE OR REPLACE FUNCTION',
    expect: 'refused',
    steps: () => replaced(sql('DECLARE c CURSOR FOR SELECT red_m(900001)'), sql('FETCH c')),
  },
  {
    name: 'a cursor of before, executed by message behind CREATE OR REPLACE FUNCTION',
    expect: 'refused',
    steps: () => replaced(sql('DECLARE c CURSOR FOR SELECT red_m(900001)'), [execute('c'), sync(), ready()]),
  },
  {
    name: 'EXECUTE of a statement of before, in front of a refused one',
    expect: 'refused',
    steps: () =>
      replaced(
        sql('PREPARE p AS SELECT red_m(900001)'),
        sql("EXECUTE p; SELECT id FROM orders WHERE buyer_name = 'x'", 'DEALLOCATE ALL'),
      ),
  },
  {
    name: 'an EXECUTE that was prepared itself, behind CREATE OR REPLACE FUNCTION',
    expect: 'refused',
    steps: () =>
      replaced(
        [...sql('PREPARE p AS SELECT red_m(900001)'), parse('EXECUTE p', 's'), sync(), ready()],
        [bind([], { statement: 's' }), execute(), sync(), ready()],
      ),
  },
  {
    name: 'CREATE OR REPLACE FUNCTION and a Bind in one packet',
    expect: 'refused',
    steps: () =>
      [
        ...sql(NOBODY),
        parse('SELECT red_m(900001)', 's'),
        sync(),
        ready(),
        together(parse(BUYER), bind(), execute(), bind([], { statement: 's' }), execute(), sync()),
        ready(),
        ...sql('DROP FUNCTION red_m(bigint)'),
      ] as const,
  },
  {
    name: 'a Bind right behind a committed CREATE OR REPLACE FUNCTION',
    expect: 'refused',
    steps: () => [
      ...sql(NOBODY),
      parse('SELECT red_m(900001)', 's'),
      sync(),
      ready(),
      together(query(BUYER), bind([], { statement: 's' }), execute(), sync()),
      ready(2),
      ...sql('DROP FUNCTION red_m(bigint)'),
    ],
  },
];

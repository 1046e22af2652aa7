/** How long statements and portals live, whoever has made them, and what a transaction that nobody has begun holds. */
import {
  bind,
  close,
  describe,
  execute,
  extended,
  flush,
  parse,
  query,
  ready,
  type Step,
  sync,
  together,
  until,
} from '../../harness/messages.js';
import { type Script, script } from './script.js';

const ask = (...texts: readonly string[]) => texts.flatMap((text) => [query(text), ready()]);
const synced = (...steps: readonly Step[]): Step[] => [...steps, sync(), ready()];
const run = (statement: string, portal = '') => [bind([], { statement, portal }), execute(portal)];
const NUMBERS = 'SELECT n FROM generate_series(1, 5) n';
const undone = (...steps: readonly Step[]) => [...ask('BEGIN'), ...steps, ...ask('ROLLBACK')];
const insert = (id: number) => `INSERT INTO plain.people VALUES (${id}, 'p${id}', 20)`;
const COUNT = 'SELECT count(*) FROM plain.people';
const undo = ask('DELETE FROM plain.people WHERE id > 99');

export const LIFETIMES: readonly Script[] = [
  script('the unnamed statement outlives Sync and transactions', [
    ...synced(parse('SELECT 7')),
    ...synced(...run('')),
    ...synced(...run('')),
    ...undone(...synced(parse('SELECT 8')), ...synced(...run(''))),
    ...synced(...run('')),
  ]),
  script('the unnamed statement is gone after a Parse that fails', [
    ...synced(parse('SELECT 7')),
    ...synced(parse('SELECT nothing')),
    ...synced(...run('')),
  ]),
  script('the unnamed portal is replaced by the next Bind', [
    ...synced(
      parse(NUMBERS, 'a'),
      parse('SELECT 0', 'b'),
      bind([], { statement: 'a' }),
      execute('', 1),
      bind([], { statement: 'b' }),
      execute('', 1),
      execute('', 1),
    ),
  ]),
  script('the unnamed portal is gone after a Query', [
    ...undone(
      parse(NUMBERS),
      bind(),
      execute('', 1),
      flush(),
      until('s'),
      ...ask('SELECT 1'),
      ...synced(execute('', 1)),
    ),
  ]),
  script('portals of an implicit transaction end with Sync', [
    ...synced(parse(NUMBERS, 's'), bind([], { statement: 's', portal: 'p' }), execute('p', 2)),
    ...synced(execute('p', 2)),
    ...synced(describe('P', 'p')),
    ...synced(close('P', 'p')),
  ]),
  script('a portal runs after its statement was closed', [
    ...synced(
      parse(NUMBERS, 's'),
      bind([], { statement: 's', portal: 'p' }),
      close('S', 's'),
      execute('p', 2),
      execute('p'),
    ),
  ]),
  script('a portal of a statement that was redefined runs what it was made of', [
    ...undone(
      ...synced(parse('SELECT 1', 's'), bind([], { statement: 's', portal: 'p' })),
      ...synced(close('S', 's'), parse("SELECT 'other', 2", 's'), describe('S', 's'), ...run('s')),
      ...synced(describe('P', 'p'), execute('p')),
    ),
  ]),
  script('a statement redefined three times in one packet', [
    together(
      parse('SELECT 1', 's'),
      ...run('s'),
      close('S', 's'),
      parse('SELECT 2', 's'),
      ...run('s'),
      close('S', 's'),
      parse('SELECT 3', 's'),
      ...run('s'),
      sync(),
    ),
    ready(),
  ]),
  script('a portal that is done, run again', [
    ...synced(parse('SELECT 1'), bind(), execute(), execute(), execute('', 1)),
    ...undone(...synced(parse('UPDATE plain.people SET age = 20 WHERE id = 3'), bind(), execute(), execute())),
    ...synced(parse('SHOW DateStyle'), bind(), execute(), execute()),
  ]),
  script('Execute with a limit of less than nothing', synced(parse(NUMBERS), bind(), execute('', -1))),
  script('Execute with a limit of INSERT RETURNING', [
    ...undone(
      ...synced(
        parse(`${insert(100)}, (101, 'x', 20), (102, 'y', 20) RETURNING id`),
        bind(),
        execute('', 1),
        execute('', 1),
      ),
      ...ask(COUNT),
    ),
  ]),
  script('two suspended portals, one closed, one left to the end of the transaction', [
    ...ask('BEGIN'),
    ...synced(
      parse(NUMBERS, 'n'),
      bind([], { statement: 'n', portal: 'a' }),
      bind([], { statement: 'n', portal: 'b' }),
    ),
    ...synced(execute('a', 2), execute('b', 3)),
    ...synced(close('P', 'a'), execute('b', 1)),
    ...synced(execute('a', 1)),
    ...ask('ROLLBACK'),
    ...synced(execute('b', 1)),
  ]),
  script('a suspended portal and an error in between', [
    ...ask('BEGIN'),
    ...synced(parse(NUMBERS), bind([], { portal: 'p' }), execute('p', 2)),
    ...synced(...extended('SELECT 1/0')),
    ...synced(execute('p', 2)),
    ...ask('ROLLBACK'),
  ]),
  script('ROLLBACK TO ends the portals that were made behind the savepoint', [
    ...ask('BEGIN'),
    ...synced(parse(NUMBERS, 'n'), bind([], { statement: 'n', portal: 'before' }), execute('before', 1)),
    ...ask('SAVEPOINT s'),
    ...synced(bind([], { statement: 'n', portal: 'behind' }), execute('behind', 1)),
    ...ask('ROLLBACK TO s'),
    ...synced(execute('before', 1)),
    ...synced(execute('behind', 1)),
    ...ask('ROLLBACK'),
  ]),
  script('FETCH and MOVE from a portal of Bind, Execute of a cursor of DECLARE', [
    ...undone(
      ...synced(parse('SELECT n, word FROM plain.lines ORDER BY n'), bind([], { portal: 'p' }), execute('p', 2)),
      ...ask('FETCH 2 FROM p', 'MOVE 3 IN p'),
      ...synced(execute('p', 1)),
      ...ask('DECLARE c CURSOR FOR SELECT id, email FROM plain.people ORDER BY id', 'CLOSE p'),
      ...synced(describe('P', 'c'), execute('c', 2), execute('c', 2)),
      ...synced(close('P', 'c'), execute('c', 1)),
    ),
  ]),
  script('PREPARE and Bind, Parse and EXECUTE, DEALLOCATE of both', [
    ...ask('PREPARE by_sql (int) AS SELECT $1 + 1'),
    ...synced(describe('S', 'by_sql'), bind(['4'], { statement: 'by_sql' }), execute()),
    ...synced(parse('SELECT $1::int + 2', 'by_message')),
    ...ask('EXECUTE by_message (4)', 'DEALLOCATE by_message'),
    ...synced(bind(['4'], { statement: 'by_message' }), execute()),
    ...synced(close('S', 'by_sql')),
    ...ask('EXECUTE by_sql (4)'),
  ]),
  script('DEALLOCATE ALL and DISCARD ALL drop what Parse has made', [
    ...synced(parse('SELECT 1', 'a'), parse('SELECT 2')),
    ...ask('DEALLOCATE ALL'),
    ...synced(...run('a')),
    ...synced(parse('SELECT 1', 'a')),
    ...ask('DISCARD ALL'),
    ...synced(...run('a')),
  ]),
  script('names of statements and portals longer than a name can be', [
    ...synced(parse('SELECT 1', 's'.repeat(70)), bind([], { statement: 's'.repeat(63), portal: 'p'.repeat(80) })),
    ...synced(bind([], { statement: 's'.repeat(66), portal: 'p'.repeat(64) }), execute('p'.repeat(63))),
    ...synced(parse('SELECT 2', `${'s'.repeat(63)}x`)),
  ]),
  script('Describe again and again, of statements and portals of every kind', [
    ...synced(
      parse('SELECT $1::int AS a, $2::text AS b', 'q'),
      parse('BEGIN', 'u'),
      parse('INSERT INTO plain.people VALUES ($1) RETURNING age', 'i'),
      parse('', 'e'),
      parse('EXPLAIN SELECT 1', 'x'),
      ...['q', 'u', 'i', 'e', 'x', 'q'].map((name) => describe('S', name)),
      bind(['1', 'x'], { statement: 'q', portal: 'p', results: [1, 0] }),
      describe('P', 'p'),
      describe('P', 'p'),
      bind([], { statement: 'e', portal: 'none' }),
      describe('P', 'none'),
      execute('none'),
    ),
  ]),
  script('Close in every state', [
    ...synced(close('S', ''), close('P', '')),
    ...synced(parse('SELECT 1'), close('S', ''), bind()),
    ...synced(parse('SELECT 1'), bind(), close('P', ''), execute()),
    ...ask('BEGIN', 'SELECT 1/0'),
    ...synced(close('S', 'none'), close('P', 'none')),
    ...ask('ROLLBACK'),
  ]),
  script('in an aborted transaction', [
    ...synced(parse('SELECT 1', 'before'), parse('ROLLBACK', 'end')),
    ...ask('BEGIN', 'SELECT 1/0'),
    ...synced(parse('SELECT 2')),
    ...synced(bind([], { statement: 'before' })),
    ...synced(describe('S', 'before')),
    ...synced(execute('none')),
    ...synced(bind([], { statement: 'end' }), describe('P'), execute()),
  ]),
  script('the statements of one Query are one transaction', [
    ...ask(`${insert(100)}; SELECT 1/0`, COUNT, `${insert(100)}; ${insert(101)}; ${COUNT}`),
    ...undo,
  ]),
  script('BEGIN, COMMIT and ROLLBACK among the statements of one Query', [
    ...ask(`${insert(100)}; BEGIN; ${insert(101)}; ROLLBACK; ${COUNT}`),
    ...ask(`BEGIN; ${insert(100)}; COMMIT; SELECT 1/0`, COUNT),
    ...ask(`${insert(101)}; COMMIT; ${insert(102)}; SELECT 1/0`, COUNT),
    ...ask(`${insert(103)}; BEGIN; SELECT 1/0`, 'SELECT 1', 'COMMIT', COUNT),
    ...undo,
  ]),
  script('what an implicit transaction does not allow', [
    ...ask('SELECT 1; SAVEPOINT s', 'SELECT 1; LOCK TABLE plain.people', 'SELECT 1; VACUUM plain.people'),
    ...ask("SELECT 1; SET LOCAL TimeZone = 'Asia/Tokyo'; SHOW TimeZone", 'SHOW TimeZone'),
    ...ask(
      'SELECT 1; DECLARE c CURSOR FOR SELECT 1; FETCH c',
      'SELECT 1; COMMIT AND CHAIN',
      'SELECT 1; ABORT; SELECT 2',
    ),
  ]),
  script('an implicit transaction of messages, with a COMMIT in the middle', [
    ...synced(...extended(insert(100)), ...extended('COMMIT'), ...extended(insert(101)), ...extended('SELECT 1/0')),
    ...ask(COUNT),
    ...undo,
  ]),
  script('an implicit transaction of messages and a Query in it', [
    ...synced(...extended(insert(100)), query('SELECT 1/0'), ...extended(insert(101))),
    ready(),
    ...ask(COUNT),
    ...undo,
  ]),
  script('BEGIN of messages holds over Sync, with Query in between', [
    ...synced(...extended('BEGIN')),
    ...ask(insert(100)),
    ...synced(...extended(COUNT)),
    ...ask('ROLLBACK', COUNT),
  ]),
];

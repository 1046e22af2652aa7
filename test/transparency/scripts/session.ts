/** Transactions, settings, prepared statements and cursors in SQL, notifications, and how sessions begin and end. */
import { query, ready, terminate, until } from '../../harness/messages.js';
import { type Script, script } from './script.js';

const ask = (...texts: readonly string[]) => texts.flatMap((text) => [query(text), ready()]);

export const SESSION: readonly Script[] = [
  script('BEGIN COMMIT', ask('BEGIN', 'SELECT 1', 'COMMIT')),
  script('BEGIN, an error, statements that are ignored, ROLLBACK', [
    ...ask('BEGIN', 'SELECT 1/0', 'SELECT 1', 'SELEC', '', 'ROLLBACK', 'SELECT 2'),
  ]),
  script('BEGIN, an error, COMMIT that rolls back', ask('BEGIN', 'SELECT nothing', 'COMMIT')),
  script('SAVEPOINT, ROLLBACK TO, RELEASE', [
    ...ask('BEGIN', 'SAVEPOINT a', 'SELECT 1/0', 'ROLLBACK TO a', 'SELECT 1', 'RELEASE a', 'RELEASE a', 'ROLLBACK'),
  ]),
  script('transaction modes', [
    ...ask(
      'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY',
      'SHOW transaction_isolation',
      'DELETE FROM plain.people',
      'END',
    ),
    ...ask('START TRANSACTION', 'SET TRANSACTION READ ONLY', 'COMMIT AND CHAIN', 'SHOW transaction_read_only', 'ABORT'),
  ]),
  script('SET and ParameterStatus', [
    ...ask("SET application_name = 'script'", 'SET DateStyle = sql, dmy', "SET TimeZone = 'Asia/Tokyo'"),
    ...ask(
      "SET IntervalStyle = 'iso_8601'",
      "SELECT timestamptz '2024-02-29 00:00Z', interval '1 day 2 hours'",
      'RESET ALL',
    ),
    ...ask(
      'SET standard_conforming_strings = on',
      "SET client_encoding = 'UTF8'",
      'SET nothing = 1',
      'SET work_mem = x',
    ),
  ]),
  script('SET LOCAL and ParameterStatus at the end of the transaction', [
    ...ask('BEGIN', "SET LOCAL TimeZone = 'UTC'", 'SHOW TimeZone', 'ROLLBACK', 'SHOW TimeZone'),
    ...ask(
      'BEGIN',
      "SET TimeZone = 'UTC'",
      'ROLLBACK',
      "SET LOCAL work_mem = '2MB'",
      "SELECT set_config('DateStyle', 'german', false)",
    ),
  ]),
  script(
    'startup parameters',
    ask('SHOW TimeZone', 'SHOW application_name', 'SHOW search_path', 'SELECT id FROM people ORDER BY id'),
    {
      parameters: { TimeZone: 'Europe/Berlin', application_name: 'started', options: '-c search_path=plain' },
    },
  ),
  script('search_path and names that it finds', [
    ...ask('SELECT count(*) FROM people', 'SET search_path = plain', 'SELECT count(*) FROM people', 'SELECT add(1, 2)'),
    ...ask("SELECT set_config('search_path', 'pg_catalog', false)", 'SELECT count(*) FROM people', 'RESET search_path'),
    ...ask(
      'BEGIN',
      'SET LOCAL search_path = plain',
      'SELECT count(*) FROM people',
      'COMMIT',
      'SELECT count(*) FROM people',
    ),
  ]),
  script('client_encoding LATIN1', [
    ...ask("SET client_encoding = 'LATIN1'", 'SELECT t FROM plain.kinds WHERE id = 1', 'SHOW client_encoding'),
  ]),
  script('PREPARE, EXECUTE, DEALLOCATE', [
    ...ask(
      'PREPARE s (int) AS SELECT email FROM plain.people WHERE id = $1',
      'EXECUTE s (1)',
      'EXECUTE s (2)',
      'EXECUTE s',
    ),
    ...ask(
      'PREPARE s AS SELECT 1',
      'EXECUTE none',
      'DEALLOCATE s',
      'EXECUTE s (1)',
      'DEALLOCATE none',
      'DEALLOCATE ALL',
    ),
    ...ask(
      'PREPARE t AS UPDATE plain.people SET age = age WHERE id = $1',
      'EXECUTE t (1)',
      'EXPLAIN (COSTS OFF) EXECUTE t (1)',
    ),
  ]),
  script('DECLARE, FETCH, MOVE, CLOSE', [
    ...ask(
      'BEGIN',
      'DECLARE c SCROLL CURSOR FOR SELECT n, word FROM plain.lines ORDER BY n',
      'FETCH 2 FROM c',
      'FETCH c',
    ),
    ...ask(
      'MOVE 10 IN c',
      'FETCH PRIOR c',
      'FETCH LAST c',
      'FETCH FORWARD ALL FROM c',
      'CLOSE c',
      'FETCH c',
      'ROLLBACK',
    ),
  ]),
  script('a cursor WITH HOLD outlives its transaction', [
    ...ask(
      'BEGIN',
      'DECLARE h CURSOR WITH HOLD FOR SELECT id FROM plain.people ORDER BY id',
      'COMMIT',
      'FETCH 2 h',
      'FETCH 2 h',
      'CLOSE h',
    ),
  ]),
  script(
    'binary cursor',
    ask('BEGIN', 'DECLARE b BINARY CURSOR FOR SELECT id, age FROM plain.people ORDER BY id', 'FETCH ALL b', 'COMMIT'),
  ),
  script('WHERE CURRENT OF', [
    ...ask('BEGIN', 'DECLARE u CURSOR FOR SELECT * FROM plain.people ORDER BY id FOR UPDATE', 'FETCH u'),
    ...ask('UPDATE plain.people SET age = 51 WHERE CURRENT OF u RETURNING *', 'ROLLBACK'),
  ]),
  script('LISTEN and NOTIFY of the same session', [
    ...ask('LISTEN news'),
    ...ask("NOTIFY news, 'payload ü'"),
    ...ask("SELECT pg_notify('other', 'not heard')", 'UNLISTEN *', "NOTIFY news, 'not heard'", 'SELECT 1'),
  ]),
  script('NOTIFY in a transaction', [
    ...ask('LISTEN news', 'BEGIN', "NOTIFY news, 'late'", 'SELECT 1'),
    ...ask('COMMIT', 'SELECT 2', 'BEGIN', "NOTIFY news, 'never'", 'ROLLBACK', 'SELECT 3'),
  ]),
  script('DISCARD ALL', [
    ...ask("SET TimeZone = 'UTC'", 'PREPARE s AS SELECT 1', 'CREATE TEMP TABLE scratch (n int)', 'DISCARD ALL'),
    ...ask('SHOW TimeZone', 'EXECUTE s', 'SELECT n FROM scratch', 'BEGIN', 'DISCARD ALL', 'ROLLBACK'),
  ]),
  script('locks', [
    ...ask(
      'BEGIN',
      'LOCK TABLE plain.people IN SHARE MODE',
      'SELECT id FROM plain.people WHERE id = 1 FOR UPDATE NOWAIT',
    ),
    ...ask(
      'SELECT id FROM plain.people WHERE id = 2 FOR NO KEY UPDATE SKIP LOCKED',
      'SELECT pg_advisory_xact_lock(7)',
      'COMMIT',
    ),
  ]),
  script('SET ROLE', ask('SET ROLE none', 'SET ROLE nobody_at_all', 'RESET ROLE', 'SELECT current_user')),
  script(
    'statement_timeout',
    ask('SET statement_timeout = 50', 'SELECT pg_sleep(5)', 'RESET statement_timeout', 'SELECT 1'),
  ),
  script('maintenance', ask('ANALYZE plain.people', 'VACUUM plain.people', 'BEGIN', 'VACUUM plain.people', 'ROLLBACK')),
  script('Terminate', [query('SELECT 1'), ready(), terminate(), until('none')], { hangsUp: true }),
  script('the session ends itself', [query('SELECT pg_terminate_backend(pg_backend_pid())'), until('none')], {
    hangsUp: true,
  }),
];

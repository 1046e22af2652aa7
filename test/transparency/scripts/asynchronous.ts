/** What the server sends without being asked: notices, notifications, changes of settings, its own end. */
import {
  bind,
  copyData,
  copyDone,
  describe,
  elsewhere,
  execute,
  extended,
  flush,
  halfClose,
  parse,
  query,
  ready,
  type Step,
  sync,
  terminate,
  together,
  until,
} from '../../harness/messages.js';
import { type Script, script } from './script.js';

const ask = (...texts: readonly string[]) => texts.flatMap((text) => [query(text), ready()]);
const closed = () => until('none');
/** Its application name. */
export const VICTIM_NAME = 'the one that is ended';
const VICTIM = { parameters: { application_name: VICTIM_NAME }, hangsUp: true } as const;
/** Once it runs something, or waits for data, whatever was asked. */
const end = (state: string) =>
  elsewhere(`DO $$
    BEGIN
      FOR i IN 1..500 LOOP
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = '${VICTIM_NAME}' AND (${state});
        EXIT WHEN FOUND;
        PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
      END LOOP;
    END $$`);
/** The backend is gone without a word; the server ends all others, and begins anew. */
const kill = elsewhere('kill');
const victim = (name: string, steps: readonly Step[]) => script(name, [...steps, closed()], VICTIM);

export const NOTICES: readonly Script[] = [
  script('notices between rows', ask('SELECT n, plain.warn(n::text) FROM generate_series(1, 3) n')),
  script('notices of Parse, Bind and Execute', [
    ...extended(`SELECT 1 AS ${'a'.repeat(70)}`),
    ...extended('SELECT plain.warn($1)', ['x']),
    sync(),
    ready(),
    parse('SELECT plain.warn($1), n FROM generate_series(1, 3) n'),
    bind(['y']),
    execute('', 1),
    execute('', 2),
    sync(),
    ready(),
  ]),
  script('notices of statements of the transaction', ask('COMMIT', 'BEGIN', 'BEGIN', 'COMMIT', 'ROLLBACK')),
  script('notices of a pipeline, with an error in it', [
    together(
      ...extended("SELECT plain.warn('one')"),
      sync(),
      ...extended("SELECT plain.warn('two'), 1/0"),
      ...extended("SELECT plain.warn('skipped')"),
      sync(),
      ...extended("SELECT plain.warn('three')"),
      sync(),
    ),
    ready(3),
  ]),
  script('notices of triggers during COPY FROM STDIN', [
    ...ask('BEGIN'),
    query('COPY plain.watched FROM STDIN'),
    until('G'),
    copyData('10\tten\n11\televen\n'),
    copyDone(),
    ready(),
    ...ask('ROLLBACK'),
  ]),
  script(
    'notices during COPY TO STDOUT',
    ask('COPY (SELECT plain.warn(n::text) FROM generate_series(1, 2) n) TO STDOUT'),
  ),
  script('notices in front of an error', ask("SELECT plain.warn('x'), plain.fail('y')")),
];

const NOTIFY = "NOTIFY news, 'from elsewhere'";

export const NOTIFICATIONS: readonly Script[] = [
  script('a notification of another session while idle', [
    ...ask('LISTEN news'),
    elsewhere(NOTIFY),
    until('A'),
    elsewhere(`${NOTIFY}; ${NOTIFY}; NOTIFY news, 'another'`),
    until('A', 2),
    ...ask('UNLISTEN news'),
  ]),
  script('a notification of another session during a transaction waits for its end', [
    ...ask('LISTEN news', 'BEGIN', 'SELECT 1'),
    elsewhere(NOTIFY),
    ...ask('SELECT 2', 'COMMIT', 'SELECT 3'),
  ]),
  script('a notification of another session while a pipeline is open', [
    ...ask('LISTEN news'),
    parse('SELECT 1'),
    bind(),
    execute(),
    flush(),
    until('C'),
    elsewhere(NOTIFY),
    describe('P'),
    flush(),
    until('T'),
    sync(),
    ready(),
    ...ask('SELECT 2'),
  ]),
  script('LISTEN and NOTIFY by messages, in one pipeline', [
    together(
      ...extended('LISTEN news'),
      sync(),
      ...extended("NOTIFY news, 'one'"),
      sync(),
      ...extended("SELECT pg_notify('news', 'two')"),
      ...extended('SELECT 1/0'),
      sync(),
      ...extended('UNLISTEN *'),
      sync(),
    ),
    ready(4),
  ]),
  script('a notification in the middle of COPY FROM STDIN waits for its end', [
    ...ask('LISTEN news', 'BEGIN'),
    query('COPY plain.lines FROM STDIN'),
    until('G'),
    elsewhere(NOTIFY),
    copyData('9001\tnew\n'),
    copyDone(),
    ready(),
    ...ask('ROLLBACK', 'SELECT 1'),
  ]),
];

/** Sessions look at it when they have read their next message. */
const reloaded = [elsewhere('SELECT pg_reload_conf()'), elsewhere('SELECT pg_sleep(0.3)')];

export const SETTINGS: readonly Script[] = [
  script('ParameterStatus in a pipeline', [
    together(
      ...extended("SET TimeZone = 'Asia/Tokyo'"),
      ...extended('SHOW TimeZone'),
      sync(),
      ...extended("SET TimeZone = 'UTC'"),
      ...extended('SELECT 1/0'),
      sync(),
      ...extended('SHOW TimeZone'),
      sync(),
    ),
    ready(3),
  ]),
  script('ParameterStatus among the statements of one Query', [
    ...ask("SET DateStyle = german; SELECT date '2024-02-29'; SET DateStyle = iso; SELECT date '2024-02-29'"),
    ...ask('SET DateStyle = german; SELECT 1/0', 'SHOW DateStyle'),
  ]),
  script('ParameterStatus of set_config and of a function', [
    ...ask("SELECT set_config('IntervalStyle', 'iso_8601', true)", "SELECT set_config('search_path', 'plain', false)"),
    ...ask('BEGIN', "SELECT set_config('IntervalStyle', 'iso_8601', true)", 'COMMIT', 'SHOW IntervalStyle'),
  ]),
  script('ParameterStatus when the server reads its configuration again, while idle', [
    ...ask('SHOW IntervalStyle'),
    elsewhere("ALTER SYSTEM SET IntervalStyle = 'sql_standard'"),
    ...reloaded,
    ...ask('SHOW IntervalStyle', "SELECT interval '1 day'"),
    elsewhere('ALTER SYSTEM RESET IntervalStyle'),
    ...reloaded,
    parse('SHOW IntervalStyle'),
    bind(),
    execute(),
    sync(),
    ready(),
  ]),
  script('ParameterStatus of SET SESSION AUTHORIZATION and is_superuser', [
    ...ask('SET SESSION AUTHORIZATION shop_app', 'SET SESSION AUTHORIZATION postgres', 'RESET SESSION AUTHORIZATION'),
  ]),
];

export const ENDS: readonly Script[] = [
  victim('ended while idle', [...ask('SELECT 1'), end("state = 'idle'")]),
  victim('ended in a transaction', [...ask('BEGIN', 'SELECT 1'), end("state = 'idle in transaction'")]),
  victim('ended in an aborted transaction', [
    ...ask('BEGIN', 'SELECT 1/0'),
    end("state LIKE 'idle in transaction (a%'"),
  ]),
  victim('ended while a Query runs', [query('SELECT pg_sleep(30)'), end("wait_event = 'PgSleep'")]),
  victim('ended behind the first rows of a Query', [
    query("SELECT repeat('x', 20000) FROM generate_series(1, 3); SELECT pg_sleep(30)"),
    until('D', 2),
    end("wait_event = 'PgSleep'"),
  ]),
  victim('ended between Parse and Bind', [parse('SELECT 1'), flush(), until('1'), end("wait_event = 'ClientRead'")]),
  victim('ended while a portal is suspended', [
    parse('SELECT n FROM generate_series(1, 9) n'),
    bind(),
    execute('', 2),
    flush(),
    until('s'),
    end("wait_event = 'ClientRead'"),
  ]),
  victim('ended in the middle of a pipeline', [
    together(
      ...extended('SELECT 1'),
      sync(),
      ...extended('SELECT pg_sleep(30)'),
      sync(),
      ...extended('SELECT 3'),
      sync(),
    ),
    ready(),
    end("wait_event = 'PgSleep'"),
  ]),
  victim('ended during COPY FROM STDIN', [
    query('COPY plain.lines FROM STDIN'),
    until('G'),
    copyData('9001\tnew\n'),
    end('pid IN (SELECT pid FROM pg_stat_progress_copy WHERE bytes_processed > 0)'),
  ]),
  victim('ended during COPY TO STDOUT', [
    query('COPY (SELECT n, pg_sleep(CASE n WHEN 3 THEN 30 ELSE 0 END) FROM generate_series(1, 5) n) TO STDOUT'),
    end("wait_event = 'PgSleep'"),
  ]),
  victim('ended by idle_in_transaction_session_timeout', ask('SET idle_in_transaction_session_timeout = 50', 'BEGIN')),
  victim('ended by idle_session_timeout', ask('SET idle_session_timeout = 50')),
  victim('ended by transaction_timeout', ask('SET transaction_timeout = 50', 'BEGIN')),
  victim('Query and Terminate in one packet', [together(query('SELECT 1'), terminate())]),
  victim('a pipeline and Terminate in one packet, without Sync', [together(...extended('SELECT 1'), terminate())]),
  victim('a transaction and Terminate', [...ask('BEGIN', 'DELETE FROM plain.people'), terminate()]),
  victim('Terminate with messages behind it', [together(query('SELECT 1'), terminate(), query('SELECT 2'))]),
  victim('Terminate behind an error, before Sync', [together(parse('SELECT nothing'), terminate())]),
  victim('Terminate during COPY FROM STDIN', [query('COPY plain.lines FROM STDIN'), until('G'), terminate()]),
  victim('half close while idle', [...ask('SELECT 1'), halfClose()]),
  victim('half close behind a Query', [query("SELECT 1, pg_sleep(0.05); SELECT repeat('x', 100000)"), halfClose()]),
  victim('half close behind a pipeline', [
    together(...extended('SELECT 1'), sync(), ...extended('SELECT 1/0'), sync(), ...extended('SELECT 3'), sync()),
    halfClose(),
  ]),
  victim('half close in the middle of a message, behind a Query', [
    { kind: 'bytes', bytes: Buffer.from('Q\0\0\0\x0dSELECT 1\0Q\0\0\0\x0dSEL') },
    halfClose(),
  ]),
  victim('half close during COPY FROM STDIN', [
    query('COPY plain.lines FROM STDIN'),
    until('G'),
    copyData('9001\tnew\n'),
    halfClose(),
  ]),
];

/** Played last, each when the server is there again. */
export const DEATHS: readonly Script[] = [
  victim('killed while idle', [...ask('SELECT 1'), kill]),
  victim('killed while a Query runs', [query('SELECT pg_sleep(30)'), kill]),
  victim('killed in the middle of a pipeline', [
    together(...extended('SELECT 1'), sync(), ...extended('SELECT pg_sleep(30)'), sync()),
    ready(),
    kill,
  ]),
];

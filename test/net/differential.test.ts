/** Random pipelines, sent to a real server directly and through the gateway: every byte that comes back is compared. */
import fc from 'fast-check';
import type { ClientConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listener, startListener } from '../../src/net/listener.js';
import { failingText } from '../../src/sql/failing-text.js';
import type { Plan, Planner, StatementPlan } from '../../src/sql/plan-types.js';
import { message } from '../../src/wire/bytes.js';
import { client as c, describeBackend } from '../session/script.js';
import { connectRaw, type Gateway, listenerOptions, startGateway } from './gateway.js';

const REFUSED = 'select secret';
const REFUSAL = { code: '42501', message: 'refused by the test', reason: 'filter' as const };

const NONE: StatementPlan = { kind: 'select', output: [], effects: [], withhold: 'nothing', masked: [] };

/** Needs names for whatever reads or writes, where it needs any; refuses one text; passes the rest. */
function testPlanner(needsNames: boolean): Planner {
  const base = { generation: 1 };
  const plan = (text: string, names: unknown): Plan | 'environment' => {
    if (needsNames && /^(select|insert|copy|declare)/.test(text) && !names) return 'environment';
    if (text === REFUSED) {
      return {
        ...base,
        verdict: 'refuse',
        ...failingText(),
        statements: [NONE],
        positions: { runs: [], length: 0 },
        refusal: REFUSAL,
        fingerprint: '',
      };
    }
    const statements = text.split(';').map((part): StatementPlan => {
      if (/^\s*copy/.test(part)) return { ...NONE, kind: 'copy' };
      if (/^\s*set/.test(part)) return { ...NONE, kind: 'utility', effects: [{ kind: 'environment' }] };
      const prepared = /^\s*prepare (\w+)/.exec(part)?.[1];
      if (prepared)
        return { ...NONE, kind: 'utility', effects: [{ kind: 'prepare', name: prepared, statement: NONE }] };
      const executed = /^\s*execute (\w+)/.exec(part)?.[1];
      if (executed) return { ...NONE, kind: 'utility', effects: [{ kind: 'execute', name: executed }] };
      const data = /^\s*(select|insert|values)/.test(part);
      return data ? NONE : { ...NONE, kind: 'utility' };
    });
    return { ...base, verdict: 'pass', statements };
  };
  return {
    tagPrefix: 'PGVEIL0123456789',
    // Half of the plans take time.
    plan: (text, { names }) => (text.length % 2 ? Promise.resolve(plan(text, names)) : plan(text, names)),
    generation: () => 1,
    schemaChanged: () => undefined,
  };
}

const TEXTS = [
  'select 1',
  'select n, null::text from t',
  'select 1; select 2',
  'select 1; select 1/0; select 3',
  'select 1/0',
  'select nonexistent from t',
  'selec',
  '',
  'begin',
  'commit',
  'rollback',
  'savepoint a',
  'rollback to savepoint a',
  'insert into sink values (1)',
  "insert into sink values ('x')",
  'set search_path = public',
  'set search_path = nowhere, public',
  'prepare a as select n from t',
  'execute a',
  'deallocate a',
  'declare cur cursor for select n from t',
  'fetch 2 from cur',
  "do $$ begin raise notice 'note'; end $$",
  "select repeat('x', 100000)",
  'copy t to stdout',
  'copy (select 1 / (3 - n) from t) to stdout',
  REFUSED,
];

const name = fc.constantFrom('', '', '', 'a', 'b');
const copyData = fc.array(fc.constantFrom('1\n', '2\n', 'bad\n'), { maxLength: 3 }).map((rows) => rows.map(c.copyData));
const copyEnd = fc.constantFrom(c.copyDone, c.copyDone, c.copyFail);

const run = (statement: string, portal: string, rows: number): Buffer[] => [
  c.bind(portal, statement),
  message('E', [Buffer.from(`${portal}\0`), Buffer.from([0, 0, 0, rows])]),
];

/** The same pipelines each time; another seed, or more runs, for a search. */
const RUNS = { seed: 20_261_124, numRuns: 100 };

/** What a client may send at one go. `parsed`: texts of Parse messages. */
function steps(parsed: fc.Arbitrary<string>): fc.Arbitrary<Buffer[]> {
  const either = <T>(...values: T[]) => fc.constantFrom(...values);
  const weighted: [number, fc.Arbitrary<Buffer[]>][] = [
    [6, fc.constantFrom(...TEXTS).map((sql) => [c.query(sql)])],
    [
      6,
      fc
        .tuple(parsed, name, fc.nat(2))
        .map(([sql, n, rows]) => [c.parse(n, sql), c.describe('S', n), ...run(n, '', rows)]),
    ],
    [3, fc.tuple(name, parsed).map(([n, sql]) => [c.parse(n, sql)])],
    [3, fc.tuple(name, name, fc.nat(2)).map(([n, p, rows]) => run(n, p, rows))],
    [2, name.map((p) => [c.execute(p)])],
    [2, fc.tuple(either<'S' | 'P'>('S', 'P'), name).map(([of, n]) => [c.describe(of, n)])],
    [1, fc.tuple(either<'statement' | 'portal'>('statement', 'portal'), name).map(([of, n]) => [c.close(of, n)])],
    [6, fc.constant([c.sync])],
    [1, fc.constant([c.flush])],
    [2, fc.tuple(copyData, copyEnd).map(([data, end]) => [c.query('copy sink from stdin'), ...data, end])],
    [
      2,
      fc
        .tuple(copyData, copyEnd, fc.boolean())
        .map(([data, end, early]) => [
          ...[c.parse('', 'copy sink from stdin'), ...run('', '', 0)],
          ...(early ? [c.sync] : []),
          ...[...data, end, c.sync],
        ]),
    ],
  ];
  return fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** Another message during COPY ends the connection; the server says so in two errors, the gateway in one. */
const LOST = /E\(08P01 unexpected message type 0x\w\w during COPY from stdin.*$/s;
/** What the server answers to the text that stands for a refused one, and what the gateway makes of it. */
const REFUSALS =
  /E\((42P01 relation "pg_catalog\.pgveil refused \w+" does not exist [^)]*|42501 refused by the test)\)/g;

function asFailing(m: Buffer): Buffer {
  const { text } = failingText();
  if (m.equals(c.query(REFUSED))) return c.query(text);
  const parsed = ['', 'a', 'b'].find((n) => m.equals(c.parse(n, REFUSED)));
  return parsed === undefined ? m : c.parse(parsed, text);
}

describe('a random pipeline gives the same replies through the gateway', () => {
  let gateway: Gateway;
  let withNames: Listener;

  beforeAll(async () => {
    gateway = await startGateway({ planner: testPlanner(false) });
    withNames = await startListener(
      listenerOptions(gateway.postgres.port, gateway.events, { planner: testPlanner(true) }),
    );
    const setup = await connectRaw(gateway.direct);
    await setup.exchange(c.query('create table t as select n from generate_series(1, 5) n; create table sink (n int)'));
    setup.close();
  });
  afterAll(async () => {
    await withNames?.close(0);
    await gateway?.stop();
  });

  async function replies(config: ClientConfig, messages: readonly Buffer[]): Promise<Buffer> {
    const connection = await connectRaw(config);
    try {
      return await connection.exchange(...messages);
    } finally {
      connection.close();
    }
  }

  async function compare(through: ClientConfig, messages: readonly Buffer[]): Promise<void> {
    const expected = await replies(gateway.direct, messages.map(asFailing));
    const seen = await replies(through, messages);
    const shown = (bytes: Buffer) => describeBackend(bytes).replaceAll(REFUSALS, 'E(refused)').replace(LOST, 'E(lost)');
    expect(shown(seen)).toBe(shown(expected));
    if (!/E\((refused|lost)\)/.test(shown(expected))) expect(seen.equals(expected)).toBe(true);
  }

  const pipelines = (parsed: fc.Arbitrary<string>) =>
    fc.array(steps(parsed), { minLength: 1, maxLength: 12 }).map((list) => list.flat());

  test('where texts are planned by themselves', async () => {
    await fc.assert(
      fc.asyncProperty(pipelines(fc.constantFrom(...TEXTS)), (messages) => compare(gateway.through, messages)),
      RUNS,
    );
  });

  test('where names have to be asked for in between', async () => {
    // Behind a COMMIT or an empty text by Execute and without Sync, the session's own question opens an implicit transaction, which a
    // ReadyForQuery of a simple query would show. In a failed transaction names cannot be asked for, and the answer to a
    // Parse of two statements is that the transaction has failed.
    const parsed = fc.constantFrom(...TEXTS.filter((sql) => !/^(begin|commit|rollback|savepoint|$)|;/.test(sql)));
    const through = { ...gateway.through, port: withNames.address.port };
    await fc.assert(
      fc.asyncProperty(pipelines(parsed), (messages) => compare(through, messages)),
      RUNS,
    );
  });
});

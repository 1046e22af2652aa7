/** Random pipelines, sent to a real server directly and through the gateway: every byte that comes back is compared. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failingText } from '../../src/sql/failing-text.js';
import type { Plan, Planner, StatementPlan } from '../../src/sql/plan-types.js';
import { message } from '../../src/wire/bytes.js';
import { client as c, describeBackend } from '../session/script.js';
import { connectRaw, type Gateway, startGateway } from './gateway.js';

const REFUSED = 'select secret';
const REFUSAL = { code: '42501', message: 'refused by the test', reason: 'filter' as const };

const NONE: StatementPlan = { kind: 'select', output: [], effects: [], withhold: 'nothing', masked: [] };

/** Needs names for whatever reads or writes; refuses one text; passes the rest. */
function testPlanner(): Planner {
  const base = { generation: 1, fingerprint: () => '' };
  const plan = (text: string, names: unknown): Plan | 'environment' => {
    if (/^(select|insert|copy|declare)/.test(text) && !names) return 'environment';
    if (text === REFUSED) {
      return {
        ...base,
        verdict: 'refuse',
        ...failingText(),
        statements: [NONE],
        mapPosition: () => undefined,
        refusal: REFUSAL,
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

const text = fc.constantFrom(...TEXTS);
const name = fc.constantFrom('', '', '', 'a', 'b');
const copyData = fc.array(fc.constantFrom('1\n', '2\n', 'bad\n'), { maxLength: 3 }).map((rows) => rows.map(c.copyData));
const copyEnd = fc.constantFrom(c.copyDone, c.copyDone, c.copyFail);

const run = (statement: string, portal: string, rows: number): Buffer[] => [
  c.bind(portal, statement),
  message('E', [Buffer.from(`${portal}\0`), Buffer.from([0, 0, 0, rows])]),
];

/** What a client may send at one go. */
const step: fc.Arbitrary<Buffer[]> = fc.oneof<fc.WeightedArbitrary<Buffer[]>[]>(
  { weight: 6, arbitrary: text.map((sql) => [c.query(sql)]) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(text, name, fc.nat(2))
      .map(([sql, n, rows]) => [c.parse(n, sql), c.describe('S', n), ...run(n, '', rows)]),
  },
  { weight: 3, arbitrary: fc.tuple(name, text).map(([n, sql]) => [c.parse(n, sql)]) },
  { weight: 3, arbitrary: fc.tuple(name, name, fc.nat(2)).map(([n, p, rows]) => run(n, p, rows)) },
  { weight: 2, arbitrary: name.map((p) => [c.execute(p)]) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom<('S' | 'P')[]>('S', 'P'), name).map(([of, n]) => [c.describe(of, n)]),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom<('statement' | 'portal')[]>('statement', 'portal'), name)
      .map(([of, n]) => [c.close(of, n)]),
  },
  { weight: 6, arbitrary: fc.constant([c.sync]) },
  { weight: 1, arbitrary: fc.constant([c.flush]) },
  {
    weight: 2,
    arbitrary: fc.tuple(copyData, copyEnd).map(([data, end]) => [c.query('copy sink from stdin'), ...data, end]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(copyData, copyEnd, fc.boolean())
      .map(([data, end, early]) => [
        c.parse('', 'copy sink from stdin'),
        ...run('', '', 0),
        ...(early ? [c.sync] : []),
        ...data,
        end,
        c.sync,
      ]),
  },
);

describe('a random pipeline', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway({ planner: testPlanner() });
    const setup = await connectRaw(gateway.direct);
    await setup.exchange(c.query('create table t as select n from generate_series(1, 5) n; create table sink (n int)'));
    setup.close();
  });
  afterAll(() => gateway?.stop());

  /** What stands for the refusal, in the direct and in the gateway's replies. */
  const FAILED =
    /E\((42P01 relation "pg_catalog\.pgveil refused \w+" does not exist [^)]*|42501 refused by the test)\)/g;

  async function answers(through: boolean, steps: readonly Buffer[][]): Promise<string> {
    const t0 = Date.now();
    const connection = await connectRaw(through ? gateway.through : gateway.direct);
    try {
      const messages = steps.flat().map((m) => (through ? m : asFailing(m)));
      return describeBackend(await connection.exchange(...messages)).replaceAll(FAILED, 'E(refused)');
    } finally {
      if (Date.now() - t0 > 500)
        console.log(
          through,
          Date.now() - t0,
          steps.flat().map((m) => m.toString('latin1')),
        );
      connection.close();
    }
  }

  const failing = failingText().text;
  function asFailing(m: Buffer): Buffer {
    if (m.equals(c.query(REFUSED))) return c.query(failing);
    const parsed = ['', 'a', 'b'].find((n) => m.equals(c.parse(n, REFUSED)));
    return parsed === undefined ? m : c.parse(parsed, failing);
  }

  test('gives the same replies through the gateway', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const direct = await answers(false, steps);
        expect(await answers(true, steps)).toBe(direct);
      }),
      { numRuns: 250 },
    );
    expect(gateway.events.filter((e) => !e.includes('08P01'))).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import type { Plan, SessionEnvironment, StatementPlan } from '../../src/sql/plan-types.js';
import { client as c, effect, MARKER, pass, refuse, server as s, startScript, statement } from './script.js';

type Script = ReturnType<typeof startScript>;

/**
 * `create x` changes what x means; `v` uses it, and is refused while that is not committed; `prepare`, `declare` and
 * `both` name what uses it p; `execute`, `fetch` run that; `late` is not committed before its COMMIT.
 */
function plans(text: string, environment: SessionEnvironment, generation: number): Plan {
  const uses = /\bv\b/.test(text) && environment.uncommittedNames.has('v');
  const of = (...statements: StatementPlan[]): Plan => ({ ...(uses ? refuse() : pass(...statements)), generation });
  const [verb, name = ''] = text.split(' ');
  switch (verb) {
    case 'create':
      return { ...pass(effect({ kind: 'ddl', names: [name] }, { kind: 'environment' })), generation };
    case 'table':
      return { ...pass(effect({ kind: 'ddl', names: [] }, { kind: 'environment' })), generation };
    case 'begin':
    case 'commit':
      return { ...pass(statement({ kind: 'transaction' })), generation };
    case 'prepare':
      return of(effect({ kind: 'prepare', name: 'p', statement: statement() }));
    case 'declare':
      return of(effect({ kind: 'declare', cursor: 'p', hold: text.endsWith('hold'), statement: statement() }));
    case 'execute':
      return { ...pass(effect({ kind: 'execute', name: 'p' })), generation };
    case 'fetch':
      return { ...pass(effect({ kind: 'fetch', cursor: 'p' })), generation };
    case 'both':
      return { ...refuse(effect({ kind: 'execute', name: 'p' })), generation };
    default:
      return of(statement());
  }
}

function start(): Script {
  const script = startScript((text, _names, environment) => plans(text, environment, script.generation));
  return script;
}

function run(script: Script, text: string, status: 'I' | 'T' = 'T') {
  const { toServer } = script.client(c.query(text));
  return { toServer, ...{ toClient: script.server(s.done('OK'), s.ready(status)).toClient } };
}

function prepare(script: Script, name: string, text: string, status: 'I' | 'T' = 'I'): void {
  script.client(c.parse(name, text), c.sync);
  script.server(s.parsed, s.ready(status));
}

const REFUSAL = /^E\(42501 no filter on orders.buyer /;
const STALE = /^E\(0A000 cached plan must not change result type /;
const REFUSED = /^Q\(SELECT FROM pg_catalog."(pgveil refused \w+)"/;
const refusedName = (sent: string) => /pgveil refused \w+/.exec(sent)?.[0] ?? 'nothing was refused';

describe('what was made before DDL of the open transaction', () => {
  test('a statement that uses its names cannot be bound where it would be refused now', () => {
    const script = start();
    prepare(script, 'a', 'v');
    run(script, 'begin');
    run(script, 'create v');
    const sent = script.client(c.bind('', 'a'), c.execute(''), c.sync).toServer;
    expect(sent).toMatch(/^B\(\|pgveil refused \w+\) H$/);
    const answer = script.server(s.error('26000', `no "${refusedName(sent)}"`));
    expect(answer.toClient).toMatch(REFUSAL);
    expect(answer.toServer).toBe('S');
  });

  test('nor be described', () => {
    const script = start();
    prepare(script, 'a', 'v');
    run(script, 'begin');
    run(script, 'create v');
    const sent = script.client(c.describe('S', 'a'), c.sync).toServer;
    expect(sent).toMatch(/^D\(S pgveil refused \w+\) S$/);
    expect(script.server(s.error('26000', `no "${refusedName(sent)}"`), s.ready('E')).toClient).toMatch(REFUSAL);
  });

  test('nor, bound before, be executed', () => {
    const script = start();
    run(script, 'begin');
    prepare(script, 'a', 'v', 'T');
    script.client(c.bind('p', 'a'), c.sync);
    script.server(s.bound, s.ready('T'));
    run(script, 'create v');
    const sent = script.client(c.execute('p'), c.sync).toServer;
    expect(sent).toMatch(/^E\(pgveil refused \w+\) S$/);
    expect(script.server(s.error('34000', `no "${refusedName(sent)}"`), s.ready('E')).toClient).toMatch(STALE);
  });

  test('nor be executed by EXECUTE, whether prepared by PREPARE or by Parse', () => {
    const script = start();
    run(script, 'prepare v', 'I');
    run(script, 'begin');
    run(script, 'create v');
    expect(script.client(c.query('execute')).toServer).toMatch(REFUSED);
    const other = start();
    prepare(other, 'p', 'v');
    run(other, 'begin');
    run(other, 'create v');
    expect(other.client(c.query('execute')).toServer).toMatch(REFUSED);
  });

  test('nor by an EXECUTE that was prepared itself', () => {
    const script = start();
    run(script, 'prepare v', 'I');
    prepare(script, 'a', 'execute');
    run(script, 'begin');
    run(script, 'create v');
    expect(script.client(c.bind('', 'a'), c.sync).toServer).toMatch(/^B\(\|pgveil refused \w+\) S$/);
  });

  test('nor by an EXECUTE in front of a refused statement', () => {
    const script = start();
    run(script, 'prepare v', 'I');
    run(script, 'begin');
    run(script, 'create v');
    const sent = script.client(c.query('both')).toServer;
    expect(sent).toMatch(REFUSED);
    expect(sent).not.toContain(MARKER);
  });

  test('a cursor cannot be fetched from, by SQL or by message: functions in it are looked up as it runs', () => {
    const script = start();
    run(script, 'begin');
    run(script, 'declare v');
    run(script, 'create v');
    expect(script.client(c.query('fetch')).toServer).toMatch(REFUSED);
    const other = start();
    run(other, 'begin');
    run(other, 'declare w');
    run(other, 'create v');
    expect(other.client(c.execute('p'), c.sync).toServer).toMatch(/^E\(pgveil refused \w+\) S$/);
  });

  test('nor can one that a function has opened', () => {
    const script = start();
    run(script, 'begin');
    expect(run(script, 'fetch').toServer).toBe('Q(fetch)');
    run(script, 'create v');
    expect(script.client(c.query('fetch')).toServer).toMatch(REFUSED);
  });

  test('a statement that uses none of the names runs, and is planned anew only once', () => {
    const script = start();
    prepare(script, 'a', 'w');
    run(script, 'begin');
    run(script, 'create v');
    for (let i = 0; i < 3; i++) {
      expect(script.client(c.bind('', 'a'), c.execute(''), c.sync).toServer).toBe('B(|a) E() S');
      script.server(s.bound, s.done('A'), s.ready('T'));
    }
    expect(script.planned).toHaveLength(4);
  });

  test('all in one packet: the Bind waits', () => {
    const script = start();
    prepare(script, 'a', 'v');
    run(script, 'begin');
    const ddl = [c.parse('', 'create v'), c.bind('', ''), c.execute('')];
    expect(script.client(...ddl, c.bind('', 'a'), c.execute(''), c.sync).toServer).toBe('P(|create v) B(|) E() H');
    expect(script.server(s.parsed, s.bound, s.done('CREATE')).toServer).toMatch(/^B\(\|pgveil refused \w+\) H$/);
  });

  test('a Bind in flight when the DDL was sent makes a portal of before', () => {
    const script = start();
    run(script, 'begin');
    prepare(script, 'a', 'v', 'T');
    prepare(script, 'ddl', 'create v', 'T');
    expect(script.client(c.bind('p', 'a'), c.bind('', 'ddl'), c.execute(''), c.execute('p'), c.sync).toServer).toBe(
      'B(p|a) B(|ddl) E() H',
    );
    expect(script.server(s.bound, s.bound, s.done('CREATE')).toServer).toMatch(/^E\(pgveil refused \w+\) S$/);
  });
});

describe('what was made before DDL that is committed', () => {
  test('is planned anew, though the planner has not looked yet', () => {
    const script = start();
    prepare(script, 'a', 'w');
    run(script, 'create v', 'I');
    const before = script.planned.length;
    expect(script.client(c.bind('', 'a'), c.sync).toServer).toBe('B(|a) S');
    expect(script.planned).toHaveLength(before + 1);
  });

  test('a held cursor has all its rows', () => {
    const script = start();
    run(script, 'begin');
    run(script, 'declare v hold');
    run(script, 'commit', 'I');
    run(script, 'create v', 'I');
    expect(run(script, 'fetch', 'I').toServer).toBe('Q(fetch)');
  });

  test('by others: a cursor of a function is not fetched from in the transaction that was open', () => {
    const script = start();
    run(script, 'begin');
    script.generation = 2;
    expect(script.client(c.query('fetch')).toServer).toMatch(REFUSED);
  });

  test('by others: a cursor whose text would be planned the same is', () => {
    const script = start();
    run(script, 'begin');
    run(script, 'declare w');
    script.generation = 2;
    expect(run(script, 'fetch').toServer).toBe('Q(fetch)');
  });

  test('by others: an EXECUTE that was prepared does not run a stale statement', () => {
    const script = startScript((text, _names, environment) => {
      const plan = plans(text, environment, script.generation);
      return text === 'prepare' && script.generation > 1 ? { ...refuse(), generation: script.generation } : plan;
    });
    run(script, 'prepare', 'I');
    prepare(script, 'a', 'execute');
    script.generation = 2;
    expect(script.client(c.bind('', 'a'), c.sync).toServer).toMatch(/^B\(\|pgveil refused \w+\) S$/);
  });

  test('a PREPARE in front of a refused statement is prepared, and stale when the generation changes', () => {
    const script = startScript((text, _names, environment) =>
      text === 'prepare and more'
        ? { ...refuse(effect({ kind: 'prepare', name: 'p', statement: statement() })), generation: script.generation }
        : plans(text, environment, script.generation),
    );
    script.client(c.query('prepare and more'));
    script.server(s.done('PREPARE'), s.error('42P01', MARKER), s.ready());
    script.generation = 2;
    expect(script.client(c.query('execute')).toServer).toMatch(REFUSED);
  });
});

describe('the planner', () => {
  const told = (script: Script) => script.events.filter((event) => event.startsWith('schemaChanged')).length;

  test('knows the names before the DDL is sent, and until it is told of the commit', () => {
    const script = start();
    run(script, 'begin');
    script.client(c.query('create v'));
    expect(script.watched).toEqual(['v']);
    script.server(s.done('CREATE'), s.ready('T'));
    run(script, 'create w');
    expect(script.watched).toEqual(['v', 'w']);
    run(script, 'commit', 'I');
    expect(script.watched).toEqual([]);
    expect(told(script)).toBeGreaterThan(0);
  });

  test.each(['execute', 'bind'])('knows them of DDL that was prepared before: %s', (way) => {
    const script = start();
    prepare(script, 'p', 'create v');
    expect(script.watched).toEqual([]);
    if (way === 'bind') script.client(c.bind('', 'p'), c.execute(''), c.sync);
    else script.client(c.query('execute'));
    expect(script.watched).toEqual(['v']);
    script.server(...(way === 'bind' ? [s.bound] : []), s.done('CREATE'), s.ready());
    expect(script.watched).toEqual([]);
    expect(told(script)).toBe(1);
  });

  test('knows them of DDL that fails until the transaction ends', () => {
    const script = start();
    run(script, 'begin');
    script.client(c.query('create v'));
    script.server(s.error('42P07', 'exists'), s.ready('E'));
    expect(script.watched).toEqual(['v']);
    run(script, 'commit', 'I');
    expect(script.watched).toEqual([]);
    expect(told(script)).toBe(0);
  });

  test('knows them of DDL behind the end of another transaction', () => {
    const script = start();
    prepare(script, 'a', 'create v');
    prepare(script, 'b', 'create w');
    const bound = (name: string) => [c.bind('', name), c.execute(''), c.sync];
    script.client(...bound('a'), ...bound('b'));
    script.server(s.bound, s.done('CREATE'), s.ready());
    expect(script.watched).toContain('w');
    script.server(s.bound, s.done('CREATE'), s.ready());
    expect(script.watched).toEqual([]);
  });

  test('is told by COMMIT AND CHAIN at once, and again with ReadyForQuery', () => {
    const script = start();
    run(script, 'begin');
    run(script, 'create v');
    script.client(c.query('commit and chain'));
    script.server(s.done('COMMIT'));
    expect(told(script)).toBe(1);
    script.server(s.ready('T'));
    expect(told(script)).toBe(2);
    run(script, 'commit', 'I');
    expect(told(script)).toBe(4);
    expect(script.watched).toEqual([]);
  });

  test.each(['execute', 'bind'])('is told by COMMIT AND CHAIN that was prepared: %s', (way) => {
    const script = start();
    prepare(script, 'p', 'commit and chain');
    run(script, 'begin');
    run(script, 'create v');
    if (way === 'bind') {
      script.client(c.bind('', 'p'), c.execute(''), c.flush);
      script.server(s.bound, s.done('COMMIT'));
    } else {
      script.client(c.query('execute'));
      script.server(s.done('COMMIT'));
    }
    expect(told(script)).toBe(1);
  });

  test('knows them when the session ends, until the server is gone: it may commit yet', () => {
    const script = start();
    script.client(c.query('create v'));
    script.session.hangUp();
    expect(script.session.unsettled).toBe(true);
    expect(script.watched).toEqual(['v']);
    expect(told(script)).toBe(0);
    script.session.serverGone();
    expect(script.watched).toEqual([]);
    expect(told(script)).toBe(1);
  });

  test('hears nothing of a session that has changed nothing', () => {
    const script = start();
    run(script, 'v', 'I');
    script.session.hangUp();
    expect(script.session.unsettled).toBe(false);
    script.session.serverGone();
    expect(told(script)).toBe(0);
  });

  test('is told of DDL without such names whose session ended in between', () => {
    const script = start();
    script.client(c.query('table'));
    script.session.hangUp();
    script.session.serverGone();
    expect(told(script)).toBe(1);
  });
});

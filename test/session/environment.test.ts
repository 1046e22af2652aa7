import { describe, expect, test } from 'vitest';
import type { NameEnvironment, Plan } from '../../src/sql/plan-types.js';
import {
  client as c,
  effect,
  namesAnswer,
  pass,
  QUESTION,
  refuse,
  server as s,
  startScript,
  statement,
} from './script.js';

/** `names …` needs names; `set`, `create`, `discard` change them; `begin`, `commit` and anything else do not. */
function plans(text: string, names: NameEnvironment | undefined): Plan | 'environment' {
  if (text.startsWith('names')) return names ? pass(statement()) : 'environment';
  if (text.startsWith('set')) return pass(effect({ kind: 'environment' }));
  if (text.startsWith('create')) return pass(effect({ kind: 'ddl', names: ['orders'] }));
  if (text.startsWith('discard')) return pass(effect({ kind: 'discard', what: 'temp' }));
  if (/^(begin|commit|rollback)/.test(text)) return pass(statement({ kind: 'transaction' }));
  return pass(statement());
}

const names = (script: ReturnType<typeof startScript>) => script.planned.at(-1)?.names;

/** Runs a text that passes. */
function run(script: ReturnType<typeof startScript>, text: string, status: 'I' | 'T' = 'I') {
  const sent = script.client(c.query(text)).toServer;
  script.server(s.done('OK'), s.ready(status));
  return sent;
}

describe('names', () => {
  test('are asked for when a plan needs them, unseen by the client, and kept', () => {
    const script = startScript(plans);
    expect(script.client(c.query('names a'))).toEqual({ toServer: `${QUESTION} S`, toClient: '' });
    expect(script.held).toBe(true);
    expect(script.server(namesAnswer(['public'], 'I', ['orders']))).toEqual({ toServer: 'Q(names a)', toClient: '' });
    expect(script.held).toBe(false);
    expect(names(script)).toEqual({
      role: 'bob',
      schemas: ['public'],
      tempRelations: new Set(['orders']),
      creationSchema: 'public',
    });
    expect(script.server(s.done('A'), s.ready()).toClient).toBe('C(A) Z(I)');
    expect(run(script, 'names b')).toBe('Q(names b)');
  });

  test('are asked for behind what is in flight', () => {
    const script = startScript(plans);
    expect(script.client(c.query('a'), c.query('names b'), c.query('c')).toServer).toBe('Q(a)');
    expect(script.server(s.done('A'), s.ready()).toServer).toBe(`${QUESTION} S`);
    expect(script.server(namesAnswer(['public'])).toServer).toBe('Q(names b) Q(c)');
  });

  test('in a transaction', () => {
    const script = startScript(plans);
    run(script, 'begin', 'T');
    expect(script.client(c.query('names a')).toServer).toBe(`${QUESTION} S`);
    expect(script.server(namesAnswer(['public'], 'T')).toServer).toBe('Q(names a)');
  });

  test('with notices and settings in between', () => {
    const script = startScript(plans);
    script.client(c.query('names a'));
    const answer = Buffer.concat([s.notice('of the question'), s.setting('x', 'y'), namesAnswer(['public'])]);
    expect(script.server(answer)).toEqual({ toServer: 'Q(names a)', toClient: 'S(x=y)' });
  });

  describe('P B E without Sync, then P that needs names', () => {
    const start = () => {
      const script = startScript(plans);
      expect(
        script.client(c.parse('', 'a'), c.bind('', ''), c.execute(''), c.parse('', 'names b'), c.sync).toServer,
      ).toBe('P(|a) B(|) E() H');
      return script;
    };

    test('are asked for without Sync, which would commit', () => {
      const script = start();
      expect(script.server(s.parsed, s.bound, s.done('A'))).toEqual({
        toClient: '1 2 C(A)',
        toServer: `${QUESTION} H`,
      });
      expect(script.server(namesAnswer(['public'], null))).toEqual({ toClient: '', toServer: 'P(|names b) S' });
      expect(script.server(s.parsed, s.ready()).toClient).toBe('1 Z(I)');
    });

    test('| error before: the Parse is skipped', () => {
      const script = start();
      expect(script.server(s.parsed, s.bound, s.error('22012', 'zero'))).toEqual({
        toClient: '1 2 E(22012 zero)',
        toServer: 'S',
      });
      expect(script.server(s.ready()).toClient).toBe('Z(I)');
    });

    test('| error of the question: it is the answer to the Parse', () => {
      const script = start();
      script.server(s.parsed, s.bound, s.done('A'));
      expect(script.server(s.error('57014', 'canceled'))).toEqual({ toClient: 'E(57014 canceled)', toServer: 'S' });
      expect(script.server(s.ready('E')).toClient).toBe('Z(E)');
    });
  });

  test('P D, then P that needs names: nothing was run, so a Sync does no harm', () => {
    const script = startScript(plans);
    expect(script.client(c.parse('a', 'a'), c.parse('b', 'names b'), c.sync).toServer).toBe('P(a|a) H');
    expect(script.server(s.parsed).toServer).toBe(`${QUESTION} S`);
    expect(script.server(namesAnswer(['public'])).toServer).toBe('P(b|names b) S');
  });

  test('Q | error of the question: it is the answer to the Query', () => {
    const script = startScript(plans);
    script.client(c.query('names a'));
    expect(script.server(s.error('57014', 'canceled'), s.ready()).toServer).toMatch(/^Q\(SELECT FROM pg_catalog/);
    expect(script.server(s.error('42P01', 'whatever'), s.ready()).toClient).toBe('E(57014 canceled) Z(I)');
  });

  test('P B E Q without Sync | error of the question: the Query gets its ReadyForQuery', () => {
    const script = startScript(plans);
    script.client(c.parse('', 'a'), c.bind('', ''), c.execute(''), c.query('names b'), c.query('c'));
    expect(script.server(s.parsed, s.bound, s.done('A')).toServer).toBe(`${QUESTION} H`);
    expect(script.server(s.error('57014', 'canceled'))).toEqual({ toClient: 'E(57014 canceled)', toServer: 'S Q(c)' });
    expect(script.server(s.ready(), s.done('C'), s.ready()).toClient).toBe('Z(I) C(C) Z(I)');
  });

  test('P B E Q Q without Sync: the implicit transaction goes on behind a Query', () => {
    const script = startScript(plans);
    script.client(c.parse('', 'a'), c.bind('', ''), c.execute(''), c.query('b'));
    script.server(s.parsed, s.bound, s.done('A'), s.done('B'), s.ready('T'));
    expect(script.client(c.query('names c')).toServer).toBe(`${QUESTION} H`);
    script.server(namesAnswer(['public'], null));
    expect(script.server(s.error('22012', 'zero'), s.ready('I')).toClient).toBe('E(22012 zero) Z(I)');
    script.generation = 2;
    expect(script.client(c.query('names d')).toServer).toBe(`${QUESTION} S`);
  });

  test('Q in a failed transaction: the text is not forwarded unanalysed', () => {
    const script = startScript(plans);
    run(script, 'begin', 'T');
    script.client(c.query('a'));
    script.server(s.error('22012', 'zero'), s.ready('E'));
    expect(script.client(c.query('names a')).toServer).toMatch(/^Q\(SELECT FROM pg_catalog/);
    const aborted = s.error('25P02', 'current transaction is aborted');
    expect(script.server(aborted, s.ready('E')).toClient).toBe('E(25P02 current transaction is aborted) Z(E)');
  });

  test('nothing can be created where search_path names no schema', () => {
    const script = startScript(plans);
    script.client(c.query('names a'));
    script.server(namesAnswer([]));
    expect(names(script)).toEqual({ role: 'bob', schemas: [], tempRelations: new Set(), creationSchema: undefined });
  });

  test.each([
    '{"schemas": "public", "creation": null, "temp": null}',
    '{"schemas": ["public"], "temp": null}',
    '{"schemas": ["public"], "creation": 1, "temp": null}',
    '{"schemas": ["public"], "creation": "public"}',
    'null',
    '{',
  ])('%s: an answer of another shape ends the session', (answer) => {
    const script = startScript(plans);
    script.client(c.query('names a'));
    expect(script.server(s.parsed, s.bound, s.row('bob', answer)).toClient).toMatch(/^E\(08P01 /);
  });
});

describe('a statement that may change names', () => {
  test.each(['set', 'create', 'discard'])('%s: the next text waits for it, then asks anew', (text) => {
    const script = startScript(plans);
    script.client(c.query('names a'));
    script.server(namesAnswer(['public']));
    script.server(s.done('A'), s.ready());
    expect(script.client(c.query(text), c.query('names b')).toServer).toBe(`Q(${text})`);
    expect(script.server(s.done('OK'), s.ready()).toServer).toBe(`${QUESTION} S`);
    expect(script.server(namesAnswer(['other'])).toServer).toBe('Q(names b)');
    expect(names(script)?.schemas).toEqual(['other']);
  });

  test('that fails makes them stale too', () => {
    const script = startScript(plans);
    script.client(c.query('names a'));
    script.server(namesAnswer(['public']));
    script.server(s.done('A'), s.ready());
    script.client(c.query('set'));
    script.server(s.error('22023', 'invalid value'), s.ready());
    expect(script.client(c.query('names b')).toServer).toBe(`${QUESTION} S`);
  });

  test('by Parse and Execute: the next Parse waits for its result', () => {
    const script = startScript(plans);
    expect(script.client(c.parse('', 'set'), c.bind('', ''), c.execute(''), c.parse('', 'b'), c.sync).toServer).toBe(
      'P(|set) B(|) E() H',
    );
    expect(script.server(s.parsed, s.bound, s.done('SET')).toServer).toBe('P(|b) S');
  });

  test('by EXECUTE of a statement of Parse', () => {
    const script = startScript((text, n) =>
      text === 'execute s' ? pass(effect({ kind: 'execute', name: 's' })) : plans(text, n),
    );
    script.client(c.parse('s', 'set'), c.sync);
    script.server(s.parsed, s.ready());
    expect(script.client(c.query('execute s'), c.query('b')).toServer).toBe('Q(execute s)');
    expect(script.server(s.done('SET'), s.ready()).toServer).toBe('Q(b)');
  });

  test('in a portal that a pipelined Bind may or may not replace', () => {
    const script = startScript(plans);
    run(script, 'begin', 'T');
    script.client(c.parse('s', 'set'), c.parse('a', 'a'), c.bind('p', 's'), c.sync);
    script.server(s.parsed, s.parsed, s.bound, s.ready('T'));
    // The Bind fails (the portal exists), so the Execute behind the Sync would run the SET, were the transaction alive.
    const sent = script.client(c.bind('p', 'a'), c.sync, c.execute('p'), c.query('b')).toServer;
    expect(sent).toBe('B(p|a) S E(p) H');
  });

  test('in a transaction: texts are planned one by one, and names asked for again at its end', () => {
    const script = startScript(plans);
    run(script, 'begin', 'T');
    run(script, 'set', 'T');
    script.client(c.query('names a'));
    expect(script.server(namesAnswer(['mine'], 'T')).toServer).toBe('Q(names a)');
    expect(script.client(c.query('names b')).toServer).toBe('');
    expect(script.server(s.done('A'), s.ready('T')).toServer).toBe('Q(names b)');
    script.server(s.done('B'), s.ready('T'));
    run(script, 'commit');
    expect(script.client(c.query('names c')).toServer).toBe(`${QUESTION} S`);
  });

  test('in a transaction: a utility statement may have taken it back (ROLLBACK TO)', () => {
    const script = startScript(plans);
    run(script, 'begin', 'T');
    run(script, 'set', 'T');
    script.client(c.query('names a'));
    script.server(namesAnswer(['mine'], 'T'));
    script.server(s.done('A'), s.ready('T'));
    run(script, 'commit to savepoint', 'T');
    expect(script.client(c.query('names b')).toServer).toBe(`${QUESTION} S`);
  });

  test('a reported change of search_path makes names stale', () => {
    const script = startScript(plans);
    script.client(c.query('names a'));
    script.server(namesAnswer(['public']));
    script.server(s.done('A'), s.setting('search_path', 'other'), s.ready());
    expect(script.client(c.query('names b')).toServer).toBe(`${QUESTION} S`);
  });

  test('a new generation of the planner makes names stale', () => {
    const script = startScript(plans);
    script.client(c.query('names a'));
    script.server(namesAnswer(['public']));
    script.server(s.done('A'), s.ready());
    script.generation = 2;
    expect(script.client(c.query('names b')).toServer).toBe(`${QUESTION} S`);
  });
});

describe('DDL', () => {
  test('its names are uncommitted until the transaction ends, and then the planner is told', () => {
    const script = startScript(plans);
    run(script, 'begin', 'T');
    run(script, 'create', 'T');
    run(script, 'a', 'T');
    expect(script.planned.at(-1)?.uncommittedNames).toEqual(new Set(['orders']));
    expect(script.events).not.toContain('schemaChanged shop');
    run(script, 'commit');
    expect(script.events).toContain('schemaChanged shop');
    run(script, 'a');
    expect(script.planned.at(-1)?.uncommittedNames).toEqual(new Set());
  });
});

describe('a plan that takes time', () => {
  test('holds what comes behind it, in order', async () => {
    let answer: (plan: Plan) => void = () => undefined;
    const script = startScript((text) =>
      text === 'slow' ? new Promise<Plan>((resolve) => (answer = resolve)) : undefined,
    );
    expect(script.client(c.query('a'), c.query('slow'), c.query('c')).toServer).toBe('Q(a)');
    expect(script.held).toBe(true);
    expect(script.server(s.done('A'), s.ready())).toEqual({ toClient: 'C(A) Z(I)', toServer: '' });
    expect(script.session.idle).toBe(false);
    answer(pass());
    expect((await script.settle()).toServer).toBe('Q(slow) Q(c)');
    expect(script.held).toBe(false);
  });

  test('| an error meanwhile: the Parse is skipped', async () => {
    let answer: (plan: Plan) => void = () => undefined;
    const script = startScript((text) =>
      text === 'slow' ? new Promise<Plan>((resolve) => (answer = resolve)) : undefined,
    );
    script.client(c.parse('', 'a'), c.flush, c.parse('', 'slow'), c.sync);
    script.server(s.error('42P01', 'no table'));
    answer(pass());
    expect((await script.settle()).toServer).toBe('S');
  });

  test('| the session ends meanwhile', async () => {
    let answer: (plan: Plan) => void = () => undefined;
    const script = startScript(() => new Promise<Plan>((resolve) => (answer = resolve)));
    script.client(c.query('slow'));
    script.session.hangUp();
    answer(refuse());
    expect((await script.settle()).toServer).toBe('X');
  });

  test('| rejects: the text is refused', async () => {
    const script = startScript(() => Promise.reject(new Error('catalog')));
    script.client(c.query('slow'));
    expect((await script.settle()).toServer).toMatch(/^Q\(SELECT FROM pg_catalog/);
  });

  test('that asks for names again and again is refused', () => {
    const script = startScript(() => 'environment');
    script.client(c.query('a'));
    let sent = '';
    for (let i = 0; i < 10 && !sent.startsWith('Q'); i++) sent = script.server(namesAnswer(['public'])).toServer;
    expect(sent).toMatch(/^Q\(SELECT FROM pg_catalog/);
  });

  test('of a planner that throws ends the session', () => {
    const script = startScript(() => {
      throw new TypeError('secret');
    });
    const seen = script.client(c.query('a'));
    expect(seen.toClient).toBe('E(XX000 internal error of pgveil: TypeError)');
    expect(script.ended).toBe(true);
  });
});

describe('settings that decide how a text is read', () => {
  const sent = (script: ReturnType<typeof startScript>, text: string) =>
    script.client(c.query(text)).toServer.slice(0, 12);
  const REFUSED = 'Q(SELECT FRO';

  test('standard_conforming_strings off: a backslash is refused', () => {
    const script = startScript();
    script.server(s.setting('standard_conforming_strings', 'off'));
    expect(sent(script, "x '\\'")).toBe(REFUSED);
    expect(sent(script, "x 'y'")).toBe("Q(x 'y')");
    script.server(
      s.error('42P01', 'x'),
      s.ready(),
      s.done('A'),
      s.ready(),
      s.setting('standard_conforming_strings', 'on'),
    );
    expect(sent(script, "x '\\'")).toBe("Q(x '\\')");
  });

  test('LATIN1: only ASCII', () => {
    const script = startScript();
    script.server(s.setting('client_encoding', 'LATIN1'));
    expect(sent(script, 'é')).toBe(REFUSED);
    expect(sent(script, 'e')).toBe('Q(e)');
  });

  test('SJIS: only ASCII', () => {
    const script = startScript();
    script.server(s.setting('client_encoding', 'SJIS'));
    expect(sent(script, 'select 1')).toBe('Q(select 1)');
    // The second byte is that of a backslash.
    expect(script.client(Buffer.from("Q\0\0\0\x0bx '\x83\x5c'\0", 'latin1')).toServer.slice(0, 12)).toBe(REFUSED);
  });

  test('bytes that are not UTF-8 are refused, the replacement character is not', () => {
    const script = startScript();
    const { toServer } = script.client(Buffer.from('Q\0\0\0\x07\xc3\x28\0', 'latin1'));
    // As the server does, before it looks at the state of the transaction: by a text that is no SQL.
    expect(toServer.slice(0, 17)).toBe('Q("pgveil refused');
    expect(sent(script, '\ufffd')).toBe('Q(\ufffd)');
  });

  test('are uncertain behind a SET without Sync: its report comes with ReadyForQuery only', () => {
    const script = startScript(plans);
    script.client(c.parse('', 'set'), c.bind('', ''), c.execute(''), c.flush);
    script.server(s.parsed, s.bound, s.done('SET'));
    expect(script.client(c.parse('', "x 'y'")).toServer).toBe("P(|x 'y')");
    script.server(s.parsed);
    expect(script.client(c.parse('', "x '\\'")).toServer).toMatch(/^P\(\|SELECT FROM/);
    script.client(c.sync);
    script.server(s.error('0A000', 'x'), s.ready());
    script.client(c.parse('', 'set'), c.bind('', ''), c.execute(''), c.flush);
    script.server(s.parsed, s.bound, s.done('SET'));
    expect(script.client(c.parse('', 'é')).toServer).toMatch(/^P\(\|SELECT FROM/);
    script.client(c.sync);
    script.server(s.error('0A000', 'x'), s.ready());
    expect(script.client(c.query("x '\\'")).toServer).toBe("Q(x '\\')");
  });

  describe('changed by what is in flight', () => {
    const off = s.setting('standard_conforming_strings', 'off');
    const attack = "select '\\'' --'";

    test('Q Q in one packet: the second is read when the first is answered', () => {
      const script = startScript(plans);
      expect(script.client(c.query('set'), c.query(attack)).toServer).toBe('Q(set)');
      expect(script.server(s.done('SET'), off, s.ready()).toServer).toMatch(/^Q\(SELECT FROM/);
    });

    test('P B E P in one packet', () => {
      const script = startScript(plans);
      const sent = script.client(c.parse('', 'set'), c.bind('', ''), c.execute(''), c.parse('s', attack), c.sync);
      expect(sent.toServer).toBe('P(|set) B(|) E() H');
      expect(script.server(s.parsed, s.bound, s.done('SET')).toServer).toMatch(/^P\(s\|SELECT FROM/);
    });

    test('P B E S P in one packet', () => {
      const script = startScript(plans);
      script.client(c.parse('', 'set'), c.bind('', ''), c.execute(''), c.sync, c.parse('s', attack), c.sync);
      expect(script.server(s.parsed, s.bound, s.done('SET'), off, s.ready()).toServer).toMatch(/^P\(s\|SELECT FROM/);
    });

    test('client_encoding', () => {
      const script = startScript(plans);
      script.client(c.query('set'), c.query('é'));
      const changed = script.server(s.done('SET'), s.setting('client_encoding', 'LATIN1'), s.ready());
      expect(changed.toServer).toMatch(/^Q\(SELECT FROM/);
    });

    test('back again: what was refused before the change is not', () => {
      const script = startScript(plans);
      script.server(off);
      script.client(c.query('set'), c.query(attack));
      const on = s.setting('standard_conforming_strings', 'on');
      expect(script.server(s.done('SET'), on, s.ready()).toServer).toBe(`Q(${attack})`);
    });

    test('while the plan is made', async () => {
      const answers: ((plan: Plan) => void)[] = [];
      const script = startScript((text) =>
        text === attack ? new Promise<Plan>((resolve) => answers.push(resolve)) : undefined,
      );
      script.client(c.query('a'), c.query(attack));
      script.server(s.done('A'), off, s.ready());
      answers[0]?.(pass());
      expect((await script.settle()).toServer).toMatch(/^Q\(SELECT FROM/);
    });

    test('by the end of a transaction, which is reported with ReadyForQuery only', () => {
      const script = startScript(plans);
      script.server(off);
      run(script, 'begin', 'T');
      script.client(c.query('set'));
      script.server(s.done('SET'), s.setting('standard_conforming_strings', 'on'), s.ready('T'));
      script.client(c.parse('', 'rollback'), c.bind('', ''), c.execute(''), c.parse('s', attack), c.sync);
      expect(script.server(s.parsed, s.bound, s.done('ROLLBACK')).toServer).toMatch(/^P\(s\|SELECT FROM/);
    });
  });

  test('a text over the limit is refused without being held', () => {
    const script = startScript();
    const body = Buffer.alloc(9_000_000, 0x20);
    body[body.length - 1] = 0;
    const query = Buffer.concat([Buffer.from('Q\0\0\0\0'), body]);
    query.writeInt32BE(query.length - 1, 1);
    const chunks = Array.from({ length: 10 }, (_, i) => query.subarray(i * 1_000_000, (i + 1) * 1_000_000));
    expect(script.client(chunks[0]!).toServer).toMatch(/^Q\(SELECT FROM/);
    for (const chunk of chunks.slice(1)) expect(script.client(chunk).toServer).toBe('');
    const parse = Buffer.concat([Buffer.from('P\0\0\0\0stmt\0'), body]);
    parse.writeInt32BE(parse.length - 1, 1);
    expect(script.client(parse).toServer).toMatch(/^P\(stmt\|SELECT FROM/);
    expect(script.client(c.sync).toServer).toBe('S');
    expect(script.events).toEqual(['refused 54000', 'refused 54000']);
  });

  test('a Bind with large parameters passes by', () => {
    const script = startScript();
    const bind = Buffer.concat([Buffer.from('B\0\0\0\0\0\0'), Buffer.alloc(200_000, 1)]);
    bind.writeInt32BE(bind.length - 1, 1);
    script.client(c.parse('', 'a'));
    script.client(bind.subarray(0, 100_000));
    const rest = script.client(bind.subarray(100_000), c.execute(''), c.sync);
    expect(rest.toServer.length).toBeGreaterThan(0);
    expect(script.server(s.parsed, s.bound, s.done('A'), s.ready()).toClient).toBe('1 2 C(A) Z(I)');
  });
});

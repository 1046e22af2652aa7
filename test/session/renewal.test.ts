import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/sql/plan-types.js';
import { int16, int32, message } from '../../src/wire/bytes.js';
import { decodeParse } from '../../src/wire/frontend-messages.js';
import {
  client as c,
  effect,
  pass,
  refuse,
  rewrite,
  server as s,
  startScript,
  statement,
  TAG,
  tagged,
} from './script.js';

const INT4 = 23;
const types = (...oids: number[]) => message('t', [int16(oids.length), ...oids.map((oid) => int32(oid))]);

/**
 * A statement is sent as its text and the generation, except `same`; `refused` is refused from generation 2 on, `masked`
 * has a tagged column from then on, `bare` passes from then on. `execute` and `fetch` run what is named a, by SQL.
 */
function plans(text: string, generation: number): Plan {
  const of = (plan: Plan): Plan => ({ ...plan, generation });
  const sent = `${text} of ${generation}`;
  if (text === 'same') return of(rewrite(text));
  if (text === 'begin' || text === 'rollback') return of(pass(statement({ kind: 'transaction' })));
  if (text === 'execute') return of(pass(effect({ kind: 'execute', name: 'a' })));
  if (text === 'prepare') return of(rewrite(sent, [effect({ kind: 'prepare', name: 'a', statement: statement() })]));
  if (generation === 1) return of(rewrite(sent));
  if (text === 'refused') return of(refuse());
  if (text === 'bare') return of(pass(statement()));
  if (text === 'masked') return of(rewrite(sent, [statement({ output: [tagged(0)] })]));
  return of(rewrite(sent, [statement()], 10));
}

type Script = ReturnType<typeof startScript>;

/** With a statement of that text and name, and the policy changed behind it. */
function changed(text = 'x', name = 'a'): Script {
  const script = startScript((asked) => plans(asked, script.generation));
  script.client(c.parse(name, text), c.sync);
  script.server(s.parsed, s.ready());
  script.generation = 2;
  return script;
}

const use = (name = 'a') => [c.bind('', name), c.execute(''), c.sync];
const used = [s.bound, s.done('A'), s.ready()];
const STALE =
  'E(0A000 cached plan must not change result type D=The masking policy or the schema has changed since the statement was prepared. H=Prepare the statement again.)';
/** Answers the Bind that stands for an error. */
function failBind(script: Script, sent: string, status: 'I' | 'T' | 'E' = 'I'): string {
  const marker = /B\(\|(pgveil refused \w+)\)/.exec(sent)?.[1];
  expect(marker).toBeDefined();
  return script.server(s.error('26000', `prepared statement "${marker}" does not exist`), s.ready(status)).toClient;
}

describe('a statement of Parse that would be sent otherwise', () => {
  test.each([
    ['a', 'bound', use('a'), 'B(|a) E() S'],
    ['a', 'described', [c.describe('S', 'a'), c.sync], 'D(S a) S'],
    ['', 'bound', use(''), 'B(|) E() S'],
    ['a', 'executed by SQL', [c.query('execute')], 'Q(execute)'],
  ])('named "%s" is made anew before it is %s', (name, _what, messages, sent) => {
    const script = changed('x', name);
    expect(script.client(...messages)).toEqual({ toServer: `D(S ${name}) S`, toClient: '' });
    expect(script.held).toBe(true);
    expect(script.server(types(INT4), s.columns(1), s.ready())).toEqual({
      toServer: `C(S ${name}) P(${name}|x of 2) D(S ${name}) S`,
      toClient: '',
    });
    expect(script.server(s.closed, s.parsed, types(INT4), s.columns(1), s.ready())).toEqual({
      toServer: sent,
      toClient: '',
    });
    expect(script.held).toBe(false);
  });

  test('stays made anew, and its next use takes no detour', () => {
    const script = changed();
    script.client(...use());
    script.server(s.parameters, s.columns(1), s.ready());
    script.server(s.closed, s.parsed, s.parameters, s.columns(1), s.ready());
    expect(script.server(...used).toClient).toBe('2 C(A) Z(I)');
    expect(script.client(...use()).toServer).toBe('B(|a) E() S');
    expect(script.server(...used).toClient).toBe('2 C(A) Z(I)');
  });

  test('keeps the types of parameters that the server had found', () => {
    const script = changed();
    script.client(...use());
    script.server(types(INT4, 1043), s.noData, s.ready());
    const parse = script.lastToServer.subarray(c.close('statement', 'a').length);
    expect(decodeParse(parse, 0, 1 + parse.readInt32BE(1)).parameterTypes).toEqual([INT4, 1043]);
  });

  test('is mended by its new plan', () => {
    const script = changed('masked');
    script.client(...use());
    script.server(s.parameters, s.columns(1), s.ready());
    script.server(s.closed, s.parsed, s.parameters, s.columns(1), s.ready());
    expect(script.server(s.bound, s.row(`${TAG}7:x`), s.done('A'), s.ready()).toClient).toBe(
      '2 R(<buyer:x>) C(A) Z(I)',
    );
  });

  test('is sent as the client wrote it where it passes now', () => {
    const script = changed('bare');
    script.client(...use());
    expect(script.server(s.parameters, s.columns(1), s.ready()).toServer).toBe('C(S a) P(a|bare) D(S a) S');
  });

  test('is left alone where it would be sent as it was', () => {
    const script = changed('same');
    expect(script.client(...use()).toServer).toBe('B(|a) E() S');
  });

  test('that would be refused is not bound, and the client has the refusal', () => {
    const script = changed('refused');
    const { toServer } = script.client(...use());
    expect(failBind(script, toServer)).toBe('E(42501 no filter on orders.buyer D=policy p H=search by id P=12) Z(I)');
    expect(script.events).toContain('refused 42501');
  });

  test('that would be refused, by SQL: without a position, which is one in another text', () => {
    const script = changed('refused');
    const sent = script.client(c.query('execute')).toServer;
    const marker = /pgveil refused \w+/.exec(sent)![0];
    expect(script.server(s.error('42P01', `no "${marker}"`), s.ready()).toClient).toBe(
      'E(42501 no filter on orders.buyer D=policy p H=search by id) Z(I)',
    );
  });
});

describe('where the result would be another', () => {
  const otherColumns = [s.columns(2), s.noData, s.columns(0)];
  test.each(otherColumns)('it is an error, each time (%#)', (other) => {
    const script = changed();
    for (const first of [true, false]) {
      script.client(...use());
      if (first) script.server(s.parameters, s.columns(1), s.ready());
      const { toServer } = script.server(s.closed, s.parsed, s.parameters, other, s.ready());
      expect(failBind(script, toServer)).toBe(`${STALE} Z(I)`);
    }
    // Back to the first policy: the server has another text under that name.
    script.generation = 1;
    expect(script.client(...use()).toServer).toBe('C(S a) P(a|x of 1) D(S a) S');
    expect(script.server(s.closed, s.parsed, s.parameters, s.columns(1), s.ready()).toServer).toBe('B(|a) E() S');
  });

  test('a column of another name, type or type modifier is another', () => {
    const column = (name: string, oid: number, typmod: number) =>
      message('T', [
        int16(1),
        Buffer.from(`${name}\0`),
        int32(4711),
        int16(3),
        int32(oid),
        int16(4),
        int32(typmod),
        int16(0),
      ]);
    for (const other of [column('b', 25, -1), column('a', 23, -1), column('a', 25, 4)]) {
      const script = changed();
      script.client(...use());
      script.server(s.parameters, column('a', 25, -1), s.ready());
      const { toServer } = script.server(s.closed, s.parsed, s.parameters, other, s.ready());
      expect(failBind(script, toServer)).toBe(`${STALE} Z(I)`);
    }
  });
});

describe('an error of the server', () => {
  const NOTHING_THERE = s.error('42703', 'column "b" does not exist', { P: '12' });

  test('is the answer to the Bind, with its position in the text of the client', () => {
    const script = changed();
    script.client(...use());
    script.server(s.parameters, s.columns(1), s.ready());
    const { toServer, toClient } = script.server(s.closed, Buffer.from(NOTHING_THERE), s.ready());
    expect(toClient).toBe('');
    expect(failBind(script, toServer)).toBe('E(42703 column "b" does not exist P=2) Z(I)');
    // The server has no statement of that name any more.
    expect(script.client(...use()).toServer).toBe('C(S a) P(a|x of 2) D(S a) S');
    expect(script.server(s.closed, s.parsed, s.parameters, s.columns(1), s.ready()).toServer).toBe('B(|a) E() S');
  });

  test('aborts the transaction that is open', () => {
    const script = changed();
    script.client(c.query('begin'));
    script.server(s.done('BEGIN'), s.ready('T'));
    script.client(...use());
    const { toServer } = script.server(s.error('0A000', 'cached plan must not change result type'), s.ready('E'));
    expect(failBind(script, toServer, 'E')).toBe('E(0A000 cached plan must not change result type) Z(E)');
    // Nothing can be made anew now, and the server would say the same.
    expect(failBind(script, script.client(...use()).toServer, 'E')).toMatch(/^E\(25P02 /);
    script.client(c.query('rollback'));
    script.server(s.done('ROLLBACK'), s.ready('I'));
    expect(script.client(...use()).toServer).toBe('D(S a) S');
  });

  test('in a pipeline skips what comes behind', () => {
    const script = changed();
    expect(script.client(c.parse('', 'same'), c.bind('', ''), c.execute(''), ...use(), c.query('same')).toServer).toBe(
      'P(|same) B(|) E() H',
    );
    expect(script.server(s.parsed, s.bound, s.done('A')).toServer).toBe('D(S a) H');
    expect(script.server(s.parameters, s.columns(1)).toServer).toBe('C(S a) P(a|x of 2) D(S a) H');
    expect(script.server(s.closed, Buffer.from(NOTHING_THERE))).toEqual({
      toClient: 'E(42703 column "b" does not exist P=2)',
      toServer: 'S Q(same)',
    });
    expect(script.server(s.ready(), s.done('A'), s.ready()).toClient).toBe('Z(I) C(A) Z(I)');
  });
});

describe('the old text never runs', () => {
  test('in a pipeline whose earlier work must not be committed', () => {
    const script = changed();
    script.client(c.parse('', 'same'), c.bind('', ''), c.execute(''), ...use());
    script.server(s.parsed, s.bound, s.done('A'));
    script.server(s.parameters, s.columns(1));
    expect(script.server(s.closed, s.parsed, s.parameters, s.columns(1)).toServer).toBe('B(|a) E() S');
    expect(script.server(...used).toClient).toBe('2 C(A) Z(I)');
  });

  test('where the policy changes again meanwhile', () => {
    const script = changed();
    script.client(...use());
    script.server(s.parameters, s.columns(1), s.ready());
    script.generation = 3;
    expect(script.server(s.closed, s.parsed, s.parameters, s.columns(1), s.ready()).toServer).toBe(
      'C(S a) P(a|x of 3) D(S a) S',
    );
    expect(script.server(s.closed, s.parsed, s.parameters, s.columns(1), s.ready()).toServer).toBe('B(|a) E() S');
  });

  test('where the policy changes without end', () => {
    const script = changed();
    script.client(c.bind('', 'a'), c.sync);
    let { toServer } = script.server(s.parameters, s.columns(1), s.ready());
    for (let rounds = 0; toServer.startsWith('C(S a)') && rounds < 100; rounds++) {
      script.generation++;
      toServer = script.server(s.closed, s.parsed, s.parameters, s.columns(1), s.ready()).toServer;
    }
    expect(failBind(script, toServer)).toBe(`${STALE} Z(I)`);
  });

  test('from a portal that was made of it, also when the statement was made anew', () => {
    const script = changed('same');
    script.generation = 1;
    script.client(c.query('begin'));
    script.server(s.done('BEGIN'), s.ready('T'));
    script.client(c.parse('b', 'x'), c.bind('p', 'b'), c.sync);
    script.server(s.parsed, s.bound, s.ready('T'));
    script.generation = 2;
    script.client(c.describe('S', 'b'), c.sync);
    script.server(s.parameters, s.columns(1), s.ready('T'));
    script.server(s.closed, s.parsed, s.parameters, s.columns(1), s.ready('T'));
    script.server(s.parameters, s.columns(1), s.ready('T'));
    const sent = script.client(c.execute('p'), c.sync).toServer;
    expect(sent).toMatch(/^E\(pgveil refused \w+\) S$/);
  });

  test('of PREPARE, which cannot be made anew', () => {
    const script = startScript((asked) => plans(asked, script.generation));
    script.client(c.query('prepare'));
    script.server(s.done('PREPARE'), s.ready());
    script.generation = 2;
    expect(failBind(script, script.client(...use()).toServer)).toBe(`${STALE} Z(I)`);
  });

  test.each([
    ['client_encoding', 'LATIN1', 'é'],
    ['standard_conforming_strings', 'off', "'\\'"],
  ])('%s = %s, under which its text means something else', (name, value, text) => {
    const script = changed(text);
    script.server(s.setting(name, value));
    expect(failBind(script, script.client(...use()).toServer)).toMatch(/^E\(0A000 /);
  });
});

test('a session that ends meanwhile ends', () => {
  const script = changed();
  script.client(...use());
  script.session.hangUp();
  expect(script.ended).toBe(true);
  expect(script.client().toServer).toBe('X');
  expect(script.server(s.parameters, s.columns(1), s.ready()).toServer).toBe('');
});

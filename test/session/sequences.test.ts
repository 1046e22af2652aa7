/** Tests are named by the sequence of messages: those of the client | what goes wrong where. */
import { describe, expect, test } from 'vitest';
import { fatalError } from '../../src/wire/backend-messages.js';
import { int16, int32, message } from '../../src/wire/bytes.js';
import {
  client as c,
  effect,
  pass,
  refuse,
  refusedByServer,
  rewrite,
  server as s,
  startScript,
  statement,
} from './script.js';

const [TABLE_MISSING, MISSING] = [s.error('42P01', 'no table', { P: '9' }), 'E(42P01 no table P=9)'];

describe('simple protocol', () => {
  test('Q', () => {
    const script = startScript();
    expect(script.client(c.query('select 1'))).toEqual({ toServer: 'Q(select 1)', toClient: '' });
    expect(script.server(s.columns(1), s.row('1'), s.done('SELECT 1'), s.ready())).toEqual({
      toServer: '',
      toClient: 'T(0.0.-1) R(1) C(SELECT 1) Z(I)',
    });
    expect(script.session.idle).toBe(true);
  });

  test('Q Q Q | error at the second', () => {
    const script = startScript();
    expect(script.client(c.query('a'), c.query('b'), c.query('c')).toServer).toBe('Q(a) Q(b) Q(c)');
    expect(script.session.idle).toBe(false);
    script.server(s.done('A'), s.ready());
    expect(script.server(TABLE_MISSING, s.ready()).toClient).toBe(`${MISSING} Z(I)`);
    expect(script.server(s.done('C'), s.ready()).toClient).toBe('C(C) Z(I)');
    expect(script.session.idle).toBe(true);
  });

  test('Q of two statements | error at the second', () => {
    const script = startScript(() => pass(statement(), statement()));
    script.client(c.query('a; b'));
    expect(script.server(s.columns(1), s.row('x'), s.done('A'), TABLE_MISSING, s.ready()).toClient).toBe(
      `T(0.0.-1) R(x) C(A) ${MISSING} Z(I)`,
    );
  });

  test('Q of nothing', () => {
    const script = startScript();
    script.client(c.query(''));
    expect(script.server(s.empty, s.ready()).toClient).toBe('I Z(I)');
  });

  test('Q rewritten | error with a position', () => {
    const script = startScript(() => rewrite('longer text', [statement()], 4));
    expect(script.client(c.query('text')).toServer).toBe('Q(longer text)');
    expect(script.server(TABLE_MISSING, s.ready()).toClient).toBe('E(42P01 no table P=5) Z(I)');
    script.client(c.query('text'));
    expect(script.server(s.error('42P01', 'no table', { P: '2' }), s.ready()).toClient).toBe('E(42P01 no table) Z(I)');
  });

  test('Q refused', () => {
    const script = startScript(() => refuse());
    expect(script.client(c.query('secret')).toServer).toBe('Q(fail "refused 0123456789abcdef")');
    expect(script.server(refusedByServer, s.ready('E')).toClient).toBe(
      'E(42501 no filter on orders.buyer D=policy p H=search by id P=12) Z(E)',
    );
    expect(script.events).toEqual(['planned refuse']);
  });

  test('Q refused | another error comes first', () => {
    const script = startScript(() => refuse(statement()));
    script.client(c.query('a; secret'));
    expect(script.server(s.error('22012', 'division by zero'), s.ready()).toClient).toBe(
      'E(22012 division by zero) Z(I)',
    );
  });

  test('Q refused | the server accepts it', () => {
    const script = startScript(() => refuse());
    script.client(c.query('secret'));
    expect(script.server(s.columns(1)).toClient).toContain('E(08P01 ');
    expect(script.ended).toBe(true);
  });

  test('Q refused behind a statement | the server accepts it', () => {
    const script = startScript(() => refuse(statement()));
    script.client(c.query('a; secret'));
    expect(script.server(s.columns(1), s.row('1'), s.done('A')).toClient).toBe('T(0.0.-1) R(1) C(A)');
    expect(script.server(s.done('B')).toClient).toContain('E(08P01 ');
    expect(script.ended).toBe(true);
  });

  test('F', () => {
    const script = startScript();
    const sent = script.client(c.functionCall).toServer;
    expect(sent).toMatch(/^Q\(SELECT FROM pg_catalog\."pgveil refused [0-9a-f]{32}"\)$/);
    const name = /"(.*)"/.exec(sent)![1];
    expect(script.server(s.error('42P01', `relation "pg_catalog.${name}" does not exist`), s.ready()).toClient).toBe(
      'E(0A000 function call messages are refused H=Call the function in a SELECT statement. An operator can allow it for a role by function_call under roles in the configuration.) Z(I)',
    );
    expect(script.events).toEqual(['refused 0A000']);
  });

  test('Q X: the server answers, then closes', () => {
    const script = startScript();
    expect(script.client(c.query('a'), c.terminate, c.query('b'))).toEqual({ toServer: 'Q(a) X', toClient: '' });
    expect(script.ended).toBe(false);
    expect(script.server(s.done('A'), s.ready())).toEqual({ toServer: '', toClient: 'C(A) Z(I)' });
    script.session.abort(fatalError('08006', 'closed'));
    expect(script.client()).toEqual({ toServer: '', toClient: '' });
    expect(script.ended).toBe(true);
  });

  test('Q, and the client sends no more', () => {
    const script = startScript();
    script.client(c.query('a'));
    script.session.inputEnded();
    expect(script.client().toServer).toBe('X');
    expect(script.server(s.done('A'), s.ready()).toClient).toBe('C(A) Z(I)');
  });

  test('Q and a part of another, and the client sends no more', () => {
    const script = startScript();
    expect(script.client(c.query('a'), c.query('b').subarray(0, 6)).toServer).toBe('Q(a)');
    script.session.inputEnded();
    expect(script.client().toServer).toBe('');
    expect(script.events).toContain('the server gets no more');
    expect(script.server(s.done('A'), s.ready()).toClient).toBe('C(A) Z(I)');
    expect(script.ended).toBe(false);
    script.session.abort(fatalError('08006', 'closed'));
    expect([script.client().toClient, script.ended]).toEqual(['', true]);
  });

  test('the client is gone', () => {
    const script = startScript();
    script.client(c.query('a'));
    script.session.hangUp();
    expect(script.client().toServer).toBe('X');
    expect(script.ended).toBe(true);
    expect(script.server(s.done('A'))).toEqual({ toServer: '', toClient: '' });
  });
});

describe('extended protocol', () => {
  const PBDES = [c.parse('', 'a'), c.bind('', ''), c.describe('P', ''), c.execute(''), c.sync];

  test('P B D E S', () => {
    const script = startScript();
    expect(script.client(...PBDES).toServer).toBe('P(|a) B(|) D(P ) E() S');
    expect(script.server(s.parsed, s.bound, s.columns(1), s.row('1'), s.done('A'), s.ready()).toClient).toBe(
      '1 2 T(0.0.-1) R(1) C(A) Z(I)',
    );
    expect(script.session.idle).toBe(true);
  });

  test('P D H then B E S', () => {
    const script = startScript();
    expect(script.client(c.parse('p', 'a'), c.describe('S', 'p'), c.flush).toServer).toBe('P(p|a) D(S p) H');
    expect(script.server(s.parsed, s.parameters, s.columns(1)).toClient).toBe('1 t T(0.0.-1)');
    expect(script.session.idle).toBe(false);
    script.client(c.bind('', 'p'), c.execute(''), c.sync);
    expect(script.server(s.bound, s.row('1'), s.done('A'), s.ready()).toClient).toBe('2 R(1) C(A) Z(I)');
  });

  test('P B D E S P B D E S | error at the first P', () => {
    const script = startScript();
    script.client(...PBDES, ...PBDES);
    expect(script.server(TABLE_MISSING, s.ready()).toClient).toBe(`${MISSING} Z(I)`);
    expect(script.server(s.parsed, s.bound, s.noData, s.done('A'), s.ready()).toClient).toBe('1 2 n C(A) Z(I)');
    expect(script.session.idle).toBe(true);
  });

  test('P B E Q P B E S | error at the first B: the Query is skipped too', () => {
    const script = startScript();
    script.client(
      c.parse('', 'a'),
      c.bind('', ''),
      c.execute(''),
      c.query('q'),
      c.parse('', 'b'),
      c.bind('', ''),
      c.sync,
    );
    expect(script.server(s.parsed, TABLE_MISSING, s.ready()).toClient).toBe(`1 ${MISSING} Z(I)`);
    expect(script.session.idle).toBe(true);
  });

  test('P H, then B E Q S | error at P, seen before the rest is sent', () => {
    const script = startScript();
    script.client(c.parse('', 'a'), c.flush);
    script.server(TABLE_MISSING);
    expect(script.client(c.bind('', ''), c.execute(''), c.query('q')).toServer).toBe('');
    expect(script.client(c.sync).toServer).toBe('S');
    expect(script.server(s.ready()).toClient).toBe('Z(I)');
    expect(script.client(c.query('q')).toServer).toBe('Q(q)');
  });

  test('P B E S | error at S', () => {
    const script = startScript();
    script.client(c.parse('', 'a'), c.bind('', ''), c.execute(''), c.sync, c.query('q'));
    script.server(s.parsed, s.bound, s.done('A'));
    expect(script.server(TABLE_MISSING, s.ready(), s.done('Q'), s.ready()).toClient).toBe(`${MISSING} Z(I) C(Q) Z(I)`);
  });

  test('P B E s E S: a portal with a row limit', () => {
    const script = startScript();
    script.client(c.parse('', 'a'), c.bind('p', ''), c.execute('p'), c.execute('p'), c.close('portal', 'p'), c.sync);
    expect(
      script.server(s.parsed, s.bound, s.row('1'), s.suspended, s.row('2'), s.done('A'), s.closed, s.ready()).toClient,
    ).toBe('1 2 R(1) s R(2) C(A) 3 Z(I)');
  });

  test('P refused, B E S', () => {
    const script = startScript((text) => (text === 'secret' ? refuse() : undefined));
    expect(script.client(c.parse('p', 'secret'), c.bind('', 'p'), c.execute(''), c.sync).toServer).toBe(
      'P(p|fail "refused 0123456789abcdef") B(|p) E() S',
    );
    expect(script.server(refusedByServer, s.ready('E')).toClient).toBe(
      'E(42501 no filter on orders.buyer D=policy p H=search by id P=12) Z(E)',
    );
  });

  test('P refused | the server accepts it', () => {
    const script = startScript(() => refuse());
    script.client(c.parse('p', 'secret'), c.sync);
    expect(script.server(s.parsed).toClient).toContain('E(08P01 ');
    expect(script.ended).toBe(true);
  });

  test('P rewritten, B E S | error with a position at B', () => {
    const script = startScript(() => rewrite('longer text', [statement()], 4));
    expect(script.client(c.parse('p', 'text'), c.bind('', 'p'), c.execute(''), c.sync).toServer).toBe(
      'P(p|longer text) B(|p) E() S',
    );
    expect(script.server(s.parsed, TABLE_MISSING, s.ready()).toClient).toBe('1 E(42P01 no table P=5) Z(I)');
  });

  test('notices, notifications and settings in between consume nothing', () => {
    const script = startScript();
    script.client(...PBDES);
    const seen = script.server(
      s.notice('n1'),
      s.parsed,
      s.notification,
      s.bound,
      s.setting('TimeZone', 'UTC'),
      s.noData,
      s.done('A'),
      s.ready(),
    ).toClient;
    expect(seen).toBe('N(00000 n1) 1 A 2 S(TimeZone=UTC) n C(A) Z(I)');
  });
});

describe('the server', () => {
  test.each<[string, Buffer[], Buffer]>([
    ['a reply without a request', [], s.done('A')],
    ['ReadyForQuery without a request', [], s.ready()],
    ['BindComplete for a Parse', [c.parse('', 'a'), c.sync], s.bound],
    ['a row for a Parse', [c.parse('', 'a'), c.sync], s.row('1')],
    ['RowDescription for an Execute', [c.execute(''), c.sync], s.columns(1)],
    ['RowDescription before ParameterDescription', [c.describe('S', 'x'), c.sync], s.columns(1)],
    ['ReadyForQuery before CommandComplete of an Execute', [c.execute(''), c.sync], s.ready()],
    ['COPY data without COPY', [c.query('a')], s.copyData('x')],
    ['PortalSuspended for a Query', [c.query('a')], s.suspended],
    ['a row for a statement that has failed', [c.query('a')], Buffer.concat([TABLE_MISSING, s.row('1')])],
    ['BindComplete for a statement that was never prepared', [c.bind('', 'x'), c.sync], s.bound],
    [
      'a description of a statement that was never prepared',
      [c.describe('S', 'x')],
      Buffer.concat([s.parameters, s.columns(1)]),
    ],
    ['an unknown message', [c.query('a')], Buffer.from([0x21, 0, 0, 0, 4])],
    ['CopyBothResponse', [c.query('a')], Buffer.from([0x57, 0, 0, 0, 7, 0, 0, 0])],
  ])('ends the session by %s', (_what, requests, reply) => {
    const script = startScript();
    script.client(...requests);
    expect(script.server(reply).toClient).toMatch(/E\(08P01 /);
    expect(script.ended).toBe(true);
    expect(script.events).toContain('upstream protocol');
  });

  test('shuts down while nothing is in flight', () => {
    const script = startScript();
    expect(script.server(s.fatal('57P01', 'terminating')).toClient).toBe('E(57P01 terminating)');
    expect(script.client(c.query('a')).toServer).toBe('');
  });

  test('shuts down in the middle of a pipeline', () => {
    const script = startScript();
    script.client(c.parse('', 'a'), c.bind('', ''), c.sync);
    expect(script.server(s.parsed, s.fatal('57P01', 'terminating')).toClient).toBe('1 E(57P01 terminating)');
    expect(script.client(c.query('a')).toServer).toBe('');
    script.session.abort(fatalError('08006', 'closed'));
    expect(script.client()).toEqual({ toServer: '', toClient: '' });
    expect(script.ended).toBe(true);
  });
});

describe('the client', () => {
  test.each<[string, Buffer]>([
    ['of an unknown type', Buffer.from([0x21, 0, 0, 0, 4])],
    ['with a length below 4', Buffer.from([0x51, 0, 0, 0, 3])],
    ['with a password after the login', c.password],
  ])('ends its session by a message %s, when what came before is answered', (_what, bytes) => {
    const script = startScript();
    const seen = script.client(c.query('a'), c.parse('', 'b'), bytes);
    expect(seen).toEqual({ toClient: '', toServer: 'Q(a) P(|b) H' });
    expect(script.server(s.done('A'), s.ready())).toEqual({ toClient: 'C(A) Z(I)', toServer: '' });
    expect(script.client(c.query('never'))).toEqual({ toClient: '', toServer: '' });
    expect(script.server(s.parsed).toClient).toMatch(/^1 E\(08P01 /);
    expect(script.ended).toBe(true);
    expect(script.events).toContain('refused 08P01');
  });
});

describe('a malformed message', () => {
  const malformed = (type: string, ...parts: Buffer[]) => message(type, parts);
  const [text, zero] = [Buffer.from('ab'), Buffer.from([0])];
  const answer = (script: ReturnType<typeof startScript>, sent: string, code: string) => {
    const marker = /pgveil refused \w+/.exec(sent)?.[0];
    expect(marker).toBeDefined();
    return script.server(s.error(code, `"${marker}"`));
  };

  test.each<[string, Buffer, string]>([
    ['without the end of its text', malformed('Q', text), 'invalid string in message'],
    ['with a zero byte in its text', malformed('Q', text, zero, text, zero), 'invalid message format'],
    ['without a body', malformed('Q'), 'invalid string in message'],
  ])('Query %s fails as it would fail at the server', (_what, bytes, told) => {
    const script = startScript();
    const sent = script.client(c.query('a'), bytes, c.query('b')).toServer;
    expect(sent).toMatch(/^Q\(a\) Q\("pgveil refused \w+"\) Q\(b\)$/);
    expect(script.server(s.done('A'), s.ready()).toClient).toBe('C(A) Z(I)');
    expect(answer(script, sent, '42601').toClient).toBe(`E(08P01 ${told})`);
    expect(script.server(s.ready(), s.done('B'), s.ready()).toClient).toBe('Z(I) C(B) Z(I)');
    expect(script.events).toContain('refused 08P01');
  });

  test.each<[string, Buffer, string]>([
    ['Parse without types', malformed('P', zero, text, zero), 'insufficient data left in message'],
    [
      'Parse with fewer types',
      malformed('P', zero, text, zero, int16(2), int32(1)),
      'insufficient data left in message',
    ],
    ['Parse with more', malformed('P', zero, text, zero, int16(0), zero), 'invalid message format'],
    ['Parse without a text', malformed('P', zero, text), 'invalid string in message'],
    ['Bind without names', malformed('B', text), 'invalid string in message'],
    ['Describe of something else', malformed('D', Buffer.from('Z'), zero), 'invalid DESCRIBE message subtype 90'],
    ['Describe of nothing', malformed('D'), 'no data left in message'],
    ['Close of something else', malformed('C', zero, zero), 'invalid CLOSE message subtype 0'],
    ['Close without a name', malformed('C', Buffer.from('S')), 'invalid string in message'],
    ['Execute without a limit', malformed('E', zero), 'insufficient data left in message'],
    ['Execute with bytes behind it', malformed('E', zero, int32(0), zero), 'invalid message format'],
    ['Flush with a body', malformed('H', zero), 'invalid message format'],
  ])('%s fails, and the rest is skipped to Sync', (_what, bytes, told) => {
    const script = startScript();
    const sent = script.client(c.parse('', 'a'), bytes, c.execute(''), c.sync, c.query('b')).toServer;
    expect(sent).toMatch(/^P\(\|a\) B\(\|pgveil refused \w+\) E\(\) S Q\(b\)$/);
    expect(script.server(s.parsed).toClient).toBe('1');
    expect(answer(script, sent, '26000').toClient).toBe(`E(08P01 ${told})`);
    expect(script.server(s.ready(), s.done('B'), s.ready()).toClient).toBe('Z(I) C(B) Z(I)');
  });

  test('Sync with a body: the server fails it and is ready again', () => {
    const script = startScript();
    expect(script.client(malformed('S', zero), c.query('b')).toServer).toBe('S Q(b)');
    const replies = [s.error('08P01', 'invalid message format'), s.ready(), s.done('B'), s.ready()];
    expect(script.server(...replies).toClient).toBe('E(08P01 invalid message format) Z(I) C(B) Z(I)');
  });

  test('is not looked at where the server skips it', () => {
    const script = startScript();
    script.client(c.parse('', 'a'), c.flush);
    script.server(TABLE_MISSING);
    expect(script.client(malformed('P'), malformed('B'), c.sync).toServer).toBe('S');
  });
});

describe('COPY', () => {
  const copy = (text: string) => (text.startsWith('copy') ? pass(statement({ kind: 'copy' })) : undefined);

  test('Q d d c', () => {
    const script = startScript(copy);
    expect(script.client(c.query('copy t from stdin')).toServer).toBe('Q(copy t from stdin)');
    expect(script.held).toBe(true);
    expect(script.server(s.copyIn).toClient).toBe('G');
    expect(script.held).toBe(false);
    expect(script.client(c.copyData('1'), c.copyData('2'), c.copyDone).toServer).toBe('d(1) d(2) c');
    expect(script.server(s.done('COPY 2'), s.ready()).toClient).toBe('C(COPY 2) Z(I)');
    expect(script.session.idle).toBe(true);
  });

  test('Q d c Q sent blindly', () => {
    const script = startScript(copy);
    expect(script.client(c.query('copy t from stdin'), c.copyData('1'), c.copyDone, c.query('b')).toServer).toBe(
      'Q(copy t from stdin)',
    );
    expect(script.server(s.copyIn)).toEqual({ toClient: 'G', toServer: 'd(1) c' });
    expect(script.server(s.done('COPY 1'), s.ready())).toEqual({ toClient: 'C(COPY 1) Z(I)', toServer: 'Q(b)' });
  });

  test('Q of two COPY sent blindly', () => {
    const script = startScript(() => pass(statement({ kind: 'copy' }), statement({ kind: 'copy' })));
    script.client(c.query('copy a; copy b'), c.copyData('1'), c.copyDone, c.copyData('2'), c.copyDone, c.query('b'));
    expect(script.server(s.copyIn).toServer).toBe('d(1) c');
    expect(script.server(s.done('COPY 1'), s.copyIn).toServer).toBe('d(2) c');
    expect(script.server(s.done('COPY 1'), s.ready()).toServer).toBe('Q(b)');
  });

  test('P B E S d c S: the Sync before the data is not answered', () => {
    const script = startScript(copy);
    expect(script.client(c.parse('', 'copy t'), c.bind('', ''), c.execute(''), c.sync).toServer).toBe(
      'P(|copy t) B(|) E() H',
    );
    expect(script.server(s.parsed, s.bound, s.copyIn)).toEqual({ toClient: '1 2 G', toServer: '' });
    expect(script.client(c.copyData('1'), c.flush, c.copyDone, c.sync).toServer).toBe('d(1) c H');
    expect(script.server(s.done('COPY 1'))).toEqual({ toClient: 'C(COPY 1)', toServer: 'S' });
    expect(script.server(s.ready()).toClient).toBe('Z(I)');
    expect(script.session.idle).toBe(true);
  });

  test('P B E S | error before the data: the Sync is answered', () => {
    const script = startScript(copy);
    script.client(c.parse('', 'copy t'), c.bind('', ''), c.execute(''), c.sync);
    expect(script.server(s.parsed, s.bound, TABLE_MISSING)).toEqual({ toClient: `1 2 ${MISSING}`, toServer: 'S' });
    expect(script.server(s.ready()).toClient).toBe('Z(I)');
  });

  test('P B E d d c S | error in the data', () => {
    const script = startScript(copy);
    script.client(c.parse('', 'copy t'), c.bind('', ''), c.execute(''));
    script.server(s.parsed, s.bound, s.copyIn);
    expect(script.client(c.copyData('x')).toServer).toBe('d(x)');
    expect(script.server(TABLE_MISSING).toClient).toBe(MISSING);
    expect(script.client(c.copyData('y'), c.copyDone, c.sync, c.query('q')).toServer).toBe('S Q(q)');
    expect(script.server(s.ready(), s.done('Q'), s.ready()).toClient).toBe('Z(I) C(Q) Z(I)');
  });

  test('Q d d c Q | error in the data', () => {
    const script = startScript(copy);
    script.client(c.query('copy t from stdin'));
    script.server(s.copyIn);
    script.client(c.copyData('x'));
    expect(script.server(TABLE_MISSING, s.ready()).toClient).toBe(`${MISSING} Z(I)`);
    expect(script.client(c.copyData('y'), c.copyDone, c.query('q')).toServer).toBe('Q(q)');
  });

  test.each<[string, Buffer[]]>([
    ['Q', [c.query('copy in')]],
    ['Q d c', [c.query('copy in'), c.copyData('a'), c.copyDone]],
  ])('%s, and the client sends no more: the server sees that at once', (_what, [first, ...rest]) => {
    const script = startScript(copy);
    script.client(first!);
    if (rest.length > 0) {
      script.server(s.copyIn);
      script.client(...rest);
    }
    expect(script.held).toBe(true);
    script.session.inputEnded();
    expect(script.client().toServer).toBe('');
    expect(script.events).toContain('the server gets no more');
    expect(script.server(s.done('COPY 1'), s.ready()).toClient).toBe('C(COPY 1) Z(I)');
  });

  test('Q f', () => {
    const script = startScript(copy);
    script.client(c.query('copy t from stdin'));
    script.server(s.copyIn);
    expect(script.client(c.copyFail).toServer).toBe('f');
    expect(script.server(s.error('57014', 'COPY failed'), s.ready()).toClient).toBe('E(57014 COPY failed) Z(I)');
  });

  test('Q Q | CopyInResponse comes although no COPY was planned: what was sent behind it is lost', () => {
    const script = startScript();
    script.client(c.query('looks harmless'), c.query('b'));
    expect(script.server(s.copyIn).toClient).toMatch(/^E\(08P01 /);
    expect(script.ended).toBe(true);
  });

  test('Q Q | a Query while the server reads COPY data', () => {
    const script = startScript(copy);
    script.client(c.query('copy t from stdin'));
    script.server(s.copyIn);
    expect(script.client(c.query('b'))).toEqual({
      toClient: 'E(08P01 unexpected message type 0x51 during COPY from stdin)',
      toServer: 'X',
    });
  });

  test('Q to stdout', () => {
    const script = startScript(copy);
    script.client(c.query('copy t to stdout'), c.query('b'));
    const seen = script.server(
      s.copyOut,
      s.copyData('1\n'),
      s.copyData('2\n'),
      s.copyDone,
      s.done('COPY 2'),
      s.ready(),
    );
    expect(seen).toEqual({ toClient: 'H d(1\n) d(2\n) c C(COPY 2) Z(I)', toServer: 'Q(b)' });
  });

  test('P B E S to stdout | error after a row', () => {
    const script = startScript(copy);
    script.client(c.parse('', 'copy t to stdout'), c.bind('', ''), c.execute(''), c.sync);
    expect(script.server(s.parsed, s.bound, s.copyOut, s.copyData('1\n')).toServer).toBe('S');
    expect(script.server(TABLE_MISSING, s.ready()).toClient).toBe(`${MISSING} Z(I)`);
  });
});

describe('chunks', () => {
  test('every split of both streams gives the same', () => {
    const requests = [c.query('a'), c.parse('p', 'text'), c.bind('', 'p'), c.describe('P', ''), c.execute(''), c.sync];
    const replies = [
      ...[s.columns(1), s.row('1'), s.done('SELECT 1'), s.ready()],
      ...[s.parsed, s.bound, s.columns(2), s.row('2', null), s.row('', '3'), s.done('SELECT 2'), s.ready()],
    ];
    const size = Math.max(Buffer.concat(requests).length, Buffer.concat(replies).length);
    for (let at = 1; at < size; at++) {
      const chunk = (bytes: Buffer) => [bytes.subarray(0, at), bytes.subarray(at)].map((part) => Buffer.from(part));
      const script = startScript((text) => (text === 'text' ? rewrite('longer text') : undefined), { chunk });
      expect(script.client(...requests).toServer).toBe('Q(a) P(p|longer text) B(|p) D(P ) E() S');
      expect(script.server(...replies).toClient).toBe(
        'T(0.0.-1) R(1) C(SELECT 1) Z(I) 1 2 T(0.0.-1 0.0.-1) R(2,NULL) R(,3) C(SELECT 2) Z(I)',
      );
    }
  });

  test('untouched replies are forwarded as one range of their chunk', () => {
    const script = startScript(() => pass(effect()));
    script.client(c.query('a'), c.query('b'));
    const before = script.ranges;
    const one = [s.columns(1), s.row('1'), s.row('2'), s.done('A'), s.ready()];
    expect(script.server(...one, ...one).toClient).toMatch(/^(T\S+ R\(1\) R\(2\) C\(A\) Z\(I\) ?){2}$/);
    expect(script.ranges - before).toBe(1);
  });
});

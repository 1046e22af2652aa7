import { describe, expect, test } from 'vitest';
import type { Admittance, Session } from '../../src/session/types.js';
import { fatalError } from '../../src/wire/backend-messages.js';
import { cstring, int32, message } from '../../src/wire/bytes.js';
import { client as c, server as s, startScript, startupPacket } from './script.js';

const start = () => startScript(undefined, { loggedIn: false });
const request = (code: number, body: Buffer = Buffer.alloc(0)) =>
  Buffer.concat([int32(8 + body.length), int32(code), body]);
const SSL = request(80877103);
const GSSENC = request(80877104);
const keyData = message('K', [int32(1), int32(2)]);
const askPassword = message('R', [int32(5), Buffer.from('salt')]);

/** Feeds chunks; what the session sends is not read. */
function run(script: ReturnType<typeof start>, side: 'fromClient' | 'fromServer', ...messages: Buffer[]): void {
  for (const bytes of messages) script.session[side](Buffer.from(bytes));
}

describe('login', () => {
  test('startup, password, ReadyForQuery', () => {
    const script = start();
    const startup = startupPacket({ user: 'bob', database: 'shop', application_name: 'psql' });
    run(script, 'fromClient', startup);
    expect(script.session.loggedIn).toBe(false);
    run(script, 'fromServer', askPassword);
    run(script, 'fromClient', c.password);
    const rest = [s.authOk, s.setting('client_encoding', 'LATIN1'), s.notice('hello'), keyData];
    run(script, 'fromServer', ...rest);
    expect(script.session.loggedIn).toBe(false);
    run(script, 'fromServer', s.ready());
    expect([script.session.loggedIn, script.session.idle, script.ended]).toEqual([true, true, false]);
    script.client(c.query('a'));
    expect(script.planned.at(-1)).toMatchObject({ user: 'bob', database: 'shop', clientEncoding: 'LATIN1' });
  });

  test('the database is named as the user where none is named', () => {
    const script = start();
    run(script, 'fromClient', startupPacket({ user: 'bob' }));
    run(script, 'fromServer', s.authOk, s.ready());
    script.client(c.query('a'));
    expect(script.planned.at(-1)).toMatchObject({ user: 'bob', database: 'bob' });
  });

  test('names are cut as the server cuts them', () => {
    const script = start();
    run(script, 'fromClient', startupPacket({ user: `${'u'.repeat(63)}x`, database: 'd'.repeat(200) }));
    run(script, 'fromServer', s.authOk, s.ready());
    script.client(c.query('a'));
    expect(script.planned.at(-1)).toMatchObject({ user: 'u'.repeat(63), database: 'd'.repeat(63) });
  });

  test('the startup packet and a request in one chunk', () => {
    const script = start();
    run(script, 'fromClient', Buffer.concat([startupPacket({ user: 'bob' }), c.password]));
    expect(script.ended).toBe(false);
  });

  test('the startup packet byte by byte', () => {
    const script = start();
    for (const byte of startupPacket({ user: 'bob' })) script.session.fromClient(Buffer.from([byte]));
    run(script, 'fromServer', s.authOk, s.ready());
    expect(script.session.loggedIn).toBe(true);
  });

  test('an error of the server ends the login', () => {
    const script = start();
    run(script, 'fromClient', startupPacket({ user: 'bob' }));
    expect(script.server(s.fatal('28P01', 'password authentication failed')).toClient).toContain('E(28P01 ');
    expect(script.client(c.query('a')).toServer).not.toContain('Q');
  });

  test.each<[string, Buffer[]]>([
    ['a Query', [c.query('a')]],
    ['a Parse behind the password', [c.password, c.parse('', 'a')]],
    ['an unknown message', [Buffer.from([0x21, 0, 0, 0, 4])]],
    ['a long password', [message('p', [Buffer.alloc(70_000)])]],
  ])('%s before ReadyForQuery ends it', (_what, messages) => {
    const script = start();
    run(script, 'fromClient', startupPacket({ user: 'bob' }));
    run(script, 'fromServer', askPassword);
    script.client();
    expect(script.client(...messages).toClient).toMatch(/E\(08P01 /);
    expect(script.ended).toBe(true);
  });

  test.each<[string, Buffer[]]>([
    ['ReadyForQuery without AuthenticationOk', [s.ready()]],
    ['a row', [s.authOk, s.row('1')]],
  ])('%s from the server ends it', (_what, messages) => {
    const script = start();
    run(script, 'fromClient', startupPacket({ user: 'bob' }));
    run(script, 'fromServer', ...messages);
    expect(script.ended).toBe(true);
  });

  test('the client gives up', () => {
    const script = start();
    run(script, 'fromClient', startupPacket({ user: 'bob' }));
    run(script, 'fromServer', askPassword);
    run(script, 'fromClient', c.terminate);
    expect(script.ended).toBe(true);
  });
});

describe('the first packet', () => {
  const answer = (...packets: Buffer[]) => {
    const script = start();
    run(script, 'fromClient', ...packets);
    return script;
  };

  test('requests for encryption are answered no, each once', () => {
    const script = answer(GSSENC, SSL);
    expect(script.ended).toBe(false);
    run(script, 'fromClient', startupPacket({ user: 'bob' }));
    expect(script.ended).toBe(false);
    for (const twice of [SSL, GSSENC]) {
      const again = start();
      expect([again.session.fromClient(Buffer.from(twice)), again.bytes()]).toEqual([undefined, 'N']);
      expect(again.client(twice).toClient).toMatch(/^E\(0A000 unsupported frontend protocol 1234\.56(79|80): server /);
      expect(again.ended).toBe(true);
    }
  });

  test('where TLS is offered, a request for it is answered yes, and none is taken behind it', () => {
    const script = startScript(undefined, { loggedIn: false, tls: true });
    run(script, 'fromClient', GSSENC);
    expect(script.bytes()).toBe('N');
    run(script, 'fromClient', SSL);
    expect(script.bytes()).toBe('S');
    script.session.clientSecured();
    expect(script.client(SSL).toClient).toMatch(/^E\(0A000 /);
    const other = startScript(undefined, { loggedIn: false, tls: true });
    run(other, 'fromClient', SSL);
    other.session.clientSecured();
    other.bytes();
    expect(other.client(GSSENC).toClient).toMatch(/^E\(0A000 /);
  });

  test('over TLS from the first byte, a request for TLS is answered no', () => {
    const script = startScript(undefined, { loggedIn: false, tls: true });
    script.session.clientSecured();
    run(script, 'fromClient', SSL);
    expect(script.bytes()).toBe('N');
    run(script, 'fromClient', GSSENC);
    expect(script.bytes()).toBe('N');
    expect(script.ended).toBe(false);
  });

  test.each([
    ['SSL request', SSL, false],
    ['GSSAPI encryption request', GSSENC, true],
  ])('bytes behind a %s are fatal', (name, packet, tls) => {
    for (const offered of new Set([false, tls])) {
      const script = startScript(undefined, { loggedIn: false, tls: offered });
      run(script, 'fromClient', Buffer.concat([packet, startupPacket({ user: 'bob' })]));
      expect(script.bytes()).toMatch(new RegExp(`^NE.*\\0C08P01\\0Mreceived unencrypted data after ${name}\\0D`));
      expect(script.ended).toBe(true);
    }
  });

  test('where TLS is offered, bytes behind a request for it are no part of the handshake', () => {
    const script = startScript(undefined, { loggedIn: false, tls: true });
    run(script, 'fromClient', Buffer.concat([SSL, Buffer.from([0x16])]));
    expect(script.bytes()).toMatch(/^E.*received unencrypted data/);
    expect(script.ended).toBe(true);
  });

  test('a request to cancel goes to the server by itself', () => {
    const cancel = request(80877102, Buffer.from('12345678'));
    const script = answer(cancel);
    expect(script.cancels).toEqual([cancel]);
    expect(script.ended).toBe(true);
    const long = request(80877102, Buffer.alloc(4 + 256, 1));
    expect(answer(long).cancels).toEqual([long]);
  });

  test.each([0, 4, 4 + 257])('a request to cancel with %d bytes is dropped without a word', (length) => {
    const script = start();
    expect(script.client(request(80877102, Buffer.alloc(length)))).toEqual({ toServer: '', toClient: '' });
    expect([script.cancels, script.ended]).toEqual([[], true]);
  });

  test.each<[string, Buffer, string]>([
    ['of protocol 4', request(0x40000), '0A000'],
    ['without a user', startupPacket({ database: 'shop' }), '28000'],
    ['for replication', startupPacket({ user: 'bob', replication: 'true' }), '0A000'],
    ['for replication of a database', startupPacket({ user: 'bob', replication: 'database' }), '0A000'],
    ['for replication in another spelling', startupPacket({ user: 'bob', replication: 'o' }), '0A000'],
    ['that is too long', int32(10_005), '08P01'],
    ['that is too short', int32(7), '08P01'],
    ['that does not end', request(0x30000, cstring('user')), '08P01'],
    ['that looks like HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), '08P01'],
  ])('%s is refused', (_what, packet, code) => {
    const script = start();
    expect(script.client(packet)).toEqual({ toServer: '', toClient: expect.stringMatching(`^E\\(${code} `) });
    expect(script.ended).toBe(true);
  });

  test('replication that is off does no harm', () => {
    for (const off of ['false', 'OFF', '0', 'no', 'f', 'n', 'of']) {
      expect(answer(startupPacket({ user: 'bob', replication: off })).ended).toBe(false);
    }
  });

  test.each<[Admittance, string]>([
    ['too many', 'sorry, too many clients already'],
    ['too many for role', 'too many connections for role "bob"'],
  ])('a client too many is turned away (%s), a request to cancel is not', (answered, message) => {
    const full = () => startScript(undefined, { loggedIn: false, admission: (_role, answer) => answer(answered) });
    const turnedAway = full();
    expect(turnedAway.client(startupPacket({ user: 'bob' }))).toEqual({
      toServer: '',
      toClient: `E(53300 ${message})`,
    });
    expect([turnedAway.ended, turnedAway.events]).toEqual([true, ['refused 53300']]);
    const script = full();
    run(script, 'fromClient', request(80877102, Buffer.from('12345678')));
    expect(script.cancels).toHaveLength(1);
  });

  describe('waiting to be admitted', () => {
    const waiting = () => {
      const asked: string[] = [];
      let admit: ((admittance: Admittance) => void) | undefined;
      const script = startScript(undefined, {
        loggedIn: false,
        admission: (role, answer) => {
          asked.push(role);
          admit = answer;
        },
      });
      return { script, asked, answer: (admittance: Admittance) => admit?.(admittance) };
    };

    test('the client is held, and what it has sent follows its startup message', () => {
      const { script, asked, answer } = waiting();
      expect(script.client(startupPacket({ user: 'bob' })).toServer).toBe('');
      run(script, 'fromClient', c.password.subarray(0, 3), c.password.subarray(3));
      expect([script.held, script.ended, asked]).toEqual([true, false, ['bob']]);
      answer('admitted');
      expect(script.held).toBe(false);
      const sent = script.sent();
      expect(sent.subarray(0, startupPacket({ user: 'bob' }).length)).toEqual(startupPacket({ user: 'bob' }));
      expect(sent.subarray(-c.password.length)).toEqual(c.password);
      run(script, 'fromServer', s.authOk, s.ready());
      expect(script.session.loggedIn).toBe(true);
    });

    test('a message that may not come during the login ends it, also when it came before the answer', () => {
      const { script, answer } = waiting();
      run(script, 'fromClient', startupPacket({ user: 'bob' }), c.query('a'));
      answer('admitted');
      expect(script.server().toClient).toMatch(/^E\(08P01 /);
    });

    test.each<[string, (session: Session) => void]>([
      ['hangs up', (session) => session.hangUp()],
      ['sends no more', (session) => session.inputEnded()],
      ['takes too long', (session) => session.abort(fatalError('08P01', 'too long'))],
    ])('an answer to a client that %s meanwhile changes nothing', (_what, end) => {
      const { script, answer } = waiting();
      run(script, 'fromClient', startupPacket({ user: 'bob' }));
      end(script.session);
      answer('admitted');
      expect([script.ended, script.sent().length]).toEqual([true, 0]);
    });
  });

  test('of protocol 1 or 2 is refused in words that such a client can read', () => {
    for (const [major, shown] of [
      [1, /^EFATAL: {2}un/],
      [2, /^EFATAL: {2}un/],
      [0, /^E.*SFATAL/],
    ] as const) {
      const script = start();
      run(script, 'fromClient', request(major << 16, Buffer.alloc(288)));
      const told = script.bytes();
      expect(told).toMatch(shown);
      expect(told).toContain(`unsupported frontend protocol ${major}.0: server supports 3.0 to 3.2`);
      expect(script.ended).toBe(true);
    }
  });
});

describe('the version of the protocol and its options', () => {
  const negotiated = (minor: number, ...options: string[]) =>
    message('v', [int32(0x30000 + minor), int32(options.length), ...options.map((name) => cstring(name))]);
  const ok = `R\0\0\0\b\0\0\0\0`;
  /** What the server is sent, and what the client gets up to AuthenticationOk. */
  const ask = (minor: number, options: readonly string[], ...answer: Buffer[]) => {
    const script = start();
    const wishes = Object.fromEntries(options.map((name) => [name, '1']));
    run(script, 'fromClient', startupPacket({ user: 'bob', ...wishes }, 0x30000 + minor));
    const sent = script.serverBytes();
    run(script, 'fromServer', Buffer.concat([...answer, s.authOk]));
    return { sent: [sent.readUInt16BE(6), sent.includes('_pq_.')], seen: script.bytes(), ended: script.ended };
  };
  const told = (minor: number, ...options: string[]) => negotiated(minor, ...options).toString('latin1') + ok;

  test.each<[string, number, string[], Buffer[], number, string]>([
    ['3.0', 0, [], [], 0, ok],
    ['3.2 of both', 2, [], [], 2, ok],
    ['3.2 of the client', 2, [], [negotiated(0)], 2, told(0)],
    ['3.9999 of the client', 9999, [], [], 2, told(2)],
    ['3.9999 of the client, 3.0 of the server', 9999, [], [negotiated(0)], 2, told(0)],
    ['an option', 0, ['_pq_.a'], [], 0, told(0, '_pq_.a')],
    ['options and 3.9999', 9999, ['_pq_.a', '_pq_.b'], [], 2, told(2, '_pq_.a', '_pq_.b')],
    ['options and an older server', 9999, ['_pq_.a'], [negotiated(0)], 2, told(0, '_pq_.a')],
    ['options of both', 2, ['_pq_.a'], [negotiated(2, '_pq_.a', '_pq_.c')], 2, told(2, '_pq_.a', '_pq_.c')],
  ])('%s', (_what, minor, options, answer, sent, seen) => {
    expect(ask(minor, options, ...answer)).toEqual({ sent: [sent, false], seen, ended: false });
  });

  test('are told before the error of a server that takes no more clients', () => {
    const script = start();
    run(script, 'fromClient', startupPacket({ user: 'bob' }, 0x3270f));
    run(script, 'fromServer', s.fatal('53300', 'sorry'));
    expect(script.bytes()).toMatch(/^v.*E.*53300/s);
  });

  test.each<[string, Buffer[]]>([
    ['a newer version than asked for', [negotiated(3)]],
    ['another protocol', [message('v', [int32(0x40000), int32(0)])]],
    ['two answers', [negotiated(0), negotiated(0)]],
    ['a late answer', [s.authOk, negotiated(0)]],
    ['fewer options than announced', [message('v', [int32(0x30000), int32(1)])]],
  ])('%s of the server ends the session', (_what, answer) => {
    expect(ask(2, [], ...answer).ended).toBe(true);
  });
});

describe('shutdown', () => {
  const error = fatalError('57P01', 'terminating connection due to administrator command');
  const TOLD = 'E(57P01 terminating connection due to administrator command)';

  test('ends a session that is idle at once', () => {
    const script = startScript();
    script.session.drain(error);
    expect(script.client()).toEqual({ toServer: 'X', toClient: TOLD });
    expect(script.ended).toBe(true);
  });

  test('ends others when their transaction ends', () => {
    const script = startScript();
    script.client(c.query('begin'));
    script.session.drain(error);
    expect(script.server(s.done('BEGIN'), s.ready('T')).toClient).toBe('C(BEGIN) Z(T)');
    expect(script.client(c.query('commit')).toServer).toBe('Q(commit)');
    expect(script.server(s.done('COMMIT'), s.ready('I'))).toEqual({
      toClient: `C(COMMIT) Z(I) ${TOLD}`,
      toServer: 'X',
    });
    expect(script.ended).toBe(true);
  });

  test('answers the whole pipeline first', () => {
    const script = startScript();
    script.client(c.query('a'), c.query('b'));
    script.session.drain(error);
    expect(script.server(s.done('A'), s.ready()).toClient).toBe('C(A) Z(I)');
    expect(script.server(s.done('B'), s.ready()).toClient).toBe(`C(B) Z(I) ${TOLD}`);
  });

  test('by force tells the client, unless it is in the middle of a message', () => {
    const told = startScript();
    told.client(c.query('a'));
    told.session.abort(error);
    expect(told.client().toClient).toBe(TOLD);
    const cut = startScript();
    cut.client(c.query('a'));
    cut.server(s.columns(1), s.row('x'.repeat(100)).subarray(0, 50));
    cut.session.abort(error);
    expect(cut.client().toClient).toBe('');
    expect(cut.ended).toBe(true);
  });

  test('ends a login that is under way', () => {
    const script = start();
    run(script, 'fromClient', startupPacket({ user: 'bob' }));
    run(script, 'fromServer', askPassword);
    script.session.drain(error);
    expect(script.ended).toBe(true);
  });
});

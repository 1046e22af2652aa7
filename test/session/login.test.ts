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
    expect(answer(SSL, SSL).ended).toBe(true);
    expect(answer(GSSENC, GSSENC).ended).toBe(true);
  });

  test('bytes behind a request for encryption are fatal', () => {
    const script = start();
    expect(script.client(SSL, startupPacket({ user: 'bob' }))).toEqual({
      toServer: '',
      toClient: 'E(08P01 received data before the answer to a request for encryption)',
    });
    expect(script.ended).toBe(true);
  });

  test('a request to cancel goes to the server by itself', () => {
    const cancel = request(80877102, Buffer.from('12345678'));
    const script = answer(cancel);
    expect(script.cancels).toEqual([cancel]);
    expect(script.ended).toBe(true);
  });

  test.each<[string, Buffer, string]>([
    ['of protocol 2', request(0x20000, Buffer.alloc(288)), '0A000'],
    ['of protocol 4', request(0x40000), '0A000'],
    ['without a user', startupPacket({ database: 'shop' }), '28000'],
    ['for replication', startupPacket({ user: 'bob', replication: 'true' }), '0A000'],
    ['for replication of a database', startupPacket({ user: 'bob', replication: 'database' }), '0A000'],
    ['for replication in another spelling', startupPacket({ user: 'bob', replication: 'o' }), '0A000'],
    ['that is too long', int32(10_001), '08P01'],
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

  test('protocol 3.2 is forwarded, and a newer one where the server knows an older', () => {
    expect(answer(startupPacket({ user: 'bob' }, 0x30002)).ended).toBe(false);
    const negotiated = answer(startupPacket({ user: 'bob' }, 0x3270f));
    run(negotiated, 'fromServer', message('v', [int32(0x30002), int32(0)]), s.authOk, s.ready());
    expect([negotiated.ended, negotiated.session.loggedIn]).toEqual([false, true]);
    const unknown = answer(startupPacket({ user: 'bob' }, 0x3270f));
    run(unknown, 'fromServer', s.authOk);
    expect(unknown.ended).toBe(true);
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

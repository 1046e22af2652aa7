/** What the configuration allows single roles: FunctionCall messages, replication connections. */
import { describe, expect, test } from 'vitest';
import { fatalError } from '../../src/wire/backend-messages.js';
import { int16, int32, message } from '../../src/wire/bytes.js';
import { client as c, namesAnswer, pass, QUESTION, server as s, startScript, startupPacket } from './script.js';

describe('FunctionCall', () => {
  const allowed = (role = 'bob') =>
    startScript(undefined, { permits: (name) => ({ replication: false, functionCall: name === role }) });
  const call = (oid: number) => message('F', [int32(oid), int16(0), int16(0), int16(0)]);
  const result = message('V', [int32(-1)]);

  test('of another role is refused', () => {
    expect(allowed('alice').client(c.functionCall).toServer).toMatch(/^Q\(/);
  });

  test('its result and ReadyForQuery', () => {
    const script = allowed();
    expect(script.client(c.functionCall).toServer).toBe('F');
    expect(script.session.idle).toBe(false);
    expect(script.server(result, s.ready()).toClient).toBe('V Z(I)');
    expect([script.session.idle, script.events]).toEqual([true, []]);
  });

  test('an error, and the next request behind it', () => {
    const script = allowed();
    expect(script.client(c.functionCall, c.sync).toServer).toBe('F S');
    expect(script.server(s.error('42883', 'no such function'), s.ready(), s.ready()).toClient).toBe(
      'E(42883 no such function) Z(I) Z(I)',
    );
  });

  test('the next text is planned when it is answered, for it may have changed what names mean', () => {
    const script = startScript((_text, names) => (names ? pass() : 'environment'), {
      permits: () => ({ replication: false, functionCall: true }),
    });
    script.client(c.query('a'));
    expect(script.server(namesAnswer(['public'])).toServer).toBe('Q(a)');
    script.server(s.done('A'), s.ready());
    expect(script.client(c.functionCall, c.query('b')).toServer).toBe('F');
    expect(script.server(result, s.ready()).toServer).toContain(QUESTION);
    expect(script.server(namesAnswer(['other'])).toServer).toBe('Q(b)');
    expect(script.planned.at(-1)?.names?.schemas).toEqual(['other']);
  });

  test.each([
    [16_383, false],
    [16_384, true],
  ])('of a function with OID %i: the schema may have changed (%s)', (oid, changed) => {
    const script = allowed();
    script.client(call(oid));
    script.server(result, s.ready());
    expect(script.events).toEqual(changed ? ['schemaChanged shop'] : []);
  });

  test('skipped up to the next Sync, as all else is', () => {
    const script = allowed();
    expect(script.client(c.parse('', 'a'), c.functionCall, c.sync).toServer).toBe('P(|a) F S');
    expect(script.server(s.error('42601', 'no'), s.ready()).toClient).toBe('E(42601 no) Z(I)');
    expect(script.session.idle).toBe(true);
  });

  test('a long argument and a long result pass without being held', () => {
    const script = startScript(undefined, {
      permits: () => ({ replication: false, functionCall: true }),
      chunk: (bytes) => Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(7 * i, 7 * i + 7)),
    });
    const long = message('F', [int32(1), int16(0), int16(1), int32(50), Buffer.alloc(50, 1), int16(0)]);
    script.session.fromClient(long.subarray(0, 20));
    expect(script.sent()).toEqual(long.subarray(0, 20));
    script.session.fromClient(long.subarray(20));
    expect(script.sent()).toEqual(long.subarray(20));
    expect(script.server(message('V', [int32(50), Buffer.alloc(50, 1)]), s.ready()).toClient).toBe('V Z(I)');
  });

  test.each<[string, Buffer[]]>([
    ['ReadyForQuery without a result', [s.ready()]],
    ['two results', [result, result]],
    ['a row', [s.row('1')]],
    ['the end of a command', [s.done('SELECT 1')]],
  ])('%s ends the session', (_what, replies) => {
    const script = allowed();
    script.client(c.functionCall);
    script.server(...replies);
    expect([script.ended, script.events]).toEqual([true, ['upstream protocol', 'refused 08P01']]);
  });

  test('a result that nobody asked for ends the session', () => {
    const script = allowed();
    script.client(c.query('a'));
    script.server(result);
    expect(script.ended).toBe(true);
  });
});

describe('replication', () => {
  const COPY_BOTH = message('W', [Buffer.from([0]), int16(0)]);
  const start = (value = 'true') => {
    const script = startScript(() => expect.fail('nothing is planned'), {
      loggedIn: false,
      permits: (name) => ({ replication: name === 'bob', functionCall: false }),
    });
    script.session.fromClient(startupPacket({ user: 'bob', replication: value }));
    script.session.fromServer(Buffer.concat([s.authOk, s.ready()]));
    script.sent();
    return script;
  };

  test('of another role, or of one to which nothing is allowed, is refused', () => {
    for (const options of [
      { permits: (name: string) => ({ replication: name === 'alice', functionCall: true }) },
      {},
    ]) {
      const script = startScript(undefined, { loggedIn: false, ...options });
      const { toClient, toServer } = script.client(startupPacket({ user: 'bob', replication: 'database' }));
      expect([toClient, toServer]).toEqual([
        'E(0A000 replication connections are refused: they would carry stored values unmasked H=An operator can allow it for a role by replication under roles in the configuration.)',
        '',
      ]);
    }
  });

  test.each(['true', 'database', 'on', '1', 'o'])('%s: messages pass as they are', (value) => {
    const script = start(value);
    script.server();
    expect(script.session.idle).toBe(true);
    expect(script.client(c.query('START_REPLICATION 0/0')).toServer).toBe('Q(START_REPLICATION 0/0)');
    expect(script.session.idle).toBe(false);
    expect(script.server(COPY_BOTH, s.copyData('wal'), s.copyData('more')).toClient).toBe('W d(wal) d(more)');
    expect(script.client(c.copyData('status')).toServer).toBe('d(status)');
    expect(script.server(s.copyData('wal')).toClient).toBe('d(wal)');
    expect(script.client(c.copyDone).toServer).toBe('c');
    expect(script.server(s.copyDone, s.done('COPY 0'), s.ready()).toClient).toBe('c C(COPY 0) Z(I)');
    expect(script.session.idle).toBe(true);
    expect(script.client(c.terminate).toServer).toBe('X');
    expect(script.events).toEqual([]);
  });

  test('an error of a command is no end, a FATAL one is', () => {
    const script = start();
    script.server();
    script.client(c.query('a'));
    expect(script.server(s.error('42601', 'no'), s.ready()).toClient).toBe('E(42601 no) Z(I)');
    expect(script.client(c.query('b')).toServer).toBe('Q(b)');
    expect(script.server(s.fatal('57P01', 'bye')).toClient).toBe('E(57P01 bye)');
    script.session.abort(fatalError('08006', 'closed'));
    expect(script.server().toClient).toBe('');
  });

  test('a long message passes as it comes', () => {
    const script = start();
    script.server();
    const wal = s.copyData('x'.repeat(10_000));
    script.session.fromServer(Buffer.from(wal.subarray(0, 5_000)));
    expect(script.server(Buffer.from(wal.subarray(5_000))).toClient).toBe(`d(${'x'.repeat(10_000)})`);
    script.session.fromClient(wal.subarray(0, 5_000));
    expect(script.sent()).toHaveLength(5_000);
    // It ends in the middle of a message: no Terminate can be put in.
    script.session.hangUp();
    expect(script.sent()).toHaveLength(0);
  });

  test('shutdown ends it between commands', () => {
    const script = start();
    script.server();
    script.client(c.query('BASE_BACKUP'));
    script.session.drain(fatalError('57P01', 'stop'));
    expect(script.ended).toBe(false);
    expect(script.server(s.done('SELECT'), s.ready()).toClient).toBe('C(SELECT) Z(I) E(57P01 stop)');
    expect(script.ended).toBe(true);
  });

  test('what no client may send ends it', () => {
    const script = start();
    script.server();
    expect(script.client(Buffer.from([0x21, 0, 0, 0, 4])).toClient).toMatch(/^E\(08P01 /);
    expect(script.ended).toBe(true);
  });

  test('the end of input is passed on', () => {
    const script = start();
    script.client(c.copyDone);
    script.session.inputEnded();
    expect(script.client().toServer).toBe('X');
  });

  test('a name that is cut is the role that it is cut to', () => {
    const name = 'r'.repeat(63);
    const script = startScript(undefined, {
      loggedIn: false,
      permits: (role) => ({ replication: role === name, functionCall: false }),
    });
    script.session.fromClient(startupPacket({ user: `${name}x`, replication: 'true' }));
    expect(script.ended).toBe(false);
  });
});

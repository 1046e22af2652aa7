/** Messages of many megabytes pass through a session chunk by chunk: it never holds more of one than its head. */
import { describe, expect, it } from 'vitest';
import { createSession } from '../../src/session/session.js';
import { passPlanner } from '../net/pass-planner.js';
import { client as c, server as s, startupPacket } from './script.js';

const CHUNK = 64 * 1024;
/** PostgreSQL takes messages of up to a gigabyte; a session does the same for each chunk. */
const CHUNKS = 1024;
/** Names of a Bind and headers must be seen in one piece. */
const HELD = 4096;

/** A session behind its login that counts what it hands over. */
function countingSession() {
  const passed = { toServer: 0, toClient: 0 };
  const count = (ranges: readonly Buffer[]): number => ranges.reduce((sum, range) => sum + range.length, 0);
  const session = createSession({
    planner: passPlanner(),
    observer: { planned() {}, masked() {}, refused() {}, upstreamError() {} },
    finishToken: (_, payload) => payload,
    remote: '127.0.0.1',
    admit: (_role, answer) => answer('admitted'),
    sink: {
      toServer: (ranges) => {
        passed.toServer += count(ranges);
      },
      toClient: (ranges) => {
        passed.toClient += count(ranges);
      },
      holdClient() {},
      overTime: () => false,
      endServerInput() {},
      startTls() {},
      cancel() {},
      end() {
        throw new Error('the session has ended');
      },
    },
  });
  session.fromClient(startupPacket({ user: 'bob', database: 'shop' }));
  session.fromServer(Buffer.concat([s.authOk, s.ready()]));
  return { session, passed };
}

/** The head of a message of CHUNKS chunks behind what it begins with. */
function headOf(type: string, beginning: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + beginning.length + CHUNKS * CHUNK, 1);
  return Buffer.concat([head, beginning]);
}

type Direction = 'fromClient' | 'fromServer';

/** Sends it and gives the most that was held, and what is held at its end. */
function stream(type: string, beginning: Buffer, direction: Direction, before: readonly Buffer[]) {
  const { session, passed } = countingSession();
  session.fromClient(Buffer.concat(before));
  if (direction === 'fromServer') session.fromServer(s.columns(1));
  const out = direction === 'fromClient' ? 'toServer' : 'toClient';
  const start = passed[out];
  let sent = 0;
  let most = 0;
  const send = (bytes: Buffer): void => {
    session[direction](bytes);
    sent += bytes.length;
    most = Math.max(most, sent - (passed[out] - start));
  };
  send(headOf(type, beginning));
  for (let i = 0; i < CHUNKS; i++) send(Buffer.alloc(CHUNK, i));
  return { most, left: sent - (passed[out] - start), session, passed };
}

describe('a message of 64 MB', () => {
  it.each([
    ['a parameter of a Bind', 'B', Buffer.from('\0\0\0\x01\0\x01\0\x01\x04\0\0\0'), 'fromClient', [c.parse('', 'a')]],
    ['a row', 'D', Buffer.from('\0\x01\x04\0\0\0'), 'fromServer', [c.query('a')]],
  ] as const)('%s is not held', (_, type, beginning, direction, before) => {
    const { most, left } = stream(type, beginning, direction, before);
    expect(most).toBeLessThanOrEqual(HELD);
    expect(left).toBe(0);
  });

  it('COPY data in both directions is not held', () => {
    const { session, passed } = countingSession();
    session.fromClient(c.query('COPY t FROM STDIN'));
    session.fromServer(s.copyIn);
    const before = passed.toServer;
    session.fromClient(headOf('d', Buffer.alloc(0)));
    for (let i = 0; i < CHUNKS; i++) session.fromClient(Buffer.alloc(CHUNK, i));
    expect(passed.toServer - before).toBe(5 + CHUNKS * CHUNK);
    session.fromClient(c.copyDone);
    session.fromServer(Buffer.concat([s.done('COPY 1'), s.ready()]));
    session.fromClient(c.query('COPY t TO STDOUT'));
    session.fromServer(s.copyOut);
    const shown = passed.toClient;
    session.fromServer(headOf('d', Buffer.alloc(0)));
    for (let i = 0; i < CHUNKS; i++) session.fromServer(Buffer.alloc(CHUNK, i));
    expect(passed.toClient - shown).toBe(5 + CHUNKS * CHUNK);
  });

  it('a text that long is refused by its head, and the session goes on', () => {
    const { session, passed } = countingSession();
    const before = passed.toServer;
    session.fromClient(headOf('Q', Buffer.alloc(5000, 0x20)));
    const refused = passed.toServer;
    expect(refused - before).toBeGreaterThan(0);
    for (let i = 0; i < CHUNKS; i++) session.fromClient(Buffer.alloc(CHUNK, 0x20));
    expect(passed.toServer).toBe(refused);
    session.fromClient(c.query('SELECT 1'));
    expect(passed.toServer - refused).toBe(c.query('SELECT 1').length);
  });
});

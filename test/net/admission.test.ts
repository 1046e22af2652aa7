import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Admission, createAdmission, createSeat, makingRoom } from '../../src/net/admission.js';
import type { Admittance } from '../../src/session/types.js';

describe('the count', () => {
  it('has seats in all and for each role', () => {
    const admission = createAdmission({ maxSessions: 3, maxSessionsOf: (role) => (role === 'report' ? 1 : undefined) });
    expect(admission.take('report')).toBe('admitted');
    expect(admission.take('report')).toBe('too many for role');
    expect([admission.take('app'), admission.take('app')]).toEqual(['admitted', 'admitted']);
    expect([admission.take('report'), admission.take('app')]).toEqual(['too many', 'too many']);
    admission.give('report');
    expect(admission.take('report')).toBe('admitted');
  });

  it('heeds limits that change', () => {
    const limits = { maxSessions: 1 };
    const admission = createAdmission(limits);
    expect([admission.take('a'), admission.take('a')]).toEqual(['admitted', 'too many']);
    limits.maxSessions = 2;
    expect(admission.take('b')).toBe('admitted');
    limits.maxSessions = 1;
    admission.give('a');
    expect(admission.take('a')).toBe('too many');
  });

  it('knows of names that mean something to JavaScript', () => {
    const admission = createAdmission({ maxSessions: 9, maxSessionsOf: () => 1 });
    for (const role of ['__proto__', 'constructor', '']) {
      expect([admission.take(role), admission.take(role)]).toEqual(['admitted', 'too many for role']);
    }
  });

  it('does not take back what nobody has', () => {
    const admission = createAdmission({ maxSessions: 1 });
    admission.take('a');
    expect(() => admission.give('b')).toThrow('not taken');
  });

  it('is never exceeded, and full only where it is', () => {
    const role = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), role)), (steps) => {
        const admission = createAdmission({ maxSessions: 4, maxSessionsOf: (name) => (name === 'a' ? 2 : undefined) });
        const held: string[] = [];
        const of = (name: string) => held.filter((h) => h === name).length;
        for (const [take, name] of steps) {
          if (take) {
            const full =
              held.length === 4 ? 'too many' : name === 'a' && of('a') === 2 ? 'too many for role' : undefined;
            expect(admission.take(name)).toBe(full ?? 'admitted');
            if (!full) held.push(name);
          } else if (of(name) > 0) {
            admission.give(name);
            held.splice(held.indexOf(name), 1);
          }
        }
      }),
    );
  });
});

describe('a seat', () => {
  /** An arbiter whose answers come when the test says. */
  const later = () => {
    const given: string[] = [];
    const answers: { readonly resolve: (admittance: Admittance) => void; readonly reject: (error: Error) => void }[] =
      [];
    const admission: Admission = {
      take: () => new Promise((resolve, reject) => answers.push({ resolve, reject })),
      give: (role) => given.push(role),
    };
    return { admission, given, answers };
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('is given back once, whether the answer was early or late', async () => {
    const { admission, given, answers } = later();
    const seat = createSeat(admission);
    const heard: Admittance[] = [];
    seat.take('a', (admittance) => heard.push(admittance));
    expect(seat.role).toBeUndefined();
    answers[0]!.resolve('admitted');
    await settled();
    expect([heard, seat.role]).toEqual([['admitted'], 'a']);
    seat.leave();
    seat.leave();
    expect([given, seat.role]).toEqual([['a'], undefined]);
  });

  it('is given back where the client has gone before the answer', async () => {
    const { admission, given, answers } = later();
    const seats = ['admitted', 'too many for role'].map(() => createSeat(admission));
    const heard: Admittance[] = [];
    for (const seat of seats) {
      seat.take('a', (admittance) => heard.push(admittance));
      seat.leave();
    }
    answers[0]!.resolve('admitted');
    answers[1]!.resolve('too many for role');
    await settled();
    expect([heard, given]).toEqual([[], ['a']]);
  });

  it('is none where there is no arbiter any more', async () => {
    const { admission, given, answers } = later();
    const seat = createSeat(admission);
    const heard: Admittance[] = [];
    seat.take('a', (admittance) => heard.push(admittance));
    answers[0]!.reject(new Error('gone'));
    await settled();
    seat.leave();
    expect([heard, given]).toEqual([['too many'], []]);
  });
});

describe('making room', () => {
  it.each([false, true])('asks again where a slow login was ended (answers later: %s)', async (late) => {
    const count = createAdmission({ maxSessions: 2, maxSessionsOf: () => 1 });
    const admission: Admission = late ? { ...count, take: async (role) => count.take(role) } : count;
    const slow = ['a', 'b'];
    const asked: (string | undefined)[] = [];
    const roomy = makingRoom(admission, (role) => {
      asked.push(role);
      const found = slow.findIndex((name) => name === (role ?? name));
      if (found < 0) return false;
      for (const name of slow.splice(found, 1)) count.give(name);
      return true;
    });
    for (const role of slow) count.take(role);
    expect([await roomy.take('c'), await roomy.take('b')]).toEqual(['admitted', 'admitted']);
    expect(await roomy.take('b')).toBe('too many');
    count.give('c');
    expect(await roomy.take('b')).toBe('too many for role');
    slow.push('b');
    expect(await roomy.take('b')).toBe('admitted');
    expect(asked).toEqual([undefined, undefined, undefined, 'b', 'b']);
  });
});

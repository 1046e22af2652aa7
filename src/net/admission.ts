/** How many sessions there may be at once, in all and of one role. Counts, and nothing else. */
import type { Admittance } from '../session/types.js';

/** Who decides on a session before it starts: this process, or the one that all workers ask. */
export interface Admission {
  /** Takes a seat where the answer is `admitted`. A promise that rejects is no seat. */
  take(role: string): Admittance | Promise<Admittance>;
  /** Gives back a seat that was taken for the role. */
  give(role: string): void;
}

/** Asked at each session. */
export interface AdmissionLimits {
  readonly maxSessions: number;
  /** Sessions of one role; undefined where only those of all roles are counted. */
  readonly maxSessionsOf?: (role: string) => number | undefined;
}

/** The same order as the server: first all sessions (InitProcess), then the role's (InitializeSessionUserId). */
export function createAdmission(limits: AdmissionLimits): Admission {
  let taken = 0;
  const takenBy = new Map<string, number>();
  return {
    take(role) {
      const own = takenBy.get(role) ?? 0;
      if (taken >= limits.maxSessions) return 'too many';
      if (own >= (limits.maxSessionsOf?.(role) ?? limits.maxSessions)) return 'too many for role';
      taken++;
      takenBy.set(role, own + 1);
      return 'admitted';
    },
    give(role) {
      const own = takenBy.get(role);
      if (own === undefined) throw new Error('a seat is given back that was not taken');
      taken--;
      if (own > 1) takenBy.set(role, own - 1);
      else takenBy.delete(role);
    },
  };
}

/**
 * The same, but where there is no seat, a login that is slow may have to give up its own.
 * @param endSlowLogin ends one that has a seat, of that role or of any, and gives it back; false where there is none
 */
export function makingRoom(admission: Admission, endSlowLogin: (role?: string) => boolean): Admission {
  function again(role: string, answer: Admittance): Admittance | Promise<Admittance> {
    if (answer === 'admitted') return answer;
    return endSlowLogin(answer === 'too many' ? undefined : role) ? admission.take(role) : answer;
  }
  return {
    take(role) {
      const answer = admission.take(role);
      return typeof answer === 'string' ? again(role, answer) : answer.then((given) => again(role, given));
    },
    give: admission.give,
  };
}

/** One client's seat. */
export interface Seat {
  /** The role that it was taken for; undefined while there is none. */
  readonly role: string | undefined;
  /** Asks for it, once. No answer comes after `leave`. */
  take(role: string, answer: (admittance: Admittance) => void): void;
  /** Gives back what was taken, also where the answer is still to come. */
  leave(): void;
}

export function createSeat(admission: Admission): Seat {
  let held: string | undefined;
  let left = false;
  return {
    get role() {
      return held;
    },
    take(role, answer) {
      const settle = (admittance: Admittance): void => {
        if (admittance === 'admitted') {
          if (left) admission.give(role);
          else held = role;
        }
        if (!left) answer(admittance);
      };
      const given = admission.take(role);
      if (typeof given === 'string') settle(given);
      else
        given.then(settle, () => {
          if (!left) answer('too many');
        });
    },
    leave() {
      left = true;
      if (held !== undefined) admission.give(held);
      held = undefined;
    },
  };
}

/** Logins that take long must not keep others out: where there is no room, the slowest one gives up its own. */
import type { LoginUnderWay, Relay } from './relay.js';
import { LOGIN_TOO_LONG } from './relay.js';

/** The part of the time for a login after which it may be ended for the sake of another. */
const SLOW = 0.1;

/**
 * Ends the oldest login that is slow and fits; false where there is none.
 * @param relays the oldest first
 * @param loginSeconds that a login may take where nobody else waits
 */
export function endSlowLogin(
  relays: Iterable<Relay>,
  loginSeconds: number,
  fits: (login: LoginUnderWay) => boolean,
): boolean {
  const latest = performance.now() - loginSeconds * 1000 * SLOW;
  for (const relay of relays) {
    const { login } = relay;
    if (!login || login.began > latest || !fits(login)) continue;
    relay.abort(LOGIN_TOO_LONG);
    return true;
  }
  return false;
}

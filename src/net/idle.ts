/** Ends sessions that are idle for too long, as idle_session_timeout does. One look at all of them, not a timer for each. */
import { fatalError } from '../wire/backend-messages.js';
import type { Relay } from './relay.js';

/** A session ends so much later than it should at most, twice over. */
const LONGEST_LOOK_MS = 1_000;
const SHORTEST_LOOK_MS = 10;

const IDLE_TIMEOUT = fatalError('57P05', 'terminating connection due to idle-session timeout');

/**
 * @param idleSeconds asked at each look; 0: nobody is too idle
 * @returns what stops it
 */
export function endIdle(relays: ReadonlySet<Relay>, idleSeconds: () => number): () => void {
  /** Since when each is idle, or earlier, and what it had received by then. */
  const idle = new WeakMap<Relay, { readonly since: number; readonly received: number }>();
  let timer: NodeJS.Timeout;

  function look(): void {
    const now = performance.now();
    const longest = idleSeconds() * 1000;
    if (longest > 0) {
      for (const relay of relays) {
        const before = idle.get(relay);
        if (!relay.idle || before?.received !== relay.received) {
          idle.set(relay, { since: now, received: relay.received });
        } else if (now - before.since >= longest) {
          relay.abort(IDLE_TIMEOUT);
        }
      }
    }
    plan(longest > 0 ? Math.max(SHORTEST_LOOK_MS, Math.min(longest / 10, LONGEST_LOOK_MS)) : LONGEST_LOOK_MS);
  }

  function plan(ms: number): void {
    timer = setTimeout(look, ms).unref();
  }

  plan(SHORTEST_LOOK_MS);
  return () => clearTimeout(timer);
}

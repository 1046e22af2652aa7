/** A gateway with a proxy on each side of it, in front of a server, and a session that nothing must happen to. */
import pg from 'pg';
import { type Listener, startListener } from '../../src/net/listener.js';
import type { Target } from '../harness/raw-client.js';
import { listenerOptions } from '../net/gateway.js';
import { type Direction, FAULTS, type Fault, type FaultProxy, startFaultProxy } from './proxy.js';
import { type Outcome, playScenario } from './scenario.js';

export type Leg = 'client' | 'server';

export interface Case {
  readonly leg: Leg;
  readonly fault: Fault;
}

export interface Lane {
  /** Messages of the scenario without a fault. */
  readonly counted: Readonly<Record<Leg, Readonly<Record<Direction, number>>>>;
  /** What is wrong with how the case went; undefined for nothing. */
  run(one: Case): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A client that hears nothing for so long gives up, where nothing may come; and where something must. */
const PATIENCE_MS = 400;
const LONGEST_MS = 20_000;

/** The gateway waits five seconds for a peer that says nothing. */
const LONGEST_CLEANUP_MS = 9_000;

/** @param direct the server, without a gateway */
export async function startLane(direct: Target): Promise<Lane> {
  const serverSide = await startFaultProxy(direct);
  const listener: Listener = await startListener(listenerOptions(serverSide.address.port, []));
  const clientSide = await startFaultProxy(listener.address);
  const proxies: Readonly<Record<Leg, FaultProxy>> = { client: clientSide, server: serverSide };
  const through = { ...direct, ...clientSide.address };
  const expected = await playScenario(direct, LONGEST_MS);
  const unharmed = await playScenario(through, LONGEST_MS);
  if (!expected.complete || !isEqual(unharmed, expected)) throw new Error('without a fault it goes wrong already');
  const counted = { client: clientSide.counted, server: serverSide.counted };
  const bystander = new pg.Client({ ...direct, ...listener.address, application_name: 'bystander' });
  await bystander.connect();
  const admin = new pg.Client({ ...direct, application_name: 'admin' });
  await admin.connect();
  const pid = (await bystander.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;

  async function leftovers(): Promise<string | undefined> {
    // The bystander's.
    if (listener.sessionCount() !== 1) return `${listener.sessionCount() - 1} sessions are left`;
    if (serverSide.open() !== 2 || clientSide.open() !== 0) return 'sockets are left';
    return undefined;
  }

  return {
    counted,
    async run({ leg, fault }) {
      proxies[leg].arm(fault);
      const hangs = fault.kind === 'stall' || fault.kind.startsWith('corrupt');
      const outcome = await playScenario(through, hangs ? PATIENCE_MS : LONGEST_MS);
      proxies[leg].arm(undefined);
      proxies[leg].giveUp();
      const answer = await bystander.query('SELECT 1 AS one');
      if (answer.rows[0]?.one !== 1) return 'the other session is wrong';
      const deadline = Date.now() + LONGEST_CLEANUP_MS;
      let left = await leftovers();
      while (left && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        left = await leftovers();
      }
      if (left) return left;
      return judge({ leg, fault }, outcome, expected);
    },
    async close() {
      const { rows } = await admin.query(
        `SELECT state, query FROM pg_stat_activity WHERE backend_type = 'client backend'
         AND application_name NOT IN ('admin') AND pid <> $1 AND datname = current_database()
         AND application_name = ''`,
        [pid],
      );
      await Promise.all([admin.end(), bystander.end()]);
      await listener.close(0);
      await Promise.all([serverSide.close(), clientSide.close()]);
      if (rows.length > 0) throw new Error(`left at the server: ${JSON.stringify(rows)}`);
    },
  };
}

function isEqual(a: Outcome, b: Outcome): boolean {
  return a.complete === b.complete && a.lines.join('\n') === b.lines.join('\n');
}

/** What the client has seen is the start of what it should have seen, and perhaps an error behind that. */
function judge({ leg, fault }: Case, outcome: Outcome, expected: Outcome): string | undefined {
  if (fault.kind === 'pause') return isEqual(outcome, expected) ? undefined : difference(outcome.lines, expected.lines);
  let { lines } = outcome;
  if (fault.kind.startsWith('corrupt')) {
    // The server answers what has reached it; up to there nothing may be wrong.
    lines = lines.slice(0, fault.direction === 'to client' ? fault.at : 1);
  }
  while (lines.at(-1)?.startsWith('E SFATAL')) lines = lines.slice(0, -1);
  const wrong = difference(lines, expected.lines.slice(0, lines.length));
  return wrong && `${leg}: ${wrong}`;
}

function difference(seen: readonly string[], expected: readonly string[]): string | undefined {
  const at = expected.findIndex((line, i) => line !== seen[i]);
  const where = at < 0 && seen.length > expected.length ? expected.length : at;
  return where < 0 ? undefined : `message ${where}: ${seen[where]} instead of ${expected[where]}`;
}

/** Every fault at every message of both legs; where the client's own input is damaged last, nothing can be told. */
export function allCases(counted: Lane['counted']): readonly Case[] {
  const cases: Case[] = [];
  for (const leg of ['client', 'server'] as const) {
    for (const direction of ['to server', 'to client'] as const) {
      for (let at = 0; at < counted[leg][direction]; at++) {
        for (const kind of FAULTS) {
          if (leg === 'client' && direction === 'to client' && kind.startsWith('corrupt')) continue;
          cases.push({ leg, fault: { kind, direction, at } });
        }
      }
    }
  }
  return cases;
}

/** Runs the cases on several lanes, and tells of each that went wrong. */
export async function runCases(
  lanes: readonly Lane[],
  cases: readonly Case[],
  onDone: (done: number) => void = () => undefined,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  let next = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      for (let one = cases[next++]; one; one = cases[next++]) {
        const what = await lane.run(one);
        if (what) wrong.push(`${JSON.stringify(one)}: ${what}`);
        onDone(next);
      }
    }),
  );
  return wrong;
}

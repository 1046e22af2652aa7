/** What the answers of A and B to an attack tell. */
import { NONCE } from '../harness/gateway.js';
import type { Step } from '../harness/messages.js';
import { type BackendMessage, connectRaw, sqlStates, type Target, transcript } from '../harness/raw-client.js';
import type { Expectation } from './cases.js';

type Messages = readonly BackendMessage[];

/** Why an attack has not failed as it must. */
export interface Fault {
  /** `leak`: A and B answer differently, or hold a tag. `unexpected`: alike, but not as the case expects. */
  readonly kind: 'leak' | 'unexpected';
  readonly what: string;
}

/** In a text that the gateway has sent, which the server may show, a tag stands behind a quote. */
const TAG = new RegExp(`(?<!')pgveil${NONCE}`);

/** undefined where A and B answer alike, and as expected. */
export function faultOf(ofA: Messages, ofB: Messages, expected: Expectation): Fault | undefined {
  const difference = firstDifference(transcript(ofA), transcript(ofB));
  if (difference !== undefined) return { kind: 'leak', what: difference };
  // What is behind a tag could be guessed by who knows how tags begin.
  if (TAG.test(transcript(ofA))) return { kind: 'leak', what: 'a tag reaches the client' };
  const states = sqlStates(ofA);
  if (expected.same && states.join() === expected.same.join()) return undefined;
  // What follows a refusal may fail for it: an aborted transaction, a statement or an object that was not made.
  if (expected.refused?.includes(states[0] ?? '')) return undefined;
  const errors = ofA.filter((message) => message.type === 'E');
  const got = states.length > 0 ? transcript(errors) : 'no error';
  return { kind: 'unexpected', what: `expected ${JSON.stringify(expected)}, got ${got}` };
}

/** The first line that differs, around the place where it does; undefined where there is none. */
function firstDifference(a: string, b: string): string | undefined {
  if (a === b) return undefined;
  const [ofA, ofB] = [a.split('\n'), b.split('\n')];
  const longer = ofA.length > ofB.length ? ofA : ofB;
  const at = longer.findIndex((_line, n) => ofA[n] !== ofB[n]);
  const lineA = ofA[at] ?? '';
  const lineB = ofB[at] ?? '';
  const column = [...lineA].findIndex((c, n) => c !== lineB[n]);
  const around = (line: string) => line.slice(Math.max(0, column - 100), column + 200);
  return `message ${at}\nA: ${lineA[0]} ${around(lineA)}\nB: ${lineB[0]} ${around(lineB)}`;
}

/** Plays steps on a connection of its own; gives everything that came, the login too. */
export async function playSteps(target: Target, steps: readonly Step[]): Promise<Messages> {
  const client = await connectRaw(target);
  await client.play(steps);
  await client.end();
  return client.received;
}

/** OIDs of the functions of a server, by signature, for the messages that name them so. */
export function oidLookUp(rows: readonly { readonly signature: string; readonly oid: number }[]) {
  const oids = new Map(rows.map((row) => [row.signature, row.oid]));
  return (signature: string): number => {
    const oid = oids.get(signature);
    if (oid === undefined) throw new Error(`There is no function ${signature}`);
    return oid;
  };
}

export const FUNCTION_OIDS = 'SELECT oid, oid::regprocedure::text AS signature FROM pg_proc WHERE oid >= 16384';

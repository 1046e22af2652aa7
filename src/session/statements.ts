/**
 * Prepared statements and portals by name, as the server will have them.
 *
 * A name changes when the server's reply confirms it, never when the request is sent: a Parse under a taken name fails
 * and the old statement stays, and requests behind an error are skipped up to the next Sync. Decisions that have to be
 * made before the replies are in look at every statement that the name could mean by then (`candidates`).
 */
import type { Plan, SessionEffect, StatementPlan } from '../sql/plan-types.js';

/** When something was judged: by the planner's generation, and by the session's own changes of the schema. */
export interface AsOf {
  readonly generation: number;
  readonly version: number;
}

/** Of what was not judged. */
export const NEVER: AsOf = { generation: -1, version: -1 };

/** A prepared statement, made by Parse or by PREPARE. */
export interface Prepared {
  /** The client's text: of Parse, or the whole text in which the PREPARE or DECLARE stood. */
  readonly text: string;
  /** The plan of that text; replaced when the text was planned anew with the same outcome. */
  plan: Plan;
  /** How its output and errors are mended. */
  statement: StatementPlan;
  /** OIDs of its parameters' types as Parse or the server's ParameterDescription has them, 0 or absent where unknown. */
  parameterTypes: readonly number[];
  /** Made by PREPARE, or the query of a cursor that DECLARE has made. */
  readonly bySql: boolean;
  /** When the plan was made, or found to be the same. */
  asOf: AsOf;
}

/** Where a PREPARE or DECLARE stands. */
export type Source = Pick<Prepared, 'text' | 'plan' | 'asOf'>;

/** A portal, made by Bind or by DECLARE CURSOR. */
export interface Portal {
  readonly prepared: Prepared;
  readonly statement: StatementPlan;
  /** Survives the end of its transaction. */
  readonly hold: boolean;
  /** Its transaction is over: its rows were all made then. */
  held: boolean;
  /** When it was made: the server may run what names meant then, or what functions of these names have become. */
  readonly asOf: AsOf;
  /** What an EXECUTE or FETCH that it runs turned out to carry, once it has run. */
  carried: StatementPlan | undefined;
}

/** What PREPARE makes, in a text with that plan. */
export function preparedBySql(effect: SessionEffect & { kind: 'prepare' | 'declare' }, source: Source): Prepared {
  return {
    text: source.text,
    plan: source.plan,
    asOf: source.asOf,
    statement: effect.statement,
    parameterTypes: [],
    bySql: true,
  };
}

/** What DECLARE makes. */
export function declared(effect: SessionEffect & { kind: 'declare' }, source: Source): Portal {
  return { ...portalOf(preparedBySql(effect, source), source.asOf), hold: effect.hold };
}

/** What Bind makes. */
export function portalOf(prepared: Prepared, asOf: AsOf): Portal {
  return { prepared, statement: prepared.statement, hold: false, held: false, asOf, carried: undefined };
}

interface Expected<T> {
  readonly value: T;
  /** Number of Syncs before a Parse or Bind: up to the next one, requests behind it run only if it succeeds. */
  readonly segment: number | undefined;
}

/** Names of one kind: what they mean now, and what requests in flight may make them mean. */
export class NameTable<T> {
  readonly #confirmed = new Map<string, T>();
  readonly #inFlight = new Map<string, Expected<T>[]>();
  #segment = 0;

  /** What the name means once all replies up to now were seen. */
  get(name: string): T | undefined {
    return this.#confirmed.get(name);
  }

  set(name: string, value: T): void {
    this.#confirmed.set(name, value);
  }

  delete(name: string): void {
    this.#confirmed.delete(name);
  }

  clear(): void {
    this.#confirmed.clear();
  }

  values(): Iterable<T> {
    return this.#confirmed.values();
  }

  deleteWhere(test: (value: T) => boolean): void {
    for (const [name, value] of this.#confirmed) if (test(value)) this.#confirmed.delete(name);
  }

  /** A request is in flight that may make the name mean this. */
  expect(name: string, value: T): void {
    this.#expect(name, { value, segment: undefined });
  }

  /** A Parse or Bind is in flight that makes the name mean one of these: if it fails, the server skips to the next Sync. */
  expectInstead(name: string, values: readonly T[]): void {
    values.forEach((value, i) => {
      this.#expect(name, { value, segment: i === 0 ? this.#segment : undefined });
    });
  }

  #expect(name: string, one: Expected<T>): void {
    const expected = this.#inFlight.get(name);
    if (expected) expected.push(one);
    else this.#inFlight.set(name, [one]);
  }

  /** A Sync is in flight: what comes behind it runs whatever has failed. */
  sync(): void {
    this.#segment++;
  }

  /** The reply to that request was seen, or will not come. */
  settle(name: string, value: T): void {
    const expected = this.#inFlight.get(name);
    const at = expected?.findIndex((one) => one.value === value) ?? -1;
    if (!expected || at < 0) return;
    if (expected.length === 1) this.#inFlight.delete(name);
    else expected.splice(at, 1);
  }

  /** Everything that the name can mean when a request sent now is processed. */
  candidates(name: string): readonly T[] {
    const confirmed = this.#confirmed.get(name);
    const expected = this.#inFlight.get(name) ?? [];
    const last = expected.findLastIndex(({ segment }) => segment === this.#segment);
    const possible = expected.slice(Math.max(last, 0)).map(({ value }) => value);
    return last >= 0 || confirmed === undefined ? possible : [confirmed, ...possible];
  }
}

/** NAMEDATALEN - 1: names are compared up to there. */
const NAME_BYTES = 63;

/**
 * The key of a name: protocol-level names are cut by the server without a notice (prepare.c and portalmem.c keep fixed
 * keys), and bytes beyond ASCII mean another name under another client encoding.
 * @param bytes the name as sent, latin1
 * @returns undefined for a long name beyond ASCII, which the server cuts after a conversion that is its own business
 */
export function nameKey(bytes: string, clientEncoding: string): string | undefined {
  let ascii = true;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes.charCodeAt(i) > 0x7f) {
      ascii = false;
      break;
    }
  }
  if (ascii) return bytes.length > NAME_BYTES ? bytes.slice(0, NAME_BYTES) : bytes;
  return bytes.length > NAME_BYTES ? undefined : `${clientEncoding}\0${bytes}`;
}

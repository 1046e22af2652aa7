/** The requests that the server has still to answer, in order. */
import type { Plan, SessionEffect, StatementPlan } from '../sql/plan-types.js';
import type { ErrorFields } from '../wire/backend-messages.js';
import type { Withhold } from './error-rewriting.js';
import type { AsOf, Portal, Prepared } from './statements.js';

/** Requests that the session makes for itself, and what becomes of their replies. */
export interface OwnRequests {
  /** Takes a reply that holds something: DataRow, ParameterDescription, RowDescription, NoData. */
  readonly receive: (type: number, buffer: Buffer, start: number, end: number) => void;
  /** What an error of theirs must not show. */
  readonly withhold: Withhold;
  /** The error that ended them, as the client may see it. */
  error: ErrorFields | undefined;
}

interface RequestBase {
  /** The session's own request: its replies are not forwarded, but go there. */
  readonly own: OwnRequests | undefined;
  /** May change what later texts mean: the next one is planned when this is answered. */
  readonly barrier: boolean;
  /** The text that this request is about, as far as it was known when it was forwarded. */
  readonly plan: Plan | undefined;
  /** Put in the place of the error that the server answers with. */
  readonly errorInstead: ErrorFields | undefined;
  /** Called when it is answered or skipped: what it might have made names mean is decided. */
  readonly settled: (() => void) | undefined;
}

export type Request =
  | (RequestBase & {
      readonly kind: 'query';
      readonly plan: Plan;
      readonly text: string;
      /** When it was planned. */
      readonly asOf: AsOf;
      /** The statement of the text whose reply is due. */
      index: number;
      /** The error was seen, ReadyForQuery is due. */
      failed: boolean;
      mayCopy: boolean;
    })
  | (RequestBase & { readonly kind: 'parse'; readonly name: string; readonly prepared: Prepared })
  | (RequestBase & {
      readonly kind: 'bind';
      readonly portal: string;
      readonly statement: string;
      /** When it was forwarded. */
      readonly asOf: AsOf;
    })
  | (RequestBase & {
      readonly kind: 'describe-statement';
      readonly name: string;
      /** ParameterDescription was seen. */
      parametersSeen: boolean;
    })
  | (RequestBase & { readonly kind: 'describe-portal'; readonly name: string })
  | (RequestBase & {
      readonly kind: 'execute';
      readonly portal: string;
      /** The client's messages wait until it is known whether the server reads COPY data for this. */
      mayCopy: boolean;
    })
  | (RequestBase & { readonly kind: 'close'; readonly of: 'statement' | 'portal'; readonly name: string })
  | (RequestBase & {
      readonly kind: 'function-call';
      /** A function of the server's own, which changes no schema. */
      readonly builtin: boolean;
      /** Its result or error was seen, ReadyForQuery is due. */
      done: boolean;
    })
  | (RequestBase & { readonly kind: 'sync'; failed: boolean });

/** A FIFO that counts its barriers. */
export class ReplyQueue {
  #items: (Request | undefined)[] = [];
  #head = 0;
  #barriers = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Requests in it that are a barrier. */
  get barriers(): number {
    return this.#barriers;
  }

  get front(): Request | undefined {
    return this.#items[this.#head];
  }

  push(request: Request): void {
    this.#items.push(request);
    if (request.barrier) this.#barriers++;
  }

  shift(): Request | undefined {
    const request = this.#items[this.#head];
    if (!request) return undefined;
    this.#items[this.#head++] = undefined;
    if (request.barrier) this.#barriers--;
    request.settled?.();
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return request;
  }
}

/** A statement, and every one that its EXECUTE or FETCH may turn out to run; they can carry each other. */
export function possibleStatements(
  statement: StatementPlan,
  named: (effect: SessionEffect & { kind: 'execute' | 'fetch' }) => readonly (Prepared | Portal)[],
): ReadonlySet<StatementPlan> {
  const found = new Set([statement]);
  // A set is walked to its end, also where that moves.
  for (const { effects } of found) {
    for (const effect of effects) {
      if (effect.kind === 'execute' || effect.kind === 'fetch')
        for (const one of named(effect)) found.add(one.statement);
    }
  }
  return found;
}

/** Whether later texts can only be planned when this effect has happened or failed. */
export function isBarrier(effect: SessionEffect): boolean {
  return effect.kind === 'environment' || effect.kind === 'ddl' || effect.kind === 'discard';
}

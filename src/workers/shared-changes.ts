/**
 * What sessions of one process change in the schema, for the planners of all: names that a transaction has changed must
 * not be used by other sessions before its change is known, whichever process they are in.
 */
import type { ConfigurablePlanner } from '../sql/planner.js';
import type { Announcement, SessionKey } from './messages.js';

/**
 * How long the names of a worker that has died stay unused. The server notices that its clients are gone when it next
 * reads or writes; a change that it commits later is seen as one from a direct connection is.
 */
const AFTERLIFE_MS = 10_000;

/** To the other processes. */
export interface Peers {
  /** Resolves when none of them uses the names any more. */
  announce(announcement: Omit<Announcement, 'worker'>): Promise<void>;
  schemaChanged(database: string): void;
  settled(session: number, database: string): void;
}

/** From the other processes. */
export interface Hearing {
  announced(announcement: Announcement): void;
  schemaChanged(database: string): void;
  settled(key: SessionKey & { readonly database: string }): void;
  workerGone(worker: number): void;
}

export interface SharedChanges {
  /** The planner for the sessions of this process; called once. What was heard before holds for it. */
  readonly share: (planner: ConfigurablePlanner) => ConfigurablePlanner;
  readonly hearing: Hearing;
}

export function createChanges(peers: Peers): SharedChanges {
  let planner: ConfigurablePlanner | undefined;
  /** Sessions of this process with names that they have announced. */
  const own = new Map<ReadonlySet<string>, { readonly session: number; readonly announced: Set<string> }>();
  /** Sessions of others: worker, session, database. */
  const others = new Map<number, Map<string, { readonly database: string; readonly names: Set<string> }>>();
  /** Databases that others have changed before there was a planner, which may have been read already. */
  const early = new Set<string>();
  let sessions = 0;

  function ofWorker(worker: number) {
    const known = others.get(worker) ?? new Map<string, { readonly database: string; readonly names: Set<string> }>();
    others.set(worker, known);
    return known;
  }

  function announcing(shared: ConfigurablePlanner) {
    return {
      watchUncommitted(database: string, names: ReadonlySet<string>) {
        void shared.watchUncommitted?.(database, names);
        const known = own.get(names) ?? { session: ++sessions, announced: new Set<string>() };
        own.set(names, known);
        const unheard = [...names].filter((name) => !known.announced.has(name));
        if (unheard.length === 0) return undefined;
        for (const name of unheard) known.announced.add(name);
        return peers.announce({ session: known.session, database, names: unheard });
      },
      schemaChanged(database: string) {
        shared.schemaChanged(database);
        peers.schemaChanged(database);
      },
      forgetUncommitted(database: string, names: ReadonlySet<string>) {
        shared.forgetUncommitted?.(database, names);
        const known = own.get(names);
        own.delete(names);
        if (known) peers.settled(known.session, database);
      },
    };
  }

  return {
    share(shared) {
      planner = shared;
      for (const sets of others.values()) {
        for (const { database, names } of sets.values()) shared.watchUncommitted?.(database, names);
      }
      for (const database of early) shared.schemaChanged(database);
      early.clear();
      return { ...shared, ...announcing(shared) };
    },
    hearing: {
      announced({ worker, session, database, names }) {
        const sets = ofWorker(worker);
        const key = JSON.stringify([session, database]);
        const known = sets.get(key) ?? { database, names: new Set<string>() };
        for (const name of names) known.names.add(name);
        sets.set(key, known);
        void planner?.watchUncommitted?.(database, known.names);
      },
      schemaChanged(database) {
        if (planner) planner.schemaChanged(database);
        else early.add(database);
      },
      settled({ worker, session, database }) {
        const sets = others.get(worker);
        const key = JSON.stringify([session, database]);
        const known = sets?.get(key);
        if (known) planner?.forgetUncommitted?.(database, known.names);
        sets?.delete(key);
      },
      workerGone(worker) {
        const left = [...(others.get(worker)?.values() ?? [])];
        others.delete(worker);
        if (left.length === 0) return;
        const lookAgain = (): void => {
          for (const { database } of left) planner?.schemaChanged(database);
        };
        lookAgain();
        setTimeout(() => {
          lookAgain();
          for (const { database, names } of left) planner?.forgetUncommitted?.(database, names);
        }, AFTERLIFE_MS).unref();
      },
    },
  };
}

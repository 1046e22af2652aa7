/** Keeps the catalog snapshots of the databases that clients use up to date. */
import type { Snapshot } from './snapshot.js';
import { CatalogError, createWatcher, type Watcher, type WatcherOptions } from './watcher.js';

/** Each has a connection of its own and a snapshot of some megabytes. */
const MOST_DATABASES = 50;
const DROP_AFTER_MS = 10 * 60_000;
const TICK_MS = 1_000;

/** Where the planner gets snapshots from, one for each database. */
export interface CatalogSource {
  /**
   * The snapshot to plan with: read from the server, and found unchanged there not long ago. Undefined where there is
   * none, or none that was confirmed lately: then `load`. Cheap; counts as a use of the database.
   */
  current(database: string): Snapshot | undefined;
  /** A snapshot that `current` would give, read or confirmed first where needed. Rejects with CatalogError. */
  load(database: string): Promise<Snapshot>;
  /** Looks at the server's schema after this call, whatever was known. Calls in between share a look. As `load`. */
  refresh(database: string): Promise<Snapshot>;
  /** Called whenever a snapshot with another digest arrives, before any promise for it resolves. */
  onChange(listener: (database: string, snapshot: Snapshot) => void): void;
  /** Called when the snapshot of a database was given up, because it was not used for long or others are used more. */
  onDrop(listener: (database: string) => void): void;
}

export interface CatalogOptions extends Omit<WatcherOptions, 'onRead' | 'onError'> {
  /** Databases that are kept however little they are used. */
  readonly pinned: readonly string[];
  /** Default 50. Of more, the one that was not used for the longest time is given up. */
  readonly mostDatabases?: number;
  /** The catalog was read, changed or not. */
  readonly onRead?: (database: string, snapshot: Snapshot, seconds: number) => void;
  /** Called for each failed attempt. */
  readonly onError?: (database: string, error: CatalogError) => void;
}

export interface DatabaseState {
  readonly database: string;
  /** Seconds since the snapshot was last found right, undefined where there is none. */
  readonly ageSeconds: number | undefined;
  /** The last attempt's error, undefined after a success. */
  readonly error: CatalogError | undefined;
}

export interface Catalog extends CatalogSource {
  /** Every database that is watched now. */
  databases(): readonly DatabaseState[];
  /** Ends all connections; what is asked for later is rejected. */
  close(): Promise<void>;
}

/** Starts with no connection: a database is read when it is first asked for. */
export function createCatalog(options: CatalogOptions): Catalog {
  const most = options.mostDatabases ?? MOST_DATABASES;
  const watchers = new Map<string, Watcher>();
  const digests = new Map<string, string>();
  const changeListeners: ((database: string, snapshot: Snapshot) => void)[] = [];
  const dropListeners: ((database: string) => void)[] = [];
  let closed = false;

  function drop(database: string): void {
    void watchers.get(database)?.close();
    watchers.delete(database);
    digests.delete(database);
    for (const listener of dropListeners) listener(database);
  }

  /** Those without a snapshot go first, so that names of databases that cannot be read push no other out. */
  function makeRoom(): void {
    const rank = (watcher: Watcher): number =>
      watcher.idleMs() + (watcher.ageMs() === undefined ? Number.MAX_SAFE_INTEGER : 0);
    const candidates = [...watchers].filter(([database]) => !options.pinned.includes(database));
    const oldest = candidates.sort(([, a], [, b]) => rank(b) - rank(a))[0];
    if (oldest) drop(oldest[0]);
  }

  function watch(database: string): Watcher {
    const known = watchers.get(database);
    if (known) return known;
    if (closed) throw new CatalogError(database, 'pgveil is shutting down', undefined, 'unavailable');
    if (watchers.size >= most) makeRoom();
    const watcher = createWatcher(database, {
      ...options,
      get upstream() {
        return options.upstream;
      },
      onRead: (snapshot, seconds) => {
        if (watchers.get(database) !== watcher) return;
        options.onRead?.(database, snapshot, seconds);
        if (digests.get(database) === snapshot.digest) return;
        digests.set(database, snapshot.digest);
        for (const listener of changeListeners) listener(database, snapshot);
      },
      onError: (error) => options.onError?.(database, error),
    });
    watchers.set(database, watcher);
    return watcher;
  }

  const timer = setInterval(
    () => {
      for (const [database, watcher] of watchers) {
        watcher.tick();
        const pinned = options.pinned.includes(database);
        if (!pinned && watcher.idleMs() >= DROP_AFTER_MS) drop(database);
        // Nobody may ask for it again before it is known, if readiness waits for it.
        if (pinned && watcher.ageMs() === undefined) watcher.load().catch(() => undefined);
      }
    },
    Math.min(TICK_MS, options.refreshSeconds * 1000),
  );
  timer.unref();

  return {
    current: (database) => watchers.get(database)?.current(),
    load: async (database) => watch(database).load(),
    refresh: async (database) => watch(database).refresh(),
    onChange: (listener) => void changeListeners.push(listener),
    onDrop: (listener) => void dropListeners.push(listener),
    databases: () =>
      [...watchers].map(([database, watcher]) => {
        const ageMs = watcher.ageMs();
        return {
          database,
          ageSeconds: ageMs === undefined ? undefined : ageMs / 1000,
          error: watcher.error(),
        };
      }),
    close: async () => {
      closed = true;
      clearInterval(timer);
      const open = [...watchers.values()];
      watchers.clear();
      await Promise.all(open.map((watcher) => watcher.close()));
    },
  };
}

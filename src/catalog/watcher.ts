/** One database: the catalog user's connection to it, and the snapshot that was read over it. */
import pg from 'pg';
import { serversOf } from '../net/upstream.js';
import type { Upstream } from '../policy/config-types.js';
import { connectCatalog, endCatalog } from './connection.js';
import { type Fingerprint, takeFingerprint } from './fingerprint.js';
import { readSnapshot } from './introspection.js';
import type { Snapshot } from './snapshot.js';

/** Views are read under a lock that waits for whoever alters their tables. */
const LOCK_MS = 3_000;
const STATEMENT_MS = 60_000;
/** For a server that has gone without a word. */
const SILENCE_MS = STATEMENT_MS + 5_000;
/** DROP DATABASE and CREATE DATABASE … TEMPLATE wait five seconds for other connections to end. */
const PARK_AFTER_MS = 2_000;
/** How long a snapshot holds while the server cannot be asked whether it is still right. */
const GRACE_MS = 30_000;
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 2_000;
const READ_ATTEMPTS = 3;
/** invalid_catalog_name */
export const NO_SUCH_DATABASE = '3D000';
const CANNOT_CONNECT_NOW = '57P03';
const GIVEN_UP = 'pgveil no longer watches it';

/** Names in the queries mean pg_catalog, whatever the role's or the database's settings are. */
const SETTINGS = `
  SET search_path = '';
  SET statement_timeout = ${STATEMENT_MS};
  SET lock_timeout = ${LOCK_MS};
  SET default_transaction_read_only = on;
  SET jit = off`;

/** The schema of a database cannot be read. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';

  constructor(
    readonly database: string,
    /** Why, in the words of the server or the system. */
    readonly reason: string,
    /** SQLSTATE where the server has answered, else the system's code such as ECONNREFUSED; may be absent. */
    readonly code: string | undefined,
    /**
     * `configuration`: the server does not accept the catalog user or has no such database, and will not by itself;
     * `unavailable`: it may work later.
     */
    readonly kind: 'configuration' | 'unavailable',
  ) {
    super(`pgveil cannot read the schema of database "${database}": ${reason}`);
  }
}

export interface WatcherOptions {
  readonly upstream: Upstream;
  readonly user: string;
  /** Asked before each connection: it can change. */
  readonly password?: () => string | undefined;
  readonly refreshSeconds: number;
  /** The catalog was read; the promise that waits for it resolves afterwards. */
  readonly onRead: (snapshot: Snapshot, seconds: number) => void;
  readonly onError: (error: CatalogError) => void;
}

export interface Watcher {
  current(): Snapshot | undefined;
  load(): Promise<Snapshot>;
  refresh(): Promise<Snapshot>;
  /** To be called about once a second: looks when it is time to, and lets go of a connection that is not needed. */
  tick(): void;
  /** Milliseconds since it was last used. */
  idleMs(): number;
  /** Milliseconds since the snapshot was last found right, undefined where there is none. */
  ageMs(): number | undefined;
  /** The last attempt's error, undefined after a success. */
  error(): CatalogError | undefined;
  close(): Promise<void>;
}

/** Watches one database. No connection is made before the first `load` or `refresh`. */
export function createWatcher(database: string, options: WatcherOptions): Watcher {
  const refreshMs = options.refreshSeconds * 1000;
  let client: pg.Client | undefined;
  /** The server that was the first to try when it was made: when another one is, it is given up. */
  let connectedFor: string | undefined;
  /** The connection was given up for want of use; nobody looks until the next use. */
  let parked = true;
  let known: { readonly snapshot: Snapshot; fingerprint: Fingerprint; confirmedAt: number } | undefined;
  let usedAt = performance.now();
  let running: Promise<Snapshot> | undefined;
  let queued: Promise<Snapshot> | undefined;
  let failure: { readonly error: CatalogError; readonly backoffMs: number; readonly until: number } | undefined;
  let closed = false;

  function firstPlace(): string {
    const { host, port } = options.upstream;
    return `${host}:${port}`;
  }

  /** To the first server that can be reached; one that answers is not passed over, whatever it says. */
  async function open(): Promise<pg.Client> {
    const servers = serversOf(options.upstream);
    const login = {
      user: options.user,
      password: options.password?.(),
      database,
      applicationName: 'pgveil catalog',
      silenceMs: SILENCE_MS,
    };
    for (const [index, server] of servers.entries()) {
      try {
        return await connectCatalog(server, login);
      } catch (error) {
        if (index === servers.length - 1 || isAnswer(error)) throw error;
      }
    }
    throw new Error('there is no server');
  }

  async function connect(): Promise<pg.Client> {
    const from = firstPlace();
    const fresh = await open();
    const forget = (): void => {
      if (client === fresh) client = undefined;
    };
    fresh.on('error', forget);
    fresh.on('end', forget);
    try {
      await fresh.query(SETTINGS);
    } catch (error) {
      void endCatalog(fresh);
      throw error;
    }
    if (closed) {
      void endCatalog(fresh);
      throw new Error(GIVEN_UP);
    }
    parked = false;
    client = fresh;
    connectedFor = from;
    return fresh;
  }

  async function look(): Promise<Snapshot> {
    const startedAt = performance.now();
    if (client && connectedFor !== firstPlace()) {
      void endCatalog(client);
      client = undefined;
    }
    const connection = client ?? (await connect());
    // Taken before the catalog is read: a change in between makes the next look read again.
    const fingerprint = await takeFingerprint(connection, known?.fingerprint);
    if (known && fingerprint.digest === known.fingerprint.digest) {
      known.fingerprint = fingerprint;
      known.confirmedAt = startedAt;
      return known.snapshot;
    }
    const readFrom = performance.now();
    const sameSystem = known?.fingerprint.system === fingerprint.system;
    const snapshot = await readPatiently(connection, known?.snapshot, sameSystem);
    // Nobody would be told of it.
    if (closed) throw new Error(GIVEN_UP);
    known = { snapshot, fingerprint, confirmedAt: startedAt };
    options.onRead(snapshot, (performance.now() - readFrom) / 1000);
    return snapshot;
  }

  async function attempt(): Promise<Snapshot> {
    if (failure && performance.now() < failure.until) throw failure.error;
    try {
      const snapshot = await look();
      failure = undefined;
      return snapshot;
    } catch (cause) {
      const error = toCatalogError(database, cause);
      const backoffMs = Math.min(failure ? failure.backoffMs * 2 : FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS);
      failure = { error, backoffMs, until: performance.now() + backoffMs };
      // Whatever state the connection is in, a new one has none.
      if (client) void endCatalog(client);
      client = undefined;
      if (!closed) options.onError(error);
      throw error;
    }
  }

  /** Starts a look, or shares the one that runs. */
  function share(): Promise<Snapshot> {
    running ??= attempt().finally(() => {
      running = undefined;
    });
    return running;
  }

  function current(): Snapshot | undefined {
    usedAt = performance.now();
    if (!known) return undefined;
    const holds = parked ? refreshMs : Math.max(GRACE_MS, 3 * refreshMs);
    return usedAt - known.confirmedAt <= holds ? known.snapshot : undefined;
  }

  return {
    current,
    load: async () => current() ?? share(),
    refresh: () => {
      usedAt = performance.now();
      if (!running) return share();
      // A look that runs may have read what this call is about before it changed.
      queued ??= running
        .catch(() => undefined)
        .then(() => {
          queued = undefined;
          return share();
        });
      return queued;
    },
    tick: () => {
      if (running) return;
      const now = performance.now();
      if (now - usedAt >= PARK_AFTER_MS) {
        if (client) void endCatalog(client);
        client = undefined;
        parked = true;
      } else if (!parked && known && (!client || now - known.confirmedAt >= refreshMs)) {
        if (!failure || now >= failure.until) share().catch(() => undefined);
      }
    },
    idleMs: () => performance.now() - usedAt,
    ageMs: () => known && performance.now() - known.confirmedAt,
    error: () => failure?.error,
    close: async () => {
      closed = true;
      const open = client;
      client = undefined;
      if (open) await endCatalog(open);
    },
  };
}

/** Objects may be dropped while they are read; then the next attempt finds what is left. */
async function readPatiently(client: pg.Client, before: Snapshot | undefined, sameSystem: boolean): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readSnapshot(client, before, sameSystem);
    } catch (error) {
      if (attempt === READ_ATTEMPTS || !isTransient(error)) throw error;
    }
  }
}

/** Not an answer of the server, or one about an object that is gone (class 42, XX000 cache lookup failed). */
function isTransient(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error && error.message.includes('was dropped');
  return error.code === 'XX000' || (error.code?.startsWith('42') ?? false);
}

/** Of a server that takes connections. */
function isAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code !== CANNOT_CONNECT_NOW;
}

/** Invalid authorization, missing database or privilege: nothing that passes by itself. */
function isConfiguration(code: string | undefined): boolean {
  return code !== undefined && /^(28...|3D000|42501)$/.test(code);
}

function toCatalogError(database: string, cause: unknown): CatalogError {
  const code = (cause as { readonly code?: unknown } | null)?.code;
  const known = typeof code === 'string' ? code : undefined;
  // A name with several addresses fails with one error for each, and an empty message.
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  const reason = inner instanceof Error ? inner.message : String(inner);
  const serverSays = cause instanceof pg.DatabaseError;
  return new CatalogError(
    database,
    reason,
    known,
    serverSays && isConfiguration(known) ? 'configuration' : 'unavailable',
  );
}

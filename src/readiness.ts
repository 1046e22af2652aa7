/** Whether new clients should be sent here. */
import type { Catalog } from './catalog/refresh.js';
import { probeUpstream } from './net/probe.js';
import type { Config } from './policy/config-types.js';

const PROBE_MS = 2_000;

export type Phase = 'starting' | 'running' | 'stopping';

export interface ReadinessSources {
  readonly config: Config;
  readonly catalog: Catalog;
  /** Databases whose policies do not fit the schema. */
  readonly unbound: () => ReadonlySet<string>;
  readonly phase: () => Phase;
}

/**
 * Why no new client should be sent here, in one line; undefined where the server takes connections, and the schema of
 * every database that is known, and of every one that the configuration names, could be read and fits the policies.
 */
export async function findUnready(sources: ReadinessSources): Promise<string | undefined> {
  const { config, catalog } = sources;
  const phase = sources.phase();
  if (phase !== 'running') return phase === 'starting' ? 'pgveil is starting' : 'pgveil is shutting down';
  const silent = await probeUpstream(config.upstream, config.catalog.user, PROBE_MS);
  if (silent) return silent;
  const states = catalog.databases();
  for (const { database, ageSeconds, error } of states) {
    const counts = ageSeconds !== undefined || config.catalog.databases.includes(database);
    if (counts && error) return error.message;
  }
  for (const database of config.catalog.databases) {
    const known = states.find((state) => state.database === database)?.ageSeconds !== undefined;
    if (!known) return `the schema of database "${database}" has not been read yet`;
  }
  const unbound = states.find(({ database }) => sources.unbound().has(database));
  return unbound && `policies do not fit the schema of database "${unbound.database}"; see the log`;
}

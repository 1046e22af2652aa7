/** Whether new clients should be sent here. */
import type { Catalog } from './catalog/refresh.js';
import { NO_SUCH_DATABASE } from './catalog/watcher.js';
import { probeUpstream } from './net/probe.js';
import { serversOf } from './net/upstream.js';
import type { Config, Server } from './policy/config-types.js';

const PROBE_MS = 2_000;

export type Phase = 'starting' | 'running' | 'stopping';

export interface ReadinessSources {
  /** The one in force. */
  readonly config: () => Config;
  readonly catalog: Catalog;
  /** The servers that sessions may go to, as far as is known; default: those of the configuration. */
  readonly servers?: () => readonly Server[];
  /** Databases whose policies do not fit the schema. */
  readonly unbound: () => ReadonlySet<string>;
  readonly phase: () => Phase;
}

/** Why a gateway that starts or stops wants no new client; undefined while it runs. */
export function phaseReason(phase: Phase): string | undefined {
  switch (phase) {
    case 'starting':
      return 'pgveil is starting';
    case 'running':
      return undefined;
    case 'stopping':
      return 'pgveil is shutting down';
    default:
      return phase satisfies never;
  }
}

/**
 * Why no new client should be sent here, in one line; undefined where the server takes connections, and the schema of
 * every database that counts could be read and fits the policies. Those that the configuration lists count. Where it
 * lists none, those count that clients have used, but not one that nobody could ever read or that is gone: who may
 * log in somewhere must not be able to take the gateway out of service.
 */
export async function findUnready(sources: ReadinessSources): Promise<string | undefined> {
  const { catalog } = sources;
  const { upstream, catalog: settings } = sources.config();
  const stage = phaseReason(sources.phase());
  if (stage !== undefined) return stage;
  const silent = await whySilent(sources.servers?.() ?? serversOf(upstream), settings.user);
  if (silent) return silent;
  const listed = settings.databases;
  const states = catalog.databases().filter(({ database, ageSeconds, error }) => {
    if (listed.length > 0) return listed.includes(database);
    return ageSeconds !== undefined && error?.code !== NO_SUCH_DATABASE;
  });
  const failing = states.find(({ error }) => error);
  if (failing) return failing.error?.message;
  for (const database of listed) {
    const known = states.find((state) => state.database === database)?.ageSeconds !== undefined;
    if (!known) return `the schema of database "${database}" has not been read yet`;
  }
  const unbound = states.find(({ database }) => sources.unbound().has(database));
  return unbound && `policies do not fit the schema of database "${unbound.database}"; see the log`;
}

/** Why none of the servers takes connections; undefined where one does. */
async function whySilent(servers: readonly Server[], user: string): Promise<string | undefined> {
  if (servers.length === 0) return 'no database server is what upstream.target_session_attrs wants';
  const reasons = await Promise.all(servers.map((server) => probeUpstream(server, user, PROBE_MS)));
  return reasons.every((reason) => reason !== undefined) ? reasons.join('; ') : undefined;
}

/** The servers of the configuration in force, watched by the catalog user's connections. */
import { lookAtHost } from './catalog/host-kind.js';
import { createHosts, type Hosts } from './net/hosts.js';
import type { Config } from './policy/config-types.js';

/** Where the configuration names no database: one that every server has. */
const DATABASE = 'postgres';

export function watchHosts(config: () => Config): Hosts {
  return createHosts({
    get upstream() {
      return config().upstream;
    },
    get keepaliveSeconds() {
      return config().limits.keepaliveSeconds;
    },
    look: (server) => {
      const { user, password, databases } = config().catalog;
      return lookAtHost(server, { user, password, database: databases[0] ?? DATABASE });
    },
  });
}

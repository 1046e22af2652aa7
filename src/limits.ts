/** Limits and rights of clients, as the configuration in force has them. */
import type { ListenerOptions } from './net/listener.js';
import type { Config, RoleConfig } from './policy/config-types.js';
import type { Permits } from './session/types.js';

/** Asked again for each client, for the configuration can change. */
export function limitsOf(config: () => Config): ListenerOptions['limits'] {
  return {
    get maxSessions() {
      return config().limits.maxSessions;
    },
    maxSessionsOf: (role) => roleOf(config(), role)?.maxSessions ?? config().limits.maxSessionsPerRole,
    get loginSeconds() {
      return config().limits.loginSeconds;
    },
    get idleSeconds() {
      return config().limits.idleSeconds;
    },
    get keepaliveSeconds() {
      return config().limits.keepaliveSeconds;
    },
  };
}

/** Asked again whenever it matters. */
export function permitsOf(config: () => Config): (role: string) => Permits {
  return (name) => roleOf(config(), name) ?? NOTHING;
}

const NOTHING: Permits = { replication: false, functionCall: false };

function roleOf(config: Config, name: string): RoleConfig | undefined {
  return config.roles.find((role) => role.name === name);
}

/** What a configuration file says of single roles. */
import { z } from 'zod';
import type { RoleConfig } from '../policy/config-types.js';
import { type Checks, checkMapping, entriesOf, report } from './check.js';
import { show } from './document.js';
import { wholeNumber } from './fields.js';

/** NAMEDATALEN - 1 */
const LONGEST_NAME = 63;
const ROLE = z.strictObject({
  max_sessions: wholeNumber(1, 100_000).optional(),
  replication: z.enum(['refuse', 'allow']).default('refuse'),
  function_call: z.enum(['refuse', 'allow']).default('refuse'),
});

/** `roles`; what could not be read has a problem added. */
export function readRoles(checks: Checks): readonly RoleConfig[] {
  const { document } = checks;
  return entriesOf(checks, ['roles'], 'roles by name').flatMap(({ key: name, path }): RoleConfig[] => {
    if (name === '' || Buffer.byteLength(name) > LONGEST_NAME) {
      report(checks, document.keyAt(path), `${show(name)} is not a name for a role`, 'a name has 1 to 63 bytes');
    }
    const role = checkMapping(checks, path, ROLE);
    if (!role) return [];
    const { max_sessions, replication, function_call } = role;
    return [
      {
        name,
        ...(max_sessions === undefined ? {} : { maxSessions: max_sessions }),
        replication: replication === 'allow',
        functionCall: function_call === 'allow',
      },
    ];
  });
}

/** Cancel requests. Which server has the session is known to the gateway that has it, and any other may get the request. */
import type { Server } from '../policy/config-types.js';
import { type DialOptions, dial } from './upstream.js';

/** How long a server may take to close the connection behind the request. */
const LONGEST_MS = 5_000;

/**
 * Sends the packet to every server; to those without such a session it does no harm, for the key is not theirs.
 * @param servers those that are down are not waited for, unless all are
 * @returns when they have done what they can, and whether one of them could be reached
 */
export async function sendCancel(
  servers: readonly { readonly server: Server; readonly down: boolean }[],
  packet: Buffer,
  options: DialOptions,
): Promise<boolean> {
  const sent = servers.map(({ server, down }) => ({ down, done: sendTo(server, packet, options) }));
  const awaited = sent.some(({ down }) => !down) ? sent.filter(({ down }) => !down) : sent;
  return (await Promise.all(awaited.map(({ done }) => done))).includes(true);
}

/** The server closes without an answer when it has done what it can. Resolves with whether it could be reached. */
function sendTo(server: Server, packet: Buffer, options: DialOptions): Promise<boolean> {
  return new Promise((resolve) => {
    dial(
      server,
      {
        ready(connected) {
          connected.end(packet);
          connected.setTimeout(LONGEST_MS, () => connected.destroy());
          connected.on('error', () => connected.destroy());
          connected.on('close', () => resolve(true));
          connected.resume();
        },
        failed: () => resolve(false),
      },
      options,
    );
  });
}

/** `listen.proxy_protocol`: the proxies whose word is taken for who the client is. */
import { isIP } from 'node:net';
import { z } from 'zod';
import type { Network, ProxyProtocol } from '../policy/config-types.js';
import { type Checks, checkMapping, report } from './check.js';
import { show } from './document.js';
import { flag } from './fields.js';

const NETWORK = 'must be an address or a network, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8';
const LIST = 'must be a list of addresses and networks of proxies, such as [10.0.0.0/8]';
const PROXY_PROTOCOL = z.strictObject({
  from: z.array(z.string({ error: NETWORK }), { error: LIST }).min(1, { error: LIST }),
  required: flag.default(true),
});

/** Undefined where there is none, or a problem was added. */
export function readProxyProtocol(checks: Checks): ProxyProtocol | undefined {
  const path = ['listen', 'proxy_protocol'];
  const { document } = checks;
  if (!document.has(path)) return undefined;
  const read = checkMapping(checks, path, PROXY_PROTOCOL);
  if (!read) return undefined;
  const from = read.from.flatMap((text, index): Network[] => {
    const network = readNetwork(text);
    if (!network) report(checks, document.at([...path, 'from', index]), `${NETWORK}, not ${show(text)}`);
    return network ? [network] : [];
  });
  return { from, required: read.required };
}

function readNetwork(text: string): Network | undefined {
  const [address, bits, ...more] = text.split('/');
  const version = isIP(address!);
  if (version === 0 || address!.includes('%') || more.length > 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits === undefined) return { address: address!, prefix: longest };
  const prefix = Number(bits);
  return /^\d{1,3}$/.test(bits) && prefix <= longest ? { address: address!, prefix } : undefined;
}

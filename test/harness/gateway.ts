/** The gateway in front of a test's server, under config/demo.yaml and the policies of the attacks' own tables. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../src/config.js';
import { type Gateway, startGateway } from '../../src/gateway.js';
import type { Config } from '../../src/policy/config-types.js';
import type { Target } from './raw-client.js';
import { type Role, type ShopServer, startShopServer } from './shop-server.js';

const DEMO = new URL('../../config/demo.yaml', import.meta.url);
const ATTACKED = new URL('../attacks/policies.yaml', import.meta.url);
/** The same for all, so that tokens of the same row are equal. */
const KEY = '5a3c'.repeat(16);
/** Of tags: the same for all, so that every byte can be compared. */
export const NONCE = '0123456789abcdef'.repeat(2);

export interface ShopGateway {
  readonly server: ShopServer;
  direct(role?: Role): Target;
  /** The same database through the gateway. */
  masked(role?: Role): Target;
  stop(): Promise<void>;
}

/** The configuration of a gateway before a server, on ports of the system's choice. */
export function configFor(
  upstream: Target,
  /** `edit` changes the policies' text. */
  options: { readonly plain?: boolean; readonly edit?: (source: string) => string } = {},
): Config {
  const source = readFileSync(DEMO, 'utf8') + (options.plain ? '' : readFileSync(ATTACKED, 'utf8'));
  const config = parseConfig(options.edit?.(source) ?? source, fileURLToPath(DEMO), () => Buffer.from(KEY));
  const { metrics, ...rest } = config;
  return {
    ...rest,
    ...(metrics ? { metrics: { host: upstream.host, port: 0 } } : {}),
    listen: { host: upstream.host, port: 0 },
    upstream: { host: upstream.host, port: upstream.port },
    catalog: { ...config.catalog, password: upstream.password, databases: [upstream.database] },
    workers: 1,
    logLevel: 'error',
  };
}

/** The gateway in front of a server that runs. */
export function startGatewayBefore(server: Target, options: { readonly plain?: boolean } = {}): Promise<Gateway> {
  return startGateway(configFor(server, options), { nonce: NONCE });
}

/** A server with the shop and a gateway before it. */
export async function startShopGateway(
  secret: 'A' | 'B',
  now = new Date(),
  options: Parameters<typeof startShopServer>[2] = {},
): Promise<ShopGateway> {
  const server = await startShopServer(secret, now, options);
  let gateway: Gateway;
  try {
    gateway = await startGatewayBefore(server.direct(), options);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    server,
    direct: server.direct,
    masked: (role) => ({ ...server.direct(role), ...gateway.address }),
    async stop() {
      await gateway.close();
      await server.stop();
    },
  };
}

/** Two that differ in the protected values of redacted rows and in nothing else. */
export async function startShopPair(): Promise<{ readonly a: ShopGateway; readonly b: ShopGateway }> {
  const now = new Date();
  const [a, b] = await Promise.all([startShopGateway('A', now), startShopGateway('B', now)]);
  return { a, b };
}

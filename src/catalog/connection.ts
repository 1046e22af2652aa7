/** The catalog user's connections. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { tlsOptions } from '../net/upstream.js';
import type { Server } from '../policy/config-types.js';

const CONNECT_MS = 5_000;
const END_MS = 1_000;

export interface CatalogLogin {
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly applicationName: string;
  /** Longest time that a query may go without an answer. */
  readonly silenceMs: number;
}

/** Logs in. As libpq: `prefer` is no promise of TLS, unless the server has answered through it. Rejects as pg.Client. */
export async function connectCatalog(server: Server, login: CatalogLogin): Promise<pg.Client> {
  const { host, port, tls } = server;
  const client = new pg.Client({
    host,
    port,
    user: login.user,
    password: login.password,
    database: login.database,
    application_name: login.applicationName,
    ssl: tls ? tlsOptions(host, tls) : false,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: login.silenceMs,
    keepAlive: true,
  });
  // What becomes of a connection is told by the promise of its query.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    void endCatalog(client);
    if (tls?.mode === 'prefer' && !(error instanceof pg.DatabaseError)) return connectCatalog({ host, port }, login);
    throw error;
  }
}

/** Ends the connection in good order, or by force where the server does not answer. Never rejects. */
export async function endCatalog(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => socketOf(client).destroy(), END_MS);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}

function socketOf(client: pg.Client): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;
}

/** Looks what a server is, as the catalog user. Mirrors the queries of CONNECTION_CHECK_TARGET in fe-connect.c. */
import pg from 'pg';
import type { Kind, Seen } from '../net/hosts.js';
import type { Server } from '../policy/config-types.js';
import { connectCatalog, endCatalog } from './connection.js';

const SILENCE_MS = 5_000;
/** cannot_connect_now and what comes before it. */
const NOT_NOW = /^57P0[123]$/;

/** What is set for the catalog's user or database alone says nothing of the server. */
const QUERY = `
  SELECT pg_catalog.pg_is_in_recovery() AS "standby",
         setting = 'on' AND source NOT IN ('database', 'user', 'database user', 'client', 'session') AS "readOnly"
  FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'`;

export interface LookLogin {
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
}

/** Never rejects: a server that does not let the user in is there all the same. */
export async function lookAtHost(server: Server, login: LookLogin): Promise<Seen> {
  let client: pg.Client | undefined;
  try {
    client = await connectCatalog(server, { ...login, applicationName: 'pgveil hosts', silenceMs: SILENCE_MS });
    const { rows } = await client.query<Kind>(QUERY);
    return rows[0] ?? 'unknown';
  } catch (error) {
    const answered = error instanceof pg.DatabaseError && !NOT_NOW.test(error.code ?? '');
    return answered ? 'unknown' : 'down';
  } finally {
    if (client) void endCatalog(client);
  }
}

/**
 * Every built-in function that is not IMMUTABLE was looked at: what it reads, and whether it runs SQL. A new major
 * version's functions fail this test until somebody has judged them.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { builtinVerdict, REFUSED_BUILTINS } from '../../src/sql/builtins.js';
import { startInstalledPostgres } from '../drivers/installed-postgres.js';
import type { RunningServer } from '../harness/shop-server.js';

/** Read in PostgreSQL's source: no table, file or SQL text that a caller chooses, and no row of a user's table. */
const HARMLESS = readFileSync(new URL('builtins-harmless.txt', import.meta.url), 'utf8').match(/^[^#\s].*$/gm) ?? [];

const UNSTABLE = `SELECT DISTINCT proname COLLATE "C" AS name FROM pg_proc
  WHERE oid < 16384 AND provolatile IN ('s', 'v') AND pronamespace = 'pg_catalog'::regnamespace ORDER BY 1`;

const servers: RunningServer[] = [];
const unstable: string[][] = [];

beforeAll(async () => {
  servers.push(await startEmbeddedPostgres(), await startInstalledPostgres({}));
  for (const { host, port, user, password } of servers) {
    const client = new pg.Client({ host, port, user, password, database: 'postgres' });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(UNSTABLE);
    unstable.push(rows.map((row) => row.name));
    await client.end();
  }
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

describe('built-in functions', () => {
  it('that are not IMMUTABLE have all been judged', () => {
    const judged = new Set([...HARMLESS, ...REFUSED_BUILTINS]);
    for (const names of unstable) {
      expect(names.length).toBeGreaterThan(700);
      expect(names.filter((name) => !judged.has(name))).toEqual([]);
    }
  });

  it('are on the lists only where some server has them', () => {
    const known = new Set(unstable.flat());
    expect([...HARMLESS, ...REFUSED_BUILTINS].filter((name) => !known.has(name))).toEqual([]);
  });

  it('that are harmless are not refused', () => {
    expect(HARMLESS.filter((name) => builtinVerdict(name))).toEqual([]);
    expect(REFUSED_BUILTINS.filter((name) => !builtinVerdict(name))).toEqual([]);
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/refresh.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import type { Config } from '../src/policy/config-types.js';
import { findUnready, type Phase } from '../src/readiness.js';

let server: EmbeddedPostgres;

beforeAll(async () => {
  server = await startEmbeddedPostgres();
});
afterAll(() => server?.stop());

it('tells the truth from the start over an unfit policy to the loss of the server and its return', async () => {
  const upstream = { host: server.host, port: server.port };
  const config = {
    upstream,
    catalog: { user: server.user, password: server.password, refreshSeconds: 1, databases: ['postgres'] },
  } as unknown as Config;
  const catalog = createCatalog({ ...config.catalog, upstream, pinned: ['postgres'] });
  const unbound = new Set<string>();
  let phase: Phase = 'starting';
  const unready = () => findUnready({ config, catalog, unbound: () => unbound, phase: () => phase });

  expect(await unready()).toBe('pgveil is starting');
  phase = 'running';
  expect(await unready()).toBe('the schema of database "postgres" has not been read yet');
  await catalog.load('postgres');
  expect(await unready()).toBeUndefined();

  // A database that nobody could read is its clients' affair.
  await expect(catalog.load('nowhere')).rejects.toThrow('does not exist');
  expect(await unready()).toBeUndefined();

  unbound.add('template1');
  expect(await unready()).toBeUndefined();
  unbound.add('postgres');
  expect(await unready()).toBe('policies do not fit the schema of database "postgres"; see the log');
  unbound.clear();

  await server.stop();
  expect(await unready()).toBe(`the server at ${upstream.host}:${upstream.port} cannot be reached: ECONNREFUSED`);
  await expect(catalog.refresh('postgres')).rejects.toMatchObject({ kind: 'unavailable' });

  // Another server in its place, with another password: up, but of no use to the catalog user.
  server = await startEmbeddedPostgres({ port: upstream.port });
  await expect
    .poll(async () => {
      await catalog.refresh('postgres').catch(() => undefined);
      return unready();
    })
    .toContain('password authentication failed');

  phase = 'stopping';
  expect(await unready()).toBe('pgveil is shutting down');
  await catalog.close();
});

import pg from 'pg';
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
  const { password } = server;
  const config = {
    upstream,
    catalog: { user: server.user, password: server.password, refreshSeconds: 1, databases: ['postgres'] },
  } as unknown as Config;
  const catalog = createCatalog({ ...config.catalog, password: () => password, upstream, pinned: ['postgres'] });
  const unbound = new Set<string>();
  let phase: Phase = 'starting';
  const unready = () => findUnready({ config: () => config, catalog, unbound: () => unbound, phase: () => phase });

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

it('is not undone by what a login can do, where no database is listed', async () => {
  const upstream = { host: server.host, port: server.port };
  const { user, password } = server;
  const config = { upstream, catalog: { user, refreshSeconds: 1, databases: [] } } as unknown as Config;
  const catalog = createCatalog({ ...config.catalog, password: () => password, upstream, pinned: [] });
  const unbound = new Set<string>();
  const unready = () => findUnready({ config: () => config, catalog, unbound: () => unbound, phase: () => 'running' });
  const admin = new pg.Client({ ...upstream, user, password, database: 'postgres' });
  await admin.connect();
  await admin.query('CREATE DATABASE brief');

  await catalog.load('brief');
  expect(await unready()).toBeUndefined();
  await admin.query('DROP DATABASE brief WITH (FORCE)');
  await expect(catalog.refresh('brief')).rejects.toMatchObject({ code: '3D000' });
  await expect(catalog.load('nowhere')).rejects.toMatchObject({ code: '3D000' });
  unbound.add('brief');
  expect(await unready()).toBeUndefined();

  await catalog.load('postgres');
  unbound.add('postgres');
  expect(await unready()).toBe('policies do not fit the schema of database "postgres"; see the log');
  await admin.end();
  await catalog.close();
});

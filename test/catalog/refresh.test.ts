import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSnapshot } from '../../src/catalog/introspection.js';
import { type Catalog, type CatalogOptions, createCatalog } from '../../src/catalog/refresh.js';
import { findColumn, findRelation, type Snapshot } from '../../src/catalog/snapshot.js';
import type { CatalogError } from '../../src/catalog/watcher.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';

let server: EmbeddedPostgres;
let admin: pg.Client;
let catalog: Catalog;
let reads: { database: string; snapshot: Snapshot }[];
let changes: { database: string; snapshot: Snapshot }[];
let drops: string[];
let errors: CatalogError[];

const clientOf = (database: string) =>
  new pg.Client({ host: server.host, port: server.port, user: server.user, password: server.password, database });

function start(options: Partial<CatalogOptions> = {}): Catalog {
  reads = [];
  changes = [];
  drops = [];
  errors = [];
  const { password } = server;
  const created = createCatalog({
    upstream: { host: server.host, port: server.port },
    user: server.user,
    password: () => password,
    refreshSeconds: 0.1,
    pinned: [],
    onRead: (database, snapshot) => reads.push({ database, snapshot }),
    onError: (_database, error) => errors.push(error),
    ...options,
  });
  created.onChange((database, snapshot) => changes.push({ database, snapshot }));
  created.onDrop((database) => drops.push(database));
  return created;
}

async function unusedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Waits until the condition holds, using the database meanwhile as a busy session would. */
async function until(condition: () => boolean, database?: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 20_000) throw new Error('It did not come to pass within 20 seconds');
    if (database) catalog.current(database);
    await sleep(20);
  }
}

async function connections(database: string): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    `SELECT count(*)::integer AS n FROM pg_stat_activity WHERE application_name = 'pgveil catalog' AND datname = $1`,
    [database],
  );
  return rows[0]!.n;
}

const hasColumn = (snapshot: Snapshot | undefined, table: string, column: string): boolean => {
  const relation = snapshot && findRelation(snapshot, 'public', table);
  return relation !== undefined && findColumn(relation, column) !== undefined;
};

beforeAll(async () => {
  server = await startEmbeddedPostgres();
  admin = clientOf('postgres');
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await server?.stop();
});
beforeEach(async () => {
  await admin.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE orders (id bigint PRIMARY KEY)');
});
afterEach(() => catalog.close());

describe('a database', () => {
  it('is read when it is first asked for, and from then on is current', async () => {
    catalog = start();
    expect(catalog.current('postgres')).toBeUndefined();
    expect(catalog.databases()).toEqual([]);
    const snapshot = await catalog.load('postgres');
    expect(hasColumn(snapshot, 'orders', 'id')).toBe(true);
    expect(catalog.current('postgres')).toBe(snapshot);
    expect(await catalog.load('postgres')).toBe(snapshot);
    expect(reads).toHaveLength(1);
    expect(changes).toEqual([{ database: 'postgres', snapshot }]);
  });

  it('is read once for many that ask at the same time', async () => {
    catalog = start();
    const all = await Promise.all(Array.from({ length: 20 }, () => catalog.load('postgres')));
    expect(new Set(all).size).toBe(1);
    expect(reads).toHaveLength(1);
    expect(await connections('postgres')).toBe(1);
  });

  it('is read again by itself when its schema has changed, and only then', async () => {
    catalog = start();
    await catalog.load('postgres');
    await until(() => catalog.databases()[0]!.ageSeconds! < 0.05, 'postgres');
    await sleep(300);
    expect(reads).toHaveLength(1);
    await admin.query('ALTER TABLE orders ADD COLUMN note text');
    await until(() => changes.length === 2, 'postgres');
    expect(hasColumn(catalog.current('postgres'), 'orders', 'note')).toBe(true);
  });

  it('is not read again for temporary tables and data', async () => {
    catalog = start();
    await catalog.load('postgres');
    await admin.query('CREATE TEMP TABLE busy (id serial PRIMARY KEY, note text UNIQUE, CHECK (id > 0))');
    await admin.query('CREATE TEMP VIEW busy_view AS SELECT * FROM busy');
    await admin.query('INSERT INTO orders SELECT generate_series(1, 100)');
    await admin.query('ANALYZE orders');
    await catalog.refresh('postgres');
    expect(reads).toHaveLength(1);
    await admin.query('DROP TABLE busy CASCADE');
    await catalog.refresh('postgres');
    expect(reads).toHaveLength(1);
  });
});

describe('a refresh', () => {
  const ddl: readonly string[] = [
    'ALTER TABLE orders ADD COLUMN note text',
    'ALTER TABLE orders RENAME COLUMN note TO remark',
    'ALTER TABLE orders ALTER COLUMN remark SET NOT NULL',
    'ALTER TABLE orders ALTER COLUMN remark TYPE varchar(20)',
    'ALTER TABLE orders DROP COLUMN remark',
    'ALTER TABLE orders RENAME TO purchases',
    'CREATE VIEW v AS SELECT id FROM purchases',
    'CREATE OR REPLACE VIEW v AS SELECT id FROM purchases WHERE id > 0',
    'ALTER VIEW v SET (security_invoker = true)',
    'CREATE SCHEMA other; ALTER VIEW v SET SCHEMA other',
    'CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 2 $$',
    'ALTER FUNCTION f() RENAME TO g',
    'CREATE OPERATOR <+> (leftarg = integer, rightarg = integer, function = int4pl)',
    'CREATE TABLE child () INHERITS (purchases)',
    'ALTER TABLE child NO INHERIT purchases',
    'CREATE UNIQUE INDEX ON child (id)',
    'CREATE RULE r AS ON INSERT TO child DO ALSO NOTHING',
    'CREATE ROLE refresh_a',
    'CREATE ROLE refresh_b IN ROLE refresh_a',
    'REVOKE refresh_a FROM refresh_b',
    'ALTER ROLE refresh_b SUPERUSER',
    'ALTER ROLE refresh_b RENAME TO refresh_c',
    'DROP ROLE refresh_a, refresh_c',
    "CREATE TYPE mood AS ENUM ('calm'); ALTER TABLE child ADD COLUMN mood mood",
    'ALTER TYPE mood RENAME TO temper',
    'ALTER TABLE child ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) STORED',
    'CREATE POLICY own ON child USING (id > 0)',
    'ALTER POLICY own ON child USING (id > 1)',
    'ALTER POLICY own ON child WITH CHECK (id > 2)',
    'DROP POLICY own ON child',
    'CREATE STATISTICS of_child ON (id + 1) FROM child',
    'DROP STATISTICS of_child',
    'CREATE TABLE parts (id integer) PARTITION BY RANGE ((id + 1))',
    'ALTER TABLE child ADD CHECK (id > 0)',
    'CREATE INDEX ON child ((id + 1)) WHERE id > 5',
    'ALTER TABLE child ALTER id SET DEFAULT 7',
    'CREATE DOMAIN positive AS integer CHECK (VALUE > 0)',
    'ALTER DOMAIN positive SET DEFAULT 3',
    'GRANT SELECT ON child TO PUBLIC',
    'GRANT SELECT (id) ON child TO PUBLIC',
    'ALTER TABLE child ENABLE ROW LEVEL SECURITY',
    'CREATE EXTENSION IF NOT EXISTS plpgsql; ALTER EXTENSION plpgsql ADD FUNCTION g()',
    'ALTER EXTENSION plpgsql DROP FUNCTION g()',
    'DROP SCHEMA other CASCADE',
    'DROP TABLE child',
  ];
  const systemDdl: readonly string[] = [
    'GRANT SELECT ON pg_authid TO PUBLIC',
    'REVOKE SELECT ON pg_authid FROM PUBLIC',
    'CREATE ROLE refresh_d; GRANT SELECT (rolname) ON pg_authid TO refresh_d',
    'ALTER ROLE refresh_d RENAME TO refresh_e',
    'SET allow_system_table_mods = on; ALTER VIEW pg_tables SET (security_barrier = false, security_invoker = true)',
    'ALTER VIEW pg_tables RENAME COLUMN tablename TO called',
    'ALTER FUNCTION pg_catalog.repeat(text, integer) RENAME TO again',
    'ALTER SCHEMA information_schema RENAME TO informed; RESET allow_system_table_mods',
  ];

  it('sees every kind of DDL that was committed before it', async () => {
    catalog = start({ refreshSeconds: 3600 });
    let before = await catalog.load('postgres');
    const unseen: string[] = [];
    for (const sql of [...ddl, ...systemDdl]) {
      await admin.query(sql);
      const after = await catalog.refresh('postgres');
      if (after.digest === before.digest) unseen.push(sql);
      // What was kept of the snapshot before is as if it had been read.
      expect(after.digest, sql).toBe((await readSnapshot(admin)).digest);
      before = after;
    }
    expect(unseen).toEqual([]);
    expect(changes).toHaveLength(ddl.length + systemDdl.length + 1);
  });

  it('keeps what has not changed, and reads again what has', async () => {
    catalog = start({ refreshSeconds: 3600 });
    const first = await catalog.load('postgres');
    await admin.query('CREATE TABLE one_more (id integer); GRANT SELECT ON pg_authid TO PUBLIC');
    const second = await catalog.refresh('postgres');
    await admin.query('REVOKE SELECT ON pg_authid FROM PUBLIC');
    expect(findRelation(second, 'public', 'one_more')).toBeDefined();
    for (const [schema, name, isSame] of [
      ['pg_catalog', 'pg_tables', true],
      ['public', 'orders', true],
      ['pg_catalog', 'pg_authid', false],
    ] as const) {
      const before = findRelation(first, schema, name);
      expect(before).toBeDefined();
      expect(findRelation(second, schema, name) === before, name).toBe(isSame);
    }
  });

  it('does not take what a look read that began before it, and shares one look with others that wait', async () => {
    catalog = start({ refreshSeconds: 3600 });
    const running = catalog.load('postgres');
    // The look that runs has begun: its first query may be answered before or after the DDL.
    await admin.query('ALTER TABLE orders ADD COLUMN late text');
    const waiting = [catalog.refresh('postgres'), catalog.refresh('postgres'), catalog.refresh('postgres')];
    await running;
    const snapshots = await Promise.all(waiting);
    expect(new Set(snapshots).size).toBe(1);
    expect(hasColumn(snapshots[0], 'orders', 'late')).toBe(true);
    expect(reads.length).toBeLessThanOrEqual(2);
  });

  it('waits for a look of its own while another runs, however many DDL statements follow', async () => {
    catalog = start({ refreshSeconds: 3600 });
    await catalog.load('postgres');
    for (let i = 0; i < 6; i++) {
      const earlier = catalog.refresh('postgres');
      await admin.query(`ALTER TABLE orders ADD COLUMN c${i} text`);
      const later = await catalog.refresh('postgres');
      expect(hasColumn(later, 'orders', `c${i}`)).toBe(true);
      await earlier;
    }
  });
});

describe('the catalog connection', () => {
  it('is made again when the server ends it, and the snapshot holds meanwhile', async () => {
    catalog = start();
    const snapshot = await catalog.load('postgres');
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgveil catalog'`,
    );
    expect(catalog.current('postgres')).toBe(snapshot);
    await admin.query('ALTER TABLE orders ADD COLUMN afterwards text');
    await until(() => changes.length === 2, 'postgres');
    expect(hasColumn(catalog.current('postgres'), 'orders', 'afterwards')).toBe(true);
    expect(catalog.databases()[0]!.error).toBeUndefined();
  });

  it('is given up soon after the last use, so that DROP DATABASE works, and comes back with the next use', async () => {
    await admin.query('CREATE DATABASE short_lived');
    catalog = start({ refreshSeconds: 1 });
    await catalog.load('short_lived');
    expect(await connections('short_lived')).toBe(1);
    await sleep(3_500);
    expect(await connections('short_lived')).toBe(0);
    // What was read is too old to plan with, and is confirmed without reading it all again.
    expect(catalog.current('short_lived')).toBeUndefined();
    await catalog.load('short_lived');
    expect(reads).toHaveLength(1);
    expect(catalog.current('short_lived')).toBe(reads[0]!.snapshot);
    // The server gives other connections five seconds to end.
    await admin.query('DROP DATABASE short_lived');
    await expect(catalog.refresh('short_lived')).rejects.toMatchObject({ code: '3D000', kind: 'configuration' });
  });

  it('does not depend on settings of the database that would bend its queries', async () => {
    await admin.query(`CREATE DATABASE bent`);
    try {
      const inside = clientOf('bent');
      await inside.connect();
      await inside.query(`CREATE SCHEMA evil; CREATE VIEW evil.pg_class AS SELECT * FROM pg_catalog.pg_class LIMIT 0`);
      await inside.query(`CREATE TABLE kept (id integer)`);
      await inside.query(`ALTER DATABASE bent SET search_path = evil, pg_catalog`);
      catalog = start({ refreshSeconds: 3600 });
      expect(hasColumn(await catalog.load('bent'), 'kept', 'id')).toBe(true);
      await inside.query(`CREATE TABLE later (id integer)`);
      expect(hasColumn(await catalog.refresh('bent'), 'later', 'id')).toBe(true);
      await inside.end();
    } finally {
      await catalog.close();
      await admin.query('DROP DATABASE bent');
    }
  });

  it('does not wait for ever for a lock that a client holds on a view’s table', async () => {
    await admin.query('CREATE VIEW v AS SELECT id FROM orders');
    const other = clientOf('postgres');
    await other.connect();
    catalog = start({ refreshSeconds: 3600 });
    await other.query('BEGIN; ALTER TABLE orders ADD COLUMN x text');
    await expect(catalog.load('postgres')).rejects.toMatchObject({ code: '55P03', kind: 'unavailable' });
    await other.query('COMMIT');
    await sleep(300);
    expect(hasColumn(await catalog.load('postgres'), 'orders', 'x')).toBe(true);
    await other.end();
  });
});

describe('several servers', () => {
  const pids = async (): Promise<readonly number[]> => {
    const { rows } = await admin.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgveil catalog' AND datname = current_database()",
    );
    return rows.map(({ pid }) => pid);
  };

  it('the next one is asked where the first cannot be reached', async () => {
    const more = [{ host: server.host, port: server.port }];
    catalog = start({ upstream: { host: '127.0.0.1', port: await unusedPort(), more } });
    expect((await catalog.load('postgres')).database).toBe('postgres');
    expect(errors).toEqual([]);
  });

  it('none is asked behind one that does not let the user in', async () => {
    const more = [{ host: server.host, port: await unusedPort() }];
    catalog = start({ upstream: { host: server.host, port: server.port, more }, password: () => 'wrong' });
    await expect(catalog.load('postgres')).rejects.toMatchObject({ code: '28P01' });
  });

  it('the connection is made anew when another one is the first to ask', async () => {
    let first = '127.0.0.1';
    const upstream = {
      get host() {
        return first;
      },
      port: server.port,
    };
    catalog = start({ upstream });
    await catalog.load('postgres');
    const before = await pids();
    await catalog.refresh('postgres');
    expect(await pids()).toEqual(before);
    first = 'localhost';
    await catalog.refresh('postgres');
    for (let waited = 0; (await pids()).some((pid) => before.includes(pid)); waited += 20) {
      expect(waited).toBeLessThan(5_000);
      await sleep(20);
    }
    expect(await pids()).toHaveLength(1);
    expect(reads).toHaveLength(1);
  });
});

describe('a database that cannot be read', () => {
  it('says so, with the server’s reason: it does not exist, or the password is wrong', async () => {
    catalog = start();
    await expect(catalog.load('nowhere')).rejects.toMatchObject({
      message: 'pgveil cannot read the schema of database "nowhere": database "nowhere" does not exist',
      kind: 'configuration',
    });
    await catalog.close();
    catalog = start({ password: () => 'wrong' });
    await expect(catalog.load('postgres')).rejects.toMatchObject({ code: '28P01', kind: 'configuration' });
    expect(catalog.current('postgres')).toBeUndefined();
  });

  it('is not tried again at once: those who ask meanwhile get the same answer', async () => {
    catalog = start();
    for (let i = 0; i < 10; i++) await expect(catalog.load('nowhere')).rejects.toThrow('does not exist');
    expect(errors).toHaveLength(1);
    await sleep(400);
    await expect(catalog.load('nowhere')).rejects.toThrow('does not exist');
    expect(errors).toHaveLength(2);
  });

  it('is tried until it works where it is pinned', async () => {
    const port = await unusedPort();
    catalog = start({ upstream: { host: '127.0.0.1', port }, pinned: ['postgres'] });
    await expect(catalog.load('postgres')).rejects.toMatchObject({ code: 'ECONNREFUSED', kind: 'unavailable' });
    const late = await startEmbeddedPostgres({ port });
    try {
      // The other server has another password: that it was asked for shows that the attempts go on.
      await until(() => errors.some((error) => error.code === '28P01'));
    } finally {
      await late.stop();
    }
  });
});

describe('many databases', () => {
  beforeAll(async () => {
    for (const name of ['many_a', 'many_b', 'many_c']) await admin.query(`CREATE DATABASE ${name}`);
  });

  it('are kept up to a limit: what was not used longest is given up, what is pinned is not', async () => {
    catalog = start({ mostDatabases: 2, pinned: ['many_a'], refreshSeconds: 3600 });
    await catalog.load('many_a');
    await catalog.load('many_b');
    await sleep(10);
    await catalog.load('many_c');
    expect(drops).toEqual(['many_b']);
    expect(catalog.databases().map((d) => d.database)).toEqual(['many_a', 'many_c']);
    expect(catalog.current('many_b')).toBeUndefined();
    expect(hasColumn(await catalog.load('many_b'), 'orders', 'id')).toBe(false);
    expect(drops).toEqual(['many_b', 'many_c']);
  });

  it('that do not exist push out no other', async () => {
    catalog = start({ mostDatabases: 2, refreshSeconds: 3600 });
    await catalog.load('many_a');
    for (let i = 0; i < 10; i++) await expect(catalog.load(`invented_${i}`)).rejects.toThrow('does not exist');
    expect(catalog.current('many_a')).toBeDefined();
    expect(catalog.databases()).toHaveLength(2);
  });
});

it('after close, nothing is connected and everything is rejected', async () => {
  catalog = start();
  await catalog.load('postgres');
  const running = catalog.refresh('postgres').catch(() => undefined);
  await catalog.close();
  await running;
  await expect(catalog.load('postgres')).rejects.toThrow('shutting down');
  await sleep(200);
  expect(await connections('postgres')).toBe(0);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { type Child, get, killAll, run, serve, unusedPorts } from './harness/cli.js';

let folder: string;
let server: EmbeddedPostgres;
const open = new Set<pg.Client>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pgveil-workers-'));
  server = await startEmbeddedPostgres();
  await writeFile(path.join(folder, 'catalog.password'), server.password);
  const admin = await connected(server.port);
  await admin.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY, channel text NOT NULL, buyer_name text NOT NULL, notes text NOT NULL)`);
  await admin.query(`INSERT INTO orders VALUES (1, 'amazon', 'Erika Mustermann', 'fragile')`);
});
afterEach(async () => {
  await Promise.all([...open].map((client) => client.end().catch(() => undefined)));
  open.clear();
  killAll();
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function connected(port: number): Promise<pg.Client> {
  const { user, password } = server;
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  open.add(client);
  return client;
}

/** The end of a session is told a moment later than its client has closed it. */
async function eventuallyConnected(port: number): Promise<pg.Client> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await connected(port);
    } catch (error) {
      if (attempts === 50 || (error as pg.DatabaseError).code !== '53300') throw error;
      await sleep(50);
    }
  }
}

interface Places {
  readonly file: string;
  readonly listen: number;
  readonly metrics: number;
}

async function configured(more = '', mask = 'blank', workers = 2): Promise<Places> {
  const [listen, metrics] = (await unusedPorts(2)) as [number, number];
  const file = path.join(folder, `pgveil-${listen}.yaml`);
  await writeFile(file, configuration({ listen, metrics, more, mask, workers }));
  return { file, listen, metrics };
}

function configuration({
  listen,
  metrics,
  more = '',
  mask = 'blank',
  workers = 2,
}: {
  readonly listen: number;
  readonly metrics: number;
  readonly more?: string;
  readonly mask?: string;
  readonly workers?: number;
}): string {
  return `listen: { host: 127.0.0.1, port: ${listen} }
upstream: { host: 127.0.0.1, port: ${server.port} }
# Only what is announced is known in time.
catalog: { user: postgres, password_file: catalog.password, refresh_seconds: 3600, databases: [postgres] }
metrics: { host: 127.0.0.1, port: ${metrics} }
workers: ${workers}
${more}
policies:
  amazon:
    redact_when: { table: public.orders, where: channel = 'amazon' }
    tables:
      public.orders: { columns: { buyer_name: { category: personal_name, mask: ${mask} } } }
`;
}

const ALL_RUN = '"msg":"all workers take clients"';

interface Line {
  readonly msg: string;
  readonly pid: number;
  readonly [field: string]: unknown;
}

function lines(child: Child): Line[] {
  return child
    .stdout()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The process that serves a client: the one that logs its refusal. */
async function processOf(client: pg.Client, child: Child): Promise<number> {
  const name = `who${Math.random().toString(36).slice(2)}`;
  await client.query(`SET application_name = '${name}'`);
  const before = lines(child).filter(({ msg }) => msg === 'refused').length;
  await expect(client.query(`SELECT 1 FROM orders WHERE buyer_name = ''`)).rejects.toMatchObject({ code: '42501' });
  const refused = () => lines(child).filter(({ msg }) => msg === 'refused');
  await expect.poll(() => refused().length, { interval: 10 }).toBeGreaterThan(before);
  return refused().at(-1)!.pid;
}

/** Clients of different workers. */
async function oneForEach(port: number, child: Child): Promise<[pg.Client, pg.Client]> {
  const first = await connected(port);
  const by = await processOf(first, child);
  for (;;) {
    const second = await connected(port);
    if ((await processOf(second, child)) !== by) return [first, second];
  }
}

async function metric(port: number, name: string): Promise<number> {
  const { text } = await get(port, '/metrics');
  const found = new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text);
  return Number(found?.[1]);
}

async function alive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('workers', () => {
  it('share one port, one configuration and one set of metrics, and end with the primary', async () => {
    const { file, listen, metrics } = await configured();
    const child = await serve(file, ALL_RUN);
    expect(await get(metrics, '/readyz')).toEqual({ status: 200, text: 'ready\n' });
    const clients = await Promise.all(Array.from({ length: 6 }, () => connected(listen)));
    const pids: number[] = [];
    for (const client of clients) {
      expect((await client.query('SELECT buyer_name FROM orders')).rows).toEqual([{ buyer_name: '' }]);
      pids.push(await processOf(client, child));
    }
    const workers = [...new Set(pids)];
    expect(workers).toHaveLength(2);
    expect(workers).not.toContain(child.process.pid);
    expect(await metric(metrics, 'pgveil_sessions')).toBe(6);
    expect(await metric(metrics, 'pgveil_queries_total{verdict="rewrite",kind="select"}')).toBe(6);
    expect(await metric(metrics, 'pgveil_refusals_total{reason="filter",policy="amazon"}')).toBe(6);
    expect(await metric(metrics, 'pgveil_workers')).toBe(2);
    expect(await metric(metrics, 'pgveil_policies_bound{database="postgres"}')).toBe(1);
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
    for (const pid of workers) expect(await alive(pid)).toBe(false);
    expect(child.stderr()).toBe('');
  });

  it.each([
    [
      '78 and the errors once',
      '78',
      "amazon2: { redact_when: { table: public.none, where: 'true' }, tables: { public.none: { columns: {} } } }",
    ],
  ])('end with %s where they cannot start', async (_, code, policy) => {
    const { file, listen, metrics } = await configured();
    await writeFile(file, `${configuration({ listen, metrics })}  ${policy}\n`);
    const result = await run('serve', '--config', file);
    expect(String(result.code)).toBe(code);
    expect(result.stderr.trim().split('\n')).toHaveLength(new Set(result.stderr.trim().split('\n')).size);
    expect(result.stderr).toMatch(/public\.none/);
  });

  it('end with 73 where the port is in use', async () => {
    const { file, listen } = await configured();
    const first = await serve(file, ALL_RUN);
    const other = await configured();
    await writeFile(other.file, configuration({ listen, metrics: other.metrics }));
    const result = await run('serve', '--config', other.file);
    expect(result).toMatchObject({
      code: 73,
      stderr: `pgveil: listen: cannot listen on 127.0.0.1:${listen}: the port is in use\n`,
    });
    first.process.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  });

  it('are replaced where they die: sessions of the others go on, and no counter falls', async () => {
    const { file, listen, metrics } = await configured();
    const child = await serve(file, ALL_RUN);
    const [one, two] = await oneForEach(listen, child);
    const [dying, staying] = [await processOf(one, child), await processOf(two, child)];
    const REFUSALS = 'pgveil_refusals_total{reason="filter",policy="amazon"}';
    const before = await metric(metrics, REFUSALS);
    const lost = new Promise<Error>((resolve) => one.once('error', resolve));
    process.kill(dying, 'SIGKILL');
    expect((await lost).message).toMatch(/terminated unexpectedly/);
    expect((await two.query('SELECT buyer_name FROM orders')).rows).toEqual([{ buyer_name: '' }]);
    await expect.poll(() => metric(metrics, 'pgveil_workers'), { timeout: 15_000 }).toBe(2);
    expect(await metric(metrics, 'pgveil_worker_deaths_total')).toBe(1);
    expect(await metric(metrics, REFUSALS)).toBe(before);
    const [three, four] = await oneForEach(listen, child);
    const now = [await processOf(three, child), await processOf(four, child)];
    expect(now).toContain(staying);
    expect(now).not.toContain(dying);
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
  });

  it('know what another has changed in the schema, before it is committed and as soon as it is', async () => {
    const { file, listen } = await configured();
    const child = await serve(file, ALL_RUN);
    const [one, two] = await oneForEach(listen, child);
    const define = (columns: string) => `CREATE OR REPLACE VIEW shown AS SELECT id, ${columns} AS what FROM orders`;
    await one.query(define('notes'));
    expect((await two.query('SELECT what FROM shown')).rows).toEqual([{ what: 'fragile' }]);
    const prepared = { name: 'by name', text: 'SELECT what FROM shown' };
    expect((await two.query(prepared)).rows).toEqual([{ what: 'fragile' }]);

    await one.query('BEGIN');
    await one.query(define('buyer_name'));
    await expect(two.query('SELECT what FROM shown')).rejects.toMatchObject({ code: '0A000' });
    const waiting = two.query('SELECT what FROM shown');
    await one.query('COMMIT');
    expect((await waiting).rows).toEqual([{ what: '' }]);
    expect((await two.query('SELECT what FROM shown')).rows).toEqual([{ what: '' }]);
    expect((await two.query(prepared)).rows).toEqual([{ what: '' }]);

    // Whatever is on its way meanwhile: the two are never out of step.
    for (let round = 0; round < 12; round++) {
      const [column, shown] = round % 2 === 0 ? ['notes', 'fragile'] : ['buyer_name', ''];
      const racing = two.query('SELECT what FROM shown').then(
        ({ rows }) => rows[0].what as string,
        (error: pg.DatabaseError) => error.code!,
      );
      await one.query(define(column));
      expect((await two.query('SELECT what FROM shown')).rows, `round ${round}`).toEqual([{ what: shown }]);
      expect(['fragile', '']).toContain(await racing);
    }
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
  });

  it('count sessions together, and those of a worker that has died no more', async () => {
    const { file, listen, metrics } = await configured('limits: { max_sessions: 3 }');
    const child = await serve(file, ALL_RUN);
    const [one, two] = await oneForEach(listen, child);
    const tooMany = { code: '53300', message: 'sorry, too many clients already' };
    const spare = [...open].filter((client) => client !== one && client !== two);
    await Promise.all(spare.map((client) => client.end()));
    await expect.poll(() => metric(metrics, 'pgveil_sessions')).toBe(2);
    const three = await connected(listen);
    for (let i = 0; i < 4; i++) await expect(connected(listen)).rejects.toMatchObject(tooMany);
    await three.end();
    const again = await eventuallyConnected(listen);
    await expect(connected(listen)).rejects.toMatchObject(tooMany);
    await again.end();
    const lost = new Promise((resolve) => one.once('error', resolve));
    process.kill(await processOf(one, child), 'SIGKILL');
    await lost;
    await expect.poll(() => metric(metrics, 'pgveil_workers'), { timeout: 15_000 }).toBe(2);
    const more = [await eventuallyConnected(listen), await eventuallyConnected(listen)];
    expect(more).toHaveLength(2);
    await expect(connected(listen)).rejects.toMatchObject(tooMany);
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
  });

  it('take a changed configuration together, or not at all', async () => {
    const places = await configured();
    const child = await serve(places.file, ALL_RUN);
    const pair = await oneForEach(places.listen, child);
    await writeFile(places.file, configuration({ ...places, mask: '{ constant: withheld }' }));
    child.process.kill('SIGHUP');
    const show = async () =>
      Promise.all(pair.map(async (client) => (await client.query('SELECT buyer_name FROM orders')).rows[0].buyer_name));
    await expect.poll(show, { timeout: 10_000 }).toEqual(['withheld', 'withheld']);
    await writeFile(places.file, configuration({ ...places, mask: 'year' }));
    child.process.kill('SIGHUP');
    await expect.poll(() => metric(places.metrics, 'pgveil_config_last_reload_success'), { timeout: 10_000 }).toBe(0);
    expect(await show()).toEqual(['withheld', 'withheld']);
    await writeFile(places.file, configuration(places).replace('buyer_name:', 'nobody:'));
    child.process.kill('SIGHUP');
    const problems = () => lines(child).filter(({ problem }) => String(problem).includes('nobody'));
    await expect.poll(() => problems().length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(problems()).toHaveLength(1);
    expect(await show()).toEqual(['withheld', 'withheld']);
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
  });

  it('give way to new ones on SIGUSR2: transactions go on, and who connects is served or told to come again', async () => {
    const places = await configured('limits: { drain_seconds: 1 }');
    const child = await serve(places.file, ALL_RUN);
    const [busy, idle] = await oneForEach(places.listen, child);
    const old = [await processOf(busy, child), await processOf(idle, child)];
    await busy.query('BEGIN');
    await busy.query(`INSERT INTO orders VALUES (2, 'ebay', 'Max Muster', '')`);
    await writeFile(places.file, configuration({ ...places, mask: '{ constant: withheld }', workers: 3 }));
    const ended = new Promise<pg.DatabaseError>((resolve) => idle.once('error', resolve as (error: Error) => void));
    let over = false;
    const connections: string[] = [];
    const connecting = (async () => {
      while (!over) {
        const outcome = await connected(places.listen).then(
          async (client) => {
            open.delete(client);
            await client.end();
            return 'served';
          },
          (error: pg.DatabaseError) => error.code ?? error.message,
        );
        connections.push(outcome);
      }
    })();
    child.process.kill('SIGUSR2');
    expect((await ended).code).toBe('57P01');
    await expect.poll(() => metric(places.metrics, 'pgveil_workers'), { timeout: 10_000 }).toBe(3);
    // Longer than drain_seconds, which is for the end of all.
    await sleep(1_500);
    const next = await connected(places.listen);
    expect((await next.query('SELECT buyer_name FROM orders WHERE id = 1')).rows).toEqual([{ buyer_name: 'withheld' }]);
    expect(old).not.toContain(await processOf(next, child));
    await busy.query('COMMIT');
    await expect.poll(async () => Promise.all(old.map(alive)), { timeout: 10_000 }).toEqual([false, false]);
    over = true;
    await connecting;
    expect([...new Set(connections)].filter((outcome) => outcome !== '57P01')).toEqual(['served']);
    expect(connections.length).toBeGreaterThan(10);
    expect((await next.query('DELETE FROM orders WHERE id = 2')).rowCount).toBe(1);

    await writeFile(places.file, configuration(places).replace('buyer_name:', 'nobody:'));
    child.process.kill('SIGUSR2');
    await expect.poll(child.stdout, { timeout: 15_000 }).toContain('"msg":"the workers cannot be replaced');
    expect((await next.query('SELECT buyer_name FROM orders WHERE id = 1')).rows).toEqual([{ buyer_name: 'withheld' }]);
    expect(await metric(places.metrics, 'pgveil_workers')).toBe(3);
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
  });
});

import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/demo/embedded-postgres.js';
import { get, killAll, run, serve, unusedPorts } from './harness/cli.js';

let folder: string;
let server: EmbeddedPostgres;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pgveil-cli-'));
  server = await startEmbeddedPostgres();
  await writeFile(path.join(folder, 'right.password'), server.password);
  await writeFile(path.join(folder, 'wrong.password'), 'wrong');
  const admin = clientOn(server.port);
  await admin.connect();
  await admin.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY, channel text NOT NULL, buyer_name varchar(80), gift_message text NOT NULL)`);
  await admin.query(`INSERT INTO orders VALUES (1, 'amazon', 'Erika Mustermann', ''), (2, 'ebay', 'Max Muster', '')`);
  await admin.end();
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(killAll);

function clientOn(port: number): pg.Client {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: server.user,
    password: server.password,
    database: 'postgres',
  });
  client.on('error', () => undefined);
  return client;
}

interface FileOptions {
  readonly listen?: number;
  readonly upstream?: number;
  readonly metrics?: number;
  readonly password?: string;
  readonly databases?: string;
  readonly table?: string;
  readonly columns?: string;
  readonly more?: string;
}

let files = 0;
async function configFile(options: FileOptions = {}): Promise<string> {
  const file = path.join(folder, `pgveil-${++files}.yaml`);
  const table = options.table ?? 'public.orders';
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: ${options.listen ?? 1} }
upstream: { host: 127.0.0.1, port: ${options.upstream ?? server.port} }
catalog: { user: postgres, password_file: ${options.password ?? 'right.password'}, refresh_seconds: 1, databases: ${options.databases ?? '[]'} }
${options.metrics === undefined ? '' : `metrics: { host: 127.0.0.1, port: ${options.metrics} }`}
${options.more ?? ''}
policies:
  amazon:
    redact_when: { table: ${table}, where: channel = 'amazon' }
    tables:
      ${table}:
        columns:
          ${options.columns ?? 'buyer_name: { category: personal_name, mask: blank }'}
`,
  );
  return file;
}

describe('the command line', () => {
  it('tells its version and how it is used', async () => {
    const { version } = JSON.parse(await readFile(path.join(import.meta.dirname, '../package.json'), 'utf8'));
    expect(await run('--version')).toEqual({ code: 0, stdout: `pgveil ${version}\n`, stderr: '' });
    const help = await run('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('pgveil serve --config FILE');
  });

  it.each<[string[], string]>([
    [[], 'which command? serve, check or functions'],
    [['start'], 'there is no command "start"; valid: serve, check, functions'],
    [['serve'], 'serve needs --config FILE'],
    [['check', '--config', 'a', 'b'], '"b" is one word too many'],
    [['serve', '--config', 'a', '--database', 'b'], '--database is for check'],
    [['serve', '--confg', 'a'], "Unknown option '--confg'"],
  ])('%j is answered with exit code 64 and what would be right', async (args, message) => {
    const result = await run(...args);
    expect(result).toMatchObject({ code: 64, stdout: '' });
    expect(result.stderr).toMatch(/^pgveil: /);
    expect(result.stderr).toContain(message);
  });
});

describe.each(['serve', 'check'])('%s', (command) => {
  it('ends with 78 and one line for each error of the configuration, with file and line', async () => {
    const file = await configFile({ columns: 'buyer_name: { category: name, mask: blnk }', more: 'listn: {}' });
    const result = await run(command, '--config', file);
    expect(result).toMatchObject({ code: 78, stdout: '' });
    const lines = result.stderr.trim().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.startsWith(`${file}:`)).toBe(true);
    expect(result.stderr).toMatch(/listn/);
    expect(result.stderr).toMatch(/personal_name/);
    expect(result.stderr).toMatch(/blnk/);
  });

  it('ends with 78 and one line where the file or a file that it names is missing', async () => {
    const missing = await run(command, '--config', path.join(folder, 'none.yaml'));
    expect(missing.code).toBe(78);
    expect(missing.stderr).toMatch(/none\.yaml:1:1: cannot be read: there is no such file\n$/);
    const file = await configFile({ more: 'one_way_keys: [{ id: a, file: none.key }]' });
    const key = await run(command, '--config', file);
    expect(key.code).toBe(78);
    expect(key.stderr.trim().split('\n')).toHaveLength(1);
    expect(key.stderr).toContain('none.key');
  });

  it('ends with 78 and a line for each where policies name what the schema does not have', async () => {
    const columns = `buyer: { category: personal_name, mask: blank }
          gift_message: { category: gift_message, mask: null }`;
    const column = await run(command, '--config', await configFile({ databases: '[postgres]', columns }));
    expect(column.code).toBe(78);
    const lines = column.stderr.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/\.yaml:12:\d+ .*buyer/);
    expect(lines[1]).toMatch(/\.yaml:13:\d+ .*gift_message.*NOT NULL/);
    const table = await run(command, '--config', await configFile({ databases: '[postgres]', table: 'public.none' }));
    expect(table.code).toBe(78);
    expect(table.stderr).toMatch(/\.yaml:\d+:\d+ .*public\.none/);
  });

  it('ends with 78 where the server does not accept the catalog user or has no such database', async () => {
    const password = await run(
      command,
      '--config',
      await configFile({ databases: '[postgres]', password: 'wrong.password' }),
    );
    expect(password.code).toBe(78);
    expect(password.stderr).toBe(
      'pgveil cannot read the schema of database "postgres": password authentication failed for user "postgres"\n',
    );
    const database = await run(command, '--config', await configFile({ databases: '[nowhere, nothing]' }));
    expect(database.code).toBe(78);
    expect(database.stderr.trim().split('\n')).toHaveLength(2);
    expect(database.stderr).toContain('database "nothing" does not exist');
  });
});

describe('check', () => {
  it('ends with 0 where the policies fit, in the databases of the file and those that are named', async () => {
    const file = await configFile({ databases: '[postgres]' });
    const result = await run('check', '--config', file);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^Database "postgres": the policies fit its schema of \d+ relations\.\n$/);
    const named = await run('check', '--config', file, '--database', 'template1');
    expect(named.code).toBe(78);
    expect(named.stderr).toContain('public.orders');
  });

  it('checks the file alone where no database is named', async () => {
    const [port] = await unusedPorts(1);
    const result = await run('check', '--config', await configFile({ upstream: port! }));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('--database');
  });

  it('ends with 69 where the server cannot be reached', async () => {
    const [port] = await unusedPorts(1);
    const result = await run('check', '--config', await configFile({ upstream: port!, databases: '[postgres]' }));
    expect(result.code).toBe(69);
    expect(result.stderr).toMatch(/^pgveil cannot read the schema of database "postgres": .*ECONNREFUSED.*\n$/);
  });
});

describe('functions', () => {
  beforeAll(async () => {
    const admin = clientOn(server.port);
    await admin.connect();
    await admin.query(`
      CREATE FUNCTION buyer(bigint) RETURNS text LANGUAGE sql AS 'SELECT buyer_name FROM orders WHERE id = $1';
      CREATE FUNCTION loud_buyer(n bigint) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN upper(buyer(n)); END';
      CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'`);
    await admin.end();
  });

  it('prints those that are refused, with reasons and the lines that allow them', async () => {
    const result = await run('functions', '--config', await configFile(), '--database', 'postgres');
    expect(result).toEqual({
      code: 0,
      stderr: '',
      stdout: `Database "postgres": 2 of 3 routines are refused.
public.buyer(bigint): refused, it reads public.orders (buyer_name)
  functions: { allow: ['public.buyer(bigint)'] }
public.loud_buyer(bigint): refused, it calls public.buyer(bigint), which reads public.orders (buyer_name)
  functions: { allow: ['public.loud_buyer(bigint)'] }
`,
    });
  });

  it('prints the others too with --all, and what a line that it printed has allowed', async () => {
    const more = "functions: { allow: ['public.buyer(bigint)'] }";
    const file = await configFile({ databases: '[postgres]', more });
    const result = await run('functions', '--config', file, '--all');
    expect(result.code).toBe(0);
    expect(result.stdout).toBe(`Database "postgres": 0 of 3 routines are refused.
public.buyer(bigint): allowed by functions.allow
public.loud_buyer(bigint): harmless
public.twice(integer): harmless
`);
  });

  it('ends with 64 where no database is named', async () => {
    const result = await run('functions', '--config', await configFile());
    expect(result).toMatchObject({ code: 64, stdout: '' });
    expect(result.stderr).toContain('--database');
  });
});

describe('serve', () => {
  it('ends with 73 and one line where a port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const [free] = await unusedPorts(1);
    const listen = await run('serve', '--config', await configFile({ listen: port, metrics: free! }));
    expect(listen.code).toBe(73);
    expect(listen.stderr).toBe(`pgveil: listen: cannot listen on 127.0.0.1:${port}: the port is in use\n`);
    const metrics = await run('serve', '--config', await configFile({ listen: free!, metrics: port }));
    expect(metrics.code).toBe(73);
    expect(metrics.stderr).toBe(`pgveil: metrics: cannot listen on 127.0.0.1:${port}: the port is in use\n`);
    taken.close();
  });

  it('masks, counts and is ready, and ends with 0 on SIGTERM', async () => {
    const [listen, metrics] = await unusedPorts(2);
    const child = await serve(await configFile({ listen: listen!, metrics: metrics!, databases: '[postgres]' }));
    expect(await get(metrics!, '/healthz')).toEqual({ status: 200, text: 'ok\n' });
    expect(await get(metrics!, '/readyz')).toEqual({ status: 200, text: 'ready\n' });
    const client = clientOn(listen!);
    await client.connect();
    const { rows } = await client.query('SELECT id, buyer_name FROM orders ORDER BY id');
    expect(rows).toEqual([
      { id: '1', buyer_name: '' },
      { id: '2', buyer_name: 'Max Muster' },
    ]);
    await expect(client.query(`SELECT id FROM orders WHERE buyer_name = 'Erika'`)).rejects.toMatchObject({
      code: '42501',
    });
    const { text } = await get(metrics!, '/metrics');
    expect(text).toMatch(/^pgveil_queries_total\{verdict="rewrite",kind="select"\} 1$/m);
    expect(text).toMatch(/^pgveil_refusals_total\{reason="filter",policy="amazon"\} 1$/m);
    expect(text).toMatch(/^pgveil_sessions 1$/m);
    expect(text).toMatch(/^pgveil_catalog_age_seconds\{database="postgres"\} \d/m);
    expect(text).toMatch(/^pgveil_policies_bound\{database="postgres"\} 1$/m);
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
    const lines = child
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const refused = lines.filter((line) => line.msg === 'refused');
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ policy: 'amazon', column: 'buyer_name', reason: 'filter', role: 'postgres' });
    expect(lines.at(-1).msg).toBe('stopped');
    expect(child.stdout()).not.toContain('Erika');
  });

  it('starts without its server, says that it is not ready, and is ready once the server is there', async () => {
    const [listen, metrics, upstream] = await unusedPorts(3);
    const file = await configFile({ listen: listen!, metrics: metrics!, upstream: upstream!, databases: '[postgres]' });
    const child = await serve(file);
    expect((await get(metrics!, '/healthz')).status).toBe(200);
    const unready = await get(metrics!, '/readyz');
    expect(unready.status).toBe(503);
    expect(unready.text).toBe(`the server at 127.0.0.1:${upstream} cannot be reached: ECONNREFUSED\n`);
    const client = clientOn(listen!);
    await expect(client.connect()).rejects.toMatchObject({ code: expect.stringMatching(/^(08006|57P03)$/) });
    const forward = createServer((socket) => {
      const onward = connect(server.port, server.host);
      socket.on('error', () => onward.destroy()).pipe(onward);
      onward.on('error', () => socket.destroy()).pipe(socket);
    }).listen(upstream, '127.0.0.1');
    await expect.poll(() => get(metrics!, '/readyz'), { timeout: 20_000 }).toEqual({ status: 200, text: 'ready\n' });
    forward.close();
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(0);
    expect(child.stdout()).toContain('the schema cannot be read');
  });

  it('reads its file again on SIGHUP and goes on', async () => {
    const [listen] = await unusedPorts(1);
    const child = await serve(await configFile({ listen: listen! }));
    const client = clientOn(listen!);
    await client.connect();
    child.process.kill('SIGHUP');
    await expect
      .poll(child.stdout, { timeout: 10_000 })
      .toContain('"msg":"the configuration was read and is in force"');
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
  });

  it('is not ready from the signal on, and takes clients until limits.shutdown_delay_seconds are over', async () => {
    const [listen, metrics] = await unusedPorts(2);
    const more = 'limits: { shutdown_delay_seconds: 3, drain_seconds: 0 }';
    const child = await serve(await configFile({ listen: listen!, metrics: metrics!, more }));
    expect(await get(metrics!, '/readyz')).toEqual({ status: 200, text: 'ready\n' });
    const signalled = performance.now();
    child.process.kill('SIGTERM');
    await expect.poll(child.stdout, { timeout: 2_000, interval: 10 }).toContain('"msg":"shutting down"');
    expect(await get(metrics!, '/readyz')).toEqual({ status: 503, text: 'pgveil is shutting down\n' });
    const client = clientOn(listen!);
    await client.connect();
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    const ended = once(client, 'error');
    expect(await child.ended).toBe(0);
    expect((await ended)[0]).toMatchObject({ code: '57P01' });
    expect(performance.now() - signalled).toBeGreaterThanOrEqual(2_900);
    await expect(clientOn(listen!).connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('gives an open transaction its time at the first signal, and none at the second', async () => {
    const [listen] = await unusedPorts(1);
    const child = await serve(await configFile({ listen: listen!, more: 'limits: { drain_seconds: 60 }' }));
    const client = clientOn(listen!);
    await client.connect();
    await client.query('BEGIN');
    child.process.kill('SIGINT');
    await sleep(500);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(child.process.exitCode).toBeNull();
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(130);
  });
});

/** What the figures were measured on. */
import { cpus, release, totalmem, type } from 'node:os';
import { Client } from 'pg';
import type { Endpoint } from './pgbench.js';
import { runToEnd } from './processes.js';

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly node: string;
  readonly postgresql: string;
  readonly pgbench: string;
}

export async function machineFacts(endpoint: Endpoint): Promise<MachineFacts> {
  const client = new Client({ ...endpoint });
  await client.connect();
  const version = await client.query<{ server_version: string }>('SHOW server_version');
  await client.end();
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    postgresql: version.rows[0]!.server_version,
    pgbench: (await runToEnd('pgbench', ['--version'])).trim(),
  };
}

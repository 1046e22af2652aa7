/** Large results: wall time from the query to the last byte, read and thrown away as fast as they come. */
import { Client } from 'pg';
import { type Memory, memory } from './cpu.js';
import { drain } from './drain.js';
import type { Endpoint } from './pgbench.js';
import { median, medianRatio, rotate } from './statistics.js';

export interface BulkCase {
  readonly title: string;
  readonly rows: number;
  /** The first one is what the others are compared with. */
  readonly entries: readonly { readonly name: string; readonly endpoint: Endpoint; readonly sql: string }[];
}

interface BulkRound {
  readonly seconds: number;
  readonly bytes: number;
}

export interface BulkFigures {
  readonly target: string;
  readonly rounds: readonly BulkRound[];
  /** Median, seconds. */
  readonly seconds: number;
  /** Of one round. */
  readonly megabytes: number;
  /** Wall time against the first entry. */
  readonly ratio: number;
}

export interface BulkResult {
  readonly title: string;
  readonly rows: number;
  readonly targets: readonly BulkFigures[];
  /** Of the gateway, before the first round and after the last. */
  readonly memory?: { readonly before: Memory; readonly after: Memory };
}

/** Measures one case: interleaved rounds, each beginning with another entry, after one unmeasured round. */
export async function measureBulk(bulk: BulkCase, rounds: number, gatewayPid: number | undefined): Promise<BulkResult> {
  for (const { endpoint, sql } of bulk.entries) await drainOnce(endpoint, sql, bulk.rows);
  const before = gatewayPid === undefined ? undefined : memory(gatewayPid);
  const measured = new Map<string, BulkRound[]>(bulk.entries.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, endpoint, sql } of rotate(bulk.entries, round)) {
      measured.get(name)!.push(await drainOnce(endpoint, sql, bulk.rows));
    }
  }
  const after = gatewayPid === undefined ? undefined : memory(gatewayPid);
  const base = measured.get(bulk.entries[0]!.name)!.map((r) => r.seconds);
  const targets = [...measured].map(([target, list]) => {
    const seconds = list.map((r) => r.seconds);
    return {
      target,
      rounds: list,
      seconds: median(seconds),
      megabytes: list[0]!.bytes / 1e6,
      ratio: medianRatio(seconds, base),
    };
  });
  return { title: bulk.title, rows: bulk.rows, targets, ...(before && after && { memory: { before, after } }) };
}

/** One query over a connection of its own. Rejects when the answer is an error or has another number of rows. */
async function drainOnce(endpoint: Endpoint, sql: string, rows: number): Promise<BulkRound> {
  const client = new Client({ ...endpoint });
  await client.connect();
  try {
    const { seconds, bytes, rows: came } = await drain(client, sql);
    if (came !== rows) throw new Error(`expected ${rows} rows and got ${came}`);
    return { seconds, bytes };
  } finally {
    await client.end();
  }
}

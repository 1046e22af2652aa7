import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import { withClient } from '../harness/shop-server.js';
import { program, runClient } from './programs.js';

const PIPELINE = fileURLToPath(new URL('./pipeline.pgbench', import.meta.url));

let shop: ShopGateway;

const pgbench = (args: readonly string[]) => runClient(program('pgbench'), args, shop.masked());

beforeAll(async () => {
  shop = await startShopGateway('A');
});

afterAll(async () => {
  await shop?.stop();
});

describe('pgbench', () => {
  it('makes its tables', async () => {
    const { status, stderr } = await pgbench(['-i', '-s', '1']);
    expect(stderr).toContain('done in');
    expect(status).toBe(0);
  });

  it.each(['simple', 'extended', 'prepared'])('-M %s', async (mode) => {
    const { status, stdout, stderr } = await pgbench(['-n', '-M', mode, '-c', '3', '-j', '1', '-t', '60']);
    expect(stderr.replace(/^pgbench \(.*\n/, '')).toBe('');
    expect(stdout).toContain(`query mode: ${mode}`);
    expect(stdout).toContain('number of transactions actually processed: 180/180');
    expect(status).toBe(0);
  });

  it('runs a pipeline', async () => {
    const { status, stdout, stderr } = await pgbench(['-n', '-M', 'prepared', '-c', '2', '-t', '50', '-f', PIPELINE]);
    expect(stderr.replace(/^pgbench \(.*\n/, '')).toBe('');
    expect(stdout).toContain('number of transactions actually processed: 100/100');
    expect(status).toBe(0);
  });

  it('has left what it wrote: the balances agree', async () => {
    const { rows } = await withClient(shop.direct(), (client) =>
      client.query(`SELECT (SELECT sum(delta) FROM pgbench_history) AS history, (SELECT sum(bbalance) FROM pgbench_branches) AS branches,
                           (SELECT sum(abalance) FROM pgbench_accounts) AS accounts, (SELECT count(*)::int FROM pgbench_history) AS n`),
    );
    expect(rows[0]).toMatchObject({ n: 540, branches: rows[0].history, accounts: rows[0].history });
  });

  it.each([
    ['only reading, with a connection for each transaction', ['-S', '-C', '-M', 'extended', '-t', '20']],
    ['simple updates', ['-N', '-M', 'prepared', '-t', '30']],
    ['several scripts by weight', ['-b', 'select-only@3', '-b', 'simple-update@1', '-t', '30']],
  ])('runs %s', async (_name, args) => {
    const { status, stdout, stderr } = await pgbench(['-n', '-c', '2', '-j', '2', ...args]);
    expect(stderr.replace(/^pgbench \(.*\n/, '')).toBe('');
    expect(stdout).toContain('number of failed transactions: 0 (0.000%)');
    expect(status).toBe(0);
  });
});

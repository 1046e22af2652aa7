import { describe, expect, it } from 'vitest';
import { parsePgbench } from '../../bench/pgbench.js';

const REPORT_15 = `pgbench (15.18, server 18.4)
transaction type: <builtin: select only>
scaling factor: 10
query mode: prepared
number of clients: 8
number of threads: 1
maximum number of tries: 1
duration: 4 s
number of transactions actually processed: 139104
number of failed transactions: 0 (0.000%)
latency average = 0.229 ms
initial connection time = 41.250 ms
tps = 34912.114286 (without initial connection time)
`;

const REPORT_13 = `transaction type: <builtin: select only>
scaling factor: 1
query mode: simple
number of clients: 8
number of threads: 1
duration: 1 s
number of transactions actually processed: 10293
latency average = 0.778 ms
tps = 10281.442931 (including connections establishing)
tps = 10644.208831 (excluding connections establishing)
`;

describe('parsePgbench', () => {
  it('reads the report of version 15', () => {
    expect(parsePgbench(REPORT_15)).toEqual({ transactions: 139104, tps: 34912.114286, latency: 0.229 });
  });

  it('reads the report of version 13, without the time to connect', () => {
    expect(parsePgbench(REPORT_13)).toEqual({ transactions: 10293, tps: 10644.208831, latency: 0.778 });
  });

  it('takes no report with failed transactions', () => {
    const report = REPORT_15.replace('failed transactions: 0 (0.000%)', 'failed transactions: 3 (0.002%)');
    expect(() => parsePgbench(report)).toThrow(/transactions failed/);
  });

  it('takes no report without transactions', () => {
    expect(() => parsePgbench(REPORT_15.replace('139104', '0'))).toThrow(/transactions failed/);
  });

  it.each([
    /^tps = .*\n/m,
    /^latency average.*\n/m,
    /^number of transactions.*\n/m,
  ])('takes no report without %s', (line) => {
    expect(() => parsePgbench(REPORT_15.replace(line, ''))).toThrow(/report lacks/);
  });
});

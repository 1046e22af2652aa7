import { describe, expect, it } from 'vitest';
import { createLog, logDefect } from '../src/log.js';
import { createMetrics } from '../src/metrics.js';
import { createObserver } from '../src/observer.js';
import type { Plan, Refusal } from '../src/sql/plan-types.js';

const SECRET = 'Erika Mustermann';

const refusal: Refusal = {
  code: '42501',
  message: `message with ${SECRET}`,
  detail: `detail with ${SECRET}`,
  hint: `hint with ${SECRET}`,
  position: 12,
  reason: 'filter',
  policy: 'amazon-30-days',
  table: 'public.orders',
  column: 'buyer_name',
};
const identity = {
  database: 'shop',
  user: 'reports',
  applicationName: `${'x'.repeat(70)}\n{"level":"error"}`,
  remote: '10.0.0.7',
};

function observe() {
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics({ version: '1', databases: () => [], unbound: () => new Set() });
  return { observer: createObserver(metrics, log), lines };
}

const plan = (changes: object): Plan =>
  ({
    verdict: 'pass',
    statements: [],
    generation: 1,
    fingerprint: '0123456789abcdef',
    ...changes,
  }) as Plan;

describe('the log', () => {
  it('tells where a defect is, and nothing of its message', () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line: string) => void lines.push(line) });
    logDefect(log, 'shop', new TypeError(`${SECRET}\n    at ${SECRET}\n${SECRET}`));
    const { at, ...rest } = JSON.parse(lines[0]!);
    expect(rest).toMatchObject({ level: 'error', database: 'shop', error: 'TypeError' });
    expect(at[0]).toMatch(/^at .*log\.test\.ts:\d+:\d+/);
    expect(lines[0]).not.toContain('Erika');
  });

  it('has one JSON line for a refusal, with names and a fingerprint, and nothing of the text', () => {
    const { observer, lines } = observe();
    observer.planned(plan({ verdict: 'refuse', text: SECRET, marker: 'm', refusal }), identity);
    expect(lines).toHaveLength(1);
    const { time, pid, ...rest } = JSON.parse(lines[0]!);
    expect(rest).toEqual({
      level: 'info',
      name: 'pgveil',
      policy: 'amazon-30-days',
      table: 'public.orders',
      column: 'buyer_name',
      reason: 'filter',
      code: '42501',
      role: 'reports',
      application_name: 'x'.repeat(63),
      database: 'shop',
      fingerprint: '0123456789abcdef',
      remote: '10.0.0.7',
      msg: 'refused',
    });
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(pid).toBe(process.pid);
    expect(lines[0]).not.toContain('Erika');
  });

  it('stays one line whatever names a client gives itself', () => {
    const { observer, lines } = observe();
    const hostile = { ...identity, applicationName: 'a\n{"msg":"b"}\u2028', user: 'u\r\nv', database: 'd"\\' };
    observer.refused(refusal, hostile);
    expect(lines).toHaveLength(1);
    expect(lines[0]!.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ role: 'u\r\nv', database: 'd"\\', msg: 'refused' });
    expect(lines[0]).not.toContain('Erika');
  });

  it('says what observe mode would have refused, and nothing of what passes', () => {
    const { observer, lines } = observe();
    observer.planned(plan({}), identity);
    expect(lines).toEqual([]);
    observer.planned(plan({ observed: { refusal, masked: [] } }), identity);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['would be refused']);
  });
});

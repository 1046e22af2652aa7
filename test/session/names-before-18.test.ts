/**
 * PostgreSQL 18 reports a change of search_path, whoever makes it. A server of before says nothing: there, what a
 * statement can change is known by its text alone. The plans are the planner's own; the server is a script.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NamesNeeded } from '../../src/sql/analysis.js';
import { unhurried } from '../../src/sql/pace.js';
import { planText } from '../../src/sql/plan.js';
import type { Plan, SessionEnvironment } from '../../src/sql/plan-types.js';
import { deriveProtection, type Protection } from '../../src/sql/protection.js';
import { type BoundSchema, startBound } from '../policy/binding.js';
import { client as c, namesAnswer, QUESTION, server as s, startScript, TAG } from './script.js';

const SCHEMA = `
  CREATE TABLE orders (id bigint PRIMARY KEY, old boolean, buyer text);
  CREATE SCHEMA other;
  CREATE TABLE other.orders (id bigint, buyer text);
  CREATE FUNCTION look_there() RETURNS text LANGUAGE sql AS $$ SELECT set_config('search_path', 'other', false) $$;
  CREATE FUNCTION idle() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE PROCEDURE look_by_call() LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', 'other', false); END $$;
`;

let schema: BoundSchema;
let protection: Protection;
beforeAll(async () => {
  schema = await startBound(SCHEMA);
  const policy =
    '  p: { tables: { public.orders: { redacted_when: old, columns: { buyer: { category: email, mask: blank } } } } }';
  const binding = schema.bind(policy);
  expect(binding.problems).toEqual([]);
  protection = deriveProtection(schema.snapshot, binding, schema.parser, new Set());
});
afterAll(() => schema.stop());

function plans(text: string, _names: unknown, environment: SessionEnvironment): Plan | 'environment' {
  const policies = new Set([...protection.binding.guarded.values()].flatMap((guarded) => [...guarded.guards.keys()]));
  try {
    const { parser } = schema;
    const context = { parser, protection, policies, tagPrefix: TAG, generation: 1, pace: unhurried };
    return planText(text, environment, context).plan;
  } catch (error) {
    if (error instanceof NamesNeeded) return 'environment';
    throw error;
  }
}

/** Reads orders, runs a statement that the server answers without a word of search_path, and reads orders again. */
function readsAround(statement: string): { readonly asks: boolean; readonly reads: string } {
  const script = startScript(plans);
  script.client(c.query('SELECT buyer FROM orders'));
  expect(script.server(namesAnswer(['public'])).toServer).toContain('FROM "public"."orders"');
  script.server(s.columns(1), s.done('SELECT 0'), s.ready());
  expect(script.client(c.query(statement)).toServer).toBe(`Q(${statement})`);
  script.server(s.columns(1), s.row('x'), s.done('SELECT 1'), s.ready());
  const sent = script.client(c.query('SELECT buyer FROM orders')).toServer;
  const asks = sent === `${QUESTION} S`;
  return { asks, reads: asks ? script.server(namesAnswer(['other'])).toServer : sent };
}

test.each([
  "SELECT set_config('search_path', 'other', false)",
  "SELECT pg_catalog.set_config('search_path', 'other', false)",
  "SELECT 1 WHERE set_config('sea' || 'rch_path', 'other', false) <> ''",
  "WITH s AS MATERIALIZED (SELECT set_config('search_path', 'other', false)) SELECT * FROM s",
  "VALUES (set_config('search_path', 'other', false))",
  "UPDATE pg_settings SET setting = 'other' WHERE name = 'search_path'",
  'SELECT look_there()',
  'CALL look_by_call()',
  "DO $$ BEGIN PERFORM set_config('search_path', 'other', false); END $$",
  'SET search_path = other',
  "SET SCHEMA 'other'",
  'RESET ALL',
])('names are asked for again behind %s', (statement) => {
  const { asks, reads } = readsAround(statement);
  expect(asks).toBe(true);
  expect(reads).toBe('Q(SELECT buyer FROM "other"."orders")');
});

test('behind EXECUTE of a statement that changes them, too', () => {
  const script = startScript(plans);
  script.client(c.query("PREPARE p AS SELECT set_config('search_path', 'other', false)"));
  script.server(s.done('PREPARE'), s.ready());
  script.client(c.query('SELECT buyer FROM orders'));
  script.server(namesAnswer(['public']));
  script.server(s.columns(1), s.done('SELECT 0'), s.ready());
  script.client(c.query('EXECUTE p'));
  script.server(s.columns(1), s.row('other'), s.done('SELECT 1'), s.ready());
  expect(script.client(c.query('SELECT buyer FROM orders')).toServer).toBe(`${QUESTION} S`);
});

test.each([
  'SELECT 1',
  'SELECT idle()',
  "SELECT current_setting('search_path')",
  'SHOW search_path',
  "SET work_mem = '8MB'",
])('names are kept behind %s', (statement) => {
  const { asks, reads } = readsAround(statement);
  expect(asks).toBe(false);
  expect(reads).toContain('FROM "public"."orders"');
});

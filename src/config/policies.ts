/** The policies of the file: their form, and what can be said of them without a schema. */
import { z } from 'zod';
import {
  type BelongsTo,
  CATEGORIES,
  type ColumnConfig,
  type PolicyConfig,
  type QualifiedName,
  type TableConfig,
} from '../policy/config-types.js';
import { type Checks, checkMapping, entriesOf, report } from './check.js';
import { isMapping, type Path, show } from './document.js';
import { flag, names, text } from './fields.js';
import { readMask } from './mask.js';
import { type Read, readColumnName, readEqualities, readTableName, tableText } from './names.js';
import { checkReach, type ReadTable } from './reach.js';

const POLICY_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
/** Parts that are checked on their own; their keys are known here. */
const elsewhere = z.unknown().optional();

const POLICY = z.strictObject({
  mode: z.enum(['enforce', 'observe']).default('enforce'),
  databases: names('databases').min(1, { error: 'must name a database; leave it out for every one' }).optional(),
  exempt_roles: names('roles').default([]),
  redact_when: elsewhere,
  on_filter: z.enum(['refuse', 'mask']).default('refuse'),
  on_write: z.enum(['keep', 'refuse']).default('keep'),
  on_copy: z.enum(['refuse', 'mask']).default('refuse'),
  ddl: z.enum(['refuse', 'allow']).default('refuse'),
  tables: elsewhere,
});
const CONDITION = "must be an SQL condition, such as: channel = 'amazon' AND shipped_at < now() - interval '30 days'";
const REDACT_WHEN = z.strictObject({
  table: text('must be a table, such as public.orders'),
  where: text(CONDITION),
  unless: text(CONDITION).optional(),
});
const TABLE = z.strictObject({
  belongs_to: elsewhere,
  redacted_when: text(CONDITION).optional(),
  columns: elsewhere,
});
const COLUMN = z.strictObject({ category: z.enum(CATEGORIES), mask: elsewhere, keep_null: flag.default(false) });
const BELONGS_TO = z.strictObject({
  table: text('must be a table, such as public.orders'),
  on: elsewhere,
  match: z.enum(['any', 'all']).default('any'),
});
const BELONGS_TO_HINT =
  'write belongs_to: { public.orders: order_id = id }, child column first, or { table: public.orders, on: order_id = id, match: all }';

/** Every policy that could be read; what could not has a problem added. */
export function readPolicies(checks: Checks): readonly PolicyConfig[] {
  const { document } = checks;
  if (!document.has(['policies'])) {
    report(checks, document.keyAt(['policies']), 'is missing', 'to protect nothing at all, write policies: {}');
    return [];
  }
  return entriesOf(checks, ['policies'], 'policies by name').flatMap(({ key, path }) => {
    if (!POLICY_NAME.test(key)) {
      const hint = 'use up to 63 letters, digits and the signs - _ . such as amazon-30-days';
      report(checks, document.keyAt(path), `${show(key)} is not a name for a policy`, hint);
    }
    const policy = readPolicy(checks, key, path);
    return policy ? [policy] : [];
  });
}

function readPolicy(checks: Checks, name: string, path: Path): PolicyConfig | undefined {
  const { document } = checks;
  const options = checkMapping(checks, path, POLICY);
  if (!isMapping(document.get(path))) return undefined;
  const redactWhen = readRedactWhen(checks, [...path, 'redact_when']);
  const tables = readTables(checks, [...path, 'tables']);
  checkReach(checks, path, redactWhen?.table, tables);
  if (!options) return undefined;
  return {
    name,
    mode: options.mode,
    ...(options.databases ? { databases: options.databases } : {}),
    exemptRoles: options.exempt_roles,
    ...(redactWhen ? { redactWhen } : {}),
    onFilter: options.on_filter,
    onWrite: options.on_write,
    onCopy: options.on_copy,
    ddl: options.ddl,
    tables: tables.map((table) => table.config),
    at: document.keyAt(path),
  };
}

function readRedactWhen(checks: Checks, path: Path): PolicyConfig['redactWhen'] {
  const { document } = checks;
  if (!document.has(path)) return undefined;
  const options = checkMapping(checks, path, REDACT_WHEN);
  // Read in any case: which tables belong to it can be checked while the condition is still wrong.
  const given = document.get([...path, 'table']);
  const table = typeof given === 'string' ? take(checks, [...path, 'table'], readTableName(given)) : undefined;
  if (!table) return undefined;
  const { where = '', unless } = options ?? {};
  return { table, where, ...(unless === undefined ? {} : { unless }), at: document.at(path) };
}

function readTables(checks: Checks, path: Path): readonly ReadTable[] {
  const { document } = checks;
  const tables: ReadTable[] = [];
  if (!document.has(path)) {
    report(checks, document.keyAt(path), 'is missing', 'a policy names the tables that it protects');
  }
  for (const entry of entriesOf(checks, path, 'tables by name')) {
    const table = take(checks, entry.path, readTableName(entry.key), 'key');
    // Under a name that is wrong, the rest is checked all the same.
    const config = readTable(checks, entry.path, table ?? { schema: '', name: entry.key });
    if (!table) continue;
    const first = tables.find((other) => sameTable(other.config.table, config.table))?.config;
    if (first) {
      const hint = `the first is in line ${first.at.line}`;
      report(checks, config.at, `table ${tableText(table.schema, table.name)} stands here a second time`, hint);
    } else {
      tables.push({ config, path: entry.path });
    }
  }
  return tables;
}

function readTable(checks: Checks, path: Path, table: QualifiedName): TableConfig {
  const { document } = checks;
  const at = document.keyAt(path);
  const options = checkMapping(checks, path, TABLE);
  if (!isMapping(document.get(path))) return { table, columns: [], at };
  const belongsTo = readBelongsTo(checks, [...path, 'belongs_to']);
  const sql = options?.redacted_when;
  const columns = readColumns(checks, [...path, 'columns']);
  return {
    table,
    ...(belongsTo ? { belongsTo } : {}),
    ...(sql === undefined ? {} : { redactedWhen: { sql, at: document.at([...path, 'redacted_when']) } }),
    columns,
    at,
  };
}

function readColumns(checks: Checks, path: Path): readonly ColumnConfig[] {
  const { document } = checks;
  const columns: ColumnConfig[] = [];
  for (const entry of entriesOf(checks, path, 'columns by name')) {
    const at = document.keyAt(entry.path);
    const name = take(checks, entry.path, readColumnName(entry.key), 'key');
    const options = checkMapping(checks, entry.path, COLUMN);
    if (!isMapping(document.get(entry.path))) continue;
    const maskPath = [...entry.path, 'mask'];
    if (!document.has(maskPath)) {
      report(checks, document.keyAt(maskPath), 'is missing', 'such as mask: blank');
      continue;
    }
    const mask = readMask(checks, maskPath);
    if (name === undefined || !options || !mask) continue;
    const first = columns.find((column) => column.name === name);
    if (first) {
      report(checks, at, `column ${show(name)} stands here a second time`, `the first is in line ${first.at.line}`);
      continue;
    }
    columns.push({ name, category: options.category, mask, keepNull: options.keep_null, at });
  }
  return columns;
}

/** `{ public.orders: order_id = id }` or `{ table: public.orders, on: [order_id = id], match: all }`. */
function readBelongsTo(checks: Checks, path: Path): BelongsTo | undefined {
  const { document } = checks;
  const value = document.get(path);
  if (!document.has(path)) return undefined;
  const at = document.keyAt(path);
  if (!isMapping(value)) {
    report(checks, document.at(path), `must be a mapping, not ${show(value)}`, BELONGS_TO_HINT);
    return undefined;
  }
  const keys = Object.keys(value);
  if (keys.some((key) => Object.hasOwn(BELONGS_TO.shape, key))) {
    const options = checkMapping(checks, path, BELONGS_TO);
    const parent = options && take(checks, [...path, 'table'], readTableName(options.table));
    const on = readOn(checks, [...path, 'on']);
    return options && parent && on && { parent, on, match: options.match, at };
  }
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    const message = `must name one table, not ${keys.length}`;
    report(checks, at, message, `${BELONGS_TO_HINT}; columns joined by AND`);
    return undefined;
  }
  const parent = take(checks, [...path, key], readTableName(key), 'key');
  const on = readOn(checks, [...path, key]);
  return parent && on && { parent, on, match: 'any', at };
}

/** One text or a list of them; all of them hold. */
function readOn(checks: Checks, path: Path): BelongsTo['on'] | undefined {
  const { document } = checks;
  const value = document.get(path);
  const paths = Array.isArray(value) ? value.map((_, index) => [...path, index]) : [path];
  if (paths.length === 0 || !document.has(path)) {
    report(checks, document.keyAt(path), 'is missing', 'such as order_id = id, child column first');
    return undefined;
  }
  const parts = paths.map((part) => {
    const given = document.get(part);
    if (typeof given === 'string') return take(checks, part, readEqualities(given));
    const hint = 'such as order_id = id, child column first';
    report(checks, document.at(part), `must be an equality of two columns, not ${show(given)}`, hint);
    return undefined;
  });
  const on = parts.flatMap((part) => part ?? []);
  return parts.every((part) => part !== undefined) ? on : undefined;
}

/** The value, or undefined with the problem added, at the path's value or key. */
function take<T>(checks: Checks, path: Path, read: Read<T>, place: 'value' | 'key' = 'value'): T | undefined {
  if (read.ok) return read.value;
  const { document } = checks;
  report(checks, place === 'key' ? document.keyAt(path) : document.at(path), read.message, read.hint);
  return undefined;
}

function sameTable(a: QualifiedName, b: QualifiedName): boolean {
  return a.schema === b.schema && a.name === b.name;
}

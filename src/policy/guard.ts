/**
 * Guards: an operator's condition, made independent of the session that it is evaluated in.
 *
 * The condition runs inside the client's own statement, so whatever the client can set must not change it: names and
 * operators are pinned to their schemas (a client may put its own `=` first in search_path), and time is counted in UTC
 * (TimeZone shifts `current_date` and every comparison of a timestamptz with a timestamp by up to a week). What cannot
 * be made independent is refused when the policy is bound.
 */
import type { Node, SelectStmt } from '@pgsql/types';
import {
  type AttNum,
  baseTypeSql,
  type Column,
  findColumn,
  findRelation,
  type Relation,
  type Snapshot,
} from '../catalog/snapshot.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';

/** The condition cannot be a guard; the message says what stands in the way and what would be valid. */
export class GuardError extends Error {
  override readonly name = 'GuardError';
}

/** What a condition makes of the rows of another relation. */
export interface Reading {
  readonly columns: ReadonlySet<AttNum>;
  /** It can become false where a row is deleted, or where one is inserted: NOT turns one into the other. */
  readonly needsRows: boolean;
  readonly needsAbsence: boolean;
}

export interface Guard {
  /** Columns of the guard's own relation that it reads. */
  readonly columns: ReadonlySet<AttNum>;
  /** Other relations that it reads. */
  readonly relations: ReadonlyMap<Relation, Reading>;
  /** The condition as SQL over the row that `alias` names; an identifier, or dotted identifiers, quoted where needed. */
  readonly toSql: (alias: string) => string;
}

/** A range variable that column references of the condition can mean. */
interface RangeVariable {
  readonly name: string;
  /** The schema that can stand before the name; absent under an alias. */
  readonly schema?: string;
  readonly relation: Relation;
  /** Null for the guard's own row, whose alias is known only when the SQL is made. */
  readonly alias: string | null;
}

/** `time` is a timestamp in UTC without zone. */
type Kind = 'time' | 'date' | 'interval' | 'text-constant' | 'other';

interface Rendered {
  readonly sql: string;
  readonly kind: Kind;
}

/** Stands for the row's alias until it is known; NUL cannot occur in SQL. */
const OWN_ROW = '\0';

const COMPARISONS = new Set(['=', '<>', '<', '<=', '>', '>=']);
const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '||']);

/** Built-in functions that give the same whatever the session's settings. */
const FUNCTIONS = new Set(
  'abs btrim left length lower ltrim replace right rtrim starts_with strpos substr substring upper'.split(' '),
);
/** The same for those that take a field's name and a moment. */
const TIME_FUNCTIONS = new Set(['date_part', 'date_trunc', 'extract']);

/** Types whose constants and comparisons no setting changes (money, for one, follows lc_monetary). */
const STEADY_TYPES = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'text',
  'character varying',
  'character',
  '"char"',
  'name',
  'uuid',
]);

const ISO_TIME = /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$/;
/** Read the same under every IntervalStyle. */
const PLAIN_INTERVAL =
  /^\d+ (second|minute|hour|day|week|month|year)s?( \d+ (second|minute|hour|day|week|month|year)s?)*$/;

/**
 * Compiles a condition over the rows of a relation.
 * @param select the tree of `SELECT <condition>`
 * @param named the relation under whose name the condition speaks of its row: a parent's, for a partition
 * @throws GuardError for anything whose meaning the session could change, and for names that do not exist
 */
export function compileGuard(select: Node, relation: Relation, snapshot: Snapshot, named = relation): Guard {
  const condition = onlyTarget(select);
  const columns = new Set<AttNum>();
  const relations = new Map<Relation, Found>();
  const own: RangeVariable = { name: named.name, schema: named.schema, relation, alias: null };
  const { sql } = render(condition, {
    scopes: [[own]],
    snapshot,
    sense: 'plain',
    reads: (variable, column) => {
      if (variable === own) columns.add(column.attnum);
      else relations.get(variable.relation)?.columns.add(column.attnum);
    },
    looksInto: (relation, sense) => {
      const found = relations.get(relation) ?? { columns: new Set(), needsRows: false, needsAbsence: false };
      found.needsRows ||= sense !== 'negated';
      found.needsAbsence ||= sense !== 'plain';
      relations.set(relation, found);
    },
  });
  return { columns, relations, toSql: (alias) => sql.replaceAll(OWN_ROW, () => alias) };
}

interface Found extends Reading {
  readonly columns: Set<AttNum>;
  needsRows: boolean;
  needsAbsence: boolean;
}

/** Whether more rows below can only make the whole condition true, only false, or either. */
type Sense = 'plain' | 'negated' | 'either';

const OPPOSITE: Readonly<Record<Sense, Sense>> = { plain: 'negated', negated: 'plain', either: 'either' };

/** The condition of `SELECT <condition>`, with nothing else in the statement. */
function onlyTarget(node: Node): Node {
  const select = 'SelectStmt' in node ? node.SelectStmt : undefined;
  const targets = select?.targetList ?? [];
  const target = targets[0];
  const rest = Object.keys(select ?? {}).filter((key) => !['targetList', 'limitOption', 'op'].includes(key));
  if (targets.length !== 1 || !target || !('ResTarget' in target) || !target.ResTarget.val || rest.length > 0) {
    throw new GuardError(
      "must be one condition, such as: channel = 'amazon' AND shipped_at < now() - interval '30 days'",
    );
  }
  if (target.ResTarget.name !== undefined) throw new GuardError('must be a condition without a name behind it');
  return target.ResTarget.val;
}

interface Context {
  /** Innermost first. */
  readonly scopes: readonly (readonly RangeVariable[])[];
  readonly snapshot: Snapshot;
  readonly sense: Sense;
  readonly reads: (variable: RangeVariable, column: Column) => void;
  readonly looksInto: (relation: Relation, sense: Sense) => void;
}

function render(node: Node, outer: Context): Rendered {
  if ('BoolExpr' in node) {
    const sense = node.BoolExpr.boolop === 'NOT_EXPR' ? OPPOSITE[outer.sense] : outer.sense;
    const args = (node.BoolExpr.args ?? []).map((arg) => `(${render(arg, { ...outer, sense }).sql})`);
    if (node.BoolExpr.boolop === 'NOT_EXPR') return other(`NOT ${args[0]}`);
    return other(args.join(node.BoolExpr.boolop === 'AND_EXPR' ? ' AND ' : ' OR '));
  }
  if ('SubLink' in node) return renderExists(node.SubLink, outer);
  const context: Context = { ...outer, sense: 'either' };
  if ('A_Expr' in node) return renderOperation(node.A_Expr, context);
  if ('ColumnRef' in node) return renderColumn(node.ColumnRef.fields ?? [], context);
  if ('A_Const' in node) return renderConstant(node.A_Const);
  if ('NullTest' in node && node.NullTest.arg) {
    const test = node.NullTest.nulltesttype === 'IS_NULL' ? 'IS NULL' : 'IS NOT NULL';
    return other(`(${render(node.NullTest.arg, context).sql}) ${test}`);
  }
  if ('BooleanTest' in node && node.BooleanTest.arg) {
    const test = node.BooleanTest.booltesttype?.replaceAll('_', ' ');
    return other(`(${render(node.BooleanTest.arg, context).sql}) ${test}`);
  }
  if ('CoalesceExpr' in node) {
    const args = (node.CoalesceExpr.args ?? []).map((arg) => render(arg, context));
    const kinds = new Set(args.map((arg) => arg.kind));
    if (kinds.size > 1 && args.some((arg) => isTemporal(arg.kind))) throw mixed();
    const sql = `COALESCE(${args.map((arg) => arg.sql).join(', ')})`;
    return { sql, kind: args[0] && isTemporal(args[0].kind) ? args[0].kind : 'other' };
  }
  if ('SQLValueFunction' in node) return renderClock(node.SQLValueFunction.op ?? '');
  if ('FuncCall' in node) return renderCall(node.FuncCall, context);
  if ('TypeCast' in node) return renderCast(node.TypeCast, context);
  throw new GuardError(`has ${Object.keys(node)[0]}, which a guard cannot have`);
}

function renderOperation(expression: Extract<Node, { A_Expr: unknown }>['A_Expr'], context: Context): Rendered {
  const operator = names(expression.name ?? []);
  const name = operator.at(-1) ?? '';
  if (operator.length > 1 && operator[0] !== 'pg_catalog')
    throw new GuardError(`has an operator outside pg_catalog: ${name}`);
  const right = expression.rexpr;
  if (!right) throw new GuardError(`has the operator ${name} without an operand behind it`);
  if (!expression.lexpr) {
    if (expression.kind !== 'AEXPR_OP' || name !== '-') throw new GuardError(`has ${name} before an operand`);
    const operand = render(right, context);
    if (isTemporal(operand.kind)) throw new GuardError('has a minus before a date, time or interval');
    return other(`OPERATOR(pg_catalog.-) (${operand.sql})`);
  }
  const left = render(expression.lexpr, context);
  switch (expression.kind) {
    case 'AEXPR_OP':
      if (COMPARISONS.has(name)) return other(compare(left, name, render(right, context)));
      if (ARITHMETIC.has(name)) return calculate(left, name, render(right, context));
      throw new GuardError(`has the operator ${name}, which a guard cannot have`);
    case 'AEXPR_IN': {
      // IN looks its operator up by search_path; written out, it can be pinned, and each element takes the column's type.
      const elements = 'List' in right ? (right.List.items ?? []) : [];
      if (elements.length === 0) throw new GuardError('has IN without a list of values');
      const parts = elements.map((element) => `(${compare(left, name, render(element, context))})`);
      return other(parts.join(name === '=' ? ' OR ' : ' AND '));
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const [low, high] = ('List' in right ? (right.List.items ?? []) : []).map((bound) => render(bound, context));
      if (!low || !high) throw new GuardError('has BETWEEN without two bounds');
      const between = `(${compare(left, '>=', low)}) AND (${compare(left, '<=', high)})`;
      return other(expression.kind === 'AEXPR_BETWEEN' ? between : `NOT (${between})`);
    }
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE': {
      const pattern = render(right, context);
      if (isTemporal(left.kind) || isTemporal(pattern.kind)) throw new GuardError('has LIKE over a date or time');
      return other(`(${left.sql}) OPERATOR(pg_catalog.${name}) (${pattern.sql})`);
    }
    default:
      throw new GuardError(`has ${expression.kind}, whose operator follows the session's search_path`);
  }
}

/** Both sides in UTC without zone, or both without time. */
function compare(left: Rendered, operator: string, right: Rendered): string {
  const [a, b] = [withKindOf(left, right), withKindOf(right, left)];
  const dates = [a.kind, b.kind].filter(isTemporal);
  if (dates.length === 1 || (a.kind === 'interval') !== (b.kind === 'interval')) throw mixed();
  return `(${a.sql}) OPERATOR(pg_catalog.${operator}) (${b.sql})`;
}

function calculate(left: Rendered, operator: string, right: Rendered): Rendered {
  const sql = `(${left.sql}) OPERATOR(pg_catalog.${operator}) (${right.sql})`;
  if (!isTemporal(left.kind) && !isTemporal(right.kind)) return other(sql);
  if (operator === '+' || operator === '-') {
    const moment = left.kind === 'time' || left.kind === 'date';
    if (left.kind === 'interval' && right.kind === 'interval') return { sql, kind: 'interval' };
    if (moment && right.kind === 'interval') return { sql, kind: 'time' };
    if (left.kind === 'date' && right.kind === 'other') return { sql, kind: 'date' };
  }
  throw new GuardError(
    `has ${operator} over dates or times in a form that a guard cannot have; write: column < now() - interval '30 days'`,
  );
}

/** A plain string beside a date or time takes its type; it must be one that DateStyle cannot turn round. */
function withKindOf(side: Rendered, beside: Rendered): Rendered {
  if (side.kind !== 'text-constant' || !isTemporal(beside.kind)) return side;
  return temporalConstant(side.sql.slice(1, -1), beside.kind);
}

function temporalConstant(value: string, kind: Kind): Rendered {
  if (kind === 'interval') {
    if (!PLAIN_INTERVAL.test(value)) throw new GuardError(`has the interval '${value}'; write it as in '30 days'`);
    return { sql: `INTERVAL '${value}'`, kind };
  }
  if (!ISO_TIME.test(value)) {
    throw new GuardError(
      `has the date or time '${value}', which the session's DateStyle could change; write it as in '2026-01-31'`,
    );
  }
  return { sql: `CAST('${value}' AS pg_catalog.${kind === 'date' ? 'date' : '"timestamp"'})`, kind };
}

function renderColumn(fields: readonly Node[], context: Context): Rendered {
  const path = names(fields);
  const columnName = path.at(-1) ?? '';
  const qualifier = path.slice(0, -1);
  for (const scope of context.scopes) {
    const matches = scope.flatMap((variable) => {
      const named =
        qualifier.length === 0 ||
        (qualifier.length === 1 && qualifier[0] === variable.name) ||
        (qualifier.length === 2 && qualifier[0] === variable.schema && qualifier[1] === variable.name);
      const column = named ? findColumn(variable.relation, columnName) : undefined;
      return column ? [{ variable, column }] : [];
    });
    if (matches.length > 1)
      throw new GuardError(`has the column ${path.join('.')}, which is ambiguous: put its table's name before it`);
    const match = matches[0];
    if (!match) continue;
    context.reads(match.variable, match.column);
    const row = match.variable.alias === null ? OWN_ROW : quoteIdentifier(match.variable.alias);
    return renderColumnValue(`${row}.${quoteIdentifier(columnName)}`, match.column);
  }
  throw new GuardError(`has the column ${path.join('.')}, which does not exist`);
}

function renderColumnValue(reference: string, column: Column): Rendered {
  if (!column.deterministic) {
    throw new GuardError(
      `reads ${column.name}, whose collation is nondeterministic; compare it under a deterministic one`,
    );
  }
  const type = baseTypeSql(column).replace(/\([\d,]+\)/, '');
  switch (type) {
    case 'timestamp with time zone':
      return { sql: `pg_catalog.timezone('UTC', ${reference})`, kind: 'time' };
    case 'timestamp without time zone':
      return { sql: reference, kind: 'time' };
    case 'date':
      return { sql: reference, kind: 'date' };
    case 'interval':
      return { sql: reference, kind: 'interval' };
    default:
      if (STEADY_TYPES.has(type) || column.isEnum) return other(reference);
      throw new GuardError(
        `reads ${column.name} of type ${column.typeSql}, whose meaning could follow the session's settings`,
      );
  }
}

function renderConstant(constant: Extract<Node, { A_Const: unknown }>['A_Const']): Rendered {
  if (constant.isnull) return other('NULL');
  if (constant.boolval) return other(constant.boolval.boolval ? 'true' : 'false');
  if (constant.ival) return other(String(constant.ival.ival ?? 0));
  if (constant.fval) return other(constant.fval.fval ?? '0');
  if (constant.sval) return { sql: quoteLiteral(constant.sval.sval ?? ''), kind: 'text-constant' };
  throw new GuardError('has a bit string, which a guard cannot have');
}

/** The start of the transaction, in UTC. */
const NOW = "pg_catalog.timezone('UTC', pg_catalog.now())";

function renderClock(op: string): Rendered {
  switch (op) {
    case 'SVFOP_CURRENT_DATE':
      return { sql: `CAST(${NOW} AS pg_catalog.date)`, kind: 'date' };
    case 'SVFOP_CURRENT_TIMESTAMP':
    case 'SVFOP_LOCALTIMESTAMP':
      return { sql: NOW, kind: 'time' };
    default:
      throw new GuardError(`has ${op.replace('SVFOP_', '').toLowerCase()}, which follows the session`);
  }
}

function renderCall(call: Extract<Node, { FuncCall: unknown }>['FuncCall'], context: Context): Rendered {
  const path = names(call.funcname ?? []);
  const name = path.at(-1) ?? '';
  const plain =
    !call.agg_distinct && !call.agg_filter && !call.agg_order && !call.agg_star && !call.over && !call.func_variadic;
  const builtIn = path.length === 1 || (path.length === 2 && path[0] === 'pg_catalog');
  if (plain && builtIn && (name === 'now' || name === 'transaction_timestamp') && !call.args)
    return { sql: NOW, kind: 'time' };
  const ofTime = TIME_FUNCTIONS.has(name);
  if (!plain || !builtIn || !(ofTime || FUNCTIONS.has(name))) {
    const valid = ['now', ...FUNCTIONS, ...TIME_FUNCTIONS].join(', ');
    throw new GuardError(`calls ${path.join('.')}, which a guard cannot have; it can call ${valid}`);
  }
  const args = (call.args ?? []).map((arg) => render(arg, context));
  const sqlName = `pg_catalog.${quoteIdentifier(name)}`;
  if (!ofTime) {
    if (args.some((arg) => isTemporal(arg.kind))) throw new GuardError(`calls ${name} with a date or time`);
    return other(`${sqlName}(${args.map((arg) => arg.sql).join(', ')})`);
  }
  const [field, moment] = args;
  if (args.length !== 2 || field?.kind !== 'text-constant' || (moment?.kind !== 'time' && moment?.kind !== 'date')) {
    throw new GuardError(`calls ${name} with other than a field's name and a date or time`);
  }
  // A date would become a timestamptz by the session's TimeZone.
  const sql = `${sqlName}(${field.sql}, CAST(${moment.sql} AS pg_catalog."timestamp"))`;
  return { sql, kind: name === 'date_trunc' ? 'time' : 'other' };
}

function renderCast(cast: Extract<Node, { TypeCast: unknown }>['TypeCast'], context: Context): Rendered {
  const path = names(cast.typeName?.names ?? []);
  const type = path.at(-1) ?? '';
  const arg = cast.arg ? render(cast.arg, context) : other('NULL');
  if (
    path.length > 2 ||
    (path.length === 2 && path[0] !== 'pg_catalog') ||
    cast.typeName?.arrayBounds ||
    cast.typeName?.typmods
  ) {
    throw new GuardError(`has a cast to ${path.join('.')}; a guard can cast to plain built-in types`);
  }
  switch (type) {
    case 'date':
    case 'timestamp':
    case 'interval': {
      const kind: Kind = type === 'timestamp' ? 'time' : type;
      if (arg.kind === 'text-constant') return temporalConstant(arg.sql.slice(1, -1), kind);
      const moments = (arg.kind === 'time' || arg.kind === 'date') && kind !== 'interval';
      if (!moments) throw new GuardError(`casts to ${type} what is neither a date, a time nor a constant`);
      return { sql: `CAST(${arg.sql} AS pg_catalog.${quoteIdentifier(type)})`, kind };
    }
    case 'bool':
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
    case 'text':
      if (isTemporal(arg.kind))
        throw new GuardError(`casts a date or time to ${type}, which follows the session's DateStyle`);
      return other(`CAST(${arg.sql} AS pg_catalog.${type})`);
    default:
      throw new GuardError(
        `has a cast to ${type}, which a guard cannot have; time in a guard is UTC, cast to timestamp or date`,
      );
  }
}

/** `EXISTS (SELECT … FROM schema.table [alias], … WHERE …)` */
function renderExists(link: Extract<Node, { SubLink: unknown }>['SubLink'], context: Context): Rendered {
  const select = link.subselect && 'SelectStmt' in link.subselect ? link.subselect.SelectStmt : undefined;
  if (link.subLinkType !== 'EXISTS_SUBLINK' || !select) {
    throw new GuardError('has a subquery other than EXISTS (…); write EXISTS (SELECT FROM schema.table WHERE …)');
  }
  const known = ['targetList', 'fromClause', 'whereClause', 'limitOption', 'op'];
  const unknown = Object.keys(select).find((key) => !known.includes(key));
  if (unknown || select.op !== 'SETOP_NONE' || !select.fromClause) {
    throw new GuardError(`has EXISTS with ${unknown ?? 'no table'}; write EXISTS (SELECT FROM schema.table WHERE …)`);
  }
  assertConstantTargets(select);
  const scope = select.fromClause.map((item): RangeVariable => {
    if (!('RangeVar' in item)) throw new GuardError('has EXISTS over something other than tables in FROM');
    const { schemaname, relname = '', alias, inh } = item.RangeVar;
    if (!schemaname)
      throw new GuardError(`reads ${relname} without a schema: write public.${relname} or the schema that it is in`);
    if (alias?.colnames || !inh) throw new GuardError(`reads ${relname} with ONLY or with names for its columns`);
    const relation = findRelation(context.snapshot, schemaname, relname);
    if (!relation) throw new GuardError(`reads ${schemaname}.${relname}, which does not exist`);
    const name = alias?.aliasname ?? relname;
    return {
      name,
      ...(alias ? {} : { schema: schemaname }),
      relation,
      alias: `pgveil_${context.scopes.length}_${name}`,
    };
  });
  for (const { relation } of scope) context.looksInto(relation, context.sense);
  const from = scope.map(
    (v) =>
      `${quoteIdentifier(v.relation.schema)}.${quoteIdentifier(v.relation.name)} AS ${quoteIdentifier(v.alias ?? '')}`,
  );
  const inner = { ...context, scopes: [scope, ...context.scopes] };
  const where = select.whereClause ? ` WHERE ${render(select.whereClause, inner).sql}` : '';
  return other(`EXISTS (SELECT FROM ${from.join(', ')}${where})`);
}

/** The target list of an EXISTS does not count and is dropped, so it must be one that could not count. */
function assertConstantTargets(select: SelectStmt): void {
  for (const target of select.targetList ?? []) {
    const value = 'ResTarget' in target ? target.ResTarget.val : undefined;
    const star = value && 'ColumnRef' in value && value.ColumnRef.fields?.some((field) => 'A_Star' in field);
    if (!value || !(star || 'A_Const' in value))
      throw new GuardError('has EXISTS with columns: write EXISTS (SELECT FROM …)');
  }
}

function names(fields: readonly Node[]): string[] {
  return fields.map((field) => {
    if (!('String' in field)) throw new GuardError('has * or a subscript, which a guard cannot have');
    return field.String.sval ?? '';
  });
}

function other(sql: string): Rendered {
  return { sql, kind: 'other' };
}

function isTemporal(kind: Kind): boolean {
  return kind === 'time' || kind === 'date' || kind === 'interval';
}

function mixed(): GuardError {
  return new GuardError("compares a date or time with something else, which would follow the session's settings");
}

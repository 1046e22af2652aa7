/**
 * Binds policies to a catalog snapshot: names become relations and columns, conditions become guards, masks are checked
 * against the columns that they stand for. What does not fit is a problem with its place in the configuration file, and
 * closes the tables that the policy names.
 */
import type { Node } from '@pgsql/types';
import {
  type AttNum,
  type Column,
  findColumn,
  findRelation,
  type Oid,
  type Relation,
  type Snapshot,
} from '../catalog/snapshot.js';
import { mentionsOf } from '../sql/mentions.js';
import type { SqlParser } from '../sql/parse.js';
import { SqlSyntaxError } from '../sql/parse.js';
import type { ColumnLabel, TaggedColumn } from '../sql/plan-types.js';
import type {
  ColumnConfig,
  PolicyConfig,
  Problem,
  QualifiedName,
  SourcePosition,
  TableConfig,
} from './config-types.js';
import { compileGuard, type Guard, GuardError } from './guard.js';
import { characterLimit, isText, maskProblem } from './masks.js';
import { rowKeyColumns, rowKeyProblem } from './row-key.js';

/** When a row is redacted. */
export type RowGuard =
  | {
      readonly kind: 'own';
      /** Redacted when the condition is true and the exemption is not. */
      readonly condition: Guard;
      readonly exemption?: Guard;
      /** Trees of the same, for the proof that a query touches no redacted row. */
      readonly conditionTree: Node;
      readonly exemptionTree?: Node;
    }
  | {
      readonly kind: 'belongs';
      readonly parent: GuardedRelation;
      readonly parentGuard: RowGuard;
      readonly on: readonly { readonly child: Column; readonly parent: Column }[];
      /** At most one parent row matches. */
      readonly unique: boolean;
      /** A parent row is meant to match: a row whose parent is missing is redacted. */
      readonly keyed: boolean;
      readonly match: 'any' | 'all';
    };

/** One policy's mask of one column. */
export interface MaskRule {
  readonly policy: PolicyConfig;
  readonly config: ColumnConfig;
  readonly label: ColumnLabel;
  /** Absent where the mask has no wire form. */
  readonly tagged?: TaggedColumn;
}

export interface ProtectedColumn {
  readonly column: Column;
  /** In the order of the policies; the first whose guard holds decides. */
  readonly rules: readonly MaskRule[];
}

/** A relation whose rows at least one policy can redact. */
export interface GuardedRelation {
  readonly relation: Relation;
  readonly guards: ReadonlyMap<PolicyConfig, RowGuard>;
  /** Empty for a relation that only leads to the guard's table. */
  readonly columns: ReadonlyMap<AttNum, ProtectedColumn>;
  /** Columns that guards of this or another relation read: a redacted row keeps them. */
  readonly guardColumns: ReadonlySet<AttNum>;
  /** Columns that tell its rows apart, for tokens. */
  readonly rowKey: readonly Column[];
}

export interface Binding {
  readonly guarded: ReadonlyMap<Oid, GuardedRelation>;
  /** `schema.name` of tables that a policy names and that cannot be served, with the reason. */
  readonly closed: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** Numbers for tags, the same for the same column as long as the process lives. */
export interface TagNumbers {
  of(label: ColumnLabel, form: string): number;
  all(): readonly TagNumber[];
}

/** What is numbered, in a word, and its number. */
export type TagNumber = readonly [string, number];

/** @param what `fixed`: those that are known are all; asking for another is an error */
export function createTagNumbers(known: readonly TagNumber[] = [], what: 'growing' | 'fixed' = 'growing'): TagNumbers {
  const numbers = new Map<string, number>(known);
  return {
    of(label, form) {
      const key = JSON.stringify([label.policy, label.table, label.column, form]);
      const found = numbers.get(key) ?? numbers.size + 1;
      if (what === 'fixed' && !numbers.has(key)) throw new Error(`no tag has a number for ${key}`);
      numbers.set(key, found);
      return found;
    },
    all: () => [...numbers],
  };
}

interface Draft {
  readonly relation: Relation;
  readonly guards: Map<PolicyConfig, RowGuard>;
  readonly columns: Map<AttNum, { column: Column; rules: MaskRule[] }>;
  readonly guardColumns: Set<AttNum>;
  rowKey: readonly Column[];
}

/** Binds the policies that hold for the snapshot's database. Never throws for what an operator wrote. */
export function bindPolicies(
  policies: readonly PolicyConfig[],
  snapshot: Snapshot,
  parser: SqlParser,
  tagNumbers: TagNumbers,
): Binding {
  const drafts = new Map<Oid, Draft>();
  const closed = new Map<string, string>();
  const problems: Problem[] = [];
  for (const policy of policies) {
    if (policy.databases && !policy.databases.includes(snapshot.database)) continue;
    const found: Problem[] = [];
    bindPolicy({ policy, snapshot, parser, tagNumbers, drafts, problems: found });
    for (const name of found.length > 0 ? family(policy, snapshot) : []) {
      closed.set(name, `policy ${policy.name} does not fit the schema: ${found[0]!.message}`);
    }
    problems.push(...new Map(found.map((problem) => [JSON.stringify(problem), problem])).values());
  }
  for (const draft of drafts.values()) addSourcesOfGuards(draft, parser);
  return { guarded: drafts, closed, problems };
}

/** Names of the policy's tables, and of those that inherit from them or show their rows. */
function family(policy: PolicyConfig, snapshot: Snapshot): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { table } of policy.tables) {
    found.add(nameOf(table));
    const relation = findRelation(snapshot, table.schema, table.name);
    if (!relation) continue;
    for (const r of [...descendants(relation, snapshot), ...ancestors(relation, snapshot)]) {
      found.add(`${r.schema}.${r.name}`);
    }
  }
  return found;
}

interface Context {
  readonly policy: PolicyConfig;
  readonly snapshot: Snapshot;
  readonly parser: SqlParser;
  readonly tagNumbers: TagNumbers;
  readonly drafts: Map<Oid, Draft>;
  readonly problems: Problem[];
}

function bindPolicy(context: Context): void {
  const { policy } = context;
  for (const table of policy.tables) {
    const relation = relationOf(table.table, table.at, context);
    if (!relation) continue;
    for (const heir of [relation, ...descendants(relation, context.snapshot)]) {
      // A partition or child that the policy names itself has rules of its own.
      if (heir !== relation && policy.tables.some((t) => nameOf(t.table) === `${heir.schema}.${heir.name}`)) continue;
      bindTable(table, relation, heir, context);
    }
  }
  for (const table of policy.tables) assertWhole(table, context);
  const guardTable = policy.redactWhen && relationOf(policy.redactWhen.table, policy.redactWhen.at, context);
  if (guardTable) for (const r of [guardTable, ...descendants(guardTable, context.snapshot)]) guardOf(r, context, []);
}

/** Rows of a partition or child are shown by its parents too. */
function assertWhole(table: TableConfig, context: Context): void {
  const { snapshot, policy, problems } = context;
  const relation = findRelation(snapshot, table.table.schema, table.table.name);
  for (const parent of relation ? ancestors(relation, snapshot) : []) {
    const name = `${parent.schema}.${parent.name}`;
    if (policy.tables.some((t) => nameOf(t.table) === name)) continue;
    if (policy.redactWhen && nameOf(policy.redactWhen.table) === name && table.columns.length === 0) continue;
    problems.push({
      at: table.at,
      message: `rows of ${nameOf(table.table)} are shown by ${name} too, which the policy does not name`,
      hint: `name ${name}: its partitions and children follow it`,
    });
  }
}

/** @param named the table as the policy names it; `heir` is itself or inherits from it */
function bindTable(table: TableConfig, named: Relation, heir: Relation, context: Context): void {
  const { policy, problems } = context;
  if (heir.kind === 'view' || heir.kind === 'sequence' || heir.kind === 'composite') {
    problems.push({
      at: table.at,
      message: `${nameOf(table.table)} is a ${heir.kind}, which a policy cannot name`,
      hint: 'name the tables that it reads: views over them are masked by themselves',
    });
    return;
  }
  const guard = guardOf(heir, context, []);
  if (!guard) return;
  const draft = draftOf(heir, context);
  const keyColumns = rowKeyColumns(named)
    .map((column) => findColumn(heir, column.name))
    .filter((column) => column !== undefined);
  draft.rowKey = keyColumns;
  for (const config of table.columns) {
    const column = findColumn(heir, config.name);
    if (!column) {
      problems.push({
        at: config.at,
        message: `${nameOf(table.table)} has no column ${config.name}`,
        hint: `its columns are ${heir.columns.map((c) => c.name).join(', ')}`,
      });
      continue;
    }
    const needsKey = config.mask.kind === 'one_way' && isText(column);
    const problem = maskProblem(config, column) ?? (needsKey ? rowKeyProblem(config, named, keyColumns) : undefined);
    if (problem) {
      problems.push({ at: config.at, message: problem });
      continue;
    }
    const label: ColumnLabel = {
      policy: policy.name,
      table: nameOf(table.table),
      column: config.name,
      category: config.category,
    };
    const entry = draft.columns.get(column.attnum) ?? { column, rules: [] };
    const tagged = isText(column) && config.mask.kind !== 'null' ? tagOf(config, column, label, context) : undefined;
    entry.rules.push({ policy, config, label, ...(tagged ? { tagged } : {}) });
    draft.columns.set(column.attnum, entry);
  }
  for (const column of heir.columns) protectGenerated(column, draft, policy, context.parser);
}

/** A guard that reads a generated column depends on what the server computes it from. */
function addSourcesOfGuards({ relation, guardColumns }: Draft, parser: SqlParser): void {
  for (const { attnum, generationExpression } of relation.columns) {
    if (generationExpression === undefined || !guardColumns.has(attnum)) continue;
    const sources = mentionsOf(parser.parse(`SELECT ${generationExpression}`)[0]?.node).columns;
    for (const column of relation.columns) if (sources.has(column.name)) guardColumns.add(column.attnum);
  }
}

/** What the server computes from a protected column is protected too, and shown as NULL. */
function protectGenerated(column: Column, draft: Draft, policy: PolicyConfig, parser: SqlParser): void {
  const expression = column.generationExpression;
  const known = draft.columns.get(column.attnum);
  if (expression === undefined || known?.rules.some((rule) => rule.policy === policy)) return;
  const sources = mentionsOf(parser.parse(`SELECT ${expression}`)[0]?.node).columns;
  for (const { column: source, rules } of draft.columns.values()) {
    const rule = sources.has(source.name) ? rules.find((r) => r.policy === policy) : undefined;
    if (!rule) continue;
    const config: ColumnConfig = { ...rule.config, name: column.name, mask: { kind: 'null' }, keepNull: false };
    const entry = known ?? { column, rules: [] };
    entry.rules.push({ policy, config, label: { ...rule.label, column: column.name } });
    draft.columns.set(column.attnum, entry);
    return;
  }
}

function tagOf(config: ColumnConfig, column: Column, label: ColumnLabel, context: Context): TaggedColumn {
  const kind = config.mask.kind === 'one_way' ? 'token' : 'text';
  const limit = characterLimit(column);
  return {
    ...label,
    id: context.tagNumbers.of(label, `${kind} ${limit}`),
    kind,
    ...(Number.isFinite(limit) ? { maxLength: limit } : {}),
  };
}

/** The policy's guard of a relation, bound on first use; undefined, with a problem said, where there is none. */
function guardOf(relation: Relation, context: Context, children: readonly Relation[]): RowGuard | undefined {
  const { policy } = context;
  const known = context.drafts.get(relation.oid)?.guards.get(policy);
  if (known) return known;
  if (children.includes(relation)) return undefined;
  const table = tableConfigOf(relation, context);
  const isGuardTable = policy.redactWhen && inherits(relation, policy.redactWhen.table, context);
  const named = (name: QualifiedName): Relation => findRelation(context.snapshot, name.schema, name.name) ?? relation;
  const guard = table?.belongsTo
    ? belongingGuard(relation, table.belongsTo, context, [...children, relation])
    : table?.redactedWhen
      ? ownGuard(relation, named(table.table), table.redactedWhen.sql, undefined, table.redactedWhen.at, context)
      : policy.redactWhen && isGuardTable
        ? ownGuard(
            relation,
            named(policy.redactWhen.table),
            policy.redactWhen.where,
            policy.redactWhen.unless,
            policy.redactWhen.at,
            context,
          )
        : undefined;
  if (!guard) {
    if (context.problems.length === 0) {
      context.problems.push({
        at: table?.at ?? policy.at,
        message: `nothing says when rows of ${relation.schema}.${relation.name} are redacted`,
        hint: 'give it belongs_to or redacted_when, or make it the table of redact_when',
      });
    }
    return undefined;
  }
  const draft = draftOf(relation, context);
  draft.guards.set(policy, guard);
  if (guard.kind === 'own') {
    for (const attnum of guard.condition.columns) draft.guardColumns.add(attnum);
    for (const attnum of guard.exemption?.columns ?? []) draft.guardColumns.add(attnum);
  } else {
    for (const { child } of guard.on) draft.guardColumns.add(child.attnum);
  }
  return guard;
}

function ownGuard(
  relation: Relation,
  named: Relation,
  where: string,
  unless: string | undefined,
  at: SourcePosition,
  context: Context,
): RowGuard | undefined {
  const compiled = compile(relation, named, where, at, 'where', context);
  const exempt = unless === undefined ? undefined : compile(relation, named, unless, at, 'unless', context);
  if (!compiled || (unless !== undefined && !exempt)) return undefined;
  return {
    kind: 'own',
    condition: compiled.guard,
    conditionTree: compiled.tree,
    ...(exempt ? { exemption: exempt.guard, exemptionTree: exempt.tree } : {}),
  };
}

function compile(
  relation: Relation,
  named: Relation,
  condition: string,
  at: SourcePosition,
  what: string,
  { snapshot, parser, problems }: Context,
): { guard: Guard; tree: Node } | undefined {
  try {
    const statements = parser.parse(`SELECT ${condition}`);
    const only = statements.length === 1 ? statements[0]!.node : undefined;
    if (!only) throw new GuardError('must be one condition');
    const guard = compileGuard(only, relation, snapshot, named);
    const target = 'SelectStmt' in only ? only.SelectStmt.targetList?.[0] : undefined;
    const tree = target && 'ResTarget' in target ? target.ResTarget.val : undefined;
    if (!tree) throw new GuardError('must be one condition');
    return { guard, tree };
  } catch (error) {
    if (!(error instanceof GuardError || error instanceof SqlSyntaxError)) throw error;
    const where = error instanceof SqlSyntaxError ? `is not SQL: ${error.message}` : error.message;
    problems.push({ at, message: `the condition (${what}) over ${relation.schema}.${relation.name} ${where}` });
    return undefined;
  }
}

function belongingGuard(
  relation: Relation,
  belongsTo: NonNullable<TableConfig['belongsTo']>,
  context: Context,
  children: readonly Relation[],
): RowGuard | undefined {
  const { problems } = context;
  const parent = relationOf(belongsTo.parent, belongsTo.at, context);
  if (!parent) return undefined;
  const parentGuard = guardOf(parent, context, children);
  if (!parentGuard) return undefined;
  const on: { child: Column; parent: Column }[] = [];
  for (const pair of belongsTo.on) {
    const child = findColumn(relation, pair.child);
    const parentColumn = findColumn(parent, pair.parent);
    for (const [owner, name, column] of [
      [relation, pair.child, child],
      [parent, pair.parent, parentColumn],
    ] as const) {
      if (!column) problems.push({ at: belongsTo.at, message: `${owner.schema}.${owner.name} has no column ${name}` });
    }
    if (child && parentColumn) on.push({ child, parent: parentColumn });
  }
  if (on.length !== belongsTo.on.length) return undefined;
  const parentDraft = draftOf(parent, context);
  for (const pair of on) parentDraft.guardColumns.add(pair.parent.attnum);
  const joined = new Set(on.map((pair) => pair.parent.attnum));
  // The keys of a table that others inherit from hold for its own rows alone.
  const shared = parent.kind !== 'partitioned' && context.snapshot.childrenByOid.has(parent.oid);
  const keyed = parent.uniqueKeys.some((key) => key.every((attnum) => joined.has(attnum)));
  const unique = keyed && !shared;
  return { kind: 'belongs', parent: parentDraft, parentGuard, on, unique, keyed, match: belongsTo.match };
}

function draftOf(relation: Relation, { drafts }: Context): Draft {
  const draft = drafts.get(relation.oid) ?? {
    relation,
    guards: new Map(),
    columns: new Map(),
    guardColumns: new Set<AttNum>(),
    rowKey: rowKeyColumns(relation),
  };
  drafts.set(relation.oid, draft);
  return draft;
}

function relationOf(name: QualifiedName, at: SourcePosition, { snapshot, problems }: Context): Relation | undefined {
  const relation = findRelation(snapshot, name.schema, name.name);
  if (relation) return relation;
  const elsewhere = snapshot.relationsByName.get(name.name)?.map((r) => `${r.schema}.${r.name}`) ?? [];
  problems.push({
    at,
    message: `there is no table ${nameOf(name)} in the database ${snapshot.database}`,
    ...(elsewhere.length > 0 ? { hint: `there is ${elsewhere.join(', ')}` } : {}),
  });
  return undefined;
}

/** The entry of the policy that names the relation or, nearest first, one that it inherits from. */
function tableConfigOf(relation: Relation, context: Context): TableConfig | undefined {
  const own = context.policy.tables.find((t) => nameOf(t.table) === `${relation.schema}.${relation.name}`);
  if (own) return own;
  for (const oid of relation.parents) {
    const parent = context.snapshot.relationByOid.get(oid);
    const inherited = parent && tableConfigOf(parent, context);
    if (inherited) return inherited;
  }
  return undefined;
}

function inherits(relation: Relation, from: QualifiedName, context: Context): boolean {
  if (`${relation.schema}.${relation.name}` === nameOf(from)) return true;
  return relation.parents.some((oid) => {
    const parent = context.snapshot.relationByOid.get(oid);
    return parent !== undefined && inherits(parent, from, context);
  });
}

function ancestors(relation: Relation, snapshot: Snapshot): readonly Relation[] {
  const parents = relation.parents.flatMap((oid) => snapshot.relationByOid.get(oid) ?? []);
  return [...parents, ...parents.flatMap((parent) => ancestors(parent, snapshot))];
}

function descendants(relation: Relation, snapshot: Snapshot): Relation[] {
  const found = new Set<Relation>();
  const visit = (oid: Oid): void => {
    for (const child of snapshot.childrenByOid.get(oid) ?? []) {
      if (found.has(child)) continue;
      found.add(child);
      visit(child.oid);
    }
  };
  visit(relation.oid);
  return [...found];
}

function nameOf(name: QualifiedName): string {
  return `${name.schema}.${name.name}`;
}

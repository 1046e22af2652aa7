/**
 * Statements other than queries and modifications: which pass, which do where no protected relation is concerned, and
 * what they change in the session. A kind that is not listed is refused.
 */
import type { Node } from '@pgsql/types';
import type { Analysis, Viewer } from './analysis.js';
import { assertNotTemporary, definesCode } from './definitions.js';
import { assertNoSourceOfGuards } from './guard-sources.js';
import { locationOf, type Mentions, type NamedReference, stringOf } from './mentions.js';
import { ANY_CODE, type SessionEffect } from './plan-types.js';
import { PROVEN_BY, type Protection } from './protection.js';
import { refusal, unsupported } from './refuse.js';
import { resolveRelation } from './relations.js';
import { sweptBy } from './swept.js';
import { constantOf } from './values.js';

/** What becomes of a kind of statement that mentions a protected relation. */
type OnProtected =
  /** It reads no row and moves no value. */
  | 'pass'
  /** It changes what is protected: refused unless the policies allow DDL. */
  | 'ddl';

interface UtilityKind {
  /** The label of metrics. */
  readonly label: 'utility' | 'ddl' | 'transaction' | 'set';
  readonly onProtected: OnProtected;
  /** Names in it may mean something else until the change is committed and seen. */
  readonly changesSchema: boolean;
}

const UTILITY: UtilityKind = { label: 'utility', onProtected: 'pass', changesSchema: false };
const DDL: UtilityKind = { label: 'ddl', onProtected: 'ddl', changesSchema: true };
const DDL_ELSEWHERE: UtilityKind = { label: 'ddl', onProtected: 'pass', changesSchema: true };

const KINDS: Readonly<Record<string, UtilityKind>> = {
  TransactionStmt: { ...UTILITY, label: 'transaction' },
  VariableSetStmt: { ...UTILITY, label: 'set' },
  VariableShowStmt: { ...UTILITY, label: 'set' },
  ConstraintsSetStmt: UTILITY,
  DiscardStmt: UTILITY,
  ListenStmt: UTILITY,
  NotifyStmt: UTILITY,
  UnlistenStmt: UTILITY,
  DeallocateStmt: UTILITY,
  ExecuteStmt: UTILITY,
  FetchStmt: UTILITY,
  ClosePortalStmt: UTILITY,
  CallStmt: UTILITY,
  CheckPointStmt: UTILITY,
  LockStmt: UTILITY,
  VacuumStmt: UTILITY,
  ReindexStmt: UTILITY,
  // The order of rows would tell of the index.
  ClusterStmt: { ...UTILITY, onProtected: 'ddl' },
  TruncateStmt: UTILITY,
  RefreshMatViewStmt: UTILITY,
  // Of an exempt role; of others it is judged by itself.
  ViewStmt: DDL_ELSEWHERE,
  // Rights and descriptions.
  GrantStmt: DDL_ELSEWHERE,
  GrantRoleStmt: DDL_ELSEWHERE,
  AlterDefaultPrivilegesStmt: DDL_ELSEWHERE,
  AlterOwnerStmt: DDL_ELSEWHERE,
  CommentStmt: UTILITY,
  SecLabelStmt: UTILITY,
  CreateRoleStmt: DDL_ELSEWHERE,
  AlterRoleStmt: DDL_ELSEWHERE,
  AlterRoleSetStmt: DDL_ELSEWHERE,
  DropRoleStmt: DDL_ELSEWHERE,
  ReassignOwnedStmt: DDL_ELSEWHERE,
  DropOwnedStmt: DDL,
  // Databases and the server.
  CreatedbStmt: UTILITY,
  DropdbStmt: UTILITY,
  AlterDatabaseStmt: UTILITY,
  AlterDatabaseSetStmt: UTILITY,
  AlterDatabaseRefreshCollStmt: UTILITY,
  AlterSystemStmt: UTILITY,
  CreateTableSpaceStmt: UTILITY,
  DropTableSpaceStmt: UTILITY,
  AlterTableSpaceOptionsStmt: UTILITY,
  // Schema objects.
  CreateSchemaStmt: DDL,
  CreateStmt: DDL,
  AlterTableStmt: DDL,
  AlterTableMoveAllStmt: DDL_ELSEWHERE,
  IndexStmt: DDL,
  CreateStatsStmt: DDL,
  AlterStatsStmt: DDL_ELSEWHERE,
  CreateSeqStmt: DDL,
  AlterSeqStmt: DDL,
  CreateDomainStmt: DDL,
  AlterDomainStmt: DDL,
  CreateEnumStmt: DDL,
  AlterEnumStmt: DDL,
  CreateRangeStmt: DDL,
  CompositeTypeStmt: DDL,
  AlterTypeStmt: DDL,
  CompositeType: DDL,
  DefineStmt: DDL,
  CreateCastStmt: DDL,
  CreateConversionStmt: DDL,
  CreateOpClassStmt: DDL,
  CreateOpFamilyStmt: DDL,
  AlterOpFamilyStmt: DDL,
  AlterOperatorStmt: DDL,
  AlterCollationStmt: DDL,
  CreateFunctionStmt: DDL_ELSEWHERE,
  AlterFunctionStmt: DDL_ELSEWHERE,
  AlterObjectDependsStmt: DDL_ELSEWHERE,
  AlterObjectSchemaStmt: DDL,
  RenameStmt: DDL,
  DropStmt: DDL,
  RuleStmt: DDL,
  CreateTrigStmt: DDL,
  CreatePolicyStmt: DDL,
  AlterPolicyStmt: DDL,
  CreateExtensionStmt: DDL,
  AlterExtensionStmt: DDL,
  AlterExtensionContentsStmt: DDL,
  CreateTransformStmt: DDL,
  CreateAmStmt: DDL,
  CreatePublicationStmt: DDL,
  AlterPublicationStmt: DDL,
  AlterTSDictionaryStmt: DDL,
  AlterTSConfigurationStmt: DDL,
};

/** Settings that decide what a name means. */
const NAME_SETTINGS = new Set(['search_path', 'role', 'session_authorization']);
/** Settings that decide how the server reads SQL and writes results. */
const READING_SETTINGS = new Set(['client_encoding', 'names', 'standard_conforming_strings']);

export interface UtilityPlan {
  readonly label: UtilityKind['label'];
  readonly effects: readonly SessionEffect[];
}

/**
 * Plans a statement that is neither a query nor a modification, nor carries one. What unqualified names mean is asked
 * only where a name is protected in some schema.
 * @throws RefusalError
 */
export function planUtility(node: Node, { mentions, names, unit, state }: Analysis): UtilityPlan {
  const { viewer } = state;
  const { protection } = viewer;
  const [name, statement] = Object.entries(node)[0] as [string, Readonly<Record<string, unknown>>];
  const kind = KINDS[name];
  if (!kind) throw unsupported(statementName(name));
  assertNotTemporary(name, statement, mentions, names, protection);
  if (kind.onProtected === 'ddl' && viewer.policies.size > 0)
    assertAllowedDdl(name, statement, { mentions, names, unit }, protection);
  if (name === 'TransactionStmt' && statement.kind === 'TRANS_STMT_PREPARE' && viewer.uncommitted.size > 0) {
    throw unsupported('PREPARE TRANSACTION of changed definitions');
  }
  const effects: SessionEffect[] = [...effectsOf(name, statement, viewer.uncommitted.size > 0)];
  if (kind.changesSchema) {
    effects.push({ kind: 'ddl', names: changedNames(name, statement, mentions, viewer) });
    effects.push({ kind: 'environment' });
  }
  return { label: kind.label, effects };
}

function assertAllowedDdl(
  name: string,
  statement: Readonly<Record<string, unknown>>,
  { mentions, names, unit }: Pick<Analysis, 'mentions' | 'names' | 'unit'>,
  protection: Protection,
): void {
  const swept = sweptBy(name, statement, names);
  const changed = changedReferences(name, statement, mentions, protection, swept);
  assertNoSourceOfGuards(name, statement, changed, swept, protection);
  for (const reference of changed) {
    if (protection.relationsNamed(reference.name).length === 0) continue;
    const { name: relname, schema, location: at = -1 } = reference;
    const range = { relname, ...(schema ? { schemaname: schema } : {}), ...(at < 0 ? {} : { location: at }) };
    const meant = resolveRelation(range, protection.snapshot, names);
    if (meant.kind !== 'relation') continue;
    const { relation } = meant;
    const found = protection.of(relation);
    if (!found || found.kind === 'view' || found.kind === 'statistics') continue;
    const policies = found.kind === 'guarded' ? [...found.guarded.guards.keys()] : [];
    const refusing = policies.find((policy) => policy.ddl === 'refuse');
    if (found.kind === 'guarded' && !refusing) continue;
    const location = at < 0 ? unit.tokens().named(relname, 0)?.start : at;
    throw refusal('42501', 'ddl', `${statementName(name)} on "${relation.schema}.${relation.name}" is not allowed`, {
      detail: refusing
        ? `Policy "${refusing.name}" protects it and refuses changes of its schema (ddl: refuse).`
        : 'It shows protected columns.',
      hint: 'Change it on a direct connection, or ask the operator of pgveil for ddl: allow.',
      ...(refusing ? { policy: refusing.name, table: `${relation.schema}.${relation.name}` } : {}),
      ...(location === undefined ? {} : { location }),
    });
  }
}

type Reference = Pick<NamedReference, 'schema' | 'name'> & Partial<NamedReference>;

/** Relations that a statement changes, or builds something on. */
function changedReferences(
  name: string,
  statement: Readonly<Record<string, unknown>>,
  mentions: Mentions,
  protection: Protection,
  swept: ReturnType<typeof sweptBy>,
): readonly Reference[] {
  if (swept) return [...protection.binding.guarded.values()].map((guarded) => guarded.relation).filter(swept);
  if (name === 'DropStmt') return droppedReferences(statement);
  // What is created is not what is protected, even under its name; its foreign keys can ask for protected values.
  if (name === 'CreateStmt') return protectedForeignKeys(statement, protection);
  if (name === 'AlterTableStmt') return [relationOf(statement), ...protectedForeignKeys(statement, protection)];
  return mentions.relations;
}

function relationOf(statement: Readonly<Record<string, unknown>>): Reference {
  const range = (statement.relation ?? {}) as { readonly relname?: string; readonly schemaname?: string };
  return { schema: range.schemaname, name: range.relname ?? '', location: locationOf(range) };
}

/** What a temporary table is named means something else at once, and in this session alone: the names are read again. */
function isTemporary(statement: Readonly<Record<string, unknown>>): boolean {
  const range = (statement.relation ?? {}) as { readonly relpersistence?: string; readonly schemaname?: string };
  return range.relpersistence === 't' || range.schemaname === 'pg_temp';
}

/** Tables whose protected columns a new table's foreign keys point at. */
function protectedForeignKeys(
  statement: Readonly<Record<string, unknown>>,
  protection: Protection,
): readonly Reference[] {
  const found: Reference[] = [];
  const visit = (part: unknown): void => {
    if (part === null || typeof part !== 'object') return;
    if (Array.isArray(part)) {
      for (const item of part) visit(item);
      return;
    }
    const { pktable, pk_attrs: keys } = part as {
      readonly pktable?: { readonly schemaname?: string; readonly relname?: string; readonly location?: number };
      readonly pk_attrs?: readonly Node[];
    };
    const name = pktable?.relname;
    if (name !== undefined) {
      const names = (keys ?? []).map(stringOf);
      const hits = protection.relationsNamed(name).some((relation) => {
        const of = protection.of(relation);
        return of?.kind === 'guarded' && [...of.guarded.columns.values()].some((c) => names.includes(c.column.name));
      });
      if (hits) found.push({ schema: pktable?.schemaname, name, location: locationOf(pktable!) });
    }
    for (const value of Object.values(part)) visit(value);
  };
  visit(statement);
  return found;
}

/** Every prefix of a dropped name can be a relation: `DROP TRIGGER t ON orders` lists `orders` and `t`. */
function droppedReferences(statement: Readonly<Record<string, unknown>>): readonly Reference[] {
  const objects = (statement.objects as Node[] | undefined) ?? [];
  return objects.flatMap((object) => {
    const parts = ('List' in object ? (object.List.items ?? []) : [object])
      .map(stringOf)
      .filter((part) => part !== undefined);
    return parts.map((name, i) => ({ schema: parts[i - 1], name }));
  });
}

/** EXECUTE, with what it gives. */
export function executed(statement: Readonly<Record<string, unknown>>): SessionEffect & { kind: 'execute' } {
  const given = new Map<number, string>();
  for (const [i, node] of ((statement.params as Node[] | undefined) ?? []).entries()) {
    const constant = constantOf(node);
    if (constant !== undefined) given.set(i + 1, constant);
  }
  return { kind: 'execute', name: String(statement.name ?? ''), ...(given.size > 0 ? { given } : {}) };
}

function effectsOf(
  name: string,
  statement: Readonly<Record<string, unknown>>,
  uncommitted: boolean,
): readonly SessionEffect[] {
  switch (name) {
    case 'VariableSetStmt': {
      const setting = String(statement.name ?? '').toLowerCase();
      if (NAME_SETTINGS.has(setting)) return [{ kind: 'environment', namesOnly: true }];
      return statement.kind === 'VAR_RESET_ALL' || READING_SETTINGS.has(setting) ? [{ kind: 'environment' }] : [];
    }
    case 'TransactionStmt':
      if (statement.kind === 'TRANS_STMT_COMMIT_PREPARED') return [{ kind: 'ddl', names: [] }, { kind: 'environment' }];
      // A COMMIT of definitions is answered before anything else is planned.
      return statement.kind === 'TRANS_STMT_ROLLBACK_TO' || (uncommitted && statement.kind === 'TRANS_STMT_COMMIT')
        ? [{ kind: 'environment' }]
        : [];
    case 'DiscardStmt': {
      const target = statement.target;
      const what = target === 'DISCARD_TEMP' ? 'temp' : target === 'DISCARD_PLANS' ? 'plans' : 'all';
      return target === 'DISCARD_SEQUENCES' ? [] : [{ kind: 'discard', what }, { kind: 'environment' }];
    }
    case 'DeallocateStmt':
      return [{ kind: 'deallocate', name: typeof statement.name === 'string' ? statement.name : null }];
    case 'ExecuteStmt':
      return [executed(statement)];
    case 'FetchStmt': {
      const cursor = String(statement.portalname ?? '');
      return [statement.ismove ? { kind: 'run', of: 'portal', name: cursor } : { kind: 'fetch', cursor }];
    }
    case 'CallStmt':
      return [{ kind: 'environment' }];
    default:
      return [];
  }
}

/** Names that must not be used before the change is committed and analysed. */
function changedNames(
  name: string,
  statement: Readonly<Record<string, unknown>>,
  mentions: Mentions,
  viewer: Viewer,
): readonly string[] {
  const { protection } = viewer;
  if (definesCode(name, statement, mentions, viewer)) return [...stringsIn(statement), ANY_CODE];
  if (name === 'CreateFunctionStmt') return mentions.routines.map((r) => r.name).filter((n) => PROVEN_BY.includes(n));
  const created = name === 'CreateStmt' && !isTemporary(statement) ? [{ name: relationOf(statement).name }] : [];
  const swept = sweptBy(name, statement, viewer.names);
  return [...created, ...changedReferences(name, statement, mentions, protection, swept)]
    .map((reference) => reference.name)
    .filter((changed) => protection.relationsNamed(changed).length > 0);
}

/** Every name in a statement: which of them it changes differs by kind, and too many do no harm. */
function stringsIn(node: unknown): string[] {
  if (typeof node === 'string') return ENUMERATOR.test(node) ? [] : [node];
  if (Array.isArray(node)) return node.flatMap(stringsIn);
  if (node === null || typeof node !== 'object') return [];
  return Object.entries(node).flatMap(([key, value]) => (key === 'relpersistence' ? [] : stringsIn(value)));
}

/** `OBJECT_TABLE` and the like, which are no names. */
const ENUMERATOR = /^[A-Z]+(_[A-Z]+)+$/;

const STATEMENT_NAMES: Readonly<Record<string, string>> = {
  CreateStmt: 'CREATE TABLE',
  IndexStmt: 'CREATE INDEX',
  RuleStmt: 'CREATE RULE',
  CreateTrigStmt: 'CREATE TRIGGER',
  CreateStatsStmt: 'CREATE STATISTICS',
  CreateSeqStmt: 'CREATE SEQUENCE',
  CreateEventTrigStmt: 'CREATE EVENT TRIGGER',
  CreateForeignTableStmt: 'CREATE FOREIGN TABLE',
  CreateForeignServerStmt: 'CREATE SERVER',
  CreateFdwStmt: 'CREATE FOREIGN DATA WRAPPER',
  AlterObjectSchemaStmt: 'SET SCHEMA',
  RenameStmt: 'RENAME',
};

/** `AlterTableStmt` as an error names it. */
export function statementName(kind: string): string {
  const words = kind.replace(/Stmt$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
  return STATEMENT_NAMES[kind] ?? words.toUpperCase();
}

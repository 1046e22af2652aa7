/**
 * What of one database is protected, derived from a catalog snapshot and the policies bound to it: relations that are
 * guarded, views and materialized views that read them, statistics that quote them, routines that must not be called.
 */
import type { Node } from '@pgsql/types';
import type { Oid, Relation, Snapshot } from '../catalog/snapshot.js';
import type { Binding, GuardedRelation } from '../policy/bind.js';
import { type Mentions, mentionsOf, type NamedReference } from './mentions.js';
import { ParserFailure, type SqlParser, SqlSyntaxError } from './parse.js';
import { type BodyJudge, judgeRoutines, type RoutineVerdict } from './routines.js';
import { unguardingTriggers } from './row-triggers.js';
import { type ReadingView, type Undermining, underminingOf } from './undermining.js';
import { bodyJudge, createUnsafeCode, type UnsafeCode, unsafeCoercions } from './unsafe-code.js';

/** Why a relation cannot be passed through as it is. */
export type RelationProtection =
  | { readonly kind: 'guarded'; readonly guarded: GuardedRelation }
  /** A view that reads a protected relation: its definition stands in its place. */
  | { readonly kind: 'view'; readonly definition: string; readonly tree: Node }
  /** Rows were stored unmasked: columns derived from protected ones are masked in every row. */
  | { readonly kind: 'materialized'; readonly definition: string; readonly tree: Node }
  /** Catalog of statistics, which quotes values. */
  | { readonly kind: 'statistics' }
  | { readonly kind: 'closed'; readonly reason: string };

export interface Protection {
  readonly snapshot: Snapshot;
  readonly binding: Binding;
  of(relation: Relation): RelationProtection | undefined;
  /** Relations of that name, in any schema, that are protected. */
  relationsNamed(name: string): readonly Relation[];
  readonly unsafe: UnsafeCode;
  /** The verdict on a routine that runs unnamed, as a trigger; undefined for a harmless one. */
  routine(oid: Oid): RoutineVerdict | undefined;
  /** The same of a trigger of that relation where a row is changed. */
  trigger(relation: Relation, routine: Oid): RoutineVerdict | undefined;
  readonly bodies: BodyJudge;
  readonly undermining: ReadonlyMap<Oid, Undermining>;
  /** Somebody has defined an operator or function by the name of one that conditions are proven by. */
  readonly hasOwnComparisons: boolean;
}

const STATISTICS = new Set(['pg_statistic', 'pg_stats', 'pg_statistic_ext_data', 'pg_stats_ext', 'pg_stats_ext_exprs']);
const SYSTEM_SCHEMAS = new Set(['pg_catalog', 'information_schema']);

/** @param allowedRoutines signatures that configuration lets through */
export function deriveProtection(
  snapshot: Snapshot,
  binding: Binding,
  parser: SqlParser,
  allowedRoutines: ReadonlySet<string>,
): Protection {
  const relations = new Map<Oid, RelationProtection>();
  for (const guarded of binding.guarded.values()) {
    relations.set(guarded.relation.oid, { kind: 'guarded', guarded });
  }
  for (const relation of snapshot.relations) {
    const reason = binding.closed.get(`${relation.schema}.${relation.name}`);
    if (reason !== undefined) relations.set(relation.oid, { kind: 'closed', reason });
    else if (relation.schema === 'pg_catalog' && STATISTICS.has(relation.name)) {
      relations.set(relation.oid, { kind: 'statistics' });
    }
  }
  const views = parsedViews(snapshot, relations, parser);
  const undermining = underminingOf(
    snapshot,
    binding,
    views.filter((view) => view.relation.kind === 'view').map((view) => readingView(view, snapshot)),
  );
  const changed = new Set([...undermining.keys()].map((oid) => snapshot.relationByOid.get(oid)!.name));
  const parsed = new Map<string, Mentions | undefined>();
  const mentioned = (sql: string): Mentions | undefined => {
    if (!parsed.has(sql)) parsed.set(sql, parseMentions(sql, parser));
    return parsed.get(sql);
  };
  let verdicts = new Map<Oid, RoutineVerdict>();
  let unsafe = createUnsafeCode(snapshot, verdicts, [], allowedRoutines);
  const reasonIn = (sql: string): string | undefined => {
    const mentions = mentioned(sql);
    if (!mentions) return 'cannot be parsed';
    const relation = mentions.relations.find((r) => isProtected(r, snapshot, relations));
    return relation ? `reads ${relation.name}` : unsafe.reasonIn(mentions);
  };
  const cursorsTell = [...binding.guarded.values()].some(({ columns }) =>
    [...columns.values()].some((c) =>
      c.rules.some(({ config }) => config.mask.kind === 'one_way' && config.mask.linkable),
    ),
  );
  // Each of these makes others unsafe, so look again until nothing is added.
  for (let before = -1; before !== relations.size + verdicts.size + unsafe.coercions.length; ) {
    before = relations.size + verdicts.size + unsafe.coercions.length;
    closeByExpressions(snapshot, relations, reasonIn, mentioned);
    const judge = bodyJudge(snapshot, namesOf(relations, snapshot), changed, verdicts, unsafe.coercions, cursorsTell);
    verdicts = judgeRoutines(snapshot, verdicts, allowedRoutines, judge, reasonIn);
    unsafe = createUnsafeCode(snapshot, verdicts, unsafe.coercions, allowedRoutines);
    unsafe = createUnsafeCode(snapshot, verdicts, unsafeCoercions(snapshot, verdicts, reasonIn), allowedRoutines);
    for (const view of views) {
      if (relations.has(view.relation.oid) || reasonIn(view.definition) === undefined) continue;
      const { definition, tree } = view;
      relations.set(view.relation.oid, {
        kind: view.relation.kind === 'view' ? 'view' : 'materialized',
        definition,
        tree,
      });
    }
  }
  const unguarding = unguardingTriggers(snapshot, binding, allowedRoutines);
  const byName = new Map<string, Relation[]>();
  for (const oid of relations.keys()) {
    const relation = snapshot.relationByOid.get(oid)!;
    byName.set(relation.name, [...(byName.get(relation.name) ?? []), relation]);
  }
  return {
    snapshot,
    binding,
    of: (relation) => relations.get(relation.oid),
    relationsNamed: (name) => byName.get(name) ?? [],
    unsafe,
    routine: (oid) => verdicts.get(oid),
    trigger: (relation, routine) => unguarding.get(relation.oid)?.get(routine),
    undermining,
    hasOwnComparisons: hasOwnComparisons(snapshot),
    bodies: bodyJudge(snapshot, namesOf(relations, snapshot), changed, verdicts, unsafe.coercions, cursorsTell),
  };
}

/** Operators and functions that conditions are proven by: they must be the built-in ones. */
export const PROVEN_BY: readonly string[] = [
  ...['=', '<>', '<', '<=', '>', '>=', '+', '-'],
  ...['now', 'transaction_timestamp', 'statement_timestamp'],
];

function hasOwnComparisons(snapshot: Snapshot): boolean {
  return PROVEN_BY.some(
    (name) =>
      snapshot.routinesByName.has(name) ||
      // Extensions define operators for types of their own.
      snapshot.operatorsByName.get(name)?.some((o) => snapshot.routineByOid.get(o.routine)?.extension === undefined),
  );
}

/**
 * Relations whose defaults, checks, rules and the like would run, in the server, what must not run there. Conditions of
 * row security may read a protected relation, though not its protected columns: they decide which rows there are.
 */
function closeByExpressions(
  snapshot: Snapshot,
  relations: Map<Oid, RelationProtection>,
  reasonIn: (sql: string) => string | undefined,
  mentioned: (sql: string) => Mentions | undefined,
): void {
  const tells = (sql: string): string | undefined => {
    const reason = reasonIn(sql);
    const mentions = mentioned(sql);
    if (reason === undefined || !reason.startsWith('reads ') || !mentions) return reason;
    const telling = mentions.relations.some(({ name }) => readsProtectedColumn(name, mentions, snapshot, relations));
    return telling || mentions.stars.length > 0 ? reason : undefined;
  };
  for (const relation of snapshot.relations) {
    if (SYSTEM_SCHEMAS.has(relation.schema) || relations.get(relation.oid)?.kind === 'closed') continue;
    // Rules of a guarded relation name it; changes of it are refused for them.
    const judged = relation.expressions.filter(
      (sql) => !(sql.startsWith('CREATE RULE') && relations.has(relation.oid)),
    );
    const found =
      judged.map(reasonIn).find((reason) => reason !== undefined) ??
      relation.policies.map(tells).find((reason) => reason !== undefined);
    if (found !== undefined) {
      relations.set(relation.oid, { kind: 'closed', reason: `a default, check, index, rule or policy of it ${found}` });
    }
  }
}

function readsProtectedColumn(
  name: string,
  mentions: Mentions,
  snapshot: Snapshot,
  relations: ReadonlyMap<Oid, RelationProtection>,
): boolean {
  return (snapshot.relationsByName.get(name) ?? []).some((relation) => {
    const found = relations.get(relation.oid);
    if (found?.kind !== 'guarded') return found !== undefined;
    return (
      mentions.columns.has(name) ||
      [...mentions.aliases].some((alias) => mentions.columns.has(alias)) ||
      [...found.guarded.columns.values()].some(({ column }) => mentions.columns.has(column.name))
    );
  });
}

function parseMentions(sql: string, parser: SqlParser): Mentions | undefined {
  try {
    const [statement] = parser.parse(sql);
    return statement && mentionsOf(statement.node);
  } catch (error) {
    if (error instanceof SqlSyntaxError || error instanceof ParserFailure) return undefined;
    throw error;
  }
}

function isProtected(
  reference: NamedReference,
  snapshot: Snapshot,
  relations: ReadonlyMap<Oid, RelationProtection>,
): boolean {
  // Definitions are read under an empty search_path: whatever is not of pg_catalog has its schema.
  const schema = reference.schema ?? 'pg_catalog';
  const named = snapshot.relationsByName.get(reference.name);
  return named?.some((r) => r.schema === schema && relations.has(r.oid)) ?? false;
}

interface ParsedView {
  readonly relation: Relation;
  readonly definition: string;
  readonly tree: Node;
}

/** Names in a definition have their schema, unless they are of pg_catalog. */
function readingView({ relation, tree }: ParsedView, snapshot: Snapshot): ReadingView {
  const reads = mentionsOf(tree).relations.flatMap(
    ({ schema, name }) => snapshot.relationsByName.get(name)?.filter((r) => r.schema === schema) ?? [],
  );
  return { view: relation, reads };
}

/** Views that cannot be parsed are closed: nothing is known of what they read. */
function parsedViews(
  snapshot: Snapshot,
  relations: Map<Oid, RelationProtection>,
  parser: SqlParser,
): readonly ParsedView[] {
  const views: ParsedView[] = [];
  for (const relation of snapshot.relations) {
    if (relation.viewDefinition === undefined || SYSTEM_SCHEMAS.has(relation.schema)) continue;
    if (relations.has(relation.oid)) continue;
    try {
      const [statement] = parser.parse(relation.viewDefinition);
      if (!statement) continue;
      const tree = statement.node;
      views.push({ relation, definition: relation.viewDefinition, tree });
    } catch (error) {
      if (!(error instanceof SqlSyntaxError || error instanceof ParserFailure)) throw error;
      relations.set(relation.oid, { kind: 'closed', reason: 'its definition cannot be parsed' });
    }
  }
  return views;
}

function namesOf(relations: ReadonlyMap<Oid, RelationProtection>, snapshot: Snapshot): ReadonlySet<string> {
  return new Set([...relations.keys()].map((oid) => snapshot.relationByOid.get(oid)!.name));
}

/**
 * What of one database is protected, derived from a catalog snapshot and the policies bound to it: relations that are
 * guarded, views and materialized views that read them, statistics that quote them, routines that must not be called.
 */
import type { Node } from '@pgsql/types';
import type { Cast, Oid, Relation, Snapshot } from '../catalog/snapshot.js';
import type { Binding, GuardedRelation } from '../policy/bind.js';
import { type Mentions, mentionsOf, type NamedReference } from './mentions.js';
import { ParserFailure, type SqlParser, SqlSyntaxError } from './parse.js';
import { type BodyJudge, builtinVerdict, createBodyJudge, judgeRoutines, type RoutineVerdict } from './routines.js';
import { type Undermining, underminingOf } from './undermining.js';

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
  /** The verdict on a call by that name; undefined where every routine that it can mean is harmless. */
  routineNamed(reference: NamedReference & { readonly argumentCount?: number }): RoutineVerdict | undefined;
  operatorNamed(reference: NamedReference): RoutineVerdict | undefined;
  /** The verdict on the casts that a statement can apply by naming a type, or assigning to a column of one. */
  castIn(mentions: Mentions): RoutineVerdict | undefined;
  routine(oid: Oid): RoutineVerdict | undefined;
  readonly bodies: BodyJudge;
  readonly undermining: ReadonlyMap<Oid, Undermining>;
  /** Somebody has defined an operator or function by the name of one that conditions are proven by. */
  readonly hasOwnComparisons: boolean;
  /** Said where nothing in the database can be served, because a cast, say, would run an unsafe routine unnamed. */
  readonly closedReason: string | undefined;
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
  const parsed = new Map<string, Mentions | undefined>();
  const mentioned = (sql: string): Mentions | undefined => {
    if (!parsed.has(sql)) parsed.set(sql, parseMentions(sql, parser));
    return parsed.get(sql);
  };
  const judgeSql = (sql: string, found: ReadonlyMap<Oid, RoutineVerdict>): string | undefined => {
    const mentions = mentioned(sql);
    if (!mentions) return 'cannot be parsed';
    const isUnsafe = routineLookup(snapshot, found, allowedRoutines);
    const routine = [...mentions.routines, ...mentions.attributes].find((r) => isUnsafe(r) !== undefined);
    if (routine) return `calls ${routine.name}`;
    const relation = mentions.relations.find((r) => isProtected(r, snapshot, relations));
    return relation && `reads ${relation.name}`;
  };
  let verdicts = new Map<Oid, RoutineVerdict>();
  // Views make routines unsafe and routines views, so look again until nothing is added.
  for (let before = -1; before !== relations.size + verdicts.size; ) {
    before = relations.size + verdicts.size;
    closeByExpressions(snapshot, relations, (sql) => judgeSql(sql, verdicts));
    verdicts = judgeRoutines(snapshot, namesOf(relations, snapshot), allowedRoutines, judgeSql);
    const isUnsafe = routineLookup(snapshot, verdicts, allowedRoutines);
    for (const view of views) {
      if (relations.has(view.relation.oid) || !reads(view, snapshot, relations, isUnsafe)) continue;
      const { definition, tree } = view;
      relations.set(view.relation.oid, {
        kind: view.relation.kind === 'view' ? 'view' : 'materialized',
        definition,
        tree,
      });
    }
  }
  const byName = new Map<string, Relation[]>();
  for (const oid of relations.keys()) {
    const relation = snapshot.relationByOid.get(oid)!;
    byName.set(relation.name, [...(byName.get(relation.name) ?? []), relation]);
  }
  const coercions = unsafeCoercions(snapshot, verdicts, (sql) => judgeSql(sql, verdicts));
  return {
    snapshot,
    binding,
    of: (relation) => relations.get(relation.oid),
    relationsNamed: (name) => byName.get(name) ?? [],
    routineNamed: routineLookup(snapshot, verdicts, allowedRoutines),
    operatorNamed: (reference) => {
      const operators = snapshot.operatorsByName.get(reference.name) ?? [];
      const unsafe = operators.find(
        (o) => verdicts.has(o.routine) && (reference.schema === undefined || reference.schema === o.schema),
      );
      return unsafe && verdicts.get(unsafe.routine);
    },
    routine: (oid) => verdicts.get(oid),
    undermining: underminingOf(snapshot, binding),
    hasOwnComparisons: hasOwnComparisons(snapshot),
    bodies: createBodyJudge([
      ...namesOf(relations, snapshot),
      ...[...verdicts.keys()].map((oid) => snapshot.routineByOid.get(oid)!.name),
      ...coercions.flatMap((coercion) => coercion.typeNames),
    ]),
    castIn: (mentions) => {
      const found = coercions.find((coercion) =>
        coercion.typeNames.some(
          (name) =>
            mentions.types.has(name) ||
            mentions.routines.some((routine) => routine.name === name) ||
            (coercion.context === 'assignment' && mentions.relations.some((relation) => relation.name === name)),
        ),
      );
      return found && { kind: 'function', reason: found.reason };
    },
    closedReason: coercions.find((coercion) => coercion.context === 'implicit')?.reason,
  };
}

const PROVEN_BY = [
  ['=', '<>', '<', '<=', '>', '>=', '+', '-'],
  ['now', 'transaction_timestamp', 'statement_timestamp'],
] as const;

function hasOwnComparisons(snapshot: Snapshot): boolean {
  const [operators, routines] = PROVEN_BY;
  // Extensions define operators for types of their own.
  const ownOperator = operators.some((name) =>
    snapshot.operatorsByName.get(name)?.some((o) => snapshot.routineByOid.get(o.routine)?.extension === undefined),
  );
  return ownOperator || routines.some((name) => snapshot.routinesByName.has(name));
}

type RoutineLookup = Protection['routineNamed'];

function routineLookup(
  snapshot: Snapshot,
  verdicts: ReadonlyMap<Oid, RoutineVerdict>,
  allowed: ReadonlySet<string>,
): RoutineLookup {
  const allowedBuiltins = new Set([...allowed].map((signature) => signature.replace(/\(.*$/, '')));
  return ({ schema, name, argumentCount }) => {
    // Routines of a session's own are in no snapshot.
    if (schema?.startsWith('pg_temp')) {
      return { kind: 'function', reason: 'it is temporary, and pgveil has not read it' };
    }
    for (const routine of snapshot.routinesByName.get(name) ?? []) {
      const verdict = verdicts.get(routine.oid);
      if (verdict && (schema === undefined || schema === routine.schema)) return verdict;
    }
    if (schema !== undefined && schema !== 'pg_catalog') return undefined;
    if (allowedBuiltins.has(name) || allowedBuiltins.has(`pg_catalog.${name}`)) return undefined;
    return builtinVerdict(name, argumentCount);
  };
}

/** A way in which a value takes another type, and an unsafe routine is called without being named. */
interface Coercion {
  readonly typeNames: readonly string[];
  readonly context: Cast['context'];
  readonly reason: string;
}

function unsafeCoercions(
  snapshot: Snapshot,
  verdicts: ReadonlyMap<Oid, RoutineVerdict>,
  judgeSql: (sql: string) => string | undefined,
): readonly Coercion[] {
  const casts = snapshot.casts.flatMap((cast): Coercion[] => {
    const verdict = verdicts.get(cast.routine);
    const routine = snapshot.routineByOid.get(cast.routine)?.signature;
    const what = `the cast from ${cast.source} to ${cast.target} calls ${routine}`;
    return verdict ? [{ ...cast, reason: `${what}: ${verdict.reason}` }] : [];
  });
  const domains = snapshot.domainChecks.flatMap((check): Coercion[] => {
    const found = judgeSql(check.expression);
    if (found === undefined) return [];
    return [{ ...check, context: 'assignment', reason: `a check of the domain ${check.domain} ${found}` }];
  });
  return [...casts, ...domains];
}

/** Relations whose defaults, checks, rules and the like would run, in the server, what must not run there. */
function closeByExpressions(
  snapshot: Snapshot,
  relations: Map<Oid, RelationProtection>,
  judgeSql: (sql: string) => string | undefined,
): void {
  for (const relation of snapshot.relations) {
    if (relation.expressions.length === 0 || SYSTEM_SCHEMAS.has(relation.schema)) continue;
    if (relations.get(relation.oid)?.kind === 'closed') continue;
    const isRule = (sql: string): boolean => sql.startsWith('CREATE RULE');
    // Rules of a guarded relation name it; changes of it are refused for them.
    const judged = relation.expressions.filter((sql) => !(isRule(sql) && relations.has(relation.oid)));
    const found = judged.map(judgeSql).find((reason) => reason !== undefined);
    if (found !== undefined) {
      relations.set(relation.oid, { kind: 'closed', reason: `a default, check, index or rule of it ${found}` });
    }
  }
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
  readonly mentions: Mentions;
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
      views.push({ relation, definition: relation.viewDefinition, tree, mentions: mentionsOf(tree) });
    } catch (error) {
      if (!(error instanceof SqlSyntaxError || error instanceof ParserFailure)) throw error;
      relations.set(relation.oid, { kind: 'closed', reason: 'its definition cannot be parsed' });
    }
  }
  return views;
}

function reads(
  view: ParsedView,
  snapshot: Snapshot,
  relations: ReadonlyMap<Oid, RelationProtection>,
  isUnsafe: RoutineLookup,
): boolean {
  const named = view.mentions.relations.some((reference) => isProtected(reference, snapshot, relations));
  const { routines, attributes } = view.mentions;
  return named || [...routines, ...attributes].some((routine) => isUnsafe(routine) !== undefined);
}

function namesOf(relations: ReadonlyMap<Oid, RelationProtection>, snapshot: Snapshot): ReadonlySet<string> {
  return new Set([...relations.keys()].map((oid) => snapshot.relationByOid.get(oid)!.name));
}

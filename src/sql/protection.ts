/**
 * What of one database is protected, derived from a catalog snapshot and the policies bound to it: relations that are
 * guarded, views and materialized views that read them, statistics that quote them, routines that must not be called.
 */
import type { Node } from '@pgsql/types';
import type { Oid, Relation, Snapshot } from '../catalog/snapshot.js';
import type { Binding, GuardedRelation } from '../policy/bind.js';
import type { Verdict } from './builtins.js';
import { type CodeJudge, createCodeJudge, type Finding } from './code-judge.js';
import { type Coercion, unsafeCoercions } from './coercions.js';
import { type Mentions, mentionsOf } from './mentions.js';
import { ParserFailure, type SqlParser, SqlSyntaxError } from './parse.js';
import { keepingParsed } from './parsed-texts.js';
import { judgeRoutines } from './routines.js';
import { unguardingTriggers } from './row-triggers.js';
import { type ReadingView, type Undermining, underminingOf } from './undermining.js';

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
  /** Judges code, and what statements call. */
  readonly judge: CodeJudge;
  /** The verdict on a routine; undefined for a harmless one. */
  routine(oid: Oid): Verdict | undefined;
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
  const mentioned = (sql: string) => readings(sql, parser, () => ({ mentions: parseMentions(sql, parser) })).mentions;
  const views = readableViews(snapshot, relations, mentioned);
  const undermining = underminingOf(
    snapshot,
    binding,
    views.filter((view) => view.relation.kind === 'view').map((view) => readingView(view, snapshot)),
  );
  const cursorsTell = [...binding.guarded.values()].some(({ columns }) =>
    [...columns.values()].some((c) =>
      c.rules.some(({ config }) => config.mask.kind === 'one_way' && config.mask.linkable),
    ),
  );
  const verdicts = new Map<Oid, Verdict>();
  let coercions: readonly Coercion[] = [];
  const known = {
    ...{ snapshot, relations, verdicts, undermining, allowed: allowedRoutines, cursorsTell },
    unguarding: unguardingTriggers(snapshot, binding, undermining, allowedRoutines),
    get coercions() {
      return coercions;
    },
  };
  const judge = createCodeJudge(known, parser, mentioned);
  // Each of these makes others unsafe, so look again until nothing is added.
  for (let before = -1; before !== relations.size + verdicts.size + coercions.length; ) {
    before = relations.size + verdicts.size + coercions.length;
    closeByExpressions(snapshot, relations, judge, mentioned);
    judgeRoutines(snapshot, verdicts, allowedRoutines, judge);
    coercions = unsafeCoercions(snapshot, verdicts, judge);
    for (const { relation, definition } of views) {
      if (relations.has(relation.oid) || !judge.inSql(definition)) continue;
      const tree = parser.parse(definition)[0]!.node;
      const kind = relation.kind === 'view' ? 'view' : 'materialized';
      relations.set(relation.oid, { kind, definition, tree });
    }
  }
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
    judge,
    routine: (oid) => verdicts.get(oid),
    undermining,
    hasOwnComparisons: hasOwnComparisons(snapshot),
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
 * row security may read a protected relation, though not its protected columns, nor may they read such of their own
 * relation: they decide which rows there are.
 */
function closeByExpressions(
  snapshot: Snapshot,
  relations: Map<Oid, RelationProtection>,
  judge: CodeJudge,
  mentioned: (sql: string) => Mentions | undefined,
): void {
  const tells = (sql: string): Finding | undefined => {
    const found = judge.inSql(sql);
    const mentions = mentioned(sql);
    if (!found?.reads || !mentions) return found;
    const telling = mentions.relations.some(({ name }) => readsProtectedColumn(name, mentions, snapshot, relations));
    return telling || mentions.stars.length > 0 ? found : undefined;
  };
  const ownColumnIn = (sql: string, own: RelationProtection | undefined): string | undefined => {
    const mentions = own?.kind === 'guarded' ? mentioned(sql) : undefined;
    if (own?.kind !== 'guarded' || !mentions) return undefined;
    const { columns, relation } = own.guarded;
    const read = [...columns.values()].find(({ column }) => mentions.columns.has(column.name));
    if (read) return `reads its column ${read.column.name}`;
    return mentions.stars.length > 0 || mentions.columns.has(relation.name) ? 'reads its whole row' : undefined;
  };
  for (const relation of snapshot.relations) {
    const own = relations.get(relation.oid);
    if (SYSTEM_SCHEMAS.has(relation.schema) || own?.kind === 'closed') continue;
    // Rules of a guarded relation name it; changes of it are refused for them.
    const judged = relation.expressions.filter(
      (sql) => !(sql.startsWith('CREATE RULE') && relations.has(relation.oid)),
    );
    const found =
      judged.map(judge.inSql).find((f) => f)?.reason ??
      relation.policies
        .map((sql) => ownColumnIn(sql, own) ?? tells(sql)?.reason)
        .find((reason) => reason !== undefined);
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

const readings = keepingParsed<{ readonly mentions: Mentions | undefined }>(20_000);

function parseMentions(sql: string, parser: SqlParser): Mentions | undefined {
  try {
    const [statement] = parser.parse(sql);
    return statement && mentionsOf(statement.node);
  } catch (error) {
    if (error instanceof SqlSyntaxError || error instanceof ParserFailure) return undefined;
    throw error;
  }
}

interface ReadableView {
  readonly relation: Relation;
  readonly definition: string;
  readonly mentions: Mentions;
}

/** Names in a definition have their schema, unless they are of pg_catalog. */
function readingView({ relation, mentions }: ReadableView, snapshot: Snapshot): ReadingView {
  const reads = mentions.relations.flatMap(
    ({ schema, name }) => snapshot.relationsByName.get(name)?.filter((r) => r.schema === schema) ?? [],
  );
  return { view: relation, reads };
}

/** Views that cannot be parsed are closed: nothing is known of what they read. */
function readableViews(
  snapshot: Snapshot,
  relations: Map<Oid, RelationProtection>,
  mentioned: (sql: string) => Mentions | undefined,
): readonly ReadableView[] {
  const views: ReadableView[] = [];
  for (const relation of snapshot.relations) {
    const { viewDefinition: definition } = relation;
    if (definition === undefined || SYSTEM_SCHEMAS.has(relation.schema)) continue;
    if (relations.has(relation.oid)) continue;
    const mentions = mentioned(definition);
    if (mentions) views.push({ relation, definition, mentions });
    else relations.set(relation.oid, { kind: 'closed', reason: 'its definition cannot be parsed' });
  }
  return views;
}

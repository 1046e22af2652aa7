/**
 * Views and materialized views that read protected relations. A view's definition stands in its place, with the
 * substitutions of its own; where that cannot be, what it derives from protected columns is masked in every row.
 */
import { mayReadColumns, type Relation, type Snapshot } from '../catalog/snapshot.js';
import { RESERVED_PREFIX, relationSql } from '../policy/guard-sql.js';
import { maskProblem, maskSql } from '../policy/masks.js';
import { pinType, quoteIdentifier } from '../policy/quote.js';
import type { Analysis, QueryResult, StatementState } from './analysis.js';
import { mentionsOf } from './mentions.js';
import type { NameEnvironment } from './plan-types.js';
import type { Protection, RelationProtection } from './protection.js';
import { refusal, unsupported } from './refuse.js';
import { assertRoutines } from './routine-calls.js';
import type { ScopeColumn } from './scope.js';
import { createUnit, renderUnit } from './unit.js';

type Defined = Extract<RelationProtection, { kind: 'view' | 'materialized' }>;

export interface ViewSource {
  readonly columns: readonly ScopeColumn[];
  /** The subquery, with its parentheses, without an alias. */
  readonly render: () => string;
}

/** Each expansion is parsed and analysed; views that read others twice double at each level. */
const MOST_EXPANSIONS = 100;

/** Definitions are read under an empty search_path. */
const DEFINITION_NAMES: NameEnvironment = {
  role: '',
  schemas: ['pg_catalog'],
  tempRelations: new Set(),
  creationSchema: undefined,
};

/** @param location of the view's mention in the client's text, to which whatever is found inside it is attributed */
export function viewColumns(
  view: Relation,
  protection: Defined,
  analysis: Analysis,
  location: number | undefined,
): ViewSource {
  const { viewer } = analysis.state;
  if (!canExpand(view, viewer.protection, viewer.names().role)) {
    return maskedRelation(view, protection, analysis, location);
  }
  const { result, render } = analyseDefinition(view, protection, analysis, analysis.state, location);
  const columns = view.columns.map((column, i): ScopeColumn => {
    const derived = result.columns?.[i];
    if (!derived) throw unsupported(`the view ${view.schema}.${view.name}`, location);
    return {
      name: column.name,
      taint: derived.taint,
      origin: { table: view.oid, attnum: column.attnum },
      type: column.typeSql,
      typmod: column.typmod,
      ...(derived.stored ? { stored: derived.stored } : {}),
      ...(derived.tag ? { tag: derived.tag } : {}),
    };
  });
  return { columns, render: () => `(${render()})` };
}

/**
 * A relation whose rows cannot be told apart any more: columns derived from protected ones are masked in every row.
 * @throws RefusalError where protected values decide which rows it has
 */
export function maskedRelation(
  relation: Relation,
  protection: Defined,
  analysis: Analysis,
  location: number | undefined,
): ViewSource {
  const name = `${relation.schema}.${relation.name}`;
  const own: StatementState = {
    viewer: analysis.state.viewer,
    checks: [],
    scans: [],
    copies: [],
    withhold: [],
    // What a view stored or reads is not masked before its conditions are evaluated: below the one that would prove
    // something, a window, a LIMIT or a pushed-down predicate meets stored values of redacted rows.
    proves: false,
    encodingKnown: analysis.state.encodingKnown,
    assumptions: undefined,
    expansions: 0,
  };
  const { result } = analyseDefinition(relation, protection, analysis, own, location);
  const telling = own.checks.find((check) => check.refs().length > 0);
  if (telling || !result.columns) {
    const what = telling ? `${telling.place} of its definition reads a protected column` : 'its columns are not known';
    throw refusal('42501', 'filter', `"${name}" cannot be read: ${what}`, {
      detail: 'Its rows tell of protected values, and pgveil cannot take its definition apart.',
      hint: `Query the tables that it reads, or ask the operator to let a policy name it.`,
      ...(location === undefined ? {} : { location }),
    });
  }
  const row = `${RESERVED_PREFIX}t`;
  const targets: string[] = [];
  const columns = relation.columns.map((column, i): ScopeColumn => {
    const taints = result.columns![i]?.taint() ?? [];
    const value = `${row}.${quoteIdentifier(column.name)}`;
    const rule = result.columns![i]?.stored && taints.length === 1 ? taints[0]!.rule : undefined;
    const fits = rule && maskProblem(rule.config, column) === undefined;
    targets.push(
      taints.length === 0
        ? value
        : `${fits ? maskSql(rule.config, column, value) : `CAST(NULL AS ${pinType(column.typeSql)})`} AS ${quoteIdentifier(column.name)}`,
    );
    return {
      name: column.name,
      taint: () => taints.map((taint) => ({ rule: taint.rule })),
      origin: { table: relation.oid, attnum: column.attnum },
      type: column.typeSql,
      typmod: column.typmod,
    };
  });
  return { columns, render: () => `(SELECT ${targets.join(', ')} FROM ${relationSql(relation)} AS ${row})` };
}

function analyseDefinition(
  view: Relation,
  { definition }: Defined,
  analysis: Analysis,
  state: StatementState,
  location: number | undefined,
): { readonly result: QueryResult; readonly render: () => string } {
  const { parser, protection, pace } = state.viewer;
  // Counted for the client's statement, also where a view is analysed apart from it.
  for (const counted of new Set([state, analysis.state])) counted.expansions++;
  if (Math.max(state.expansions, analysis.state.expansions) > MOST_EXPANSIONS) {
    throw refusal('54001', 'limit', `the statement reads too many views: more than ${MOST_EXPANSIONS} in all`, {
      hint: 'Views over views multiply; read the tables, or split the statement.',
      ...(location === undefined ? {} : { location }),
    });
  }
  pace(definition.length);
  const statements = parser.parse(definition);
  const node = statements[0]?.node;
  if (!node || !('SelectStmt' in node)) throw unsupported(`the view ${view.schema}.${view.name}`, location);
  const mentions = mentionsOf(node);
  assertRoutines(mentions, protection.judge, () => location);
  const unit = createUnit(definition, statements, () => location);
  const inner = analysis.nested({ state, unit, mentions, names: () => DEFINITION_NAMES });
  const result = inner.query(node.SelectStmt, undefined);
  return { result, render: () => renderUnit(unit, parser, pace).text };
}

/** A view runs with its owner's rights, its definition in a query with the role's own. */
function canExpand(view: Relation, protection: Protection, role: string): boolean {
  const { snapshot } = protection;
  const definition = protection.of(view);
  if (definition?.kind !== 'view' || !mayReadView(snapshot, role, view)) return false;
  const mentions = mentionsOf(definition.tree);
  return mentions.relations.every(({ schema, name }) => {
    const relation = snapshot.relationsByName.get(name)?.find((r) => r.schema === (schema ?? 'pg_catalog'));
    if (!relation) return schema === undefined && mentions.ctes.has(name);
    if (relation.rowSecurity && relation.owner !== role && !view.securityInvoker) return false;
    if (protection.of(relation)?.kind === 'view') {
      return canExpand(relation, protection, role) || mayReadView(snapshot, role, relation);
    }
    const used = relation.columns.filter((column) => mentions.columns.has(column.name));
    return mayReadColumns(snapshot, role, relation, used);
  });
}

function mayReadView(snapshot: Snapshot, role: string, view: Relation): boolean {
  return mayReadColumns(snapshot, role, view, view.columns);
}

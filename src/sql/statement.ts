/** One statement: what it is, what it shows, what it changes. The dispatch over kinds of statements. */
import type { CreateTableAsStmt, Node, RangeVar, ViewStmt } from '@pgsql/types';
import type { Relation } from '../catalog/snapshot.js';
import type { Analysis, QueryColumn, QueryResult, StatementState, Viewer } from './analysis.js';
import { callsOnlyBuiltins } from './builtins.js';
import { analyseCopy } from './copy.js';
import { place } from './expression.js';
import { assertNoCopy, assertNoFilter, maskedLabels } from './filter.js';
import { locationOf, type Mentions, type Modified, type NamedReference } from './mentions.js';
import { analyseMerge } from './merge.js';
import { analyseDelete, analyseInsert, analyseUpdate, type Modification } from './modify.js';
import { ANY_CODE, type OutputColumn, type SessionEffect, type StatementPlan } from './plan-types.js';
import type { Protection } from './protection.js';
import { refusal, unsupported } from './refuse.js';
import { resolveRelation } from './relations.js';
import { doBlockOf } from './routine-body.js';
import { allowHint, assertRoutines } from './routine-calls.js';
import { changesEnvironment } from './routines.js';
import type { Scope } from './scope.js';
import { analyseQuery } from './select.js';
import { assertNoStoredCondition } from './stored.js';
import { assertNotUndermining } from './undermining.js';
import type { Unit } from './unit.js';
import { executed, planUtility, statementName } from './utility.js';

/** Statements that read or move rows: names in them must be what the snapshot says. */
const DATA = new Set(
  (
    'SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CopyStmt ExplainStmt PrepareStmt DeclareCursorStmt ' +
    'CreateTableAsStmt DoStmt CallStmt RefreshMatViewStmt ExecuteStmt'
  ).split(' '),
);

/** Statements that change neither rows nor definitions, or remove what they name. */
const IGNORES_DEFINITIONS = new Set(
  (
    'TransactionStmt VariableSetStmt VariableShowStmt DiscardStmt ListenStmt NotifyStmt UnlistenStmt DeallocateStmt ' +
    'ClosePortalStmt GrantStmt GrantRoleStmt CommentStmt AlterOwnerStmt SecLabelStmt DropStmt LockStmt'
  ).split(' '),
);

/** DDL that evaluates expressions over rows, and so runs code. */
const EVALUATES = new Set(
  'IndexStmt AlterTableStmt AlterDomainStmt ClusterStmt ReindexStmt VacuumStmt TruncateStmt FetchStmt'.split(' '),
);

export function ignoresDefinitions(node: Node): boolean {
  return IGNORES_DEFINITIONS.has(kindOf(node));
}

/** True for a statement that can run routines that it does not name. */
export function runsCode(node: Node): boolean {
  return isData(node) || EVALUATES.has(kindOf(node));
}

/** Statements whose query runs when they do, with the parameters of their own. */
const RUNS_AT_ONCE = new Set(
  'SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CopyStmt ExplainStmt DeclareCursorStmt'.split(' '),
);

export function runsAtOnce(node: Node): boolean {
  return RUNS_AT_ONCE.has(kindOf(node));
}

/** Statements whose routines are defined or renamed, not called. */
const DEFINES_ROUTINES = new Set(['CreateFunctionStmt', 'AlterFunctionStmt', 'DropStmt', 'RenameStmt']);

export function isData(node: Node): boolean {
  return DATA.has(kindOf(node));
}

/** The label of metrics for a statement that was refused before it had a plan. */
export function kindLabel(node: Node): string {
  const kind = kindOf(node);
  if (kind === 'DeclareCursorStmt') return 'cursor';
  return isData(node) && kind !== 'CreateTableAsStmt' ? kind.replace('Stmt', '').toLowerCase() : 'utility';
}

function kindOf(node: Node): string {
  return Object.keys(node)[0] ?? '';
}

/** Names of relations in a statement that are protected in some schema. */
export function concernedNames(mentions: Mentions, protection: Protection): readonly string[] {
  return mentions.relations.map((r) => r.name).filter((name) => protection.relationsNamed(name).length > 0);
}

/** The statement as it is planned where nothing protected can be concerned. */
const PASSED: Pick<StatementPlan, 'output' | 'withhold' | 'masked'> = { output: [], withhold: 'nothing', masked: [] };

/**
 * Plans one statement; edits are left in the analysis's unit.
 * @throws RefusalError, NamesNeeded
 */
export function planStatement(node: Node, analysis: Analysis): StatementPlan {
  const { mentions, state, unit } = analysis;
  const { protection, policies } = state.viewer;
  // Nothing is protected from a role that is exempt from every policy.
  const isExempt = policies.size === 0;
  if (!isExempt && !DEFINES_ROUTINES.has(kindOf(node))) assertRoutines(mentions, protection.judge, unit.locate);
  assertAliases(mentions, unit);
  assertModifications(mentions, state);
  const plan = planKind(node, analysis, true);
  const extra = calledEffects(mentions, protection);
  return extra.length === 0 ? plan : withEffects(plan, extra);
}

/** A statement that another carries has the same effects when it runs, which is later. */
function withEffects(plan: StatementPlan, extra: readonly SessionEffect[]): StatementPlan {
  const effects = plan.effects.map((effect) =>
    effect.kind === 'prepare' || effect.kind === 'declare'
      ? { ...effect, statement: withEffects(effect.statement, extra) }
      : effect,
  );
  return { ...plan, effects: [...effects, ...extra] };
}

/** Changes of relations around the protected ones that would show redacted rows again, or run what must not run. */
function assertModifications(mentions: Mentions, { viewer }: StatementState): void {
  const { protection } = viewer;
  if (viewer.policies.size === 0) return;
  for (const modified of mentions.modified) {
    const named = protection.snapshot.relationsByName.get(modified.name) ?? [];
    const meant = named.filter((r) => modified.schema === undefined || modified.schema === r.schema);
    assertNotUndermining(modified, meant, protection);
    assertTriggers(modified, meant, protection);
  }
}

/** What a trigger's function reads can end in the row that RETURNING shows. */
function assertTriggers(modified: Modified, relations: readonly Relation[], { judge }: Protection): void {
  const found = judge.triggersOf(modified, relations);
  if (!found) return;
  const [relation] = relations;
  throw refusal('42501', 'function', `the statement ${found.reason}`, {
    detail: 'What a trigger reads is computed inside the server, where pgveil cannot mask stored values.',
    hint: allowHint(found.allow),
    ...(relation ? { table: `${relation.schema}.${relation.name}` } : {}),
    ...(modified.location < 0 ? {} : { location: modified.location }),
  });
}

/** A client's alias like ours could stand before ours in a guard. */
function assertAliases(mentions: Mentions, unit: Unit): void {
  for (const name of [...mentions.aliases, ...mentions.ctes]) {
    if (!name.startsWith('pgveil_')) continue;
    const token = unit.tokens().named(name, 0);
    throw refusal(
      '42939',
      'statement',
      `the name "${name}" is not allowed: names that start with pgveil_ are reserved`,
      token ? { location: token.start } : {},
    );
  }
}

function calledEffects(mentions: Mentions, protection: Protection): readonly SessionEffect[] {
  // A rule of pg_settings calls set_config.
  const sets = mentions.modified.some(({ name }) => name === 'pg_settings');
  const changes = mentions.routines.some(
    ({ name, schema }) =>
      name === 'set_config' ||
      (protection.snapshot.routinesByName.get(name) ?? []).some(
        (routine) => (schema === undefined || schema === routine.schema) && changesEnvironment(routine),
      ),
  );
  return sets || changes ? [{ kind: 'environment' }] : [];
}

/** @param tagging cells can arrive tagged: the rows go to the client as they are */
function planKind(node: Node, analysis: Analysis, tagging: boolean): StatementPlan {
  const { mentions, state } = analysis;
  const { protection } = state.viewer;
  const concerned = state.viewer.policies.size === 0 ? [] : concernedNames(mentions, protection);
  const isConcerned = concerned.length > 0;
  if ('SelectStmt' in node) {
    const { intoClause } = node.SelectStmt;
    if (intoClause)
      return storing('select', intoClause.rel, () => analysis.query(node.SelectStmt, undefined), analysis);
    if (!isConcerned) return { kind: 'select', effects: [], ...PASSED };
    return showing('select', analysis.query(node.SelectStmt, undefined), analysis, tagging);
  }
  if ('InsertStmt' in node || 'UpdateStmt' in node || 'DeleteStmt' in node || 'MergeStmt' in node) {
    const kind = kindOf(node).replace('Stmt', '').toLowerCase();
    if (!isConcerned) return { kind, effects: [], ...PASSED };
    const result = analyseModification(node, undefined, analysis);
    analysis.state.withhold.push(result.withhold);
    return showing(kind, result, analysis, false);
  }
  if ('CopyStmt' in node) {
    const copied = analyseCopy(node.CopyStmt, analysis);
    const result: QueryResult = { columns: copied.columns, refs: () => copied.columns?.flatMap((c) => c.refs()) ?? [] };
    const plan = showing('copy', result, analysis, copied.format !== undefined && state.encodingKnown);
    const tagged = plan.output.some((column) => column.tagged);
    return {
      ...plan,
      withhold: copied.withhold === 'nothing' ? plan.withhold : copied.withhold,
      ...(tagged && copied.format ? { copy: copied.format } : {}),
    };
  }
  if ('ExplainStmt' in node) {
    const inner = node.ExplainStmt.query;
    if (!inner) throw unsupported('this EXPLAIN');
    const plan = planKind(inner, analysis, false);
    // With ANALYZE it runs what it names, and shows no rows.
    const effects = plan.effects.map(
      (effect): SessionEffect => (effect.kind === 'execute' ? { ...effect, kind: 'run', of: 'statement' } : effect),
    );
    return { ...plan, kind: 'explain', output: [], effects };
  }
  if ('PrepareStmt' in node) {
    const inner = node.PrepareStmt.query;
    if (!inner) throw unsupported('this PREPARE');
    const statement = planKind(inner, analysis, tagging);
    const effect: SessionEffect = { kind: 'prepare', name: node.PrepareStmt.name ?? '', statement };
    return { kind: 'prepare', ...PASSED, effects: [effect] };
  }
  if ('DeclareCursorStmt' in node) {
    const { query, portalname = '', options = 0 } = node.DeclareCursorStmt;
    if (!query) throw unsupported('this cursor');
    const statement = planKind(query, analysis, tagging);
    // CURSOR_OPT_HOLD moved with PostgreSQL 14; taking its neighbour for it only keeps the cursor's plan longer.
    const hold = (options & 0x30) !== 0;
    return { kind: 'cursor', ...PASSED, effects: [{ kind: 'declare', cursor: portalname, hold, statement }] };
  }
  if ('CreateTableAsStmt' in node) return createTableAs(node.CreateTableAsStmt, analysis);
  if ('ViewStmt' in node && state.viewer.policies.size > 0) return createView(node.ViewStmt, analysis);
  if (isConcerned) assertNoStoredCondition(node, analysis);
  if ('DoStmt' in node) return doBlock(node.DoStmt.args ?? [], state.viewer);
  const { label, effects } = planUtility(node, analysis);
  const quotes = isConcerned && ('RefreshMatViewStmt' in node || 'ReindexStmt' in node);
  return { kind: label, ...PASSED, effects, withhold: quotes ? 'all' : 'nothing' };
}

/** A modification, also in WITH. */
export function analyseModification(node: object, outer: Scope | undefined, analysis: Analysis): Modification {
  if ('InsertStmt' in node) return analyseInsert(node.InsertStmt as never, outer, analysis);
  if ('UpdateStmt' in node) return analyseUpdate(node.UpdateStmt as never, outer, analysis);
  if ('DeleteStmt' in node) return analyseDelete(node.DeleteStmt as never, outer, analysis);
  if ('MergeStmt' in node) return analyseMerge(node.MergeStmt as never, outer, analysis);
  throw unsupported(statementName(kindOf(node as Node)));
}

/** The plan of a statement whose rows the client gets. */
function showing(kind: string, result: QueryResult, analysis: Analysis, tagging: boolean): StatementPlan {
  assertNoFilter(analysis.state);
  assertNoCopy(analysis.state);
  const output = (result.columns ?? []).flatMap((column, index) => outputColumn(column, index, tagging));
  const { withhold } = analysis.state;
  const most = withhold.includes('all') ? 'all' : withhold.includes('detail') ? 'detail' : 'nothing';
  return { kind, output, effects: [], withhold: most, masked: maskedLabels(result.refs()) };
}

function outputColumn(column: QueryColumn, index: number, tagging: boolean): OutputColumn[] {
  const tagged = tagging ? column.tag?.() : undefined;
  if (!tagged && !column.origin) return [];
  return [
    {
      index,
      ...(column.origin ? { origin: column.origin } : {}),
      ...(tagged ? { tagged } : {}),
      ...(tagged && column.typmod !== undefined ? { typmod: column.typmod } : {}),
    },
  ];
}

/** SELECT INTO and CREATE TABLE AS: temporary tables are masked, others would keep masks for real data. */
function storing(
  kind: string,
  into: RangeVar | undefined,
  query: () => QueryResult,
  analysis: Analysis,
): StatementPlan {
  const effects = effectsOfStoring(into, analysis);
  const { protection } = analysis.state.viewer;
  const name = into?.relname ?? '';
  const others = analysis.mentions.relations.filter(
    (r) => r.name !== name || r.location !== (into && locationOf(into)),
  );
  if (!others.some((r) => protection.relationsNamed(r.name).length > 0)) return { kind, ...PASSED, effects };
  const result = query();
  if (!isTemporary(into)) analysis.state.copies.push({ refs: result.refs, into: name });
  assertNoFilter(analysis.state);
  assertNoCopy(analysis.state);
  return { kind, ...PASSED, effects, masked: maskedLabels(result.refs()) };
}

function isTemporary(into: RangeVar | undefined): boolean {
  return into?.relpersistence === 't' || /^pg_temp(_\d+)?$/.test(into?.schemaname ?? '');
}

function effectsOfStoring(into: RangeVar | undefined, { state }: Analysis): readonly SessionEffect[] {
  const environment: SessionEffect = { kind: 'environment' };
  if (isTemporary(into)) return [environment];
  const name = into?.relname ?? '';
  const isName = state.viewer.protection.relationsNamed(name).length > 0;
  return [environment, { kind: 'ddl', names: isName ? [name] : [] }];
}

function createTableAs(statement: CreateTableAsStmt, analysis: Analysis): StatementPlan {
  const { query, into } = statement;
  if (query && 'ExecuteStmt' in query) {
    const effects = effectsOfStoring(into?.rel, analysis);
    return {
      kind: 'ddl',
      ...PASSED,
      effects: [...effects, { ...executed(query.ExecuteStmt as Readonly<Record<string, unknown>>), kind: 'store' }],
    };
  }
  if (!query || !('SelectStmt' in query)) throw unsupported('this CREATE TABLE AS', place(into?.rel ?? {}, analysis));
  return storing('ddl', into?.rel, () => analysis.query(query.SelectStmt, undefined), analysis);
}

/** A view's definition is expanded where it is used, so it may read what it likes; a temporary one is in no snapshot. */
function createView(statement: ViewStmt, analysis: Analysis): StatementPlan {
  const { mentions, state } = analysis;
  const { protection } = state.viewer;
  const { relname: name = '', schemaname, relpersistence } = statement.view ?? {};
  const own = statement.view && locationOf(statement.view);
  const sources = mentions.relations.filter((r) => r.location !== own);
  const isProtected = ({ schema, name: source }: NamedReference): boolean =>
    protection.relationsNamed(source).some((r) => schema === undefined || schema === r.schema);
  const isHarmless = !sources.some(isProtected) && callsOnlyBuiltins(mentions, protection.snapshot);
  if (!isHarmless) {
    const creation = schemaname ?? analysis.names().creationSchema ?? '';
    const range = ({ schema, name: relname, location }: NamedReference) => ({
      ...(schema ? { schemaname: schema } : {}),
      relname,
      location,
    });
    const temporary =
      relpersistence === 't' ||
      creation.startsWith('pg_temp') ||
      sources.some((r) => resolveRelation(range(r), protection.snapshot, analysis.names).kind === 'temporary');
    if (temporary) throw unsupported('a temporary view', own);
  }
  const isPlain = isHarmless || protection.judge.inMentions(mentions, 'anything') === undefined;
  const concerned = sources.some(isProtected);
  const names = concerned || !isPlain ? [name, ANY_CODE] : protection.relationsNamed(name).length > 0 ? [name] : [];
  return { kind: 'ddl', ...PASSED, effects: [{ kind: 'ddl', names }, { kind: 'environment' }] };
}

function doBlock(args: readonly Node[], { protection, policies }: Viewer): StatementPlan {
  const verdict = protection.judge.inBody({ ...doBlockOf(args), sqlStandard: false });
  const body = args.find((arg) => 'DefElem' in arg && arg.DefElem.defname === 'as');
  const location = body && 'DefElem' in body ? locationOf(body.DefElem) : undefined;
  if (verdict && policies.size > 0) {
    throw refusal('42501', 'function', `DO is not allowed: it ${verdict.reason}`, {
      detail: 'What it reads stays inside the server, where pgveil cannot mask stored values.',
      hint: 'Send its statements one by one.',
      ...(location === undefined ? {} : { location }),
    });
  }
  return { kind: 'do', ...PASSED, effects: [{ kind: 'environment' }] };
}

/** What the passes over one text share. */
export function createAnalysis(parts: Pick<Analysis, 'state' | 'unit' | 'mentions' | 'names'>): Analysis {
  const analysis: Analysis = {
    ...parts,
    results: new Map(),
    resolutions: new Map(),
    query: (select, scope) => analyseQuery(select, scope, analysis),
    modification: (statement, scope) => {
      const result = analyseModification(statement, scope, analysis);
      analysis.state.withhold.push(result.withhold);
      return result;
    },
    nested: createAnalysis,
  };
  return analysis;
}

/** One statement: what it is, what it shows, what it changes. The dispatch over kinds of statements. */
import type { CreateTableAsStmt, Node, RangeVar, ViewStmt } from '@pgsql/types';
import type { Analysis, QueryColumn, QueryResult } from './analysis.js';
import { analyseCopy } from './copy.js';
import { place } from './expression.js';
import { assertNoCopy, assertNoFilter, maskedLabels } from './filter.js';
import { locationOf, type Mentions, stringOf } from './mentions.js';
import { analyseMerge } from './merge.js';
import { analyseDelete, analyseInsert, analyseUpdate, assertMayTruncate, type Modification } from './modify.js';
import type { OutputColumn, SessionEffect, StatementPlan } from './plan-types.js';
import type { Protection } from './protection.js';
import { refusal, unsupported } from './refuse.js';
import { resolveRelation } from './relations.js';
import { assertRoutines } from './routine-calls.js';
import { changesEnvironment } from './routines.js';
import type { Scope } from './scope.js';
import { analyseQuery } from './select.js';
import { planUtility, statementName } from './utility.js';

/** Statements that read or move rows: names in them must be what the snapshot says. */
const DATA = new Set(
  (
    'SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CopyStmt ExplainStmt PrepareStmt DeclareCursorStmt ' +
    'CreateTableAsStmt DoStmt CallStmt RefreshMatViewStmt ExecuteStmt'
  ).split(' '),
);

/** Statements whose routines are defined or renamed, not called. */
const DEFINES_ROUTINES = new Set([
  'CreateFunctionStmt',
  'AlterFunctionStmt',
  'CreateTrigStmt',
  'DropStmt',
  'RenameStmt',
]);

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
  const { protection } = state.viewer;
  if (protection.closedReason !== undefined) {
    throw refusal('42501', 'closed', 'pgveil cannot serve this database', { detail: protection.closedReason });
  }
  if (!DEFINES_ROUTINES.has(kindOf(node))) assertRoutines(mentions, protection, unit.locate);
  assertAliases(mentions);
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

/** A client's alias like ours could stand before ours in a guard. */
function assertAliases(mentions: Mentions): void {
  for (const name of [...mentions.aliases, ...mentions.ctes]) {
    if (name.startsWith('pgveil_')) {
      throw refusal(
        '42939',
        'statement',
        `the name "${name}" is not allowed: names that start with pgveil_ are reserved`,
      );
    }
  }
}

function calledEffects(mentions: Mentions, protection: Protection): readonly SessionEffect[] {
  const changes = mentions.routines.some(
    ({ name, schema }) =>
      name === 'set_config' ||
      (protection.snapshot.routinesByName.get(name) ?? []).some(
        (routine) => (schema === undefined || schema === routine.schema) && changesEnvironment(routine),
      ),
  );
  return changes ? [{ kind: 'environment' }] : [];
}

/** @param tagging cells can arrive tagged: the rows go to the client as they are */
function planKind(node: Node, analysis: Analysis, tagging: boolean): StatementPlan {
  const { mentions, state } = analysis;
  const { protection } = state.viewer;
  const concerned = concernedNames(mentions, protection);
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
    if (!isConcerned) return { kind, effects: [], ...PASSED, withhold: triggersWithhold(node, analysis) };
    const result = analyseModification(node, undefined, analysis);
    analysis.state.withhold.push(result.withhold);
    return showing(kind, result, analysis, false);
  }
  if ('CopyStmt' in node) {
    const copied = analyseCopy(node.CopyStmt, analysis);
    const result: QueryResult = { columns: copied.columns, refs: () => copied.columns?.flatMap((c) => c.refs()) ?? [] };
    const plan = showing('copy', result, analysis, copied.format !== undefined);
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
    return { ...plan, kind: 'explain', output: [] };
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
  if ('ViewStmt' in node) return createView(node.ViewStmt, analysis);
  if ('TruncateStmt' in node) assertMayTruncate(node.TruncateStmt, analysis);
  if ('DoStmt' in node) return doBlock(node.DoStmt.args ?? [], protection);
  const { label, effects } = planUtility(node, mentions, analysis.names, protection);
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

/** Triggers of an unprotected table can touch protected ones, and their errors quote what they met. */
function triggersWithhold(node: Node, { state }: Analysis): StatementPlan['withhold'] {
  const statement = Object.values(node)[0] as { readonly relation?: RangeVar };
  const { snapshot, routine } = state.viewer.protection;
  const relations = snapshot.relationsByName.get(statement.relation?.relname ?? '') ?? [];
  return relations.some((relation) => relation.triggerRoutines.some((oid) => routine(oid))) ? 'all' : 'nothing';
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
  const temporary = into?.relpersistence === 't' || /^pg_temp(_\d+)?$/.test(into?.schemaname ?? '');
  const effects: SessionEffect[] = [{ kind: 'environment' }];
  const { protection } = analysis.state.viewer;
  const name = into?.relname ?? '';
  if (!temporary) {
    const isName = protection.relationsNamed(name).length > 0;
    effects.push({ kind: 'ddl', names: isName ? [name] : [] });
  }
  const others = analysis.mentions.relations.filter(
    (r) => r.name !== name || r.location !== (into && locationOf(into)),
  );
  if (!others.some((r) => protection.relationsNamed(r.name).length > 0)) return { kind, ...PASSED, effects };
  const result = query();
  if (!temporary) analysis.state.copies.push({ refs: result.refs, into: name });
  assertNoFilter(analysis.state);
  assertNoCopy(analysis.state);
  return { kind, ...PASSED, effects, masked: maskedLabels(result.refs()) };
}

function createTableAs(statement: CreateTableAsStmt, analysis: Analysis): StatementPlan {
  const { query, into } = statement;
  if (!query || !('SelectStmt' in query))
    throw unsupported('CREATE TABLE AS EXECUTE', place(into?.rel ?? {}, analysis));
  return storing('ddl', into?.rel, () => analysis.query(query.SelectStmt, undefined), analysis);
}

/** A view's definition is expanded where it is used, so it may read what it likes; a temporary one is in no snapshot. */
function createView(statement: ViewStmt, analysis: Analysis): StatementPlan {
  const { mentions, state } = analysis;
  const { protection } = state.viewer;
  const name = statement.view?.relname ?? '';
  const own = statement.view && locationOf(statement.view);
  const others = mentions.relations.filter(
    (r) => r.location !== own && protection.relationsNamed(r.name).length > 0 && !mentions.ctes.has(r.name),
  );
  const replaced = protection.relationsNamed(name).length > 0;
  if (others.length > 0) {
    const temporary =
      statement.view?.relpersistence === 't' ||
      mentions.relations.some(
        (r) =>
          resolveRelation(
            { ...(r.schema ? { schemaname: r.schema } : {}), relname: r.name },
            protection.snapshot,
            analysis.names,
          ).kind === 'temporary',
      );
    if (temporary) throw unsupported('a temporary view');
  }
  const names = others.length > 0 || replaced ? [name] : [];
  return { kind: 'ddl', ...PASSED, effects: [{ kind: 'ddl', names }, { kind: 'environment' }] };
}

function doBlock(args: readonly Node[], protection: Protection): StatementPlan {
  let language = 'plpgsql';
  let body = '';
  for (const arg of args) {
    if (!('DefElem' in arg)) throw unsupported('this DO');
    const text = stringOf(arg.DefElem.arg) ?? '';
    if (arg.DefElem.defname === 'language') language = text.toLowerCase();
    else body = text;
  }
  const verdict = protection.bodies.judge(language, body);
  if (verdict) {
    throw refusal('42501', 'function', `DO is not allowed: ${verdict.reason}`, {
      detail: 'What it reads stays inside the server, where pgveil cannot mask stored values.',
      hint: 'Send its statements one by one.',
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

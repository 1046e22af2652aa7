/** COPY: a table becomes a query over what stands in its place; files and programs of the server are refused. */
import type { CopyStmt, Node } from '@pgsql/types';
import { type Column, findColumn, type Relation } from '../catalog/snapshot.js';
import { quoteIdentifier } from '../policy/quote.js';
import type { Analysis, QueryColumn } from './analysis.js';
import { place } from './expression.js';
import { scanItem } from './from.js';
import { locationOf, stringOf } from './mentions.js';
import type { CopyFormat, StatementPlan } from './plan-types.js';
import { refusal, unsupported } from './refuse.js';
import { resolveAndPin, resolveTarget } from './relations.js';
import { createScan, substitutionSql } from './scan.js';
import { statisticsSql } from './statistics.js';
import { maskedRelation, viewColumns } from './views.js';

export interface AnalysedCopy {
  /** What the rows show; undefined for COPY FROM. */
  readonly columns: readonly QueryColumn[] | undefined;
  /** Format in which cells can arrive tagged. */
  readonly format: CopyFormat | undefined;
  readonly withhold: StatementPlan['withhold'];
}

/** @throws RefusalError */
export function analyseCopy(copy: CopyStmt, analysis: Analysis): AnalysedCopy {
  if (copy.filename !== undefined || copy.is_program) {
    throw refusal('42501', 'file', 'COPY with a file or a program of the server is not allowed', {
      detail: 'What the server reads or writes by itself does not pass pgveil.',
      hint: 'Use COPY … TO STDOUT or COPY … FROM STDIN, or \\copy in psql.',
      ...filePlace(copy, analysis),
    });
  }
  if (copy.is_from) return { columns: undefined, format: undefined, withhold: copyIn(copy, analysis) };
  const format = tagFormat(copy.options ?? []);
  if (copy.relation) return { columns: copyTable(copy, analysis), format, withhold: 'nothing' };
  const query = copy.query;
  if (!query) throw unsupported('this COPY');
  const result =
    'SelectStmt' in query ? analysis.query(query.SelectStmt, undefined) : analysis.modification(query, undefined);
  return { columns: result.columns, format, withhold: 'SelectStmt' in query ? 'nothing' : 'all' };
}

/** Where the file or program of a table's COPY is named: behind TO or FROM. */
function filePlace({ relation }: CopyStmt, { unit }: Analysis): { readonly location?: number } {
  if (!relation) return {};
  const { tokens, at } = unit.tokens();
  const first = at(locationOf(relation)) ?? tokens.length;
  const direction = tokens.findIndex(({ text }, i) => i > first && (text === 'to' || text === 'from'));
  const location = direction < 0 ? undefined : tokens[direction + 1]?.start;
  return location === undefined ? {} : { location };
}

function copyIn(copy: CopyStmt, analysis: Analysis): StatementPlan['withhold'] {
  if (!copy.relation) throw unsupported('this COPY');
  const found = resolveTarget(copy.relation, analysis);
  const protection = found.kind === 'relation' ? analysis.state.viewer.protection.of(found.relation) : undefined;
  if (found.kind !== 'relation' || !protection) return 'nothing';
  const location = place(copy.relation, analysis);
  if (protection.kind === 'closed') throw closed(found.relation, protection.reason, location);
  if (protection.kind !== 'guarded') throw unsupported('COPY FROM into this relation', location);
  return protection.guarded.relation.triggerRoutines.length > 0 ? 'all' : 'detail';
}

function closed({ schema, name }: Relation, reason: string, location: number | undefined) {
  return refusal('42501', 'closed', `table "${schema}.${name}" is closed: ${reason}`, {
    ...(location === undefined ? {} : { location }),
  });
}

function copyTable(copy: CopyStmt, analysis: Analysis): readonly QueryColumn[] | undefined {
  const range = copy.relation!;
  const found = resolveAndPin(range, analysis);
  const { viewer, scans } = analysis.state;
  const protection = found.kind === 'relation' ? viewer.protection.of(found.relation) : undefined;
  if (found.kind !== 'relation' || !protection) return [];
  const { relation } = found;
  const location = place(range, analysis);
  const listed = listedColumns(copy, relation, analysis);
  switch (protection.kind) {
    case 'closed':
      throw closed(relation, protection.reason, location);
    case 'guarded': {
      const policies = new Set([...protection.guarded.guards.keys()].filter((p) => viewer.policies.has(p)));
      if (policies.size === 0) return [];
      const scan = createScan(protection.guarded, policies);
      scans.push(scan);
      viewer.assertReadable(scan, listed, location);
      const item = scanItem(range, scan, analysis);
      // COPY of a table leaves out its children; of a partitioned one there is nothing else.
      const only = relation.kind !== 'partitioned';
      become(copy, listed, analysis, () =>
        substitutionSql(scan, {
          columns: listed,
          systemColumns: [],
          only,
          locking: false,
          tagPrefix: viewer.tagPrefix,
        }),
      );
      return listed.map((column) => asOutput(item.columns!.find((c) => c.name === column.name)!, location));
    }
    case 'statistics':
      become(copy, listed, analysis, () => statisticsSql(relation, viewer.protection));
      return [];
    case 'view':
    case 'materialized': {
      const view = (protection.kind === 'view' ? viewColumns : maskedRelation)(
        relation,
        protection,
        analysis,
        location,
      );
      become(copy, listed, analysis, view.render);
      return listed.map((column) => asOutput(view.columns.find((c) => c.name === column.name)!, location));
    }
    default:
      return protection satisfies never;
  }
}

function asOutput(column: import('./scope.js').ScopeColumn, location: number | undefined): QueryColumn {
  return { ...column, refs: () => column.taint().map((taint) => ({ taint, location })) };
}

/** Without a list, all columns but generated ones. */
function listedColumns(copy: CopyStmt, relation: Relation, { unit }: Analysis): readonly Column[] {
  if (!copy.attlist) return relation.columns.filter((column) => !column.generated);
  return copy.attlist.map((node) => {
    const name = stringOf(node) ?? '';
    const column = findColumn(relation, name);
    if (column) return column;
    const { named, endOfName } = unit.tokens();
    const location = named(name, endOfName(locationOf(copy.relation!)) ?? 0)?.start;
    throw refusal('42703', 'unresolved', `column "${name}" of relation "${relation.name}" does not exist`, {
      ...(location === undefined ? {} : { location }),
    });
  });
}

/** `COPY orders (a, b)` becomes `COPY (SELECT a, b FROM …)`. */
function become(copy: CopyStmt, columns: readonly Column[], analysis: Analysis, source: () => string): void {
  const range = copy.relation!;
  const start = locationOf(range);
  const { tokens, endOfName } = analysis.unit.tokens();
  let end = endOfName(start);
  if (end === undefined) throw unsupported('this name', place(range, analysis));
  if (copy.attlist) {
    const open = tokens.findIndex((token) => token.start >= end!);
    const close = tokens.findIndex((token, i) => i > open && token.text === ')');
    if (tokens[open]?.text !== '(' || close < 0) throw unsupported('this list of columns', place(range, analysis));
    end = tokens[close]!.end;
  }
  const names = columns.map((column) => quoteIdentifier(column.name)).join(', ');
  analysis.unit.edits.push({
    start,
    end,
    render: () => `(SELECT ${names} FROM ${source()} AS ${quoteIdentifier(range.relname ?? '')})`,
    mean: (sql, parser) => {
      const fields = copy as { relation?: unknown; attlist?: unknown; query?: Node };
      delete fields.relation;
      delete fields.attlist;
      const node = parser.parse(sql.slice(1, -1))[0]?.node;
      if (!node) throw unsupported('this COPY');
      fields.query = node;
    },
  });
}

/** Characters that stand in a tag: as a delimiter they would be escaped there. */
const IN_TAGS = /[A-Za-z0-9:-]/;

/** The format, where tagged cells can be told apart in it; undefined where masks must be made in SQL. */
function tagFormat(options: readonly Node[]): CopyFormat | undefined {
  const texts = new Map<string, string>();
  let header = false;
  for (const option of options) {
    if (!('DefElem' in option)) return undefined;
    const { defname = '', arg } = option.DefElem;
    const text = stringOf(arg);
    if (defname === 'header') {
      const chosen = booleanOf(arg);
      if (chosen === undefined) return undefined;
      header = chosen;
    } else if (TEXT_OPTIONS.has(defname) && text !== undefined) texts.set(defname, text);
    else return undefined;
  }
  const format = texts.get('format')?.toLowerCase() ?? 'text';
  if (format !== 'text' && format !== 'csv' && format !== 'binary') return undefined;
  const delimiter = texts.get('delimiter') ?? (format === 'csv' ? ',' : '\t');
  const quote = texts.get('quote') ?? '"';
  const escaping = texts.get('escape') ?? quote;
  const single = [delimiter, quote, escaping].every((c) => c.length === 1 && c <= '~' && !IN_TAGS.test(c));
  if (!single) return undefined;
  const nullText = texts.get('null') ?? (format === 'csv' ? '' : '\\N');
  return { format, delimiter, quote, escape: escaping, null: nullText, header };
}

const TEXT_OPTIONS = new Set(['format', 'delimiter', 'null', 'quote', 'escape']);

/** As `defGetBoolean` reads an option; undefined for what else it can be. */
function booleanOf(value: Node | undefined): boolean | undefined {
  if (!value) return true;
  if ('Boolean' in value) return value.Boolean.boolval ?? false;
  if ('Integer' in value) return { 0: false, 1: true }[value.Integer.ival ?? 0];
  const text = stringOf(value)?.toLowerCase();
  if (text === 'true' || text === 'on') return true;
  return text === 'false' || text === 'off' ? false : undefined;
}

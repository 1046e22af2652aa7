/** Which relation a name means, and what the server is told to read. After `RangeVarGetRelid` in `namespace.c`. */
import type { RangeVar } from '@pgsql/types';
import { findRelation, type Relation, type Snapshot } from '../catalog/snapshot.js';
import { relationSql } from '../policy/guard-sql.js';
import { quoteIdentifier } from '../policy/quote.js';
import type { Analysis, NameLookup } from './analysis.js';
import { locationOf } from './mentions.js';
import { refusal, unsupported } from './refuse.js';

export type NamedRelation =
  | { readonly kind: 'relation'; readonly relation: Relation }
  /** Of the session's own temporary schema. */
  | { readonly kind: 'temporary' }
  /** Nothing that the snapshot knows. */
  | { readonly kind: 'unknown' };

/** What a name means in a session; CTEs are the caller's concern. */
export function resolveRelation(
  range: { readonly schemaname?: string; readonly relname?: string; readonly location?: number },
  snapshot: Snapshot,
  names: NameLookup,
): NamedRelation {
  const name = range.relname ?? '';
  if (range.schemaname !== undefined) {
    if (/^pg_temp(_\d+)?$/.test(range.schemaname)) return { kind: 'temporary' };
    const relation = findRelation(snapshot, range.schemaname, name);
    return relation ? { kind: 'relation', relation } : { kind: 'unknown' };
  }
  const { schemas, tempRelations } = names(locationOf(range));
  // The temporary schema is searched first, even where the path does not name it.
  if (tempRelations.has(name) && !schemas.some((s) => s.startsWith('pg_temp'))) return { kind: 'temporary' };
  for (const schema of schemas) {
    if (schema.startsWith('pg_temp')) {
      if (tempRelations.has(name)) return { kind: 'temporary' };
      continue;
    }
    const relation = findRelation(snapshot, schema, name);
    if (relation) return { kind: 'relation', relation };
  }
  return { kind: 'unknown' };
}

/** The same for the target of a modification, which keeps its place in the statement: it is always pinned. */
export function resolveTarget(range: RangeVar, analysis: Analysis): NamedRelation {
  const found = resolveAndPin(range, analysis);
  if (found.kind === 'unknown') {
    const { schemaname, relname = '' } = range;
    const isTemporary =
      schemaname === undefined ? analysis.names().tempRelations.has(relname) : /^pg_temp(_\d+)?$/.test(schemaname);
    return isTemporary ? { kind: 'temporary' } : found;
  }
  const isProtected = found.kind === 'relation' && analysis.state.viewer.protection.of(found.relation) !== undefined;
  if (isProtected && range.schemaname === undefined) pin(range, relationSql(found.relation), analysis);
  return found;
}

/**
 * The same, for a name that stands in a statement; where another schema has a protected relation of that name, the
 * server is told which one was meant, so that no later search_path can make it another.
 */
export function resolveAndPin(range: RangeVar, analysis: Analysis): NamedRelation {
  const { protection } = analysis.state.viewer;
  const name = range.relname ?? '';
  if (protection.relationsNamed(name).length === 0) {
    // The name is protected in no schema: what it means is the server's concern.
    const known = range.schemaname !== undefined && findRelation(protection.snapshot, range.schemaname, name);
    if (known) return { kind: 'relation', relation: known };
    const candidates = range.schemaname === undefined ? (protection.snapshot.relationsByName.get(name) ?? []) : [];
    if (candidates.length === 0) return { kind: 'unknown' };
    return resolveRelation(range, protection.snapshot, analysis.names);
  }
  const found = resolveRelation(range, protection.snapshot, analysis.names);
  if (found.kind === 'unknown') {
    if (range.schemaname !== undefined) return found;
    throw refusal('42P01', 'unresolved', `relation "${name}" does not exist`, location(range, analysis));
  }
  if (range.schemaname === undefined && (found.kind === 'temporary' || !protection.of(found.relation))) {
    pin(range, found.kind === 'temporary' ? `pg_temp.${quoteIdentifier(name)}` : relationSql(found.relation), analysis);
  }
  return found;
}

function pin(range: RangeVar, qualified: string, analysis: Analysis): void {
  const start = locationOf(range);
  const end = analysis.unit.tokens().endOfName(start);
  if (end === undefined) throw unsupported('this name', location(range, analysis).location);
  const schema = /^pg_temp\./.test(qualified) ? 'pg_temp' : undefined;
  const found = schema ?? qualified.slice(1, qualified.indexOf('"."')).replaceAll('""', '"');
  analysis.unit.edits.push({
    start,
    end,
    render: () => qualified,
    mean: () => {
      (range as { schemaname?: string }).schemaname = found;
    },
  });
}

function location(range: RangeVar, analysis: Analysis): { readonly location?: number } {
  const at = analysis.unit.locate(locationOf(range));
  return at === undefined ? {} : { location: at };
}

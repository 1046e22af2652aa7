/**
 * Changes that would un-redact rows without touching them: rows are redacted by what guards read, and a foreign key can
 * delete, clear or rewrite that when another table changes.
 */
import type { AttNum, Oid, Relation, Snapshot } from '../catalog/snapshot.js';
import type { Binding } from '../policy/bind.js';
import type { Modified } from './mentions.js';
import type { Protection } from './protection.js';
import { type RefusalError, refusal } from './refuse.js';

/** What must not happen to a relation, and which relation would show rows again. */
export interface Undermining {
  /** Its rows must not be deleted. */
  readonly deletion: Relation | undefined;
  /** TRUNCATE … CASCADE reaches further than DELETE. */
  readonly truncation: Relation | undefined;
  /** These columns must not be changed. */
  readonly columns: ReadonlyMap<AttNum, Relation>;
}

/**
 * For each relation that guards depend on, directly or by foreign keys.
 * Rows of a guarded relation that are redacted themselves keep what guards read; this is about the rows around them.
 */
export function underminingOf(snapshot: Snapshot, binding: Binding): ReadonlyMap<Oid, Undermining> {
  const dependents = dependentsOf(binding);
  const found = new Map<Oid, Undermining>();
  for (const relation of snapshot.relations) {
    const columns = rewrittenColumns(relation, snapshot, binding);
    const deletion =
      firstOf(reached(relation, snapshot, 'delete'), dependents) ?? clearedBy(relation, snapshot, binding);
    const truncation = firstOf(reached(relation, snapshot, 'truncate'), dependents);
    if (deletion || truncation || columns.size > 0) found.set(relation.oid, { deletion, truncation, columns });
  }
  return found;
}

/** Relations whose missing rows make rows of another count as not redacted, with that other. */
function dependentsOf(binding: Binding): ReadonlyMap<Oid, Relation> {
  const found = new Map<Oid, Relation>();
  for (const { relation, guards } of binding.guarded.values()) {
    for (const guard of guards.values()) {
      // Rows whose only parent is gone stay redacted.
      if (guard.kind === 'belongs' && !guard.keyed) found.set(guard.parent.relation.oid, relation);
    }
  }
  return found;
}

function firstOf(relations: ReadonlySet<Relation>, dependents: ReadonlyMap<Oid, Relation>): Relation | undefined {
  for (const relation of relations) {
    const dependent = dependents.get(relation.oid);
    if (dependent) return dependent;
  }
  return undefined;
}

/** The relation itself and those of which rows go with its own. */
function reached(from: Relation, snapshot: Snapshot, by: 'delete' | 'truncate'): ReadonlySet<Relation> {
  const found = new Set([from]);
  for (const parent of found) {
    for (const child of snapshot.relations) {
      const goes = child.foreignKeys.some(
        (key) => key.parent === parent.oid && (by === 'truncate' || key.onDelete === 'cascade'),
      );
      const heir = child.parents.includes(parent.oid);
      if (goes || heir) found.add(child);
    }
  }
  return found;
}

/** A guarded relation whose guard reads a column that is cleared when rows of this one, or those that go with it, go. */
function clearedBy(relation: Relation, snapshot: Snapshot, binding: Binding): Relation | undefined {
  const gone = reached(relation, snapshot, 'delete');
  for (const { relation: child, guardColumns } of binding.guarded.values()) {
    const cleared = child.foreignKeys.some(
      (key) =>
        key.onDelete === 'clear' &&
        [...gone].some((parent) => parent.oid === key.parent) &&
        key.columns.some((attnum) => guardColumns.has(attnum)),
    );
    if (cleared) return child;
  }
  return undefined;
}

/** Columns whose change is written into a column that a guard reads. */
function rewrittenColumns(relation: Relation, snapshot: Snapshot, binding: Binding): ReadonlyMap<AttNum, Relation> {
  const found = new Map<AttNum, Relation>();
  const visit = (child: Relation, childColumn: (attnum: AttNum) => boolean): void => {
    for (const key of child.foreignKeys) {
      if (key.onUpdate === 'none' || key.parent !== relation.oid) continue;
      key.columns.forEach((attnum, i) => {
        if (childColumn(attnum)) found.set(key.parentColumns[i]!, child);
      });
    }
  };
  for (const guarded of binding.guarded.values()) {
    // A redacted row of a guarded relation keeps the columns that guards read, its keys too.
    if (guarded.relation !== relation) visit(guarded.relation, (attnum) => guarded.guardColumns.has(attnum));
  }
  // Through tables between: a key that is rewritten there is rewritten further on.
  for (const child of snapshot.relations) {
    if (binding.guarded.has(child.oid) || child === relation) continue;
    if (!child.foreignKeys.some((key) => key.parent === relation.oid && key.onUpdate !== 'none')) continue;
    const further = rewrittenBelow(child, snapshot, binding, new Set([relation.oid]));
    if (further.size > 0) visit(child, (attnum) => further.has(attnum));
  }
  return found;
}

function rewrittenBelow(
  relation: Relation,
  snapshot: Snapshot,
  binding: Binding,
  seen: ReadonlySet<Oid>,
): ReadonlySet<AttNum> {
  const found = new Set<AttNum>();
  if (seen.has(relation.oid)) return found;
  for (const child of snapshot.relations) {
    const keys = child.foreignKeys.filter((key) => key.parent === relation.oid && key.onUpdate !== 'none');
    if (keys.length === 0) continue;
    const guarded = binding.guarded.get(child.oid);
    const below = rewrittenBelow(child, snapshot, binding, new Set([...seen, relation.oid]));
    for (const key of keys) {
      key.columns.forEach((attnum, i) => {
        if (guarded?.guardColumns.has(attnum) || below.has(attnum)) found.add(key.parentColumns[i]!);
      });
    }
  }
  return found;
}

/** A change of a relation that would show redacted rows of another again. */
interface Undermined {
  readonly relation: Relation;
  readonly dependent: Relation;
  /** The column that must not be changed; undefined where rows must not be deleted. */
  readonly column: string | undefined;
}

/**
 * @param relations those that the modified name can mean
 * @param judgedLater rows that are deleted from it are judged with their proof
 */
export function underminingBy(
  modified: Modified,
  relations: readonly Relation[],
  undermining: ReadonlyMap<Oid, Undermining>,
  judgedLater: (relation: Relation) => boolean,
): Undermined | undefined {
  for (const relation of relations) {
    const known = undermining.get(relation.oid);
    if (!known) continue;
    const deletion = modified.deletes && !judgedLater(relation) ? known.deletion : undefined;
    const shown = modified.kind === 'truncate' ? known.truncation : deletion;
    const column = relation.columns.find((c) => modified.columns.includes(c.name) && known.columns.has(c.attnum));
    const dependent = shown ?? (column && known.columns.get(column.attnum));
    if (dependent) return { relation, dependent, column: shown ? undefined : column!.name };
  }
  return undefined;
}

/** @throws RefusalError for a change that would show redacted rows again */
export function assertNotUndermining(modified: Modified, relations: readonly Relation[], protection: Protection): void {
  const found = underminingBy(
    modified,
    relations,
    protection.undermining,
    (relation) => protection.of(relation)?.kind === 'guarded',
  );
  if (!found) return;
  const { relation, dependent, column } = found;
  const name = `"${relation.schema}.${relation.name}"`;
  const what = column === undefined ? `cannot delete from ${name}` : `cannot change column "${column}" of ${name}`;
  throw underminingRefusal(relation, what, dependent, modified.location);
}

export function underminingRefusal(
  relation: Relation,
  what: string,
  dependent: Relation,
  location: number | undefined,
): RefusalError {
  return refusal(
    '42501',
    'write',
    `${what}: rows of "${dependent.schema}.${dependent.name}" are redacted because of it`,
    {
      detail:
        'A policy, or a foreign key that one depends on, makes those rows count as redacted by what they belong to.',
      hint: 'Restrict the statement to rows that are not redacted, or do this as an exempt role or on a direct connection.',
      table: `${relation.schema}.${relation.name}`,
      ...(location === undefined || location < 0 ? {} : { location }),
    },
  );
}

/**
 * Changes that would un-redact rows without touching them: rows are redacted by what guards read, and a foreign key can
 * delete, clear or rewrite that when another table changes.
 */
import type { AttNum, Column, Oid, Relation, Snapshot } from '../catalog/snapshot.js';
import type { Binding } from '../policy/bind.js';
import type { Modified } from './mentions.js';
import type { Protection } from './protection.js';
import { type RefusalError, refusal } from './refuse.js';

/** What must not happen to a relation, and which relation would show rows again. */
export interface Undermining {
  /** Its rows must not be deleted. */
  readonly deletion: Relation | undefined;
  /** The same where a condition looks for them, whatever is proven of the rows themselves. */
  readonly soughtRows: Relation | undefined;
  /** TRUNCATE … CASCADE reaches further than DELETE. */
  readonly truncation: Relation | undefined;
  /** A condition must not find such rows. */
  readonly insertion: Relation | undefined;
  /** These columns must not be changed. */
  readonly columns: ReadonlyMap<AttNum, Relation>;
}

/** Columns that a guard reads, and the relation whose rows it redacts. */
interface Reader {
  readonly relation: Relation;
  readonly columns: ReadonlySet<AttNum>;
  readonly dependent: Relation;
  /** Of the guarded row itself: a redacted one keeps them. */
  readonly own: boolean;
}

/** Relations by what of their rows guards depend on. */
interface Dependents {
  readonly parents: ReadonlyMap<Oid, Relation>;
  readonly sought: ReadonlyMap<Oid, Relation>;
  readonly shunned: ReadonlyMap<Oid, Relation>;
  readonly readers: readonly Reader[];
}

/** A view, and the relations that its definition names. */
export interface ReadingView {
  readonly view: Relation;
  readonly reads: readonly Relation[];
}

/**
 * For each relation that guards depend on, directly or by foreign keys, and for views through which it can be changed.
 * Rows of a guarded relation that are redacted themselves keep what guards read; this is about the rows around them.
 */
export function underminingOf(
  snapshot: Snapshot,
  binding: Binding,
  views: readonly ReadingView[],
): ReadonlyMap<Oid, Undermining> {
  const dependents = dependentsOf(snapshot, binding);
  const found = new Map<Oid, Undermining>();
  for (const relation of snapshot.relations) {
    const gone = reached(relation, snapshot, 'delete');
    const known: Undermining = {
      deletion: firstOf(gone, dependents.parents) ?? clearedBy(gone, dependents, true),
      soughtRows: firstOf(gone, dependents.sought) ?? clearedBy(gone, dependents, false),
      truncation: firstOf(
        reached(relation, snapshot, 'truncate'),
        new Map([...dependents.parents, ...dependents.sought]),
      ),
      insertion: firstOf(heirsOf(relation, snapshot), dependents.shunned),
      columns: rewrittenColumns(relation, snapshot, dependents.readers),
    };
    if (isAny(known)) found.set(relation.oid, known);
  }
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { view, reads } of views) {
      const below = found.has(view.oid) ? [] : reads.flatMap((relation) => found.get(relation.oid) ?? []);
      if (below.length > 0) found.set(view.oid, throughView(view, below));
    }
  }
  return found;
}

function isAny({ deletion, soughtRows, truncation, insertion, columns }: Undermining): boolean {
  return [deletion, soughtRows, truncation, insertion].some((relation) => relation !== undefined) || columns.size > 0;
}

/** Which of the view's columns is which below it is not looked at. */
function throughView(view: Relation, below: readonly Undermining[]): Undermining {
  const first = (pick: (one: Undermining) => Relation | undefined) => below.map(pick).find((r) => r !== undefined);
  const dependent = first(({ columns }) => [...columns.values()][0]);
  const rows = first(({ soughtRows, deletion }) => soughtRows ?? deletion);
  return {
    deletion: rows,
    soughtRows: rows,
    truncation: undefined,
    insertion: first(({ insertion }) => insertion),
    columns: new Map(dependent ? view.columns.map(({ attnum }) => [attnum, dependent]) : []),
  };
}

function dependentsOf(snapshot: Snapshot, binding: Binding): Dependents {
  const parents = new Map<Oid, Relation>();
  const sought = new Map<Oid, Relation>();
  const shunned = new Map<Oid, Relation>();
  const readers: Reader[] = [];
  for (const { relation: dependent, guards, guardColumns } of binding.guarded.values()) {
    readers.push({ relation: dependent, columns: guardColumns, dependent, own: true });
    for (const guard of guards.values()) {
      if (guard.kind === 'belongs') {
        // Rows whose only parent is gone stay redacted.
        if (!guard.keyed) parents.set(guard.parent.relation.oid, dependent);
        continue;
      }
      for (const part of [guard.condition, guard.exemption]) {
        for (const [read, { columns, needsRows, needsAbsence }] of part?.relations ?? []) {
          const isExemption = part === guard.exemption;
          const names = new Set(read.columns.filter((c) => columns.has(c.attnum)).map((c) => c.name));
          for (const relation of heirsOf(read, snapshot)) {
            if (isExemption ? needsAbsence : needsRows) sought.set(relation.oid, dependent);
            if (isExemption ? needsRows : needsAbsence) shunned.set(relation.oid, dependent);
            readers.push({ relation, columns: numbersOf(relation, names), dependent, own: false });
          }
        }
      }
    }
  }
  return { parents, sought, shunned, readers };
}

function numbersOf(relation: Relation, names: ReadonlySet<string>): ReadonlySet<AttNum> {
  return new Set(relation.columns.filter((column) => names.has(column.name)).map((column) => column.attnum));
}

function firstOf(relations: ReadonlySet<Relation>, dependents: ReadonlyMap<Oid, Relation>): Relation | undefined {
  for (const relation of relations) {
    const dependent = dependents.get(relation.oid);
    if (dependent) return dependent;
  }
  return undefined;
}

/** The relation itself, its children and partitions, and theirs. */
function heirsOf(from: Relation, snapshot: Snapshot): ReadonlySet<Relation> {
  const found = new Set([from]);
  for (const parent of found) {
    for (const child of snapshot.childrenByOid.get(parent.oid) ?? []) found.add(child);
  }
  return found;
}

/** The relation itself and those of which rows go with its own. */
function reached(from: Relation, snapshot: Snapshot, by: 'delete' | 'truncate'): ReadonlySet<Relation> {
  const found = new Set([from]);
  for (const parent of found) {
    for (const child of snapshot.childrenByOid.get(parent.oid) ?? []) found.add(child);
    for (const child of snapshot.referrersByOid.get(parent.oid) ?? []) {
      const goes = child.foreignKeys.some(
        (key) => key.parent === parent.oid && (by === 'truncate' || key.onDelete === 'cascade'),
      );
      if (goes) found.add(child);
    }
  }
  return found;
}

/** A relation whose guard reads a column that is cleared when rows of these go. */
function clearedBy(gone: ReadonlySet<Relation>, { readers }: Dependents, own: boolean): Relation | undefined {
  return readers.find(
    (reader) =>
      reader.own === own &&
      reader.relation.foreignKeys.some(
        (key) =>
          key.onDelete === 'clear' &&
          [...gone].some((parent) => parent.oid === key.parent) &&
          key.columns.some((attnum) => reader.columns.has(attnum)),
      ),
  )?.dependent;
}

/** Columns that a condition elsewhere reads, and those whose change is written into a column that a guard reads. */
function rewrittenColumns(
  relation: Relation,
  snapshot: Snapshot,
  readers: readonly Reader[],
): ReadonlyMap<AttNum, Relation> {
  const found = new Map<AttNum, Relation>();
  const visit = (child: Relation, dependent: Relation, childColumn: (attnum: AttNum) => boolean): void => {
    for (const key of child.foreignKeys) {
      if (key.onUpdate === 'none' || key.parent !== relation.oid) continue;
      key.columns.forEach((attnum, i) => {
        if (childColumn(attnum)) found.set(key.parentColumns[i]!, dependent);
      });
    }
  };
  const heirs = heirsOf(relation, snapshot);
  for (const reader of readers) {
    // A redacted row of a guarded relation keeps the columns that guards read, its keys too.
    if (reader.own && reader.relation === relation) continue;
    visit(reader.relation, reader.dependent, (attnum) => reader.columns.has(attnum));
    if (reader.own || !heirs.has(reader.relation)) continue;
    const names = reader.relation.columns.filter((c) => reader.columns.has(c.attnum)).map((c) => c.name);
    for (const attnum of numbersOf(relation, new Set(names))) found.set(attnum, reader.dependent);
  }
  // Through tables between: a key that is rewritten there is rewritten further on.
  const read = new Set(readers.map((reader) => reader.relation));
  for (const child of snapshot.referrersByOid.get(relation.oid) ?? []) {
    if (read.has(child) || child === relation) continue;
    if (!child.foreignKeys.some((key) => key.parent === relation.oid && key.onUpdate !== 'none')) continue;
    const further = rewrittenBelow(child, snapshot, readers, new Set([relation.oid]));
    if (further.size > 0) visit(child, child, (attnum) => further.has(attnum));
  }
  return found;
}

function rewrittenBelow(
  relation: Relation,
  snapshot: Snapshot,
  readers: readonly Reader[],
  seen: ReadonlySet<Oid>,
): ReadonlySet<AttNum> {
  const found = new Set<AttNum>();
  if (seen.has(relation.oid)) return found;
  for (const child of snapshot.referrersByOid.get(relation.oid) ?? []) {
    const keys = child.foreignKeys.filter((key) => key.parent === relation.oid && key.onUpdate !== 'none');
    if (keys.length === 0) continue;
    const below = rewrittenBelow(child, snapshot, readers, new Set([...seen, relation.oid]));
    const isRead = (attnum: AttNum): boolean => readers.some((r) => r.relation === child && r.columns.has(attnum));
    for (const key of keys) {
      key.columns.forEach((attnum, i) => {
        if (isRead(attnum) || below.has(attnum)) found.add(key.parentColumns[i]!);
      });
    }
  }
  return found;
}

/** A change of a relation that would show redacted rows of another again. */
interface Undermined {
  readonly relation: Relation;
  readonly dependent: Relation;
  /** What must not be done with its rows, or the column that must not be changed. */
  readonly change: 'delete from' | 'insert into' | Column;
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
    const deletion = modified.deletes
      ? (known.soughtRows ?? (judgedLater(relation) ? undefined : known.deletion))
      : undefined;
    const shown = modified.kind === 'truncate' ? known.truncation : deletion;
    const inserted = modified.inserts ? known.insertion : undefined;
    const column = relation.columns.find((c) => modified.columns.includes(c.name) && known.columns.has(c.attnum));
    const dependent = shown ?? inserted ?? (column && known.columns.get(column.attnum));
    if (dependent) return { relation, dependent, change: shown ? 'delete from' : inserted ? 'insert into' : column! };
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
  const { relation, dependent, change } = found;
  const name = `"${relation.schema}.${relation.name}"`;
  const what =
    typeof change === 'string' ? `cannot ${change} ${name}` : `cannot change column "${change.name}" of ${name}`;
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

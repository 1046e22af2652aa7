/** Which triggers a change of a relation can fire: its own, and those of relations to which the change goes on. */
import type { Oid, Relation, Snapshot } from '../catalog/snapshot.js';
import type { Modified } from './mentions.js';

/** Where a change of rows of a relation goes on: to its heirs and partitions, and by foreign keys. */
interface Onward {
  readonly heirs: readonly Relation[];
  readonly byKeys: readonly { readonly child: Relation; readonly acts: boolean }[];
}

const known = new WeakMap<Snapshot, ReadonlyMap<Oid, Onward>>();

/**
 * @param relations those that the modified name can mean
 * @param relationsIn relations that the definition of a view reads: a change of the view is one of them
 */
export function relationsChangedBy(
  modified: Modified,
  relations: readonly Relation[],
  snapshot: Snapshot,
  relationsIn: (view: Relation) => readonly Relation[],
): ReadonlySet<Relation> {
  const onward = onwardOf(snapshot);
  // ON CONFLICT DO UPDATE changes columns; a plain INSERT or COPY goes to partitions only.
  const followsKeys = !(modified.kind === 'insert' || modified.kind === 'copy') || modified.columns.length > 0;
  const found = new Set(relations);
  for (const relation of found) {
    const next = onward.get(relation.oid);
    for (const heir of next?.heirs ?? []) found.add(heir);
    for (const { child, acts } of followsKeys ? (next?.byKeys ?? []) : []) {
      if (acts || modified.kind === 'truncate') found.add(child);
    }
    if (relation.kind === 'view') for (const base of relationsIn(relation)) found.add(base);
  }
  return found;
}

function onwardOf(snapshot: Snapshot): ReadonlyMap<Oid, Onward> {
  const before = known.get(snapshot);
  if (before) return before;
  const found = new Map<Oid, { heirs: Relation[]; byKeys: { child: Relation; acts: boolean }[] }>();
  const at = (oid: Oid) => {
    const entry = found.get(oid) ?? { heirs: [], byKeys: [] };
    found.set(oid, entry);
    return entry;
  };
  for (const relation of snapshot.relations) {
    for (const parent of relation.parents) at(parent).heirs.push(relation);
    for (const { parent, onDelete, onUpdate } of relation.foreignKeys) {
      // TRUNCATE … CASCADE follows keys without an action, too.
      at(parent).byKeys.push({ child: relation, acts: onDelete !== 'none' || onUpdate !== 'none' });
    }
  }
  known.set(snapshot, found);
  return found;
}

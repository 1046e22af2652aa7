/**
 * Changes of the schema that would change what guards find in other relations: rows are redacted by what stands there, and
 * a table that is replaced, renamed, hidden by row security or given another child holds something else at once.
 */
import type { Oid, Relation, Snapshot } from '../catalog/snapshot.js';
import type { Binding } from '../policy/bind.js';
import type { PolicyConfig } from '../policy/config-types.js';
import type { NamedReference } from './mentions.js';
import { refusal } from './refuse.js';

type Name = Pick<NamedReference, 'schema' | 'name'> & { readonly location?: number };

interface Dependent {
  readonly relation: Relation;
  readonly policy: PolicyConfig;
}

const known = new WeakMap<Binding, ReadonlyMap<Oid, Dependent>>();

/** Statements that change neither what a table holds nor who sees it. */
const HARMLESS = new Set(['IndexStmt', 'CreateStatsStmt', 'AlterStatsStmt']);
const HEIRS = new Set(['AT_AddInherit', 'AT_DropInherit', 'AT_AttachPartition', 'AT_DetachPartition']);

/**
 * @param changed relations that the statement changes
 * @param swept tells which relations it changes without naming them
 * @throws RefusalError where a policy that refuses changes of schemas looks into one of them
 */
export function assertNoSourceOfGuards(
  name: string,
  statement: Readonly<Record<string, unknown>>,
  changed: readonly Name[],
  swept: ((relation: Relation) => boolean) | undefined,
  { snapshot, binding }: { readonly snapshot: Snapshot; readonly binding: Binding },
): void {
  if (HARMLESS.has(name)) return;
  const sources = known.get(binding) ?? sourcesOf(snapshot, binding);
  known.set(binding, sources);
  if (sources.size === 0) return;
  for (const [oid, dependent] of sources) {
    const relation = snapshot.relationByOid.get(oid);
    if (!relation) continue;
    const meant = [...changed, ...parentsIn(name, statement)].find(
      (reference) =>
        reference.name === relation.name && (reference.schema === undefined || reference.schema === relation.schema),
    );
    if (!meant && !swept?.(relation)) continue;
    const { location = -1 } = meant ?? {};
    throw refusal('42501', 'ddl', `cannot change "${relation.schema}.${relation.name}" or what belongs to it`, {
      detail: `Policy "${dependent.policy.name}" looks there for which rows of "${dependent.relation.schema}.${dependent.relation.name}" are redacted, and refuses changes of its schema (ddl: refuse).`,
      hint: 'Change it on a direct connection, or ask the operator of pgveil for ddl: allow.',
      policy: dependent.policy.name,
      table: `${relation.schema}.${relation.name}`,
      ...(location < 0 ? {} : { location }),
    });
  }
}

/** Relations that conditions of policies read besides the redacted row, with their heirs. */
function sourcesOf(snapshot: Snapshot, binding: Binding): ReadonlyMap<Oid, Dependent> {
  const found = new Map<Oid, Dependent>();
  for (const { relation, guards } of binding.guarded.values()) {
    for (const [policy, guard] of guards) {
      if (guard.kind !== 'own' || policy.ddl !== 'refuse') continue;
      const read = [guard.condition, guard.exemption].flatMap((part) => [...(part?.relations.keys() ?? [])]);
      const sources = new Set(read);
      for (const source of sources) {
        found.set(source.oid, { relation, policy });
        for (const heir of snapshot.childrenByOid.get(source.oid) ?? []) sources.add(heir);
      }
    }
  }
  return found;
}

/** Tables that gain or lose a child. */
function parentsIn(name: string, statement: Readonly<Record<string, unknown>>): readonly Name[] {
  const ranges: unknown[] = [];
  if (name === 'CreateStmt') ranges.push(...((statement.inhRelations as unknown[] | undefined) ?? []));
  if (name === 'AlterTableStmt') {
    for (const { AlterTableCmd: command } of (statement.cmds ?? []) as { AlterTableCmd?: Record<string, unknown> }[]) {
      if (!HEIRS.has(String(command?.subtype))) continue;
      const { RangeVar, PartitionCmd } = (command?.def ?? {}) as Record<string, Record<string, unknown> | undefined>;
      ranges.push({ RangeVar: RangeVar ?? PartitionCmd?.name });
    }
  }
  return ranges.flatMap((range) => {
    const { relname, schemaname, location } = ((range as { RangeVar?: Record<string, unknown> }).RangeVar ?? {}) as {
      readonly relname?: string;
      readonly schemaname?: string;
      readonly location?: number;
    };
    return relname === undefined ? [] : [{ schema: schemaname, name: relname, location: location ?? -1 }];
  });
}

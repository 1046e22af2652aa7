/** Judges what an analysis found: filters on redacted columns, and protected values that would be stored elsewhere. */
import type { QualifiedName } from '../policy/config-types.js';
import type { FilterCheck, Ref, StatementState } from './analysis.js';
import type { ColumnLabel } from './plan-types.js';
import { labelFields, type RefusalError, refusal } from './refuse.js';

/** @throws RefusalError for the first filter that a policy refuses */
export function assertNoFilter(state: StatementState): void {
  for (const check of state.checks) {
    if (check.kind === 'shape') continue;
    const ref = check.refs().find(({ taint }) => check.kind === 'stored' || taint.rule.policy.onFilter === 'refuse');
    if (ref) throw filterRefusal(ref, check);
  }
}

/** @throws RefusalError for the first copy that a policy refuses */
export function assertNoCopy(state: StatementState): void {
  for (const copy of state.copies) {
    const ref = copy.refs().find(({ taint }) => taint.rule.policy.onCopy === 'refuse');
    if (ref) throw copyRefusal(ref, copy.into);
  }
}

function filterRefusal(ref: Ref, { place, kind }: FilterCheck): RefusalError {
  const { label, policy } = ref.taint.rule;
  const condition = redactedWhen(ref);
  const key = ref.taint.scan?.guarded.rowKey.map((column) => column.name).join(', ');
  const verb = kind === 'stored' ? 'Use' : 'Search by';
  const search = `${verb} ${key ? `the key (${key})` : 'a key'} or another column that is not protected`;
  return refusal('42501', 'filter', `cannot filter on column "${label.column}" of "${label.table}": it is redacted`, {
    detail: `Policy "${policy.name}" masks it (${label.category}) in rows that are redacted, and ${place} depends on it.`,
    hint:
      kind === 'stored'
        ? `${search}.`
        : `${search}, or restrict the query to rows that are not redacted${condition ? `; redacted are ${condition}` : ''}.`,
    ...labelFields(label),
    ...(ref.location === undefined ? {} : { location: ref.location }),
  });
}

function copyRefusal(ref: Ref, into: string): RefusalError {
  const { label, policy } = ref.taint.rule;
  return refusal(
    '42501',
    'copy',
    `cannot store column "${label.column}" of "${label.table}" in "${into}": it is redacted`,
    {
      detail: `Policy "${policy.name}" masks it (${label.category}) in some rows; masked values would take the place of real ones.`,
      hint: 'Leave the column out, restrict the query to rows that are not redacted, or use a temporary table.',
      ...labelFields(label),
      ...(ref.location === undefined ? {} : { location: ref.location }),
    },
  );
}

/** The policy's own words. */
function redactedWhen({ taint }: Ref): string | undefined {
  const { policy, label } = taint.rule;
  const own = policy.tables.find((t) => nameOf(t.table) === label.table)?.redactedWhen;
  if (own) return `those where ${own.sql.trim()}`;
  if (!policy.redactWhen) return undefined;
  const { table, where, unless } = policy.redactWhen;
  const condition = unless === undefined ? where.trim() : `${where.trim()} and not (${unless.trim()})`;
  return nameOf(table) === label.table
    ? `those where ${condition}`
    : `those that belong to rows of ${nameOf(table)} where ${condition}`;
}

function nameOf(name: QualifiedName): string {
  return `${name.schema}.${name.name}`;
}

/** Protected columns that the refs show masked, each once. */
export function maskedLabels(refs: readonly Ref[]): readonly ColumnLabel[] {
  return [...new Set(refs.map((ref) => ref.taint.rule.label))];
}

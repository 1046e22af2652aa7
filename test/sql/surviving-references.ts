/**
 * A second look at rewritten text, by other means than the planner's: names of protected relations that are not below a
 * substitution of pgveil's.
 */
import { findRelation, type Relation } from '../../src/catalog/snapshot.js';
import type { As, Planning } from './planning.js';

/** Statements that read rows. */
const DATA = /^(Select|Insert|Update|Delete|Merge|Copy|Explain|Prepare|DeclareCursor|CreateTableAs)Stmt$/;

type Fields = Readonly<Record<string, unknown>>;

/** `schema.name` of each; the target of a modification may stay, as may a name that utility statements carry. */
export function survivingReferences(text: string, { parser, snapshot, protection }: Planning, as: As): string[] {
  const found: string[] = [];
  const path = as.names?.schemas ?? [];
  const meant = (range: Fields): Relation | undefined => {
    const name = String(range.relname);
    if (typeof range.schemaname === 'string') return findRelation(snapshot, range.schemaname, name);
    if (as.names?.tempRelations?.has(name)) return undefined;
    return path.map((schema) => findRelation(snapshot, schema, name)).find((relation) => relation !== undefined);
  };
  const visit = (node: unknown, ctes: readonly string[]): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const item of node) visit(item, ctes);
      return;
    }
    // FOR UPDATE OF names an alias.
    const { withClause, lockedRels: _, ...rest } = node as Fields;
    const names = withClause === undefined ? ctes : visitWith(withClause as Fields, ctes);
    if ('RangeVar' in rest) {
      const range = rest.RangeVar as Fields;
      const alias = (range.alias as Fields | undefined)?.aliasname;
      const isCte = range.schemaname === undefined && names.includes(String(range.relname));
      const relation = isCte ? undefined : meant(range);
      const ours = typeof alias === 'string' && alias.startsWith('pgveil_');
      if (relation && protection.of(relation) && !ours) found.push(`${relation.schema}.${relation.name}`);
    }
    for (const value of Object.values(rest)) visit(value, names);
  };
  /** Without RECURSIVE, a name is known behind its own entry only. */
  const visitWith = (clause: Fields, outer: readonly string[]): readonly string[] => {
    const entries = (clause.ctes as readonly Fields[]).map((entry) => entry.CommonTableExpr as Fields);
    const all = [...outer, ...entries.map((entry) => String(entry.ctename))];
    for (const [i, entry] of entries.entries()) {
      visit(entry, clause.recursive === true ? all : all.slice(0, outer.length + i));
    }
    return all;
  };
  for (const { node } of parser.parse(text)) if (DATA.test(Object.keys(node)[0]!)) visit(node, []);
  return found;
}

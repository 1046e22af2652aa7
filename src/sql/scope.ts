/**
 * Name scopes of a query and the resolution of column references in them, after `parse_relation.c` and
 * `transformColumnRef` in `parse_expr.c`. What resolution finds decides refusals, hints and metrics; the safety of a
 * SELECT rests on relation names alone.
 */
import type { WindowDef } from '@pgsql/types';
import type { AttNum, Oid } from '../catalog/snapshot.js';
import type { MaskRule } from '../policy/bind.js';
import { lazyUnion } from './lazy.js';
import type { Scan } from './scan.js';

/** A protected value that an expression can carry. */
export interface Taint {
  readonly rule: MaskRule;
  /** The scan that it comes from; undefined where every row is masked. */
  readonly scan?: Scan;
}

/** A column that a range variable or query offers. */
export interface ScopeColumn {
  readonly name: string;
  /** Lazy, because the proof that a scan meets no redacted row needs the whole query. */
  readonly taint: () => readonly Taint[];
  /** The origin that RowDescription gives; undefined where it gives none, or the server still gives the right one. */
  readonly origin?: { readonly table: Oid; readonly attnum: AttNum | 0 };
  /** `format_type` with its modifier, of a column of a relation. */
  readonly type?: string;
  /** Type modifier to restore when the column's mask hides it. */
  readonly typmod?: number;
  /** Where a cell of it can arrive tagged: asks for that, and tells whether it will. */
  readonly tag?: () => MaskRule['tagged'];
  /** Of a scan of a guarded relation. */
  readonly stored?: { readonly scan: Scan; readonly attnum: AttNum };
}

/** An entry of FROM that names can qualify, `ParseNamespaceItem`. */
export interface RangeItem {
  /** undefined for a join without alias, whose columns are found through its inputs */
  readonly alias: string | undefined;
  /** The schema that may stand before the name; only for a relation without alias. */
  readonly schema?: string;
  /** undefined where they are not known (functions, XMLTABLE, …) */
  readonly columns: readonly ScopeColumn[] | undefined;
  /** Of columns that are not all known, those that are. */
  readonly names?: readonly string[];
  /** What its unknown columns can carry. */
  readonly opaqueTaint?: () => readonly Taint[];
  /** The type of its whole row, as SQL; present where a subquery stands in the place of a relation. */
  readonly rowType?: string;
  /** With `rowType`: the relation, which RowDescription names as the origin of its whole row. */
  readonly rowOrigin?: Oid;
  /** A list behind the alias gives its columns other names, and its whole row none of them. */
  readonly isRenamed?: boolean;
  /** A scan of a guarded relation. */
  readonly scan?: Scan;
  /** Only its qualified columns are visible (EXCLUDED, OLD, NEW). */
  readonly qualifiedOnly?: boolean;
}

export interface Scope {
  readonly items: readonly RangeItem[];
  /** Columns merged by USING or NATURAL; an unqualified name means these before those of the inputs. */
  readonly merged: readonly ScopeColumn[];
  readonly parent: Scope | undefined;
  readonly ctes: CteScope | undefined;
  /** The WINDOW clause. */
  readonly windows?: readonly WindowDef[];
}

export interface CteScope {
  readonly name: string;
  readonly columns: () => readonly ScopeColumn[] | undefined;
  /** What its columns can carry where they are not known. */
  readonly opaqueTaint: () => readonly Taint[];
  readonly outer: CteScope | undefined;
}

export function findCte(ctes: CteScope | undefined, name: string): CteScope | undefined {
  for (let cte = ctes; cte; cte = cte.outer) if (cte.name === name) return cte;
  return undefined;
}

export type Resolved =
  | {
      readonly kind: 'columns';
      /** More than one where the server finds the name ambiguous. */
      readonly columns: readonly ScopeColumn[];
      /** Query levels outwards, 0 for the own one. */
      readonly depth: number;
    }
  | { readonly kind: 'row'; readonly item: RangeItem; readonly depth: number }
  /** A column of an item whose columns are not known. */
  | { readonly kind: 'opaque'; readonly items: readonly RangeItem[] }
  /** Nothing has that name: the server raises an error. */
  | { readonly kind: 'unknown' };

/** @param names the parts of a column reference, at most catalog, schema, relation and column */
export function resolveColumn(names: readonly string[], scope: Scope): Resolved {
  const column = names.at(-1) ?? '';
  return names.length === 1 ? resolveUnqualified(column, scope) : resolveQualified(names.slice(0, -1), column, scope);
}

function resolveUnqualified(name: string, scope: Scope): Resolved {
  let depth = 0;
  // Items that can have a column of that name, of levels further in than the one where it is found.
  const passed: RangeItem[] = [];
  for (let level: Scope | undefined = scope; level; level = level.parent, depth++) {
    const columns = columnsNamed(name, level);
    if (columns.length > 0)
      return { kind: 'columns', columns: [...passed.map(unknownColumn(name)), ...columns], depth };
    passed.push(...level.items.filter((item) => item.columns === undefined && !item.qualifiedOnly));
  }
  depth = 0;
  for (let level: Scope | undefined = scope; level; level = level.parent, depth++) {
    // The name of a function in FROM is that of its row, or of its only column.
    const item = level.items.find((i) => i.alias === name);
    if (item) return { kind: 'row', item, depth };
  }
  return passed.length > 0 ? { kind: 'opaque', items: passed } : { kind: 'unknown' };
}

function columnsNamed(name: string, level: Scope): readonly ScopeColumn[] {
  const merged = level.merged.filter((c) => c.name === name);
  if (merged.length > 0) return merged;
  return level.items.flatMap((item) => {
    if (item.qualifiedOnly) return [];
    if (!item.columns) return item.names?.includes(name) ? [unknownColumn(name)(item)] : [];
    return item.columns.filter((c) => c.name === name);
  });
}

function unknownColumn(name: string): (item: RangeItem) => ScopeColumn {
  return (item) => ({ name, taint: item.opaqueTaint ?? NO_TAINT });
}

function resolveQualified(qualifier: readonly string[], name: string, scope: Scope): Resolved {
  const found = findItem(qualifier, scope);
  if (!found) return { kind: 'unknown' };
  const { item, depth } = found;
  if (!item.columns) return { kind: 'opaque', items: [item] };
  const columns = item.columns.filter((c) => c.name === name);
  // `o.f` can be a call of f with the whole row.
  return columns.length > 0 ? { kind: 'columns', columns, depth } : { kind: 'row', item, depth };
}

/** The nearest item that `alias`, `schema.relation` or `catalog.schema.relation` names, `refnameNamespaceItem`. */
export function findItem(
  qualifier: readonly string[],
  scope: Scope,
): { readonly item: RangeItem; readonly depth: number } | undefined {
  const alias = qualifier.at(-1);
  const schema = qualifier.length > 1 ? qualifier.at(-2) : undefined;
  let depth = 0;
  for (let level: Scope | undefined = scope; level; level = level.parent, depth++) {
    const item = level.items.find((i) => i.alias === alias && (schema === undefined || i.schema === schema));
    if (item) return { item, depth };
  }
  return undefined;
}

/** Where a column comes from, for one that is the same value. */
export function originOf({ origin, type }: ScopeColumn): Pick<ScopeColumn, 'origin' | 'type'> {
  return { ...(origin ? { origin } : {}), ...(type === undefined ? {} : { type }) };
}

export const NO_TAINT = (): readonly Taint[] => [];

export function lazyTaint(compute: () => readonly Taint[]): () => readonly Taint[] {
  return lazyUnion(() => distinct(compute()));
}

function distinct(taints: readonly Taint[]): readonly Taint[] {
  return taints.filter((t, i) => taints.findIndex((other) => other.rule === t.rule && other.scan === t.scan) === i);
}

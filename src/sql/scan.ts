/** One mention of a guarded relation in a statement: what stands in its place, and what is known of its rows. */
import type { AttNum, Column, Relation } from '../catalog/snapshot.js';
import type { GuardedRelation, MaskRule } from '../policy/bind.js';
import type { PolicyConfig } from '../policy/config-types.js';
import { maskedColumn, RESERVED_PREFIX, relationSql, scanGuard, taggedColumn } from '../policy/guard-sql.js';
import { quoteIdentifier } from '../policy/quote.js';

export interface Scan {
  readonly guarded: GuardedRelation;
  /** The policies that hold for this session's user. */
  readonly policies: ReadonlySet<PolicyConfig>;
  /** Policies that provably redact none of the rows that the query meets. */
  readonly proven: Set<PolicyConfig>;
  /** Policies of which that is so for some parameters, or for now: looked at again when the statement runs. */
  readonly assumed: Set<PolicyConfig>;
  /** Columns whose cells arrive tagged. */
  readonly tagged: Set<AttNum>;
}

/** A column of a scan. */
export interface ScanColumn {
  readonly scan: Scan;
  readonly attnum: AttNum;
}

export function createScan(guarded: GuardedRelation, policies: ReadonlySet<PolicyConfig>): Scan {
  return { guarded, policies, proven: new Set(), assumed: new Set(), tagged: new Set() };
}

/** True where a filter on the scan's protected columns is no concern of the policy. */
export function isUnredacted(scan: Scan, policy: PolicyConfig): boolean {
  return scan.proven.has(policy) || scan.assumed.has(policy);
}

/** The rules of a column that hold for the session's user. */
export function rulesOf(scan: Scan, attnum: AttNum): readonly MaskRule[] {
  return scan.guarded.columns.get(attnum)?.rules.filter((rule) => scan.policies.has(rule.policy)) ?? [];
}

const ROW = `${RESERVED_PREFIX}t`;

/** Columns that every table has, and no subquery. */
export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

/** Those that a statement mentions: every subquery in the place of a relation shows them. */
export function systemColumnsIn({ columns }: { readonly columns: ReadonlyMap<string, number> }): readonly string[] {
  return [...SYSTEM_COLUMNS].filter((name) => columns.has(name));
}

export interface SubstitutionOptions {
  /** Columns to offer, in the relation's order. */
  readonly columns: readonly Column[];
  readonly systemColumns: readonly string[];
  /** FROM ONLY. */
  readonly only: boolean;
  /** A TABLESAMPLE clause, or nothing. */
  readonly sampling?: string;
  /** The statement locks rows. */
  readonly locking: boolean;
  readonly tagPrefix: string;
}

/**
 * The subquery that stands in the place of a relation: the same columns in the same order, protected cells of redacted
 * rows masked. With its parentheses, without an alias.
 */
export function substitutionSql(scan: Scan, options: SubstitutionOptions): string {
  const { relation } = scan.guarded;
  const protectedColumns = options.columns.filter((column) => rulesOf(scan, column.attnum).length > 0);
  const uses = new Map<PolicyConfig, number>();
  for (const column of protectedColumns) {
    for (const { policy } of rulesOf(scan, column.attnum)) uses.set(policy, (uses.get(policy) ?? 0) + 1);
  }
  const guards = new Map(
    [...uses].map(([policy, count], i) => [
      policy,
      scanGuard(scan.guarded.guards.get(policy)!, ROW, `${RESERVED_PREFIX}g${i}_`, options.locking, count),
    ]),
  );
  const guardOf = (policy: PolicyConfig): string => guards.get(policy)!.expression;
  const targets = options.columns.map((column) => {
    const value = `${ROW}.${quoteIdentifier(column.name)}`;
    const rules = rulesOf(scan, column.attnum);
    if (rules.length === 0) return value;
    const masked = scan.tagged.has(column.attnum)
      ? taggedColumn({ column, rules }, ROW, guardOf, options.tagPrefix, scan.guarded.rowKey)
      : maskedColumn({ column, rules }, value, guardOf);
    return `${masked} AS ${quoteIdentifier(column.name)}`;
  });
  const system = options.systemColumns.map((name) => `${ROW}.${name}`);
  const joins = [...guards.values()].map((guard) => guard.join).join('');
  const only = options.only ? 'ONLY ' : '';
  const sampling = options.sampling ? ` ${options.sampling}` : '';
  return `(SELECT ${[...system, ...targets].join(', ')} FROM ${only}${relationSql(relation)} AS ${ROW}${sampling}${joins})`;
}

/** The row that stands in the place of a target relation's whole row, over the row that `alias` names. */
export function columnInPlace(
  scan: Scan,
  column: Column,
  alias: string,
  guards: (policy: PolicyConfig) => string,
): string {
  const value = `${alias}.${quoteIdentifier(column.name)}`;
  const rules = rulesOf(scan, column.attnum);
  return rules.length === 0 ? value : `(${maskedColumn({ column, rules }, value, guards)})`;
}

/** Columns of a relation that a statement can use, given the names that it mentions. */
export function usedColumns(
  relation: Relation,
  isMentioned: (name: string) => boolean,
  all: boolean,
): readonly Column[] {
  return all ? relation.columns : relation.columns.filter((column) => isMentioned(column.name));
}

/** What a random expression can refer to, and what the generator knows of it. */
import type { Choices } from './choices.js';
import type { Table, Type } from './tables.js';

export interface Expr {
  readonly sql: string;
  readonly type: Type;
  /** It carries values of protected columns, masked where a row is redacted: no condition may depend on it. */
  readonly tainted: boolean;
}

export interface ScopeColumn {
  /** Its name, as SQL. */
  readonly name: string;
  /** The reference to it, as SQL. */
  readonly sql: string;
  readonly type: Type;
  /** A proof that no redacted row is met changes it. */
  tainted: boolean;
  readonly link: string | undefined;
}

/** An entry of FROM. */
export interface Item {
  readonly sql: string;
  readonly alias: string;
  readonly columns: readonly ScopeColumn[];
  /** References that order its rows, up to rows that are the same; undefined where nothing does. */
  readonly key: readonly string[] | undefined;
  /** The whole row can be named by the alias. */
  readonly hasRow: boolean;
  readonly rows: number;
  readonly isFunction?: boolean;
  readonly table?: Table;
}

/** A common table expression that can be named. */
export interface Cte {
  readonly name: string;
  readonly columns: readonly OutputColumn[];
}

export interface OutputColumn {
  /** As SQL. */
  readonly name: string;
  readonly type: Type;
  readonly tainted: boolean;
  readonly link: string | undefined;
}

export interface Scope {
  readonly columns: readonly ScopeColumn[];
  /** Items whose whole row can be named. */
  readonly rows: readonly Item[];
  /** What subqueries see of the levels above; their own columns come first. */
  readonly outer: readonly ScopeColumn[];
  readonly ctes: readonly Cte[];
  /** Where the level is grouped: what aggregates can be over. */
  readonly aggregated?: Scope;
}

export const EMPTY_SCOPE: Scope = { columns: [], rows: [], outer: [], ctes: [] };

/** May values of protected columns be in it? */
export type Rule = 'any' | 'clean';

/** Of one statement. */
export interface Generation {
  readonly choices: Choices;
  /** Makes names that nothing else has. */
  readonly fresh: (prefix: string) => string;
  /** Values of $1, $2, …; undefined where the statement can have none. */
  readonly parameters: string[] | undefined;
  /** Some condition may depend on a protected column. */
  readonly poisoned: boolean;
  /** What makes pgveil refuse the statement, as far as the generator knows. */
  readonly refusals: Set<string>;
  /** What of it cannot be the same without the gateway: masks in every row. */
  readonly alwaysMasked: Set<string>;
  /** Queries below an expression or in FROM; passed in, since queries hold expressions and these hold queries. */
  readonly subquery: (kind: SubqueryKind, type: Type, scope: Scope, rule: Rule) => Expr;
}

/** `scalar`: at most one row; `any`: rows of one column; `exists`: the text of a query that correlates. */
export type SubqueryKind = 'scalar' | 'any' | 'exists';

export function subScope(scope: Scope): readonly ScopeColumn[] {
  // In the subquery of a grouped level, only plain columns are known to be grouped.
  const own = scope.aggregated ? scope.columns.filter((c) => /^[\w.]+$/.test(c.sql)) : scope.columns;
  return [...own, ...scope.outer].slice(0, 40);
}

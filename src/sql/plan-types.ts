/** What the gateway decided for one SQL text. Made by `plan.ts`, acted on by the session. */
import type { AttNum, Oid } from '../catalog/snapshot.js';

/** A protected column as metrics and logs name it. */
export interface ColumnLabel {
  readonly policy: string;
  /** `public.orders` */
  readonly table: string;
  readonly column: string;
  readonly category: string;
}

/** How the gateway finishes a cell that arrives tagged (design: masks on the wire). */
export interface TaggedColumn extends ColumnLabel {
  /** Stands in the tag; stable for the life of the process. */
  readonly id: number;
  readonly kind: 'token' | 'text' | 'null';
  /** Of `token`: over the value alone. */
  readonly linkable: boolean;
  /** Characters at most, undefined for no limit. */
  readonly maxLength?: number;
}

/** What must be mended in one output column, so that the client sees the column that it asked for. */
export interface OutputColumn {
  /** From 0, position in the row. */
  readonly index: number;
  /** RowDescription's table OID and column number. */
  readonly origin?: { readonly table: Oid; readonly attnum: AttNum };
  /** RowDescription's type OID, type size (pg_type.typlen) and type modifier. */
  readonly type?: { readonly oid: Oid; readonly size: number; readonly typmod: number };
  /** Cells of redacted rows arrive tagged and are finished by the gateway. */
  readonly tagged?: TaggedColumn;
}

/** Format of COPY … TO STDOUT whose cells can arrive tagged. */
export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary';
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  /** What stands for NULL. */
  readonly null: string;
  readonly header: boolean;
}

/** What a statement changes in the session, if it succeeds. */
export type SessionEffect =
  /** PREPARE name AS …; later EXECUTE of it has this output. */
  | { readonly kind: 'prepare'; readonly name: string; readonly output: readonly OutputColumn[] }
  | { readonly kind: 'execute'; readonly name: string }
  | { readonly kind: 'deallocate'; readonly name: string | null }
  | { readonly kind: 'declare'; readonly cursor: string; readonly output: readonly OutputColumn[] }
  | { readonly kind: 'fetch'; readonly cursor: string }
  /** search_path, role, session authorization or another setting that name resolution reads may have changed. */
  | { readonly kind: 'environment' }
  | { readonly kind: 'create-temp'; readonly name: string }
  | { readonly kind: 'drop'; readonly names: readonly string[] }
  /** DISCARD ALL: prepared statements, cursors and temporary relations are gone, settings are reset. */
  | { readonly kind: 'discard'; readonly what: 'all' | 'temp' | 'plans' }
  /** The schema may have changed; these names must not be used before it is committed and seen. */
  | { readonly kind: 'ddl'; readonly names: readonly string[] };

/** One statement of the text. */
export interface StatementPlan {
  /** `select`, `insert`, `copy`, `utility`, …: a label of metrics. */
  readonly kind: string;
  /** Output columns to mend, by index; empty for none. */
  readonly output: readonly OutputColumn[];
  /** Where the statement is COPY … TO STDOUT and `output` has tagged columns. */
  readonly copy?: CopyFormat;
  readonly effects: readonly SessionEffect[];
  /** Errors and notices of this statement may quote a protected row: DETAIL, CONTEXT and internal query are withheld. */
  readonly withholdDetail: boolean;
  /** Protected columns that it shows masked, for metrics. */
  readonly masked: readonly ColumnLabel[];
}

export type RefusalReason =
  | 'filter'
  | 'copy'
  | 'write'
  | 'ddl'
  | 'function'
  | 'file'
  | 'statement'
  | 'privilege'
  | 'closed'
  | 'syntax'
  | 'unresolved'
  | 'limit'
  | 'stale';

export interface Refusal {
  /** SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** In the client's text: characters (code points) from 1. */
  readonly position?: number;
  readonly reason: RefusalReason;
  readonly policy?: string;
  readonly table?: string;
  readonly column?: string;
}

interface PlanBase {
  /** Of the statements that can be reached, in order. With a refusal, the last one is the refused statement. */
  readonly statements: readonly StatementPlan[];
  /** Policies and catalog that it was made under; a prepared statement of another generation must not run. */
  readonly generation: number;
}

export interface PassPlan extends PlanBase {
  readonly verdict: 'pass';
}

export interface RewritePlan extends PlanBase {
  readonly verdict: 'rewrite';
  readonly text: string;
  /** A position in `text` (code points from 1) as a position in the client's text; undefined where it has none. */
  readonly mapPosition: (position: number) => number | undefined;
}

export interface RefusePlan extends PlanBase {
  readonly verdict: 'refuse';
  /** A text that the server is sure to fail, after the statements that come before the refused one. */
  readonly text: string;
  /** The SQLSTATE with which the server fails the refused statement; any other error is the server's own. */
  readonly serverCode: string;
  readonly mapPosition: (position: number) => number | undefined;
  readonly refusal: Refusal;
}

export type Plan = PassPlan | RewritePlan | RefusePlan;

/** What of the session a plan depends on: all of it is part of the plan cache's key. */
export interface SessionEnvironment {
  readonly database: string;
  /** current_user, which privileges and exemptions follow. */
  readonly role: string;
  /** The setting's text, as SHOW search_path gives it; undefined when it is not known. */
  readonly searchPath: string | undefined;
  /** session_user, for "$user" it is role that counts; kept for logs. */
  readonly user: string;
  /** Names of temporary relations that the session made (or may have made). */
  readonly tempRelations: ReadonlySet<string>;
  /** Names of objects that uncommitted DDL of this session has touched. */
  readonly uncommittedNames: ReadonlySet<string>;
  /** False while standard_conforming_strings is off: then every statement is refused. */
  readonly standardConformingStrings: boolean;
}

/** The session's view of the planner. */
export interface Planner {
  /** Plans one text; a promise only where the catalog has to be read first. Never throws for a client's text. */
  plan(text: string, environment: SessionEnvironment): Plan | Promise<Plan>;
  /** The generation that plans made now would have for this environment. */
  generation(environment: SessionEnvironment): number;
  /** True if an error or notice about this relation may quote protected values. */
  isProtected(schema: string, table: string): boolean;
}

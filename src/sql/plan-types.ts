/** What the gateway decided for one SQL text. Made by the planner, acted on by the session. A plan is plain data. */
import type { AttNum, Oid } from '../catalog/snapshot.js';
import type { Evidence } from './evidence.js';
import type { Positions } from './splice.js';
import type { ParameterValue } from './values.js';

/** A protected column as metrics and logs name it. */
export interface ColumnLabel {
  readonly policy: string;
  /** `public.orders` */
  readonly table: string;
  readonly column: string;
  readonly category: string;
}

/**
 * A column whose cells of redacted rows arrive tagged: `<prefix><id>:<payload>`, where the prefix is a constant of the
 * planner. The gateway puts the finished mask in the cell's place. Payloads never hold a protected value in the clear.
 */
export interface TaggedColumn extends ColumnLabel {
  /** Stands in the tag, decimal; stable for the life of the process. */
  readonly id: number;
  /**
   * `token`: the payload (printable ASCII without backslash, quote or comma) is what the token is made of.
   * `text`: the payload is the mask itself.
   */
  readonly kind: 'token' | 'text';
  /** Characters at most, undefined for no limit. */
  readonly maxLength?: number;
}

/** What must be mended in one output column, so that the client sees the column that it asked for. */
export interface OutputColumn {
  /** From 0, position in the row. */
  readonly index: number;
  /** RowDescription's table OID and column number. */
  readonly origin?: { readonly table: Oid; readonly attnum: AttNum | 0 };
  /** RowDescription's type modifier. */
  readonly typmod?: number;
  /** Cells of redacted rows arrive tagged and are finished by the gateway. */
  readonly tagged?: TaggedColumn;
}

/** Format of COPY … TO STDOUT whose cells can arrive tagged. Each is one ASCII character but `null`. */
export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary';
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  /** What stands for NULL. */
  readonly null: string;
  readonly header: boolean;
}

/** Arguments of EXECUTE that are constants, by number from 1, without those that are NULL. */
export type Given = ReadonlyMap<number, ParameterValue>;

/** What a statement changes in the session. */
export type SessionEffect =
  /** PREPARE name AS …; later EXECUTE of it has this output. */
  | { readonly kind: 'prepare'; readonly name: string; readonly statement: StatementPlan }
  | { readonly kind: 'execute'; readonly name: string; readonly given?: Given }
  /** DEALLOCATE; null for ALL. */
  | { readonly kind: 'deallocate'; readonly name: string | null }
  | { readonly kind: 'declare'; readonly cursor: string; readonly hold: boolean; readonly statement: StatementPlan }
  | { readonly kind: 'fetch'; readonly cursor: string }
  /** A prepared statement or cursor runs, and its rows are not shown: EXPLAIN EXECUTE, MOVE. */
  | { readonly kind: 'run'; readonly of: 'statement' | 'portal'; readonly name: string; readonly given?: Given }
  /** A prepared statement runs, and its rows are stored: CREATE TABLE AS EXECUTE. None of them may be masked. */
  | { readonly kind: 'store'; readonly name: string; readonly given?: Given }
  /**
   * search_path, role, temporary relations or another setting that analysis reads may have changed. `namesOnly`: not how
   * texts are read and results are written.
   */
  | { readonly kind: 'environment'; readonly namesOnly?: true }
  /** DISCARD: `all` drops prepared statements, cursors and temporary relations and resets settings. */
  | { readonly kind: 'discard'; readonly what: 'all' | 'temp' | 'plans' }
  /** The schema changes; these names must not be used before the change is committed and seen. */
  | { readonly kind: 'ddl'; readonly names: readonly string[] };

/** One statement of the text. */
export interface StatementPlan {
  /** `select`, `insert`, `copy`, `utility`, …: a label of metrics, from a closed set. */
  readonly kind: string;
  /** Output columns to mend, by index; empty for none. */
  readonly output: readonly OutputColumn[];
  /** Where the statement is COPY … TO STDOUT and `output` has tagged columns. */
  readonly copy?: CopyFormat;
  readonly effects: readonly SessionEffect[];
  /**
   * Errors and notices of this statement may quote a protected row. `detail`: DETAIL, CONTEXT (W), internal query (q,
   * p) are withheld; `all`: the message and the hint too, notices are dropped.
   */
  readonly withhold: 'nothing' | 'detail' | 'all';
  /** Protected columns that it shows masked, for metrics. */
  readonly masked: readonly ColumnLabel[];
  /** Of a statement that PREPARE makes: what must hold when it is executed. */
  readonly proviso?: Proviso;
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
  /** Policies and catalog that it was made under; a prepared statement of another generation must be planned anew. */
  readonly generation: number;
  /** What the policies in observe mode would have done, for logs and metrics. */
  readonly observed?: {
    readonly masked: readonly ColumnLabel[];
    readonly refusal?: Refusal;
    /** Of the statement that would be refused. */
    readonly fingerprint?: string;
  };
}

/** The text goes to the server as it is. */
export interface PassPlan extends PlanBase {
  readonly verdict: 'pass';
}

/**
 * What must hold when the text, or the statement that it prepares, is executed: a filter on protected columns is allowed where the parameters, or the time,
 * keep redacted rows out of the query.
 */
export interface Proviso {
  /** Numbers of the parameters that it depends on, from 1; none where it depends on the time alone. */
  readonly parameters: readonly number[];
  /** All of it must convince. */
  readonly evidence: readonly Evidence[];
  /** What takes the plan's place where it does not hold. */
  readonly otherwise: RefusePlan;
}

export interface RewritePlan extends PlanBase {
  readonly verdict: 'rewrite';
  readonly proviso?: Proviso;
  readonly text: string;
  /** From places in `text` to those in the client's. */
  readonly positions: Positions;
}

export interface RefusePlan extends PlanBase {
  readonly verdict: 'refuse';
  /** A text that the server is sure to fail, after the statements that come before the refused one. */
  readonly text: string;
  /**
   * Stands in the message of the error with which the server fails the refused statement, and in no other: that error
   * is answered with the refusal; any other is the server's own.
   */
  readonly marker: string;
  readonly positions: Positions;
  readonly refusal: Refusal;
  /** Hex digits that tell statements apart but hold no literal, for logs; empty where the statement is not known. */
  readonly fingerprint: string;
}

export type Plan = PassPlan | RewritePlan | RefusePlan;

/** What of the session a plan depends on. */
export interface SessionEnvironment {
  readonly database: string;
  /** The login role, lower-cased by nobody: as the startup packet has it. Exemptions follow it. */
  readonly user: string;
  /** Undefined while it is not known; see ENVIRONMENT_QUERY. */
  readonly names?: NameEnvironment;
  /** Names that DDL of the open transaction has touched; ANY_CODE where it has defined code that runs unnamed. */
  readonly uncommittedNames: ReadonlySet<string>;
  readonly standardConformingStrings: boolean;
  /** ParameterStatus client_encoding: `UTF8`, `SQL_ASCII`, `LATIN1`, … */
  readonly clientEncoding: string;
}

/** Stands among uncommitted names for code that a statement can run without naming it; no identifier is like it. */
export const ANY_CODE = '\0code';

/** What decides which relation an unqualified name means. */
export interface NameEnvironment {
  /** current_user */
  readonly role: string;
  /** `current_schemas(true)`: in order of search, the session's temporary schema under its real name. */
  readonly schemas: readonly string[];
  /** Names of relations in the session's temporary schema. */
  readonly tempRelations: ReadonlySet<string>;
  /** `current_schema()`: where unqualified names are created. */
  readonly creationSchema: string | undefined;
}

/**
 * One row of one column, which the session runs when a plan needs names and they are not known: a JSON object `{"role": …,
 * "schemas": […], "creation": …, "temp": […]}` as UTF-8 in base64, which every client encoding leaves as it is.
 */
export const ENVIRONMENT_QUERY = `SELECT pg_catalog.encode(pg_catalog.convert_to(pg_catalog.json_build_object(
  'role', CURRENT_USER,
  'schemas', pg_catalog.to_json(pg_catalog.current_schemas(true)),
  'creation', pg_catalog.current_schema(),
  'temp', (SELECT pg_catalog.json_agg(c.relname) FROM pg_catalog.pg_class c
           WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())
  )::pg_catalog.text, 'UTF8'), 'base64')`;

/** The session's view of the planner. */
export interface Planner {
  /** What every tag starts with; printable ASCII, unguessable, without characters that COPY escapes or quotes. */
  readonly tagPrefix: string;
  /**
   * Plans one text. A promise where the catalog has to be read first, or where planning takes long; 'environment' where
   * the plan depends on names and `environment.names` is undefined. Never throws and never rejects for a client's text.
   * @param isWanted false where nobody waits for the promise any more
   */
  plan(
    text: string,
    environment: SessionEnvironment,
    isWanted?: () => boolean,
  ): Plan | 'environment' | Promise<Plan | 'environment'>;
  /** The generation that plans made now would have. */
  generation(database: string): number;
  /** A session has committed DDL: later plans wait until the catalog was read again. */
  schemaChanged(database: string): void;
  /**
   * A session is about to change what these names mean; the set may grow. Other sessions must not use them meanwhile.
   * A promise where sessions of other processes have to hear of it first: nothing is to be sent before it resolves.
   */
  watchUncommitted?(database: string, names: ReadonlySet<string>): Promise<void> | undefined;
  /** It has committed, and said so by `schemaChanged`, or given up. */
  forgetUncommitted?(database: string, names: ReadonlySet<string>): void;
}

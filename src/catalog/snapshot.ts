/**
 * The catalog snapshot: what the gateway knows of one database's schema. Pure data and look-ups; how it is read from
 * the server is the concern of `introspection.ts`.
 */

declare const oidBrand: unique symbol;
declare const attNumBrand: unique symbol;
/** An object identifier (`pg_class.oid`, `pg_type.oid`, `pg_proc.oid`). */
export type Oid = number & { readonly [oidBrand]: true };
/** A column number (`pg_attribute.attnum`), from 1. */
export type AttNum = number & { readonly [attNumBrand]: true };

/** The first OID that initdb does not assign, `FirstNormalObjectId`. */
export const FIRST_USER_OID = 16384;

/** One live, non-system column, `pg_attribute`. */
export interface Column {
  readonly name: string;
  readonly attnum: AttNum;
  readonly typeOid: Oid;
  /** `atttypmod`, -1 for none. */
  readonly typmod: number;
  /** `format_type(atttypid, atttypmod)` under an empty search_path: schema-qualified outside pg_catalog. */
  readonly typeSql: string;
  /** The type that a domain is made of, down to no domain, as `typeSql`; absent for other types. */
  readonly domainBase?: string;
  readonly isEnum: boolean;
  readonly notNull: boolean;
  /** `attgenerated <> ''`: computed by the server from other columns. */
  readonly generated: boolean;
  /** The expression of a generated column, `pg_get_expr`; absent otherwise. */
  readonly generationExpression?: string;
  /** What DEFAULT puts in, `pg_get_expr`; `NULL` without one. Absent where the server computes the value otherwise. */
  readonly defaultExpression?: string;
  /** `attidentity = 'a'`: GENERATED ALWAYS AS IDENTITY. */
  readonly identityAlways: boolean;
  /** False for a column whose collation is nondeterministic: `=` there is not equality of bytes. */
  readonly deterministic: boolean;
  /** Roles with SELECT on this column by a grant of its own; '' stands for PUBLIC. */
  readonly readers: readonly string[];
}

/** What a change of the referenced row does to the referencing ones: nothing, the same, or NULL or a default instead. */
export type ReferentialAction = 'none' | 'cascade' | 'clear';

export interface ForeignKey {
  readonly columns: readonly AttNum[];
  readonly parent: Oid;
  readonly parentColumns: readonly AttNum[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
}

export interface Arbiter {
  readonly name: string;
  /** The key columns; 0 stands for an expression. */
  readonly columns: readonly (AttNum | 0)[];
}

/** A trigger whose function has no body to read, `pg_trigger`: one in C, or built in. */
export interface OpaqueTrigger {
  readonly routine: Oid;
  /** `proname` of the function. */
  readonly function: string;
  /** `tgargs` */
  readonly arguments: readonly string[];
}

export type RelationKind =
  | 'table'
  | 'partitioned'
  | 'view'
  | 'materialized-view'
  | 'foreign'
  | 'sequence'
  | 'composite';

/** One relation, `pg_class`. Temporary relations of any session are not in a snapshot. */
export interface Relation {
  readonly oid: Oid;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  /** In attnum order. */
  readonly columns: readonly Column[];
  /** Columns of the primary key, absent without one. */
  readonly primaryKey?: readonly AttNum[];
  /** Column sets of unique indexes that are valid, immediate, without predicate or expression; the primary key too. */
  readonly uniqueKeys: readonly (readonly AttNum[])[];
  /** Constraints by which ON CONFLICT can name what it is judged by: primary key, unique and exclusion constraints. */
  readonly arbiters: readonly Arbiter[];
  /** Direct parents by inheritance or partitioning, `pg_inherits`. */
  readonly parents: readonly Oid[];
  readonly foreignKeys: readonly ForeignKey[];
  /** `pg_get_viewdef` under an empty search_path, without the trailing semicolon; views and materialized views only. */
  readonly viewDefinition?: string;
  /** `reloptions` has security_invoker=true (views, PostgreSQL 15 and later). */
  readonly securityInvoker: boolean;
  /** Has rewrite rules other than a view's own _RETURN. */
  readonly hasRules: boolean;
  /** User triggers' functions (not internal ones). */
  readonly triggerRoutines: readonly Oid[];
  /** Of these triggers, those whose function is in no language that is read. */
  readonly opaqueTriggers: readonly OpaqueTrigger[];
  /**
   * What the server evaluates by itself for this relation, each a statement: `SELECT` of the expressions of defaults,
   * checks, generated columns, indexes and triggers' conditions, and rules as CREATE RULE.
   */
  readonly expressions: readonly string[];
  /** Conditions of row security policies, each as a `SELECT`. */
  readonly policies: readonly string[];
  readonly owner: string;
  readonly schemaOwner: string;
  /** Roles with SELECT on the whole relation, its owner's own right included; '' stands for PUBLIC. */
  readonly readers: readonly string[];
  /** Row-level security is enabled. */
  readonly rowSecurity: boolean;
  /** Belongs to an extension of this name, `pg_depend`. */
  readonly extension?: string;
}

/** One function, procedure, aggregate or window function outside what initdb creates (oid >= 16384), `pg_proc`. */
export interface Routine {
  readonly oid: Oid;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  /** `pg_language.lanname`: sql, plpgsql, c, internal, … */
  readonly language: string;
  /** `prosrc`, or `pg_get_function_sqlbody` where the body is SQL-standard. */
  readonly source: string;
  /** `SELECT` of the default values of its arguments; absent without any. */
  readonly defaults?: string;
  /** `oid::regprocedure` under an empty search_path: `public.f(integer,text)`. */
  readonly signature: string;
  /** Rows of a named relation type or of OUT columns; undefined where the function returns no set and no record. */
  readonly returnsSet: boolean;
  /** Of input arguments only, as `pronargs`. */
  readonly argumentCount: number;
  /** `format_type` of each input argument. */
  readonly argumentTypes: readonly string[];
  /** Of the input arguments, '' for one without a name. */
  readonly argumentNames: readonly string[];
  /** How many of the last arguments a call can leave out. */
  readonly defaultCount: number;
  readonly variadic: boolean;
  /** The first argument is of a row type, a pseudo-type or a domain: `row.f` can mean the function. */
  readonly takesRow: boolean;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  /** The body is SQL-standard, and its names were resolved when it was defined. */
  readonly sqlStandard: boolean;
  /** `format_type` of what it returns. */
  readonly resultType: string;
  /** Functions that an aggregate is made of (transition, final, combine, …). */
  readonly supportRoutines: readonly Oid[];
  readonly extension?: string;
}

/** One operator outside what initdb creates, `pg_operator`. */
export interface Operator {
  readonly schema: string;
  readonly name: string;
  readonly routine: Oid;
}

/** A cast by a function outside what initdb creates, `pg_cast`. It can be applied without being named. */
export interface Cast {
  /** `format_type` of both ends. */
  readonly source: string;
  readonly target: string;
  readonly routine: Oid;
  /** `castcontext`: applied when it is written; in assignments too; everywhere. */
  readonly context: 'explicit' | 'assignment' | 'implicit';
  /** Names of the target type and of the domains, arrays, ranges and row types that hold it. */
  readonly typeNames: readonly string[];
}

/** A domain's check or default, which is evaluated wherever a value becomes one of the domain. */
export interface DomainCheck {
  readonly domain: string;
  /** `SELECT` of the expression, in which VALUE is the value. */
  readonly expression: string;
  /** As of a cast to the domain. */
  readonly typeNames: readonly string[];
}

export interface Role {
  readonly name: string;
  readonly superuser: boolean;
  /** Names of all roles that this role is a member of, directly or not, with itself. */
  readonly memberOf: ReadonlySet<string>;
}

/** What introspection delivers; the look-up tables are derived from it by `createSnapshot`. */
export interface SnapshotData {
  /** `server_version_num`, such as 150018. */
  readonly serverVersion: number;
  readonly database: string;
  /** All relations of all schemas, pg_catalog and information_schema too, temporary ones not. */
  readonly relations: readonly Relation[];
  readonly routines: readonly Routine[];
  readonly operators: readonly Operator[];
  readonly casts: readonly Cast[];
  readonly domainChecks: readonly DomainCheck[];
  readonly roles: readonly Role[];
  /** Names of routines that initdb created in pg_catalog. */
  readonly builtinRoutines: ReadonlySet<string>;
  /** Those of them that return sets. */
  readonly builtinSets: ReadonlySet<string>;
  /** A digest of all of the above but serverVersion; equal digests mean that no plan can differ. */
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly loadedAt: number;
}

export interface Snapshot extends SnapshotData {
  readonly relationByOid: ReadonlyMap<Oid, Relation>;
  /** Relations of a name in any schema. */
  readonly relationsByName: ReadonlyMap<string, readonly Relation[]>;
  readonly routinesByName: ReadonlyMap<string, readonly Routine[]>;
  readonly routineByOid: ReadonlyMap<Oid, Routine>;
  readonly operatorsByName: ReadonlyMap<string, readonly Operator[]>;
  readonly roleByName: ReadonlyMap<string, Role>;
  /** Direct children by inheritance or partitioning. */
  readonly childrenByOid: ReadonlyMap<Oid, readonly Relation[]>;
  /** Relations with a foreign key to one, each once. */
  readonly referrersByOid: ReadonlyMap<Oid, readonly Relation[]>;
}

/** Adds the look-up tables to what introspection read. */
export function createSnapshot(data: SnapshotData): Snapshot {
  return {
    ...data,
    relationByOid: new Map(data.relations.map((r) => [r.oid, r])),
    relationsByName: groupBy(data.relations, (r) => [r.name]),
    routinesByName: groupBy(data.routines, (r) => [r.name]),
    routineByOid: new Map(data.routines.map((r) => [r.oid, r])),
    operatorsByName: groupBy(data.operators, (o) => [o.name]),
    roleByName: new Map(data.roles.map((r) => [r.name, r])),
    childrenByOid: groupBy(data.relations, (r) => r.parents),
    referrersByOid: groupBy(data.relations, (r) => new Set(r.foreignKeys.map((key) => key.parent))),
  };
}

/** The relation of that exact schema and name, or undefined. */
export function findRelation(snapshot: Snapshot, schema: string, name: string): Relation | undefined {
  return snapshot.relationsByName.get(name)?.find((r) => r.schema === schema);
}

/** The live column of that name, or undefined. */
export function findColumn(relation: Relation, name: string): Column | undefined {
  return relation.columns.find((c) => c.name === name);
}

/** The type that values of the column are of, domains taken off. */
export function baseTypeSql(column: Column): string {
  return column.domainBase ?? column.typeSql;
}

/** True if the role may read the column: by ownership, membership or grant, or as a superuser. False for unknown roles. */
export function mayRead(snapshot: Snapshot, role: string, relation: Relation, column: Column): boolean {
  const known = snapshot.roleByName.get(role);
  if (!known) return false;
  const has = (grantee: string) => grantee === '' || known.memberOf.has(grantee);
  return (
    known.superuser || relation.readers.some(has) || column.readers.some(has) || known.memberOf.has('pg_read_all_data')
  );
}

/** The same for several columns; without any, the right to read some column is enough. */
export function mayReadColumns(
  snapshot: Snapshot,
  role: string,
  relation: Relation,
  columns: readonly Column[],
): boolean {
  if (columns.length > 0) return columns.every((column) => mayRead(snapshot, role, relation, column));
  return relation.columns.some((column) => mayRead(snapshot, role, relation, column));
}

function groupBy<T, K>(items: readonly T[], keys: (item: T) => Iterable<K>): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    for (const key of keys(item)) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}

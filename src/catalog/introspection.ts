/**
 * Reads a catalog snapshot from a server, PostgreSQL 13 to 18: one read-only transaction, one query for each kind of
 * object. Each row comes as JSON text, so that no type parser set on the client has a say.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type pg from 'pg';
import {
  type Cast,
  type Column,
  createSnapshot,
  type DomainCheck,
  FIRST_USER_OID,
  type Operator,
  type Relation,
  type Role,
  type Routine,
  type Snapshot,
  type SnapshotData,
} from './snapshot.js';

/** Everything that deparsing of expressions and type names depends on, set to what no role or database can change. */
const SETTINGS = `
  SET LOCAL search_path = '';
  SET LOCAL quote_all_identifiers = off;
  SET LOCAL DateStyle = 'ISO, YMD';
  SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL extra_float_digits = 3;
  SET LOCAL jit = off;
  SET LOCAL bytea_output = 'hex';
  SET LOCAL standard_conforming_strings = on`;

const SERVER = `
  SELECT current_setting('server_version_num')::integer AS "serverVersion", current_database() AS "database"`;

/** A condition on pg_namespace n: neither a session's temporary schema nor TOAST. */
const LASTING_SCHEMA = `n.nspname !~ '^pg_(toast|temp_)'`;

const extensionOf = (catalog: string, oid: string) => `
  (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.objsubid = 0
      AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' LIMIT 1)`;

/** Names of those whom an access list lets read, as JSON. */
const readersOf = (acl: string) => `
  coalesce((SELECT json_agg(DISTINCT coalesce(g.rolname, '')) FROM aclexplode(${acl}) x
    LEFT JOIN pg_roles g ON g.oid = x.grantee WHERE x.privilege_type = 'SELECT'), '[]')`;

const actionOf = (type: string) => `
  CASE WHEN ${type} = 'c' THEN 'cascade' WHEN ${type} IN ('n', 'd') THEN 'clear' ELSE 'none' END`;

/** Not one that the server makes for a constraint. */
const USER_TRIGGER = `(NOT t.tgisinternal OR t.tgfoid >= ${FIRST_USER_OID})`;

/** `tgargs`, in which each argument ends with a zero byte, as a JSON array. */
const TRIGGER_ARGUMENTS = `
  (SELECT coalesce(json_agg(convert_from(decode(a.hex, 'hex'), getdatabaseencoding()) ORDER BY a.n), '[]')
    FROM unnest(string_to_array(regexp_replace(encode(t.tgargs, 'hex'), '(..)', '\\1 ', 'g'), '00 '))
      WITH ORDINALITY AS a (hex, n) WHERE a.n <= t.tgnargs)`;

/** @param oids `<` the first OID that initdb does not assign, or `>=` */
const relations = (serverVersion: number, oids: '<' | '>=') => `
  WITH live_columns AS (
    SELECT a.attrelid, json_agg(json_build_object(
        'name', a.attname,
        'attnum', a.attnum,
        'typeOid', a.atttypid::bigint,
        'typmod', a.atttypmod,
        'typeSql', format_type(a.atttypid, a.atttypmod),
        'domainBase', CASE WHEN ty.typtype = 'd' THEN (
          WITH RECURSIVE base (oid, typmod, kind) AS (
            SELECT ty.typbasetype, ty.typtypmod, (SELECT typtype FROM pg_type WHERE oid = ty.typbasetype)
            UNION ALL
            SELECT d.typbasetype, CASE WHEN d.typtypmod = -1 THEN b.typmod ELSE d.typtypmod END,
              (SELECT typtype FROM pg_type WHERE oid = d.typbasetype)
            FROM base b JOIN pg_type d ON d.oid = b.oid WHERE b.kind = 'd'
          ) SELECT format_type(b.oid, b.typmod) FROM base b WHERE b.kind <> 'd') END,
        'isEnum', ty.typtype = 'e',
        'notNull', a.attnotnull,
        'generated', a.attgenerated <> '',
        'generationExpression', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(ad.adbin, ad.adrelid) END,
        'defaultExpression', CASE WHEN a.attgenerated = '' AND a.attidentity = ''
          AND (ty.typdefault IS NULL OR ty.typdefaultbin IS NOT NULL)
          THEN coalesce(pg_get_expr(ad.adbin, ad.adrelid), pg_get_expr(ty.typdefaultbin, 0), 'NULL') END,
        'identityAlways', a.attidentity = 'a',
        'deterministic', coalesce(co.collisdeterministic, true),
        'readers', ${readersOf('a.attacl')}
      ) ORDER BY a.attnum) AS columns
    FROM pg_attribute a
      JOIN pg_type ty ON ty.oid = a.atttypid
      LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
      LEFT JOIN pg_collation co ON co.oid = a.attcollation
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid ${oids} ${FIRST_USER_OID}
    GROUP BY a.attrelid
  ), keys AS NOT MATERIALIZED (
    SELECT i.indrelid, i.indisprimary, i.indimmediate, k.columns
    FROM pg_index i
      CROSS JOIN LATERAL (
        SELECT array_agg(u.attnum ORDER BY u.position) AS columns
        FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS u (attnum, position)
        WHERE u.position <= i.indnkeyatts
      ) k
    WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  )
  SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned' WHEN 'v' THEN 'view'
      WHEN 'm' THEN 'materialized-view' WHEN 'f' THEN 'foreign' WHEN 'S' THEN 'sequence' ELSE 'composite' END AS kind,
    coalesce(lc.columns, '[]') AS columns,
    (SELECT to_json(k.columns) FROM keys k WHERE k.indrelid = c.oid AND k.indisprimary) AS "primaryKey",
    coalesce((SELECT json_agg(u.columns ORDER BY u.columns)
      FROM (SELECT DISTINCT k.columns FROM keys k WHERE k.indrelid = c.oid AND k.indimmediate) u), '[]') AS "uniqueKeys",
    coalesce((SELECT json_agg(json_build_object('name', k.conname, 'columns', k.conkey) ORDER BY k.conname COLLATE "C")
      FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x')), '[]') AS arbiters,
    coalesce((SELECT json_agg(h.inhparent::bigint ORDER BY h.inhseqno)
      FROM pg_inherits h WHERE h.inhrelid = c.oid), '[]') AS parents,
    coalesce((SELECT json_agg(json_build_object('columns', k.conkey, 'parent', k.confrelid::bigint,
        'parentColumns', k.confkey, 'onDelete', ${actionOf('k.confdeltype')}, 'onUpdate', ${actionOf('k.confupdtype')})
        ORDER BY k.oid) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'), '[]') AS "foreignKeys",
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS "viewDefinition",
    c.relkind = 'v' AND EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
      WHERE CASE WHEN o.option_name = 'security_invoker' THEN o.option_value::boolean ELSE false END
    ) AS "securityInvoker",
    EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN') AS "hasRules",
    coalesce((SELECT json_agg(DISTINCT t.tgfoid::bigint) FROM pg_trigger t
      WHERE t.tgrelid = c.oid AND ${USER_TRIGGER}), '[]') AS "triggerRoutines",
    coalesce((SELECT json_agg(json_build_object('routine', t.tgfoid::bigint, 'function', p.proname,
        'arguments', ${TRIGGER_ARGUMENTS}) ORDER BY t.oid)
      FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang
      WHERE t.tgrelid = c.oid AND ${USER_TRIGGER} AND l.lanname <> 'plpgsql'), '[]') AS "opaqueTriggers",
    (SELECT coalesce(json_agg(e.sql ORDER BY e.sql COLLATE "C"), '[]') FROM (
        SELECT 'SELECT ' || pg_get_expr(d.adbin, d.adrelid) AS sql FROM pg_attrdef d WHERE d.adrelid = c.oid
        UNION SELECT 'SELECT ' || pg_get_expr(k.conbin, k.conrelid) FROM pg_constraint k
          WHERE k.conrelid = c.oid AND k.conbin IS NOT NULL
        UNION SELECT 'SELECT ' || pg_get_expr(i.indexprs, i.indrelid) FROM pg_index i
          WHERE i.indrelid = c.oid AND i.indexprs IS NOT NULL
        UNION SELECT 'SELECT ' || pg_get_expr(i.indpred, i.indrelid) FROM pg_index i
          WHERE i.indrelid = c.oid AND i.indpred IS NOT NULL
        UNION SELECT 'SELECT ' || substring(pg_get_triggerdef(t.oid) FROM ' WHEN (\\(.*\\)) EXECUTE ') FROM pg_trigger t
          WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgqual IS NOT NULL
        UNION SELECT 'SELECT ' || pg_get_expr(q.partexprs, q.partrelid) FROM pg_partitioned_table q
          WHERE q.partrelid = c.oid AND q.partexprs IS NOT NULL
        ${serverVersion >= 140000 ? "UNION SELECT 'SELECT ' || pg_get_expr(x.stxexprs, x.stxrelid) FROM pg_statistic_ext x WHERE x.stxrelid = c.oid AND x.stxexprs IS NOT NULL" : ''}
        UNION SELECT pg_get_ruledef(w.oid) FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN'
      ) e) AS expressions,
    (SELECT coalesce(json_agg('SELECT ' || pg_get_expr(e.qual, c.oid)), '[]') FROM pg_policy y
      CROSS JOIN LATERAL (VALUES (y.polqual), (y.polwithcheck)) e (qual)
      WHERE y.polrelid = c.oid AND e.qual IS NOT NULL) AS policies,
    pg_get_userbyid(c.relowner) AS owner, pg_get_userbyid(n.nspowner) AS "schemaOwner",
    ${readersOf("coalesce(c.relacl, acldefault(CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner))")} AS readers,
    c.relrowsecurity AS "rowSecurity",
    ${extensionOf('pg_class', 'c.oid')} AS extension
  FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN live_columns lc ON lc.attrelid = c.oid
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't' AND ${LASTING_SCHEMA} AND c.oid ${oids} ${FIRST_USER_OID}
  ORDER BY c.oid`;

/** SQL-standard bodies, `prosqlbody`, came with PostgreSQL 14. */
const routines = (serverVersion: number) => `
  SELECT p.oid::bigint AS oid, n.nspname AS schema, p.proname AS name,
    CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' ELSE 'function' END AS kind,
    l.lanname AS language,
    ${serverVersion >= 140000 ? 'CASE WHEN p.prosqlbody IS NULL THEN p.prosrc ELSE pg_get_function_sqlbody(p.oid) END' : 'p.prosrc'} AS source,
    CASE WHEN p.proargdefaults IS NOT NULL THEN 'SELECT ' || pg_get_expr(p.proargdefaults, 0) END AS defaults,
    p.oid::regprocedure::text AS signature,
    p.proretset AS "returnsSet",
    format_type(p.prorettype, NULL) AS "resultType",
    p.pronargs AS "argumentCount",
    coalesce((SELECT json_agg(format_type(t.oid, NULL) ORDER BY t.n)
      FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t (oid, n)), '[]') AS "argumentTypes",
    coalesce((SELECT json_agg(a.name ORDER BY a.n)
      FROM unnest(p.proargnames) WITH ORDINALITY AS a (name, n)
      WHERE p.proargmodes IS NULL OR p.proargmodes[a.n] IN ('i', 'b', 'v')), '[]') AS "argumentNames",
    p.pronargdefaults AS "defaultCount",
    p.provariadic <> 0 AS variadic,
    coalesce((SELECT t.typtype IN ('c', 'd', 'p') FROM pg_type t WHERE t.oid = p.proargtypes[0]), false) AS "takesRow",
    CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
    ${serverVersion >= 140000 ? 'p.prosqlbody IS NOT NULL' : 'false'} AS "sqlStandard",
    coalesce((SELECT json_agg(DISTINCT s.f::oid::bigint) FROM pg_aggregate g
      CROSS JOIN LATERAL unnest(ARRAY[g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn,
        g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn]) AS s (f)
      WHERE g.aggfnoid = p.oid AND s.f <> 0), '[]') AS "supportRoutines",
    ${extensionOf('pg_proc', 'p.oid')} AS extension
  FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_language l ON l.oid = p.prolang
  WHERE p.oid >= ${FIRST_USER_OID} AND ${LASTING_SCHEMA}
  ORDER BY p.oid`;

const OPERATORS = `
  SELECT n.nspname AS schema, o.oprname AS name, o.oprcode::oid::bigint AS routine
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
  WHERE o.oid >= ${FIRST_USER_OID} AND o.oprcode <> 0 AND ${LASTING_SCHEMA}
  ORDER BY o.oid`;

/** Names of a type and of the domains, arrays, ranges and row types that hold it, as JSON. */
const holdersOf = (type: string) => `
  (WITH RECURSIVE holders (oid) AS (
      SELECT ${type}
      UNION
      SELECT x.holder FROM holders h JOIN (
        SELECT typbasetype AS held, oid AS holder FROM pg_type WHERE typtype = 'd'
        UNION ALL SELECT typelem, oid FROM pg_type WHERE typelem <> 0
        UNION ALL SELECT rngsubtype, rngtypid FROM pg_range
        UNION ALL SELECT a.atttypid, r.reltype FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
          WHERE a.attnum > 0 AND NOT a.attisdropped AND r.reltype <> 0
      ) x ON x.held = h.oid
    ) SELECT json_agg(DISTINCT t.typname) FROM holders h JOIN pg_type t ON t.oid = h.oid)`;

const CASTS = `
  SELECT format_type(c.castsource, NULL) AS source, format_type(c.casttarget, NULL) AS target,
    c.castfunc::bigint AS routine,
    CASE c.castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'assignment' ELSE 'implicit' END AS context,
    ${holdersOf('c.casttarget')} AS "typeNames"
  FROM pg_cast c
  WHERE c.oid >= ${FIRST_USER_OID} AND c.castfunc <> 0
  ORDER BY c.oid`;

const DOMAIN_CHECKS = `
  SELECT format_type(d.oid, NULL) AS domain, 'SELECT ' || pg_get_expr(e.expression, 0) AS expression,
    ${holdersOf('d.oid')} AS "typeNames"
  FROM pg_type d CROSS JOIN LATERAL (
      SELECT k.conbin AS expression FROM pg_constraint k WHERE k.contypid = d.oid AND k.conbin IS NOT NULL
      UNION ALL SELECT d.typdefaultbin WHERE d.typdefaultbin IS NOT NULL
    ) e
  WHERE d.typtype = 'd' AND d.oid >= ${FIRST_USER_OID}
  ORDER BY d.oid`;

/** The owner of the database is a member of pg_database_owner without a row in pg_auth_members. */
const ROLES = `
  WITH RECURSIVE granted (member, role) AS (
    SELECT member, roleid FROM pg_auth_members
    UNION
    SELECT d.datdba, r.oid FROM pg_database d, pg_roles r
    WHERE d.datname = current_database() AND r.rolname = 'pg_database_owner'
  ), closure (member, role) AS (
    SELECT oid, oid FROM pg_roles
    UNION
    SELECT c.member, g.role FROM closure c JOIN granted g ON g.member = c.role
  )
  SELECT m.rolname AS name, m.rolsuper AS superuser, json_agg(r.rolname ORDER BY r.rolname COLLATE "C") AS "memberOf"
  FROM pg_roles m JOIN closure c ON c.member = m.oid JOIN pg_roles r ON r.oid = c.role
  GROUP BY m.oid, m.rolname, m.rolsuper
  ORDER BY m.rolname COLLATE "C"`;

const BUILTIN_ROUTINES = `
  SELECT p.proname COLLATE "C" AS name, bool_or(p.proretset) AS "returnsSet"
  FROM pg_proc p
  WHERE p.oid < ${FIRST_USER_OID} AND p.pronamespace = 'pg_catalog'::regnamespace
  GROUP BY 1 ORDER BY 1`;

/** Rows as JSON has them: null for what is absent in a snapshot. */
type Nulls<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]-?: Exclude<T[P], undefined> | null };
type ColumnRow = Nulls<Column, 'generationExpression' | 'defaultExpression' | 'domainBase'>;
type RelationRow = Nulls<Omit<Relation, 'columns'>, 'primaryKey' | 'viewDefinition' | 'extension'> & {
  readonly columns: readonly ColumnRow[];
};
type RoutineRow = Nulls<Routine, 'extension' | 'defaults'>;
type RoleRow = Omit<Role, 'memberOf'> & { readonly memberOf: readonly string[] };

/**
 * Reads the whole catalog of the client's database. The client must be idle and outside a transaction; it is given
 * back that way, its settings unchanged. Rejects where an object vanished while it was read: then read again.
 * @param before an earlier snapshot of it: relations and routines that are as they were there are the same objects
 * @param sameSystem what initdb creates is as it was there; most of the time of a small schema goes to that
 */
export async function readSnapshot(client: pg.ClientBase, before?: Snapshot, sameSystem = false): Promise<Snapshot> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  let data: Omit<SnapshotData, 'digest' | 'loadedAt'>;
  try {
    await client.query(SETTINGS);
    data = await readData(client, before, sameSystem ? before : undefined);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await client.query('COMMIT');
  return createSnapshot({ ...data, digest: digestOf(data), loadedAt: Date.now() });
}

async function readData(
  client: pg.ClientBase,
  before: Snapshot | undefined,
  system: Snapshot | undefined,
): Promise<Omit<SnapshotData, 'digest' | 'loadedAt'>> {
  const [server] = await rowsOf<Pick<SnapshotData, 'serverVersion' | 'database'>>(client, SERVER);
  if (!server) throw new Error('The server did not tell its version');
  const { serverVersion } = server;
  const known = knownObjects(before?.relations ?? []);
  const readRelations = (oids: '<' | '>=') => objectsOf(client, relations(serverVersion, oids), toRelation, known);
  const systemRelations = system?.relations.filter(({ oid }) => oid < FIRST_USER_OID) ?? (await readRelations('<'));
  return {
    serverVersion,
    database: server.database,
    relations: [...systemRelations, ...(await readRelations('>='))],
    routines: await objectsOf(
      client,
      routines(serverVersion),
      (row: RoutineRow): Routine => withoutNulls(row),
      knownObjects(before?.routines ?? []),
    ),
    operators: await rowsOf<Operator>(client, OPERATORS),
    casts: await rowsOf<Cast>(client, CASTS),
    domainChecks: await rowsOf<DomainCheck>(client, DOMAIN_CHECKS),
    roles: (await rowsOf<RoleRow>(client, ROLES)).map((role) => ({ ...role, memberOf: new Set(role.memberOf) })),
    ...(system ? builtinsOf(system) : await readBuiltins(client)),
  };
}

type Builtins = Pick<SnapshotData, 'builtinRoutines' | 'builtinSets'>;

function builtinsOf({ builtinRoutines, builtinSets }: Snapshot): Builtins {
  return { builtinRoutines, builtinSets };
}

async function readBuiltins(client: pg.ClientBase): Promise<Builtins> {
  const builtins = await rowsOf<{ name: string; returnsSet: boolean }>(client, BUILTIN_ROUTINES);
  return {
    builtinRoutines: new Set(builtins.map(({ name }) => name)),
    builtinSets: new Set(builtins.filter(({ returnsSet }) => returnsSet).map(({ name }) => name)),
  };
}

async function rowsOf<T>(client: pg.ClientBase, sql: string): Promise<T[]> {
  return (await jsonOf(client, sql)).map((json) => JSON.parse(json) as T);
}

async function jsonOf(client: pg.ClientBase, sql: string): Promise<string[]> {
  const result = await client.query<[string]>({
    text: `SELECT row_to_json(x)::text FROM (${sql}) x`,
    rowMode: 'array',
  });
  return result.rows.map(([json]) => json);
}

/** Of the JSON text that an object was made of. */
const digests = new WeakMap<object, string>();

function knownObjects<T extends object>(objects: readonly T[]): ReadonlyMap<string | undefined, T> {
  return new Map(objects.map((object) => [digests.get(object), object]));
}

/** Many objects are read in one go, and sessions wait meanwhile. */
const ROWS_PER_TURN = 100;

/** Objects by their rows; one that is known by the same row is that one. */
async function objectsOf<Row, T extends object>(
  client: pg.ClientBase,
  sql: string,
  make: (row: Row) => T,
  known: ReadonlyMap<string | undefined, T>,
): Promise<readonly T[]> {
  const objects: T[] = [];
  for (const json of await jsonOf(client, sql)) {
    if (objects.length % ROWS_PER_TURN === ROWS_PER_TURN - 1) await nextTurn();
    const digest = sha256(json);
    const object = known.get(digest) ?? make(JSON.parse(json) as Row);
    digests.set(object, digest);
    objects.push(object);
  }
  return objects;
}

/** Deparsing looks at the catalog of the moment, not at the transaction's snapshot: of what is gone it gives NULL. */
function toRelation(row: RelationRow): Relation {
  const { viewDefinition, columns, ...rest } = row;
  const isView = row.kind === 'view' || row.kind === 'materialized-view';
  const texts = [
    ...(isView ? [viewDefinition] : []),
    ...row.expressions,
    ...row.policies,
    ...columns.flatMap((column) => (column.generated ? [column.generationExpression] : [])),
  ];
  if (texts.includes(null)) {
    throw new Error(`${row.schema}.${row.name} was dropped while the catalog was read`);
  }
  return {
    ...withoutNulls(rest),
    columns: columns.map(withoutNulls),
    ...(viewDefinition === null ? {} : { viewDefinition: viewDefinition.replace(/;\s*$/, '').trim() }),
  };
}

type WithoutNulls<T> = { [K in keyof T as null extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as null extends T[K] ? K : never]?: Exclude<T[K], null>;
};

function withoutNulls<T extends object>(row: T): WithoutNulls<T> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as WithoutNulls<T>;
}

function digestOf(data: Omit<SnapshotData, 'digest' | 'loadedAt'>): string {
  const { serverVersion: _, relations, routines, ...rest } = data;
  const objects = [...relations, ...routines].map((object) => digests.get(object));
  return sha256(JSON.stringify({ ...rest, objects }, canonical));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A JSON.stringify replacer: keys in code unit order, sets as sorted arrays. */
function canonical(_key: string, value: unknown): unknown {
  if (value instanceof Set) return [...value].sort();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

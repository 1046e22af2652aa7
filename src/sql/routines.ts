/**
 * Which routines a client may call. What a routine returns is computed inside the server, where no relation is
 * substituted: one that reads a protected relation, or runs SQL that it is given, would hand out stored values.
 *
 * Bodies are judged by their words, comments and string literals included, which says "unsafe" too often rather than too
 * seldom; an operator can allow a signature.
 */
import type { Oid, Routine, Snapshot } from '../catalog/snapshot.js';

/** Why a routine must not be called. */
export interface RoutineVerdict {
  readonly reason: string;
  /** `file` for access to the server's files and its log of changes. */
  readonly kind: 'function' | 'file';
}

/** Built-in functions that run SQL they are given, or read a relation that they are given the name of. */
const READS_BY_NAME = new Set(
  (
    'query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml ' +
    'table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema ' +
    'database_to_xml database_to_xmlschema database_to_xml_and_xmlschema ts_stat ts_rewrite'
  ).split(' '),
);

/** Built-in functions that read or write files of the server, or its log of changes, which holds every stored value. */
const READS_FILES = new Set(
  (
    'pg_read_file pg_read_file_old pg_read_binary_file pg_ls_dir pg_stat_file lo_import lo_export ' +
    'pg_logical_slot_get_changes pg_logical_slot_peek_changes pg_logical_slot_get_binary_changes ' +
    'pg_logical_slot_peek_binary_changes pg_create_logical_replication_slot pg_create_physical_replication_slot ' +
    'pg_copy_logical_replication_slot pg_copy_physical_replication_slot pg_replication_slot_advance ' +
    'pg_sync_replication_slots pg_file_write pg_file_read pg_file_rename pg_file_unlink pg_logdir_ls'
  ).split(' '),
);

/** Languages whose bodies are SQL, or PL/pgSQL around SQL, and can be read. */
const READABLE = new Set(['sql', 'plpgsql']);

/** Extensions whose C functions read no relation and run no SQL. */
const PURE_EXTENSIONS = new Set(
  (
    'btree_gin btree_gist citext cube dict_int dict_xsyn earthdistance fuzzystrmatch hstore intarray isn ltree pg_trgm ' +
    'pgcrypto seg tsm_system_rows tsm_system_time unaccent uuid-ossp vector plpgsql pg_stat_statements'
  ).split(' '),
);

/** Words after which a session may see other relations under a name, or read SQL otherwise. */
const CHANGES_ENVIRONMENT =
  /\b(set_config|search_path|role|authorization|create|drop|alter|discard|reset|client_encoding|standard_conforming_strings)\b/i;

const CHANGES_ROWS = /\b(insert|update|delete|truncate|merge)\b/i;

/** The verdict of a built-in function, undefined for a harmless one. */
export function builtinVerdict(name: string, argumentCount?: number): RoutineVerdict | undefined {
  if (READS_FILES.has(name)) {
    return { kind: 'file', reason: "it reaches the server's files or its log of changes" };
  }
  // The form with three arguments rewrites a tsquery and reads nothing.
  if (name === 'ts_rewrite' && argumentCount === 3) return undefined;
  if (READS_BY_NAME.has(name)) return { kind: 'function', reason: 'it runs SQL, or reads a table, that it is given' };
  return undefined;
}

/** True if calling it can change what names mean, or how the server reads SQL, in the rest of the session. */
export function changesEnvironment(routine: Routine): boolean {
  return CHANGES_ENVIRONMENT.test(routine.source);
}

/** Judges texts of bodies. */
export interface BodyJudge {
  /** The verdict on a body; undefined for a harmless one. */
  judge(language: string, source: string): RoutineVerdict | undefined;
  /** The verdict on types of arguments and results: values are checked where these are domains. */
  judgeTypes(types: string): RoutineVerdict | undefined;
}

/** What must not occur in a body. */
export interface ForbiddenNames {
  /** Relations and views. */
  readonly relations: Iterable<string>;
  /** Relations that may be read, but not changed. */
  readonly changed: Iterable<string>;
  /** Types whose casts or checks are unsafe. */
  readonly types: readonly string[];
  readonly routines: Iterable<string>;
  readonly operators: readonly string[];
  /** A cursor can be a client's, whose rows are tagged with what a client must not see. */
  readonly cursorsTell: boolean;
}

export function createBodyJudge(forbidden: ForbiddenNames): BodyJudge {
  const typed = wordPattern(forbidden.types);
  const named = wordPattern([...forbidden.relations, ...forbidden.types]);
  const changed = wordPattern(forbidden.changed);
  const called = wordPattern([...forbidden.routines, ...READS_BY_NAME, ...READS_FILES], '\\s*["(]|\\s*$');
  const unsafe = (reason: string): RoutineVerdict => ({ kind: 'function', reason });
  return {
    judgeTypes(types) {
      if (forbidden.cursorsTell && types.includes('refcursor'))
        return unsafe("it is given a cursor, which can be a client's");
      const name = typed?.exec(types)?.[1];
      return name === undefined ? undefined : unsafe(`it takes or returns ${name}, whose cast or check is unsafe`);
    },
    judge(language, source) {
      if (!READABLE.has(language)) return unsafe(`it is written in ${language}, which pgveil does not read`);
      // A name can be written with escapes, which only a parser would undo.
      if (/u&["']/i.test(source)) return unsafe('its body has names or strings with Unicode escapes');
      if (/\b(execute|prepare|deallocate)\b/i.test(source)) return unsafe('its body runs other SQL (EXECUTE)');
      if (/\bpg_temp/i.test(source)) return unsafe('its body uses temporary objects, which pgveil has not read');
      if (forbidden.cursorsTell && /cursor|\bfetch\b/i.test(source))
        return unsafe("its body uses cursors, which can be a client's");
      const operator = forbidden.operators.find((symbol) => source.includes(symbol));
      if (operator !== undefined) return unsafe(`its body uses the operator ${operator}`);
      const name = named?.exec(source)?.[1] ?? called?.exec(source)?.[1];
      if (name !== undefined) return unsafe(`its body names ${name}`);
      const kept = CHANGES_ROWS.test(source) ? changed?.exec(source)?.[1] : undefined;
      return kept === undefined ? undefined : unsafe(`its body changes ${kept}, by which rows are redacted`);
    },
  };
}

/**
 * The routines that a judge finds unsafe, beside those that are known to be.
 * @param allowed signatures that configuration lets through
 * @param reasonIn why an expression is unsafe, undefined for a harmless one
 */
export function judgeRoutines(
  snapshot: Snapshot,
  known: ReadonlyMap<Oid, RoutineVerdict>,
  allowed: ReadonlySet<string>,
  judge: BodyJudge,
  reasonIn: (sql: string) => string | undefined,
): Map<Oid, RoutineVerdict> {
  const verdicts = new Map(known);
  for (const routine of snapshot.routines) {
    if (verdicts.has(routine.oid) || allowed.has(routine.signature)) continue;
    const verdict = judgeRoutine(routine, judge, snapshot, verdicts) ?? judgeDefaults(routine, reasonIn);
    if (verdict) verdicts.set(routine.oid, verdict);
  }
  return verdicts;
}

function judgeRoutine(
  routine: Routine,
  judge: BodyJudge,
  snapshot: Snapshot,
  verdicts: ReadonlyMap<Oid, RoutineVerdict>,
): RoutineVerdict | undefined {
  if (routine.kind === 'aggregate') {
    const part = routine.supportRoutines.find((oid) => verdicts.has(oid) || isUnknown(oid, snapshot));
    if (part === undefined) return undefined;
    return verdicts.get(part) ?? { kind: 'function', reason: 'it is made of a routine that is not known' };
  }
  const pure = routine.extension !== undefined && PURE_EXTENSIONS.has(routine.extension);
  if (pure && !READABLE.has(routine.language)) return undefined;
  return judge.judge(routine.language, routine.source) ?? judge.judgeTypes(typesOf(routine));
}

/** Types of its arguments and its result, as text. */
export function typesOf(routine: Routine): string {
  return `${routine.signature.slice(routine.signature.indexOf('('))} ${routine.resultType}`;
}

/** In no snapshot are temporary routines. */
function isUnknown(oid: Oid, snapshot: Snapshot): boolean {
  return oid >= FIRST_USER_OID && !snapshot.routineByOid.has(oid);
}

/** The first OID that initdb does not assign, `FirstNormalObjectId`. */
const FIRST_USER_OID = 16384;

/** Default values are evaluated when a call leaves the argument out. */
function judgeDefaults(routine: Routine, reasonIn: (sql: string) => string | undefined): RoutineVerdict | undefined {
  const found = routine.defaults === undefined ? undefined : reasonIn(routine.defaults);
  return found === undefined ? undefined : { kind: 'function', reason: `a default value of it ${found}` };
}

/** Words that name a relation or routine only in double quotes, `RESERVED_KEYWORD` in kwlist.h. */
const RESERVED = new Set(
  (
    'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create ' +
    'current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc ' +
    'distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral ' +
    'leading limit localtime localtimestamp not null offset on only or order placing primary references returning ' +
    'select session_user some symmetric system_user table then to trailing true union unique user using variadic when ' +
    'where window with'
  ).split(' '),
);

/**
 * Matches any of the names as a whole word in either case; undefined for none.
 * @param after what has to follow
 */
function wordPattern(names: Iterable<string>, after = ''): RegExp | undefined {
  const written = [...new Set(names)].map((name) => {
    // A name is cut at 63 bytes: of a long one the beginning is enough.
    const quoted = name.replaceAll('"', '""').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return RESERVED.has(name) ? `"${quoted}"` : Buffer.byteLength(name) >= 63 ? `${quoted}[\\p{L}\\p{N}_$]*` : quoted;
  });
  if (written.length === 0) return undefined;
  const follows = after === '' ? '' : `(?=${after})`;
  return new RegExp(`(?<![\\p{L}\\p{N}_$])(${written.join('|')})(?![\\p{L}\\p{N}_$])${follows}`, 'iu');
}

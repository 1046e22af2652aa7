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

/** Judges texts of bodies against names that must not occur in them. */
export interface BodyJudge {
  /** The verdict on a body; undefined for a harmless one. */
  judge(language: string, source: string): RoutineVerdict | undefined;
}

/** @param protectedNames relations, views and routines that a body must not name */
export function createBodyJudge(protectedNames: Iterable<string>): BodyJudge {
  const protectedPattern = wordPattern(protectedNames);
  const builtinPattern = wordPattern([...READS_BY_NAME, ...READS_FILES]);
  return {
    judge(language, source) {
      if (!READABLE.has(language)) {
        return { kind: 'function', reason: `it is written in ${language}, which pgveil does not read` };
      }
      // A name can be written with escapes, which only a parser would undo.
      if (/u&["']/i.test(source))
        return { kind: 'function', reason: 'its body has names or strings with Unicode escapes' };
      if (language === 'plpgsql' && /\bexecute\b/i.test(source)) {
        return { kind: 'function', reason: 'its body runs SQL that it makes (EXECUTE)' };
      }
      const named = protectedPattern?.exec(source)?.[1] ?? builtinPattern?.exec(source)?.[1];
      return named === undefined ? undefined : { kind: 'function', reason: `its body names ${named}` };
    },
  };
}

/**
 * Verdicts on the database's own routines; absent means harmless.
 * @param protectedNames relations and views that a body must not name
 * @param allowed signatures that configuration lets through
 * @param judgeSql what keeps a statement from being harmless, given the verdicts so far
 */
export function judgeRoutines(
  snapshot: Snapshot,
  protectedNames: ReadonlySet<string>,
  allowed: ReadonlySet<string>,
  judgeSql: (sql: string, verdicts: ReadonlyMap<Oid, RoutineVerdict>) => string | undefined,
): Map<Oid, RoutineVerdict> {
  const verdicts = new Map<Oid, RoutineVerdict>();
  const names = new Set(protectedNames);
  // A routine that calls an unsafe one is unsafe, so look again until nothing is added.
  for (let added = true; added; ) {
    added = false;
    const judge = createBodyJudge(names);
    for (const routine of snapshot.routines) {
      if (verdicts.has(routine.oid) || allowed.has(routine.signature)) continue;
      const verdict = judgeRoutine(routine, judge, verdicts) ?? judgeDefaults(routine, judgeSql, verdicts);
      if (!verdict) continue;
      verdicts.set(routine.oid, verdict);
      names.add(routine.name);
      added = true;
    }
  }
  return verdicts;
}

function judgeRoutine(
  routine: Routine,
  judge: BodyJudge,
  verdicts: ReadonlyMap<Oid, RoutineVerdict>,
): RoutineVerdict | undefined {
  if (routine.kind === 'aggregate') {
    const part = routine.supportRoutines.find((oid) => verdicts.has(oid));
    return part === undefined ? undefined : verdicts.get(part);
  }
  if (!READABLE.has(routine.language)) {
    return routine.extension !== undefined && PURE_EXTENSIONS.has(routine.extension)
      ? undefined
      : judge.judge(routine.language, routine.source);
  }
  return judge.judge(routine.language, routine.source);
}

/** Default values are evaluated when a call leaves the argument out. */
function judgeDefaults(
  routine: Routine,
  judgeSql: (sql: string, verdicts: ReadonlyMap<Oid, RoutineVerdict>) => string | undefined,
  verdicts: ReadonlyMap<Oid, RoutineVerdict>,
): RoutineVerdict | undefined {
  const found = routine.defaults === undefined ? undefined : judgeSql(routine.defaults, verdicts);
  return found === undefined ? undefined : { kind: 'function', reason: `a default value of it ${found}` };
}

/** Matches any of the names as a whole word in either case; undefined for none. */
function wordPattern(names: Iterable<string>): RegExp | undefined {
  const written = [...names].flatMap((name) => (name.includes('"') ? [name, name.replaceAll('"', '""')] : [name]));
  const escaped = written.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (escaped.length === 0) return undefined;
  return new RegExp(`(?<![\\p{L}\\p{N}_$])(${escaped.join('|')})(?![\\p{L}\\p{N}_$])`, 'iu');
}

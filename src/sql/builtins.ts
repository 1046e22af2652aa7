/**
 * The server's own functions: which of them read what they are given the name of, run SQL that they are given, or reach
 * files. Every other is harmless: `test/sql/builtins.test.ts` holds the list of those that were looked at.
 */
import type { Snapshot } from '../catalog/snapshot.js';
import type { Mentions } from './mentions.js';

/** Why code must not run; the reason goes on from "it": `runs SQL that it is given`. */
export interface Verdict {
  readonly reason: string;
  /** `file` for access to the server's files and its log of changes. */
  readonly kind: 'function' | 'file';
}

/** Functions that run SQL they are given, or read a relation that they are given the name of. */
const READS_BY_NAME = new Set(
  (
    'query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml ' +
    'table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema ' +
    'database_to_xml database_to_xmlschema database_to_xml_and_xmlschema ts_stat ts_rewrite'
  ).split(' '),
);

/** Functions that read or write files of the server, or its log of changes, which holds every stored value. */
const READS_FILES = new Set(
  (
    'pg_read_file pg_read_file_old pg_read_binary_file pg_ls_dir pg_stat_file lo_import lo_export ' +
    'pg_logical_slot_get_changes pg_logical_slot_peek_changes pg_logical_slot_get_binary_changes ' +
    'pg_logical_slot_peek_binary_changes pg_create_logical_replication_slot pg_create_physical_replication_slot ' +
    'pg_copy_logical_replication_slot pg_copy_physical_replication_slot pg_replication_slot_advance ' +
    'pg_sync_replication_slots'
  ).split(' '),
);

/** Names of built-in functions that are not harmless, in some form. */
export const REFUSED_BUILTINS: readonly string[] = [...READS_BY_NAME, ...READS_FILES];

/** The verdict of a built-in function, undefined for a harmless one. */
export function builtinVerdict(name: string, argumentCount?: number): Verdict | undefined {
  if (READS_FILES.has(name)) return { kind: 'file', reason: "reaches the server's files or its log of changes" };
  // The form with three arguments rewrites a tsquery and reads nothing.
  if (name === 'ts_rewrite' && argumentCount === 3) return undefined;
  if (READS_BY_NAME.has(name)) return { kind: 'function', reason: 'runs SQL, or reads a table, that it is given' };
  return undefined;
}

/** True where no routine or operator is mentioned that somebody has defined; those of extensions count as built in. */
export function callsOnlyBuiltins(mentions: Mentions, snapshot: Snapshot): boolean {
  const { routines, attributes, operators, relations } = mentions;
  // What an extension has made, no client can replace.
  const isDefined = (name: string): boolean =>
    snapshot.routinesByName.get(name)?.some((routine) => routine.extension === undefined) ?? false;
  const isOwn = (name: string): boolean =>
    isDefined(name) || !(snapshot.builtinRoutines.has(name) || snapshot.routinesByName.has(name));
  const isOwnOperator = (name: string): boolean =>
    snapshot.operatorsByName.get(name)?.some((o) => !snapshot.routineByOid.get(o.routine)?.extension) ?? false;
  return (
    !routines.some(({ name }) => isOwn(name)) &&
    !attributes.some(({ name }) => isDefined(name)) &&
    !operators.some(({ name }) => isOwnOperator(name)) &&
    !relations.some(({ name }) => snapshot.relationsByName.get(name)?.some((r) => r.kind === 'view'))
  );
}

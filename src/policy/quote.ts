/** SQL text that means the same in every session. */

/** Always quoted, so that no keyword of any version can be meant. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** With backslashes in E'…', so that the text means the same whatever standard_conforming_strings is. */
export function quoteLiteral(value: string): string {
  const quoted = value.replaceAll("'", "''");
  return value.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}

/** Types whose names are grammar, which search_path cannot redirect. */
const GRAMMAR_TYPES =
  /^(bigint|bit|boolean|character|double precision|integer|interval|numeric|real|smallint|time|timestamp)\b/;

/** A type as `format_type` gives it under an empty search_path, with built-in names pinned to pg_catalog. */
export function pinType(typeSql: string): string {
  if (GRAMMAR_TYPES.test(typeSql) || typeSql.includes('.')) return typeSql;
  return `pg_catalog.${typeSql}`;
}

/**
 * The row key: what tells a table's rows apart, as text that no session setting changes. One-way tokens are made of it,
 * so that a token says nothing of the value, and two rows with equal values get unrelated tokens.
 */
import type { Column, Relation } from '../catalog/snapshot.js';
import type { ColumnConfig } from './config-types.js';
import { quoteIdentifier } from './quote.js';

/** The primary key, else the first unique key without NULLs; empty where there is neither. */
export function rowKeyColumns(relation: Relation): readonly Column[] {
  const columnsOf = (key: readonly number[]): Column[] =>
    key.map((attnum) => relation.columns.find((c) => c.attnum === attnum)).filter((c) => c !== undefined);
  if (relation.primaryKey) return columnsOf(relation.primaryKey);
  return relation.uniqueKeys.map(columnsOf).find((columns) => columns.every((c) => c.notNull)) ?? [];
}

/** What keeps a table from having tokens, with what would be valid; undefined when it can have them. */
export function rowKeyProblem(
  config: ColumnConfig,
  relation: Relation,
  columns: readonly Column[],
): string | undefined {
  const subject = `mask one_way does not fit column ${config.name}: ${relation.schema}.${relation.name}`;
  if (columns.length === 0) {
    return `${subject} has no primary key and no unique key without NULLs that would tell its rows apart; add one, or use blank`;
  }
  const odd = columns.find((column) => steadyText(column, '') === undefined);
  return (
    odd && `${subject} has ${odd.name} of type ${odd.typeSql} in its key, whose text follows the session; use blank`
  );
}

/**
 * The key as SQL text of printable ASCII without quotes, commas or backslashes: the number or UUID itself, else a digest.
 * @param alias of the row, quoted where needed
 * @param columns a key that `rowKeyProblem` finds no fault with
 */
export function rowKeySql(columns: readonly Column[], alias: string): string {
  const parts = columns.map((column) => steadyText(column, `${alias}.${quoteIdentifier(column.name)}`) ?? 'NULL');
  if (parts.length === 1 && isPlain(columns[0]!)) return parts[0]!;
  const listed = parts.map((part) => `pg_catalog.quote_nullable(${part})`);
  return digestSql(listed.join(` OPERATOR(pg_catalog.||) ',' OPERATOR(pg_catalog.||) `));
}

/** The SHA-256 of a text, in hexadecimal. It raises no error for any stored text. */
export function digestSql(text: string): string {
  return `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(${text}, pg_catalog.getdatabaseencoding())), 'hex')`;
}

function isPlain(column: Column): boolean {
  return ['smallint', 'integer', 'bigint', 'uuid'].includes(column.typeSql);
}

function steadyText(column: Column, value: string): string | undefined {
  const text = `CAST(${value} AS pg_catalog.text)`;
  switch (column.typeSql.replace(/\([\d,-]+\)/, '')) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'uuid':
    case 'numeric':
    case 'boolean':
    case 'text':
    case 'character varying':
    case 'character':
      return text;
    case 'date':
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return `CAST(CAST(pg_catalog.date_part('epoch', ${value}) AS pg_catalog."numeric") AS pg_catalog.text)`;
    default:
      return undefined;
  }
}

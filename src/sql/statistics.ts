/** Catalogs of statistics quote stored values (most common values, histogram bounds): rows about protected ones are withheld. */
import type { Relation } from '../catalog/snapshot.js';
import { RESERVED_PREFIX, relationSql } from '../policy/guard-sql.js';
import { quoteLiteral } from '../policy/quote.js';
import type { Protection } from './protection.js';

const ROW = `${RESERVED_PREFIX}t`;

/** The subquery that stands in the place of such a catalog. With its parentheses, without an alias. */
export function statisticsSql(catalog: Relation, protection: Protection): string {
  return `(SELECT ${ROW}.* FROM ${relationSql(catalog)} AS ${ROW} WHERE NOT COALESCE(${withheld(catalog, protection)}, false))`;
}

function withheld(catalog: Relation, protection: Protection): string {
  const tables = [...protection.binding.guarded.values()].filter((guarded) => guarded.columns.size > 0);
  // Their expressions and contents can be anything that was read.
  const whole = protection.snapshot.relations.filter((r) => {
    const kind = protection.of(r)?.kind;
    return kind === 'materialized' || kind === 'closed';
  });
  const oids = (relations: readonly Relation[]): string => relations.map((r) => String(r.oid)).join(', ') || '0';
  const all = oids([...tables.map((t) => t.relation), ...whole]);
  // Statistics of an index are those of its expressions.
  const indexes = `SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE ${oidIn('i.indrelid', all)}`;
  switch (catalog.name) {
    case 'pg_statistic':
      return [
        ...tables.map(
          ({ relation, columns }) =>
            `(${oidIn(`${ROW}.starelid`, String(relation.oid))} AND ${ROW}.staattnum OPERATOR(pg_catalog.=) ANY ('{${[...columns.keys()].join(',')}}'::pg_catalog.int2[]))`,
        ),
        oidIn(`${ROW}.starelid`, oids(whole)),
        `${ROW}.starelid OPERATOR(pg_catalog.=) ANY (ARRAY(${indexes}))`,
      ].join(' OR ');
    case 'pg_stats': {
      const named = tables.map(({ relation, columns }) => {
        const names = [...columns.values()].map(
          ({ column }) => `${ROW}.attname OPERATOR(pg_catalog.=) ${quoteLiteral(column.name)}::pg_catalog.name`,
        );
        return `(${isRelation(relation)} AND (${names.join(' OR ')}))`;
      });
      const ofIndexes =
        `EXISTS (SELECT FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n, pg_catalog.pg_index i ` +
        `WHERE c.relname OPERATOR(pg_catalog.=) ${ROW}.tablename AND n.nspname OPERATOR(pg_catalog.=) ${ROW}.schemaname ` +
        `AND n.oid OPERATOR(pg_catalog.=) c.relnamespace AND i.indexrelid OPERATOR(pg_catalog.=) c.oid AND ${oidIn('i.indrelid', all)})`;
      return [...named, ...whole.map((relation) => `(${isRelation(relation)})`), ofIndexes].join(' OR ');
    }
    case 'pg_stats_ext':
    case 'pg_stats_ext_exprs':
      return [...tables.map((t) => t.relation), ...whole].map((r) => `(${isRelation(r)})`).join(' OR ') || 'false';
    case 'pg_statistic_ext_data':
      return (
        `${ROW}.stxoid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT s.oid FROM pg_catalog.pg_statistic_ext s ` +
        `WHERE ${oidIn('s.stxrelid', all)}))`
      );
    default:
      return 'true';
  }
}

function oidIn(value: string, oids: string): string {
  return `${value} OPERATOR(pg_catalog.=) ANY ('{${oids.replaceAll(' ', '')}}'::pg_catalog.oid[])`;
}

function isRelation(relation: Relation): string {
  return (
    `${ROW}.schemaname OPERATOR(pg_catalog.=) ${quoteLiteral(relation.schema)}::pg_catalog.name AND ` +
    `${ROW}.tablename OPERATOR(pg_catalog.=) ${quoteLiteral(relation.name)}::pg_catalog.name`
  );
}

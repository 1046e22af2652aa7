/** What the policy promises for a value, computed apart from the gateway, to hold the gateway's answer against. */
import type { Client } from 'pg';
import type { Config, MaskConfig } from '../policy/config-types.js';
import { createTokenMaker } from '../policy/tokens.js';

/** A protected column as the configuration has it. */
export interface ProtectedColumn {
  readonly policy: string;
  /** `public.orders` */
  readonly table: string;
  readonly column: string;
  readonly category: string;
  readonly mask: MaskConfig;
  readonly keepNull: boolean;
}

export interface StoredCell {
  /** As the server writes it. */
  readonly value: string | null;
  readonly typeOid: number;
  /** -1 for none. */
  readonly typmod: number;
  /** Text of the primary key of the row that it stands in. */
  readonly rowKey: string;
}

/** What a cell of a redacted row must be. */
export type ExpectMask = (column: ProtectedColumn, cell: StoredCell) => Promise<string | null>;

/** Columns of tables of policies that are in force, by `schema.table.column`. */
export function protectedColumns(config: Config): ReadonlyMap<string, ProtectedColumn> {
  const columns = new Map<string, ProtectedColumn>();
  for (const policy of config.policies.filter(({ mode }) => mode === 'enforce')) {
    for (const { table, columns: configured } of policy.tables) {
      const tableName = `${table.schema}.${table.name}`;
      for (const { name, category, mask, keepNull } of configured) {
        columns.set(`${tableName}.${name}`, {
          policy: policy.name,
          table: tableName,
          column: name,
          category,
          mask,
          keepNull,
        });
      }
    }
  }
  return columns;
}

/** @param client to any server: the masks of single values are worked out there, in plain SQL */
export async function maskExpectation(config: Config, client: Client): Promise<ExpectMask> {
  const makeToken = await createTokenMaker(config.oneWayKeys);
  return async (column, { value, typeOid, typmod, rowKey }) => {
    if (value === null && column.keepNull) return null;
    if (column.mask.kind === 'one_way' && !column.mask.linkable) {
      const room = typmod === -1 ? {} : { maxLength: typmod - 4 };
      return makeToken({ ...column, ...room, id: 0, kind: 'token' }, rowKey);
    }
    const { rows } = await client.query<[string]>({
      text: 'SELECT format_type($1::oid, $2::int)',
      values: [typeOid, typmod],
      rowMode: 'array',
    });
    const type = rows[0]![0];
    const expression = plainMask(column.mask, 'stored');
    const result = await client.query<[string | null]>({
      // Not every mask uses the value.
      text: `WITH cell AS (SELECT CAST($1::text AS ${type}) AS stored) SELECT CAST(CAST(${expression} AS ${type}) AS text) FROM cell`,
      values: [value],
      rowMode: 'array',
    });
    return result.rows[0]?.[0] ?? null;
  };
}

/** The documented meaning of each mask. */
function plainMask(mask: MaskConfig, value: string): string {
  switch (mask.kind) {
    case 'one_way':
      throw new Error('The demo has no linkable tokens');
    case 'blank':
      return `''`;
    case 'null':
      return 'NULL';
    case 'constant':
      return `'${mask.value.replaceAll("'", "''")}'`;
    case 'keep': {
      const fill = `repeat('${mask.fill.replaceAll("'", "''")}', 3)`;
      const kept = `left(${value}, ${mask.first}) || ${fill} || right(${value}, ${mask.last})`;
      return `CASE WHEN length(${value}) > ${mask.first + mask.last} THEN ${kept} ELSE ${fill} END`;
    }
    case 'email_domain':
      return `CASE WHEN ${value} LIKE '%@%' THEN regexp_replace(${value}, '^.*@', '***@') ELSE '***' END`;
    case 'truncate':
      return `date_trunc('${mask.to}', ${value}, 'UTC')`;
    case 'round':
      return `trunc(${value}, ${mask.digits})`;
    case 'network':
      return `network(set_masklen(${value}, CASE family(${value}) WHEN 4 THEN ${mask.v4} ELSE ${mask.v6} END))`;
    default:
      return mask satisfies never;
  }
}

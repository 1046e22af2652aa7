/** What names mean behind a statement of the same text that changes the search path. */
import type { Node } from '@pgsql/types';
import type { Snapshot } from '../catalog/snapshot.js';
import type { NameEnvironment } from './plan-types.js';

/** The names after the statement; undefined where that cannot be told without asking the server. */
export function afterSearchPath(node: Node, names: NameEnvironment, snapshot: Snapshot): NameEnvironment | undefined {
  if (!('VariableSetStmt' in node)) return undefined;
  const { kind, name, args } = node.VariableSetStmt;
  if (kind !== 'VAR_SET_VALUE' || name?.toLowerCase() !== 'search_path') return undefined;
  const listed = (args ?? []).map((arg) => ('A_Const' in arg ? arg.A_Const.sval?.sval : undefined));
  const known = new Set(snapshot.relations.map((relation) => relation.schema));
  const schemas: string[] = [];
  for (const entry of listed) {
    if (entry === undefined) return undefined;
    const schema = entry === '$user' ? names.role : entry;
    if (schema.startsWith('pg_temp')) return undefined;
    if (known.has(schema) && !schemas.includes(schema)) schemas.push(schema);
  }
  // Searched first unless the path says where: the temporary schema, then pg_catalog.
  const temporary = names.schemas.filter((schema) => schema.startsWith('pg_temp'));
  const system = schemas.includes('pg_catalog') ? [] : ['pg_catalog'];
  return { ...names, schemas: [...temporary, ...system, ...schemas] };
}

/** What names mean behind a statement of the same text that changes it. */
import type { Node, RangeVar } from '@pgsql/types';
import type { Snapshot } from '../catalog/snapshot.js';
import type { NameEnvironment } from './plan-types.js';

/** DDL after which unqualified names mean what they meant, unless what it makes is temporary. */
const KEEPS_NAMES = new Set(
  (
    'AlterTableStmt IndexStmt ViewStmt CreateFunctionStmt AlterFunctionStmt CreateTrigStmt CommentStmt GrantStmt ' +
    'AlterOwnerStmt CreateSeqStmt AlterSeqStmt CreateEnumStmt AlterEnumStmt CompositeTypeStmt CreateDomainStmt ' +
    'CreateStatsStmt RuleStmt CreatePolicyStmt AlterPolicyStmt'
  ).split(' '),
);

/** The names after the statement; undefined where that cannot be told without asking the server. */
export function namesAfter(node: Node, names: NameEnvironment, snapshot: Snapshot): NameEnvironment | undefined {
  if ('VariableSetStmt' in node) return afterSet(node.VariableSetStmt, names, snapshot);
  if ('CreateStmt' in node) return afterCreation(node.CreateStmt.relation, names);
  if ('CreateTableAsStmt' in node) return afterCreation(node.CreateTableAsStmt.into?.rel, names);
  if ('SelectStmt' in node && node.SelectStmt.intoClause) return afterCreation(node.SelectStmt.intoClause.rel, names);
  return KEEPS_NAMES.has(Object.keys(node)[0] ?? '') ? names : undefined;
}

function afterCreation(range: RangeVar | undefined, names: NameEnvironment): NameEnvironment | undefined {
  if (!range) return undefined;
  const temporary = range.relpersistence === 't' || /^pg_temp/.test(range.schemaname ?? names.creationSchema ?? '');
  if (!temporary) return names;
  const schemas = names.schemas.some((s) => s.startsWith('pg_temp')) ? names.schemas : ['pg_temp', ...names.schemas];
  return { ...names, schemas, tempRelations: new Set([...names.tempRelations, range.relname ?? '']) };
}

/** Settings by which texts are read and results written. The whole text was read before its first statement runs. */
const READ_BY = new Set(['client_encoding', 'names', 'standard_conforming_strings']);

function afterSet(
  { kind, name, args }: Extract<Node, { VariableSetStmt: unknown }>['VariableSetStmt'],
  names: NameEnvironment,
  snapshot: Snapshot,
): NameEnvironment | undefined {
  const setting = name?.toLowerCase() ?? '';
  if (READ_BY.has(setting)) return names;
  if (kind !== 'VAR_SET_VALUE' || setting !== 'search_path') return undefined;
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
  return { ...names, schemas: [...temporary, ...system, ...schemas], creationSchema: schemas[0] };
}

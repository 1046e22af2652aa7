/** Statements that define code: what of it can run before it is committed, and what must not be defined at all. */
import type { Node } from '@pgsql/types';
import type { Viewer } from './analysis.js';
import { type Mentions, mentionsOf, stringOf } from './mentions.js';
import type { NameEnvironment } from './plan-types.js';
import type { Protection } from './protection.js';
import { unsupported } from './refuse.js';
import { resolveRelation } from './relations.js';

type Fields = Readonly<Record<string, unknown>>;

/** Kinds that define something by which routines run unnamed, or give other names to what there is. */
const CODE = new Set(
  (
    'DefineStmt CreateCastStmt CreateDomainStmt AlterDomainStmt CreateExtensionStmt AlterExtensionStmt ' +
    'AlterExtensionContentsStmt CreateOpClassStmt CreateConversionStmt CreateTransformStmt AlterOperatorStmt'
  ).split(' '),
);
const RENAMES = new Set(['RenameStmt', 'AlterObjectSchemaStmt']);
/** Their conditions and actions read what they name whenever somebody else's rows are read or written. */
const READS_ROWS = new Set(['RuleStmt', 'CreatePolicyStmt', 'AlterPolicyStmt']);
/** What these are named decides nothing but errors. */
const HARMLESS_RENAMES = new Set(
  'OBJECT_TABLE OBJECT_COLUMN OBJECT_INDEX OBJECT_SEQUENCE OBJECT_TABCONSTRAINT OBJECT_ROLE OBJECT_DATABASE'.split(' '),
);

/** True for a statement after which other statements can run code that nobody has judged. */
export function definesCode(kind: string, statement: Fields, mentions: Mentions, viewer: Viewer): boolean {
  if (CODE.has(kind) || (kind === 'CreateSchemaStmt' && statement.schemaElts !== undefined)) return true;
  const isConcerned = mentions.relations.some((r) => viewer.protection.relationsNamed(r.name).length > 0);
  if (isConcerned && (RENAMES.has(kind) || READS_ROWS.has(kind))) return true;
  if (RENAMES.has(kind)) return !HARMLESS_RENAMES.has(String(statement.renameType ?? statement.objectType ?? ''));
  return kind === 'CreateFunctionStmt' && !isHarmlessFunction(statement, viewer);
}

function isHarmlessFunction(statement: Fields, { protection, uncommitted }: Viewer): boolean {
  // It could call what the transaction has defined before.
  if (uncommitted.size > 0) return false;
  let language = 'sql';
  let body = '';
  for (const option of (statement.options as Node[] | undefined) ?? []) {
    if (!('DefElem' in option)) return false;
    const { defname, arg } = option.DefElem;
    if (defname === 'language') language = (stringOf(arg) ?? '').toLowerCase();
    if (defname === 'as') body = arg && 'List' in arg ? (arg.List.items ?? []).map(stringOf).join('\n') : '';
  }
  const parts = mentionsOf([statement.parameters, statement.returnType, statement.sql_body]);
  return (
    protection.bodies.judge(language, body) === undefined &&
    !parts.relations.some((r) => protection.relationsNamed(r.name).length > 0) &&
    ![...parts.routines, ...parts.attributes].some((r) => protection.unsafe.routineNamed(r)) &&
    !parts.operators.some((o) => protection.unsafe.operatorNamed(o)) &&
    protection.unsafe.castIn(parts) === undefined
  );
}

/** True where no routine or operator that somebody has defined is mentioned, but for those of extensions. */
export function callsOnlyBuiltins(mentions: Mentions, { snapshot }: Protection): boolean {
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

const LASTING_ONLY = new Set(
  (
    'CreateFunctionStmt DefineStmt CreateDomainStmt CreateCastStmt CompositeTypeStmt CreateEnumStmt CreateRangeStmt ' +
    'CreateOpClassStmt CreateConversionStmt CreateTransformStmt'
  ).split(' '),
);

/**
 * Temporary objects are in no snapshot, so they must be no more than tables of plain values.
 * @throws RefusalError
 */
export function assertNotTemporary(
  kind: string,
  statement: Fields,
  mentions: Mentions,
  names: () => NameEnvironment,
  protection: Protection,
): void {
  if (LASTING_ONLY.has(kind)) {
    if (mentionsTemporary(statement) || names().creationSchema?.startsWith('pg_temp')) {
      throw unsupported('a temporary function, type or operator');
    }
    return;
  }
  if (kind !== 'CreateStmt' && kind !== 'AlterTableStmt' && kind !== 'CreateTrigStmt') return;
  if (kind !== 'CreateTrigStmt' && callsOnlyBuiltins(mentions, protection)) return;
  const range = (statement.relation ?? {}) as {
    readonly relname?: string;
    readonly schemaname?: string;
    readonly relpersistence?: string;
  };
  const found = resolveRelation(range, protection.snapshot, names).kind;
  const created = kind === 'CreateStmt' && (range.schemaname ?? names().creationSchema ?? '').startsWith('pg_temp');
  if (range.relpersistence === 't' || created || (kind !== 'CreateStmt' && found === 'temporary')) {
    throw unsupported('a trigger or a function in the definition of a temporary table');
  }
}

/** A name in the temporary schema, anywhere in the statement. */
function mentionsTemporary(node: unknown): boolean {
  if (typeof node === 'string') return /^pg_temp(_\d+)?$/.test(node);
  if (Array.isArray(node)) return node.some(mentionsTemporary);
  return node !== null && typeof node === 'object' && Object.values(node).some(mentionsTemporary);
}

/** Statements that change relations without naming them: with their schema, or with all that a role owns. */
import type { Node } from '@pgsql/types';
import type { Relation } from '../catalog/snapshot.js';
import type { NameLookup } from './analysis.js';
import { stringOf } from './mentions.js';

/** Whether a statement changes the relation so; undefined for a statement that changes what it names alone. */
export function sweptBy(
  name: string,
  statement: Readonly<Record<string, unknown>>,
  names: NameLookup,
): ((relation: Relation) => boolean) | undefined {
  if (name === 'RenameStmt' && statement.renameType === 'OBJECT_SCHEMA') {
    return ({ schema }) => schema === statement.subname;
  }
  if (name === 'DropStmt' && statement.removeType === 'OBJECT_SCHEMA') {
    const schemas = ((statement.objects as Node[] | undefined) ?? []).map(stringOf);
    return ({ schema }) => schemas.includes(schema);
  }
  if (name !== 'DropOwnedStmt') return undefined;
  const roles = ((statement.roles as Node[] | undefined) ?? []).map((role) => roleOf(role, names));
  // With a schema goes what others have in it.
  const cascades = statement.behavior === 'DROP_CASCADE';
  return ({ owner, schemaOwner }) =>
    roles.some((role) => role === undefined || role === owner || (cascades && role === schemaOwner));
}

/** Undefined for the role of the login, which SET SESSION AUTHORIZATION changes. */
function roleOf(node: Node, names: NameLookup): string | undefined {
  if (!('RoleSpec' in node)) return undefined;
  const { roletype, rolename } = node.RoleSpec;
  if (roletype === 'ROLESPEC_CSTRING') return rolename;
  return roletype === 'ROLESPEC_SESSION_USER' ? undefined : names().role;
}

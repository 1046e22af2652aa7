/**
 * What a parse tree mentions, whatever node it stands in: names of relations, routines, operators and columns. It looks
 * at the shape of fields, not at kinds of nodes, so that nothing in a node of an unknown kind is missed.
 */

export interface NamedReference {
  /** undefined for an unqualified name */
  readonly schema: string | undefined;
  readonly name: string;
  /** UTF-8 byte offset in the text. */
  readonly location: number;
}

/** A relation that a statement changes, at any depth. */
export interface Modified extends NamedReference {
  readonly kind: 'insert' | 'update' | 'delete' | 'merge' | 'truncate' | 'copy';
  readonly deletes: boolean;
  /** Columns of SET. */
  readonly columns: readonly string[];
}

export interface Mentions {
  readonly modified: Modified[];
  readonly relations: NamedReference[];
  readonly routines: (NamedReference & { readonly argumentCount?: number })[];
  readonly operators: NamedReference[];
  /** Names that attribute notation can make a call of a routine: `row.f`. */
  readonly attributes: NamedReference[];
  /** Names of types, without their schemas. */
  readonly types: Set<string>;
  /** How often a name stands last in a column reference; it can be a column or, standing alone, a whole row. */
  readonly columns: Map<string, number>;
  /** Qualifiers of `x.*`, and '' for a bare `*`; one entry each. */
  readonly stars: string[];
  /** Every alias of a relation, join or query. */
  readonly aliases: Set<string>;
  /** Names of common table expressions. */
  readonly ctes: Set<string>;
  /** Columns named in USING. */
  readonly using: Set<string>;
  /** NATURAL, or a list of names behind a join's alias: all columns of what is joined count. */
  natural: boolean;
  /** Aliases of joins: their `*` stands for all columns of what is joined. */
  readonly joins: Set<string>;
  /** A query that locks rows. */
  locking: boolean;
}

/** Collects the mentions of one statement. */
export function mentionsOf(tree: unknown): Mentions {
  const found: Mentions = {
    modified: [],
    relations: [],
    routines: [],
    operators: [],
    attributes: [],
    types: new Set(),
    columns: new Map(),
    stars: [],
    aliases: new Set(),
    ctes: new Set(),
    using: new Set(),
    natural: false,
    joins: new Set(),
    locking: false,
  };
  visit(tree, found);
  return found;
}

type Fields = Readonly<Record<string, unknown>>;

function visit(node: unknown, found: Mentions): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, found);
    return;
  }
  if (node === null || typeof node !== 'object') return;
  const fields = node as Fields;
  if (typeof fields.relname === 'string') {
    found.relations.push({
      schema: typeof fields.schemaname === 'string' ? fields.schemaname : undefined,
      name: fields.relname,
      location: locationOf(fields),
    });
  }
  if (Array.isArray(fields.funcname)) {
    const args = Array.isArray(fields.args) ? fields.args.length : 0;
    // Arguments of CREATE TRIGGER are not those of the function.
    const isCall = !('trigname' in fields);
    addName(fields.funcname, locationOf(fields), (reference) =>
      found.routines.push({ ...reference, ...(isCall ? { argumentCount: args } : {}) }),
    );
  }
  const operator = fields.name ?? fields.operName ?? fields.useOp;
  if (Array.isArray(operator) && (typeof fields.kind === 'string' || fields.operName || fields.useOp)) {
    addName(operator, locationOf(fields), (reference) => found.operators.push(reference));
  }
  for (const name of impliedOperators(fields)) {
    found.operators.push({ schema: undefined, name, location: locationOf(fields) });
  }
  if (Array.isArray(fields.names)) {
    const type = stringOf(fields.names.at(-1));
    if (type !== undefined) found.types.add(type);
  }
  if (Array.isArray(fields.indirection)) {
    for (const part of fields.indirection) {
      const name = stringOf(part);
      if (name !== undefined) found.attributes.push({ schema: undefined, name, location: -1 });
    }
  }
  if (typeof fields.aliasname === 'string') found.aliases.add(fields.aliasname);
  if (typeof fields.ctename === 'string') found.ctes.add(fields.ctename);
  if (fields.isNatural === true) found.natural = true;
  if ('JoinExpr' in fields) addJoin(fields.JoinExpr as Fields, found);
  if (Array.isArray(fields.lockingClause)) found.locking = true;
  if (Array.isArray(fields.usingClause) && 'larg' in fields) {
    for (const name of fields.usingClause) {
      const text = stringOf(name);
      if (text !== undefined) found.using.add(text);
    }
  }
  if ('ColumnRef' in fields) addColumn(fields.ColumnRef as Fields, found);
  addModified(fields, found);
  for (const key in fields) visit(fields[key], found);
}

function addJoin({ alias }: Fields, found: Mentions): void {
  if (!alias) return;
  const { aliasname, colnames } = alias as { readonly aliasname?: string; readonly colnames?: unknown };
  if (aliasname !== undefined) found.joins.add(aliasname);
  if (colnames) found.natural = true;
}

/** Operators that the server looks up although the text does not have them. */
function impliedOperators(fields: Fields): readonly string[] {
  if (typeof fields.kind === 'string' && fields.kind.includes('BETWEEN')) return ['>=', '<=', '<', '>'];
  const caseOf = fields.CaseExpr as Fields | undefined;
  const inQuery = fields.subLinkType === 'ANY_SUBLINK' && !fields.operName;
  return caseOf?.arg || inQuery || fields.usingClause || fields.isNatural ? ['='] : [];
}

function addModified(fields: Fields, found: Mentions): void {
  const add = (kind: Modified['kind'], range: unknown, deletes: boolean, targets: readonly unknown[]): void => {
    const { relname, schemaname } = (range ?? {}) as { readonly relname?: string; readonly schemaname?: string };
    if (relname === undefined) return;
    const columns = targets.map((t) => (t as { ResTarget?: { name?: string } }).ResTarget?.name ?? '');
    found.modified.push({
      kind,
      schema: schemaname,
      name: relname,
      location: locationOf(range as object),
      deletes,
      columns,
    });
  };
  const update = fields.UpdateStmt as Fields | undefined;
  if (update) add('update', update.relation, false, (update.targetList as unknown[]) ?? []);
  const deletion = fields.DeleteStmt as Fields | undefined;
  if (deletion) add('delete', deletion.relation, true, []);
  const truncation = fields.TruncateStmt as Fields | undefined;
  for (const node of (truncation?.relations as Fields[] | undefined) ?? []) add('truncate', node.RangeVar, true, []);
  const insert = fields.InsertStmt as Fields | undefined;
  const conflict = insert?.onConflictClause as Fields | undefined;
  if (insert) add('insert', insert.relation, false, (conflict?.targetList as unknown[]) ?? []);
  const copy = fields.CopyStmt as Fields | undefined;
  if (copy?.is_from) add('copy', copy.relation, false, []);
  const merge = fields.MergeStmt as Fields | undefined;
  if (!merge) return;
  const actions = ((merge.mergeWhenClauses as Fields[] | undefined) ?? []).map(
    (node) => node.MergeWhenClause as Fields,
  );
  const updates = actions.filter((action) => action.commandType === 'CMD_UPDATE');
  const deletes = actions.some((action) => action.commandType === 'CMD_DELETE');
  add(
    'merge',
    merge.relation,
    deletes,
    updates.flatMap((action) => (action.targetList as unknown[]) ?? []),
  );
}

function addColumn(reference: Fields, found: Mentions): void {
  const parts = Array.isArray(reference.fields) ? reference.fields : [];
  const last = parts.at(-1);
  const text = stringOf(last);
  if (text !== undefined && parts.length > 1) {
    found.attributes.push({ schema: undefined, name: text, location: locationOf(reference) });
  }
  if (text !== undefined) found.columns.set(text, (found.columns.get(text) ?? 0) + 1);
  else found.stars.push(parts.length > 1 ? (stringOf(parts.at(-2)) ?? '') : '');
}

function addName(parts: readonly unknown[], location: number, add: (reference: NamedReference) => void): void {
  const names = parts.map(stringOf);
  const name = names.at(-1);
  if (name === undefined) return;
  add({ schema: names.length > 1 ? names.at(-2) : undefined, name, location });
}

/** The text of a `String` node. */
export function stringOf(node: unknown): string | undefined {
  if (node === null || typeof node !== 'object' || !('String' in node)) return undefined;
  return (node as { String: { sval?: string } }).String.sval ?? '';
}

/** A location of 0 is left out of the tree; one that is not known is -1. */
export function locationOf(fields: object): number {
  const { location } = fields as { readonly location?: unknown };
  return typeof location === 'number' ? location : 0;
}

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
  readonly inserts: boolean;
  /** Columns of SET. */
  readonly columns: readonly string[];
}

/** An argument of a call, as far as its text says what it is. */
export interface Argument {
  /** Of `name => value`. */
  readonly name?: string;
  /** `format_type` of its type, where no search_path can make it another. */
  readonly type?: string;
  /** The value of a string constant. */
  readonly text?: string;
}

export interface CalledReference extends NamedReference {
  /** The rest is not known of a routine that is named and not called. */
  readonly argumentCount?: number;
  /** Not of a call with VARIADIC. */
  readonly arguments?: readonly Argument[];
}

export interface Mentions {
  readonly modified: Modified[];
  readonly relations: NamedReference[];
  readonly routines: CalledReference[];
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
    const args = Array.isArray(fields.args) ? fields.args : [];
    // Arguments of CREATE TRIGGER are not those of the function.
    const isCall = !('trigname' in fields);
    const call = {
      argumentCount: args.length,
      ...(fields.func_variadic === true ? {} : { arguments: args.map(argumentOf) }),
    };
    addName(fields.funcname, locationOf(fields), (reference) =>
      found.routines.push({ ...reference, ...(isCall ? call : {}) }),
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

function argumentOf(node: unknown): Argument {
  const { NamedArgExpr: named, TypeCast: cast, A_Const: constant } = (node ?? {}) as Record<string, Fields | undefined>;
  if (named) return { ...argumentOf(named.arg), name: String(named.name ?? '') };
  if (cast) {
    const type = typeOfName(cast.typeName as Fields | undefined);
    const { text } = argumentOf(cast.arg);
    // To older grammars `true` is a cast of a string.
    return type === undefined ? (text === undefined ? {} : { text }) : { type };
  }
  if (!constant) return {};
  const { sval, ival, fval, boolval } = constant as Record<string, { sval?: string; fval?: string } | undefined>;
  if (sval) return { text: sval.sval ?? '' };
  if (boolval) return { type: 'boolean' };
  if (ival) return { type: 'integer' };
  const type = fval && typeOfNumber(fval.fval ?? '');
  return type === undefined ? {} : { type };
}

/** Types that the grammar itself puts into pg_catalog, by their names there, as `format_type` writes them. */
const GRAMMAR_TYPES: Readonly<Record<string, string>> = {
  bool: 'boolean',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  numeric: 'numeric',
  varchar: 'character varying',
  bpchar: 'character',
  interval: 'interval',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};

/** The type that a name means under every search_path, as `format_type` writes it without a modifier. */
export function typeOfName(typeName: Fields | undefined): string | undefined {
  const names = Array.isArray(typeName?.names) ? typeName.names.map(stringOf) : [];
  if (typeName?.arrayBounds || typeName?.setof || names.length !== 2 || names[0] !== 'pg_catalog') return undefined;
  const name = names[1] ?? '';
  return Object.hasOwn(GRAMMAR_TYPES, name) ? GRAMMAR_TYPES[name] : undefined;
}

/** As `make_const` decides for a number that the grammar could not keep as an integer. */
function typeOfNumber(digits: string): string | undefined {
  if (!/^-?[0-9]+$/.test(digits)) return /^-?[0-9.]+(e[-+]?[0-9]+)?$/i.test(digits) ? 'numeric' : undefined;
  const value = BigInt(digits);
  if (BigInt.asIntN(32, value) === value) return 'integer';
  return BigInt.asIntN(64, value) === value ? 'bigint' : 'numeric';
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
  const add = (
    kind: Modified['kind'],
    range: unknown,
    { deletes = false, inserts = false }: Partial<Pick<Modified, 'deletes' | 'inserts'>>,
    targets: readonly unknown[],
  ): void => {
    const { relname, schemaname } = (range ?? {}) as { readonly relname?: string; readonly schemaname?: string };
    if (relname === undefined) return;
    const columns = targets.map((t) => (t as { ResTarget?: { name?: string } }).ResTarget?.name ?? '');
    found.modified.push({
      kind,
      schema: schemaname,
      name: relname,
      location: locationOf(range as object),
      deletes,
      inserts,
      columns,
    });
  };
  const update = fields.UpdateStmt as Fields | undefined;
  if (update) add('update', update.relation, {}, (update.targetList as unknown[]) ?? []);
  const deletion = fields.DeleteStmt as Fields | undefined;
  if (deletion) add('delete', deletion.relation, { deletes: true }, []);
  const truncation = fields.TruncateStmt as Fields | undefined;
  for (const node of (truncation?.relations as Fields[] | undefined) ?? [])
    add('truncate', node.RangeVar, { deletes: true }, []);
  const insert = fields.InsertStmt as Fields | undefined;
  const conflict = insert?.onConflictClause as Fields | undefined;
  if (insert) add('insert', insert.relation, { inserts: true }, (conflict?.targetList as unknown[]) ?? []);
  const copy = fields.CopyStmt as Fields | undefined;
  if (copy?.is_from) add('copy', copy.relation, { inserts: true }, []);
  const merge = fields.MergeStmt as Fields | undefined;
  if (!merge) return;
  const actions = ((merge.mergeWhenClauses as Fields[] | undefined) ?? []).map(
    (node) => node.MergeWhenClause as Fields,
  );
  const updates = actions.filter((action) => action.commandType === 'CMD_UPDATE');
  const has = (command: string): boolean => actions.some((action) => action.commandType === command);
  add(
    'merge',
    merge.relation,
    { deletes: has('CMD_DELETE'), inserts: has('CMD_INSERT') },
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

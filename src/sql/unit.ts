/**
 * A text under edit: the client's, or the definition of a view that stands in its place. Edits are made on the text, so
 * that comments and formatting stay, and on the tree; the edited text must parse to the edited tree.
 */
import type { Node } from '@pgsql/types';
import { ParserFailure, type RawStatement, type SqlParser, SqlSyntaxError } from './parse.js';
import { unsupported } from './refuse.js';
import { type SplicedText, splice } from './splice.js';
import { indexTokens, type TokenIndex } from './tokens.js';

/** An edit whose text is made once the whole statement has been analysed. */
export interface PendingEdit {
  /** UTF-8 byte offsets. */
  readonly start: number;
  readonly end: number;
  readonly render: () => string;
  /** Makes the same change in the tree. */
  readonly mean: (replacement: string, parser: SqlParser) => void;
}

export interface Unit {
  readonly text: string;
  readonly statements: readonly RawStatement[];
  readonly edits: PendingEdit[];
  tokens(): TokenIndex;
  /** A location in this text as a byte offset in the client's own. */
  locate(location: number): number | undefined;
}

export function createUnit(
  text: string,
  statements: readonly RawStatement[],
  locate: (location: number) => number | undefined,
): Unit {
  let index: TokenIndex | undefined;
  return {
    text,
    statements,
    edits: [],
    tokens: () => {
      index ??= indexTokens(text);
      return index;
    },
    locate,
  };
}

/**
 * The edited text, once it is known to say what was meant.
 * @throws RefusalError where it does not
 */
export function renderUnit(unit: Unit, parser: SqlParser): SplicedText {
  const rendered = unit.edits.map((edit) => ({ ...edit, replacement: edit.render() }));
  const spliced = splice(unit.text, rendered);
  for (const edit of rendered) edit.mean(edit.replacement, parser);
  const meant = unit.statements.map((statement) => statement.node);
  if (!sameTree(reparse(spliced.text, parser), meant)) throw unsupported('a statement that cannot be rewritten safely');
  return spliced;
}

function reparse(text: string, parser: SqlParser): readonly Node[] {
  try {
    return parser.parse(text).map((statement) => statement.node);
  } catch (error) {
    if (error instanceof SqlSyntaxError || error instanceof ParserFailure) {
      throw unsupported('a statement that cannot be rewritten safely');
    }
    throw error;
  }
}

const PLACES = new Set([
  'location',
  'stmt_location',
  'stmt_len',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
  'name_location',
]);

/** Equal but for places in the text. */
function sameTree(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameTree(item, b[i]));
  }
  if (Array.isArray(b)) return false;
  const keysOf = (o: object): string[] => Object.keys(o).filter((key) => !PLACES.has(key));
  const keys = keysOf(a);
  return (
    keys.length === keysOf(b).length &&
    keys.every((key) => sameTree((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

/** Makes `target`, a node in its wrapper, the other node. */
export function replaceNode(target: object, by: object): void {
  for (const key of Object.keys(target)) delete (target as Record<string, unknown>)[key];
  Object.assign(target, by);
}

/** The tree of an item of FROM. */
export function parseFromItem(sql: string, parser: SqlParser): Node {
  const node = fragment(`SELECT FROM ${sql}`, parser);
  return ('SelectStmt' in node && node.SelectStmt.fromClause?.[0]) || missing();
}

/** The tree of an expression. */
export function parseExpression(sql: string, parser: SqlParser): Node {
  const [target] = parseTargets(sql, parser);
  return (target && 'ResTarget' in target && target.ResTarget.val) || missing();
}

/** The trees of a target list. */
export function parseTargets(sql: string, parser: SqlParser): Node[] {
  const node = fragment(`SELECT ${sql}`, parser);
  return ('SelectStmt' in node && node.SelectStmt.targetList) || missing();
}

function fragment(sql: string, parser: SqlParser): Node {
  try {
    return parser.parse(sql)[0]?.node ?? missing();
  } catch (error) {
    if (error instanceof SqlSyntaxError || error instanceof ParserFailure) return missing();
    throw error;
  }
}

function missing(): never {
  throw unsupported('a statement that cannot be rewritten safely');
}

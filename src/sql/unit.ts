/**
 * A text under edit: the client's, or the definition of a view that stands in its place. Edits are made on the text, so
 * that comments and formatting stay, and on the tree; the edited text must parse to the edited tree.
 */
import type { Node } from '@pgsql/types';
import type { Pace } from './pace.js';
import { ParserFailure, type RawStatement, type SqlParser, SqlSyntaxError } from './parse.js';
import { keepingParsed } from './parsed-texts.js';
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
 * @throws OverBudget as the pace
 */
export function renderUnit(unit: Unit, parser: SqlParser, pace: Pace): SplicedText {
  const rendered = unit.edits.map((edit) => {
    pace();
    return { ...edit, replacement: edit.render() };
  });
  const spliced = splice(unit.text, rendered);
  for (const edit of rendered) {
    pace(edit.replacement.length);
    edit.mean(edit.replacement, parser);
  }
  pace(spliced.text.length);
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
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!sameTree(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  let fields = 0;
  for (const key in a) {
    if (PLACES.has(key)) continue;
    fields++;
    if (!sameTree((a as Fields)[key], (b as Fields)[key])) return false;
  }
  for (const key in b) if (!PLACES.has(key)) fields--;
  return fields === 0;
}

type Fields = Readonly<Record<string, unknown>>;

/** Makes `target`, a node in its wrapper, the other node. */
export function replaceNode(target: object, by: object): void {
  for (const key of Object.keys(target)) delete (target as Record<string, unknown>)[key];
  Object.assign(target, by);
}

/** What stands in the place of a relation comes again and again, and is long. */
const fromItems = keepingParsed<Node>(500);

/** The tree of an item of FROM; it is shared and must not be changed. */
export function parseFromItem(sql: string, parser: SqlParser): Node {
  return fromItems(sql, parser, () => {
    const node = fragment(`SELECT FROM ${sql}`, parser);
    return ('SelectStmt' in node && node.SelectStmt.fromClause?.[0]) || missing();
  });
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

/** Reads bodies of routines: what they mention, or why they cannot be told harmless whatever they mention. */
import type { Node } from '@pgsql/types';
import { type Mentions, mentionsOf, stringOf } from './mentions.js';
import { ParserFailure, type SqlParser, SqlSyntaxError } from './parse.js';
import { keepingParsed } from './parsed-texts.js';
import { NotUnderstood, readPlpgsql } from './plpgsql.js';
import { endsStringWithBackslash, withoutComments } from './tokens.js';

export interface Body {
  /** `pg_language.lanname` */
  readonly language: string;
  readonly source: string;
  /** `RETURN …` or `BEGIN ATOMIC …`, as `pg_get_function_sqlbody` writes it. */
  readonly sqlStandard: boolean;
}

export type BodyReading =
  | {
      readonly kind: 'read';
      readonly mentions: Mentions;
      /** What tables and indexes that it makes are defined with. */
      readonly definitions: Mentions;
      /** It reads from cursors, which can be a client's. */
      readonly fetches: boolean;
    }
  /** `reason` goes on from "it": `runs SQL that it makes up (EXECUTE)`. */
  | { readonly kind: 'unsafe'; readonly reason: string };

const readings = keepingParsed<BodyReading>(20_000);

export function readBody(body: Body, parser: SqlParser): BodyReading {
  const key = `${body.language} ${body.sqlStandard} ${body.source}`;
  return readings(key, parser, () => readNow(body, parser));
}

/** The language and the text of DO. */
export function doBlockOf(args: readonly Node[]): Pick<Body, 'language' | 'source'> {
  let [language, source] = ['plpgsql', ''];
  for (const arg of args) {
    const { defname, arg: value } = 'DefElem' in arg ? arg.DefElem : {};
    if (defname === 'as') source = stringOf(value) ?? '';
    else language = defname === 'language' ? (stringOf(value) ?? '').toLowerCase() : 'an unknown way';
  }
  return { language, source };
}

/** Why a body is refused as soon as it is read. */
class Refused extends Error {
  override readonly name = 'Refused';
}

function readNow(body: Body, parser: SqlParser): BodyReading {
  try {
    const code = codeOf(body, parser);
    const mentions = mentionsOf(code.trees);
    for (const name of code.typeNames) mentions.types.add(name);
    assertSettings(mentions);
    return { kind: 'read', mentions, definitions: mentionsOf(code.defining), fetches: code.fetches };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'unsafe', reason: error.message };
    const why = error instanceof NotUnderstood || error instanceof SqlSyntaxError ? `: ${error.message}` : '';
    if (why === '' && !(error instanceof ParserFailure)) throw error;
    return { kind: 'unsafe', reason: `cannot be analysed${why}` };
  }
}

interface Code {
  readonly trees: unknown[];
  readonly defining: Node[];
  readonly typeNames: string[];
  fetches: boolean;
}

/** @throws Refused, NotUnderstood, SqlSyntaxError, ParserFailure */
function codeOf({ language, source, sqlStandard }: Body, parser: SqlParser): Code {
  if (language !== 'sql' && language !== 'plpgsql') {
    throw new Refused(`is written in ${language}, which pgveil does not read`);
  }
  if (endsStringWithBackslash(source)) {
    throw new Refused('cannot be analysed: where a string of it ends depends on standard_conforming_strings');
  }
  const code: Code = { trees: [], defining: [], typeNames: [], fetches: false };
  if (sqlStandard) {
    for (const node of parse(`CREATE FUNCTION f() RETURNS void LANGUAGE sql ${source}`, parser)) {
      code.trees.push('CreateFunctionStmt' in node ? node.CreateFunctionStmt.sql_body : node);
    }
    return code;
  }
  // The grammar's build does not look behind a comment where it needs two words to decide.
  const text = withoutComments(source) ?? source;
  if (language === 'sql') {
    for (const node of parse(text, parser)) add(node, code, parser);
    return code;
  }
  const { statements, typeNames, dynamic, fetches } = readPlpgsql(text);
  if (dynamic) throw new Refused('runs SQL that it makes up (EXECUTE)');
  const nodes = parse(statements.join(';\n'), parser);
  // As many as there were, so that none holds two.
  if (nodes.length !== statements.length) throw new NotUnderstood('a statement that is more than one');
  code.typeNames.push(...typeNames);
  code.fetches = fetches;
  for (const node of nodes) add(node, code, parser);
  return code;
}

function parse(text: string, parser: SqlParser): readonly Node[] {
  return parser.parse(text).map((statement) => statement.node);
}

/** Statements that do no more than what they mention. Others define code, or run what a client has prepared. */
const PLAIN = new Set(
  (
    'SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CallStmt DoStmt TransactionStmt VariableSetStmt ' +
    'VariableShowStmt ConstraintsSetStmt NotifyStmt ListenStmt UnlistenStmt LockStmt TruncateStmt VacuumStmt ' +
    'RefreshMatViewStmt ExplainStmt CreateTableAsStmt CreateStmt IndexStmt DropStmt CreateSeqStmt AlterSeqStmt ' +
    'CreateEnumStmt AlterEnumStmt CommentStmt'
  ).split(' '),
);
const DROPPED = new Set(['OBJECT_TABLE', 'OBJECT_INDEX', 'OBJECT_SEQUENCE']);

function add(node: Node, code: Code, parser: SqlParser): void {
  const kind = Object.keys(node)[0] ?? '';
  const dropsCode = 'DropStmt' in node && !DROPPED.has(node.DropStmt.removeType ?? '');
  const executes = 'CreateTableAsStmt' in node && !('SelectStmt' in (node.CreateTableAsStmt.query ?? {}));
  if (!PLAIN.has(kind) || dropsCode || executes) {
    throw new Refused(`runs a statement that pgveil does not follow in a body (${kind.replace(/Stmt$/, '')})`);
  }
  if ('VariableSetStmt' in node) assertSetting(node.VariableSetStmt.name);
  if ('CreateStmt' in node || 'IndexStmt' in node) code.defining.push(node);
  code.trees.push(node);
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_TABLE')
    code.trees.push(emptied(node.DropStmt.objects));
  if (!('DoStmt' in node)) return;
  const block = codeOf({ ...doBlockOf(node.DoStmt.args ?? []), sqlStandard: false }, parser);
  code.trees.push(...block.trees);
  code.defining.push(...block.defining);
  code.typeNames.push(...block.typeNames);
  code.fetches ||= block.fetches;
}

/** A table that is dropped has no rows any more, also where another takes its name. */
function emptied(objects: readonly Node[] | undefined): unknown {
  const relations = (objects ?? []).map((object) => {
    const names = ('List' in object ? (object.List.items ?? []) : [object]).map(stringOf);
    const [relname, schemaname] = [names.at(-1), names.at(-2)];
    return { RangeVar: { relname, ...(schemaname === undefined ? {} : { schemaname }) } };
  });
  return { TruncateStmt: { relations } };
}

/** Settings that decide how the server reads what a client sends next, which may already be on its way. */
const READING = new Set(['standard_conforming_strings', 'client_encoding', 'names']);

function assertSettings({ routines, modified }: Mentions): void {
  for (const { name, arguments: given } of routines) {
    if (name === 'set_config') assertSetting(given?.[0]?.text);
  }
  if (modified.some(({ name }) => name === 'pg_settings')) assertSetting(undefined);
}

/** @param name undefined for a setting that the text does not tell, or for all */
function assertSetting(name: string | undefined): void {
  if (name !== undefined && !READING.has(name.toLowerCase())) return;
  throw new Refused('may change how the server reads SQL (standard_conforming_strings or client_encoding)');
}

/**
 * PostgreSQL's own grammar, of the server's major version: SQL text in, parse tree or the server's syntax error out.
 */
import { createRequire } from 'node:module';
import type { Node } from '@pgsql/types';
import { tokenize } from './tokens.js';

/** One statement of a text, `RawStmt`. */
export interface RawStatement {
  readonly node: Node;
  /** UTF-8 byte offset of the statement in the text. */
  readonly start: number;
  /** UTF-8 byte length; up to the end of the text for the last statement without a semicolon. */
  readonly length: number;
}

/** The text is not SQL to a server of that version: what the server itself would answer. */
export class SqlSyntaxError extends Error {
  override readonly name = 'SqlSyntaxError';
  /**
   * @param code SQLSTATE
   * @param position characters (code points) from 1, undefined where the server gives none
   */
  constructor(
    readonly code: string,
    message: string,
    readonly position?: number,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** The parser itself failed (stack overflow, trap): nothing is known of the text, so it must be refused. */
export class ParserFailure extends Error {
  override readonly name = 'ParserFailure';
}

/** Texts longer than this (UTF-8 bytes) are not parsed: 8 MB takes about a second on the event loop. */
const MAX_TEXT_BYTES = 8 * 1024 * 1024;

const GRAMMARS = [13, 14, 15, 16, 17, 18] as const;
type Grammar = (typeof GRAMMARS)[number];

interface Wasm {
  loadModule(): Promise<void>;
  parseSync(text: string): { stmts?: { stmt?: Node; stmt_location?: number; stmt_len?: number }[] };
  hasSqlDetails(error: unknown): boolean;
}

const require = createRequire(import.meta.url);

/** The parser for one grammar version. It replaces its WebAssembly instance after any failure other than a syntax error. */
export class SqlParser {
  readonly #grammar: Grammar;
  #wasm: Wasm;
  #isBroken = false;
  #renewal: Promise<void> | undefined;

  private constructor(grammar: Grammar, wasm: Wasm) {
    this.#grammar = grammar;
    this.#wasm = wasm;
  }

  /**
   * Loads the grammar for a server.
   * @param serverVersion `server_version_num`, such as 150018
   * @throws Error when there is no grammar for that version: a newer server may accept what an older grammar misreads.
   */
  static async load(serverVersion: number): Promise<SqlParser> {
    const major = Math.floor(serverVersion / 10_000);
    const grammar = GRAMMARS.find((g) => g === major);
    if (grammar === undefined) {
      throw new Error(`PostgreSQL ${major} is not supported: pgveil has the grammars of ${GRAMMARS.join(', ')}`);
    }
    return new SqlParser(grammar, await instantiate(grammar));
  }

  /**
   * Parses a text of any number of statements; an empty text or one of only comments has none.
   * @throws SqlSyntaxError as the server would answer
   * @throws ParserFailure when the text cannot be judged
   */
  parse(text: string): readonly RawStatement[] {
    assertReadable(text);
    if (this.#isBroken) throw new ParserFailure('the parser is being replaced after a failure');
    if (isBlank(text)) return [];
    let tree: ReturnType<Wasm['parseSync']>;
    try {
      tree = this.#wasm.parseSync(text);
    } catch (error) {
      throw this.#translate(error, text);
    }
    const end = Buffer.byteLength(text);
    return (tree.stmts ?? []).map((raw) => {
      if (!raw.stmt) throw new ParserFailure('a statement without a tree');
      const start = raw.stmt_location ?? 0;
      const node = this.#grammar < 15 ? (modernise(raw.stmt) as Node) : raw.stmt;
      return { node, start, length: raw.stmt_len || end - start };
    });
  }

  /** True after a failure, until `ready`. */
  get isRenewed(): boolean {
    return this.#isBroken;
  }

  /** Resolves when the parser can be used again after a ParserFailure; rejects where that fails, and can be called again. */
  async ready(): Promise<void> {
    if (!this.#isBroken) return;
    this.#renewal ??= instantiate(this.#grammar)
      .then((wasm) => {
        this.#wasm = wasm;
        this.#isBroken = false;
      })
      .finally(() => {
        this.#renewal = undefined;
      });
    await this.#renewal;
  }

  #translate(error: unknown, text: string): Error {
    if (this.#wasm.hasSqlDetails(error)) {
      const { message, sqlDetails } = error as Error & { sqlDetails: { cursorPosition: number } };
      const position = sqlDetails.cursorPosition + 1;
      if (message === 'invalid Unicode escape') return invalidEscape(message, position, text);
      return new SqlSyntaxError('42601', message, position);
    }
    // An instance that trapped leaks its stack and dies for good after some thirty traps.
    this.#isBroken = true;
    this.ready().catch(() => undefined);
    return new ParserFailure('the statement is too deeply nested to be analysed');
  }
}

/** The one error of the scanner whose SQLSTATE depends on the kind of string; the grammar's build keeps neither. */
function invalidEscape(message: string, position: number, text: string): SqlSyntaxError {
  const at = Buffer.byteLength([...text].slice(0, position - 1).join(''));
  const inEscapeString = tokenize(text).some((t) => t.start <= at && at < t.end && /^e'/i.test(t.text));
  const forms = inEscapeString ? '\\uXXXX or \\UXXXXXXXX' : '\\XXXX or \\+XXXXXX';
  return new SqlSyntaxError(inEscapeString ? '22025' : '42601', message, position, `Unicode escapes must be ${forms}.`);
}

/** What the grammar would misread silently: a NUL cuts the text, and a lone surrogate has no UTF-8 form. */
function assertReadable(text: string): void {
  if (text.includes('\0')) throw new SqlSyntaxError('22021', 'invalid byte sequence for encoding "UTF8": 0x00');
  if (!text.isWellFormed()) throw new SqlSyntaxError('22021', 'invalid byte sequence for encoding "UTF8"');
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    throw new ParserFailure(`the statement is longer than ${MAX_TEXT_BYTES} bytes`);
  }
}

/** The binding throws on the empty text, which is valid SQL; white space as PostgreSQL's scanner counts it. */
function isBlank(text: string): boolean {
  return /^[ \t\n\r\f\v]*$/.test(text);
}

/** A fresh instance: the package keeps one per loaded module, so the module is loaded anew. */
async function instantiate(grammar: Grammar): Promise<Wasm> {
  const entry = require.resolve(`@pgsql/parser/v${grammar}`);
  const folder = `${entry.slice(0, -'.cjs'.length)}/`;
  for (const loaded of Object.keys(require.cache)) {
    if (loaded === entry || loaded.startsWith(folder)) delete require.cache[loaded];
  }
  const wasm = require(entry) as Wasm;
  // Who loads a module keeps it for good, and with it some megabytes.
  const siblings = require.cache[entry]?.parent?.children;
  siblings?.splice(0, siblings.length);
  await wasm.loadModule();
  return wasm;
}

const VALUE_FIELDS: Readonly<Record<string, readonly [string, string]>> = {
  Integer: ['ival', 'ival'],
  Float: ['str', 'fval'],
  String: ['str', 'sval'],
  BitString: ['str', 'bsval'],
};

/** Gives constants and names of the grammars 13 and 14 the shape that they have from 15 on (`value.h` changed there). */
function modernise(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(modernise);
  if (tree === null || typeof tree !== 'object') return tree;
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(tree)) {
    out[key] =
      key === 'A_Const'
        ? moderniseConst(value as { val?: Record<string, Record<string, unknown>>; location?: number })
        : isOldValue(key, value)
          ? renameField(key, value)
          : modernise(value);
  }
  return out;
}

function isOldValue(key: string, value: unknown): value is Record<string, unknown> {
  return (key === 'Float' || key === 'String' || key === 'BitString') && typeof value === 'object' && value !== null;
}

function renameField(kind: string, value: Record<string, unknown>): Record<string, unknown> {
  const [from, to] = VALUE_FIELDS[kind]!;
  // A zero has no field at all in the later shape.
  return value[from] === undefined || value[from] === 0 ? {} : { [to]: value[from] };
}

function moderniseConst(constant: { val?: Record<string, Record<string, unknown>>; location?: number }): unknown {
  const place = constant.location === undefined ? {} : { location: constant.location };
  const [kind, value] = Object.entries(constant.val ?? {})[0] ?? ['Null', {}];
  if (kind === 'Null') return { isnull: true, ...place };
  const field = VALUE_FIELDS[kind]?.[1];
  if (field === undefined) throw new ParserFailure(`a constant of the unknown kind ${kind}`);
  return { [field]: renameField(kind, value), ...place };
}

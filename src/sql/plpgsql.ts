/**
 * What a PL/pgSQL body runs: the SQL statements and expressions in it. After `pl_gram.y`, of which it reads the outline
 * only; what it does not understand it does not let pass. Expressions become `SELECT` of them, as the server has it.
 */
import { type Token, tokenize } from './tokens.js';

export interface PlpgsqlCode {
  /** Each is one SQL statement; the caller parses them. */
  readonly statements: readonly string[];
  /** Names in types that refer to a relation or column (`orders.total%TYPE`), whichever part of the name they are. */
  readonly typeNames: readonly string[];
  /** It runs SQL that it makes up: EXECUTE in any form. */
  readonly dynamic: boolean;
  /** It reads from a cursor, which can be one that a client has opened. */
  readonly fetches: boolean;
}

/** The body is not PL/pgSQL as this reader knows it. */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
}

/** @throws NotUnderstood */
export function readPlpgsql(body: string): PlpgsqlCode {
  return new Reader(body).read();
}

/** Keywords with which the query of a FOR loop begins; a cursor or a range of numbers does not. */
const QUERY = new Set('select with values table insert update delete merge show explain'.split(' '));
const RAISE_LEVELS = new Set('exception warning notice info log debug'.split(' '));
const DIRECTIONS = new Set('next prior first last absolute relative forward backward all'.split(' '));

class Reader {
  readonly #bytes: Buffer;
  readonly #tokens: readonly Token[];
  readonly #statements: string[] = [];
  readonly #typeNames: string[] = [];
  #dynamic = false;
  #fetches = false;
  #at = 0;

  constructor(body: string) {
    this.#bytes = Buffer.from(body);
    this.#tokens = tokenize(body);
  }

  read(): PlpgsqlCode {
    // `#option dump`, `#variable_conflict use_column`
    while (this.#accept('#')) for (let i = 0; i < 2; i++) this.#name();
    this.#block();
    this.#accept(';');
    if (this.#at < this.#tokens.length) throw new NotUnderstood('text behind END');
    return {
      statements: this.#statements,
      typeNames: this.#typeNames,
      dynamic: this.#dynamic,
      fetches: this.#fetches,
    };
  }

  /** `[<<label>>] [DECLARE …] BEGIN … [EXCEPTION …] END [label]`, without the semicolon. */
  #block(): void {
    this.#label();
    if (this.#accept('declare')) {
      while (!this.#accept('begin')) if (!this.#accept('declare')) this.#declaration();
    } else this.#expect('begin');
    this.#statementsUntil('end', 'exception');
    if (this.#accept('exception')) {
      while (this.#accept('when')) {
        this.#skipConditions();
        this.#statementsUntil('when', 'end');
      }
    }
    this.#expect('end');
    this.#optionalName();
  }

  #label(): void {
    if (!this.#accept('<<')) return;
    this.#name();
    this.#expect('>>');
  }

  #declaration(): void {
    this.#name();
    if (this.#accept('alias')) {
      this.#expect('for');
      this.#next();
      this.#expect(';');
      return;
    }
    if (this.#is('no') || this.#is('scroll') || this.#is('cursor')) {
      this.#cursorDeclaration();
      return;
    }
    this.#accept('constant');
    this.#type(this.#until(':=', '=', 'default', 'collate', 'not', ';'));
    if (this.#accept('collate')) this.#dottedName();
    if (this.#accept('not')) this.#expect('null');
    if (this.#acceptAssignment() || this.#accept('default')) this.#expression(this.#until(';'));
    this.#expect(';');
  }

  #cursorDeclaration(): void {
    this.#accept('no');
    this.#accept('scroll');
    this.#expect('cursor');
    if (this.#accept('(')) {
      do {
        this.#name();
        this.#type(this.#until(',', ')'));
      } while (this.#accept(','));
      this.#expect(')');
    }
    if (!this.#accept('is')) this.#expect('for');
    this.#statement(this.#until(';'));
    this.#expect(';');
  }

  /** Conditions are names, or SQLSTATE with a string. */
  #skipConditions(): void {
    do {
      if (this.#accept('sqlstate')) this.#next();
      else this.#name();
    } while (this.#accept('or'));
    this.#expect('then');
  }

  #statementsUntil(...ends: readonly string[]): void {
    while (!ends.some((end) => this.#is(end) && !this.#assigns())) this.#one();
  }

  #one(): void {
    if (this.#is('<<')) {
      this.#labelled();
      return;
    }
    const token = this.#peek();
    if (token.kind !== 'identifier' && token.kind !== 'parameter' && token.text !== '(') {
      throw new NotUnderstood(`"${token.text}"`);
    }
    if (this.#assigns() && token.text !== 'execute') {
      this.#assignment();
      return;
    }
    switch (token.text) {
      case 'declare':
      case 'begin':
        this.#block();
        break;
      case 'if':
        this.#if();
        break;
      case 'case':
        this.#case();
        break;
      case 'loop':
      case 'while':
      case 'for':
      case 'foreach':
        this.#loop();
        break;
      case 'exit':
      case 'continue':
        this.#next();
        if (!this.#is('when')) this.#optionalName();
        if (this.#accept('when')) this.#expression(this.#until(';'));
        break;
      case 'return':
        this.#return();
        break;
      case 'raise':
        this.#raise();
        break;
      case 'execute':
        this.#runsText();
        break;
      case 'assert':
      case 'perform':
        this.#next();
        this.#expression(this.#until(';'));
        break;
      case 'get':
        this.#diagnostics();
        break;
      case 'open':
        this.#open();
        break;
      case 'fetch':
      case 'move':
        this.#fetch();
        break;
      case 'close':
        this.#next();
        this.#dottedName();
        break;
      case 'null':
        this.#next();
        break;
      case 'commit':
      case 'rollback':
        this.#next();
        if (this.#accept('and')) {
          this.#accept('no');
          this.#expect('chain');
        }
        break;
      default:
        this.#sql();
    }
    this.#expect(';');
  }

  #labelled(): void {
    const start = this.#at;
    this.#label();
    if (this.#is('declare') || this.#is('begin')) {
      this.#at = start;
      this.#block();
    } else this.#loop();
    this.#expect(';');
  }

  /** At a variable that is assigned to: a keyword that the server does not reserve can be one. */
  #assigns(): boolean {
    const second = this.#tokens[this.#at + 1];
    if (this.#peek().kind === 'parameter' || second === undefined) return this.#peek().kind === 'parameter';
    return ['=', '[', '.'].includes(second.text) || this.#isAssignment(this.#at + 1);
  }

  /** Since PostgreSQL 14, what is assigned may go on as a query does: `a := b FROM c`. */
  #assignment(): void {
    const target = this.#until(':=', '=', ';');
    if (!this.#acceptAssignment()) throw new NotUnderstood('an assignment');
    this.#expression(target);
    this.#expression(this.#until(';'));
    this.#expect(';');
  }

  #if(): void {
    this.#expect('if');
    this.#condition();
    this.#statementsUntil('elsif', 'elseif', 'else', 'end');
    while (this.#accept('elsif') || this.#accept('elseif')) {
      this.#condition();
      this.#statementsUntil('elsif', 'elseif', 'else', 'end');
    }
    if (this.#accept('else')) this.#statementsUntil('end');
    this.#expect('end');
    this.#expect('if');
  }

  #condition(): void {
    this.#expression(this.#until('then'));
    this.#expect('then');
  }

  #case(): void {
    this.#expect('case');
    const searched = this.#is('when') ? undefined : this.#until('when');
    while (this.#accept('when')) {
      const value = this.#until('then');
      // What stands behind WHEN is compared by =.
      if (searched === undefined) this.#expression(value);
      else this.#statements.push(`SELECT (${searched}) IN (${value})`);
      this.#expect('then');
      this.#statementsUntil('when', 'else', 'end');
    }
    if (this.#accept('else')) this.#statementsUntil('end');
    this.#expect('end');
    this.#expect('case');
  }

  #loop(): void {
    if (this.#accept('while')) this.#expression(this.#until('loop'));
    else if (this.#accept('for')) {
      this.#targets();
      this.#expect('in');
      this.#range();
    } else if (this.#accept('foreach')) {
      this.#targets();
      if (this.#accept('slice')) this.#next();
      this.#expect('in');
      this.#expect('array');
      this.#expression(this.#until('loop'));
    }
    this.#expect('loop');
    this.#statementsUntil('end');
    this.#expect('end');
    this.#expect('loop');
    this.#optionalName();
  }

  /** What a FOR loop runs over: SQL that is made up, numbers, a query, or a cursor with its arguments. */
  #range(): void {
    if (this.#is('execute')) {
      this.#dynamic = true;
      this.#until('loop');
      return;
    }
    const isQuery = QUERY.has(this.#peek().text) || this.#is('(');
    const start = this.#at;
    this.#accept('reverse');
    const low = this.#until('..', 'loop');
    if (this.#accept('..')) {
      this.#expression(low);
      this.#expression(this.#until('by', 'loop'));
      if (this.#accept('by')) this.#expression(this.#until('loop'));
      return;
    }
    this.#at = start;
    const text = this.#until('loop');
    if (isQuery) this.#statement(text);
    else this.#arguments(text);
  }

  #return(): void {
    this.#expect('return');
    if (this.#accept('query')) {
      if (this.#is('execute')) {
        this.#runsText();
        return;
      }
      if (QUERY.has(this.#peek().text) || this.#is('(')) {
        this.#statement(this.#until(';'));
        return;
      }
      this.#at--;
    }
    this.#accept('next');
    if (!this.#is(';')) this.#expression(this.#until(';'));
  }

  #raise(): void {
    this.#expect('raise');
    if (this.#is(';')) return;
    if (RAISE_LEVELS.has(this.#peek().text)) this.#next();
    if (this.#peek().kind === 'string') {
      while (this.#peek().kind === 'string') this.#next();
      while (this.#accept(',')) this.#expression(this.#until(',', 'using', ';'));
    } else if (this.#accept('sqlstate')) this.#next();
    else if (!this.#is('using') && !this.#is(';')) this.#name();
    if (!this.#accept('using')) return;
    do {
      this.#name();
      if (!this.#acceptAssignment()) throw new NotUnderstood('an option of RAISE');
      this.#expression(this.#until(',', ';'));
    } while (this.#accept(','));
  }

  /** `GET STACKED DIAGNOSTICS a = MESSAGE_TEXT, …`: nothing is evaluated. */
  #diagnostics(): void {
    while (!this.#is(';')) {
      const token = this.#next();
      if (token.kind !== 'identifier' && ![':', '=', ',', '.'].includes(token.text)) {
        throw new NotUnderstood('GET DIAGNOSTICS');
      }
    }
  }

  #open(): void {
    this.#expect('open');
    this.#dottedName();
    if (this.#is('(')) {
      this.#arguments(this.#until(';'));
      return;
    }
    this.#accept('no');
    this.#accept('scroll');
    if (!this.#accept('for')) return;
    if (this.#is('execute')) this.#runsText();
    else this.#statement(this.#until(';'));
  }

  #fetch(): void {
    const isMove = this.#next().text === 'move';
    this.#fetches = true;
    const from = this.#at;
    const count = this.#until('from', 'in', 'into', ';');
    if (this.#accept('from') || this.#accept('in')) {
      const words = count.trim().split(/\s+/);
      while (DIRECTIONS.has(words[0]?.toLowerCase() ?? '')) words.shift();
      if (words.join('') !== '') this.#expression(words.join(' '));
    } else {
      this.#at = from;
      if (DIRECTIONS.has(this.#peek().text)) this.#next();
    }
    this.#dottedName();
    if (!isMove) {
      this.#expect('into');
      this.#targets();
    }
  }

  /** Any other SQL statement; INTO with its variables is taken out of it, wherever it stands. */
  #sql(): void {
    const first = this.#at;
    let text = '';
    let start = this.#peek().start;
    let end = start;
    let depth = 0;
    while (depth > 0 || !this.#is(';')) {
      const token = this.#next();
      const before = this.#tokens[this.#at - 2]?.text;
      if (token.text === ';') throw new NotUnderstood('a semicolon in parentheses');
      if ('(['.includes(token.text)) depth++;
      if (')]'.includes(token.text)) depth--;
      end = token.end;
      const isTarget = token.text === 'into' && this.#at - 1 > first && before !== 'insert' && before !== 'merge';
      if (!isTarget) continue;
      text += `${this.#slice(start, token.start)} `;
      this.#accept('strict');
      this.#targets();
      start = this.#tokens[this.#at]?.start ?? this.#bytes.length;
      end = start;
    }
    this.#statement(text + this.#slice(start, end));
  }

  #runsText(): void {
    this.#dynamic = true;
    this.#until(';');
  }

  /** Variables: `a`, `a.b`, `a, b.c`. */
  #targets(): void {
    do this.#dottedName();
    while (this.#accept(','));
  }

  #dottedName(): void {
    do this.#next('identifier', 'parameter');
    while (this.#accept('.'));
  }

  #type(text: string): void {
    const tokens = tokenize(text);
    if (tokens.length === 0) throw new NotUnderstood('a variable without a type');
    if (!tokens.some((token) => token.text === '%')) {
      this.#statements.push(`SELECT NULL::${text}`);
      return;
    }
    for (const token of tokens) {
      const isName = token.kind === 'identifier' && !/^u&"/i.test(token.text);
      if (isName) {
        this.#typeNames.push(token.text.startsWith('"') ? token.text.slice(1, -1).replaceAll('""', '"') : token.text);
      } else if (!['%', '.', '[', ']'].includes(token.text) && token.kind !== 'number') {
        throw new NotUnderstood('a type');
      }
    }
  }

  #expression(text: string): void {
    if (text.trim() === '') throw new NotUnderstood('an expression that is missing');
    this.#statements.push(`SELECT ${text}`);
  }

  #statement(text: string): void {
    if (text.trim() === '') throw new NotUnderstood('a statement that is missing');
    this.#statements.push(text);
  }

  /** `(a := 1, 2)` or `cursor(1)`; `:=` between a name and its value is an older way to write `=>`. */
  #arguments(text: string): void {
    this.#statements.push(`SELECT ${text.startsWith('(') ? `pg_catalog.concat${text}` : text}`);
  }

  /** The text up to, and not with, the first of these outside parentheses. */
  #until(...ends: readonly string[]): string {
    const start = this.#peek().start;
    let end = start;
    for (let depth = 0; ; this.#at++) {
      const token = this.#peek();
      if (depth === 0 && ends.some((text) => this.#isAt(text))) return this.#slice(start, end);
      if (token.text === ';') throw new NotUnderstood('a semicolon');
      if (token.text === '(' || token.text === '[') depth++;
      if (token.text === ')' || token.text === ']') depth--;
      if (depth < 0) throw new NotUnderstood(`"${token.text}"`);
      end = token.end;
    }
  }

  #isAt(text: string): boolean {
    return text === ':=' ? this.#isAssignment(this.#at) : this.#is(text);
  }

  /** `:=` in one piece. */
  #isAssignment(at: number): boolean {
    const [one, two] = [this.#tokens[at], this.#tokens[at + 1]];
    return one?.text === ':' && two?.text === '=' && one.end === two.start;
  }

  #acceptAssignment(): boolean {
    if (this.#isAssignment(this.#at)) {
      this.#at += 2;
      return true;
    }
    return this.#accept('=');
  }

  #is(text: string): boolean {
    return this.#tokens[this.#at]?.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw new NotUnderstood(`"${this.#peek().text}" where ${text.toUpperCase()} was expected`);
  }

  #name(): void {
    this.#next('identifier');
  }

  #optionalName(): void {
    if (this.#tokens[this.#at]?.kind === 'identifier') this.#at++;
  }

  #next(...kinds: readonly Token['kind'][]): Token {
    const token = this.#peek();
    if (kinds.length > 0 && !kinds.includes(token.kind)) throw new NotUnderstood(`"${token.text}"`);
    this.#at++;
    return token;
  }

  #peek(): Token {
    const token = this.#tokens[this.#at];
    if (!token) throw new NotUnderstood('the end of the text');
    return token;
  }

  #slice(start: number, end: number): string {
    return this.#bytes.toString('utf8', start, end);
  }
}

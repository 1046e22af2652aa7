/**
 * Lexical tokens of SQL with their byte offsets, after PostgreSQL's `scan.l`. The parse tree has only starts of names;
 * edits need their ends. Whatever is spliced by these offsets is parsed again and compared with the tree that was meant,
 * so a wrong token can make a statement refused, never pass.
 */
import {
  BACKSLASH,
  DOLLAR,
  DOUBLE_QUOTE,
  isDigit,
  isIdentifierStart,
  MINUS,
  QUOTE,
  SLASH,
  STAR,
} from './characters.js';

export interface Token {
  readonly kind: 'identifier' | 'string' | 'number' | 'parameter' | 'symbol' | 'operator';
  /** UTF-8 byte offsets. */
  readonly start: number;
  readonly end: number;
  /** Unquoted identifiers in lower case, symbols as they are; quoted identifiers start with `"`. */
  readonly text: string;
}

const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d, 0x0c, 0x0b]);
const OPERATOR = new Set([...'~!@#^&|`?+-*/%<>='].map((c) => c.charCodeAt(0)));
const SYMBOL = new Set([...',()[].;:'].map((c) => c.charCodeAt(0)));
const PLUS = 0x2b;
const SIGNED = new Set([...'~!@#%^&|`?'].map((c) => c.charCodeAt(0)));

/** The tokens of a text that the server's grammar accepts, comments and white space left out. */
export function tokenize(text: string): Token[] {
  const bytes = Buffer.from(text);
  const tokens: Token[] = [];
  let at = 0;
  while (at < bytes.length) {
    const c = bytes[at]!;
    if (SPACE.has(c)) {
      at++;
      continue;
    }
    if (c === MINUS && bytes[at + 1] === MINUS) {
      at = endOfLine(bytes, at);
      continue;
    }
    if (c === SLASH && bytes[at + 1] === STAR) {
      at = endOfComment(bytes, at);
      continue;
    }
    const token = nextToken(bytes, at, c);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

/**
 * The text with spaces in the place of its comments, so that every character keeps its place. Undefined where two strings
 * have a comment between them, for without it they could be one, and where a comment has no end.
 */
export function withoutComments(text: string): string | undefined {
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  let end = 0;
  let before: Token['kind'] | undefined;
  for (const token of [...tokenize(text), { start: bytes.length, end: bytes.length, kind: undefined }]) {
    const isJoint = before === 'string' && token.kind === 'string';
    if (isJoint && bytes.subarray(end, token.start).includes('/*')) return undefined;
    before = token.kind;
    while (end < token.start) {
      const isComment = bytes[end] === SLASH || bytes[end] === MINUS;
      const next = !isComment ? end + 1 : bytes[end] === SLASH ? endOfComment(bytes, end) : endOfLine(bytes, end);
      if (next > bytes.length) return undefined;
      // A line's end within a comment is none: it would join two strings.
      parts.push(isComment ? bytes.toString('utf8', end, next).replace(/./gsu, ' ') : String.fromCharCode(bytes[end]!));
      end = next;
    }
    parts.push(bytes.toString('utf8', token.start, token.end));
    end = token.end;
  }
  return parts.join('');
}

/**
 * True where a string without E ends in a backslash, or has one before a doubled quote: with standard_conforming_strings
 * off, the server would read on behind it.
 */
export function endsStringWithBackslash(text: string): boolean {
  const bytes = Buffer.from(text);
  return tokenize(text).some(
    (token) =>
      token.kind === 'string' &&
      !/^(e'|\$)/i.test(token.text) &&
      /(?<!\\)(\\\\)*\\'/.test(bytes.toString('utf8', token.start, token.end)),
  );
}

function nextToken(bytes: Buffer, start: number, c: number): Token {
  const make = (kind: Token['kind'], end: number): Token => ({
    kind,
    start,
    end,
    text: bytes.toString('utf8', start, end),
  });
  if (c === QUOTE) return make('string', endOfQuoted(bytes, start + 1, QUOTE, false));
  if (c === DOUBLE_QUOTE) return make('identifier', endOfQuoted(bytes, start + 1, DOUBLE_QUOTE, false));
  if (c === DOLLAR) {
    const tag = dollarTag(bytes, start);
    if (tag !== undefined) {
      const close = bytes.indexOf(tag, start + tag.length);
      return make('string', close < 0 ? bytes.length : close + tag.length);
    }
    let end = start + 1;
    while (isDigit(bytes[end])) end++;
    return make('parameter', end);
  }
  if (isIdentifierStart(c)) {
    const prefixed = prefixedLiteral(bytes, start, c);
    if (prefixed) return make(prefixed.kind, prefixed.end);
    let end = start + 1;
    while (isIdentifierStart(bytes[end]) || isDigit(bytes[end]) || bytes[end] === DOLLAR) end++;
    return { kind: 'identifier', start, end, text: bytes.toString('utf8', start, end).toLowerCase() };
  }
  if (isDigit(c) || (c === 0x2e && isDigit(bytes[start + 1]))) {
    let end = start + 1;
    while (isDigit(bytes[end]) || isIdentifierStart(bytes[end]) || bytes[end] === 0x2e) {
      // `1..10` in PL/pgSQL is two numbers; `1e-5` is one.
      if (bytes[end] === 0x2e && bytes[end + 1] === 0x2e) break;
      const exponent = (bytes[end]! | 0x20) === 0x65 && (bytes[end + 1] === MINUS || bytes[end + 1] === 0x2b);
      end += exponent ? 2 : 1;
    }
    return make('number', end);
  }
  // Of a range in PL/pgSQL.
  if (c === 0x2e && bytes[start + 1] === 0x2e) return make('symbol', start + 2);
  if (SYMBOL.has(c)) return make('symbol', start + 1);
  if (!OPERATOR.has(c)) return make('symbol', start + 1);
  let end = start + 1;
  while (OPERATOR.has(bytes[end]!) && !startsComment(bytes, end)) end++;
  // `=-1` is an equation: an operator ends in + or - only with one of these characters in it.
  const signed = bytes.subarray(start, end).some((byte) => SIGNED.has(byte));
  while (!signed && end > start + 1 && (bytes[end - 1] === MINUS || bytes[end - 1] === PLUS)) end--;
  return make('operator', end);
}

/** E'…', B'…', X'…', N'…', U&'…' and U&"…". */
function prefixedLiteral(bytes: Buffer, start: number, c: number): { kind: Token['kind']; end: number } | undefined {
  const letter = String.fromCharCode(c | 0x20);
  if ('ebxn'.includes(letter) && bytes[start + 1] === QUOTE) {
    return { kind: 'string', end: endOfQuoted(bytes, start + 2, QUOTE, letter === 'e') };
  }
  if (letter === 'u' && bytes[start + 1] === 0x26) {
    const quote = bytes[start + 2];
    if (quote === QUOTE) return { kind: 'string', end: endOfQuoted(bytes, start + 3, QUOTE, false) };
    if (quote === DOUBLE_QUOTE) return { kind: 'identifier', end: endOfQuoted(bytes, start + 3, DOUBLE_QUOTE, false) };
  }
  return undefined;
}

function endOfQuoted(bytes: Buffer, from: number, quote: number, escapes: boolean): number {
  let at = from;
  while (at < bytes.length) {
    if (escapes && bytes[at] === BACKSLASH) at += 2;
    else if (bytes[at] !== quote) at++;
    else if (bytes[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return bytes.length;
}

function dollarTag(bytes: Buffer, start: number): Buffer | undefined {
  let end = start + 1;
  if (isDigit(bytes[end])) return undefined;
  while (isIdentifierStart(bytes[end]) || isDigit(bytes[end])) end++;
  return bytes[end] === DOLLAR ? bytes.subarray(start, end + 1) : undefined;
}

function endOfLine(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
  return at;
}

/** Beyond the text where the comment has no end. */
function endOfComment(bytes: Buffer, from: number): number {
  let depth = 1;
  let at = from + 2;
  while (at < bytes.length && depth > 0) {
    if (bytes[at] === SLASH && bytes[at + 1] === STAR) {
      depth++;
      at += 2;
    } else if (bytes[at] === STAR && bytes[at + 1] === SLASH) {
      depth--;
      at += 2;
    } else at++;
  }
  return depth > 0 ? bytes.length + 1 : at;
}

function startsComment(bytes: Buffer, at: number): boolean {
  return (bytes[at] === MINUS && bytes[at + 1] === MINUS) || (bytes[at] === SLASH && bytes[at + 1] === STAR);
}

/** Tokens by where they start, for edits at the places that a parse tree names. */
export interface TokenIndex {
  readonly tokens: readonly Token[];
  /** The index of the token that starts at that byte, or undefined. */
  at(offset: number): number | undefined;
  /** The first token that starts at that byte or behind it. */
  from(offset: number): Token | undefined;
  /** The last token that ends at that byte or before it. */
  before(offset: number): Token | undefined;
  /** The first token from that byte on that is this name; undefined without one, or where it is written in escapes. */
  named(name: string, offset: number): Token | undefined;
  /** Byte behind the dotted name that starts at that byte: `a . "b".c`, also `a.*`. Undefined where none starts. */
  endOfName(offset: number): number | undefined;
}

export function indexTokens(text: string): TokenIndex {
  const tokens = tokenize(text);
  const byStart = new Map(tokens.map((token, i) => [token.start, i]));
  return {
    tokens,
    at: (offset) => byStart.get(offset),
    from: (offset) => tokens[firstFrom(tokens, offset)],
    before(offset) {
      const i = firstFrom(tokens, offset) - 1;
      const token = tokens[i];
      return token && token.end <= offset ? token : tokens[i - 1];
    },
    named(name, offset) {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      return tokens
        .slice(firstFrom(tokens, offset))
        .find(({ kind, text }) => kind === 'identifier' && (text === name || text === quoted));
    },
    endOfName(offset) {
      let i = byStart.get(offset);
      if (i === undefined) return undefined;
      i = skipUescape(tokens, i);
      while (tokens[i + 1]?.text === '.' && tokens[i + 2]) i = skipUescape(tokens, i + 2);
      return tokens[i]!.end;
    },
  };
}

/** The index of the first token that starts at an offset or behind it. */
function firstFrom(tokens: readonly Token[], offset: number): number {
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle]!.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `U&"…" UESCAPE '!'` is one name. */
function skipUescape(tokens: readonly Token[], i: number): number {
  const unicode = /^u&"/i.test(tokens[i]!.text);
  return unicode && tokens[i + 1]?.text === 'uescape' && tokens[i + 2]?.kind === 'string' ? i + 2 : i;
}

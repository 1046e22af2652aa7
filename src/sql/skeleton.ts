/**
 * The skeleton of a text: the text with its plain literals taken out. Texts of one skeleton have trees that differ in
 * constants alone, so where a statement mentions nothing protected, one plan serves them all without parsing. Drivers
 * that write values into the text send a new text each time.
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

const DOT = 0x2e;

/**
 * The skeleton, or undefined where the text has what only the server's scanner should take apart: comments, dollar
 * quotes, backslashes, prefixed strings such as E'…'. Identifiers stay, quoted ones too. A NUL, which SQL cannot hold,
 * and the kind of the literal stand in its place.
 */
export function skeletonOf(text: string): string | undefined {
  let skeleton = '';
  let copied = 0;
  const { length } = text;
  for (let i = 0; i < length; ) {
    const c = text.charCodeAt(i);
    if (isDigit(c)) {
      const end = endOfDigits(text, i);
      if (isPlainNumber(text, i, end)) {
        skeleton += `${text.slice(copied, i)}\0n`;
        copied = end;
      }
      i = end;
      continue;
    }
    switch (c) {
      case QUOTE: {
        const end = endOfString(text, i);
        if (end === undefined || (i > 0 && isIdentifierPart(text.charCodeAt(i - 1)))) return undefined;
        // U&'…' can be written with the quote directly behind the ampersand only.
        if (text.charCodeAt(i - 1) === 0x26) return undefined;
        skeleton += `${text.slice(copied, i)}\0s`;
        copied = end;
        i = end;
        break;
      }
      case DOUBLE_QUOTE: {
        const end = text.indexOf('"', i + 1);
        if (end < 0 || text.charCodeAt(i - 1) === 0x26) return undefined;
        i = end + 1;
        break;
      }
      case BACKSLASH:
        return undefined;
      case DOLLAR:
        // A parameter; anything else could be a dollar quote.
        if (!isDigit(text.charCodeAt(i + 1))) return undefined;
        i = endOfDigits(text, i + 1);
        break;
      case MINUS:
        if (text.charCodeAt(i + 1) === MINUS) return undefined;
        i++;
        break;
      case SLASH:
        if (text.charCodeAt(i + 1) === STAR) return undefined;
        i++;
        break;
      case 0:
        return undefined;
      default:
        i++;
    }
  }
  return skeleton + text.slice(copied);
}

/** Digits that are a whole token: no part of a name, a fraction, an exponent or a number in another base. */
function isPlainNumber(text: string, start: number, end: number): boolean {
  const before = start > 0 ? text.charCodeAt(start - 1) : 0;
  const after = text.charCodeAt(end);
  return before !== DOT && before !== DOLLAR && !isIdentifierPart(before) && after !== DOT && !isIdentifierPart(after);
}

/** Behind the closing quote; undefined for a string without one or with a backslash. */
function endOfString(text: string, start: number): number | undefined {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === BACKSLASH || c === 0) return undefined;
    if (c !== QUOTE) continue;
    if (text.charCodeAt(i + 1) !== QUOTE) return i + 1;
    i++;
  }
  return undefined;
}

function endOfDigits(text: string, start: number): number {
  let i = start;
  while (isDigit(text.charCodeAt(i))) i++;
  return i;
}

function isIdentifierPart(c: number): boolean {
  return isIdentifierStart(c) || isDigit(c) || c === DOLLAR;
}

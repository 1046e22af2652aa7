/** Characters of SQL that decide where a token ends, as bytes of UTF-8 or as code units: ASCII is the same in both. */
export const QUOTE = 0x27;
export const DOUBLE_QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const DOLLAR = 0x24;
export const MINUS = 0x2d;
export const SLASH = 0x2f;
export const STAR = 0x2a;

/** `ident_start` of scan.l: letters, the underscore, and whatever is beyond ASCII. */
export function isIdentifierStart(c: number | undefined): boolean {
  return c !== undefined && ((c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x5f || c >= 0x80);
}

export function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 0x30 && c <= 0x39;
}

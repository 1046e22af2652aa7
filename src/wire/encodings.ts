/** Characters of more than one byte, where such a byte can look like one of ASCII. */

/** How many bytes the character has that starts there, with a byte beyond ASCII. */
export type CharacterLength = (bytes: Buffer, at: number) => number;

const one: CharacterLength = () => 1;
const two: CharacterLength = () => 2;
const sjis: CharacterLength = (bytes, at) => (bytes[at]! >= 0xa1 && bytes[at]! <= 0xdf ? 1 : 2);
const johab: CharacterLength = (bytes, at) => (bytes[at] === 0x8f ? 3 : 2);
const gb18030: CharacterLength = (bytes, at) => {
  const second = bytes[at + 1] ?? 0;
  return second >= 0x30 && second <= 0x39 ? 4 : 2;
};

/** Encodings that clients alone can have, behind PG_ENCODING_BE_LAST in pg_wchar.h. */
const LENGTHS: ReadonlyMap<string, CharacterLength> = new Map([
  ['SJIS', sjis],
  ['SHIFT_JIS_2004', sjis],
  ['BIG5', two],
  ['GBK', two],
  ['UHC', two],
  ['JOHAB', johab],
  ['GB18030', gb18030],
]);

/**
 * `pg_encoding_mblen`, for ParameterStatus client_encoding. Under an encoding whose bytes below 0x80 are ASCII wherever
 * they stand, each byte counts for itself.
 */
export function characterLength(clientEncoding: string): CharacterLength {
  return LENGTHS.get(clientEncoding) ?? one;
}

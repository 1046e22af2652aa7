/** What key files and password files may hold. No message ever shows any of it. */
import type { Read } from './names.js';

const KEY_BYTES = 32;
export const KEY_HINT = 'make one with: openssl rand -hex 32 > FILE';

/** A one-way key: 32 bytes as they are, or 64 hex digits, or base64; behind the text forms, white space may stand. */
export function readKey(bytes: Uint8Array): Read<Uint8Array> {
  const key = decodeKey(bytes);
  if (!key) {
    const message = `holds ${bytes.length} bytes that are no key: a key is 32 bytes, 64 hex digits or base64 of 32 bytes`;
    return { ok: false, message, hint: KEY_HINT };
  }
  if (key.every((byte) => byte === key[0])) {
    return { ok: false, message: 'holds the same byte 32 times over, which is no secret', hint: KEY_HINT };
  }
  return { ok: true, value: key };
}

function decodeKey(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length === KEY_BYTES) return Uint8Array.from(bytes);
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'));
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const decoded = Uint8Array.from(Buffer.from(text, 'base64'));
  return decoded.length === KEY_BYTES ? decoded : undefined;
}

/** A password: the file's text without the line break at its end. */
export function readPassword(bytes: Uint8Array): Read<string> {
  const hint = 'the file holds the password alone, in one line of UTF-8';
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    return { ok: false, message: 'is not UTF-8', hint };
  }
  if (text === '') return { ok: false, message: 'is empty', hint };
  if (/[\0\r\n]/.test(text)) return { ok: false, message: 'holds several lines, or a NUL', hint };
  return { ok: true, value: text };
}

/** Files that the configuration names: keys, passwords, certificates. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { type Checks, report } from './check.js';
import { oneLine, type Path, show } from './document.js';
import type { Read } from './names.js';

/** The bytes of such a file. Any error that it throws becomes a problem with the error's message. */
export type ReadSecret = (file: string) => Uint8Array;

const LARGEST_SECRET = 65_536;
export const SECRET_FILE = 'must be the name of a file; a relative one starts at the folder of the configuration file';

/** What the file that the configuration names holds; a problem where it cannot be read or is not what it should be. */
export function takeSecret<T>(
  checks: Checks,
  path: Path,
  decode: (bytes: Uint8Array) => Read<T>,
  readSecret: ReadSecret,
  hint?: string,
): T | undefined {
  const at = checks.document.at(path);
  const name = String(checks.document.get(path));
  const file = isAbsolute(name) ? name : join(dirname(at.file), name);
  let bytes: Uint8Array;
  try {
    bytes = readSecret(file);
  } catch (error) {
    report(checks, at, `cannot read ${show(file)}: ${reasonOf(error)}`, hint);
    return undefined;
  }
  const read = decode(bytes);
  if (read.ok) return read.value;
  report(checks, at, `${show(file)} ${read.message}`, read.hint);
  return undefined;
}

export function isFileName(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

export function readSecretFile(file: string): Uint8Array {
  const { size } = statSync(file);
  if (size > LARGEST_SECRET) throw new Error(`it has ${size} bytes, which is no key and no password`);
  return readFileSync(file);
}

/** What the system says, without the name of the file, which is in the message already. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return oneLine(error instanceof Error ? error.message : String(error));
  }
}

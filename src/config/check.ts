/**
 * Checks parts of a configuration file against zod schemas, one mapping at a time, so that an error in one place does
 * not hide those in another. Findings go to one list, in the operator's words.
 */
import type { z } from 'zod';
import type { Problem, SourcePosition } from '../policy/config-types.js';
import { type ConfigDocument, isMapping, type Path, show } from './document.js';

export interface Checks {
  readonly document: ConfigDocument;
  readonly problems: Problem[];
}

export function report(checks: Checks, at: SourcePosition, message: string, hint?: string): void {
  checks.problems.push({ at, message, ...(hint === undefined ? {} : { hint }) });
}

/**
 * The mapping at a path as its schema makes it; undefined, with problems added, if it is not valid. A path where the
 * file has nothing is an empty mapping, so that defaults apply and missing keys are named.
 * @param schema a flat strict object, each of whose values has an error message that says what it must be
 */
export function checkMapping<T extends z.ZodObject>(checks: Checks, path: Path, schema: T): z.output<T> | undefined {
  const { document } = checks;
  const names = Object.keys(schema.shape);
  const value = document.has(path) ? document.get(path) : {};
  if (!isMapping(value)) {
    report(checks, document.at(path), `must be a mapping, not ${showEmpty(value)}`, `valid keys: ${names.join(', ')}`);
    return undefined;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const where = [...path, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) reportUnknown(checks, document.keyAt([...path, key]), 'key', key, names);
    } else if (!document.has(where)) {
      const hint = issue.code === 'invalid_value' ? `valid: ${issue.values.join(', ')}` : `it ${issue.message}`;
      report(checks, document.keyAt(where), 'is missing', hint);
    } else if (issue.code === 'invalid_value') {
      const noun = String(where.findLast((step) => typeof step === 'string') ?? 'value');
      reportUnknown(checks, document.at(where), noun, document.get(where), issue.values.map(String));
    } else {
      report(checks, document.at(where), `${issue.message}, not ${showEmpty(document.get(where))}`);
    }
  }
  return undefined;
}

/** The keys and values' paths of a mapping of names, in the file's order; none, with a problem added, for anything else. */
export function entriesOf(checks: Checks, path: Path, what: string): readonly { key: string; path: Path }[] {
  const { document } = checks;
  const value = document.get(path);
  if (isMapping(value)) return Object.keys(value).map((key) => ({ key, path: [...path, key] }));
  if (value !== undefined) report(checks, document.at(path), `must be a mapping of ${what}, not ${showEmpty(value)}`);
  return [];
}

/** `unknown mask "oneway"; did you mean "one_way"? valid: …` */
export function reportUnknown(
  checks: Checks,
  at: SourcePosition,
  noun: string,
  given: unknown,
  valid: readonly string[],
): void {
  const near = typeof given === 'string' ? nearest(given, valid) : undefined;
  const hint = `${near === undefined ? '' : `did you mean ${show(near)}? `}valid: ${valid.join(', ')}`;
  report(checks, at, given === null ? `${noun} is empty` : `unknown ${noun} ${show(given)}`, hint);
}

/** The name that an operator most likely meant, if any is near. */
export function nearest(given: string, valid: readonly string[]): string | undefined {
  if (given.length > 80) return undefined;
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_ .]/g, '');
  const ranked = valid
    .map((name) => ({ name, distance: editDistance(plain(given), plain(name)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  // Two letters that changed places are two edits.
  const near = best && best.distance <= Math.max(best.name.length > 3 ? 2 : 1, Math.floor(best.name.length / 3));
  return near ? best.name : undefined;
}

/** An empty value reads as nothing at all rather than as null. */
function showEmpty(value: unknown): string {
  return value === null ? 'empty' : show(value);
}

/** Levenshtein's, a row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

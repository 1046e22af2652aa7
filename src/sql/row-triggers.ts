/**
 * Triggers that put values into the row which is being changed: one that sets what a guard reads would show a redacted
 * row again. Bodies are read by their tokens; how a trigger comes to its values is not looked at.
 */
import type { Oid, Snapshot } from '../catalog/snapshot.js';
import type { Binding } from '../policy/bind.js';
import type { Verdict } from './builtins.js';
import { type Token, tokenize } from './tokens.js';

/**
 * By relation, the functions of its triggers that set what its guards read.
 * @param allowed signatures that configuration lets through
 */
export function unguardingTriggers(
  snapshot: Snapshot,
  binding: Binding,
  allowed: ReadonlySet<string>,
): ReadonlyMap<Oid, ReadonlyMap<Oid, Verdict>> {
  const found = new Map<Oid, Map<Oid, Verdict>>();
  for (const { relation, guardColumns } of binding.guarded.values()) {
    const names = new Set(relation.columns.filter((c) => guardColumns.has(c.attnum)).map((c) => c.name));
    const verdicts = new Map<Oid, Verdict>();
    for (const oid of relation.triggerRoutines) {
      const routine = snapshot.routineByOid.get(oid);
      if (!routine || routine.language !== 'plpgsql' || allowed.has(routine.signature)) continue;
      if (!setsRow(routine.source, names)) continue;
      verdicts.set(oid, { kind: 'function', reason: 'can set a column by which rows are redacted' });
    }
    if (verdicts.size > 0) found.set(relation.oid, verdicts);
  }
  return found;
}

/** True where a body may set one of these columns of NEW, all of NEW, or return another row in its place. */
export function setsRow(source: string, columns: ReadonlySet<string>): boolean {
  const tokens = tokenize(source);
  return tokens.some((token, i) => {
    if (token.text === 'return') return returnsAnother(tokens, i + 1);
    // Behind the name of the function, too.
    if (nameOf(token) !== 'new') return false;
    const isField = tokens[i + 1]?.text === '.';
    const field = isField ? nameOf(tokens[i + 2]) : undefined;
    return (
      (field === undefined || columns.has(field)) && isTarget(tokens, startOfName(tokens, i), isField ? i + 3 : i + 1)
    );
  });
}

/** What a trigger may return so that the row stays what it is. */
const SAME_ROW = new Set(['new', 'old', 'null', 'coalesce', '(', ')', ',']);

function returnsAnother(tokens: readonly Token[], from: number): boolean {
  const end = tokens.findIndex((token, i) => i >= from && token.text === ';');
  return tokens.slice(from, end < 0 ? undefined : end).some((token) => !SAME_ROW.has(token.text));
}

/** Where a name with its qualifiers starts. */
function startOfName(tokens: readonly Token[], at: number): number {
  return tokens[at - 1]?.text === '.' && at > 1 ? startOfName(tokens, at - 2) : at;
}

const BEFORE_STATEMENT = new Set([';', 'begin', 'then', 'else', 'loop', '>>']);

/** @param end the token behind the reference that starts at `start` */
function isTarget(tokens: readonly Token[], start: number, end: number): boolean {
  const before = tokens[start - 1]?.text;
  const startsStatement = before === undefined || BEFORE_STATEMENT.has(before);
  const next = tokens[end]?.text ?? '';
  // `:=` anywhere; `=` and subscripts mean an assignment at the start of a statement alone.
  if (next === ':' && tokens[end + 1]?.text.startsWith('=')) return true;
  if (startsStatement && (next.startsWith('=') || next === '[')) return true;
  // A loop, or another name for it.
  if (before === 'for' || before === 'foreach') return true;
  let i = start - 1;
  for (; i >= 0 && !BEFORE_STATEMENT.has(tokens[i]!.text); i--);
  const statement = tokens.slice(i + 1, start).map((token) => token.text);
  const isLoop = (statement[0] === 'for' || statement[0] === 'foreach') && !statement.includes('in');
  return isLoop || statement[0] === 'call' || statement.includes('diagnostics') || isInto(statement);
}

/** `… INTO [STRICT] a, b.c,` with nothing behind but names. */
function isInto(statement: readonly string[]): boolean {
  const into = statement.lastIndexOf('into');
  const list = statement.slice(into + 1);
  const isOpen = list.length === 0 || list.at(-1) === ',' || list.at(-1) === 'strict';
  return into >= 0 && isOpen && !list.some((text) => text === '(' || text === 'select');
}

function nameOf(token: Token | undefined): string {
  const text = token?.text ?? '';
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

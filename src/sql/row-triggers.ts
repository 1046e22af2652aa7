/**
 * Triggers that put values into the row which is being changed: one that sets what a guard reads would show a redacted
 * row again. Bodies are read by their tokens; how a trigger comes to its values is not looked at. Triggers in C have no
 * body: of some it is known what they set.
 */
import { FIRST_USER_OID, type Oid, type OpaqueTrigger, type Relation, type Snapshot } from '../catalog/snapshot.js';
import type { Binding } from '../policy/bind.js';
import { type Token, tokenize } from './tokens.js';
import type { Undermining } from './undermining.js';

/** A trigger's function that can set what guards read. */
export interface Unguarding {
  /** As configuration allows it. */
  readonly signature: string;
  /** Goes on from the function's name. */
  readonly because: string;
}

const SETS_IT = 'can set a column by which rows are redacted';

/**
 * By relation, the functions of its triggers that set what guards read: those of its own rows, and those that look into it.
 * @param allowed signatures that configuration lets through
 */
export function unguardingTriggers(
  snapshot: Snapshot,
  binding: Binding,
  undermining: ReadonlyMap<Oid, Undermining>,
  allowed: ReadonlySet<string>,
): ReadonlyMap<Oid, readonly Unguarding[]> {
  const found = new Map<Oid, readonly Unguarding[]>();
  for (const relation of snapshot.relations) {
    if (relation.triggerRoutines.length === 0 || relation.kind === 'view') continue;
    const own = binding.guarded.get(relation.oid)?.guardColumns;
    const others = undermining.get(relation.oid)?.columns;
    const read = relation.columns.filter(({ attnum }) => own?.has(attnum) || others?.has(attnum));
    if (read.length === 0) continue;
    const names = new Set(read.map((column) => column.name));
    const all = [...ofBodies(relation, names, snapshot), ...ofOpaque(relation, names, snapshot)];
    const refused = all.filter(({ signature }) => !allowed.has(signature));
    if (refused.length > 0) found.set(relation.oid, refused);
  }
  return found;
}

function ofBodies(relation: Relation, columns: ReadonlySet<string>, snapshot: Snapshot): readonly Unguarding[] {
  return relation.triggerRoutines.flatMap((oid) => {
    const routine = snapshot.routineByOid.get(oid);
    if (routine?.language !== 'plpgsql' || !setsRow(routine.source, columns)) return [];
    return [{ signature: routine.signature, because: SETS_IT }];
  });
}

function ofOpaque(relation: Relation, columns: ReadonlySet<string>, snapshot: Snapshot): readonly Unguarding[] {
  return relation.opaqueTriggers.flatMap((trigger) => {
    const routine = snapshot.routineByOid.get(trigger.routine);
    const signature = routine?.signature ?? `pg_catalog.${trigger.function}()`;
    const set = columnsSetBy(trigger, routine?.extension);
    if (!set) return [{ signature, because: 'is not in a language that pgveil reads, and so can set any column' }];
    return set.some((name) => columns.has(name)) ? [{ signature, because: SETS_IT }] : [];
  });
}

type ByArguments = (given: readonly string[]) => readonly string[];

const FIRST: ByArguments = ([column = '']) => [column];

/** Extensions of one function of the same name, in contrib/spi, and which columns it sets. */
const OF_EXTENSIONS: Readonly<Record<string, ByArguments>> = {
  moddatetime: FIRST,
  insert_username: FIRST,
  // Columns and sequences by turns.
  autoinc: (given) => given.filter((_, i) => i % 2 === 0),
};

const BUILT_IN: Readonly<Record<string, ByArguments>> = {
  tsvector_update_trigger: FIRST,
  tsvector_update_trigger_column: FIRST,
  suppress_redundant_updates_trigger: () => [],
};

/**
 * Columns that a trigger without a body puts values into; undefined where that is not known.
 * @param extension that the function is of; undefined also for a function that is built in
 */
export function columnsSetBy(
  { routine, function: name, arguments: given }: Pick<OpaqueTrigger, 'routine' | 'function' | 'arguments'>,
  extension: string | undefined,
): readonly string[] | undefined {
  const known = routine < FIRST_USER_OID ? BUILT_IN : extension === name ? OF_EXTENSIONS : {};
  return Object.hasOwn(known, name) ? known[name]!(given) : undefined;
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

/**
 * A configuration file's YAML as plain values, with the place of every one of them. Stricter than YAML: keys are plain
 * text and unique, tags and other documents in the same file are problems.
 */
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Problem, SourcePosition } from '../policy/config-types.js';

/** Keys of mappings and positions in lists (from 0), from the top of the file. */
export type Path = readonly (string | number)[];

/** A mapping of the file; without a prototype, so that no key of an operator meets one of JavaScript's own. */
export type Mapping = { readonly [key: string]: unknown };

export interface ConfigDocument {
  /** The value there: a Mapping, a list, a string, number, boolean or null; undefined where the file has nothing. */
  readonly get: (path: Path) => unknown;
  /** True where the file has a value, also one that could not be read. */
  readonly has: (path: Path) => boolean;
  /** A scalar as the file has it (`007`, not 7; empty for a key without a value); undefined for anything else. */
  readonly written: (path: Path) => string | undefined;
  /** The place of a scalar's value, or of the key or list item that leads to a mapping or list. */
  readonly at: (path: Path) => SourcePosition;
  /** The place of the key or list item itself. */
  readonly keyAt: (path: Path) => SourcePosition;
  /** What is wrong with the file as YAML. Syntax errors make the rest of the file unreadable: `get` then finds nothing. */
  readonly problems: readonly Problem[];
}

/** Deeper and larger files would exhaust the YAML library's stack, or the memory by way of aliases. */
const MAX_DEPTH = 64;
const MAX_NODES = 200_000;
const MAX_SHOWN = 60;

/** Never throws. */
export function readDocument(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const places = new Map<string, { key: number; value: number; written?: string }>();
  const values = new Map<string, unknown>();

  const position = (offset: number, path: Path): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), path: formatPath(path) };
  };
  const document: ConfigDocument = {
    get: (path) => values.get(id(path)),
    has: (path) => places.has(id(path)),
    written: (path) => places.get(id(path))?.written,
    at: (path) => {
      const place = places.get(id(path));
      return place ? position(place.value, path) : document.keyAt(path);
    },
    keyAt: (path) => {
      // What is missing is reported at the nearest thing that is there.
      for (let depth = path.length; depth >= 0; depth--) {
        const offset = places.get(id(path.slice(0, depth)))?.key;
        if (offset !== undefined) return position(offset, path);
      }
      return position(0, path);
    },
    problems,
  };
  const report = (offset: number, path: Path, message: string, hint?: string): void => {
    problems.push({ at: position(offset, path), message, ...(hint === undefined ? {} : { hint }) });
  };

  const tooDeep = depthExceeded(text, lines);
  if (tooDeep !== undefined) {
    report(tooDeep, [], `is nested more than ${MAX_DEPTH} levels deep`);
    return document;
  }
  lines.lineStarts.length = 0;
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, version: '1.2' });
  // What follows a first syntax error is its echo.
  for (const error of parsed.errors.length > 0 ? parsed.errors.slice(0, 1) : parsed.warnings) {
    report(error.pos[0], [], `is not valid YAML here: ${explain(error)}`);
  }
  if (parsed.directives?.yaml.explicit && parsed.directives.yaml.version !== '1.2') {
    report(0, [], 'is written as YAML 1.1', 'leave the %YAML line out');
  }
  if (problems.length > 0) return document;

  let nodes = 0;
  /** What is being read, from the top down, so that an alias to any of it ends. */
  const reading = new Set<unknown>();
  /** The library looks through the whole document for each; a bomb of aliases would take its time. */
  const targets = new Map<unknown, Node | undefined>();

  const read = (node: unknown, path: Path, keyOffset: number): unknown => {
    if (++nodes > MAX_NODES) {
      if (nodes === MAX_NODES + 1)
        report(keyOffset, path, `has more than ${MAX_NODES} values, aliases counted in full`);
      return undefined;
    }
    if (isAlias(node)) {
      if (!targets.has(node)) targets.set(node, node.resolve(parsed));
      const target = targets.get(node);
      if (!target || reading.has(target) || reading.size > 10 * MAX_DEPTH) {
        report(keyOffset, path, `has an alias *${node.source} that leads nowhere or into itself`);
        return undefined;
      }
      return read(target, path, keyOffset);
    }
    const place: { key: number; value: number; written?: string } = { key: keyOffset, value: keyOffset };
    places.set(id(path), place);
    reading.add(node);
    const value = readPlain(node, path, place);
    reading.delete(node);
    values.set(id(path), value);
    return value;
  };

  const readPlain = (node: unknown, path: Path, place: { key: number; value: number; written?: string }): unknown => {
    if (node === null || node === undefined) {
      place.written = '';
      return null;
    }
    if (isScalar(node)) {
      const { value, source, range } = node;
      if (!isEmptyScalar(node) && range) place.value = range[0];
      place.written = source ?? String(value);
      if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
        report(place.value, path, 'holds a NUL or half of a character');
      }
      if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
    } else if (isSeq(node)) {
      return node.items.map((item, index) => read(item, [...path, index], offsetOf(item) ?? place.key));
    } else if (isMap(node)) {
      const mapping: Record<string, unknown> = Object.create(null);
      for (const pair of node.items) {
        const offset = offsetOf(pair.key) ?? place.key;
        const key = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : undefined;
        if (key === undefined || key.includes('\0') || !key.isWellFormed()) {
          report(offset, path, 'has a key that is not plain text', 'a key is followed by a colon: key: value');
        } else if (Object.hasOwn(mapping, key)) {
          const first = position(places.get(id([...path, key]))?.key ?? offset, path);
          report(offset, [...path, key], 'stands here a second time', `the first is in line ${first.line}`);
        } else {
          mapping[key] = read(pair.value, [...path, key], offset);
        }
      }
      return mapping;
    }
    report(place.key, path, 'is a kind of YAML value that a configuration cannot have');
    return undefined;
  };

  if (parsed.contents === null || isEmptyScalar(parsed.contents)) {
    report(0, [], 'is empty', 'config/pgveil.yaml shows what a configuration holds');
  } else {
    read(parsed.contents, [], offsetOf(parsed.contents) ?? 0);
  }
  return document;
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `policies.amazon-30-days.tables."public.orders".columns.buyer_name`, `one_way_keys[0].id` */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      return `${index === 0 ? '' : '.'}${/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(step) ? step : show(step)}`;
    })
    .join('');
}

/** A value of the file for a message: in one line, not too long. */
export function show(value: unknown): string {
  if (isMapping(value)) return 'a mapping';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Text of another program for a message: in one line. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal or a log
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}

/** The library's message, or plainer words for those that puzzle most. */
function explain(error: YAMLError): string {
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return 'a second document begins, and a configuration is one';
    case 'BAD_INDENT':
      return 'a { or [ before it is not closed, or its lines do not stand further right than its key';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a colon too many in one line, or a line that stands too far right; text with a colon and a space needs quotes';
    default:
      return oneLine(error.message);
  }
}

function id(path: Path): string {
  return JSON.stringify(path);
}

function offsetOf(node: unknown): number | undefined {
  if (isPair(node)) return offsetOf(node.key);
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && node.type === 'PLAIN' && node.source === '';
}

/** The offset at which the text is nested too deep, found before the library's recursive composer meets it. */
function depthExceeded(text: string, lines: LineCounter): number | undefined {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return Math.min(parser.offset, text.length);
  }
  return undefined;
}

/** Files of golden cases: a name and options in comment lines, a text of SQL, and behind `-- =>` what becomes of it. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { As } from './planning.js';

export interface GoldenCase {
  readonly name: string;
  /** Lines `-- key: value` or `-- key` above the text. */
  readonly options: Readonly<Record<string, string>>;
  readonly sql: string;
  readonly expected: string;
}

export interface GoldenFile {
  /** `select/work.sql` */
  readonly name: string;
  readonly path: string;
  readonly head: string;
  readonly cases: readonly GoldenCase[];
}

/**
 * user: the login role; path: the schemas that are searched; temp: relations of the session's temporary schema;
 * uncommitted: names that the open transaction has changed; unfolded: the rewritten text in full; not run: it is only
 * planned, because it would end the test's transaction or needs what the test has not; differs: a known gap of
 * a column's origin, which makes the server describe it unlike the client's text; it must still be there.
 */
const KEYS = new Set(['user', 'path', 'temp', 'uncommitted', 'unfolded', 'not run', 'differs']);

const CASE = '-- case: ';
const ARROW = '-- =>';

/** All files below `golden`. */
export function readGoldenFiles(): readonly GoldenFile[] {
  const root = fileURLToPath(new URL('golden', import.meta.url));
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => readGoldenFile(name, path.join(root, name)));
}

function readGoldenFile(name: string, file: string): GoldenFile {
  const [head = '', ...blocks] = `\n${readFileSync(file, 'utf8')}`.split(`\n${CASE}`);
  const cases = blocks.map((block) => readCase(name, block));
  if (new Set(cases.map((c) => c.name)).size !== cases.length) throw new Error(`${name} has a case's name twice`);
  return { name, path: file, head: head.trim(), cases };
}

function readCase(file: string, block: string): GoldenCase {
  const [title = '', ...lines] = block.split('\n');
  const options: Record<string, string> = {};
  let at = 0;
  for (; at < lines.length; at++) {
    const [, key, value] = /^-- ([a-z ]+?)(?:: (.*))?$/.exec(lines[at] ?? '') ?? [];
    if (key === undefined || !KEYS.has(key)) break;
    options[key] = value ?? '';
  }
  const arrow = lines.indexOf(ARROW, at);
  const sql = lines.slice(at, arrow < 0 ? undefined : arrow).join('\n');
  if (sql.trim() === '') throw new Error(`${file}: the case "${title}" has no SQL`);
  const expected = arrow < 0 ? '' : lines.slice(arrow + 1).join('\n');
  return { name: title, options, sql: sql.trim(), expected: expected.trim() };
}

/** The file's text with other expectations, by the case's name. */
export function printGoldenFile(file: GoldenFile, expectations: ReadonlyMap<string, string>): string {
  const cases = file.cases.map(({ name, options, sql, expected }) => {
    const lines = Object.entries(options).map(([key, value]) => (value === '' ? `-- ${key}` : `-- ${key}: ${value}`));
    return [`${CASE}${name}`, ...lines, sql, ARROW, expectations.get(name) ?? expected].join('\n');
  });
  return `${[file.head, ...cases].filter((part) => part !== '').join('\n\n')}\n`;
}

/** The session that a case is planned in, by its options. */
export function sessionOf({
  options,
}: Pick<GoldenCase, 'options'>): As & { readonly schemas: readonly string[]; readonly temp: readonly string[] } {
  const list = (text: string | undefined): readonly string[] => (text ? text.split(', ') : []);
  const temp = ['scratch', ...list(options.temp)];
  const schemas = options.path === undefined ? ['public'] : list(options.path);
  const searched = [
    ...(schemas.includes('pg_temp') ? [] : ['pg_temp_3']),
    ...(schemas.includes('pg_catalog') ? [] : ['pg_catalog']),
    ...schemas.map((schema) => (schema === 'pg_temp' ? 'pg_temp_3' : schema)),
  ];
  return {
    ...(options.user ? { user: options.user } : {}),
    names: { schemas: searched, tempRelations: new Set(temp) },
    uncommittedNames: list(options.uncommitted),
    schemas,
    temp,
  };
}

/** Cases written in SQL with comment lines that say what is expected; `test/attacks/README.md` describes the form. */
import { readFileSync } from 'node:fs';

export interface SqlCase {
  readonly file: string;
  readonly name: string;
  /** One for each message. */
  readonly statements: readonly string[];
  /** `expect` and other lines `-- key: value`; lines without a value have an empty one. */
  readonly options: Readonly<Record<string, string>>;
}

const CASE = '-- case: ';

/** The cases of a file. Throws where one has no statement or the same name twice. */
export function readCases(url: URL, keys: readonly string[]): readonly SqlCase[] {
  const file = url.pathname.split('/').at(-1) ?? '';
  const [, ...blocks] = `\n${readFileSync(url, 'utf8')}`.split(`\n${CASE}`);
  const cases = blocks.map((block) => readCase(file, block, keys));
  const names = new Set(cases.map((c) => c.name));
  if (cases.length === 0 || names.size !== cases.length) throw new Error(`${file}: no case, or a name twice`);
  return cases;
}

function readCase(file: string, block: string, keys: readonly string[]): SqlCase {
  const [name = '', ...lines] = block.split('\n');
  const options: Record<string, string> = {};
  let at = 0;
  for (; at < lines.length; at++) {
    const [, key, value] = /^-- ([a-z ]+?)(?:: (.*))?$/.exec(lines[at] ?? '') ?? [];
    if (key === undefined || !keys.includes(key)) break;
    options[key] = value ?? '';
  }
  const sql = lines.slice(at).join('\n').trim();
  if (!sql) throw new Error(`${file}: the case "${name}" has no statement`);
  const statements = 'one message' in options ? [sql] : sql.split(/;[ \t]*\n/).map((text) => text.replace(/;$/, ''));
  return { file, name, statements, options };
}

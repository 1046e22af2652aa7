/** Names of tables and columns, and the equalities of belongs_to, as an operator writes them. */
import type { BelongsTo, QualifiedName } from '../policy/config-types.js';
import { show } from './document.js';

/** A value, or what is wrong with the text and what would be valid. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint: string };

type Token =
  | { readonly kind: 'name'; readonly name: string; readonly quoted: boolean }
  | { readonly kind: 'sign'; readonly sign: string };

/** NAMEDATALEN - 1, in bytes of UTF-8. */
const LONGEST_NAME = 63;
const TABLE_HINT = 'write schema.table, such as public.orders';
const NAME_HINT = 'write the name as the database has it';
const ON_HINT = 'write child_column = parent_column, several joined by AND';

/** `public.orders`, `public."Order Lines"` */
export function readTableName(text: string): Read<QualifiedName> {
  const tokens = tokenize(text);
  if (!tokens.ok) return tokens;
  const [first, dot, second, ...rest] = tokens.value;
  if (first?.kind === 'name' && dot === undefined) {
    const hint = `put its schema before it, such as public.${quoteIfNeeded(first.name)}`;
    return wrong(`table name ${show(text)} has no schema`, hint);
  }
  if (first?.kind !== 'name' || !isSign(dot, '.') || second?.kind !== 'name' || rest.length > 0) {
    return wrong(
      `${show(text)} is not a table name`,
      `${TABLE_HINT}; odd names in double quotes: public."Order Lines"`,
    );
  }
  for (const part of [first, second]) {
    const problem = nameProblem(part);
    if (problem) return wrong(`table name ${show(text)}: ${problem}`, NAME_HINT);
    if (isAmbiguous(part)) {
      const hint = `write ${tableText(first.name, second.name)} or ${`${first.name}.${second.name}`.toLowerCase()}`;
      return wrong(`table name ${show(text)}: upper-case letters need double quotes`, hint);
    }
  }
  return { ok: true, value: { schema: first.name, name: second.name } };
}

/** A column as a key of `columns`: the name itself, as it is in the database; or in double quotes. */
export function readColumnName(text: string): Read<string> {
  const quoted = /^"((?:[^"]|"")+)"$/.exec(text);
  const name = quoted ? quoted[1]!.replaceAll('""', '"') : text;
  const problem = nameProblem({ name });
  return problem ? wrong(`column name ${show(text)}: ${problem}`, NAME_HINT) : { ok: true, value: name };
}

/** `order_id = id AND shop = shop`: columns of the child, then of the parent. */
export function readEqualities(text: string): Read<BelongsTo['on']> {
  const tokens = tokenize(text);
  if (!tokens.ok) return tokens;
  if (tokens.value.some((token) => isSign(token, '.'))) {
    return wrong(`${show(text)} names a table`, `${ON_HINT}, without names of tables`);
  }
  const equalities: { child: string; parent: string }[] = [];
  for (let at = 0; ; at += 4) {
    const [child, equals, parent, and] = tokens.value.slice(at, at + 4);
    if (child?.kind !== 'name' || !isSign(equals, '=') || parent?.kind !== 'name') break;
    for (const part of [child, parent]) {
      const problem = nameProblem(part);
      if (problem) return wrong(`column name ${show(part.name)}: ${problem}`, NAME_HINT);
      if (isAmbiguous(part)) {
        const hint = `write "${part.name}" or ${part.name.toLowerCase()}`;
        return wrong(`column name ${show(part.name)}: upper-case letters need double quotes`, hint);
      }
    }
    equalities.push({ child: child.name, parent: parent.name });
    if (and === undefined) return { ok: true, value: equalities };
    if (and.kind !== 'name' || and.quoted || and.name.toLowerCase() !== 'and') break;
  }
  return wrong(`${show(text)} is not an equality of two columns`, ON_HINT);
}

/** The name as SQL reads it, quoted only where it must be. */
export function tableText(schema: string, name: string): string {
  return `${quoteIfNeeded(schema)}.${quoteIfNeeded(name)}`;
}

function quoteIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function nameProblem(part: { readonly name: string }): string | undefined {
  if (Buffer.byteLength(part.name) > LONGEST_NAME) return `a name in PostgreSQL has at most ${LONGEST_NAME} bytes`;
  return part.name === '' ? 'it is empty' : undefined;
}

/** SQL reads Orders as orders; which of the two is meant is for the operator to say. */
function isAmbiguous(part: { readonly name: string; readonly quoted: boolean }): boolean {
  return !part.quoted && part.name !== part.name.toLowerCase();
}

function tokenize(text: string): Read<readonly Token[]> {
  const tokens: Token[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_$]*)|([.=]))\s*/uy;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const [, quoted, plain, sign] = pattern.exec(text) ?? [];
    if (quoted !== undefined) tokens.push({ kind: 'name', name: quoted.replaceAll('""', '"'), quoted: true });
    else if (plain !== undefined) tokens.push({ kind: 'name', name: plain, quoted: false });
    else if (sign !== undefined) tokens.push({ kind: 'sign', sign });
    else return wrong(`cannot read ${show(text)} from ${show(text.slice(start))} on`, 'put odd names in double quotes');
  }
  return { ok: true, value: tokens };
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.sign === sign;
}

function wrong(message: string, hint: string): { readonly ok: false; readonly message: string; readonly hint: string } {
  return { ok: false, message, hint };
}

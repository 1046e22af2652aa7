/** Where USING and NATURAL stand: a JoinExpr has no place of its own, and neither have the names in USING. */
import type { JoinExpr } from '@pgsql/types';
import type { TokenIndex } from './tokens.js';

/**
 * Where each name in USING is written.
 * @returns one byte offset for each name; undefined where they are not found
 */
export function usingPlaces(join: JoinExpr, index: TokenIndex): readonly number[] | undefined {
  const { tokens } = index;
  const using = usingOf(join, index);
  if (using === undefined) return undefined;
  const places: number[] = [];
  // From the parenthesis behind USING on: a name, and what belongs to it, up to a comma.
  for (let i = using + 1; i < tokens.length && tokens[i]!.text !== ')'; i++) {
    const { text } = tokens[i]!;
    if (text === '(' || text === ',') places.push(tokens[i + 1]!.start);
  }
  return places;
}

/** Where the NATURAL of a join is written: it is the last one before what is joined. */
export function naturalPlace(join: JoinExpr, index: TokenIndex): number | undefined {
  const first = Math.min(...placesIn(join.rarg, index));
  return index.tokens.findLast(({ start, text }) => start < first && text === 'natural')?.start;
}

/** The index of the USING of a join: the first one with a list behind everything that is joined. */
function usingOf(join: JoinExpr, index: TokenIndex): number | undefined {
  const { tokens } = index;
  const last = Math.max(...placesIn(join.rarg, index));
  const found = tokens.findIndex(
    ({ start, text }, i) => start > last && text === 'using' && tokens[i + 1]?.text === '(',
  );
  return found < 0 ? undefined : found;
}

/** Every place in a part of the tree, with those of the USING of joins in it. */
function placesIn(node: unknown, index: TokenIndex): readonly number[] {
  if (Array.isArray(node)) return node.flatMap((item) => placesIn(item, index));
  if (node === null || typeof node !== 'object') return [];
  const inner = Object.values(node).flatMap((value) => placesIn(value, index));
  if ('location' in node && typeof node.location === 'number' && node.location >= 0) inner.push(node.location);
  if ('usingClause' in node && 'rarg' in node) {
    const using = usingOf(node as JoinExpr, index);
    if (using !== undefined) inner.push(index.tokens[using]!.start);
  }
  return inner;
}

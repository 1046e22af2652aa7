/** What was read of a text of the catalog is kept: the same texts come with the next snapshot, and with the next plan. */
import { LRUCache } from 'lru-cache';
import type { SqlParser } from './parse.js';

/**
 * Reads each text once by each parser, as long as it is among the `most` that were used last. What is read is shared and
 * must not be changed.
 */
export function keepingParsed<T extends object>(most: number): (text: string, parser: SqlParser, read: () => T) => T {
  const byParser = new WeakMap<SqlParser, LRUCache<string, T>>();
  return (text, parser, read) => {
    const known = byParser.get(parser) ?? new LRUCache<string, T>({ max: most });
    byParser.set(parser, known);
    const before = known.get(text);
    if (before) return before;
    const made = read();
    // While the parser is replaced after a failure, it refuses what it could read.
    if (!parser.isRenewed) known.set(text, made);
    return made;
  };
}

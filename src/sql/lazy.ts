/** What columns carry is a union over a graph, and recursive queries make circles in it. */

/** Being computed, outermost first. */
const running = new Set<object>();
/** How often something was asked for while it was being computed. */
let circles = 0;

/**
 * A union that is computed on demand. Asked for within its own computation it adds nothing: the outermost caller has
 * what it would add. What was computed inside such a circle is incomplete, and only the outermost result is kept.
 */
export function lazyUnion<T>(compute: () => readonly T[]): () => readonly T[] {
  let known: readonly T[] | undefined;
  const union = (): readonly T[] => {
    if (known) return known;
    if (running.has(union)) {
      circles++;
      return [];
    }
    const isOutermost = running.size === 0;
    const before = circles;
    running.add(union);
    try {
      const found = compute();
      if (isOutermost || circles === before) known = found;
      return found;
    } finally {
      // In a circle it stays marked, so that each part of one is computed once.
      if (isOutermost) running.clear();
      else if (circles === before) running.delete(union);
    }
  };
  return union;
}

/** How long an analysis may go on where other sessions wait for the thread. */

/**
 * Called again and again during an analysis, and with the length of a text that is about to be parsed.
 * @throws OverBudget where the analysis is to be made elsewhere
 */
export type Pace = (length?: number) => void;

/** The analysis takes longer than there is time for. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget';
}

/** Where nobody waits. */
export const unhurried: Pace = () => undefined;

/** Parsing cannot be interrupted: this many characters take some milliseconds. */
const LONGEST_PARSED = 16 * 1024;

/** @param deadline as `performance.now()` counts */
export function paceUntil(deadline: number): Pace {
  return (length = 0) => {
    if (length > LONGEST_PARSED || performance.now() > deadline) throw new OverBudget();
  };
}

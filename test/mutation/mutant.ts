/** The gateway with one protection switched off. */
export interface Mutant {
  /** The protection that is switched off. */
  readonly name: string;
  /** In `src`. */
  readonly file: string;
  /** The text there that is replaced; it must occur just once. */
  readonly find: string;
  readonly replace: string;
  /** Attacks of which at least one must notice, as `group: case`. */
  readonly killers: readonly string[];
}

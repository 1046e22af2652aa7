/** What a transparency script is. */
import type { Step } from '../../harness/messages.js';

export interface Script {
  /** The sequence of messages and what is particular about it. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** Startup parameters besides user and database. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The server is to hang up at the end. */
  readonly hangsUp?: true;
}

export function script(name: string, steps: readonly Step[], options: Omit<Script, 'name' | 'steps'> = {}): Script {
  return { name, steps, ...options };
}

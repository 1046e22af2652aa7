/** What the gateway's thread and those that plan long texts send each other: plain data, cloned on the way. */
import type { TagNumber } from '../policy/bind.js';
import type { PlannedText } from './plan.js';
import type { SessionEnvironment } from './plan-types.js';
import type { RulesSource } from './rules.js';

/** `workerData` of a thread. */
export interface ThreadData {
  readonly tagPrefix: string;
}

export type ToThread =
  /** Comes before the first text that is planned by them. */
  | {
      readonly kind: 'rules';
      readonly generation: number;
      readonly source: RulesSource;
      /** All that the rules need: a thread numbers no tags of its own. */
      readonly tagNumbers: readonly TagNumber[];
    }
  | { readonly kind: 'forget'; readonly generation: number }
  /** Is answered before the next is sent. */
  | {
      readonly kind: 'plan';
      readonly generation: number;
      readonly text: string;
      readonly environment: SessionEnvironment;
    };

/** The answer to a text; `defect`: an error that nothing in the analysis expects. */
export type FromThread = PlannedText | 'environment' | { readonly defect: unknown };

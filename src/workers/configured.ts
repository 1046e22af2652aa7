/** What came of a configuration, across processes: errors do not survive the way, what they hold does. */
import { ConfigError } from '../config.js';
import { EXIT, StartError } from '../errors.js';
import type { Problem } from '../policy/config-types.js';

/** Why a configuration was not taken. */
export type NotTaken =
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number };

export type Configured = { readonly kind: 'ok'; readonly needRestart: readonly string[] } | NotTaken;

/** The text of an error that is not the gateway's own could hold a value: it stays where it is. */
export function toNotTaken(error: unknown): NotTaken {
  if (error instanceof ConfigError) return { kind: 'invalid', problems: error.problems };
  if (error instanceof StartError) return { kind: 'failed', message: error.message, exitCode: error.exitCode };
  const message = `a defect of pgveil: ${error instanceof Error ? error.name : typeof error}`;
  return { kind: 'failed', message, exitCode: EXIT.software };
}

export function toError(reason: NotTaken): ConfigError | StartError {
  switch (reason.kind) {
    case 'invalid':
      return new ConfigError(reason.problems);
    case 'failed':
      return new StartError(reason.message, reason.exitCode);
    default:
      return reason satisfies never;
  }
}

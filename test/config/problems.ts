import { expect } from 'vitest';
import { ConfigError, formatProblems, parseConfig } from '../../src/config.js';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

/** What every configuration needs; line 1. */
export const HEAD = 'catalog: { user: u }\n';

/** The lines of the error that a text in c.yaml raises, or none. */
export function problems(text: string): readonly string[] {
  try {
    parseConfig(text, 'c.yaml', () => KEY);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).toBe(formatProblems(error.problems));
    return error.message.split('\n');
  }
}

/** Refusals that the session makes itself, by what it knows before any planning. */
import { isAscii, isUtf8 } from 'node:buffer';
import type { Refusal, StatementPlan } from '../sql/plan-types.js';
import type { SessionState } from './state.js';

/** A statement in which nothing has to be mended. */
export const NOTHING: StatementPlan = {
  kind: 'utility',
  output: [],
  effects: [],
  withhold: 'nothing',
  masked: [],
};

/** Whether the client's bytes are the server's UTF-8 text. */
export function readsUtf8(clientEncoding: string): boolean {
  return clientEncoding === 'UTF8' || clientEncoding === 'SQL_ASCII';
}

/** The text of a statement, or why the gateway may not read it as the server would. */
export function readText(state: SessionState, buffer: Buffer, start: number, end: number): string | Refusal {
  const text = buffer.toString('utf8', start, end);
  const uncertain = state.settingsUncertain;
  if (!readsUtf8(state.clientEncoding) || uncertain) {
    // Bytes of ASCII alone are the same text under each of them: there is no byte that could begin a longer character.
    if (!isAscii(buffer.subarray(start, end))) return uncertain ? NOT_SYNCED : beyondAscii(state.clientEncoding);
  } else if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) {
    return {
      code: '22021',
      message: 'invalid byte sequence for encoding "UTF8"',
      reason: 'syntax',
    };
  }
  if ((!state.standardConformingStrings || uncertain) && text.includes('\\')) {
    return uncertain ? NOT_SYNCED : BACKSLASH;
  }
  return text;
}

function beyondAscii(encoding: string): Refusal {
  return {
    code: '0A000',
    message: `the statement cannot be analysed under client encoding ${encoding}`,
    hint: "Run SET client_encoding TO 'UTF8'.",
    reason: 'statement',
  };
}

const BACKSLASH: Refusal = {
  code: '0A000',
  message: 'a statement with a backslash cannot be analysed while standard_conforming_strings is off',
  hint: 'Run SET standard_conforming_strings TO on.',
  reason: 'statement',
};

const NOT_SYNCED: Refusal = {
  code: '0A000',
  message: 'the statement cannot be analysed before the effect of an earlier SET is known',
  hint: 'Send Sync behind the message that changes the setting.',
  reason: 'statement',
};

export const REWRITTEN_BEYOND_ASCII: Refusal = {
  code: '0A000',
  message: 'the statement concerns names beyond ASCII and cannot be sent under this client encoding',
  hint: "Run SET client_encoding TO 'UTF8'.",
  reason: 'statement',
};

export const TOO_LONG: Refusal = {
  code: '54000',
  message: 'the statement is too long to be analysed',
  hint: 'Send large values as parameters, or split the statement.',
  reason: 'limit',
};

/** A message that the server would find malformed, in its own words: it fails before the server looks at anything else. */
export function malformed(message: string): Refusal {
  return { code: '08P01', message, reason: 'syntax' };
}

export const FUNCTION_CALL: Refusal = {
  code: '0A000',
  message: 'function call messages are refused',
  hint: `Call the function in a SELECT statement. ${allowHint('function_call')}`,
  reason: 'statement',
};

/** The way out for what is refused unless it is allowed for a role. */
export function allowHint(key: 'replication' | 'function_call'): string {
  return `An operator can allow it for a role by ${key} under roles in the configuration.`;
}

export const STALE: Refusal = {
  code: '0A000',
  message: 'cached plan must not change result type',
  detail: 'The masking policy or the schema has changed since the statement was prepared.',
  hint: 'Prepare the statement again.',
  reason: 'stale',
};

export const MASKED_ROWS_STORED: Refusal = {
  code: '42501',
  message: 'cannot store the rows of the prepared statement: it shows columns that can be redacted',
  detail: 'Masks would stand in the new table in the place of the stored values.',
  hint: 'Write the query out, in CREATE TABLE … AS SELECT; a temporary table can store masks.',
  reason: 'copy',
};

export const NOT_PREPARED: Refusal = {
  code: '26000',
  message: 'the prepared statement does not exist',
  reason: 'statement',
};

/** The server answers 25P02 by itself; this stands in for the case that it does not. */
export const ABORTED: Refusal = {
  code: '25P02',
  message: 'current transaction is aborted, commands ignored until end of transaction block',
  reason: 'statement',
};

export const UNPLANNABLE: Refusal = {
  code: 'XX000',
  message: 'the statement could not be analysed',
  reason: 'statement',
};

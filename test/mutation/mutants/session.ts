/** The session: what is read, forwarded, mended and withheld. */
import type { Mutant } from '../mutant.js';

export const SESSION: readonly Mutant[] = [
  {
    name: 'cells of COPY are finished',
    file: 'session/replies.ts',
    find: "const masked = state.copyOut === 'as they are' ? undefined : state.copyOut(buffer, start + HEADER_BYTES, end);",
    replace: 'const masked = undefined;',
    killers: ['commands: COPY of a table'],
  },
  {
    name: 'DETAIL, CONTEXT and internal queries are withheld',
    file: 'session/error-rewriting.ts',
    find: "return without(fields, 'DWqp');",
    replace: 'return fields;',
    killers: ['errors: a not-null constraint: DETAIL shows the whole row'],
  },
  {
    name: 'the message is withheld where triggers run',
    file: 'session/error-rewriting.ts',
    find: "return without(fields, 'DWqpH').map(([letter, value]) => [letter, letter === 'M' ? WITHHELD_MESSAGE : value]);",
    replace: "return without(fields, 'DWqpH');",
    killers: ['clauses: a trigger of a protected table tells of the row in an error', 'test/session/errors.test.ts'],
  },
  {
    name: 'only errors of analysis are shown whole',
    file: 'session/error-rewriting.ts',
    find: "cleanse(withhold(fields, isAnalysisError(fields) ? 'nothing' : context.withhold), context);",
    replace: "cleanse(withhold(fields, 'nothing'), context);",
    killers: ['errors: a not-null constraint: DETAIL shows the whole row'],
  },
  {
    name: 'an error of the end of the transaction is withheld too',
    file: 'session/mending.ts',
    find: 'if (own) {\n    state.withheld = stricter(state.withheld, own.withhold);',
    replace: 'if (own) {',
    killers: ['clauses: a trigger of a protected table tells of the row when the transaction is committed'],
  },
  {
    name: 'portals of before do not run',
    file: 'session/validity.ts',
    find: 'return one.portal.held ? isNow(state, state.began) : one.portal.asOf.version === state.version;',
    replace: 'return true;',
    killers: ['messages: a portal of before, executed behind CREATE OR REPLACE FUNCTION'],
  },
  {
    name: 'a statement is valid only as the same text',
    file: 'session/validity.ts',
    find: "if (renewed.verdict === 'rewrite' && old.verdict === 'rewrite' && renewed.text !== old.text) return false;",
    replace: '',
    killers: ['hidden: a view that a prepared statement reads is replaced'],
  },
  {
    name: 'a change of definitions is committed before it is planned with',
    file: 'session/replies.ts',
    find: 'if (state.schemaChanged) {\n    state.schemaChanged = false;\n    schemaChanged(state);',
    replace: 'if (state.schemaChanged) {\n    state.schemaChanged = false;',
    killers: [
      'messages: a Bind right behind a committed CREATE OR REPLACE FUNCTION',
      'functions: a harmless function replaced by one that reads',
      'hidden: a function that a prepared statement calls is replaced',
    ],
  },
  {
    name: 'planning waits for a change of the schema',
    file: 'sql/planner.ts',
    find: 'changing.has(database) ||\n        state.rules.parser.isRenewed',
    replace: 'state.rules.parser.isRenewed',
    killers: [
      'messages: a Bind right behind a committed CREATE OR REPLACE FUNCTION',
      'functions: a harmless function replaced by one that reads',
      'hidden: a function that a prepared statement calls is replaced',
    ],
  },
  {
    name: 'texts in an unknown encoding are refused beyond ASCII',
    file: 'session/refusals.ts',
    find: 'if (!isAscii(buffer.subarray(start, end))) return uncertain ? NOT_SYNCED : beyondAscii(state.clientEncoding);',
    replace: '',
    killers: ["clauses: a name that is another under the client's encoding"],
  },
  {
    name: 'backslashes are refused where strings have escapes',
    file: 'session/refusals.ts',
    find: "if ((!state.standardConformingStrings || uncertain) && text.includes('\\\\')) {",
    replace: "if (uncertain && text.includes('\\\\')) {",
    killers: ['lexer: standard_conforming_strings off'],
  },
  {
    name: 'settings are known before a text is read by them',
    file: 'session/refusals.ts',
    find: 'const uncertain = state.settingsUncertain;',
    replace: 'const uncertain = false;',
    killers: [
      'messages: standard_conforming_strings off, then a Parse in the same packet',
      'red-team: settings of the lexer change within a packet of pipelined messages',
    ],
  },
];

/** COPY, names and what changes them, and the texts that are read. */
import type { Mutant } from '../mutant.js';

export const COMMANDS: readonly Mutant[] = [
  {
    name: 'COPY with programs and files is refused',
    file: 'sql/copy.ts',
    find: 'if (copy.filename !== undefined || copy.is_program) {',
    replace: 'if (copy.filename === "" ) {',
    killers: ['clauses: COPY to a program as a superuser'],
  },
  {
    name: 'COPY of a table is masked',
    file: 'sql/copy.ts',
    find: 'become(copy, listed, analysis, () =>\n        substitutionSql(',
    replace: '[].forEach(() =>\n        substitutionSql(',
    killers: ['commands: COPY of a table'],
  },
  {
    name: 'COPY of a view is masked',
    file: 'sql/copy.ts',
    find: 'become(copy, listed, analysis, view.render);',
    replace: '',
    killers: ['clauses: COPY of a copy by its name'],
  },
  {
    name: 'a HEADER of COPY is read as the server reads it',
    file: 'sql/copy.ts',
    find: "if ('Integer' in value) return { 0: false, 1: true }[value.Integer.ival ?? 0];",
    replace: "if ('Integer' in value) return true;",
    killers: ['red-team: COPY with HEADER 0'],
  },
  {
    name: 'COPY with a delimiter that stands in tags has none',
    file: 'sql/copy.ts',
    find: "c.length === 1 && c <= '~' && !IN_TAGS.test(c));",
    replace: "c.length === 1 && c <= '~');",
    killers: ['test/sql/golden.test.ts'],
  },
  {
    name: 'statements of EXPLAIN, PREPARE and DECLARE are planned',
    file: 'sql/statement.ts',
    find: 'const concerned = state.viewer.policies.size === 0 ? [] : concernedNames(mentions, protection);',
    replace:
      "const concerned = state.viewer.policies.size === 0 || !('SelectStmt' in node || 'CopyStmt' in node || 'InsertStmt' in node || 'UpdateStmt' in node || 'DeleteStmt' in node || 'MergeStmt' in node || 'ExplainStmt' in node) || !tagging ? [] : concernedNames(mentions, protection);",
    killers: ['commands: EXPLAIN ANALYZE counts the rows of a filter'],
  },
  {
    name: 'names that are temporary somewhere else are pinned',
    file: 'sql/relations.ts',
    find: "if (range.schemaname === undefined && (found.kind === 'temporary' || !protection.of(found.relation))) {",
    replace: "if (range.schemaname === 'never' && found.kind === 'relation') {",
    killers: [
      'messages: a temporary table dropped between Parse and Bind',
      'messages: search_path changed between Parse and Bind',
    ],
  },
  {
    name: 'names behind a SET of the same text are those that it sets',
    file: 'sql/plan.ts',
    find: 'this.#names = this.#names && namesAfter(statement.node, this.#names, this.#context.protection.snapshot);',
    replace: '',
    killers: ['clauses: the names that SET brings in the same message'],
  },
  {
    name: 'EXECUTE is judged by the constants that it gives',
    file: 'session/provisos.ts',
    find: 'if (proviso && !holds(proviso, given)) {',
    replace: 'if (proviso && false) {',
    killers: ['commands: EXECUTE of a filter with a channel that is redacted'],
  },
  {
    name: 'EXECUTE in the text of its PREPARE is not allowed what nobody judges',
    file: 'sql/plan.ts',
    find: ' || executesItsOwn(plan.statements)) return strict;',
    replace: ') return strict;',
    killers: ['commands: EXECUTE of a filter, prepared in the same message'],
  },
  {
    name: 'set_config, and functions that call it, make names be asked for again',
    file: 'sql/statement.ts',
    find: "return sets || changes ? [{ kind: 'environment' }] : [];",
    replace: 'return sets && changes ? [] : [];',
    killers: ['test/session/names-before-18.test.ts'],
  },
  {
    name: 'a rollback brings names back',
    file: 'session/replies.ts',
    find: 'if (state.environmentChanged) {\n    state.names = undefined;',
    replace: 'if (state.environmentChanged) {',
    killers: ['messages: names behind a SET that an error takes back'],
  },
  {
    name: 'plans of what is protected are not remembered by their skeleton',
    file: 'sql/plan-cache.ts',
    find: "plan.verdict === 'pass' &&\n    plan.observed === undefined &&",
    replace: 'plan.observed === undefined &&',
    killers: ['clauses: two texts that differ in a constant by which a filter is proven'],
  },
  {
    name: 'backslashes are no plain strings',
    file: 'sql/skeleton.ts',
    find: 'if (c === BACKSLASH || c === 0) return undefined;',
    replace: '',
    killers: ['test/sql/skeleton.test.ts'],
  },
  {
    name: 'exemptions follow the login role',
    file: 'sql/rules.ts',
    find: 'const holding = policiesFor(rules.source, environment.user);',
    replace: 'const holding = policiesFor(rules.source, environment.names?.role ?? environment.user);',
    killers: ['server: an exempt role by SET ROLE'],
  },
];

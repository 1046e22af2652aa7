/** The attacks that are written in SQL, and what is expected of each. */
import { readCases, type SqlCase } from '../harness/sql-cases.js';

export interface Expectation {
  /** It may be accepted; the SQLSTATEs are those of the server's own errors, empty for none. */
  readonly same?: readonly string[];
  /** It may be refused; the SQLSTATEs that a refusal may have. */
  readonly refused?: readonly string[];
}

const GROUPS = [
  'select',
  'clauses',
  'filters',
  'errors',
  'names',
  'commands',
  'writes',
  'functions',
  'routine-bodies',
  'hidden',
  'views',
  'lexer',
  'catalogs',
  'server',
  'red-team',
  'dml',
  'stored',
  'explain',
  'copy',
  'relations',
  'guards',
  'paths',
  'utility',
  'messages-of-errors',
  'sources',
  'deletions',
] as const;

export const ATTACKS: readonly (readonly [string, readonly SqlCase[]])[] = GROUPS.map((group) => [
  group,
  readCases(new URL(`./${group}.sql`, import.meta.url), ['expect', 'role', 'rollback', 'one message', 'pipelined']),
]);

/** Not allowed, not supported, and closed until an operator acts. */
const REFUSALS = ['42501', '0A000', '55000'];

/** What the line `-- expect:` says. Throws where it says something else. */
export function expectationOf({ expect }: { readonly expect?: string }): Expectation {
  const [, same, codes, refused, code] =
    /^(same((?: [0-9A-Z]{5})*))?(?:^| or |$)(refused(?: ([0-9A-Z]{5}))?)?$/.exec(expect ?? '') ?? [];
  if (!same && !refused) throw new Error(`Nothing is expected by "${expect}"`);
  return {
    ...(same ? { same: codes ? codes.trim().split(' ') : [] } : {}),
    ...(refused ? { refused: code ? [code] : REFUSALS } : {}),
  };
}

/** Texts that cannot be parsed: the gateway answers in the server's place, with its message, SQLSTATE and position. */
import { query, ready } from '../../harness/messages.js';
import { type Script, script } from './script.js';

const TEXTS: readonly (readonly [what: string, texts: readonly string[]])[] = [
  [
    'words',
    ['SELEC 1', 'SELECT 1 FORM t', 'SELECT FROM WHERE', 'SELECT select', 'FROM t SELECT 1', 'UPDAT t SET a = 1'],
  ],
  [
    'ends',
    ['SELECT 1 FROM', 'SELECT (1', 'SELECT 1 +', 'INSERT INTO', 'SELECT CASE WHEN true THEN 1', 'WITH x AS (SELECT 1)'],
  ],
  [
    'strings',
    ["SELECT 'open", "SELECT E'open", "SELECT U&'open", 'SELECT $$ open', 'SELECT $a$ x $b$', 'SELECT "open'],
  ],
  ['escapes', ["SELECT U&'\\zzzz'", "SELECT U&'\\D800'", 'SELECT U&"\\0000"', "SELECT E'\\xZZ'", "SELECT E'\\u12'"]],
  ['identifiers', ['SELECT ""', 'SELECT a.b.c.d.e FROM t', 'SELECT 1 AS 2', "SELECT x'zz'", "SELECT b'012'"]],
  ['numbers', ['SELECT 1a', 'SELECT 0x', 'SELECT 1_', 'SELECT 1__0', 'SELECT 0b2', 'SELECT 1.5e', 'SELECT $1a']],
  ['comments', ['SELECT 1 /* open', 'SELECT 1 /* /* */', '/* ü */ SELEC 1', '-- only\nSELEC 1']],
  ['symbols', ['SELECT 1,', 'SELECT ,1', 'SELECT 1)', 'SELECT [1]', 'SELECT a..b', 'SELECT 1;; SELEC 2', 'SELECT #']],
  ['letters beyond ASCII', ["SELECT 'ü🐘' FORM x", 'SELECT "漢" "字" "🐘"', 'SELECT é é é']],
  [
    'clauses',
    ['SELECT 1 LIMIT 1 LIMIT 2', 'SELECT 1 ORDER BY 1 ORDER BY 2', 'SELECT 1 FOR', 'SELECT DISTINCT ON 1', 'VALUES'],
  ],
  ['modifications', ['UPDATE t SET', 'DELETE t', 'INSERT INTO t SET a = 1', 'MERGE INTO t', 'INSERT INTO t VALUES 1']],
  [
    'definitions',
    ['CREATE TABLE t (a)', 'CREATE TABLE t (a int,)', 'ALTER TABLE t ADD', 'DROP t', 'CREATE FUNCTION f() RETURNS'],
  ],
  ['several statements', ['SELECT 1; SELECT 2; SELEC 3', 'BEGIN; SELEC 1', 'SELEC 1; SELECT 2']],
];

export const SYNTAX: readonly Script[] = [
  ...TEXTS.map(([what, texts]) =>
    script(
      `what cannot be parsed: ${what}`,
      texts.flatMap((text) => [query(text), ready()]),
    ),
  ),
  script('what cannot be parsed in a transaction, and what follows', [
    ...['BEGIN', 'SELECT 1 FORM t', 'SELECT 1', 'SELEC 2', 'ROLLBACK', 'SELECT 2'].flatMap((text) => [
      query(text),
      ready(),
    ]),
  ]),
];

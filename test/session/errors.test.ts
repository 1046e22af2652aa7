import { describe, expect, test } from 'vitest';
import { type ErrorContext, rewriteError, rewriteNotice } from '../../src/session/error-rewriting.js';
import type { StatementPlan } from '../../src/sql/plan-types.js';
import type { ErrorFields } from '../../src/wire/backend-messages.js';
import {
  client as c,
  effect,
  MARKER,
  pass,
  refuse,
  rewrite,
  server as s,
  startScript,
  statement,
  TAG,
} from './script.js';

const context = (fields: Partial<ErrorContext> = {}): ErrorContext => ({
  plan: pass(statement()),
  withhold: 'nothing',
  tagPrefix: TAG,
  clientEncoding: 'UTF8',
  ...fields,
});

const KEY: ErrorFields = [
  ['S', 'FEHLER'],
  ['V', 'ERROR'],
  ['C', '23505'],
  ['M', 'duplicate key'],
  ['D', 'Key (email)=(a@b.c) already exists.'],
  ['H', 'hint'],
  ['W', 'COPY t, line 1'],
  ['q', 'select 1'],
  ['p', '3'],
  ['t', 'orders'],
  ['n', 'orders_email_key'],
  ['F', 'x.c'],
  ['L', '1'],
  ['R', 'routine'],
];
const letters = (fields: ErrorFields | undefined) => fields?.map(([letter]) => letter).join('');

describe('what is withheld', () => {
  test('nothing: the error itself', () => {
    expect(rewriteError(KEY, context())).toBe(KEY);
  });

  test('detail: DETAIL, CONTEXT and the internal query', () => {
    const rewritten = rewriteError(KEY, context({ withhold: 'detail' }));
    expect(letters(rewritten)).toBe('SVCMHtnFLR');
    expect(rewritten).toContainEqual(['M', 'duplicate key']);
  });

  test('all: the message and the hint too', () => {
    const rewritten = rewriteError(KEY, context({ withhold: 'all' }));
    expect(letters(rewritten)).toBe('SVCMtnFLR');
    expect(JSON.stringify(rewritten)).not.toContain('duplicate');
  });

  test('not from an error of analysis, which quotes the text only', () => {
    const analysis: ErrorFields = [
      ['C', '42703'],
      ['M', 'column "x" does not exist'],
      ['H', 'Perhaps'],
      ['P', '8'],
    ];
    expect(rewriteError(analysis, context({ withhold: 'all' }))).toBe(analysis);
    const raised: ErrorFields = [
      ['C', '42703'],
      ['M', 'a@b.c'],
      ['W', 'PL/pgSQL function'],
    ];
    expect(JSON.stringify(rewriteError(raised, context({ withhold: 'all' })))).not.toContain('a@b.c');
    const inside: ErrorFields = [
      ['C', '42703'],
      ['M', 'a@b.c'],
      ['P', '8'],
      ['W', 'SQL function'],
    ];
    expect(JSON.stringify(rewriteError(inside, context({ withhold: 'all' })))).not.toContain('a@b.c');
  });

  test('notices', () => {
    expect(rewriteNotice(KEY, context())).toBe(KEY);
    expect(letters(rewriteNotice(KEY, context({ withhold: 'detail' })))).toBe('SVCMHtnFLR');
    expect(rewriteNotice(KEY, context({ withhold: 'all' }))).toBeUndefined();
  });
});

describe('the gateway’s own marks', () => {
  test('never reach the client', () => {
    const fields: ErrorFields = [
      ['C', '22001'],
      ['M', `bad ${TAG}7:x`],
      ['D', `see ${TAG}`],
      ['H', 'fine'],
      ['W', MARKER],
    ];
    const rewritten = rewriteError(fields, context({ plan: rewrite('text') }));
    expect(rewritten).toEqual([
      ['C', '22001'],
      ['M', 'the database reported an error whose text could hold a protected value'],
      ['H', 'fine'],
      ['W', MARKER],
    ]);
    const refused = rewriteError(fields, context({ plan: refuse() }));
    expect(letters(refused)).toBe('CMH');
  });
});

describe('a refusal', () => {
  test('keeps the severity in the server’s language', () => {
    const fields: ErrorFields = [
      ['S', 'FEHLER'],
      ['V', 'ERROR'],
      ['C', '42P01'],
      ['M', MARKER],
      ['P', '1'],
      ['F', 'x.c'],
    ];
    expect(rewriteError(fields, context({ plan: refuse() }))).toEqual([
      ['S', 'FEHLER'],
      ['V', 'ERROR'],
      ['C', '42501'],
      ['M', 'no filter on orders.buyer'],
      ['D', 'policy p'],
      ['H', 'search by id'],
      ['P', '12'],
    ]);
  });

  test('is written in the client’s encoding', () => {
    const plan = refuse();
    const german = { ...plan, refusal: { code: '42501', message: 'Straße', reason: 'filter' as const } };
    if (german.verdict !== 'refuse') throw new Error('not refused');
    const fields: ErrorFields = [['M', MARKER]];
    const message = (clientEncoding: string) =>
      rewriteError(fields, context({ plan: german, clientEncoding })).find(([letter]) => letter === 'M')?.[1];
    expect(message('UTF8')).toBe(Buffer.from('Straße').toString('latin1'));
    expect(message('LATIN1')).toBe('Stra?e');
  });
});

describe('which statement an error is of', () => {
  const withhold = (what: StatementPlan['withhold'], kind = 'update') => statement({ withhold: what, kind });
  const duplicate = s.error('23505', 'duplicate', { D: 'Key (email)=(a@b.c)' });
  const FULL = 'E(23505 duplicate D=Key (email)=(a@b.c))';
  const BARE = 'E(23505 duplicate)';

  test('the one of the text whose reply is due', () => {
    const script = startScript(() => rewrite('t', [withhold('nothing'), withhold('detail')]));
    script.client(c.query('a; b'), c.query('a; b'));
    expect(script.server(duplicate, s.ready()).toClient).toBe(`${FULL} Z(I)`);
    expect(script.server(s.done('A'), duplicate, s.ready()).toClient).toBe(`C(A) ${BARE} Z(I)`);
  });

  test('an earlier one of the text, at its end', () => {
    const script = startScript(() => rewrite('t', [withhold('detail'), withhold('nothing')]));
    script.client(c.query('a; b'));
    expect(script.server(s.done('A'), duplicate, s.ready()).toClient).toBe(`C(A) ${BARE} Z(I)`);
  });

  const plans = (text: string) =>
    text === 'secret' ? rewrite('t', [withhold('detail')]) : text === 'commit' ? pass(effect()) : pass(statement());

  test('by Parse, Bind and Execute', () => {
    for (const replies of [[], [s.parsed], [s.parsed, s.bound]]) {
      const script = startScript(plans);
      script.client(c.parse('', 'secret'), c.bind('', ''), c.execute(''), c.sync);
      expect(script.server(...replies, duplicate, s.ready()).toClient).toContain(BARE);
    }
  });

  test('any of the transaction, at Sync and COMMIT', () => {
    const script = startScript(plans);
    script.client(c.parse('', 'secret'), c.bind('', ''), c.execute(''), c.sync);
    expect(script.server(s.parsed, s.bound, s.done('UPDATE 1'), duplicate, s.ready()).toClient).toContain(BARE);
    script.client(c.query('secret'));
    script.server(s.done('UPDATE 1'), s.ready('T'));
    script.client(c.query('other'), c.query('commit'));
    expect(script.server(duplicate, s.ready('E')).toClient).toContain(FULL);
    expect(script.server(duplicate, s.ready('I')).toClient).toContain(BARE);
    script.client(c.query('commit'));
    expect(script.server(duplicate, s.ready('I')).toClient).toContain(FULL);
  });

  test('that of an EXECUTE', () => {
    const script = startScript((text) =>
      text === 'execute' ? pass(effect({ kind: 'execute', name: 'a' })) : plans(text),
    );
    script.client(c.parse('a', 'secret'), c.sync, c.query('execute'));
    expect(script.server(s.parsed, s.ready(), duplicate, s.ready()).toClient).toBe(`1 Z(I) ${BARE} Z(I)`);
  });
});

test('a tag that a function has read from a cursor is not shown in a notice or an error', () => {
  const script = startScript();
  script.client(c.query('do'));
  const seen = script.server(s.notice(`${TAG}7:x`), s.error('P0001', `got ${TAG}7:x`, { P: '3' }), s.ready()).toClient;
  expect(seen).not.toContain(TAG);
  expect(seen).toContain('P=3');
});

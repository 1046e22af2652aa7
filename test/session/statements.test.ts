import { describe, expect, test } from 'vitest';
import { nameKey } from '../../src/session/statements.js';
import type { Plan, StatementPlan } from '../../src/sql/plan-types.js';
import {
  client as c,
  effect,
  pass,
  refuse,
  rewrite,
  server as s,
  startScript,
  statement,
  TAG,
  tagged,
} from './script.js';

/** Each text of these names is a statement whose first column is tagged under that id. */
const tables: Readonly<Record<string, StatementPlan>> = {
  seven: statement({ output: [tagged(0)] }),
  plain: statement(),
  /** Refused with whatever parameters. */
  never: statement(),
};
const plans = (text: string): Plan | undefined => {
  const made = tables[text] && rewrite(`rewritten ${text}`, [tables[text]]);
  if (text !== 'never' || made?.verdict !== 'rewrite') return made;
  return { ...made, proviso: { parameters: [1], evidence: [{ kind: 'any', of: [] }], otherwise: refuse() } };
};
const CELL = `${TAG}7:x`;
const FINISHED = 'R(<buyer:x>)';
const RAW = `R(${CELL})`;

function prepare(script: ReturnType<typeof startScript>, name: string, text: string): void {
  script.client(c.parse(name, text), c.sync);
  script.server(s.parsed, s.ready());
}

/** What a row looks like that the named statement returns. */
function runs(script: ReturnType<typeof startScript>, name: string): string {
  script.client(c.bind('', name), c.execute(''), c.sync);
  script.server(s.bound);
  return script.server(s.row(CELL), s.done('A'), s.ready()).toClient.split(' ')[0]!;
}

describe('prepared statements', () => {
  test('are mended by the plan that they were prepared with', () => {
    const script = startScript(plans);
    prepare(script, 'a', 'seven');
    prepare(script, 'b', 'plain');
    expect(runs(script, 'a')).toBe(FINISHED);
    expect(runs(script, 'b')).toBe(RAW);
  });

  test('are not refused for what their name meant before', () => {
    const script = startScript(plans);
    prepare(script, '', 'never');
    expect(script.client(c.bind('', ''), c.sync).toServer).toMatch(/^B\(\|pgveil refused \w+\) S$/);
    script.server(s.error('26000', 'no such statement'), s.ready());
    const sent = script.client(c.parse('', 'plain'), c.bind('', ''), c.execute(''), c.sync).toServer;
    expect(sent).toBe('P(|rewritten plain) B(|) E() S');
    const answer = script.server(s.parsed, s.bound, s.row(CELL), s.done('A'), s.ready());
    expect(answer.toClient).toBe(`1 2 ${RAW} C(A) Z(I)`);

    // Behind a Sync the Parse may have failed, and the name mean the first: that is found out.
    prepare(script, '', 'never');
    const later = script.client(c.parse('', 'plain'), c.sync, c.bind('', ''), c.execute(''), c.sync).toServer;
    expect(later).toBe('P(|rewritten plain) S H');
    expect(script.server(s.parsed, s.ready()).toServer).toBe('B(|) E() S');
  });

  test('are refused for what their name means after a Parse that failed', () => {
    const script = startScript(plans);
    prepare(script, 'a', 'never');
    script.client(c.parse('a', 'plain'), c.sync, c.bind('', 'a'), c.execute(''), c.sync);
    expect(script.server(s.error('42P05', 'exists'), s.ready()).toServer).toMatch(
      /^B\(\|pgveil refused \w+\) E\(\) S$/,
    );
  });

  test('stay when a Parse of the same name fails', () => {
    const script = startScript(plans);
    prepare(script, 'a', 'seven');
    script.client(c.parse('a', 'plain'), c.sync);
    script.server(s.error('42P05', 'exists'), s.ready());
    expect(runs(script, 'a')).toBe(FINISHED);
  });

  test('stay when a Parse of the same name fails and the Bind is pipelined behind it', () => {
    const script = startScript(plans);
    prepare(script, 'a', 'seven');
    script.client(c.parse('a', 'plain'), c.sync, c.bind('', 'a'), c.execute(''), c.sync);
    const seen = script.server(s.error('42P05', 'exists'), s.ready(), s.bound, s.row(CELL), s.done('A'), s.ready());
    expect(seen.toClient).toBe(`E(42P05 exists) Z(I) 2 ${FINISHED} C(A) Z(I)`);
  });

  test('stay when a Parse of the same name is skipped behind an error', () => {
    const script = startScript(plans);
    prepare(script, 'a', 'seven');
    script.client(c.bind('', 'missing'), c.parse('a', 'plain'), c.sync);
    script.server(s.error('26000', 'missing'), s.ready());
    expect(runs(script, 'a')).toBe(FINISHED);
  });

  test('are gone after Close, and may be prepared anew in one pipeline', () => {
    const script = startScript(plans);
    prepare(script, 'a', 'plain');
    script.client(c.close('statement', 'a'), c.parse('a', 'seven'), c.bind('', 'a'), c.execute(''), c.sync);
    expect(script.server(s.closed, s.parsed, s.bound, s.row(CELL), s.done('A'), s.ready()).toClient).toBe(
      `3 1 2 ${FINISHED} C(A) Z(I)`,
    );
  });

  test('without a name are replaced by the next Parse', () => {
    const script = startScript(plans);
    prepare(script, '', 'plain');
    prepare(script, '', 'seven');
    expect(runs(script, '')).toBe(FINISHED);
  });

  test('are found under a name that the server cuts', () => {
    const script = startScript(plans);
    prepare(script, `${'n'.repeat(63)}first`, 'seven');
    expect(runs(script, `${'n'.repeat(63)}second`)).toBe(FINISHED);
  });

  test('of one pipeline are mended each by its own plan', () => {
    const script = startScript(plans);
    const run = (text: string) => [c.parse('', text), c.bind('', ''), c.execute('')];
    script.client(...run('seven'), ...run('plain'), ...run('seven'), c.sync);
    const replies = () => [s.parsed, s.bound, s.row(CELL), s.done('A')];
    expect(script.server(...replies(), ...replies(), ...replies(), s.ready()).toClient).toBe(
      `1 2 ${FINISHED} C(A) 1 2 ${RAW} C(A) 1 2 ${FINISHED} C(A) Z(I)`,
    );
  });

  describe('under a proviso that does not hold', () => {
    const judged = (text: string): Plan | undefined => {
      const [plan, otherwise] = [plans(text), refuse()];
      if (text !== 'seven' || plan?.verdict !== 'rewrite' || otherwise.verdict !== 'refuse') return plan;
      return { ...plan, proviso: { parameters: [1], evidence: [{ kind: 'any', of: [] }], otherwise } };
    };

    test('are refused at Bind', () => {
      const script = startScript(judged);
      prepare(script, 'a', 'seven');
      expect(script.client(c.bind('', 'a'), c.execute(''), c.sync).toServer).toContain('B(|pgveil refused ');
    });

    test('do not count once a Parse takes their place in the same pipeline', () => {
      const script = startScript(judged);
      prepare(script, '', 'seven');
      expect(script.client(c.parse('', 'plain'), c.bind('', ''), c.execute(''), c.sync).toServer).toBe(
        'P(|rewritten plain) B(|) E() S',
      );
    });

    test('count where they take the place of another', () => {
      const script = startScript(judged);
      prepare(script, '', 'plain');
      expect(script.client(c.parse('', 'seven'), c.bind('', ''), c.sync).toServer).toContain('B(|pgveil refused ');
    });
  });
});

describe('portals', () => {
  test('keep the plan of their statement when that is closed or replaced', () => {
    const script = startScript(plans);
    script.client(c.parse('', 'seven'), c.bind('p', ''), c.parse('', 'plain'), c.execute('p'), c.sync);
    expect(script.server(s.parsed, s.bound, s.parsed, s.row(CELL), s.done('A'), s.ready()).toClient).toBe(
      `1 2 1 ${FINISHED} C(A) Z(I)`,
    );
  });

  test('outlive ReadyForQuery in a transaction, and end with it', () => {
    const script = startScript(plans);
    script.client(c.parse('', 'seven'), c.bind('p', ''), c.execute('p'), c.sync);
    script.server(s.parsed, s.bound, s.row(CELL), s.suspended, s.ready('T'));
    script.client(c.execute('p'), c.sync);
    expect(script.server(s.row(CELL), s.done('A'), s.ready('T')).toClient).toBe(`${FINISHED} C(A) Z(T)`);
    script.client(c.query('commit'));
    script.server(s.done('COMMIT'), s.ready('I'));
    // A server that still knows the portal would have to be mistaken: a tag there ends the session.
    script.client(c.execute('p'), c.sync);
    expect(script.server(s.row(CELL)).toClient).toMatch(/^E\(08P01 /);
    expect(script.ended).toBe(true);
  });

  test('that a function has opened pass, but no tag in them', () => {
    const script = startScript((text) =>
      text === 'fetch' ? pass(effect({ kind: 'fetch', cursor: 'of a function' })) : undefined,
    );
    script.client(c.query('fetch'));
    expect(script.server(s.columns(1), s.row('plain'), s.done('FETCH 1'), s.ready()).toClient).toContain('R(plain)');
    script.client(c.query('fetch'));
    expect(script.server(s.columns(1), s.row(CELL)).toClient).toMatch(/E\(08P01 /);
  });
});

describe('statements and cursors of SQL', () => {
  const sql = (text: string): Plan | undefined => {
    const [verb, name = '', carried = ''] = text.split(' ');
    switch (verb) {
      case 'prepare':
        return rewrite(text, [effect({ kind: 'prepare', name, statement: tables[carried]! })]);
      case 'execute':
        return pass(effect({ kind: 'execute', name }));
      case 'deallocate':
        return pass(effect({ kind: 'deallocate', name: name || null }));
      case 'declare':
        return rewrite(text, [
          effect({ kind: 'declare', cursor: name, hold: carried === 'hold', statement: tables.seven! }),
        ]);
      case 'fetch':
        return pass(effect({ kind: 'fetch', cursor: name }));
      case 'discard':
        return pass(effect({ kind: 'discard', what: 'all' }));
      default:
        return plans(text);
    }
  };
  const run = (script: ReturnType<typeof startScript>, text: string, status: 'I' | 'T' = 'I', ...rows: Buffer[]) => {
    script.client(c.query(text));
    return script.server(...(rows.length > 0 ? [s.columns(1), ...rows] : []), s.done('OK'), s.ready(status)).toClient;
  };

  test('PREPARE, EXECUTE', () => {
    const script = startScript(sql);
    run(script, 'prepare a seven');
    expect(run(script, 'execute a', 'I', s.row(CELL))).toContain(FINISHED);
  });

  test('PREPARE and EXECUTE in one text', () => {
    const script = startScript(() =>
      rewrite('both', [
        effect({ kind: 'prepare', name: 'a', statement: tables.seven! }),
        effect({ kind: 'execute', name: 'a' }),
      ]),
    );
    script.client(c.query('prepare a; execute a'));
    expect(script.server(s.done('PREPARE'), s.columns(1), s.row(CELL), s.done('SELECT'), s.ready()).toClient).toContain(
      FINISHED,
    );
  });

  test('PREPARE | error: the earlier statement stays', () => {
    const script = startScript(sql);
    run(script, 'prepare a seven');
    script.client(c.query('prepare a plain'), c.query('execute a'));
    script.server(s.error('42P05', 'exists'), s.ready());
    expect(script.server(s.columns(1), s.row(CELL), s.done('SELECT'), s.ready()).toClient).toContain(FINISHED);
  });

  test('Parse, EXECUTE and PREPARE, Bind share their names', () => {
    const script = startScript(sql);
    prepare(script, 'a', 'seven');
    expect(run(script, 'execute a', 'I', s.row(CELL))).toContain(FINISHED);
    run(script, 'prepare b seven');
    expect(runs(script, 'b')).toBe(FINISHED);
  });

  test('EXECUTE by Parse, Describe and portals', () => {
    const script = startScript(sql);
    run(script, 'prepare a seven');
    script.client(
      c.parse('', 'execute a'),
      c.describe('S', ''),
      c.bind('', ''),
      c.describe('P', ''),
      c.execute(''),
      c.sync,
    );
    const seen = script.server(
      s.parsed,
      s.parameters,
      s.columns(1),
      s.bound,
      s.columns(1),
      s.row(CELL),
      s.done('A'),
      s.ready(),
    );
    expect(seen.toClient).toContain(FINISHED);
  });

  test('EXECUTE | suspended, and the name means something else by the time of the rest', () => {
    const script = startScript(sql);
    run(script, 'prepare a seven', 'T');
    script.client(c.parse('', 'execute a'), c.bind('p', ''), c.execute('p'), c.sync);
    script.server(s.parsed, s.bound, s.row(CELL), s.suspended, s.ready('T'));
    run(script, 'deallocate a', 'T');
    run(script, 'prepare a plain', 'T');
    script.client(c.execute('p'), c.sync);
    expect(script.server(s.row(CELL), s.done('A'), s.ready('T')).toClient).toContain(FINISHED);
  });

  test('EXECUTE | succeeds although nothing was prepared', () => {
    const script = startScript(sql);
    script.client(c.query('execute a'));
    expect(script.server(s.columns(1)).toClient).toMatch(/^E\(08P01 /);
  });

  test('EXECUTE | completes although nothing was prepared', () => {
    const script = startScript(sql);
    script.client(c.query('execute a'));
    expect(script.server(s.done('INSERT 0 1')).toClient).toMatch(/^E\(08P01 /);
  });

  test.each(['deallocate a', 'deallocate', 'discard'])('%s: the name means nothing any more', (text) => {
    const script = startScript(sql);
    run(script, 'prepare a seven');
    run(script, text);
    script.client(c.bind('', 'a'), c.execute(''), c.sync);
    expect(script.server(s.bound).toClient).toMatch(/^E\(08P01 /);
  });

  test('DECLARE, FETCH, also by Execute of a portal of the cursor’s name', () => {
    const script = startScript(sql);
    run(script, 'declare cur', 'T');
    expect(run(script, 'fetch cur', 'T', s.row(CELL))).toContain(FINISHED);
    script.client(c.execute('cur'), c.sync);
    expect(script.server(s.row(CELL), s.done('A'), s.ready('T')).toClient).toContain(FINISHED);
  });

  test('cursors end with the transaction unless they are held', () => {
    const script = startScript(sql);
    run(script, 'declare cur hold', 'I');
    expect(run(script, 'fetch cur', 'I', s.row(CELL))).toContain(FINISHED);
    run(script, 'declare gone', 'T');
    run(script, 'commit', 'I');
    expect(run(script, 'fetch cur', 'I', s.row(CELL))).toContain(FINISHED);
    script.client(c.query('fetch gone'));
    expect(script.server(s.columns(1), s.row(CELL)).toClient).toMatch(/E\(08P01 /);
  });
});

describe('a change of the policy', () => {
  test('a statement whose plan would be the same is bound', () => {
    const script = startScript((text) => {
      const plan = plans(text);
      return plan && { ...plan, generation: script.generation };
    });
    prepare(script, 'a', 'seven');
    script.generation = 2;
    expect(runs(script, 'a')).toBe(FINISHED);
    expect(script.planned).toHaveLength(2);
    runs(script, 'a');
    expect(script.planned).toHaveLength(2);
  });

  const changing = () => {
    const script = startScript((text) => {
      if (text === 'execute a')
        return { ...pass(effect({ kind: 'execute', name: 'a' })), generation: script.generation };
      const kept = statement();
      if (text === 'prepare a') {
        return {
          ...rewrite(`text ${script.generation}`, [effect({ kind: 'prepare', name: 'a', statement: kept })]),
          generation: script.generation,
        };
      }
      return { ...rewrite(`text ${script.generation}`), generation: script.generation };
    });
    return script;
  };
  test('a statement of an unfinished pipeline is looked at when its fate is known', () => {
    const script = changing();
    prepare(script, 'a', 'x');
    script.generation = 2;
    // The Parse fails, so the Bind would take the stale statement.
    expect(script.client(c.parse('a', 'y'), c.sync, c.bind('', 'a'), c.sync).toServer).toBe('P(a|text 2) S');
    expect(script.server(s.error('42P05', 'exists'), s.ready()).toServer).toBe('D(S a) S');
  });

  test('a statement that is replaced in a pipeline is bound', () => {
    const script = changing();
    prepare(script, '', 'x');
    script.generation = 2;
    expect(script.client(c.parse('', 'y'), c.bind('', ''), c.execute(''), c.sync).toServer).toBe(
      'P(|text 2) B(|) E() S',
    );
  });

  test('a statement of PREPARE cannot be executed or bound', () => {
    const script = changing();
    script.client(c.query('prepare a'));
    script.server(s.done('PREPARE'), s.ready());
    script.generation = 2;
    expect(script.client(c.query('execute a')).toServer).toMatch(/^Q\(SELECT FROM pg_catalog."pgveil refused/);
  });
});

describe('a pipeline', () => {
  test('takes no longer for each of its statements than for the first', () => {
    const script = startScript(plans);
    const segment = [c.parse('', 'seven'), c.bind('', ''), c.execute(''), c.sync];
    const time = (count: number): number => {
      const began = performance.now();
      script.client(...Array.from({ length: count }, () => segment).flat());
      return performance.now() - began;
    };
    time(200);
    const [few, many] = [time(200), time(1_600)];
    // Eight times as many in flight; by the square it would be 64 times as long.
    expect(many).toBeLessThan(few * 30 + 50);
    expect(script.held).toBe(false);
  });

  test('that could make a name mean very much waits until it is known', () => {
    const script = startScript(plans);
    for (let i = 0; i < 60; i++) script.client(c.parse('a', 'seven'), c.sync);
    expect(script.client(c.bind('', 'a'), c.execute(''), c.sync).toServer).toBe('');
    expect(script.held).toBe(true);
    const failed = Array.from({ length: 59 }, () => [s.error('42P05', 'taken'), s.ready()]).flat();
    expect(script.server(s.parsed, s.ready(), ...failed).toServer).toBe('B(|a) E() S');
    expect(script.server(s.bound, s.row(CELL), s.done('A'), s.ready()).toClient).toBe(`2 ${FINISHED} C(A) Z(I)`);
  });

  test('of very many requests waits until they are answered', () => {
    const script = startScript();
    const syncs = Array.from({ length: 10_001 }, () => c.sync);
    expect(script.client(...syncs).toServer.split(' ')).toHaveLength(10_000);
    expect(script.held).toBe(true);
    const { toServer, toClient } = script.server(...syncs.slice(1).map(() => s.ready()));
    expect([toServer, toClient.split(' ').length, script.held]).toEqual(['S', 10_000, false]);
  });

  test('EXECUTE of itself, under many names', () => {
    const script = startScript((text) => (text === 'x' ? pass(effect({ kind: 'execute', name: 'a' })) : undefined));
    for (let i = 0; i < 40; i++) script.client(c.parse('a', 'x'), c.sync);
    const began = performance.now();
    script.client(c.bind('', 'a'), c.execute(''), c.sync);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('gives others a turn in between, and goes on', () => {
    const script = startScript();
    script.overTime = true;
    expect(script.client(c.query('a'), c.query('b')).toServer).toBe('');
    expect(script.held).toBe(true);
    script.overTime = false;
    script.session.nextTurn();
    expect(script.client().toServer).toBe('Q(a) Q(b)');
    expect(script.held).toBe(false);
    script.session.nextTurn();
    expect(script.client().toServer).toBe('');
  });
});

test('a Bind behind a refused Parse is not held up', () => {
  const script = startScript();
  script.server(s.setting('standard_conforming_strings', 'off'));
  expect(script.client(c.parse('', "x '\\'"), c.bind('', ''), c.sync).toServer).toMatch(/^P\(.*\) B\(\|\) S$/);
});

describe('nameKey', () => {
  test('tells names apart as the server does', () => {
    expect(nameKey('a', 'UTF8')).toBe(nameKey('a', 'LATIN1'));
    expect(nameKey('x'.repeat(64), 'UTF8')).toBe('x'.repeat(63));
    expect(nameKey('\xe9', 'LATIN1')).not.toBe(nameKey('\xe9', 'LATIN2'));
    expect(nameKey('\xe9'.repeat(64), 'LATIN1')).toBeUndefined();
  });

  test('a name that cannot be told apart ends the session', () => {
    const script = startScript();
    expect(script.client(c.parse('\xc3\xa9'.repeat(40), 'a')).toClient).toMatch(/^E\(08P01 /);
  });
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ParserFailure, SqlParser, SqlSyntaxError } from '../../src/sql/parse.js';

const VERSIONS = [13, 14, 15, 16, 17, 18];

function failure(parser: SqlParser, text: string): unknown {
  try {
    parser.parse(text);
  } catch (error) {
    return error;
  }
  throw new Error(`was accepted: ${text}`);
}

/** The tree without what differs between versions by design: locations. */
function shape(tree: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tree, (key, value) => (/^(location|rexpr_list_(start|end))$/.test(key) ? undefined : value)),
  );
}

describe.each(VERSIONS)('the grammar of PostgreSQL %i', (major) => {
  let parser: SqlParser;
  beforeAll(async () => {
    parser = await SqlParser.load(major * 10_000 + 4);
  });

  it('gives each statement with its place in bytes', () => {
    const text = "select 'é'; /* x */ select 2";
    const [first, second] = parser.parse(text);
    expect([first!.start, first!.length]).toEqual([0, 11]);
    expect(
      Buffer.from(text)
        .toString('utf8', second!.start, second!.start + second!.length)
        .trim(),
    ).toMatch(/select 2$/);
  });

  it.each(['', '  \n\t', ';', ';;', '-- nothing', '/* /* nested */ */'])('takes %j as no statement', (text) => {
    expect(parser.parse(text)).toEqual([]);
  });

  it('answers a syntax error as the server does, position in characters', () => {
    expect(failure(parser, "select 'é' frmo t where")).toMatchObject({
      name: 'SqlSyntaxError',
      code: '42601',
      message: 'syntax error at or near "t"',
      position: 17,
    });
    expect(failure(parser, "select 'x from")).toMatchObject({
      message: 'unterminated quoted string at or near "\'x from"',
      position: 8,
    });
  });

  it('reads a backslash in a plain string as the server does', () => {
    // With backslash escapes, the FROM would be inside the string and the table invisible.
    const [statement] = parser.parse("SELECT 'a\\', ssn FROM customers --'");
    expect(JSON.stringify(statement!.node)).toContain('"relname":"customers"');
  });

  it.each(['select 1\0 from secret', '\0'])('refuses a NUL byte, which would cut the text', (text) => {
    expect(failure(parser, text)).toMatchObject({ code: '22021' });
  });

  it('refuses a lone surrogate', () => {
    expect(failure(parser, "select '\ud800'")).toMatchObject({ code: '22021' });
  });

  it('answers deep parentheses as the server answers too much nesting', () => {
    expect(failure(parser, `select ${'('.repeat(20_000)}1${')'.repeat(20_000)}`)).toBeInstanceOf(SqlSyntaxError);
  });

  it('lives through forty stack overflows and then still parses', async () => {
    const text = `select ${'1+'.repeat(20_000)}1`;
    for (let i = 0; i < 40; i++) {
      expect(failure(parser, text)).toBeInstanceOf(ParserFailure);
      await parser.ready();
    }
    expect(parser.parse('select 1')).toHaveLength(1);
  }, 120_000);

  it('refuses a text over the limit without parsing it', () => {
    expect(failure(parser, `select '${'x'.repeat(9 * 1024 * 1024)}'`)).toBeInstanceOf(ParserFailure);
  });
});

it('keeps no parser that it has thrown away', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const instances: WeakRef<object>[] = [];
  type Instantiate = (...args: readonly unknown[]) => Promise<{ readonly instance: object }>;
  const wasm = Reflect.get(globalThis, 'WebAssembly') as { readonly instantiate: Instantiate };
  const { instantiate } = wasm;
  const spy = vi.spyOn(wasm, 'instantiate').mockImplementation(async (...args) => {
    const made = await instantiate(...args);
    instances.push(new WeakRef(made.instance));
    return made;
  });
  const parser = await SqlParser.load(150_000);
  for (let i = 0; i < 8; i++) {
    failure(parser, `select ${'1+'.repeat(20_000)}1`);
    await parser.ready();
  }
  spy.mockRestore();
  await new Promise((resolve) => setTimeout(resolve, 10));
  collect();
  expect(instances).toHaveLength(9);
  expect(instances.filter((instance) => instance.deref()).length).toBeLessThan(5);
}, 60_000);

describe('across versions', () => {
  it('gives constants and names one shape', async () => {
    const text = "select -1, 2.5, 'x', null, b'1', 0, '', $1 from s.t o where x in (1, 2) and o.y like 'a%'";
    const shapes = await Promise.all(
      VERSIONS.map(async (major) => {
        const parser = await SqlParser.load(major * 10_000);
        return shape(parser.parse(text)[0]!.node);
      }),
    );
    for (const other of shapes) expect(other).toEqual(shapes[0]);
  });

  it('reads a number as the server of that version does', async () => {
    const old = await SqlParser.load(150_018);
    const current = await SqlParser.load(180_004);
    expect(JSON.stringify(old.parse('select 1_000')[0]!.node)).toContain('"name":"_000"');
    expect(JSON.stringify(current.parse('select 1_000')[0]!.node)).toContain('"ival":1000');
  });

  it.each([120_000, 190_000])('has no grammar for server version %i and says which there are', async (version) => {
    await expect(SqlParser.load(version)).rejects.toThrow('13, 14, 15, 16, 17, 18');
  });
});

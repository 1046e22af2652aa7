import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AttNum, Oid } from '../../src/catalog/snapshot.js';
import { createCopyMasker } from '../../src/session/copy-masking.js';
import { CellMasker, ResultMismatch } from '../../src/session/result-masking.js';
import type { CopyFormat } from '../../src/sql/plan-types.js';
import { decodeDataRow, encodeDataRow } from '../../src/wire/backend-messages.js';
import { characterLength } from '../../src/wire/encodings.js';
import { client as c, type pass, rewrite, server as s, startScript, statement, TAG, tagged } from './script.js';

const output = [
  { index: 0, origin: { table: 1234 as Oid, attnum: 5 as AttNum }, typmod: 84 },
  { ...tagged(1), origin: { table: 1234 as Oid, attnum: 0 as const } },
  tagged(3, { id: 9, column: 'phone', kind: 'text' }),
];

function query(...statements: Parameters<typeof pass>) {
  const script = startScript(() => rewrite('text', statements));
  script.client(c.query('text'));
  return script;
}

describe('RowDescription', () => {
  test('gets the planned origins and type modifiers', () => {
    const script = query(statement({ output }));
    expect(script.server(s.columns(4)).toClient).toBe('T(1234.5.84 1234.0.-1 0.0.-1 0.0.-1)');
  });

  test('of a statement and of a portal, too', () => {
    const script = startScript(() => rewrite('text', [statement({ output })]));
    script.client(c.parse('', 'text'), c.describe('S', ''), c.bind('', ''), c.describe('P', ''), c.sync);
    const described = 'T(1234.5.84 1234.0.-1 0.0.-1 0.0.-1)';
    expect(script.server(s.parsed, s.parameters, s.columns(4), s.bound, s.columns(4), s.ready()).toClient).toBe(
      `1 t ${described} 2 ${described} Z(I)`,
    );
  });

  test('with fewer columns than planned ends the session', () => {
    const script = query(statement({ output }));
    expect(script.server(s.columns(3)).toClient).toMatch(/E\(08P01 /);
    expect(script.ended).toBe(true);
  });
});

describe('DataRow', () => {
  test('tagged cells get their mask, and are counted once for the result', () => {
    const script = query(statement({ output }));
    const rows = [
      s.row('1', `${TAG}7:key`, 'x', `${TAG}9:***@example.com`),
      s.row('2', 'plain', `in the middle ${TAG}7:y`, null),
      s.row(null, `${TAG}7:other`, null, ''),
    ];
    expect(script.server(s.columns(4), ...rows, s.done('SELECT 3'), s.ready()).toClient).toContain(
      `R(1,<buyer:key>,x,***@example.com) R(2,plain,in the middle ${TAG}7:y,NULL) R(NULL,<buyer:other>,NULL,)`,
    );
    expect(script.events).toEqual(['planned rewrite', 'masked buyer 2', 'masked phone 1']);
  });

  test('are counted for a result that ends in an error', () => {
    const script = query(statement({ output }));
    script.server(s.columns(4), s.row('1', `${TAG}7:key`, 'x', null), s.error('22012', 'zero'), s.ready());
    expect(script.events).toContain('masked buyer 1');
  });

  test.each([
    ['an unknown id', `${TAG}8:x`],
    ['no id', `${TAG}:x`],
    ['an id that is no number', `${TAG}7x:x`],
    ['an id that goes on and on', `${TAG}${'7'.repeat(50)}:x`],
    ['no end', `${TAG}7`],
    ['nothing', TAG],
  ])('a tag with %s becomes blank', (_what, cell) => {
    const script = query(statement({ output }));
    expect(script.server(s.columns(4), s.row('1', cell, 'x', '')).toClient).toContain('R(1,,x,)');
  });

  test('a token is cut to the length of its column', () => {
    const script = query(statement({ output: [tagged(0, { maxLength: 4 })] }));
    expect(script.server(s.columns(1), s.row(`${TAG}7:x`)).toClient).toContain('R(<buy)');
  });

  test('what looks like a tag in a column without mask is a text of a client, and stays', () => {
    const script = query(statement({ output }));
    const seen = script.server(s.columns(4), s.row('1', `${TAG}7:key`, `${TAG}7:x`, null), s.done('SELECT 1'));
    expect(seen.toClient).toContain(`R(1,<buyer:key>,${TAG}7:x,NULL)`);
    expect(script.ended).toBe(false);
  });

  test('rows without a tag are forwarded as one range', () => {
    const script = query(statement({ output }));
    const before = script.ranges;
    const rows = Array.from({ length: 100 }, (_, i) => s.row(String(i), 'a', 'b', 'c'));
    script.server(s.columns(4), ...rows, s.done('SELECT 100'), s.ready());
    expect(script.ranges - before).toBe(1);
  });

  test('every split of the stream gives the same', () => {
    const replies = [
      s.columns(4),
      s.row('1', `${TAG}7:key`, 'x', `${TAG}9:p`),
      s.row('2', 'plain', 'y', null),
      s.row('3', `${TAG}7:k`, 'z', ''),
      s.done('SELECT 3'),
      s.ready(),
    ];
    const whole = query(statement({ output })).server(...replies).toClient;
    for (let at = 1; at < Buffer.concat(replies).length; at++) {
      const chunk = (bytes: Buffer) => [Buffer.from(bytes.subarray(0, at)), Buffer.from(bytes.subarray(at))];
      const script = startScript(() => rewrite('text', [statement({ output })]), { chunk });
      script.client(c.query('text'));
      expect(script.server(...replies).toClient).toBe(whole);
    }
  });

  test('each statement of a text has its own masks', () => {
    const script = query(statement(), statement({ output: [tagged(0)] }), statement());
    const result = [s.columns(1), s.row(`${TAG}7:x`), s.done('SELECT 1')];
    expect(script.server(...result, ...result, ...result, s.ready()).toClient.match(/R\([^)]*\)/g)).toEqual([
      `R(${TAG}7:x)`,
      'R(<buyer:x>)',
      `R(${TAG}7:x)`,
    ]);
  });

  test('a row that is not well formed ends the session', () => {
    const script = query(statement({ output: [tagged(0)] }));
    const row = s.row(`${TAG}7:x`);
    row.writeInt32BE(1000, 7);
    expect(script.server(s.columns(1), row).toClient).toMatch(/E\(08P01 /);
  });
});

const csv: CopyFormat = { format: 'csv', delimiter: ',', quote: '"', escape: '"', null: '', header: false };
const text: CopyFormat = { format: 'text', delimiter: '\t', quote: '"', escape: '"', null: '\\N', header: false };

/** What a token is in these tests. */
let token = 'T';

function masker(format: CopyFormat, encoding = 'UTF8') {
  const cells = new CellMasker(
    [tagged(0), tagged(1, { id: 9, kind: 'text' })],
    TAG,
    (_column, payload) => `${token}${payload}`,
  );
  const mask = createCopyMasker(format, cells, characterLength(encoding));
  return (row: string): string => {
    const bytes = Buffer.from(row, 'latin1');
    return (mask(bytes, 0, bytes.length) ?? bytes).toString('latin1');
  };
}

describe('COPY in text format', () => {
  test.each([
    ['nothing tagged', 'a\tb\n', 'a\tb\n'],
    ['tagged', `${TAG}7:k\t${TAG}9:p\tc\n`, 'Tk\tp\tc\n'],
    ['NULL beside it', `\\N\t${TAG}9:p\n`, '\\N\tp\n'],
    ['escapes in other cells stay', `${TAG}7:k\ta\\tb\\\\\\N\n`, 'Tk\ta\\tb\\\\\\N\n'],
    ['an escape in the payload', `a\t${TAG}9:p\\tq\\\\\n`, 'a\tp\\tq\\\\\n'],
    ['an empty payload', `a\t${TAG}9:\n`, 'a\t\n'],
    ['the tag in the middle of a cell', `x${TAG}7:k\tb\n`, `x${TAG}7:k\tb\n`],
    ['the tag in a column without mask', `a\tb\t${TAG}7:k\n`, `a\tb\t${TAG}7:k\n`],
    ['an unknown tag', `${TAG}5:k\tb\n`, '\tb\n'],
  ])('%s', (_what, row, expected) => {
    expect(masker(text)(row)).toBe(expected);
  });

  test('with a delimiter that occurs in the tag', () => {
    const format = { ...text, delimiter: ':' };
    expect(masker(format)(`${TAG}7\\:k:b\n`)).toBe('Tk:b\n');
    const upper = { ...text, delimiter: 'P' };
    expect(masker(upper)(`${TAG.replaceAll('P', '\\P')}7:kPb\n`)).toBe('TkPb\n');
  });

  test('with a header', () => {
    const mask = masker({ ...text, header: true });
    expect(mask(`${TAG}7:k\tb\n`)).toBe(`${TAG}7:k\tb\n`);
    expect(mask(`${TAG}7:k\tb\n`)).toBe('Tk\tb\n');
  });

  test.each([
    ['a row without a newline', `${TAG}7:k\tb`],
    ['a row that ends with a backslash', `${TAG}7:k\tb\\\n`],
  ])('%s ends the session', (_what, row) => {
    expect(() => masker(text)(row)).toThrow(ResultMismatch);
  });
});

describe('COPY in csv format', () => {
  test.each([
    ['nothing tagged', 'a,b\n', 'a,b\n'],
    ['tagged', `${TAG}7:k,${TAG}9:p,c\n`, 'Tk,p,c\n'],
    ['quoted by the server', `"${TAG}7:k","${TAG}9:p, ""q"""\n`, '"Tk","p, ""q"""\n'],
    ['quoted cells with newlines beside it', `${TAG}7:k,"b\n,c"\n`, 'Tk,"b\n,c"\n'],
    ['an empty mask is no NULL', `a,${TAG}9:\n`, 'a,""\n'],
    ['an unknown tag', `${TAG}5:k,b\n`, '"",b\n'],
    ['NULL beside it', `,${TAG}9:p\n`, ',p\n'],
    ['the tag in the middle of a cell', `x${TAG}7:k,"y${TAG}9:k"\n`, `x${TAG}7:k,"y${TAG}9:k"\n`],
    ['the tag in a column without mask', `a,b,"${TAG}7:k"\n`, `a,b,"${TAG}7:k"\n`],
  ])('%s', (_what, row, expected) => {
    expect(masker(csv)(row)).toBe(expected);
  });

  test('a mask that reads as NULL is quoted', () => {
    expect(masker({ ...csv, null: 'nil' })(`a,${TAG}9:nil\n`)).toBe('a,"nil"\n');
    expect(masker({ ...csv, null: 'nil' })(`a,${TAG}9:\n`)).toBe('a,\n');
  });

  test('a mask that needs quotes gets them', () => {
    token = 'a,"b';
    expect(masker(csv)(`${TAG}7:k,b\n`)).toBe('"a,""bk",b\n');
    token = 'T';
  });

  test('with its own quote, escape and delimiter', () => {
    const format = { ...csv, delimiter: '|', quote: "'", escape: '\\' };
    expect(masker(format)(`'${TAG}7:k'|'${TAG}9:it\\'s \\\\'\n`)).toBe("'Tk'|'it\\'s \\\\'\n");
  });

  test('with a quote that occurs in the tag', () => {
    const format = { ...csv, quote: 'V', escape: 'V' };
    expect(masker(format)(`V${TAG.replaceAll('V', 'VV')}7:kV,b\n`)).toBe('VTkV,b\n');
  });

  test.each([
    ['a quoted cell without an end', `"${TAG}7:k,b\n`],
    ['bytes behind a quoted cell', `"${TAG}7:k"x,b\n`],
  ])('%s ends the session', (_what, row) => {
    expect(() => masker(csv)(row)).toThrow(ResultMismatch);
  });

  test('cells that are not tagged keep every byte, whatever they hold', () => {
    const cell = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('', '"', ',', '\n', '\r', '\\.', 'a,b'));
    const written = (value: string, quoted: boolean) =>
      quoted || value === '' || /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, fc.boolean()), { maxLength: 5 }), (others) => {
        const rest = others
          .map(([value, quoted]) => `,${written(Buffer.from(value).toString('latin1'), quoted)}`)
          .join('');
        expect(masker(csv)(`${TAG}7:k,x${rest}\n`)).toBe(`Tk,x${rest}\n`);
      }),
    );
  });
});

describe('COPY in an encoding in which a byte of a character looks like ASCII', () => {
  /** Characters with a backslash, a bar and a digit behind their first byte. */
  test.each([
    ['SJIS', '\x83\x5c', '\x83\x7c'],
    ['SHIFT_JIS_2004', '\xe0\x5c', '\xfc\x7c'],
    ['BIG5', '\xa5\x5c', '\xa8\x7c'],
    ['GBK', '\x81\x5c', '\x81\x7c'],
    ['UHC', '\xb0\x5c', '\xb0\x7c'],
    ['JOHAB', '\x88\x5c', '\x8f\x7c\x5c'],
    ['GB18030', '\x81\x5c', '\x81\x7c'],
    ['GB18030', '\x81\x30\x89\x30', '\x81\x39\xef\x30'],
  ])('%s: characters are not taken apart', (encoding, a, b) => {
    const [ofText, ofCsv] = [
      masker({ ...text, delimiter: '|' }, encoding),
      masker({ ...csv, delimiter: '|' }, encoding),
    ];
    expect(ofText(`${TAG}7:k|${a}|${b}|x\n`)).toBe(`Tk|${a}|${b}|x\n`);
    expect(ofText(`${a}|${TAG}9:${b}\\|${a}|x\n`)).toBe(`${a}|${b}\\|${a}|x\n`);
    expect(ofText(`${a}${b}|${TAG}9:p\n`)).toBe(`${a}${b}|p\n`);
    expect(ofCsv(`${a}|${TAG}9:${b}|x\n`)).toBe(`${a}|${b}|x\n`);
    expect(ofCsv(`"${a}""|"|"${TAG}9:${b}""${a}"|x\n`)).toBe(`"${a}""|"|"${b}""${a}"|x\n`);
    const quoting = masker({ ...csv, quote: '\\', escape: '\\' }, encoding);
    expect(quoting(`\\${a},\\\\\\,${TAG}9:${a},x\n`)).toBe(`\\${a},\\\\\\,${a},x\n`);
  });

  test('SJIS: kana are of one byte', () => {
    expect(masker(text, 'SJIS')(`\xb1\t${TAG}9:\xdf\t\xa1\n`)).toBe('\xb1\t\xdf\t\xa1\n');
  });

  test('a row that ends within a character ends the session', () => {
    expect(() => masker(text, 'SJIS')(`${TAG}7:k\tx\x83\n`)).toThrow(ResultMismatch);
    expect(() => masker(csv, 'SJIS')(`${TAG}7:k,x\x83\n`)).toThrow(ResultMismatch);
  });
});

describe('COPY in binary format', () => {
  const binary: CopyFormat = { ...csv, format: 'binary' };
  const header = 'PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0';
  const trailer = '\xff\xff';
  /** A tuple is written as a DataRow is, behind its header. */
  const tuple = (...cells: (string | null)[]) =>
    encodeDataRow(cells.map((cell) => (cell === null ? null : Buffer.from(cell, 'latin1')))).toString('latin1', 5);

  test('tuples, with the header of the file before and its trailer behind', () => {
    const mask = masker(binary);
    expect(mask(header + tuple(`${TAG}7:k`, null, 'c'))).toBe(header + tuple('Tk', null, 'c'));
    expect(mask(tuple('a', `${TAG}9:p`, 'c'))).toBe(tuple('a', 'p', 'c'));
    expect(mask(tuple('a', 'b', '\xff\0'))).toBe(tuple('a', 'b', '\xff\0'));
    expect(mask(tuple('a', 'b', `${TAG}7:k`))).toBe(tuple('a', 'b', `${TAG}7:k`));
    expect(mask(tuple(`${TAG}7:k`, 'b') + trailer)).toBe(tuple('Tk', 'b') + trailer);
    expect(mask(trailer)).toBe(trailer);
  });

  test('with an extension in the header', () => {
    const extended = `PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\x03abc`;
    expect(masker(binary)(extended + tuple(`${TAG}7:k`))).toBe(extended + tuple('Tk'));
  });

  test.each([
    ['a cell that reaches behind the end', `${tuple(`${TAG}7:k`).slice(0, -1)}`],
    ['bytes behind the trailer', `${tuple(`${TAG}7:k`)}${trailer}x`],
  ])('%s ends the session', (_what, body) => {
    expect(() => masker(binary)(body)).toThrow('message');
  });
});

describe('COPY TO STDOUT', () => {
  const copy = statement({ kind: 'copy', output: [tagged(0)], copy: csv });

  test('is mended by simple and extended protocol', () => {
    const script = startScript(() => rewrite('text', [copy]));
    const rows = [s.copyOut, s.copyData(`${TAG}7:k,1\n`), s.copyData('b,2\n'), s.copyDone, s.done('COPY 2')];
    const expected = 'H d(<buyer:k>,1\n) d(b,2\n) c C(COPY 2) Z(I)';
    script.client(c.query('copy'));
    expect(script.server(...rows, s.ready()).toClient).toBe(expected);
    script.client(c.parse('', 'copy'), c.bind('', ''), c.execute(''), c.sync);
    const rest = script.server(s.parsed, s.bound, ...rows).toClient;
    expect(`${rest} ${script.server(s.ready()).toClient}`).toBe(`1 2 ${expected}`);
    expect(script.events.filter((e) => e === 'masked buyer 1')).toHaveLength(2);
  });

  test('that was not planned as a COPY ends the session', () => {
    const script = query(statement({ output: [tagged(0)] }));
    expect(script.server(s.copyOut).toClient).toMatch(/E\(08P01 /);
  });
});

test('a row is what it was after decoding and encoding', () => {
  const row = s.row('a', null, '');
  expect(encodeDataRow(decodeDataRow(row, 0, row.length))).toEqual(row);
});

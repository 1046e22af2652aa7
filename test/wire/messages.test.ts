import { Readable } from 'node:stream';
import fc from 'fast-check';
import { parse as parseBackend, serialize } from 'pg-protocol';
import { describe, expect, test } from 'vitest';
import * as backend from '../../src/wire/backend-messages.js';
import * as frontend from '../../src/wire/frontend-messages.js';
import { ProtocolError } from '../../src/wire/protocol-error.js';
import { decodeStartup, startupLength } from '../../src/wire/startup.js';

/** A string of the protocol: any bytes but zero, as latin1. */
const bytesString = fc
  .uint8Array({ maxLength: 80 })
  .map((b) => Buffer.from(b).toString('latin1').replaceAll('\0', '.'));
const text = fc.string({ unit: 'binary', maxLength: 80 }).map((s) => s.replaceAll('\0', '.'));
const oid = fc.integer({ min: 0, max: 0xffffffff });
const cells = fc.array(fc.option(fc.uint8Array({ maxLength: 30 }).map((b) => Buffer.from(b))), { maxLength: 12 });
const letters = 'SVCMDHPpqWstcdnFLR';
const errorFields = fc.array(fc.tuple(fc.constantFrom(...letters), bytesString), { maxLength: 12 });

async function decodeByLibrary(bytes: Buffer): Promise<Record<string, unknown>[]> {
  const seen: Record<string, unknown>[] = [];
  await parseBackend(Readable.from([bytes]), (m) => seen.push(m as unknown as Record<string, unknown>));
  return seen;
}

describe('decode after encode', () => {
  test('Parse', () => {
    fc.assert(
      fc.property(bytesString, text, fc.array(oid, { maxLength: 8 }), (name, sql, types) => {
        const bytes = frontend.encodeParse(name, sql, types);
        const decoded = frontend.decodeParse(bytes, 0, bytes.length);
        expect(decoded.name).toBe(name);
        expect(bytes.toString('utf8', decoded.text.start, decoded.text.end)).toBe(Buffer.from(sql).toString('utf8'));
        expect(decoded.parameterTypes).toEqual(types);
        expect(frontend.parseName(bytes, 0, bytes.length)).toBe(name);
      }),
    );
  });

  test('Query', () => {
    fc.assert(
      fc.property(text, (sql) => {
        const bytes = frontend.encodeQuery(sql);
        const { start, end } = frontend.queryText(bytes, 0, bytes.length);
        expect(bytes.subarray(start, end)).toEqual(Buffer.from(sql));
      }),
    );
  });

  test('Bind, Execute and Close', () => {
    fc.assert(
      fc.property(bytesString, bytesString, fc.nat(), (portal, statement, rows) => {
        const bind = frontend.encodeBind(portal, statement);
        expect(frontend.bindNames(bind, 0, bind.length)).toEqual({ portal, statement });
        const execute = frontend.encodeExecute(portal, rows);
        expect(frontend.decodeExecute(execute, 0, execute.length)).toEqual({ portal, maxRows: rows });
        for (const of of ['statement', 'portal'] as const) {
          const close = frontend.encodeClose(of, portal);
          expect(frontend.decodeNamed('CLOSE', close, 0, close.length)).toEqual({ of, name: portal });
        }
      }),
    );
  });

  test('errors, notices and rows', () => {
    fc.assert(
      fc.property(errorFields, cells, (fields, row) => {
        for (const type of ['E', 'N'] as const) {
          const bytes = backend.encodeErrorFields(type, fields);
          expect(backend.decodeErrorFields(bytes, 0, bytes.length)).toEqual(fields);
        }
        const data = backend.encodeDataRow(row);
        expect(backend.decodeDataRow(data, 0, data.length)).toEqual(row);
      }),
    );
  });
});

describe('an independent decoder', () => {
  test('reads the errors and rows that are sent to clients', async () => {
    const error = backend.encodeErrorFields('E', [
      ['S', 'ERROR'],
      ['V', 'ERROR'],
      ['C', '42501'],
      ['M', 'no'],
      ['D', 'because'],
      ['H', 'do this'],
      ['P', '15'],
    ]);
    const [first, second] = await decodeByLibrary(
      Buffer.concat([error, backend.encodeDataRow([Buffer.from('a'), null, Buffer.from('')])]),
    );
    expect(first).toMatchObject({
      severity: 'ERROR',
      code: '42501',
      detail: 'because',
      hint: 'do this',
      position: '15',
    });
    expect(second).toMatchObject({ name: 'dataRow', fields: ['a', null, ''] });
  });

  test('agrees on the messages that are sent to the server', () => {
    expect(frontend.encodeQuery('select 1')).toEqual(serialize.query('select 1'));
    expect(frontend.encodeParse('s', 'select $1', [25])).toEqual(
      serialize.parse({ name: 's', text: 'select $1', types: [25] }),
    );
    expect(frontend.encodeExecute('p', 7)).toEqual(serialize.execute({ portal: 'p', rows: 7 }));
    expect(frontend.encodeClose('statement', 's')).toEqual(serialize.close({ type: 'S', name: 's' }));
    expect([frontend.SYNC, frontend.FLUSH, frontend.TERMINATE]).toEqual([
      serialize.sync(),
      serialize.flush(),
      serialize.end(),
    ]);
    const bind = serialize.bind({ portal: 'p', statement: 's', values: ['1', null, Buffer.from([0])] });
    expect(frontend.bindNames(bind, 0, bind.length)).toEqual({ portal: 'p', statement: 's' });
    const describe = serialize.describe({ type: 'P', name: 'p' });
    expect(frontend.decodeNamed('DESCRIBE', describe, 0, describe.length)).toEqual({ of: 'portal', name: 'p' });
  });
});

describe('random bytes', () => {
  const decoders: Readonly<Record<string, (b: Buffer, start: number, end: number) => unknown>> = {
    decodeParse: frontend.decodeParse,
    parseName: frontend.parseName,
    queryText: frontend.queryText,
    bindNames: frontend.bindNames,
    decodeNamed: (b, start, end) => frontend.decodeNamed('CLOSE', b, start, end),
    decodeExecute: frontend.decodeExecute,
    decodeErrorFields: backend.decodeErrorFields,
    decodeParameterStatus: backend.decodeParameterStatus,
    decodeReadyForQuery: backend.decodeReadyForQuery,
    authenticationCode: backend.authenticationCode,
    decodeNegotiation: backend.decodeNegotiation,
    decodeDataRow: backend.decodeDataRow,
    walkRowDescription: (b, start, end) => backend.walkRowDescription(b, start, end, () => undefined),
    decodeStartup: (b) => decodeStartup(b),
  };

  test.each(Object.keys(decoders))('make %s throw ProtocolError and nothing else', (name) => {
    // Many zero bytes: short strings and counts that are small.
    const byte = fc.oneof(fc.constant(0), fc.constantFrom(0x53, 0x50, 1, 2, 3), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { minLength: 8, maxLength: 60 }), (list) => {
        const bytes = Buffer.from(list);
        const before = Buffer.from(bytes);
        try {
          decoders[name]!(bytes, 0, bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
        expect(bytes).toEqual(before);
      }),
      { numRuns: 2000 },
    );
  });

  test('never reach behind the end of their message', () => {
    const row = backend.encodeDataRow([Buffer.from('abc')]);
    const stream = Buffer.concat([row, Buffer.alloc(100, 1)]);
    expect(() => backend.decodeDataRow(stream, 0, row.length - 1)).toThrow(ProtocolError);
    const query = frontend.encodeQuery('select 1').subarray(0, -1);
    expect(() => frontend.queryText(Buffer.concat([query, Buffer.alloc(3)]), 0, query.length)).toThrow(ProtocolError);
  });
});

describe('startup packets', () => {
  const packet = (code: number, body: Buffer = Buffer.alloc(0)): Buffer => {
    const head = Buffer.alloc(8);
    head.writeInt32BE(8 + body.length, 0);
    head.writeInt32BE(code, 4);
    return Buffer.concat([head, body]);
  };

  test('are told apart', () => {
    expect(decodeStartup(packet(80877103))).toEqual({ kind: 'ssl-request' });
    expect(decodeStartup(packet(80877104))).toEqual({ kind: 'gssenc-request' });
    for (const [key, valid] of [
      [0, false],
      [1, true],
      [4, true],
      [256, true],
      [257, false],
    ] as const) {
      expect(decodeStartup(packet(80877102, Buffer.alloc(4 + key)))).toEqual({ kind: 'cancel', valid });
    }
    expect(decodeStartup(packet(80877102))).toEqual({ kind: 'cancel', valid: false });
    expect(decodeStartup(packet(0x20000, Buffer.from('bob')))).toMatchObject({ kind: 'startup', major: 2 });
    const library = serialize.startup({ user: 'bob', database: 'shop' });
    const decoded = decodeStartup(library);
    expect(decoded).toMatchObject({ kind: 'startup', major: 3, minor: 0 });
    expect(decoded.kind === 'startup' && [...decoded.parameters]).toEqual([
      ['user', 'bob'],
      ['database', 'shop'],
      ['client_encoding', 'UTF8'],
    ]);
  });

  test('of another version leave out options of the protocol, and all else as it is', () => {
    const fields = ['user', 'bob', '_pq_.one', 'x', 'options', '-c a=b', '_pq_.two', '', 'database', ''];
    const body = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`);
    const decoded = decodeStartup(packet(0x3270f, body));
    if (decoded.kind !== 'startup') throw new Error(decoded.kind);
    expect([decoded.minor, decoded.options]).toEqual([9999, ['_pq_.one', '_pq_.two']]);
    expect(decoded.plain(2)).toEqual(packet(0x30002, Buffer.from('user\0bob\0options\0-c a=b\0database\0\0\0')));
    const simple = decodeStartup(packet(0x30000, Buffer.from('user\0bob\0\0')));
    expect(simple.kind === 'startup' && simple.plain(0)).toEqual(packet(0x30000, Buffer.from('user\0bob\0\0')));
  });

  test('of a parameter given twice, the last value counts', () => {
    const decoded = decodeStartup(packet(0x30000, Buffer.from('user\0a\0user\0b\0\0')));
    expect(decoded.kind === 'startup' && decoded.parameters.get('user')).toBe('b');
  });

  test.each([
    ['without the last zero byte', 'user\0bob\0'],
    ['with bytes behind it', 'user\0bob\0\0x'],
    ['with a name without value', 'user\0'],
    ['of invalid UTF-8', 'user\0\xff\0\0'],
  ])('%s are refused', (_what, body) => {
    expect(() => decodeStartup(packet(0x30000, Buffer.from(body, 'latin1')))).toThrow(ProtocolError);
  });

  test.each([7, 0, -5, 10_005])('of length %d are refused', (length) => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(length);
    expect(() => startupLength(head)).toThrow(ProtocolError);
  });
});

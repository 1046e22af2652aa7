import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ProtocolError } from '../../src/wire/protocol-error.js';
import { decodeProxyHeader } from '../../src/wire/proxy-header.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const v1 = (line: string): Buffer => Buffer.from(line, 'latin1');
const v2 = (command: string, family: string, rest: string, length = rest.length / 2): Buffer =>
  Buffer.from(`${SIGNATURE}${command}${family}${length.toString(16).padStart(4, '0')}${rest}`, 'hex');

const V4 = 'c6336401cb0071021f905432';
const V6 = '20010db8000000000000000000000001'.repeat(2).concat('1f905432');
/** PP2_TYPE_NOOP of four bytes, then PP2_TYPE_AUTHORITY. */
const TLVS = '0400040000000002000161';

const HEADERS: readonly (readonly [name: string, header: Buffer, client: string | undefined])[] = [
  ['TCP4', v1('PROXY TCP4 198.51.100.1 203.0.113.2 8080 5432\r\n'), '198.51.100.1'],
  ['TCP6', v1('PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n'), '2001:db8::1'],
  ['UNKNOWN', v1('PROXY UNKNOWN\r\n'), undefined],
  ['the longest UNKNOWN', v1(`PROXY UNKNOWN ${'f'.repeat(39)} ${'f'.repeat(39)} 65535 65535\r\n`), undefined],
  ['v2 of IPv4', v2('21', '11', V4), '198.51.100.1'],
  ['v2 of IPv4 with TLVs', v2('21', '11', V4 + TLVS), '198.51.100.1'],
  ['v2 of IPv6', v2('21', '21', V6), '2001:db8::1'],
  [
    'v2 of an IPv4 address as IPv6',
    v2('21', '21', `${'0'.repeat(20)}ffffc6336401${V6.slice(32)}`),
    '::ffff:198.51.100.1',
  ],
  ['v2 of a UNIX socket', v2('21', '31', '2f61'.padEnd(432, '0')), undefined],
  ['v2 of UDP', v2('21', '12', V4), undefined],
  ['v2 of an unknown kind', v2('21', '00', ''), undefined],
  ['v2 of an unknown kind with more', v2('21', '00', TLVS), undefined],
  ['v2 LOCAL', v2('20', '00', ''), undefined],
  ['v2 LOCAL with addresses, which do not count', v2('20', '11', V4), undefined],
  ['v2 LOCAL of a family that does not exist', v2('20', 'ff', 'abcd'), undefined],
  ['the longest v2', v2('21', '11', V4.padEnd(2 * 8192, '0')), '198.51.100.1'],
];

describe.each(HEADERS)('%s', (_name, header, client) => {
  it('is read, whatever stands behind it', () => {
    for (const behind of ['', 'x', 'PROXY ', '\x16\x03\x01']) {
      const bytes = Buffer.concat([header, Buffer.from(behind, 'latin1')]);
      expect(decodeProxyHeader(bytes)).toEqual({ kind: 'header', bytes: header.length, client });
    }
  });

  it('is waited for up to its last byte', () => {
    const step = Math.max(1, Math.floor(header.length / 200));
    for (let length = 0; length < header.length; length += step) {
      expect(decodeProxyHeader(header.subarray(0, length)), String(length)).toEqual({ kind: 'incomplete' });
    }
    expect(decodeProxyHeader(header.subarray(0, -1))).toEqual({ kind: 'incomplete' });
  });
});

test.each<[string, Buffer]>([
  ['a version 3', v2('31', '11', V4)],
  ['an unknown command', v2('22', '11', V4)],
  ['an unknown family', v2('21', '41', V4)],
  ['an unknown protocol', v2('21', '13', V4)],
  ['addresses that are cut off', v2('21', '11', V4.slice(2))],
  ['IPv6 addresses that are cut off', v2('21', '21', V4)],
  ['a UNIX address that is cut off', v2('21', '31', V6)],
  ['too long a rest', v2('21', '11', V4, 8193)],
  ['too long a rest of LOCAL', v2('20', '00', '', 65_535)],
  ['a line that is too long', v1(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`)],
  ['a line that does not end', v1(`PROXY ${'f'.repeat(200)}`)],
  ...[
    'PROXY TCP4 198.51.100.1 203.0.113.2 8080 5432 ',
    'PROXY TCP4 198.51.100.1  203.0.113.2 8080 5432',
    'PROXY  TCP4 198.51.100.1 203.0.113.2 8080 5432',
    'PROXY TCP4 198.51.100.1 203.0.113.2 8080',
    'PROXY TCP4 198.51.100.1 203.0.113.2 8080 65536',
    'PROXY TCP4 198.51.100.1 203.0.113.2 080 5432',
    'PROXY TCP4 198.51.100.1 203.0.113.2 -1 5432',
    'PROXY TCP4 198.51.100.256 203.0.113.2 8080 5432',
    'PROXY TCP4 ::1 ::1 8080 5432',
    'PROXY TCP6 198.51.100.1 203.0.113.2 8080 5432',
    'PROXY TCP6 fe80::1%eth0 ::1 8080 5432',
    'PROXY UDP4 198.51.100.1 203.0.113.2 8080 5432',
    'PROXY tcp4 198.51.100.1 203.0.113.2 8080 5432',
    'PROXY UNKNOWNS',
    'PROXY ',
  ].map((line): [string, Buffer] => [JSON.stringify(line), v1(`${line}\r\n`)]),
])('refuses %s', (_name, bytes) => {
  expect(() => decodeProxyHeader(bytes)).toThrow(ProtocolError);
});

test.each<[string, Buffer]>([
  ['a startup packet', Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])],
  ['a TLS handshake', Buffer.from([0x16, 3, 1])],
  ['another line', v1('GET / HTTP/1.1\r\n')],
  ['almost a version 1', v1('PROXZ TCP4')],
  ['almost a version 2', Buffer.from('0d0a0d0a000d0a515549540b', 'hex')],
])('%s is none', (_name, bytes) => {
  expect(decodeProxyHeader(bytes)).toEqual({ kind: 'none' });
});

/** Bytes that are much like a header. */
const likeHeader = fc
  .tuple(
    fc.constantFrom(...HEADERS.map(([, header]) => header)),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
  )
  .map(([header, changes]) => {
    const bytes = Buffer.from(header);
    for (const [at, value] of changes) bytes[at % Math.min(bytes.length, 120)] = value;
    return bytes;
  });

test('garbage is an error of the protocol or none, and no prefix of it is read otherwise', () => {
  const read = (bytes: Buffer) => {
    try {
      return decodeProxyHeader(bytes);
    } catch (error) {
      if (error instanceof ProtocolError) return { kind: 'error' } as const;
      throw error;
    }
  };
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([Buffer.from(SIGNATURE, 'hex'), bytes])),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([Buffer.from('PROXY '), bytes])),
    likeHeader,
  );
  fc.assert(
    fc.property(garbage, fc.nat(), (bytes, cut) => {
      const all = Buffer.from(bytes);
      const whole = read(all);
      const part = read(all.subarray(0, all.length === 0 ? 0 : cut % all.length));
      // What a part was found to be, the whole is.
      if (part.kind !== 'incomplete') expect(part).toEqual(whole);
      if (whole.kind === 'header') expect(whole.bytes).toBeLessThanOrEqual(all.length);
    }),
    { numRuns: 3000 },
  );
});

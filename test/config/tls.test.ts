import { generate } from 'selfsigned';
import { beforeAll, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config.js';
import type { Config } from '../../src/policy/config-types.js';

const files = new Map<string, string>();

beforeAll(async () => {
  for (const name of ['one', 'two']) {
    const { cert, private: key } = await generate([{ name: 'commonName', value: name }]);
    files.set(`/etc/${name}.crt`, cert).set(`/etc/${name}.key`, key);
  }
  files.set('/etc/bundle.crt', `${files.get('/etc/one.crt')}\n${files.get('/etc/two.crt')}`);
  files
    .set('/etc/none.crt', 'nothing')
    .set('/etc/broken.crt', '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----');
});

function parse(tls: string): Config {
  return parseConfig(`catalog: { user: u }\npolicies: {}\n${tls}\n`, '/etc/c.yaml', (file) => {
    const content = files.get(file);
    if (content === undefined) throw Object.assign(new Error(), { code: 'ENOENT' });
    return Buffer.from(content);
  });
}

function problems(tls: string): readonly string[] {
  try {
    parse(tls);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

it('reads certificates, keys and authorities, whose names are relative to the configuration', () => {
  const config =
    parse(`listen: { tls: { cert_file: bundle.crt, key_file: /etc/one.key, client_ca_file: two.crt, required: false } }
upstream: { tls: { mode: verify-full, ca_file: two.crt, cert_file: one.crt, key_file: one.key } }`);
  const [certificate, key, ca] = ['bundle.crt', 'one.key', 'two.crt'].map((name) => files.get(`/etc/${name}`));
  expect(config.listen).toEqual({
    host: '127.0.0.1',
    port: 6432,
    tls: { identity: { certificate, key }, clientCa: ca, required: false },
  });
  expect(config.upstream.tls).toEqual({
    mode: 'verify-full',
    ca,
    identity: { certificate: files.get('/etc/one.crt'), key },
  });
});

it('requires TLS of clients where it is offered, unless it is told otherwise', () => {
  expect(parse('listen: { tls: { cert_file: one.crt, key_file: one.key } }').listen.tls?.required).toBe(true);
});

it('has no TLS where the mode is disable', () => {
  expect(parse('upstream: { tls: { mode: disable } }').upstream).toEqual({
    host: '127.0.0.1',
    port: 5432,
    connectSeconds: 5,
  });
});

it.each([
  ['listen: { tls: {} }', ['listen.tls.cert_file: is missing', 'listen.tls.key_file: is missing']],
  ['listen: { tls: { cert_file: one.crt, key_file: two.key } }', ['listen.tls.key_file: is not the key of cert_file']],
  [
    'listen: { tls: { cert_file: none.crt, key_file: one.key } }',
    ['"/etc/none.crt" holds no certificate that can be read'],
  ],
  ['listen: { tls: { cert_file: broken.crt, key_file: one.key } }', ['"/etc/broken.crt" holds no certificate']],
  [
    'listen: { tls: { cert_file: one.crt, key_file: one.crt } }',
    ['"/etc/one.crt" holds no private key that can be read'],
  ],
  [
    'listen: { tls: { cert_file: lost.crt, key_file: one.key } }',
    ['cannot read "/etc/lost.crt": there is no such file'],
  ],
  ['listen: { tls: { cert_file: one.crt, key_file: one.key, required: maybe } }', ['must be true or false']],
  ['listen: { tls: { cert: one.crt, key_file: one.key } }', ['unknown key "cert"; valid: cert_file', 'is missing']],
  ['upstream: { tls: {} }', ['mode: is missing; valid: disable, prefer, require, verify-ca, verify-full']],
  ['upstream: { tls: { mode: verify_full } }', ['unknown mode "verify_full"; did you mean "verify-full"?']],
  ['upstream: { tls: { mode: require, cert_file: one.crt } }', ['has cert_file and no key_file']],
  ['upstream: { tls: { mode: require, key_file: one.key } }', ['has key_file and no cert_file']],
  ['upstream: { tls: require }', ['must be a mapping, not "require"; valid keys: mode, ca_file, cert_file, key_file']],
])('says what is wrong: %s', (tls, expected) => {
  const found = problems(tls);
  expect(found).toHaveLength(expected.length);
  for (const part of expected) expect(found.join('\n')).toContain(part);
  expect(found.join('\n')).not.toContain('PRIVATE KEY');
});

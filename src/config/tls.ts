/** TLS with clients and with the server: names of PEM files, which must hold what they are named for. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { type Identity, type ListenTls, SSL_MODES, type UpstreamTls } from '../policy/config-types.js';
import { type Checks, checkMapping, report } from './check.js';
import { isMapping, type Path } from './document.js';
import { flag, text } from './fields.js';
import type { Read } from './names.js';
import { isFileName, type ReadSecret, SECRET_FILE, takeSecret } from './secret-files.js';

const file = text(SECRET_FILE);
const LISTEN = z.strictObject({
  cert_file: file,
  key_file: file,
  client_ca_file: file.optional(),
  required: flag.default(true),
});
const UPSTREAM = z.strictObject({
  mode: z.enum(SSL_MODES),
  ca_file: file.optional(),
  cert_file: file.optional(),
  key_file: file.optional(),
});

/** `listen.tls`; undefined where there is none, or a problem was added. */
export function readListenTls(checks: Checks, readSecret: ReadSecret): ListenTls | undefined {
  const path = ['listen', 'tls'];
  if (!checks.document.has(path)) return undefined;
  const read = checkMapping(checks, path, LISTEN);
  const identity = readIdentity(checks, path, readSecret);
  const clientCa = takeFile(checks, [...path, 'client_ca_file'], certificates, readSecret);
  if (!read || !identity) return undefined;
  return { identity, required: read.required, ...(clientCa === undefined ? {} : { clientCa }) };
}

/** `upstream.tls`; undefined where there is none, it says `disable`, or a problem was added. */
export function readUpstreamTls(checks: Checks, readSecret: ReadSecret): UpstreamTls | undefined {
  const { document } = checks;
  const path = ['upstream', 'tls'];
  if (!document.has(path)) return undefined;
  const read = checkMapping(checks, path, UPSTREAM);
  const ca = takeFile(checks, [...path, 'ca_file'], certificates, readSecret);
  const given = document.get(path);
  const shown = isMapping(given) && ('cert_file' in given || 'key_file' in given);
  const identity = shown ? readIdentity(checks, path, readSecret) : undefined;
  if (shown && read) {
    const [has, lacks] = read.cert_file === undefined ? ['key_file', 'cert_file'] : ['cert_file', 'key_file'];
    if (read[lacks as 'cert_file'] === undefined) {
      report(checks, document.keyAt(path), `has ${has} and no ${lacks}`, 'a certificate and its key go together');
    }
  }
  if (!read || read.mode === 'disable') return undefined;
  return { mode: read.mode, ...(ca === undefined ? {} : { ca }), ...(identity ? { identity } : {}) };
}

function readIdentity(checks: Checks, path: Path, readSecret: ReadSecret): Identity | undefined {
  const certificate = takeFile(checks, [...path, 'cert_file'], certificates, readSecret);
  const key = takeFile(checks, [...path, 'key_file'], privateKey, readSecret);
  if (certificate === undefined || key === undefined) return undefined;
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
    const hint = 'the first certificate of the file must be the one that was made for the key';
    report(checks, checks.document.at([...path, 'key_file']), 'is not the key of cert_file', hint);
    return undefined;
  }
  return { certificate, key };
}

function takeFile(
  checks: Checks,
  path: Path,
  decode: (bytes: Uint8Array) => Read<string>,
  readSecret: ReadSecret,
): string | undefined {
  return isFileName(checks.document.get(path)) ? takeSecret(checks, path, decode, readSecret) : undefined;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

function certificates(bytes: Uint8Array): Read<string> {
  const pem = Buffer.from(bytes).toString('latin1');
  const found = pem.match(PEM_CERTIFICATE) ?? [];
  try {
    for (const certificate of found) new X509Certificate(certificate);
    if (found.length > 0) return { ok: true, value: pem };
  } catch {
    // Not one that can be read.
  }
  return { ok: false, message: 'holds no certificate that can be read', hint: 'the file holds certificates as PEM' };
}

function privateKey(bytes: Uint8Array): Read<string> {
  const pem = Buffer.from(bytes).toString('latin1');
  try {
    createPrivateKey(pem);
    return { ok: true, value: pem };
  } catch {
    const hint = 'the file holds one private key as PEM, without a passphrase';
    return { ok: false, message: 'holds no private key that can be read', hint };
  }
}

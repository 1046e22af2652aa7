/** The client's side of SCRAM-SHA-256 without channel binding, RFC 5802 and RFC 7677. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

export const MECHANISM = 'SCRAM-SHA-256';

const NO_CHANNEL_BINDING = 'n,,';

/** What the client has sent first; PostgreSQL takes the user name from the startup packet, not from here. */
export interface ScramFirst {
  readonly bare: string;
  readonly message: string;
}

export function scramFirst(): ScramFirst {
  const bare = `n=,r=${randomBytes(18).toString('base64')}`;
  return { bare, message: NO_CHANNEL_BINDING + bare };
}

/** The client's final message for the server's first one. */
export function scramFinal(password: string, first: ScramFirst, serverFirst: string): string {
  const fields = new Map(serverFirst.split(',').map((field) => [field[0], field.slice(2)]));
  const salt = Buffer.from(fields.get('s') ?? '', 'base64');
  const salted = pbkdf2Sync(password, salt, Number(fields.get('i')), 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  const withoutProof = `c=${Buffer.from(NO_CHANNEL_BINDING).toString('base64')},r=${fields.get('r')}`;
  const signature = hmac(storedKey, `${first.bare},${serverFirst},${withoutProof}`);
  const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0));
  return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

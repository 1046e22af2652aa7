/** What a server says first to a StartupMessage: whether it takes the connection at all. */
import { Backend, decodeErrorFields, errorField } from '../wire/backend-messages.js';
import { HEADER_BYTES } from '../wire/framing.js';

export type FirstAnswer =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not PostgreSQL' }
  /** It is starting up, shutting down or in recovery, in its own words. */
  | { readonly kind: 'not now'; readonly message: string }
  /** Whatever else it says, be it that the login is not allowed. */
  | { readonly kind: 'answers' };

const LONGEST = 30_000;
/** admin_shutdown, crash_shutdown, cannot_connect_now: PQping's ERRCODE_CANNOT_CONNECT_NOW and what comes before it. */
const NOT_NOW = new Set(['57P01', '57P02', '57P03']);

/** @param bytes everything that the server has sent */
export function readFirstAnswer(bytes: Buffer): FirstAnswer {
  if (bytes.length < HEADER_BYTES) return { kind: 'incomplete' };
  const [type] = bytes;
  if (type === Backend.authentication || type === Backend.negotiateProtocolVersion) return { kind: 'answers' };
  const end = 1 + bytes.readInt32BE(1);
  if (type !== Backend.errorResponse || end > LONGEST) return { kind: 'not PostgreSQL' };
  if (bytes.length < end) return { kind: 'incomplete' };
  try {
    const fields = decodeErrorFields(bytes, 0, end);
    const code = errorField(fields, 'C');
    if (code === undefined) return { kind: 'not PostgreSQL' };
    if (!NOT_NOW.has(code)) return { kind: 'answers' };
    return { kind: 'not now', message: Buffer.from(errorField(fields, 'M') ?? '', 'latin1').toString('utf8') };
  } catch {
    return { kind: 'not PostgreSQL' };
  }
}

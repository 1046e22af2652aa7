/** What touches no protected column arrives as the server sent it, byte for byte and in order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import {
  type BackendMessage,
  CLOSED,
  connectRaw,
  errorFields,
  type Target,
  transcript,
} from '../harness/raw-client.js';
import { GROUPS } from './scripts/all.js';
import type { Script } from './scripts/script.js';

let shop: ShopGateway;

beforeAll(async () => {
  shop = await startShopGateway('A');
});

afterAll(async () => {
  await shop?.stop();
});

/** The whole session, from the first message of the login to the last. */
async function play(target: Target, script: Script): Promise<string> {
  const client = await connectRaw(target, script.parameters);
  await client.play(script.steps);
  if (!script.hangsUp) await client.end();
  const received = client.received.filter((message) => message.type !== CLOSED || script.hangsUp);
  return transcript(received.map(withoutPlaceOfSyntaxError));
}

/**
 * A text that cannot be parsed never reaches the server: the gateway answers with the server's code, message and position.
 * Only file, line and routine of the server's source, which change with every minor version, are missing then.
 */
const SYNTAX_ERRORS = new Set(['42601', '22025']);

function withoutPlaceOfSyntaxError(message: BackendMessage): BackendMessage {
  if (message.type !== 'E' || !SYNTAX_ERRORS.has(errorFields(message).C ?? '')) return message;
  return {
    type: 'E',
    body: Buffer.from(
      message.body
        .toString('latin1')
        .replace(/[FLR][^\0]*\0/g, (field, at) => (startsField(message.body, at) ? '' : field)),
      'latin1',
    ),
  };
}

function startsField(body: Buffer, at: number): boolean {
  return at === 0 || body[at - 1] === 0;
}

describe.each(Object.entries(GROUPS))('%s', (_group, scripts) => {
  it.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    expect(await play(shop.masked(), script)).toBe(await play(shop.direct(), script));
  });
});

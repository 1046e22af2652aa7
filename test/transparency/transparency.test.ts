/** What touches no protected column arrives as the server sent it, byte for byte and in order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLOSED, connectRaw, type Target, transcript } from '../harness/raw-client.js';
import { type ShopServer, startShopServer } from '../harness/shop-server.js';
import { COPY } from './scripts/copy.js';
import { EXTENDED } from './scripts/extended.js';
import { PIPELINE } from './scripts/pipeline.js';
import type { Script } from './scripts/script.js';
import { SESSION } from './scripts/session.js';
import { SIMPLE } from './scripts/simple.js';

let server: ShopServer;

beforeAll(async () => {
  server = await startShopServer('A', new Date());
});

afterAll(async () => {
  await server?.stop();
});

/** The whole session, from the first message of the login to the last. */
async function play(target: Target, script: Script): Promise<string> {
  const client = await connectRaw(target, script.parameters);
  await client.play(script.steps);
  if (!script.hangsUp) await client.end();
  return transcript(client.received.filter((message) => message.type !== CLOSED || script.hangsUp));
}

describe.each([
  ['simple', SIMPLE],
  ['extended', EXTENDED],
  ['pipeline', PIPELINE],
  ['copy', COPY],
  ['session', SESSION],
] as const)('%s', (_group, scripts) => {
  it.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    const direct = await play(server.direct(), script);
    expect(await play(server.direct(), script)).toBe(direct);
    if (process.env.SHOW)
      console.log(
        `### ${script.name}\n${direct
          .split('\n')
          .map((l) => l.slice(0, 300))
          .filter((l) => !/^[RSK] /.test(l) || l.startsWith('S DateStyle'))
          .join('\n')}`,
      );
  });
});

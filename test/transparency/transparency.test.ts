/** What touches no protected column arrives as the server sent it, byte for byte and in order. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import pg from 'pg';
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
import { GROUPS, SCRIPTS } from './scripts/all.js';
import { DEATHS, VICTIM_NAME } from './scripts/asynchronous.js';
import type { Script } from './scripts/script.js';
import { STARTUP } from './scripts/startup.js';

let shop: ShopGateway;
let admin: pg.Client;

beforeAll(async () => {
  shop = await startShopGateway('A');
  admin = await connectAdmin();
});

async function connectAdmin(): Promise<pg.Client> {
  const client = new pg.Client(shop.direct('postgres'));
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

afterAll(async () => {
  await admin?.end();
  await shop?.stop();
});

/** The whole session, from the first message of the login to the last. */
async function play(target: Target, script: Script): Promise<string> {
  const client = await connectRaw(target, script.parameters, { elsewhere });
  await client.play(script.steps);
  if (!script.hangsUp) await client.end();
  client.drop();
  const received = client.received.filter((message) => message.type !== CLOSED || script.hangsUp);
  return transcript(received.map(withoutPlace));
}

/** Runs the SQL as another session; `kill` kills the server process of the client. */
async function elsewhere(sql: string): Promise<void> {
  if (sql !== 'kill') {
    await admin.query(sql);
    return;
  }
  const { rows } = await admin.query(`SELECT pid FROM pg_stat_activity WHERE application_name = '${VICTIM_NAME}'`);
  process.kill(rows[0].pid, 'SIGKILL');
}

/**
 * Errors of these codes can be the gateway's own answer, in the server's words: texts that cannot be parsed never reach the
 * server, nor do malformed messages. Only file, line and routine of the server's source, which change with every minor
 * version, are missing then.
 */
const OWN_ANSWERS = new Set(['42601', '22025', '08P01']);

function withoutPlace(message: BackendMessage): BackendMessage {
  if (message.type !== 'E' || !OWN_ANSWERS.has(errorFields(message).C ?? '')) return message;
  return { type: 'E', body: Buffer.from(withoutPlaces(message.body), 'latin1') };
}

/** Of bytes in which an error stands: its length counts the places. */
function comparable(bytes: string): string {
  return withoutPlaces(Buffer.from(bytes.replace(/E\0{3}.(?=SFATAL)/s, 'E '), 'latin1'));
}

function withoutPlaces(body: Buffer): string {
  return body.toString('latin1').replace(/(?<=^|\0)[FLR][^\0]*\0/g, '');
}

/** Everything that comes in answer to packets of the startup phase, up to a request for a password or the end. */
async function knock({ host, port }: Target, packets: readonly Buffer[]): Promise<string> {
  const socket = connect({ host, port, noDelay: true });
  const left = [...packets];
  let seen = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing more comes behind ${seen}`)), 20_000);
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(seen);
    };
    // Packets of one byte have no answer of their own.
    const next = () => {
      do socket.write(left.shift() ?? Buffer.alloc(0));
      while (left[0]?.length === 1);
    };
    socket.on('connect', next);
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      if (seen.includes('SCRAM-SHA-256')) done();
      else if (left.length > 0) next();
    });
    socket.on('error', () => undefined);
    socket.on('close', done);
  });
}

describe.each(Object.entries(GROUPS))('%s', (_group, scripts) => {
  it.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    expect(await play(shop.masked(), script)).toBe(await play(shop.direct(), script));
  });
});

describe('startup', () => {
  it.each(STARTUP.map((script) => [script.name, script] as const))('%s', async (_name, { packets, silent }) => {
    const [direct, masked] = [await knock(shop.direct(), packets), await knock(shop.masked(), packets)];
    if (silent)
      expect([direct, masked]).toEqual(['', expect.stringContaining('C08P01\0Minvalid length of startup packet')]);
    else expect(comparable(masked)).toBe(comparable(direct));
  });
});

describe('deaths', () => {
  /** Waits until the server takes connections again, directly and through the gateway. */
  async function recovered(): Promise<void> {
    for (const target of [shop.direct('postgres'), shop.masked()]) {
      await expect
        .poll(
          () =>
            connectRaw(target).then(
              (client) => client.end().then(() => true),
              () => false,
            ),
          { timeout: 30_000 },
        )
        .toBe(true);
    }
    await admin.end().catch(() => undefined);
    admin = await connectAdmin();
  }

  /** A connection that breaks off without a word is told of by the gateway. */
  const told = /\nE SFATAL\\x00VFATAL\\x00C08006\\x00Mthe database closed the connection\\x00\\x00(?=\nclosed)/;

  it.each(DEATHS.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    const direct = await play(shop.direct(), script);
    await recovered();
    const masked = await play(shop.masked(), script);
    await recovered();
    expect(masked).toMatch(told);
    expect(masked.replace(told, '')).toBe(direct);
  });
});

describe('the table in README.md', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  const named = [...readme.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)]
    .slice(2)
    .flatMap(([, , scripts]) => scripts!.split('; '));

  it('names scripts that there are', () => {
    const names = new Set([...SCRIPTS, ...STARTUP, ...DEATHS].map(({ name }) => name));
    expect(names.size).toBeGreaterThan(250);
    expect(named.length).toBeGreaterThan(100);
    expect(named.map((name) => name.trim()).filter((name) => !names.has(name))).toEqual([]);
  });
});

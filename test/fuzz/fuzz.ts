/**
 * One input: two sessions side by side, each between a client whose bytes are damaged and a server that answers what
 * reaches it, or whose answers are damaged too. What must hold is checked here; a throw is a finding.
 */
import { createSession } from '../../src/session/session.js';
import type { Session } from '../../src/session/types.js';
import { Backend } from '../../src/wire/backend-messages.js';
import { type Chance, chance } from './chance.js';
import { clientMessages } from './client-streams.js';
import { type ModelServer, modelServer, OWN_TEXT } from './model-server.js';
import { chunks, damage } from './mutate.js';
import { createFuzzPlanner } from './planner.js';
import { goodStartup, startupPackets } from './startup-streams.js';

/** Runs the sessions of that seed; resolves when they are over. @throws for whatever must not be */
export async function runInput(seed: number): Promise<void> {
  const random = chance(seed);
  const lanes = [lane(random, 'AAAAqa7x', seed), lane(random, 'BBBBqb9y', seed)];
  const [a, b] = lanes as [Lane, Lane];
  for (let left = 400; left > 0 && (a.step() || b.step()); left--) {
    if (a.asks || b.asks) await Promise.resolve();
  }
  for (const one of lanes) one.finish(one === a ? b.tag : a.tag);
}

interface Lane {
  readonly tag: string;
  /** It waits for a promise. */
  readonly asks: boolean;
  /** Moves some bytes; false where there are none to move. */
  step(): boolean;
  /** @throws where bytes of another lane have come out of this one */
  finish(foreign: string): void;
}

function lane(random: Chance, tag: string, seed: number): Lane {
  const { planner, allowed, asking, reload } = createFuzzPlanner(random);
  const badServer = random.oneIn(6);
  const server: ModelServer = modelServer(random, tag, !badServer);
  const fromServer: Buffer[] = [];
  const toClient: Buffer[] = [];
  const toServer: Buffer[] = [];
  let over = false;
  let held = false;
  let secured = false;
  let late = false;
  const fail = (what: string): never => {
    throw new Error(`input ${seed}, session ${tag}: ${what}`);
  };
  const session: Session = createSession({
    planner,
    observer: { planned() {}, masked() {}, refused() {}, upstreamError() {} },
    finishToken: (_column, payload) => `<${payload}>`,
    remote: tag,
    ...(random.oneIn(4) ? { tls: 'offered' as const } : {}),
    admit: (_role, answer) => answer('admitted'),
    sink: {
      toClient: (ranges) => void toClient.push(...ranges.map((range) => Buffer.from(range))),
      toServer(ranges) {
        const bytes = Buffer.concat(ranges);
        toServer.push(bytes);
        const replies = server.receive(bytes);
        fromServer.push(...(badServer ? chunks(random, damage(random, replies)) : replies));
      },
      holdClient(hold) {
        held = hold;
      },
      overTime() {
        if (!random.oneIn(40)) return false;
        late = true;
        return true;
      },
      endServerInput() {},
      startTls(answer) {
        toClient.push(answer);
        secured = true;
      },
      cancel: (packet) => {
        if (packet.length < 13 || packet.length > 268) fail('a CancelRequest of a wrong length is sent on');
      },
      end() {
        if (over) fail('it ends twice');
        over = true;
      },
    },
  });

  const startup = random.oneIn(3) ? [damage(random, startupPackets(random, tag))] : [goodStartup(tag)];
  const sent = [...chunks(random, startup[0]!), ...chunks(random, damage(random, clientMessages(random, tag)))];
  const leaves = random.below(4);

  return {
    tag,
    get asks() {
      return asking();
    },
    step() {
      if (over) return false;
      if (secured) {
        secured = false;
        session.clientSecured();
      }
      if (random.oneIn(40)) reload();
      if (late) {
        late = false;
        session.nextTurn();
        return true;
      }
      // What the client has sent while it is held must be kept too: sockets do not stop at once.
      if (sent.length > 0 && (!held || random.oneIn(10)) && (fromServer.length === 0 || random.oneIn(2))) {
        session.fromClient(sent.shift()!);
        return true;
      }
      const reply = fromServer.shift();
      if (reply) {
        session.fromServer(reply);
        return true;
      }
      if (asking()) return true;
      if (sent.length > 0) {
        // Nothing comes any more that would let the client go on, unless the server was damaged.
        if (!badServer && held) fail('the client is held for ever');
      }
      return false;
    },
    finish(foreign) {
      if (leaves === 1) session.inputEnded();
      if (leaves === 2) session.hangUp();
      if (leaves === 3)
        session.abort([
          ['S', 'FATAL'],
          ['C', '57P01'],
          ['M', 'x'],
        ]);
      for (const text of server.texts)
        if (text !== OWN_TEXT && !allowed.has(text)) fail(`a text that was not planned: ${text}`);
      const [seen, passed] = [Buffer.concat(toClient), Buffer.concat(toServer)];
      for (const bytes of [seen, passed]) if (bytes.includes(foreign)) fail('bytes of the other session');
      checkFrames(seen, fail);
    },
  };
}

/** Bytes for a client: answers to requests for encryption, then whole messages, and at most one that was broken off. */
function checkFrames(bytes: Buffer, fail: (what: string) => never): void {
  let at = 0;
  while (bytes[at] === 0x4e || bytes[at] === 0x53) {
    // N and S are types of messages too, whose length follows.
    if (bytes[at + 1] === 0) break;
    at++;
  }
  if (bytes.subarray(at, at + 8).toString('latin1') === 'EFATAL: ') return;
  for (; at + 5 <= bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    if (!TYPES.has(bytes[at]!))
      fail(`no message of a server at ${at}: ${bytes.subarray(at, at + 20).toString('latin1')}`);
    if (bytes.readInt32BE(at + 1) < 4) fail('a message shorter than its length');
  }
}

const TYPES: ReadonlySet<number> = new Set(Object.values(Backend));

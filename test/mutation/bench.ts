/**
 * Where mutants are tried: a pair of servers A and B, started once, whose database is made anew for each mutant, and
 * two gateways before them that run a copy of `src` in which one protection is switched off.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { HostPort } from '../../src/policy/config-types.js';
import { ATTACKS, expectationOf } from '../attacks/cases.js';
import { type Fault, FUNCTION_OIDS, faultOf, oidLookUp, playSteps } from '../attacks/judge.js';
import { MESSAGE_ATTACKS } from '../attacks/messages.js';
import { playCase } from '../harness/play-case.js';
import type { Target } from '../harness/raw-client.js';
import { type Role, type ShopServer, startShopServer, withClient } from '../harness/shop-server.js';
import type { Mutant } from './mutant.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = ['src', 'test', 'config', 'package.json', 'vitest.config.ts'];
/** How many mutants one process runs, one after the other: modules that were loaded stay. */
const MOST_IN_PROCESS = 12;
/** The database as it was made, which no gateway and no client uses. */
const CLEAN = 'shop_clean';

/** Both servers as a role of theirs. */
type Pair = (role?: Role) => readonly [Target, Target];

/** An attack of test/attacks. */
export interface Attack {
  /** Its group and name, `select: a case`. */
  readonly name: string;
  /** undefined where it fails as it must */
  readonly play: (pair: Pair, oidOf: (signature: string) => number) => Promise<Fault | undefined>;
}

export const ALL_ATTACKS: readonly Attack[] = [
  ...ATTACKS.flatMap(([group, cases]) =>
    cases.map((sqlCase): Attack => {
      const expected = expectationOf(sqlCase.options);
      const play: Attack['play'] = async (pair) => {
        const targets = pair(sqlCase.options.role as Role | undefined);
        const [ofA, ofB] = await Promise.all(targets.map((target) => playCase(target, sqlCase)));
        const faults = [...ofA!].map(([way, messages]) => faultOf(messages, ofB!.get(way)!, expected));
        return faults.find((fault) => fault?.kind === 'leak') ?? faults.find((fault) => fault !== undefined);
      };
      return { name: `${group}: ${sqlCase.name}`, play };
    }),
  ),
  ...MESSAGE_ATTACKS.map((attack): Attack => {
    const expected = expectationOf(attack);
    const play: Attack['play'] = async (pair, oidOf) => {
      const [ofA, ofB] = await Promise.all(pair().map((target) => playSteps(target, attack.steps(oidOf))));
      return faultOf(ofA!, ofB!, expected);
    };
    return { name: `messages: ${attack.name}`, play };
  }),
];

/** An attack that was played, or a file of tests that was run. */
export interface Played {
  readonly name: string;
  /** Why it has noticed something; undefined where it has not. */
  readonly fault: Fault | undefined;
}

export interface Bench {
  /**
   * Plays attacks against gateways with that mutant, or without one, up to the first that `enough` says is the last.
   * @throws Error where the mutant's text does not occur just once, or its gateways do not start
   */
  play(
    mutant: Mutant | undefined,
    attacks: readonly Attack[],
    enough?: (played: readonly Played[]) => boolean,
  ): Promise<readonly Played[]>;
  /**
   * Runs a file of tests over the mutant, where no attack can tell.
   * @throws Error where the mutant's text does not occur just once
   */
  test(mutant: Mutant | undefined, file: string): Promise<Played>;
  stop(): Promise<void>;
}

export async function startBench(): Promise<Bench> {
  const root = await mkdtemp(path.join(tmpdir(), 'pgveil-mutation-'));
  const now = new Date();
  const servers: ShopServer[] = [];
  const admins: pg.Client[] = [];
  const runner = createRunner();
  const stop = async (): Promise<void> => {
    await runner.stop();
    await Promise.all(admins.map((admin) => admin.end()));
    await Promise.all(servers.map((server) => server.stop()));
    await rm(root, { recursive: true, force: true });
  };
  try {
    for (const entry of COPIED)
      await cp(path.join(REPOSITORY, entry), path.join(root, '0', entry), { recursive: true });
    await symlink(path.join(REPOSITORY, 'node_modules'), path.join(root, 'node_modules'), 'dir');
    servers.push(...(await Promise.all([startShopServer('A', now), startShopServer('B', now)])));
    for (const server of servers) admins.push(await keepClean(server));
  } catch (error) {
    await stop();
    throw error;
  }
  const oids = await functionOids(servers[0]!);
  let copies = 0;
  /** Works on a copy of the repository with the mutant in it. */
  const inCopy = async <T>(mutant: Mutant | undefined, work: (folder: string) => Promise<T>): Promise<T> => {
    const folder = path.join(root, String(++copies));
    await cp(path.join(root, '0'), folder, { recursive: true });
    try {
      if (mutant) await mutate(folder, mutant);
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  return {
    play: (mutant, attacks, enough = () => false) =>
      inCopy(mutant, async (folder) => {
        await Promise.all([runner.load(folder), ...admins.map(renew)]);
        const addresses = await runner.start(servers.map((server) => server.direct()));
        return playAll(attacks, pairOf(servers, addresses), oids, enough);
      }),
    test: (mutant, file) => inCopy(mutant, (folder) => runTests(folder, file)),
    stop,
  };
}

/** Runs a file of the copy's tests. */
async function runTests(folder: string, file: string): Promise<Played> {
  const vitest = path.join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', file, '--root', folder], { cwd: folder, stdio: 'ignore' });
  const [code] = await once(child, 'close');
  return { name: file, fault: code === 0 ? undefined : { kind: 'unexpected', what: 'a test has failed' } };
}

async function playAll(
  attacks: readonly Attack[],
  pair: Pair,
  oidOf: (signature: string) => number,
  enough: (played: readonly Played[]) => boolean,
): Promise<readonly Played[]> {
  const played: Played[] = [];
  for (const { name, play } of attacks) {
    // A gateway that hangs up in the middle is no protection that works.
    const fault = await play(pair, oidOf).catch((error): Fault => ({ kind: 'unexpected', what: String(error) }));
    played.push({ name, fault });
    if (enough(played)) break;
  }
  return played;
}

function pairOf([a, b]: readonly ShopServer[], [ofA, ofB]: readonly HostPort[]): Pair {
  return (role) => [
    { ...a!.direct(role), ...ofA },
    { ...b!.direct(role), ...ofB },
  ];
}

/** Puts the database aside as a template. @returns a connection that makes it anew from there */
async function keepClean(server: ShopServer): Promise<pg.Client> {
  const admin = new pg.Client({ ...server.direct('postgres'), database: 'postgres' });
  await admin.connect();
  await admin.query(`ALTER DATABASE ${server.direct().database} RENAME TO ${CLEAN}`);
  await renew(admin);
  return admin;
}

async function renew(admin: pg.Client): Promise<void> {
  await admin.query('DROP DATABASE IF EXISTS shop WITH (FORCE)');
  await admin.query(`CREATE DATABASE shop TEMPLATE ${CLEAN}`);
}

async function functionOids(server: ShopServer): Promise<(signature: string) => number> {
  const { rows } = await withClient(server.direct('postgres'), (client) =>
    client.query<{ oid: number; signature: string }>(FUNCTION_OIDS),
  );
  return oidLookUp(rows);
}

/** Makes the mutant's edit in the copy. */
async function mutate(folder: string, { name, file, find, replace }: Mutant): Promise<void> {
  const place = path.join(folder, 'src', file);
  const parts = (await readFile(place, 'utf8')).split(find);
  if (parts.length !== 2) {
    throw new Error(
      `The mutant "${name}" must be updated: its text occurs ${parts.length - 1} times in src/${file}, and must occur once:\n${find}`,
    );
  }
  await writeFile(place, parts.join(replace));
}

/** What the process of gateways.ts answers. */
export type Answer = { readonly addresses: readonly HostPort[] } | { readonly error: string };
/** What it is told: to load a copy, then to start gateways of it before these servers. */
export type Order = { readonly load: string } | { readonly start: readonly Target[] };

/** Runs gateways of copies in a process of their own. */
function createRunner() {
  let child: ChildProcess | undefined;
  let loaded = 0;
  const stop = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const closed = once(ending, 'close');
    ending.kill('SIGKILL');
    await closed;
  };
  const order = async (sent: Order): Promise<readonly HostPort[]> => {
    child ??= fork(fileURLToPath(new URL('gateways.ts', import.meta.url)), [], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.send(sent);
    const answer = await answerOf(child);
    if ('addresses' in answer) return answer.addresses;
    throw new Error(`The gateways did not start: ${answer.error}`);
  };
  return {
    stop,
    load: async (folder: string): Promise<void> => {
      if (loaded++ % MOST_IN_PROCESS === 0 || child?.connected !== true) await stop();
      await order({ load: folder });
    },
    start: (servers: readonly Target[]) => order({ start: servers }),
  };
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const other = new AbortController();
  const { signal } = other;
  const message = once(child, 'message', { signal }).then(([answer]) => answer as Answer);
  const exit = once(child, 'exit', { signal }).then(() => ({ error: 'their process ended' }));
  // Whichever loses is given up.
  for (const one of [message, exit]) one.catch(() => undefined);
  return Promise.race([message, exit]).finally(() => other.abort());
}

/** A thread that plans long texts, one after the other. It is ended from outside where one takes too long. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createTagNumbers } from '../policy/bind.js';
import { NamesNeeded } from './analysis.js';
import { unhurried } from './pace.js';
import { SqlParser } from './parse.js';
import type { FromThread, ThreadData, ToThread } from './planning-messages.js';
import { makeRules, planByRules, type Rules } from './rules.js';

/** Sessions come first; `nice` gives a thread of this about a third of their share where there is no core for both. */
const NICE = 5;
// On Linux each thread has a priority of its own; elsewhere it would be the gateway's.
if (process.platform === 'linux') setPriority(0, NICE);

const { tagPrefix } = workerData as ThreadData;
const known = new Map<number, Extract<ToThread, { kind: 'rules' }>>();
/** Made when a text needs them. */
const made = new Map<number, Rules>();
const parsers = new Map<number, Promise<SqlParser>>();

function parserFor(serverVersion: number): Promise<SqlParser> {
  const parser = parsers.get(serverVersion) ?? SqlParser.load(serverVersion);
  parsers.set(serverVersion, parser);
  return parser;
}

async function rulesOf(generation: number): Promise<Rules> {
  const { source, tagNumbers } = known.get(generation)!;
  const parser = await parserFor(source.snapshot.serverVersion);
  await parser.ready();
  const rules = made.get(generation) ?? makeRules(source, parser, createTagNumbers(tagNumbers, 'fixed'));
  made.set(generation, rules);
  return rules;
}

async function planned(message: Extract<ToThread, { kind: 'plan' }>): Promise<FromThread> {
  const { generation, text, environment } = message;
  try {
    const rules = await rulesOf(generation);
    return planByRules(text, environment, rules, { tagPrefix, generation, pace: unhurried });
  } catch (error) {
    return error instanceof NamesNeeded ? 'environment' : { defect: error };
  }
}

parentPort!.on('message', async (message: ToThread) => {
  switch (message.kind) {
    case 'rules':
      known.set(message.generation, message);
      return;
    case 'forget':
      known.delete(message.generation);
      made.delete(message.generation);
      return;
    case 'plan':
      parentPort!.postMessage(await planned(message));
      return;
    default:
      message satisfies never;
  }
});

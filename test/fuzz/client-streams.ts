/** What a client sends: the messages of the transparency scripts, and sequences that nobody has thought of. */
import {
  bind,
  close,
  copyData,
  copyDone,
  copyFail,
  describe,
  encode,
  execute,
  flush,
  functionCall,
  message,
  parse,
  query,
  sync,
  terminate,
  zero,
} from '../harness/messages.js';
import { SCRIPTS } from '../transparency/scripts/all.js';
import type { Chance } from './chance.js';

/** The messages of each script, without waiting. Long ones are left out: they would be copied all the time. */
const RECORDED: readonly (readonly Buffer[])[] = SCRIPTS.map(({ steps }) =>
  steps.flatMap((step) => {
    if (step.kind === 'send') return [encode(step)];
    if (step.kind === 'together') return step.messages.map(encode);
    return step.kind === 'bytes' ? [step.bytes] : [];
  }),
).filter((messages) => messages.every((one) => one.length < 4_000) && messages.length < 60);

const NAMES = ['', 'a', 'b'];
const TEXTS = [
  'select 1',
  'rewrite 1',
  'refuse 1',
  'names 1',
  'masked 1',
  'begin',
  'set x',
  'copy t from stdin',
  'copy t to stdout',
  'create t',
  '',
  'prepare a',
  'execute a',
  'declare a',
  'fetch a',
  'commit',
];

/** One message, whose texts and values hold the tag. */
function anyMessage(random: Chance, tag: string): Buffer {
  const text = `${random.pick(TEXTS)} ${tag}`;
  const name = random.pick(NAMES);
  switch (random.below(16)) {
    case 0:
    case 1:
      return encode(query(text));
    case 2:
    case 3:
      return encode(parse(text, name, random.oneIn(2) ? [23] : []));
    case 4:
    case 5:
      return encode(bind(random.oneIn(2) ? [tag, null] : [], { statement: name, portal: random.pick(NAMES) }));
    case 6:
      return encode(describe(random.oneIn(2) ? 'S' : 'P', name));
    case 7:
    case 8:
      return encode(execute(name, random.below(3)));
    case 9:
      return encode(close(random.oneIn(2) ? 'S' : 'P', name));
    case 10:
    case 11:
      return encode(sync());
    case 12:
      return encode(flush());
    case 13:
      return encode(random.oneIn(3) ? functionCall(1, [tag]) : message('p', zero(tag)));
    case 14:
      return encode(copyData(`1\t${tag}\n`));
    default:
      return encode(random.oneIn(8) ? terminate() : random.oneIn(2) ? copyDone() : copyFail(tag));
  }
}

/** Behind the startup packet. */
export function clientMessages(random: Chance, tag: string): Buffer[] {
  if (random.oneIn(3)) return [...random.pick(RECORDED)];
  return Array.from({ length: 1 + random.below(12) }, () => anyMessage(random, tag));
}

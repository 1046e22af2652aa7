/** Makes random cases by a seed, judges them on several connections at once, and shrinks those that fail. */
import { recordedChoices, replayedChoices, shrink, type Tape } from './choices.js';
import { type Failure, type Judge, type Judgement, openJudge, type Sides } from './judge.js';
import { type RandomCase, randomCase } from './statements.js';

export interface RunOptions {
  /** The number of the first case. Default 0. */
  readonly first?: number;
  readonly queries: number;
  readonly seed: string;
  /** One of so many is also run without the gateway. */
  readonly sample: number;
  /** After so many failures it ends. */
  readonly mostFailures: number;
  readonly log?: (line: string) => void;
}

export interface Report {
  readonly seed: string;
  readonly number: number;
  readonly failure: Failure;
  /** As it was found, and shrunk. */
  readonly found: RandomCase;
  readonly smallest: RandomCase;
}

export interface Summary {
  readonly cases: number;
  readonly accepted: number;
  /** SQLSTATE and message without names, by how often. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly serverErrors: ReadonlyMap<string, number>;
  readonly timedOut: number;
  readonly sampled: number;
  /** Of the sampled ones that pgveil accepts: A and B differ without the gateway. */
  readonly telling: number;
  readonly unexpectedlyAccepted: number;
  readonly seconds: number;
  readonly failures: readonly Report[];
}

const READERS = 3;
const BATCH = 16;
const SHRINK_ATTEMPTS = 150;
/** Of one kind and reason; more would tell the same. */
const MOST_ALIKE = 3;

interface Made {
  readonly number: number;
  readonly tape: Tape;
  readonly made: RandomCase;
}

export async function runRandom(sides: Sides, options: RunOptions): Promise<Summary> {
  const { first = 0, queries, seed, sample, mostFailures, log } = options;
  const started = Date.now();
  const counts = { cases: 0, accepted: 0, timedOut: 0, sampled: 0, telling: 0, unexpectedlyAccepted: 0 };
  const refusals = new Map<string, number>();
  const serverErrors = new Map<string, number>();
  const failed: (Made & { readonly failure: Failure })[] = [];
  const writes: Made[] = [];
  let next = first;

  const take = (): Made | undefined => {
    if (next >= first + queries || failed.length >= mostFailures) return undefined;
    const number = next++;
    const { choices, tape } = recordedChoices(`${seed}/${number}`);
    return { number, tape, made: randomCase(choices) };
  };
  const count = ({ made, number, tape }: Made, judgement: Judgement): void => {
    const { masked, failure, tellsDirect } = judgement;
    counts.cases++;
    if (masked.refused) increase(refusals, reasonOf(masked.refused.code, masked.refused.message));
    else counts.accepted++;
    for (const { code, message } of masked.failed) increase(serverErrors, reasonOf(code, message));
    if (judgement.timedOut) counts.timedOut++;
    if (judgement.unexpectedlyAccepted) counts.unexpectedlyAccepted++;
    if (tellsDirect !== undefined && !masked.refused) {
      counts.sampled++;
      if (tellsDirect) counts.telling++;
    }
    if (failure) {
      failed.push({ number, tape, made, failure });
      log?.(`case ${number}: ${failure.kind} ${failure.why}\n${sqlOf(made)}`);
    }
    if (counts.cases % 2000 === 0) log?.(`${counts.cases} cases, ${counts.accepted} accepted, ${failed.length} failed`);
  };
  const judgeAll = async (judge: Judge, batch: readonly Made[]): Promise<void> => {
    const cases = batch.map(({ made }) => made);
    const judgements = await judge.judge(cases, (index) => batch[index]!.number % sample === 0);
    // A lost connection takes the cases behind it along.
    const lost = judgements.findIndex(({ failure }) => failure?.kind === 'defect' && failure.why === 'connection lost');
    for (const [index, judgement] of judgements.entries()) {
      if (lost < 0 || index < lost || batch.length === 1) count(batch[index]!, judgement);
    }
    if (lost >= 0 && batch.length > 1) for (const one of batch.slice(lost)) await judgeAll(judge, [one]);
  };
  const read = async (): Promise<void> => {
    const judge = openJudge(sides);
    for (let done = false; !done; ) {
      const batch: Made[] = [];
      while (batch.length < BATCH && !done) {
        const one = take();
        if (!one) done = true;
        else if (one.made.writes) writes.push(one);
        else batch.push(one);
      }
      if (batch.length > 0) await judgeAll(judge, batch);
    }
    await judge.end();
  };
  let reading = true;
  const write = async (): Promise<void> => {
    const judge = openJudge(sides);
    while (reading || writes.length > 0) {
      if (writes.length > 0) await judgeAll(judge, writes.splice(0, BATCH));
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await judge.end();
  };
  const readers = Promise.all(Array.from({ length: READERS }, read)).finally(() => {
    reading = false;
  });
  await Promise.all([readers, write()]);
  const seconds = (Date.now() - started) / 1000;
  return { ...counts, refusals, serverErrors, seconds, failures: await shrinkAll(sides, seed, failed) };
}

async function shrinkAll(
  sides: Sides,
  seed: string,
  failed: readonly (Made & { readonly failure: Failure })[],
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  const judge = openJudge(sides);
  const alike = new Map<string, number>();
  for (const { number, tape, made, failure } of failed) {
    const key = `${failure.kind} ${failure.why}`;
    increase(alike, key);
    if (alike.get(key)! > MOST_ALIKE) continue;
    const fails = async (candidate: Tape): Promise<boolean> => {
      const [judgement] = await judge.judge([randomCase(replayedChoices(candidate))], () => true);
      return judgement!.failure?.kind === failure.kind;
    };
    const smallest = (await fails(tape)) ? await shrink(tape, fails, SHRINK_ATTEMPTS) : tape;
    reports.push({ seed, number, failure, found: made, smallest: randomCase(replayedChoices(smallest)) });
  }
  await judge.end();
  return reports;
}

function increase(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function reasonOf(code: string, message: string): string {
  return `${code} ${message.replace(/"[^"]*"/g, '…')}`;
}

/** For people: the figures, and each failure with what it takes to see it again. */
export function describeSummary(summary: Summary): string {
  const share = (part: number, whole: number): string =>
    `${part} (${((100 * part) / Math.max(1, whole)).toFixed(1)} %)`;
  const list = (map: ReadonlyMap<string, number>): string =>
    [...map]
      .sort(([, x], [, y]) => y - x)
      .slice(0, 25)
      .map(([key, n]) => `\n  ${n} × ${key}`)
      .join('');
  return [
    `${summary.cases} cases in ${summary.seconds.toFixed(0)} s, accepted ${share(summary.accepted, summary.cases)}`,
    `sampled without the gateway: ${summary.sampled}, A and B differ there in ${share(summary.telling, summary.sampled)}`,
    `accepted though the generator took them for filters: ${summary.unexpectedlyAccepted}; timed out: ${summary.timedOut}`,
    `refusals:${list(summary.refusals)}`,
    `the server's own errors:${list(summary.serverErrors)}`,
    ...summary.failures.map(describeReport),
  ].join('\n');
}

function describeReport({ seed, number, failure, found, smallest }: Report): string {
  const answers = Object.entries(failure.answers).map(([side, text]) => `${side}:\n${excerpt(text, failure.answers)}`);
  return [
    `\n=== ${failure.kind} ${failure.why} (seed ${seed}, case ${number})`,
    `--- smallest: ${sqlOf(smallest)}`,
    `--- as found: ${sqlOf(found)}`,
    ...answers,
  ].join('\n');
}

function sqlOf({ statements, extended }: RandomCase): string {
  const how = extended
    ? ` -- extended, ${extended.binary ? 'binary' : 'text'}, ${JSON.stringify(extended.values)}`
    : '';
  return statements.join(';\n') + how;
}

/** The lines that the other sides do not have. */
function excerpt(text: string, answers: Readonly<Record<string, string>>): string {
  const others = Object.values(answers).filter((other) => other !== text);
  const lines = text.split('\n');
  const own = others.length === 0 ? lines : lines.filter((line) => !others.some((other) => other.includes(line)));
  return own
    .slice(0, 6)
    .map((line) => `  ${line.slice(0, 500)}`)
    .join('\n');
}

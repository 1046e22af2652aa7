/** What must hold of every random case, by its answers from several sides. */
import type { ShopGateway } from '../harness/gateway.js';
import type { Target } from '../harness/raw-client.js';
import { type Answer, isSame, type Lane, openLane } from './lane.js';
import type { RandomCase } from './statements.js';

export interface Sides {
  readonly a: ShopGateway;
  readonly b: ShopGateway;
  /** Before the server of A, under policies that redact no row. */
  readonly unredacted: Target;
}

export type FailureKind =
  /** Through the gateway A and B differ. */
  | 'leak'
  /** The gateway says XX000 or hangs up. */
  | 'defect'
  /** It refuses what is no reason to refuse. */
  | 'refused'
  /** It makes a statement fail that works without it. */
  | 'broken'
  /** Without redacted rows it changes the answer. */
  | 'changed';

export interface Failure {
  readonly kind: FailureKind;
  /** What was to be equal, under the name of each side. */
  readonly answers: Readonly<Record<string, string>>;
  readonly why: string;
}

export interface Judgement {
  readonly failure: Failure | undefined;
  readonly masked: Answer;
  /** It was run without the gateway too, and A and B differed there; undefined where it was not. */
  readonly tellsDirect: boolean | undefined;
  /** pgveil let pass what the generator took for a filter on a protected column. */
  readonly unexpectedlyAccepted: boolean;
  /** The machine was too slow for some side to answer. */
  readonly timedOut: boolean;
}

export interface Judge {
  /** @param sampled these are also run without the gateway and through the one that redacts nothing */
  judge(cases: readonly RandomCase[], sampled: (index: number) => boolean): Promise<readonly Judgement[]>;
  end(): Promise<void>;
}

export function openJudge({ a, b, unredacted }: Sides): Judge {
  const lanes = {
    a: openLane(a.masked()),
    b: openLane(b.masked()),
    unredacted: openLane(unredacted),
    directA: openLane(a.direct()),
    directB: openLane(b.direct()),
  };
  return {
    async judge(cases, sampled) {
      const [ofA, ofB] = await Promise.all([lanes.a.play(cases), lanes.b.play(cases)]);
      const looked = cases
        .map((_, index) => index)
        .filter((index) => sampled(index) || (ofA[index]!.failed.length > 0 && !ofA[index]!.refused));
      const some = looked.map((index) => cases[index]!);
      const [directA, directB] = await Promise.all([playSome(lanes.directA, some), playSome(lanes.directB, some)]);
      const plain = await playSome(lanes.unredacted, some);
      return cases.map((one, index) => {
        const at = looked.indexOf(index);
        const others = at < 0 ? undefined : { directA: directA[at]!, directB: directB[at]!, unredacted: plain[at]! };
        return judgementOf(one, ofA[index]!, ofB[index]!, others);
      });
    },
    end: async () => {
      await Promise.all(Object.values(lanes).map((lane) => lane.end()));
    },
  };
}

function playSome(lane: Lane, cases: readonly RandomCase[]): Promise<readonly Answer[]> {
  return cases.length === 0 ? Promise.resolve([]) : lane.play(cases);
}

/** statement_timeout, and a schema that could not be read in time. */
const TOO_SLOW: ReadonlySet<string> = new Set(['57014', '57P03']);

type Others = Readonly<Record<'directA' | 'directB' | 'unredacted', Answer>>;

function judgementOf(one: RandomCase, a: Answer, b: Answer, others: Others | undefined): Judgement {
  const all = [a, b, ...(others ? Object.values(others) : [])];
  const timedOut = all.some((answer) => [...answer.failed, answer.refused].some((e) => e && TOO_SLOW.has(e.code)));
  return {
    failure: timedOut ? undefined : failureOf(one, a, b, others),
    masked: a,
    tellsDirect: others && !one.explains ? !isSame(others.directA, others.directB) : undefined,
    unexpectedlyAccepted: one.refusals.length > 0 && !a.refused,
    timedOut,
  };
}

function failureOf(one: RandomCase, a: Answer, b: Answer, others: Others | undefined): Failure | undefined {
  const gateway = others ? [a, b, others.unredacted] : [a, b];
  const defect = gateway.find((answer) => answer.lost || answer.refused?.code === 'XX000');
  if (defect)
    return { kind: 'defect', answers: { A: a.text(), B: b.text() }, why: defect.refused?.message ?? 'connection lost' };
  if (!isSame(a, b)) return { kind: 'leak', answers: { A: a.text(), B: b.text() }, why: '' };
  if (a.refused) {
    if (one.refusals.length > 0) return undefined;
    return { kind: 'refused', answers: { A: a.text() }, why: `${a.refused.code} ${a.refused.message}` };
  }
  if (!others) return undefined;
  const { directA, unredacted } = others;
  // What a mask shows may not be what a cast takes.
  const own = (answer: Answer): string =>
    codesOf(answer)
      .filter((code) => !code.startsWith('22'))
      .join();
  if (own(a) !== own(directA)) {
    return {
      kind: 'broken',
      answers: { masked: a.text(), direct: directA.text() },
      why: `${own(a)} in place of "${own(directA)}"`,
    };
  }
  // Whatever the row, errors of writes to protected tables lose the DETAIL that would quote it.
  const isPlain = one.plainWithoutRedaction && !(one.writes && directA.failed.length > 0);
  if (isPlain && !isSame(unredacted, directA)) {
    return {
      kind: 'changed',
      answers: { unredacted: unredacted.text(), direct: directA.text() },
      why: codesOf(unredacted).join(),
    };
  }
  return undefined;
}

function codesOf(answer: Answer): readonly string[] {
  return answer.failed.map(({ code }) => code);
}

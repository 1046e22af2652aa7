/** Casts and domains by which values take another type, and unsafe routines run without being named. */
import type { Cast, Oid, Snapshot } from '../catalog/snapshot.js';
import type { Verdict } from './builtins.js';
import type { CodeJudge, Finding } from './code-judge.js';

export interface Coercion {
  /** Names of the target type and of the types that hold it. */
  readonly typeNames: readonly string[];
  readonly context: Cast['context'];
  readonly finding: Finding;
}

/** Casts whose function, and domains whose check or default, is unsafe. */
export function unsafeCoercions(
  snapshot: Snapshot,
  verdicts: ReadonlyMap<Oid, Verdict>,
  judge: CodeJudge,
): readonly Coercion[] {
  const casts = snapshot.casts.flatMap((cast): Coercion[] => {
    const routine = snapshot.routineByOid.get(cast.routine);
    // A routine that is in no snapshot is temporary, or newer: nothing is known of it.
    const because = routine ? verdicts.get(cast.routine)?.reason : 'is not known';
    if (because === undefined) return [];
    const runs = `runs ${routine?.signature ?? 'a routine'}, which ${because}`;
    const finding: Finding = {
      kind: 'function',
      reason: `can apply the cast from ${cast.source} to ${cast.target}, which ${runs}`,
      because: `the cast from ${cast.source} to ${cast.target} ${runs}`,
      allow: routine ? [routine.signature] : [],
      reads: false,
    };
    return [{ ...cast, finding }];
  });
  const domains = snapshot.domainChecks.flatMap((check): Coercion[] => {
    const found = judge.inSql(check.expression);
    if (!found) return [];
    const what = `a check or default of the domain ${check.domain}`;
    const finding: Finding = {
      ...found,
      reason: `can use the domain ${check.domain}, of which a check or default ${found.reason}`,
      because: `${what} ${found.reason}`,
      reads: false,
    };
    return [{ ...check, context: 'assignment', finding }];
  });
  return [...casts, ...domains];
}

/**
 * Which routines a client may call. What a routine returns is computed inside the server, where no relation is
 * substituted: one that reads a protected relation, or runs SQL that it is given, would hand out stored values. An
 * operator can allow a signature.
 */
import { FIRST_USER_OID, type Oid, type Routine, type Snapshot } from '../catalog/snapshot.js';
import type { Verdict } from './builtins.js';
import type { CodeJudge, Finding } from './code-judge.js';
import { isHarmlessOfExtension } from './extensions.js';

/** Words after which a session may see other relations under a name, or read SQL otherwise. */
const CHANGES_ENVIRONMENT =
  /\b(set_config|search_path|role|authorization|create|drop|alter|discard|reset|client_encoding|standard_conforming_strings)\b/i;

/** True if calling it can change what names mean, or how the server reads SQL, in the rest of the session. */
export function changesEnvironment(routine: Routine): boolean {
  return CHANGES_ENVIRONMENT.test(routine.source);
}

/**
 * Adds the verdicts on routines that the judge finds unsafe now; judging again may find more.
 * @param allowed signatures that configuration lets through
 */
export function judgeRoutines(
  snapshot: Snapshot,
  verdicts: Map<Oid, Verdict>,
  allowed: ReadonlySet<string>,
  judge: CodeJudge,
): void {
  for (const routine of snapshot.routines) {
    if (verdicts.has(routine.oid) || allowed.has(routine.signature)) continue;
    const found = judgeRoutine(routine, judge, snapshot, verdicts);
    if (found) verdicts.set(routine.oid, { kind: 'function', reason: found.reason });
  }
}

function judgeRoutine(
  routine: Routine,
  judge: CodeJudge,
  snapshot: Snapshot,
  verdicts: ReadonlyMap<Oid, Verdict>,
): Pick<Finding, 'reason'> | undefined {
  if (routine.kind === 'aggregate') return judgeAggregate(routine, snapshot, verdicts);
  const isRead = routine.language === 'sql' || routine.language === 'plpgsql';
  if (!isRead && isHarmlessOfExtension(routine)) return undefined;
  return judge.inBody(routine) ?? judge.inTypes(typesOf(routine)) ?? judgeDefaults(routine, judge);
}

function judgeAggregate(
  routine: Routine,
  snapshot: Snapshot,
  verdicts: ReadonlyMap<Oid, Verdict>,
): Pick<Finding, 'reason'> | undefined {
  const part = routine.supportRoutines.find((oid) => verdicts.has(oid) || isUnknown(oid, snapshot));
  if (part === undefined) return undefined;
  const { signature } = snapshot.routineByOid.get(part) ?? {};
  if (signature === undefined) return { reason: 'is made of a routine that is not known' };
  return { reason: `is made of ${signature}, which ${verdicts.get(part)!.reason}` };
}

/** Types of its arguments and its result, as text. */
export function typesOf(routine: Routine): string {
  return `${routine.signature.slice(routine.signature.indexOf('('))} ${routine.resultType}`;
}

/** In no snapshot are temporary routines. */
function isUnknown(oid: Oid, snapshot: Snapshot): boolean {
  return oid >= FIRST_USER_OID && !snapshot.routineByOid.has(oid);
}

/** Default values are evaluated when a call leaves the argument out. */
function judgeDefaults({ defaults }: Routine, judge: CodeJudge): Pick<Finding, 'reason'> | undefined {
  const found = defaults === undefined ? undefined : judge.inSql(defaults);
  return found && { reason: `has a default value that ${found.reason}` };
}

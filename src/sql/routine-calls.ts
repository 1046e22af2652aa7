/** Refuses calls of routines and operators that would hand out stored values. */
import type { CodeJudge, Finding } from './code-judge.js';
import type { Mentions, NamedReference } from './mentions.js';
import { type RefusalError, refusal } from './refuse.js';

/**
 * @param locate a location in the text as a byte offset in the client's
 * @throws RefusalError for the first that must not be called
 */
export function assertRoutines(
  mentions: Mentions,
  judge: CodeJudge,
  locate: (location: number) => number | undefined,
): void {
  const at = (location: number): number | undefined => (location < 0 ? undefined : locate(location));
  for (const routine of mentions.routines) {
    const found = judge.routineNamed(routine);
    if (found) throw refused(functions(found, routine), found, at(routine.location));
  }
  for (const attribute of mentions.attributes) {
    const found = judge.attributeNamed(attribute);
    if (found) throw refused(functions(found, attribute), found, at(attribute.location));
  }
  for (const operator of mentions.operators) {
    const found = judge.operatorNamed(operator);
    const [runs] = found?.allow ?? [];
    const what = `operator ${operator.name} is not allowed: it${runs === undefined ? '' : ` runs ${runs}, which`}`;
    if (found) throw refused(what, found, at(operator.location));
  }
  const cast = judge.castIn(mentions);
  if (cast) throw refused('the statement is not allowed:', cast, undefined);
}

/** Overloads that the call can mean, of which one is enough. */
function functions({ allow }: Finding, { schema, name }: NamedReference): string {
  if (allow.length > 1) return `functions ${allow.join(' and ')} are not allowed: the first`;
  const signature = allow[0]?.startsWith('pg_catalog.') ? undefined : allow[0];
  return `function ${signature ?? [schema, name].filter(Boolean).join('.')} is not allowed: it`;
}

function refused(what: string, { kind, because, allow }: Finding, location: number | undefined): RefusalError {
  return refusal('42501', kind, `${what} ${because}`, {
    detail: 'What it returns is computed inside the server, where pgveil cannot mask stored values.',
    hint: allowHint(allow),
    ...(location === undefined ? {} : { location }),
  });
}

/** The line of the configuration that lets routines through. */
export function allowHint(signatures: readonly string[]): string {
  if (signatures.length === 0) return 'The operator of pgveil cannot allow it; rewrite the statement without it.';
  return `The operator of pgveil can allow it, having read it: ${allowLine(signatures)}`;
}

/** `functions: { allow: ['public.f(integer,text)'] }` */
export function allowLine(signatures: readonly string[]): string {
  return `functions: { allow: [${signatures.map((s) => `'${s.replaceAll("'", "''")}'`).join(', ')}] }`;
}

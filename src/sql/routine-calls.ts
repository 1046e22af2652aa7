/** Refuses calls of routines and operators that would hand out stored values. */
import type { Mentions, NamedReference } from './mentions.js';
import type { Protection } from './protection.js';
import { refusal } from './refuse.js';

/**
 * @param locate a location in the text as a byte offset in the client's
 * @throws RefusalError for the first that must not be called
 */
export function assertRoutines(
  mentions: Mentions,
  protection: Protection,
  locate: (location: number) => number | undefined,
): void {
  for (const routine of [...mentions.routines, ...mentions.attributes]) {
    const verdict = protection.unsafe.routineNamed(routine);
    if (verdict) throw refused('function', routine, verdict.kind, verdict.reason, locate);
  }
  for (const operator of mentions.operators) {
    const verdict = protection.unsafe.operatorNamed(operator);
    if (verdict) throw refused('operator', operator, verdict.kind, verdict.reason, locate);
  }
  const cast = protection.unsafe.castIn(mentions);
  if (cast) throw refused('cast', undefined, cast.kind, cast.reason, locate);
}

function refused(
  what: 'function' | 'operator' | 'cast',
  reference: NamedReference | undefined,
  kind: 'function' | 'file',
  reason: string,
  locate: (location: number) => number | undefined,
) {
  const place = reference && reference.location >= 0 ? locate(reference.location) : undefined;
  const name = reference ? ` ${[reference.schema, reference.name].filter((part) => part).join('.')}` : '';
  return refusal('42501', kind, `${what}${name} is not allowed: ${reason}`, {
    detail: 'What it returns is computed inside the server, where pgveil cannot mask stored values.',
    hint: 'The operator of pgveil can allow it by its signature under functions.allow.',
    ...(place === undefined ? {} : { location: place }),
  });
}

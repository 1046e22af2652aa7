/** What operators are told of the routines of a database: which are refused, why, and how each can be allowed. */
import type { Snapshot } from './catalog/snapshot.js';
import { bindPolicies, createTagNumbers } from './policy/bind.js';
import type { Config } from './policy/config-types.js';
import { SqlParser } from './sql/parse.js';
import { deriveProtection } from './sql/protection.js';
import { allowLine } from './sql/routine-calls.js';

export interface RoutineReport {
  readonly signature: string;
  /** `reason` goes on from "it": `reads public.orders`. */
  readonly verdict: { readonly kind: 'refused'; readonly reason: string } | { readonly kind: 'harmless' | 'allowed' };
}

/** Judges every routine that somebody has defined, by all policies, those that only observe too. */
export async function verdictsOn(config: Config, snapshot: Snapshot): Promise<readonly RoutineReport[]> {
  const parser = await SqlParser.load(snapshot.serverVersion);
  const allowed = new Set(config.allowedRoutines.map((routine) => routine.signature));
  const binding = bindPolicies(config.policies, snapshot, parser, createTagNumbers());
  const protection = deriveProtection(snapshot, binding, parser, allowed);
  const reports = snapshot.routines.map(({ oid, signature }): RoutineReport => {
    const reason = protection.routine(oid)?.reason;
    if (reason !== undefined) return { signature, verdict: { kind: 'refused', reason } };
    return { signature, verdict: { kind: allowed.has(signature) ? 'allowed' : 'harmless' } };
  });
  return reports.sort((a, b) => (a.signature < b.signature ? -1 : 1));
}

/** @param all those that are not refused, too */
export function formatVerdicts(snapshot: Snapshot, reports: readonly RoutineReport[], all: boolean): string {
  const refused = reports.filter(({ verdict }) => verdict.kind === 'refused').length;
  const head = `Database "${snapshot.database}": ${refused} of ${reports.length} routines are refused.`;
  const shown = reports.filter(({ verdict }) => all || verdict.kind === 'refused');
  return `${[head, ...shown.flatMap(linesOf)].join('\n')}\n`;
}

function linesOf({ signature, verdict }: RoutineReport): readonly string[] {
  switch (verdict.kind) {
    case 'refused':
      return [`${signature}: refused, it ${verdict.reason}`, `  ${allowLine([signature])}`];
    case 'allowed':
      return [`${signature}: allowed by functions.allow`];
    case 'harmless':
      return [`${signature}: harmless`];
    default:
      return verdict satisfies never;
  }
}

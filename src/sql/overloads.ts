/** Which routines a call can mean, whatever search_path is. After `FuncnameGetCandidates` and `func_get_detail`. */
import type { Routine, Snapshot } from '../catalog/snapshot.js';
import type { Argument, CalledReference, NamedReference } from './mentions.js';

/** Those of them that the server can choose, of any schema for an unqualified name. */
export function candidatesOf(call: CalledReference, snapshot: Snapshot): readonly Routine[] {
  const named = snapshot.routinesByName.get(call.name) ?? [];
  const possible = named.filter(
    (routine) => (call.schema === undefined || call.schema === routine.schema) && accepts(routine, call),
  );
  const exact = possible.filter((routine) => matchesExactly(routine, call));
  // What matches exactly wins over all others of its schema; in another, search_path may not have it.
  return possible.filter((r) => exact.includes(r) || !exact.some((other) => other.schema === r.schema));
}

/**
 * Those that `x.name` can mean as a call with x as argument.
 * @param location of the reference, below 0 for a field of an expression, whose type can be any; else x is a row
 */
export function rowCandidatesOf({ name, location }: NamedReference, snapshot: Snapshot): readonly Routine[] {
  const named = snapshot.routinesByName.get(name) ?? [];
  return named.filter(
    (routine) =>
      accepts(routine, { argumentCount: 1 }) &&
      (location < 0 || routine.takesRow || snapshot.casts.some((cast) => cast.context === 'implicit')),
  );
}

/** Whether a call with so many arguments, and of these names, can mean the routine. */
function accepts(routine: Routine, { argumentCount: count, arguments: given }: Partial<CalledReference>): boolean {
  // A call of a procedure counts its OUT arguments, one of an aggregate not what stands in WITHIN GROUP.
  if (count === undefined || routine.kind === 'aggregate' || routine.kind === 'procedure') return true;
  if (count < routine.argumentCount - routine.defaultCount) return false;
  if (count > routine.argumentCount && !routine.variadic) return false;
  return (given ?? []).every(({ name }) => name === undefined || routine.argumentNames.includes(name));
}

function matchesExactly(routine: Routine, { argumentCount, arguments: given }: CalledReference): boolean {
  if (!given || routine.kind !== 'function' || routine.variadic || argumentCount !== routine.argumentCount)
    return false;
  return given.every((argument, i) => isOfType(argument, routine.argumentTypes[i]));
}

function isOfType({ name, type }: Argument, expected: string | undefined): boolean {
  return name === undefined && type !== undefined && type === expected;
}

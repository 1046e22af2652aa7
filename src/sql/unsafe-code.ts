/**
 * Code that must not run: unsafe routines, and the operators, casts, domains and types by which a statement runs them
 * without naming them.
 */
import type { Cast, Oid, Routine, Snapshot } from '../catalog/snapshot.js';
import type { Mentions, NamedReference } from './mentions.js';
import { type BodyJudge, builtinVerdict, createBodyJudge, type RoutineVerdict, typesOf } from './routines.js';

/** A way in which a value takes another type, and an unsafe routine is called without being named. */
export interface Coercion {
  readonly typeNames: readonly string[];
  readonly context: Cast['context'];
  readonly reason: string;
}

type Called = NamedReference & { readonly argumentCount?: number };

export interface UnsafeCode {
  /** The verdict on a call by that name; undefined where every routine that it can mean is harmless. */
  routineNamed(reference: Called): RoutineVerdict | undefined;
  operatorNamed(reference: NamedReference): RoutineVerdict | undefined;
  /** The verdict on the casts that a statement can apply by naming a type, or where it uses one. */
  castIn(mentions: Mentions): RoutineVerdict | undefined;
  /** Why an expression, definition or rule of the catalog's own text is unsafe; there, names without schema are built in. */
  reasonIn(mentions: Mentions): string | undefined;
  readonly coercions: readonly Coercion[];
}

/** Built-in functions that make a value of the type whose name or OID they are given. */
const TYPE_INPUT = /^(pg_input_is_valid|pg_input_error_info|(array|domain|record|range|multirange)_(in|recv))$/;

/** @param allowed signatures that configuration lets through */
export function createUnsafeCode(
  snapshot: Snapshot,
  verdicts: ReadonlyMap<Oid, RoutineVerdict>,
  coercions: readonly Coercion[],
  allowed: ReadonlySet<string>,
): UnsafeCode {
  const allowedBuiltins = new Set([...allowed].map((signature) => signature.replace(/\(.*$/, '')));

  function routineNamed({ schema, name, argumentCount }: Called): RoutineVerdict | undefined {
    // Routines of a session's own are in no snapshot.
    if (schema?.startsWith('pg_temp')) return TEMPORARY;
    for (const routine of snapshot.routinesByName.get(name) ?? []) {
      const verdict = verdicts.get(routine.oid);
      const meant = schema === undefined || schema === routine.schema;
      if (verdict && meant && takes(routine, argumentCount)) return verdict;
    }
    if (schema !== undefined && schema !== 'pg_catalog') return undefined;
    if (allowedBuiltins.has(name) || allowedBuiltins.has(`pg_catalog.${name}`)) return undefined;
    if (coercions.length > 0 && TYPE_INPUT.test(name)) return { kind: 'function', reason: coercions[0]!.reason };
    return builtinVerdict(name, argumentCount);
  }

  function operatorNamed({ schema, name }: NamedReference): RoutineVerdict | undefined {
    if (schema?.startsWith('pg_temp')) return TEMPORARY;
    for (const operator of snapshot.operatorsByName.get(name) ?? []) {
      if (schema !== undefined && schema !== operator.schema) continue;
      const verdict = verdicts.get(operator.routine);
      if (verdict) return verdict;
    }
    return undefined;
  }

  function castIn(mentions: Mentions): RoutineVerdict | undefined {
    const found = coercions.find((coercion) => coercion.typeNames.some((name) => reaches(name, coercion, mentions)));
    return found && { kind: 'function', reason: found.reason };
  }

  function reaches(type: string, { context }: Coercion, mentions: Mentions): boolean {
    if (mentions.types.has(type) || mentions.routines.some((routine) => routine.name === type)) return true;
    if (context === 'explicit') return false;
    if (mentions.relations.some((relation) => relation.name === type)) return true;
    if (context === 'assignment') return false;
    // Applied to the arguments of whatever takes the type.
    const takers = [
      ...mentions.routines.flatMap(({ name }) => snapshot.routinesByName.get(name) ?? []),
      ...mentions.operators
        .flatMap(({ name }) => snapshot.operatorsByName.get(name) ?? [])
        .flatMap((operator) => snapshot.routineByOid.get(operator.routine) ?? []),
    ];
    return takers.some((routine) => typesOf(routine).includes(type));
  }

  return {
    routineNamed,
    operatorNamed,
    castIn,
    coercions,
    reasonIn(mentions) {
      const builtIn = <T extends NamedReference>(reference: T): T => ({
        ...reference,
        schema: reference.schema ?? 'pg_catalog',
      });
      const routine = mentions.routines.map(builtIn).find((r) => routineNamed(r) !== undefined);
      if (routine) return `calls ${routine.name}`;
      const attribute = mentions.attributes.find((r) => routineNamed(r) !== undefined);
      if (attribute) return `calls ${attribute.name}`;
      const operator = mentions.operators.map(builtIn).find((o) => operatorNamed(o) !== undefined);
      if (operator) return `uses the operator ${operator.name}`;
      return castIn(mentions) && 'uses a type whose cast or check is unsafe';
    },
  };
}

const TEMPORARY: RoutineVerdict = { kind: 'function', reason: 'it is temporary, and pgveil has not read it' };

/** Whether a call with so many arguments can mean the routine. */
function takes(routine: Routine, argumentCount: number | undefined): boolean {
  if (argumentCount === undefined || routine.variadic || routine.kind === 'aggregate') return true;
  if (routine.defaults !== undefined) return argumentCount <= routine.argumentCount;
  return argumentCount === routine.argumentCount;
}

/**
 * Casts whose function, and domains whose check or default, is unsafe.
 * @param reasonIn why an expression is unsafe, undefined for a harmless one
 */
export function unsafeCoercions(
  snapshot: Snapshot,
  verdicts: ReadonlyMap<Oid, RoutineVerdict>,
  reasonIn: (sql: string) => string | undefined,
): readonly Coercion[] {
  const casts = snapshot.casts.flatMap((cast): Coercion[] => {
    const routine = snapshot.routineByOid.get(cast.routine);
    // A routine that is in no snapshot is temporary, or newer: nothing is known of it.
    const reason = routine ? verdicts.get(cast.routine)?.reason : 'it is not known';
    const what = `the cast from ${cast.source} to ${cast.target} calls ${routine?.signature ?? 'a routine'}`;
    return reason === undefined ? [] : [{ ...cast, reason: `${what}: ${reason}` }];
  });
  const domains = snapshot.domainChecks.flatMap((check): Coercion[] => {
    const found = reasonIn(check.expression);
    if (found === undefined) return [];
    return [{ ...check, context: 'assignment', reason: `a check or default of the domain ${check.domain} ${found}` }];
  });
  return [...casts, ...domains];
}

/**
 * Judges bodies of routines by their words.
 * @param changedNames relations whose change would show redacted rows
 */
export function bodyJudge(
  snapshot: Snapshot,
  relationNames: Iterable<string>,
  changedNames: Iterable<string>,
  verdicts: ReadonlyMap<Oid, RoutineVerdict>,
  coercions: readonly Coercion[],
  cursorsTell: boolean,
): BodyJudge {
  return createBodyJudge({
    relations: relationNames,
    changed: changedNames,
    types: coercions.flatMap((coercion) => coercion.typeNames),
    routines: [...verdicts.keys()].flatMap((oid) => snapshot.routineByOid.get(oid)?.name ?? []),
    operators: snapshot.operators.filter((o) => verdicts.has(o.routine)).map((o) => o.name),
    cursorsTell,
  });
}

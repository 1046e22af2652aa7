/**
 * Judges code that the server runs by itself, and what a statement calls: names in it that mean unsafe routines, and the
 * operators, casts, domains and triggers by which routines run without being named.
 */
import type { Oid, Relation, Snapshot } from '../catalog/snapshot.js';
import { builtinVerdict, callsOnlyBuiltins, type Verdict } from './builtins.js';
import type { Coercion } from './coercions.js';
import type { CalledReference, Mentions, Modified, NamedReference } from './mentions.js';
import { candidatesOf, rowCandidatesOf } from './overloads.js';
import type { SqlParser } from './parse.js';
import type { RelationProtection } from './protection.js';
import { type Body, readBody } from './routine-body.js';
import { typesOf } from './routines.js';
import type { Unguarding } from './row-triggers.js';
import { relationsChangedBy } from './triggers.js';
import { type Undermining, underminingBy } from './undermining.js';

/** Why code must not run. */
export interface Finding extends Verdict {
  /** The reason without its beginning, which says how the code comes to what is unsafe. */
  readonly because: string;
  /** Signatures that configuration would have to allow for it to run; none where it is unsafe by itself. */
  readonly allow: readonly string[];
  /** It reads a protected relation itself. */
  readonly reads: boolean;
}

/** What unqualified names mean: in text of the catalog, which was read under an empty search_path, they are built in. */
type Unqualified = 'built in' | 'anything';

export interface CodeJudge {
  /** The finding on a call of that name; undefined where every routine that it can mean is harmless. */
  routineNamed(call: CalledReference): Finding | undefined;
  operatorNamed(reference: NamedReference): Finding | undefined;
  /** The finding on routines that `row.name` can mean. */
  attributeNamed(reference: NamedReference): Finding | undefined;
  /** The finding on the casts that a statement can apply by naming a type, or where it uses one. */
  castIn(mentions: Mentions): Finding | undefined;
  /** The finding on triggers that a change of these relations can fire. */
  triggersOf(modified: Modified, relations: readonly Relation[]): Finding | undefined;
  /** What makes code unsafe that mentions all this. */
  inMentions(mentions: Mentions, unqualified: Unqualified): Finding | undefined;
  /** The same for an expression, definition or rule of the catalog's own text. */
  inSql(sql: string): Finding | undefined;
  inBody(body: Body): Finding | undefined;
  /** The finding on types of arguments and results: values are checked where these are domains. */
  inTypes(types: string): Finding | undefined;
}

/** What is known to be protected and unsafe; the judge looks at it as it is when it is asked. */
export interface Known {
  readonly snapshot: Snapshot;
  readonly relations: ReadonlyMap<Oid, RelationProtection>;
  readonly verdicts: ReadonlyMap<Oid, Verdict>;
  readonly coercions: readonly Coercion[];
  readonly undermining: ReadonlyMap<Oid, Undermining>;
  /** By relation, functions of its triggers that can set what guards read. */
  readonly unguarding: ReadonlyMap<Oid, readonly Unguarding[]>;
  /** Signatures that configuration lets through. */
  readonly allowed: ReadonlySet<string>;
  /** A cursor can be a client's, whose rows are tagged with what a client must not see. */
  readonly cursorsTell: boolean;
}

/** Built-in functions that make a value of the type whose name or OID they are given. */
const TYPE_INPUT = /^(pg_input_is_valid|pg_input_error_info|(array|domain|record|range|multirange)_(in|recv))$/;

const isTemporary = (schema: string | undefined): boolean => schema?.startsWith('pg_temp') ?? false;

/** @param mentioned what an SQL text of the catalog mentions, undefined where it cannot be parsed */
export function createCodeJudge(
  known: Known,
  parser: SqlParser,
  mentioned: (sql: string) => Mentions | undefined,
): CodeJudge {
  const { snapshot } = known;
  const allowedBuiltins = new Set([...known.allowed].map((signature) => signature.replace(/\(.*$/, '')));

  function ofRoutines(oids: readonly Oid[], verb: string): Finding | undefined {
    const unsafe = [...new Set(oids)].filter((oid) => known.verdicts.has(oid));
    const [first] = unsafe;
    if (first === undefined) return undefined;
    const allow = unsafe.map((oid) => snapshot.routineByOid.get(oid)!.signature);
    const { reason: because } = known.verdicts.get(first)!;
    return { kind: 'function', reason: `${verb} ${allow[0]}, which ${because}`, because, allow, reads: false };
  }

  function routineNamed(call: CalledReference): Finding | undefined {
    const { schema, name, argumentCount } = call;
    // Routines of a session's own are in no snapshot.
    if (isTemporary(schema)) return temporary(name);
    const candidates = candidatesOf(call, snapshot).map((routine) => routine.oid);
    const found = ofRoutines(candidates, 'calls');
    if (found) return found;
    if (schema !== undefined && schema !== 'pg_catalog') return undefined;
    if (allowedBuiltins.has(`pg_catalog.${name}`)) return undefined;
    if (known.coercions.length > 0 && TYPE_INPUT.test(name)) {
      const { reason } = known.coercions[0]!.finding;
      return builtin(name, { kind: 'function', reason: `makes a value of any type, and so ${reason}` });
    }
    const verdict = builtinVerdict(name, argumentCount);
    return verdict && builtin(name, verdict);
  }

  function operatorNamed({ schema, name }: NamedReference): Finding | undefined {
    if (isTemporary(schema)) return temporary(name);
    const operators = snapshot.operatorsByName.get(name) ?? [];
    const meant = operators.filter((operator) => schema === undefined || schema === operator.schema);
    return ofRoutines(
      meant.map((operator) => operator.routine),
      `uses the operator ${name}, which runs`,
    );
  }

  function attributeNamed(reference: NamedReference): Finding | undefined {
    return ofRoutines(
      rowCandidatesOf(reference, snapshot).map((routine) => routine.oid),
      'calls',
    );
  }

  function castIn(mentions: Mentions): Finding | undefined {
    return known.coercions.find((coercion) => coercion.typeNames.some((name) => reaches(name, coercion, mentions)))
      ?.finding;
  }

  function reaches(type: string, { context }: Coercion, mentions: Mentions): boolean {
    const { types, routines, attributes, relations, operators } = mentions;
    if (types.has(type) || [...routines, ...attributes].some(({ name }) => name === type)) return true;
    if (context === 'explicit') return false;
    if (relations.some((relation) => relation.name === type)) return true;
    if (context === 'assignment') return false;
    // Applied to the arguments of whatever takes the type.
    const takers = [
      ...routines.flatMap(({ name }) => snapshot.routinesByName.get(name) ?? []),
      ...operators
        .flatMap(({ name }) => snapshot.operatorsByName.get(name) ?? [])
        .flatMap((operator) => snapshot.routineByOid.get(operator.routine) ?? []),
    ];
    return takers.some((routine) => typesOf(routine).includes(type));
  }

  function relationsMeant({ schema, name }: NamedReference, unqualified: Unqualified): readonly Relation[] {
    const named = snapshot.relationsByName.get(name) ?? [];
    const meant = schema ?? (unqualified === 'built in' ? 'pg_catalog' : undefined);
    return meant === undefined ? named : named.filter((relation) => relation.schema === meant);
  }

  function triggersOf(modified: Modified, relations: readonly Relation[]): Finding | undefined {
    const changed = relationsChangedBy(modified, relations, snapshot, basesOf);
    const changesRows = modified.columns.length > 0;
    for (const { oid, schema, name, triggerRoutines } of changed) {
      const verb = `writes to ${schema}.${name}, whose trigger runs`;
      const found =
        ofRoutines(triggerRoutines, verb) ?? (changesRows ? unguarded(known.unguarding.get(oid), verb) : undefined);
      if (found) return found;
    }
    return undefined;
  }

  function unguarded(triggers: readonly Unguarding[] = [], verb: string): Finding | undefined {
    const [first] = triggers;
    if (!first) return undefined;
    const { signature, because } = first;
    const allow = [...new Set(triggers.map((trigger) => trigger.signature))];
    return { kind: 'function', reason: `${verb} ${signature}, which ${because}`, because, allow, reads: false };
  }

  function basesOf(view: Relation): readonly Relation[] {
    const mentions = view.viewDefinition === undefined ? undefined : mentioned(view.viewDefinition);
    return mentions?.relations.flatMap((reference) => relationsMeant(reference, 'built in')) ?? [];
  }

  function changes(modified: Modified, unqualified: Unqualified): Finding | undefined {
    const relations = relationsMeant(modified, unqualified);
    const shown = underminingBy(modified, relations, known.undermining, () => false);
    if (!shown) return triggersOf(modified, relations);
    const { relation, dependent } = shown;
    const reason = `changes ${relation.schema}.${relation.name}, by which rows of ${dependent.schema}.${dependent.name} are redacted`;
    return own(reason);
  }

  function reading(reference: NamedReference, mentions: Mentions, unqualified: Unqualified): Finding | undefined {
    const relation = relationsMeant(reference, unqualified).find(({ oid }) => known.relations.has(oid));
    if (!relation) return undefined;
    const protection = known.relations.get(relation.oid)!;
    const columns = protection.kind === 'guarded' ? [...protection.guarded.columns.values()] : [];
    const names = columns.map(({ column }) => column.name).filter((name) => mentions.columns.has(name));
    const which = names.length > 0 ? ` (${names.join(', ')})` : '';
    return { ...own(`reads ${relation.schema}.${relation.name}${which}`), reads: true };
  }

  function inMentions(mentions: Mentions, unqualified: Unqualified): Finding | undefined {
    const meant = <T extends NamedReference>(reference: T): T =>
      unqualified === 'anything' ? reference : { ...reference, schema: reference.schema ?? 'pg_catalog' };
    return (
      first(mentions.relations, (relation) => reading(relation, mentions, unqualified)) ??
      first(mentions.routines, (routine) => routineNamed(meant(routine))) ??
      first(mentions.attributes, attributeNamed) ??
      first(mentions.operators, (operator) => operatorNamed(meant(operator))) ??
      castIn(mentions) ??
      first(mentions.modified, (modified) => changes(modified, unqualified))
    );
  }

  function inBody(body: Body): Finding | undefined {
    const read = readBody(body, parser);
    if (read.kind === 'unsafe') return own(read.reason);
    if (read.fetches && known.cursorsTell) return own("reads from cursors, which can be a client's");
    if (!callsOnlyBuiltins(read.definitions, snapshot)) {
      return own('makes a table or an index with a function that is not built in');
    }
    return inMentions(read.mentions, body.sqlStandard ? 'built in' : 'anything');
  }

  return {
    routineNamed,
    operatorNamed,
    attributeNamed,
    castIn,
    triggersOf,
    inMentions,
    inBody,
    inSql(sql) {
      const mentions = mentioned(sql);
      return mentions ? inMentions(mentions, 'built in') : own('cannot be parsed');
    },
    inTypes(types) {
      if (known.cursorsTell && types.includes('refcursor')) return own("is given a cursor, which can be a client's");
      const words = new Set(types.match(/[\p{L}\p{N}_$]+|"(?:[^"]|"")+"/gu)?.map(unquoted));
      return known.coercions.find((coercion) => coercion.typeNames.some((name) => words.has(name)))?.finding;
    },
  };
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function first<T>(items: readonly T[], judge: (item: T) => Finding | undefined): Finding | undefined {
  for (const item of items) {
    const found = judge(item);
    if (found) return found;
  }
  return undefined;
}

/** What code does itself, for which nothing else can be allowed. */
function own(reason: string): Finding {
  return { kind: 'function', reason, because: reason, allow: [], reads: false };
}

function temporary(name: string): Finding {
  return { ...own('is temporary, and pgveil has not read it'), reason: `uses ${name}, which is temporary` };
}

function builtin(name: string, { kind, reason }: Verdict): Finding {
  const allow = [`pg_catalog.${name}()`];
  return { kind, reason: `calls ${name}, which ${reason}`, because: reason, allow, reads: false };
}

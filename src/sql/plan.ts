/**
 * From a text to a plan: parse, look at what it mentions, analyse what is concerned, refuse or rewrite. Read it from the
 * top down; each step has a file of its own.
 */
import { createHash } from 'node:crypto';
import { mayRead, mayReadColumns } from '../catalog/snapshot.js';
import type { PolicyConfig } from '../policy/config-types.js';
import { columnsForGuards, relationsForGuard } from '../policy/guard-sql.js';
import type { NameLookup, StatementState, Viewer } from './analysis.js';
import { NamesNeeded } from './analysis.js';
import { type Evidence, parametersIn } from './evidence.js';
import { failingText, refusePlan } from './failing-text.js';
import { type Mentions, mentionsOf, type NamedReference } from './mentions.js';
import { namesAfter } from './names-after.js';
import type { Pace } from './pace.js';
import { ParserFailure, type RawStatement, type SqlParser, SqlSyntaxError } from './parse.js';
import {
  ANY_CODE,
  type NameEnvironment,
  type Plan,
  type Proviso,
  type Refusal,
  type RefusePlan,
  type SessionEffect,
  type SessionEnvironment,
  type StatementPlan,
} from './plan-types.js';
import type { Protection } from './protection.js';
import { RefusalError, refusal, unsupported } from './refuse.js';
import { rulesOf } from './scan.js';
import { positionOfByte, splice } from './splice.js';
import {
  createAnalysis,
  ignoresDefinitions,
  isData,
  kindLabel,
  planStatement,
  runsAtOnce,
  runsCode,
} from './statement.js';
import { indexTokens, withoutComments } from './tokens.js';
import { createUnit, renderUnit } from './unit.js';

export interface PlanContext {
  readonly parser: SqlParser;
  readonly protection: Protection;
  /** Policies that hold for the session's user. */
  readonly policies: ReadonlySet<PolicyConfig>;
  readonly tagPrefix: string;
  readonly generation: number;
  readonly pace: Pace;
}

export interface PlannedText {
  readonly plan: Plan;
  /** The plan is the same whatever unqualified names mean. */
  readonly independent: boolean;
  /** Names that the snapshot does not know: it may be out of date. */
  readonly unknownNames: readonly string[];
}

/**
 * Plans one text.
 * @throws NamesNeeded where the plan depends on what unqualified names mean, and the environment does not say
 * @throws OverBudget as the context's pace
 */
export function planText(text: string, environment: SessionEnvironment, context: PlanContext): PlannedText {
  try {
    const strict = new TextPlanner(text, context.parser.parse(text), environment, context, undefined).plan();
    return withProviso(strict, text, environment, context);
  } catch (error) {
    const bare = error instanceof SqlSyntaxError ? withoutItsComments(text, environment, context) : undefined;
    return bare ?? { plan: unparseable(error, context), independent: true, unknownNames: [] };
  }
}

/** Parameters and dates can prove what is not proven for all values and for good. */
const MAY_DECIDE_LATER = /\$\d|\d{4}-\d\d/;

/** Where a refused text would be allowed for some parameters or for now: the plan of that, and what it needs. */
function withProviso(
  strict: PlannedText,
  text: string,
  environment: SessionEnvironment,
  context: PlanContext,
): PlannedText {
  const otherwise = strict.plan;
  if (otherwise.verdict !== 'refuse' || !MAY_DECIDE_LATER.test(text)) return strict;
  const { reason } = otherwise.refusal;
  if (reason !== 'filter' && reason !== 'copy') return strict;
  const later: Later = { evidence: [], otherwise };
  const planned = new TextPlanner(text, context.parser.parse(text), environment, context, later).plan();
  const { plan } = planned;
  // What the session knows of a name that EXECUTE runs is from before the text.
  if (plan.verdict !== 'rewrite' || executesItsOwn(plan.statements)) return strict;
  const proviso = provisoOf(later.evidence, otherwise);
  return proviso ? { ...planned, plan: { ...plan, proviso } } : planned;
}

/** What is decided when the text runs. */
interface Later {
  readonly evidence: Evidence[];
  readonly otherwise: RefusePlan;
}

function provisoOf(evidence: readonly Evidence[], otherwise: RefusePlan): Proviso | undefined {
  if (evidence.length === 0) return undefined;
  return {
    parameters: [...new Set(evidence.flatMap(parametersIn))],
    evidence,
    otherwise,
  };
}

function executesItsOwn(statements: readonly StatementPlan[]): boolean {
  const effects = statements.flatMap((statement) => statement.effects);
  const prepares = effects.some((effect) => effect.kind === 'prepare' && effect.statement.proviso);
  return prepares && effects.some(({ kind }) => kind === 'execute' || kind === 'run' || kind === 'store');
}

/**
 * The grammar's build does not look behind a comment where it needs two words to decide, such as NOT and IN; the server
 * does. The text without its comments can be parsed, and is then what the server runs.
 */
function withoutItsComments(
  text: string,
  environment: SessionEnvironment,
  context: PlanContext,
): PlannedText | undefined {
  const bare = withoutComments(text);
  if (bare === undefined || bare === text) return undefined;
  try {
    context.parser.parse(bare);
  } catch {
    return undefined;
  }
  const planned = planText(bare, environment, context);
  const { plan } = planned;
  if (plan.verdict !== 'pass') return planned;
  return { ...planned, plan: { ...plan, verdict: 'rewrite', ...splice(bare, []) } };
}

class TextPlanner {
  readonly #text: string;
  readonly #statements: readonly RawStatement[];
  readonly #environment: SessionEnvironment;
  readonly #context: PlanContext;
  readonly #unknown = new Set<string>();
  #names: NameEnvironment | undefined;
  #usedNames = false;
  /** A statement before in the same text has changed what names mean, perhaps for its transaction alone. */
  #changedNames = false;
  /** No statement before in the same text can have changed client_encoding, or taken a change of it back. */
  #encodingKnown = true;
  /** The text has a PREPARE in front. */
  #prepares = false;
  /** Names that statements before in the same text change. */
  readonly #changed: Set<string>;
  readonly #later: Later | undefined;

  /** @param later receives what must hold when the text runs; undefined where nothing may be assumed */
  constructor(
    text: string,
    statements: readonly RawStatement[],
    environment: SessionEnvironment,
    context: PlanContext,
    later: Later | undefined,
  ) {
    this.#later = later;
    this.#text = text;
    this.#statements = statements;
    this.#environment = environment;
    this.#context = context;
    this.#names = environment.names;
    this.#changed = new Set(environment.uncommittedNames);
  }

  plan(): PlannedText {
    const unit = createUnit(this.#text, this.#statements, (location) => location);
    const planned: StatementPlan[] = [];
    const { generation } = this.#context;
    for (const [i, statement] of this.#statements.entries()) {
      const edits = unit.edits.length;
      try {
        planned.push(this.#planOne(statement, unit, i));
      } catch (error) {
        if (!(error instanceof RefusalError)) throw error;
        unit.edits.length = edits;
        return this.#result(this.#refuse(statement, i, planned, error));
      }
    }
    if (unit.edits.length === 0) {
      return this.#result({ verdict: 'pass', statements: planned, generation });
    }
    try {
      const rendered = renderUnit(unit, this.#context.parser, this.#context.pace);
      return this.#result({ verdict: 'rewrite', ...rendered, statements: planned, generation });
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      const refused = refusePlan(this.#positioned(error, this.#statements[0]!), {
        statements: planned.slice(-1),
        generation,
        fingerprint: fingerprintOf(this.#statements),
      });
      return this.#result(refused);
    }
  }

  #result(plan: Plan): PlannedText {
    return { plan, independent: !this.#usedNames, unknownNames: [...this.#unknown] };
  }

  #planOne(statement: RawStatement, unit: ReturnType<typeof createUnit>, index: number): StatementPlan {
    this.#context.pace();
    const mentions = mentionsOf(statement.node);
    if (!ignoresDefinitions(statement.node)) this.#assertCommitted(mentions, runsCode(statement.node));
    if (isData(statement.node)) this.#noteUnknown(mentions);
    this.#assertLast(index);
    const names = (location?: number): NameEnvironment => {
      this.#usedNames = true;
      if (this.#names) return this.#names;
      if (index === 0 || !this.#environment.names) throw new NamesNeeded();
      throw refusal(
        '0A000',
        'unresolved',
        'pgveil cannot tell which table is meant behind a statement of the same text that changes what names mean',
        {
          hint: 'Send that statement on its own, or write the schema before the name.',
          ...(location === undefined ? {} : { location }),
        },
      );
    };
    // PREPARE is executed later, with arguments of its own.
    const prepared: Evidence[] | undefined = 'PrepareStmt' in statement.node ? [] : undefined;
    const state: StatementState = {
      viewer: viewerOf(this.#context, names, this.#changed),
      checks: [],
      scans: [],
      copies: [],
      withhold: [],
      proves: true,
      encodingKnown: this.#encodingKnown,
      assumptions: this.#later && (runsAtOnce(statement.node) ? this.#later.evidence : prepared),
      expansions: 0,
    };
    const planned = planStatement(statement.node, createAnalysis({ state, unit, mentions, names }));
    const plan =
      prepared && this.#later ? withItsProviso(planned, provisoOf(prepared, this.#later.otherwise)) : planned;
    this.#assertKnownBefore(plan.effects);
    this.#follow(statement, plan.effects);
    this.#endTransaction(statement);
    if (plan.effects.some(mayChangeReading) || endsTransaction(statement)) this.#encodingKnown = false;
    return plan;
  }

  /** What the session knows of a name that is executed is from before the text. */
  #assertKnownBefore(effects: readonly SessionEffect[]): void {
    if (this.#prepares && effects.some((effect) => effect.kind === 'store')) {
      throw unsupported('CREATE TABLE AS EXECUTE in one text with PREPARE');
    }
  }

  /** What the statements behind this one have to reckon with. */
  #follow(statement: RawStatement, effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'prepare') this.#prepares = true;
      if (effect.kind === 'ddl') for (const name of effect.names) this.#changed.add(name);
      if (effect.kind === 'environment' || effect.kind === 'discard') {
        this.#changedNames = true;
        this.#names = this.#names && namesAfter(statement.node, this.#names, this.#context.protection.snapshot);
      }
    }
  }

  /** Behind the end of a transaction, SET LOCAL and ON COMMIT DROP have ended too. */
  #endTransaction(statement: RawStatement): void {
    if (this.#changedNames && endsTransaction(statement)) this.#names = undefined;
  }

  /** @param runs the statement can run code that it does not name */
  #assertCommitted(mentions: Mentions, runs: boolean): void {
    const changed = this.#changed;
    if (changed.size === 0) return;
    const { snapshot } = this.#context.protection;
    // An extension brings names that its statement does not have.
    const isNew = ({ name }: NamedReference): boolean =>
      !snapshot.routinesByName.has(name) && !snapshot.builtinRoutines.has(name);
    const { relations, routines, operators, attributes, types } = mentions;
    const hit =
      [...relations, ...routines, ...operators, ...attributes].find((m) => changed.has(m.name)) ??
      [...types].filter((name) => changed.has(name)).map((name) => ({ name, location: -1 }))[0] ??
      routines.find(isNew);
    const hint = 'Commit first: what a transaction changes is analysed when it is committed.';
    if (hit) {
      throw refusal('0A000', 'stale', `"${hit.name}" was changed in a transaction, and pgveil has not seen it yet`, {
        hint,
        ...(hit.location < 0 ? {} : { location: hit.location }),
      });
    }
    if (runs && changed.has(ANY_CODE)) {
      const what = 'the transaction has defined code that reads protected relations, or that pgveil has not read';
      throw refusal('0A000', 'stale', `no data can be read or written here: ${what}`, { hint });
    }
  }

  /** Behind a COMMIT in the same text, others would see the new definitions before pgveil does. */
  #assertLast(index: number): void {
    const before = this.#statements[index - 1]?.node;
    if (this.#changed.size === 0 || !before || !('TransactionStmt' in before)) return;
    const { kind } = before.TransactionStmt;
    if (kind !== 'TRANS_STMT_COMMIT' && kind !== 'TRANS_STMT_PREPARE') return;
    throw refusal('0A000', 'stale', 'no statement can follow COMMIT in a text that changes definitions', {
      hint: 'Send what follows as a text of its own.',
    });
  }

  #noteUnknown(mentions: Mentions): void {
    const { snapshot } = this.#context.protection;
    for (const { name } of mentions.relations) {
      if (!snapshot.relationsByName.has(name) && !mentions.ctes.has(name)) this.#unknown.add(name);
    }
    for (const { name } of mentions.routines) {
      if (!snapshot.routinesByName.has(name) && !snapshot.builtinRoutines.has(name)) this.#unknown.add(name);
    }
  }

  /** What has no place of its own is placed at the start of its statement. */
  #positioned({ location, refusal: reason }: RefusalError, statement: RawStatement): Refusal {
    // The server's own error has no position either.
    if (location === undefined && reason.reason === 'unresolved') return reason;
    const start = statementStart(this.#text, statement);
    return { ...reason, position: positionOfByte(this.#text, Math.max(location ?? start, start)) };
  }

  /** The statements before run first; then the server fails, and the refusal takes its error's place. */
  #refuse(statement: RawStatement, index: number, before: readonly StatementPlan[], error: RefusalError): Plan {
    const refused: StatementPlan = {
      kind: kindLabel(statement.node),
      output: [],
      effects: [],
      withhold: 'nothing',
      masked: [],
    };
    const reason = this.#positioned(error, statement);
    const fingerprint = fingerprintOf(this.#statements);
    const whole = { statements: [refused], generation: this.#context.generation, fingerprint };
    if (index === 0) return refusePlan(reason, whole);
    const prefix = Buffer.from(this.#text).toString('utf8', 0, statement.start);
    const { plan } = planText(prefix, this.#environment, this.#context);
    const { text: failing, marker } = failingText();
    const runs = plan.verdict === 'rewrite' ? plan.text : prefix;
    if (plan.verdict === 'refuse') return refusePlan(reason, whole);
    const { positions } = plan.verdict === 'rewrite' ? plan : splice(prefix, []);
    return {
      verdict: 'refuse',
      text: `${runs} ${failing}`,
      marker,
      positions,
      refusal: reason,
      statements: [...before, refused],
      generation: this.#context.generation,
      fingerprint,
    };
  }
}

/** PREPARE, of a statement that may be executed under a proviso. */
function withItsProviso(plan: StatementPlan, proviso: Proviso | undefined): StatementPlan {
  if (!proviso) return plan;
  const effects = plan.effects.map((effect) =>
    effect.kind === 'prepare' ? { ...effect, statement: { ...effect.statement, proviso } } : effect,
  );
  return { ...plan, effects };
}

function endsTransaction({ node }: RawStatement): boolean {
  const kind = 'TransactionStmt' in node ? node.TransactionStmt.kind : undefined;
  return kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK' || kind === 'TRANS_STMT_PREPARE';
}

/** EXECUTE and FETCH run what this text does not show. */
function mayChangeReading(effect: SessionEffect): boolean {
  switch (effect.kind) {
    case 'prepare':
    case 'deallocate':
    case 'declare':
      return false;
    case 'environment':
      return effect.namesOnly !== true;
    case 'discard':
    case 'ddl':
    case 'execute':
    case 'fetch':
    case 'run':
    case 'store':
      return true;
    default:
      return effect satisfies never;
  }
}

function unparseable(error: unknown, context: PlanContext): Plan {
  if (error instanceof SqlSyntaxError) {
    const { code, message, position, hint } = error;
    const reason: Refusal = {
      code,
      message,
      reason: 'syntax',
      ...(hint === undefined ? {} : { hint }),
      ...(position === undefined ? {} : { position }),
    };
    return refusePlan(reason, { generation: context.generation });
  }
  const isTooDeep = error instanceof RangeError && /call stack/.test(error.message);
  if (!(error instanceof ParserFailure) && !isTooDeep) throw error;
  const what = isTooDeep ? 'the statement is too deeply nested to be analysed' : error.message;
  const reason: Refusal = {
    code: '54001',
    message: `statement too complex: ${what}`,
    hint: 'Split it into smaller statements.',
    reason: 'limit',
  };
  return refusePlan(reason, { generation: context.generation });
}

function viewerOf(context: PlanContext, names: NameLookup, uncommitted: ReadonlySet<string>): Viewer {
  const { snapshot } = context.protection;
  return {
    protection: context.protection,
    parser: context.parser,
    policies: context.policies,
    tagPrefix: context.tagPrefix,
    names,
    pace: context.pace,
    uncommitted,
    mayReadAll: (relation, columns) =>
      columns.length === 0 || everyoneReads(relation) || mayReadColumns(snapshot, names().role, relation, columns),
    assertReadable(scan, columns, location) {
      const { relation, guards } = scan.guarded;
      // Without a protected column no guard is asked.
      if (!columns.some((column) => rulesOf(scan, column.attnum).length > 0)) return;
      const needed = [
        { relation, columns: [...columnsForGuards(scan.guarded)] },
        ...[...guards]
          .filter(([policy]) => scan.policies.has(policy))
          .flatMap(([, guard]) => [...relationsForGuard(guard)].map(([r, c]) => ({ relation: r, columns: c }))),
      ];
      if (needed.every((n) => everyoneReads(n.relation))) return;
      const { role } = names();
      if (!mayReadColumns(snapshot, role, relation, columns)) return;
      for (const { relation: other, columns: read } of needed) {
        const missing = read.find((column) => !mayRead(snapshot, role, other, column));
        if (!missing) continue;
        const grant = `GRANT SELECT (${read.map((c) => c.name).join(', ')}) ON ${other.schema}.${other.name} TO "${role}"`;
        throw refusal(
          '42501',
          'privilege',
          `role "${role}" may not read "${other.schema}.${other.name}"."${missing.name}"`,
          {
            detail: `A policy needs it to tell which rows of "${relation.schema}.${relation.name}" are redacted.`,
            hint: `${grant};`,
            ...(location === undefined ? {} : { location }),
          },
        );
      }
    },
  };
}

function everyoneReads(relation: { readonly readers: readonly string[] }): boolean {
  return relation.readers.includes('');
}

/** Behind the white space and comments before it. */
function statementStart(text: string, { start }: RawStatement): number {
  return indexTokens(text).from(start)?.start ?? start;
}

/** The shape of the statements: equal for texts that differ only in constants, comments and white space. */
function fingerprintOf(statements: readonly RawStatement[]): string {
  const shape = JSON.stringify(
    statements.map((s) => s.node),
    withoutConstants,
  );
  return createHash('sha256').update(shape).digest('hex').slice(0, 16);
}

function withoutConstants(key: string, value: unknown): unknown {
  if (key === 'location' || key === 'stmt_location' || key === 'stmt_len') return undefined;
  return key === 'A_Const' ? {} : value;
}

/** The planner as sessions see it: plans texts against the newest snapshot of their database, and remembers plans. */
import { randomBytes } from 'node:crypto';
import type { CatalogSource } from '../catalog/refresh.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { CatalogError } from '../catalog/watcher.js';
import { bindPolicies, createTagNumbers } from '../policy/bind.js';
import type { Config, PolicyConfig, Problem } from '../policy/config-types.js';
import { NamesNeeded } from './analysis.js';
import { refusePlan } from './failing-text.js';
import { SqlParser } from './parse.js';
import { type PlanContext, type PlannedText, planText } from './plan.js';
import { createPlanCache, type PlanCache } from './plan-cache.js';
import { ANY_CODE, type Plan, type Planner, type Refusal, type SessionEnvironment } from './plan-types.js';
import { deriveProtection, type Protection } from './protection.js';

/** A name that no snapshot knows makes the schema be looked at, but not more often than this. */
const LOOK_AGAIN_MS = 1_000;

export interface PlannerOptions {
  readonly config: Config;
  readonly catalog: CatalogSource;
  /** Stands in every tag; 32 hexadecimal digits. Default: random, which nobody who stores a text can know. */
  readonly nonce?: string;
  /** A plan was asked for: how long it took, and whether it was remembered. */
  readonly onPlanned?: (seconds: number, cached: boolean) => void;
  /** The policies were bound to a snapshot of the database; empty where everything fits. */
  readonly onProblem?: (database: string, problems: readonly Problem[]) => void;
  /** An error that nothing in the analysis expects; what it was about is refused. Its message may quote the text. */
  readonly onDefect?: (database: string, error: unknown) => void;
}

/** What is known of one database. */
interface DatabaseState {
  readonly snapshot: Snapshot;
  /** The configuration whose policies are bound. */
  readonly config: Config;
  readonly parser: SqlParser;
  readonly protection: Protection;
  /** With the policies in observe mode as if they were enforced; undefined without such policies. */
  readonly observed: Protection | undefined;
  readonly generation: number;
  /** By login role. */
  readonly viewerByUser: Map<string, ViewerPolicies>;
  /** By the policies that hold. */
  readonly viewers: Map<string, ViewerPolicies>;
}

interface ViewerPolicies {
  readonly enforced: ReadonlySet<PolicyConfig>;
  readonly all: ReadonlySet<PolicyConfig>;
  readonly plans: PlanCache;
}

export interface ConfigurablePlanner extends Planner {
  /** Plans by these policies from now on; statements that were prepared before are planned anew when they run. */
  configure(config: Config): void;
}

export function createPlanner(options: PlannerOptions): ConfigurablePlanner {
  const { catalog } = options;
  let { config } = options;
  const tagPrefix = `pgveil${options.nonce ?? randomBytes(16).toString('hex')}t`;
  const tagNumbers = createTagNumbers();
  const parsers = new Map<number, SqlParser>();
  const states = new Map<string, DatabaseState>();
  /** Databases whose schema has changed since the snapshot; planning waits. */
  const changing = new Map<string, Promise<unknown>>();
  /** Of these, those where what was changed decides what is protected: nothing is planned before they are read again. */
  const unread = new Set<string>();
  /** Names that sessions have changed and not committed. */
  const watched = new Map<string, Set<ReadonlySet<string>>>();
  const lastLook = new Map<string, number>();
  let generations = 0;
  /** Generations that began with a change of definitions, before the snapshot shows it. */
  const disturbed = new Map<string, number>();

  /** One for all databases and all their snapshots: an instance takes some megabytes, and time to load. */
  async function parserFor(serverVersion: number): Promise<SqlParser> {
    const known = parsers.get(serverVersion);
    if (known) return known;
    const parser = await SqlParser.load(serverVersion);
    parsers.set(serverVersion, parser);
    return parser;
  }

  async function build(snapshot: Snapshot): Promise<DatabaseState> {
    const parser = await parserFor(snapshot.serverVersion);
    const known = states.get(snapshot.database);
    if (known?.snapshot === snapshot) return known;
    const allowed = new Set(config.allowedRoutines.map((routine) => routine.signature));
    const enforced = config.policies.filter((policy) => policy.mode === 'enforce');
    const binding = bindPolicies(enforced, snapshot, parser, tagNumbers);
    const observing = enforced.length < config.policies.length;
    const everything = observing ? bindPolicies(config.policies, snapshot, parser, tagNumbers) : undefined;
    generations++;
    const state: DatabaseState = {
      snapshot,
      config,
      parser,
      protection: deriveProtection(snapshot, binding, parser, allowed),
      observed: everything && deriveProtection(snapshot, everything, parser, allowed),
      generation: generations,
      viewerByUser: new Map(),
      viewers: new Map(),
    };
    states.set(snapshot.database, state);
    options.onProblem?.(snapshot.database, [...binding.problems, ...(everything?.problems ?? [])]);
    return state;
  }

  catalog.onChange((_, snapshot) => {
    // Plans of the old snapshot must not be used again, whoever asks first.
    states.delete(snapshot.database);
    build(snapshot).catch((error: unknown) => options.onDefect?.(snapshot.database, error));
  });
  catalog.onDrop((database) => states.delete(database));

  function viewerOf(state: DatabaseState, user: string): ViewerPolicies {
    const known = state.viewerByUser.get(user);
    if (known) return known;
    const memberOf = state.snapshot.roleByName.get(user)?.memberOf ?? new Set<string>();
    const holds = state.config.policies.filter((policy) => !policy.exemptRoles.some((role) => memberOf.has(role)));
    const key = state.config.policies.map((policy) => (holds.includes(policy) ? '1' : '0')).join('');
    const viewer = state.viewers.get(key) ?? {
      enforced: new Set(holds.filter((policy) => policy.mode === 'enforce')),
      all: new Set(holds),
      plans: createPlanCache(state.config.limits.cachedPlans),
    };
    state.viewers.set(key, viewer);
    // Names of roles come from clients.
    if (state.viewerByUser.size > 10_000) state.viewerByUser.clear();
    state.viewerByUser.set(user, viewer);
    return viewer;
  }

  function remembered(text: string, environment: SessionEnvironment, state: DatabaseState): Plan | undefined {
    if (environment.uncommittedNames.size > 0) return undefined;
    return viewerOf(state, environment.user).plans.find(text, environment.names);
  }

  function planNow(
    text: string,
    environment: SessionEnvironment,
    state: DatabaseState,
    looked: boolean,
  ): Plan | 'environment' | 'look' {
    const viewer = viewerOf(state, environment.user);
    const { names } = environment;
    const context: PlanContext = {
      parser: state.parser,
      protection: state.protection,
      policies: viewer.enforced,
      tagPrefix,
      generation: state.generation,
    };
    let planned: PlannedText;
    let plan: Plan;
    try {
      planned = planText(text, environment, context);
      plan = state.observed ? observe(planned.plan, text, environment, context, state.observed, viewer) : planned.plan;
    } catch (error) {
      if (error instanceof NamesNeeded) return 'environment';
      options.onDefect?.(environment.database, error);
      return refusePlan(DEFECT, { generation: state.generation });
    }
    if (planned.unknownNames.some((name) => !names?.tempRelations.has(name))) {
      if (!names) return 'environment';
      return looked ? plan : 'look';
    }
    if (environment.uncommittedNames.size === 0) {
      viewer.plans.keep(text, names, plan, planned.independent && planned.unknownNames.length === 0);
    }
    return plan;
  }

  async function planLater(
    text: string,
    environment: SessionEnvironment,
    look: boolean,
  ): Promise<Plan | 'environment'> {
    const { database } = environment;
    try {
      await changing.get(database);
      if (unread.has(database))
        return unreadable(database, 'its definitions have changed and cannot be read again yet');
      if (look) lastLook.set(database, performance.now());
      let snapshot = look ? await catalog.refresh(database) : await catalog.load(database);
      let state = await build(snapshot);
      await state.parser.ready();
      // The policies may have changed meanwhile.
      if (states.get(database) !== state) state = await build(snapshot);
      const known = remembered(text, environment, state);
      if (known) return known;
      const answer = planNow(text, environment, state, look || recentlyLooked(database));
      if (answer !== 'look') return answer;
      lastLook.set(database, performance.now());
      snapshot = await catalog.refresh(database);
      state = await build(snapshot);
      const second = planNow(text, environment, state, true);
      return second === 'look' ? unreadable(database) : second;
    } catch (error) {
      if (error instanceof CatalogError) return unreadable(database, error.reason);
      options.onDefect?.(database, error);
      return unreadable(database);
    }
  }

  /** Reads the schema again; until then, and as long as that fails after a change of definitions, planning waits. */
  function readAgain(database: string): void {
    const refreshed: Promise<unknown> = catalog
      .refresh(database)
      .then(() => unread.delete(database))
      .catch(() => undefined)
      .finally(() => {
        if (changing.get(database) === refreshed) changing.delete(database);
      });
    changing.set(database, refreshed);
  }

  /** With the names that other sessions are changing: whether these commit first cannot be known. */
  function withOthers(environment: SessionEnvironment): SessionEnvironment {
    const sets = watched.get(environment.database);
    if (!sets) return environment;
    const others = [...sets].filter((names) => names !== environment.uncommittedNames).flatMap((names) => [...names]);
    const named = others.filter((name) => name !== ANY_CODE);
    if (named.length === 0) return environment;
    return { ...environment, uncommittedNames: new Set([...environment.uncommittedNames, ...named]) };
  }

  function recentlyLooked(database: string): boolean {
    return performance.now() - (lastLook.get(database) ?? Number.NEGATIVE_INFINITY) < LOOK_AGAIN_MS;
  }

  function timed(start: number, cached: boolean): void {
    options.onPlanned?.((performance.now() - start) / 1000, cached);
  }

  return {
    tagPrefix,
    plan(text, asked) {
      const start = performance.now();
      const { database } = asked;
      const environment = withOthers(asked);
      if (unread.has(database) && !changing.has(database)) readAgain(database);
      const snapshot = catalog.current(database);
      const state = states.get(database);
      if (!snapshot || state?.snapshot !== snapshot || changing.has(database) || state.parser.isRenewed) {
        return planLater(text, environment, false);
      }
      const known = remembered(text, environment, state);
      if (known) {
        timed(start, true);
        return known;
      }
      const answer = planNow(text, environment, state, recentlyLooked(database));
      if (answer === 'look') return planLater(text, environment, true);
      if (answer !== 'environment') timed(start, false);
      return answer;
    },
    configure(changed) {
      config = changed;
      states.clear();
    },
    generation: (database) => Math.max(states.get(database)?.generation ?? 0, disturbed.get(database) ?? 0),
    schemaChanged(database) {
      disturbed.set(database, ++generations);
      const sets = watched.get(database);
      if (sets && [...sets].some((names) => names.size > 0)) unread.add(database);
      readAgain(database);
    },
    watchUncommitted(database, names) {
      disturbed.set(database, ++generations);
      const sets = watched.get(database) ?? new Set();
      sets.add(names);
      watched.set(database, sets);
    },
    forgetUncommitted(database, names) {
      const sets = watched.get(database);
      sets?.delete(names);
      if (sets?.size === 0) watched.delete(database);
    },
  };
}

/** What the policies in observe mode would have done. */
function observe(
  plan: Plan,
  text: string,
  environment: SessionEnvironment,
  context: PlanContext,
  protection: Protection,
  viewer: ViewerPolicies,
): Plan {
  const would = planText(text, environment, { ...context, protection, policies: viewer.all }).plan;
  const observing = new Set([...viewer.all].filter((policy) => policy.mode === 'observe').map((policy) => policy.name));
  const masked = would.statements.flatMap((s) => s.masked).filter((label) => observing.has(label.policy));
  const refused =
    would.verdict === 'refuse' && plan.verdict !== 'refuse'
      ? { refusal: would.refusal, fingerprint: would.fingerprint }
      : undefined;
  if (!refused && masked.length === 0) return plan;
  return { ...plan, observed: { masked, ...refused } };
}

/** A defect of pgveil must not let a statement through. Its error is not shown: it could quote the text. */
const DEFECT: Refusal = {
  code: 'XX000',
  reason: 'statement',
  message: 'pgveil could not analyse this statement',
  hint: 'This is a defect of pgveil; please report the shape of the statement.',
};

function unreadable(database: string, why?: string): Plan {
  return refusePlan({
    code: '57P03',
    reason: 'closed',
    message: `pgveil cannot read the schema of database "${database}"`,
    ...(why === undefined ? {} : { detail: why }),
    hint: 'Try again later, or ask the operator of pgveil.',
  });
}

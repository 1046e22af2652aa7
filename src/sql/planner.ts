/** The planner as sessions see it: plans texts against the newest snapshot of their database, and remembers plans. */
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CatalogSource } from '../catalog/refresh.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { CatalogError } from '../catalog/watcher.js';
import { createTagNumbers } from '../policy/bind.js';
import type { Config, Problem } from '../policy/config-types.js';
import { NamesNeeded } from './analysis.js';
import { RESTLESS, refusePlan } from './failing-text.js';
import { OverBudget, paceUntil } from './pace.js';
import { SqlParser } from './parse.js';
import { createPlanCache, type PlanCache } from './plan-cache.js';
import { ANY_CODE, type Plan, type Planner, type Refusal, type SessionEnvironment } from './plan-types.js';
import type { FromThread } from './planning-messages.js';
import { createPlanningThreads } from './planning-threads.js';
import { makeRules, planByRules, policiesFor, type Rules } from './rules.js';

/** A name that no snapshot knows makes the schema be looked at, but not more often than this. */
const LOOK_AGAIN_MS = 1_000;
/** Longer texts are planned by a thread of their own, and so are those that take longer than there is time for. */
const LONGEST_HERE = 4096;
const BUDGET_MS = 6;
/** Behind that much planning the gateway looks at its sockets again. */
const TURN_MS = 6;
/**
 * How long a statement waits for the sessions that are changing what it uses, as it would for their locks. No longer:
 * they may wait for a lock of its own session, which no server can see. PostgreSQL's deadlock_timeout is as long.
 */
const PATIENCE_MS = 1_000;
/** What a plan rests on can change while it is made, but not again and again. */
const MOST_ATTEMPTS = 5;

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
  readonly rules: Rules;
  /** The configuration that they are of. */
  readonly config: Config;
  readonly generation: number;
  /** By login role. */
  readonly cacheByUser: Map<string, PlanCache>;
  /** By the policies that hold. */
  readonly caches: Map<string, PlanCache>;
}

export interface ConfigurablePlanner extends Planner {
  /** Plans by these policies from now on; statements that were prepared before are planned anew when they run. */
  configure(config: Config): void;
  /** Ends the threads that it has started. */
  close(): Promise<void>;
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
  /** Called when a session has committed such a change, or given up. */
  const onSettled = new Set<() => void>();
  const lastLook = new Map<string, number>();
  let generations = 0;
  const threads = createPlanningThreads({ tagPrefix, tagNumbers });
  /** Milliseconds of planning on this thread since it last looked at its sockets. */
  let spent = 0;
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
    if (known?.rules.source.snapshot === snapshot) return known;
    const { policies, allowedRoutines } = config;
    const rules = makeRules({ snapshot, policies, allowedRoutines }, parser, tagNumbers);
    generations++;
    const state: DatabaseState = { rules, config, generation: generations, cacheByUser: new Map(), caches: new Map() };
    states.set(snapshot.database, state);
    options.onProblem?.(snapshot.database, rules.problems);
    return state;
  }

  catalog.onChange((_, snapshot) => {
    // Plans of the old snapshot must not be used again, whoever asks first.
    states.delete(snapshot.database);
    build(snapshot).catch((error: unknown) => options.onDefect?.(snapshot.database, error));
  });
  catalog.onDrop((database) => states.delete(database));

  function cacheOf({ rules, config, cacheByUser, caches }: DatabaseState, user: string): PlanCache {
    const known = cacheByUser.get(user);
    if (known) return known;
    const holding = policiesFor(rules.source, user);
    const key = config.policies.map((policy) => (holding.includes(policy) ? '1' : '0')).join('');
    const cache = caches.get(key) ?? createPlanCache(config.limits.cachedPlans);
    caches.set(key, cache);
    // Names of roles come from clients.
    if (cacheByUser.size > 10_000) cacheByUser.clear();
    cacheByUser.set(user, cache);
    return cache;
  }

  function remembered(text: string, environment: SessionEnvironment, state: DatabaseState): Plan | undefined {
    if (environment.uncommittedNames.size > 0) return undefined;
    return cacheOf(state, environment.user).find(text, environment.names);
  }

  /** Plans on this thread, where that does not take long. */
  function planHere(text: string, environment: SessionEnvironment, state: DatabaseState): FromThread | 'over budget' {
    const start = performance.now();
    const { rules, generation } = state;
    try {
      return planByRules(text, environment, rules, { tagPrefix, generation, pace: paceUntil(start + BUDGET_MS) });
    } catch (error) {
      if (error instanceof OverBudget) return 'over budget';
      return error instanceof NamesNeeded ? 'environment' : { defect: error };
    } finally {
      if (spent === 0) setImmediate(() => (spent = 0));
      spent += performance.now() - start;
    }
  }

  /** @param looked the schema was read just now */
  function conclude(
    planned: FromThread | { readonly refusal: Refusal },
    text: string,
    environment: SessionEnvironment,
    state: DatabaseState,
    looked: boolean,
  ): Plan | 'environment' | 'look' {
    const { generation } = state;
    if (planned === 'environment') return planned;
    if ('refusal' in planned) return refusePlan(planned.refusal, { generation });
    if ('defect' in planned) {
      options.onDefect?.(environment.database, planned.defect);
      return refusePlan(DEFECT, { generation });
    }
    const { plan, independent, unknownNames } = planned;
    const { names } = environment;
    if (unknownNames.some((name) => !names?.tempRelations.has(name))) {
      if (!names) return 'environment';
      return looked ? plan : 'look';
    }
    if (environment.uncommittedNames.size === 0) {
      cacheOf(state, environment.user).keep(text, names, plan, independent && unknownNames.length === 0);
    }
    return plan;
  }

  async function planLater(
    text: string,
    asked: SessionEnvironment,
    isWanted: () => boolean,
    known: { readonly look?: true; readonly isLong?: boolean } = {},
  ): Promise<Plan | 'environment'> {
    const { database } = asked;
    let isLong = known.isLong ?? false;
    let look = known.look ?? false;
    let looked = look;
    const patientUntil = performance.now() + PATIENCE_MS;
    try {
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        while (!isLong && spent >= TURN_MS) await nextTurn();
        await changing.get(database);
        if (unread.has(database))
          return unreadable(database, 'its definitions have changed and cannot be read again yet');
        if (look) lastLook.set(database, performance.now());
        const snapshot = look ? await catalog.refresh(database) : await catalog.load(database);
        let state = await build(snapshot);
        await state.rules.parser.ready();
        // The policies may have changed meanwhile.
        if (states.get(database) !== state) state = await build(snapshot);
        const environment = withOthers(asked);
        const remembers = remembered(text, environment, state);
        if (remembers) return remembers;
        let planned: ReturnType<typeof planHere> | { readonly refusal: Refusal } = isLong
          ? 'over budget'
          : planHere(text, environment, state);
        if (planned === 'over budget') {
          isLong = true;
          const { rules, generation } = state;
          // The text was decoded, and its plan will be sent: each is a copy of a text that may have megabytes.
          await nextTurn();
          planned = await threads.plan({ text, environment, source: rules.source, generation, isWanted });
          await nextTurn();
          if (!stillHolds(state, environment, asked)) continue;
        }
        const answer = conclude(planned, text, environment, state, looked || recentlyLooked(database));
        if (isKeptByOthers(answer, environment, asked) && performance.now() < patientUntil && isWanted()) {
          await othersSettled(patientUntil);
          attempt--;
          continue;
        }
        if (answer !== 'look') return answer;
        look = true;
        looked = true;
      }
      return refusePlan(RESTLESS);
    } catch (error) {
      if (error instanceof CatalogError) return unreadable(database, error.reason);
      options.onDefect?.(database, error);
      return unreadable(database);
    }
  }

  /** True where a plan that was made elsewhere meanwhile would be made again as it is. */
  function stillHolds(state: DatabaseState, planned: SessionEnvironment, asked: SessionEnvironment): boolean {
    const { database } = asked;
    if (states.get(database) !== state || changing.has(database) || unread.has(database)) return false;
    return [...withOthers(asked).uncommittedNames].every((name) => planned.uncommittedNames.has(name));
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

  /** Refused for what other sessions are changing, which may be over soon. */
  function isKeptByOthers(
    answer: Plan | 'environment' | 'look',
    planned: SessionEnvironment,
    asked: SessionEnvironment,
  ): boolean {
    if (typeof answer === 'string' || answer.verdict !== 'refuse' || answer.refusal.reason !== 'stale') return false;
    return planned !== asked;
  }

  /** Resolves when another session has settled what it was changing, or at that time. */
  function othersSettled(until: number): Promise<void> {
    return new Promise((resolve) => {
      const settled = (): void => {
        clearTimeout(timer);
        onSettled.delete(settled);
        resolve();
      };
      const timer = setTimeout(settled, until - performance.now()).unref();
      onSettled.add(settled);
    });
  }

  function recentlyLooked(database: string): boolean {
    return performance.now() - (lastLook.get(database) ?? Number.NEGATIVE_INFINITY) < LOOK_AGAIN_MS;
  }

  function timed(start: number, cached: boolean): void {
    options.onPlanned?.((performance.now() - start) / 1000, cached);
  }

  return {
    tagPrefix,
    plan(text, asked, isWanted = () => true) {
      const start = performance.now();
      const { database } = asked;
      const environment = withOthers(asked);
      if (unread.has(database) && !changing.has(database)) readAgain(database);
      const snapshot = catalog.current(database);
      const state = states.get(database);
      const isLong = text.length > LONGEST_HERE;
      if (
        !snapshot ||
        state?.rules.source.snapshot !== snapshot ||
        changing.has(database) ||
        state.rules.parser.isRenewed
      ) {
        return planLater(text, asked, isWanted, { isLong });
      }
      const known = remembered(text, environment, state);
      if (known) {
        timed(start, true);
        return known;
      }
      if (isLong || spent >= TURN_MS) return planLater(text, asked, isWanted, { isLong });
      const planned = planHere(text, environment, state);
      if (planned === 'over budget') return planLater(text, asked, isWanted, { isLong: true });
      const answer = conclude(planned, text, environment, state, recentlyLooked(database));
      if (isKeptByOthers(answer, environment, asked)) return planLater(text, asked, isWanted);
      if (answer === 'look') return planLater(text, asked, isWanted, { look: true });
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
      return undefined;
    },
    forgetUncommitted(database, names) {
      const sets = watched.get(database);
      sets?.delete(names);
      if (sets?.size === 0) watched.delete(database);
      for (const settled of [...onSettled]) settled();
    },
    close: threads.close,
  };
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

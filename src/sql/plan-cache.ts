/** Plans that were made before. Every input of a plan is part of where it is kept: snapshot, policies, names and text. */
import { LRUCache } from 'lru-cache';
import type { NameEnvironment, Plan } from './plan-types.js';
import { skeletonOf } from './skeleton.js';

/** Longer texts are planned each time: they would fill the cache, and rarely come twice. */
const LONGEST_TEXT = 64 * 1024;

/** Of one snapshot of a database and one set of policies. */
export interface PlanCache {
  /** @param names what unqualified names mean, where that is known */
  find(text: string, names: NameEnvironment | undefined): Plan | undefined;
  /** @param independent the plan is the same whatever unqualified names mean */
  keep(text: string, names: NameEnvironment | undefined, plan: Plan, independent: boolean): void;
}

/** @param most how many plans are kept */
export function createPlanCache(most: number): PlanCache {
  const independent = new LRUCache<string, Plan>({ max: most });
  /** By skeleton: plans of statements that mention nothing protected. */
  const alike = new LRUCache<string, Plan>({ max: most });
  const dependent = new LRUCache<string, Plan>({ max: most });
  return {
    find(text, names) {
      if (text.length > LONGEST_TEXT) return undefined;
      const known = independent.get(text) ?? (names && dependent.get(keyOf(names) + text));
      if (known) return known;
      const skeleton = skeletonOf(text);
      return skeleton === undefined ? undefined : alike.get(skeleton);
    },
    keep(text, names, plan, isIndependent) {
      if (text.length > LONGEST_TEXT) return;
      if (!isIndependent) {
        if (names) dependent.set(keyOf(names) + text, plan);
        return;
      }
      const skeleton = servesAlike(plan) ? skeletonOf(text) : undefined;
      if (skeleton === undefined) independent.set(text, plan);
      else alike.set(skeleton, plan);
    },
  };
}

const keys = new WeakMap<NameEnvironment, string>();

function keyOf(names: NameEnvironment): string {
  const known = keys.get(names) ?? `${JSON.stringify([names.role, names.schemas, [...names.tempRelations]])}\0`;
  keys.set(names, known);
  return known;
}

const CONSTANTS_DO_NOT_MATTER = new Set(['select', 'insert', 'update', 'delete']);

/** True if the plan holds for every text of the same skeleton: nothing protected is mentioned, and nothing is changed. */
function servesAlike(plan: Plan): boolean {
  return (
    plan.verdict === 'pass' &&
    plan.observed === undefined &&
    plan.statements.every(
      (statement) =>
        CONSTANTS_DO_NOT_MATTER.has(statement.kind) &&
        statement.effects.length === 0 &&
        statement.output.length === 0 &&
        statement.withhold === 'nothing',
    )
  );
}

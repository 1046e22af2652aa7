/**
 * The policies of a configuration bound to one snapshot of a database, and the plans that texts get by them. Every thread
 * that plans makes the same of the same.
 */
import type { Snapshot } from '../catalog/snapshot.js';
import { bindPolicies, type TagNumbers } from '../policy/bind.js';
import type { Config, PolicyConfig, Problem } from '../policy/config-types.js';
import type { SqlParser } from './parse.js';
import { type PlanContext, type PlannedText, planText } from './plan.js';
import type { Plan, SessionEnvironment } from './plan-types.js';
import { deriveProtection, type Protection } from './protection.js';

/** What rules are made of: plain data. */
export interface RulesSource extends Pick<Config, 'policies' | 'allowedRoutines'> {
  readonly snapshot: Snapshot;
}

export interface Rules {
  readonly source: RulesSource;
  readonly parser: SqlParser;
  readonly protection: Protection;
  /** With the policies in observe mode as if they were enforced; undefined without such policies. */
  readonly observed: Protection | undefined;
  readonly problems: readonly Problem[];
}

export function makeRules(source: RulesSource, parser: SqlParser, tagNumbers: TagNumbers): Rules {
  const { snapshot, policies } = source;
  const allowed = new Set(source.allowedRoutines.map((routine) => routine.signature));
  const enforced = policies.filter((policy) => policy.mode === 'enforce');
  const binding = bindPolicies(enforced, snapshot, parser, tagNumbers);
  const everything =
    enforced.length < policies.length ? bindPolicies(policies, snapshot, parser, tagNumbers) : undefined;
  return {
    source,
    parser,
    protection: deriveProtection(snapshot, binding, parser, allowed),
    observed: everything && deriveProtection(snapshot, everything, parser, allowed),
    problems: [...binding.problems, ...(everything?.problems ?? [])],
  };
}

/** The policies that hold for a login role. */
export function policiesFor({ policies, snapshot }: RulesSource, user: string): readonly PolicyConfig[] {
  const memberOf = snapshot.roleByName.get(user)?.memberOf ?? new Set<string>();
  return policies.filter((policy) => !policy.exemptRoles.some((role) => memberOf.has(role)));
}

/**
 * Plans a text for a session.
 * @throws NamesNeeded, OverBudget as planText
 */
export function planByRules(
  text: string,
  environment: SessionEnvironment,
  rules: Rules,
  more: Pick<PlanContext, 'tagPrefix' | 'generation' | 'pace'>,
): PlannedText {
  const holding = policiesFor(rules.source, environment.user);
  const { parser, protection, observed } = rules;
  const enforced = new Set(holding.filter((policy) => policy.mode === 'enforce'));
  const planned = planText(text, environment, { ...more, parser, protection, policies: enforced });
  if (!observed) return planned;
  const would = planText(text, environment, { ...more, parser, protection: observed, policies: new Set(holding) });
  return { ...planned, plan: withObserved(planned.plan, would.plan, holding) };
}

/** @param would what the policies in observe mode would have done */
function withObserved(plan: Plan, would: Plan, holding: readonly PolicyConfig[]): Plan {
  const observing = new Set(holding.filter((policy) => policy.mode === 'observe').map((policy) => policy.name));
  const masked = would.statements.flatMap((s) => s.masked).filter((label) => observing.has(label.policy));
  const refused =
    would.verdict === 'refuse' && plan.verdict !== 'refuse'
      ? { refusal: would.refusal, fingerprint: would.fingerprint }
      : undefined;
  return refused || masked.length > 0 ? { ...plan, observed: { masked, ...refused } } : plan;
}

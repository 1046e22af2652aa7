/** The proof that a query meets no redacted row. Its filters see masks all the same: what is lost is the refusal. */
import type { Mutant } from '../mutant.js';

const file = 'sql/proof.ts';

export const PROOF: readonly Mutant[] = [
  {
    name: 'conditions are proven by built-in operators alone',
    file: 'sql/protection.ts',
    find: 'hasOwnComparisons: hasOwnComparisons(snapshot),',
    replace: 'hasOwnComparisons: false,',
    killers: ['clauses: a filter beside a condition with an operator of the user'],
  },
  {
    name: 'each side of an OR must exclude redacted rows',
    file: 'sql/evidence.ts',
    find: 'either.some((sides) => sides.every((side)',
    replace: 'either.some((sides) => sides.some((side)',
    killers: ['filters: a filter beside a tautology', 'filters: WHERE below OR and NOT'],
  },
  {
    name: 'NOT is no AND',
    file: 'sql/conditions.ts',
    find: "if (node.BoolExpr.boolop === 'AND_EXPR') return args.flatMap((arg) => atomsOf(arg, columnOf));",
    replace: "if (node.BoolExpr.boolop !== 'OR_EXPR') return args.flatMap((arg) => atomsOf(arg, columnOf));",
    killers: ['filters: a filter beside a negated exclusion'],
  },
  {
    name: 'nothing follows from IS NOT NULL',
    file: 'sql/evidence.ts',
    find: "if (fact.op === 'not null') return false;",
    replace: "if (fact.op === 'not null') return true;",
    killers: ['filters: a filter beside shipped_at IS NOT NULL'],
  },
  {
    name: 'two ranges to the same side have values in common',
    file: 'sql/evidence.ts',
    find: "if (a.startsWith('<') === b.startsWith('<')) return false;",
    replace: "if (a.startsWith('<') === b.startsWith('<')) return true;",
    killers: ['clauses: a filter beside a range to the same side'],
  },
  {
    name: 'a condition below an outer join proves nothing above',
    file: 'sql/from.ts',
    find: "const conjuncts = jointype === 'JOIN_LEFT' ? left.conjuncts : jointype === 'JOIN_RIGHT' ? right.conjuncts : inherited;",
    replace: 'const conjuncts = [...inherited, ...both.conjuncts, ...conjunctsOf(quals)];',
    killers: ['clauses: a filter beside a condition of an outer join'],
  },
  {
    name: 'a cast that can change a value proves nothing',
    file: 'sql/values.ts',
    find: "return (name === 'text' || name === 'varchar') && !type?.typmods && !type?.arrayBounds;",
    replace: 'return name !== undefined;',
    killers: ['clauses: a filter beside a cast that cuts the channel'],
  },
  {
    name: 'a child is proven by its parent under the key that links them',
    file,
    find: 'parent.guarded.relation === guard.parent.relation &&\n      guard.on.every((pair) =>',
    replace:
      'parent.guarded.relation === guard.parent.relation &&\n      guard.on.some(() => true) || guard.on.every((pair) =>',
    killers: ['test/sql/golden.test.ts'],
  },
  {
    name: 'a child is proven only where it has one parent',
    file,
    find: 'guard.unique &&\n',
    replace: '\n',
    killers: ['clauses: a filter on a customer beside one of the orders'],
  },
  {
    name: 'a day is as long as it can be in any time zone',
    file: 'sql/values.ts',
    find: "case 'SVFOP_CURRENT_DATE':\n        return { low: -2, high: 1 };",
    replace: "case 'SVFOP_CURRENT_DATE':\n        return { low: 0, high: 0 };",
    killers: ["clauses: a filter beside a day of the session's time zone"],
  },
  {
    name: 'a month can have 31 days',
    file: 'sql/values.ts',
    find: 'month: { low: 28, high: 31 },',
    replace: 'month: { low: 28, high: 28 },',
    killers: ['clauses: a filter beside a month that can be longer than 30 days'],
  },
];

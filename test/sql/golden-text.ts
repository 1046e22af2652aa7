/** Plans as golden files show them: what is long and repeats (guards, masks) is folded to a name between « and ». */
import type { Oid, Snapshot } from '../../src/catalog/snapshot.js';
import type { GuardedRelation, MaskRule, RowGuard } from '../../src/policy/bind.js';
import { inlineGuard, maskedColumn, scanGuard, taggedColumn } from '../../src/policy/guard-sql.js';
import {
  ANY_CODE,
  type OutputColumn,
  type Plan,
  type Proviso,
  type SessionEffect,
  type StatementPlan,
} from '../../src/sql/plan-types.js';
import type { Protection } from '../../src/sql/protection.js';
import { tokenize } from '../../src/sql/tokens.js';
import { TAG_PREFIX } from './planning.js';

/** A plan as text: the verdict, then what is not as usual of each statement. */
export function showPlan(plan: Plan, sql: string, protection: Protection, unfolded: boolean): string {
  if (plan.verdict === 'refuse') {
    const { code, reason, message, position } = plan.refusal;
    const place = position === undefined ? '' : ` at ${position} (${wordAt(sql, position)})`;
    const before = plan.statements.slice(0, -1).flatMap((s) => showStatement(s, protection.snapshot, ''));
    return [`-- refuse ${code} ${reason}${place}: ${message}`, ...before].join('\n');
  }
  const statements = plan.statements.flatMap((s) => showStatement(s, protection.snapshot, ''));
  if (plan.verdict === 'pass') return ['-- pass', ...statements].join('\n');
  const text = unfolded ? plan.text : fold(plan.text, protection);
  const { proviso } = plan;
  const needs = proviso && [`-- as it runs, by ${numbersOf(proviso)}`];
  return [nameOids(text, protection.snapshot), ...(needs ?? []), ...statements].join('\n');
}

function numbersOf({ parameters }: Proviso): string {
  return parameters.map((n) => `$${n}`).join(', ') || 'time';
}

/** What stands at a position, which counts characters from 1. */
function wordAt(sql: string, position: number): string {
  const start = Buffer.byteLength([...sql].slice(0, position - 1).join(''));
  return tokenize(sql).find((token) => token.start === start)?.text ?? 'nothing';
}

function showStatement(plan: StatementPlan, snapshot: Snapshot, indent: string): string[] {
  const lines: string[] = [];
  const say = (what: string): number => lines.push(`-- ${indent}${what}`);
  const usual = ['select', 'insert', 'update', 'delete', 'copy', 'explain'];
  if (!usual.includes(plan.kind) || indent !== '') say(`kind ${plan.kind}`);
  for (const column of plan.output) say(`output ${showOutput(column, snapshot)}`);
  if (plan.copy) say(`copy ${JSON.stringify(plan.copy)}`);
  if (plan.withhold !== 'nothing') say(`withhold ${plan.withhold}`);
  if (plan.masked.length > 0) say(`masked ${plan.masked.map((m) => `${m.table}.${m.column}`).join(', ')}`);
  if (plan.proviso) say(`as it is executed, by ${numbersOf(plan.proviso)}`);
  for (const effect of plan.effects) lines.push(...showEffect(effect, snapshot, indent));
  return lines;
}

function showOutput({ index, origin, typmod, tagged }: OutputColumn, snapshot: Snapshot): string {
  const relation = origin && snapshot.relationByOid.get(origin.table);
  const column = relation?.columns.find((c) => c.attnum === origin?.attnum)?.name ?? '-';
  const parts = [
    origin && `${relation?.schema}.${relation?.name}.${column}`,
    typmod !== undefined && `typmod ${typmod}`,
  ];
  const tag = tagged && `${tagged.kind} of ${tagged.column}${tagged.maxLength ? ` within ${tagged.maxLength}` : ''}`;
  return [index, ...parts, tag].filter((part) => part !== undefined && part !== false).join(' ');
}

function showEffect(effect: SessionEffect, snapshot: Snapshot, indent: string): string[] {
  const line = (what: string): string => `-- ${indent}effect ${what}`;
  switch (effect.kind) {
    case 'prepare':
      return [line(`prepare ${effect.name}`), ...showStatement(effect.statement, snapshot, `${indent}  `)];
    case 'declare':
      return [
        line(`declare ${effect.cursor}${effect.hold ? ' with hold' : ''}`),
        ...showStatement(effect.statement, snapshot, `${indent}  `),
      ];
    case 'execute':
      return [line(`execute ${effect.name}`)];
    case 'deallocate':
      return [line(`deallocate ${effect.name ?? 'all'}`)];
    case 'fetch':
      return [line(`fetch ${effect.cursor}`)];
    case 'run':
      return [line(`run ${effect.of} ${effect.name}`)];
    case 'store':
      return [line(`store ${effect.name}`)];
    case 'environment':
      return [line('environment')];
    case 'discard':
      return [line(`discard ${effect.what}`)];
    case 'ddl':
      return [line(`ddl [${effect.names.map((name) => (name === ANY_CODE ? 'any-code' : name)).join(', ')}]`)];
    default:
      return effect satisfies never;
  }
}

/** Statistics are withheld by OID, which no two servers need have the same. */
function nameOids(text: string, snapshot: Snapshot): string {
  return text.replaceAll(/'\{([\d,]+)\}'(?=::pg_catalog\.oid)/g, (_, list: string) => {
    const names = list.split(',').map((oid) => snapshot.relationByOid.get(Number(oid) as Oid)?.name ?? oid);
    return `«oids of ${names.join(', ')}»`;
  });
}

/** The rewritten text, guards and masks folded. */
function fold(text: string, protection: Protection): string {
  const aliases = new Set([...text.matchAll(/("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\./gu)].map((m) => m[1]!));
  let folded = text;
  const guarded = [...protection.binding.guarded.values()];
  for (const { from, to } of longestFirst(guarded.flatMap((g) => guardFolds(g, aliases)))) {
    folded = folded.replaceAll(from, () => to);
  }
  for (const { from, to } of longestFirst(guarded.flatMap((g) => maskFolds(g, aliases)))) {
    folded = folded.replaceAll(from, () => to);
  }
  return folded.replaceAll('OPERATOR(pg_catalog.=)', '=');
}

interface Fold {
  readonly from: string;
  readonly to: string;
}

const redacted = (alias: string): string => (alias === 'pgveil_t' ? '«redacted»' : `«redacted ${alias}»`);

function guardFolds({ guards }: GuardedRelation, aliases: ReadonlySet<string>): Fold[] {
  return [...guards.values()].flatMap((guard: RowGuard) => [
    ...[...aliases].map((alias) => ({ from: inlineGuard(guard, alias), to: redacted(alias) })),
    ...[1, 2].flatMap((uses) =>
      [true, false].flatMap((lockable) => {
        const { join, expression } = scanGuard(guard, 'pgveil_t', 'pgveil_g0_', lockable, uses);
        const joined = {
          from: join,
          to: ` «join its guard${lockable && join.includes('OFFSET') ? ', lockable' : ''}»`,
        };
        return [{ from: expression, to: redacted('pgveil_t') }, ...(join === '' ? [] : [joined])];
      }),
    ),
  ]);
}

function maskFolds({ columns, rowKey }: GuardedRelation, aliases: ReadonlySet<string>): Fold[] {
  return [...columns.values()].flatMap((protectedColumn) => {
    const { name } = protectedColumn.column;
    return [...aliases].flatMap((alias) => {
      const guard = (_: MaskRule['policy']): string => redacted(alias);
      const value = `${alias}."${name}"`;
      const masked = maskedColumn(protectedColumn, value, guard);
      const tagged = taggedColumn(protectedColumn, alias, guard, TAG_PREFIX, rowKey);
      const label = alias === 'pgveil_t' ? name : `${alias}.${name}`;
      return [
        { from: `${masked} AS "${name}"`, to: `«mask ${label}»` },
        { from: `${tagged} AS "${name}"`, to: `«tag ${label}»` },
        { from: masked, to: `«mask ${label}»` },
      ];
    });
  });
}

function longestFirst(folds: readonly Fold[]): readonly Fold[] {
  return [...folds].sort((a, b) => b.from.length - a.from.length);
}

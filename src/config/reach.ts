/** How the tables of a policy lead to a condition: each by exactly one way, without circles, and for some end. */
import type { QualifiedName, TableConfig } from '../policy/config-types.js';
import { type Checks, report } from './check.js';
import { isMapping, type Path } from './document.js';
import { tableText } from './names.js';

/** A table that could be read, and where it stands. */
export interface ReadTable {
  readonly config: TableConfig;
  readonly path: Path;
}

/**
 * Adds a problem for each table without a way or with several, for each parent that is not in the policy, for each
 * circle, and for what protects nothing.
 * @param guarded redact_when's table, if it could be read
 * @param tables each name once
 */
export function checkReach(
  checks: Checks,
  policy: Path,
  guarded: QualifiedName | undefined,
  tables: readonly ReadTable[],
): void {
  const { document } = checks;
  const root = guarded && textOf(guarded);
  const byName = new Map(tables.map((table) => [textOf(table.config.table), table]));
  const parents = new Set<string>();
  // A way that is in the file but could not be read has its own problem already.
  const unread = guarded === undefined && document.has([...policy, 'redact_when']);

  for (const [name, { config: table, path }] of byName) {
    if (!isMapping(document.get(path))) continue;
    const ways = [
      ...(name === root ? ["is redact_when's table"] : []),
      ...(document.has([...path, 'belongs_to']) ? ['has belongs_to'] : []),
      ...(document.has([...path, 'redacted_when']) ? ['has redacted_when'] : []),
    ];
    if (ways.length === 0 && !unread) {
      const hint = 'give it belongs_to or redacted_when, or make it the table of redact_when';
      report(checks, table.at, `nothing says when rows of ${name} are redacted`, hint);
    }
    if (ways.length > 1) {
      report(checks, table.at, `${name} ${ways.join(' and ')}`, 'keep one of them; a second policy can add another');
    }
    const parent = table.belongsTo && textOf(table.belongsTo.parent);
    if (table.belongsTo && parent !== undefined) {
      parents.add(parent);
      if (parent !== root && !byName.has(parent) && !unread) {
        const known = [...new Set([...(root === undefined ? [] : [root]), ...byName.keys()])].filter((n) => n !== name);
        const hint = `add ${parent} to its tables, or name one that is there: ${known.join(', ') || 'there is none yet'}`;
        report(checks, table.belongsTo.at, `this policy has no table ${parent}`, hint);
      }
    }
  }
  reportCircles(checks, byName, root);

  for (const [name, { config: table, path }] of byName) {
    const given = document.get([...path, 'columns']) ?? {};
    if (parents.has(name) || !isMapping(document.get(path)) || !isMapping(given) || Object.keys(given).length > 0)
      continue;
    const hint = 'list the columns that hold personal data; only a table that others belong to may have none';
    report(checks, table.at, `${name} protects nothing`, hint);
  }
  if (guarded && root !== undefined && !byName.has(root) && !parents.has(root) && byName.size > 0) {
    const at = document.at([...policy, 'redact_when', 'table']);
    report(checks, at, `no table of this policy is ${root} or belongs to it`, `add ${root} to tables`);
  }
  const given = document.get([...policy, 'tables']);
  if (isMapping(given) && Object.keys(given).length === 0) {
    report(checks, document.at([...policy, 'tables']), 'names no table', 'a policy names the tables that it protects');
  }
}

/** Each circle once, at its first table in the file's order. */
function reportCircles(checks: Checks, byName: ReadonlyMap<string, ReadTable>, root: string | undefined): void {
  const settled = new Set<string>();
  for (const start of byName.keys()) {
    const way: string[] = [];
    let name: string | undefined = start;
    while (name !== undefined && name !== root && !settled.has(name) && !way.includes(name)) {
      way.push(name);
      const parent: QualifiedName | undefined = byName.get(name)?.config.belongsTo?.parent;
      name = parent && textOf(parent);
    }
    for (const passed of way) settled.add(passed);
    if (name === undefined || !way.includes(name)) continue;
    const circle = [...way.slice(way.indexOf(name)), name];
    const hint = "the way has to end at redact_when's table or at one with redacted_when";
    report(checks, byName.get(name)!.config.belongsTo!.at, `belongs to itself: ${circle.join(' -> ')}`, hint);
  }
}

function textOf(table: QualifiedName): string {
  return tableText(table.schema, table.name);
}

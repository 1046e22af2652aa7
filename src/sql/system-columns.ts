/** `*` beside a system column, which a subquery in the place of a relation shows as one of its own. */
import type { Node, SelectStmt } from '@pgsql/types';
import { quoteIdentifier } from '../policy/quote.js';
import type { Analysis } from './analysis.js';
import { place } from './expression.js';
import { locationOf } from './mentions.js';
import { unsupported } from './refuse.js';
import { systemColumnsIn } from './scan.js';
import type { RangeItem, Scope } from './scope.js';
import { parseTargets } from './unit.js';

/**
 * Puts the list of columns in the place of a star in a target list, where a system column would be among them; false
 * where none would.
 * @param named what stands before the star, undefined for a bare one
 * @throws RefusalError where the columns cannot be listed
 */
export function writeOutStar(
  select: SelectStmt,
  target: Node,
  named: RangeItem | undefined,
  scope: Scope,
  analysis: Analysis,
): boolean {
  if (systemColumnsIn(analysis.mentions).length === 0) return false;
  const items = named ? [named] : scope.items;
  // The alias of a join hides the relations in it.
  const isJoin = select.fromClause?.some((node) => 'JoinExpr' in node);
  if (!isJoin && !items.some((item) => item.scan)) return false;
  const value = 'ResTarget' in target ? target.ResTarget.val : undefined;
  const fields = value && 'ColumnRef' in value ? value.ColumnRef : {};
  const [item] = items;
  const end = analysis.unit.tokens().endOfName(locationOf(fields));
  if (!item?.scan || !item.columns || item.alias === undefined || items.length > 1 || end === undefined) {
    throw unsupported('* of several relations together with a system column', place(fields, analysis));
  }
  const alias = quoteIdentifier(item.alias);
  const columns = item.columns.map((column) => `${alias}.${quoteIdentifier(column.name)}`).join(', ');
  analysis.unit.edits.push({
    start: locationOf(fields),
    end,
    render: () => columns,
    mean: (sql, parser) => {
      const list = select.targetList!;
      list.splice(list.indexOf(target), 1, ...parseTargets(sql, parser));
    },
  });
  return true;
}

/**
 * Masks in their SQL form: an expression over the stored value, of the column's own type. It is evaluated in the
 * client's session, so names are pinned; and it must not raise an error for any stored value, because an error tells
 * something of the value.
 */
import { baseTypeSql, type Column } from '../catalog/snapshot.js';
import type { ColumnConfig, MaskConfig } from './config-types.js';
import { pinType, quoteLiteral } from './quote.js';

/** How often the fill of `keep` stands in the middle, whatever the value's length. */
const FILL_LENGTH = 3;
const EMAIL_FILL = '***';
/** Shorter tokens would collide or be guessed. */
const SHORTEST_TOKEN = 16;
/** Moments outside these show as the first of them. */
const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';
/** Doubles from here on have no digit behind the point to cut. */
const LARGEST_CUT_DOUBLE = '1e15';

type Family =
  | 'text'
  | 'integer'
  | 'numeric'
  | 'float'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'inet'
  | 'cidr'
  | 'point'
  | 'other';

/**
 * What keeps a mask from its column: a sentence that names both, with what would be valid; undefined when it fits.
 */
export function maskProblem(config: ColumnConfig, column: Column): string | undefined {
  const { mask } = config;
  const unfit = (why: string): string =>
    `mask ${mask.kind} does not fit column ${column.name} of type ${column.typeSql}: ${why}`;
  const family = familyOf(column);
  const room = characterLimit(column);
  const tooLong = (length: number): string | undefined =>
    length > room ? unfit(`it is ${length} characters long and the column holds ${room}`) : undefined;
  const needs = (families: readonly Family[], names: string): string | undefined =>
    families.includes(family) ? undefined : unfit(`it is for ${names}`);

  switch (mask.kind) {
    case 'one_way':
      if (family !== 'text') return unfit('it is for text; use null, constant or a mask of that type');
      return room < SHORTEST_TOKEN
        ? unfit(`a token has ${SHORTEST_TOKEN} characters and the column holds ${room}`)
        : undefined;
    case 'blank':
      return needs(['text'], 'text; use null or constant');
    case 'null':
      return column.notNull ? unfit('the column is NOT NULL; use blank or constant') : undefined;
    case 'constant':
      return constantProblem(mask.value, family)
        ? unfit(constantProblem(mask.value, family)!)
        : tooLong(lengthIn(family, mask.value));
    case 'keep':
      return needs(['text'], 'text') ?? tooLong(mask.first + FILL_LENGTH * [...mask.fill].length + mask.last);
    case 'email_domain':
      return needs(['text'], 'text') ?? tooLong(EMAIL_FILL.length + 1);
    case 'truncate':
      return needs(['date', 'timestamp', 'timestamptz'], 'dates and timestamps') ?? nullProblem(config, column, unfit);
    case 'round':
      return (
        needs(['integer', 'numeric', 'float', 'point'], 'numbers and points') ?? nullProblem(config, column, unfit)
      );
    case 'network':
      return needs(['inet', 'cidr'], 'inet and cidr') ?? nullProblem(config, column, unfit);
    default:
      return mask satisfies never;
  }
}

/**
 * The mask's expression, of the column's type.
 * @param config a column that `maskProblem` finds no fault with
 * @param value SQL of the stored value, such as `t."buyer_name"`
 */
export function maskSql(config: ColumnConfig, column: Column, value: string): string {
  const type = pinType(column.typeSql);
  const masked = `CAST(${maskedValue(config.mask, column, value)} AS ${type})`;
  return config.keepNull ? `CASE WHEN ${value} IS NULL THEN CAST(NULL AS ${type}) ELSE ${masked} END` : masked;
}

function maskedValue(mask: MaskConfig, column: Column, value: string): string {
  const text = `CAST(${value} AS pg_catalog.text)`;
  switch (mask.kind) {
    // The token needs a key that the database never sees; where no wire form can stand, its place is blank.
    case 'one_way':
    case 'blank':
      return `''`;
    case 'null':
      return 'NULL';
    case 'constant':
      return quoteLiteral(mask.value);
    case 'keep': {
      const fill = quoteLiteral(mask.fill.repeat(FILL_LENGTH));
      const parts = [`pg_catalog."left"(${text}, ${mask.first})`, fill, `pg_catalog."right"(${text}, ${mask.last})`];
      const kept = parts.join(' OPERATOR(pg_catalog.||) ');
      // A short value would be shown whole; NULL takes the same way as a short one.
      return `CASE WHEN pg_catalog.length(${text}) OPERATOR(pg_catalog.>) ${mask.first + mask.last} THEN ${kept} ELSE ${fill} END`;
    }
    case 'email_domain': {
      // What stands behind the last @: a quoted local part may hold others.
      const domain = `pg_catalog.reverse(pg_catalog.split_part(pg_catalog.reverse(${text}), '@', 1))`;
      const shown = `'${EMAIL_FILL}@' OPERATOR(pg_catalog.||) ${domain}`;
      return `CASE WHEN pg_catalog.strpos(${text}, '@') OPERATOR(pg_catalog.>) 0 THEN ${shown} ELSE '${EMAIL_FILL}' END`;
    }
    case 'truncate':
      return truncated(mask.to, familyOf(column), value);
    case 'round':
      return rounded(mask.digits, familyOf(column), value);
    case 'network': {
      const network = (bits: number): string =>
        `pg_catalog.network(pg_catalog.set_masklen(CAST(${value} AS pg_catalog.inet), ${bits}))`;
      return `CASE WHEN pg_catalog.family(${value}) OPERATOR(pg_catalog.=) 4 THEN ${network(mask.v4)} ELSE ${network(mask.v6)} END`;
    }
    default:
      return mask satisfies never;
  }
}

function truncated(to: 'year' | 'month', family: Family, value: string): string {
  // In UTC, so that TimeZone cannot move a value over the edge of a month and back.
  const moment =
    family === 'timestamptz'
      ? `pg_catalog.timezone('UTC', ${value})`
      : `CASE WHEN ${value} OPERATOR(pg_catalog.<) CAST('${LAST_DAY}' AS pg_catalog.date) THEN CAST(${value} AS pg_catalog."timestamp") END`;
  const inRange =
    `(${moment}) OPERATOR(pg_catalog.>=) CAST('${FIRST_DAY}' AS pg_catalog."timestamp") AND ` +
    `(${moment}) OPERATOR(pg_catalog.<) CAST('${LAST_DAY}' AS pg_catalog."timestamp")`;
  // Near the ends of their range, moments cannot be cut or converted without an error.
  const cut =
    `CASE WHEN ${inRange} THEN pg_catalog.date_trunc('${to}', ${moment}) ` +
    `ELSE CAST('${FIRST_DAY}' AS pg_catalog."timestamp") END`;
  return family === 'timestamptz' ? `pg_catalog.timezone('UTC', ${cut})` : cut;
}

/** Cuts rather than rounds: rounding up can leave the column's range, and that error would tell of the value. */
function rounded(digits: number, family: Family, value: string): string {
  const cut = (number: string): string => `pg_catalog.trunc(CAST(${number} AS pg_catalog.numeric), ${digits})`;
  const cutDouble = (number: string): string =>
    `CASE WHEN pg_catalog.abs(${number}) OPERATOR(pg_catalog.<) CAST(${LARGEST_CUT_DOUBLE} AS pg_catalog.float8) ` +
    `THEN CAST(${cut(number)} AS pg_catalog.float8) ELSE CAST(0 AS pg_catalog.float8) END`;
  if (family === 'point') return `pg_catalog.point(${cutDouble(`(${value})[0]`)}, ${cutDouble(`(${value})[1]`)})`;
  if (family === 'float') return cutDouble(`CAST(${value} AS pg_catalog.float8)`);
  return cut(value);
}

function familyOf(column: Column): Family {
  switch (baseTypeSql(column).replace(/\([\d,-]+\)/, '')) {
    case 'text':
    case 'character varying':
    case 'character':
      return 'text';
    case 'smallint':
    case 'integer':
    case 'bigint':
      return 'integer';
    case 'numeric':
      return 'numeric';
    case 'real':
    case 'double precision':
      return 'float';
    case 'boolean':
      return 'boolean';
    case 'date':
      return 'date';
    case 'timestamp without time zone':
      return 'timestamp';
    case 'timestamp with time zone':
      return 'timestamptz';
    case 'inet':
      return 'inet';
    case 'cidr':
      return 'cidr';
    case 'point':
      return 'point';
    default:
      return 'other';
  }
}

/** True for text, varchar and char: what can arrive tagged. A domain's checks could reject a tag. */
export function isText(column: Column): boolean {
  return familyOf(column) === 'text' && column.domainBase === undefined;
}

/** n of varchar(n) and char(n), else no limit. */
export function characterLimit(column: Column): number {
  const limit = /^character(?: varying)?\((\d+)\)$/.exec(baseTypeSql(column));
  return limit ? Number(limit[1]) : Number.POSITIVE_INFINITY;
}

function lengthIn(family: Family, value: string): number {
  return family === 'text' ? [...value].length : 0;
}

/** These masks have nothing to show for NULL but NULL, which tells that there is no value. */
function nullProblem(config: ColumnConfig, column: Column, unfit: (why: string) => string): string | undefined {
  if (column.notNull || config.keepNull) return undefined;
  return unfit('it shows which values are NULL; say keep_null: true if that is meant, or use null');
}

function constantProblem(value: string, family: Family): string | undefined {
  switch (family) {
    case 'text':
      return value.includes('\0') ? 'text cannot hold a NUL' : undefined;
    case 'integer':
      return /^-?\d{1,4}$/.test(value) ? undefined : 'write a whole number of up to four digits';
    case 'numeric':
    case 'float':
      return /^0$/.test(value) ? undefined : 'the constant for such a number is 0';
    case 'boolean':
      return value === 'true' || value === 'false' ? undefined : 'write true or false';
    case 'date':
    case 'timestamp':
      return /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/.test(value)
        ? undefined
        : "write a day from 1 to 28, such as '1970-01-01'";
    default:
      return 'there is no constant of that type; use null';
  }
}

/** SQL that the scenarios of Node's drivers share. */

const COLUMNS = 'id, buyer_name, buyer_email, gift_message';

/** Three redacted orders. */
export const REDACTED = `SELECT ${COLUMNS} FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id`;
export const REDACTED_BY_ID = `SELECT ${COLUMNS} FROM orders WHERE id BETWEEN $1 AND $2 ORDER BY id`;
export const REDACTED_IDS = [900001, 900003] as const;

/** A filter on a masked column, which is refused. */
export const FILTER = 'SELECT id FROM orders WHERE buyer_name = $1 AND id BETWEEN 900001 AND 900100 ORDER BY id';
export const FILTER_VALUES = ['Alan Archer'] as const;
/** The same, as a parameter can tell. */
export const FILTER_BY_CHANNEL =
  'SELECT id FROM orders WHERE buyer_name = $1 AND channel = $2 AND id BETWEEN 900001 AND 900100 ORDER BY id';

/** Filters on masked columns that exclude every redacted row. */
export const ALLOWED = [
  [FILTER_BY_CHANNEL, ['Edda Ebert', 'ebay']],
  ['SELECT id FROM orders WHERE channel = ANY($1) AND buyer_email = $2', [['ebay', 'shopify'], 'edda@known.test']],
  [
    'SELECT id FROM orders WHERE shipped_at >= $1 AND buyer_name = $2',
    [new Date(Date.now() - 7 * 24 * 3600 * 1000), 'Nina Neumann'],
  ],
] as const satisfies readonly (readonly [string, readonly unknown[]])[];

export const PARAMETERS =
  'SELECT $1::int AS i, $2::bigint AS big, $3::numeric AS num, $4::text AS t, $5::bytea AS b, $6::bool AS flag, ' +
  '$7::date AS d, $8::timestamptz AS tsz, $9::json AS j, $10::jsonb AS jb, $11::uuid AS u, $12::int[] AS ints, ' +
  '$13::text[] AS texts, $14::float8 AS f, $15::text AS nothing';
export const PARAMETER_VALUES = [
  -41,
  '9007199254740993',
  '12.3400',
  'it\'s \\ "é" 漢',
  Buffer.from([0, 255, 92, 39]),
  true,
  '2024-02-29',
  new Date('2024-02-29T10:11:12.345Z'),
  '{"a": [1, null]}',
  '{"b": "c"}',
  '6f1b1d52-2f0c-4b0a-9f0b-0123456789ab',
  [1, -2, 3],
  ['a', 'b c', '"', ''],
  0.1,
  null,
];

export const REPORT =
  'SELECT channel, count(*)::int AS n, sum(total) AS total FROM orders GROUP BY channel ORDER BY channel';
export const UNREDACTED = 'SELECT * FROM orders WHERE id IN (900011, 900012, 900013, 900014) ORDER BY id';
export const LARGE = 'SELECT n, repeat(chr(97 + n % 26), 500) AS filler FROM generate_series(1, 5000) n';
export const LOGIN = 'SELECT current_user, system_user, current_database(), current_setting($1)';

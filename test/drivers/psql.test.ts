import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import { type Ended, program, runClient } from './programs.js';

const MARK = '-- next --';
/** Each of psql's commands that ask the catalogs, with what they take. */
const DESCRIPTIONS = [
  ...['\\d', '\\dS', '\\d orders', '\\d+ orders', '\\d+ customers', '\\d plain.*', '\\d+ *.order_*', '\\d nothing'],
  ...['\\d+ orders_id_seq', '\\d+ order_list', '\\d+ plain.totals', '\\d+ plain.measures', '\\d plain.people_pkey'],
  ...['\\d plain.point3', '\\d information_schema.tables', '\\dS+ pg_stats', '\\dt plain."Mixed Case"'],
  ...[
    '\\da',
    '\\dA+',
    '\\dAc',
    '\\dAf',
    '\\dAo',
    '\\dAp',
    '\\db+',
    '\\dc',
    '\\dconfig *scram*',
    '\\dC+',
    '\\dd',
    '\\dD+',
  ],
  ...[
    '\\dD+ plain.*',
    '\\ddp',
    '\\dE',
    '\\di+ public.*',
    '\\dm+ *.*',
    '\\ds+',
    '\\dt+ *.*',
    '\\dv+',
    '\\des+',
    '\\det+',
  ],
  ...[
    '\\deu+',
    '\\dew+',
    '\\df',
    '\\df+ plain.*',
    '\\dfa',
    '\\dfn *.*',
    '\\dfp *.*',
    '\\dft *.*',
    '\\dfw',
    '\\df * int',
  ],
  ...[
    '\\dF+',
    '\\dFd',
    '\\dFp',
    '\\dFt',
    '\\dg+',
    '\\dl',
    '\\dL+',
    '\\dn+ *',
    '\\do + int',
    '\\dO+',
    '\\dp *.*',
    '\\dP+ *.*',
  ],
  ...[
    '\\dPt',
    '\\dPi',
    '\\drds',
    '\\dRp+',
    '\\dRs',
    '\\dT+ *.*',
    '\\du+',
    '\\dx+',
    '\\dX',
    '\\dy',
    '\\l+',
    '\\z',
    '\\lo_list',
  ],
  ...[
    '\\sf+ plain.warn',
    '\\sf plain.add',
    '\\sv sales_report',
    '\\sv+ customer_overview',
    '\\sv pg_stats',
    '\\encoding',
  ],
];

let shop: ShopGateway;

beforeAll(async () => {
  shop = await startShopGateway('A');
});

afterAll(async () => {
  await shop?.stop();
});

const psql = (input: string, where: 'direct' | 'masked', args: readonly string[] = []): Promise<Ended> =>
  runClient(program('psql'), ['-X', ...args], shop[where](), input);

/** What psql prints is the same through the gateway. */
async function isSame(input: string, args: readonly string[] = []): Promise<Ended> {
  const direct = await psql(input, 'direct', args);
  const masked = await psql(input, 'masked', args);
  expect(masked).toEqual(direct);
  return direct;
}

describe('psql', () => {
  it.each(['shop_app', 'postgres'] as const)('describes everything as %s', async (role) => {
    const script = DESCRIPTIONS.map((command) => `\\echo ${MARK}\n${command}`).join('\n');
    const [direct, masked] = await Promise.all(
      (['direct', 'masked'] as const).map(async (where) => {
        // One stream, so that an error stays with its command.
        const { stdout } = await runClient(
          '/bin/sh',
          ['-c', `exec "${program('psql')}" -X 2>&1`],
          shop[where](role),
          script,
        );
        return new Map(
          stdout
            .split(`${MARK}\n`)
            .slice(1)
            .map((text, i) => [DESCRIPTIONS[i], text]),
        );
      }),
    );
    expect(masked).toEqual(direct);
    expect(direct!.size).toBe(DESCRIPTIONS.length);
    expect(direct!.get('\\d+ orders')).toContain('orders_channel_check');
    expect([...direct!].filter(([, text]) => text === '').map(([command]) => command)).toEqual([]);
  });

  it('tells the columns of a statement that it does not run', async () => {
    const { stdout, stderr } = await isSame(
      [
        'SELECT * FROM plain.kinds \\gdesc',
        'SELECT buyer_name, total, count(*) AS n FROM orders GROUP BY 1, 2 \\gdesc',
        "INSERT INTO plain.people VALUES (7, 'x') RETURNING id, email \\gdesc",
        'SELECT nothing \\gdesc',
        'SELECT 1 AS a, 2 AS b \\gx',
        'SELECT 1 \\g (format=csv tuples_only=on)',
        'SELECT 1 \\g |cat -n',
        'SELECT channel, status, count(*) FROM orders WHERE id > 900000 GROUP BY 1, 2 ORDER BY 1, 2 \\crosstabview',
        'SELECT nothing;',
        '\\errverbose',
        // Before psql 16 the error is that there is no such command.
        'SELECT $1::int + $2::int AS bound \\bind 40 2 \\g',
      ].join('\n'),
    );
    expect(stdout).toContain('buyer_name | character varying(120)');
    expect(stderr).toContain('LOCATION: ');
  });

  it('has the large objects of \\lo_import refused, and goes on', async () => {
    const { stdout, stderr } = await psql("\\lo_import /dev/null\nSELECT 'still here';", 'masked', ['-At']);
    expect(stderr).toBe(
      'ERROR:  function call messages are refused\nHINT:  Call the function in a SELECT statement. An operator can ' +
        'allow it for a role by function_call under roles in the configuration.\n',
    );
    expect(stdout).toBe('still here\n');
  });

  it('reconnects, with AUTOCOMMIT off, and shows each result or the last', async () => {
    await isSame(
      [
        '\\c - shop_report',
        'SELECT current_user;',
        '\\set AUTOCOMMIT off',
        'SELECT 1;',
        'SELECT nothing;',
        'SELECT 2;',
        'ROLLBACK;',
        'SELECT 3;',
        'COMMIT;',
        '\\set AUTOCOMMIT on',
        'SELECT 1\\; SELECT 2\\; SELECT nothing\\; SELECT 3;',
        '\\set SHOW_ALL_RESULTS off',
        'SELECT 1\\; SELECT 2;',
      ].join('\n'),
    );
  });

  it('sends rows in every output format', async () => {
    for (const format of ['aligned', 'unaligned', 'csv', 'html', 'wrapped']) {
      await isSame(`\\pset format ${format}\nSELECT * FROM plain.kinds ORDER BY id;\n\\x\nSELECT * FROM plain.people;`);
    }
  });

  it('shows an error with the line and the place', async () => {
    const { stderr } = await isSame('SELECT id,\n  nothing\nFROM plain.people;\nSELEC 1;\n');
    expect(stderr).toContain('LINE 2:   nothing\n          ^');
  });

  it('shows notices, DETAIL and HINT', async () => {
    const { stderr } = await isSame("SELECT plain.warn('x');\nINSERT INTO plain.people VALUES (1, 'x', 3);\n", [
      '-v',
      'VERBOSITY=verbose',
    ]);
    expect(stderr).toMatch(/DETAIL: {2}a detail\nHINT: {2}a hint/);
  });

  it('runs transactions, variables, \\gset, \\gexec and \\if', async () => {
    const { stdout } = await isSame(
      [
        'BEGIN;',
        'SELECT count(*) AS n FROM plain.people \\gset',
        '\\echo :n',
        "SELECT format('SELECT %s AS gexec', n) FROM generate_series(1, 3) n \\gexec",
        "\\set name 'O''Brien'",
        "SELECT :'name' AS quoted;",
        'SELECT 1/0;',
        'SELECT 2;',
        'ROLLBACK;',
        '\\if :ERROR \\echo failed \\else \\echo fine \\endif',
        'SELECT 3;',
      ].join('\n'),
    );
    expect(stdout).toContain("O'Brien");
  });

  it('rolls back to a savepoint of its own on an error', async () => {
    await isSame('BEGIN;\nSELECT 1;\nSELECT nothing;\nSELECT 2;\nCOMMIT;', ['-v', 'ON_ERROR_ROLLBACK=on']);
  });

  it('fetches by a cursor with FETCH_COUNT', async () => {
    await isSame('SELECT * FROM plain.lines ORDER BY n;', ['-v', 'FETCH_COUNT=100', '-At']);
  });

  it('copies in and out', async () => {
    await isSame(
      'BEGIN;\n\\copy plain.lines from stdin\n9001\tone\n9002\ttwo\n\\.\nSELECT * FROM plain.lines WHERE n > 9000;\n' +
        '\\copy (select * from plain.people order by id) to stdout csv header\n' +
        "\\copy plain.lines from program 'printf \"1\\tx\\n2\"'\nROLLBACK;\n\\copy plain.kinds to program 'cat'\n" +
        '\\copy plain.nothing from stdin\n\\copy plain.people from stdin\nbad\n\\.\nSELECT 1;\n' +
        'COPY plain.people TO STDOUT \\; SELECT 1;\n',
    );
  });

  it('stops at the first error with its status', async () => {
    const { status } = await isSame('SELECT 1;\nSELECT nothing;\nSELECT 2;\n', ['-v', 'ON_ERROR_STOP=1']);
    expect(status).toBe(3);
  });

  it('runs -c with several statements in one transaction', async () => {
    await isSame('', ['-c', 'SELECT 1; SELECT 2', '-c', 'SELECT 1/0; SELECT 3', '-1']);
  });

  it('shows rows that are not redacted as they are, and the others masked', async () => {
    const sql = 'SELECT id, buyer_name, gift_message FROM orders WHERE id IN (900001, 900011, 900012) ORDER BY id;';
    const direct = (await psql(sql, 'direct', ['-At'])).stdout.split('\n');
    const masked = (await psql(sql, 'masked', ['-At'])).stdout.split('\n');
    expect(masked.slice(1)).toEqual(direct.slice(1));
    expect(direct[0]).toBe('900001|Alan Archer|select 1');
    expect(masked[0]).toMatch(/^900001\|[A-Za-z0-9_-]{16,}\|$/);
  });

  it('masks with FETCH_COUNT and \\copy too', async () => {
    const sql = 'SELECT id, buyer_name FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id';
    const plain = await psql(`${sql};`, 'masked', ['-At', '-F', '\t']);
    const fetched = await psql(`${sql};`, 'masked', ['-At', '-F', '\t', '-v', 'FETCH_COUNT=2']);
    const copied = await psql(`\\copy (${sql}) to stdout`, 'masked');
    expect(plain.stdout.split('\n')).toHaveLength(4);
    expect(fetched.stdout).toBe(plain.stdout);
    expect(copied.stdout).toBe(plain.stdout);
  });

  it('points at the column that a filter names', async () => {
    const { stderr, stdout, status } = await psql(
      "SELECT id FROM orders\nWHERE order_ref = 'K-1' AND buyer_name = 'Alan Archer';\nSELECT 'still here';",
      'masked',
      ['-At'],
    );
    expect(stderr).toContain('buyer_name');
    expect(stderr).toContain("LINE 2: WHERE order_ref = 'K-1' AND buyer_name = 'Alan Archer';");
    expect(stderr).toContain(`\n${' '.repeat("LINE 2: WHERE order_ref = 'K-1' AND ".length)}^`);
    expect(stderr).toMatch(/DETAIL: .*amazon-30-days/);
    expect(stderr).toContain('HINT: ');
    expect(stdout).toBe('still here\n');
    expect(status).toBe(0);
  });
});

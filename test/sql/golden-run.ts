/** Runs a client's text and what it was rewritten to on the server, in a transaction that is rolled back. */
import pg from 'pg';
import type { RewritePlan, StatementPlan } from '../../src/sql/plan-types.js';

/** The columns of each statement as RowDescription tells them, or the SQLSTATE. */
export type Outcome =
  | { readonly columns: readonly (readonly ColumnDescription[])[] }
  | { readonly error: string; readonly message: string };

interface ColumnDescription {
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
  readonly origin: string;
}

export interface RunAs {
  readonly user?: string;
  readonly schemas: readonly string[];
  readonly temp: readonly string[];
}

/** Statements whose own plan says what their columns are to look like. */
const SHOWING = new Set(['select', 'insert', 'update', 'delete', 'explain']);

export async function runBeside(
  client: pg.Client,
  sql: string,
  plan: RewritePlan,
  as: RunAs,
): Promise<{ readonly direct: Outcome; readonly rewritten: Outcome }> {
  const described = plan.statements.every((statement) => SHOWING.has(statement.kind));
  await client.query('BEGIN');
  try {
    for (const table of as.temp) await client.query(`CREATE TEMP TABLE ${table} (id bigint, buyer_name text)`);
    await client.query(`GRANT ALL ON ${as.temp.map((table) => `pg_temp.${table}`).join(', ')} TO PUBLIC`);
    await client.query(`SET LOCAL SESSION AUTHORIZATION ${as.user ?? 'shop_app'}`);
    await client.query(`SELECT set_config('search_path', $1, true)`, [as.schemas.join(', ')]);
    const direct = await outcome(client, sql, described ? plan.statements.map(() => undefined) : []);
    const rewritten = await outcome(client, plan.text, described ? plan.statements : []);
    return { direct, rewritten };
  } finally {
    await client.query('ROLLBACK');
  }
}

async function outcome(
  client: pg.Client,
  text: string,
  statements: readonly (StatementPlan | undefined)[],
): Promise<Outcome> {
  await client.query('SAVEPOINT before');
  const explained = /\$\d/.test(text) ? `EXPLAIN (GENERIC_PLAN) ${text}` : text;
  try {
    const answer: unknown = await client.query({ text: explained, rowMode: 'array' });
    const results = (Array.isArray(answer) ? answer : [answer]) as pg.QueryArrayResult[];
    const columns = statements.map((statement, i) => describe(results[i]?.fields ?? [], statement));
    return { columns };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    const { code = '', message } = error;
    return { error: code, message };
  } finally {
    await client.query('ROLLBACK TO before');
    // These outlive a rollback.
    await client.query('DEALLOCATE ALL');
  }
}

/** RowDescription, mended as the session does. */
function describe(fields: readonly pg.FieldDef[], statement: StatementPlan | undefined): ColumnDescription[] {
  return fields.map((field, index) => {
    const mend = statement?.output.find((column) => column.index === index);
    const origin = mend?.origin ?? { table: field.tableID, attnum: field.columnID };
    return {
      name: field.name,
      type: field.dataTypeID,
      typmod: mend?.typmod ?? field.dataTypeModifier,
      origin: `${origin.table}.${origin.attnum}`,
    };
  });
}

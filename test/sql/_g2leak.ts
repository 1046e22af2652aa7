import { EXTRAS, shopConfig, startPlanning } from './planning.js';
const p = await startPlanning({ config: shopConfig(EXTRAS.yaml), sql: EXTRAS.sql });
async function run(...texts: string[]) {
  const unc = new Set<string>();
  await p.client.query('BEGIN');
  try {
    for (const sql of texts) {
      const plan = p.plan(sql, { uncommittedNames: [...unc] });
      if (plan.verdict === 'refuse') { console.log('REFUSE', sql, plan.refusal.message); return; }
      for (const s of plan.statements) for (const e of s.effects) if (e.kind === 'ddl') for (const n of e.names) unc.add(n);
      const r: any = await p.client.query(plan.verdict === 'rewrite' ? plan.text : sql);
      console.log(plan.verdict, sql, JSON.stringify((Array.isArray(r) ? r : [r]).map((x: any) => x.rows)).slice(0, 400));
    }
  } catch (e) { console.log('ERR', String(e)); } finally { await p.client.query('ROLLBACK'); }
}
await run(`CREATE RULE r AS ON UPDATE TO notes DO INSTEAD SELECT visitor FROM visits`, `UPDATE notes SET note = 'x'`);
await run(`CREATE RULE r AS ON INSERT TO notes DO INSTEAD SELECT visitor FROM visits`, `INSERT INTO notes (id) VALUES (99)`);
await run(`CREATE RULE r AS ON INSERT TO notes DO INSTEAD SELECT buyer_name FROM all_orders LIMIT 3`, `INSERT INTO notes (id) VALUES (99)`);
await run(`CREATE RULE r AS ON INSERT TO notes DO INSTEAD SELECT who FROM buyers LIMIT 3`, `INSERT INTO notes (id) VALUES (99)`);
await run(`ALTER TABLE products ENABLE ROW LEVEL SECURITY`, `CREATE POLICY x ON products USING (EXISTS (SELECT FROM visits v WHERE v.visitor = 'ann'))`, `SELECT count(*) FROM products`);
await run(`ALTER TABLE products ENABLE ROW LEVEL SECURITY`, `CREATE POLICY x ON products USING (EXISTS (SELECT FROM buyers v WHERE v.who LIKE 'A%'))`, `SELECT count(*) FROM products`);
await run(`CREATE FUNCTION x(text) RETURNS text LANGUAGE internal AS 'pg_read_file'`, `SELECT x('PG_VERSION')`);
await run(`CREATE FUNCTION x(text) RETURNS text LANGUAGE internal AS 'pg_read_file'`, `SELECT sku FROM products`);
await run(`CREATE FUNCTION x() RETURNS text BEGIN ATOMIC SELECT visitor FROM visits; END`, `SELECT x()`);
await run(`CREATE VIEW v2 AS SELECT who FROM buyers`, `CREATE VIEW v3 AS SELECT who FROM v2`, `SELECT * FROM v3`);
await run(`CREATE RULE "_RETURN" AS ON SELECT TO notes DO INSTEAD SELECT id, customer_id AS order_id, buyer_name::text AS note, purchased_at AS seen FROM all_orders`, `SELECT * FROM notes`);
await run(`ALTER TABLE notes INHERIT x`, `SELECT 1`);
await run(`ALTER VIEW buyers RENAME TO b2`, `SELECT who FROM b2`);
await run(`ALTER TABLE all_orders RENAME TO ao`, `SELECT buyer_name FROM ao LIMIT 1`);
await run(`ALTER TABLE all_orders SET SCHEMA other`, `SELECT buyer_name FROM other.all_orders LIMIT 1`);
await run(`ALTER TABLE visits RENAME TO vis`, `SELECT visitor FROM vis`);
await run(`ALTER TABLE visits SET SCHEMA other`, `SELECT visitor FROM other.visits`);
await run(`ALTER TABLE visits DETACH PARTITION visits_old`, `SELECT visitor FROM visits_old`);
await run(`ALTER TABLE visits RENAME COLUMN visitor TO who`, `SELECT who FROM visits`);
await run(`CREATE TABLE kid () INHERITS (visits)`, `SELECT * FROM kid`);
await run(`CREATE TABLE kid PARTITION OF visits FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')`, `SELECT * FROM kid`);
await run(`CREATE MATERIALIZED VIEW mv AS SELECT visitor FROM visits`, `SELECT * FROM mv`);
await p.stop();

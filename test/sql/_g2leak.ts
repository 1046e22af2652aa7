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

await run(`CREATE SCHEMA s CREATE VIEW v AS SELECT who FROM public.buyers`, `SELECT who FROM s.v LIMIT 2`);
await run(`CREATE SCHEMA s CREATE VIEW v AS SELECT visitor FROM public.visits`, `SELECT visitor FROM s.v LIMIT 2`);
await run(`ALTER VIEW buyers ALTER COLUMN who SET DEFAULT 'x'`, `SELECT who FROM buyers LIMIT 1`);
await run(`CREATE TABLE k (a text DEFAULT (name_of(1)))`, `SELECT 1`);
await run(`CREATE OR REPLACE VIEW stock_list AS SELECT who::varchar(60) AS sku, 'x'::varchar(200) AS title FROM buyers`, `SELECT * FROM stock_list LIMIT 2`);
await run(`CREATE TABLE k AS SELECT 1 AS a`, `ALTER TABLE k RENAME TO all_orders2`, `SELECT * FROM all_orders2`);
await run(`CREATE TRIGGER t INSTEAD OF INSERT ON buyers FOR EACH ROW EXECUTE FUNCTION stay()`, `SELECT 1`);
await run(`ALTER TABLE loud_buyers RENAME TO shades; SELECT who FROM shades LIMIT 2`);
await run(`CREATE TABLE h (who text) `, `CREATE RULE r AS ON DELETE TO h DO ALSO INSERT INTO h SELECT who FROM buyers LIMIT 2`, `DELETE FROM h`, `SELECT * FROM h`);
await p.stop();

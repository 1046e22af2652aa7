import { readFileSync } from 'node:fs';
import { EXTRAS, shopConfig, startPlanning } from './planning.js';
import { showPlan } from './golden-text.js';
const p = await startPlanning({ config: shopConfig(EXTRAS.yaml), sql: EXTRAS.sql });
console.log(p.snapshot.serverVersion);
for (const sql of readFileSync(process.argv[2]!, 'utf8').split(/\n--;\n/)) {
  if (!sql.trim()) continue;
  console.log(`## ${sql.trim()}\n${showPlan(p.plan(sql.trim()), sql.trim(), p.protection, false)}`);
}
await p.stop();

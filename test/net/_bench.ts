import { execFileSync, spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { startListener } from '../../src/net/listener.js';
import { listenerOptions } from './gateway.js';
import { passPlanner } from './pass-planner.js';
const pg = await startEmbeddedPostgres();
const base = passPlanner();
const one = base.plan('select', undefined as never);
const l = await startListener(listenerOptions(pg.port, [], { planner: { ...base, plan: () => one as never } }));
const bare = createServer((c) => { const u = connect(pg.port, '127.0.0.1'); c.setNoDelay(true); u.setNoDelay(true); c.on('data', (d) => u.write(d)); u.on('data', (d) => c.write(d)); c.on('close', () => u.destroy()); u.on('close', () => c.destroy()); c.on('error', () => {}); u.on('error', () => {}); }).listen(0, '127.0.0.1'); await new Promise((r) => setTimeout(r, 200));
const env = { ...process.env, PGPASSWORD: pg.password };
execFileSync('pgbench', ['-i', '-q', '-h', '127.0.0.1', '-p', String(pg.port), '-U', 'postgres', 'postgres'], { env, stdio: 'ignore' });
async function bench(name: string, port: number, mode: string) {
  const args = ['-n', '-S', '-M', mode, '-c', '8', '-j', '1', '-T', process.env.T ?? '4', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', 'postgres'];
  const c0 = process.cpuUsage();
  const out = await new Promise<string>((resolve) => { const p = spawn('pgbench', args, { env }); let o = ''; p.stdout.on('data', (d) => (o += d)); p.on('close', () => resolve(o)); });
  const c = process.cpuUsage(c0);
  const n = Number(/actually processed: (\d+)/.exec(out)?.[1]);
  console.log(name, mode, 'tps', /tps = (\d+)/.exec(out)?.[1], 'cpu us/tx', ((c.user + c.system) / n).toFixed(1));
}
const ba = bare.address() as { port: number };
for (let i = 0; i < Number(process.env.N ?? 2); i++) for (const mode of ['simple', 'extended', 'prepared']) { if (!process.env.ONLY) await bench('bare', ba.port, mode); await bench('gateway', l.address.port, mode); }
await l.close(0); bare.close(); await pg.stop(); process.exit(0);

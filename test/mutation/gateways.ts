/**
 * A process that runs gateways of copies of this repository: it loads the copy in a folder, then starts one gateway
 * before each server. Those of the copy before are closed. Modules of a copy are its own, those of packages are shared.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { startGatewayBefore } from '../harness/gateway.js';
import type { Answer, Order } from './bench.js';

type Gateway = Awaited<ReturnType<typeof startGatewayBefore>>;

let start: typeof startGatewayBefore;
let running: readonly Gateway[] = [];

process.once('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Answer),
  );
});

async function obey(order: Order): Promise<Answer> {
  if ('load' in order) {
    // A session that hangs may keep one open for a while: the process ends before long.
    for (const gateway of running) void gateway.close();
    running = [];
    const harness = pathToFileURL(path.join(order.load, 'test/harness/gateway.ts')).href;
    ({ startGatewayBefore: start } = (await import(harness)) as { startGatewayBefore: typeof startGatewayBefore });
  } else running = await Promise.all(order.start.map((server) => start(server)));
  return { addresses: running.map(({ address }) => address) };
}

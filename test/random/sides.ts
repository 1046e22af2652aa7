/** The two servers with their gateways, and a gateway that redacts nothing. */
import { startGateway } from '../../src/gateway.js';
import { configFor, startShopPair } from '../harness/gateway.js';
import type { Sides } from './judge.js';

/** Conditions of the policies, and others in their place that are true of no row. */
const NEVER = [
  ["interval '30 days'", "interval '30000 days'"],
  ['current_date - 30', 'current_date - 300000'],
  ['redacted_when: profiles.old', 'redacted_when: profiles.old IS NULL'],
] as const;

export async function startSides(): Promise<Sides & { stop(): Promise<void> }> {
  const { a, b } = await startShopPair();
  const config = configFor(a.direct(), { edit: withoutRedactedRows });
  const gateway = await startGateway(config, { nonce: 'fedcba9876543210'.repeat(2) });
  return {
    a,
    b,
    unredacted: { ...a.direct(), ...gateway.address },
    async stop() {
      await gateway.close();
      await Promise.all([a.stop(), b.stop()]);
    },
  };
}

function withoutRedactedRows(policies: string): string {
  return NEVER.reduce((text, [condition, other]) => {
    if (!text.includes(condition)) throw new Error(`No policy has the condition ${condition}`);
    return text.replaceAll(condition, other);
  }, policies);
}

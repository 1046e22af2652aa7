/** The planner over the sample shop: a server, its snapshot, config/demo.yaml bound to it, and plans for texts. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { readSnapshot } from '../../src/catalog/introspection.js';
import type { Snapshot } from '../../src/catalog/snapshot.js';
import { parseConfig } from '../../src/config.js';
import { startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { createShopRoles, loadShop } from '../../src/demo/shop.js';
import { type Binding, bindPolicies, createTagNumbers } from '../../src/policy/bind.js';
import type { Config } from '../../src/policy/config-types.js';
import { unhurried } from '../../src/sql/pace.js';
import { SqlParser } from '../../src/sql/parse.js';
import { planText } from '../../src/sql/plan.js';
import type { NameEnvironment, Plan, SessionEnvironment } from '../../src/sql/plan-types.js';
import { deriveProtection, type Protection } from '../../src/sql/protection.js';
import { policiesFor } from '../../src/sql/rules.js';

/** Stands for the random prefix of a process. */
export const TAG_PREFIX = 'pgveilTAGt';

/** What of the session a test's plan depends on. */
export interface As {
  /** The login role. Default shop_app. */
  readonly user?: string;
  /** Default: pg_catalog and public, and the temporary schema with the table `scratch`. */
  readonly names?: Partial<NameEnvironment>;
  readonly uncommittedNames?: readonly string[];
}

export interface Planning {
  readonly client: pg.Client;
  readonly snapshot: Snapshot;
  readonly parser: SqlParser;
  readonly config: Config;
  readonly binding: Binding;
  readonly protection: Protection;
  environment(as?: As): SessionEnvironment;
  plan(text: string, as?: As): Plan;
  stop(): Promise<void>;
}

const DEMO = new URL('../../config/demo.yaml', import.meta.url);

/** The shop's configuration with policies added; `change` edits its text before it is read. */
export function shopConfig(added = '', change = (yaml: string): string => yaml): Config {
  const source = change(readFileSync(DEMO, 'utf8') + added);
  return parseConfig(source, fileURLToPath(DEMO), () => Buffer.from('5a3c'.repeat(16)));
}

/** What `extras.sql` and `extras.yaml` hold. */
export const EXTRAS = {
  sql: readFileSync(new URL('extras.sql', import.meta.url), 'utf8'),
  yaml: readFileSync(new URL('extras.yaml', import.meta.url), 'utf8'),
};

/** Starts a server with the shop and what `sql` adds to it. */
export async function startPlanning(options: {
  readonly config: Config;
  readonly sql?: string;
  readonly orders?: number;
}): Promise<Planning> {
  const server = await startEmbeddedPostgres({ settings: { autovacuum: 'off' } });
  const { host, port, user, password } = server;
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  const stop = async (): Promise<void> => {
    await client.end().catch(() => undefined);
    await server.stop();
  };
  try {
    await client.connect();
    await client.query('SET scram_iterations = 1');
    const secret = { shop_app: password, shop_report: password, pgveil: password, compliance: password };
    await createShopRoles(client, secret);
    await loadShop(client, { orders: options.orders ?? 120 });
    if (options.sql) await client.query(options.sql);
    const snapshot = await readSnapshot(client);
    return { client, snapshot, stop, ...(await planning(snapshot, options.config)) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The same schema as if a server of that version had it, `server_version_num`. */
export function planningFor(known: Planning, serverVersion: number): Promise<Pick<Planning, 'plan'>> {
  return planning({ ...known.snapshot, serverVersion }, known.config);
}

async function planning(
  snapshot: Snapshot,
  config: Config,
): Promise<Pick<Planning, 'parser' | 'config' | 'binding' | 'protection' | 'environment' | 'plan'>> {
  const parser = await SqlParser.load(snapshot.serverVersion);
  const binding = bindPolicies(config.policies, snapshot, parser, createTagNumbers());
  const allowed = new Set(config.allowedRoutines.map((routine) => routine.signature));
  const protection = deriveProtection(snapshot, binding, parser, allowed);
  function environmentFor(as: As = {}): SessionEnvironment {
    const user = as.user ?? 'shop_app';
    const names: NameEnvironment = {
      role: user,
      creationSchema: 'public',
      schemas: ['pg_temp_3', 'pg_catalog', 'public'],
      tempRelations: new Set(['scratch']),
      ...as.names,
    };
    return {
      database: snapshot.database,
      user,
      names,
      uncommittedNames: new Set(as.uncommittedNames),
      standardConformingStrings: true,
      clientEncoding: 'UTF8',
    };
  }
  return {
    parser,
    config,
    binding,
    protection,
    environment: environmentFor,
    plan(text, as = {}) {
      const environment = environmentFor(as);
      const policies = policiesFor({ ...config, snapshot }, environment.user);
      const context = {
        parser,
        protection,
        policies: new Set(policies),
        tagPrefix: TAG_PREFIX,
        generation: 1,
        pace: unhurried,
      };
      return planText(text, environment, context).plan;
    },
  };
}

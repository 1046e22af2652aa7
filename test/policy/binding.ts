/** Policies, as an operator writes them, bound to the schema of a server of the test's own. */
import pg from 'pg';
import { readSnapshot } from '../../src/catalog/introspection.js';
import { findRelation, type Relation, type Snapshot } from '../../src/catalog/snapshot.js';
import { parseConfig } from '../../src/config.js';
import { startEmbeddedPostgres } from '../../src/demo/embedded-postgres.js';
import { type Binding, bindPolicies, createTagNumbers, type GuardedRelation } from '../../src/policy/bind.js';
import type { PolicyConfig } from '../../src/policy/config-types.js';
import { SqlParser } from '../../src/sql/parse.js';

export interface BoundSchema {
  readonly client: pg.Client;
  readonly snapshot: Snapshot;
  readonly parser: SqlParser;
  bind(policies: string): Binding;
  relation(name: string): Relation;
  stop(): Promise<void>;
}

/** Four lines, so that a policy's first line is the file's fifth. */
const HEAD = `listen: { port: 6432 }
one_way_keys: [{ id: k, file: k }]
catalog: { user: c }
policies:
`;

/** @param yaml the mapping of policies, indented by two */
export function policiesOf(yaml: string): readonly PolicyConfig[] {
  return parseConfig(`${HEAD}${yaml}\n`, 'p.yaml', () => Buffer.from('5a3c'.repeat(16))).policies;
}

/** Starts a server with a schema. */
export async function startBound(schema: string): Promise<BoundSchema> {
  const server = await startEmbeddedPostgres();
  const { host, port, user, password } = server;
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  const stop = async (): Promise<void> => {
    await client.end().catch(() => undefined);
    await server.stop();
  };
  try {
    await client.connect();
    await client.query(schema);
    const snapshot = await readSnapshot(client);
    const parser = await SqlParser.load(snapshot.serverVersion);
    return {
      client,
      snapshot,
      parser,
      bind: (yaml) => bindPolicies(policiesOf(yaml), snapshot, parser, createTagNumbers()),
      relation(name) {
        const relation = findRelation(snapshot, 'public', name);
        if (!relation) throw new Error(`no table ${name}`);
        return relation;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The guarded relation of that name in schema public. */
export function guardedOf(binding: Binding, name: string): GuardedRelation {
  const found = [...binding.guarded.values()].find((g) => g.relation.name === name && g.relation.schema === 'public');
  if (!found) throw new Error(`${name} is not guarded`);
  return found;
}

/** Reads schemas and sees whether the policies fit them: before the gateway starts, and before it takes another policy. */
import type { CatalogSource } from './catalog/refresh.js';
import { findRelation, type Snapshot } from './catalog/snapshot.js';
import { CatalogError } from './catalog/watcher.js';
import { bindPolicies, createTagNumbers } from './policy/bind.js';
import type { Config, PolicyConfig, Problem } from './policy/config-types.js';
import { SqlParser } from './sql/parse.js';

export interface DatabaseCheck {
  readonly snapshot: Snapshot;
  readonly problems: readonly Problem[];
}

export interface SchemaCheck {
  /** Databases that were read. */
  readonly read: readonly DatabaseCheck[];
  /** Databases that could not be. */
  readonly errors: readonly CatalogError[];
}

/** Reads the databases and binds the policies to each. Never rejects for what a server answers. */
export async function checkSchemas(
  config: Config,
  catalog: Pick<CatalogSource, 'load'>,
  databases: readonly string[],
): Promise<SchemaCheck> {
  const results = await Promise.allSettled(databases.map((database) => checkDatabase(config, catalog, database)));
  const read: DatabaseCheck[] = [];
  const errors: CatalogError[] = [];
  for (const result of results) {
    if (result.status === 'fulfilled') read.push(result.value);
    else if (result.reason instanceof CatalogError) errors.push(result.reason);
    else throw result.reason;
  }
  return { read, errors };
}

async function checkDatabase(
  config: Config,
  catalog: Pick<CatalogSource, 'load'>,
  database: string,
): Promise<DatabaseCheck> {
  const snapshot = await catalog.load(database);
  const parser = await SqlParser.load(snapshot.serverVersion).catch((error: Error) => {
    throw new CatalogError(database, error.message, undefined, 'configuration');
  });
  return { snapshot, problems: bindPolicies(config.policies, snapshot, parser, createTagNumbers()).problems };
}

/** The findings in several databases or by several bindings, each once. */
export function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** What does not fit a database, by what it means. */
export interface Findings {
  /** Policies that the database has no table of: it is another application's. */
  readonly foreign: readonly PolicyConfig[];
  /** What is wrong in the others. */
  readonly misfits: readonly Problem[];
}

/**
 * Tells what is wrong from what does not concern the database. Clients choose the database, so one that an operator
 * has listed nowhere may have nothing to do with a policy that holds for all.
 * @param problems of these policies, bound to the snapshot
 * @param before policies that these replace: one that has tables there under the same name cannot have lost them all
 */
export function sortFindings(
  config: Config,
  snapshot: Snapshot,
  problems: readonly Problem[],
  before: readonly PolicyConfig[] = [],
): Findings {
  const isAtHome = (policy: PolicyConfig): boolean =>
    hasTable(policy, snapshot) || before.some((old) => old.name === policy.name && hasTable(old, snapshot));
  const listed = config.catalog.databases.includes(snapshot.database);
  const foreign = listed ? [] : config.policies.filter((policy) => !policy.databases && !isAtHome(policy));
  const ofForeign = (problem: Problem): boolean =>
    foreign.some(({ at }) => problem.at.path === at.path || problem.at.path.startsWith(`${at.path}.`));
  return { foreign, misfits: withoutRepeats(problems).filter((problem) => !ofForeign(problem)) };
}

/** The database has some table of the policy. */
function hasTable(policy: PolicyConfig, snapshot: Snapshot): boolean {
  const tables = [...(policy.redactWhen ? [policy.redactWhen.table] : []), ...policy.tables.map(({ table }) => table)];
  return tables.some(({ schema, name }) => findRelation(snapshot, schema, name));
}

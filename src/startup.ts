/** What `serve` and `check` do before anything else: read the schemas and see whether the policies fit them. */
import type { CatalogSource } from './catalog/refresh.js';
import type { Snapshot } from './catalog/snapshot.js';
import { CatalogError } from './catalog/watcher.js';
import { bindPolicies, createTagNumbers } from './policy/bind.js';
import type { Config, Problem } from './policy/config-types.js';
import { SqlParser } from './sql/parse.js';

export interface SchemaCheck {
  /** Databases that were read. */
  readonly read: readonly Snapshot[];
  /** Databases that could not be. */
  readonly errors: readonly CatalogError[];
  /** What of the policies does not fit; the same finding in several databases once. */
  readonly problems: readonly Problem[];
}

/** Reads the databases and binds the policies to each. Never rejects for what a server answers. */
export async function checkSchemas(
  config: Config,
  catalog: CatalogSource,
  databases: readonly string[],
): Promise<SchemaCheck> {
  const results = await Promise.allSettled(databases.map((database) => checkDatabase(config, catalog, database)));
  const read: Snapshot[] = [];
  const errors: CatalogError[] = [];
  const problems = new Map<string, Problem>();
  for (const result of results) {
    if (result.status === 'rejected') {
      if (!(result.reason instanceof CatalogError)) throw result.reason;
      errors.push(result.reason);
      continue;
    }
    read.push(result.value.snapshot);
    for (const problem of result.value.problems) problems.set(JSON.stringify(problem), problem);
  }
  return { read, errors, problems: [...problems.values()] };
}

async function checkDatabase(
  config: Config,
  catalog: CatalogSource,
  database: string,
): Promise<{ readonly snapshot: Snapshot; readonly problems: readonly Problem[] }> {
  const snapshot = await catalog.load(database);
  const parser = await SqlParser.load(snapshot.serverVersion).catch((error: Error) => {
    throw new CatalogError(database, error.message, undefined, 'configuration');
  });
  return { snapshot, problems: bindPolicies(config.policies, snapshot, parser, createTagNumbers()).problems };
}

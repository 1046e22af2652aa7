#!/usr/bin/env node
/** The command line: `pgveil serve`, `pgveil check`, `pgveil functions`. */
import { parseArgs } from 'node:util';
import { ConfigError, formatProblems, readConfig } from './config.js';
import { EXIT, StartError } from './errors.js';
import { formatVerdicts, verdictsOn } from './functions.js';
import { catalogOf, version } from './gateway.js';
import type { Config } from './policy/config-types.js';
import { serve } from './serve.js';
import { checkSchemas, withoutRepeats } from './startup.js';

const USAGE = `pgveil masks personal data between PostgreSQL and its clients.

Usage:
  pgveil serve --config FILE                    run the gateway
  pgveil check --config FILE [--database NAME]  check the file, and its policies against the schemas of the databases
                                                that it lists under catalog.databases or that are named here
  pgveil functions --config FILE [--database NAME] [--all]
                                                print the routines of these databases that are refused, why, and the
                                                line that allows each; --all prints the others too
  pgveil --version
  pgveil --help

serve stops on SIGTERM and SIGINT: no new sessions, running transactions get limits.drain_seconds; a second signal ends
it at once. It takes a changed file, or key or password file, over by itself, and on SIGHUP; one that is not valid leaves
what is in force as it is, and the log says why. With workers in the file, SIGUSR2 puts new ones in the place of the old.

Exit codes:
  0   stopped in good order; nothing wrong was found
  64  wrong use of the command line
  69  check, functions: the server cannot be reached (serve keeps trying, and is not ready meanwhile)
  70  a defect of pgveil
  73  the port to listen on is in use or not allowed
  78  the configuration is not valid, or does not fit the server or its schema
`;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'serve'; readonly config: string }
  | { readonly kind: 'check'; readonly config: string; readonly databases: readonly string[] }
  | {
      readonly kind: 'functions';
      readonly config: string;
      readonly databases: readonly string[];
      readonly all: boolean;
    };

/** @throws UsageError with what would be valid */
function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const [command, ...rest] = positionals;
  if (command === undefined) throw new UsageError('which command? serve, check or functions');
  if (command !== 'serve' && command !== 'check' && command !== 'functions') {
    throw new UsageError(`there is no command "${command}"; valid: serve, check, functions`);
  }
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is one word too many`);
  if (values.config === undefined) throw new UsageError(`${command} needs --config FILE`);
  const { config, database: databases = [], all = false } = values;
  if (command === 'functions') return { kind: 'functions', config, databases, all };
  if (all) throw new UsageError('--all is for functions');
  if (command === 'check') return { kind: 'check', config, databases };
  if (databases.length > 0) {
    throw new UsageError('--database is for check and functions; serve takes catalog.databases in the file');
  }
  return { kind: 'serve', config };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        database: { type: 'string', short: 'd', multiple: true },
        all: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'V' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return EXIT.ok;
    case 'version':
      process.stdout.write(`pgveil ${version()}\n`);
      return EXIT.ok;
    case 'check':
      return check(await readConfig(command.config), command.databases);
    case 'functions':
      return printFunctions(await readConfig(command.config), command.databases, command.all);
    case 'serve':
      return serve(command.config);
    default:
      return command satisfies never;
  }
}

async function check(config: Config, named: readonly string[]): Promise<number> {
  const databases = [...new Set([...config.catalog.databases, ...named])];
  if (databases.length === 0) {
    process.stdout.write(
      'The file is valid. Name a database with --database to check the policies against its schema.\n',
    );
    return EXIT.ok;
  }
  const catalog = catalogOf(() => config);
  const { read, errors } = await checkSchemas(config, catalog, databases);
  const problems = withoutRepeats(read.flatMap((database) => database.problems));
  await catalog.close();
  for (const error of errors) process.stderr.write(`${error.message}\n`);
  if (problems.length > 0) process.stderr.write(`${formatProblems(problems)}\n`);
  if (problems.length > 0 || errors.some((error) => error.kind === 'configuration')) return EXIT.configuration;
  if (errors.length > 0) return EXIT.unavailable;
  for (const { snapshot } of read) {
    const { database, relations } = snapshot;
    process.stdout.write(`Database "${database}": the policies fit its schema of ${relations.length} relations.\n`);
  }
  return EXIT.ok;
}

/** Prints verdicts on routines, `all` or those that are refused. */
async function printFunctions(config: Config, named: readonly string[], all: boolean): Promise<number> {
  const databases = [...new Set([...config.catalog.databases, ...named])];
  if (databases.length === 0) {
    throw new UsageError('functions needs --database NAME, or databases under catalog.databases in the file');
  }
  const catalog = catalogOf(() => config);
  const { read, errors } = await checkSchemas(config, catalog, databases);
  await catalog.close();
  for (const error of errors) process.stderr.write(`${error.message}\n`);
  for (const { snapshot } of read)
    process.stdout.write(formatVerdicts(snapshot, await verdictsOn(config, snapshot), all));
  if (errors.some((error) => error.kind === 'configuration')) return EXIT.configuration;
  return errors.length > 0 ? EXIT.unavailable : EXIT.ok;
}

/** Says what went wrong, and with which code to exit. */
function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`pgveil: ${error.message}\nTry pgveil --help\n`);
    return EXIT.usage;
  }
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.configuration;
  }
  if (error instanceof StartError) {
    process.stderr.write(`${error.message.replace(/^(?!pgveil)/gm, 'pgveil: ')}\n`);
    return error.exitCode;
  }
  process.stderr.write(`pgveil: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.software;
}

process.exitCode = await Promise.resolve()
  .then(() => run(readCommand(process.argv.slice(2))))
  .catch(explain);
// Whatever timer or connection is left would keep the process.
process.exit();

/** The configuration while the gateway runs: notices that its files have changed, reads them, and has them taken over. */
import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError, formatProblems, readConfig } from './config.js';
import { StartError } from './errors.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { Config, HostPort, Upstream } from './policy/config-types.js';

/** A change is read when two looks in a row find the same: it may be half written at the first. */
const LOOK_MS = 500;

/** A configuration file with the key and password files that it names. */
export interface ConfigSource {
  /** @throws ConfigError with everything that is wrong */
  read(): Promise<Config>;
  /** What the files are now, in a word; equal to `lastRead` as long as nobody has changed one. */
  look(): Promise<string>;
  /** What they were just before they were last read. */
  lastRead(): string;
}

/** Nothing is read yet. Files are looked at by name, so that a link that is set to another file is a change. */
export function openConfigSource(file: string): ConfigSource {
  let seen = new Map<string, string>();
  return {
    async read() {
      const now = new Map<string, string>();
      try {
        const config = await readConfig(file, (name) => now.set(name, stateNow(name)));
        seen = now;
        return config;
      } catch (error) {
        // A file that is not valid may not name all that the next one will.
        seen = new Map([...seen, ...now]);
        throw error;
      }
    },
    async look() {
      const states = [...seen.keys()].map(async (name) => [name, await stateOf(name)] as const);
      return inAWord(await Promise.all(states));
    },
    lastRead: () => inAWord([...seen]),
  };
}

function inAWord(states: readonly (readonly [string, string])[]): string {
  return JSON.stringify(states);
}

function stateNow(file: string): string {
  try {
    return describe(statSync(file, { bigint: true }));
  } catch (error) {
    return describeFailure(error);
  }
}

async function stateOf(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(describe, describeFailure);
}

/** ctime too: the right to read a file is none of the others. */
function describe({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

function describeFailure(error: unknown): string {
  return String((error as { readonly code?: unknown }).code);
}

/**
 * The configuration to take over: what was read, with the parts as they are in force that only a start can change.
 * @returns also the names of those parts where they were changed
 */
export function keepFixed(
  inForce: Config,
  read: Config,
): { readonly config: Config; readonly needRestart: readonly string[] } {
  const { metrics: _, ...rest } = read;
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['listen', placeOf(inForce.listen), placeOf(read.listen)],
    ['upstream', serversAndKind(inForce.upstream), serversAndKind(read.upstream)],
    ['metrics', inForce.metrics, read.metrics],
    ['workers', inForce.workers, read.workers],
    ['catalog.user', inForce.catalog.user, read.catalog.user],
    ['catalog.refresh_seconds', inForce.catalog.refreshSeconds, read.catalog.refreshSeconds],
  ];
  const { databases } = read.catalog;
  // A password belongs to its user.
  const { password, ...catalog } = inForce.catalog;
  const newPassword = read.catalog.user === catalog.user ? read.catalog.password : password;
  return {
    config: {
      ...rest,
      ...(inForce.metrics ? { metrics: inForce.metrics } : {}),
      listen: { ...read.listen, ...placeOf(inForce.listen) },
      upstream: { ...serversAndKind(inForce.upstream), ...changeable(read.upstream) },
      workers: inForce.workers,
      catalog: { ...catalog, databases, ...(newPassword === undefined ? {} : { password: newPassword }) },
    },
    needRestart: pairs.filter(([, before, now]) => !isDeepStrictEqual(before, now)).map(([name]) => name),
  };
}

/** Which servers there are and what they must be: the gateway watches them from the start. */
function serversAndKind({ tls: _, connectSeconds: __, ...rest }: Upstream): Upstream {
  return rest;
}

function changeable({ tls, connectSeconds }: Upstream): Pick<Upstream, 'tls' | 'connectSeconds'> {
  return { ...(tls ? { tls } : {}), ...(connectSeconds === undefined ? {} : { connectSeconds }) };
}

function placeOf({ host, port }: HostPort): HostPort {
  return { host, port };
}

export interface ReloaderOptions {
  readonly source: ConfigSource;
  /**
   * Takes a valid configuration over, and returns the names of what takes a restart. Where it throws, nothing has changed.
   * @throws ConfigError where a policy does not fit a schema
   * @throws StartError where the server does not let it be checked
   */
  readonly apply: (config: Config) => Promise<readonly string[]>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'configReloaded'>;
}

export interface Reloader {
  /** Reads the files again, changed or not. Never rejects. */
  reload(): Promise<void>;
  close(): void;
}

/** Looks at the files of a source that was read once, until it is closed. */
export function startReloader(options: ReloaderOptions): Reloader {
  const { source, log, metrics } = options;
  let closed = false;
  let last: Promise<void> = Promise.resolve();

  async function reloadNow(): Promise<void> {
    if (closed) return;
    try {
      const needRestart = await options.apply(await source.read());
      metrics.configReloaded('ok');
      log.info('the configuration was read and is in force');
      if (needRestart.length > 0) log.warn({ need_restart: needRestart }, 'a change of these takes a restart');
    } catch (error) {
      metrics.configReloaded('error');
      for (const problem of reasonsOf(error)) {
        log.error({ problem }, 'the configuration cannot be taken; the one before stays in force');
      }
    }
  }

  /** One after the other. */
  function reload(): Promise<void> {
    last = last.then(reloadNow);
    return last;
  }

  let before = source.lastRead();
  let timer: NodeJS.Timeout | undefined;
  async function look(): Promise<void> {
    await last;
    const now = await source.look();
    const settled = now === before;
    before = now;
    if (settled && now !== source.lastRead()) await reload();
    plan();
  }
  function plan(): void {
    if (closed) return;
    timer = setTimeout(look, LOOK_MS).unref();
  }
  plan();

  return {
    reload,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Why a configuration was not taken, for the log: one line for each cause. */
export function reasonsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems.map((problem) => formatProblems([problem]));
  if (error instanceof StartError) return error.message.split('\n');
  return [`a defect of pgveil: ${String(error)}`];
}

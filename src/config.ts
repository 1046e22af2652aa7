/**
 * The configuration file: one YAML text that says where the gateway listens, which server it stands in front of, and
 * what is masked when. Everything that can be checked without a schema is checked here, and every finding is reported
 * at once with its line; what needs the schema (that tables and columns exist, that masks fit) is for `policy/bind.ts`.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { type Checks, checkMapping, report } from './config/check.js';
import { isMapping, oneLine, readDocument, show } from './config/document.js';
import { endpoint, names, text, wholeNumber } from './config/fields.js';
import { readPolicies } from './config/policies.js';
import { readProxyProtocol } from './config/proxy-protocol.js';
import { readRoles } from './config/roles.js';
import {
  isFileName,
  type ReadSecret,
  readSecretFile,
  reasonOf,
  SECRET_FILE,
  takeSecret,
} from './config/secret-files.js';
import { KEY_HINT, readKey, readPassword } from './config/secrets.js';
import { readListenTls } from './config/tls.js';
import { readUpstream } from './config/upstream.js';
import type { Config, HostPort, OneWayKey, PolicyConfig, Problem } from './policy/config-types.js';

/** The configuration cannot be used. Its message holds every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly Problem[]) {
    super(formatProblems(problems));
  }
}

const LISTEN = endpoint({ host: '127.0.0.1', port: 6432 }).extend({
  tls: z.unknown().optional(),
  proxy_protocol: z.unknown().optional(),
});
const METRICS = endpoint({ host: '127.0.0.1', port: 9632 });
const CATALOG = z.strictObject({
  user: text('must be the name of a database role that may log in'),
  password_file: text(SECRET_FILE).optional(),
  refresh_seconds: wholeNumber(1, 86_400, ' of seconds').default(5),
  databases: names('databases').default([]),
});
const LOG = z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') });
const KEY = z.strictObject({
  id: z
    .string({ error: 'must be text; put it in quotes' })
    .regex(/^[A-Za-z0-9-]{1,16}$/, { error: 'must be 1 to 16 of the characters A-Z a-z 0-9 and -' }),
  file: text(SECRET_FILE),
});
const LIMITS = z.strictObject({
  max_sessions: wholeNumber(1, 100_000).default(1000),
  max_sessions_per_role: wholeNumber(1, 100_000).optional(),
  idle_seconds: wholeNumber(0, 604_800, ' of seconds').default(0),
  keepalive_seconds: wholeNumber(0, 86_400, ' of seconds').default(60),
  login_seconds: wholeNumber(1, 3600, ' of seconds').default(30),
  drain_seconds: wholeNumber(0, 3600, ' of seconds').default(10),
  shutdown_delay_seconds: wholeNumber(0, 3600, ' of seconds').default(0),
  cached_plans: wholeNumber(1, 1_000_000).default(5000),
});
const SIGNATURE = 'must be a signature with its schema, such as public.f(integer,text)';
const FUNCTIONS = z.strictObject({
  allow: z
    .array(
      z.string({ error: SIGNATURE }).regex(/^("([^"]|"")+"|[^\s".(]+)\.("([^"]|"")+"|[^\s".(]+)\(.*\)$/, SIGNATURE),
      {
        error: 'must be a list of signatures, such as [public.f(integer,text)]',
      },
    )
    .default([]),
});
const MOST_WORKERS = 128;
const section = z.unknown().optional();
const TOP = z.strictObject({
  listen: section,
  upstream: section,
  catalog: section,
  metrics: section,
  log: section,
  one_way_keys: section,
  limits: section,
  workers: z
    .union([wholeNumber(1, MOST_WORKERS), z.literal('auto')], {
      error: `must be a whole number from 1 to ${MOST_WORKERS}, or auto for one on each core`,
    })
    .default(1),
  functions: section,
  roles: section,
  policies: section,
});

/**
 * Reads a configuration file and the key and password files that it names.
 * @param onFile called with the name of each, just before it is read, also if it cannot be
 * @throws ConfigError with everything that is wrong, also when a file cannot be read
 */
export async function readConfig(file: string, onFile: (file: string) => void = () => undefined): Promise<Config> {
  const fail = (message: string): ConfigError =>
    new ConfigError([{ at: { file, line: 1, column: 1, path: '' }, message }]);
  let source: string;
  onFile(file);
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    throw fail(error instanceof TypeError ? 'is not UTF-8' : `cannot be read: ${reasonOf(error)}`);
  }
  return parseConfig(source, file, (secret) => {
    onFile(secret);
    return readSecretFile(secret);
  });
}

/**
 * The configuration that a YAML text holds.
 * @param file its name, for messages and as the place where relative names of secret files start
 * @param readSecret called with the name of each key and password file
 * @throws ConfigError with everything that is wrong
 */
export function parseConfig(source: string, file: string, readSecret: ReadSecret): Config {
  const document = readDocument(source, file);
  const checks: Checks = { document, problems: [...document.problems] };
  // Without the text there is nothing that could be valid or missing.
  if (document.get([]) === undefined || !isMapping(document.get([]))) {
    if (checks.problems.length === 0) checkMapping(checks, [], TOP);
    throw new ConfigError(inOrder(checks.problems));
  }
  const top = checkMapping(checks, [], TOP);

  const listen = checkMapping(checks, ['listen'], LISTEN);
  const metrics = document.has(['metrics']) ? checkMapping(checks, ['metrics'], METRICS) : undefined;
  const catalog = checkMapping(checks, ['catalog'], CATALOG);
  const log = checkMapping(checks, ['log'], LOG);
  const limits = checkMapping(checks, ['limits'], LIMITS);
  const functions = checkMapping(checks, ['functions'], FUNCTIONS);
  const passwordFile = ['catalog', 'password_file'];
  // Read whatever else is wrong, so that a missing file is not found only at the next try.
  const password = isFileName(document.get(passwordFile))
    ? takeSecret(checks, passwordFile, readPassword, readSecret)
    : undefined;
  const listenTls = readListenTls(checks, readSecret);
  const proxyProtocol = readProxyProtocol(checks);
  const upstream = readUpstream(checks, readSecret);
  checkEndpoints(checks, { listen, upstreams: upstream ? [upstream, ...(upstream.more ?? [])] : [], metrics });
  const oneWayKeys = readKeys(checks, readSecret);
  const roles = readRoles(checks);
  const policies = readPolicies(checks);
  if (!document.has(['one_way_keys'])) checkKeysNeeded(checks, policies);

  if (checks.problems.length > 0 || !top || !listen || !upstream || !catalog || !log || !limits || !functions) {
    throw new ConfigError(inOrder(checks.problems));
  }
  return {
    listen: {
      host: listen.host,
      port: listen.port,
      ...(listenTls ? { tls: listenTls } : {}),
      ...(proxyProtocol ? { proxyProtocol } : {}),
    },
    upstream,
    catalog: {
      user: catalog.user,
      ...(password === undefined ? {} : { password }),
      refreshSeconds: catalog.refresh_seconds,
      databases: catalog.databases,
    },
    ...(metrics ? { metrics } : {}),
    workers: top.workers === 'auto' ? availableParallelism() : top.workers,
    logLevel: log.level,
    oneWayKeys,
    limits: {
      maxSessions: limits.max_sessions,
      ...(limits.max_sessions_per_role === undefined ? {} : { maxSessionsPerRole: limits.max_sessions_per_role }),
      idleSeconds: limits.idle_seconds,
      keepaliveSeconds: limits.keepalive_seconds,
      loginSeconds: limits.login_seconds,
      drainSeconds: limits.drain_seconds,
      shutdownDelaySeconds: limits.shutdown_delay_seconds,
      cachedPlans: limits.cached_plans,
    },
    allowedRoutines: functions.allow.map((signature, index) => ({
      signature,
      at: document.at(['functions', 'allow', index]),
    })),
    roles,
    policies,
  };
}

/** One line for each: `config/pgveil.yaml:12:5 policies.x.on_filter: unknown on_filter "deny"; valid: refuse, mask` */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ at, message, hint }) => {
      const place = `${at.file}:${at.line}:${at.column}${at.path === '' ? '' : ` ${at.path}`}`;
      return oneLine(`${place}: ${message}${hint === undefined ? '' : `; ${hint}`}`);
    })
    .join('\n');
}

function checkEndpoints(
  checks: Checks,
  endpoints: { listen: HostPort | undefined; upstreams: readonly HostPort[]; metrics: HostPort | undefined },
): void {
  const { listen, upstreams, metrics } = endpoints;
  const same = (a: HostPort | undefined, b: HostPort | undefined): boolean =>
    a !== undefined && a.host === b?.host && a.port === b.port;
  if (upstreams.some((upstream) => same(listen, upstream))) {
    const hint = 'give listen a port of its own, such as 6432';
    report(
      checks,
      checks.document.keyAt(['listen']),
      'is the same place as upstream, so the gateway would call itself',
      hint,
    );
  }
  const wildcard = [listen, metrics].some((endpoint) => endpoint?.host === '0.0.0.0' || endpoint?.host === '::');
  if (same(listen, metrics) || (wildcard && listen?.port === metrics?.port)) {
    report(
      checks,
      checks.document.keyAt(['metrics']),
      'is the same place as listen',
      'give metrics a port of its own, such as 9632',
    );
  }
}

function readKeys(checks: Checks, readSecret: ReadSecret): readonly OneWayKey[] {
  const { document } = checks;
  const list = document.get(['one_way_keys']);
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length === 0) {
    const hint = 'write one_way_keys: [{ id: 2026-11, file: one-way.key }], the newest first';
    report(
      checks,
      document.at(['one_way_keys']),
      `must be a list of keys, not ${list === null ? 'empty' : show(list)}`,
      hint,
    );
    return [];
  }
  const lines = new Map<string, number>();
  return list.flatMap((_, index): OneWayKey[] => {
    const path = ['one_way_keys', index];
    const key = checkMapping(checks, path, KEY);
    const file = [...path, 'file'];
    const bytes = isFileName(document.get(file)) ? takeSecret(checks, file, readKey, readSecret, KEY_HINT) : undefined;
    if (!key) return [];
    const first = lines.get(key.id);
    const at = document.at([...path, 'id']);
    if (first !== undefined)
      report(checks, at, `key id ${show(key.id)} stands here a second time`, `the first is in line ${first}`);
    lines.set(key.id, at.line);
    return bytes ? [{ id: key.id, secret: bytes }] : [];
  });
}

/** A one_way mask without a key is one finding, at the first of them. */
function checkKeysNeeded(checks: Checks, policies: readonly PolicyConfig[]): void {
  const columns = policies.flatMap((policy) => policy.tables).flatMap((table) => table.columns);
  const first = columns.find((column) => column.mask.kind === 'one_way');
  if (!first) return;
  const hint = 'add one_way_keys: [{ id: 2026-11, file: one-way.key }] at the top level';
  report(checks, first.at, 'mask one_way needs a key and there is none', hint);
}

/** By place; the same finding at the same place once. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(problems.map((problem) => [formatProblems([problem]), problem]));
  return [...once.values()].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}

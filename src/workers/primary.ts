/**
 * Several processes behind one port. The primary has the configuration, the HTTP side and the signals; the workers have
 * the clients, whose connections are dealt out to them in turn. A worker that dies is replaced.
 */
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, Registry } from 'prom-client';
import { listenError } from '../errors.js';
import { startHttp } from '../http.js';
import { limitsOf } from '../limits.js';
import { flushLog, type Log } from '../log.js';
import { createMetrics, type MetricsJson } from '../metrics.js';
import { createAdmission } from '../net/admission.js';
import type { Config, HostPort } from '../policy/config-types.js';
import { type Phase, phaseReason } from '../readiness.js';
import { type ConfigSource, keepFixed, reasonsOf, startReloader } from '../reload.js';
import { createAnnouncements } from './announcements.js';
import { type Configured, toError } from './configured.js';
import { launchMember, type Member } from './member.js';
import { addUp, counted, exposition } from './total-metrics.js';

/** Between the death of a worker and the next attempt, doubled each time up to the longest. */
const RESTART_MS = 100;
const LONGEST_RESTART_MS = 5_000;
/** A worker that has lived so long is no sign of trouble. */
const SETTLED_MS = 60_000;

export interface PrimaryOptions {
  readonly log: Log;
  readonly source: ConfigSource;
  readonly version: string;
}

export interface Primary {
  /** Where clients connect. */
  readonly address: HostPort;
  readonly metricsAddress?: HostPort;
  /** Reads the configuration again, whether its files have changed or not. Never rejects; the log says what came of it. */
  reload(): Promise<void>;
  /**
   * New workers by the configuration as it is now, which may have changed in all but the HTTP side. When they take clients,
   * the old ones end: idle sessions at once, others with their transactions. Never rejects; where the new workers cannot
   * start, the old ones stay, and the log says why.
   */
  replace(): Promise<void>;
  /** As the close of a gateway, for all workers at once. */
  close(): Promise<void>;
}

/**
 * Starts the workers; resolves when all of them take clients.
 * @throws ConfigError, StartError as startGateway
 */
export async function startPrimary(config: Config, { log, source, version }: PrimaryOptions): Promise<Primary> {
  let inForce = config;
  let phase: Phase = 'starting';
  let numbers = 0;
  /** Deaths without a settled worker in between. */
  let failures = 0;
  const members = new Set<Member>();
  const announcements = createAnnouncements(members);
  const admission = createAdmission(limitsOf(() => inForce));
  const own = createMetrics({ version, databases: () => [], unbound: () => new Set() });
  own.configLoaded(Date.now());
  const { registry, deaths } = createWorkerMetrics(() => running().length);
  /** Counters of workers that are no more. */
  let past: MetricsJson = [];

  // Typed arrays, such as keys, would not survive JSON.
  cluster.setupPrimary({ serialization: 'advanced' });
  process.on('exit', () => {
    for (const member of members) member.kill();
  });

  function running(): Member[] {
    return [...members].filter((member) => member.phase === 'running');
  }

  function launch(by: Config): Member {
    const number = ++numbers;
    const member = launchMember(number, by, {
      announce: (announcement) => announcements.announce({ ...announcement, worker: number }),
      settled: (session, database) => announcements.settled({ worker: number, session, database }),
      schemaChanged: (database) => announcements.schemaChanged(number, database),
      admission,
    });
    announcements.joined(member);
    members.add(member);
    void member.exited.then(async (how) => {
      members.delete(member);
      announcements.left(number);
      past = await addUp([past, counted(await member.metrics())]);
      if (member.phase !== 'running') return;
      deaths.inc();
      log.error({ worker_pid: member.pid, ...how }, 'a worker has died');
      if (performance.now() - member.born > SETTLED_MS) failures = 0;
      await restart();
    });
    return member;
  }

  /** Until there are as many as there should be. */
  async function restart(): Promise<void> {
    await sleep(Math.min(RESTART_MS * 2 ** failures, LONGEST_RESTART_MS), undefined, { ref: false });
    failures++;
    const serving = [...members].filter((member) => member.phase !== 'stopping');
    if (phase !== 'running' || serving.length >= inForce.workers) return;
    try {
      await launch(inForce).running;
      log.info('a worker has taken its place');
    } catch (error) {
      for (const problem of reasonsOf(error)) log.error({ problem }, 'a worker cannot start');
      await restart();
    }
  }

  /** All that a configuration wants; if one of them cannot start, none of them stays. */
  async function launchAll(by: Config): Promise<HostPort> {
    const launched = Array.from({ length: by.workers }, () => launch(by));
    try {
      const [address] = await Promise.all(launched.map((member) => member.running));
      return address!;
    } catch (error) {
      for (const member of launched) void member.stop('drain').catch(() => undefined);
      await Promise.all(launched.map((member) => member.exited));
      throw error;
    }
  }

  /** One worker after the other, so that nothing has changed where the first refuses. */
  async function configure(read: Config): Promise<readonly string[]> {
    const { config: next, needRestart } = keepFixed(inForce, read);
    for (const [at, member] of running().entries()) {
      try {
        const configured = await member.channel.ask<Configured>({ kind: 'configure', config: read });
        if (configured.kind !== 'ok') throw toError(configured);
      } catch (error) {
        if (at === 0) throw error;
        // It must not go on by another configuration than the rest. What takes its place starts with the new one.
        member.kill();
      }
      inForce = next;
    }
    own.configLoaded(Date.now());
    return needRestart;
  }

  async function metricsText(): Promise<string> {
    const ofWorkers = [...members].map((member) => member.metrics());
    return exposition([past, ...(await Promise.all([own.json(), registry.getMetricsAsJSON(), ...ofWorkers]))]);
  }

  async function unready(): Promise<string | undefined> {
    const serving = running();
    if (serving.length === 0) return 'no worker takes clients';
    const reasons = await Promise.all(
      serving.map((member) => member.ask<string | undefined>({ kind: 'unready' }, 'a worker gives no answer')),
    );
    return reasons.find((reason) => reason !== undefined);
  }

  const place = config.metrics;
  const http =
    place &&
    (await startHttp({
      listen: place,
      metrics: { contentType: own.contentType, text: metricsText },
      unready,
      unreadyNow: () => phaseReason(phase),
    }).catch((error: unknown) => {
      throw listenError('metrics', place, error);
    }));
  let address: HostPort;
  try {
    address = await launchAll(config);
  } catch (error) {
    await http?.close();
    throw error;
  }
  phase = 'running';
  log.info({ workers: config.workers, metrics: http?.address }, 'all workers take clients');
  const reloader = startReloader({ source, apply: configure, log, metrics: own });

  async function replaceNow(): Promise<void> {
    try {
      const next = await source.read();
      const before = [...members];
      await launchAll(next);
      inForce = next;
      own.configLoaded(Date.now());
      log.info({ workers: next.workers }, 'new workers take clients; the old ones end with their transactions');
      for (const member of before) void member.stop('replaced');
    } catch (error) {
      for (const problem of reasonsOf(error))
        log.error({ problem }, 'the workers cannot be replaced; the old ones stay');
    }
  }

  async function closeNow(): Promise<void> {
    phase = 'stopping';
    reloader.close();
    await Promise.all([...members].map((member) => member.stop('drain')));
    await http?.close();
    log.info('all workers have stopped');
    await flushLog(log);
  }

  let replacing: Promise<void> = Promise.resolve();
  let closed: Promise<void> | undefined;
  return {
    address,
    ...(http ? { metricsAddress: http.address } : {}),
    reload: () => reloader.reload(),
    replace() {
      replacing = replacing.then(() => (phase === 'running' ? replaceNow() : undefined));
      return replacing;
    },
    close() {
      closed ??= closeNow();
      return closed;
    },
  };
}

/** What only the primary knows. */
function createWorkerMetrics(count: () => number) {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'pgveil_workers',
    help: 'Worker processes that take clients.',
    registers,
    collect() {
      this.set(count());
    },
  });
  const deaths = new Counter({
    name: 'pgveil_worker_deaths_total',
    help: 'Worker processes that have ended by themselves.',
    registers,
  });
  return { registry, deaths };
}

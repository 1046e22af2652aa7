/** What a gateway holds at a moment, from Linux's /proc and from its own metrics. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { descriptors, memory } from './cpu.js';
import { gatewayConfigFile } from './targets.js';

export interface GatewayState {
  /** Megabytes. */
  readonly resident: number;
  readonly heap: number;
  /** What Node has outside of its heap: buffers. */
  readonly external: number;
  readonly descriptors: number;
  readonly sessions: number;
}

export class GatewayWatch {
  readonly #pid: number;
  readonly #metrics: string;

  private constructor(pid: number, metrics: string) {
    this.#pid = pid;
    this.#metrics = metrics;
  }

  /** @param directory where `startTargets` has put the gateway's configuration */
  static async of(pid: number, directory: string): Promise<GatewayWatch> {
    const { metrics } = parse(await readFile(gatewayConfigFile(directory), 'utf8'));
    return new GatewayWatch(pid, `http://${metrics.host}:${metrics.port}/metrics`);
  }

  async state(): Promise<GatewayState> {
    // The connection of the request is one of the gateway's descriptors, so it has to be gone when they are counted.
    const response = await fetch(this.#metrics, { headers: { connection: 'close' } });
    const text = await response.text();
    await sleep(50);
    const of = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    return {
      resident: memory(this.#pid)?.resident ?? Number.NaN,
      heap: of('nodejs_heap_size_used_bytes') / 2 ** 20,
      external: of('nodejs_external_memory_bytes') / 2 ** 20,
      descriptors: descriptors(this.#pid) ?? Number.NaN,
      sessions: of('pgveil_sessions'),
    };
  }

  /** The state when sessions have ended and descriptors are down to a number, or the last one when they are not in time. */
  async settled(mostDescriptors: number, seconds = 30): Promise<GatewayState> {
    const end = performance.now() + seconds * 1000;
    for (;;) {
      const state = await this.state();
      if ((state.descriptors <= mostDescriptors && state.sessions === 0) || performance.now() > end) return state;
      await sleep(500);
    }
  }
}

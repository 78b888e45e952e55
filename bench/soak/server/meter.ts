import type { Server } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { CometService } from '../../../src/index.js';
import type { Sample } from '../control.js';

const NANOSECONDS = 1e6;
const RESOLUTION = 10;

/** Measures this process. */
export class Meter {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  #cpu = process.cpuUsage();

  constructor(
    readonly service: CometService,
    readonly server: Server,
    readonly broadcasts: () => number,
  ) {
    this.#delay.enable();
  }

  async sample(): Promise<Sample> {
    if (!gc) throw new Error('The server of the soak has to be started with --expose-gc.');
    const { user, system } = process.cpuUsage(this.#cpu);
    const late = (value: number): number => Math.max(0, value / NANOSECONDS - RESOLUTION);
    const delay = {
      mean: late(this.#delay.mean),
      p99: late(this.#delay.percentile(99)),
      max: late(this.#delay.max),
    };
    this.#delay.disable();
    // What has a finalizer goes with the collection after the one that found it.
    gc();
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    const { heapUsed, rss, external, arrayBuffers } = process.memoryUsage();
    const connections = await this.#connections();
    this.#delay.reset();
    this.#delay.enable();
    this.#cpu = process.cpuUsage();
    return {
      heapUsed,
      rss,
      external,
      arrayBuffers,
      counts: this.service.counts,
      connections,
      delay,
      cpu: (user + system) / 1e6,
      broadcasts: this.broadcasts(),
    };
  }

  #connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.getConnections((error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }
}

import { CONTENDERS, isContender, load } from '../contenders/catalogue.js';
import type { Setup } from '../contenders/contender.js';
import { serveCalls } from './calls.js';
import { Driver } from './driver.js';
import type { Schedule, Work } from './work.js';

// The process that is measured: one contender, and nothing of the load.
const name = process.argv[2] ?? '';
if (!isContender(name)) throw new Error(`no contender: ${name}, but ${Object.keys(CONTENDERS).join(', ')}`);
const loaded = load(name);
loaded.catch(() => undefined);
let driver: Driver;

/** What a process holds after all garbage was collected, in bytes. */
export interface Memory {
  readonly rss: number;
  /** On the heap of V8, and what it keeps outside. */
  readonly heap: number;
}

const methods = {
  async listen(setup: Setup): Promise<number> {
    const contender = await loaded;
    driver = new Driver(contender);
    return contender.listen(setup);
  },
  prepare: (work: Work): void => driver.prepare(work),
  run: (schedule: Schedule): Promise<void> => driver.run(schedule),
  flood(ahead: number): void {
    driver.rearm();
    driver.flood(ahead);
  },
  grant: (ticks: number): void => driver.grant(ticks),
  halt: (): number => driver.halt(),
  /** Microseconds of CPU since the start of the process. */
  cpu(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  async verify(tokens: readonly string[]): Promise<void> {
    await (await loaded).verify?.(tokens);
  },
  async counts(): Promise<Readonly<Record<string, number>>> {
    return (await loaded).counts?.() ?? {};
  },
  /** Without a collection: what it takes at this moment. */
  resident: (): number => process.memoryUsage.rss(),
  async memory(): Promise<Memory> {
    if (!gc) throw new Error('started without --expose-gc');
    // What has a finalizer goes with the collection after the one that found it.
    for (let round = 0; round < 3; round++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed + external };
  },
};

export type ServerMethods = typeof methods;

serveCalls(methods);

import { type Arrival, Crowd } from '../load/crowd.js';
import type { Latency } from '../load/histogram.js';
import { type Faults, type Phase, Tally } from '../load/tally.js';
import { type Talk, Talker } from '../load/talk.js';
import { serveCalls, tell } from './calls.js';
import type { Schedule } from './work.js';

// The process of the clients, all of them.
const tally = new Tally();
const crowd = new Crowd(tally);
const talker = new Talker(crowd);
let cpu = process.cpuUsage();
let began = performance.now();
let before = 0;

/** What the load knows of a phase. */
export interface Observed {
  /** Deliveries since the phase began, and in all. */
  readonly deliveries: number;
  readonly total: number;
  /** Seconds from the beginning of the phase, and from its first delivery to its last one. */
  readonly seconds: number;
  readonly span: number;
  /** The share of its processor that the load itself took. */
  readonly busy: number;
  readonly latency: Latency;
  readonly faults: Faults;
}

const methods = {
  join: (arrival: Arrival): Promise<number> => crowd.join(arrival),
  begin(phase: Phase): void {
    tally.begin(phase);
    cpu = process.cpuUsage();
    began = performance.now();
    before = tally.received;
  },
  until: (total: number, timeout: number): Promise<void> => tally.until(total, timeout),
  observe(): Observed {
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - began) / 1e3;
    return {
      deliveries: tally.received - before,
      total: tally.received,
      seconds,
      span: tally.seconds,
      busy: (user + system) / 1e6 / seconds,
      latency: tally.latency,
      faults: tally.faults,
    };
  },
  /** Credit goes to whoever sends: the server by way of the parent, or clients right here. */
  credit(to: 'server' | 'clients'): void {
    tally.onCredit = to === 'server' ? () => tell('credit', 1) : () => setImmediate(() => talker.speak());
  },
  talk: (talk: Talk): void => talker.prepare(talk),
  run: (schedule: Schedule): Promise<void> => talker.run(schedule),
  speak(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) talker.speak();
  },
  /** Publishes no more. @returns the tick that would have been next. */
  hush(): number {
    tally.onCredit = undefined;
    return talker.next;
  },
  stall(clients: readonly number[]): void {
    for (const index of clients) crowd.client(index).stall();
  },
  resume(clients: readonly number[]): void {
    for (const index of clients) crowd.client(index).resume();
  },
  leave: (): void => crowd.leave(),
};

export type LoadMethods = typeof methods;

serveCalls(methods);

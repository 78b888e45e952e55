import { now } from '../clock.js';
import { Histogram, type Latency } from './histogram.js';

/** A stretch of a run, as the load sees it. */
export interface Phase {
  /** From when a message was due follows how long it took. Left out where nothing has a due time. */
  readonly due?: {
    readonly start: number;
    readonly interval: number;
    readonly first: number;
    /** Messages that a stream has in one tick. */
    readonly burst: number;
    /** Streams that take turns, a tick each; 1 if every tick has all of them. */
    readonly turns: number;
  };
  /** Tells whoever sends after every so many deliveries; 0: never. */
  readonly creditEvery: number;
}

/** What was wrong about what came, over all clients. */
export interface Faults {
  readonly duplicates: number;
  readonly reordered: number;
  /** Clients that were cut off. */
  readonly closed: number;
}

/** What all clients have received, and checked. */
export class Tally {
  received = 0;
  duplicates = 0;
  reordered = 0;
  closed = 0;
  onCredit: (() => void) | undefined;
  #phase: Phase = { creditEvery: 0 };
  #histogram = new Histogram();
  #credited = 0;
  #target = Infinity;
  #reached: (() => void) | undefined;
  /** When the bytes that are looked at came. */
  #at = 0;
  #first = 0;
  #last = 0;

  begin(phase: Phase): void {
    if (phase.creditEvery !== this.#phase.creditEvery) this.#credited = this.received;
    this.#phase = phase;
    this.#histogram = new Histogram();
    this.#first = this.#last = 0;
  }

  get latency(): Latency {
    return this.#histogram.latency;
  }

  /** Seconds between the first and the last delivery of the phase. */
  get seconds(): number {
    return (this.#last - this.#first) / 1e6;
  }

  get faults(): Faults {
    const { duplicates, reordered, closed } = this;
    return { duplicates, reordered, closed };
  }

  /** Bytes have come. */
  tick(): void {
    this.#at = now();
  }

  /** One more message, seen for the first time. */
  receive(stream: number, place: number): void {
    this.received++;
    this.#last = this.#at;
    if (this.#first === 0) this.#first = this.#at;
    const { due, creditEvery } = this.#phase;
    if (due) {
      const round = Math.floor(place / due.burst);
      const tick = due.turns === 1 ? round : round * due.turns + stream;
      this.#histogram.record(this.#at - due.start - (tick - due.first) * due.interval);
    }
    if (creditEvery > 0 && this.received - this.#credited >= creditEvery) {
      this.#credited += creditEvery;
      this.onCredit?.();
    }
    if (this.received >= this.#target) this.#reached?.();
  }

  /** Resolves when so many were received in all, or `timeout` milliseconds have passed. */
  async until(total: number, timeout: number): Promise<void> {
    if (this.received >= total) return;
    this.#target = total;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#reached = resolve;
      timer = setTimeout(resolve, timeout);
    });
    clearTimeout(timer);
    this.#target = Infinity;
  }
}

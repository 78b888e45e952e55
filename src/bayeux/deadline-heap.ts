import type { Deadline } from './ports.js';

/**
 * All deadlines of a server in one binary heap, so that an idle session costs no timer of its own. Entries know
 * their place, so that moving or cancelling one takes a few swaps and allocates nothing. What is put off, as most are,
 * stays where it is until its place comes first, and moves back then.
 */
export class DeadlineHeap {
  readonly #entries: HeapDeadline[] = [];
  /** Entries that are paused, and go when their place comes first. */
  #paused = 0;
  readonly #onEarliest: () => void;

  /** `onEarliest` is called whenever the first deadline has become an earlier one. */
  constructor(onEarliest: () => void = () => undefined) {
    this.#onEarliest = onEarliest;
  }

  /** Deadlines that are armed. */
  get size(): number {
    return this.#entries.length - this.#paused;
  }

  /** When the first deadline is due, or `undefined` if none is armed. */
  get earliest(): number | undefined {
    return this.#first()?.time;
  }

  /** A deadline that is not armed yet. */
  create(run: () => void): Deadline {
    return new HeapDeadline(this, run);
  }

  /** Runs what is due at `now`, earliest first. A deadline is disarmed before it runs, so that it may arm itself. */
  runDue(now: number, onError: (error: unknown) => void): void {
    for (let first = this.#first(); first && first.time <= now; first = this.#first()) {
      this.remove(first);
      try {
        first.run();
      } catch (error) {
        onError(error);
      }
    }
  }

  /** @internal */
  place(entry: HeapDeadline, time: number): void {
    if (entry.paused) this.#paused--;
    entry.time = time;
    if (entry.index >= 0 && time >= entry.place) return;
    const before = this.#entries[0]?.place;
    entry.place = time;
    if (entry.index < 0) entry.index = this.#entries.push(entry) - 1;
    this.#rise(entry);
    if (before === undefined || time < before) this.#onEarliest();
  }

  /** @internal */
  pause(entry: HeapDeadline): void {
    if (entry.index < 0 || entry.paused) return;
    entry.time = Infinity;
    this.#paused++;
  }

  /** @internal */
  remove(entry: HeapDeadline): void {
    const hole = entry.index;
    if (hole < 0) return;
    if (entry.paused) this.#paused--;
    entry.index = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#put(last, hole);
    this.#rise(last);
    this.#sink(last);
  }

  /** The first by time, after those that were put off have moved back. */
  #first(): HeapDeadline | undefined {
    for (;;) {
      const first = this.#entries[0];
      if (!first || first.time === first.place) return first;
      if (first.paused) {
        this.remove(first);
      } else {
        first.place = first.time;
        this.#sink(first);
      }
    }
  }

  #rise(entry: HeapDeadline): void {
    while (entry.index > 0) {
      const parent = this.#entries[(entry.index - 1) >> 1];
      if (!parent || parent.place <= entry.place) return;
      this.#swap(parent, entry);
    }
  }

  #sink(entry: HeapDeadline): void {
    for (;;) {
      const left = this.#entries[2 * entry.index + 1];
      const right = this.#entries[2 * entry.index + 2];
      const child = right && left && right.place < left.place ? right : left;
      if (!child || child.place >= entry.place) return;
      this.#swap(entry, child);
    }
  }

  #swap(upper: HeapDeadline, lower: HeapDeadline): void {
    const index = upper.index;
    this.#put(upper, lower.index);
    this.#put(lower, index);
  }

  #put(entry: HeapDeadline, index: number): void {
    entry.index = index;
    this.#entries[index] = entry;
  }
}

class HeapDeadline implements Deadline {
  time = 0;
  /** What its place in the heap goes by, which is never after `time`. */
  place = 0;
  index = -1;

  constructor(
    readonly heap: DeadlineHeap,
    readonly run: () => void,
  ) {}

  get due(): number | undefined {
    return this.index < 0 || this.paused ? undefined : this.time;
  }

  get paused(): boolean {
    return this.index >= 0 && this.time === Infinity;
  }

  moveTo(time: number): void {
    this.heap.place(this, time);
  }

  cancel(): void {
    this.heap.remove(this);
  }

  pause(): void {
    this.heap.pause(this);
  }
}

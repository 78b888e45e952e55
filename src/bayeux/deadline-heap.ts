import type { Deadline } from './ports.js';

/**
 * All deadlines of a server in one binary heap, so that an idle session costs no timer of its own. Entries know
 * their place, so that moving or cancelling one takes a few swaps and allocates nothing.
 */
export class DeadlineHeap {
  readonly #entries: HeapDeadline[] = [];
  readonly #onEarliest: () => void;

  /** `onEarliest` is called whenever the first deadline has become an earlier one. */
  constructor(onEarliest: () => void = () => undefined) {
    this.#onEarliest = onEarliest;
  }

  /** Deadlines that are armed. */
  get size(): number {
    return this.#entries.length;
  }

  /** When the first deadline is due, or `undefined` if none is armed. */
  get earliest(): number | undefined {
    return this.#entries[0]?.due;
  }

  /** A deadline that is not armed yet. */
  create(run: () => void): Deadline {
    return new HeapDeadline(this, run);
  }

  /** Runs what is due at `now`, earliest first. A deadline is disarmed before it runs, so that it may arm itself. */
  runDue(now: number, onError: (error: unknown) => void): void {
    for (let first = this.#entries[0]; first && first.time <= now; first = this.#entries[0]) {
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
    const before = this.earliest;
    const later = entry.index >= 0 && time >= entry.time;
    entry.time = time;
    if (entry.index < 0) {
      entry.index = this.#entries.push(entry) - 1;
      this.#rise(entry);
    } else if (later) {
      this.#sink(entry);
    } else {
      this.#rise(entry);
    }
    if (before === undefined || time < before) this.#onEarliest();
  }

  /** @internal */
  remove(entry: HeapDeadline): void {
    const hole = entry.index;
    if (hole < 0) return;
    entry.index = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#put(last, hole);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: HeapDeadline): void {
    while (entry.index > 0) {
      const parent = this.#entries[(entry.index - 1) >> 1];
      if (!parent || parent.time <= entry.time) return;
      this.#swap(parent, entry);
    }
  }

  #sink(entry: HeapDeadline): void {
    for (;;) {
      const left = this.#entries[2 * entry.index + 1];
      const right = this.#entries[2 * entry.index + 2];
      const child = right && left && right.time < left.time ? right : left;
      if (!child || child.time >= entry.time) return;
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
  index = -1;

  constructor(
    readonly heap: DeadlineHeap,
    readonly run: () => void,
  ) {}

  get due(): number | undefined {
    return this.index < 0 ? undefined : this.time;
  }

  moveTo(time: number): void {
    this.heap.place(this, time);
  }

  cancel(): void {
    this.heap.remove(this);
  }
}

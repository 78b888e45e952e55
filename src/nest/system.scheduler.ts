import { DeadlineHeap } from '../bayeux/deadline-heap.js';
import type { Deadline, Logger, Scheduler } from '../bayeux/ports.js';

/** Timers that are set for longer fire at once. */
const LONGEST_TIMER = 2_147_483_647;

/** Time as it passes: one timer for all deadlines, which looks at the clock again when it wakes. */
export class SystemScheduler implements Scheduler {
  readonly #heap = new DeadlineHeap(() => {
    this.#arm();
  });
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get armed(): number {
    return this.#heap.size;
  }

  now(): number {
    return Date.now();
  }

  deadline(run: () => void): Deadline {
    return this.#heap.create(run);
  }

  endOfTurn(task: () => void): void {
    setImmediate(task);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const due = this.#heap.earliest;
    if (due === undefined) return;
    const delay = Math.min(Math.max(due - this.now(), 0), LONGEST_TIMER);
    // Sessions alone need not keep a process alive: without a server there is nobody to serve them.
    this.#timer = setTimeout(() => {
      this.#heap.runDue(this.now(), (error) => {
        this.#logger.error('A deadline failed.', error);
      });
      this.#arm();
    }, delay).unref();
  }
}

import { inRootContext } from '../auth/root-context.js';
import { DeadlineHeap } from '../bayeux/deadline-heap.js';
import type { Deadline, Logger, Scheduler } from '../bayeux/ports.js';

/** Milliseconds after which the clocks are looked at again at the latest. */
const LONGEST_TIMER = 60_000;
/** By how many milliseconds the two clocks must have drifted apart before the wall clock counts as set. */
const STEP = 1_000;

/**
 * Time as it passes: one timer for all deadlines, which looks at the clocks again when it wakes. Timers and tasks belong
 * to the root context, as they serve all sessions and not the caller that happened to arm them.
 */
export class SystemScheduler implements Scheduler {
  readonly #heap = new DeadlineHeap(() => {
    this.#arm();
  });
  readonly #logger: Logger;
  readonly #onWallStep: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** By how much the wall time is ahead of `now`, which changes only if somebody sets it. */
  #ahead = this.wallTime() - this.now();
  #tasks: (() => void)[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get armed(): number {
    return this.#heap.size;
  }

  now(): number {
    return Math.floor(performance.now());
  }

  wallTime(): number {
    return Date.now();
  }

  onWallStep(listener: () => void): void {
    this.#onWallStep.push(listener);
  }

  deadline(run: () => void): Deadline {
    return this.#heap.create(run);
  }

  endOfTurn(task: () => void): void {
    if (this.#tasks.push(task) === 1) inRootContext(() => setImmediate(this.#endTurn));
  }

  outside(task: () => void): void {
    inRootContext(task);
  }

  readonly #endTurn = (): void => {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) this.#attempt('What was to follow a message failed.', task);
  };

  #arm(): void {
    clearTimeout(this.#timer);
    const due = this.#heap.earliest;
    if (due === undefined) return;
    const delay = Math.min(Math.max(due - this.now(), 0), LONGEST_TIMER);
    // Sessions alone need not keep a process alive: without a server there is nobody to serve them.
    this.#timer = inRootContext(() => setTimeout(this.#wake, delay).unref());
  }

  readonly #wake = (): void => {
    this.#compareClocks();
    this.#heap.runDue(this.now(), (error) => {
      this.#logger.error('A deadline failed.', error);
    });
    this.#arm();
  };

  #compareClocks(): void {
    const ahead = this.wallTime() - this.now();
    if (Math.abs(ahead - this.#ahead) < STEP) return;
    this.#ahead = ahead;
    for (const listener of this.#onWallStep) {
      this.#attempt('What was to follow a step of the clock failed.', listener);
    }
  }

  #attempt(complaint: string, task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#logger.error(complaint, error);
    }
  }
}

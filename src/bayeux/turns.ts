import type { Clock, Scheduler } from './ports.js';

/** Messages, or frames, of one peer that are handled in one go. */
const SLICE = 100;
/** Milliseconds that one go may take. */
const SLICE_TIME = 5;
/** Milliseconds that what waits its turn may take before everything else is looked at again. */
const TURN_TIME = 20;

/** How much of one peer may be handled before others have their turn. */
export class Slice {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #end: number;
  #left = SLICE;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#end = clock.now() + SLICE_TIME;
  }

  /** Takes off what was handled. @returns whether others shall have their turn now. */
  spend(count = 1): boolean {
    this.#left -= count;
    return this.#left <= 0 || this.#clock.now() >= this.#end;
  }
}

/**
 * Shares the time of the event loop. What takes longer than a slice goes on in a later turn, behind what waits already,
 * so that neither a long frame nor a thousand sockets that say a lot keep anybody else waiting.
 */
export class Turns {
  readonly #scheduler: Pick<Scheduler, 'now' | 'endOfTurn'>;
  #waiting: (() => void)[] = [];
  #scheduled = false;

  constructor(scheduler: Pick<Scheduler, 'now' | 'endOfTurn'>) {
    this.#scheduler = scheduler;
  }

  /** Whether something waits its turn: what is not small joins the queue then. */
  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** What a peer may have in this turn. */
  slice(): Slice {
    return new Slice(this.#scheduler);
  }

  /** Runs `task` in a later turn, after those that wait already. */
  next(task: () => void): void {
    this.#waiting.push(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#scheduler.endOfTurn(() => {
      this.#scheduled = false;
      this.#run();
    });
  }

  #run(): void {
    const tasks = this.#waiting;
    this.#waiting = [];
    const end = this.#scheduler.now() + TURN_TIME;
    let done = 0;
    try {
      while (done < tasks.length) {
        tasks[done++]?.();
        if (this.#scheduler.now() >= end) break;
      }
    } finally {
      // Those that had no turn come before those that have had one.
      if (done < tasks.length) this.#waiting = tasks.slice(done).concat(this.#waiting);
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}

import { DeadlineHeap } from '../../src/bayeux/deadline-heap.js';
import type { Deadline, Scheduler } from '../../src/bayeux/ports.js';

/** A clock that stands still until a test moves it; what is to happen at the end of a turn happens by itself. */
export class VirtualScheduler implements Scheduler {
  readonly #heap = new DeadlineHeap();
  #now = Date.UTC(2030, 0, 1);
  #ran = 0;
  #turns = 0;

  get armed(): number {
    return this.#heap.size;
  }

  /** When the next deadline is due. */
  get earliest(): number | undefined {
    return this.#heap.earliest;
  }

  now(): number {
    return this.#now;
  }

  deadline(run: () => void): Deadline {
    return this.#heap.create(() => {
      this.#ran++;
      run();
    });
  }

  /** How often something was to happen at the end of a turn. */
  get turns(): number {
    return this.#turns;
  }

  endOfTurn(task: () => void): void {
    this.#turns++;
    setImmediate(task);
  }

  /** Moves the clock alone, as while a machine sleeps: what falls due has not run yet. */
  sleep(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /**
   * Moves the clock, running what falls due on the way at its own time, earliest first.
   *
   * @returns how many deadlines ran.
   * @throws Error the first that a deadline threw.
   */
  advance(milliseconds: number): number {
    const before = this.#ran;
    const end = this.#now + milliseconds;
    const errors: unknown[] = [];
    for (let next = this.#heap.earliest; next !== undefined && next <= end; next = this.#heap.earliest) {
      this.#now = Math.max(this.#now, next);
      this.#heap.runDue(this.#now, (error) => errors.push(error));
    }
    this.#now = end;
    if (errors.length > 0) throw errors[0];
    return this.#ran - before;
  }
}

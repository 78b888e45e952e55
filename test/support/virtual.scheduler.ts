import { inRootContext } from '../../src/auth/root-context.js';
import { DeadlineHeap } from '../../src/bayeux/deadline-heap.js';
import type { Deadline, Scheduler } from '../../src/bayeux/ports.js';

/** Milliseconds within which a step of the wall time is noticed. */
const NOTICED_AFTER = 60_000;

/**
 * Clocks that stand still until a test moves them; what is to happen at the end of a turn happens by itself. The two
 * begin far apart, so that code which mixes them up cannot pass.
 */
export class VirtualScheduler implements Scheduler {
  readonly #heap = new DeadlineHeap();
  readonly #onWallStep: (() => void)[] = [];
  #now = 1_000_000;
  #wallTime = Date.UTC(2030, 0, 1);
  /** When a step of the wall time will be noticed. */
  #noticeAt = Infinity;
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

  wallTime(): number {
    return this.#wallTime;
  }

  onWallStep(listener: () => void): void {
    this.#onWallStep.push(listener);
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
    inRootContext(() => setImmediate(task));
  }

  outside(task: () => void): void {
    inRootContext(task);
  }

  /** Moves both clocks and runs nothing, as in a process that was stopped: what falls due has not run yet. */
  sleep(milliseconds: number): void {
    this.#moveTo(this.#now + milliseconds);
  }

  /** Moves the wall time alone, as somebody does who sets the clock. It is noticed a minute later, or at the next deadline. */
  stepWall(milliseconds: number): void {
    this.#wallTime += milliseconds;
    this.#noticeAt = Math.min(this.#noticeAt, this.#now + NOTICED_AFTER);
  }

  /**
   * Moves both clocks, running what falls due on the way at its own time, earliest first.
   *
   * @returns how many deadlines ran.
   * @throws Error the first that a deadline threw.
   */
  advance(milliseconds: number): number {
    const before = this.#ran;
    const end = this.#now + milliseconds;
    const errors: unknown[] = [];
    for (let next = this.#nextWake(); next <= end; next = this.#nextWake()) {
      this.#moveTo(Math.max(this.#now, next));
      this.#noticeStep();
      this.#heap.runDue(this.#now, (error) => errors.push(error));
    }
    this.#moveTo(end);
    if (errors.length > 0) throw errors[0];
    return this.#ran - before;
  }

  #nextWake(): number {
    return Math.min(this.#heap.earliest ?? Infinity, this.#noticeAt);
  }

  #moveTo(time: number): void {
    this.#wallTime += time - this.#now;
    this.#now = time;
  }

  #noticeStep(): void {
    if (this.#noticeAt === Infinity) return;
    this.#noticeAt = Infinity;
    for (const listener of this.#onWallStep) listener();
  }
}

/** Tells whether less than `duration` milliseconds have passed since `since`. */
export function isWithin(now: number, since: number, duration: number): boolean {
  return now - since < duration;
}

/**
 * A task that runs at most once at a time, however many wait for it, and not again for a while after it failed:
 * until then everybody gets the failure at once. A success is not kept; that is the caller's business.
 *
 * @internal
 */
export class SingleFlight<T> {
  readonly #task: () => Promise<T>;
  readonly #coolDown: number;
  readonly #now: () => number;
  #running: Promise<T> | undefined;
  #failed: { readonly attempt: Promise<T>; readonly at: number } | undefined;

  /**
   * @param coolDown milliseconds after a failure in which the task is not tried again.
   * @param now milliseconds that pass evenly.
   */
  constructor(task: () => Promise<T>, coolDown: number, now: () => number) {
    this.#task = task;
    this.#coolDown = coolDown;
    this.#now = now;
  }

  /** Joins the run in progress, or starts one; rejects with what the task rejected with. */
  run(): Promise<T> {
    if (this.#running !== undefined) return this.#running;
    const failed = this.#failed;
    if (failed !== undefined && isWithin(this.#now(), failed.at, this.#coolDown)) return failed.attempt;
    const attempt = this.#task();
    this.#running = attempt;
    attempt.then(
      () => {
        this.#running = undefined;
        this.#failed = undefined;
      },
      () => {
        this.#running = undefined;
        this.#failed = { attempt, at: this.#now() };
      },
    );
    return attempt;
  }
}

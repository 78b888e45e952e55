import { isThenable } from './maybe-promise.js';
import type { MaybePromise } from './ports.js';

/** Lets tasks through one after the other. One that is done at once costs no promise, and holds up nobody. */
export class Turnstile {
  #last: PromiseLike<unknown> | undefined;

  /** Whether a task is under way, or waits. */
  get busy(): boolean {
    return this.#last !== undefined;
  }

  /** Runs `task` after the earlier ones; at once if none is under way. A task that fails lets the next one through. */
  pass<T>(task: () => MaybePromise<T>): MaybePromise<T> {
    const result = this.#last ? this.#last.then(task) : task();
    if (!isThenable(result)) return result;
    const through = (): void => {
      if (this.#last === last) this.#last = undefined;
    };
    const last: PromiseLike<unknown> = result.then(through, through);
    this.#last = last;
    return result;
  }
}

import { isThenable } from './maybe-promise.js';
import type { Logger } from './ports.js';

/** Whoever wants to be told. Those that fail are logged and harm nobody else. */
export class Listeners<T extends object> {
  #listeners: readonly T[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get size(): number {
    return this.#listeners.length;
  }

  get all(): readonly T[] {
    return this.#listeners;
  }

  /** @returns what removes it again. */
  add(listener: T): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** Whether any of them has `hook`. */
  has(hook: keyof T): boolean {
    return this.#listeners.some((listener) => listener[hook] !== undefined);
  }

  /** Tells each of them, in the order they were added. */
  tell(what: string, tell: (listener: T) => unknown): void {
    for (const listener of this.#listeners) this.#try(what, () => tell(listener), undefined);
  }

  /** Whether none says no. One that fails does: it may be what keeps secrets. So does one that cannot say at once. */
  agree(what: string, ask: (listener: T) => unknown): boolean {
    return this.#listeners.every((listener) => {
      const answer = this.#try(what, () => ask(listener), false);
      if (!isPromise(answer)) return answer !== false;
      this.#logger.error(`${what} has to answer at once: a promise counts as a no.`);
      return false;
    });
  }

  /** Hands `value` from one to the next; what one returns in its place goes on. */
  change<V>(what: string, value: V, change: (listener: T, value: V) => V | undefined): V {
    return this.#listeners.reduce(
      (current, listener) => this.#try(what, () => change(listener, current), undefined) ?? current,
      value,
    );
  }

  #try<R>(what: string, run: () => R, otherwise: R): R {
    const failed = (error: unknown): R => {
      this.#logger.error(`${what} failed.`, error);
      return otherwise;
    };
    try {
      const answer = run();
      // Nobody waits for it, and one that rejects unheard would end the process.
      if (isPromise(answer)) answer.then(undefined, failed);
      return answer;
    } catch (error) {
      return failed(error);
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return isThenable(value);
}

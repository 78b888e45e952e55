import { AuthUnavailableError } from './token-verifier.js';

interface Waiting {
  readonly since: number;
  readonly start: () => void;
  readonly refuse: (error: AuthUnavailableError) => void;
}

/** How much goes on at a time, and how much may wait for it. */
export interface ConcurrencyBounds {
  /** Tasks that run at a time. */
  readonly running: number;
  /** Tasks that may wait for their turn. */
  readonly waiting: number;
  /** Milliseconds after which one that waits is not started any more: whoever asked has given up. */
  readonly patience: number;
}

/**
 * Runs so many tasks at a time, lets so many more wait, and refuses the rest.
 *
 * @internal
 */
export class ConcurrencyLimit {
  readonly #bounds: ConcurrencyBounds;
  readonly #now: () => number;
  readonly #queue: Waiting[] = [];
  #running = 0;

  /** @param now milliseconds that pass evenly. */
  constructor(bounds: ConcurrencyBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
  }

  /** @throws AuthUnavailableError as a rejection, if too many wait or this one has waited for too long. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#bounds.running) await this.#turn();
    else this.#running++;
    try {
      return await task();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #turn(): Promise<void> {
    if (this.#queue.length >= this.#bounds.waiting) {
      return Promise.reject(new AuthUnavailableError('too many tokens wait to be asked about'));
    }
    return new Promise((start, refuse) => {
      this.#queue.push({ since: this.#now(), start, refuse });
    });
  }

  #next(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (this.#now() - next.since < this.#bounds.patience) {
        this.#running++;
        next.start();
        return;
      }
      next.refuse(new AuthUnavailableError('the issuer is slow'));
    }
  }
}

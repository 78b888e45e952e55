/** How often something may happen. */
export interface Rate {
  /** How often within `window`, and all at once. 0 for as often as one likes. */
  readonly times: number;
  /** Milliseconds. */
  readonly window: number;
}

/** Whose times are spent, and since when they come back. */
interface Bucket {
  left: number;
  at: number;
}

/**
 * Token buckets: each key has so many times, which come back evenly. Keys that were not seen for the longest are
 * forgotten when there are too many, so that whoever makes them up cannot fill the memory; those whose times have all
 * come back take no room.
 */
export class RateLimit {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  readonly #now: () => number;
  /** The least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, maxKeys: number, now: () => number) {
    this.#rate = rate;
    this.#maxKeys = maxKeys;
    this.#now = now;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Spends one time, also where none is left. @returns whether one was. */
  take(key: string): boolean {
    const { times } = this.#rate;
    if (times === 0) return true;
    const left = this.#left(key);
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: Math.max(left - 1, 0), at: this.#now() });
    if (this.#buckets.size > this.#maxKeys) this.#forget();
    return left >= 1;
  }

  /** Leaves a key so many times at most. */
  lower(key: string, left: number): void {
    const before = this.#left(key);
    if (left >= before) return;
    this.#buckets.delete(key);
    this.#buckets.set(key, { left, at: this.#now() });
    if (this.#buckets.size > this.#maxKeys) this.#forget();
  }

  /** How many whole times a key has left, of those that are limited. */
  left(key: string): number {
    return this.#rate.times === 0 ? Infinity : Math.floor(this.#left(key));
  }

  /** Milliseconds until the key has a time left; 0 if it has one. */
  wait(key: string): number {
    const { times, window } = this.#rate;
    if (times === 0) return 0;
    const missing = 1 - this.#left(key);
    return missing <= 0 ? 0 : Math.ceil((missing * window) / times);
  }

  #left(key: string): number {
    const { times, window } = this.#rate;
    const bucket = this.#buckets.get(key);
    if (!bucket) return times;
    // A clock that was set back gives nothing.
    const elapsed = Math.max(this.#now() - bucket.at, 0);
    const left = bucket.left + (elapsed * times) / window;
    if (left < times) return left;
    this.#buckets.delete(key);
    return times;
  }

  #forget(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}

/** How many messages may come. */
export interface MessageRate {
  /** Messages that come back in a second. 0 for any number of them. */
  readonly perSecond: number;
  /** Messages that may come all at once. */
  readonly burst: number;
}

/** One token bucket, for who is at hand anyway and need not be looked up. */
export class TokenBucket {
  readonly #rate: MessageRate;
  #left: number;
  #at: number;

  /** @param left how many may come at once at first. */
  constructor(rate: MessageRate, now: number, left = rate.burst) {
    this.#rate = rate;
    this.#left = left;
    this.#at = now;
  }

  /** Spends one, if there is one. @returns whether there was. */
  take(now: number): boolean {
    if (this.left(now) < 1) return false;
    this.#left--;
    return true;
  }

  /** How many may come at once. */
  left(now: number): number {
    const { perSecond, burst } = this.#rate;
    this.#left = Math.min(this.#left + ((now - this.#at) * perSecond) / 1_000, burst);
    this.#at = now;
    return this.#left;
  }
}

interface Entry<V> {
  readonly value: V;
  readonly until: number;
}

/** Entries that are looked at for their age whenever one is added. */
const SWEPT = 2;

/**
 * Values that are good for some time. There are never more than so many: the one that was not used for longest goes
 * first. No timer is needed, as each addition also takes out some that are over.
 *
 * @internal
 */
export class BoundedMap<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is kept, for tests and dumps. */
  entries(): [string, V][] {
    return [...this.#entries].map(([key, { value }]) => [key, value]);
  }

  get(key: string, now: number): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= now) return undefined;
    // Behind all others: a Map keeps the order in which its keys were added.
    this.#entries.set(key, entry);
    return entry.value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  set(key: string, value: V, until: number, now: number): void {
    this.#entries.delete(key);
    let looked = 0;
    for (const [old, entry] of this.#entries) {
      if (entry.until <= now || this.#entries.size >= this.#capacity) this.#entries.delete(old);
      if (++looked >= SWEPT) break;
    }
    if (until > now) this.#entries.set(key, { value, until });
  }
}

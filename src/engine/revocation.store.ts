import type { Revocation } from '../bayeux/revocation.js';

/** Revocations that are kept at a time. */
const MAX_KEYS = 100_000;

/** There are more revocations than can be kept, and none of them may be forgotten yet. */
export class RevocationLimitError extends Error {
  constructor(limit: number) {
    super(
      `Already ${limit} keys are revoked, so one more cannot be: ` +
        'revoke whole users or clients instead of single tokens, or shorten the time for which they are kept.',
    );
    this.name = 'RevocationLimitError';
  }
}

/** Revocations in the memory of this process, each until it may be forgotten. */
export class RevocationStore {
  readonly #now: () => number;
  readonly #limit: number;
  readonly #byKey = new Map<string, readonly Revocation[]>();

  /**
   * @param now milliseconds since the epoch.
   * @param limit keys that can be revoked at a time; one that holds is never given up for another.
   */
  constructor(now: () => number, limit = MAX_KEYS) {
    this.#now = now;
    this.#limit = limit;
  }

  /** Keys that are kept. */
  get size(): number {
    return this.#byKey.size;
  }

  /** @throws RevocationLimitError if there is no room. */
  add(revocation: Revocation): void {
    const { key } = revocation;
    this.#forgetOldest();
    const others = this.#current(key).filter((other) => !covers(revocation, other));
    if (others.some((other) => covers(other, revocation))) return;
    if (!this.#byKey.has(key) && this.#byKey.size >= this.#limit) this.#forgetAll();
    if (!this.#byKey.has(key) && this.#byKey.size >= this.#limit) throw new RevocationLimitError(this.#limit);
    // Last in the order in which they are forgotten.
    this.#byKey.delete(key);
    this.#byKey.set(key, [...others, revocation]);
  }

  /** What holds for any of these keys. */
  find(keys: readonly string[]): readonly Revocation[] {
    if (this.#byKey.size === 0) return NONE;
    return keys.flatMap((key) => this.#current(key));
  }

  #current(key: string): readonly Revocation[] {
    return this.#byKey.get(key)?.filter(({ until }) => until > this.#now()) ?? NONE;
  }

  /** Most are kept for equally long, so that the oldest are the first to go. */
  #forgetOldest(): void {
    for (const key of this.#byKey.keys()) if (!this.#forget(key)) break;
  }

  #forgetAll(): void {
    for (const key of this.#byKey.keys()) this.#forget(key);
  }

  #forget(key: string): boolean {
    return this.#current(key).length === 0 && this.#byKey.delete(key);
  }
}

const NONE: readonly Revocation[] = Object.freeze([]);

/** Whether one revocation says all that another one of the same key does. */
function covers(one: Revocation, other: Revocation): boolean {
  const cutOff = (revocation: Revocation): number => revocation.issuedUpTo ?? Infinity;
  return one.until >= other.until && cutOff(one) >= cutOff(other);
}

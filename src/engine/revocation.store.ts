import type { Clock } from '../bayeux/ports.js';
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

/** A revocation, and when it may be forgotten by the clock that nobody sets. */
interface Kept {
  readonly revocation: Revocation;
  readonly until: number;
}

/**
 * Revocations in the memory of this process, each until it may be forgotten: by the wall clock, and by the time that has
 * passed. One that was forgotten while the wall clock was wrong would let its token in again.
 */
export class RevocationStore {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #byKey = new Map<string, readonly Kept[]>();

  /** @param limit keys that can be revoked at a time; one that holds is never given up for another. */
  constructor(clock: Clock, limit = MAX_KEYS) {
    this.#clock = clock;
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
    const others = this.#current(key).filter((other) => !covers(revocation, other.revocation));
    if (others.some((other) => covers(other.revocation, revocation))) return;
    if (!this.#byKey.has(key) && this.#byKey.size >= this.#limit) this.#forgetAll();
    if (!this.#byKey.has(key) && this.#byKey.size >= this.#limit) throw new RevocationLimitError(this.#limit);
    // Last in the order in which they are forgotten.
    this.#byKey.delete(key);
    const until = this.#clock.now() + revocation.until - this.#clock.wallTime();
    this.#byKey.set(key, [...others, { revocation, until }]);
  }

  /** What holds for any of these keys. */
  find(keys: readonly string[]): readonly Revocation[] {
    if (this.#byKey.size === 0) return NONE;
    return keys.flatMap((key) => this.#current(key).map(({ revocation }) => revocation));
  }

  #current(key: string): readonly Kept[] {
    const kept = this.#byKey.get(key);
    if (!kept) return NONE;
    const now = this.#clock.now();
    const wallTime = this.#clock.wallTime();
    return kept.filter(({ until, revocation }) => until > now || revocation.until > wallTime);
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

const NONE: readonly never[] = Object.freeze([]);

/** Whether one revocation says all that another one of the same key does. */
function covers(one: Revocation, other: Revocation): boolean {
  const cutOff = (revocation: Revocation): number => revocation.issuedUpTo ?? Infinity;
  return one.until >= other.until && cutOff(one) >= cutOff(other);
}

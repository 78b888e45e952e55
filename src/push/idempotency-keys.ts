/** What is known of a key. */
export type KeyState<Answer> =
  /** It is new, and now in flight: the caller has to finish or forget it. */
  | { readonly kind: 'new' }
  /** The same was asked before, and answered. */
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** The same, or something else, is being answered. */
  | { readonly kind: 'in_flight' }
  /** Something else was asked with it. */
  | { readonly kind: 'reused' };

interface Entry<Answer> {
  readonly fingerprint: string;
  readonly expiresAt: number;
  answer?: Answer;
}

/** Holders whose keys are kept; past it those that were not seen for the longest lose theirs. */
const MAX_HOLDERS = 1_000;

/**
 * Answers by the `Idempotency-Key` they were asked for with, so that a service that has not got an answer can ask again
 * without pushing twice. Each service has keys of its own, so many at most, and cannot make another's forgotten.
 */
export class IdempotencyKeys<Answer> {
  readonly #ttl: number;
  readonly #maxKeys: number;
  readonly #now: () => number;
  /** The least recently used holder first; of each the oldest key first. */
  readonly #holders = new Map<string, Map<string, Entry<Answer>>>();

  constructor(ttl: number, maxKeys: number, now: () => number) {
    this.#ttl = ttl;
    this.#maxKeys = maxKeys;
    this.#now = now;
  }

  /** A request with a key begins. */
  begin(holder: string, key: string, fingerprint: string): KeyState<Answer> {
    const keys = this.#keysOf(holder);
    const known = keys.get(key);
    if (known) {
      if (known.fingerprint !== fingerprint) return { kind: 'reused' };
      return 'answer' in known && known.answer !== undefined
        ? { kind: 'answered', answer: known.answer }
        : { kind: 'in_flight' };
    }
    keys.set(key, { fingerprint, expiresAt: this.#now() + this.#ttl });
    if (keys.size > this.#maxKeys) forgetFirst(keys);
    return { kind: 'new' };
  }

  /** It has been answered. */
  finish(holder: string, key: string, answer: Answer): void {
    const entry = this.#holders.get(holder)?.get(key);
    if (entry) entry.answer = answer;
  }

  /** It has failed, and may be repeated. */
  forget(holder: string, key: string): void {
    const keys = this.#holders.get(holder);
    keys?.delete(key);
    if (keys?.size === 0) this.#holders.delete(holder);
  }

  /** The keys of a holder that are not too old. */
  #keysOf(holder: string): Map<string, Entry<Answer>> {
    const keys = this.#holders.get(holder) ?? new Map<string, Entry<Answer>>();
    this.#holders.delete(holder);
    this.#holders.set(holder, keys);
    if (this.#holders.size > MAX_HOLDERS) forgetFirst(this.#holders);
    const now = this.#now();
    for (const [key, { expiresAt }] of keys) {
      if (expiresAt > now) break;
      keys.delete(key);
    }
    return keys;
  }
}

function forgetFirst(map: Map<string, unknown>): void {
  for (const first of map.keys()) {
    map.delete(first);
    return;
  }
}

import { BoundedMap } from './bounded-map.js';
import type { CometPrincipal } from './comet-principal.js';
import type { Clock } from '../bayeux/ports.js';
import type { Share } from './concurrency-limit.js';
import { tokenDigest } from './presented-token.js';
import { TokenError } from './token-verifier.js';
import type { SharingVerifier } from './verification-gate.js';

/** Tokens of one issuer that are remembered as good. */
const MAX_GOOD = 20_000;

/** Tokens that are remembered as bad. Apart from the others, as anybody can make bad ones. */
const MAX_BAD = 2_000;

/** For how long answers hold. */
export interface CacheTimes {
  /** Milliseconds for which a principal is given out again, if its token does not end before. */
  readonly good: number;
  /** Milliseconds for which a token that was refused is refused again. */
  readonly bad: number;
}

/** Where answers are kept, by the SHA-256 of their token and never by the token. */
export interface TokenMemory {
  readonly good: BoundedMap<CometPrincipal>;
  readonly bad: BoundedMap<TokenError>;
}

/**
 * Remembers what a verifier answered, as clients of long-polling send their token with every request; and asks it once
 * for all who present the same token at the same time. That nothing can be told of a token is not remembered.
 *
 * @internal
 */
export class CachingVerifier implements SharingVerifier {
  readonly #verifier: SharingVerifier;
  readonly #times: CacheTimes;
  readonly #clock: Clock;
  readonly #memory: TokenMemory;
  readonly #running = new Map<string, Promise<CometPrincipal>>();

  constructor(
    verifier: SharingVerifier,
    times: CacheTimes,
    clock: Clock,
    memory: TokenMemory = { good: new BoundedMap(MAX_GOOD), bad: new BoundedMap(MAX_BAD) },
  ) {
    this.#verifier = verifier;
    this.#times = times;
    this.#clock = clock;
    this.#memory = memory;
  }

  async verify(token: string, share?: Share): Promise<CometPrincipal> {
    const key = tokenDigest(token);
    const now = this.#clock.now();
    const known = this.#memory.good.get(key, now);
    // The wall clock may have been set since. One that was set back keeps no token for longer, as time goes by `now` too.
    if (known !== undefined && this.#left(known) > 0) return known;
    const refusal = this.#memory.bad.get(key, now);
    if (refusal !== undefined) throw refusal;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const asked = this.#ask(key, token, share).finally(() => this.#running.delete(key));
    this.#running.set(key, asked);
    return asked;
  }

  async #ask(key: string, token: string, share?: Share): Promise<CometPrincipal> {
    try {
      const principal = await this.#verifier.verify(token, share);
      const now = this.#clock.now();
      const until = now + Math.min(this.#left(principal), this.#times.good);
      this.#memory.good.set(key, principal, until, now);
      return principal;
    } catch (error) {
      if (error instanceof TokenError) {
        const now = this.#clock.now();
        this.#memory.bad.set(key, error, now + this.#times.bad, now);
      }
      throw error;
    }
  }

  /** Milliseconds until the token of a principal ends. */
  #left({ expiresAt = Infinity }: CometPrincipal): number {
    return expiresAt - this.#clock.wallTime();
  }
}

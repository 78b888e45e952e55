import type { Revocations } from '../bayeux/revocations.js';
import type { Clock } from '../bayeux/ports.js';
import { type Logout, type LogoutReach, revocationsOf } from './logout-token.js';
import type { LogoutTokenVerifier } from './logout-token.verifier.js';
import { TokenError } from './token-verifier.js';

/** Logout tokens that are remembered; they are good for two minutes only. */
const MAX_REMEMBERED = 10_000;
/** Milliseconds after which a logout token is too old in any case, whatever the clocks say. */
const FORGOTTEN_AFTER = 300_000;

/**
 * Ends the sessions of whoever has logged out at an issuer, on all nodes, and refuses what is left of their tokens.
 */
export class BackchannelLogout {
  readonly #verifier: LogoutTokenVerifier;
  readonly #revocations: Pick<Revocations, 'revoke'>;
  readonly #reach: Omit<LogoutReach, 'now'>;
  readonly #clock: Clock;
  /** Logout tokens that were obeyed, and when: the oldest first. */
  readonly #obeyed = new Map<string, number>();

  constructor(
    verifier: LogoutTokenVerifier,
    revocations: Pick<Revocations, 'revoke'>,
    { clock, ...reach }: Omit<LogoutReach, 'now'> & { readonly clock: Clock },
  ) {
    this.#verifier = verifier;
    this.#revocations = revocations;
    this.#reach = reach;
    this.#clock = clock;
  }

  /**
   * @param waits whether the token may wait for keys of its issuer that are not known yet.
   * @throws TokenError if the token is not good, or was obeyed already.
   * @throws AuthUnavailableError, or what the engine throws: nobody may have been logged out.
   */
  async obey(token: string, waits = true): Promise<Logout> {
    const logout = await this.#verifier.verify(token, waits);
    const name = JSON.stringify([logout.issuer, logout.tokenId]);
    this.#forget();
    if (this.#obeyed.has(name)) throw new TokenError('invalid_token', 'the logout token was used already');
    for (const revocation of revocationsOf(logout, { ...this.#reach, now: this.#clock.wallTime() })) {
      await this.#revocations.revoke(revocation);
    }
    // Only now: one that could not be obeyed may come again.
    this.#obeyed.set(name, this.#clock.now());
    return logout;
  }

  #forget(): void {
    for (const [name, at] of this.#obeyed) {
      if (this.#obeyed.size < MAX_REMEMBERED && this.#clock.now() - at < FORGOTTEN_AFTER) break;
      this.#obeyed.delete(name);
    }
  }
}

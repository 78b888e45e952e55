import type { Logger } from '../bayeux/ports.js';
import { RateLimit } from '../bayeux/rate-limit.js';
import { BoundedMap } from './bounded-map.js';
import type { CometPrincipal } from './comet-principal.js';
import { ConcurrencyLimit, type Share } from './concurrency-limit.js';
import { tokenDigest } from './presented-token.js';
import { AuthUnavailableError, TokenError } from './token-verifier.js';

/** A verifier that divides its work fairly among those who present tokens. Any `TokenVerifier` is one. */
export interface SharingVerifier {
  verify(token: string, share?: Share): Promise<CometPrincipal>;
}

/** Who presents a token, as far as limits go. */
export interface Presenter {
  readonly lane: 'clients' | 'controllers';
  /** The network it comes from, as `networkOf` names it. */
  readonly network: string;
  /**
   * Who it has proven to be without this token, by a session. Such a client has a share of its own, whatever the number of
   * its sessions: each handshake makes another.
   */
  readonly holder?: string | undefined;
}

/** Too many bad tokens came from there: this one was not looked at, and may be presented again later. */
export class TokenLimitError extends AuthUnavailableError {
  /** @param wait milliseconds until a token from there is looked at again. */
  constructor(readonly wait: number) {
    super('too many bad tokens came from its network');
    this.name = 'TokenLimitError';
  }
}

const MINUTE = 60_000;

/** For each bad token that may come, so many may that nothing could be told of: issuers that are down are nobody's fault. */
const UNDECIDED = 10;

/** Networks and sessions whose bad tokens are counted. */
const MAX_REMEMBERED = 10_000;

/** Tokens that are remembered as good. */
const MAX_KNOWN = 50_000;

/** Milliseconds for which a token without an end is remembered as good. */
const KNOWN_FOR = 12 * 60 * MINUTE;

/** Tokens that wait to be verified, in all of a lane and of one network. Their messages wait with them. */
const WAITING = { inAll: 2_000, ofParty: 200 };

/** Milliseconds after which a client has given up. */
const PATIENCE = 10_000;

/** Milliseconds after which a verification counts as lost. A verifier of the application may never answer. */
const LOST_AFTER = 60_000;

/**
 * Stands ahead of all verification. A token that was found good before passes. Any other spends one of the attempts of its
 * network until it has proven good, so that no more are verified at a time than may turn out bad within a minute; the
 * others wait, or are turned away unseen once the attempts are used up. A user whose session is proven otherwise (by its
 * socket or its browser cookie) has attempts of their own, so that a neighbour cannot keep it from renewing its token.
 */
export class VerificationGate {
  /** What verifies the tokens that pass. */
  readonly verifier: SharingVerifier;
  readonly #logger: Logger;
  readonly #limited: boolean;
  readonly #now: () => number;
  readonly #bad: RateLimit;
  /** Tokens that nothing could be told of. Also these have cost work. */
  readonly #undecided: RateLimit;
  readonly #order: ConcurrencyLimit;
  /** Digests of tokens that were found good. */
  readonly #known = new BoundedMap<true>(MAX_KNOWN);
  #toldOfLimit = false;

  /**
   * @param badTokens how many bad tokens may come from one network in a minute; 0 for any number.
   * @param now milliseconds on the clock that the limits are measured with.
   */
  constructor(verifier: SharingVerifier, badTokens: number, logger: Logger, now: () => number) {
    this.verifier = verifier;
    this.#logger = logger;
    this.#limited = badTokens > 0;
    this.#now = now;
    this.#bad = new RateLimit({ times: badTokens, window: MINUTE }, MAX_REMEMBERED, now);
    this.#undecided = new RateLimit({ times: badTokens * UNDECIDED, window: MINUTE }, MAX_REMEMBERED, now);
    this.#order = new ConcurrencyLimit(
      {
        running: Infinity,
        waiting: WAITING.inAll,
        waitingOfParty: WAITING.ofParty,
        patience: PATIENCE,
        lostAfter: LOST_AFTER,
        ofParty: (share) => Math.min(this.#bad.left(keyOf(share)), this.#undecided.left(keyOf(share))),
        refusal: (share) => this.#refusal(share),
      },
      now,
    );
  }

  /**
   * @throws TokenLimitError as a rejection, if the attempts of the presenter are used up.
   * @throws what the verifier throws.
   */
  async verify(token: string, presenter: Presenter): Promise<CometPrincipal> {
    const { lane, network, holder } = presenter;
    const share: Share = { lane, party: network };
    if (!this.#limited) return this.verifier.verify(token, share);
    const digest = tokenDigest(token);
    if (this.#known.get(digest, this.#now()) !== undefined) return this.#judge(token, digest, share, []);
    const own: Share = holder === undefined ? share : { lane, party: `holder ${holder}` };
    const spends = own === share ? [share] : [own, share];
    return this.#order.run(() => this.#judge(token, digest, share, spends), own);
  }

  /**
   * Whether the token of a network would be turned away, told without any work but that of its digest.
   *
   * @param token is asked only where some are turned away.
   */
  refuses(token: () => string | undefined, { lane, network }: Presenter): boolean {
    if (!this.#limited || this.#bad.size === 0) return false;
    if (this.#bad.left(keyOf({ lane, party: network })) >= 1) return false;
    const presented = token();
    return presented !== undefined && this.#known.get(tokenDigest(presented), this.#now()) === undefined;
  }

  async #judge(
    token: string,
    digest: string,
    share: Share,
    spends: readonly Share[],
  ): Promise<CometPrincipal> {
    try {
      const principal = await this.verifier.verify(token, share);
      const now = this.#now();
      this.#known.set(digest, true, now + KNOWN_FOR, now);
      return principal;
    } catch (error) {
      if (error instanceof AuthUnavailableError) {
        for (const spent of spends) this.#undecided.take(keyOf(spent));
        throw error;
      }
      this.#known.delete(digest);
      // A token that was good once is a sign of a laptop that was asleep, and not of somebody who tries some.
      if (!(error instanceof TokenError && error.code === 'token_expired'))
        for (const spent of spends) this.#bad.take(keyOf(spent));
      throw error;
    }
  }

  #refusal(share: Share): AuthUnavailableError {
    const wait = this.#bad.wait(keyOf(share));
    if (wait === 0) return new AuthUnavailableError('too many tokens of its network could not be verified');
    if (!this.#toldOfLimit) {
      this.#toldOfLimit = true;
      this.#logger.warn(
        'Tokens were turned away unread, as too many bad tokens came from their network. If that is a proxy with many ' +
          'clients behind it, set `trustProxy`; if so many are usual, raise `limits.badHandshakes`. ' +
          'Further ones are not logged.',
      );
    }
    return new TokenLimitError(wait);
  }
}

function keyOf({ lane, party }: Share): string {
  return `${lane} ${party}`;
}

import { decodeProtectedHeader } from 'jose';
import type { IntrospectionResponse } from 'openid-client';
import type { Clock, Logger } from '../bayeux/ports.js';
import type { CometPrincipal } from './comet-principal.js';
import { ConcurrencyLimit, type Share } from './concurrency-limit.js';
import { IntrospectionClient } from './introspection.client.js';
import { ISSUER_TIMEOUT, type IssuerMetadata } from './issuer-metadata.js';
import type { IntrospectionSettings, IssuerSettings } from './issuer-settings.js';
import { refused } from './claims.js';
import { bareType } from './jwt.verifier.js';
import { refuseLookAlikes } from './look-alikes.js';
import { tokenRef } from './presented-token.js';
import { principalOf, refuseOtherAudiences } from './token-claims.js';
import { TokenError } from './token-verifier.js';
import type { SharingVerifier } from './verification-gate.js';

/**
 * Verifies access tokens by asking their issuer (RFC 7662). That a token is active is not enough: it must also be meant
 * for this server and good now, which only this server can tell (RFC 7662 §4).
 *
 * @internal
 */
export class IntrospectionVerifier implements SharingVerifier {
  readonly #options: IssuerSettings;
  readonly #client: IntrospectionClient;
  readonly #limit: ConcurrencyLimit;
  readonly #clock: Clock;
  /** Milliseconds; 0 for never. */
  readonly recheckAfter: number;
  /** The tokens that principals were made of, for as long as these are needed. */
  readonly #tokens = new WeakMap<CometPrincipal, string>();

  constructor(
    options: IssuerSettings,
    settings: IntrospectionSettings,
    metadata: IssuerMetadata,
    logger: Logger,
    clock: Clock,
  ) {
    this.#options = options;
    this.#client = new IntrospectionClient(options, settings, metadata, logger, () => clock.now());
    const patience = options.issuerTimeout ?? ISSUER_TIMEOUT;
    this.#limit = new ConcurrencyLimit(
      { running: settings.concurrency, waiting: settings.queue, patience },
      () => clock.now(),
    );
    this.#clock = clock;
    this.recheckAfter = settings.recheck * 1000;
  }

  /**
   * @throws TokenError `token_expired` if only its time is over, `invalid_token` in every other case.
   * @throws AuthUnavailableError if the issuer gives no answer, or too many tokens wait for theirs.
   */
  async verify(token: string, share?: Share): Promise<CometPrincipal> {
    const answer = await this.#ask(token, share);
    refuseOtherAudiences(answer, this.#options);
    refuseLookAlikes(answer);
    const principal = principalOf(answer, this.#options, {
      now: Math.floor(this.#clock.wallTime() / 1000),
      tokenRef: tokenRef(token),
    });
    return this.#remember(principal, token);
  }

  /**
   * Asks whether a token that was verified otherwise is still good.
   *
   * @throws as `verify`.
   */
  async confirm(token: string, principal: CometPrincipal, share?: Share): Promise<CometPrincipal> {
    const answer = await this.#ask(token, share);
    if (answer.sub !== undefined && answer.sub !== principal.subject)
      throw refused('another sub than it says');
    refuseLookAlikes(answer, bareType(decodeProtectedHeader(token).typ ?? ''));
    return this.#remember(principal, token);
  }

  /**
   * Asks about the token of a living session. That it has expired since is not for here to say.
   *
   * @returns false if it is no longer good.
   * @throws AuthUnavailableError if that cannot be told at present.
   */
  async recheck(principal: CometPrincipal): Promise<boolean> {
    const token = this.#tokens.get(principal);
    if (token === undefined) return true;
    try {
      await this.#ask(token, RECHECK);
      return true;
    } catch (error) {
      if (error instanceof TokenError) return error.code === 'token_expired';
      throw error;
    }
  }

  #remember(principal: CometPrincipal, token: string): CometPrincipal {
    if (this.recheckAfter > 0) this.#tokens.set(principal, token);
    return principal;
  }

  async #ask(token: string, share?: Share): Promise<IntrospectionResponse> {
    const answer = await this.#limit.run(() => this.#client.ask(token), share);
    if (!answer.active) throw refused('not active');
    const { iss } = answer;
    if (iss !== undefined && iss !== this.#options.issuer) throw refused('of another issuer (iss)');
    this.#checkTimes(answer);
    return answer;
  }

  #checkTimes({ exp, nbf }: IntrospectionResponse): void {
    const now = Math.floor(this.#clock.wallTime() / 1000);
    const tolerance = this.#options.clockTolerance;
    if (nbf !== undefined && !(isTime(nbf) && nbf <= now + tolerance)) throw refused('not yet good (nbf)');
    if (exp === undefined) return;
    if (!isTime(exp)) throw refused('malformed exp');
    if (exp <= now - tolerance) throw new TokenError('token_expired', 'exp');
  }
}

/** Tokens of living sessions wait for none that strangers present. */
const RECHECK: Share = { lane: 'rechecks', party: '' };

/** What the metadata of openid-client calls a number came from somewhere else. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

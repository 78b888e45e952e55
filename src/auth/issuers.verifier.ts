import { decodeJwt } from 'jose';
import type { Clock, Logger } from '../bayeux/ports.js';
import { CachingVerifier } from './caching.verifier.js';
import type { CometPrincipal } from './comet-principal.js';
import type { Share } from './concurrency-limit.js';
import { IntrospectionVerifier } from './introspection.verifier.js';
import { type IssuerEndpoint, IssuerMetadata } from './issuer-metadata.js';
import type { IssuerSettings } from './issuer-settings.js';
import { COMPACT_JWS, JwtTokenVerifier } from './jwt.verifier.js';
import type { TokenRechecker } from './rechecks.js';
import { TokenError } from './token-verifier.js';
import type { SharingVerifier } from './verification-gate.js';

/** Milliseconds for which a JWT is not verified again, and for which a bad one stays bad. */
const JWT_TIMES = { good: 60_000, bad: 5_000 };

/**
 * Verifies the tokens of all issuers that are configured. What a token says of its issuer is believed by nobody: it
 * selects one of them, whose own keys or own word then decide. No address is made of it, and nothing of one issuer
 * serves for another.
 */
export class IssuersVerifier implements SharingVerifier, TokenRechecker {
  readonly #verifiers: ReadonlyMap<string, SharingVerifier>;
  /** Those that are asked about their tokens, by issuer. */
  readonly #asked = new Map<string, IntrospectionVerifier>();
  /** Whom tokens are shown that say nothing of their issuer. */
  readonly #opaque: SharingVerifier | undefined;
  readonly #maxTokenLength: number;

  /**
   * @throws TypeError if the options cannot be used; `validateIssuers` tells what is wrong.
   */
  constructor(issuers: readonly IssuerSettings[], logger: Logger, clock: Clock) {
    this.#verifiers = new Map(
      issuers.map((issuer) => [issuer.issuer, this.#verifierOf(issuer, logger, clock)]),
    );
    this.#maxTokenLength = Math.max(...issuers.map(({ maxTokenLength }) => maxTokenLength));
    // With two of them one would see the tokens of the other.
    const [asked, ...others] = issuers.filter(({ strategy }) => strategy === 'introspection');
    if (asked && others.length === 0) this.#opaque = this.#verifiers.get(asked.issuer);
  }

  /**
   * @throws TokenError `token_expired` if only its time is over, `invalid_token` in every other case.
   * @throws AuthUnavailableError if its issuer cannot be asked.
   */
  async verify(token: string, share?: Share): Promise<CometPrincipal> {
    if (token.length > this.#maxTokenLength) throw new TokenError('invalid_token', 'too long');
    const issuer = claimedIssuer(token);
    const verifier = issuer === undefined ? this.#opaque : this.#verifiers.get(issuer);
    if (!verifier) throw new TokenError('invalid_token', 'of no issuer that is configured (iss)');
    return verifier.verify(token, share);
  }

  get shortestRecheck(): number {
    const times = [...this.#asked.values()]
      .map(({ recheckAfter }) => recheckAfter)
      .filter((time) => time > 0);
    return times.length === 0 ? 0 : Math.min(...times);
  }

  recheckAfter({ issuer }: CometPrincipal): number {
    return this.#asked.get(issuer)?.recheckAfter ?? 0;
  }

  async recheck(principal: CometPrincipal): Promise<boolean> {
    return (await this.#asked.get(principal.issuer)?.recheck(principal)) ?? true;
  }

  #verifierOf(issuer: IssuerSettings, logger: Logger, clock: Clock): SharingVerifier {
    const { introspection } = issuer;
    if (!introspection || issuer.strategy === 'jwt') {
      return new CachingVerifier(new JwtTokenVerifier(issuer, logger, clock), JWT_TIMES, clock);
    }
    const both = issuer.strategy === 'jwt+introspection';
    const needs: IssuerEndpoint[] = ['introspection_endpoint'];
    if (both || introspection.signedResponseAlg !== undefined) needs.push('jwks_uri');
    const metadata = new IssuerMetadata(issuer, needs, logger, () => clock.now());
    const asking = new IntrospectionVerifier(issuer, introspection, metadata, logger, clock);
    this.#asked.set(issuer.issuer, asking);
    const verifier = both ? inTurn(new JwtTokenVerifier(issuer, logger, clock, metadata), asking) : asking;
    const times = { good: introspection.maxTtl * 1000, bad: introspection.negativeTtl * 1000 };
    return new CachingVerifier(verifier, times, clock);
  }
}

function claimedIssuer(token: string): string | undefined {
  if (!COMPACT_JWS.test(token)) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    // Three parts, but no JWT.
    return undefined;
  }
}

/** First by signature, so that an issuer is asked only about tokens that it has made. */
function inTurn(jwt: JwtTokenVerifier, asking: IntrospectionVerifier): SharingVerifier {
  return { verify: async (token, share) => asking.confirm(token, await jwt.verify(token), share) };
}

import type { JWTVerifyResult } from 'jose';
import type { Clock, Logger } from '../bayeux/ports.js';
import { ACCESS_TOKEN } from './claims.js';
import { audiencesOf } from './claims-options.js';
import type { CometPrincipal } from './comet-principal.js';
import { failureCode } from './failure-code.js';
import { IssuerKeys } from './issuer-keys.js';
import type { IssuerMetadata } from './issuer-metadata.js';
import { validateJwtOptions } from './jwt-verifier.options.js';
import type { JwtVerifierOptions } from './jwt-verifier.options.js';
import { refuseLookAlikes } from './look-alikes.js';
import { tokenRef } from './presented-token.js';
import { principalOf, refuseOtherAudiences } from './token-claims.js';
import { AuthUnavailableError, TokenError } from './token-verifier.js';
import type { TokenVerifier } from './token-verifier.js';

/** JWS compact serialisation, RFC 7515 §7.1. An unsigned token (`a.b.`) has not even this shape. */
export const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** How `tokenTypes` says that a header needs no `typ`. */
const UNTYPED = 'none';

/**
 * Verifies JWT access tokens (RFC 9068) of one issuer, with the keys it publishes. Asks the issuer when the first
 * token comes, never before.
 */
export class JwtTokenVerifier implements TokenVerifier {
  readonly #options: JwtVerifierOptions;
  readonly #algorithms: string[];
  readonly #types: ReadonlySet<string>;
  readonly #keys: IssuerKeys;
  readonly #clock: Clock;

  /**
   * @param metadata what tells where the keys are, if others use it too.
   * @throws TypeError if the options cannot be used; `validateJwtOptions` tells what is wrong.
   */
  constructor(options: JwtVerifierOptions, logger: Logger, clock: Clock, metadata?: IssuerMetadata) {
    const mistakes = validateJwtOptions(options);
    if (mistakes.length > 0) throw new TypeError(mistakes.join('\n'));
    this.#options = options;
    this.#algorithms = [...options.algorithms];
    this.#types = new Set([ACCESS_TOKEN, ...options.tokenTypes.map(bareType)]);
    this.#keys = new IssuerKeys(options, logger, () => clock.now(), metadata);
    this.#clock = clock;
  }

  /**
   * @throws TokenError `token_expired` if only its time is over, `invalid_token` in every other case.
   * @throws AuthUnavailableError if the issuer cannot be asked for its keys.
   */
  async verify(token: string): Promise<CometPrincipal> {
    if (token.length > this.#options.maxTokenLength) throw new TokenError('invalid_token', 'too long');
    if (!COMPACT_JWS.test(token)) throw new TokenError('invalid_token', 'no JWS in compact serialisation');
    const now = this.#clock.wallTime();
    const { payload, protectedHeader } = await this.#verifySignature(token, now);
    const type = this.#typeOf(protectedHeader);
    refuseOtherAudiences(payload, this.#options);
    refuseLookAlikes(payload, type);
    const seconds = Math.floor(now / 1000);
    return principalOf(payload, this.#options, { now: seconds, tokenRef: tokenRef(token), type });
  }

  /** jose compares `typ` with one value only, so the comparison is made here, by its rules. */
  #typeOf({ typ }: JWTVerifyResult['protectedHeader']): string | undefined {
    const type: unknown = typ;
    if (type === undefined && this.#types.has(UNTYPED)) return undefined;
    const bare = typeof type === 'string' ? bareType(type) : UNTYPED;
    if (bare !== UNTYPED && this.#types.has(bare)) return bare;
    const said = type === undefined ? 'missing' : JSON.stringify(type).slice(0, 40);
    const permitted = [...this.#types].join(', ');
    throw new TokenError('invalid_token', `typ is ${said}, and auth.tokenTypes permits ${permitted}`);
  }

  async #verifySignature(token: string, now: number): Promise<JWTVerifyResult> {
    try {
      return await this.#keys.verify(token, {
        issuer: this.#options.issuer,
        // Without it, jose asks for no `aud` either.
        ...(this.#options.audienceClaim === 'aud' && { audience: audiencesOf(this.#options) }),
        algorithms: this.#algorithms,
        requiredClaims: ['exp', 'iat'],
        clockTolerance: this.#options.clockTolerance,
        currentDate: new Date(now),
      });
    } catch (error) {
      if (error instanceof AuthUnavailableError) throw error;
      const code = failureCode(error);
      // Which claim it was comes from the options above, not from the token.
      const claim = (error as { claim?: unknown } | null)?.claim;
      const reason = typeof claim === 'string' ? `${code} (${claim})` : code;
      throw new TokenError(code === 'ERR_JWT_EXPIRED' ? 'token_expired' : 'invalid_token', reason);
    }
  }
}

/** Media types are compared in lower case, and `application/` may be left out (RFC 7515 §4.1.9). @internal */
export function bareType(type: string): string {
  return type.toLowerCase().replace(/^application\/(?=[^/]+$)/, '');
}

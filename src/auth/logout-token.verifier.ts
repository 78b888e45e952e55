import { decodeJwt, type JWTVerifyResult } from 'jose';
import type { Clock, Logger } from '../bayeux/ports.js';
import { failureCode } from './failure-code.js';
import { IssuerKeys } from './issuer-keys.js';
import type { JwtVerifierOptions } from './jwt-verifier.options.js';
import { bareType } from './jwt.verifier.js';
import { type Logout, logoutOf, type LogoutTokenOptions } from './logout-token.js';
import { AuthUnavailableError, TokenError } from './token-verifier.js';

/** Seconds for which a logout token is good: not every issuer says until when. */
const MAX_AGE = 120;

/** The type of a logout token, which older issuers do not write (OpenID Connect Back-Channel Logout 1.0 §2.4). */
const LOGOUT_TOKEN = 'logout+jwt';

/** One issuer and its keys, which are never tried for another. */
interface Issuer {
  readonly options: JwtVerifierOptions;
  readonly keys: IssuerKeys;
}

/**
 * Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6) of the issuers that are configured.
 */
export class LogoutTokenVerifier {
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #options: LogoutTokenOptions;
  readonly #clock: Clock;

  constructor(
    issuers: readonly JwtVerifierOptions[],
    options: LogoutTokenOptions,
    logger: Logger,
    clock: Clock,
  ) {
    this.#issuers = new Map(
      issuers.map((issuer) => [
        issuer.issuer,
        { options: issuer, keys: new IssuerKeys(issuer, logger, () => clock.now()) },
      ]),
    );
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * @param waits whether the token may wait for keys of its issuer that are not known yet.
   * @throws TokenError if the token is not good.
   * @throws AuthUnavailableError if its issuer cannot be asked for its keys.
   */
  async verify(token: string, waits = true): Promise<Logout> {
    const issuer = this.#issuerOf(token);
    const { payload, protectedHeader } = await this.#verifySignature(token, issuer, waits);
    const type = protectedHeader.typ === undefined ? undefined : bareType(protectedHeader.typ);
    // What is marked as something else is not even tried where types are not taken strictly.
    if (type !== LOGOUT_TOKEN && (this.#options.strictType || (type !== undefined && type !== 'jwt'))) {
      throw new TokenError('invalid_token', 'typ is not that of a logout token');
    }
    return logoutOf(issuer.options.issuer, payload);
  }

  /** What the token says is only looked up among the issuers there are. */
  #issuerOf(token: string): Issuer {
    let issuer: Issuer | undefined;
    try {
      issuer = this.#issuers.get(decodeJwt(token).iss ?? '');
    } catch {
      throw new TokenError('invalid_token', 'no JWT');
    }
    if (!issuer) throw new TokenError('invalid_token', 'of an unknown issuer');
    return issuer;
  }

  async #verifySignature(token: string, { options, keys }: Issuer, waits: boolean): Promise<JWTVerifyResult> {
    try {
      const expected = {
        issuer: options.issuer,
        audience: [...this.#options.clientIds],
        algorithms: [...options.algorithms],
        requiredClaims: ['iat', 'jti'],
        maxTokenAge: MAX_AGE,
        clockTolerance: options.clockTolerance,
        currentDate: new Date(this.#clock.wallTime()),
      };
      return await keys.verify(token, expected, waits);
    } catch (error) {
      if (error instanceof AuthUnavailableError) throw error;
      throw new TokenError('invalid_token', failureCode(error));
    }
  }
}

import type { CometPrincipal } from './comet-principal.js';

/**
 * Turns an access token into the principal it speaks for. Replace it to accept tokens of another kind.
 *
 * @throws {@link TokenError} if the token is not good.
 * @throws {@link AuthUnavailableError} if that cannot be told at present: the client is asked to try again later.
 * Anything else thrown refuses the token too.
 */
export interface TokenVerifier {
  verify(token: string): Promise<CometPrincipal>;
}

/** Why a token is refused. Only expiry is told apart: a client needs it, a thief learns nothing from it. */
export type TokenErrorCode = 'invalid_token' | 'token_expired';

/** The token is not good. `reason` is for the log and never reaches the peer. */
export class TokenError extends Error {
  constructor(
    readonly code: TokenErrorCode,
    readonly reason: string,
  ) {
    super(`${code}: ${reason}`);
    this.name = 'TokenError';
  }
}

/** The issuer cannot be asked at present, so nothing is known of the token. */
export class AuthUnavailableError extends Error {
  constructor(readonly reason: string) {
    super(`The issuer cannot be asked: ${reason}`);
    this.name = 'AuthUnavailableError';
  }
}

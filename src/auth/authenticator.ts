import { BayeuxErrors } from '../bayeux/errors.js';
import type { Credential, Logger, MaybePromise } from '../bayeux/ports.js';
import type { CometPrincipal } from './comet-principal.js';
import { takeCredentials } from './credentials.js';
import type { CredentialCarriers } from './credentials.js';
import { failureCode } from './failure-code.js';
import { isNameText } from './name-text.js';
import { MAX_TOKEN_LENGTH, tokenRef } from './presented-token.js';
import { AuthUnavailableError, TokenError } from './token-verifier.js';
import type { TokenVerifier } from './token-verifier.js';

/** The messages of a request without credentials, and what became of these. */
export interface Authenticated {
  readonly messages: readonly unknown[];
  readonly credential: Credential<CometPrincipal>;
}

/** Takes the credentials out of each request and has them verified, before anybody else sees its messages. */
export class Authenticator {
  readonly #verifier: TokenVerifier | undefined;
  readonly #logger: Logger;
  readonly #maxTokenLength: number;

  /**
   * @param verifier what verifies tokens; without one every token is refused.
   * @param maxTokenLength characters a token may have; a longer one never reaches the verifier. @default 8192
   */
  constructor(verifier: TokenVerifier | undefined, logger: Logger, maxTokenLength = MAX_TOKEN_LENGTH) {
    this.#verifier = verifier;
    this.#logger = logger;
    this.#maxTokenLength = maxTokenLength;
  }

  /**
   * Answers at once unless there is a token to verify. A token that is not good is no error but a credential that
   * is refused.
   *
   * @throws AuthUnavailableError as a rejection, if nothing can be told of the token at present.
   */
  authenticate(request: CredentialCarriers): MaybePromise<Authenticated> {
    const { messages, token, error } = takeCredentials(request);
    if (error !== undefined) {
      this.#logger.debug(`Credentials were refused unread: ${error}.`);
      return { messages, credential: { kind: 'refused', error } };
    }
    if (token === undefined) return { messages, credential: { kind: 'none' } };
    if (this.#verifier === undefined || token.length > this.#maxTokenLength) {
      const why = this.#verifier === undefined ? 'no verifier is configured' : 'it is too long';
      this.#logger.debug(`The token ${tokenRef(token)} was refused: ${why}.`);
      return { messages, credential: REFUSED };
    }
    return this.#verify(this.#verifier, token).then((credential) => ({ messages, credential }));
  }

  async #verify(verifier: TokenVerifier, token: string): Promise<Credential<CometPrincipal>> {
    try {
      const principal = await verifier.verify(token);
      if (isSound(principal)) return { kind: 'principal', principal };
      this.#logger.error(
        `The token verifier answered with no usable principal for the token ${tokenRef(token)}: ` +
          "write an identity, the kind user or service, a userId for users only, the tenant '', and times that are numbers.",
      );
      return REFUSED;
    } catch (error) {
      if (error instanceof AuthUnavailableError) throw error;
      return this.#refuse(error, tokenRef(token));
    }
  }

  #refuse(error: unknown, ref: string): Credential<CometPrincipal> {
    if (!(error instanceof TokenError)) {
      // Only the code: a message, cause or stack made by a verifier may quote the token.
      this.#logger.error(`The token verifier failed for the token ${ref}: ${failureCode(error)}.`);
      return REFUSED;
    }
    if (error.code === 'token_expired') {
      this.#logger.debug(`The token ${ref} was refused: ${error.reason}.`);
      return { kind: 'refused', error: BayeuxErrors.tokenExpired };
    }
    this.#logger.warn(`The token ${ref} was refused: ${error.reason}.`);
    return REFUSED;
  }
}

const REFUSED = Object.freeze({ kind: 'refused', error: BayeuxErrors.tokenInvalid } as const);

/**
 * A verifier of the application may answer anything. An identity that is empty would make its sessions equal to
 * anonymous ones, and a service with a user's id would receive that user's messages.
 */
function isSound(principal: Partial<CometPrincipal> | null | undefined): principal is CometPrincipal {
  if (typeof principal?.identity !== 'string' || principal.identity === '') return false;
  // What is settled for channels holds for the one tenant there is so far: another would get round it.
  if (principal.tenant !== '') return false;
  // A time that compares with no other would never come.
  if (principal.expiresAt !== undefined && !Number.isFinite(principal.expiresAt)) return false;
  if (principal.kind === 'service') return principal.userId === null;
  return principal.kind === 'user' && (principal.userId === null || isNameText(principal.userId));
}

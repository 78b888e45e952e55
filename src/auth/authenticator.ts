import { BayeuxErrors } from '../bayeux/errors.js';
import type { Credential, Logger, MaybePromise } from '../bayeux/ports.js';
import type { CometPrincipal } from './comet-principal.js';
import { takeCredentials } from './credentials.js';
import type { CredentialCarriers, CredentialOptions } from './credentials.js';
import { isNameText } from './name-text.js';
import { logRefusal, MAX_TOKEN_LENGTH, tokenRef } from './presented-token.js';
import { isWithin } from './single-flight.js';
import { AuthUnavailableError, TokenError } from './token-verifier.js';
import type { Presenter } from './verification-gate.js';

/** The messages of a request without credentials, and what became of these. */
export interface Authenticated {
  readonly messages: readonly unknown[];
  readonly credential: Credential<CometPrincipal>;
  /** True if the credential came in the `Authorization` header and in no message. */
  readonly inHeader?: true;
}

/** What an authenticator goes by, where it differs from the default. */
export interface AuthenticatorOptions {
  /** Characters a token may have; a longer one never reaches the verifier. @default 16384 */
  readonly maxTokenLength?: number;
  /** Where tokens may come from. @default where clients in the wild put them */
  readonly credentials?: CredentialOptions;
  /** Whether principals have tenants: then each must have one, else none may. @default false */
  readonly tenants?: boolean;
  /** Milliseconds on a clock that is never set. @default that of the process */
  readonly now?: () => number;
}

/** Milliseconds between two warnings of tokens that are too long. */
const WARNING_PAUSE = 60_000;

/** Verifies the tokens of requests. A `TokenVerifier` does, and a `VerificationGate` ahead of one. */
export interface RequestVerifier {
  verify(token: string, presenter: Presenter): Promise<CometPrincipal>;
  /** Whether a token would be turned away, whatever it is. @default none is */
  refuses?(token: () => string | undefined, presenter: Presenter): boolean;
}

/** Takes the credentials out of each request and has them verified, before anybody else sees its messages. */
export class Authenticator {
  readonly #verifier: RequestVerifier | undefined;
  readonly #logger: Logger;
  readonly #options: AuthenticatorOptions;
  #warned: number | undefined;

  /** @param verifier what verifies tokens; without one every token is refused. */
  constructor(verifier: RequestVerifier | undefined, logger: Logger, options: AuthenticatorOptions = {}) {
    this.#verifier = verifier;
    this.#logger = logger;
    this.#options = options;
  }

  /**
   * Answers at once unless there is a token to verify. A token that is not good is no error but a credential that
   * is refused.
   *
   * @param presenter tells who presents the token. It is asked only if there is one to verify.
   * @throws TokenLimitError as a rejection, if the token was not looked at as too many bad ones came from there.
   * @throws AuthUnavailableError as a rejection, if nothing can be told of the token at present.
   */
  authenticate(
    request: CredentialCarriers,
    presenter: () => Presenter = SOMEBODY,
  ): MaybePromise<Authenticated> {
    const { credentials } = this.#options;
    const { messages, token, error, expectedUser } = takeCredentials(request, credentials);
    if (error !== undefined) {
      this.#logger.debug(`Credentials were refused unread: ${error}.`);
      return { messages, credential: { kind: 'refused', error } };
    }
    if (token === undefined) return { messages, credential: NO_CREDENTIAL };
    if (this.#verifier === undefined) {
      this.#logger.debug(`The token ${tokenRef(token)} was refused: no verifier is configured.`);
      return { messages, credential: REFUSED };
    }
    if (token.length > (this.#options.maxTokenLength ?? MAX_TOKEN_LENGTH)) {
      this.#warnOfLength(token.length);
      return { messages, credential: REFUSED };
    }
    const inHeader =
      request.authorization !== undefined &&
      takeCredentials({ messages: request.messages }, credentials).token === undefined;
    return this.#verify(this.#verifier, token, presenter()).then((credential) => ({
      messages,
      credential: this.#isOf(credential, expectedUser) ? credential : MISMATCH,
      ...(inHeader && { inHeader }),
    }));
  }

  /** Whether there is a token in messages, good or not. */
  finds(messages: readonly unknown[]): boolean {
    const { token, error } = takeCredentials({ messages }, this.#options.credentials);
    return token !== undefined || error !== undefined;
  }

  /** Whether a request with this header would be turned away, whatever its body holds. */
  refusesUnread(authorization: CredentialCarriers['authorization'], presenter: Presenter): boolean {
    if (authorization === undefined || !this.#verifier?.refuses) return false;
    return this.#verifier.refuses(() => takeCredentials({ messages: [], authorization }).token, presenter);
  }

  /** Anybody can send long tokens, and so often that a line for each would be an attack of its own. */
  #warnOfLength(length: number): void {
    const now = (this.#options.now ?? defaultNow)();
    if (this.#warned !== undefined && isWithin(now, this.#warned, WARNING_PAUSE)) return;
    this.#warned = now;
    const permitted = this.#options.maxTokenLength ?? MAX_TOKEN_LENGTH;
    this.#logger.warn(
      `A token of ${length} characters was refused unread: auth.maxTokenLength permits ${permitted}. ` +
        'The next minute is not reported.',
    );
  }

  async #verify(
    verifier: RequestVerifier,
    token: string,
    presenter: Presenter,
  ): Promise<Credential<CometPrincipal>> {
    try {
      const principal = await verifier.verify(token, presenter);
      if (isSound(principal, this.#options.tenants ?? false)) return { kind: 'principal', principal };
      this.#logger.error(
        `The token verifier answered with no usable principal for the token ${tokenRef(token)}: ` +
          'write an identity, the kind user or service, a userId for users only, times that are numbers, and ' +
          (this.#options.tenants === true ? 'the name of a tenant.' : "the tenant ''."),
      );
      return REFUSED;
    } catch (error) {
      if (error instanceof AuthUnavailableError) throw error;
      return this.#refuse(error, tokenRef(token));
    }
  }

  /** A client that says who it is must be right; who is wrong learns no more than that. */
  #isOf(credential: Credential<CometPrincipal>, expected: unknown): boolean {
    if (expected === undefined || credential.kind !== 'principal') return true;
    const { userId, tokenRef: ref } = credential.principal;
    if (userId !== null && userId === expected) return true;
    this.#logger.warn(`The token ${ref} was refused: it is not that of the user who presents it.`);
    return false;
  }

  #refuse(error: unknown, ref: string): Credential<CometPrincipal> {
    logRefusal(this.#logger, ref, error);
    const expired = error instanceof TokenError && error.code === 'token_expired';
    return expired ? { kind: 'refused', error: BayeuxErrors.tokenExpired } : REFUSED;
  }
}

const SOMEBODY = (): Presenter => ({ lane: 'clients', network: 'unknown' });

function defaultNow(): number {
  return performance.now();
}

const NO_CREDENTIAL = Object.freeze({ kind: 'none' } as const);

const MISMATCH = Object.freeze({ kind: 'refused', error: BayeuxErrors.principalMismatch } as const);
const REFUSED = Object.freeze({ kind: 'refused', error: BayeuxErrors.tokenInvalid } as const);

/**
 * A verifier of the application may answer anything. An identity that is empty would make its sessions equal to
 * anonymous ones, and a service with a user's id would receive that user's messages.
 */
function isSound(
  principal: Partial<CometPrincipal> | null | undefined,
  tenants: boolean,
): principal is CometPrincipal {
  if (typeof principal?.identity !== 'string' || principal.identity === '') return false;
  // Without tenants a principal of one would get round what is settled for the channels of all; with them one that
  // has none would be in a tenant that nobody has made.
  if (typeof principal.tenant !== 'string' || (principal.tenant !== '') !== tenants) return false;
  // A time that compares with no other would never come.
  if (![principal.expiresAt ?? 0, principal.statedExpiry ?? 0].every(Number.isFinite)) return false;
  if (principal.kind === 'service') return principal.userId === null;
  return principal.kind === 'user' && (principal.userId === null || isNameText(principal.userId));
}

import passport from 'passport';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { takeCredentials } from '../auth/credentials.js';
import { AuthUnavailableError, TokenError, type TokenVerifier } from '../auth/token-verifier.js';
import { BayeuxErrors } from '../bayeux/errors.js';
import { valuesOf } from '../transports/http-exchange.js';

/** The one name under which passport knows the strategy; it keeps no state, so that one serves all guards. */
export const COMET_BEARER = 'comet-bearer';

/** What a guard hands over for one request: passport knows strategies only globally. */
export interface CometBearerOptions {
  readonly verifier: TokenVerifier;
}

/** Why a request is refused, as RFC 6750 §3.1 words it. No `error` means that there were no credentials. */
export interface BearerFailure {
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  readonly description?: string;
}

/** The part of a request that is looked at, the same on Express and Fastify. */
interface BearerRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw?: { readonly rawHeaders?: string[] };
  readonly rawHeaders?: string[];
  readonly url?: string;
}

/** Authenticates HTTP requests by the access token in their `Authorization` header (RFC 6750 §2.1). */
export class CometBearerStrategy extends passport.Strategy {
  override readonly name = COMET_BEARER;

  override authenticate(request: unknown, options: unknown): void {
    const { verifier } = options as CometBearerOptions;
    const token = readToken(request as BearerRequest);
    if (typeof token !== 'string') {
      this.fail(token, token.error === 'invalid_request' ? 400 : 401);
      return;
    }
    verifier.verify(token).then(
      (principal: CometPrincipal) => {
        this.success(principal);
      },
      (error: unknown) => {
        if (error instanceof AuthUnavailableError) this.error(error);
        else this.fail(failureOf(error), 401);
      },
    );
  }
}

function readToken(request: BearerRequest): string | BearerFailure {
  // `headers` keeps one of several, and a request over HTTP/2 has no `headersDistinct`.
  const rawHeaders = request.rawHeaders ?? request.raw?.rawHeaders;
  const authorization = rawHeaders
    ? valuesOf({ rawHeaders }, 'authorization')
    : request.headers['authorization'];
  const query = new URLSearchParams((request.url ?? '').split('?').slice(1).join('?'));
  if (query.has('access_token')) {
    return { error: 'invalid_request', description: 'a token does not belong in a URL' };
  }
  const { token, error } = takeCredentials({ messages: [], authorization });
  if (token !== undefined) return token;
  if (error === undefined) return {};
  return error === BayeuxErrors.multipleCredentials
    ? { error: 'invalid_request', description: 'more than one token' }
    : { error: 'invalid_request', description: 'not a bearer token' };
}

function failureOf(error: unknown): BearerFailure {
  const expired = error instanceof TokenError && error.code === 'token_expired';
  return { error: 'invalid_token', ...(expired && { description: 'the token has expired' }) };
}

passport.use(new CometBearerStrategy());

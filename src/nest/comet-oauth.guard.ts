import { type ExecutionContext, HttpException, Inject, Injectable } from '@nestjs/common';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { AuthUnavailableError, TokenError, type TokenVerifier } from '../auth/token-verifier.js';
import { type BearerFailure, COMET_BEARER, type CometBearerOptions } from './comet-bearer.strategy.js';
import { CometAuth } from './comet-auth.service.js';
import { TOKEN_VERIFIER } from './tokens.js';

/** Sets a header, on Express and on Fastify. */
interface HeaderResponse {
  header(name: string, value: string): unknown;
}

/**
 * Protects controllers with the access tokens of the push server. The principal is `request.user`; a request without
 * a good token is answered as RFC 6750 §3 says, with a `WWW-Authenticate` challenge: 401 without a token or with a
 * bad one, 400 for a token in the URL or several of them, 503 while the issuer cannot be asked.
 *
 * @example
 * @UseGuards(CometOAuthGuard)
 * @Get('me')
 * me(@Req() request: { user: CometPrincipal }) {
 *   return request.user.userId;
 * }
 *
 * @publicApi
 */
@Injectable()
export class CometOAuthGuard extends AuthGuard(COMET_BEARER) implements IAuthGuard {
  readonly #verifier: TokenVerifier;

  constructor(@Inject(TOKEN_VERIFIER) verifier: TokenVerifier, auth: CometAuth) {
    super();
    this.#verifier = {
      verify: async (token) => {
        const principal = await verifier.verify(token);
        if (await auth.isRevoked(principal)) throw new TokenError('invalid_token', 'revoked');
        return principal;
      },
    };
  }

  override getAuthenticateOptions(): CometBearerOptions & { session: false } {
    return { session: false, verifier: this.#verifier };
  }

  override handleRequest<User = CometPrincipal>(
    error: unknown,
    user: User | false | null | undefined,
    info: unknown,
    context: ExecutionContext,
    status?: unknown,
  ): User {
    if (user) return user;
    const response = context.switchToHttp().getResponse<HeaderResponse>();
    if (error instanceof AuthUnavailableError) {
      response.header('Retry-After', '5');
      throw new HttpException('Tokens cannot be verified at present.', 503);
    }
    if (error instanceof Error) throw error;
    const failure = (info ?? {}) as BearerFailure;
    response.header('WWW-Authenticate', challenge(failure));
    throw new HttpException(failure.error ?? 'Unauthorized', typeof status === 'number' ? status : 401);
  }
}

function challenge({ error, description }: BearerFailure): string {
  if (error === undefined) return 'Bearer';
  return `Bearer error="${error}"${description === undefined ? '' : `, error_description="${description}"`}`;
}

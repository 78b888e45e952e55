import { type ExecutionContext, HttpException, Inject, Injectable, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { AuthUnavailableError, TokenError, type TokenVerifier } from '../auth/token-verifier.js';
import type { ProtectedResource } from '../transports/transport-options.js';
import { bearerChallenge } from './bearer-challenge.js';
import { CometAuth } from './comet-auth.service.js';
import { type BearerFailure, COMET_BEARER, type CometBearerOptions } from './comet-bearer.strategy.js';
import { REQUIRED_KINDS, REQUIRED_SCOPES } from './require-scopes.decorator.js';
import { COMET_RESOURCE, TOKEN_VERIFIER } from './tokens.js';

/** Sets a header, on Express and on Fastify. */
interface HeaderResponse {
  header(name: string, value: string): unknown;
}

const reflector = new Reflector();

/**
 * Protects controllers with the access tokens of the push server. The principal is `request.user`; a request without
 * a good token is answered as RFC 6750 §3 says, with a `WWW-Authenticate` challenge: 401 without a token or with a
 * bad one, 400 for a token in the URL or several of them, 403 for one that lacks what `@RequireScopes` or `@RequireKind`
 * ask for, 503 while the issuer cannot be asked.
 *
 * @example
 * @UseGuards(CometOAuthGuard)
 * @RequireScopes('profile')
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
  readonly #resource: ProtectedResource | undefined;

  constructor(
    @Inject(TOKEN_VERIFIER) verifier: TokenVerifier,
    auth: CometAuth,
    @Optional() @Inject(COMET_RESOURCE) resource?: ProtectedResource,
  ) {
    super();
    this.#verifier = {
      verify: async (token) => {
        const principal = await verifier.verify(token);
        if (await auth.isRevoked(principal)) throw new TokenError('invalid_token', 'revoked');
        return principal;
      },
    };
    this.#resource = resource;
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
    if (user) {
      const lacking = this.#lacking(user, context);
      if (lacking) this.#refuse(lacking, 403, context);
      return user;
    }
    if (error instanceof AuthUnavailableError) {
      context.switchToHttp().getResponse<HeaderResponse>().header('Retry-After', '5');
      throw new HttpException('Tokens cannot be verified at present.', 503);
    }
    if (error instanceof Error) throw error;
    this.#refuse(info ?? {}, typeof status === 'number' ? status : 401, context);
  }

  /** What a good token lacks. A principal that is not ours, as a verifier of the application may make it, has no scopes. */
  #lacking(principal: Partial<CometPrincipal>, context: ExecutionContext): BearerFailure | undefined {
    const kinds = required(REQUIRED_KINDS, context);
    if (!kinds.every((kind) => kind === principal.kind)) {
      return { error: 'insufficient_scope', description: `tokens of a ${String(kinds[0])} only` };
    }
    const scopes = required(REQUIRED_SCOPES, context);
    const granted = principal.scopes ?? [];
    return scopes.every((scope) => granted.includes(scope)) ? undefined : { error: 'insufficient_scope' };
  }

  #refuse(failure: BearerFailure, status: number, context: ExecutionContext): never {
    const challenge = bearerChallenge(failure, {
      scopes: required(REQUIRED_SCOPES, context),
      resourceMetadata: this.#resource?.metadataUrl,
    });
    context.switchToHttp().getResponse<HeaderResponse>().header('WWW-Authenticate', challenge);
    throw new HttpException(failure.error ?? 'Unauthorized', status);
  }
}

/** What the controller asks for, and then its method. */
function required(key: string, context: ExecutionContext): readonly string[] {
  const asked = reflector.getAll<(string[] | undefined)[]>(key, [context.getClass(), context.getHandler()]);
  return [...new Set(asked.flatMap((names) => names ?? []))];
}

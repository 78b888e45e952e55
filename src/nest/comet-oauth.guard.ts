import type { IncomingMessage } from 'node:http';
import { type ExecutionContext, HttpException, Inject, Injectable, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { AuthUnavailableError, TokenError } from '../auth/token-verifier.js';
import { logRefusal, tokenRef } from '../auth/presented-token.js';
import { type Presenter, TokenLimitError, type VerificationGate } from '../auth/verification-gate.js';
import type { ProtectedResource } from '../transports/transport-options.js';
import { bearerChallenge } from './bearer-challenge.js';
import { CometAuth } from './comet-auth.service.js';
import { type BearerFailure, COMET_BEARER, type CometBearerOptions } from './comet-bearer.strategy.js';
import { CometLogger } from './nest.logger.js';
import { REQUIRED_KINDS, REQUIRED_SCOPES } from './require-scopes.decorator.js';
import { COMET_RESOURCE, VERIFICATION_GATE } from './tokens.js';

/** Sets a header, on Express and on Fastify. */
interface HeaderResponse {
  header(name: string, value: string): unknown;
}

/** A request, on Express and on Fastify. */
type PresentingRequest = IncomingMessage & { readonly raw?: IncomingMessage };

const reflector = new Reflector();
const logger = new CometLogger();

/**
 * Protects controllers with the access tokens of the push server. The principal is `request.user`; a request without
 * a good token is answered as RFC 6750 §3 says, with a `WWW-Authenticate` challenge: 401 without a token or with a
 * bad one, 400 for a token in the URL or several of them, 403 for one that lacks what `@RequireScopes` or `@RequireKind`
 * ask for, 503 while the issuer cannot be asked, 429 for one that was not known to be good when too many bad tokens came
 * from its address (`limits.badHandshakes`; they are counted apart from those of push clients).
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
  readonly #gate: VerificationGate;
  readonly #auth: CometAuth;
  readonly #resource: ProtectedResource | undefined;

  constructor(
    @Inject(VERIFICATION_GATE) gate: VerificationGate,
    auth: CometAuth,
    @Optional() @Inject(COMET_RESOURCE) resource?: ProtectedResource,
  ) {
    super();
    this.#gate = gate;
    this.#auth = auth;
    this.#resource = resource;
  }

  override getAuthenticateOptions(context: ExecutionContext): CometBearerOptions & { session: false } {
    const request = this.getRequest(context) as PresentingRequest;
    return { session: false, verifier: { verify: (token) => this.#verify(token, request) } };
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
    if (error instanceof TokenLimitError) {
      const seconds = Math.max(Math.ceil(error.wait / 1000), 1);
      context.switchToHttp().getResponse<HeaderResponse>().header('Retry-After', String(seconds));
      throw new HttpException('Too many bad tokens came from this address.', 429);
    }
    if (error instanceof AuthUnavailableError) {
      context.switchToHttp().getResponse<HeaderResponse>().header('Retry-After', '5');
      throw new HttpException('Tokens cannot be verified at present.', 503);
    }
    if (error instanceof Error) throw error;
    this.#refuse(info ?? {}, typeof status === 'number' ? status : 401, context);
  }

  async #verify(token: string, request: PresentingRequest): Promise<CometPrincipal> {
    const network = this.#auth.networkOf(request.raw ?? request);
    const presenter: Presenter = { lane: 'controllers', network };
    try {
      const principal = await this.#gate.verify(token, presenter);
      if (await this.#auth.isRevoked(principal)) throw new TokenError('invalid_token', 'revoked');
      return principal;
    } catch (error) {
      if (!(error instanceof AuthUnavailableError)) logRefusal(logger, tokenRef(token), error);
      throw error;
    }
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

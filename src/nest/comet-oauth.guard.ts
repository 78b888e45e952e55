import type { IncomingMessage } from 'node:http';
import {
  type ExecutionContext,
  ForbiddenException,
  HttpException,
  Inject,
  Injectable,
  Optional,
} from '@nestjs/common';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import { WsException } from '@nestjs/websockets';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { AuthUnavailableError, TokenError } from '../auth/token-verifier.js';
import { logRefusal, tokenRef } from '../auth/presented-token.js';
import { type Presenter, TokenLimitError, type VerificationGate } from '../auth/verification-gate.js';
import type { ProtectedResource } from '../transports/transport-options.js';
import { refuseLacking, refuseToken, setHeader } from './bearer-challenge.js';
import { CometAuth } from './comet-auth.service.js';
import { COMET_BEARER, type CometBearerOptions } from './comet-bearer.strategy.js';
import { CometContext } from './comet-context.js';
import { CometError } from './comet-error.js';
import type { CometSession } from './comet-session.js';
import { CometLogger } from './nest.logger.js';
import { isPublic, requirementOf } from './require-scopes.decorator.js';
import { COMET_RESOURCE, VERIFICATION_GATE } from './tokens.js';

/** A request, on Express and on Fastify. */
type PresentingRequest = IncomingMessage & { readonly raw?: IncomingMessage };

const logger = new CometLogger();

/** Marks classes of the library that have a guard of their own, which extends this one. @internal */
export const AUDITED_GUARD = 'nestjs-comet:audited-guard';

/** Handlers that the guard cannot protect, and that the log has told of. */
const told = new WeakSet<object>();

/**
 * Protects controllers and gateways with the access tokens of the push server: as `APP_GUARD`, by `useGlobalGuards`, on
 * classes and on methods. `@CometPublic` opens what it shall leave alone.
 *
 * In a Bayeux session it judges the principal of the session. An anonymous one is refused with
 * `401::authentication_required`, one whose token has expired with `401::token_expired`, and one that lacks what
 * `@RequireScopes` or `@RequireKind` ask for with `403::insufficient_scope`, and with what it lacks in `ext.details`.
 *
 * In controllers the principal is `request.user`; a request without
 * a good token is answered as RFC 6750 §3 says, with a `WWW-Authenticate` challenge: 401 without a token or with a
 * bad one, 400 for a token in the URL or several of them, 403 for one that lacks what `@RequireScopes` or `@RequireKind`
 * ask for, 503 while the issuer cannot be asked, 429 for one that was not known to be good when too many bad tokens came
 * from its address (`limits.badHandshakes`; they are counted apart from those of push clients).
 *
 * Elsewhere (gateways of other adapters, microservices, GraphQL) it knows no token, and refuses.
 *
 * A class that extends it may override `handleRequest`, which has its say in sessions as well: it is given the principal, or
 * `false` for an anonymous session. What it throws refuses. The principal of a session stays what it is, so that one that
 * is answered with nothing is refused too.
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

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (isPublic(context.getClass(), context.getHandler())) return true;
    const operation = CometContext.find(context);
    if (operation) return this.#admit(operation.session, context);
    const type = context.getType<string>();
    if (type !== 'http') refuseElsewhere(type, context);
    // One of the library that extends it records in the audit whom it refuses.
    const audited = Reflect.getMetadata(AUDITED_GUARD, context.getClass()) === true;
    if (audited && this.constructor === CometOAuthGuard) return true;
    return (await super.canActivate(context)) as boolean;
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
      this.#require(user, context);
      return user;
    }
    if (CometContext.find(context)) {
      if (error instanceof Error) throw error;
      throw new CometError(401, 'authentication_required');
    }
    if (error instanceof TokenLimitError) {
      const seconds = Math.max(Math.ceil(error.wait / 1000), 1);
      setHeader(context, 'Retry-After', String(seconds));
      throw new HttpException('Too many bad tokens came from this address.', 429);
    }
    if (error instanceof AuthUnavailableError) {
      setHeader(context, 'Retry-After', '5');
      throw new HttpException('Tokens cannot be verified at present.', 503);
    }
    if (error instanceof Error) throw error;
    refuseToken(context, info ?? {}, typeof status === 'number' ? status : 401, {
      scopes: requirementOf(context.getClass(), context.getHandler()).scopes,
      resourceMetadata: this.#resource?.metadataUrl,
    });
  }

  async #admit(session: CometSession, context: ExecutionContext): Promise<boolean> {
    // The server asks itself nothing.
    if (session.local) return true;
    requireTrust(session);
    const known = session.principal.kind !== 'anonymous';
    const user = known ? session.principal : false;
    const admitted: unknown = await this.handleRequest<unknown>(undefined, user, undefined, context);
    if (known && !admitted) throw new CometError(401, 'authentication_required');
    // The answer may have taken its time.
    requireTrust(session);
    return true;
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

  /** Asks a good token for more. A principal that is not ours, as a verifier of the application may make it, has no scopes. */
  #require(principal: Partial<CometPrincipal>, context: ExecutionContext): void {
    const { scopes, kinds } = requirementOf(context.getClass(), context.getHandler());
    const resourceMetadata = this.#resource?.metadataUrl;
    const kind = kinds.find((required) => required !== principal.kind);
    if (kind !== undefined) {
      refuseLacking(context, { kind, description: `tokens of a ${kind} only`, scopes, resourceMetadata });
    }
    const granted: unknown = principal.scopes;
    if (scopes.every((scope) => Array.isArray(granted) && granted.includes(scope))) return;
    refuseLacking(context, { scopes, resourceMetadata });
  }
}

function requireTrust(session: CometSession): void {
  if (!session.trusted) throw new CometError(401, 'token_expired');
}

function refuseElsewhere(type: string, context: ExecutionContext): never {
  const sentence =
    `CometOAuthGuard guards controllers and Bayeux sessions, and knows no token in a context of type "${type}": mark the ` +
    'handler with @CometPublic() and bind a guard of your own, or move it to a class with @CometGateway().';
  const handler = context.getHandler();
  if (!told.has(handler)) {
    told.add(handler);
    logger.warn(`${context.getClass().name}.${handler.name} refuses everybody. ${sentence}`);
  }
  throw type === 'ws' ? new WsException(sentence) : new ForbiddenException(sentence);
}

import { type ExecutionContext, HttpException, Inject, Injectable, Optional } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { CometPrincipal } from '../auth/comet-principal.js';
import type { TokenVerifier } from '../auth/token-verifier.js';
import { CometOAuthGuard } from '../nest/comet-oauth.guard.js';
import { CometPublisher } from '../nest/comet-publisher.js';
import { COMET_RESOURCE, TOKEN_VERIFIER } from '../nest/tokens.js';

/** A request, on Express and on Fastify. */
export type PushHttpRequest = IncomingMessage & { readonly raw?: IncomingMessage };

type Resource = ConstructorParameters<typeof CometOAuthGuard>[1];

/** The guard of pushes, which also tells the audit whom it has refused. */
@Injectable()
export class PushGuard extends CometOAuthGuard {
  readonly #publisher: CometPublisher;

  // Parameters in the order of the guard it extends: Nest keeps what is injected by their places.
  constructor(
    @Inject(TOKEN_VERIFIER) verifier: TokenVerifier,
    @Optional() @Inject(COMET_RESOURCE) resource: Resource,
    publisher: CometPublisher,
  ) {
    super(verifier, resource);
    this.#publisher = publisher;
  }

  override handleRequest<User = CometPrincipal>(
    error: unknown,
    user: User | false | null | undefined,
    info: unknown,
    context: ExecutionContext,
    status?: unknown,
  ): User {
    try {
      return super.handleRequest(error, user, info, context, status);
    } catch (refusal) {
      if (refusal instanceof HttpException) {
        const request = context.switchToHttp().getRequest<PushHttpRequest>();
        this.#publisher.record({
          type: 'push_denied',
          ...(user && { principal: user as unknown as CometPrincipal }),
          address: this.#publisher.addressOf(request.raw ?? request),
          reason: refusal.message,
        });
      }
      throw refusal;
    }
  }
}

import { type ExecutionContext, HttpException, Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { CometOAuthGuard } from '../nest/comet-oauth.guard.js';
import { CometPublisher } from '../nest/comet-publisher.js';
import { TRUSTED_ISSUERS, type TrustedIssuers } from '../nest/trusted-issuers.js';

/** A request, on Express and on Fastify. */
export type PushHttpRequest = IncomingMessage & { readonly raw?: IncomingMessage };

/** The guard of pushes, which also tells the audit whom it has refused. */
@Injectable()
export class PushGuard extends CometOAuthGuard {
  // The parameters of the constructor are those of the guard it extends.
  @Inject(CometPublisher) private readonly publisher!: CometPublisher;
  @Inject(TRUSTED_ISSUERS) private readonly issuers!: TrustedIssuers;

  override handleRequest<User = CometPrincipal>(
    error: unknown,
    user: User | false | null | undefined,
    info: unknown,
    context: ExecutionContext,
    status?: unknown,
  ): User {
    try {
      const admitted = super.handleRequest(error, user, info, context, status);
      this.issuers.require(admitted as Partial<CometPrincipal>, context);
      return admitted;
    } catch (refusal) {
      if (refusal instanceof HttpException) {
        const request = context.switchToHttp().getRequest<PushHttpRequest>();
        this.publisher.record({
          type: 'push_denied',
          ...(user && { principal: user as unknown as CometPrincipal }),
          address: this.publisher.addressOf(request.raw ?? request),
          reason: refusal.message,
        });
      }
      throw refusal;
    }
  }
}

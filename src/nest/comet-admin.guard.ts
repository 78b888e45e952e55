import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { refuseLacking } from './bearer-challenge.js';
import { CometOAuthGuard } from './comet-oauth.guard.js';
import { TRUSTED_ISSUERS, type TrustedIssuers } from './trusted-issuers.js';

/** The scope that administrators need. @internal */
export const ADMIN_SCOPE = Symbol('nestjs-comet:admin-scope');

/** Lets those in whose token has the scope of administrators. @internal */
@Injectable()
export class CometAdminGuard extends CometOAuthGuard {
  @Inject(ADMIN_SCOPE) private readonly scope!: string;
  @Inject(TRUSTED_ISSUERS) private readonly issuers!: TrustedIssuers;

  override handleRequest<User = CometPrincipal>(
    error: unknown,
    user: User | false | null | undefined,
    info: unknown,
    context: ExecutionContext,
    status?: unknown,
  ): User {
    const admitted = super.handleRequest(error, user, info, context, status);
    // A verifier of the application may answer anything.
    const { scopes } = admitted as Partial<CometPrincipal>;
    if (Array.isArray(scopes) && scopes.includes(this.scope)) {
      this.issuers.require(admitted as Partial<CometPrincipal>, context);
      return admitted;
    }
    refuseLacking(context, { scopes: [this.scope] });
  }
}

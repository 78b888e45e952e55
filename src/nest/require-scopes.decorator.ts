import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { SCOPE } from '../auth/scope-text.js';

/** @internal */
export const REQUIRED_SCOPES = 'nestjs-comet:required-scopes';

/** @internal */
export const REQUIRED_KINDS = 'nestjs-comet:required-kinds';

/**
 * Scopes that an access token needs for a controller, or for one of its methods; what both name is needed together. A
 * token without them is answered with 403 `insufficient_scope` (RFC 6750 §3.1). For `CometOAuthGuard`, which looks at it.
 *
 * @example
 * @UseGuards(CometOAuthGuard)
 * @RequireScopes('reports:read')
 * @Controller('reports')
 *
 * @throws TypeError without a scope, or with a text that is none.
 * @publicApi
 */
export function RequireScopes(...scopes: string[]): CustomDecorator {
  if (scopes.length === 0 || !scopes.every((scope) => SCOPE.test(scope))) {
    throw new TypeError(
      "RequireScopes needs scopes, each a text of its own: write for example @RequireScopes('reports:read').",
    );
  }
  return SetMetadata(REQUIRED_SCOPES, scopes);
}

/**
 * Whose tokens are good for a controller, or for one of its methods: those of users, or those of services, which are of
 * the client credentials grant. The others are answered with 403 `insufficient_scope`. For `CometOAuthGuard`.
 *
 * @example
 * @RequireKind('service')
 *
 * @publicApi
 */
export function RequireKind(kind: Exclude<CometPrincipal['kind'], 'anonymous'>): CustomDecorator {
  return SetMetadata(REQUIRED_KINDS, [kind]);
}

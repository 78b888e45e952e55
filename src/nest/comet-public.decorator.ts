import { type CustomDecorator, SetMetadata } from '@nestjs/common';

/** @internal */
export const IS_PUBLIC = 'nestjs-comet:public';

/**
 * Opens a controller or gateway, or one of its methods, to those without a token: `CometOAuthGuard` lets them pass. For
 * applications that have it as `APP_GUARD`. A method says more than its class: one with `@RequireScopes` is guarded in a
 * class that is public, and one that is public is open in a class with `@RequireScopes`.
 *
 * `request.user` is not set there, and a session is who it is.
 *
 * @example
 * @CometPublic()
 * @Get('health')
 *
 * @publicApi
 */
export function CometPublic(): CustomDecorator {
  return SetMetadata(IS_PUBLIC, true);
}

import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { CometContext } from './comet-context.js';

/**
 * Who a session or a request belongs to, or one member of it: the principal of the session in handlers of Bayeux
 * sessions, and `request.user` in controllers that `CometOAuthGuard` protects.
 *
 * @example
 * @SubscribeMessage('/service/orders')
 * orders(@CometUser('userId') userId: string) { … }
 *
 * @publicApi
 */
export const CometUser: (
  member?: keyof CometPrincipal,
  ...pipes: (Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator = createParamDecorator(
  (member: keyof CometPrincipal | undefined, context: ExecutionContext) => {
    const session = CometContext.find(context)?.session;
    const principal =
      // Messages of the server that @OnChannel hears have no session.
      session?.principal ??
      (context.getType() === 'http'
        ? context.switchToHttp().getRequest<{ user?: CometPrincipal }>().user
        : undefined);
    return member === undefined ? principal : principal?.[member];
  },
);

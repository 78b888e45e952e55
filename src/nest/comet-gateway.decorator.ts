import { applyDecorators, UseFilters } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { CometExceptionFilter } from './comet-exception.filter.js';
import { COMET_GATEWAY_PATH } from './tokens.js';

/**
 * Marks a gateway whose clients are Bayeux sessions, over every transport. `@SubscribeMessage('/service/echo')`
 * answers a service channel: what the method returns is sent back to the caller, an Observable sends each value, and
 * an exception fails the call.
 *
 * @example
 * @CometGateway()
 * class EchoGateway {
 *   @SubscribeMessage('/service/echo')
 *   echo(@MessageBody() text: string, @ConnectedSocket() session: CometSession) {
 *     return { text, from: session.userId };
 *   }
 * }
 *
 * @publicApi
 */
export function CometGateway(): ClassDecorator {
  return applyDecorators(WebSocketGateway({ path: COMET_GATEWAY_PATH }), UseFilters(CometExceptionFilter));
}

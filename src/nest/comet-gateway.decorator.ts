import { WebSocketGateway } from '@nestjs/websockets';
import { COMET_GATEWAY_PATH } from './tokens.js';

/**
 * Marks a gateway whose clients are Bayeux sessions, over every transport. `@SubscribeMessage('/service/echo')`
 * answers a service channel: what the method returns is sent back to the caller, an Observable sends each value, and
 * an exception fails the call. `@OnPublish` and `@OnSubscribe` judge what clients publish and subscribe to,
 * `handleConnection(session, ext)` the beginning of a session, and `handleDisconnect(session, reason)` is told of its end.
 * Guards, pipes, interceptors and filters run on each of them.
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
  return WebSocketGateway({ path: COMET_GATEWAY_PATH });
}

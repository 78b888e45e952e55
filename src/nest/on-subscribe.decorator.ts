import { channelDecorator } from './channel-names.decorator.js';

const channels = channelDecorator('OnSubscribe');

/**
 * Calls a method of a gateway, provider or controller when a client subscribes to a channel, pattern or template, once the
 * rules permit it. Its parameters are those of gateways: `@ConnectedSocket()` is the session, `@MessageBody()` the name that
 * is subscribed to, `@ChannelParam()` a variable of the template; without decorators `(session, name)`. Guards, pipes,
 * interceptors and filters run as for `@SubscribeMessage`.
 *
 * An exception refuses the subscription in its own words (see `CometError`), and so does `false`, with a 403. It is asked
 * for every subscription that overlaps with its channel, as each would bring messages of it: for `/rooms/{room}` also for
 * `/rooms/*` and `/**`, where the variable is the wildcard. When a client presents another token its guards are asked
 * again, and the method is not called. Several may stand above one method. Sessions of the server are not asked about.
 *
 * @example
 * @OnSubscribe('/rooms/{room}')
 * async join(@ChannelParam('room') room: string, @ConnectedSocket() { userId }: CometSession) {
 *   if (!(await this.rooms.hasMember(room, userId))) throw new CometError(403, 'not_a_member', { args: room });
 * }
 *
 * @publicApi
 */
export function OnSubscribe(channel: string): MethodDecorator {
  return channels(channel);
}

/** @internal */
export const subscribedChannels = channels.of;

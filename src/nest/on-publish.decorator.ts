import { channelDecorator } from './channel-names.decorator.js';

const channels = channelDecorator('OnPublish');

/**
 * Calls a method of a gateway, provider or controller with what clients publish on a channel, pattern or template, once the
 * rules permit it and before anybody hears of it. Its parameters are those of gateways: `@MessageBody()` is the data,
 * `@ConnectedSocket()` the session, `@ChannelParam()` a variable of the template; without decorators
 * `(session, data)`. Guards, pipes, interceptors and filters run as for `@SubscribeMessage`.
 *
 * What it returns replaces the data; nothing, or `true`, leaves them as they are. An exception refuses the publish in its
 * own words (see `CometError`), and `false` does with `404::message_deleted`. Where several are concerned all are asked,
 * the most general first, and each is given what the one before it has made of the data. Several may stand above one
 * method. A publish that takes longer than `session.hookTimeout` is refused.
 *
 * Messages of the server are not asked about: those of `CometService`, of its own sessions, and those that services push
 * over HTTP, which have no session. Rules and scopes decide about pushes; `@OnChannel` hears of all.
 *
 * @example
 * @OnPublish('/rooms/{room}')
 * censor(@MessageBody() { text }: MessageDto, @ConnectedSocket() { userId }: CometSession) {
 *   return { text: this.censor.clean(text), from: userId };
 * }
 *
 * @publicApi
 */
export function OnPublish(channel: string): MethodDecorator {
  return channels(channel);
}

/** @internal */
export const publishedChannels = channels.of;

import { channelDecorator } from './channel-names.decorator.js';

const channels = channelDecorator('OnChannel');

/**
 * Calls a method of a provider, gateway or controller with every message on its way to a channel, pattern or template,
 * from clients and from the server: `(message: CometMessage, sender: CometSession | undefined, params: ChannelParams)`.
 * Returning `false`, or throwing, deletes the message. For messages of clients guards, pipes, interceptors and filters
 * run as for `@OnPublish`; for those of the server itself, which have no session, none does. Several may stand above one
 * method. Request-scoped classes cannot listen, and are refused at boot.
 *
 * @example
 * @OnChannel('/rooms/{room}')
 * moderate(message: CometMessage, sender: CometSession | undefined, { room }: ChannelParams) {
 *   return !isMuted(room, sender?.userId);
 * }
 *
 * @publicApi
 */
export function OnChannel(channel: string): MethodDecorator {
  return channels(channel);
}

/** @internal */
export const heardChannels = channels.of;

import { DiscoveryService } from '@nestjs/core';

/**
 * Calls a method of a provider or gateway with every message on its way to a channel, pattern or template, from clients and
 * from the server: `(message: CometMessage, sender: CometSession | undefined, params: ChannelParams)`. Returning `false`, or
 * throwing, deletes the message. Request-scoped providers are not called.
 *
 * @example
 * @OnChannel('/rooms/{room}')
 * moderate(message: CometMessage, sender: CometSession | undefined, { room }: ChannelParams) {
 *   return !isMuted(room, sender?.userId);
 * }
 *
 * @publicApi
 */
export const OnChannel = DiscoveryService.createDecorator<string>();

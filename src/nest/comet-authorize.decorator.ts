import { channelDecorator } from './channel-names.decorator.js';

const channels = channelDecorator('CometAuthorize');

/**
 * Has a method of a provider or gateway asked before a session creates, subscribes to or publishes on a channel, pattern
 * or template, in every tenant: `(request: CometAuthorizationRequest) => 'grant' | 'ignore' | 'deny' | { deny: reason }`,
 * or a promise of it; see `CometAuthorizer`. It is itself what guards are elsewhere, so that enhancers on the method are
 * refused at boot, and so are request-scoped providers. Several may stand above one method.
 *
 * @example
 * @CometAuthorize('/rooms/{room}')
 * async isMember({ channel, session }: CometAuthorizationRequest) {
 *   return (await this.rooms.has(channel, session.userId)) ? 'grant' : 'deny';
 * }
 *
 * @publicApi
 */
export function CometAuthorize(channel: string): MethodDecorator {
  return channels(channel);
}

/** @internal */
export const authorizedChannels = channels.of;

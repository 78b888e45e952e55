import { DiscoveryService } from '@nestjs/core';

/**
 * Has a method of a provider or gateway asked before a session creates, subscribes to or publishes on a channel, pattern
 * or template, in every tenant: `(request: CometAuthorizationRequest) => 'grant' | 'ignore' | 'deny' | { deny: reason }`,
 * or a promise of it; see `CometAuthorizer`. Request-scoped providers cannot be asked, and are refused at boot.
 *
 * @example
 * @CometAuthorize('/rooms/{room}')
 * async isMember({ channel, session }: CometAuthorizationRequest) {
 *   return (await this.rooms.has(channel, session.userId)) ? 'grant' : 'deny';
 * }
 *
 * @publicApi
 */
export const CometAuthorize = DiscoveryService.createDecorator<string>();

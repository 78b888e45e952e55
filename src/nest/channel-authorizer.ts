import { isSubscription } from '../bayeux/channel.js';
import type { Authorization } from '../bayeux/channel-settings.js';
import type { MaybePromise } from '../bayeux/ports.js';
import type { CometAuthorizationRequest } from './comet-channel.js';

/**
 * Code that narrows what the rules permit on a channel, a pattern as `/rooms/*` or a template as `/rooms/{room}`, in every
 * tenant. What the rules permit there is permitted only if one grants it and none denies; see `CometAuthorizer`.
 *
 * @example
 * class RoomAuthorizer implements ChannelAuthorizer {
 *   readonly channel = '/rooms/*';
 *   authorize({ channel, session }: CometAuthorizationRequest) {
 *     return this.rooms.hasMember(channel, session.userId) ? 'grant' : { deny: 'not_a_member' };
 *   }
 * }
 *
 * @publicApi
 */
export interface ChannelAuthorizer {
  /** The channel, pattern or template it sits on. */
  readonly channel: string;
  authorize(request: CometAuthorizationRequest): MaybePromise<Authorization>;
}

const NO_LIMITS = { maxLength: Infinity, maxDepth: Infinity };

export function isChannelAuthorizer(value: unknown): value is ChannelAuthorizer {
  const { channel, authorize } = (value ?? {}) as { channel?: unknown; authorize?: unknown };
  // What is wrong with a template is told when it is made.
  return (
    typeof authorize === 'function' &&
    typeof channel === 'string' &&
    isSubscription(channel.replace(/[{}]/g, ''), NO_LIMITS)
  );
}

import { channelSegment } from '../bayeux/channel.js';
import type { Principal } from '../bayeux/ports.js';

/** The variable in the channel of a rule that stands for the id of the user. */
export const USER_VARIABLE = '{userId}';

/** The tree that is reserved: below it every user has a tree of their own, and nobody reaches another one's. */
export const USER_TREE = '/user/**';

/** What each user may subscribe to without any rule. */
export const OWN_TREE = `/user/${USER_VARIABLE}/**`;

/**
 * The channel segment that stands for the user of a principal; `undefined` for services and anonymous sessions.
 *
 * @throws RangeError if the user's id cannot be written as a segment.
 * @internal
 */
export function userSegment(principal: Principal): string | undefined {
  return principal.kind === 'user' && principal.userId !== null
    ? channelSegment(principal.userId)
    : undefined;
}

import type { Delivery } from '../bayeux/delivery.js';
import { leaveUnheard } from '../bayeux/maybe-promise.js';
import type { Session } from '../bayeux/session.js';
import type { SessionObserver } from '../bayeux/session-observer.js';
import type { SessionEnd } from '../bayeux/session-state.js';
import { type CometMessage, deliveryOf } from './comet-message.js';
import type { CometSession } from './comet-session.js';

/**
 * Told of what happens to one session. One that throws is logged, and where it may say no, that is a no.
 *
 * @publicApi
 */
export interface CometSessionListener {
  /** A message is about to be queued; `false` keeps it out. Answers at once: a promise is a no. */
  message?(message: CometMessage, sender: CometSession | undefined): boolean | void;
  /** A message waits. */
  queued?(message: CometMessage): void;
  /** A full queue has lost a message. */
  dropped?(message: CometMessage): void;
  /**
   * What waits is about to leave. Return messages to let those leave in its place: fewer, merged, in another order. What
   * a broken connection gives back is seen again.
   */
  dequeue?(messages: readonly CometMessage[]): readonly CometMessage[] | void;
  /** A connect is held, for at most so many milliseconds. */
  suspended?(timeout: number): void;
  /** The held connect is answered, or its client has gone; `timedOut` if nothing came while it was held. */
  resumed?(timedOut: boolean): void;
  /**
   * The token has expired: messages still reach the client for `auth.expiry.grace`, and what it asks for is refused until
   * it presents a newer one.
   */
  tokenExpired?(): void;
  /**
   * The client has presented a newer token. `session.principal` tells what it grants, and the subscriptions it does not
   * grant are gone.
   */
  tokenRenewed?(): void;
  /** The session has ended. */
  removed?(why: SessionEnd): void;
}

/** A listener of the application as the protocol knows it. */
export function observerOf(
  listener: CometSessionListener,
  viewOf: (session: Session) => CometSession,
): SessionObserver {
  return {
    message: (message, sender) => listener.message?.(message, sender && viewOf(sender)),
    queued: (message) => listener.queued?.(message),
    dropped: (message) => listener.dropped?.(message),
    // Asked with a copy of the queue at every departure, so only where there is one.
    ...(listener.dequeue && { dequeue: (messages) => changed(messages, listener.dequeue?.(messages)) }),
    suspended: (timeout) => listener.suspended?.(timeout),
    resumed: (timedOut) => listener.resumed?.(timedOut),
    tokenExpired: () => listener.tokenExpired?.(),
    tokenRenewed: () => listener.tokenRenewed?.(),
    removed: (why) => listener.removed?.(why),
  };
}

function changed(
  messages: readonly Delivery[],
  wanted: readonly CometMessage[] | void,
): readonly Delivery[] | undefined {
  if (wanted === undefined || (wanted as unknown) === messages) return undefined;
  if (Array.isArray(wanted)) return wanted.map(deliveryOf);
  leaveUnheard(wanted);
  throw new TypeError('dequeue has to answer at once, with a list of messages or nothing.');
}

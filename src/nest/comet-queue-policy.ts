import { isQueueVerdict, type QueuePolicy, type QueueVerdict } from '../bayeux/queue-policy.js';
import type { Session } from '../bayeux/session.js';
import { type CometMessage, deliveryOf } from './comet-message.js';
import type { CometSession } from './comet-session.js';

/** A queue that is full, and the message it has no room for. */
export interface CometQueueOverflow {
  readonly session: CometSession;
  readonly message: CometMessage;
  /** What waits and has not been handed to a connection yet, oldest first. */
  readonly waiting: readonly CometMessage[];
}

/**
 * What happens to a message for which a full queue has no room. `drop-oldest` makes room by dropping the oldest that
 * wait, `drop-newest` drops the message itself, `disconnect` ends the session, so that its client starts anew and knows
 * that it does. A function answers one of these, or the messages that shall wait from now on; it answers at once, and one
 * that throws ends the session.
 */
export type CometQueuePolicy =
  QueueVerdict | ((overflow: CometQueueOverflow) => QueueVerdict | readonly CometMessage[]);

/** A policy of the application as the protocol knows it. */
export function policyOf(policy: CometQueuePolicy, viewOf: (session: Session) => CometSession): QueuePolicy {
  if (typeof policy === 'string') return policy;
  return ({ session, message, waiting }) => {
    const verdict = policy({ session: viewOf(session), message, waiting });
    // What is no answer is told from one where it is looked at.
    return Array.isArray(verdict) ? verdict.map(deliveryOf) : (verdict as QueueVerdict);
  };
}

/** What to write for a policy. */
export const QUEUE_POLICY =
  "policy must be 'drop-oldest', 'drop-newest', 'disconnect', or a function that returns one of them.";

/** Whether it may be a policy: what a function answers is seen when it does. */
export function isQueuePolicy(value: unknown): value is CometQueuePolicy {
  return typeof value === 'function' || isQueueVerdict(value);
}

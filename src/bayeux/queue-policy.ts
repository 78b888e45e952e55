import type { Delivery } from './delivery.js';
import type { Session } from './session.js';

const VERDICTS = ['drop-oldest', 'drop-newest', 'disconnect'] as const;

/**
 * What happens to a message for which a full queue has no room: the oldest that wait make room for it, it is dropped
 * itself, or the session ends, so that its client starts anew.
 */
export type QueueVerdict = (typeof VERDICTS)[number];

/** A queue that is full, and the message it has no room for. */
export interface QueueOverflow {
  readonly session: Session;
  readonly message: Delivery;
  /** What waits and has not been handed to a connection yet, oldest first. */
  readonly waiting: readonly Delivery[];
}

/**
 * Decides what happens at a full queue. A function may also return the messages that shall wait from now on, with the
 * new one or without it; of those that are still too many the oldest are dropped. One that throws ends the session.
 */
export type QueuePolicy = QueueVerdict | ((overflow: QueueOverflow) => QueueVerdict | readonly Delivery[]);

/** Whether an application has named one of them. */
export function isQueueVerdict(value: unknown): value is QueueVerdict {
  return (VERDICTS as readonly unknown[]).includes(value);
}

import type { Delivery } from './delivery.js';
import type { Reply } from './message.js';
import type { Session } from './session.js';
import type { SessionEnd } from './session-state.js';

/** Told of what happens to one session. One that throws is logged; where it may say no, that is taken as a no. */
export interface SessionObserver {
  /** A message is about to be queued; `false` keeps it out. */
  message?(message: Delivery, sender: Session | undefined): unknown;
  /** A message waits. */
  queued?(message: Delivery): void;
  /** A full queue has lost a message. */
  dropped?(message: Delivery): void;
  /** What waits is about to leave, with these replies. What is returned leaves in its place. */
  dequeue?(messages: readonly Delivery[], replies: readonly Reply[]): readonly Delivery[] | undefined;
  /** A connect is held, for at most so many milliseconds. */
  suspended?(timeout: number): void;
  /** The held connect is answered, or its client has gone; `timedOut` if nothing came while it was held. */
  resumed?(timedOut: boolean): void;
  /** Its token has expired: messages still reach the client for a while, and what it asks for is refused. */
  tokenExpired?(): void;
  /** The client has presented a newer token: the principal is another object, which may do more or less. */
  tokenRenewed?(): void;
  removed?(why: SessionEnd): void;
}

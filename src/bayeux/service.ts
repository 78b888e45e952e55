import type { MaybePromise } from './ports.js';
import type { Session } from './session.js';

/** A message of a client to a service of this server. */
export interface ServiceCall {
  readonly session: Session;
  readonly channel: string;
  readonly id: string | undefined;
  readonly data: unknown;
  /** Sends `data` back, marked with the request's id, so that a remote call finds its answer. */
  answer(data: unknown): void;
}

/** What became of a call: done, failed with an error for the peer, or not for anybody. */
export type ServiceOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'unknown' };

/** The handlers of `/service/…` channels. */
export interface Services {
  call(call: ServiceCall): MaybePromise<ServiceOutcome>;
}

/** Told of sessions. */
export interface SessionListener {
  /**
   * A session is about to begin; throwing or rejecting refuses its handshake. What is delivered to the session here
   * follows with its first connect.
   */
  admit(session: Session): MaybePromise<void>;
  /** A session that was admitted, or asked to be, has ended. */
  removed(session: Session): void;
}

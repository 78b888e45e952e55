import type { JsonObject } from './message.js';
import type { MaybePromise } from './ports.js';
import type { Session } from './session.js';
import type { SessionEnd } from './session-state.js';

/** Why the application refuses something, as its peer is told. */
export interface Failure {
  /** `code:args:message` (Bayeux 1.0 §4). */
  readonly error: string;
  /** What else the reply says of it. */
  readonly details?: unknown;
}

/** The `ext` of a reply that says `failure`. */
export function detailsOf({ details }: Failure): { readonly ext?: JsonObject } {
  return details === undefined ? {} : { ext: { details } };
}

/** A message of a client, as handlers of the application see it. */
export interface ClientMessage {
  readonly session: Session;
  readonly channel: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** A message of a client to a service of this server. */
export interface ServiceCall extends ClientMessage {
  /** Sends `data` back, marked with the request's id, so that a remote call finds its answer. */
  answer(data: unknown): void;
}

/** What became of a call: done, failed with an error for the peer, or not for anybody. */
export type ServiceOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'unknown' };

/** What becomes of a publish: its data, which handlers may have changed, or why it is refused. */
export type PublishOutcome =
  | { readonly kind: 'passed'; readonly data: unknown }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * The handlers of the application. They answer for their own failures: what they throw all the same is logged, and its
 * operation denied.
 */
export interface Services {
  /** Answers a `/service/…` channel. Nothing begins once the time has `expired`, as the call has failed then. */
  call(call: ServiceCall, expired: () => boolean): MaybePromise<ServiceOutcome>;
  /** Whether a handler judges publishes at all: most applications have none, and publishes come in masses. */
  readonly judgesPublishes?: boolean;
  /**
   * Judges a publish that is permitted, before listeners hear of it. No handler begins once the time has `expired`, as the
   * publish is refused then.
   */
  publish?(message: ClientMessage, expired: () => boolean): MaybePromise<PublishOutcome>;
  /** Judges a subscription that is permitted, to a channel or a pattern. `undefined` lets it be. */
  subscribe?(request: Omit<ClientMessage, 'data'>, expired: () => boolean): MaybePromise<Failure | undefined>;
  /** Judges a subscription anew, after the session has presented another token. Nothing but guards is asked. */
  resubscribe?(
    session: Session,
    subscription: string,
    expired: () => boolean,
  ): MaybePromise<Failure | undefined>;
}

/** Told of sessions. */
export interface SessionListener {
  /**
   * A session is about to begin; throwing or rejecting refuses its handshake, an `OperationRefusal` with its own words. What
   * is delivered to the session here follows with its first connect.
   *
   * @param handshake its `ext` is what it says besides, without credentials.
   * @param expired whether the time is over: the handshake is refused then, and nothing more begins.
   */
  admit(
    session: Session,
    handshake: { readonly id: string | undefined; readonly ext: unknown },
    expired: () => boolean,
  ): MaybePromise<void>;
  /** A session that was admitted, or asked to be, has ended. */
  removed(session: Session, why: SessionEnd): void;
}

/** A listener of the application refuses a session, or a message, and says why. */
export class OperationRefusal extends Error {
  constructor(readonly failure: Failure) {
    super(failure.error);
    this.name = 'OperationRefusal';
  }
}

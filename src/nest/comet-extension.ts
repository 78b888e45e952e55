import type { Extension, IncomingVerdict, OutgoingMessage, OutgoingVerdict } from '../bayeux/extension.js';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { Session } from '../bayeux/session.js';
import type { CometSession } from './comet-session.js';
import { failureOf } from './peer-failure.js';

/**
 * Sees every message of a client before the server does, and everything that goes out before the client does. What comes
 * in meets extensions in the order they were added, what goes out in the reverse order; those of the server come before
 * those of the session.
 *
 * @publicApi
 */
export interface CometExtension {
  /**
   * A message of a client, without credentials. Return nothing to let it go on, an object to let that go on in its place,
   * `false` or `null` to delete it (`404::message_deleted`), a text to delete it with that as the error. A
   * `CometError`, `WsException` or `HttpException` is told to the client; any other exception deletes the message. A promise may take
   * `session.hookTimeout`.
   *
   * `session` is undefined for a handshake, and where no session was found or proven.
   */
  incoming?(
    message: Readonly<Record<string, unknown>>,
    session: CometSession | undefined,
  ): IncomingVerdict | void | PromiseLike<IncomingVerdict | void>;
  /**
   * A message to subscribers, or a reply. Return nothing to let it go out, an object to let that go out in its place,
   * `false` or `null` to keep it back; an exception keeps it back too. Only `data`, `ext` and `error` can be changed. It
   * answers at once, as what goes out keeps its order. A broadcast is seen once by an extension of the server, before it
   * has a `receiver`.
   */
  outgoing?(
    message: OutgoingMessage,
    sender: CometSession | undefined,
    receiver: CometSession | undefined,
  ): OutgoingVerdict | void;
}

/** An extension of the application as the protocol knows it. */
export function extensionOf(
  extension: CometExtension,
  viewOf: (session: Session) => CometSession,
): Extension {
  return {
    ...(extension.incoming && {
      incoming: (message, session) => {
        const refused = (error: unknown): IncomingVerdict => {
          const failure = failureOf(error);
          if (!failure) throw error;
          return failure.error;
        };
        try {
          const verdict = extension.incoming?.(message, session && viewOf(session)) as
            IncomingVerdict | PromiseLike<IncomingVerdict>;
          return isThenable(verdict) ? verdict.then(undefined, refused) : verdict;
        } catch (error) {
          return refused(error);
        }
      },
    }),
    ...(extension.outgoing && {
      outgoing: (message, sender, receiver) =>
        extension.outgoing?.(
          message,
          sender && viewOf(sender),
          receiver && viewOf(receiver),
        ) as OutgoingVerdict,
    }),
  };
}

/** Whether it has a hook at all, and none that cannot be called. */
export function isExtension(value: unknown): value is CometExtension {
  if (typeof value !== 'object' || value === null) return false;
  const { incoming, outgoing } = value as { incoming?: unknown; outgoing?: unknown };
  const hooks = [incoming, outgoing].filter((hook) => hook !== undefined);
  return hooks.length > 0 && hooks.every((hook) => typeof hook === 'function');
}

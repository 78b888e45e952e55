import { LocalSession } from '../bayeux/local-session.js';
import type { CometMessage } from './comet-message.js';
import { type CometSession, viewOf } from './comet-session.js';

/**
 * A client that lives in the server: it subscribes, publishes and calls like any other, but without a connection. What it
 * says takes the way of every message; only the rules, which are about clients, do not bind it. It gets its messages at
 * once, does not expire, and no client can use it. Made by `CometService.openSession`.
 *
 * @publicApi
 */
export class CometLocalSession {
  readonly #local: LocalSession;

  /** @internal */
  constructor(local: LocalSession) {
    this.#local = local;
  }

  /** The session as listeners, extensions and authorizers see it. */
  get session(): CometSession {
    return viewOf(this.#local.session);
  }

  /** Calls `receiver` with what is sent to this session on a channel or pattern. @returns what ends that. */
  listen(pattern: string, receiver: (message: CometMessage) => void): () => void {
    return this.#local.listen(pattern, receiver);
  }

  /**
   * Subscribes to a channel or pattern.
   *
   * @returns what ends that.
   * @throws BayeuxRefusal as a rejection, if an authorizer or an extension refuses it.
   */
  subscribe(subscription: string, receiver: (message: CometMessage) => void): Promise<() => Promise<void>> {
    return this.#local.subscribe(subscription, receiver);
  }

  /**
   * Publishes to a channel.
   *
   * @throws BayeuxRefusal as a rejection, if it is refused; TypeError if JSON cannot express `data`.
   */
  publish(channel: string, data: unknown): Promise<void> {
    return this.#local.publish(channel, data);
  }

  /**
   * Calls a service.
   *
   * @returns its answers.
   * @throws BayeuxRefusal as a rejection, if it is refused or fails; TypeError if JSON cannot express `data`.
   */
  call(channel: string, data: unknown): Promise<readonly unknown[]> {
    return this.#local.call(channel, data);
  }

  /** Runs `task`; what is sent to this session meanwhile comes together when it is through. */
  batch<T>(task: () => T): T {
    return this.#local.batch(task) as T;
  }

  /** Ends the session. */
  disconnect(): void {
    this.#local.disconnect();
  }
}

import type { CometPrincipal } from '../auth/comet-principal.js';
import { Delivery } from '../bayeux/delivery.js';
import type { Session } from '../bayeux/session.js';
import { currentCall } from './call-context.js';
import { bindingOf } from './gateway-binding.js';
import { errorFromPayload } from './peer-error.js';

/**
 * A Bayeux session as gateways see it: what `@ConnectedSocket()` and `handleConnection` are given. It is the same
 * over every transport, and outlives the client's connections.
 *
 * @publicApi
 */
export class CometSession {
  readonly #session: Session;

  /** @internal */
  constructor(session: Session) {
    this.#session = session;
  }

  /** The client id. Whoever knows it is half way to using the session: do not log it. */
  get id(): string {
    return this.#session.id;
  }

  /** Who the session belongs to. It changes when the client presents a newer token of the same principal. */
  get principal(): CometPrincipal {
    return this.#session.principal as CometPrincipal;
  }

  /** The user, or `null` for services and anonymous sessions. */
  get userId(): string | null {
    return this.#session.principal.userId;
  }

  /** True until the session has ended. */
  get alive(): boolean {
    return this.#session.endedBy === undefined;
  }

  /**
   * Queues a message for this session alone, whether it is subscribed to the channel or not.
   *
   * @returns false if the session has ended, or ends because its queue is full.
   * @throws TypeError if `data` cannot be written as JSON.
   */
  send(channel: string, data: unknown): boolean {
    return this.#session.deliver(new Delivery(channel, data));
  }

  /** Ends the session and tells the client not to come back by itself. */
  disconnect(): void {
    this.#session.end('kick');
  }

  /**
   * How Nest's exception filters report a failure to a client: here it becomes the reply to the call.
   * @internal
   */
  emit(event: string, payload: unknown): void {
    if (event !== 'exception') return;
    const call = currentCall.getStore();
    if (call) call.error ??= errorFromPayload(payload);
    else bindingOf(this).refuse(payload);
  }
}

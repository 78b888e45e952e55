import type { CometPrincipal } from '../auth/comet-principal.js';
import { MAX_TIME, type SessionTimes } from '../bayeux/bayeux-options.js';
import { isChannel } from '../bayeux/channel.js';
import type { Session } from '../bayeux/session.js';
import { currentOperation } from './comet-context.js';
import { type CometExtension, extensionOf } from './comet-extension.js';
import type { SendOptions } from './comet-message.js';
import { type CometQueuePolicy, isQueuePolicy, policyOf, QUEUE_POLICY } from './comet-queue-policy.js';
import { type CometSessionListener, observerOf } from './comet-session-listener.js';
import { OPERATIONS } from './operation-kinds.js';
import { failureOfPayload } from './peer-failure.js';

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

  /** True from the first connect on: before that nothing reaches the client. */
  get connected(): boolean {
    return this.alive && this.#session.state.connected;
  }

  /** True for a session of the server itself, made by `CometService.openSession`. */
  get local(): boolean {
    return this.#session.state.local === true;
  }

  /** The transport the client connected over last. */
  get transport(): string {
    return this.#session.transport;
  }

  /** The address the handshake came from, as far as the proxies of `trustProxy` tell. */
  get address(): string | undefined {
    return this.#session.state.client.address;
  }

  /** The same, under the name that rate limiters read: the default tracker of `@nestjs/throttler` counts by it. */
  get ip(): string | undefined {
    return this.address;
  }

  /** Headers of the handshake, in lower case: `user-agent`, `origin` and `accept-language`, as far as there are any. */
  get headers(): Readonly<Record<string, string>> {
    return this.#session.state.client.headers;
  }

  /** The channels and patterns it is subscribed to, at this moment. */
  get subscriptions(): ReadonlySet<string> {
    return this.#session.state.subscriptions;
  }

  /** What the application keeps with the session, by names of its own. It goes with the session. */
  get attributes(): Map<string, unknown> {
    return this.#session.attributes;
  }

  /** The rhythm of the session, in milliseconds: its own where it was changed, else that of its transport. */
  get times(): Readonly<SessionTimes> {
    return this.#session.times;
  }

  /**
   * Changes the rhythm of this session from its next connect on. `undefined` goes back to the options.
   *
   * @throws RangeError if a time is no number of milliseconds from 0 to 2147483647.
   */
  setTimes(times: { [Name in keyof SessionTimes]?: number | undefined }): void {
    for (const [name, value] of Object.entries(times)) {
      if (value === undefined || (Number.isFinite(value) && value >= 0 && value <= MAX_TIME)) continue;
      throw new RangeError(`${name} has to be a number of milliseconds from 0 to ${MAX_TIME}.`);
    }
    for (const name of ['timeout', 'interval', 'maxInterval'] as const) {
      if (name in times) this.#session.settle({ [name]: times[name] });
    }
  }

  /** Whether messages go with connect replies only, also where the transport could push them. */
  get metaConnectDeliverOnly(): boolean {
    return this.#session.connectOnly;
  }

  set metaConnectDeliverOnly(value: boolean) {
    this.#session.settle({ metaConnectDeliverOnly: value });
  }

  /** Whether the session gets its own messages, on channels it is subscribed to. @default true */
  get broadcastToPublisher(): boolean {
    return this.#session.state.own.broadcastToPublisher ?? true;
  }

  set broadcastToPublisher(value: boolean) {
    this.#session.settle({ broadcastToPublisher: value });
  }

  /**
   * Queues a message for this session alone, whether it is subscribed to the channel or not.
   *
   * @returns false if the session has ended, or if the message was not wanted or had no room.
   * @throws TypeError if the channel is no channel name, or JSON cannot express `data`.
   */
  send(channel: string, data: unknown, options: SendOptions = {}): boolean {
    if (!isChannel(channel, { maxLength: Infinity, maxDepth: Infinity })) {
      throw new TypeError(
        `${JSON.stringify(channel)} is no channel to send to: write for example '/news/sport'.`,
      );
    }
    const { lazy, ext } = options;
    return this.#session.send({ channel, data, lazy, ext });
  }

  /**
   * Runs `task`; what it sends to this session leaves together when it is through, or the promise it returns is settled.
   *
   * @returns what `task` returns.
   */
  batch<T>(task: () => T): T {
    return this.#session.batch(task) as T;
  }

  /** Listens to the session. @returns what ends that. */
  addListener(listener: CometSessionListener): () => void {
    return this.#session.mailbox.observers.add(observerOf(listener, viewOf));
  }

  /** Extends this session alone. @returns what ends that. */
  addExtension(extension: CometExtension): () => void {
    return this.#session.extend(extensionOf(extension, viewOf));
  }

  /**
   * What happens when the queue of this session is full. `undefined` goes back to the options.
   *
   * @throws TypeError if it is no policy.
   */
  setQueuePolicy(policy: CometQueuePolicy | undefined): void {
    if (policy !== undefined && !isQueuePolicy(policy)) throw new TypeError(QUEUE_POLICY);
    this.#session.mailbox.policy = policy && policyOf(policy, viewOf);
  }

  /** Ends the session and tells the client not to come back by itself. */
  disconnect(): void {
    this.#session.end('kick');
  }

  /** Whether the token still holds, if there is one. @internal */
  get trusted(): boolean {
    const { credential } = this.#session;
    credential?.settle();
    return this.alive && credential?.expired !== true;
  }

  /**
   * How Nest's exception filters report a failure to a client: here it becomes the reply to what the client asked for.
   * @internal
   */
  emit(event: string, payload: unknown): void {
    if (event !== 'exception') return;
    const context = currentOperation.getStore();
    if (!context) return;
    const { code, unforeseen } = OPERATIONS[context.operation];
    context.failure ??= failureOfPayload(payload, code) ?? { error: unforeseen };
  }
}

const views = new WeakMap<Session, CometSession>();

/** A session as the application sees it: the same object for as long as the session is. */
export function viewOf(session: Session): CometSession {
  let view = views.get(session);
  if (!view) views.set(session, (view = new CometSession(session)));
  return view;
}

/** The same, if the application has ever seen the session. */
export function knownViewOf(session: Session): CometSession | undefined {
  return views.get(session);
}

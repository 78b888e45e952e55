import { MAX_TIME } from '../bayeux/bayeux-options.js';
import type { Authorization, AuthorizationRequest, ChannelSettings } from '../bayeux/channel-settings.js';
import type { ChannelParams } from '../bayeux/channel-template.js';
import type { MaybePromise } from '../bayeux/ports.js';
import type { BayeuxServer } from '../bayeux/server.js';
import type { CometMessage } from './comet-message.js';
import { type CometSession, viewOf } from './comet-session.js';

/**
 * Told of what happens on a channel.
 *
 * @publicApi
 */
export interface CometChannelListener {
  /**
   * A message is about to go to the subscribers, or to a service. `false` deletes it (`404::message_deleted`), and so does
   * an exception, or a promise that takes longer than `session.hookTimeout`. `sender` is undefined for messages of the
   * server; `params` are the variables of a template.
   */
  message?(
    message: CometMessage,
    sender: CometSession | undefined,
    params: ChannelParams,
  ): MaybePromise<boolean | void>;
  subscribed?(session: CometSession, subscription: string): void;
  unsubscribed?(session: CometSession, subscription: string): void;
}

/**
 * Narrows what the rules permit. `create` is asked where a channel has neither subscribers nor settings; calls of
 * services count as `publish`. Where authorizers concern a channel, one that denies refuses, and one has to grant. To
 * grant a pattern an authorizer has to sit on a channel that covers it; any that overlaps with it may deny. One that
 * throws, or takes longer than `session.hookTimeout`, denies.
 *
 * @publicApi
 */
export type CometAuthorizer = (request: CometAuthorizationRequest) => MaybePromise<Authorization>;

/** What a session asks an authorizer to be let do. */
export interface CometAuthorizationRequest extends Omit<AuthorizationRequest, 'session'> {
  readonly session: CometSession;
}

/** What can be settled for a channel. */
export interface CometChannelSettings {
  /** Keeps the settings when the last subscriber has gone. @default true */
  persistent?: boolean;
  /** Lets messages wait for others to go along with. @default false */
  lazy?: boolean;
  /** For how many milliseconds; 0 for none. @default `channels.lazyTimeout` */
  lazyTimeout?: number;
  /** Sends publishers their own messages too, where they are subscribed. @default true */
  broadcastToPublisher?: boolean;
}

/**
 * A channel, a pattern as `/news/**`, or a template as `/rooms/{room}`, for which the application settles something. What
 * is settled for a pattern or template holds for all channels that match.
 *
 * @publicApi
 */
export class CometChannel {
  readonly #server: BayeuxServer;
  readonly #settings: ChannelSettings;

  /** @internal */
  constructor(server: BayeuxServer, settings: ChannelSettings) {
    this.#server = server;
    this.#settings = settings;
  }

  get name(): string {
    return this.#settings.name;
  }

  /** The tenant it is settled for, `undefined` for all of them; `''` where there are none. */
  get tenant(): string | undefined {
    return this.#settings.tenant;
  }

  /** What the application keeps with the channel, by names of its own. */
  get attributes(): Map<string, unknown> {
    return this.#settings.attributes;
  }

  /** What holds now. */
  get settings(): Readonly<CometChannelSettings> {
    const { persistent, lazy, lazyTimeout, broadcastToPublisher } = this.#settings;
    return { persistent, lazy, broadcastToPublisher, ...(lazyTimeout !== undefined && { lazyTimeout }) };
  }

  /**
   * The sessions that are subscribed to this very name, at this moment. `CometService.channel(name)` makes settings, which
   * stay until `remove()`; `CometService.subscribers(name)` gives the same sessions and makes nothing.
   */
  get subscribers(): readonly CometSession[] {
    const { tenant, name } = this.#settings;
    return Array.from(this.#server.subscriptions.of(tenant, name), viewOf);
  }

  /**
   * Settles what is given, and leaves the rest as it is.
   *
   * @throws RangeError for a `lazyTimeout` that is none; Error if the channel was removed.
   */
  configure(settings: CometChannelSettings): this {
    const { lazyTimeout } = settings;
    if (lazyTimeout !== undefined && !(lazyTimeout >= 0 && lazyTimeout <= MAX_TIME)) {
      throw new RangeError(`lazyTimeout has to be a number of milliseconds from 0 to ${MAX_TIME}.`);
    }
    this.#check();
    const { persistent, lazy, broadcastToPublisher } = settings;
    if (persistent !== undefined) this.#settings.persistent = persistent;
    if (lazy !== undefined) this.#settings.lazy = lazy;
    if (lazyTimeout !== undefined) this.#settings.lazyTimeout = lazyTimeout;
    if (broadcastToPublisher !== undefined) this.#settings.broadcastToPublisher = broadcastToPublisher;
    return this;
  }

  /** Listens to the channel. @returns what ends that. @throws Error if the channel was removed. */
  addListener(listener: CometChannelListener): () => void {
    this.#check();
    return this.#settings.listeners.add({
      message: (message, sender, params) => listener.message?.(message, sender && viewOf(sender), params),
      subscribed: (session, subscription) => listener.subscribed?.(viewOf(session), subscription),
      unsubscribed: (session, subscription) => listener.unsubscribed?.(viewOf(session), subscription),
    });
  }

  /** The same for a handler, which is told besides whether its time is over. @internal */
  addHandler(
    handle: (
      ...args: [...Parameters<NonNullable<CometChannelListener['message']>>, expired: () => boolean]
    ) => MaybePromise<boolean | void>,
  ): void {
    this.#settings.listeners.add({
      message: (message, sender, params, expired) =>
        handle(message, sender && viewOf(sender), params, expired),
    });
  }

  /** Has `authorizer` asked before a session creates, subscribes or publishes. @returns what ends that. @throws Error if the channel was removed. */
  addAuthorizer(authorizer: CometAuthorizer): () => void {
    this.#check();
    const { authorizers } = this.#settings;
    const ask = ({ session, ...request }: AuthorizationRequest): MaybePromise<Authorization> =>
      authorizer({ ...request, session: viewOf(session) });
    authorizers.add(ask);
    return () => void authorizers.delete(ask);
  }

  /** Forgets all that was settled, and unsubscribes everybody from this very name. Clients are not told. */
  remove(): void {
    const { tenant, name } = this.#settings;
    for (const session of [...this.#server.subscriptions.of(tenant, name)]) {
      this.#server.unsubscribe(session, name);
    }
    this.#server.channels.remove(this.#settings);
  }

  /** What is settled for a channel that was forgotten would hold nowhere, an authorizer least of all. */
  #check(): void {
    const { tenant, name } = this.#settings;
    if (this.#server.channels.find(tenant, name) === this.#settings) return;
    throw new Error(`${name} was removed: ask CometService.channel for it again.`);
  }
}

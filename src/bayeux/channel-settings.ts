import { Listeners } from './listeners.js';
import type { ChannelParams } from './channel-template.js';
import type { JsonObject } from './message.js';
import type { Logger, MaybePromise } from './ports.js';
import type { Session } from './session.js';

/** A message on its way to a channel, before anybody gets it. */
export interface ChannelMessage {
  readonly channel: string;
  /** Absent where there are no tenants. */
  readonly tenant?: string;
  readonly data: unknown;
  readonly ext?: JsonObject | undefined;
}

/** Told of what happens on a channel, or on all that match a pattern or template. */
export interface ChannelListener {
  /**
   * A message of a client or of the server is about to go to the subscribers, or to a service. `false` stops it, and so
   * does an exception. `sender` is undefined for messages of the server. Nothing may begin once the time has `expired`, as
   * the message is stopped then.
   */
  message?(
    message: ChannelMessage,
    sender: Session | undefined,
    params: ChannelParams,
    expired: () => boolean,
  ): MaybePromise<unknown>;
  subscribed?(session: Session, subscription: string): void;
  unsubscribed?(session: Session, subscription: string): void;
}

/** What a session asks an authorizer to be let do. */
export interface AuthorizationRequest {
  /** `create`: the channel has neither subscribers nor settings yet. Calls of services count as `publish`. */
  readonly operation: 'create' | 'subscribe' | 'publish';
  /** The channel, or for `subscribe` the subscription, which may be a pattern. */
  readonly channel: string;
  readonly session: Session;
}

/** What an authorizer says: yes, no (with the reason that goes into the error), or that it is not its business. */
export type Authorization = 'grant' | 'deny' | 'ignore' | { readonly deny: string };

/** Narrows what the rules permit. One that throws, or takes too long, denies. */
export type Authorizer = (request: AuthorizationRequest) => MaybePromise<Authorization>;

/** A channel, pattern or template for which the application has settled something. */
export class ChannelSettings {
  /** True until the channel they were made for has its first subscriber, who may be refused still. */
  provisional = false;
  /** Whether the settings stay when the last subscriber has gone. */
  persistent = true;
  /** Whether messages may wait for others to go along with. */
  lazy = false;
  /** For how many milliseconds; else the option `lazyTimeout` holds. */
  lazyTimeout: number | undefined;
  /** Whether publishers get their own messages, where they are subscribed. */
  broadcastToPublisher = true;
  readonly attributes = new Map<string, unknown>();
  readonly listeners: Listeners<ChannelListener>;
  readonly authorizers = new Set<Authorizer>();

  constructor(
    /** The tenant they hold in; `undefined` for all of them. */
    readonly tenant: string | undefined,
    readonly name: string,
    logger: Logger,
  ) {
    this.listeners = new Listeners(logger);
  }
}

import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { Injectable } from '@nestjs/common';
import { isChannel, isMeta, isService, isSubscription } from '../bayeux/channel.js';
import type { ChannelSettings } from '../bayeux/channel-settings.js';
import { LocalSession } from '../bayeux/local-session.js';
import type { PublishResult } from '../bayeux/ports.js';
import { CometChannel } from './comet-channel.js';
import { type CometExtension, extensionOf } from './comet-extension.js';
import { type CometListener, serverListenerOf } from './comet-listener.js';
import { CometLocalSession } from './comet-local-session.js';
import type { BroadcastOptions, SendOptions } from './comet-message.js';
import { type CometSession, viewOf } from './comet-session.js';
import { CometEndpoint, type CometCounts } from './comet.endpoint.js';
import { type ChannelReference, References, type UserReference } from './references.js';

/**
 * Sends messages to clients, from anywhere in the application.
 *
 * @publicApi
 */
@Injectable()
export class CometService {
  readonly #endpoint: CometEndpoint;
  readonly #references: References;

  constructor(endpoint: CometEndpoint) {
    this.#endpoint = endpoint;
    this.#references = new References(endpoint.tenants);
  }

  /**
   * Queues a message for every session of a user, on whatever transport, whether subscribed to the channel or not.
   * For a session that is reconnecting it waits until the session expires.
   *
   * @returns how many sessions took the message; 0 if the user is not there.
   * @throws TypeError if the user is empty or the tenant missing, the channel is no channel name, or JSON cannot express `data`.
   */
  async sendMessage(
    user: UserReference,
    channel: string,
    data: unknown,
    options: SendOptions = {},
  ): Promise<{ sessions: number }> {
    const { tenant, userId } = this.#references.user(user);
    if (typeof userId !== 'string' || userId === '') {
      throw new TypeError('sendMessage needs the id of a user, as a text that is not empty.');
    }
    this.#checkChannel(channel);
    if (isMeta(channel)) throw new TypeError(`${channel} belongs to the protocol: choose another channel.`);
    const { lazy, ext } = options;
    return await this.#endpoint.server.send({ tenant, userId, channel, data, lazy, ext });
  }

  /**
   * Sends a message to every subscriber of a channel, wildcard subscriptions included.
   *
   * @throws TypeError if the tenant is missing, the channel is no channel one can subscribe to, or JSON cannot express
   * `data`.
   */
  async broadcast(channel: string, data: unknown, options: BroadcastOptions = {}): Promise<PublishResult> {
    this.#checkChannel(channel);
    if (isMeta(channel) || isService(channel)) {
      throw new TypeError(
        `${channel} has no subscribers: broadcast to a channel outside /meta and /service.`,
      );
    }
    const { lazy, ext } = options;
    const tenant = this.#references.tenant(options.tenant, "broadcast('/news', 1, { tenant: 'acme' })");
    return await this.#endpoint.server.send({ tenant, channel, data, lazy, ext });
  }

  /**
   * The channel, pattern or template of this name, made if there is none: to configure it, to listen, to authorize.
   * `configure` runs before any client can see it. A name alone stands for the channels of this name in all tenants.
   * What is made stays until `remove()`: to read who is subscribed, call `subscribers`.
   *
   * @throws TypeError if the name is none.
   */
  channel(reference: ChannelReference, configure?: (channel: CometChannel) => void): CometChannel {
    const { channels, options } = this.#endpoint.server;
    const { tenant, name } = this.#references.channel(reference);
    if (!isSubscription(name.replace(/[{}]/g, ''), options.channel) || isMeta(name)) {
      throw new TypeError(
        `${JSON.stringify(name)} is no channel: write for example '/news/sport', '/news/**' or '/rooms/{room}'.`,
      );
    }
    const known = channels.find(tenant, name);
    const channel = this.#channelOf(channels.open(tenant, name));
    if (known || !configure) return channel;
    try {
      configure(channel);
    } catch (error) {
      channel.remove();
      throw error;
    }
    return channel;
  }

  /** The channel, pattern or template of this name, if anything is settled for it in the tenant, or in all. */
  findChannel(reference: ChannelReference): CometChannel | undefined {
    const { tenant, name } = this.#references.channel(reference);
    const settings = this.#endpoint.server.channels.find(tenant, name);
    return settings && this.#channelOf(settings);
  }

  /**
   * The sessions of this process that are subscribed to this very name, a channel or a pattern, at this moment. Makes
   * nothing, unlike `channel`. A name alone stands for all tenants.
   *
   * @throws TypeError if nothing can be subscribed to by this name, or the tenant is missing.
   */
  subscribers(reference: ChannelReference): readonly CometSession[] {
    const { subscriptions, options } = this.#endpoint.server;
    const { tenant, name } = this.#references.channel(reference);
    if (!isSubscription(name, options.channel) || isMeta(name)) {
      throw new TypeError(
        `${JSON.stringify(name)} has no subscribers: write for example '/news/sport' or '/news/**'.`,
      );
    }
    return Array.from(subscriptions.of(tenant, name), viewOf);
  }

  /** Listens to sessions and channels of this process. @returns what ends that. */
  addListener(listener: CometListener): () => void {
    const { server } = this.#endpoint;
    return server.listeners.add(serverListenerOf(server, listener));
  }

  /** Extends the server. @returns what ends that. */
  addExtension(extension: CometExtension): () => void {
    return this.#endpoint.server.extensions.add(extensionOf(extension, viewOf));
  }

  /** The sessions of this process, or those of one user, at this moment. @throws TypeError if the tenant is missing. */
  sessions(user?: UserReference): readonly CometSession[] {
    return user === undefined ? this.#endpoint.server.sessions.all().map(viewOf) : this.#sessionsOf(user);
  }

  /** The sessions of one tenant in this process, at this moment. */
  sessionsOfTenant(tenant: string): readonly CometSession[] {
    return this.sessions().filter(({ principal }) => principal.tenant === tenant);
  }

  /** A session of this process by its client id. */
  findSession(id: string): CometSession | undefined {
    const session = this.#endpoint.server.sessions.find(id);
    return session && viewOf(session);
  }

  /**
   * Ends all sessions of a user in this process, and tells their clients not to come back by themselves.
   *
   * @returns how many there were.
   * @throws TypeError if the tenant is missing.
   */
  disconnect(user: UserReference): number {
    // Callers without types may name nobody, which must not mean everybody.
    const sessions = this.#sessionsOf(user);
    for (const session of sessions) session.disconnect();
    return sessions.length;
  }

  /**
   * Opens a session of the server itself. It lives until it is disconnected, or the application stops.
   *
   * @param name what its principal is called, for listeners and authorizers to know it by.
   * @param options the tenant whose channels it subscribes to and publishes on.
   * @throws TypeError if the tenant is missing.
   */
  openSession(name: string, options: { readonly tenant?: string } = {}): CometLocalSession {
    const tenant = this.#references.tenant(options.tenant, "openSession('clock', { tenant: 'acme' })");
    return new CometLocalSession(new LocalSession(this.#endpoint.server, name, tenant));
  }

  /**
   * A `Set-Cookie` header that makes a browser forget the sessions it made. Send it with the responses that log a
   * user in or out, so that the next user of the browser cannot go on with a session of the one before.
   *
   * @param request the request that is answered, which tells whether the browser came over TLS. With Fastify it is
   * `request.raw`.
   * @throws TypeError without a request where the cookie has another name over TLS.
   */
  expireCookie(request?: IncomingMessage): string {
    return this.#endpoint.door.expireCookie(request);
  }

  /**
   * A `Set-Cookie` header for a browser that has no cookie of this server yet, or `undefined` if it has one. Send it with
   * the page that connects: else two connections that a page opens at once get a cookie each, and a session that began
   * with the one the browser forgot has to begin anew.
   */
  browserCookie(request: IncomingMessage | Http2ServerRequest): string | undefined {
    return this.#endpoint.door.browserCookie(request);
  }

  /** What is alive in this process. */
  get counts(): CometCounts {
    return this.#endpoint.counts;
  }

  #sessionsOf(user: UserReference): readonly CometSession[] {
    const { tenant, userId } = this.#references.user(user);
    return Array.from(this.#endpoint.server.sessions.ofUser(tenant, userId), viewOf);
  }

  #channelOf(settings: ChannelSettings): CometChannel {
    return new CometChannel(this.#endpoint.server, settings);
  }

  #checkChannel(channel: unknown): void {
    if (!isChannel(channel, this.#endpoint.server.options.channel)) {
      throw new TypeError(
        `${JSON.stringify(channel)} is no channel to send to: write for example '/news/sport', without wildcards.`,
      );
    }
  }
}

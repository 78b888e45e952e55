import { Injectable } from '@nestjs/common';
import { isChannel, isMeta, isService } from '../bayeux/channel.js';
import { Delivery } from '../bayeux/delivery.js';
import type { PublishResult } from '../bayeux/ports.js';
import { CometEndpoint, type CometCounts } from './comet.endpoint.js';

/** A user: an id, or an id within a tenant. */
export type UserReference = string | { readonly tenant: string; readonly userId: string };

/**
 * Sends messages to clients, from anywhere in the application.
 *
 * @publicApi
 */
@Injectable()
export class CometService {
  readonly #endpoint: CometEndpoint;

  constructor(endpoint: CometEndpoint) {
    this.#endpoint = endpoint;
  }

  /**
   * Queues a message for every session of a user, on whatever transport, whether subscribed to the channel or not.
   * For a session that is reconnecting it waits until the session expires.
   *
   * @returns how many sessions took the message; 0 if the user is not there.
   * @throws TypeError if the user is empty, the channel is no channel name, or JSON cannot express `data`.
   */
  async sendMessage(user: UserReference, channel: string, data: unknown): Promise<{ sessions: number }> {
    const { tenant, userId } = referenceOf(user);
    if (typeof userId !== 'string' || userId === '') {
      throw new TypeError('sendMessage needs the id of a user, as a text that is not empty.');
    }
    this.#checkChannel(channel);
    if (isMeta(channel)) throw new TypeError(`${channel} belongs to the protocol: choose another channel.`);
    return await this.#endpoint.server.engine.publish({
      to: 'user',
      tenant,
      userId,
      delivery: new Delivery(channel, data),
    });
  }

  /**
   * Sends a message to every subscriber of a channel, wildcard subscriptions included.
   *
   * @throws TypeError if the channel is no channel one can subscribe to, or JSON cannot express `data`.
   */
  async broadcast(channel: string, data: unknown): Promise<PublishResult> {
    this.#checkChannel(channel);
    if (isMeta(channel) || isService(channel)) {
      throw new TypeError(
        `${channel} has no subscribers: broadcast to a channel outside /meta and /service.`,
      );
    }
    return await this.#endpoint.server.engine.publish({
      to: 'channel',
      tenant: '',
      delivery: new Delivery(channel, data),
    });
  }

  /**
   * A `Set-Cookie` header that makes a browser forget the sessions it made. Send it with the responses that log a
   * user in or out, so that the next user of the browser cannot go on with a session of the one before.
   */
  expireCookie(): string {
    return this.#endpoint.door.expireCookie();
  }

  /** What is alive in this process. */
  get counts(): CometCounts {
    return this.#endpoint.counts;
  }

  #checkChannel(channel: unknown): void {
    if (!isChannel(channel, this.#endpoint.server.options.channel)) {
      throw new TypeError(
        `${JSON.stringify(channel)} is no channel to send to: write for example '/news/sport', without wildcards.`,
      );
    }
  }
}

/** Callers without types pass what a session or a request gave them, which may be nothing. */
function referenceOf(user: UserReference | null | undefined): { tenant: string; userId: string } {
  return typeof user === 'string' ? { tenant: '', userId: user } : { tenant: '', userId: '', ...user };
}

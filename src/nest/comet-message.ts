import { Delivery } from '../bayeux/delivery.js';

/**
 * A message to clients.
 *
 * @publicApi
 */
export interface CometMessage {
  readonly channel: string;
  /** A value that JSON can express, or `BinaryData`. */
  readonly data: unknown;
  /** What extensions of the server say to those of the client. */
  readonly ext?: Record<string, unknown> | undefined;
  /** The tenant it is sent in, for those who listen to a channel; absent where there are none. */
  readonly tenant?: string | undefined;
}

/** How a message is sent. */
export interface SendOptions {
  /** Lets the message wait for others to go along with, for at most `channels.lazyTimeout`. @default false */
  lazy?: boolean;
  /** What extensions of the server say to those of the client. */
  ext?: Record<string, unknown>;
}

/** How a message to the subscribers of a channel is sent. */
export interface BroadcastOptions extends SendOptions {
  /** The tenant whose subscribers get it. Needed once tenants are configured; `''` are sessions without a token. */
  tenant?: string;
}

/**
 * Messages as the protocol keeps them: those that came from there stay what they are.
 *
 * @throws TypeError if it has no channel, or JSON cannot express its data.
 */
export function deliveryOf(message: CometMessage): Delivery {
  if (message instanceof Delivery) return message;
  const { channel, data, ext } = message;
  if (typeof channel !== 'string' || !channel.startsWith('/')) {
    throw new TypeError("A message needs a channel: write for example { channel: '/news', data: 1 }.");
  }
  // A copy of a message keeps when it was sent, and that it may wait.
  const { timestamp, lazy } = message as Partial<Delivery>;
  return new Delivery(channel, data, { ext, timestamp, lazy });
}

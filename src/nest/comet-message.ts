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
}

/** How a message is sent. */
export interface SendOptions {
  /** Lets the message wait for others to go along with, for at most `channels.lazyTimeout`. @default false */
  lazy?: boolean;
  /** What extensions of the server say to those of the client. */
  ext?: Record<string, unknown>;
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
